//! The few system calls that rustix does not offer, each wrapped so that its caller needs no unsafe code.
//!
//! Invariant: every wrapper checks the result and gives back the errno; ownership of a new descriptor is taken at once.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::thread::UnshareFlags;

/// The result of a raw system call as a `Result`.
fn checked(result: libc::c_long) -> Result<libc::c_long, Errno> {
    if result == -1 { Err(last_errno()) } else { Ok(result) }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// What `clone3` made.
pub(crate) enum Cloned {
    /// This is the parent; the child's pidfd.
    Parent(OwnedFd),
    /// This is the child.
    Child,
}

/// Forks into new namespaces, and into a cgroup of v2 if one is given. The child has a copy of the memory, as after `fork`, and
/// may do anything, because the caller has a single thread: no lock can be held by another.
pub(crate) fn clone3(flags: u64, cgroup: Option<&OwnedFd>) -> Result<Cloned, Errno> {
    /// libc has it as an int, in which it has no place.
    const CLONE_INTO_CGROUP: u64 = 1 << 33;
    let mut pidfd: libc::c_int = -1;
    let into = if cgroup.is_some() { CLONE_INTO_CGROUP } else { 0 };
    let args = CloneArgs {
        flags: flags | into | libc::CLONE_PIDFD as u64,
        cgroup: cgroup.map_or(0, |group| group.as_raw_fd() as u64),
        pidfd: std::ptr::from_mut(&mut pidfd) as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    let size = size_of::<CloneArgs>();
    // SAFETY: `args` is a valid clone_args of the size given, `pidfd` outlives the call, no stack and no CLONE_VM is asked
    // for, so that the child runs on a copy of this memory; this process is single-threaded.
    let pid = checked(unsafe { libc::syscall(libc::SYS_clone3, std::ptr::from_ref(&args), size) })?;
    if pid == 0 {
        return Ok(Cloned::Child);
    }
    // SAFETY: the kernel has just made this descriptor for us; nothing else knows it.
    Ok(Cloned::Parent(unsafe { OwnedFd::from_raw_fd(pidfd) }))
}

/// The kernel's `struct clone_args`, first version and the fields that came by Linux 5.7.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// Moves this process into new namespaces.
pub(crate) fn unshare(namespaces: UnshareFlags) -> Result<(), Errno> {
    // SAFETY: only unsharing the descriptor table could break the ownership of descriptors; callers name namespaces only.
    unsafe { rustix::thread::unshare_unsafe(namespaces) }
}

/// A plain fork: the child's number in the parent, nothing in the child.
pub(crate) fn fork() -> Result<Option<rustix::process::Pid>, Errno> {
    // SAFETY: the caller is single-threaded, so that the child may go on as if it were the parent.
    let pid = checked(unsafe { libc::fork() }.into())?;
    Ok(rustix::process::Pid::from_raw(pid as i32))
}

/// A child that uses this process's memory, on a stack of its own, until it executes another program or ends; meanwhile this process
/// stands still, so that nothing is used by two at a time.
pub(crate) fn fork_until_exec(child: &dyn Fn()) -> Result<rustix::process::Pid, Errno> {
    /// What is done until a program is executed: a list of pointers to its arguments is made, and errors are sent.
    const STACK: usize = 32 << 10;
    extern "C" fn run(child: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the argument below, which outlives this call, as its owner stands still.
        let child: &&dyn Fn() = unsafe { &*child.cast_const().cast() };
        child();
        exit_now(127)
    }
    let mut stack = vec![0u128; STACK / size_of::<u128>()];
    let top = stack.as_mut_ptr_range().end;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let argument = std::ptr::from_ref(&child).cast_mut().cast();
    // SAFETY: the stack is aligned to 16 bytes, grows down from its end, and is given back only after the call, when nobody uses it
    // any more: the caller returns from it once the child has executed or ended. This process is single-threaded, and the child
    // never returns into frames of it.
    let pid = checked(unsafe { libc::clone(run, top.cast(), flags, argument) }.into())?;
    rustix::process::Pid::from_raw(pid as i32).ok_or(Errno::IO)
}

/// Sets attributes of one mount (not of those below it).
pub(crate) fn mount_setattr(mount: impl AsFd, set: u64) -> Result<(), Errno> {
    change_attributes(mount, set, 0)
}

/// Takes attributes away from one mount: for layers that are left out.
pub(crate) fn mount_clearattr(mount: impl AsFd, clear: u64) -> Result<(), Errno> {
    change_attributes(mount, 0, clear)
}

fn change_attributes(mount: impl AsFd, set: u64, clear: u64) -> Result<(), Errno> {
    #[repr(C)]
    struct MountAttr {
        set: u64,
        clear: u64,
        propagation: u64,
        user_namespace: u64,
    }
    let attr = MountAttr { set, clear, propagation: 0, user_namespace: 0 };
    let (fd, size) = (mount.as_fd().as_raw_fd(), size_of::<MountAttr>());
    // SAFETY: the path is a valid C string, `attr` is a valid mount_attr of the size given; the call changes no memory.
    checked(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd,
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            std::ptr::from_ref(&attr),
            size,
        )
    })?;
    Ok(())
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) -> Result<(), Errno> {
    // SAFETY: the caller runs between fork and exec (or is our init) and uses none of the descriptors above again; it owns
    // them by leaking whatever Rust value held them.
    checked(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) })?;
    Ok(())
}

/// Locks a range of bytes of a file for this open file, without waiting; false when another open file has some of it.
pub(crate) fn lock_range(file: impl AsFd, start: i64, length: i64) -> Result<bool, Errno> {
    let lock = write_lock(start, length);
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: F_OFD_SETLK reads a flock, which `lock` is.
    match checked(unsafe { libc::fcntl(fd, libc::F_OFD_SETLK, std::ptr::from_ref(&lock)) }.into()) {
        Ok(_) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// The first byte behind a lock that another open file has on some of a range; none where all of it is free. A lock without an
/// end has none: `i64::MAX`.
pub(crate) fn end_of_lock(file: impl AsFd, start: i64, length: i64) -> Result<Option<i64>, Errno> {
    let mut lock = write_lock(start, length);
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: F_OFD_GETLK reads and writes a flock, which `lock` is.
    checked(unsafe { libc::fcntl(fd, libc::F_OFD_GETLK, std::ptr::from_mut(&mut lock)) }.into())?;
    if libc::c_int::from(lock.l_type) == libc::F_UNLCK {
        return Ok(None);
    }
    Ok(Some(if lock.l_len == 0 { i64::MAX } else { lock.l_start.saturating_add(lock.l_len) }))
}

fn write_lock(start: i64, length: i64) -> libc::flock {
    // SAFETY: all-zero bytes are a valid flock: it holds numbers only.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    (lock.l_start, lock.l_len) = (start, length);
    lock
}

/// Gives a descriptor a fixed number, open across exec. The old number stays open.
pub(crate) fn place_descriptor(fd: impl AsFd, number: i32) -> Result<(), Errno> {
    let old = fd.as_fd().as_raw_fd();
    if old == number {
        // SAFETY: F_SETFD changes a flag of a descriptor that is open, and touches no memory.
        checked(unsafe { libc::fcntl(old, libc::F_SETFD, 0) }.into())?;
        return Ok(());
    }
    // SAFETY: dup2 touches no memory; what the number meant before is of no more use to the caller, who is about to exec or
    // is our init.
    checked(unsafe { libc::dup2(old, number) }.into())?;
    Ok(())
}

/// Takes a descriptor that this process was given by number.
///
/// Only for numbers that are agreed on between our own parent and child, once per number.
pub(crate) fn adopt_descriptor(number: i32) -> Option<OwnedFd> {
    // SAFETY: F_GETFD touches no memory and fails for a closed descriptor.
    checked(unsafe { libc::fcntl(number, libc::F_GETFD) }.into()).ok()?;
    // SAFETY: the descriptor is open, and by the agreement nobody else owns it.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Executes the file behind a descriptor; returns only when that failed.
pub(crate) fn execute_descriptor(file: impl AsFd, argv: &[CString], env: &[CString]) -> Errno {
    let (argv, env) = (pointers(argv), pointers(env));
    // SAFETY: both arrays are null-terminated and point to C strings that outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_execveat,
            file.as_fd().as_raw_fd(),
            c"".as_ptr(),
            argv.as_ptr(),
            env.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    checked(result).err().unwrap_or(Errno::IO)
}

/// Executes the program that the first argument names; returns only when that failed.
pub(crate) fn execute(argv: &[CString], env: &[CString]) -> Errno {
    let Some(path) = argv.first() else { return Errno::NOENT };
    let (argv, env) = (pointers(argv), pointers(env));
    // SAFETY: as above.
    let result = unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    checked(result.into()).err().unwrap_or(Errno::IO)
}

fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
}

/// Ends this process without running destructors: for children that share the parent's open files.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit takes no memory and does not return.
    unsafe { libc::_exit(code) }
}

/// Raises the loopback interface of the network namespace that this process is in.
pub(crate) fn raise_loopback(socket: impl AsFd) -> Result<(), Errno> {
    // SAFETY: all-zero bytes are a valid ifreq: it holds a name and a union of plain data.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which `request` is.
    checked(unsafe { libc::ioctl(fd, libc::SIOCSIFFLAGS as _, std::ptr::from_ref(&request)) }.into())?;
    Ok(())
}

/// Sets an option of a socket, of those that are on or off.
pub(crate) fn switch_on(socket: impl AsFd, level: libc::c_int, option: libc::c_int) -> Result<(), Errno> {
    let (fd, on, length) = (socket.as_fd().as_raw_fd(), 1, size_of::<libc::c_int>() as libc::socklen_t);
    let on: *const libc::c_int = &raw const on;
    // SAFETY: the kernel reads an int of that length, which lives until the call returns.
    checked(unsafe { libc::setsockopt(fd, level, option, on.cast(), length) }.into())?;
    Ok(())
}

/// Whether an interface of the socket's network namespace has a link: it is up, and its other end too. From Linux 6.8 on the kernel
/// finishes whatever is left to be done about it before it answers.
pub(crate) fn has_link(socket: impl AsFd, name: &str) -> Result<bool, Errno> {
    const GET_LINK: u32 = 10;
    // struct ethtool_value: the command, and the answer.
    let mut value = [GET_LINK, 0];
    let mut request = interface_request(name);
    request.ifr_ifru.ifru_data = value.as_mut_ptr().cast();
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: SIOCETHTOOL reads an ifreq, which `request` is, and with this command writes the second word of `value`.
    checked(unsafe { libc::ioctl(fd, libc::SIOCETHTOOL as _, std::ptr::from_mut(&mut request)) }.into())?;
    Ok(value[1] != 0)
}

fn interface_request(name: &str) -> libc::ifreq {
    // SAFETY: all-zero bytes are a valid ifreq: it holds a name and a union of plain data.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // One byte stays zero.
    let places = request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1);
    places.zip(name.bytes()).for_each(|(place, byte)| *place = byte as libc::c_char);
    request
}

/// Whether the kernel counts an interface of the socket's network namespace as running, as it does with a new one too.
pub(crate) fn is_running(socket: impl AsFd, name: &str) -> Result<bool, Errno> {
    let mut request = interface_request(name);
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: SIOCGIFFLAGS reads and writes an ifreq, which `request` is.
    checked(unsafe { libc::ioctl(fd, libc::SIOCGIFFLAGS as _, std::ptr::from_mut(&mut request)) }.into())?;
    // SAFETY: the kernel has just written the flags into the union.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    Ok(libc::c_int::from(flags) & libc::IFF_RUNNING != 0)
}

/// A signal set as the kernel takes it.
fn signal_set(signals: &[libc::c_int]) -> libc::sigset_t {
    // SAFETY: all-zero bytes are a valid sigset_t, which sigemptyset then sets up properly.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is a valid sigset_t.
    unsafe { libc::sigemptyset(&mut set) };
    for signal in signals {
        // SAFETY: `set` was initialised; an invalid number only yields an error, and ours are constants.
        unsafe { libc::sigaddset(&mut set, *signal) };
    }
    set
}

/// Makes `signals` the whole set of blocked signals.
pub(crate) fn block_only(signals: &[libc::c_int]) -> Result<(), Errno> {
    let set = signal_set(signals);
    // SAFETY: `set` is a valid set; the old one is not asked for.
    checked(unsafe { libc::sigprocmask(libc::SIG_SETMASK, &set, std::ptr::null_mut()) }.into())?;
    Ok(())
}

/// Waits for one of the (blocked) signals.
pub(crate) fn wait_for_signal(signals: &[libc::c_int]) -> Result<libc::c_int, Errno> {
    let set = signal_set(signals);
    // SAFETY: `set` is a valid set; no siginfo is asked for.
    let signal = checked(unsafe { libc::sigwaitinfo(&set, std::ptr::null_mut()) }.into())?;
    Ok(signal as libc::c_int)
}

/// Ignores a signal.
pub(crate) fn ignore_signal(signal: libc::c_int) -> Result<(), Errno> {
    // SAFETY: no handler function is installed, so that no code can run at a bad moment.
    if unsafe { libc::signal(signal, libc::SIG_IGN) } == libc::SIG_ERR { Err(last_errno()) } else { Ok(()) }
}

/// Gives every signal its default disposition, those too that the C library keeps for itself.
pub(crate) fn default_signals() {
    const SIGNALS: libc::c_int = 64;
    // The kernel's struct sigaction, all zero: the default disposition, no flags, nothing blocked.
    let default = [0u64; 4];
    for signal in 1..=SIGNALS {
        // SAFETY: the kernel reads a sigaction of 32 bytes with a set of 8 and installs no handler. It refuses SIGKILL and
        // SIGSTOP, whose disposition is always the default.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                std::ptr::null_mut::<libc::c_void>(),
                size_of::<u64>(),
            )
        };
    }
}

/// Reaps one dead child, if there is one: its number and its wait status as the kernel encodes it.
pub(crate) fn reap_any() -> Option<(i32, i32)> {
    let mut status = 0;
    // SAFETY: `status` is valid for the write.
    let pid = checked(unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) }.into()).ok()?;
    (pid > 0).then_some((pid as i32, status))
}

/// The Landlock ABI of the kernel; 0 when it has none or has it switched off.
pub fn landlock_abi() -> i32 {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with the version flag the kernel takes a null pointer and a size of zero, and only returns a number.
    let result = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0usize, VERSION)
    };
    i32::try_from(result).unwrap_or(0).max(0)
}

/// Makes a byte of System V shared memory that everybody may open: its key and its number.
pub(crate) fn make_shared_memory(key: u32) -> std::io::Result<(u32, i32)> {
    let flags = libc::IPC_CREAT | 0o666;
    // SAFETY: shmget takes numbers only.
    let id = checked(unsafe { libc::shmget(key.cast_signed(), 1, flags) }.into())?;
    Ok((key, id as i32))
}

/// Removes it.
pub(crate) fn remove_shared_memory(id: i32) {
    // SAFETY: with this command the third argument is not looked at.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
}

/// Processor time of this process's children that have ended and were waited for.
pub(crate) fn time_of_children() -> Result<std::time::Duration, Errno> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the kernel writes one rusage, for which there is room.
    checked(unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()) }.into())?;
    // SAFETY: all bytes are written, and zeros would do too.
    let usage = unsafe { usage.assume_init() };
    let micros = |time: libc::timeval| (time.tv_sec as u64) * 1_000_000 + (time.tv_usec as u64);
    Ok(std::time::Duration::from_micros(micros(usage.ru_utime) + micros(usage.ru_stime)))
}

/// Takes one capability out of the bounding set.
pub(crate) fn drop_bounding(capability: libc::c_ulong) -> Result<(), Errno> {
    // SAFETY: this prctl takes a number and touches no memory.
    checked(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) }.into())?;
    Ok(())
}

/// Lets pages go that are as in the file of their mapping: the next access finds them there again.
pub(crate) fn forget_pages(pages: std::ops::Range<usize>) -> Result<(), Errno> {
    let start = std::ptr::with_exposed_provenance_mut(pages.start);
    // SAFETY: the caller names whole mappings of a file that are private and were never written to, so that no byte that
    // can be read there changes by this.
    checked(unsafe { libc::madvise(start, pages.len(), libc::MADV_DONTNEED) }.into())?;
    Ok(())
}
