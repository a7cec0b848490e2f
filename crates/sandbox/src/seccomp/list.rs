//! The system calls that an environment may make, as data, with what needs each.
//!
//! An entry is seen in a workload of `traced` each time that the tests run, or something documented needs it; what neither is
//! true of is not here. Numbers are those of the architecture that is compiled for; calls that only x86_64 has stand in
//! groups of their own. Invariant: nothing here creates privilege, a namespace or a mount, or reaches another process's memory.

use Need::{Documented, Seen};

/// A call, and what needs it.
#[cfg_attr(not(test), expect(dead_code, reason = "name and need are for readers, and asserted by tests"))]
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) number: i64,
    pub(super) need: Need,
}

/// What needs a call.
#[cfg_attr(not(test), expect(dead_code, reason = "for readers, and asserted by tests"))]
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    /// These workloads of `traced` make it, in words: python, node, native (shells and their tools), java. A test runs them.
    Seen(&'static str),
    /// This is documented to make it.
    Documented(&'static str),
}

macro_rules! calls {
    ($($name:ident => $need:expr),+ $(,)?) => {
        &[$(Entry { name: stringify!($name), number: libc::$name, need: $need }),+]
    };
}

/// Allowed with any arguments. The first comment of each says what keeps it from doing harm.
pub(super) const PLAIN: &[&[Entry]] = &[
    // files: open, read, write, and what file descriptors carry.
    calls! {
        SYS_read => Seen("python node native java"),
        SYS_write => Seen("python node native java"),
        SYS_readv => Seen("python"),
        SYS_writev => Seen("python node"),
        SYS_pread64 => Seen("python node native java"),
        SYS_pwrite64 => Seen("python"),
        SYS_preadv => Documented("CPython's os.preadv; RocksDB"),
        SYS_pwritev => Documented("CPython's os.pwritev"),
        SYS_preadv2 => Seen("python"),
        SYS_pwritev2 => Seen("python"),
        SYS_openat => Seen("python node native java"),
        SYS_openat2 => Documented("Rust's cap-std opens beneath a directory with it"),
        SYS_close => Seen("python node native java"),
        SYS_close_range => Seen("python"),
        SYS_lseek => Seen("python node native java"),
        SYS_dup => Seen("native java"),
        SYS_dup3 => Documented("Go, and the C library's dup2() on aarch64"),
        SYS_flock => Seen("python native java"),
        SYS_fsync => Seen("python node native java"),
        SYS_fdatasync => Seen("python node native"),
        SYS_ftruncate => Seen("python node native java"),
        SYS_truncate => Seen("python"),
        SYS_fallocate => Seen("python"),
        SYS_fadvise64 => Seen("python node native"),
        SYS_readahead => Documented("RocksDB's reading ahead"),
        SYS_copy_file_range => Seen("python node native"),
        SYS_sendfile => Seen("python java"),
        SYS_splice => Documented("Go's copying between sockets and pipes"),
    },
    // files: open, read, write, and what file descriptors carry: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_open => Documented("musl's open()"),
        SYS_creat => Seen("native"),
        SYS_dup2 => Seen("python node native java"),
        SYS_sync_file_range => Documented("RocksDB's and PostgreSQL's writing back"),
    },
    // files: names, directories, attributes; the mounts decide what can be changed.
    calls! {
        SYS_fstat => Seen("node"),
        SYS_newfstatat => Seen("python node native java"),
        SYS_statx => Seen("node native java"),
        SYS_statfs => Seen("python node native java"),
        SYS_fstatfs => Seen("native"),
        SYS_faccessat => Documented("the C library's access() on aarch64"),
        SYS_faccessat2 => Seen("java"),
        SYS_readlinkat => Documented("the C library on aarch64; Go, Rust"),
        SYS_getdents64 => Seen("python node native java"),
        SYS_getcwd => Seen("python node native java"),
        SYS_chdir => Seen("python native"),
        SYS_fchdir => Seen("native java"),
        SYS_mkdirat => Seen("native"),
        SYS_renameat2 => Seen("native"),
        SYS_linkat => Seen("native"),
        SYS_symlinkat => Seen("native"),
        SYS_unlinkat => Seen("python native"),
        SYS_fchmod => Seen("python node native"),
        SYS_fchmodat => Seen("native"),
        SYS_fchown => Seen("python native"),
        SYS_fchownat => Seen("native"),
        SYS_umask => Seen("python native"),
        SYS_utimensat => Seen("python node native java"),
        SYS_getxattr => Seen("python native"),
        SYS_lgetxattr => Seen("native"),
        SYS_fgetxattr => Seen("native"),
        SYS_listxattr => Seen("python"),
        SYS_llistxattr => Seen("native"),
        SYS_flistxattr => Seen("native"),
        SYS_setxattr => Seen("native"),
        SYS_lsetxattr => Documented("tar's and rsync's attributes"),
        SYS_fsetxattr => Seen("native"),
        SYS_removexattr => Seen("native"),
    },
    // files: names, directories, attributes; the mounts decide what can be changed: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_stat => Documented("musl's stat()"),
        SYS_lstat => Documented("musl's lstat()"),
        SYS_access => Seen("python node native java"),
        SYS_readlink => Seen("python node native java"),
        SYS_getdents => Documented("the C library before 2.28 (provided.al2)"),
        SYS_mkdir => Seen("python node native java"),
        SYS_rmdir => Seen("python node native java"),
        SYS_rename => Seen("python node native java"),
        SYS_renameat => Documented("Go's os.Rename"),
        SYS_link => Seen("python node"),
        SYS_symlink => Seen("python node native java"),
        SYS_unlink => Seen("python node native java"),
        SYS_chmod => Seen("python node"),
        SYS_fchmodat2 => Documented("the C library's fchmodat without following links, from 2.39 on"),
        SYS_chown => Seen("python"),
        SYS_lchown => Documented("the C library's lchown()"),
        SYS_utime => Documented("the C library's utime() before 2.34"),
        SYS_utimes => Documented("the C library's utimes() before 2.34"),
    },
    // fifos and regular files by mknod; devices need a capability that nobody has.
    calls! {
        SYS_mknodat => Seen("python native"),
    },
    // fifos and regular files by mknod; devices need a capability that nobody has: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_mknod => Documented("the C library's mkfifo() before 2.33"),
    },
    // memory of one's own; taking it is in the list of arguments.
    calls! {
        SYS_brk => Seen("python node native java"),
        SYS_munmap => Seen("python node native java"),
        SYS_mprotect => Seen("python node native java"),
        SYS_mremap => Seen("python"),
        SYS_madvise => Seen("python node java"),
        SYS_msync => Seen("python java"),
        SYS_mincore => Documented("libunwind, before it reads an address"),
        SYS_mlock => Documented("libsodium's and GnuPG's secrets"),
        SYS_mlock2 => Documented("OpenSSL's secure heap"),
        SYS_munlock => Documented("libsodium's and GnuPG's secrets"),
        SYS_membarrier => Documented(".NET's runtime, liburcu"),
        SYS_pkey_alloc => Seen("node"),
        SYS_pkey_free => Documented("V8, which has taken a key"),
        SYS_pkey_mprotect => Documented("V8's protection of generated code"),
    },
    // processes and threads: start, wait, end; clone is in the list of arguments.
    calls! {
        SYS_execve => Seen("python node native java"),
        SYS_execveat => Documented("the C library's fexecve()"),
        SYS_exit => Seen("python node native java"),
        SYS_exit_group => Seen("python node native java"),
        SYS_wait4 => Seen("python node native java"),
        SYS_waitid => Seen("python"),
        SYS_set_tid_address => Seen("python node native java"),
        SYS_set_robust_list => Seen("python node native java"),
        SYS_rseq => Seen("python node native java"),
        SYS_gettid => Seen("python node native java"),
        SYS_getpid => Seen("python node native java"),
        SYS_getppid => Seen("python node native"),
        SYS_getpgid => Seen("python native"),
        SYS_getsid => Seen("python"),
        SYS_setpgid => Seen("python node native java"),
        SYS_setsid => Seen("python native"),
        SYS_pidfd_open => Seen("python"),
        SYS_pidfd_send_signal => Seen("python"),
    },
    // processes and threads: start, wait, end; clone is in the list of arguments: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_fork => Documented("musl's fork()"),
        SYS_vfork => Seen("python node native"),
        SYS_getpgrp => Seen("native"),
    },
    // signals; the pid namespace decides whom they reach.
    calls! {
        SYS_kill => Seen("python node native"),
        SYS_tkill => Documented("musl's raise and pthread_kill; Go"),
        SYS_tgkill => Seen("python java"),
        SYS_rt_sigaction => Seen("python node native java"),
        SYS_rt_sigprocmask => Seen("python node native java"),
        SYS_rt_sigreturn => Seen("python node native java"),
        SYS_rt_sigpending => Seen("python"),
        SYS_rt_sigsuspend => Seen("python node native java"),
        SYS_rt_sigtimedwait => Seen("python"),
        SYS_rt_sigqueueinfo => Documented("the C library's sigqueue()"),
        SYS_rt_tgsigqueueinfo => Documented("the C library's pthread_sigqueue()"),
        SYS_sigaltstack => Seen("python"),
        SYS_signalfd4 => Documented("C programs that take signals in an event loop"),
        SYS_restart_syscall => Seen("python"),
    },
    // signals; the pid namespace decides whom they reach: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_pause => Seen("python"),
    },
    // who am I: answers only.
    calls! {
        SYS_getuid => Seen("python node native java"),
        SYS_geteuid => Seen("python node native java"),
        SYS_getgid => Seen("python node native java"),
        SYS_getegid => Seen("python node native java"),
        SYS_getgroups => Seen("python native"),
        SYS_getresuid => Seen("python"),
        SYS_getresgid => Seen("python"),
        SYS_capget => Seen("node"),
        SYS_uname => Seen("python node native java"),
        SYS_sysinfo => Seen("python node native java"),
        SYS_getrusage => Seen("python node java"),
        SYS_times => Seen("python native"),
        SYS_getcpu => Documented("jemalloc's and tcmalloc's arenas where there is no vdso"),
        SYS_getpriority => Seen("python node native"),
    },
    // who am I: answers only: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_getrlimit => Documented("Go before 1.21"),
    },
    // lowering one's own priority; raising needs a capability.
    calls! {
        SYS_setpriority => Seen("python native"),
    },
    // scheduling among one's own threads.
    calls! {
        SYS_sched_yield => Seen("python java"),
        SYS_sched_getaffinity => Seen("python node native java"),
        SYS_sched_setaffinity => Seen("python"),
        SYS_sched_getparam => Seen("python"),
        SYS_sched_getscheduler => Seen("python"),
        SYS_sched_get_priority_max => Seen("python"),
        SYS_sched_get_priority_min => Seen("python"),
    },
    // locks between threads.
    calls! {
        SYS_futex => Seen("python node native java"),
    },
    // waiting for events.
    calls! {
        SYS_ppoll => Documented("Rust's and GLib's loops"),
        SYS_pselect6 => Seen("python native"),
        SYS_epoll_create1 => Seen("python node native java"),
        SYS_epoll_ctl => Seen("python node native java"),
        SYS_epoll_pwait => Seen("node"),
        SYS_epoll_pwait2 => Documented("libevent 2.2 waits with it"),
        SYS_eventfd2 => Seen("python node native java"),
        SYS_inotify_init1 => Seen("node"),
        SYS_inotify_add_watch => Seen("node"),
        SYS_inotify_rm_watch => Seen("node"),
    },
    // waiting for events: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_poll => Seen("python node native java"),
        SYS_select => Documented("the C library's select() before 2.34"),
        SYS_epoll_create => Documented("the C library's epoll_create()"),
        SYS_epoll_wait => Seen("python java"),
        SYS_inotify_init => Documented("the C library's inotify_init()"),
    },
    // time: read, sleep, timers; setting a clock is not here.
    calls! {
        SYS_gettimeofday => Documented("statically linked programs, which use no vdso"),
        SYS_clock_gettime => Documented("statically linked programs, and where the clock has no vdso"),
        SYS_clock_getres => Seen("java"),
        SYS_clock_nanosleep => Seen("python native java"),
        SYS_nanosleep => Documented("Go, and the C library before 2.31"),
        SYS_getitimer => Seen("python"),
        SYS_setitimer => Seen("python"),
        SYS_timer_create => Seen("python node native java"),
        SYS_timer_settime => Seen("python node native java"),
        SYS_timer_gettime => Documented("POSIX timers of C programs"),
        SYS_timer_getoverrun => Documented("POSIX timers of C programs"),
        SYS_timer_delete => Documented("Go's profiler, POSIX timers"),
        SYS_timerfd_create => Documented("GLib's and Boost.Asio's timers"),
        SYS_timerfd_settime => Documented("GLib's and Boost.Asio's timers"),
        SYS_timerfd_gettime => Documented("C programs that read a timer of theirs"),
    },
    // time: read, sleep, timers; setting a clock is not here: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_time => Documented("statically linked programs of a C library before 2.31"),
        SYS_alarm => Seen("python native"),
    },
    // pipes.
    calls! {
        SYS_pipe2 => Seen("python node native java"),
    },
    // pipes: older forms.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_pipe => Documented("the C library's pipe()"),
    },
    // sockets that exist; making one, setting options and sending are in the list of arguments.
    calls! {
        SYS_bind => Seen("python node native java"),
        SYS_connect => Seen("python node native java"),
        SYS_listen => Seen("python node native java"),
        SYS_accept => Seen("java"),
        SYS_accept4 => Seen("python node"),
        SYS_getsockname => Seen("python node native java"),
        SYS_getpeername => Seen("python node"),
        SYS_getsockopt => Seen("python node native java"),
        SYS_shutdown => Seen("python node java"),
        SYS_recvfrom => Seen("python node native java"),
        SYS_recvmsg => Seen("python node"),
        SYS_recvmmsg => Documented("Go's x/net, DNS servers and QUIC libraries"),
    },
    // randomness.
    calls! {
        SYS_getrandom => Seen("python node native java"),
    },
    // registers of the processor that the C library sets for each thread.
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_arch_prctl => Seen("python node native java"),
    },
];

/// Allowed with the arguments that [`super::arguments`] names.
#[cfg(test)]
pub(super) const CONDITIONAL: &[&[Entry]] = &[
    calls! {
        SYS_clone => Seen("python node native java"),
        SYS_socket => Seen("python node native java"),
        SYS_socketpair => Seen("python node native java"),
        SYS_fcntl => Seen("python node native java"),
        SYS_mmap => Seen("python node native java"),
        SYS_memfd_create => Seen("python"),
        SYS_sendto => Seen("python node"),
        SYS_sendmsg => Seen("python node"),
        SYS_sendmmsg => Seen("python node"),
        SYS_setsockopt => Seen("python node native java"),
        SYS_ioctl => Seen("python node native java"),
        SYS_prctl => Seen("native java"),
        SYS_prlimit64 => Seen("python node native java"),
    },
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_setrlimit => Documented("Go before 1.21"),
    },
];

/// Every entry.
#[cfg(test)]
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    PLAIN.iter().chain(CONDITIONAL).copied().flatten()
}
