//! Query strings as they came in: decoded for reading, re-encoded for signing.
//!
//! Invariant: `+` means a space here, as it does to the parsers of every protocol, so that no request can be signed
//! as one thing and read as another.

use super::SignatureError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// Everything but `A-Z a-z 0-9 - . _ ~`.
pub(crate) const NOT_UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const MAX_PAIRS: usize = 1024;

/// One decoded `key=value`.
pub(crate) struct Pair {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// Takes a raw query string apart. Empty pieces (`a=1&&b=2`) are no pairs.
pub(crate) fn pairs(query: &str) -> Result<Vec<Pair>, SignatureError> {
    let pieces = || query.split('&').filter(|piece| !piece.is_empty());
    if pieces().take(MAX_PAIRS + 1).count() > MAX_PAIRS {
        return Err(SignatureError::TooLarge("The query string"));
    }
    pieces()
        .map(|piece| {
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            Ok(Pair { key: decode(key)?, value: decode(value)? })
        })
        .collect()
}

fn decode(text: &str) -> Result<Vec<u8>, SignatureError> {
    let bytes = text.as_bytes();
    let broken = |at: usize| {
        bytes[at] == b'%'
            && !matches!(bytes.get(at + 1..at + 3), Some(hex) if hex.iter().all(u8::is_ascii_hexdigit))
    };
    if (0..bytes.len()).any(broken) {
        return Err(SignatureError::MalformedQuery);
    }
    let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    Ok(percent_decode(&spaced).collect())
}

/// Encoded pairs, sorted by key and then by value, joined by `&`; pairs whose key `skipped` names are left out.
pub(crate) fn canonical(pairs: &[Pair], skipped: &[&str]) -> String {
    let encode = |bytes: &[u8]| percent_encode(bytes, NOT_UNRESERVED).to_string();
    let mut encoded: Vec<(String, String)> = pairs
        .iter()
        .filter(|pair| !skipped.iter().any(|skip| skip.as_bytes() == pair.key))
        .map(|pair| (encode(&pair.key), encode(&pair.value)))
        .collect();
    encoded.sort_unstable();
    let mut text = String::new();
    for (key, value) in encoded {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(&key);
        text.push('=');
        text.push_str(&value);
    }
    text
}

/// The value of a key that may occur only once.
pub(crate) fn only<'p>(pairs: &'p [Pair], key: &'static str) -> Result<Option<&'p [u8]>, SignatureError> {
    let mut values = pairs.iter().filter(|pair| pair.key == key.as_bytes()).map(|pair| pair.value.as_slice());
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(SignatureError::Duplicate(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical_of(query: &str) -> String {
        canonical(&pairs(query).unwrap(), &["X-Amz-Signature"])
    }

    #[test]
    fn pairs_are_sorted_after_encoding_and_repeated_keys_stay() {
        assert_eq!(canonical_of("b=2&a=2&a=1&A=3"), "A=3&a=1&a=2&b=2");
        assert_eq!(canonical_of("a=b=c&d&=e&&"), "=e&a=b%3Dc&d=");
        assert_eq!(canonical_of("x=a+b&x=a%20b&x=a%2Bb"), "x=a%20b&x=a%20b&x=a%2Bb");
        assert_eq!(canonical_of("k=%e1%88%b4&k=ሴ"), "k=%E1%88%B4&k=%E1%88%B4");
        assert_eq!(canonical_of("X-Amz-Signature=1&X-Amz-Date=2"), "X-Amz-Date=2");
    }

    #[test]
    fn a_broken_escape_is_an_error() {
        for bad in ["a=%", "a=%2", "%zz=1", "a=%2g"] {
            assert_eq!(pairs(bad).err(), Some(SignatureError::MalformedQuery), "{bad}");
        }
        let bomb = "a&".repeat(MAX_PAIRS + 1);
        assert_eq!(pairs(&bomb).err(), Some(SignatureError::TooLarge("The query string")));
    }
}
