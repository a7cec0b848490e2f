//! Envelope encryption and the root key; the only place that holds key bytes.
//!
//! Each value and each blob has a random key of its own (256 bits), wrapped with AES-KWP under a key that HKDF-SHA256
//! derives from the root key, and is encrypted with AES-256-GCM. What is sealed is bound to its place: a value that was
//! moved to another table or key does not open.
//!
//! Invariant: no key bytes leave this crate, none are printed, and all are overwritten when they are dropped. What binds
//! a value to its place does not bind it to a time: an older value of the same place still opens there.

mod error;
mod header;
mod keys;
mod root_key;
mod stream;
mod value;

pub use error::SealError;
pub use keys::{KeyId, random_bytes};
pub use root_key::RootKey;
pub use stream::{Reader, SEGMENT_BYTES, Writer, opened_len};
pub use value::{Place, Sealer};
