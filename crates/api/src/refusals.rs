//! What is remembered of requests that were refused before anyone was known to have made them.
//!
//! An access key's id is no secret: whoever knows one could fill the audit trail with bad signatures. So at most 60
//! refused signatures per key and minute are recorded; the others, and all that name no known key, are counted and
//! logged once a minute.

use std::sync::{Mutex, PoisonError};
use types::Timestamp;

/// Refused signatures of one access key that are recorded, per minute.
const RECORDED_PER_MINUTE: u64 = 60;

/// Counts within the current minute.
#[derive(Default)]
pub(crate) struct PerMinute(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    minute: i64,
    count: u64,
}

impl PerMinute {
    /// Counts one, and says how many there were in the minute that this one ends, if it ends one.
    fn count(&self, now: Timestamp) -> (u64, Option<u64>) {
        let minute = now.seconds().div_euclid(60);
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = if current.minute == minute {
            None
        } else {
            let ended = std::mem::replace(&mut *current, Minute { minute, count: 0 });
            Some(ended.count).filter(|count| *count > 0)
        };
        current.count += 1;
        (current.count, ended)
    }

    /// Whether the next refusal of a known access key still goes into the audit trail.
    pub(crate) fn may_record(&self, now: Timestamp) -> bool {
        let (count, ended) = self.count(now);
        if let Some(ended) = ended.filter(|ended| *ended > RECORDED_PER_MINUTE) {
            let left_out = ended - RECORDED_PER_MINUTE;
            tracing::warn!(left_out, "refused signatures of one access key were not recorded one by one");
        }
        count <= RECORDED_PER_MINUTE
    }

    /// Counts a request that names no known access key.
    pub(crate) fn anonymous(&self, now: Timestamp) {
        if let (_, Some(refused)) = self.count(now) {
            tracing::info!(refused, "unauthenticated requests were refused within a minute");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_records_and_the_next_one_starts_afresh() {
        let refusals = PerMinute::default();
        let recorded = |at: i64| (0..100).filter(|_| refusals.may_record(Timestamp(at))).count();
        assert_eq!((recorded(0), recorded(59_999), recorded(60_000)), (60, 0, 60));
    }
}
