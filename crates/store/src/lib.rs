//! Typed tables with versioned, sealed records, transactions, a change feed, append-only logs and sealed blobs.
//!
//! A [`Store`] is one data directory: `lambent.db` (records and logs), `blobs/` (code packages and other large values)
//! and `lambent.lock`. What is below the sealing, plain bytes under plain keys, is an [`engine::Engine`]; SQLite is the
//! embedded one.
//!
//! Invariants: a commit that was answered is on disk. Keys stand in clear, values are sealed before they reach the
//! engine. Subscribers have seen a change before the caller of the commit gets its answer.

mod blob_id;
mod blobs;
mod codec;
mod directory;
mod embedded;
pub mod engine;
mod error;
mod feed;
pub mod golden;
mod key;
mod record;
pub mod records;
mod store;
mod sweep;
mod transaction;

pub use blob_id::{BlobId, ParseBlobIdError};
pub use blobs::{Blobs, FreshBlob};
pub use directory::DataDirectory;
pub use embedded::SqliteEngine;
pub use error::{Damage, StoreError};
pub use feed::Change;
pub use key::{Key, KeyError, Prefix};
pub use record::{Record, Revision, Stored, UpgradeError};
pub use store::{Commit, Store};
pub use sweep::Sweep;
pub use transaction::Transaction;
