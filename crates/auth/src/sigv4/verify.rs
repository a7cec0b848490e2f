//! Proves a claim.

use super::canonical::{self, Token};
use super::claim::only_header;
use super::{Claim, Form, SignatureError, SignedRequest, SigningKey, TERMINATOR, date, hex};
use crate::messages;
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::time::Duration;
use types::Timestamp;

/// How far a caller's clock may be off. Source: the service's own message says "5 min.".
const SKEW: Duration = Duration::from_secs(300);
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Whether the body must be under the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadRule {
    /// It must: every service but S3.
    MustBeSigned,
    /// `x-amz-content-sha256: UNSIGNED-PAYLOAD` is accepted.
    MayBeUnsigned,
}

/// What the receiver of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The region that it serves (`us-east-1` for services without regions).
    pub region: &'a str,
    /// Its signing name.
    pub service: &'a str,
    /// Whether the body must be signed.
    pub payload: PayloadRule,
}

/// Evidence that a request was signed with the key it names. Made by [`verify`] only.
#[derive(Debug)]
pub struct Verified {
    access_key_id: String,
    form: Form,
}

impl Verified {
    /// The key that signed.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// Where the signature stood.
    pub fn form(&self) -> Form {
        self.form
    }
}

impl Claim {
    /// Time and scope: what can be refused before the key is looked up. [`verify`] does this again.
    ///
    /// # Errors
    /// Expired, not yet current, or made for another region, service or day.
    pub fn check(&self, expected: &Expected<'_>, now: Timestamp) -> Result<(), SignatureError> {
        self.check_time(now)?;
        self.check_scope(expected)
    }

    fn check_time(&self, now: Timestamp) -> Result<(), SignatureError> {
        let latest = now.plus(SKEW);
        if self.request_time.seconds() > latest.seconds() {
            let (latest, now) = (date::format(latest), date::format(now));
            return Err(SignatureError::NotYetCurrent(messages::not_yet_current(&self.time, &latest, &now)));
        }
        let window = self.expires.map_or(SKEW, |seconds| Duration::from_secs(u64::from(seconds)));
        if self.request_time.plus(window).seconds() < now.seconds() {
            let window_seconds = window.as_secs();
            let earliest = Timestamp(now.millis().saturating_sub_unsigned(window_seconds * 1000));
            let window = match window_seconds % 60 {
                0 => format!("{} min.", window_seconds / 60),
                _ => format!("{window_seconds} sec."),
            };
            let (earliest, now) = (date::format(earliest), date::format(now));
            return Err(SignatureError::Expired(messages::expired(&self.time, &earliest, &now, &window)));
        }
        Ok(())
    }

    /// All differences in one message, as the service lists them.
    fn check_scope(&self, expected: &Expected<'_>) -> Result<(), SignatureError> {
        let mut message = String::new();
        if self.scope.region != expected.region {
            message.push_str(&messages::scope_region(&self.scope.region));
        }
        if self.scope.service != expected.service {
            message.push_str(&messages::scope_service(expected.service));
        }
        if self.scope.terminator != TERMINATOR {
            message.push_str(&messages::scope_terminator(&self.scope.terminator));
        }
        let day = &self.time[..8];
        if self.scope.date != day {
            message.push_str(&messages::scope_date(&self.scope.date, day, &self.time));
        }
        if message.is_empty() { Ok(()) } else { Err(SignatureError::WrongScope(message)) }
    }

    /// Every `x-amz-…` header that is there must be signed; the session token may have been added afterwards (the
    /// published test suite has such a case), it is compared with the key's own.
    fn check_signed_headers(&self, request: &SignedRequest<'_>) -> Result<(), SignatureError> {
        let unsigned = request.headers.keys().map(http::HeaderName::as_str).find(|name| {
            name.starts_with("x-amz-")
                && *name != "x-amz-security-token"
                && self.signed.binary_search_by(|signed| signed.as_str().cmp(name)).is_err()
        });
        unsigned.map_or(Ok(()), |name| Err(SignatureError::HeaderNotSigned(name.to_owned())))
    }
}

/// Checks time, scope, signed headers, payload and signature. The session token is compared by
/// [`check_session_token`].
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(
    claim: &Claim,
    request: &SignedRequest<'_>,
    body_sha256: &[u8; 32],
    key: &SigningKey,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Verified, SignatureError> {
    claim.check(expected, now)?;
    claim.check_signed_headers(request)?;
    let payload = payload(request, body_sha256, expected.payload)?;
    let signature = claim.signature.as_ref().ok_or(SignatureError::Mismatch)?;
    let matches = |token| {
        let canonical = canonical::write(request, claim.form, claim.signed_headers(), &payload, token)?;
        let text = canonical::string_to_sign(&claim.time, &claim.scope, &canonical);
        Ok(key.verifies(&text, signature))
    };
    let may_be_added_later = claim.form == Form::Presigned && claim.session_token.is_some();
    if matches(Token::Signed)? || (may_be_added_later && matches(Token::AddedLater)?) {
        Ok(Verified { access_key_id: claim.access_key_id.clone(), form: claim.form })
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// What stands for the body in the canonical request.
fn payload<'r>(
    request: &SignedRequest<'r>,
    body_sha256: &[u8; 32],
    rule: PayloadRule,
) -> Result<Cow<'r, str>, SignatureError> {
    match only_header(request.headers, "x-amz-content-sha256", "X-Amz-Content-Sha256")?.map(str::trim) {
        None => Ok(Cow::Owned(hex(body_sha256))),
        Some(UNSIGNED) if rule == PayloadRule::MayBeUnsigned => Ok(Cow::Borrowed(UNSIGNED)),
        Some(UNSIGNED) => Err(SignatureError::UnsignedPayload),
        Some(text) if text.starts_with("STREAMING-") => Err(SignatureError::StreamingPayload),
        Some(text) if super::unhex(text).as_ref() == Some(body_sha256) => Ok(Cow::Borrowed(text)),
        Some(_) => Err(SignatureError::PayloadMismatch),
    }
}

/// Compares the request's session token with the key's own, in constant time. Long-lived keys have none, and then the
/// request may have none either.
///
/// # Errors
/// [`SignatureError::InvalidToken`].
pub fn check_session_token(claim: &Claim, expected: Option<&SecretString>) -> Result<(), SignatureError> {
    let same = |given: &str, kept: &SecretString| {
        aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), kept.expose_secret().as_bytes())
            .is_ok()
    };
    match (&claim.session_token, expected) {
        (None, None) => Ok(()),
        (Some(given), Some(kept)) if same(given, kept) => Ok(()),
        _ => Err(SignatureError::InvalidToken),
    }
}
