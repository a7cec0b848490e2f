//! A log sink that remembers.

use std::sync::{Mutex, PoisonError};
use telemetry::{LogBatch, LogLine, LogSink};
use types::BoxFuture;

/// Every line of every function, without its line break.
#[derive(Debug, Default)]
pub struct Lines(Mutex<Vec<(String, String)>>);

impl Lines {
    /// The lines of a log group, in order.
    pub fn of(&self, group: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|(of, _)| of == group).map(|(_, line)| line.clone()).collect()
    }
}

impl LogSink for Lines {
    fn accept(&self, batch: LogBatch) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let text = |line: LogLine| line.message.trim_end_matches('\n').to_owned();
            lines.extend(batch.lines.into_iter().map(|line| (batch.stream.group.clone(), text(line))));
        })
    }
}
