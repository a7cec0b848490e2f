//! The platform's end of one environment.
//!
//! Invariant: the environment lives no longer than its [`Sandbox`]: the spawner destroys it when the handle's lifeline (a
//! socket that only the handle holds) closes, whichever way that happens.

use std::net::{TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::cgroup::{Freezer, Gauges};
use crate::spawner::order::Order;

/// Longest wait of a drop for the processes, and again for the spawner's word that all is gone.
const DROP_PATIENCE: Duration = Duration::from_secs(2);

/// A living environment. Dropping it kills every process in it, waits for their end (at most 2 s, usually 2 ms: call it where
/// blocking is allowed) and has its cgroups removed.
#[derive(Debug)]
pub struct Sandbox {
    /// Listens on 127.0.0.1:9001 inside the environment's own network namespace. Always there, to be taken, as `platform` and
    /// `dns`: of each descriptor a thousand environments have a thousand.
    pub runtime_api: Option<TcpListener>,
    /// Listens on 127.0.0.1:9002 there, for the platform's own API.
    pub platform: Option<TcpListener>,
    /// Bound to 127.0.0.1:53 there, where the runtime asks for names. To be taken. Whoever has it must answer, at once: some C
    /// libraries wait for seconds where nobody does.
    pub dns: Option<UdpSocket>,
    /// Read end of the runtime's standard output and error.
    pub output: OwnedFd,
    /// pid 1 of the environment. Readable means that every process in it is dead.
    pub pidfd: OwnedFd,
    /// Four bytes, native order: the runtime's wait status; then end of file. End of file at once: killed from outside.
    pub status: OwnedFd,
    /// The other end of the runtime's descriptor 3, if one was asked for. To be taken: the runtime sees the end of file only
    /// when this is dropped.
    pub channel: Option<UnixStream>,
    pub(crate) lifeline: OwnedFd,
    pub(crate) gauges: Gauges,
    pub(crate) freezer: Option<Freezer>,
}

/// What an environment uses, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUsage {
    /// Anonymous and kernel memory: what counts against the function's memory size. Files in `/tmp` and page cache don't.
    pub anonymous_and_kernel: u64,
    /// The highest total so far, `/tmp` and page cache included, where the kernel keeps it.
    pub peak: Option<u64>,
}

impl Sandbox {
    /// Kills every process of the environment at once, by the spawner's hand where this process has no right to. It does not
    /// wait; see [`Sandbox::pidfd`].
    pub fn kill(&self) {
        if self.signal(Order::Kill)
            && let Some(freezer) = &self.freezer
        {
            freezer.let_die();
        }
        if let Some(cpu) = self.gauges.cpu() {
            cpu.lift();
        }
    }

    /// Stops every process of the environment where it is, until [`Sandbox::thaw`]: some microseconds. False, and nothing is
    /// done, where no freezer is in force. Memory can be read and the environment killed meanwhile; its listeners go on
    /// accepting, and its timers expire and are noticed when it is thawed.
    ///
    /// Freezing and killing at the same time, from two threads, can leave the killed processes frozen on cgroup v1.
    ///
    /// # Errors
    /// Where the kernel refuses; ENODEV when all of it is dead and removed.
    pub fn freeze(&self) -> std::io::Result<bool> {
        match &self.freezer {
            Some(freezer) => freezer.freeze().map(|()| true),
            None => Ok(false),
        }
    }

    /// Lets every process go on: some ten microseconds, also where none is frozen.
    ///
    /// # Errors
    /// As with [`Sandbox::freeze`].
    pub fn thaw(&self) -> std::io::Result<()> {
        self.freezer.as_ref().map_or(Ok(()), Freezer::thaw)
    }

    /// Asks the runtime to end: our init passes SIGTERM on to it. A frozen environment goes on for that.
    pub fn terminate(&self) {
        // Where this fails it is dead already, as below.
        let _ = self.thaw();
        self.signal(Order::Terminate);
    }

    /// Sends the signal, or has the spawner do it where this process may not; false in the second case. Neither waits.
    fn signal(&self, order: Order) -> bool {
        // Any other error is ESRCH: it is dead already.
        let may = rustix::process::pidfd_send_signal(&self.pidfd, order.signal()) != Err(Errno::PERM);
        if !may {
            order.send(&self.lifeline);
        }
        may
    }

    /// Gives it this much processor time from now on, in thousandths of one processor: 3 µs. Nothing is done where no cpu
    /// cgroup is in force.
    ///
    /// # Errors
    /// EINVAL for less than what it was made with as its share, ENODEV when all of it is dead and removed.
    pub fn set_cpu(&self, millis: u32) -> std::io::Result<()> {
        self.gauges.cpu().map_or(Ok(()), |cpu| cpu.set(millis))
    }

    /// What it uses now; `None` where no memory cgroup is in force.
    pub fn memory(&self) -> Option<MemoryUsage> {
        self.gauges.memory()
    }

    /// The highest total so far, `/tmp` and page cache included, where the kernel keeps it: one read of one number, while
    /// [`Sandbox::memory`] has the kernel write down all that it counts.
    pub fn peak_memory(&self) -> Option<u64> {
        self.gauges.peak()
    }

    /// Whether the kernel killed a process of this environment because its memory limit was reached. False where no memory
    /// cgroup is in force.
    pub fn oom_killed(&self) -> bool {
        self.gauges.oom_kills() > 0
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.kill();
        wait_readable(&self.pidfd, DROP_PATIENCE);
        // End of file tells the spawner to clean up; its own end of file tells us that it has.
        let _ = rustix::net::shutdown(&self.lifeline, rustix::net::Shutdown::Write);
        wait_readable(&self.lifeline, DROP_PATIENCE);
    }
}

/// Waits until the descriptor is readable or at its end; false when the time is over.
pub(crate) fn wait_readable(fd: &OwnedFd, patience: Duration) -> bool {
    let timeout = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut fds, Some(&timeout)) {
            Ok(ready) => return ready > 0,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Reads a whole small kernel file from its beginning.
pub(crate) fn read_gauge(file: &std::fs::File) -> Option<String> {
    let mut bytes = vec![0u8; 16 * 1024];
    let length = file.read_at(&mut bytes, 0).ok()?;
    bytes.truncate(length);
    String::from_utf8(bytes).ok()
}

/// Reads a kernel file that holds one number.
pub(crate) fn read_number(file: &std::fs::File) -> Option<u64> {
    let mut bytes = [0u8; 32];
    let length = file.read_at(&mut bytes, 0).ok()?;
    std::str::from_utf8(&bytes[..length]).ok()?.trim().parse().ok()
}
