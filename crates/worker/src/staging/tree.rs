//! One tree on disk: made under a temporary name, renamed when it is complete, removed whole.
//!
//! Invariant: everything happens below the staging area's descriptor, and no symbolic link is followed.

use crate::StartError;
use package::{Limits, Summary};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Extracts a package under `temporary`, then renames it to `name`. Leaves nothing behind where it fails.
pub(super) fn extract(
    area: BorrowedFd<'_>,
    temporary: &str,
    name: &str,
    zip: &[u8],
    limits: &Limits,
) -> Result<Summary, StartError> {
    let into = make(area, temporary).map_err(StartError::Staging)?;
    let made = package::extract(zip, into.as_fd(), limits).map_err(StartError::from);
    let made = made.and_then(|summary| {
        rename(area, temporary, name).map_err(StartError::Staging)?;
        Ok(summary)
    });
    if made.is_err()
        && let Err(error) = remove(area, temporary)
    {
        tracing::error!(%error, "a part of a code tree could not be removed from the staging area");
    }
    made
}

fn make(area: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    let mode = Mode::from_raw_mode(0o755);
    rustix::fs::mkdirat(area, name, mode)?;
    // Once more, because the process's umask took its part.
    rustix::fs::chmodat(area, name, mode, AtFlags::empty())?;
    open(area, name)
}

/// Opens a tree's directory.
pub(super) fn open(area: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(area, name, DIRECTORY, Mode::empty())?)
}

/// Gives a tree another name.
pub(super) fn rename(area: BorrowedFd<'_>, from: &str, to: &str) -> io::Result<()> {
    Ok(rustix::fs::renameat(area, from, area, to)?)
}

/// Removes a tree and all below it.
pub(super) fn remove(area: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    empty(open(area, name)?.as_fd())?;
    Ok(rustix::fs::unlinkat(area, name, AtFlags::REMOVEDIR)?)
}

/// Removes everything in a directory. As deep as a package's paths may be.
fn empty(directory: BorrowedFd<'_>) -> io::Result<()> {
    let entries = Dir::read_from(directory)?.collect::<Result<Vec<_>, _>>()?;
    for entry in entries {
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            let below = rustix::fs::openat(directory, name, DIRECTORY, Mode::empty())?;
            empty(below.as_fd())?;
            rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR)?;
        } else {
            rustix::fs::unlinkat(directory, name, AtFlags::empty())?;
        }
    }
    Ok(())
}
