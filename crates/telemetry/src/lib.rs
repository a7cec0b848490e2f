//! What the platform tells about functions and about itself: log lines and audit records, and where they go.
//!
//! Invariant: nothing here stores anything. Records are plain data; a sink above takes them.

pub mod audit;
mod log;

pub use log::{LogBatch, LogLine, LogSink, LogStream};
