//! Signs requests: for tests, for clients, and for the URLs that GetFunction gives out.

use super::canonical::{self, Token};
use super::{
    ALGORITHM, Form, Scope, SignatureError, SignedRequest, SigningKey, TERMINATOR, date, hex, query,
};
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_encode;
use secrecy::{ExposeSecret, SecretString};
use types::Timestamp;

/// Headers that proxies change or add, which nobody signs. Source: the SDKs' own lists.
const NOT_SIGNED: [&str; 6] =
    ["authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"];

/// Who signs, and for whom.
pub struct Signer<'a> {
    /// The public half of the access key.
    pub access_key_id: &'a str,
    /// The secret half.
    pub secret: &'a SecretString,
    /// Goes with keys of a session.
    pub session_token: Option<&'a SecretString>,
    /// Region of the receiver.
    pub region: &'a str,
    /// Signing name of the receiver.
    pub service: &'a str,
}

impl Signer<'_> {
    fn scope(&self, time: &str) -> Scope {
        Scope {
            date: time[..8].to_owned(),
            region: self.region.to_owned(),
            service: self.service.to_owned(),
            terminator: TERMINATOR.to_owned(),
        }
    }

    fn credential(&self, scope: &Scope) -> String {
        format!(
            "{}/{}/{}/{}/{}",
            self.access_key_id, scope.date, scope.region, scope.service, scope.terminator
        )
    }

    fn sign(&self, scope: &Scope, time: &str, canonical: &[u8]) -> String {
        let key = SigningKey::derive(self.secret, &scope.date, &scope.region, &scope.service);
        key.sign(&canonical::string_to_sign(time, scope, canonical))
    }
}

/// Adds `x-amz-date`, `x-amz-security-token` and `authorization` to the headers of a request. Everything that is in
/// `headers` is signed, but for what proxies change. There must be a `host`.
///
/// # Errors
/// No `host`, a query string that can't be read, or a token or key id that can't stand in a header.
pub fn sign_headers(
    signer: &Signer<'_>,
    method: &str,
    path: &str,
    query: &str,
    headers: &mut HeaderMap,
    body_sha256: &[u8; 32],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let header = |text: &str| HeaderValue::from_str(text).map_err(|_| SignatureError::NotAscii);
    let time = date::format(now);
    headers.insert("x-amz-date", header(&time)?);
    if let Some(token) = signer.session_token {
        headers.insert("x-amz-security-token", header(token.expose_secret())?);
    }
    let mut signed: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    signed.retain(|name| !NOT_SIGNED.contains(name));
    signed.sort_unstable();
    if !signed.contains(&"host") {
        return Err(SignatureError::HostNotSigned);
    }
    let payload = payload(headers, body_sha256)?;
    let request = SignedRequest { method, path, query, headers };
    let canonical =
        canonical::write(&request, Form::Header, signed.iter().copied(), &payload, Token::Signed)?;
    let scope = signer.scope(&time);
    let authorization = format!(
        "{ALGORITHM} Credential={}, SignedHeaders={}, Signature={}",
        signer.credential(&scope),
        signed.join(";"),
        signer.sign(&scope, &time, &canonical)
    );
    headers.insert("authorization", header(&authorization)?);
    Ok(())
}

/// What the headers announce as the payload's hash, or the body's own.
fn payload(headers: &HeaderMap, body_sha256: &[u8; 32]) -> Result<String, SignatureError> {
    match headers.get("x-amz-content-sha256") {
        Some(value) => Ok(value.to_str().map_err(|_| SignatureError::NotAscii)?.trim().to_owned()),
        None => Ok(hex(body_sha256)),
    }
}

/// The query string of a pre-signed request without a body: the given one, with the signature's parameters behind it.
/// Only `host` is signed. `seconds` is at most a week.
///
/// # Errors
/// A longer time, a host that can't stand in a header, or a query string that can't be read.
pub fn presign(
    signer: &Signer<'_>,
    method: &str,
    host: &str,
    path: &str,
    query: &str,
    seconds: u32,
    now: Timestamp,
) -> Result<String, SignatureError> {
    if seconds > 604_800 {
        return Err(SignatureError::ExpiresTooLong);
    }
    let time = date::format(now);
    let scope = signer.scope(&time);
    let text = with_parameters(query, signer, &scope, &time, seconds);
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_str(host).map_err(|_| SignatureError::NotAscii)?);
    let request = SignedRequest { method, path, query: &text, headers: &headers };
    let payload = hex(&super::hash(b""));
    let canonical =
        canonical::write(&request, Form::Presigned, std::iter::once("host"), &payload, Token::Signed)?;
    let signature = signer.sign(&scope, &time, &canonical);
    Ok(format!("{text}&X-Amz-Signature={signature}"))
}

/// The query string with everything but the signature.
fn with_parameters(query: &str, signer: &Signer<'_>, scope: &Scope, time: &str, seconds: u32) -> String {
    let mut text = query.to_owned();
    let mut add = |key: &str, value: &str| {
        let separator = if text.is_empty() { "" } else { "&" };
        let value = percent_encode(value.as_bytes(), query::NOT_UNRESERVED);
        text.push_str(&format!("{separator}{key}={value}"));
    };
    add("X-Amz-Algorithm", ALGORITHM);
    add("X-Amz-Credential", &signer.credential(scope));
    add("X-Amz-Date", time);
    add("X-Amz-Expires", &seconds.to_string());
    add("X-Amz-SignedHeaders", "host");
    if let Some(token) = signer.session_token {
        add("X-Amz-Security-Token", token.expose_secret());
    }
    text
}
