//! What the kernel shows of the host and of others, and lets one steer: /proc, /sys, /dev.
//!
//! Invariant: nothing is written to an entry that steers the host, even where a weakened sandbox would let it: that it opens
//! for writing is the breach.

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use rustix::io::Errno;

use super::refusal::{Needed, Verdict, breach, name_of, names_of, refused};
use super::stage::Facts;
use super::{Attack, Group, Twin, Twins};
use crate::weaken::Layer;

const MASKED: Attack = Attack {
    group: Group::Proc,
    protection: "proc",
    twins: Twins::without(&[Layer::ProcMasks]),
    ..Attack::SHARED
};

/// The files belong to the host's root.
const OF_ROOT: Twin = Twin::None("the file belongs to the host's root, who is nobody in a user namespace");

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "kernel-in-proc",
        what: "read the kernel's memory, addresses, log, timers and scheduler, or crash it by /proc/sysrq-trigger",
        inside: |_| {
            sysrq()?;
            empty(
                &["kcore", "kallsyms", "kmsg", "timer_list", "sched_debug", "latency_stats"],
                &["acpi", "scsi"],
            )
        },
        ..MASKED
    },
    Attack {
        name: "host-in-proc",
        what: "read how the host was started, when its devices interrupt it, and the key rings of others",
        inside: |_| empty(&["cmdline", "interrupts", "softirqs", "keys", "key-users"], &[]),
        ..MASKED
    },
    Attack {
        name: "kernel-settings",
        what: "set the host's core handler, module loader, binary formats or limits of namespaces",
        twins: Twins {
            privileged: Twin::Without(&[Layer::ProcMasks, Layer::Landlock, Layer::Identity]),
            rootless: OF_ROOT,
        },
        inside: |_| settings(),
        ..MASKED
    },
    Attack {
        name: "own-proc-files",
        what: "rename itself or change what the kernel kills first, by its own files in /proc",
        twins: Twins::without(&[Layer::ProcMasks, Layer::Landlock]),
        inside: |_| own_files(),
        ..MASKED
    },
    Attack {
        name: "uncover-proc",
        what: "unmount what covers entries of /proc",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Seccomp, Layer::Capabilities, Layer::Landlock]),
            rootless: Twin::None("the kernel locks mounts that a user namespace was handed"),
        },
        inside: |_| uncover(),
        ..MASKED
    },
    Attack {
        name: "processes-of-others",
        what: "see processes of the host or of a neighbour, and pid 1 that is not its own",
        protection: "namespaces",
        twins: Twins {
            privileged: Twin::Without(&[Layer::PidNamespace]),
            rootless: Twin::None("a /proc for the host's processes can't be mounted in a user namespace"),
        },
        inside: processes,
        ..MASKED
    },
    Attack {
        name: "init-in-proc",
        what: "read the memory, variables, descriptors and program of pid 1, which has the same uid",
        protection: "capabilities",
        twins: Twins::without(&[Layer::Dumpable]),
        inside: |_| init(),
        ..MASKED
    },
    Attack {
        name: "paths-in-mountinfo",
        what: "learn from its mounts where the host keeps things, or find one that is writable",
        protection: "root",
        twins: Twins::without(&[Layer::ReadOnlyRoot]),
        inside: |_| mountinfo(),
        ..MASKED
    },
    Attack {
        name: "paths-of-cgroups",
        what: "learn from its cgroups what the host calls it",
        protection: "namespaces",
        twins: Twins {
            privileged: Twin::Without(&[Layer::CgroupNamespace]),
            rootless: Twin::None(
                "without cgroups of its own an environment may be in the root group, whose path is the same",
            ),
        },
        inside: |_| cgroups(),
        ..MASKED
    },
    Attack {
        name: "sys-and-cgroup-files",
        what: "find /sys, a cgroup file system or a release_agent (CVE-2022-0492)",
        protection: "root",
        twins: Twins::none(
            "neither is mounted by any step that could be left out, and mounting one is an attack of its own",
        ),
        inside: |_| sys(),
        ..MASKED
    },
    Attack {
        name: "devices-of-the-host",
        what: "open disks, memory, consoles, tunnels, virtual machines: anything but the five harmless devices",
        protection: "root",
        twins: Twins::without(&[Layer::Devices]),
        inside: |_| devices(),
        ..MASKED
    },
    Attack {
        name: "make-devices",
        what: "make a device file for a disk or for memory where it may write",
        protection: "capabilities",
        twins: Twins {
            privileged: Twin::Without(&[Layer::Capabilities]),
            rootless: Twin::None("the kernel lets nobody make devices in a user namespace"),
        },
        inside: |_| make_devices(),
        ..MASKED
    },
];

/// Masked files read as nothing, directories list nothing; what the kernel was built without is not there.
fn empty(files: &[&str], directories: &[&str]) -> Verdict {
    for name in files {
        match File::open(format!("/proc/{name}")).and_then(|file| first_byte(&file)) {
            Ok(0) => {}
            Ok(_) => return breach(format!("/proc/{name} says something")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return breach(format!("/proc/{name}: {error}")),
        }
    }
    for name in directories {
        let entries = fs::read_dir(format!("/proc/{name}")).map_or(0, Iterator::count);
        if entries > 0 {
            return breach(format!("/proc/{name} has {entries} entries"));
        }
    }
    Ok("empty".to_owned())
}

/// A byte is enough to know, and kcore is large.
fn first_byte(mut file: &File) -> std::io::Result<usize> {
    std::io::Read::read(&mut file, &mut [0])
}

/// The mask is the null device: it may be opened, and nothing happens.
fn sysrq() -> Verdict {
    match fs::metadata("/proc/sysrq-trigger") {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok("absent".to_owned()),
        Ok(found) if found.file_type().is_char_device() && found.rdev() == libc::makedev(1, 3) => {
            Ok("the null device lies on it".to_owned())
        }
        _ => breach("/proc/sysrq-trigger is the kernel's"),
    }
}

fn settings() -> Verdict {
    let entries = [
        "kernel/core_pattern",
        "kernel/modprobe",
        "kernel/hotplug",
        "fs/binfmt_misc/register",
        "user/max_user_namespaces",
        "vm/overcommit_memory",
        "kernel/hostname",
    ];
    let mut errors = Vec::new();
    for entry in entries {
        let open = File::options().write(true).open(format!("/proc/sys/{entry}"));
        errors.push(refused(entry, open, &[Errno::ROFS, Errno::ACCESS, Errno::NOENT])?);
    }
    Ok(names_of(&errors))
}

fn own_files() -> Verdict {
    let mut errors = Vec::new();
    for (entry, text) in [("comm", "renamed"), ("oom_score_adj", "500"), ("timerslack_ns", "1")] {
        let write = fs::write(format!("/proc/self/{entry}"), text);
        errors.push(refused(entry, write, &[Errno::ROFS, Errno::ACCESS])?);
    }
    Ok(names_of(&errors))
}

fn uncover() -> Verdict {
    for cover in [c"/proc/kallsyms", c"/proc/cmdline", c"/proc/interrupts"] {
        // SAFETY: the path is a C string, and no memory of this process is changed.
        let result = unsafe { libc::umount2(cover.as_ptr(), libc::MNT_DETACH) };
        let result = if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
        refused("unmounting", result, &[Errno::PERM])?;
    }
    Ok(name_of(Errno::PERM))
}

fn processes(facts: &Facts) -> Verdict {
    let parent = rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
    let own = [1, parent, std::process::id().cast_signed()];
    let entries = fs::read_dir("/proc").needed("listing /proc")?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    // Attacks before this one may have left processes that have not been reaped yet.
    let limit = std::process::id().cast_signed();
    let strangers: Vec<i32> = pids.filter(|pid| !own.contains(pid) && *pid > limit).collect();
    let first = fs::read_to_string("/proc/1/comm").needed("the name of pid 1")?;
    if !strangers.is_empty() || first.trim() != "lambent-init" {
        return breach(format!("pid 1 is {}; others are {strangers:?}", first.trim()));
    }
    for who in ["neighbour-pid", "host-pid"] {
        if facts.number(who) > limit.unsigned_abs().into()
            && fs::exists(format!("/proc/{}", facts.get(who))).unwrap_or(true)
        {
            return breach(format!("{who} is there"));
        }
    }
    Ok("only its own".to_owned())
}

fn init() -> Verdict {
    let mut errors = Vec::new();
    let expected = [Errno::ACCESS, Errno::PERM];
    for name in ["environ", "mem", "maps", "auxv", "stack", "syscall"] {
        let read = File::open(format!("/proc/1/{name}")).and_then(|file| first_byte(&file));
        errors.push(refused(name, read, &expected)?);
    }
    errors.push(refused("fd", fs::read_dir("/proc/1/fd"), &expected)?);
    for name in ["exe", "root", "cwd"] {
        errors.push(refused(name, fs::read_link(format!("/proc/1/{name}")), &expected)?);
    }
    Ok(names_of(&errors))
}

fn mountinfo() -> Verdict {
    let text = fs::read_to_string("/proc/self/mountinfo").needed("its mounts")?;
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, _, _, source, point, options, ..] = fields[..] else {
            return breach(format!("malformed: {line}"));
        };
        let is_known = ["/", "/null", "/zero", "/full", "/random", "/urandom"].contains(&source)
            || source.starts_with("/trees/")
            || source.starts_with("/passwd/")
            || source.starts_with("/proc/");
        if !is_known {
            return breach(format!("a path of the host: {source}"));
        }
        let may_write = ["/tmp", "/dev/shm"].contains(&point);
        if options.starts_with("rw") != may_write || !options.contains("nosuid") {
            return breach(format!("{point} is {options}"));
        }
    }
    Ok(format!("{} mounts, none with a path of the host", text.lines().count()))
}

fn cgroups() -> Verdict {
    let text = fs::read_to_string("/proc/self/cgroup").needed("its cgroups")?;
    match text.lines().find(|line| !line.ends_with(":/")) {
        Some(line) => breach(line.to_owned()),
        None => Ok("every path is /".to_owned()),
    }
}

fn sys() -> Verdict {
    if fs::read_dir("/sys").is_ok_and(|entries| entries.count() > 0) {
        return breach("/sys has entries");
    }
    let mounts = fs::read_to_string("/proc/self/mounts").needed("its mounts")?;
    let kinds = ["cgroup", "cgroup2", "sysfs", "debugfs", "tracefs", "securityfs", "bpf"];
    let kind = |line: &str| line.split(' ').nth(2).map(str::to_owned);
    match mounts.lines().filter_map(kind).find(|kind| kinds.contains(&kind.as_str())) {
        Some(kind) => breach(format!("a file system {kind} is mounted")),
        None => Ok("neither is there".to_owned()),
    }
}

fn devices() -> Verdict {
    const EXPECTED: [&str; 10] =
        ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"];
    let entries = fs::read_dir("/dev").needed("listing /dev")?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let others: Vec<String> = names.filter(|name| !EXPECTED.contains(&name.as_str())).collect();
    if !others.is_empty() {
        return breach(format!("{} more, such as {}", others.len(), others[0]));
    }
    for name in ["mem", "port", "kmsg", "fuse", "kvm", "net/tun", "userfaultfd", "vda", "sda", "console"] {
        refused(name, File::open(format!("/dev/{name}")), &[Errno::NOENT])?;
    }
    Ok("five, and links".to_owned())
}

fn make_devices() -> Verdict {
    for (kind, device) in [(libc::S_IFCHR, libc::makedev(1, 1)), (libc::S_IFBLK, libc::makedev(254, 0))] {
        let path = c"/tmp/device";
        // SAFETY: the path is a C string.
        let result = unsafe { libc::mknod(path.as_ptr(), kind | 0o666, device) };
        let result = if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) };
        // A twin's is in nobody's way.
        let _ = fs::remove_file("/tmp/device");
        refused("mknod", result, &[Errno::PERM])?;
    }
    Ok(name_of(Errno::PERM))
}
