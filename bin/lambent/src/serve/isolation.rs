//! The spawner, and whether this machine isolates well enough.

use crate::config::Configuration;
use crate::error::Error;
use sandbox::{Mode, Protections, Spawner, SpawnerOptions};
use std::fmt::Write;
use std::path::Path;

/// Starts the spawner. What is missing is printed; without the operator's word, a missing limit is an error.
pub(super) fn start(configuration: &Configuration) -> Result<Spawner, Error> {
    let spawner = Spawner::start(SpawnerOptions {
        name: name_of(&configuration.data_dir()),
        staging_bytes: configuration.worker.staging_mb << 20,
        uid_base: configuration.worker.uid_base,
        uid_count: configuration.worker.max_environments,
    })?;
    let protections = spawner.protections();
    let mode = match protections.mode {
        Mode::Privileged => "privileged",
        Mode::Rootless => "rootless",
    };
    tracing::info!(mode, "functions run in the Linux sandbox");
    if !protections.are_strong() && !configuration.accept_weak_isolation {
        return Err(Error::WeakIsolation(list(protections)));
    }
    for missing in protections.missing() {
        tracing::warn!(protection = missing.name, why = missing.why, "not enforced on this machine");
    }
    Ok(spawner)
}

fn list(protections: &Protections) -> String {
    let mut text = String::new();
    for missing in protections.missing() {
        // Writing to a String doesn't fail.
        let _ = writeln!(text, "  {}: {}", missing.name, missing.why);
    }
    text
}

/// Two platforms on one host have different data directories: that tells their cgroups apart.
fn name_of(data_dir: &Path) -> String {
    let path = data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned());
    let digest = auth::sigv4::hash(path.as_os_str().as_encoded_bytes());
    let short: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("lambent-{short}")
}
