//! One run: a spawner, a root with the attacker, and the attacks, one after the other.
//!
//! Invariant: the spawner starts while this process has one thread, and what is made for the run is gone when it returns.

use super::report::{Report, Tried};
use super::workplace::Workplace;
use super::{DoctorError, Wanted};
use crate::config::Configuration;
use crate::serve;
use sandbox::attacks::{self, Attack, Target};
use sandbox::{Limits, Spawner, SpawnerOptions, StartError};
use std::fs::DirBuilder;
use std::io::{IsTerminal as _, Write as _};

/// Environments that attacks need at a time, with room to spare.
const ENVIRONMENTS: u32 = 64;
/// Code trees and layers of the attacks; they hold a few small files.
const STAGING_BYTES: u64 = 64 << 20;

/// Everything that has to be ready before the first attack.
#[derive(Debug)]
pub(super) struct Bench {
    spawner: Spawner,
    workplace: Workplace,
}

/// How a start ends that is no defect.
#[derive(Debug)]
pub(super) enum Started {
    Ready(Bench),
    /// This machine lacks what every environment must have.
    Missing(Report),
}

impl Bench {
    /// Only a process with a single thread may do this.
    pub(super) fn set_up(configuration: &Configuration, wanted: &Wanted) -> Result<Started, DoctorError> {
        let workplace = Workplace::take(&std::env::temp_dir())?;
        match start(options(configuration, &workplace), wanted) {
            Ok(spawner) => Ok(Started::Ready(Self { spawner, workplace })),
            Err(error) => lacking(error).map(Started::Missing),
        }
    }

    /// Ends every environment; a run that is under way ends with an error.
    pub(super) fn end(&self) {
        self.spawner.end();
    }

    /// Tries the attacks.
    pub(super) fn run(&self, configuration: &Configuration, wanted: &Wanted) -> Result<Report, DoctorError> {
        let root = self.workplace.path().join("root");
        let failed = |source| DoctorError::Workplace { path: root.clone(), source };
        DirBuilder::new().create(&root).map_err(failed)?;
        let program = attacks::build_root(&root).map_err(failed)?;
        let code = attacks::stage_code(self.spawner.staging()).map_err(DoctorError::Staging)?;
        let target = Target { spawner: &self.spawner, root: root.clone(), code, program, limits: limits() };
        let (chosen, left_out): (Vec<_>, Vec<_>) = attacks::all()
            .filter(|attack| attack.applies(self.spawner.protections()) && self.is_meant(attack, wanted))
            .partition(|attack| wanted.all || !attack.disturbs);
        let tried = try_each(&target, &chosen, wanted)?;
        let accepted = configuration.accept_weak_isolation;
        let left_out: Vec<&str> = left_out.iter().map(|attack| attack.protection).collect();
        Ok(Report::new(self.spawner.protections(), accepted, tried, &left_out))
    }
}

#[cfg(not(feature = "weaken"))]
fn start(options: SpawnerOptions, _wanted: &Wanted) -> Result<Spawner, StartError> {
    Spawner::start(options)
}

#[cfg(feature = "weaken")]
fn start(options: SpawnerOptions, wanted: &Wanted) -> Result<Spawner, StartError> {
    Spawner::start_weakened(options, &wanted.without)
}

#[cfg(not(feature = "weaken"))]
impl Bench {
    /// Every attack is.
    fn is_meant(&self, _attack: &Attack, _wanted: &Wanted) -> bool {
        true
    }
}

#[cfg(feature = "weaken")]
impl Bench {
    /// Without some layers, those that need exactly these to be missing; without a single one, also those that don't need it: what
    /// the rest would do to the host then, nobody has tried.
    fn is_meant(&self, attack: &Attack, wanted: &Wanted) -> bool {
        let twin = match self.spawner.protections().mode {
            sandbox::Mode::Privileged => attack.twins.privileged,
            sandbox::Mode::Rootless => attack.twins.rootless,
        };
        let layers = match twin {
            attacks::Twin::Without(layers) => layers,
            attacks::Twin::Start(layer) => return wanted.without.is_empty() || wanted.without == [layer],
            attacks::Twin::None(_) => return wanted.without.is_empty(),
        };
        let needs_none = || !layers.iter().any(|layer| wanted.without.contains(layer));
        layers == wanted.without || (wanted.without.len() < 2 && needs_none())
    }
}

/// The same as `serve`'s, but for what would collide with one that runs beside this: the name, the network, and the user ids,
/// which begin above those of a `serve` with this configuration.
fn options(configuration: &Configuration, workplace: &Workplace) -> SpawnerOptions {
    let worker = &configuration.worker;
    SpawnerOptions {
        name: serve::spawner_name("lambent-doctor", workplace.path()),
        staging_bytes: STAGING_BYTES,
        memory_bytes: worker.memory_bytes(),
        uid_base: worker.uid_base.saturating_add(worker.max_environments).min(sandbox::HIGHEST_UID_BASE),
        uid_count: ENVIRONMENTS,
        egress: configuration.egress.options_beside_serve(),
    }
}

/// A machine without one of the minimum has an answer to the operator's question, which is no; anything else is no answer.
fn lacking(error: StartError) -> Result<Report, DoctorError> {
    match error.missing() {
        Some(name) => Ok(Report::without(name, error.to_string())),
        None => Err(DoctorError::Spawner(error)),
    }
}

/// What a function of a common size gets.
fn limits() -> Limits {
    Limits {
        memory_bytes: 128 << 20,
        tmp_bytes: 64 << 20,
        tmp_inodes: 4096,
        pids: 128,
        cpu_millis: 1000,
        init_cpu_millis: 1000,
        open_files: 1024,
    }
}

type Outcome = Vec<(&'static str, Tried)>;

fn try_each(
    target: &Target<'_>,
    chosen: &[&'static Attack],
    wanted: &Wanted,
) -> Result<Outcome, DoctorError> {
    let mut tried = Outcome::with_capacity(chosen.len());
    let progress = Progress::of(chosen.len());
    progress.show(0);
    let mut note = |attack: &'static Attack, finding| {
        tried.push((attack.protection, Tried::new(attack, finding)));
        progress.show(tried.len());
    };
    let done = run(target, chosen, wanted, &mut note);
    progress.clear();
    done.map_err(DoctorError::Attacks)?;
    let silent = chosen.iter().find(|attack| !tried.iter().any(|(_, tried)| tried.name == attack.name));
    match silent {
        Some(attack) => Err(DoctorError::NoWord(attack.name)),
        None => Ok(tried),
    }
}

#[cfg(not(feature = "weaken"))]
fn run(
    target: &Target<'_>,
    chosen: &[&'static Attack],
    _wanted: &Wanted,
    note: &mut dyn FnMut(&'static Attack, attacks::Finding),
) -> Result<(), sandbox::AttackError> {
    target.run(chosen, note)
}

#[cfg(feature = "weaken")]
fn run(
    target: &Target<'_>,
    chosen: &[&'static Attack],
    wanted: &Wanted,
    note: &mut dyn FnMut(&'static Attack, attacks::Finding),
) -> Result<(), sandbox::AttackError> {
    target.run_weakened(&wanted.without, chosen, note)
}

/// A line on the terminal, for the seconds that it takes.
struct Progress {
    total: usize,
    is_shown: bool,
}

impl Progress {
    fn of(total: usize) -> Self {
        Self { total, is_shown: std::io::stderr().is_terminal() }
    }

    fn show(&self, done: usize) {
        if self.is_shown {
            // Decoration: a terminal that is gone is no reason to stop.
            let _ = write!(std::io::stderr(), "\rtrying attacks: {done} of {}", self.total);
        }
    }

    fn clear(&self) {
        if self.is_shown {
            // As above: back to the first column, and everything behind it erased.
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
