//! Zip files built byte by byte, because no honest writer makes these. Shared by the tests of this crate.

use std::io::{Cursor, Write};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

pub(crate) const UNIX: u16 = 3 << 8;
pub(crate) const DOS: u16 = 0;

/// One entry, every field of which can lie.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) name: Vec<u8>,
    pub(crate) made_by: u16,
    pub(crate) mode: u32,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) data: Vec<u8>,
    pub(crate) crc: u32,
    pub(crate) declared: u32,
    /// Another entry's local header to claim, by index.
    pub(crate) steals: Option<usize>,
}

pub(crate) fn file(name: &str, contents: &[u8]) -> Raw {
    Raw {
        name: name.as_bytes().to_vec(),
        made_by: UNIX,
        mode: 0o100_644,
        flags: 0,
        method: 0,
        data: contents.to_vec(),
        crc: crc32(contents),
        declared: contents.len() as u32,
        steals: None,
    }
}

impl Raw {
    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    pub(crate) fn made_by(mut self, system: u16) -> Self {
        self.made_by = system;
        self
    }
}

pub(crate) fn link(name: &str, target: &str) -> Raw {
    file(name, target.as_bytes()).mode(0o120_777)
}

/// The archive of these entries.
pub(crate) fn archive(entries: &[Raw]) -> Vec<u8> {
    let (mut out, mut offsets) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry.steals {
            Some(victim) => offsets.push(offsets[victim]),
            None => {
                offsets.push(out.len() as u32);
                out.extend(0x0403_4b50_u32.to_le_bytes());
                out.extend(20_u16.to_le_bytes());
                common(&mut out, entry);
                out.extend(&entry.name);
                out.extend(&entry.data);
            }
        }
    }
    let start = out.len() as u32;
    for (entry, offset) in entries.iter().zip(&offsets) {
        out.extend(0x0201_4b50_u32.to_le_bytes());
        out.extend((entry.made_by | 20).to_le_bytes());
        out.extend(20_u16.to_le_bytes());
        common(&mut out, entry);
        out.extend([0; 6]);
        out.extend((entry.mode << 16).to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(&entry.name);
    }
    let size = out.len() as u32 - start;
    out.extend(0x0605_4b50_u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// The fields that local and central headers share, from the flags to the length of the extra field.
fn common(out: &mut Vec<u8>, entry: &Raw) {
    out.extend(entry.flags.to_le_bytes());
    out.extend(entry.method.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out.extend(0x5d78_u16.to_le_bytes());
    out.extend(entry.crc.to_le_bytes());
    out.extend((entry.data.len() as u32).to_le_bytes());
    out.extend(entry.declared.to_le_bytes());
    out.extend((entry.name.len() as u16).to_le_bytes());
    out.extend(0_u16.to_le_bytes());
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// An honest archive of compressed files.
pub(crate) fn honest(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .unix_permissions(0o644);
        writer.start_file(*name, options).unwrap();
        writer.write_all(contents).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The deflated stream of `length` zero bytes, and their checksum.
pub(crate) fn deflated_zeros(length: u32) -> Raw {
    let zip = honest(&[("z", &vec![0; length as usize])]);
    let crc = u32::from_le_bytes(zip[14..18].try_into().unwrap());
    let size = u32::from_le_bytes(zip[18..22].try_into().unwrap()) as usize;
    let extra = u16::from_le_bytes(zip[28..30].try_into().unwrap()) as usize;
    let data = zip[31 + extra..31 + extra + size].to_vec();
    Raw { method: 8, data, crc, declared: length, ..file("z", b"") }
}
