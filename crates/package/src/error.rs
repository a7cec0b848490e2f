//! Why a package is refused. Where the service has a sentence for it, the message is that sentence, so that a
//! caller of this crate can send it on.

use std::io;

/// Why a package is refused, or could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// No bytes, or an archive without entries.
    #[error("Uploaded file must be a non-empty zip")]
    Empty,
    /// Not a zip file, or one that is damaged.
    #[error("{COULD_NOT_UNZIP} ({0})")]
    Unreadable(String),
    /// The archive is larger than [`crate::Limits::zipped_bytes`].
    #[error("Zipped size must be smaller than {limit} bytes")]
    ZippedTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The contents are larger than [`crate::Limits::unzipped_bytes`].
    #[error("Unzipped size must be smaller than {limit} bytes")]
    UnzippedTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// More files and directories than [`crate::Limits::entries`].
    #[error("{COULD_NOT_UNZIP} (it holds more than {limit} files and directories)")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// The paths are longer in all than [`crate::Limits::all_paths_bytes`].
    #[error("{COULD_NOT_UNZIP} (its paths are longer than {limit} bytes in all)")]
    LongPaths {
        /// The limit, in bytes.
        limit: u64,
    },
    /// An entry's name is no path below the root.
    #[error("{COULD_NOT_UNZIP} (entry {entry}: {fault})")]
    Name {
        /// The entry, shortened for printing.
        entry: String,
        /// What is wrong with its name.
        fault: NameFault,
    },
    /// Two entries have the same name, or a file's name is used as a directory.
    #[error("{COULD_NOT_UNZIP} (entry {entry}: its name is taken by another entry)")]
    Conflict {
        /// The entry, shortened for printing.
        entry: String,
    },
    /// Two entries claim the same bytes of the archive.
    #[error("{COULD_NOT_UNZIP} (its entries overlap)")]
    Overlapping,
    /// An entry is encrypted.
    #[error("{COULD_NOT_UNZIP} (entry {entry}: encrypted)")]
    Encrypted {
        /// The entry, shortened for printing.
        entry: String,
    },
    /// An entry is a device, a fifo, a socket or something else that is no file, directory or link.
    #[error("{COULD_NOT_UNZIP} (entry {entry}: neither a file nor a directory nor a symbolic link)")]
    Special {
        /// The entry, shortened for printing.
        entry: String,
    },
    /// A symbolic link points where it must not.
    #[error("{COULD_NOT_UNZIP} (symbolic link {entry}: {fault})")]
    Link {
        /// The entry, shortened for printing.
        entry: String,
        /// What is wrong with its target.
        fault: LinkFault,
    },
    /// An entry cannot be decompressed, or its contents do not match its checksum or its size.
    #[error("{COULD_NOT_UNZIP} (entry {entry}: {cause})")]
    Damaged {
        /// The entry, shortened for printing.
        entry: String,
        /// What the decompressor said.
        cause: String,
    },
    /// The platform could not write an entry: not the package's fault.
    #[error("cannot write {entry}: {cause}")]
    Write {
        /// The entry, shortened for printing.
        entry: String,
        /// What the system said.
        cause: io::Error,
    },
}

/// The service's sentence for a package that it cannot open (InvalidParameterValueException).
const COULD_NOT_UNZIP: &str =
    "Could not unzip uploaded file. Please check your file, then try to upload again.";

/// What is wrong with an entry's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing, or nothing but slashes and dots.
    #[error("empty name")]
    Empty,
    /// Starts with a slash or a drive letter.
    #[error("absolute path")]
    Absolute,
    /// Has a `..` component.
    #[error("path leads out of the package")]
    Parent,
    /// Has a backslash: packages separate directories by slashes.
    #[error("backslash in path")]
    Backslash,
    /// Has a NUL byte.
    #[error("NUL byte in path")]
    Nul,
    /// A component is longer than 255 bytes.
    #[error("file name longer than 255 bytes")]
    LongComponent,
    /// Longer than [`crate::Limits::path_bytes`].
    #[error("path too long")]
    LongPath,
    /// More components than [`crate::Limits::depth`].
    #[error("path too deep")]
    Deep,
    /// Cannot be decoded.
    #[error("undecodable name")]
    Encoding,
}

/// What is wrong with a symbolic link's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    /// No target, or one with a NUL byte, or longer than a path may be.
    #[error("invalid target")]
    Invalid,
    /// An absolute target.
    #[error("absolute target")]
    Absolute,
    /// A target above the package's root.
    #[error("target outside the package")]
    Outside,
    /// `..` after a name: what it means depends on other links.
    #[error("target with '..' after a name")]
    ParentAfterName,
}

/// An entry's name for a message: quoted, escaped, and cut to a length that a person reads.
pub(crate) fn shown(name: &str) -> String {
    const SHOWN_CHARS: usize = 120;
    if name.chars().nth(SHOWN_CHARS).is_none() {
        return format!("{name:?}");
    }
    let head: String = name.chars().take(SHOWN_CHARS).collect();
    format!("{head:?}…")
}
