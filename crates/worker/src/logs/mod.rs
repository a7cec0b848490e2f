//! Log capture: what a function prints, and what the platform says about its invocations, in one order.
//!
//! What a function prints beyond its rate is left out, and said so.
//!
//! Invariant: memory is bounded. What doesn't fit waits in the function's own pipe, and a writer that floods it sleeps.

mod capture;
mod entry;
mod events;
mod levels;
mod lines;
mod rate;
mod reader;
mod shipper;
mod tail;
mod text;

pub(crate) use capture::Capture;
pub(crate) use entry::{Entry, InitPhase, Report, Status};
pub(crate) use reader::read_output;
pub(crate) use shipper::ship;
