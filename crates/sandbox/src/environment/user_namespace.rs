//! Rootless: the environment's own user namespace, in which a single uid exists.
//!
//! Invariant: no uid 0 exists inside, and the namespaces that could be made inside are limited to none (by [`forbid_more`],
//! and by seccomp).

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;

use crate::step::{At, Failed, Step};

/// Maps `uid` inside to the spawner's uid 0, which is the plain user on the host.
pub(super) fn map(uid: u32) -> Result<(), Failed> {
    write_once(Path::new("/proc/self/setgroups"), "deny").at(Step::WriteIdMap)?;
    write_once(Path::new("/proc/self/uid_map"), &format!("{uid} 0 1")).at(Step::WriteIdMap)?;
    write_once(Path::new("/proc/self/gid_map"), &format!("{uid} 0 1")).at(Step::WriteIdMap)
}

/// Sets every limit of namespaces in this user namespace to 0; those that exist stay.
pub(super) fn forbid_more(proc: &OwnedFd) -> Result<(), Failed> {
    for kind in ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"] {
        let name = format!("sys/user/max_{kind}_namespaces");
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC;
        match rustix::fs::openat(proc, &name, flags, rustix::fs::Mode::empty()) {
            // A kernel that lacks the kind of namespace lacks the file.
            Err(rustix::io::Errno::NOENT) => {}
            file => {
                File::from(file.at(Step::NoMoreNamespaces)?).write_all(b"0").at(Step::NoMoreNamespaces)?;
            }
        }
    }
    Ok(())
}

/// The kernel takes a map in one write only.
pub(crate) fn write_once(path: &Path, text: &str) -> std::io::Result<()> {
    File::options().write(true).open(path)?.write_all(text.as_bytes())
}
