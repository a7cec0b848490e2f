//! What an environment uses, read from descriptors that the spawner opened, and its processor time, set through one: the
//! platform needs no privilege for either.
//!
//! Invariant: a gauge that can't be read or understood reads as absent, never as zero use.

use std::fs::File;
use std::os::fd::OwnedFd;

use super::CpuQuota;
use crate::handle::{MemoryUsage, read_gauge, read_number};

/// The files, each by its role. The numbers are bits in the spawner's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GaugeKind {
    /// `memory.stat` of v1 or v2.
    Stat = 1,
    /// v1 `memory.kmem.usage_in_bytes`; v2 has it in `memory.stat`.
    Kernel = 2,
    /// v1 `memory.max_usage_in_bytes`, v2 `memory.peak`.
    Peak = 4,
    /// v1 `memory.oom_control`, v2 `memory.events`: both have a line `oom_kill N`.
    OomKills = 8,
    /// v1 `cpu.cfs_quota_us`, for writing.
    CpuV1 = 16,
    /// v2 `cpu.max`, for writing.
    CpuV2 = 32,
}

impl GaugeKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Stat, Self::Kernel, Self::Peak, Self::OomKills, Self::CpuV1, Self::CpuV2];
    /// Above every sum of them.
    pub(crate) const END: u32 = 64;
}

/// The open gauges of one environment.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    stat: Option<File>,
    kernel: Option<File>,
    peak: Option<File>,
    oom_kills: Option<File>,
    cpu: Option<CpuQuota>,
}

impl Gauges {
    /// Takes the descriptors of the kinds in `bits`, in the order of [`GaugeKind::ALL`].
    pub(crate) fn from_descriptors(bits: u32, fds: &mut impl Iterator<Item = OwnedFd>) -> Option<Self> {
        let mut gauges = Self::default();
        for kind in GaugeKind::ALL.into_iter().filter(|kind| bits & *kind as u32 != 0) {
            let file = File::from(fds.next()?);
            match kind {
                GaugeKind::Stat => gauges.stat = Some(file),
                GaugeKind::Kernel => gauges.kernel = Some(file),
                GaugeKind::Peak => gauges.peak = Some(file),
                GaugeKind::OomKills => gauges.oom_kills = Some(file),
                GaugeKind::CpuV1 => gauges.cpu = Some(CpuQuota::V1(file)),
                GaugeKind::CpuV2 => gauges.cpu = Some(CpuQuota::V2(file)),
            }
        }
        Some(gauges)
    }

    pub(crate) fn memory(&self) -> Option<MemoryUsage> {
        let stat = read_gauge(self.stat.as_ref()?)?;
        let kernel = self.kernel.as_ref().and_then(read_number);
        Some(MemoryUsage { anonymous_and_kernel: anonymous_and_kernel(&stat, kernel)?, peak: self.peak() })
    }

    pub(crate) fn peak(&self) -> Option<u64> {
        self.peak.as_ref().and_then(read_number)
    }

    /// What sets its processor time, where a cpu cgroup is in force.
    pub(crate) fn cpu(&self) -> Option<&CpuQuota> {
        self.cpu.as_ref()
    }

    pub(crate) fn oom_kills(&self) -> u64 {
        self.oom_kills.as_ref().and_then(read_gauge).and_then(|text| field(&text, "oom_kill")).unwrap_or(0)
    }
}

/// v1 calls anonymous memory `rss` and has kernel memory in a file of its own; v2 has `anon` and `kernel` in one.
fn anonymous_and_kernel(stat: &str, kernel: Option<u64>) -> Option<u64> {
    let anonymous = field(stat, "anon").or_else(|| field(stat, "rss"))?;
    Some(anonymous + kernel.or_else(|| field(stat, "kernel")).unwrap_or(0))
}

/// The number behind a name in a file of `name number` lines.
pub(super) fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::{anonymous_and_kernel, field};

    #[test]
    fn v1_adds_rss_and_the_kernel_file() {
        assert_eq!(anonymous_and_kernel("cache 9\nrss 100\nrss_huge 7\n", Some(11)), Some(111));
    }

    #[test]
    fn v2_adds_anon_and_kernel_of_one_file() {
        assert_eq!(anonymous_and_kernel("anon 100\nfile 3\nkernel 20\nkernel_stack 5\n", None), Some(120));
    }

    #[test]
    fn a_field_is_matched_by_its_whole_name() {
        assert_eq!(field("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"), Some(3));
        assert_eq!(field("oom 5\n", "oom_kill"), None);
    }
}
