//! How much processor time a function has: in proportion to its memory, and at least one whole processor to initialise.
//!
//! Invariant: nobody is given more than the host has.

use types::MemoryMb;

/// A function with this much memory has one whole processor. Source: "Configure Lambda function memory".
const MB_PER_CPU: u32 = 1769;
/// What an initialisation has at least: the service lets it go faster than the function's share too.
const INIT_MILLIS: u32 = 1000;

/// How many processors this process may use. It asks the kernel: some system calls and files.
pub(crate) fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

/// The processor time of one function, in thousandths of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// From the end of the initialisation on.
    pub(crate) millis: u32,
    /// Until then.
    pub(crate) init_millis: u32,
}

impl Share {
    /// Of a function with this much memory, on a host with this many processors.
    pub(crate) fn of(memory: MemoryMb, processors: u32) -> Self {
        let millis = (memory.get() * 1000 / MB_PER_CPU).min(processors.saturating_mul(1000));
        Self { millis, init_millis: millis.max(INIT_MILLIS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_in_proportion_to_memory_up_to_what_the_host_has() {
        for (mb, processors, millis, init_millis) in [
            (128, 2, 72, 1000),
            (885, 2, 500, 1000),
            (1769, 2, 1000, 1000),
            (3538, 2, 2000, 2000),
            (10_240, 2, 2000, 2000),
            (10_240, 64, 5788, 5788),
            (10_240, 1, 1000, 1000),
        ] {
            let share = Share::of(MemoryMb::try_from(mb).unwrap(), processors);
            assert_eq!(share, Share { millis, init_millis }, "{mb} MB on {processors}");
        }
    }
}
