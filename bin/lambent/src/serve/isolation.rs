//! The spawner, and whether this machine isolates well enough.
//!
//! Invariant: nothing is served without what [`Protections::lacking`] names; only the limits of memory, processes and time can
//! be missing by the operator's word.

use crate::config::Configuration;
use crate::error::Error;
use crate::remedies::remedy;
use sandbox::{Mode, Need, Protections, Spawner, SpawnerOptions, StartError, need};
use std::fmt::Write;
use std::path::Path;

/// Starts the spawner. What is missing is printed; without the operator's word, a missing limit is an error.
pub(super) fn start(configuration: &Configuration) -> Result<Spawner, Error> {
    let spawner = Spawner::start(SpawnerOptions {
        name: spawner_name("lambent", &configuration.data_dir()),
        staging_bytes: configuration.worker.staging_mb << 20,
        memory_bytes: configuration.worker.memory_bytes(),
        uid_base: configuration.worker.uid_base,
        uid_count: configuration.worker.max_environments,
        egress: configuration.egress.spawner_options()?,
    })
    .map_err(refused)?;
    let protections = spawner.protections();
    let mode = match protections.mode {
        Mode::Privileged => "privileged",
        Mode::Rootless => "rootless",
    };
    tracing::info!(mode, "functions run in the Linux sandbox");
    permit(protections, configuration.accept_weak_isolation)?;
    // A function that is to reach something and can't would fail in ways for which nobody would look here.
    if let Some(missing) = protections.missing().find(|missing| missing.name == "egress") {
        return Err(Error::NoEgress(missing.why.clone()));
    }
    for missing in protections.missing() {
        tracing::warn!(protection = missing.name, why = missing.why, "not enforced on this machine");
    }
    Ok(spawner)
}

/// A machine that can't isolate is told apart from one on which something else went wrong.
fn refused(error: StartError) -> Error {
    match error.missing() {
        Some(name) => Error::NoIsolation(item(name, &error.to_string(), None)),
        None => Error::Spawner(error),
    }
}

/// Whether anything may be served.
fn permit(protections: &Protections, weak_is_accepted: bool) -> Result<(), Error> {
    let lacking = protections.lacking(weak_is_accepted);
    let mut list = String::new();
    for name in &lacking {
        let listed = protections.list.iter().find(|protection| protection.name == *name);
        let why = listed.map_or("nothing is known of it", |protection| &protection.why);
        list.push_str(&item(name, why, Some(protections.mode)));
    }
    if lacking.is_empty() {
        Ok(())
    } else if lacking.iter().any(|name| need(name) == Need::Always) {
        Err(Error::NoIsolation(list))
    } else {
        Err(Error::WeakIsolation(list))
    }
}

fn item(name: &str, why: &str, mode: Option<Mode>) -> String {
    let mut text = format!("  {name}: {why}\n");
    if let Some(remedy) = remedy(name, mode) {
        // Writing to a String doesn't fail.
        let _ = writeln!(text, "      To have it: {remedy}.");
    }
    text
}

/// Two platforms on one host have different directories: that tells their cgroups apart.
pub(crate) fn spawner_name(kind: &str, directory: &Path) -> String {
    let path = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let digest = auth::sigv4::hash(path.as_os_str().as_encoded_bytes());
    let short: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}-{short}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::Protection;

    const ALL: [&str; 6] =
        ["memory-limit", "process-limit", "time-limit", "namespaces", "landlock", "seccomp"];

    fn all_but(missing: &str) -> Protections {
        let protection = |name: &&str| Protection {
            name: (*name).to_owned(),
            in_force: *name != missing,
            why: "not on this machine".to_owned(),
        };
        Protections { mode: Mode::Rootless, list: ALL.iter().map(protection).collect() }
    }

    #[test]
    fn each_of_the_minimum_alone_is_refused_by_name_and_only_limits_can_be_accepted() {
        permit(&all_but(""), false).unwrap();
        for name in ALL {
            let refused = permit(&all_but(name), false).unwrap_err().to_string();
            assert!(refused.contains(&format!("  {name}: not on this machine\n")), "{refused}");
            assert_eq!(refused.contains("--accept-weak-isolation"), name.ends_with("-limit"), "{refused}");
            assert_eq!(permit(&all_but(name), true).is_ok(), name.ends_with("-limit"), "{name}");
        }
    }

    #[test]
    fn a_spawner_that_can_not_start_for_want_of_isolation_says_what_to_do() {
        let cause = || std::io::Error::from_raw_os_error(1);
        let failed = |step| StartError::Step { step, source: cause() };
        for (error, name, hint) in [
            (failed(sandbox::Step::UnshareUser), "namespaces", "user.max_user_namespaces"),
            (failed(sandbox::Step::Clone3), "namespaces", "clone3"),
            (failed(sandbox::Step::SeccompInstall), "seccomp", "CONFIG_SECCOMP_FILTER"),
            (StartError::Unprotected("no Landlock".to_owned()), "landlock", "lsm="),
        ] {
            let text = refused(error).to_string();
            assert!(text.contains(&format!("  {name}: ")) && text.contains(hint), "{text}");
        }
        assert!(matches!(refused(failed(sandbox::Step::Fork)), Error::Spawner(_)));
    }
}
