//! Arguments and variables as the kernel takes them.
//!
//! Invariant: each is one allocation, which is overwritten before it is given back: variables are the customer's secrets.

use std::ffi::CString;

use zeroize::Zeroize;

use crate::step::{At, Failed, Step};

/// A list of C strings.
pub(crate) struct Texts(Vec<CString>);

impl Texts {
    /// One string for each list of parts, which are joined.
    pub(crate) fn join<'a, const N: usize>(
        lists: impl Iterator<Item = [&'a str; N]>,
    ) -> Result<Self, Failed> {
        lists.map(join).collect::<Result<_, _>>().map(Self).at(Step::Texts)
    }

    pub(super) fn as_slice(&self) -> &[CString] {
        &self.0
    }
}

fn join<const N: usize>(parts: [&str; N]) -> rustix::io::Result<CString> {
    // The byte more is the one that ends it: nothing is moved, and so no copy is left behind.
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 1);
    parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
    // The request's check has seen to it that no text holds a NUL.
    CString::new(bytes).map_err(|_| rustix::io::Errno::INVAL)
}

impl Drop for Texts {
    fn drop(&mut self) {
        self.0.drain(..).for_each(|text| text.into_bytes_with_nul().zeroize());
    }
}

#[cfg(test)]
mod tests {
    use super::Texts;

    #[test]
    fn parts_are_joined_and_ended() {
        let texts = Texts::join([["NAME", "=", "value"], ["EMPTY", "=", ""]].into_iter()).expect("texts");
        assert_eq!(texts.as_slice(), [c"NAME=value".to_owned(), c"EMPTY=".to_owned()]);
    }

    #[test]
    fn a_nul_is_refused() {
        assert!(Texts::join([["a\0b"]].into_iter()).is_err());
    }
}
