//! Files that stand for what spawners of one host must not both have: each locks its part, as a range of bytes.
//!
//! The kernel sees the overlaps, and drops a lock with the process that holds it, however that ends. Invariant: the files are
//! root's alone, so that nobody else can hold a lock.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Where they are.
pub(super) const PLACE: &str = "/run/lambent";

/// Opens one of them, which is made where it is not there.
pub(super) fn open(place: &Path, name: &str) -> io::Result<File> {
    match DirBuilder::new().mode(0o700).create(place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // In a directory of somebody else's, somebody else could hold the lock.
    if std::fs::symlink_metadata(place)?.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let flags = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags)
        .open(place.join(name))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_link_in_the_file_s_place_is_not_followed() {
        let place = tempfile::tempdir().expect("a directory");
        std::os::unix::fs::symlink("/dev/null", place.path().join("uids")).expect("a link");
        super::open(place.path(), "uids").expect_err("a link");
    }
}
