//! Changing what other environments read, and reading what they left.

use super::refusal::{Needed, Verdict, breach};
use super::stage::{Facts, Stage};
use super::{Attack, Group, Place, Twins, run};
use crate::error::AttackError;

const EARLIER: &str = "files-of-an-earlier-environment";

pub(super) static ATTACKS: &[Attack] = &[Attack {
    name: EARLIER,
    group: Group::Files,
    protection: "root",
    what: "read what an environment of the same function left in /tmp and /dev/shm before it ended",
    twins: Twins::none("both are made anew for each environment: there is no step that could be left out"),
    inside: leave_and_look,
    place: Place::Staged(one_after_the_other),
    ..Attack::SHARED
}];

fn one_after_the_other(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    for _ in 0..2 {
        let ended = stage.run(EARLIER, stage.facts())?;
        let verdict = run::read(&ended.output, EARLIER);
        if verdict.is_err() {
            return Ok(verdict);
        }
    }
    Ok(Ok("both are empty".to_owned()))
}

fn leave_and_look(_: &Facts) -> Verdict {
    for place in ["/tmp/left-earlier", "/dev/shm/left-earlier"] {
        if std::fs::exists(place).unwrap_or(true) {
            return breach(format!("{place} is there"));
        }
        std::fs::write(place, "secret").needed("leaving a file")?;
    }
    Ok("left".to_owned())
}
