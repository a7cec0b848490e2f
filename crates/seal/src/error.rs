//! What can go wrong with sealing, and what to do about it.

use crate::KeyId;
use std::io;
use std::path::PathBuf;

/// Why a root key could not be had, or why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The root key file, or its folder, could not be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, as words that complete "cannot …".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The root key's path names a folder, a device or a pipe.
    #[error("{} is not a regular file: give the path of a root key file", path.display())]
    NotAFile {
        /// The path that was given.
        path: PathBuf,
    },
    /// Others than the owner may read or write the root key.
    #[error(
        "{0} is open to other users (mode {mode:03o}): run `chmod 600 {0}`, and ask who may have read it",
        path.display()
    )]
    Exposed {
        /// The root key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The root key belongs to another user than the one that Lambent runs as.
    #[error(
        "{} belongs to user {owner}, and Lambent runs as user {runs_as}: run it as the owner, or `chown` the file",
        path.display()
    )]
    WrongOwner {
        /// The root key file.
        path: PathBuf,
        /// The uid of its owner.
        owner: u32,
        /// The uid of this process.
        runs_as: u32,
    },
    /// The file does not hold a root key.
    #[error(
        "{} does not hold a root key (one line: lambent-root-key-1 and 64 hexadecimal digits): restore it from its backup",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The value was sealed under another root key than the one that was loaded.
    #[error(
        "sealed under another root key ({sealed_under}; the loaded one is {loaded}): load the root key that belongs to this data"
    )]
    WrongRootKey {
        /// Which root key the value needs.
        sealed_under: KeyId,
        /// Which root key was loaded.
        loaded: KeyId,
    },
    /// The value's format is not known to this version of Lambent.
    #[error(
        "sealed in format {found}, which this version does not know: use the version of Lambent that wrote it, or a later one"
    )]
    UnknownFormat {
        /// The format's number.
        found: u8,
    },
    /// A value stands where a blob should, or the other way round.
    #[error("a sealed value where a sealed blob was expected, or the other way round")]
    WrongKind,
    /// The value was changed, cut, extended or moved after it was sealed.
    #[error("changed, cut or moved since it was sealed: restore it from a backup")]
    Tampered,
    /// A blob has as many segments as can be numbered.
    #[error("too long to seal")]
    TooLong,
    /// The cryptographic library failed, which it does when the system gives no randomness or no memory.
    #[error("the cryptographic library could not {doing}")]
    Library {
        /// What was tried, as words that complete "could not …".
        doing: &'static str,
    },
}

impl SealError {
    pub(crate) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}

impl From<SealError> for io::Error {
    /// For the readers and writers of blobs: the error keeps its cause.
    fn from(error: SealError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
