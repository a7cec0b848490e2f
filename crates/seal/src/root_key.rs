//! The root key and the file that keeps it.
//!
//! The file is one line of text: `lambent-root-key-1 ` and 64 hexadecimal digits. Whoever has it and the data directory
//! can read everything; without it nothing can be read. So it is created once, never overwritten, and used only while
//! no other user can read it.

use crate::SealError;
use crate::keys::{fill, random_bytes};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub(crate) const KEY_BYTES: usize = 32;

const MARK: &[u8] = b"lambent-root-key-1 ";
const FILE_BYTES: usize = MARK.len() + 2 * KEY_BYTES + 1;

/// The key that everything else is sealed under: 256 random bits. It is overwritten when it is dropped, and it can't be
/// printed.
///
/// ```compile_fail
/// fn print(key: &seal::RootKey) {
///     println!("{key:?}");
/// }
/// ```
pub struct RootKey(Zeroizing<[u8; KEY_BYTES]>);

impl RootKey {
    /// A fresh root key that no file keeps.
    ///
    /// # Errors
    /// [`SealError::Library`] where the system gives no randomness.
    pub fn generate() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        fill(&mut key[..])?;
        Ok(Self(key))
    }

    /// The root key in the file at `path`.
    ///
    /// # Errors
    /// A file that is missing, that other users can read, that belongs to another user, or that holds no root key is
    /// refused with an error that says what to do.
    pub fn load(path: &Path) -> Result<Self, SealError> {
        let file = open(path).map_err(SealError::io("open the root key", path))?;
        Self::read(path, &file)
    }

    /// The root key in the file at `path`, which is made (mode 0600, durable before this returns) where there is none.
    /// Missing folders are made with mode 0700.
    ///
    /// # Errors
    /// As for [`RootKey::load`], and where the file can't be written.
    pub fn load_or_create(path: &Path) -> Result<Self, SealError> {
        match open(path) {
            Ok(file) => Self::read(path, &file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                Self::load(path)
            }
            Err(error) => Err(SealError::io("open the root key", path)(error)),
        }
    }

    fn read(path: &Path, file: &File) -> Result<Self, SealError> {
        check(path, file)?;
        let mut text = Zeroizing::new([0; FILE_BYTES + 1]);
        let mut count = 0;
        while count < text.len() {
            match file.take((text.len() - count) as u64).read(&mut text[count..]) {
                Ok(0) => break,
                Ok(read) => count += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SealError::io("read the root key", path)(error)),
            }
        }
        decode(&text[..count]).ok_or_else(|| SealError::Malformed { path: path.to_owned() })
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

/// Opens without waiting, so that a pipe at this path can't hold up the start.
fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

/// Refuses a file that others could have read. It looks at the open file, so that it can't be exchanged in between.
fn check(path: &Path, file: &File) -> Result<(), SealError> {
    let path = || path.to_owned();
    let metadata = file.metadata().map_err(SealError::io("examine the root key", &path()))?;
    if !metadata.is_file() {
        return Err(SealError::NotAFile { path: path() });
    }
    let runs_as = rustix::process::geteuid().as_raw();
    if metadata.uid() != runs_as {
        return Err(SealError::WrongOwner { path: path(), owner: metadata.uid(), runs_as });
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SealError::Exposed { path: path(), mode });
    }
    Ok(())
}

/// Writes a fresh key beside its place, makes it durable, and links it into place only if nobody else was faster.
fn create(path: &Path) -> Result<(), SealError> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(SealError::io("make the folder of the root key", folder))?;
    let temporary = temporary_beside(path)?;
    let written = write(&temporary, &encode(&RootKey::generate()?)).and_then(|()| {
        match std::fs::hard_link(&temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    });
    let removed = std::fs::remove_file(&temporary);
    written.and(removed).map_err(SealError::io("write the root key", path))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(SealError::io("make durable the folder of the root key", folder))
}

fn temporary_beside(path: &Path) -> Result<PathBuf, SealError> {
    let suffix = u64::from_ne_bytes(random_bytes()?);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{suffix:016x}.new"));
    Ok(PathBuf::from(name))
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

fn encode(key: &RootKey) -> Zeroizing<Vec<u8>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
    text.extend_from_slice(MARK);
    for byte in key.bytes() {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text.push(b'\n');
    text
}

/// The line break at the end may be missing: editors and secret stores tend to strip it.
fn decode(text: &[u8]) -> Option<RootKey> {
    let digits = text.strip_prefix(MARK)?;
    let digits = digits.strip_suffix(b"\n").unwrap_or(digits);
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if pairs.len() != KEY_BYTES {
        return None;
    }
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(RootKey(key))
}

fn digit(text: u8) -> Option<u8> {
    match text {
        b'0'..=b'9' => Some(text - b'0'),
        b'a'..=b'f' => Some(text - b'a' + 10),
        _ => None,
    }
}
