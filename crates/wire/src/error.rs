//! What can go wrong on the way from bytes to a typed request.
//!
//! Invariant: a message never repeats a value of the request, so that none needs masking.

use crate::schema::{Protocol, Service};
use crate::value::Value;

/// Why input can't be read. The code on the wire is the service's `serialization_code`, the status 400.
///
/// The texts in the JSON protocols are those of the services' own deserialiser, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The body isn't JSON.
    #[error("Could not parse request body into json: {reason}")]
    NotJson {
        /// What the parser says.
        reason: String,
    },
    /// A JSON value of the wrong kind.
    #[error("{found} can not be converted to {wanted}")]
    Conversion {
        /// The kind of token: `NUMBER_VALUE`.
        found: &'static str,
        /// What the member is, with its article: `a String`.
        wanted: &'static str,
    },
    /// A list where none belongs.
    #[error("Start of list found where not expected")]
    UnexpectedList,
    /// An object where none belongs.
    #[error("Start of structure or map found where not expected.")]
    UnexpectedStructure,
    /// Something else where a list belongs.
    #[error("Expected list or null")]
    ExpectedList,
    /// Something else where an object belongs.
    #[error("Expected structure or map or null")]
    ExpectedStructure,
    /// A text that isn't what its member needs.
    #[error("{member} is not {expected}")]
    Text {
        /// The member's name on the wire.
        member: String,
        /// What it should have been, as words that complete "is not …".
        expected: &'static str,
    },
    /// A name in a form that has no place in the model's structure.
    #[error("The parameter names contradict each other at {name}")]
    Contradiction {
        /// The name, or how it begins.
        name: String,
    },
    /// The path, the query string or a form isn't percent-encoded UTF-8.
    #[error("{place} is not valid UTF-8")]
    Encoding {
        /// Which of them.
        place: &'static str,
    },
    /// Deeper than any request needs to be.
    #[error("The request is nested more than {limit} levels deep")]
    TooDeep {
        /// The greatest depth.
        limit: usize,
    },
    /// More values than any request needs.
    #[error("The request has more than {limit} values")]
    TooMany {
        /// The greatest number.
        limit: usize,
    },
    /// A required member isn't there; validation says so first, in the service's words.
    #[error("{member} is missing")]
    Missing {
        /// Its name.
        member: &'static str,
    },
    /// A value of another kind than the plain struct has.
    #[error("{found} was found where {expected} belongs")]
    Mismatch {
        /// What was found.
        found: &'static str,
        /// What was expected.
        expected: &'static str,
    },
}

impl ReadError {
    pub(crate) fn mismatch(found: &Value, expected: &'static str) -> Self {
        Self::Mismatch { found: found.kind(), expected }
    }
}

/// Why a request names no operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No operation has this method and path.
    #[error("The method and the path name no operation of this service")]
    NoRoute,
    /// The target header names no operation.
    #[error("The operation {target} is not known to this service")]
    UnknownTarget {
        /// The header's value; "" where there is none.
        target: String,
    },
    /// The form names no operation.
    #[error("Could not find operation {action} for version {version}")]
    UnknownAction {
        /// The value of `Action`; "" where there is none.
        action: String,
        /// The value of `Version`.
        version: String,
    },
    /// The request can't be taken apart far enough to find its operation.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}

impl RouteError {
    /// The error code on the wire.
    pub fn code(&self, service: &Service) -> &'static str {
        match (self, service.protocol) {
            (Self::Unreadable(_), _) => service.serialization_code,
            (_, Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
                "UnknownOperationException"
            }
            (_, Protocol::AwsQuery) => "InvalidAction",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::NoRoute => 404,
            _ => 400,
        }
    }
}
