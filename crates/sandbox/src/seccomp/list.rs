//! The system calls that an environment may make with any arguments, as data, a reason for each group.
//!
//! The groups are the union of what python, node, native and Java programs were seen to use under a broad load, and calls of
//! the same kind. Numbers are those of the architecture that is compiled for; calls that only x86_64 has stand in groups of
//! their own. Invariant: nothing here creates privilege, a namespace or a mount, or reaches another process's memory.

/// Calls allowed for one reason.
pub(super) struct Group {
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers, and asserted by a test"))]
    pub(super) reason: &'static str,
    pub(super) calls: &'static [(&'static str, i64)],
}

macro_rules! calls {
    ($($name:ident)+) => { &[$((stringify!($name), libc::$name)),+] };
}

pub(super) const GROUPS: &[Group] = &[
    Group {
        reason: "files: open, read, write, and what file descriptors carry",
        calls: calls![
            SYS_read SYS_write SYS_readv SYS_writev SYS_pread64 SYS_pwrite64 SYS_preadv SYS_pwritev
            SYS_preadv2 SYS_pwritev2 SYS_openat SYS_openat2 SYS_close SYS_close_range SYS_lseek
            SYS_dup SYS_dup3 SYS_flock SYS_fsync SYS_fdatasync SYS_ftruncate SYS_truncate
            SYS_fallocate SYS_fadvise64 SYS_readahead SYS_copy_file_range SYS_sendfile SYS_splice
            SYS_tee
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "files: open, read, write, and what file descriptors carry (older forms that x86_64 still has)",
        calls: calls![
            SYS_open SYS_creat SYS_dup2 SYS_sync_file_range
        ],
    },
    Group {
        reason: "files: names, directories, attributes; the mounts decide what can be changed",
        calls: calls![
            SYS_fstat SYS_newfstatat SYS_statx SYS_statfs SYS_fstatfs SYS_faccessat SYS_faccessat2
            SYS_readlinkat SYS_getdents64 SYS_getcwd SYS_chdir SYS_fchdir SYS_mkdirat SYS_renameat2
            SYS_linkat SYS_symlinkat SYS_unlinkat SYS_fchmod SYS_fchmodat SYS_fchown SYS_fchownat
            SYS_umask SYS_utimensat SYS_getxattr SYS_lgetxattr SYS_fgetxattr SYS_listxattr
            SYS_llistxattr SYS_flistxattr
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "files: names, directories, attributes; the mounts decide what can be changed (older forms that x86_64 still has)",
        calls: calls![
            SYS_stat SYS_lstat SYS_access SYS_readlink SYS_getdents SYS_mkdir SYS_rmdir SYS_rename
            SYS_renameat SYS_link SYS_symlink SYS_unlink SYS_chmod SYS_fchmodat2 SYS_chown
            SYS_lchown SYS_utime SYS_utimes SYS_futimesat
        ],
    },
    Group {
        reason: "fifos and regular files by mknod; devices need a capability that nobody has",
        calls: calls![SYS_mknodat],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "fifos and regular files by mknod; devices need a capability that nobody has (older forms that x86_64 still has)",
        calls: calls![SYS_mknod],
    },
    Group {
        reason: "memory of one's own; taking it is in the list of arguments",
        calls: calls![
            SYS_brk SYS_munmap SYS_mprotect SYS_mremap SYS_madvise SYS_msync SYS_mincore
            SYS_mlock SYS_mlock2 SYS_munlock SYS_mseal SYS_membarrier SYS_get_mempolicy SYS_mbind
            SYS_set_mempolicy SYS_pkey_alloc SYS_pkey_free SYS_pkey_mprotect
        ],
    },
    Group {
        reason: "processes and threads: start, wait, end; clone is in the list of arguments",
        calls: calls![
            SYS_execve SYS_execveat SYS_exit SYS_exit_group SYS_wait4 SYS_waitid SYS_set_tid_address
            SYS_set_robust_list SYS_get_robust_list SYS_rseq SYS_gettid SYS_getpid SYS_getppid
            SYS_getpgid SYS_getsid SYS_setpgid SYS_setsid SYS_pidfd_open SYS_pidfd_send_signal
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "processes and threads: start, wait, end; clone is in the list of arguments (older forms that x86_64 still has)",
        calls: calls![
            SYS_fork SYS_vfork SYS_getpgrp
        ],
    },
    Group {
        reason: "signals; the pid namespace decides whom they reach",
        calls: calls![
            SYS_kill SYS_tkill SYS_tgkill SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn
            SYS_rt_sigpending SYS_rt_sigsuspend SYS_rt_sigtimedwait SYS_rt_sigqueueinfo
            SYS_rt_tgsigqueueinfo SYS_sigaltstack SYS_signalfd4 SYS_restart_syscall
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "signals; the pid namespace decides whom they reach (older forms that x86_64 still has)",
        calls: calls![
            SYS_signalfd SYS_pause
        ],
    },
    Group {
        reason: "who am I: answers only",
        calls: calls![
            SYS_getuid SYS_geteuid SYS_getgid SYS_getegid SYS_getgroups SYS_getresuid SYS_getresgid
            SYS_capget SYS_uname SYS_sysinfo SYS_getrusage SYS_times SYS_getcpu SYS_getpriority
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "who am I: answers only (older forms that x86_64 still has)",
        calls: calls![SYS_getrlimit],
    },
    Group {
        reason: "lowering one's own priority; raising needs a capability",
        calls: calls![SYS_setpriority],
    },
    Group {
        reason: "scheduling among one's own threads",
        calls: calls![
            SYS_sched_yield SYS_sched_getaffinity SYS_sched_setaffinity SYS_sched_getparam
            SYS_sched_getscheduler SYS_sched_get_priority_max SYS_sched_get_priority_min
            SYS_sched_getattr
        ],
    },
    Group {
        reason: "locks between threads",
        calls: calls![
            SYS_futex SYS_futex_waitv
        ],
    },
    Group {
        reason: "waiting for events",
        calls: calls![
            SYS_ppoll SYS_pselect6 SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2
            SYS_eventfd2 SYS_inotify_init1 SYS_inotify_add_watch SYS_inotify_rm_watch
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "waiting for events (older forms that x86_64 still has)",
        calls: calls![
            SYS_poll SYS_select SYS_epoll_create SYS_epoll_wait SYS_eventfd SYS_inotify_init
        ],
    },
    Group {
        reason: "time: read, sleep, timers; setting a clock is not here",
        calls: calls![
            SYS_gettimeofday SYS_clock_gettime SYS_clock_getres SYS_clock_nanosleep SYS_nanosleep
            SYS_getitimer SYS_setitimer SYS_timer_create SYS_timer_settime SYS_timer_gettime
            SYS_timer_getoverrun SYS_timer_delete SYS_timerfd_create SYS_timerfd_settime
            SYS_timerfd_gettime
        ],
    },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "time: read, sleep, timers; setting a clock is not here (older forms that x86_64 still has)",
        calls: calls![
            SYS_time SYS_alarm
        ],
    },
    Group { reason: "pipes", calls: calls![SYS_pipe2] },
    #[cfg(target_arch = "x86_64")]
    Group { reason: "pipes (older forms that x86_64 still has)", calls: calls![SYS_pipe] },
    Group {
        reason: "sockets that exist; making one, setting options and sending are in the list of arguments",
        calls: calls![
            SYS_bind SYS_connect SYS_listen SYS_accept SYS_accept4 SYS_getsockname SYS_getpeername
            SYS_getsockopt SYS_shutdown SYS_recvfrom SYS_recvmsg SYS_recvmmsg
        ],
    },
    Group { reason: "randomness", calls: calls![SYS_getrandom] },
    #[cfg(target_arch = "x86_64")]
    Group {
        reason: "registers of the processor that the C library sets for each thread",
        calls: calls![SYS_arch_prctl],
    },
];
