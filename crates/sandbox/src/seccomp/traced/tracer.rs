//! A program and all its children, stopped at each system call.
//!
//! Invariant: only children of this thread are waited for, so that tests beside this one keep theirs.

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::seccomp::Filter;

/// The calls of a program with their arguments, and what it printed.
pub(super) struct Calls {
    pub(super) made: BTreeSet<(u32, [u64; 6])>,
    pub(super) output: String,
}

const OPTIONS: libc::c_int = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_EXITKILL;

/// Runs it under the filter to its end, at most two minutes.
#[expect(clippy::disallowed_methods, reason = "the test traces programs of the machine")]
pub(super) fn trace(interpreter: &str, file: &Path, filter: Filter) -> Calls {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "120", interpreter]).arg(file).current_dir("/tmp");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let prepare = move || {
        // SAFETY: this request only marks the calling process.
        unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) };
        rustix::thread::set_no_new_privs(true)?;
        filter.install().map_err(|failed| failed.errno.into())
    };
    // SAFETY: what runs between fork and exec makes system calls, and takes no memory and no lock.
    unsafe { command.pre_exec(prepare) };
    let mut child = command.spawn().expect("start the program");
    let mut streams = (child.stdout.take().expect("its output"), child.stderr.take().expect("its errors"));
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        streams.0.read_to_string(&mut text).expect("read its output");
        let mut errors = String::new();
        streams.1.read_to_string(&mut errors).expect("read its errors");
        if text.trim_end().ends_with("done") { text } else { format!("{text}{errors}") }
    });
    let made = follow(child.id().cast_signed());
    // The tracer has taken its status already.
    let _ = child.wait();
    Calls { made, output: reader.join().expect("its output") }
}

fn follow(first: libc::pid_t) -> BTreeSet<(u32, [u64; 6])> {
    let mut made = BTreeSet::new();
    let mut status = 0;
    // SAFETY: `status` is valid for the write.
    unsafe { libc::waitpid(first, &mut status, libc::__WALL) };
    request(libc::PTRACE_SETOPTIONS, first, OPTIONS);
    request(libc::PTRACE_SYSCALL, first, 0);
    loop {
        // SAFETY: as above.
        let pid = unsafe { libc::waitpid(-1, &mut status, libc::__WALL | libc::__WNOTHREAD) };
        if pid == -1 {
            // The last one has ended.
            return made;
        }
        if !libc::WIFSTOPPED(status) {
            continue;
        }
        let stop = libc::WSTOPSIG(status);
        let pass_on = match stop {
            stop if stop == libc::SIGTRAP | 0x80 => {
                made.extend(call(pid));
                0
            }
            // The tracer's own stops; a new child begins with SIGSTOP.
            libc::SIGTRAP | libc::SIGSTOP => 0,
            signal => signal,
        };
        request(libc::PTRACE_SYSCALL, pid, pass_on);
    }
}

fn request(what: libc::c_uint, pid: libc::pid_t, data: libc::c_int) {
    // SAFETY: these requests take no address. A tracee that was just killed makes them fail, which the next wait tells.
    unsafe { libc::ptrace(what, pid, 0, libc::c_long::from(data)) };
}

/// The call that a stopped tracee is about to make; none when it has just made it.
fn call(pid: libc::pid_t) -> Option<(u32, [u64; 6])> {
    // SAFETY: all-zero bytes are a valid ptrace_syscall_info.
    let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::ptrace_syscall_info>();
    // SAFETY: the kernel writes at most `size` bytes to `info`.
    unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, std::ptr::from_mut(&mut info)) };
    (info.op == libc::PTRACE_SYSCALL_INFO_ENTRY).then(|| {
        // SAFETY: `op` says that this variant of the union was written.
        let entry = unsafe { info.u.entry };
        (u32::try_from(entry.nr).unwrap_or(u32::MAX), entry.args)
    })
}
