//! Making a package, for the platform's own samples.

use crate::PackageError;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A package of these files (path, contents, whether it is executable).
///
/// # Errors
/// Names or contents that a zip file can't hold.
pub fn pack(files: &[(&str, &[u8], bool)]) -> Result<Vec<u8>, PackageError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents, executable) in files {
        let mode = if *executable { 0o755 } else { 0o644 };
        zip.start_file(*name, SimpleFileOptions::default().unix_permissions(mode)).map_err(unpackable)?;
        zip.write_all(contents).map_err(unpackable)?;
    }
    Ok(zip.finish().map_err(unpackable)?.into_inner())
}

fn unpackable(cause: impl std::fmt::Display) -> PackageError {
    PackageError::Unreadable(cause.to_string())
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_packed_passes_the_check() {
        let zip = super::pack(&[("app.py", b"x = 1", false), ("bootstrap", b"#!/bin/sh", true)]).unwrap();
        let summary = crate::check(&zip, &crate::Limits::default()).unwrap();
        assert_eq!((summary.entries, summary.unzipped_bytes), (2, 14));
    }
}
