//! Learning from what is shared: the kernel's figures, files that others use, the machine's name.
//!
//! sysinfo(2) and what the caches of the processor tell are not here: nothing in this sandbox stops them.
//! Invariant: an attack that waits for another environment knows that this one has done its part, or says so.

use std::fs::File;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FlockOperation, inotify};
use rustix::io::Errno;

use super::refusal::{Needed, Verdict, breach};
use super::stage::{Facts, Stage};
use super::{Attack, Group, Place, Twin, Twins, inside, run};
use crate::error::AttackError;
use crate::handle::wait_readable;
use crate::syscalls;
use crate::weaken::Layer;

const WATCH: &str = "watch-files-of-others";
const WATCH_DEVICES: &str = "watch-devices-of-others";
const LOCK: &str = "lock-files-of-others";
/// The fact that says which of several parts an environment plays.
const PART: &str = "part";
const READY: &str = "ready";
/// Longest wait for what another environment does first.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "figures-of-the-machine",
        group: Group::SideChannels,
        protection: "view",
        what: "tell from /proc that neighbours work",
        twins: Twins::without(&[Layer::ProcMasks]),
        inside: figures,
        ..Attack::SHARED
    },
    Attack {
        name: "size-of-the-machine",
        group: Group::SideChannels,
        protection: "view",
        what: "read the host's memory in /proc/meminfo instead of one's own",
        twins: Twins::without(&[Layer::ProcMasks]),
        inside: size,
        ..Attack::SHARED
    },
    Attack {
        name: "name-of-the-machine",
        group: Group::SideChannels,
        protection: "proc",
        what: "recognise the host by its boot_id or its machine-id",
        twins: Twins::without(&[Layer::ProcMasks]),
        inside: name,
        ..Attack::SHARED
    },
    Attack {
        name: "size-of-the-disk",
        group: Group::SideChannels,
        protection: "root",
        what: "tell from statvfs how large and how full the host's disk or the area of code is",
        twins: Twins::without(&[Layer::OwnInodes]),
        inside: disk,
        ..Attack::SHARED
    },
    Attack {
        name: WATCH,
        group: Group::SideChannels,
        protection: "root",
        what: "be told by inotify when another environment starts, by the files of runtime and code that it opens",
        twins: Twins::without(&[Layer::OwnInodes]),
        inside: watch_files,
        place: Place::Staged(watch_another),
        ..Attack::SHARED
    },
    Attack {
        name: WATCH_DEVICES,
        group: Group::SideChannels,
        protection: "inodes",
        what: "be told by inotify when another environment, or the host, opens /dev/null or /dev/urandom",
        twins: Twins {
            privileged: Twin::Without(&[Layer::OwnInodes]),
            rootless: Twin::None("it gets through: a plain user can't make devices, and binds the host's"),
        },
        inside: watch_devices,
        place: Place::Staged(watch_anothers_devices),
        ..Attack::SHARED
    },
    Attack {
        name: LOCK,
        group: Group::SideChannels,
        protection: "root",
        what: "hold up another environment, or signal to it, by locks on files of runtime and code",
        twins: Twins::without(&[Layer::OwnInodes]),
        inside: lock,
        place: Place::Staged(lock_one_after_the_other),
        ..Attack::SHARED
    },
];

/// Files whose figures would tell.
const FIGURES: [&str; 27] = [
    "stat",
    "loadavg",
    "uptime",
    "meminfo",
    "diskstats",
    "vmstat",
    "zoneinfo",
    "buddyinfo",
    "schedstat",
    "interrupts",
    "softirqs",
    "timer_list",
    "cgroups",
    "key-users",
    "pressure/cpu",
    "pressure/io",
    "pressure/memory",
    "locks",
    "crypto",
    "modules",
    "sys/fs/aio-nr",
    "sys/fs/inode-state",
    "sys/fs/quota/lookups",
    "sys/kernel/pty/nr",
    "sys/fs/file-nr",
    "sys/fs/inode-nr",
    "sys/fs/dentry-state",
];

fn figures(_: &Facts) -> Verdict {
    let read = || FIGURES.map(|name| std::fs::read_to_string(format!("/proc/{name}")).unwrap_or_default());
    let before = read();
    // The kernel itself moves some of them within a tick.
    std::thread::sleep(Duration::from_millis(300));
    let after = read();
    let moved = FIGURES.iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| before != after);
    let moved: Vec<&str> = moved.map(|(name, _)| *name).collect();
    if moved.is_empty() { Ok("they stand still".to_owned()) } else { breach(moved.join(", ")) }
}

/// sysinfo(2) gives the host's, to compare with.
fn size(_: &Facts) -> Verdict {
    let meminfo = std::fs::read_to_string("/proc/meminfo").needed("reading it")?;
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next());
    let total: u64 = total.unwrap_or_default().parse().needed("its first figure")?;
    let host = (rustix::system::sysinfo().totalram as u64) >> 10;
    if total.abs_diff(host) < host / 10 {
        return breach(format!("{total} kB, which is the host's"));
    }
    Ok(format!("{total} kB"))
}

fn name(_: &Facts) -> Verdict {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").needed("reading boot_id")?;
    if !id.starts_with("00000000-") {
        return breach(format!("boot_id {id}"));
    }
    match std::fs::read_to_string("/etc/machine-id") {
        Ok(id) if !id.trim().is_empty() => breach(format!("machine-id {id}")),
        _ => Ok("boot_id is the same everywhere, and there is no machine-id".to_owned()),
    }
}

/// More than the area of what is shown has, which is what should answer.
const MOST_BYTES: u64 = 256 << 20;

fn disk(_: &Facts) -> Verdict {
    for path in ["/", "/bin", "/var/task", "/etc/passwd"] {
        let answer = rustix::fs::statvfs(path).needed(path)?;
        let bytes = answer.f_blocks * answer.f_frsize;
        if bytes > MOST_BYTES {
            return breach(format!("{path}: {} MiB, {} blocks free", bytes >> 20, answer.f_bfree));
        }
    }
    Ok("an area of this purpose answers".to_owned())
}

/// Files that every environment has, or opens to start.
const FILES: [&str; 5] = ["/", "/etc/passwd", "/proc/meminfo", "/proc/cpuinfo", "/var/task"];
const DEVICES: [&str; 2] = ["/dev/null", "/dev/urandom"];

fn watch_another(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    watch_while_another_starts(stage, WATCH)
}

fn watch_anothers_devices(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    watch_while_another_starts(stage, WATCH_DEVICES)
}

fn watch_while_another_starts(stage: &Stage<'_>, name: &str) -> Result<Verdict, AttackError> {
    let watcher = stage.start(name, &stage.facts().with(PART, "watch"))?;
    // Its first line; its second is the verdict.
    wait_readable(&watcher.output, PATIENCE);
    stage.run(name, &stage.facts().with(PART, "open"))?;
    // What it is told it has been told by now.
    watcher.terminate();
    Ok(run::read(&super::stage::finish(&watcher).output, name))
}

fn watch_files(facts: &Facts) -> Verdict {
    let program = std::env::current_exe().needed("one's own path")?;
    let program = program.to_string_lossy();
    let files: Vec<&str> = FILES.into_iter().chain([program.as_ref()]).collect();
    if facts.get(PART) == "watch" { watch(&files) } else { open(&files) }
}

fn watch_devices(facts: &Facts) -> Verdict {
    if facts.get(PART) == "watch" { watch(&DEVICES) } else { open(&DEVICES) }
}

fn open(files: &[&str]) -> Verdict {
    for path in files {
        let mut byte = [0];
        // A directory is opened only.
        let _ = rustix::io::read(File::open(path).needed(path)?, &mut byte);
    }
    Ok("opened".to_owned())
}

fn watch(files: &[&str]) -> Verdict {
    let watcher = inotify::init(inotify::CreateFlags::CLOEXEC).needed("inotify")?;
    for path in files {
        let events = inotify::WatchFlags::OPEN | inotify::WatchFlags::ACCESS;
        inotify::add_watch(&watcher, *path, events).needed(path)?;
    }
    syscalls::block_only(&[libc::SIGTERM]).needed("waiting for a signal")?;
    inside::say(READY);
    syscalls::wait_for_signal(&[libc::SIGTERM]).needed("its end")?;
    let mut fds = [PollFd::new(&watcher, PollFlags::IN)];
    match rustix::event::poll(&mut fds, Some(&Timespec::default())) {
        Ok(0) => Ok("nothing was seen of another's start".to_owned()),
        Ok(_) => breach("it was told"),
        Err(errno) => Err(errno).needed("poll"),
    }
}

fn lock_one_after_the_other(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let holder = stage.start(LOCK, &stage.facts().with(PART, "hold"))?;
    wait_readable(&holder.output, PATIENCE);
    let ended = stage.run(LOCK, &stage.facts().with(PART, "try"))?;
    Ok(run::read(&ended.output, LOCK))
}

fn lock(facts: &Facts) -> Verdict {
    let program = std::env::current_exe().needed("one's own path")?;
    let program = program.to_string_lossy();
    let mut held = Vec::new();
    for path in FILES.into_iter().chain([program.as_ref()]) {
        let file = File::open(path).needed(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => held.push(file),
            Err(Errno::WOULDBLOCK) => return breach(format!("{path} is held by another environment")),
            Err(errno) => return Err(errno).needed(path),
        }
    }
    if facts.get(PART) == "hold" {
        inside::say(READY);
        std::thread::sleep(PATIENCE * 3);
    }
    Ok(format!("{} files could be locked that another has locked", held.len()))
}
