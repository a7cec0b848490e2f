//! Lines that a function and the platform write about its invocations, on their way to the log service.

use std::sync::Arc;
use types::{AccountId, BoxFuture, Region, Timestamp};

/// One line. The message may hold any text, and ends with its line break, as the log service returns it.
///
/// Source: the GetLogEvents output under "Using the AWS CLI" in the Lambda developer guide: `"START RequestId: … Version:
/// $LATEST\n"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the platform read it.
    pub at: Timestamp,
    /// The text.
    pub message: String,
}

/// Where the lines of one execution environment go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogStream {
    /// The function's owner.
    pub account: AccountId,
    /// The function's region.
    pub region: Region,
    /// Such as `/aws/lambda/NAME`.
    pub group: String,
    /// `YYYY/MM/DD/[VERSION]ID32`.
    pub name: String,
}

/// Lines of one stream, in order.
#[derive(Debug, Clone)]
pub struct LogBatch {
    /// Their stream.
    pub stream: Arc<LogStream>,
    /// At least one.
    pub lines: Vec<LogLine>,
}

/// Takes log lines for keeping.
pub trait LogSink: Send + Sync {
    /// Takes a batch. Waits while the sink is full, so that a flood slows its writer down instead of filling memory;
    /// a caller that goes away loses the batch. Never called on the path of an invocation's answer.
    fn accept(&self, batch: LogBatch) -> BoxFuture<'_, ()>;
}
