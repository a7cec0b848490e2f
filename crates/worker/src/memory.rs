//! How much memory an environment uses and has used.

use crate::Cell;
use crate::sync::lock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Weak};
use std::time::Duration;

/// Watches the cell of one environment, and remembers the peak over its cells when the initialisation is repeated.
pub(crate) struct MemoryWatch {
    cell: Mutex<Option<Weak<dyn Cell>>>,
    peak: AtomicU64,
    limit: u64,
}

impl MemoryWatch {
    /// For a function with `limit` bytes of memory.
    pub(crate) fn new(limit: u64) -> Self {
        Self { cell: Mutex::new(None), peak: AtomicU64::new(0), limit }
    }

    /// Watches this one from now on.
    pub(crate) fn attach(&self, cell: Weak<dyn Cell>) {
        *lock(&self.cell) = Some(cell);
    }

    /// Looks once more, and lets go of the cell: nobody here holds it from now on.
    pub(crate) fn detach(&self) {
        self.sample();
        *lock(&self.cell) = None;
    }

    /// Reads what is in use now, in bytes, or a bound of it that is within the limit; nothing when the cell is gone.
    ///
    /// As long as all that the cell ever used together was within the limit, the kernel isn't asked for the parts: it makes a
    /// page of text of them, 20 times a second for each busy environment.
    pub(crate) fn sample(&self) -> u64 {
        // The lock is held meanwhile, so that the last reference to a cell, whose drop blocks, is never let go here.
        let watched = lock(&self.cell);
        let Some(cell) = watched.as_ref().and_then(Weak::upgrade) else { return 0 };
        if let Some(peak) = cell.peak().filter(|peak| *peak <= self.limit) {
            self.peak.fetch_max(peak, Ordering::Relaxed);
            return peak;
        }
        let memory = cell.memory();
        let peak = memory.peak.unwrap_or(0).max(memory.counted);
        self.peak.fetch_max(peak, Ordering::Relaxed);
        memory.counted
    }

    /// The highest use until now, in bytes. The kernel's peak counts pages of /tmp and of files too; what counts against
    /// MemorySize never exceeds it, so more than MemorySize is not reported.
    pub(crate) fn peak(&self) -> u64 {
        self.sample();
        self.peak.load(Ordering::Relaxed).min(self.limit)
    }

    /// Whether `used` bytes are more than the function has.
    pub(crate) fn exceeds(&self, used: u64) -> bool {
        used > self.limit
    }

    /// When to look again: the sooner the less room is left.
    pub(crate) fn pause(&self, used: u64) -> Duration {
        pause(self.limit.saturating_sub(used))
    }
}

/// A process touches at most some 4 MB of fresh memory per millisecond, so that the room that is left can't be overrun by
/// much before the next look.
fn pause(room: u64) -> Duration {
    Duration::from_millis((room >> 22).clamp(10, 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;
    use std::sync::Arc;

    /// Peak and counted memory, as the kernel tells them.
    struct Told(Option<u64>, u64);

    impl Cell for Told {
        fn kill(&self) {}

        fn freeze(&self) -> std::io::Result<bool> {
            Ok(false)
        }

        fn thaw(&self) -> std::io::Result<()> {
            Ok(())
        }

        fn set_cpu(&self, _millis: u32) {}

        fn memory(&self) -> Memory {
            Memory { counted: self.1, peak: self.0 }
        }

        fn peak(&self) -> Option<u64> {
            self.0
        }

        fn oom_killed(&self) -> bool {
            false
        }
    }

    fn watching(told: Told) -> (MemoryWatch, Arc<dyn Cell>) {
        let (watch, cell) = (MemoryWatch::new(100), Arc::new(told) as Arc<dyn Cell>);
        watch.attach(Arc::downgrade(&cell));
        (watch, cell)
    }

    #[test]
    fn a_peak_within_the_limit_bounds_what_is_used() {
        let (watch, _cell) = watching(Told(Some(100), 60));
        assert_eq!((watch.sample(), watch.peak()), (100, 100));
        assert!(!watch.exceeds(watch.sample()));
    }

    #[test]
    fn beyond_the_limit_only_what_counts_decides() {
        let (files, _cell) = watching(Told(Some(300), 60));
        assert_eq!((files.sample(), files.peak()), (60, 100), "the rest is /tmp and files");
        assert!(!files.exceeds(files.sample()));
        let (greedy, _cell) = watching(Told(Some(300), 101));
        assert!(greedy.exceeds(greedy.sample()));
        let (untold, _cell) = watching(Told(None, 101));
        assert!(untold.exceeds(untold.sample()));
    }

    #[test]
    fn little_room_is_looked_at_more_often() {
        assert_eq!(pause(0), Duration::from_millis(10));
        assert_eq!(pause(64 << 20), Duration::from_millis(16));
        assert_eq!(pause(10 << 30), Duration::from_millis(20));
    }
}
