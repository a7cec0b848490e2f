//! Runtimes: what a function finds around its code, prepared as one read-only root per runtime.
//!
//! ```text
//! DATA/runtimes/NAME/manifest.json   what is in the root, file by file, and how it is started
//! DATA/runtimes/NAME/root/           becomes / of every environment that runs it
//! ```
//!
//! A root is made from what the host has: an interpreter with its standard library and the closure of its shared
//! objects, a base set of programs, and our bootstrap. Nothing of the host is run for that; the ELF headers tell.
//! Invariant: a root is complete or it isn't listed. It is built aside and renamed, and one whose files don't match its
//! manifest, or which an older build of this crate made, counts as absent, so that it is made again.

mod base;
mod candidate;
mod elf;
mod entrypoint;
mod error;
mod layout;
mod libraries;
mod manifest;
mod node;
mod node_version;
mod python;
mod registry;
mod tree;
mod warm;

pub use candidate::Candidate;
pub use entrypoint::EntrypointError;
pub use error::RuntimesError;
pub use registry::Runtimes;

use std::path::PathBuf;
use types::RuntimeName;

/// One runtime that is ready for use.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// What functions call it: `python3.11`, `provided.al2023`.
    pub name: RuntimeName,
    /// Its root: readable by everyone, and never changed while it is listed.
    pub root: PathBuf,
    /// Its version as `INIT_START` prints it: `python:3.11.2`.
    pub version: String,
    /// The program that an environment starts with, and its arguments. For runtimes whose program is the function's own,
    /// the first of the places where it may be: see [`Runtime::entrypoint`].
    pub argv: Vec<String>,
    /// Variables that every environment of this runtime has. Source: "Defined runtime environment variables" in the Lambda
    /// developer guide.
    pub env: Vec<(String, String)>,
}

impl Runtime {
    /// Reads its root into the page cache, so that its pages are charged to nobody's environment. Blocks as long as reading takes:
    /// some ten milliseconds, or a second from a slow disk. Says how many bytes that is.
    pub fn warm(&self) -> u64 {
        warm::warm(&self.root)
    }

    /// Whether its bootstrap speaks the framed channel; the others, and all programs of functions, speak HTTP.
    pub(crate) fn speaks_frames(&self) -> bool {
        ["python", "nodejs"].iter().any(|language| self.name.as_str().starts_with(language))
    }
}
