//! What an environment is shown of the machine: its own memory and processors instead of the host's, and nothing that moves.
//!
//! ```text
//! /memory/<MiB>/proc/meminfo                                    made when an environment of this size is first wanted
//! /processors/<n>/proc/{cpuinfo,stat,loadavg,uptime,boot_id}    the same
//! /processors/<n>/proc/none                                     nothing, for below directories that are hidden
//! /passwd/<uid>                                                 one line, made when the uid is first used
//! /empty                                                        nothing, for below code
//! ```
//! The first two lie over the runtime's root in each environment's overlay, under the place of its `/proc`, from where they are
//! bound over the kernel's files: so each environment has inodes of its own, and no lock or watch on one is seen by another.
//! The figures stand still, which is what keeps neighbours' work from showing in them.
//! Invariant: nothing here changes after it was made, and the area is bounded.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode as FileMode, OFlags};

use crate::environment::mounts::{Swap, Tmpfs, attach_on, clone_tree, open_beneath};
use crate::spec::Limits;
use crate::step::{At, Failed, Step};

mod texts;

/// Bytes and files of the area: a size takes a page and five entries, a uid a page and one. What does not fit is refused.
const BYTES: u64 = 256 << 20;
const INODES: u64 = 400_000;

/// The area, in a tmpfs of its own: what `statvfs` says of an environment's root is said of this.
pub(super) struct View {
    area: OwnedFd,
    made: BTreeSet<String>,
    machine: texts::Machine,
}

impl View {
    /// Makes the area at an existing directory of the spawner's.
    pub(super) fn mount(at: &OwnedFd, swap: Swap) -> Result<Self, Failed> {
        let area =
            Tmpfs { bytes: BYTES, inodes: INODES, mode: "0755", uid: 0, swap }.make(Step::ViewMount)?;
        attach_on(&area, at).at(Step::ViewMount)?;
        let mut view = Self { area, made: BTreeSet::new(), machine: texts::Machine::read() };
        for directory in ["empty", "passwd", "memory", "processors"] {
            view.directory(directory)?;
        }
        Ok(view)
    }

    /// An empty directory.
    pub(super) fn empty(&self) -> Result<OwnedFd, Failed> {
        open_beneath(&self.area, "empty").at(Step::ViewMake)
    }

    /// The layers that belong over a runtime's root, the uppermost first.
    pub(super) fn layers(&mut self, limits: &Limits) -> Result<[OwnedFd; 2], Failed> {
        let memory = format!("memory/{}", limits.memory_bytes >> 20);
        let processors = self.machine.visible(limits.cpu_millis);
        let machine = format!("processors/{processors}");
        if self.is_new(&memory) {
            let text = texts::meminfo(limits.memory_bytes);
            self.fill(&memory, &[("meminfo", text)])?;
        }
        if self.is_new(&machine) {
            let texts = self.machine.texts(processors);
            self.fill(&machine, &texts)?;
            self.directory(&format!("{machine}/proc/none"))?;
        }
        let open = |name: &str| open_beneath(&self.area, name).at(Step::ViewMake);
        let layers = [open(&memory)?, open(&machine)?];
        self.made.extend([memory, machine]);
        Ok(layers)
    }

    /// A read-only detached mount of the passwd file in which the uid has a line.
    pub(super) fn passwd(&mut self, uid: u32) -> Result<OwnedFd, Failed> {
        let name = format!("passwd/{uid}");
        if self.is_new(&name) {
            self.file(&name, &format!("sbx_user:x:{uid}:{uid}::/tmp:/bin/sh\n"))?;
            self.made.insert(name.clone());
        }
        let found = open_beneath(&self.area, &name).at(Step::ClonePasswd)?;
        let mount = clone_tree(&found).at(Step::ClonePasswd)?;
        super::staging::protect(&mount).at(Step::ClonePasswd)?;
        Ok(mount)
    }

    /// What could not be made to its end is made again.
    fn is_new(&self, name: &str) -> bool {
        !self.made.contains(name)
    }

    fn fill(&mut self, layer: &str, files: &[(&str, String)]) -> Result<(), Failed> {
        self.directory(layer)?;
        self.directory(&format!("{layer}/proc"))?;
        files.iter().try_for_each(|(name, text)| self.file(&format!("{layer}/proc/{name}"), text))
    }

    fn directory(&mut self, name: &str) -> Result<(), Failed> {
        match rustix::fs::mkdirat(&self.area, name, FileMode::from_raw_mode(0o755)) {
            Err(rustix::io::Errno::EXIST) => Ok(()),
            result => result.at(Step::ViewMake),
        }
    }

    fn file(&self, name: &str, text: &str) -> Result<(), Failed> {
        let flags = OFlags::CREATE | OFlags::TRUNC | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.area, name, flags, FileMode::from_raw_mode(0o644));
        File::from(file.at(Step::ViewMake)?).write_all(text.as_bytes()).at(Step::ViewMake)
    }
}
