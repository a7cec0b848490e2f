//! Golden files: an example of every form in which a record was ever stored, kept beside the tests of its crate.
//!
//! For each record type, the crate that owns it has one test:
//!
//! ```text
//! #[test]
//! fn stored_functions_stay_readable() {
//!     store::golden::check(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"), &example());
//! }
//! ```
//!
//! `example()` gives a value with every member set. The folder holds `<table>.v<N>.json` for each version from 1 to
//! [`Record::VERSION`]. The file of the current version is written when it is missing (the test fails that one time, so
//! that somebody looks at it and commits it) and is never changed afterwards: whoever changes the stored form raises
//! the version, teaches [`Record::upgrade`] the one before, and gets a new file. Fields that hold secrets get made-up
//! values.

use crate::{Record, codec};
use std::path::{Path, PathBuf};

/// Checks that the current version is stored as its golden file says, and that every version's file is still read.
///
/// # Panics
/// Where a file is missing (the current one is written then), where the stored form has changed without a new version,
/// and where a file can't be read any more. The message says what to do.
#[expect(clippy::panic, reason = "a test helper: its verdict is the panic")]
pub fn check<R: Record>(folder: impl AsRef<Path>, example: &R) {
    if let Err(failure) = verdict(folder.as_ref(), example) {
        panic!("{failure}");
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{} was missing and has been written: look at it and commit it", .0.display())]
    Written(PathBuf),
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, std::io::Error),
    #[error("{} holds no JSON, or the example can't be written as JSON: {}", .0.display(), .1)]
    Json(PathBuf, serde_json::Error),
    #[error(
        "the stored form of {table} has changed: raise VERSION, and let upgrade read version {version}\n  kept: {kept}\n  now:  {now}"
    )]
    Changed { table: &'static str, version: u16, kept: serde_json::Value, now: serde_json::Value },
    #[error("{} can't be read any more: {}", .0.display(), .1)]
    Unreadable(PathBuf, crate::UpgradeError),
}

fn verdict<R: Record>(folder: &Path, example: &R) -> Result<(), Failure> {
    let now = serde_json::to_value(example).map_err(|e| Failure::Json(path::<R>(folder, R::VERSION), e))?;
    for version in 1..=R::VERSION {
        let path = path::<R>(folder, version);
        let kept = match std::fs::read(&path) {
            Ok(kept) => kept,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && version == R::VERSION => {
                return write(path, &now);
            }
            Err(error) => return Err(Failure::Io(path, error)),
        };
        codec::read::<R>(version, &kept).map_err(|error| Failure::Unreadable(path.clone(), error))?;
        let kept = serde_json::from_slice(&kept).map_err(|error| Failure::Json(path, error))?;
        if version == R::VERSION && kept != now {
            return Err(Failure::Changed { table: R::TABLE, version, kept, now });
        }
    }
    Ok(())
}

fn write(path: PathBuf, value: &serde_json::Value) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::Io(folder.to_owned(), error))?;
    }
    match std::fs::write(&path, format!("{value:#}\n")) {
        Ok(()) => Err(Failure::Written(path)),
        Err(error) => Err(Failure::Io(path, error)),
    }
}

fn path<R: Record>(folder: &Path, version: u16) -> PathBuf {
    folder.join(format!("{}.v{version}.json", R::TABLE))
}
