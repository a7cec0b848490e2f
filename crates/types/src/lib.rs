//! Names, ARNs, ids, limits and the domain values that every part of Lambent shares.
//!
//! Invariant: nothing here does I/O or knows a wire format. Time and randomness are traits here; their system
//! implementations live in `bin/lambent`, so that tests own both.

mod account;
mod arn;
mod clock;
mod error;
mod function;
mod function_ref;
mod ids;
mod layer;
pub mod limits;
mod per_account;
mod queue_ref;
mod random;
mod repolled;
mod units;

pub use account::{AccountId, Region};
pub use arn::{Arn, ParseArnError};
pub use clock::{Clock, Timestamp};
pub use error::{Fault, ServiceError};
pub use function::{FunctionName, Qualifier, RuntimeName, Version};
pub use function_ref::{FunctionRef, FunctionRefError};
pub use ids::{EnvironmentId, RequestId, RevisionId};
pub use layer::{LayerName, LayerRef, LayerVersionRef};
pub use per_account::PerAccount;
pub use queue_ref::QueueRef;
pub use random::Random;
pub use repolled::Repolled;
pub use units::{MemoryMb, TimeoutSeconds};

/// A future behind a pointer, for the traits that are used as objects.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is wrong with a text that should have been a name, an id or a number of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {expected}")]
pub struct InvalidName {
    /// The text that was refused.
    pub value: String,
    /// What it should have been, as words that complete "is not …".
    pub expected: &'static str,
}

impl InvalidName {
    pub(crate) fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.to_owned(), expected }
    }
}
