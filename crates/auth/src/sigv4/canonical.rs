//! The canonical request and the string to sign.

use super::query::{self, NOT_UNRESERVED};
use super::{ALGORITHM, Claim, Form, Scope, SignatureError, SignedRequest, TERMINATOR};
use http::HeaderMap;
use percent_encoding::{AsciiSet, utf8_percent_encode};

const PATH: &AsciiSet = &NOT_UNRESERVED.remove(b'/');

/// Query parameters that a pre-signed request carries but does not sign.
const NEVER_SIGNED: &str = "X-Amz-Signature";
const TOKEN: &str = "X-Amz-Security-Token";

/// Whether a pre-signed request's token is under its signature. Some services sign it, others add it afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Signed,
    AddedLater,
}

/// The canonical request of what a claim says that it signed. `payload` is the hexadecimal hash of the body, or the
/// literal that stands for it.
///
/// # Errors
/// A query string with a broken percent-encoding, or with too many parameters.
pub fn canonical_request(
    claim: &Claim,
    request: &SignedRequest<'_>,
    payload: &str,
) -> Result<Vec<u8>, SignatureError> {
    write(request, claim.form, claim.signed_headers(), payload, Token::Signed)
}

pub(crate) fn write<'n>(
    request: &SignedRequest<'_>,
    form: Form,
    signed_headers: impl Iterator<Item = &'n str> + Clone,
    payload: &str,
    token: Token,
) -> Result<Vec<u8>, SignatureError> {
    let skipped: &[&str] = match (form, token) {
        (Form::Header, _) => &[],
        (Form::Presigned, Token::Signed) => &[NEVER_SIGNED],
        (Form::Presigned, Token::AddedLater) => &[NEVER_SIGNED, TOKEN],
    };
    let pairs = query::pairs(request.query)?;
    let mut text = Vec::with_capacity(512);
    text.extend_from_slice(request.method.as_bytes());
    text.push(b'\n');
    text.extend_from_slice(path(request.path).as_bytes());
    text.push(b'\n');
    text.extend_from_slice(query::canonical(&pairs, skipped).as_bytes());
    text.push(b'\n');
    for name in signed_headers.clone() {
        write_header(&mut text, request.headers, name);
    }
    text.push(b'\n');
    for (nth, name) in signed_headers.enumerate() {
        if nth > 0 {
            text.push(b';');
        }
        text.extend_from_slice(name.as_bytes());
    }
    text.push(b'\n');
    text.extend_from_slice(payload.as_bytes());
    Ok(text)
}

/// Without `.`, `..` and empty segments; a slash at the end stays. Then every byte is encoded that is neither
/// unreserved nor a slash: a percent sign that is already there, too.
fn path(raw: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let mut text = String::with_capacity(raw.len() + 16);
    for segment in &segments {
        text.push('/');
        text.extend(utf8_percent_encode(segment, PATH));
    }
    if segments.is_empty() || raw.ends_with('/') {
        text.push('/');
    }
    text
}

/// `name:value,value` and a line feed. A header that was signed but is not there has an empty value.
fn write_header(text: &mut Vec<u8>, headers: &HeaderMap, name: &str) {
    text.extend_from_slice(name.as_bytes());
    text.push(b':');
    for (nth, value) in headers.get_all(name).iter().enumerate() {
        if nth > 0 {
            text.push(b',');
        }
        write_folded(text, value.as_bytes());
    }
    text.push(b'\n');
}

/// Without white space at either end, and with one space for each run of white space inside.
fn write_folded(text: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).filter(|word| !word.is_empty());
    for (nth, word) in words.enumerate() {
        if nth > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
}

/// What the key signs: algorithm, time, scope and the hash of the canonical request.
pub fn string_to_sign(time: &str, scope: &Scope, canonical_request: &[u8]) -> String {
    let Scope { date, region, service, .. } = scope;
    let digest = super::hex(&super::hash(canonical_request));
    format!("{ALGORITHM}\n{time}\n{date}/{region}/{service}/{TERMINATOR}\n{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_once_more() {
        for (raw, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/a//b/", "/a/b/"),
            ("/./a/../b", "/b"),
            ("/../..", "/"),
            ("/a b/ሴ", "/a%20b/%E1%88%B4"),
            ("/2015-03-31/functions/a%3Ab/x", "/2015-03-31/functions/a%253Ab/x"),
            ("/~-_.!", "/~-_.%21"),
        ] {
            assert_eq!(path(raw), expected, "{raw}");
        }
    }

    #[test]
    fn white_space_is_folded() {
        let mut text = Vec::new();
        write_folded(&mut text, b"  a \t b\"  c\" ");
        assert_eq!(text, b"a b\" c\"");
    }
}
