//! The directory of one run of `doctor`: below the temporary directory, locked, and gone afterwards.
//!
//! ```text
//! TMPDIR/lambent-doctor-UID-NUMBER/root      what the attacker's environments have as their root
//! ```
//! The lock goes with the process, however that ends, so that a directory without one is a leftover: whoever comes next with
//! that number clears it and takes it. Invariant: nothing that another user or a living `doctor` has is touched.

use super::DoctorError;
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Runs at a time of one user below one temporary directory.
pub(super) const MOST: u32 = 16;

/// Held as long as the run lasts.
#[derive(Debug)]
pub(super) struct Workplace {
    path: PathBuf,
    _lock: OwnedFd,
}

impl Workplace {
    /// The first that is free, empty.
    pub(super) fn take(below: &Path) -> Result<Self, DoctorError> {
        let user = rustix::process::geteuid().as_raw();
        for number in 0..MOST {
            let path = below.join(format!("lambent-doctor-{user}-{number}"));
            let failed = |source| DoctorError::Workplace { path: path.clone(), source };
            let Some(lock) = lock(&path).map_err(failed)? else { continue };
            let workplace = Self { path: path.clone(), _lock: lock };
            workplace.clear().map_err(failed)?;
            return Ok(workplace);
        }
        Err(DoctorError::TooMany(below.to_owned()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // While the lock is held. What stays for want of a working disk, the next run removes.
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the directory of this run could not be removed");
        }
    }
}

/// Makes or takes over the directory; nothing when somebody else has it.
fn lock(path: &Path) -> io::Result<Option<OwnedFd>> {
    // Twice more than it takes: each round means that another run removed it in between.
    for _ in 0..4 {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let Ok(directory) = rustix::fs::open(path, flags, Mode::empty()) else { continue };
        let opened = rustix::fs::fstat(&directory)?;
        if opened.st_uid != rustix::process::geteuid().as_raw() {
            return Ok(None);
        }
        if rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        // The one that is locked must be the one that the path names.
        let named = rustix::fs::lstat(path);
        if named.is_ok_and(|named| (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)) {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
            return Ok(Some(directory));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u32) -> String {
        format!("lambent-doctor-{}-{number}", rustix::process::geteuid().as_raw())
    }

    #[test]
    fn two_runs_have_two_and_leave_none() {
        let below = tempfile::tempdir().unwrap();
        let first = Workplace::take(below.path()).unwrap();
        let second = Workplace::take(below.path()).unwrap();
        assert!(first.path().ends_with(name(0)) && second.path().ends_with(name(1)));
        drop(first);
        assert!(Workplace::take(below.path()).unwrap().path().ends_with(name(0)));
        drop(second);
        assert_eq!(fs::read_dir(below.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_run_left_is_taken_over_and_cleared() {
        let below = tempfile::tempdir().unwrap();
        let left = below.path().join(name(0)).join("root/bin");
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("x"), "left").unwrap();
        let next = Workplace::take(below.path()).unwrap();
        assert!(next.path().ends_with(name(0)));
        assert_eq!(fs::read_dir(next.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_in_its_place_is_left_alone() {
        let below = tempfile::tempdir().unwrap();
        let others = tempfile::tempdir().unwrap();
        fs::write(others.path().join("theirs"), "x").unwrap();
        std::os::unix::fs::symlink(others.path(), below.path().join(name(0))).unwrap();
        assert!(Workplace::take(below.path()).unwrap().path().ends_with(name(1)));
        assert!(others.path().join("theirs").exists());
    }
}
