//! SigV4 verification and signing, and policy evaluation, as pure functions.
//!
//! Invariant: nothing here does I/O, reads a clock or knows a store. Who an access key stands for comes through
//! [`Directory`], and a [`Permit`] can only be made by [`permit`] and [`permit_authenticated`].

mod directory;
mod family;
mod messages;
mod permit;
pub mod policy;
mod principal;
pub mod sigv4;

pub use directory::{Credential, Directory, DirectoryError, Identity};
pub use family::Family;
pub use permit::{Asked, Denied, DeniedReason, Permit, permit, permit_authenticated};
pub use principal::Principal;
pub use secrecy::{ExposeSecret, SecretString};
