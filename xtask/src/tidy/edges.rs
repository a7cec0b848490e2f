//! Which crate may use which: the architecture as a table.
//!
//! A new edge is a decision about the architecture: it is made here, in the open, or not at all.

use std::fs;

use super::Findings;
use crate::workspace::{Dependency, Kind, Member, Workspace};

/// Each member and the members that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("seal", &[]),
    ("sqlite", &["seal"]),
    ("sandbox", &[]),
    ("wire", &[]),
    ("pattern", &[]),
    ("package", &["types"]),
    ("telemetry", &["types"]),
    ("auth", &["types"]),
    ("store", &["types", "seal", "sqlite"]),
    ("queue", &["types", "seal", "sqlite"]),
    ("api", &["types", "wire", "auth", "store", "telemetry"]),
    ("worker", &["types", "sandbox", "package", "telemetry"]),
    ("invoke", &["types", "auth", "api", "store", "queue", "worker", "telemetry"]),
    ("control", &["types", "auth", "api", "store", "package", "telemetry"]),
    ("services", &["types", "auth", "api", "store", "queue", "telemetry"]),
    (
        "testkit",
        &[
            "types",
            "seal",
            "wire",
            "package",
            "telemetry",
            "auth",
            "store",
            "queue",
            "api",
            "worker",
            "invoke",
            "control",
            "services",
        ],
    ),
    (
        "lambent",
        &[
            "types",
            "seal",
            "sandbox",
            "package",
            "auth",
            "telemetry",
            "store",
            "queue",
            "api",
            "worker",
            "invoke",
            "control",
            "services",
        ],
    ),
    ("fuzz-entries", &["types", "sandbox", "wire", "pattern", "package", "auth", "worker"]),
    ("xtask", &["types", "auth", "wire"]),
];

/// External crates that stand for a mechanism, and the only members that hold it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rusqlite", &["sqlite", "store", "queue"]),
    ("seccompiler", &["sandbox"]),
    ("landlock", &["sandbox"]),
    ("zip", &["package"]),
    ("quick-xml", &["wire"]),
    // HTTP exists in two places: for customers and for functions. The command and this tool are clients.
    ("hyper", &["api", "worker", "lambent", "testkit", "xtask"]),
    ("clap", &["lambent"]),
];

/// Checks each dependency of each member.
pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    for (index, member) in workspace.members.iter().enumerate() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == member.name) else {
            findings.errors.push(format!("{}: not in the table of tidy/edges.rs", member.name));
            continue;
        };
        let earlier = &workspace.members[..index];
        for dependency in &member.dependencies {
            let is_member = workspace.members.iter().any(|other| other.name == dependency.name);
            let broken = if is_member {
                inner_edge(dependency, allowed, earlier)
            } else {
                outer_edge(member, dependency)
            };
            findings
                .errors
                .extend(broken.map(|rule| format!("{} uses {}: {rule}", member.name, dependency.name)));
        }
        lints(member, findings);
    }
}

fn inner_edge(dependency: &Dependency, allowed: &[&str], earlier: &[Member]) -> Option<String> {
    // The whole platform in one process, for the tests of the crates that it is made of: never a part of any of them.
    if dependency.name == "testkit" && dependency.kind == Kind::Dev {
        return None;
    }
    if !earlier.iter().any(|other| other.name == dependency.name) {
        return Some("members stand in dependency order in Cargo.toml, and this one comes later".to_owned());
    }
    let permitted = dependency.kind == Kind::Dev || allowed.contains(&dependency.name.as_str());
    (!permitted).then(|| format!("it may use only [{}]", allowed.join(", ")))
}

fn outer_edge(member: &Member, dependency: &Dependency) -> Option<String> {
    let (_, holders) = ONLY_IN.iter().find(|(name, _)| *name == dependency.name)?;
    let permitted = dependency.kind == Kind::Dev || holders.contains(&member.name.as_str());
    (!permitted).then(|| format!("only [{}] may", holders.join(", ")))
}

/// The workspace's lints hold in every crate; `sandbox` states its own, because it alone has unsafe code.
fn lints(member: &Member, findings: &mut Findings) {
    let manifest = fs::read_to_string(&member.manifest).unwrap_or_default();
    if member.name != "sandbox" && !manifest.contains("[lints]\nworkspace = true") {
        findings.errors.push(format!("{}: `[lints] workspace = true` is missing", member.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, kind: Kind) -> Dependency {
        Dependency { name: name.to_owned(), kind }
    }

    fn member(name: &str) -> Member {
        Member { name: name.to_owned(), manifest: "none".into(), dependencies: Vec::new() }
    }

    #[test]
    fn an_edge_outside_the_table_is_found() {
        let earlier = [member("types"), member("store")];
        assert!(inner_edge(&named("store", Kind::Built), &["types"], &earlier).is_some());
        assert!(inner_edge(&named("types", Kind::Built), &["types"], &earlier).is_none());
        assert!(inner_edge(&named("store", Kind::Dev), &["types"], &earlier).is_none());
    }

    #[test]
    fn an_edge_against_the_order_is_found_even_for_tests() {
        assert!(inner_edge(&named("api", Kind::Dev), &["api"], &[]).is_some());
    }

    #[test]
    fn the_test_kit_is_for_tests_only() {
        assert!(inner_edge(&named("testkit", Kind::Dev), &[], &[]).is_none());
        assert!(inner_edge(&named("testkit", Kind::Built), &["types"], &[member("testkit")]).is_some());
    }

    #[test]
    fn a_mechanism_has_one_home() {
        assert!(outer_edge(&member("invoke"), &named("rusqlite", Kind::Built)).is_some());
        assert!(outer_edge(&member("store"), &named("rusqlite", Kind::Built)).is_none());
        assert!(outer_edge(&member("invoke"), &named("serde", Kind::Built)).is_none());
    }

    #[test]
    fn the_table_itself_points_one_way() {
        for (index, (name, allowed)) in MAY_USE.iter().enumerate() {
            for target in *allowed {
                let place = MAY_USE.iter().position(|(other, _)| other == target);
                assert!(place.is_some_and(|place| place < index), "{name} → {target}");
            }
        }
    }
}
