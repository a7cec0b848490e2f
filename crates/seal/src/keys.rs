//! The keys between the root key and a value: derived once, wrapped per value.

use crate::SealError;
use crate::root_key::{KEY_BYTES, RootKey};
use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes of a wrapped data key: the key and the eight bytes that AES-KWP adds.
pub(crate) const WRAPPED_BYTES: usize = KEY_BYTES + 8;

/// Names a root key without telling anything about it: eight bytes that are derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub(crate) [u8; 8]);

impl KeyId {
    /// The eight bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// A key id that was kept somewhere.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// Random bytes from the cryptographic library's generator, for names that must never come twice. They come from here
/// and not from `types::Random`, so that a test with a predictable generator still gets names that are unique.
///
/// # Errors
/// [`SealError::Library`] where the system gives no randomness.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), SealError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| SealError::Library { doing: "make random bytes" })
}

/// The key that wraps data keys.
pub(crate) struct WrappingKey(Zeroizing<[u8; KEY_BYTES]>);

impl WrappingKey {
    /// The wrapping key, the key of fingerprints, and the id of a root key.
    pub(crate) fn derive(root: &RootKey) -> Result<(Self, FingerprintKey, KeyId), SealError> {
        let secret = Salt::new(HKDF_SHA256, b"lambent seal 1").extract(root.bytes());
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        expand(&secret, b"wrap data keys", &mut key[..])?;
        let mut id = [0; 8];
        expand(&secret, b"key id", &mut id)?;
        let mut mark = Zeroizing::new([0; KEY_BYTES]);
        expand(&secret, b"fingerprints", &mut mark[..])?;
        Ok((Self(key), FingerprintKey(hmac::Key::new(hmac::HMAC_SHA256, &mark[..])), KeyId(id)))
    }

    /// A fresh data key, and the same key wrapped.
    pub(crate) fn generate(&self) -> Result<(DataKey, [u8; WRAPPED_BYTES]), SealError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        fill(&mut key[..])?;
        let mut wrapped = [0; WRAPPED_BYTES];
        let written = self.kek()?.wrap_with_padding(&key[..], &mut wrapped).map(|bytes| bytes.len());
        if written.ok() != Some(WRAPPED_BYTES) {
            return Err(SealError::Library { doing: "wrap a key" });
        }
        Ok((DataKey::new(&key)?, wrapped))
    }

    /// The data key that was wrapped. [`SealError::Tampered`] where the wrapping does not check out.
    pub(crate) fn unwrap(&self, wrapped: &[u8; WRAPPED_BYTES]) -> Result<DataKey, SealError> {
        let mut buffer = Zeroizing::new([0; WRAPPED_BYTES]);
        let key =
            self.kek()?.unwrap_with_padding(wrapped, &mut buffer[..]).map_err(|_| SealError::Tampered)?;
        let key: &[u8; KEY_BYTES] = (&*key).try_into().map_err(|_| SealError::Tampered)?;
        DataKey::new(key)
    }

    fn kek(&self) -> Result<AesKek, SealError> {
        AesKek::new(&AES_256, &self.0[..]).map_err(|_| SealError::Library { doing: "set up a wrapping key" })
    }
}

/// The key of fingerprints. The library overwrites it when it is dropped.
pub(crate) struct FingerprintKey(hmac::Key);

impl FingerprintKey {
    /// HMAC-SHA256 over the parts, each after its length (8 bytes, big endian), cut to 16 bytes.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        let mut print = [0; 16];
        print.copy_from_slice(&tag.as_ref()[..16]);
        print
    }
}

/// The key of one value or blob, ready for use. The library overwrites it when it is dropped.
pub(crate) struct DataKey(RandomizedNonceKey);

impl DataKey {
    fn new(key: &[u8; KEY_BYTES]) -> Result<Self, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, key)
            .map(Self)
            .map_err(|_| SealError::Library { doing: "set up a data key" })
    }

    pub(crate) fn cipher(&self) -> &RandomizedNonceKey {
        &self.0
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(secret: &Prk, info: &[u8], into: &mut [u8]) -> Result<(), SealError> {
    secret
        .expand(&[info], Length(into.len()))
        .and_then(|okm| okm.fill(into))
        .map_err(|_| SealError::Library { doing: "derive a key" })
}
