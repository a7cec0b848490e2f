//! Which CPUs a measurement may use: both sides and the client get the same ones.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program;

/// Where processes may run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pinning {
    /// Everything, the client too, on one CPU.
    OneCpu,
    /// Wherever the kernel likes.
    Free,
}

impl Pinning {
    /// Pins this process, the client.
    pub(super) fn apply(self) -> Result<(), String> {
        let pid = std::process::id().to_string();
        program::answer(Command::new("taskset").args(["-a", "-c", "-p", &self.cpus(), &pid])).map(drop)
    }

    /// The program with `taskset` in front of it, on the same CPUs.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new("taskset");
        command.args(["-c", &self.cpus()]).arg(program);
        command
    }

    fn cpus(self) -> String {
        match self {
            Self::OneCpu => "0".to_owned(),
            Self::Free => format!("0-{}", online_cpus() - 1),
        }
    }
}

fn online_cpus() -> usize {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("processor")).count().max(1)
}
