//! Sealing and opening a value that fits in memory.

use crate::header::{Binding, HEADER_BYTES, Header, Kind, NONCE_BYTES, PART_OVERHEAD, Position, TAG_BYTES};
use crate::keys::{DataKey, FingerprintKey, WrappingKey};
use crate::stream::{Reader, Writer};
use crate::{KeyId, RootKey, SealError};
use std::io::{Read, Write};

/// Where a value stands. A value opens only at the place that it was sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table, log or kind of thing.
    pub table: &'a str,
    /// The key within it.
    pub key: &'a str,
}

/// Seals and opens under one root key. Cheap to share, never printed.
pub struct Sealer {
    wrapping: WrappingKey,
    prints: FingerprintKey,
    id: KeyId,
}

impl Sealer {
    /// A sealer under this root key.
    ///
    /// # Errors
    /// [`SealError::Library`] where the cryptographic library fails.
    pub fn new(root: RootKey) -> Result<Self, SealError> {
        let (wrapping, prints, id) = WrappingKey::derive(&root)?;
        drop(root);
        Ok(Self { wrapping, prints, id })
    }

    /// Which root key this is.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// Stands for a value where equal ones must be found without showing what they are: the same for the same value at
    /// the same place, and without the root key nothing can be learned from it but that.
    pub fn fingerprint(&self, place: &Place<'_>, value: &[u8]) -> [u8; 16] {
        self.prints.of(&[place.table.as_bytes(), place.key.as_bytes(), value])
    }

    /// Encrypts `plain` for its place. The result is 78 bytes longer.
    ///
    /// # Errors
    /// [`SealError::Library`] where the cryptographic library fails.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (key, header) = self.fresh(Kind::Value)?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + PART_OVERHEAD + plain.len());
        sealed.extend_from_slice(header.bytes());
        sealed.extend_from_slice(&[0; NONCE_BYTES]);
        sealed.extend_from_slice(plain);
        sealed.extend_from_slice(&[0; TAG_BYTES]);
        Binding::new(&header, place).seal(&key, 0, Position::Last, &mut sealed[HEADER_BYTES..])?;
        Ok(sealed)
    }

    /// Decrypts what was sealed for this place.
    ///
    /// # Errors
    /// [`SealError::WrongRootKey`], [`SealError::UnknownFormat`], [`SealError::WrongKind`], or
    /// [`SealError::Tampered`] for everything else that was changed, cut, extended or moved.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let header = Header::read(sealed, Kind::Value, self.id)?;
        let key = self.wrapping.unwrap(&header.wrapped())?;
        let mut part = sealed[HEADER_BYTES..].to_vec();
        let opened = Binding::new(&header, place).open(&key, 0, Position::Last, &mut part)?.len();
        part.copy_within(NONCE_BYTES..NONCE_BYTES + opened, 0);
        part.truncate(opened);
        Ok(part)
    }

    /// A writer that seals a blob of any length into `out`, which holds at most one segment in memory.
    ///
    /// # Errors
    /// [`SealError::Library`] where the cryptographic library fails.
    pub fn writer<W: Write>(&self, place: &Place<'_>, out: W) -> Result<Writer<W>, SealError> {
        let (key, header) = self.fresh(Kind::Blob)?;
        let binding = Binding::new(&header, place);
        Ok(Writer::new(key, header, binding, out))
    }

    /// A reader that opens a sealed blob segment by segment. What it hands out is authentic, but only its end
    /// (`Ok(0)`) says that nothing was cut off.
    ///
    /// # Errors
    /// An error of `from`, or one that carries a [`SealError`].
    pub fn reader<R: Read>(&self, place: &Place<'_>, mut from: R) -> std::io::Result<Reader<R>> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        from.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        let header = Header::read(&bytes, Kind::Blob, self.id)?;
        let key = self.wrapping.unwrap(&header.wrapped())?;
        Ok(Reader::new(key, Binding::new(&header, place), from))
    }

    fn fresh(&self, kind: Kind) -> Result<(DataKey, Header), SealError> {
        let (key, wrapped) = self.wrapping.generate()?;
        Ok((key, Header::new(kind, self.id, &wrapped)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_its_value_its_place_and_its_root_key() {
        let sealer = || Sealer::new(RootKey::generate().unwrap()).unwrap();
        let (one, other) = (sealer(), sealer());
        let of = |table, key, value: &str| one.fingerprint(&Place { table, key }, value.as_bytes());
        let print = of("t", "k", "v");
        assert_eq!(of("t", "k", "v"), print);
        for different in [of("u", "k", "v"), of("t", "l", "v"), of("t", "k", "w"), of("tk", "", "v")] {
            assert_ne!(different, print);
        }
        assert_ne!(other.fingerprint(&Place { table: "t", key: "k" }, b"v"), print);
    }
}
