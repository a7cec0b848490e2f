//! The configuration: a TOML file, overridden by the command line. Unknown keys are refused.

use crate::cli::{DataArguments, DoctorArguments, ServeArguments};
use crate::egress::EgressConfiguration;
use crate::error::Error;
use crate::system;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use types::{Region, limits};

/// Where people's scripts and local tools already point to.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4566);
const DATA_DIR: &str = "./lambent-data";

/// Everything that can be configured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Configuration {
    /// Address and port.
    pub(crate) listen: Option<SocketAddr>,
    /// Directory for everything that is kept.
    pub(crate) data_dir: Option<PathBuf>,
    /// Root key file; `root.key` in the data directory unless it is kept elsewhere.
    pub(crate) root_key: Option<PathBuf>,
    /// The region that this installation serves.
    pub(crate) region: Option<Region>,
    /// Serve although limits can't be enforced here.
    pub(crate) accept_weak_isolation: bool,
    pub(crate) server: ServerConfiguration,
    pub(crate) account: AccountConfiguration,
    pub(crate) worker: WorkerConfiguration,
    pub(crate) egress: EgressConfiguration,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerConfiguration {
    /// Connections of clients at a time; functions may have half as many beside them.
    pub(crate) max_connections: usize,
    /// What the bodies of all requests together may hold in memory, in MB.
    pub(crate) body_budget_mb: usize,
    /// How long a stop waits for running invocations, in seconds.
    pub(crate) shutdown_grace_seconds: u64,
}

/// `[account]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AccountConfiguration {
    /// Concurrent invocations of one account.
    pub(crate) concurrency: u32,
}

/// `[worker]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WorkerConfiguration {
    /// Execution environments alive at a time.
    pub(crate) max_environments: u32,
    /// The largest /tmp that a function may ask for, in MB.
    pub(crate) max_ephemeral_storage: u32,
    /// MemorySize and EphemeralStorage of all living environments together, in MB. They are limits, not reservations; where
    /// nothing is said, it is 32 times what the host has.
    pub(crate) max_committed_mb: Option<u32>,
    /// What all living environments together may really use, in MB; where nothing is said, seven eighths of what the host has.
    pub(crate) max_memory_mb: Option<u64>,
    /// Memory for extracted code, in MB.
    pub(crate) staging_mb: u64,
    /// What a function may print in each of its environments, in bytes per second; ten times that at once.
    pub(crate) log_bytes_per_second: u32,
    /// How long an environment may be idle before it is ended, in seconds.
    pub(crate) idle_seconds: u64,
    /// The first of the host's user ids that environments get, one each.
    pub(crate) uid_base: u32,
}

impl Default for ServerConfiguration {
    fn default() -> Self {
        Self { max_connections: 8192, body_budget_mb: 512, shutdown_grace_seconds: 30 }
    }
}

impl Default for AccountConfiguration {
    fn default() -> Self {
        Self { concurrency: limits::ACCOUNT_CONCURRENCY }
    }
}

impl Default for WorkerConfiguration {
    fn default() -> Self {
        Self {
            max_environments: 1200,
            max_ephemeral_storage: 2048,
            max_committed_mb: None,
            max_memory_mb: None,
            staging_mb: 1024,
            log_bytes_per_second: 4 << 20,
            idle_seconds: 300,
            // Above the ranges that containers and user namespaces take by convention.
            uid_base: 2_000_000_000,
        }
    }
}

impl WorkerConfiguration {
    /// What all living environments together may use.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.max_memory_mb.map_or_else(system::memory_for_environments, |mb| mb << 20)
    }
}

impl Configuration {
    /// The file that the arguments name, or nothing but defaults.
    pub(crate) fn read(arguments: &DataArguments) -> Result<Self, Error> {
        let mut configuration = match &arguments.config {
            Some(path) => Self::read_file(path)?,
            None => Self::default(),
        };
        if let Some(dir) = &arguments.data_dir {
            configuration.data_dir = Some(dir.clone());
        }
        Ok(configuration)
    }

    /// The same for `serve`, checked.
    pub(crate) fn for_serve(arguments: &ServeArguments) -> Result<Self, Error> {
        if arguments.bootstrap_account.len() != arguments.bootstrap_access_key.len() {
            return Err(Error::BootstrapPairs);
        }
        let mut configuration = Self::read(&arguments.data)?;
        configuration.listen = arguments.listen.or(configuration.listen);
        configuration.region = arguments.region.clone().or(configuration.region);
        configuration.accept_weak_isolation |= arguments.accept_weak_isolation || arguments.demo;
        configuration.check()?;
        Ok(configuration)
    }

    /// The same for `doctor`, which judges by what `serve` would be told.
    pub(crate) fn for_doctor(arguments: &DoctorArguments) -> Result<Self, Error> {
        let mut configuration = Self::read(&arguments.data)?;
        configuration.accept_weak_isolation |= arguments.accept_weak_isolation;
        configuration.check()?;
        Ok(configuration)
    }

    fn read_file(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::ReadConfiguration { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| Error::Configuration { path: path.to_owned(), source: Box::new(source) })
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |setting, problem: &str| Err(Error::Setting { setting, problem: problem.to_owned() });
        let storage = limits::EPHEMERAL_STORAGE_MB;
        if !self.listen().ip().is_loopback() {
            return Err(Error::NotLoopback(self.listen()));
        }
        if !(1..=50_000).contains(&self.worker.max_environments) {
            return wrong("worker.max_environments", "from 1 to 50000");
        }
        let bases = sandbox::LOWEST_UID_BASE..=sandbox::HIGHEST_UID_BASE;
        if !bases.contains(&self.worker.uid_base) {
            return wrong("worker.uid_base", &format!("from {} to {}", bases.start(), bases.end()));
        }
        if self.account.concurrency == 0 {
            return wrong("account.concurrency", "1 at least: with 0 nothing could be invoked");
        }
        if !storage.contains(&self.worker.max_ephemeral_storage) {
            return wrong("worker.max_ephemeral_storage", "from 512 to 10240 MB");
        }
        if self.worker.log_bytes_per_second < 1024 {
            return wrong("worker.log_bytes_per_second", "1024 at least");
        }
        if self.worker.max_memory_mb.is_some_and(|mb| !(256..=1 << 30).contains(&mb)) {
            return wrong("worker.max_memory_mb", "256 at least");
        }
        if self.worker.staging_mb < 256 {
            return wrong("worker.staging_mb", "256 at least: the largest code package must fit");
        }
        if self.server.max_connections == 0 || self.server.body_budget_mb < 128 {
            return wrong("server", "max_connections is 1 at least, body_budget_mb 128 at least");
        }
        self.egress.check()
    }

    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(LISTEN)
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from(DATA_DIR))
    }

    pub(crate) fn root_key(&self) -> PathBuf {
        self.root_key.clone().unwrap_or_else(|| self.data_dir().join("root.key"))
    }

    pub(crate) fn region(&self) -> Region {
        self.region.clone().unwrap_or_default()
    }

    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.server.shutdown_grace_seconds)
    }

    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.worker.idle_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid() {
        Configuration::default().check().unwrap();
        assert_eq!(Configuration::default().listen().to_string(), "127.0.0.1:4566");
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(
            toml::from_str::<Configuration>("listen = \"127.0.0.1:1\"\n[worker]\nidle_seconds = 5\n").is_ok()
        );
        for bad in ["lisen = 1", "[worker]\nidle = 5", "[wrker]"] {
            assert!(toml::from_str::<Configuration>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        let cases = [
            ("[worker]\nuid_base = 0", "worker.uid_base"),
            ("[worker]\nmax_environments = 0", "worker.max_environments"),
            ("[worker]\nlog_bytes_per_second = 1", "worker.log_bytes_per_second"),
            ("[account]\nconcurrency = 0", "account.concurrency"),
        ];
        for (text, setting) in cases {
            let refused = toml::from_str::<Configuration>(text).unwrap().check().unwrap_err();
            assert!(
                refused.to_string().starts_with(&format!("in the configuration, {setting}")),
                "{refused}"
            );
        }
    }

    #[test]
    fn only_loopback_is_served_in_plain() {
        let open = Configuration { listen: Some("0.0.0.0:4566".parse().unwrap()), ..Default::default() };
        assert!(matches!(open.check(), Err(Error::NotLoopback(_))));
        let v6 = Configuration { listen: Some("[::1]:4566".parse().unwrap()), ..Default::default() };
        assert!(v6.check().is_ok());
    }
}
