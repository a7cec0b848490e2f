//! Processor time: a quota per period with a burst, and a weight among neighbours, all in proportion to the share.
//!
//! The period is long against an invocation: the smallest function (72 thousandths of a processor) answers whatever takes it
//! 7 ms without a pause, and twice that after a period in which it did nothing; it is stopped for at most 93 ms. A period of
//! 20 ms would stop it after 1.4 ms, which is less than the kernel's accounting tells apart on machines whose clock ticks
//! every 4 ms. Invariant: the burst is never above the quota, so that a later, lower quota is accepted: the kernel refuses
//! any other.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Microseconds after which the quota is filled up.
pub(super) const PERIOD_US: u64 = 100_000;
/// The least quota that the kernel takes.
const LEAST_US: u64 = 1000;
/// The weight of a whole processor, in v1's measure and in v2's: what a process has without any.
const WHOLE: [u64; 2] = [1024, 100];
/// The bounds of the two.
const BOUNDS: [(u64, u64); 2] = [(2, 262_144), (1, 10_000)];

/// Processor time per period, in microseconds, of a share in thousandths of a processor.
pub(super) fn quota(millis: u32) -> u64 {
    (u64::from(millis) * PERIOD_US / 1000).max(LEAST_US)
}

/// `cpu.shares` of v1.
pub(super) fn shares(millis: u32) -> u64 {
    weigh(millis, 0)
}

/// `cpu.weight` of v2.
pub(super) fn weight(millis: u32) -> u64 {
    weigh(millis, 1)
}

/// `cpu.shares`, in v1, of the group that holds all environments of a machine with so many processors.
///
/// The kernel makes each such group as heavy as one process. All environments together would then weigh, on each
/// processor, a fraction of a single thread of the platform's or of anybody else's beside them.
pub(super) fn shares_of_all(processors: u32) -> u64 {
    shares(processors.saturating_mul(1000))
}

/// The same in v2, `cpu.weight`.
pub(super) fn weight_of_all(processors: u32) -> u64 {
    weight(processors.saturating_mul(1000))
}

/// How many processors this process may use.
pub(super) fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

fn weigh(millis: u32, version: usize) -> u64 {
    let (low, high) = BOUNDS[version];
    (u64::from(millis) * WHOLE[version] / 1000).clamp(low, high)
}

/// Sets an environment's quota through an open file, for which its owner needs no privilege.
#[derive(Debug)]
pub(crate) enum CpuQuota {
    /// `cpu.cfs_quota_us`.
    V1(File),
    /// `cpu.max`.
    V2(File),
}

impl CpuQuota {
    /// From now on, in thousandths of a processor.
    pub(crate) fn set(&self, millis: u32) -> io::Result<()> {
        let quota = quota(millis);
        self.write(&quota.to_string(), &format!("{quota} {PERIOD_US}"))
    }

    /// No quota any more. To be called after a kill: before Linux 6.18, a process that is out of its quota doesn't even die.
    pub(crate) fn lift(&self) {
        // ENODEV: the group is gone, and all of it dead.
        let _ = self.write("-1", "max");
    }

    fn write(&self, v1: &str, v2: &str) -> io::Result<()> {
        let (file, text) = match self {
            Self::V1(file) => (file, v1),
            Self::V2(file) => (file, v2),
        };
        file.write_at(text.as_bytes(), 0).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_and_weight_are_in_proportion_to_the_share() {
        for (millis, microseconds) in
            [(72, 7_200), (500, 50_000), (1000, 100_000), (5789, 578_900), (1, 1000)]
        {
            assert_eq!(quota(millis), microseconds);
        }
        assert_eq!([72, 1000, 5789].map(shares), [73, 1024, 5927]);
        assert_eq!([72, 1000, 5789].map(weight), [7, 100, 578]);
        assert_eq!((shares(1), weight(1)), (2, 1));
    }

    #[test]
    fn all_environments_together_weigh_as_the_machine_within_what_the_kernel_takes() {
        assert_eq!([1, 2, 64].map(shares_of_all), [1024, 2048, 65_536]);
        assert_eq!([1, 2, 64].map(weight_of_all), [100, 200, 6400]);
        for many in [257, 8192, u32::MAX] {
            assert_eq!((shares_of_all(many), weight_of_all(many)), (262_144, 10_000));
        }
        assert!(processors() >= 1);
    }

    #[test]
    fn a_quota_is_written_in_the_words_of_its_version() {
        let write = |kind: fn(File) -> CpuQuota| {
            let file = tempfile::NamedTempFile::new().expect("a file");
            kind(file.reopen().expect("it again")).set(72).expect("a write");
            std::fs::read_to_string(file.path()).expect("its text")
        };
        assert_eq!(write(CpuQuota::V1), "7200");
        assert_eq!(write(CpuQuota::V2), "7200 100000");
    }
}
