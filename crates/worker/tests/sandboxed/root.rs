//! Runtimes for tests: a minimal one, which is this executable, and those of the languages that this machine has.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use worker::runtimes::{Candidate, Runtime, Runtimes};

/// Makes the runtime's root in an existing directory: the one for attacks, whose program is this executable too.
pub(crate) fn build(root: &Path) -> Runtime {
    let program = sandbox::attacks::build_root(root).expect("a root");
    fs::rename(root.join(program.trim_start_matches('/')), root.join("bin/runtime"))
        .expect("name the program");
    Runtime {
        name: "native1".parse().expect("a name"),
        root: root.to_owned(),
        version: "native:1".to_owned(),
        argv: vec!["/bin/runtime".to_owned(), "inside".to_owned()],
        env: Vec::new(),
    }
}

/// Runtimes of what this machine has.
pub(crate) struct Languages {
    found: Vec<Candidate>,
    runtimes: Runtimes,
}

impl Languages {
    /// Will be made in an existing directory.
    pub(crate) fn new(directory: &Path) -> Self {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).expect("open the directory");
        Self { found: Runtimes::discover(), runtimes: Runtimes::open(directory).expect("a registry") }
    }

    /// The runtime of the newest interpreter of a language.
    pub(crate) fn newest(&mut self, language: &str) -> Option<Runtime> {
        let found = self.found.iter().rfind(|found| found.name.as_str().starts_with(language))?;
        Some(self.runtimes.add(&found.name, &found.prefix).expect("a runtime").clone())
    }
}
