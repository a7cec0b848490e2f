//! What the platform's SQLite files have in common: how they are made and opened, their schema steps, the one thread that
//! writes and commits in groups, the readers, and what SQLite's errors mean.
//!
//! The store (`lambent.db`) and the queue (`queue.db`) are two such files, each with a writer of its own, so that the
//! traffic of one never delays the other.
//!
//! Invariant: what was committed is durable (WAL, full synchronisation), and after a failed fsync nothing more is
//! accepted until the file is opened again.

mod connection;
mod durable;
mod error;
mod readers;
mod schema;
mod writer;

pub use connection::{Access, connect, make_file, sync_dir};
pub use durable::{Durable, GroupError};
pub use error::{DatabaseError, doing};
pub use readers::Readers;
pub use schema::{check_key, migrate};
pub use writer::Writer;
