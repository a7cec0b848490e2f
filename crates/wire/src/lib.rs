//! The AWS protocols: one dynamic [`Value`], one static table of operations and shapes made from `models/`, one
//! codec per protocol, validation with the services' messages, and plain structs for the built operations.
//!
//! A request goes [`Service::route`] → [`read_input`] → [`validate`] → [`Typed::read`]; an answer goes
//! [`Typed::write`] → [`write_output`], or [`write_error`].
//!
//! Invariant: reading is bounded in depth and in the number of values, and touches nothing but its input.

mod error;
mod generated;
mod mask;
mod outgoing;
#[cfg(test)]
mod properties;
mod read;
mod route;
mod schema;
mod table;
mod time;
mod typed;
mod validate;
mod value;
mod write;

pub use error::{ReadError, RouteError};
pub use generated::{iam, lambda, logs, sqs, sts};
pub use mask::masked;
pub use outgoing::{Outgoing, WireError, write_error, write_output};
pub use read::read_input;
pub use route::{Incoming, Routed, guess_service};
pub use schema::{
    ErrorShape, Kind, Location, Member, Operation, Pattern, Protocol, Service, Shape, TimestampFormat,
};
pub use table::{service_by_signing_name, services};
pub use time::Time;
pub use typed::{Field, Typed};
pub use validate::{Violation, Violations, validate};
pub use value::{Fields, Value};
