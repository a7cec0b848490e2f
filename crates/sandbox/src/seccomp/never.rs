//! Calls that end the process that makes them, with the reason for each.
//!
//! What is refused is refused with an error, because programs try what a kernel may not have and go on without it: key rings,
//! io_uring, performance counters, namespaces, tracing, memory of other processes. The calls here act on the whole machine or
//! step past its file permissions, need a capability of root's, and no library tries them to see whether they work. Whoever
//! makes one is breaking in, and is stopped before the next attempt; the kernel's audit log has the call. Invariant: nothing
//! here is also allowed.

/// A call, and why no program makes it by chance.
#[cfg_attr(not(test), expect(dead_code, reason = "name and reason are for readers, and asserted by tests"))]
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) number: i64,
    pub(super) why: &'static str,
}

macro_rules! calls {
    ($($name:ident => $why:literal),+ $(,)?) => {
        &[$(Entry { name: stringify!($name), number: libc::$name, why: $why }),+]
    };
}

pub(super) const NEVER: &[&[Entry]] = &[
    calls! {
        SYS_kexec_load => "starts another kernel; kexec-tools alone",
        SYS_init_module => "loads code into the kernel; modprobe and insmod alone",
        SYS_finit_module => "loads code into the kernel; modprobe and insmod alone",
        SYS_delete_module => "takes a module out of the kernel; rmmod alone",
        SYS_reboot => "ends the machine; an init system alone",
        SYS_swapon => "gives the kernel a file to write memory to; swapon alone",
        SYS_swapoff => "makes the kernel read all of its swap; swapoff alone",
        SYS_acct => "has the kernel write a record of every process; accton alone",
        SYS_pivot_root => "changes the root of all processes of a mount namespace; makers of containers, after calls that are refused here",
        SYS_open_by_handle_at => "opens a file past every directory's permissions, the way out of a container of 2014; file servers",
        SYS_nfsservctl => "steered the file server until Linux 3.1",
        SYS_lookup_dcookie => "told the path of any file in use until Linux 6.8; the profiler OProfile",
    },
    #[cfg(target_arch = "x86_64")]
    calls! {
        SYS_kexec_file_load => "starts another kernel; kexec-tools alone",
        SYS_iopl => "opens all ports of devices; X servers without a kernel driver",
        SYS_ioperm => "opens ports of devices; X servers without a kernel driver",
    },
];

/// Their numbers, sorted.
pub(super) fn numbers() -> Vec<u32> {
    let calls = NEVER.iter().copied().flatten();
    let mut numbers: Vec<u32> = calls.filter_map(|entry| u32::try_from(entry.number).ok()).collect();
    numbers.sort_unstable();
    numbers
}
