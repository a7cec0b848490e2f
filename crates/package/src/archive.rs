//! Opening the archive, and the rules about it as a whole.

use crate::error::shown;
use crate::{Limits, NameFault, PackageError};
use std::io::Cursor;
use zip::ZipArchive;
use zip::read::Config;
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

/// An archive in memory.
pub(crate) type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Opens `zip` and checks what can be known without decompressing: size, number of entries, duplicate names,
/// overlaps, declared sizes.
pub(crate) fn open<'a>(zip: &'a [u8], limits: &Limits) -> Result<Archive<'a>, PackageError> {
    if zip.is_empty() {
        return Err(PackageError::Empty);
    }
    if zip.len() as u64 > limits.zipped_bytes {
        return Err(PackageError::ZippedTooLarge { limit: limits.zipped_bytes });
    }
    refuse_crowds(zip, limits)?;
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|e| unreadable(&e))?;
    if archive.is_empty() {
        return Err(PackageError::Empty);
    }
    if archive.len() as u64 > limits.entries {
        return Err(PackageError::TooManyEntries { limit: limits.entries });
    }
    if archive.has_duplicate_names() {
        return Err(PackageError::Conflict { entry: first_duplicate(zip) });
    }
    if archive.has_overlapping_entries().map_err(|e| unreadable(&e))? {
        return Err(PackageError::Overlapping);
    }
    refuse_declared_size(&archive, limits)?;
    Ok(archive)
}

/// The number of entries as declared: before the reader builds an index of them in memory.
fn refuse_crowds(zip: &[u8], limits: &Limits) -> Result<(), PackageError> {
    let listing = ZipIterable::try_new(Cursor::new(zip), Config::default()).map_err(|e| unreadable(&e))?;
    if listing.len() as u64 > limits.entries {
        return Err(PackageError::TooManyEntries { limit: limits.entries });
    }
    Ok(())
}

fn refuse_declared_size(archive: &Archive<'_>, limits: &Limits) -> Result<(), PackageError> {
    let too_large = || PackageError::UnzippedTooLarge { limit: limits.unzipped_bytes };
    let mut declared = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|e| unreadable(&e))?;
        declared = declared.checked_add(entry.size()).ok_or_else(too_large)?;
    }
    if declared > limits.unzipped_bytes { Err(too_large()) } else { Ok(()) }
}

/// The name that occurs twice, for the message: the archive's index keeps only one of each.
fn first_duplicate(zip: &[u8]) -> String {
    let mut seen = std::collections::HashSet::new();
    let Ok(mut listing) = ZipIterable::try_new(Cursor::new(zip), Config::default()) else {
        return String::new();
    };
    let Ok(entries) = listing.files() else { return String::new() };
    entries
        .map_while(Result::ok)
        .find(|entry| !seen.insert(entry.name_raw().to_vec()))
        .map(|entry| shown(&String::from_utf8_lossy(entry.name_raw())))
        .unwrap_or_default()
}

/// An entry's name, decoded.
pub(crate) fn name_of(archive: &Archive<'_>, index: usize) -> Result<String, PackageError> {
    let entry = archive.by_index_data(index).map_err(|e| unreadable(&e))?;
    let name = entry.name().map_err(|_| PackageError::Name {
        entry: shown(&String::from_utf8_lossy(entry.name_raw())),
        fault: NameFault::Encoding,
    })?;
    Ok(name.into_owned())
}

/// The zip reader's error, when it isn't about one entry. Of a damaged archive it names its own types: nothing for a
/// caller.
pub(crate) fn unreadable(error: &ZipError) -> PackageError {
    PackageError::Unreadable(match error {
        ZipError::InvalidArchive(_) => "no zip file, or a damaged one".to_owned(),
        other => other.to_string(),
    })
}
