//! Bytes to lines.
//!
//! A line that ends with NUL goes on after its line break: so the bootstraps write records of several lines, such as stack
//! traces, which are one event of the log, line breaks included.
//!
//! Invariant: never keeps more than [`LINE_BYTES`] of an unfinished line, whatever arrives.

/// Longest line in bytes, its line break apart; a longer one is split. Source: "CloudWatch Logs quotas" (event size of 256 KB).
pub(crate) const LINE_BYTES: usize = 256 * 1024 - 1;
/// What a line ends with that goes on after its line break.
const CONTINUED: u8 = 0;

/// Cuts a stream of bytes into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    unfinished: Vec<u8>,
}

impl Lines {
    /// Takes more bytes and hands out the lines that they complete, with their line breaks.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(String)) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            self.extend(&bytes[..end], &mut line);
            bytes = &bytes[end + 1..];
            if self.unfinished.last() == Some(&CONTINUED) {
                self.unfinished.pop();
                self.unfinished.push(b'\n');
                continue;
            }
            self.unfinished.push(b'\n');
            self.finish_with(&mut line);
        }
        self.extend(bytes, &mut line);
    }

    /// Takes bytes of which no line is wanted, at the price of a look for the last line break: what is left of it, and of what
    /// came before, is at most the beginning of a line. How many bytes are gone.
    pub(crate) fn discard(&mut self, bytes: &[u8]) -> usize {
        let begins = bytes.iter().rposition(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
        let gone = self.unfinished.len() + begins;
        self.unfinished.clear();
        self.unfinished.shrink_to(LINE_BYTES / 16);
        self.unfinished.extend_from_slice(&bytes[begins..]);
        gone
    }

    /// Hands out what stands without a line break, and adds one.
    pub(crate) fn finish(&mut self, mut line: impl FnMut(String)) {
        if !self.unfinished.is_empty() {
            self.unfinished.push(b'\n');
            self.finish_with(&mut line);
        }
    }

    fn finish_with(&mut self, line: &mut impl FnMut(String)) {
        line(String::from_utf8_lossy(&self.unfinished).into_owned());
        self.unfinished.clear();
        self.unfinished.shrink_to(LINE_BYTES / 16);
    }

    fn extend(&mut self, mut bytes: &[u8], line: &mut impl FnMut(String)) {
        while self.unfinished.len() + bytes.len() > LINE_BYTES {
            let room = LINE_BYTES - self.unfinished.len();
            self.unfinished.extend_from_slice(&bytes[..room]);
            bytes = &bytes[room..];
            let rest = self.unfinished.split_off(whole_characters(&self.unfinished));
            self.finish_with(line);
            self.unfinished = rest;
        }
        self.unfinished.extend_from_slice(bytes);
    }
}

/// How many of the bytes to keep so that a UTF-8 character that is cut at the end goes to the next part whole.
fn whole_characters(bytes: &[u8]) -> usize {
    let start = bytes.len().saturating_sub(3);
    for at in (start..bytes.len()).rev() {
        let need = match bytes[at] {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            0x80..=0xBF => continue,
            _ => return bytes.len(),
        };
        return if at + need > bytes.len() { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines_of(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.push(chunk, |line| out.push(line));
        }
        lines.finish(|line| out.push(line));
        out
    }

    #[test]
    fn lines_are_cut_at_line_breaks_wherever_the_chunks_end() {
        assert_eq!(lines_of(&[b"one\ntw", b"o\n\nthree"]), ["one\n", "two\n", "\n", "three\n"]);
        assert_eq!(lines_of(&[b"one\n"]), ["one\n"]);
        assert!(lines_of(&[b""]).is_empty());
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        assert_eq!(lines_of(&[b"a\xffb\n"]), ["a\u{fffd}b\n"]);
    }

    #[test]
    fn a_long_line_is_split_between_characters() {
        let long = "é".repeat(LINE_BYTES);
        let lines = lines_of(&[b"x", long.as_bytes(), b"\n"]);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= LINE_BYTES + 1 && !line.contains('\u{fffd}')));
        assert_eq!(lines.concat(), format!("x{long}\n"));
    }

    #[test]
    fn a_record_of_several_lines_is_one() {
        assert_eq!(lines_of(&[b"one\0", b"\n two\0\nthree\nfour\0"]), ["one\n two\nthree\n", "four\0\n"]);
    }

    #[test]
    fn what_is_discarded_ends_with_a_line() {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        lines.push(b"be", |line| out.push(line));
        assert_eq!(lines.discard(b"gun\nnot wanted\nwan"), 2 + 15);
        lines.push(b"ted\n", |line| out.push(line));
        assert_eq!(lines.discard(b"no line break"), 13);
        lines.finish(|line| out.push(line));
        assert_eq!(out, ["wanted\n"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_reordered(text in "[a-zé\n]{0,300}", cut in 0usize..300) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            let expected: Vec<_> = text.lines().map(|line| format!("{line}\n")).collect();
            prop_assert_eq!(lines_of(&[&bytes[..cut], &bytes[cut..]]), expected);
        }
    }
}
