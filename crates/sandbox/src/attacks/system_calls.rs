//! Calls that open the kernel's wider surface, and that the filter refuses without a look at the rest of their arguments.
//!
//! Invariant: what is refused here is refused by the filter, with EPERM or by the process's end, before the kernel looks at a
//! capability. Without the filter the kernel answers otherwise, which is how the twin shows.

use super::call::{Call, all_fatal, all_refused, calls};
use super::refusal::{Needed, Verdict, breach};
use super::{Attack, Group, Place, Twins};
use crate::weaken::Layer;

/// PR_SET_SPECULATION_CTRL, which the libc crate has for some architectures only.
const SPECULATION: libc::c_int = 53;

const REFUSED: Attack = Attack {
    group: Group::SystemCalls,
    protection: "seccomp",
    twins: Twins::without(&[Layer::Seccomp]),
    ..Attack::SHARED
};

pub(super) static ATTACKS: &[Attack] = &[
    Attack {
        name: "trace-processes",
        what: "trace itself, its child, its parent or pid 1, to read and steer them",
        inside: |_| trace(),
        ..REFUSED
    },
    Attack {
        name: "memory-of-processes",
        what: "read, write or compare another process's memory, or take a descriptor out of it",
        inside: |_| all_refused(MEMORY),
        ..REFUSED
    },
    Attack {
        name: "mount-calls",
        what: "mount, unmount, move and change mounts, by the old calls and the new ones, or change the root",
        inside: |_| all_fatal(calls! { SYS_pivot_root(); }).and_then(|_| all_refused(MOUNTS)),
        ..REFUSED
    },
    Attack {
        name: "kernel-keys",
        what: "read and add keys in the kernel's key rings",
        inside: |_| all_refused(calls! { SYS_keyctl(0, -3, 0, 0, 0); SYS_add_key(); SYS_request_key(); }),
        ..REFUSED
    },
    Attack {
        name: "kernel-programs",
        what: "load programs into the kernel, or count its events",
        inside: |_| all_refused(calls! { SYS_bpf(0, 0, 0); SYS_perf_event_open(0, 0, -1, -1, 0); }),
        ..REFUSED
    },
    Attack {
        name: "page-fault-handling",
        what: "stop the kernel in the middle of a copy by handling its page faults",
        inside: |_| all_refused(calls! { SYS_userfaultfd(1); }),
        ..REFUSED
    },
    Attack {
        name: "io-uring",
        what: "make calls by io_uring, where no filter sees them",
        inside: |_| {
            all_refused(calls! {
                SYS_io_uring_setup(1, 0);
                SYS_io_uring_enter(-1, 0, 0, 0, 0);
                SYS_io_uring_register(-1, 0, 0, 0);
            })
        },
        ..REFUSED
    },
    Attack {
        name: "file-handles",
        what: "open files by their handles, past every directory (how a container of 2014 was left), or watch whole mounts",
        inside: |_| {
            all_fatal(calls! { SYS_open_by_handle_at(-1, 0, 0); })?;
            all_refused(calls! {
                SYS_name_to_handle_at(-1, 0, 0, 0, 0);
                SYS_fanotify_init(0, 0);
            })
        },
        ..REFUSED
    },
    Attack {
        name: "kernel-modules",
        what: "load a module or another kernel",
        inside: |_| all_fatal(MODULES),
        ..REFUSED
    },
    Attack {
        name: "steer-the-machine",
        what: "reboot, swap, set quotas, account, read the kernel's log, name the machine, flush every disk",
        inside: |_| all_fatal(WHOLE_MACHINE).and_then(|_| all_refused(MACHINE)),
        ..REFUSED
    },
    Attack {
        name: "set-clocks",
        what: "set or adjust a clock",
        inside: |_| {
            all_refused(calls! {
                SYS_settimeofday();
                SYS_clock_settime();
                SYS_adjtimex();
                SYS_clock_adjtime();
            })
        },
        ..REFUSED
    },
    Attack {
        name: "ports-and-segments",
        what: "reach the processor's ports and change its segments",
        inside: |_| all_fatal(PORTS).and_then(|_| all_refused(SEGMENTS)),
        ..REFUSED
    },
    Attack {
        name: "rare-calls",
        what: "call what hardly a program uses and exploits do: vmsplice, remap_file_pages, lookup_dcookie, nfsservctl",
        inside: |_| {
            all_fatal(calls! { SYS_lookup_dcookie(); SYS_nfsservctl(); }).and_then(|_| all_refused(RARE))
        },
        ..REFUSED
    },
    Attack {
        name: "personality",
        what: "switch address randomisation off, or make readable memory executable",
        inside: |_| all_refused(calls! { SYS_personality(0x0004_0000); SYS_personality(0x0040_0000); }),
        ..REFUSED
    },
    Attack {
        name: "change-own-map",
        what: "change by prctl what the kernel knows of the process's memory, its securebits or its speculation",
        inside: |_| {
            all_refused(calls! {
                SYS_prctl(libc::PR_SET_MM, 1, 0, 0, 0);
                SYS_prctl(libc::PR_SET_SECUREBITS, 0, 0, 0, 0);
                SYS_prctl(SPECULATION, 0, 0, 0, 0);
                SYS_prctl(libc::PR_SET_PTRACER, 1, 0, 0, 0);
            })
        },
        ..REFUSED
    },
    Attack {
        name: "own-filter",
        what: "put a filter with a listener or a Landlock domain of its own on its children",
        inside: |_| {
            all_refused(calls! {
                SYS_seccomp(1, 8, 0);
                SYS_prctl(libc::PR_SET_SECCOMP, 99, 0, 0, 0);
                SYS_landlock_create_ruleset(0, 0, 1);
                SYS_landlock_restrict_self(-1, 0);
            })
        },
        ..REFUSED
    },
    Attack {
        name: "terminal-input",
        what: "type into a terminal (TIOCSTI), steer a console (TIOCLINUX) or change a line discipline (TIOCSETD)",
        inside: |_| terminal(),
        ..REFUSED
    },
    Attack {
        name: "leases-of-files",
        what: "make everybody else's open of a shared file wait, by a lease or a delegation",
        inside: |_| {
            all_refused(calls! { SYS_fcntl(0, libc::F_SETLEASE, libc::F_RDLCK); SYS_fcntl(0, 1040, 0); })
        },
        ..REFUSED
    },
    Attack {
        name: "huge-pages",
        what: "take huge pages of the host's reserve, which no limit of memory counts",
        inside: |_| all_refused(HUGE),
        ..REFUSED
    },
    Attack {
        name: "system-v-and-queues",
        what: "make System V shared memory, semaphores, queues, or a POSIX queue",
        inside: |_| {
            all_refused(calls! {
                SYS_shmget(0, 4096, 0o1600);
                SYS_msgget(0, 0o1600);
                SYS_semget(0, 1, 0o1600);
                SYS_mq_open(0, 0, 0, 0);
            })
        },
        ..REFUSED
    },
    Attack {
        name: "calls-of-threads",
        what: "make a refused call from a thread, in case that the filter is the first thread's alone",
        inside: |_| threads(),
        ..REFUSED
    },
    Attack {
        name: "x32-calls",
        what: "call by the numbers of x32, which a filter of x86_64's numbers does not know",
        place: Place::Killed(libc::SIGSYS),
        inside: |_| foreign::x32(),
        ..REFUSED
    },
    Attack {
        name: "i386-calls",
        what: "call by the 32-bit table, in which a number means something else",
        place: Place::Killed(libc::SIGSYS),
        inside: |_| foreign::i386(foreign::GETPID, 0),
        ..REFUSED
    },
    Attack {
        name: "i386-sockets",
        what: "make a socket by the 32-bit table's socketcall, whose arguments no filter can see",
        place: Place::Killed(libc::SIGSYS),
        inside: |_| foreign::i386(foreign::SOCKETCALL, 1),
        ..REFUSED
    },
];

const MEMORY: &[Call] = calls! {
    SYS_process_vm_readv(1, 0, 0, 0, 0);
    SYS_process_vm_writev(1, 0, 0, 0, 0);
    SYS_kcmp(1, 1, 0, 0, 0);
    SYS_pidfd_getfd(-1, 0, 0);
    SYS_process_madvise(-1, 0, 0, 0, 0);
    SYS_migrate_pages(1, 0, 0, 0);
    SYS_move_pages(1, 0, 0, 0, 0);
};

const MOUNTS: &[Call] = calls! {
    SYS_mount();
    SYS_umount2(0, libc::MNT_DETACH);
    SYS_chroot();
    SYS_open_tree(-1, 0, 1);
    SYS_move_mount(-1, 0, -1, 0, 0);
    SYS_fsopen();
    SYS_fsconfig(-1, 0, 0, 0, 0);
    SYS_fsmount(-1, 0, 0);
    SYS_fspick(-1, 0, 0);
    SYS_mount_setattr(-1, 0, 0, 0, 0);
};

const MODULES: &[Call] = calls! {
    SYS_init_module();
    SYS_finit_module(-1, 0, 0);
    SYS_delete_module();
    SYS_kexec_load();
};

const WHOLE_MACHINE: &[Call] = calls! {
    SYS_reboot();
    SYS_swapon();
    SYS_swapoff();
    SYS_acct();
};

const MACHINE: &[Call] = calls! {
    SYS_quotactl();
    SYS_syslog();
    SYS_sethostname();
    SYS_setdomainname();
    SYS_sync();
    SYS_vhangup();
};

#[cfg(target_arch = "x86_64")]
const PORTS: &[Call] = calls! {
    SYS_iopl(3);
    SYS_ioperm(0, 1, 1);
    SYS_kexec_file_load(-1, -1, 0, 0, 0);
};
#[cfg(target_arch = "x86_64")]
const SEGMENTS: &[Call] = calls! { SYS_modify_ldt(); };
/// This architecture has none of these.
#[cfg(not(target_arch = "x86_64"))]
const PORTS: &[Call] = &[];
#[cfg(not(target_arch = "x86_64"))]
const SEGMENTS: &[Call] = &[];

const RARE: &[Call] = calls! {
    SYS_vmsplice(-1, 0, 0, 0);
    SYS_remap_file_pages();
};

const HUGE: &[Call] = calls! {
    SYS_mmap(0, 4096, libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB, -1);
    SYS_memfd_create(0, libc::MFD_HUGETLB);
};

fn trace() -> Verdict {
    all_refused(calls! {
        SYS_ptrace(libc::PTRACE_TRACEME);
        SYS_ptrace(libc::PTRACE_ATTACH, 1);
        SYS_ptrace(libc::PTRACE_SEIZE, 1);
    })?;
    let child = crate::syscalls::fork().needed("a child")?.map(|child| child.as_raw_nonzero().get());
    let Some(child) = child else {
        std::thread::sleep(std::time::Duration::from_secs(1));
        crate::syscalls::exit_now(0)
    };
    let parent = rustix::process::getppid().map_or(1, |parent| parent.as_raw_nonzero().get());
    let attach = |pid: i32| Call {
        name: "SYS_ptrace",
        number: libc::SYS_ptrace,
        arguments: super::call::pad(&[libc::c_long::from(libc::PTRACE_ATTACH), libc::c_long::from(pid)]),
    };
    all_refused(&[attach(child), attach(parent)])
}

/// There is no terminal to begin with: none is named, and none is this process's.
fn terminal() -> Verdict {
    // The same numbers on both architectures.
    all_refused(calls! { SYS_ioctl(0, 0x5412, 0); SYS_ioctl(0, 0x541C, 0); SYS_ioctl(0, 0x5423, 0); })?;
    for name in ["/dev/tty", "/dev/console", "/dev/ptmx", "/dev/pts/0"] {
        if std::fs::exists(name).unwrap_or(true) {
            return breach(format!("{name} is there"));
        }
    }
    let stat = std::fs::read_to_string("/proc/self/stat").needed("reading /proc/self/stat")?;
    let terminal = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(4));
    match terminal {
        Some("0") => Ok("EPERM, and no terminal at all".to_owned()),
        other => breach(format!("its terminal is {other:?}")),
    }
}

/// Threads of before and of after a first refusal, and what the kernel says of them.
fn threads() -> Verdict {
    let (tell, wait) = std::sync::mpsc::channel::<()>();
    let refused = || all_refused(calls! { SYS_keyctl(0, -3, 0, 0, 0); SYS_bpf(0, 0, 0); });
    let before = std::thread::Builder::new().spawn(move || {
        // Ends when the other end is dropped.
        let _ = wait.recv();
        refused()
    });
    let before = before.needed("a thread")?;
    refused()?;
    let after = std::thread::Builder::new().spawn(refused).needed("a thread")?;
    let filters = filters_of_threads();
    drop(tell);
    for thread in [before, after] {
        thread.join().unwrap_or_else(|_| breach("the thread ended by itself"))?;
    }
    let filters = filters?;
    if filters.iter().all(|mode| mode == "2") { refused() } else { breach(format!("modes {filters:?}")) }
}

/// The field Seccomp of each thread: 2 is a filter.
fn filters_of_threads() -> Result<Vec<String>, super::refusal::Breach> {
    let threads = std::fs::read_dir("/proc/self/task").needed("listing threads")?;
    // A thread that has just ended has no status any more.
    let statuses =
        threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok());
    let modes = statuses.filter_map(|status| {
        status.lines().find_map(|line| line.strip_prefix("Seccomp:")).map(|mode| mode.trim().to_owned())
    });
    Ok(modes.collect())
}

/// The second and third table of calls that x86_64 has.
#[cfg(target_arch = "x86_64")]
mod foreign {
    use crate::attacks::refusal::{Verdict, breach};

    pub(super) const GETPID: i64 = 20;
    pub(super) const SOCKETCALL: i64 = 102;

    pub(super) fn x32() -> Verdict {
        // SAFETY: getpid takes no argument, by whatever number it goes.
        let answer = unsafe { libc::syscall(0x4000_0000 + libc::SYS_getpid) };
        breach(format!("answered {answer}"))
    }

    pub(super) fn i386(number: i64, first: u64) -> Verdict {
        let answer: i64;
        // SAFETY: int 0x80 with the number of getpid takes nothing; with that of socketcall it is given no arguments to read
        // (their address is null). rbx, which LLVM keeps, is exchanged for the time of the call, and the registers that the
        // kernel's old entry may clear are declared.
        unsafe {
            std::arch::asm!("xchg rbx, {first}", "int 0x80", "xchg rbx, {first}", first = inout(reg) first => _,
                inlateout("rax") number => answer, in("rcx") 0, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                options(nostack));
        }
        breach(format!("answered {answer}"))
    }
}

/// Other architectures have a single table.
#[cfg(not(target_arch = "x86_64"))]
mod foreign {
    use crate::attacks::refusal::Verdict;

    pub(super) const GETPID: i64 = 0;
    pub(super) const SOCKETCALL: i64 = 0;

    pub(super) fn x32() -> Verdict {
        Ok("this architecture has a single table of calls".to_owned())
    }

    pub(super) fn i386(_number: i64, _first: u64) -> Verdict {
        x32()
    }
}
