//! Code packages: zip files that a customer uploads, checked against the service's limits and extracted.
//!
//! The package is hostile. What this crate promises: nothing is written outside the directory it was given, the
//! bytes written and the directory entries made are bounded by [`Limits`], no entry is written through a symbolic
//! link, and what [`extract`] accepts is exactly what [`check`] accepts.
//!
//! What a function sees of its files: contents, names, times and the execute bit are the package's; everything
//! else is normalised (see [`extract`]).

mod archive;
mod digest;
mod error;
mod extract;
mod limits;
mod pack;
mod path;
mod plan;
mod read;

pub use digest::sha256_base64;
pub use error::{LinkFault, NameFault, PackageError};
pub use extract::extract;
pub use limits::Limits;
pub use pack::pack;

/// What a package holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Contents of all files and symbolic links, in bytes, as counted while reading.
    pub unzipped_bytes: u64,
    /// Entries of the archive.
    pub entries: u64,
}

/// Reads every entry of `zip` fully, verifying its checksum, and applies every limit and rule of [`extract`].
/// Writes nothing.
///
/// # Errors
/// The first rule that the package breaks.
pub fn check(zip: &[u8], limits: &Limits) -> Result<Summary, PackageError> {
    let mut archive = archive::open(zip, limits)?;
    let plan = plan::make(&mut archive, limits)?;
    read::every(&mut archive, &plan, limits, &mut Discard)
}

/// Reads contents and keeps nothing.
struct Discard;

impl read::Sink for Discard {
    fn file(
        &mut self,
        _path: &path::EntryPath,
        _execute: plan::Execute,
        _modified: i64,
        contents: &mut read::Chunks<'_>,
    ) -> Result<(), PackageError> {
        contents.drain()
    }

    fn link(&mut self, _path: &path::EntryPath, _target: &[u8]) -> Result<(), PackageError> {
        Ok(())
    }
}
