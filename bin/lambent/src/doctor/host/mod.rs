//! The host's settings that no sandbox can change: what an operator should set or know, each with a remark.
//!
//! Invariant: these are remarks. They are read, never written, and decide neither the verdict nor the exit code.

mod kernel;
mod memory;
mod namespaces;

use crate::config::Configuration;
use std::path::{Path, PathBuf};

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// Short and stable.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) found: String,
    /// What the operator should know or do; nothing where all is well.
    pub(super) note: Option<String>,
}

impl Setting {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, found: found.into(), note: None }
    }

    fn note(name: &'static str, found: impl Into<String>, note: impl Into<String>) -> Self {
        Self { name, found: found.into(), note: Some(note.into()) }
    }
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// The kernel's release.
    pub(super) kernel: String,
    pub(super) settings: Vec<Setting>,
}

impl Host {
    /// Looks at this machine.
    pub(super) fn look(configuration: &Configuration) -> Self {
        let files = Files(PathBuf::from("/"));
        let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
        let mut settings = vec![
            kernel::release(&kernel),
            kernel::landlock(sandbox::landlock_abi()),
            kernel::core_pattern(&files),
            kernel::kvm(&sandbox::kvm()),
            namespaces::user(&files),
            namespaces::cgroups(&files),
            memory::same_page_merging(&files),
            memory::swap(&files),
            memory::simultaneous_threads(&files),
        ];
        settings.push(root_key(&configuration.data_dir(), &configuration.root_key()));
        Self { kernel, settings }
    }
}

/// The kernel's own files, below `/` or, in tests, below another directory.
struct Files(PathBuf);

impl Files {
    /// The trimmed text of a file; nothing when it can't be read.
    fn read(&self, path: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.0.join(path.trim_start_matches('/'))).ok()?;
        Some(text.trim().to_owned())
    }
}

/// A root key beside the data that it opens protects from nobody who gets at both.
fn root_key(data_dir: &Path, root_key: &Path) -> Setting {
    let shown = root_key.display().to_string();
    if root_key.starts_with(data_dir) {
        Setting::note(
            "root-key",
            shown,
            "it lies in the data directory: whoever copies that can read everything in it. Set `root_key` in the configuration to a \
             place on another disk, and keep a backup of it apart",
        )
    } else {
        Setting::ok("root-key", shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up host.
    pub(super) fn host(files: &[(&str, &str)]) -> (tempfile::TempDir, Files) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let files = Files(root.path().to_owned());
        (root, files)
    }

    #[test]
    fn every_setting_of_this_machine_is_looked_at_once() {
        let host = Host::look(&Configuration::default());
        let mut names: Vec<&str> = host.settings.iter().map(|setting| setting.name).collect();
        assert!(host.settings.iter().all(|setting| !setting.found.is_empty()), "{host:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), host.settings.len());
    }

    #[test]
    fn a_root_key_beside_its_data_is_remarked() {
        let data = Path::new("/var/lib/lambent");
        assert!(root_key(data, Path::new("/var/lib/lambent/root.key")).note.is_some());
        assert_eq!(root_key(data, Path::new("/etc/lambent/root.key")).note, None);
    }
}
