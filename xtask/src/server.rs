//! Processes that are measured: started, waited for, weighed, and ended with all their children.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::program;

/// The unit of the kernel's accounting to user space, the same on every architecture that is built for.
#[cfg(feature = "bench")]
const TICKS_PER_SECOND: f64 = 100.0;

/// A server and its children, ended when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    polite: bool,
}

impl Server {
    /// Starts `command`, which listens on `address`, with its output in `log`.
    pub(crate) fn start(mut command: Command, address: SocketAddr, log: &Path) -> Result<Self, String> {
        let file = File::create(log).map_err(|error| error.to_string())?;
        let copy = file.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(file).stderr(copy).process_group(0);
        let child =
            command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        let mut server = Self { child, address, polite: false };
        server.wait_until_listening(log)?;
        Ok(server)
    }

    /// Ends by SIGTERM and waits: for a server that cleans up after itself.
    pub(crate) fn polite(mut self) -> Self {
        self.polite = true;
        self
    }

    fn wait_until_listening(&mut self, log: &Path) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(60) {
            if TcpStream::connect_timeout(&self.address, Duration::from_millis(100)).is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let output = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("a server ended with {status}:\n{output}"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(format!("nothing listens on {}; see {}", self.address, log.display()))
    }

    /// Resident memory of the process and everything below it, in megabytes.
    pub(crate) fn resident_megabytes(&self) -> f64 {
        self.tree().into_iter().map(resident_kilobytes).sum::<f64>() / 1024.0
    }

    /// Resident memory of the process alone, in megabytes.
    #[cfg(feature = "bench")]
    pub(crate) fn own_megabytes(&self) -> f64 {
        resident_kilobytes(self.child.id()) / 1024.0
    }

    /// Processor time in seconds: of the process itself, and of everything below it.
    #[cfg(feature = "bench")]
    pub(crate) fn cpu_seconds(&self) -> (f64, f64) {
        let own = cpu_ticks(self.child.id());
        let all: f64 = self.tree().into_iter().map(cpu_ticks).sum();
        (own / TICKS_PER_SECOND, (all - own) / TICKS_PER_SECOND)
    }

    fn tree(&self) -> Vec<u32> {
        let (mut open, mut all) = (vec![self.child.id()], Vec::new());
        while let Some(pid) = open.pop() {
            open.extend(children(pid));
            all.push(pid);
        }
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let signal = if self.polite { "-TERM" } else { "-KILL" };
        let target = if self.polite { self.child.id().to_string() } else { format!("-{}", self.child.id()) };
        let sent = program::answer(Command::new("kill").args([signal, "--", &target]));
        if let Err(error) = sent {
            eprintln!("a server could not be ended: {error}");
        }
        drop(self.child.wait());
    }
}

fn resident_kilobytes(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0)
}

/// Of the process itself: user and system time, the 14th and 15th field of its stat.
#[cfg(feature = "bench")]
fn cpu_ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field, the program's name, may hold spaces and ends with the last bracket.
    let fields = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ')).into_iter().flatten();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum()
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for task in tasks.flatten() {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(text.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
    }
    found
}

/// A loopback address that nothing listens on.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}
