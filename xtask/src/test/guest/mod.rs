//! The sandbox on other kernels: Debian's, in a virtual machine, with cgroup v2 alone.
//!
//! ```text
//! apt ─► kernels ─┐
//! cargo ─► tests ─┴─► initramfs ─► QEMU (KVM where it works, else emulated) ─► its serial port ─► tally
//! ```
//! Invariant: everything lies below target/guest; nothing of this machine is seen or changed by what runs in the guest.

mod build;
mod image;
mod kernels;
mod machine;
mod modules;
mod report;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::Suite;
use super::environment::install_package;
use crate::program::{self, Finished};
use kernels::Kernel;
use machine::{Accelerator, Machine};

/// The part that belongs to every run of the suite: what differs between the two versions of cgroups, on the older kernel,
/// as a service that is root's and as one of a plain user with a delegated group. `guest::Situation` in the sandbox's tests
/// has the names before the slash.
const QUICK: &[&str] = &["unit/cgroup", "root/cgroup_v2", "delegated/cgroup_v2"];

impl Suite {
    /// All tests on every kernel that can be had, or the quick part on the first.
    pub(super) fn guest(&mut self, all: bool) {
        let name = if all { "guest" } else { "guest, quick part" };
        match Guest::prepare(self) {
            Err(why) => self.tally.skip(name, &why),
            Ok(mut guest) => {
                let wanted = if all { wanted(&self.selection.names) } else { lines(QUICK) };
                let count = if all { guest.kernels.len() } else { 1 };
                for kernel in guest.kernels.clone().iter().take(count) {
                    self.guest_on(&mut guest, kernel, &wanted);
                }
                guest.missing.iter().for_each(|why| self.tally.skip("guest", why));
            }
        }
    }

    fn guest_on(&mut self, guest: &mut Guest, kernel: &Kernel, wanted: &str) {
        let name = format!("guest {}", kernel.version);
        match guest.run(kernel, wanted) {
            Err(why) => drop(self.tally.check(&name, Err(why))),
            Ok(sections) => {
                for (situation, finished) in sections {
                    self.tally.cargo_tests(&format!("{name} {situation}"), Ok(finished));
                }
            }
        }
    }
}

/// One line for each situation and name; nothing means everything.
fn wanted(names: &[String]) -> String {
    let each = |name: &String| report::SITUATIONS.map(|situation| format!("{situation}/{name}\n")).concat();
    names.iter().map(each).collect()
}

fn lines(words: &[&str]) -> String {
    words.iter().map(|word| format!("{word}\n")).collect()
}

/// What a run needs.
struct Guest {
    place: PathBuf,
    kernels: Vec<Kernel>,
    /// Kernels that could not be had.
    missing: Vec<String>,
    tests: build::Tests,
    /// The last that worked.
    accelerator: Option<Accelerator>,
    logs: PathBuf,
}

impl Guest {
    fn prepare(suite: &Suite) -> Result<Self, String> {
        if !cfg!(target_arch = "x86_64") {
            return Err("only the machine of x86_64 is known".to_owned());
        }
        let place = suite.workspace.target.join("guest");
        fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        if program::find(machine::PROGRAM).is_none() {
            install_package("qemu-system-x86", &suite.logs)?;
        }
        let (kernels, missing) = kernels::obtain(&place, &suite.logs)?;
        let tests = build::tests(&suite.workspace, &place, &suite.logs)?;
        Ok(Self { place, kernels, missing, tests, accelerator: None, logs: suite.logs.clone() })
    }

    fn run(&mut self, kernel: &Kernel, wanted: &str) -> Result<Vec<(String, Finished)>, String> {
        let initramfs = self.place.join(format!("{}.cpio", kernel.version));
        image::build(&initramfs, kernel, &self.tests, wanted)?;
        let machine = Machine {
            kernel: &kernel.image,
            initramfs: &initramfs,
            report: self.logs.join(format!("guest-{}.log", kernel.version)),
            kernel_log: self.logs.join(format!("guest-{}-kernel.log", kernel.version)),
        };
        let (accelerator, took) = machine.run(self.accelerator)?;
        self.accelerator = Some(accelerator);
        let text = fs::read(&machine.report).map_err(|error| error.to_string())?;
        println!("guest {}: {accelerator:?}, {:.0} s in all", kernel.version, took.as_secs_f64());
        report::sections(&String::from_utf8_lossy(&text), took)
            .map_err(|why| format!("{why}; the kernel's log is {}", machine.kernel_log.display()))
    }
}

/// Longest time that all tests may take in an emulated machine beside other work.
const LONGEST: Duration = Duration::from_secs(3600);
