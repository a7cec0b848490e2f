//! A run of attacks against one spawner's environments.
//!
//! Invariant: every attack of a run is reported once, whatever happened.

use std::path::PathBuf;

use super::inside::{ATTACKS, TRY};
use super::refusal::{Breach, NOT_TRIED, Verdict};
use super::stage::Stage;
use super::{Attack, Finding, Place};
use crate::error::{AttackError, CreateError};
use crate::handle::Sandbox;
use crate::protections::{Mode, Protections};
use crate::spawner::Spawner;
use crate::spec::{Limits, SandboxSpec, TreeName};
use crate::weaken::Layer;

/// What is attacked: environments of this spawner. Runs against one spawner go one after the other.
#[derive(Debug)]
pub struct Target<'a> {
    /// Whose environments.
    pub spawner: &'a Spawner,
    /// A runtime root of this run's own, from [`super::build_root`].
    pub root: PathBuf,
    /// A code tree, from [`super::stage_code`].
    pub code: TreeName,
    /// The attacker's path inside, as [`super::build_root`] said.
    pub program: String,
    /// Those of each environment.
    pub limits: Limits,
}

impl Target<'_> {
    /// Tries each attack, and reports what came of it as soon as it is known. Takes some seconds, and blocks.
    pub fn run(
        &self,
        attacks: &[&'static Attack],
        report: &mut dyn FnMut(&'static Attack, Finding),
    ) -> Result<(), AttackError> {
        self.run_without(&[], attacks, report)
    }

    /// The same in environments that lack some layers, so that a test can show that the attack is able to succeed.
    #[cfg(feature = "weaken")]
    pub fn run_weakened(
        &self,
        without: &[Layer],
        attacks: &[&'static Attack],
        report: &mut dyn FnMut(&'static Attack, Finding),
    ) -> Result<(), AttackError> {
        self.run_without(without, attacks, report)
    }

    fn run_without(
        &self,
        without: &[Layer],
        attacks: &[&'static Attack],
        report: &mut dyn FnMut(&'static Attack, Finding),
    ) -> Result<(), AttackError> {
        let stage = Stage::set(self, without)?;
        let is_shared = |attack: &&Attack| matches!(attack.place, Place::Shared | Place::Killed(_));
        let (shared, apart): (Vec<_>, Vec<_>) = attacks.iter().copied().partition(is_shared);
        let mut tell = |attack, verdict| report(attack, judge(attack, verdict, self.spawner.protections()));
        if !shared.is_empty() {
            for (attack, verdict) in shared.iter().zip(try_inside(&stage, &shared)?) {
                tell(attack, verdict);
            }
        }
        for attack in apart {
            let verdict = match attack.place {
                Place::Staged(arrange) => arrange(&stage)?,
                _ => try_inside(&stage, &[attack])?.pop().unwrap_or_else(silence),
            };
            tell(attack, verdict);
        }
        Ok(())
    }

    pub(super) fn create(&self, spec: &SandboxSpec, without: &[Layer]) -> Result<Sandbox, CreateError> {
        #[cfg(feature = "weaken")]
        return self.spawner.create_weakened(spec, without);
        #[cfg(not(feature = "weaken"))]
        {
            debug_assert!(without.is_empty(), "nothing can be left out");
            self.spawner.create(spec)
        }
    }
}

/// Tries attacks in one environment: a verdict for each. The environment has to outlive them all.
fn try_inside(stage: &Stage<'_>, attacks: &[&'static Attack]) -> Result<Vec<Verdict>, AttackError> {
    let names: Vec<&str> = attacks.iter().map(|attack| attack.name).collect();
    let ended = stage.run(TRY, &stage.facts().with(ATTACKS, names.join(",")))?;
    let verdicts = names.iter().map(|name| read(&ended.output, name));
    Ok(verdicts
        .map(|verdict| match ended.status {
            Some(0) => verdict,
            other => {
                verdict.and(Err(Breach(format!("the function itself did not survive: status {other:?}"))))
            }
        })
        .collect())
}

/// A verdict as the inside prints it.
pub(super) fn line(name: &str, verdict: &Verdict) -> String {
    let (word, text) = match verdict {
        Ok(how) => ("held", how),
        Err(Breach(what)) => ("broken", what),
    };
    // One line, and short enough for a single write.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(600).collect();
    format!("{name} {word} {text}")
}

/// The verdict on that attack in the output: a breach counts, whatever else was said.
pub(super) fn read(output: &str, name: &str) -> Verdict {
    let mut verdict = silence();
    for line in output.lines() {
        match line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(' '))
            .and_then(|rest| rest.split_once(' '))
        {
            Some(("broken", what)) => return Err(Breach(what.to_owned())),
            Some(("held", how)) => verdict = Ok(how.to_owned()),
            _ => {}
        }
    }
    verdict
}

fn silence() -> Verdict {
    Err(Breach(format!("{NOT_TRIED}: the environment ended before this was said")))
}

/// What a breach means on this machine.
pub(super) fn judge(attack: &Attack, verdict: Verdict, protections: &Protections) -> Finding {
    match verdict {
        Ok(how) => Finding::Held { how },
        // What was not tried shows nothing, also where nothing is promised.
        Err(Breach(what)) if what.starts_with(NOT_TRIED) => Finding::Broken { what },
        Err(Breach(what)) => match not_promised(attack, protections) {
            Some(why) => Finding::NotEnforceable { why },
            None => Finding::Broken { what },
        },
    }
}

fn not_promised(attack: &Attack, protections: &Protections) -> Option<String> {
    let protection = protections.list.iter().find(|found| found.name == attack.protection);
    let missing = protection.filter(|found| !found.in_force).map(|found| found.why.clone());
    let is_rootless = protections.mode == Mode::Rootless;
    missing.or_else(|| attack.not_rootless.filter(|_| is_rootless).map(str::to_owned))
}
