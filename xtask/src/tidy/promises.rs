//! SPECIFICATION.md names the tests that hold each promise: they must be there.
//!
//! Invariant: a file that is renamed takes its promises along, or this fails.

use std::fs;
use std::path::Path;

use super::Findings;

/// The file of the promises.
const FILE: &str = "SPECIFICATION.md";
/// What the paths in it begin with; other words in back-quotes are settings, commands and test names.
const FOLDERS: &[&str] = &["crates/", "tests/", "xtask/", "bin/", "fuzz/"];

/// Looks for every path that the file names.
pub(super) fn check(root: &Path, findings: &mut Findings) -> Result<(), String> {
    let text = fs::read_to_string(root.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
    let missing = paths(&text).into_iter().filter(|path| !root.join(path).exists());
    findings.errors.extend(missing.map(|path| format!("{FILE}: there is no `{path}`")));
    Ok(())
}

/// The paths in back-quotes.
fn paths(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_whose_test_is_gone_is_found() {
        let text = "| it holds | `crates/api/tests` (`wire_truth`), `tests/test_cli.py` |\n| `--flag` | 1 |";
        assert_eq!(paths(text), ["crates/api/tests", "tests/test_cli.py"]);
        let root = std::env::temp_dir().join(format!("lambent-promises-{}", std::process::id()));
        fs::create_dir_all(root.join("crates/api/tests")).unwrap();
        fs::write(root.join(FILE), text).unwrap();
        let mut findings = Findings::default();
        check(&root, &mut findings).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(findings.errors, ["SPECIFICATION.md: there is no `tests/test_cli.py`"]);
    }
}
