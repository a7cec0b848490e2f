//! Why a runtime can't be listed or made.

use std::io;
use std::path::PathBuf;
use types::RuntimeName;

/// One variant per cause.
#[derive(Debug, thiserror::Error)]
pub enum RuntimesError {
    /// A file or directory of the registry or of the host can't be used.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Nothing knows how to make a runtime of this name.
    #[error(
        "can't make a runtime named {0}: known are python3.N from python3.7 on, nodejsN.x from nodejs18.x on, provided.al2 and \
         provided.al2023"
    )]
    UnknownName(RuntimeName),
    /// The prefix holds no such interpreter.
    #[error(
        "{prefix} holds no {name}: expected {expected}; the prefix of a python is what its `sys.base_prefix` says, that of a node \
         the directory above the one that its `process.execPath` is in",
        prefix = prefix.display(),
        expected = expected.display()
    )]
    NoInterpreter {
        /// Where it was looked for.
        prefix: PathBuf,
        /// The runtime asked for.
        name: RuntimeName,
        /// The first file that is missing.
        expected: PathBuf,
    },
    /// The interpreter is of another version than the name says.
    #[error("{program} is {found}, not {name}", program = program.display())]
    OtherVersion {
        /// Which.
        program: PathBuf,
        /// The runtime asked for.
        name: RuntimeName,
        /// The name that fits it.
        found: String,
    },
    /// Nothing in or beside an interpreter says which version it is.
    #[error("nothing says which version {program} is: neither the program nor include/node/node_version.h beside it", program = program.display())]
    NoVersion {
        /// Which.
        program: PathBuf,
    },
    /// A program that a runtime can't do without is no ELF file, or a damaged one.
    #[error("{path} is not a program for this machine: {why}", path = path.display())]
    NotAProgram {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A program needs a shared object that this host doesn't have.
    #[error("{program} needs {library}, which is nowhere on this host", program = program.display())]
    MissingLibrary {
        /// The program or library that needs it.
        program: PathBuf,
        /// The name that it asks for.
        library: String,
    },
    /// The tree that is being copied is deeper or larger than any interpreter's.
    #[error("{path}: more than a runtime may hold ({limit})", path = path.display())]
    TooLarge {
        /// Where the limit was passed.
        path: PathBuf,
        /// Which limit.
        limit: &'static str,
    },
    /// A runtime's file is not what the manifest says.
    #[error("{path} is not as its manifest says: {why}", path = path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
        /// In which way.
        why: &'static str,
    },
    /// No runtime of this name is installed.
    #[error("the runtime {0} is not installed")]
    NotInstalled(RuntimeName),
}

impl RuntimesError {
    /// For `map_err` on an operation on `path`.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { path, cause }
    }
}
