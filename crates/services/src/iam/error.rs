//! What can go wrong where the platform itself, and no caller, asks for something.

use auth::policy::PolicyError;
use store::{KeyError, StoreError};
use types::AccountId;

/// Why the platform could not do with identities what it wanted.
#[derive(Debug, thiserror::Error)]
pub enum IamError {
    /// The id has the wrong form.
    #[error("an access key id has 16 to 128 letters, digits and underscores: choose another for the owner")]
    Id,
    /// The secret has the wrong form.
    #[error(
        "a secret access key has 16 to 128 printable ASCII characters without spaces: choose another for the owner"
    )]
    Secret,
    /// The id belongs to somebody else.
    #[error("the access key id {0} belongs to a user or to another account: choose another for the owner")]
    Taken(String),
    /// The account kept changing.
    #[error("account {0} kept changing while the owner's access key was set: try again")]
    Restless(AccountId),
    /// The name of a session has the wrong form.
    #[error("a session's name has 1 to 64 letters, digits and characters of _+=,.@-")]
    SessionName,
    /// All places are taken.
    #[error("{0} sessions of roles are alive: no more can begin until some end")]
    TooManySessions(usize),
    /// A stored policy is not understood.
    #[error("a stored policy of {arn} is not understood: {source}")]
    Policy {
        /// Whose it is.
        arn: String,
        /// What is wrong with it.
        source: PolicyError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An id that makes no key of the store.
    #[error(transparent)]
    Key(#[from] KeyError),
}
