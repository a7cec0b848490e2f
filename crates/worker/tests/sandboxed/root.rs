//! A minimal runtime: this executable, the shared objects that it has loaded, and the mount points.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use worker::runtimes::{Candidate, Runtime, Runtimes};

/// Makes the runtime's root in an existing directory.
pub(crate) fn build(root: &Path) -> Runtime {
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("open the root");
    for directory in ["dev", "proc", "tmp", "var/task", "opt", "etc", "bin"] {
        fs::create_dir_all(root.join(directory)).expect("make a directory");
    }
    fs::write(root.join("etc/passwd"), "").expect("write etc/passwd");
    fs::copy("/proc/self/exe", root.join("bin/runtime")).expect("copy the program");
    fs::set_permissions(root.join("bin/runtime"), fs::Permissions::from_mode(0o755))
        .expect("make it executable");
    for object in loaded_objects() {
        copy(root, &object, &object);
        let name = Path::new(&object).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // The loader is named by the program with its standard path, whatever that is a link to.
        if name.starts_with("ld-linux-x86-64") {
            copy(root, &object, "/lib64/ld-linux-x86-64.so.2");
        } else if name.starts_with("ld-linux-aarch64") {
            copy(root, &object, "/lib/ld-linux-aarch64.so.1");
        }
    }
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

fn copy(root: &Path, from: &str, to: &str) {
    let to = root.join(to.trim_start_matches('/'));
    fs::create_dir_all(to.parent().expect("a parent")).expect("make a directory");
    fs::copy(from, to).expect("copy a shared object");
}

fn loaded_objects() -> Vec<String> {
    let maps = fs::read_to_string("/proc/self/maps").expect("read the map");
    let paths = maps.lines().filter_map(|line| line.split_whitespace().nth(5));
    let mut objects: Vec<String> = paths.filter(|path| path.contains(".so")).map(str::to_owned).collect();
    objects.sort();
    objects.dedup();
    objects
}
