//! How much memory processes hold, as the process file system tells: for machines where no cgroup counts it.
//!
//! Shared pages count once for each process, and processes that have ended no longer do: an estimate, which nothing is
//! decided by. Invariant: at most [`PROCESSES`] processes are looked at.

use std::fs;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// An environment has no more.
const PROCESSES: usize = 1025;

/// The peaks of this process and of its descendants together, in bytes. None where it has ended or nothing can be read.
pub(crate) fn peak(pidfd: BorrowedFd<'_>) -> Option<u64> {
    let first = process(pidfd)?;
    let (mut total, mut looked_at, mut waiting) = (0, 0, vec![first]);
    while let Some(pid) = waiting.pop()
        && looked_at < PROCESSES
    {
        looked_at += 1;
        if let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) {
            total += peak_of(&status).unwrap_or(0);
        }
        waiting.extend(children(pid));
    }
    // Where it has ended meanwhile, its number may have been another process's.
    (process(pidfd) == Some(first) && total > 0).then_some(total)
}

fn process(pidfd: BorrowedFd<'_>) -> Option<u32> {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}

/// Those that any of its threads has started. Their bound is that of the caller's loop.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let listed = threads.filter_map(Result::ok).take(PROCESSES);
    let listed = listed.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    listed
        .flat_map(|line| line.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// `VmHWM` in bytes: kernel threads and the dead have none.
fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn the_peak_is_read_from_a_status() {
        assert_eq!(peak_of("Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t   12 kB\nVmRSS:\t 8 kB\n"), Some(12 << 10));
        for other in
            ["", "Name:\tkthreadd\n", "VmHWM:\t12\n", "VmHWM:\t-1 kB\n", "VmHWM:\t18446744073709551615 kB\n"]
        {
            assert_eq!(peak_of(other), None, "{other}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "it takes a process to look at one")]
    fn a_process_counts_with_those_that_it_started() {
        let this =
            rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty());
        let this = this.unwrap();
        let before = peak(this.as_fd()).unwrap();
        assert!(before > 1 << 20, "{before}");
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let id = rustix::process::Pid::from_child(&child);
        let alone = rustix::process::pidfd_open(id, rustix::process::PidfdFlags::empty()).unwrap();
        let with_child = peak(this.as_fd()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(with_child > before, "{with_child} after {before}");
        assert_eq!(peak(alone.as_fd()), None, "it has ended");
    }
}
