//! From a request's bytes to a dynamic value.
//!
//! Invariant: reading is directed by the shapes. It knows no constraint but the kinds of values; constraints are
//! [`crate::validate`]'s, after authorisation.

use crate::error::ReadError;
use crate::route::{Incoming, Routed};
use crate::schema::Protocol;
use crate::value::{Fields, Value};

mod form;
mod json;
mod rest;
mod scalar;

/// Structures within structures, at most.
pub(crate) const MAX_DEPTH: usize = 32;
/// Values in one request, at most.
pub(crate) const MAX_VALUES: usize = 100_000;

/// Reads the input of a request as the members of its operation's input shape.
///
/// Members that the model doesn't have are ignored, as the services do: clients newer than the model send them. The
/// depth is at most 32 and the number of values at most 100,000; the body's size is the caller's to bound.
pub fn read_input(routed: &Routed, request: &Incoming<'_>) -> Result<Value, ReadError> {
    let Some(shape) = routed.operation.input else { return Ok(Value::Map(Fields::default())) };
    match routed.operation.service.protocol {
        Protocol::RestJson1 => rest::read(shape, &routed.labels, request),
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => json::read(shape, request.body),
        Protocol::AwsQuery => form::read(shape, request),
    }
}

/// What is left of a request's allowance of values.
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(MAX_VALUES)
    }

    pub(crate) fn spend(&mut self) -> Result<(), ReadError> {
        self.0 = self.0.checked_sub(1).ok_or(ReadError::TooMany { limit: MAX_VALUES })?;
        Ok(())
    }
}
