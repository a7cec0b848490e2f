//! The sandbox as an isolation.

use crate::residence;
use crate::{Cell, CellSpec, CodeId, Isolation, IsolationError, Memory, Started};
use sandbox::{CreateError, Limits, Sandbox, SandboxSpec, Spawner, Step, TreeName};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;

/// Processes and threads of one environment, and open files of each process. Source: "Lambda quotas" (1,024 each); init is
/// one more process.
const PROCESSES: u32 = 1024 + 1;
const OPEN_FILES: u32 = 1024;
/// Bytes of /tmp per file or directory that it may hold: as mkfs.ext4 does by default.
const BYTES_PER_INODE: u64 = 16 * 1024;

/// ENODEV: what a group says that is removed.
const GONE: i32 = 19;

/// Environments in the hardened Linux sandbox.
pub struct SandboxIsolation {
    spawner: Spawner,
}

impl SandboxIsolation {
    /// Over a spawner, which was started before any thread.
    pub fn new(spawner: Spawner) -> Self {
        Self { spawner }
    }
}

impl Isolation for SandboxIsolation {
    fn staging(&self) -> BorrowedFd<'_> {
        self.spawner.staging()
    }

    fn create(&self, spec: &CellSpec) -> Result<Started, IsolationError> {
        let asked = sandbox_spec(spec).map_err(IsolationError::machine)?;
        let sandbox = self.spawner.create(&asked).map_err(|error| refused(error, spec))?;
        started(sandbox).map_err(IsolationError::machine)
    }
}

/// Everything but the last step is the machine's business. Ids of users, addresses and processes come back with the
/// environments that have them.
pub(crate) fn refused(error: CreateError, spec: &CellSpec) -> IsolationError {
    match error {
        CreateError::Step { step: Step::ExecRuntime, source } => {
            IsolationError::Program { program: spec.argv.first().cloned().unwrap_or_default(), source }
        }
        CreateError::Full | CreateError::Step { step: Step::EgressAddress, .. } => {
            IsolationError::full(error)
        }
        CreateError::Step { step: Step::Clone3, ref source }
            if source.kind() == io::ErrorKind::WouldBlock =>
        {
            IsolationError::full(error)
        }
        other => IsolationError::machine(other),
    }
}

fn sandbox_spec(spec: &CellSpec) -> Result<SandboxSpec, sandbox::SpecError> {
    Ok(SandboxSpec {
        id: spec.id.clone(),
        tenant: spec.account.to_string(),
        root: spec.root.clone(),
        code: tree_name(&spec.code)?,
        layers: spec.layers.iter().map(tree_name).collect::<Result<_, _>>()?,
        channel: spec.channel,
        argv: spec.argv.clone(),
        env: spec.env.clone(),
        cwd: "/var/task".to_owned(),
        hostname: "lambda".to_owned(),
        limits: Limits {
            memory_bytes: spec.memory_bytes,
            tmp_bytes: spec.tmp_bytes,
            tmp_inodes: spec.tmp_bytes / BYTES_PER_INODE,
            pids: PROCESSES,
            cpu_millis: spec.cpu_millis,
            init_cpu_millis: spec.init_cpu_millis,
            open_files: OPEN_FILES,
        },
        egress: spec.egress.clone(),
    })
}

fn tree_name(id: &CodeId) -> Result<TreeName, sandbox::SpecError> {
    TreeName::parse(&id.to_string())
}

/// The sandbox needs its descriptors to its end, and so do the tasks that wait for them: both get their own. What
/// listens and the channel are moved: nobody else needs them, and dropping the channel is its end.
fn started(mut sandbox: Sandbox) -> io::Result<Started> {
    Ok(Started {
        runtime_api: sandbox.runtime_api.take().ok_or(io::ErrorKind::NotFound)?,
        platform: sandbox.platform.take().ok_or(io::ErrorKind::NotFound)?,
        dns: sandbox.dns.take(),
        channel: sandbox.channel.take(),
        output: sandbox.output.try_clone()?,
        status: sandbox.status.try_clone()?,
        pidfd: sandbox.pidfd.try_clone()?,
        cell: Arc::new(sandbox),
    })
}

impl Cell for Sandbox {
    fn kill(&self) {
        Sandbox::kill(self);
    }

    fn freeze(&self) -> io::Result<bool> {
        Sandbox::freeze(self)
    }

    fn thaw(&self) -> io::Result<()> {
        Sandbox::thaw(self)
    }

    fn set_cpu(&self, millis: u32) {
        if let Err(error) = Sandbox::set_cpu(self, millis)
            && error.raw_os_error() != Some(GONE)
        {
            tracing::error!(%error, millis, "an environment's processor time could not be set");
        }
    }

    fn memory(&self) -> Memory {
        match Sandbox::memory(self) {
            Some(usage) => Memory { counted: usage.anonymous_and_kernel, peak: usage.peak },
            // Without a memory cgroup nothing counts against MemorySize, but REPORT says what was used.
            None => Memory { counted: 0, peak: residence::peak(self.pidfd.as_fd()) },
        }
    }

    fn peak(&self) -> Option<u64> {
        self.peak_memory()
    }

    fn oom_killed(&self) -> bool {
        Sandbox::oom_killed(self)
    }
}
