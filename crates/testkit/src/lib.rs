//! The whole platform in one process: the real pipeline and HTTP server, store, control plane, data plane and worker, with
//! a simulated isolation, a clock that stands still, and faults on demand. Used by tests only.
//!
//! ```no_run
//! # async fn story() {
//! use serde_json::json;
//! use testkit::{Platform, programs};
//! let platform = Platform::start().await;
//! platform.deploy("echo", programs::echo()).await;
//! let answer = platform.invoke("echo", json!({"a": 1})).await;
//! assert_eq!(answer.json(), json!({"a": 1}));
//! # }
//! ```
//!
//! Invariant: nothing here decides anything that the platform decides. What a test sees came over HTTP, signed, or was
//! read from the store. Use tokio's current-thread runtime (`#[tokio::test]`): [`Platform::pass`] pauses its clock.

mod client;
mod clock;
mod directory;
mod gates;
mod interrupt;
mod logs;
mod platform;
pub mod programs;
mod random;
mod releases;
mod roles;
mod setup;
mod wiring;

pub use client::{Client, Reply};
pub use clock::FakeClock;
pub use directory::{Keys, ROLE};
pub use gates::{Failure, Gates};
pub use interrupt::Interruption;
pub use logs::Lines;
pub use platform::{Platform, zip, zip_of};
pub use random::Seeded;
pub use roles::Roles;
pub use setup::{Activate, Collect, Setup};
