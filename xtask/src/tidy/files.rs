//! What every source file looks like: an opening `//!`, a bounded length, a telling name, no trace of one machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::Findings;

/// A file longer than this probably holds two ideas.
const LONG: usize = 400;
/// A file longer than this does.
const TOO_LONG: usize = 600;

/// Folders that hold no source of ours.
const SKIPPED: &[&str] = &["target", ".git", ".venv", "node_modules", "lambent-data", "__pycache__"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "manager"];

/// Places of one machine and hosts that only some machines reach; split, so that this file passes.
const FOREIGN: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("pypi", ".org"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs"),
    concat!("deb.", "debian.org"),
];

/// Kinds of files that are read for `FOREIGN`.
const TEXTS: &[&str] = &["rs", "py", "toml", "md", "sh", "json", "txt"];

/// Checks every file below `root`.
pub(super) fn check(root: &Path, findings: &mut Findings) -> Result<(), String> {
    for file in walk(root)? {
        let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let extension = file.extension().and_then(|text| text.to_str()).unwrap_or_default();
        if !TEXTS.contains(&extension) {
            continue;
        }
        let text = fs::read_to_string(&file).map_err(|error| format!("{shown}: {error}"))?;
        foreign(&shown, &text, findings);
        if extension == "rs" {
            source(&shown, &text, findings);
        }
    }
    Ok(())
}

fn foreign(shown: &str, text: &str, findings: &mut Findings) {
    for (index, line) in text.lines().enumerate() {
        for word in FOREIGN.iter().filter(|word| names(line, word)) {
            findings.errors.push(format!("{shown}:{}: `{word}` belongs to one machine", index + 1));
        }
    }
}

/// Whether the word stands in the line, and not as a folder inside a longer path.
fn names(line: &str, word: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || "_}>-.".contains(letter);
    line.match_indices(word).any(|(at, _)| !word.starts_with('/') || !line[..at].ends_with(inside))
}

fn source(shown: &str, text: &str, findings: &mut Findings) {
    if !text.starts_with("//!") {
        findings.errors.push(format!("{shown}: does not open with `//!`, what it is and why"));
    }
    let stem = Path::new(shown).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if EMPTY_NAMES.contains(&stem) {
        findings.errors.push(format!("{shown}: the name says nothing about what is inside"));
    }
    let lines = text.lines().count();
    if lines > TOO_LONG {
        findings.errors.push(format!("{shown}: {lines} lines (at most {TOO_LONG})"));
    } else if lines > LONG {
        findings.notes.push(format!("{shown}: {lines} lines; does it hold one idea?"));
    }
}

fn walk(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))? {
            let entry = entry.map_err(|error| error.to_string())?;
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            let name = entry.file_name();
            if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(shown: &str, text: &str) -> usize {
        let mut findings = Findings::default();
        foreign(shown, text, &mut findings);
        source(shown, text, &mut findings);
        findings.errors.len()
    }

    #[test]
    fn a_good_file_passes_and_each_rule_can_fail() {
        assert_eq!(errors("a/sandbox.rs", "//! What it is.\n"), 0);
        assert_eq!(errors("a/sandbox.rs", "fn main() {}\n"), 1);
        assert_eq!(errors("a/utils.rs", "//! What it is.\n"), 1);
        assert_eq!(errors("a/sandbox.rs", &format!("//! x\n{}", "\n".repeat(TOO_LONG))), 1);
        assert_eq!(errors("a/sandbox.rs", &format!("//! see {}\n", FOREIGN[0])), 1);
        assert_eq!(errors("a/sandbox.rs", &format!("//! see data/x{}\n", FOREIGN[0])), 0);
    }
}
