//! The boundary to whatever isolates an environment: the sandbox, a simulation in tests, later a microVM.
//!
//! Invariant: a [`Cell`] that is dropped leaves nothing behind, neither processes nor groups nor mounts.

use crate::{CodeId, Egress};
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use types::AccountId;

/// Makes isolated environments.
pub trait Isolation: Send + Sync + 'static {
    /// The directory below which code trees are laid out, each under its 64 hexadecimal digits.
    fn staging(&self) -> BorrowedFd<'_>;

    /// Makes one and starts the runtime in it. Blocks for some milliseconds.
    ///
    /// # Errors
    /// Whatever the machine refused; nothing is left behind then.
    fn create(&self, spec: &CellSpec) -> Result<Started, IsolationError>;
}

/// What the isolation has to know about an environment.
#[derive(Clone)]
pub struct CellSpec {
    /// 32 hexadecimal digits, unique among the living.
    pub id: String,
    /// Whose it is.
    pub account: AccountId,
    /// The runtime's read-only root.
    pub root: PathBuf,
    /// The code tree that becomes /var/task.
    pub code: CodeId,
    /// The trees that are merged at /opt, a later one over an earlier one.
    pub layers: Vec<CodeId>,
    /// Whether the runtime's process gets a stream socket as descriptor 3.
    pub channel: bool,
    /// The runtime's program and arguments.
    pub argv: Vec<String>,
    /// All environment variables.
    pub env: Vec<(String, String)>,
    /// MemorySize in bytes. The hard limit is this plus `tmp_bytes`: pages of /tmp are charged too.
    pub memory_bytes: u64,
    /// Size of /tmp in bytes.
    pub tmp_bytes: u64,
    /// Thousandths of one processor, from the end of the initialisation on.
    pub cpu_millis: u32,
    /// Until then: not less.
    pub init_cpu_millis: u32,
    /// What it may reach beyond itself.
    pub egress: Egress,
}

/// A started environment.
pub struct Started {
    /// Listens at 127.0.0.1:9001 inside.
    pub runtime_api: TcpListener,
    /// Listens at 127.0.0.1:9002 inside.
    pub platform: TcpListener,
    /// Bound to 127.0.0.1:53 inside, if the isolation has that.
    pub dns: Option<UdpSocket>,
    /// The other end of the runtime's descriptor 3, if the spec asks for one.
    pub channel: Option<UnixStream>,
    /// Standard output and error of the runtime.
    pub output: OwnedFd,
    /// Gives the runtime's wait status (four bytes, native order) when it has ended, then end of file.
    pub status: OwnedFd,
    /// Readable when every process in it is dead.
    pub pidfd: OwnedFd,
    /// Control over it.
    pub cell: Arc<dyn Cell>,
}

/// Control over one isolated environment. Dropping it blocks until all of it is gone.
pub trait Cell: Send + Sync {
    /// Kills every process, at once and without waiting.
    fn kill(&self);
    /// Stops every process where it is; some microseconds. False where this isolation can't.
    ///
    /// # Errors
    /// Where the machine refuses.
    fn freeze(&self) -> io::Result<bool>;
    /// Lets every process go on; some ten microseconds.
    ///
    /// # Errors
    /// Where the machine refuses: it may stand still for ever then.
    fn thaw(&self) -> io::Result<()>;
    /// Gives it this many thousandths of one processor from now on. One file write; nothing where nothing limits it.
    fn set_cpu(&self, millis: u32);
    /// What it uses. A few file reads.
    fn memory(&self) -> Memory;
    /// A bound of what counts against MemorySize, now and ever before: the highest total that the kernel has seen, where it
    /// tells. Much cheaper than [`Cell::memory`].
    fn peak(&self) -> Option<u64> {
        None
    }
    /// Whether the kernel killed something in it for want of memory.
    fn oom_killed(&self) -> bool;
}

/// Memory of one environment in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// What counts against MemorySize: anonymous and kernel memory, not the pages of /tmp and of files.
    pub counted: u64,
    /// The highest that the kernel has seen, where it tells.
    pub peak: Option<u64>,
}

/// Why an environment could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IsolationError {
    /// The program itself could not be executed: the function's own doing where the program is the function's.
    #[error("executing {program}: {source}")]
    Program {
        /// Its path inside the environment.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// There is no room for another one, as long as none of the living ends.
    #[error("the isolation has no room for another environment: {0}")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The machine refused. For the operator; the cause is the isolation's own error.
    #[error("the isolation could not make an environment: {0}")]
    Machine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl IsolationError {
    /// There is no room.
    pub fn full(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Full(cause.into())
    }

    /// The machine refused.
    pub fn machine(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Machine(cause.into())
    }
}
