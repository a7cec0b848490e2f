//! What the archive would make, decided from names and attributes alone, before anything is decompressed.
//!
//! Invariant: in a plan every path occurs once, every path above another is a directory, and directories come
//! before what they hold. So nothing can be written through a symbolic link, whatever the order of the entries.

use crate::archive::{Archive, name_of, unreadable};
use crate::error::shown;
use crate::path::{Ending, EntryPath};
use crate::{Limits, PackageError};
use std::collections::{BTreeSet, HashSet};
use zip::System;
use zip::read::ZipFileEntry;

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;

/// What an entry becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File(Execute),
    Link,
}

/// Whether a file has the execute bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Execute {
    Yes,
    No,
}

/// One entry of the archive that becomes a file or a link.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Its index in the archive.
    pub(crate) index: usize,
    pub(crate) path: EntryPath,
    pub(crate) kind: Kind,
}

/// Everything that the archive makes.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Directories, named by entries or implied by paths; a directory sorts before what it holds.
    pub(crate) directories: BTreeSet<String>,
    /// Directory entries, files and links, in the archive's order.
    pub(crate) entries: Vec<Planned>,
}

/// Reads the names and attributes of all entries.
pub(crate) fn make(archive: &mut Archive<'_>, limits: &Limits) -> Result<Plan, PackageError> {
    let mut draft = Draft { plan: Plan::default(), leaves: HashSet::new(), path_bytes: 0, limits };
    for index in 0..archive.len() {
        let name = name_of(archive, index)?;
        let (path, ending) = EntryPath::parse(&name, limits)
            .map_err(|fault| PackageError::Name { entry: shown(&name), fault })?;
        let entry = archive.by_index_data(index).map_err(|e| unreadable(&e))?;
        if entry.encrypted() {
            return Err(PackageError::Encrypted { entry: shown(&name) });
        }
        let kind = kind_of(&entry, ending).ok_or_else(|| PackageError::Special { entry: shown(&name) })?;
        draft.add(Planned { index, path, kind })?;
    }
    Ok(draft.plan)
}

/// The kind of an entry by its name's ending and its Unix type, which must agree; `None` for devices and their kin.
///
/// Only archives made on Unix carry Unix types and modes: the others' files are never executable, as on Lambda.
fn kind_of(entry: &ZipFileEntry<'_>, ending: Ending) -> Option<Kind> {
    let attributes = entry.external_attributes() >> 16;
    let (format, mode) = (attributes & S_IFMT, attributes & 0o7777);
    let unix = matches!(entry.system(), System::Unix | System::OsDarwin);
    let execute = if unix && mode & 0o111 != 0 { Execute::Yes } else { Execute::No };
    match (format, ending) {
        (0 | S_IFDIR, Ending::Directory) => Some(Kind::Directory),
        (0 | S_IFREG, Ending::Plain) => Some(Kind::File(execute)),
        (S_IFDIR, Ending::Plain) if entry.size() == 0 => Some(Kind::Directory),
        (S_IFLNK, Ending::Plain) if unix => Some(Kind::Link),
        _ => None,
    }
}

/// A plan while it grows.
struct Draft<'a> {
    plan: Plan,
    /// Paths that are files or links.
    leaves: HashSet<String>,
    /// Of all directories, files and links.
    path_bytes: u64,
    limits: &'a Limits,
}

impl Draft<'_> {
    fn add(&mut self, planned: Planned) -> Result<(), PackageError> {
        let conflict = || PackageError::Conflict { entry: shown(planned.path.as_str()) };
        // A directory that is there has all its own above it.
        let known = planned.path.split().0.is_none_or(|above| self.plan.directories.contains(above));
        let missing = if known { None } else { Some(planned.path.ancestors()) };
        for above in missing.into_iter().flatten() {
            if self.leaves.contains(above) {
                return Err(conflict());
            }
            self.add_directory(above)?;
        }
        let path = planned.path.as_str();
        if self.leaves.contains(path) {
            return Err(conflict());
        }
        if planned.kind == Kind::Directory {
            self.add_directory(path)?;
        } else if self.plan.directories.contains(path) {
            return Err(conflict());
        } else {
            self.leaves.insert(path.to_owned());
            self.count(path)?;
        }
        self.plan.entries.push(planned);
        Ok(())
    }

    fn add_directory(&mut self, path: &str) -> Result<(), PackageError> {
        if !self.plan.directories.contains(path) {
            self.plan.directories.insert(path.to_owned());
            self.count(path)?;
        }
        Ok(())
    }

    /// Counts a path that was added.
    fn count(&mut self, path: &str) -> Result<(), PackageError> {
        let made = self.plan.directories.len() as u64 + self.leaves.len() as u64;
        if made > self.limits.entries {
            return Err(PackageError::TooManyEntries { limit: self.limits.entries });
        }
        self.path_bytes += path.len() as u64;
        if self.path_bytes > self.limits.all_paths_bytes {
            return Err(PackageError::LongPaths { limit: self.limits.all_paths_bytes });
        }
        Ok(())
    }
}
