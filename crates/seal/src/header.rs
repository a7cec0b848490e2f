//! What stands before each ciphertext, and what is authenticated with it.
//!
//! Header of format 1, 50 bytes: format (1), kind (1: value, 2: blob), key id (8), wrapped data key (40).
//! A sealed part follows: nonce (12), ciphertext, tag (16). A value has one part, a blob one per segment.
//!
//! Authenticated with each part: the header; the table and the key, each after its length (8 bytes, big endian); the
//! part's number (8 bytes) and whether it is the last (1 byte). So no two places, and no two parts, look alike.

use crate::keys::{DataKey, KeyId, WRAPPED_BYTES};
use crate::{Place, SealError};
use aws_lc_rs::aead::{Aad, Nonce};

pub(crate) const HEADER_BYTES: usize = 2 + 8 + WRAPPED_BYTES;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;
/// What sealing adds to one part.
pub(crate) const PART_OVERHEAD: usize = NONCE_BYTES + TAG_BYTES;

const FORMAT: u8 = 1;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Value = 1,
    Blob = 2,
}

/// The header as bytes.
pub(crate) struct Header([u8; HEADER_BYTES]);

impl Header {
    pub(crate) fn new(kind: Kind, id: KeyId, wrapped: &[u8; WRAPPED_BYTES]) -> Self {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0] = FORMAT;
        bytes[1] = kind as u8;
        bytes[2..10].copy_from_slice(&id.0);
        bytes[10..].copy_from_slice(wrapped);
        Self(bytes)
    }

    /// Reads a header and says clearly when it is for another root key, format or kind.
    pub(crate) fn read(bytes: &[u8], kind: Kind, loaded: KeyId) -> Result<Self, SealError> {
        let found = *bytes.first().ok_or(SealError::Tampered)?;
        if found != FORMAT {
            return Err(SealError::UnknownFormat { found });
        }
        let bytes: [u8; HEADER_BYTES] =
            bytes.get(..HEADER_BYTES).and_then(|b| b.try_into().ok()).ok_or(SealError::Tampered)?;
        if bytes[1] != kind as u8 {
            return Err(SealError::WrongKind);
        }
        let header = Self(bytes);
        let sealed_under = header.key_id();
        if sealed_under == loaded {
            Ok(header)
        } else {
            Err(SealError::WrongRootKey { sealed_under, loaded })
        }
    }

    fn key_id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&self.0[2..10]);
        KeyId(id)
    }

    pub(crate) fn wrapped(&self) -> [u8; WRAPPED_BYTES] {
        let mut wrapped = [0; WRAPPED_BYTES];
        wrapped.copy_from_slice(&self.0[10..]);
        wrapped
    }

    pub(crate) fn bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.0
    }
}

/// What is authenticated with the parts of one value or blob; kept as bytes whose end changes from part to part.
pub(crate) struct Binding(Vec<u8>);

/// Whether more parts follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    More,
    Last,
}

impl Binding {
    const TAIL_BYTES: usize = 9;

    pub(crate) fn new(header: &Header, place: &Place<'_>) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + place.table.len() + place.key.len() + 32);
        bytes.extend_from_slice(header.bytes());
        for text in [place.table, place.key] {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&[0; Self::TAIL_BYTES]);
        Self(bytes)
    }

    /// For the part with this number, counted from zero.
    fn of(&mut self, number: u64, position: Position) -> Aad<&[u8]> {
        let tail = self.0.len() - Self::TAIL_BYTES;
        self.0[tail..tail + 8].copy_from_slice(&number.to_be_bytes());
        self.0[tail + 8] = u8::from(position == Position::Last);
        Aad::from(&self.0)
    }

    /// Encrypts `part` in place; it holds room for the nonce, the plain text, and room for the tag.
    pub(crate) fn seal(
        &mut self,
        key: &DataKey,
        number: u64,
        position: Position,
        part: &mut [u8],
    ) -> Result<(), SealError> {
        let (nonce_room, rest) = part.split_at_mut(NONCE_BYTES);
        let (text, tag_room) = rest.split_at_mut(rest.len() - TAG_BYTES);
        let (nonce, tag) = key
            .cipher()
            .seal_in_place_separate_tag(self.of(number, position), text)
            .map_err(|_| SealError::Library { doing: "encrypt" })?;
        nonce_room.copy_from_slice(nonce.as_ref());
        tag_room.copy_from_slice(tag.as_ref());
        Ok(())
    }

    /// Decrypts `part` (nonce, ciphertext, tag) in place and gives the plain text within it.
    pub(crate) fn open<'p>(
        &mut self,
        key: &DataKey,
        number: u64,
        position: Position,
        part: &'p mut [u8],
    ) -> Result<&'p mut [u8], SealError> {
        let (nonce, text) = part.split_at_mut_checked(NONCE_BYTES).ok_or(SealError::Tampered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Tampered)?;
        key.cipher().open_in_place(nonce, self.of(number, position), text).map_err(|_| SealError::Tampered)
    }
}
