//! AWS Signature Version 4, for requests exactly as they came in.
//!
//! ```text
//! claim(request) ──► None: unsigned
//!        │
//!        ▼ Claim: who says that they signed what, when, for which region and service (nothing proved yet)
//! claim.check(expected, now) ──► wrong scope, expired          (cheap, before the key is looked up)
//!        ▼
//! verify(claim, request, body hash, key, expected, now) ──► Verified
//! ```
//!
//! Source: "Create a signed AWS API request" in the IAM user guide. Paths are normalised and encoded once more than
//! they come (all services but S3). Invariant: nothing is decoded or re-ordered before it is signed or verified, and
//! any bytes give an error, never a panic.

mod canonical;
mod claim;
mod date;
mod error;
mod key;
mod query;
mod sign;
mod verify;

pub use canonical::{canonical_request, string_to_sign};
pub use claim::{Claim, Form, Scope, claim};
pub use error::SignatureError;
pub use key::SigningKey;
pub use sign::{Signer, presign, sign_headers};
pub use verify::{Expected, PayloadRule, Verified, check_session_token, verify};

/// The name of the only algorithm that is spoken.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of every credential scope.
pub(crate) const TERMINATOR: &str = "aws4_request";

/// What of a request is signed, besides its body.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// In capitals, as on the request line.
    pub method: &'a str,
    /// As on the request line: still percent-encoded, without the query.
    pub path: &'a str,
    /// As on the request line: what follows the first `?`, still percent-encoded; may be empty.
    pub query: &'a str,
    /// All headers. Those that occur more than once keep their order.
    pub headers: &'a http::HeaderMap,
}

/// SHA-256 of a body as it was received.
pub fn hash(body: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from(DIGITS[usize::from(n)])).collect()
}

/// The bytes behind exactly 64 hexadecimal digits, in either case.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: [u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_round_trip() {
        let bytes = hash(b"");
        assert_eq!(hex(&bytes), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        assert_eq!(unhex(&hex(&bytes)[1..]), None);
        assert_eq!(unhex(&format!("g{}", &hex(&bytes)[1..])), None);
    }
}
