//! What an ELF file says about the shared objects that it needs. The file is data here: nothing is loaded or run.

use object::Endianness;
use object::elf::{DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use object::read::{ReadRef, Result, StringTable};

type Header = FileHeader64<Endianness>;

/// The dynamic section's answers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dynamic {
    /// The processor, as ELF numbers it.
    pub(super) machine: u16,
    /// The program that loads it (`PT_INTERP`); shared objects usually have none.
    pub(super) interpreter: Option<String>,
    /// The names of the objects that it needs, in order.
    pub(super) needed: Vec<String>,
    /// Where to look before everything else, also for what the needed objects need.
    pub(super) rpath: Vec<String>,
    /// Where to look for what it needs itself.
    pub(super) runpath: Vec<String>,
}

/// Reads the headers of a 64-bit ELF file, and no more of it than they need.
pub(super) fn read<'data>(data: impl ReadRef<'data>) -> Result<Dynamic> {
    let header = Header::parse(data)?;
    let endian = header.endian()?;
    let mut dynamic = Dynamic { machine: header.e_machine(endian).0, ..Dynamic::default() };
    let segments = header.program_headers(endian, data)?;
    let mut entries = None;
    for segment in segments {
        if let Some(found) = segment.dynamic(endian, data)? {
            entries = Some(found);
        }
        if let Some(path) = segment.interpreter(endian, data)? {
            dynamic.interpreter = Some(text(path));
        }
    }
    let Some(entries) = entries else { return Ok(dynamic) };
    let live = || entries.iter().take_while(|entry| entry.tag(endian) != DT_NULL);
    let value = |tag| live().find(|entry| entry.tag(endian) == tag).map(|entry| entry.val(endian));
    let (Some(address), Some(size)) = (value(DT_STRTAB), value(DT_STRSZ)) else { return Ok(dynamic) };
    let bytes = segments.iter().find_map(|s| s.data_range(endian, data, address, size).ok().flatten());
    let strings = StringTable::new(bytes.unwrap_or_default(), 0, size);
    for entry in live() {
        let string = || strings.get(u32::try_from(entry.val(endian)).unwrap_or(u32::MAX)).map(text);
        match entry.tag(endian) {
            DT_NEEDED => dynamic.needed.extend(string()),
            DT_RPATH => dynamic.rpath = string().map(|s| paths(&s)).unwrap_or_default(),
            DT_RUNPATH => dynamic.runpath = string().map(|s| paths(&s)).unwrap_or_default(),
            _ => {}
        }
    }
    Ok(dynamic)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

fn paths(list: &str) -> Vec<String> {
    list.split(':').filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_program_names_its_loader_and_its_libraries() {
        let program = std::fs::read("/proc/self/exe").unwrap();
        let dynamic = read(&program[..]).unwrap();
        assert!(dynamic.interpreter.unwrap().contains("ld-"), "this test is linked dynamically");
        assert!(dynamic.needed.iter().any(|name| name.starts_with("libc")), "{:?}", dynamic.needed);
    }

    #[test]
    fn what_is_no_elf_file_is_an_error() {
        read(&b"#!/bin/sh\n"[..]).unwrap_err();
        read(&b"\x7fELF"[..]).unwrap_err();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damaged_files_never_panic(at in 0usize..4096, value in any::<u8>(), length in 0usize..8192) {
            let mut program = std::fs::read("/proc/self/exe").unwrap();
            program.truncate(1 << 20);
            program[at] = value;
            let _ = read(&program[..]);
            program.truncate(length);
            let _ = read(&program[..]);
        }
    }
}
