//! Records that more than one crate reads or writes.

mod function;

pub use function::{CodeRecord, FunctionRecord, FunctionState, UpdateStatus, VersionConfiguration};
