//! How much a function may print: so many bytes per second, and ten seconds' worth at once. A line counts for more than its
//! bytes, because an empty one costs the platform hardly less than another.
//!
//! What is beyond is left out, counted and said once for each stretch that is left out: such a stretch lasts until half of the
//! burst may be printed again, or the invocation ends, so that a flood doesn't become as many notices.
//! Invariant: the clock may stand or go back; then nothing is gained.

use types::Timestamp;

/// Seconds' worth of output that may come at once.
const BURST_SECONDS: u64 = 10;

/// What a line counts for beside its bytes.
const LINE_BYTES: u64 = 100;

/// The allowance of one environment.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: u64,
    /// Bytes that may be printed now.
    left: u64,
    filled: Option<Timestamp>,
    is_cutting: bool,
    /// Bytes that were left out and not told of.
    cut: u64,
}

impl Rate {
    /// Of this many bytes per second.
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = u64::from(per_second);
        Self { per_second, left: per_second * BURST_SECONDS, filled: None, is_cutting: false, cut: 0 }
    }

    /// Whether a line of that many bytes may stand in the log; one that may not is counted.
    pub(super) fn admits(&mut self, now: Timestamp, bytes: usize) -> bool {
        self.fill(now);
        let cost = bytes as u64 + LINE_BYTES;
        let needed = if self.is_cutting { self.burst() / 2 } else { 0 };
        self.is_cutting = self.left < cost.max(needed);
        if self.is_cutting {
            self.leave_out(bytes);
        } else {
            self.left -= cost;
        }
        !self.is_cutting
    }

    /// Counts what is left out without having been asked for.
    pub(super) fn leave_out(&mut self, bytes: usize) {
        self.cut = self.cut.saturating_add(bytes as u64);
    }

    /// Whether output is being left out.
    pub(super) fn is_cutting(&self) -> bool {
        self.is_cutting
    }

    /// Whether every line would be left out now.
    pub(super) fn admits_none(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        self.is_cutting && self.left < self.burst() / 2
    }

    /// What to say in the log, once, about what was left out.
    pub(super) fn notice(&mut self) -> Option<String> {
        let cut = std::mem::take(&mut self.cut);
        // Our own: the service does not say what it drops.
        (cut > 0).then(|| {
            format!(
                "Lambent: {cut} bytes of output were left out: more than {} bytes per second\n",
                self.per_second
            )
        })
    }

    fn burst(&self) -> u64 {
        self.per_second * BURST_SECONDS
    }

    fn fill(&mut self, now: Timestamp) {
        let since = self.filled.replace(now).map_or(0, |then| now.millis().saturating_sub(then.millis()));
        let gained = u64::try_from(since).unwrap_or(0).saturating_mul(self.per_second) / 1000;
        self.left = self.left.saturating_add(gained).min(self.burst());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_goes_through_and_what_is_beyond_is_told_once() {
        let mut rate = Rate::new(200);
        assert!((0..10).all(|_| rate.admits(Timestamp(0), 100)));
        assert!(rate.notice().is_none() && !rate.admits_none(Timestamp(0)));
        assert!(
            (0..5).all(|second| !rate.admits(Timestamp(second * 900), 100)),
            "half of the burst is not there yet"
        );
        assert!(rate.admits_none(Timestamp(3_600)) && !rate.admits_none(Timestamp(5_000)));
        assert!(rate.admits(Timestamp(5_000), 100));
        assert_eq!(
            rate.notice().as_deref(),
            Some("Lambent: 500 bytes of output were left out: more than 200 bytes per second\n")
        );
        assert!(rate.notice().is_none());
    }

    #[test]
    fn empty_lines_count() {
        let mut rate = Rate::new(1000);
        let kept = (0..10_000).filter(|_| rate.admits(Timestamp(0), 1)).count();
        assert_eq!(kept, 10_000 / 101);
    }

    proptest! {
        #[test]
        fn never_more_than_the_burst_and_the_rate(steps in proptest::collection::vec((-50i64..500, 0usize..3000), 0..200)) {
            let (mut rate, mut now, mut latest, mut kept, mut all) = (Rate::new(1000), 0, 0, 0, 0);
            let mut gained = 0;
            for (step, bytes) in steps {
                now += step;
                gained += step.max(0);
                latest = now.max(latest);
                all += bytes as u64;
                if rate.admits(Timestamp(now), bytes) {
                    kept += bytes as u64;
                }
            }
            prop_assert!(kept <= 10_000 + gained as u64);
            prop_assert_eq!(kept + rate.cut, all);
        }
    }
}
