//! The attacks of the crate, each normally and in its twin.

use std::path::PathBuf;

use sandbox::attacks::{self, Attack, Finding, Target};

use super::passed;
use crate::harness::{Bench, Verdict};

/// Every attack is held, or not promised here, which is said.
pub(crate) fn held(bench: &Bench) -> Verdict {
    let protections = bench.spawner.protections();
    let attacks: Vec<&'static Attack> = attacks::all().filter(|attack| attack.applies(protections)).collect();
    let listed = &bench.spawner.protections().list;
    for attack in &attacks {
        let is_listed = listed.iter().any(|protection| protection.name == attack.protection);
        assert!(is_listed, "{} names {}, which is no protection", attack.name, attack.protection);
    }
    let ground = Ground::new(bench);
    let mut found = Vec::new();
    let run = ground.target(bench).run(&attacks, &mut |attack, finding| found.push((attack, finding)));
    run.expect("a run");
    assert_eq!(found.len(), attacks.len());
    let mode = bench.spawner.protections().mode;
    let (mut held, mut not_enforceable) = (0, 0);
    let mut broken = Vec::new();
    for (attack, finding) in found {
        match finding {
            Finding::Held { .. } => held += 1,
            Finding::NotEnforceable { why } => {
                not_enforceable += 1;
                println!("NOT ENFORCEABLE {mode:?} {}: {why}", attack.name);
            }
            Finding::Broken { what } => broken.push(format!("{}: {what}", attack.name)),
        }
    }
    println!("ATTACKS {mode:?}: {held} of {} held, {not_enforceable} not enforceable", attacks.len());
    assert!(broken.is_empty(), "{broken:#?}");
    passed()
}

/// A root and a code tree to attack.
struct Ground {
    root: tempfile::TempDir,
    program: String,
    code: sandbox::TreeName,
}

impl Ground {
    fn new(bench: &Bench) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let program = attacks::build_root(root.path()).expect("a root");
        Self { root, program, code: bench.attacked_code() }
    }

    fn target<'a>(&self, bench: &'a Bench) -> Target<'a> {
        Target {
            spawner: &bench.spawner,
            root: PathBuf::from(self.root.path()),
            code: self.code.clone(),
            program: self.program.clone(),
            limits: bench.spec(&[]).limits,
        }
    }
}

#[cfg(not(feature = "weaken"))]
pub(crate) fn twins(_bench: &Bench) -> Verdict {
    Verdict::Skipped("built without the feature `weaken`".to_owned())
}

#[cfg(not(feature = "weaken"))]
pub(crate) fn each_layer(_bench: &Bench) -> Verdict {
    Verdict::Skipped("built without the feature `weaken`".to_owned())
}

#[cfg(feature = "weaken")]
pub(crate) use weak::{each_layer, twins};

#[cfg(feature = "weaken")]
mod weak {
    use std::collections::BTreeMap;

    use sandbox::Layer;
    use sandbox::attacks::{self, Attack, Finding, Twin};

    use super::{Bench, Ground, Verdict, passed};

    type Sets = BTreeMap<Vec<Layer>, Vec<&'static Attack>>;

    /// Without the layers that stop it, every attack gets through.
    pub(crate) fn twins(bench: &Bench) -> Verdict {
        let mut sets = Sets::new();
        let mut without = 0;
        for attack in attacks::all().filter(|attack| attack.applies(bench.spawner.protections())) {
            match twin(bench, attack) {
                Twin::Without(_) if has_no_aim(attack) => {
                    println!("NOT TRIED {} in its twin: this machine has loopback only", attack.name);
                }
                Twin::Without(layers) => sets.entry(layers.to_vec()).or_default().push(attack),
                // Those of a spawner's start are tried where one is started for it: by `doctor`.
                Twin::Start(_) | Twin::None(_) => without += 1,
            }
        }
        let mut wrong = Vec::new();
        let mut broken = 0;
        try_each(bench, sets, &mut |layers, attack, finding| match finding {
            Finding::Held { how } => wrong.push(format!("{} held without {layers:?}: {how}", attack.name)),
            Finding::Broken { what } if what.contains(attacks::NOT_TRIED) => {
                wrong.push(format!("{} without {layers:?}: {what}", attack.name));
            }
            _ => broken += 1,
        });
        let mode = bench.spawner.protections().mode;
        println!("ATTACKS {mode:?}: {broken} got through in their twins, {without} have none");
        assert!(wrong.is_empty(), "{wrong:#?}");
        passed()
    }

    /// Where several layers stop an attack, each of them alone does.
    pub(crate) fn each_layer(bench: &Bench) -> Verdict {
        let mut sets = Sets::new();
        for attack in attacks::all().filter(|attack| attack.applies(bench.spawner.protections())) {
            let Twin::Without(layers) = twin(bench, attack) else { continue };
            let is_enough = |layer: &&Layer| holds_alone(bench, attack, **layer);
            for kept in layers.iter().filter(|_| layers.len() > 1).filter(is_enough) {
                let others = layers.iter().copied().filter(|layer| layer != kept).collect();
                sets.entry(others).or_default().push(attack);
            }
        }
        let mut wrong = Vec::new();
        try_each(bench, sets, &mut |layers, attack, finding| {
            if let Finding::Broken { what } = finding {
                wrong.push(format!(
                    "{} is only held by what is left out here: {layers:?}: {what}",
                    attack.name
                ));
            }
        });
        assert!(wrong.is_empty(), "{wrong:#?}");
        passed()
    }

    /// Landlock without scopes, before Linux 6.12, knows nothing of sockets.
    fn holds_alone(bench: &Bench, attack: &Attack, layer: Layer) -> bool {
        let has_scopes = bench.spawner.protections().has("landlock-scopes");
        has_scopes || layer != Layer::Landlock || !attack.name.starts_with("abstract-socket")
    }

    fn try_each(bench: &Bench, sets: Sets, report: &mut dyn FnMut(&[Layer], &Attack, Finding)) {
        let ground = Ground::new(bench);
        for (layers, attacks) in sets {
            let tell = &mut |attack: &'static Attack, finding| report(&layers, attack, finding);
            ground
                .target(bench)
                .run_weakened(&layers, &attacks, tell)
                .unwrap_or_else(|error| panic!("a run without {layers:?}: {error}"));
        }
    }

    /// Where a plain user was given groups, they bound processes as root's do.
    fn twin(bench: &Bench, attack: &Attack) -> Twin {
        let has_groups =
            attack.protection == "process-limit" && bench.spawner.protections().has("memory-limit");
        if bench.is_privileged() || has_groups { attack.twins.privileged } else { attack.twins.rootless }
    }

    /// Attacks that need a network to reach, on a machine that has none: without the namespace they fail as well.
    fn has_no_aim(attack: &Attack) -> bool {
        const OUTWARD: [&str; 4] =
            ["addresses-of-the-host", "metadata-services", "anything-outside", "interfaces-and-routes"];
        let interfaces = std::fs::read_to_string("/proc/net/dev").expect("the machine's interfaces");
        let is_alone = interfaces.lines().skip(2).all(|line| line.trim_start().starts_with("lo:"));
        is_alone && OUTWARD.contains(&attack.name)
    }
}
