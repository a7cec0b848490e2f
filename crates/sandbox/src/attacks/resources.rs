//! Taking more than was given: each bomb ends where its limit is, and takes nothing along but its own environment.
//!
//! Processor time, daemons and what needs a platform are tested where those are: `tests/environment`, the worker, `tests`.
//! Invariant: a bomb stops by itself a little beyond the limit, so that it does no harm where the limit is missing.

use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::Errno;

use super::refusal::{Breach, Needed, Verdict, breach, name_of};
use super::stage::{Facts, Stage};
use super::{Attack, Group, Place, Twin, Twins, run};
use crate::error::AttackError;
use crate::syscalls;
use crate::weaken::Layer;

/// The fact that says how many, or how many MiB.
const MOST: &str = "most";
/// How much beyond a limit a bomb goes.
const BEYOND: u64 = 64;

const FORK: &str = "fork-bomb";
const THREAD: &str = "thread-bomb";
const MEMORY: &str = "memory-bomb";
const MEMORY_FILE: &str = "memory-file-bomb";
const KERNEL_MEMORY: &str = "kernel-memory-bomb";
const TMP: &str = "fill-tmp";
const INODES: &str = "fill-inodes";
const SHARED_MEMORY: &str = "fill-shared-memory";
const DESCRIPTORS: &str = "descriptor-bomb";

const PROCESSES: Attack = Attack {
    group: Group::Resources,
    protection: "process-limit",
    disturbs: true,
    twins: Twins {
        privileged: Twin::Without(&[Layer::ProcessLimit, Layer::Cgroup]),
        rootless: Twin::Without(&[Layer::ProcessLimit]),
    },
    ..Attack::SHARED
};
const MEMORIES: Attack = Attack {
    group: Group::Resources,
    protection: "memory-limit",
    disturbs: true,
    twins: Twins {
        privileged: Twin::Without(&[Layer::Cgroup]),
        rootless: Twin::None("it gets through wherever a plain user has no memory cgroup"),
    },
    ..Attack::SHARED
};
const FILES: Attack = Attack {
    group: Group::Resources,
    protection: "root",
    disturbs: true,
    twins: Twins::none(
        "the bound is given where the file system is made: there is no step that could be left out",
    ),
    ..Attack::SHARED
};

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: FORK,
        what: "fork without end",
        inside: fork_bomb,
        place: Place::Staged(|stage| bounded(stage, FORK, u64::from(stage.target.limits.pids) + BEYOND)),
        ..PROCESSES
    },
    Attack {
        name: THREAD,
        what: "start threads without end",
        inside: thread_bomb,
        place: Place::Staged(|stage| bounded(stage, THREAD, u64::from(stage.target.limits.pids) + BEYOND)),
        ..PROCESSES
    },
    Attack {
        name: MEMORY,
        what: "use memory without end",
        inside: memory_bomb,
        place: Place::Staged(|stage| killed(stage, MEMORY)),
        ..MEMORIES
    },
    Attack {
        name: MEMORY_FILE,
        what: "use memory without end that is no process's: a file without a name",
        inside: memory_file_bomb,
        place: Place::Staged(|stage| killed(stage, MEMORY_FILE)),
        ..MEMORIES
    },
    Attack {
        name: KERNEL_MEMORY,
        what: "use the kernel's memory without end: buffers of sockets",
        inside: kernel_memory_bomb,
        place: Place::Staged(|stage| killed(stage, KERNEL_MEMORY)),
        ..MEMORIES
    },
    Attack {
        name: TMP,
        what: "write to /tmp without end",
        inside: |facts| fill("/tmp/big", facts.number(MOST)),
        place: Place::Staged(|stage| bounded(stage, TMP, (stage.target.limits.tmp_bytes >> 20) + BEYOND)),
        ..FILES
    },
    Attack {
        name: INODES,
        what: "make files in /tmp without end",
        inside: fill_inodes,
        place: Place::Staged(|stage| bounded(stage, INODES, stage.target.limits.tmp_inodes + BEYOND)),
        ..FILES
    },
    Attack {
        name: SHARED_MEMORY,
        what: "write to /dev/shm without end",
        inside: |facts| fill("/dev/shm/big", facts.number(MOST)),
        // It has 64 MiB.
        place: Place::Staged(|stage| bounded(stage, SHARED_MEMORY, 64 + BEYOND)),
        ..FILES
    },
    Attack {
        name: DESCRIPTORS,
        group: Group::Resources,
        protection: "root",
        what: "open descriptors without end",
        disturbs: true,
        twins: Twins::none(
            "it is set with the limits of core files and locked memory, which no test leaves out",
        ),
        inside: descriptor_bomb,
        place: Place::Staged(|stage| {
            bounded(stage, DESCRIPTORS, u64::from(stage.target.limits.open_files) + BEYOND)
        }),
        ..Attack::SHARED
    },
    Attack {
        name: "lock-memory",
        group: Group::Resources,
        protection: "root",
        what: "lock more memory than 64 KiB, so that nothing can take it back",
        twins: Twins::none(
            "it is set with the limits of core files and descriptors, which no test leaves out",
        ),
        inside: lock_memory,
        ..Attack::SHARED
    },
];

/// A bomb that meets an error and lives on, in an environment of its own.
fn bounded(stage: &Stage<'_>, name: &str, most: u64) -> Result<Verdict, AttackError> {
    let ended = stage.run(name, &stage.facts().with(MOST, most))?;
    Ok(run::read(&ended.output, name))
}

/// A bomb that is killed with its environment, before it can say anything; a neighbour must live on.
fn killed(stage: &Stage<'_>, name: &str) -> Result<Verdict, AttackError> {
    let limits = &stage.target.limits;
    let most = ((limits.memory_bytes + limits.tmp_bytes) >> 20) + BEYOND;
    let sandbox = stage.start(name, &stage.facts().with(MOST, most))?;
    let ended = super::stage::finish(&sandbox);
    if !sandbox.oom_killed() {
        return Ok(breach(format!("it ended otherwise: {ended:?}")));
    }
    if !stage.neighbour_lives() {
        return Ok(breach("the neighbour died too"));
    }
    Ok(Ok("killed for want of memory, the neighbour lives".to_owned()))
}

fn fork_bomb(facts: &Facts) -> Verdict {
    for born in 0..facts.number(MOST) {
        match syscalls::fork() {
            Ok(Some(_)) => {}
            Ok(None) => loop {
                std::thread::sleep(Duration::from_secs(600));
            },
            Err(errno) => return limit("EAGAIN", errno, born),
        }
    }
    unbounded(facts)
}

fn thread_bomb(facts: &Facts) -> Verdict {
    for born in 0..facts.number(MOST) {
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        if let Err(error) = thread.spawn(|| std::thread::sleep(Duration::from_secs(600))) {
            return limit("EAGAIN", Errno::from_io_error(&error).unwrap_or(Errno::IO), born);
        }
    }
    unbounded(facts)
}

fn memory_bomb(facts: &Facts) -> Verdict {
    let held: Vec<Vec<u8>> = (0..facts.number(MOST)).map(|_| vec![1; 1 << 20]).collect();
    breach(format!("{} MiB", held.len()))
}

fn memory_file_bomb(facts: &Facts) -> Verdict {
    let file = rustix::fs::memfd_create("bomb", rustix::fs::MemfdFlags::CLOEXEC).needed("a memory file")?;
    write(File::from(file), facts.number(MOST))
}

/// As many pairs as there may be descriptors, and of each as much as it takes, again and again.
fn kernel_memory_bomb(facts: &Facts) -> Verdict {
    let bytes = vec![1; 64 << 10];
    let (mut pairs, mut held) = (Vec::new(), 0);
    while held >> 20 < facts.number(MOST) {
        let pair = UnixStream::pair();
        let (one, other) =
            pair.map_err(|_| Breach(format!("{} MiB, and no descriptor is left", held >> 20)))?;
        // Both ways: where a kernel's largest buffer is small, descriptors would run out before memory.
        for mut end in [&one, &other] {
            end.set_nonblocking(true).needed("a flag")?;
            rustix::net::sockopt::set_socket_send_buffer_size(end, 4 << 20).needed("a large buffer")?;
            while let Ok(count) = end.write(&bytes) {
                held += count as u64;
            }
        }
        pairs.push((one, other));
    }
    breach(format!("{} MiB", held >> 20))
}

fn fill(path: &str, mebibytes: u64) -> Verdict {
    write(File::create(path).needed("a file")?, mebibytes)
}

fn write(mut file: File, mebibytes: u64) -> Verdict {
    for written in 0..mebibytes {
        if let Err(error) = file.write_all(&vec![1; 1 << 20]) {
            return limit("ENOSPC", Errno::from_io_error(&error).unwrap_or(Errno::IO), written);
        }
    }
    breach(format!("{mebibytes} MiB were written"))
}

fn fill_inodes(facts: &Facts) -> Verdict {
    for made in 0..facts.number(MOST) {
        if let Err(error) = File::create(format!("/tmp/{made}")) {
            return limit("ENOSPC", Errno::from_io_error(&error).unwrap_or(Errno::IO), made);
        }
    }
    unbounded(facts)
}

fn descriptor_bomb(facts: &Facts) -> Verdict {
    let mut open = Vec::new();
    for opened in 0..facts.number(MOST) {
        match rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 0) {
            Ok(descriptor) => open.push(descriptor),
            Err(errno) => return limit("EMFILE", errno, opened),
        }
    }
    unbounded(facts)
}

fn lock_memory(_: &Facts) -> Verdict {
    let memory = vec![1u8; 1 << 20];
    // SAFETY: the memory is this vector's, for its whole length, and is only locked.
    match unsafe { libc::mlock(memory.as_ptr().cast(), memory.len()) } {
        0 => breach("1 MiB is locked"),
        _ => {
            let error = std::io::Error::last_os_error();
            limit("ENOMEM", Errno::from_io_error(&error).unwrap_or(Errno::IO), 0)
        }
    }
}

/// The limit was met: by this error, or it is not that limit.
fn limit(expected: &str, errno: Errno, after: u64) -> Verdict {
    let name = name_of(errno);
    if name == expected {
        Ok(format!("{name} after {after}"))
    } else {
        breach(format!("{name} after {after}"))
    }
}

fn unbounded(facts: &Facts) -> Verdict {
    breach(format!("{} and no end", facts.number(MOST)))
}
