//! The report for programs. Its form is stable: members are added, never renamed.

use super::host::{Host, Setting};
use super::report::{Report, Row, Tried, Verdict};
use crate::remedies::{BREACH, remedy};
use sandbox::Mode;
use sandbox::attacks::Finding;
use serde_json::{Value, json};

/// One document, indented.
pub(super) fn write(report: &Report, host: &Host) -> String {
    let sums = report.sums();
    let document = json!({
        "mode": report.mode.map(mode),
        "kernel": host.kernel,
        "protections": report.rows.iter().map(|row| protection(row, report.mode)).collect::<Vec<_>>(),
        "host": host.settings.iter().map(setting).collect::<Vec<_>>(),
        "attacks": {
            "held": sums.held,
            "not_enforceable": sums.not_enforceable,
            "broken": sums.broken,
            "left_out": report.left_out(),
        },
        "verdict": match report.verdict() {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
        },
    });
    format!("{document:#}")
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Privileged => "privileged",
        Mode::Rootless => "rootless",
    }
}

fn protection(row: &Row, mode: Option<Mode>) -> Value {
    let breach = row.attacks.iter().any(Tried::got_through);
    let remedy = if breach { Some(BREACH) } else { remedy(&row.name, mode) };
    json!({
        "name": row.name,
        "in_force": row.in_force,
        "configured": row.configured,
        "why": row.why,
        "remedy": remedy.filter(|_| !row.in_force),
        "attacks": row.attacks.iter().map(attack).collect::<Vec<_>>(),
    })
}

fn attack(tried: &Tried) -> Value {
    let (finding, detail) = match &tried.finding {
        Finding::Held { how } => ("held", how),
        Finding::Broken { what } => ("broken", what),
        Finding::NotEnforceable { why } => ("not-enforceable", why),
    };
    json!({ "name": tried.name, "what": tried.what, "finding": finding, "detail": detail })
}

fn setting(setting: &Setting) -> Value {
    json!({
        "name": setting.name,
        "verdict": if setting.note.is_none() { "ok" } else { "note" },
        "found": setting.found,
        "note": setting.note,
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::{broken, held, protections};
    use super::*;

    #[test]
    fn the_document_has_its_form() {
        let all = protections(&[("seccomp", true), ("unique-uid", false)]);
        let report = Report::new(
            &all,
            false,
            vec![("seccomp", held("ptrace")), ("seccomp", broken("keyctl"))],
            &["seccomp"; 3],
        );
        let host = Host {
            kernel: "6.1.0".to_owned(),
            settings: vec![Setting {
                name: "smt",
                found: "on".to_owned(),
                note: Some("off is better".to_owned()),
            }],
        };
        let document: Value = serde_json::from_str(&write(&report, &host)).unwrap();
        let expected = json!({
            "mode": "rootless",
            "kernel": "6.1.0",
            "protections": [
                { "name": "seccomp", "in_force": false, "configured": true, "why": "why seccomp", "remedy": BREACH, "attacks": [
                    { "name": "ptrace", "what": "a try", "finding": "held", "detail": "EPERM" },
                    { "name": "keyctl", "what": "a try", "finding": "broken", "detail": "it worked" },
                ] },
                { "name": "unique-uid", "in_force": false, "configured": false, "why": "why unique-uid",
                  "remedy": remedy("unique-uid", Some(Mode::Rootless)), "attacks": [] },
            ],
            "host": [{ "name": "smt", "verdict": "note", "found": "on", "note": "off is better" }],
            "attacks": { "held": 1, "not_enforceable": 0, "broken": 1, "left_out": 3 },
            "verdict": "fail",
        });
        assert_eq!(document, expected);
    }
}
