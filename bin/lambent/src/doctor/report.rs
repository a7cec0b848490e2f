//! What was found, as data: a row per protection, and the verdict over them.
//!
//! Invariant: the verdict is good if and only if every configured row is in force; a protection that an attack got past is
//! not, whatever the spawner says of it.

use sandbox::attacks::{Attack, Finding};
use sandbox::{Mode, Need, Protection, Protections, need};

/// One attack and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) finding: Finding,
}

/// One protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) in_force: bool,
    /// Whether its absence is a failure here.
    pub(super) configured: bool,
    /// What the spawner says: how it is done, or why it is missing.
    pub(super) why: String,
    pub(super) attacks: Vec<Tried>,
    /// Attacks on it that were left out because they disturb neighbours.
    pub(super) left_out: usize,
}

/// How the attacks ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    pub(super) held: usize,
    pub(super) not_enforceable: usize,
    pub(super) broken: usize,
}

/// Everything about the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// None where the spawner could not start, and so never had one.
    pub(super) mode: Option<Mode>,
    pub(super) rows: Vec<Row>,
}

/// Whether what is configured is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Fail,
}

impl Tried {
    pub(super) fn new(attack: &'static Attack, finding: Finding) -> Self {
        Self { name: attack.name, what: attack.what, finding }
    }

    pub(super) fn got_through(&self) -> bool {
        matches!(self.finding, Finding::Broken { .. })
    }
}

impl Row {
    fn new(protection: &Protection, weak_is_accepted: bool) -> Self {
        let configured = match need(&protection.name) {
            Need::Always => true,
            Need::UnlessAccepted => protection.in_force || !weak_is_accepted,
            // Listed only where the configuration asks for it.
            Need::WherePossible => {
                protection.in_force || ["egress", "network-rate"].contains(&protection.name.as_str())
            }
        };
        Self {
            name: protection.name.clone(),
            in_force: protection.in_force,
            configured,
            why: protection.why.clone(),
            attacks: Vec::new(),
            left_out: 0,
        }
    }

    /// One that an attack names and the spawner doesn't: the attacks alone say whether it is there.
    fn unlisted(name: &str) -> Self {
        let why = "shown by attacks alone".to_owned();
        Self {
            name: name.to_owned(),
            in_force: true,
            configured: true,
            why,
            attacks: Vec::new(),
            left_out: 0,
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        self.configured && !self.in_force
    }

    pub(super) fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for tried in &self.attacks {
            match tried.finding {
                Finding::Held { .. } => sums.held += 1,
                Finding::Broken { .. } => sums.broken += 1,
                Finding::NotEnforceable { .. } => sums.not_enforceable += 1,
            }
        }
        sums
    }
}

impl Report {
    /// From what the spawner says and what the attacks met, each with the protection that should stop it, and the protections of
    /// those that were left out.
    pub(super) fn new(
        protections: &Protections,
        weak_is_accepted: bool,
        tried: Vec<(&str, Tried)>,
        left_out: &[&str],
    ) -> Self {
        let mut rows: Vec<Row> =
            protections.list.iter().map(|protection| Row::new(protection, weak_is_accepted)).collect();
        for (protection, tried) in tried {
            let row = named(&mut rows, protection);
            if tried.got_through() {
                (row.in_force, row.configured) = (false, true);
            }
            row.attacks.push(tried);
        }
        for protection in left_out {
            named(&mut rows, protection).left_out += 1;
        }
        Self { mode: Some(protections.mode), rows }
    }

    /// Of a machine on which no environment can be made, for want of this one.
    pub(super) fn without(missing: &str, why: String) -> Self {
        let row = Row {
            name: missing.to_owned(),
            in_force: false,
            configured: true,
            why,
            attacks: Vec::new(),
            left_out: 0,
        };
        Self { mode: None, rows: vec![row] }
    }

    pub(super) fn verdict(&self) -> Verdict {
        if self.rows.iter().any(Row::is_failure) { Verdict::Fail } else { Verdict::Pass }
    }

    pub(super) fn left_out(&self) -> usize {
        self.rows.iter().map(|row| row.left_out).sum()
    }

    pub(super) fn sums(&self) -> Sums {
        self.rows.iter().map(Row::sums).fold(Sums::default(), |a, b| Sums {
            held: a.held + b.held,
            not_enforceable: a.not_enforceable + b.not_enforceable,
            broken: a.broken + b.broken,
        })
    }
}

/// The row of that name; a new one where the spawner lists none.
fn named<'a>(rows: &'a mut Vec<Row>, name: &str) -> &'a mut Row {
    let place = rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
        rows.push(Row::unlisted(name));
        rows.len() - 1
    });
    &mut rows[place]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn protections(list: &[(&str, bool)]) -> Protections {
        let list = list.iter().map(|(name, in_force)| Protection {
            name: (*name).to_owned(),
            in_force: *in_force,
            why: format!("why {name}"),
        });
        Protections { mode: Mode::Rootless, list: list.collect() }
    }

    pub(in super::super) fn held(name: &'static str) -> Tried {
        Tried { name, what: "a try", finding: Finding::Held { how: "EPERM".to_owned() } }
    }

    pub(in super::super) fn broken(name: &'static str) -> Tried {
        Tried { name, what: "a try", finding: Finding::Broken { what: "it worked".to_owned() } }
    }

    const MINIMUM: [(&str, bool); 4] =
        [("namespaces", true), ("landlock", true), ("seccomp", true), ("unique-uid", false)];

    #[test]
    fn what_a_mode_does_not_have_is_no_failure_and_what_it_has_must_hold() {
        let report = Report::new(&protections(&MINIMUM), false, vec![("seccomp", held("ptrace"))], &[]);
        assert_eq!(report.verdict(), Verdict::Pass);
        let configured: Vec<bool> = report.rows.iter().map(|row| row.configured).collect();
        assert_eq!(configured, [true, true, true, false]);
    }

    #[test]
    fn an_attack_that_gets_through_turns_exactly_its_row() {
        let tried =
            vec![("seccomp", held("ptrace")), ("seccomp", broken("keyctl")), ("landlock", held("write"))];
        let report = Report::new(&protections(&MINIMUM), true, tried, &[]);
        let off: Vec<&str> =
            report.rows.iter().filter(|row| row.is_failure()).map(|row| row.name.as_str()).collect();
        assert_eq!((report.verdict(), off), (Verdict::Fail, vec!["seccomp"]));
        assert_eq!(report.sums(), Sums { held: 2, not_enforceable: 0, broken: 1 });
        // Also one that was not promised: it is then no longer a matter of the mode.
        let report = Report::new(&protections(&MINIMUM), true, vec![("unique-uid", broken("x"))], &[]);
        assert_eq!(report.verdict(), Verdict::Fail);
    }

    #[test]
    fn each_of_the_minimum_fails_alone_and_only_limits_may_be_accepted() {
        for (name, acceptable) in [
            ("namespaces", false),
            ("landlock", false),
            ("seccomp", false),
            ("memory-limit", true),
            ("process-limit", true),
            ("time-limit", true),
        ] {
            let without = protections(&[(name, false)]);
            assert_eq!(Report::new(&without, false, Vec::new(), &[]).verdict(), Verdict::Fail, "{name}");
            let accepted = Report::new(&without, true, Vec::new(), &[]).verdict();
            assert_eq!(accepted == Verdict::Pass, acceptable, "{name}");
            assert_eq!(Report::without(name, String::new()).verdict(), Verdict::Fail, "{name}");
        }
    }

    #[test]
    fn a_protection_that_the_spawner_does_not_list_is_a_row_too() {
        let report =
            Report::new(&protections(&[]), false, vec![("freezer", held("a")), ("freezer", held("b"))], &[]);
        assert_eq!((report.rows.len(), report.rows[0].attacks.len()), (1, 2));
        assert_eq!(report.verdict(), Verdict::Pass);
    }
}
