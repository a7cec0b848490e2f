//! Decompressing entries under a budget that all of them share.
//!
//! Invariant: bytes are counted as they come out of the decompressor, whatever the archive declares.

use crate::archive::Archive;
use crate::error::shown;
use crate::path::EntryPath;
use crate::plan::{Execute, Kind, Plan};
use crate::{Limits, LinkFault, PackageError, Summary};
use std::io::Read;
use zip::read::ZipFile;
use zip::{DateTime, ExtraField};

/// How much is decompressed at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// The contents of one entry, a chunk at a time.
pub(crate) struct Chunks<'a> {
    reader: &'a mut dyn Read,
    buffer: &'a mut [u8],
    entry: &'a str,
    declared: u64,
    read: u64,
    budget: &'a mut Budget,
}

/// What may still be decompressed.
struct Budget {
    left: u64,
    limit: u64,
}

impl Chunks<'_> {
    /// The next chunk, `None` at the end, where checksum and size have been verified.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, PackageError> {
        let count = loop {
            match self.reader.read(self.buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.damaged(&error)),
                Ok(count) => break count,
            }
        };
        if count == 0 {
            return if self.read == self.declared { Ok(None) } else { Err(self.damaged(&"wrong size")) };
        }
        self.read += count as u64;
        self.budget.spend(count as u64)?;
        Ok(Some(&self.buffer[..count]))
    }

    /// Reads to the end and keeps nothing.
    pub(crate) fn drain(&mut self) -> Result<(), PackageError> {
        while self.next()?.is_some() {}
        Ok(())
    }

    /// The whole contents, when they are at most `limit` bytes.
    pub(crate) fn collect(&mut self, limit: usize) -> Result<Option<Vec<u8>>, PackageError> {
        let mut all = Vec::new();
        while let Some(chunk) = self.next()? {
            if all.len() + chunk.len() > limit {
                return Ok(None);
            }
            all.extend_from_slice(chunk);
        }
        Ok(Some(all))
    }

    /// For entries that have no contents.
    fn refuse_any(&mut self) -> Result<(), PackageError> {
        match self.next()? {
            None => Ok(()),
            Some(_) => Err(self.damaged(&"a directory with contents")),
        }
    }

    fn damaged(&self, cause: &dyn std::fmt::Display) -> PackageError {
        PackageError::Damaged { entry: shown(self.entry), cause: cause.to_string() }
    }
}

impl Budget {
    fn spend(&mut self, bytes: u64) -> Result<(), PackageError> {
        self.left =
            self.left.checked_sub(bytes).ok_or(PackageError::UnzippedTooLarge { limit: self.limit })?;
        Ok(())
    }
}

/// What becomes of the entries.
pub(crate) trait Sink {
    /// A file, whose contents it reads to the end; `modified` is in seconds since the epoch.
    fn file(
        &mut self,
        path: &EntryPath,
        execute: Execute,
        modified: i64,
        contents: &mut Chunks<'_>,
    ) -> Result<(), PackageError>;

    /// A symbolic link, its target already checked.
    fn link(&mut self, path: &EntryPath, target: &[u8]) -> Result<(), PackageError>;
}

/// Reads every entry of the plan to its end and gives files and links to `sink`.
pub(crate) fn every(
    archive: &mut Archive<'_>,
    plan: &Plan,
    limits: &Limits,
    sink: &mut impl Sink,
) -> Result<Summary, PackageError> {
    let mut budget = Budget { left: limits.unzipped_bytes, limit: limits.unzipped_bytes };
    let mut buffer = vec![0; CHUNK_BYTES];
    for planned in &plan.entries {
        let entry = planned.path.as_str();
        let mut file = archive
            .by_index(planned.index)
            .map_err(|e| PackageError::Damaged { entry: shown(entry), cause: e.to_string() })?;
        let (declared, modified) = (file.size(), modified(&file));
        let (reader, buffer, budget) = (&mut file, &mut buffer[..], &mut budget);
        let mut contents = Chunks { reader, buffer, entry, declared, read: 0, budget };
        match planned.kind {
            Kind::Directory => contents.refuse_any()?,
            Kind::File(execute) => sink.file(&planned.path, execute, modified, &mut contents)?,
            Kind::Link => sink.link(&planned.path, &target_of(&planned.path, &mut contents, limits)?)?,
        }
    }
    Ok(Summary { unzipped_bytes: limits.unzipped_bytes - budget.left, entries: plan.entries.len() as u64 })
}

/// A link's target: the contents of its entry.
fn target_of(path: &EntryPath, contents: &mut Chunks<'_>, limits: &Limits) -> Result<Vec<u8>, PackageError> {
    let refused = |fault| PackageError::Link { entry: shown(path.as_str()), fault };
    let target = contents.collect(limits.path_bytes)?.ok_or_else(|| refused(LinkFault::Invalid))?;
    path.may_link_to(&target, limits).map_err(refused)?;
    Ok(target)
}

/// When an entry was last changed, in seconds since the epoch: the exact time where the archive has it (Info-ZIP's extended timestamp),
/// otherwise the coarse local time, read as UTC. Interpreters compare it with what compiled modules recorded.
fn modified<R: Read>(file: &ZipFile<'_, R>) -> i64 {
    let exact = file.extra_data_fields().find_map(|field| match field {
        ExtraField::ExtendedTimestamp(times) => times.mod_time(),
        _ => None,
    });
    exact.map(i64::from).or_else(|| file.last_modified().map(seconds)).unwrap_or(0)
}

/// A calendar time, read as UTC, in seconds since the epoch.
fn seconds(time: DateTime) -> i64 {
    let (year, month, day) = (i64::from(time.year()), i64::from(time.month()), i64::from(time.day()));
    // Days since 1970-01-01, counting years from March, so that the leap day is the last of its year.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    let clock = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    days * 86_400 + clock
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_times_become_seconds() {
        for (date, expected) in [
            ((1980, 1, 1, 0, 0, 0), 315_532_800),
            ((2000, 2, 29, 12, 0, 0), 951_825_600),
            ((2000, 3, 1, 0, 0, 0), 951_868_800),
            ((2026, 11, 24, 6, 35, 2), 1_795_502_102),
            ((2107, 12, 31, 23, 59, 58), 4_354_819_198),
        ] {
            let (year, month, day, hour, minute, second) = date;
            let time = DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap();
            assert_eq!(seconds(time), expected, "{date:?}");
        }
    }
}
