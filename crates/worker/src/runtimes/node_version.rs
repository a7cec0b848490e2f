//! Which Node.js a program is, read from its bytes.
//!
//! Released programs name the address of their sources, `…/node-v20.20.2.tar.gz`, which `process.release` shows; older ones also
//! hold the text `v20.20.2` by itself, as distributions' do. Running it would tell too, but would execute a stranger's program
//! with the platform's rights, only to learn its name.

use memchr::memmem::Finder;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Major, minor, patch.
pub(super) type Version = (u32, u32, u32);

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;
/// Longest text that is looked for, and so what two pieces have in common.
const LONGEST: usize = 64;
/// Before the version in the address of the sources, and after it.
const SOURCES: (&str, &str) = ("/node-v", ".tar.gz");
/// Longest header that is read; the real one has about 4 KB.
const HEADER_BYTES: u64 = 64 << 10;

/// What the program or library at `path` says; none where it says nothing, or nothing definite.
pub(super) fn of_program(path: &Path) -> io::Result<Option<Version>> {
    search(File::open(path)?)
}

/// What the header says that lies beside a program: `PREFIX/include/node/node_version.h` of `PREFIX/bin/node`.
pub(super) fn of_header(program: &Path) -> Option<Version> {
    let header = program.parent()?.parent()?.join("include/node/node_version.h");
    let mut text = String::new();
    File::open(header).ok()?.take(HEADER_BYTES).read_to_string(&mut text).ok()?;
    let number = |part: &str| {
        let start = format!("#define NODE_{part}_VERSION ");
        text.lines().find_map(|line| line.strip_prefix(&start)?.trim().parse().ok())
    };
    Some((number("MAJOR")?, number("MINOR")?, number("PATCH")?))
}

/// `20.20.2`
pub(super) fn parse(text: &str) -> Option<Version> {
    let mut parts = text.split('.').map(|part| {
        let digits = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| digits)
    });
    let version = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(version)
}

fn search(mut program: impl Read) -> io::Result<Option<Version>> {
    let (sources, alone) = (Finder::new(SOURCES.0), Finder::new("\0v"));
    let mut by_itself = Candidates::default();
    let mut piece = Vec::with_capacity(PIECE + LONGEST);
    loop {
        let read = program.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        for at in sources.find_iter(&piece) {
            if let Some(version) = text_until(&piece[at + SOURCES.0.len()..], SOURCES.1) {
                return Ok(Some(version));
            }
        }
        alone
            .find_iter(&piece)
            .filter_map(|at| text_until(&piece[at + 2..], "\0"))
            .for_each(|v| by_itself.add(v));
        if read == 0 {
            return Ok(by_itself.only());
        }
        let keep = piece.len().min(LONGEST);
        piece.drain(..piece.len() - keep);
    }
}

/// The version that stands at the start of `bytes`, before `end`.
fn text_until(bytes: &[u8], end: &str) -> Option<Version> {
    let bytes = &bytes[..bytes.len().min(LONGEST / 2)];
    let at = bytes.windows(end.len()).position(|window| window == end.as_bytes())?;
    parse(std::str::from_utf8(&bytes[..at]).ok()?)
}

/// Versions that stand by themselves. Two different ones tell nothing: libraries inside have versions too.
#[derive(Default)]
struct Candidates {
    first: Option<Version>,
    differ: bool,
}

impl Candidates {
    fn add(&mut self, version: Version) {
        self.differ |= *self.first.get_or_insert(version) != version;
    }

    fn only(self) -> Option<Version> {
        self.first.filter(|_| !self.differ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(program: &[u8]) -> Option<Version> {
        search(program).unwrap()
    }

    #[test]
    fn the_address_of_the_sources_tells_or_a_text_by_itself() {
        assert_eq!(found(b"x\0v1.2.3\0https://x/v20.20.2/node-v20.20.2.tar.gz\0"), Some((20, 20, 2)));
        assert_eq!(found(b"x\0v18.20.4\0y"), Some((18, 20, 4)));
        assert_eq!(found(b"x\0v18.20.4\0v1.2.3\0"), None, "one of them is a library's");
        for nothing in
            [&b""[..], b"/node-v20.tar.gz", b"/node-v20.20.2-headers", b"\0v18.20\0", b"v18.20.4\0"]
        {
            assert_eq!(found(nothing), None, "{}", String::from_utf8_lossy(nothing));
        }
    }

    #[test]
    fn this_machine_s_node_tells_the_same_as_its_header() {
        let program = Path::new("/usr/bin/node");
        let (Ok(Some(version)), Some(header)) = (of_program(program), of_header(program)) else {
            return;
        };
        assert_eq!(version, header);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pieces_hide_nothing(before in PIECE - 80..PIECE + 80, version in (18u32..30, 0u32..99, 0u32..99)) {
            let (major, minor, patch) = version;
            let mut program = vec![b'.'; before];
            program.extend(format!("/node-v{major}.{minor}.{patch}.tar.gz\0").bytes());
            prop_assert_eq!(found(&program), Some(version));
        }
    }
}
