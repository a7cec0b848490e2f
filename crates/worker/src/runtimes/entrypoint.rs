//! Where a function's own program is, for runtimes that have none: `bootstrap` in the code, or in a layer.

use super::{Runtime, candidate::PROVIDED, node};
use crate::EnvironmentSpec;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use std::os::fd::BorrowedFd;

/// Where it may be, in the order in which it is looked for.
pub(super) const PLACES: [&str; 2] = ["/var/task/bootstrap", "/opt/bootstrap"];

/// Why a function has no program to start. The errorType is `Runtime.InvalidEntrypoint`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntrypointError {
    /// There is no such file.
    #[error("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")]
    Missing,
    /// There is one, but it isn't executable.
    #[error("fork/exec {0}: permission denied")]
    NotExecutable(&'static str),
    /// There is one, and the system can't execute it: another architecture, an empty file, an interpreter that isn't there.
    #[error("fork/exec {program}: {reason}")]
    NotRunnable {
        /// Its path inside the environment.
        program: String,
        /// The system's reason, such as `exec format error`.
        reason: String,
    },
}

impl Runtime {
    /// The program and its arguments for a function with this code.
    ///
    /// `code` is the directory that becomes /var/task, `layers` are those that are merged at /opt, of which the last that has a
    /// `bootstrap` counts. Links are followed as far as they stay inside one directory.
    ///
    /// # Errors
    /// For runtimes whose program is the function's own: it isn't there, or it isn't executable.
    pub fn entrypoint(
        &self,
        code: BorrowedFd<'_>,
        layers: &[BorrowedFd<'_>],
    ) -> Result<Vec<String>, EntrypointError> {
        if !PROVIDED.contains(&self.name.as_str()) {
            return Ok(self.argv.clone());
        }
        let [task, opt] = PLACES;
        let layers = layers.iter().rev().map(|layer| (opt, *layer));
        for (place, tree) in [(task, code)].into_iter().chain(layers) {
            match bootstrap_in(tree) {
                Found::Program => return Ok(vec![place.to_owned()]),
                Found::File => return Err(EntrypointError::NotExecutable(place)),
                Found::Nothing => {}
            }
        }
        Err(EntrypointError::Missing)
    }
}

impl Runtime {
    /// The same command with the options that depend on the function: the heap of a Node.js follows its memory size.
    #[must_use]
    pub fn sized(&self, mut command: Vec<String>, spec: &EnvironmentSpec) -> Vec<String> {
        if node::version_of(self.name.as_str()).is_some() {
            let customers = spec.variables.iter().find(|(name, _)| name == "NODE_OPTIONS");
            let customers = customers.map_or("", |(_, value)| value);
            let options = node::options(&self.version, spec.memory, customers);
            command.splice(1..1, options);
        }
        command
    }
}

enum Found {
    Nothing,
    File,
    Program,
}

fn bootstrap_in(tree: BorrowedFd<'_>) -> Found {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::openat2(tree, "bootstrap", flags, Mode::empty(), ResolveFlags::BENEATH) else {
        return Found::Nothing;
    };
    let Ok(found) = rustix::fs::fstat(&file) else { return Found::Nothing };
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Found::Nothing;
    }
    if found.st_mode & 0o111 == 0 { Found::File } else { Found::Program }
}
