//! A root while it grows: copies into a directory, and remembers what it wrote.
//!
//! Invariant: all files are regular, readable by everyone and 0644 or 0755; symbolic links are only those that this crate
//! makes. A link of the host is followed, its contents copied.

use super::manifest::{Digest, Entry};
use super::{RuntimesError, layout};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, Permissions};
use std::io::{Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files and directories of one root. A standard library has about 1,500, time zones about as many.
const MOST_ENTRIES: usize = 100_000;
/// How deep the host's directories are followed.
const DEEPEST: usize = 32;

/// Bytes that are copied at a time.
const PIECE: usize = 64 * 1024;

/// A directory that becomes a root.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// What becomes of an entry of a directory that is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    Copy,
    LeaveOut,
}

impl Tree {
    /// An empty root, in a directory that must not exist.
    pub(super) fn create(root: &Path) -> Result<Self, RuntimesError> {
        make_directory(root)?;
        let mut tree = Self { root: root.to_owned(), entries: BTreeMap::new() };
        for name in layout::MERGED {
            tree.directory(&format!("/usr/{name}"))?;
            tree.put_link(name, &format!("usr/{name}"))?;
        }
        for path in layout::EMPTY_DIRECTORIES {
            tree.directory(path)?;
        }
        Ok(tree)
    }

    /// What was made.
    pub(super) fn into_entries(self) -> BTreeMap<String, Entry> {
        self.entries
    }

    /// Whether there is something at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(&layout::inside(path))
    }

    /// A directory and those above it.
    pub(super) fn directory(&mut self, path: &str) -> Result<(), RuntimesError> {
        let inside = layout::inside(path);
        let ends = inside.match_indices('/').map(|(at, _)| at).chain([inside.len()]);
        for end in ends {
            let path = &inside[..end];
            if !self.entries.contains_key(path) {
                make_directory(&self.root.join(path))?;
                self.remember(path, Entry::Directory)?;
            }
        }
        Ok(())
    }

    /// A symbolic link.
    pub(super) fn link(&mut self, path: &str, target: &str) -> Result<(), RuntimesError> {
        let inside = layout::inside(path);
        self.above(&inside)?;
        self.put_link(&inside, target)
    }

    /// A file of our own.
    pub(super) fn write(&mut self, path: &str, contents: &[u8]) -> Result<(), RuntimesError> {
        self.put(&layout::inside(path), &mut &*contents, 0o644, SystemTime::UNIX_EPOCH)
    }

    /// A copy of a file of the host. What is there already stays.
    pub(super) fn copy(&mut self, from: &Path, to: &str) -> Result<(), RuntimesError> {
        let failed = || RuntimesError::file(from);
        let mut contents = File::open(from).map_err(failed())?;
        let metadata = contents.metadata().map_err(failed())?;
        let mode = if metadata.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
        // Compiled modules are valid for a source of this size and this time only.
        self.put(&layout::inside(to), &mut contents, mode, metadata.modified().map_err(failed())?)
    }

    /// Copies a directory of the host, asking `take` about each path relative to `from`.
    pub(super) fn copy_directory(
        &mut self,
        from: &Path,
        to: &str,
        take: &dyn Fn(&str) -> Take,
    ) -> Result<(), RuntimesError> {
        let mut open = vec![(from.to_owned(), String::new(), 0)];
        while let Some((dir, relative, depth)) = open.pop() {
            if depth > DEEPEST {
                return Err(RuntimesError::TooLarge { path: dir, limit: "levels of directories" });
            }
            for entry in std::fs::read_dir(&dir).map_err(RuntimesError::file(&dir))? {
                let entry = entry.map_err(RuntimesError::file(&dir))?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
                let inner = if relative.is_empty() { name } else { format!("{relative}/{name}") };
                // A link that leads nowhere, and what isn't readable or isn't a file, is no loss.
                let Ok(metadata) = entry.path().metadata() else { continue };
                if take(&inner) == Take::LeaveOut {
                    continue;
                }
                if metadata.is_dir() {
                    open.push((entry.path(), inner, depth + 1));
                } else if metadata.is_file() {
                    self.copy(&entry.path(), &format!("{to}/{inner}"))?;
                }
            }
        }
        Ok(())
    }

    /// Writes and digests in pieces: whole files in memory would stay with the allocator.
    fn put(
        &mut self,
        inside: &str,
        contents: &mut dyn Read,
        mode: u32,
        time: SystemTime,
    ) -> Result<(), RuntimesError> {
        if self.entries.contains_key(inside) {
            return Ok(());
        }
        self.above(inside)?;
        let path = self.root.join(inside);
        let mut write = || -> std::io::Result<(u64, String)> {
            let mut file = File::create_new(&path)?;
            let written = copy_digested(contents, &mut file)?;
            file.set_permissions(Permissions::from_mode(mode))?;
            file.set_modified(time)?;
            Ok(written)
        };
        let (size, sha256) = write().map_err(RuntimesError::file(&path))?;
        self.remember(inside, Entry::File { mode, size, sha256 })
    }

    fn put_link(&mut self, inside: &str, target: &str) -> Result<(), RuntimesError> {
        if self.entries.contains_key(inside) {
            return Ok(());
        }
        let path = self.root.join(inside);
        std::os::unix::fs::symlink(target, &path).map_err(RuntimesError::file(&path))?;
        self.remember(inside, Entry::Link(target.to_owned()))
    }

    fn above(&mut self, inside: &str) -> Result<(), RuntimesError> {
        match inside.rsplit_once('/') {
            Some((above, _)) => self.directory(above),
            None => Ok(()),
        }
    }

    fn remember(&mut self, path: &str, entry: Entry) -> Result<(), RuntimesError> {
        if self.entries.len() >= MOST_ENTRIES {
            return Err(RuntimesError::TooLarge { path: self.root.join(path), limit: "files" });
        }
        self.entries.insert(path.to_owned(), entry);
        Ok(())
    }
}

/// A directory that everyone may read, whatever the umask.
/// Copies to the end; the number of bytes and their digest.
fn copy_digested(from: &mut dyn Read, to: &mut File) -> std::io::Result<(u64, String)> {
    let (mut piece, mut size, mut digest) = (vec![0; PIECE], 0, Digest::default());
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok((size, digest.finish()));
        }
        to.write_all(&piece[..read])?;
        digest.update(&piece[..read]);
        size += read as u64;
    }
}

fn make_directory(path: &Path) -> Result<(), RuntimesError> {
    DirBuilder::new().mode(0o755).create(path).map_err(RuntimesError::file(path))?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(RuntimesError::file(path))
}
