//! Why a signature is not accepted: one variant per cause, with the service's code and words.

use crate::{Family, messages};

/// Why a request's signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureError {
    /// The operation needs a signature, and there is none.
    MissingToken,
    /// A header and a query parameter both claim to sign the request.
    BothForms,
    /// A header or parameter that may occur only once occurs again.
    Duplicate(&'static str),
    /// More than we are willing to read.
    TooLarge(&'static str),
    /// A header that is part of the signature is not visible ASCII.
    NotAscii,
    /// The Authorization header is no list of `key=value`; holds the base64 of its SHA-256.
    NotKeyValue(String),
    /// Parts of the signature are missing; holds the whole message.
    Incomplete(String),
    /// The time is not in the basic format; holds what was there.
    BadDate(String),
    /// Another algorithm than HMAC-SHA256; holds its name.
    UnsupportedAlgorithm(String),
    /// The credential has not five parts; holds the credential.
    CredentialParts(String),
    /// `host` is not among the signed headers.
    HostNotSigned,
    /// A header that must be signed is there but not signed; holds its name.
    HeaderNotSigned(String),
    /// The credential's scope is not the expected one; holds one sentence per difference.
    WrongScope(String),
    /// X-Amz-Expires is no number.
    ExpiresNotANumber,
    /// X-Amz-Expires is more than a week.
    ExpiresTooLong,
    /// Signed too long ago; holds the whole message.
    Expired(String),
    /// Signed in the future; holds the whole message.
    NotYetCurrent(String),
    /// The query string has a broken percent-encoding.
    MalformedQuery,
    /// UNSIGNED-PAYLOAD where the operation wants the body signed.
    UnsignedPayload,
    /// A payload that is signed in chunks.
    StreamingPayload,
    /// The body is not the one that was announced.
    PayloadMismatch,
    /// The signature is wrong.
    Mismatch,
    /// There is no such access key, or it is inactive.
    UnknownAccessKey,
    /// The session token is missing, wrong, or there should be none.
    InvalidToken,
    /// The session has ended.
    ExpiredToken,
}

impl SignatureError {
    /// The service's error code.
    pub fn code(&self, family: Family) -> &'static str {
        let (json, query) = self.codes();
        match family {
            Family::Json => json,
            Family::Query => query,
        }
    }

    /// The codes in both vocabularies: (JSON, query). Source: "Common errors" of the Lambda and IAM API references.
    fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::MissingToken => ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
            Self::Duplicate(_)
            | Self::TooLarge(_)
            | Self::NotAscii
            | Self::NotKeyValue(_)
            | Self::Incomplete(_)
            | Self::BadDate(_)
            | Self::UnsupportedAlgorithm(_)
            | Self::CredentialParts(_)
            | Self::ExpiresNotANumber
            | Self::ExpiresTooLong => ("IncompleteSignatureException", "IncompleteSignature"),
            Self::BothForms
            | Self::HostNotSigned
            | Self::HeaderNotSigned(_)
            | Self::WrongScope(_)
            | Self::Expired(_)
            | Self::NotYetCurrent(_)
            | Self::UnsignedPayload
            | Self::StreamingPayload
            | Self::PayloadMismatch
            | Self::Mismatch => ("InvalidSignatureException", "SignatureDoesNotMatch"),
            Self::MalformedQuery => ("MalformedQueryString", "MalformedQueryString"),
            Self::UnknownAccessKey | Self::InvalidToken => {
                ("UnrecognizedClientException", "InvalidClientTokenId")
            }
            Self::ExpiredToken => ("ExpiredTokenException", "ExpiredToken"),
        }
    }

    /// The HTTP status that goes with it.
    pub fn status(&self, family: Family) -> u16 {
        match (self, family) {
            (Self::MalformedQuery, _) => 400,
            (_, Family::Query) if self.codes().1 == "IncompleteSignature" => 400,
            _ => 403,
        }
    }

    /// What the caller reads.
    pub fn message(&self, family: Family) -> String {
        match self {
            Self::MissingToken => match family {
                Family::Json => messages::MISSING_TOKEN_JSON.to_owned(),
                Family::Query => messages::MISSING_TOKEN_QUERY.to_owned(),
            },
            Self::BothForms => messages::BOTH_FORMS.to_owned(),
            Self::Duplicate(what) => messages::duplicate(what),
            Self::TooLarge(what) => messages::too_large(what),
            Self::NotAscii => messages::NOT_ASCII.to_owned(),
            Self::NotKeyValue(digest) => messages::not_key_value(digest),
            Self::BadDate(got) => messages::bad_date(got),
            Self::UnsupportedAlgorithm(got) => messages::unsupported_algorithm(got),
            Self::CredentialParts(got) => messages::credential_parts(got),
            Self::HostNotSigned => messages::HOST_NOT_SIGNED.to_owned(),
            Self::HeaderNotSigned(name) => messages::header_not_signed(name),
            Self::Incomplete(message)
            | Self::WrongScope(message)
            | Self::Expired(message)
            | Self::NotYetCurrent(message) => message.clone(),
            Self::ExpiresNotANumber => messages::EXPIRES_NUMBER.to_owned(),
            Self::ExpiresTooLong => messages::EXPIRES_RANGE.to_owned(),
            Self::MalformedQuery => messages::MALFORMED_QUERY.to_owned(),
            Self::UnsignedPayload => messages::UNSIGNED_PAYLOAD.to_owned(),
            Self::StreamingPayload => messages::STREAMING_PAYLOAD.to_owned(),
            Self::PayloadMismatch => messages::PAYLOAD_MISMATCH.to_owned(),
            Self::Mismatch => messages::MISMATCH.to_owned(),
            Self::UnknownAccessKey | Self::InvalidToken => messages::INVALID_TOKEN.to_owned(),
            Self::ExpiredToken => messages::EXPIRED_TOKEN.to_owned(),
        }
    }
}

impl std::fmt::Display for SignatureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message(Family::Json))
    }
}

impl std::error::Error for SignatureError {}
