//! System calls that an environment may not make.

use super::{errno_name, say};

/// Makes a call and says how it went.
fn attempt(name: &str, number: libc::c_long, arguments: [libc::c_long; 5]) {
    let [a, b, c, d, e] = arguments;
    // SAFETY: each call below either gets no pointer, or null, or is refused before it looks at one.
    let result = unsafe { libc::syscall(number, a, b, c, d, e) };
    let outcome = if result == -1 {
        errno_name(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    } else {
        "ok".to_owned()
    };
    println!("{name} {outcome}");
}

macro_rules! attempts {
    ($($name:ident($($argument:expr),*);)+) => {
        $({
            let mut arguments = [0 as libc::c_long; 5];
            let given: &[libc::c_long] = &[$($argument as libc::c_long),*];
            arguments[..given.len()].copy_from_slice(given);
            attempt(stringify!($name), libc::$name, arguments);
        })+
    };
}

/// Every one is refused with EPERM, and this process goes on.
pub(crate) fn all() {
    attempts! {
        SYS_ptrace(libc::PTRACE_TRACEME);
        SYS_ptrace(libc::PTRACE_ATTACH, 1);
        SYS_process_vm_readv(1, 0, 0, 0, 0);
        SYS_process_vm_writev(1, 0, 0, 0, 0);
        SYS_kcmp(1, 1, 0, 0, 0);
        SYS_pidfd_getfd(0, 0, 0);
        SYS_mount(0, 0, 0, 0, 0);
        SYS_umount2(0, libc::MNT_DETACH);
        SYS_pivot_root(0, 0);
        SYS_chroot(0);
        SYS_open_tree(-1, 0, 1);
        SYS_move_mount(-1, 0, -1, 0, 0);
        SYS_fsopen(0, 0);
        SYS_fsmount(-1, 0, 0);
        SYS_fspick(-1, 0, 0);
        SYS_mount_setattr(-1, 0, 0, 0, 0);
        SYS_setns(0, 0);
        SYS_keyctl(0, -3, 0, 0, 0);
        SYS_add_key(0, 0, 0, 0, 0);
        SYS_request_key(0, 0, 0, 0);
        SYS_bpf(0, 0, 0);
        SYS_userfaultfd(1);
        SYS_io_uring_setup(1, 0);
        SYS_io_uring_enter(-1, 0, 0, 0, 0);
        SYS_perf_event_open(0, 0, -1, -1, 0);
        SYS_fanotify_init(0, 0);
        SYS_open_by_handle_at(-1, 0, 0);
        SYS_name_to_handle_at(-1, 0, 0, 0, 0);
        SYS_kexec_load(0, 0, 0, 0);
        SYS_init_module(0, 0, 0);
        SYS_finit_module(-1, 0, 0);
        SYS_delete_module(0, 0);
        SYS_reboot(0, 0, 0, 0);
        SYS_swapon(0, 0);
        SYS_swapoff(0);
        SYS_quotactl(0, 0, 0, 0);
        SYS_acct(0);
        SYS_syslog(0, 0, 0);
        SYS_settimeofday(0, 0);
        SYS_clock_settime(0, 0);
        SYS_adjtimex(0);
        SYS_clock_adjtime(0, 0);
        SYS_vmsplice(-1, 0, 0, 0);
        SYS_personality(0x0004_0000);
        SYS_personality(0x0040_0000);
        SYS_prctl(libc::PR_SET_MM, 1, 0, 0, 0);
        SYS_prctl(libc::PR_SET_SECCOMP, 99, 0, 0, 0);
        SYS_seccomp(1, 8, 0);
        SYS_lookup_dcookie(0, 0, 0);
        SYS_nfsservctl(0, 0, 0);
        SYS_remap_file_pages(0, 0, 0, 0, 0);
        SYS_sethostname(0, 0);
        SYS_setdomainname(0, 0);
        SYS_setuid(0);
        SYS_setgid(0);
        SYS_setgroups(0, 0);
        SYS_capset(0, 0);
        SYS_ioctl(0, libc::TIOCSTI, 0);
        SYS_ioctl(0, libc::TIOCLINUX, 0);
        SYS_ioctl(0, libc::TIOCSETD, 0);
        SYS_landlock_create_ruleset(0, 0, 1);
        SYS_fcntl(0, libc::F_SETLEASE, libc::F_RDLCK);
        SYS_sendmsg(-1, 0, libc::MSG_OOB);
        SYS_mmap(0, 4096, libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB, -1);
        SYS_memfd_create(0, libc::MFD_HUGETLB);
        SYS_sendto(-1, 0, 0, libc::MSG_OOB, 0);
        SYS_setsockopt(-1, libc::IPPROTO_TCP, libc::TCP_ULP, 0, 0);
        SYS_sync();
        SYS_shmget(0, 4096, 0o1600);
        SYS_msgget(0, 0o1600);
        SYS_semget(0, 1, 0o1600);
    }
    #[cfg(target_arch = "x86_64")]
    attempts! {
        SYS_iopl(3);
        SYS_ioperm(0, 1, 1);
        SYS_modify_ldt(0, 0, 0);
        SYS_kexec_file_load(-1, -1, 0, 0, 0);
    }
    println!("survived ok");
}

/// New namespaces, one by one, by each of the three calls. With clone a child would be made, which ends at once.
pub(crate) fn namespaces() {
    let flags = [
        ("user", libc::CLONE_NEWUSER),
        ("mount", libc::CLONE_NEWNS),
        ("pid", libc::CLONE_NEWPID),
        ("network", libc::CLONE_NEWNET),
        ("ipc", libc::CLONE_NEWIPC),
        ("uts", libc::CLONE_NEWUTS),
        ("cgroup", libc::CLONE_NEWCGROUP),
        ("time", 0x80),
    ];
    for (name, flag) in flags {
        // The time namespace's flag is a part of the exit signal for clone.
        if flag != 0x80 {
            clone(name, flag);
        }
        attempt(&format!("unshare-{name}"), libc::SYS_unshare, [libc::c_long::from(flag), 0, 0, 0, 0]);
    }
    attempt("clone3", libc::SYS_clone3, [0, 0, 0, 0, 0]);
    println!("survived ok");
}

fn clone(name: &str, flag: i32) {
    // SAFETY: without a stack and CLONE_VM this is a fork; the child only exits, and this process has a single thread.
    let result =
        unsafe { libc::syscall(libc::SYS_clone, libc::c_long::from(flag | libc::SIGCHLD), 0, 0, 0, 0) };
    match result {
        // SAFETY: _exit ends the child without touching what it shares.
        0 => unsafe { libc::_exit(0) },
        -1 => println!(
            "clone-{name} {}",
            errno_name(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
        ),
        _ => println!("clone-{name} ok"),
    }
}

/// Calls by the numbers of another architecture: the kernel kills this process.
pub(crate) fn foreign(which: &str) {
    println!("trying ok");
    #[cfg(target_arch = "x86_64")]
    match which {
        "x32" => {
            // SAFETY: getpid takes no argument, by whatever number it goes.
            let pid = unsafe { libc::syscall(0x4000_0000 + libc::SYS_getpid) };
            println!("answered {pid}");
        }
        _ => {
            let answer: i64;
            // SAFETY: int 0x80 with number 20 is getpid of the 32-bit table; it touches no memory. The registers that the
            // kernel's old entry may clear are declared.
            unsafe {
                std::arch::asm!("int 0x80", inlateout("rax") 20i64 => answer, out("r8") _, out("r9") _, out("r10") _,
                    out("r11") _, options(nostack));
            }
            println!("answered {answer}");
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    println!("none {which}");
}

/// A device file of one's own, in the one place where files can be made.
pub(crate) fn make_device() {
    let path = c"/tmp/device";
    // SAFETY: the path is a valid C string.
    let result = unsafe { libc::mknod(path.as_ptr(), libc::S_IFCHR | 0o666, libc::makedev(1, 1)) };
    say("mknod", if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) });
}

/// Runs a copy of this program that belongs to root and has the set-user-id bit.
#[expect(clippy::disallowed_methods, reason = "the program under test starts a program")]
pub(crate) fn run_set_user_id() {
    let child = std::process::Command::new("/bin/set-user-id").args(["inside", "euid"]).status();
    println!("ran {}", child.is_ok_and(|status| status.success()));
}

/// What belongs to pid 1, and pid 1 itself.
pub(crate) fn init() {
    let read = |name: &str| std::fs::read(format!("/proc/1/{name}")).map(|_| ());
    for name in ["environ", "mem", "maps"] {
        say(name, read(name));
    }
    say("fd", std::fs::read_dir("/proc/1/fd").map(|_| ()));
    for name in ["exe", "root", "cwd"] {
        say(name, std::fs::read_link(format!("/proc/1/{name}")).map(|_| ()));
    }
    println!("own-program {}", std::fs::read_link("/proc/self/exe").expect("a link").display());
    for signal in [libc::SIGKILL, libc::SIGSTOP, libc::SIGINT, libc::SIGHUP, libc::SIGSEGV] {
        // SAFETY: kill touches no memory.
        unsafe { libc::kill(1, signal) };
    }
    std::thread::sleep(std::time::Duration::from_millis(50));
    println!("survived ok");
}

pub(crate) fn change_limits() {
    let set = |resource, value| {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: `limit` is a valid rlimit.
        let result = unsafe { libc::setrlimit(resource, &limit) };
        if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    say("zero-core", set(libc::RLIMIT_CORE, 0));
    say("lower-files", set(libc::RLIMIT_NOFILE, 64));
    say("raise-files", set(libc::RLIMIT_NOFILE, 128));
    let memory = vec![0u8; 1 << 20];
    // SAFETY: the range is that of a living allocation.
    let locked = unsafe { libc::mlock(memory.as_ptr().cast(), memory.len()) };
    say("lock-memory", if locked == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) });
}
