//! What the platform asks for: one environment, described completely.
//!
//! Invariant: a [`SandboxSpec`] that passed [`SandboxSpec::check`] is bounded in every dimension. The platform checks before
//! it sends, and the spawner, which trusts nobody, checks again what it received.

use std::path::PathBuf;

use zeroize::Zeroize;

use crate::egress::Egress;

/// Most bytes of one argument, variable or path.
pub(crate) const MAX_TEXT: usize = 128 * 1024;
/// Most arguments, and most environment variables.
pub(crate) const MAX_ITEMS: usize = 1024;
/// Most bytes of arguments and variables together: well below the kernel's own bound of a quarter of the stack limit.
pub(crate) const MAX_TOTAL: usize = 512 * 1024;

/// Most layers of one environment. Source: "Lambda quotas".
const MAX_LAYERS: usize = 5;

/// The name of a code tree in the staging area: 64 lowercase hexadecimal digits.
///
/// Neutral names matter: the function reads this one in its own `/proc/self/mountinfo`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeName(String);

impl TreeName {
    /// Takes 64 lowercase hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        if text.len() == 64 && text.bytes().all(is_lower_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SpecError::TreeName)
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How much of the machine an environment may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory of the function in bytes. The cgroup's limit is this plus `tmp_bytes`, because pages of `/tmp` are charged to
    /// the environment too.
    pub memory_bytes: u64,
    /// Size of `/tmp` in bytes.
    pub tmp_bytes: u64,
    /// Files and directories that `/tmp` can hold.
    pub tmp_inodes: u64,
    /// Processes and threads, our init included.
    pub pids: u32,
    /// Processor time per second of wall time, in thousandths of one processor: 1000 is one CPU.
    pub cpu_millis: u32,
    /// The same while the environment initialises, that is until [`crate::Sandbox::set_cpu`]: not less than `cpu_millis`.
    pub init_cpu_millis: u32,
    /// Open files per process.
    pub open_files: u32,
}

/// One execution environment.
#[derive(Clone, PartialEq, Eq)]
pub struct SandboxSpec {
    /// Name of the environment: 32 lowercase hexadecimal digits, unique among the living.
    pub id: String,
    /// Whose it is: 12 digits. Environments of one tenant share what one tenant may have of the machine.
    pub tenant: String,
    /// The prepared runtime root on this host, absolute. It becomes `/`, read-only. It must hold the empty mount points `dev`,
    /// `proc`, `tmp`, `var/task`, `opt` and a file `etc/passwd`.
    pub root: PathBuf,
    /// The code tree below [`crate::Spawner::staging`] that becomes `/var/task`.
    pub code: TreeName,
    /// The trees there whose merged contents become `/opt`, read-only: what a later one has wins. At most five; none leave it
    /// empty.
    pub layers: Vec<TreeName>,
    /// Whether the runtime's process gets descriptor 3, a stream socket whose other end is [`crate::Sandbox::channel`].
    pub channel: bool,
    /// Program (a path inside the environment) and its arguments.
    pub argv: Vec<String>,
    /// Environment variables, complete: nothing is inherited.
    pub env: Vec<(String, String)>,
    /// Working directory inside the environment, absolute.
    pub cwd: String,
    /// Host name inside the environment.
    pub hostname: String,
    /// Bounds.
    pub limits: Limits,
    /// What it may reach beyond itself.
    pub egress: Egress,
}

/// What is wrong with a request. Nothing was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The id.
    #[error("the environment's id is not 32 lowercase hexadecimal digits")]
    Id,
    /// The tenant.
    #[error("the tenant's name is not 12 digits")]
    Tenant,
    /// The code tree.
    #[error("the code tree's name is not 64 lowercase hexadecimal digits")]
    TreeName,
    /// The layers.
    #[error("there are more than five layers")]
    Layers,
    /// The runtime root.
    #[error("the runtime root is not an absolute path without `..`")]
    Root,
    /// The program.
    #[error("argv is empty, its first item is not an absolute path, or it has too many items")]
    Argv,
    /// The variables.
    #[error("a variable's name is empty or holds `=`, or there are too many variables")]
    Env,
    /// Too long a text or a NUL in it.
    #[error(
        "a text is longer than 128 KiB, the texts together are longer than 512 KiB, or one holds a NUL byte"
    )]
    Text,
    /// The working directory.
    #[error("the working directory is not an absolute path without `..`")]
    Cwd,
    /// The host name.
    #[error("the host name is not 1 to 63 letters, digits and hyphens")]
    Hostname,
    /// The list of destinations.
    #[error("the list of destinations is empty or has more than 64")]
    Egress,
    /// A limit.
    #[error("the limit {0} is out of range")]
    Limit(&'static str),
}

/// The variables are the customer's secrets, and so may arguments be: neither shows.
impl std::fmt::Debug for SandboxSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SandboxSpec")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("root", &self.root)
            .field("code", &self.code)
            .field("layers", &self.layers)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl SandboxSpec {
    /// Says what is wrong with this request, if anything.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.id.len() != 32 || !self.id.bytes().all(is_lower_hex) {
            return Err(SpecError::Id);
        }
        if self.tenant.len() != 12 || !self.tenant.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpecError::Tenant);
        }
        if !self.root.to_str().is_some_and(is_plain_absolute) {
            return Err(SpecError::Root);
        }
        if self.layers.len() > MAX_LAYERS {
            return Err(SpecError::Layers);
        }
        if !is_plain_absolute(&self.cwd) {
            return Err(SpecError::Cwd);
        }
        if !is_hostname(&self.hostname) {
            return Err(SpecError::Hostname);
        }
        if !self.egress.is_valid() {
            return Err(SpecError::Egress);
        }
        self.check_texts()?;
        self.limits.check()
    }

    /// Overwrites what may be secret, so that nothing of it is left in this process's memory.
    pub(crate) fn wipe(&mut self) {
        self.argv.zeroize();
        self.env.iter_mut().for_each(|(_, value)| value.zeroize());
    }

    fn check_texts(&self) -> Result<(), SpecError> {
        let program = self.argv.first().ok_or(SpecError::Argv)?;
        if !program.starts_with('/') || self.argv.len() > MAX_ITEMS {
            return Err(SpecError::Argv);
        }
        if self.env.len() > MAX_ITEMS || self.env.iter().any(|(k, _)| k.is_empty() || k.contains('=')) {
            return Err(SpecError::Env);
        }
        let texts = self.argv.iter().chain(self.env.iter().flat_map(|(name, value)| [name, value]));
        let mut total = 0usize;
        for text in texts {
            if text.len() > MAX_TEXT || text.contains('\0') {
                return Err(SpecError::Text);
            }
            total += text.len();
        }
        if total > MAX_TOTAL { Err(SpecError::Text) } else { Ok(()) }
    }
}

impl Limits {
    fn check(&self) -> Result<(), SpecError> {
        const MIB: u64 = 1 << 20;
        let within = |name, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) { Ok(()) } else { Err(SpecError::Limit(name)) }
        };
        within("memory_bytes", self.memory_bytes, 8 * MIB, 1 << 40)?;
        within("tmp_bytes", self.tmp_bytes, MIB, 1 << 40)?;
        within("tmp_inodes", self.tmp_inodes, 16, 1 << 32)?;
        within("pids", self.pids.into(), 4, 32_768)?;
        within("cpu_millis", self.cpu_millis.into(), 10, 1_000_000)?;
        let (share, init) = (self.cpu_millis.into(), self.init_cpu_millis.into());
        within("init_cpu_millis", init, share, 1_000_000)?;
        within("open_files", self.open_files.into(), 16, 1 << 20)
    }
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_plain_absolute(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= 4095
        && !path.contains('\0')
        && path.split('/').all(|segment| segment != "..")
}

fn is_hostname(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !name.starts_with('-')
}
