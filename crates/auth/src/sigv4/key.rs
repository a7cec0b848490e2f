//! The key that signs: derived from a secret for one day, region and service.

use super::{ALGORITHM, TERMINATOR};
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// `HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request")`. Deriving costs four HMACs: callers
/// keep it for as long as the secret and the day last.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// The key for a day (`YYYYMMDD`), a region and a service.
    pub fn derive(secret: &SecretString, date: &str, region: &str, service: &str) -> Self {
        let mut start = Zeroizing::new(Vec::with_capacity(4 + secret.expose_secret().len()));
        start.extend_from_slice(b"AWS4");
        start.extend_from_slice(secret.expose_secret().as_bytes());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, &start);
        for part in [date, region, service, TERMINATOR] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        Self(key)
    }

    /// The signature of a string to sign, in hexadecimal digits.
    pub(crate) fn sign(&self, string_to_sign: &str) -> String {
        super::hex(hmac::sign(&self.0, string_to_sign.as_bytes()).as_ref())
    }

    /// Compares in constant time.
    pub(crate) fn verifies(&self, string_to_sign: &str, signature: &[u8; 32]) -> bool {
        hmac::verify(&self.0, string_to_sign.as_bytes(), signature).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({ALGORITHM})")
    }
}
