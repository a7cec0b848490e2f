//! Python: where interpreters are on a host, and what of them goes into a root.
//!
//! The standard library keeps its compiled modules, whose sources keep their times: an environment can't write any, and
//! compiling costs more than everything else at a start.

use super::libraries::{Closure, Search};
use super::tree::{Take, Tree};
use super::{RuntimesError, base, layout};
use std::path::{Path, PathBuf};
use types::RuntimeName;

/// The bootstrap, file by file.
pub(super) const BOOTSTRAP: [(&str, &str); 6] = [
    ("bootstrap.py", include_str!("../../../../runtimes/python/bootstrap.py")),
    ("_lambent_client.py", include_str!("../../../../runtimes/python/_lambent_client.py")),
    ("_lambent_faults.py", include_str!("../../../../runtimes/python/_lambent_faults.py")),
    ("_lambent_http.py", include_str!("../../../../runtimes/python/_lambent_http.py")),
    ("_lambent_json.py", include_str!("../../../../runtimes/python/_lambent_json.py")),
    ("_lambent_logging.py", include_str!("../../../../runtimes/python/_lambent_logging.py")),
];

/// The oldest Python 3 that reads the bootstrap.
const OLDEST_MINOR: u8 = 7;

/// Parts of the standard library that no function can use, or that are its own tests.
const LEFT_OUT: [&str; 11] = [
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "dist-packages",
    "site-packages",
    "sitecustomize.py",
    "turtle.py",
    "EXTERNALLY-MANAGED",
];

/// An interpreter of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// `3.11`
    pub(super) version: String,
    pub(super) program: PathBuf,
    /// `PREFIX/lib/python3.11`
    pub(super) library: PathBuf,
}

/// The minor version that a runtime's name asks for: `3.11` of `python3.11`.
pub(super) fn version_of(name: &str) -> Option<&str> {
    let version = name.strip_prefix("python")?;
    let minor = version.strip_prefix("3.")?;
    let written = minor.len() <= 2 && !minor.starts_with('0') && minor.bytes().all(|b| b.is_ascii_digit());
    (written && minor.parse::<u8>().is_ok_and(|minor| minor >= OLDEST_MINOR)).then_some(version)
}

/// The interpreter of this version below `prefix`, which may also be the interpreter itself.
pub(super) fn find(name: &RuntimeName, version: &str, prefix: &Path) -> Result<Interpreter, RuntimesError> {
    let missing = |expected: &Path| RuntimesError::NoInterpreter {
        prefix: prefix.to_owned(),
        name: name.clone(),
        expected: expected.to_owned(),
    };
    let real = std::fs::canonicalize(prefix).map_err(RuntimesError::file(prefix))?;
    let prefix = match real.is_file() {
        true => real.parent().and_then(Path::parent).unwrap_or(&real),
        false => &real,
    };
    let program = prefix.join("bin").join(format!("python{version}"));
    let library = prefix.join("lib").join(format!("python{version}"));
    // A launcher script in its place (pyenv's shims) has no library beside it.
    for expected in [program.clone(), library.join("os.py"), library.join("lib-dynload")] {
        if !expected.exists() {
            return Err(missing(&expected));
        }
    }
    Ok(Interpreter { version: version.to_owned(), program, library })
}

/// Interpreters in the usual places, as runtime name and prefix.
pub(super) fn discover() -> Vec<(RuntimeName, PathBuf)> {
    let mut found: Vec<(RuntimeName, PathBuf)> = Vec::new();
    for prefix in ["/usr/local", "/usr"].map(PathBuf::from) {
        let Ok(programs) = std::fs::read_dir(prefix.join("bin")) else { continue };
        for program in programs.filter_map(Result::ok) {
            let Ok(name) = program.file_name().to_string_lossy().parse::<RuntimeName>() else { continue };
            let Some(version) = version_of(name.as_str()) else { continue };
            let known = found.iter().any(|(known, _)| *known == name);
            if !known && find(&name, version, &prefix).is_ok() {
                found.push((name, prefix.clone()));
            }
        }
    }
    found.sort();
    found
}

impl Interpreter {
    /// Fills a root that has the base set.
    pub(super) fn add(&self, tree: &mut Tree, search: &Search) -> Result<(), RuntimesError> {
        let (language, version) = (layout::LANGUAGE, &self.version);
        let mut closure = Closure::default();
        search.add(&self.program, &mut closure)?;
        let broken = self.add_extensions(search, &mut closure)?;
        tree.copy(&self.program, &format!("{language}/bin/python{version}"))?;
        tree.link(&format!("{language}/bin/python3"), &format!("python{version}"))?;
        tree.link(&format!("{language}/bin/python"), "python3")?;
        let take = |path: &str| if self.takes(path, &broken) { Take::Copy } else { Take::LeaveOut };
        tree.copy_directory(&self.library, &format!("{language}/lib/python{version}"), &take)?;
        base::add_closure(tree, &closure, Some(&format!("{language}/lib")))?;
        for (name, contents) in BOOTSTRAP {
            tree.write(&format!("{}/{name}", layout::RUNTIME), contents.as_bytes())?;
        }
        Ok(())
    }

    /// Adds what the compiled modules need; the names of those whose libraries this host lacks.
    fn add_extensions(&self, search: &Search, closure: &mut Closure) -> Result<Vec<String>, RuntimesError> {
        let modules = self.library.join("lib-dynload");
        let mut broken = Vec::new();
        for module in std::fs::read_dir(&modules).map_err(RuntimesError::file(&modules))? {
            let module = module.map_err(RuntimesError::file(&modules))?;
            let name = format!("lib-dynload/{}", module.file_name().to_string_lossy());
            if !name.ends_with(".so") || !self.takes(&name, &broken) {
                continue;
            }
            if let Err(error) = search.add(&module.path(), closure) {
                tracing::debug!(%error, module = name, "a compiled module is left out");
                broken.push(name);
            }
        }
        Ok(broken)
    }

    /// Whether a path of the standard library belongs into a root.
    fn takes(&self, path: &str, broken: &[String]) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let unwanted = path.split('/').any(|part| LEFT_OUT.contains(&part));
        let build = path.starts_with("config-") || name.ends_with(".a") || name.ends_with(".exe");
        // Compiled with -O or -OO: used by interpreters that are started so, which ours aren't.
        let optimised = name.contains(".opt-") && name.ends_with(".pyc");
        let graphical = name.starts_with("_tkinter.") || name.starts_with("_test");
        !unwanted && !build && !optimised && !graphical && !broken.iter().any(|b| b == path)
    }

    /// `python:3.11.2`, or `python:3.11` when the program doesn't tell.
    pub(super) fn version_text(&self) -> String {
        let shared = format!("libpython{}.so.1.0", self.version);
        let places = [Some(self.program.clone()), self.library.parent().map(|lib| lib.join(shared))];
        let mut programs = places.into_iter().flatten().filter_map(|place| std::fs::read(place).ok());
        let patch = programs.find_map(|program| patch_version(&self.version, &program));
        format!("python:{}", patch.as_deref().unwrap_or(&self.version))
    }

    /// How an environment starts it. Without `site`, which the bootstrap makes up for, and without writing compiled modules to
    /// a file system that doesn't take them.
    pub(super) fn argv(&self) -> Vec<String> {
        let program = format!("{}/bin/python{}", layout::LANGUAGE, self.version);
        [&program, "-S", "-B", "/var/runtime/bootstrap.py"].map(str::to_owned).to_vec()
    }
}

/// The text `3.11.2` in a program, which `sys.version` begins with. Linkers store a text that is the end of another one only
/// once, so it may be the end of a path.
fn patch_version(version: &str, program: &[u8]) -> Option<String> {
    let start = format!("{version}.");
    let texts = program.split(|byte| *byte == 0).filter(|t| t.len() <= 256 && t.len() > start.len());
    let mut at_an_end = None;
    for text in texts.filter_map(|text| std::str::from_utf8(text).ok()) {
        let Some(at) = text.rfind(&start) else { continue };
        let (before, found) = text.split_at(at);
        let patch = &found[start.len()..];
        if !patch.starts_with(|c: char| c.is_ascii_digit())
            || !patch.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+')
        {
            continue;
        }
        if before.is_empty() {
            return Some(found.to_owned());
        }
        if !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.') {
            at_an_end.get_or_insert_with(|| found.to_owned());
        }
    }
    at_an_end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ask_for_minor_versions() {
        assert_eq!(version_of("python3.11"), Some("3.11"));
        assert_eq!(version_of("python3.7"), Some("3.7"));
        let unwritten =
            ["python3", "python3.", "python3.11.2", "python3.x", "python3.011", "python3.+9", "python"];
        let too_old_or_other = ["python3.6", "python2.7", "nodejs20.x"];
        for other in unwritten.into_iter().chain(too_old_or_other) {
            assert_eq!(version_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_patch_version_is_a_text_of_its_own_or_the_end_of_one() {
        let program = b"\0/opt/3.11.1\0python3.11\x003.11.\x003.11.x\x003.11.2 (main)\x003.11.2+\0rest";
        assert_eq!(patch_version("3.11", program).as_deref(), Some("3.11.2+"));
        assert_eq!(patch_version("3.12", b"x\0/opt/Python-3.12.1\0").as_deref(), Some("3.12.1"));
        assert_eq!(patch_version("3.1", b"13.1.2\x003.11.2\x00"), None);
        assert_eq!(patch_version("3.11", b"nothing"), None);
    }

    #[test]
    fn tests_and_optimised_modules_stay_behind() {
        let interpreter =
            Interpreter { version: "3.11".to_owned(), program: PathBuf::new(), library: PathBuf::new() };
        for path in ["os.py", "__pycache__/os.cpython-311.pyc", "json/__init__.py", "unittest/case.py"] {
            assert!(interpreter.takes(path, &[]), "{path}");
        }
        for path in
            ["test/x.py", "ctypes/test/x.py", "__pycache__/os.cpython-311.opt-1.pyc", "config-3.11/x.a"]
        {
            assert!(!interpreter.takes(path, &[]), "{path}");
        }
        assert!(!interpreter.takes("lib-dynload/x.so", &["lib-dynload/x.so".to_owned()]));
    }
}
