//! Reads who says that they signed a request. Nothing is proved here.

use super::query::{self, Pair};
use super::{ALGORITHM, SignatureError, SignedRequest, date};
use crate::messages;
use base64::Engine;
use http::HeaderMap;
use types::Timestamp;

const MAX_AUTHORIZATION: usize = 8192;
const MAX_SIGNED_HEADERS: usize = 128;
const WEEK_SECONDS: u32 = 604_800;

/// Where the signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the header Authorization.
    Header,
    /// In query parameters: a URL that somebody else may use.
    Presigned,
}

/// What a signing key is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `YYYYMMDD`, as the request says it.
    pub date: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// The service's signing name, such as `lambda`.
    pub service: String,
    /// Should be `aws4_request`.
    pub terminator: String,
}

/// What a signed request says about its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The public half of the access key.
    pub access_key_id: String,
    /// What the key is derived for.
    pub scope: Scope,
    /// When it was signed.
    pub request_time: Timestamp,
    /// How many seconds a pre-signed request is good for, where it says so: at most a week.
    pub expires: Option<u32>,
    /// The token that keys of a session come with.
    pub session_token: Option<String>,
    /// Where the signature stands.
    pub form: Form,
    /// Lower-case, sorted, each once; contains `host`.
    pub(crate) signed: Vec<String>,
    /// As hexadecimal digits were given; `None` when they were not 64.
    pub(crate) signature: Option<[u8; 32]>,
    /// The time as text, as it goes into the string to sign.
    pub(crate) time: String,
}

impl Claim {
    /// The names of the signed headers: lower-case, sorted, each once.
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> + Clone {
        self.signed.iter().map(String::as_str)
    }

    /// The time as it stands in the request, `YYYYMMDDTHHMMSSZ`.
    pub fn time(&self) -> &str {
        &self.time
    }
}

/// The parts of a signature as text, before they are understood.
struct Parts<'a> {
    algorithm: &'a str,
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
    time: &'a str,
}

/// What a request says about its signature; `None` where it has none: no `X-Amz-Algorithm`, and no Authorization header
/// of the scheme `AWS4-…`.
///
/// # Errors
/// A signature that is there but can't be understood.
pub fn claim(request: &SignedRequest<'_>) -> Result<Option<Claim>, SignatureError> {
    let authorization = only_header(request.headers, "authorization", "Authorization")?;
    let pairs = query::pairs(request.query)?;
    let algorithm = query::only(&pairs, "X-Amz-Algorithm")?;
    match (authorization.filter(|text| text.trim_start().starts_with("AWS4-")), algorithm) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(SignatureError::BothForms),
        (Some(text), None) => header_claim(request.headers, text.trim()).map(Some),
        (None, Some(_)) => presigned_claim(&pairs).map(Some),
    }
}

fn header_claim(headers: &HeaderMap, text: &str) -> Result<Claim, SignatureError> {
    if text.len() > MAX_AUTHORIZATION {
        return Err(SignatureError::TooLarge("The Authorization header"));
    }
    let time = match only_header(headers, "x-amz-date", "X-Amz-Date")? {
        Some(time) => Some(time),
        None => only_header(headers, "date", "Date")?,
    };
    let parts = header_parts(text, time.map(str::trim))?;
    let token = only_header(headers, "x-amz-security-token", "X-Amz-Security-Token")?;
    finish(&parts, Form::Header, None, token.map(|token| token.trim().to_owned()))
}

fn header_parts<'a>(text: &'a str, time: Option<&'a str>) -> Result<Parts<'a>, SignatureError> {
    let (algorithm, rest) = text.split_once([' ', ',']).unwrap_or((text, ""));
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for piece in rest.split([' ', ',', '\t']).filter(|piece| !piece.is_empty()) {
        let (key, value) = piece.split_once('=').ok_or_else(|| SignatureError::NotKeyValue(digest(text)))?;
        let (slot, name) = match key {
            "Credential" => (&mut credential, "Credential"),
            "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
            "Signature" => (&mut signature, "Signature"),
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(SignatureError::Duplicate(name));
        }
    }
    if let (Some(credential), Some(signed_headers), Some(signature), Some(time)) =
        (credential, signed_headers, signature, time)
    {
        return Ok(Parts { algorithm, credential, signed_headers, signature, time });
    }
    let found = [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)];
    let missing = found.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name);
    Err(incomplete_header(missing, time.is_some(), text))
}

fn incomplete_header<'n>(
    missing: impl Iterator<Item = &'n str>,
    is_dated: bool,
    text: &str,
) -> SignatureError {
    let mut message: String = missing.map(messages::header_requires).collect();
    if !is_dated {
        message.push_str(messages::HEADER_REQUIRES_DATE);
    }
    message.push_str(&messages::header_digest(&digest(text)));
    SignatureError::Incomplete(message)
}

fn presigned_claim(pairs: &[Pair]) -> Result<Claim, SignatureError> {
    let text = |key| match query::only(pairs, key)? {
        None => Ok(None),
        Some(value) => std::str::from_utf8(value).map(Some).map_err(|_| SignatureError::MalformedQuery),
    };
    let mut missing = String::new();
    let mut required = |key| {
        let value: Result<Option<&str>, SignatureError> = text(key);
        if let Ok(None | Some("")) = value {
            missing.push_str(&messages::query_requires(key));
        }
        value.map(Option::unwrap_or_default)
    };
    let parts = Parts {
        algorithm: required("X-Amz-Algorithm")?,
        credential: required("X-Amz-Credential")?,
        signature: required("X-Amz-Signature")?,
        signed_headers: required("X-Amz-SignedHeaders")?,
        time: required("X-Amz-Date")?,
    };
    if !missing.is_empty() {
        missing.push_str(messages::QUERY_REEXAMINE);
        return Err(SignatureError::Incomplete(missing));
    }
    let expires = text("X-Amz-Expires")?.map(expiry).transpose()?;
    let token = text("X-Amz-Security-Token")?.map(str::to_owned);
    finish(&parts, Form::Presigned, expires, token)
}

fn expiry(text: &str) -> Result<u32, SignatureError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SignatureError::ExpiresNotANumber);
    }
    let seconds = text.parse::<u32>().map_err(|_| SignatureError::ExpiresTooLong)?;
    if seconds > WEEK_SECONDS { Err(SignatureError::ExpiresTooLong) } else { Ok(seconds) }
}

/// Understands the parts, in the order in which the service complains about them.
fn finish(
    parts: &Parts<'_>,
    form: Form,
    expires: Option<u32>,
    session_token: Option<String>,
) -> Result<Claim, SignatureError> {
    let request_time = date::parse(parts.time).ok_or_else(|| SignatureError::BadDate(clip(parts.time)))?;
    let signed = signed_headers(parts.signed_headers)?;
    if parts.algorithm != ALGORITHM {
        return Err(SignatureError::UnsupportedAlgorithm(clip(parts.algorithm)));
    }
    let (access_key_id, scope) = credential(parts.credential)?;
    Ok(Claim {
        access_key_id,
        scope,
        request_time,
        expires,
        session_token,
        form,
        signed,
        signature: super::unhex(parts.signature),
        time: parts.time.to_owned(),
    })
}

fn signed_headers(text: &str) -> Result<Vec<String>, SignatureError> {
    let names = || text.split(';').filter(|name| !name.is_empty());
    if names().take(MAX_SIGNED_HEADERS + 1).count() > MAX_SIGNED_HEADERS {
        return Err(SignatureError::TooLarge("The list of signed headers"));
    }
    let mut signed: Vec<String> = names().map(str::to_ascii_lowercase).collect();
    signed.sort_unstable();
    signed.dedup();
    if signed.iter().any(|name| name == "host") { Ok(signed) } else { Err(SignatureError::HostNotSigned) }
}

fn credential(text: &str) -> Result<(String, Scope), SignatureError> {
    let parts: Vec<&str> = text.splitn(6, '/').collect();
    let [key, date, region, service, terminator] = parts[..] else {
        return Err(SignatureError::CredentialParts(clip(text)));
    };
    let scope = Scope {
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        terminator: terminator.to_owned(),
    };
    Ok((key.to_owned(), scope))
}

/// The value of a header that may occur only once and is visible ASCII.
pub(crate) fn only_header<'h>(
    headers: &'h HeaderMap,
    name: &'static str,
    printed: &'static str,
) -> Result<Option<&'h str>, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(SignatureError::Duplicate(printed));
    }
    value.to_str().map(Some).map_err(|_| SignatureError::NotAscii)
}

/// At most 256 characters of what is repeated to the caller.
fn clip(text: &str) -> String {
    text.chars().take(256).collect()
}

fn digest(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(super::hash(text.as_bytes()))
}
