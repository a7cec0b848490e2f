//! Writing a package's tree below a directory descriptor.
//!
//! Invariant: every path is resolved by the kernel below that descriptor, through no symbolic link and no mount
//! (`openat2`), and every file and link is newly made, never opened for writing when it exists.

use crate::archive;
use crate::error::shown;
use crate::path::EntryPath;
use crate::plan::{self, Execute};
use crate::read::{self, Chunks, Sink};
use crate::{Limits, PackageError, Summary};
use rustix::fs::{Mode, OFlags, ResolveFlags, Timespec, Timestamps};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

const RESOLVE: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// Writes the tree of `zip` below `into`, an empty directory, applying every rule of [`crate::check`] on the way.
///
/// Files get mode 0755 when any execute bit is set in the archive, otherwise 0644; directories 0755. A package made with
/// modes that other users could not read works all the same, and no file is setuid, setgid or writable by others.
/// Archives made on other systems than Unix carry no modes: their files are 0644.
///
/// # Errors
/// The first rule that the package breaks, or [`PackageError::Write`]. The directory may then hold a part of the
/// tree: the caller removes it.
pub fn extract(zip: &[u8], into: BorrowedFd<'_>, limits: &Limits) -> Result<Summary, PackageError> {
    let mut archive = archive::open(zip, limits)?;
    let plan = plan::make(&mut archive, limits)?;
    let mut tree = Tree { root: into, open: None };
    for directory in &plan.directories {
        tree.make_directory(directory)?;
    }
    read::every(&mut archive, &plan, limits, &mut tree)
}

/// A tree that grows below `root`.
struct Tree<'a> {
    root: BorrowedFd<'a>,
    /// The directory used last: entries of one directory usually follow each other.
    open: Option<(String, OwnedFd)>,
}

impl Tree<'_> {
    fn make_directory(&mut self, path: &str) -> Result<(), PackageError> {
        let (above, name) = split(path);
        let directory = self.directory(above)?;
        rustix::fs::mkdirat(directory, name, Mode::from_raw_mode(0o755)).map_err(|e| refused(path, e))?;
        // The mode once more, because the process's umask took its part.
        rustix::fs::chmodat(directory, name, Mode::from_raw_mode(0o755), rustix::fs::AtFlags::empty())
            .map_err(|e| refused(path, e))
    }

    /// The descriptor of a directory that the plan has made.
    fn directory(&mut self, path: Option<&str>) -> Result<BorrowedFd<'_>, PackageError> {
        let Some(path) = path else { return Ok(self.root) };
        if self.open.as_ref().is_none_or(|(open, _)| open != path) {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let opened = rustix::fs::openat2(self.root, path, flags, Mode::empty(), RESOLVE)
                .map_err(|e| refused(path, e))?;
            self.open = Some((path.to_owned(), opened));
        }
        Ok(self.open.as_ref().map_or(self.root, |(_, opened)| opened.as_fd()))
    }

    fn create(&mut self, path: &EntryPath) -> Result<OwnedFd, PackageError> {
        let (above, name) = path.split();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::openat2(self.directory(above)?, name, flags, mode, RESOLVE)
            .map_err(|e| refused(path.as_str(), e))
    }
}

impl Sink for Tree<'_> {
    fn file(
        &mut self,
        path: &EntryPath,
        execute: Execute,
        modified: i64,
        contents: &mut Chunks<'_>,
    ) -> Result<(), PackageError> {
        let file = self.create(path)?;
        let write_error = |e| refused(path.as_str(), e);
        while let Some(chunk) = contents.next()? {
            write_all(&file, chunk).map_err(write_error)?;
        }
        let mode = if execute == Execute::Yes { 0o755 } else { 0o644 };
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).map_err(write_error)?;
        let time = Timespec { tv_sec: modified, tv_nsec: 0 };
        rustix::fs::futimens(&file, &Timestamps { last_access: time, last_modification: time })
            .map_err(write_error)
    }

    fn link(&mut self, path: &EntryPath, target: &[u8]) -> Result<(), PackageError> {
        let (above, name) = path.split();
        rustix::fs::symlinkat(target, self.directory(above)?, name).map_err(|e| refused(path.as_str(), e))
    }
}

fn split(path: &str) -> (Option<&str>, &str) {
    path.rsplit_once('/').map_or((None, path), |(above, name)| (Some(above), name))
}

fn write_all(file: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(file, bytes) {
            Ok(0) => return Err(Errno::NOSPC),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn refused(path: &str, errno: Errno) -> PackageError {
    PackageError::Write { entry: shown(path), cause: errno.into() }
}
