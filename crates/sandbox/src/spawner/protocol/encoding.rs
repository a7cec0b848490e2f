//! Numbers, texts and lists as bytes, and back.
//!
//! Numbers are eight bytes, little-endian; a text is its length and its bytes; a list is its length and its items.
//! Invariant: nothing is allocated for a length that the input does not have.

use super::{HEADER, Malformed};
use crate::protections::{Mode, Protection, Protections};
use crate::spec::{MAX_ITEMS, MAX_TEXT};

const MAGIC: u32 = u32::from_le_bytes(*b"LMB1");

/// The 16 bytes that every packet begins with.
pub(super) fn header(kind: u16, first: u32, second: u32) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[0..4].copy_from_slice(&MAGIC.to_le_bytes());
    bytes[4..6].copy_from_slice(&kind.to_le_bytes());
    bytes[8..12].copy_from_slice(&first.to_le_bytes());
    bytes[12..16].copy_from_slice(&second.to_le_bytes());
    bytes
}

/// What was written so far.
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.number(texts.len() as u64);
        texts.for_each(|text| self.text(text));
    }

    pub(super) fn protections(&mut self, protections: &Protections) {
        self.number(u64::from(protections.mode == Mode::Rootless));
        self.number(protections.list.len() as u64);
        for protection in &protections.list {
            self.text(&protection.name);
            self.number(protection.in_force.into());
            self.text(&protection.why);
        }
    }
}

/// What is left to read.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.bytes(N)?.try_into().map_err(|_| Malformed)
    }

    pub(super) fn header(&mut self) -> Result<(u16, u32, u32), Malformed> {
        let magic = u32::from_le_bytes(self.array()?);
        let (kind, padding) = (u16::from_le_bytes(self.array()?), u16::from_le_bytes(self.array()?));
        let (first, second) = (u32::from_le_bytes(self.array()?), u32::from_le_bytes(self.array()?));
        if magic == MAGIC && padding == 0 { Ok((kind, first, second)) } else { Err(Malformed) }
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn number32(&mut self) -> Result<u32, Malformed> {
        self.number()?.try_into().map_err(|_| Malformed)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.number()?;
        if count > MAX_ITEMS as u64 { Err(Malformed) } else { Ok(count as usize) }
    }

    pub(super) fn text(&mut self) -> Result<String, Malformed> {
        let length = self.number()?;
        if length > MAX_TEXT as u64 {
            return Err(Malformed);
        }
        let bytes = self.bytes(length as usize)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Malformed)
    }

    pub(super) fn texts(&mut self) -> Result<Vec<String>, Malformed> {
        (0..self.count()?).map(|_| self.text()).collect()
    }

    pub(super) fn protections(&mut self) -> Result<Protections, Malformed> {
        let mode = if self.flag()? { Mode::Rootless } else { Mode::Privileged };
        let list = (0..self.count()?).map(|_| self.protection()).collect::<Result<_, _>>()?;
        Ok(Protections { mode, list })
    }

    fn protection(&mut self) -> Result<Protection, Malformed> {
        Ok(Protection { name: self.text()?, in_force: self.flag()?, why: self.text()? })
    }

    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}
