//! The virtual machine: started, watched by what it writes, and killed when its time is over.
//!
//! Whether KVM works is found by booting with it. Emulation needs nothing of this machine but time, and time inside goes by
//! instructions: however busy this machine is, no patience in the guest runs out, and its sleeps take none.
//! Invariant: no machine outlives [`Machine::run`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{LONGEST, report};

pub(super) const PROGRAM: &str = "qemu-system-x86_64";

/// How the guest's instructions are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accelerator {
    Kvm,
    Emulation,
}

impl Accelerator {
    /// QEMU's options, and how long a boot may take at most.
    fn options(self) -> (&'static [&'static str], Duration) {
        match self {
            Self::Kvm => (&["-accel", "kvm", "-cpu", "host", "-smp", "2"], Duration::from_secs(20)),
            // Eight nanoseconds for each instruction, by which a second processor would not even start. Five-level tables and the 16-byte exchange are what the QEMU of
            // Debian 12 gets wrong under newer kernels.
            Self::Emulation => (
                &["-accel", "tcg", "-icount", "shift=3,sleep=off", "-cpu", "max,la57=off,cx16=off"],
                Duration::from_secs(180),
            ),
        }
    }
}

/// How often an emulated machine is started before it counts as one that can't boot.
const BOOTS: usize = 3;

pub(super) struct Machine<'a> {
    pub(super) kernel: &'a Path,
    pub(super) initramfs: &'a Path,
    pub(super) report: PathBuf,
    pub(super) kernel_log: PathBuf,
}

impl Machine<'_> {
    /// Runs it to its end, and says how and for how long.
    pub(super) fn run(&self, known: Option<Accelerator>) -> Result<(Accelerator, Duration), String> {
        let has_kvm = fs::File::options().read(true).write(true).open("/dev/kvm").is_ok();
        if known != Some(Accelerator::Emulation)
            && has_kvm
            && let Some(took) = self.attempt(Accelerator::Kvm)?
        {
            return Ok((Accelerator::Kvm, took));
        }
        for _ in 0..BOOTS {
            if let Some(took) = self.attempt(Accelerator::Emulation)? {
                return Ok((Accelerator::Emulation, took));
            }
        }
        Err(format!("the guest did not boot in {BOOTS} attempts; see {}", self.kernel_log.display()))
    }

    /// Nothing if it didn't boot.
    fn attempt(&self, accelerator: Accelerator) -> Result<Option<Duration>, String> {
        let started = Instant::now();
        // A report of an earlier run is none of this one.
        fs::write(&self.report, "").map_err(|error| format!("{}: {error}", self.report.display()))?;
        let (options, patience) = accelerator.options();
        let mut running =
            Running(self.command(options).spawn().map_err(|error| format!("{PROGRAM}: {error}"))?);
        let mut is_ready = false;
        loop {
            is_ready |= fs::read_to_string(&self.report).is_ok_and(|text| text.contains(report::READY));
            if running.0.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(is_ready.then(|| started.elapsed()));
            }
            if !is_ready && started.elapsed() > patience {
                return Ok(None);
            }
            if started.elapsed() > LONGEST {
                // What it has said by now is counted, and the rest as failed.
                return Ok(Some(started.elapsed()));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["-machine", "q35", "-m", "1024"]).args(options);
        command.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
        command.arg("-kernel").arg(self.kernel).arg("-initrd").arg(self.initramfs);
        for log in [&self.kernel_log, &self.report] {
            command.arg("-serial").arg(format!("file:{}", log.display()));
        }
        command.args(["-append", "console=ttyS0 panic=-1 random.trust_cpu=on"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// Killed when it is let go.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, where this fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
