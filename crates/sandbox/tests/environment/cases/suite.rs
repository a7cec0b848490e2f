//! The attacks of the crate, each normally and in its twin.

use std::path::PathBuf;

use sandbox::attacks::{self, Attack, Finding, Target};

use super::passed;
use crate::harness::{Bench, Verdict};

/// Every attack is held, or not promised here, which is said.
pub(crate) fn held(bench: &Bench) -> Verdict {
    let attacks: Vec<&'static Attack> = attacks::all().collect();
    let ground = Ground::new(bench);
    let mut found = Vec::new();
    let run = ground.target(bench).run(&attacks, &mut |attack, finding| found.push((attack, finding)));
    run.expect("a run");
    assert_eq!(found.len(), attacks.len());
    let mode = bench.spawner.protections().mode;
    let mut held = 0;
    let mut broken = Vec::new();
    for (attack, finding) in found {
        match finding {
            Finding::Held { .. } => held += 1,
            Finding::NotEnforceable { why } => println!("NOT ENFORCEABLE {mode:?} {}: {why}", attack.name),
            Finding::Broken { what } => broken.push(format!("{}: {what}", attack.name)),
        }
    }
    println!("{held} of {} attacks held, {mode:?}", attacks.len());
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

/// Without the layers that stop it, every attack gets through.
#[cfg(feature = "weaken")]
pub(crate) fn twins(bench: &Bench) -> Verdict {
    let ground = Ground::new(bench);
    let target = ground.target(bench);
    let mut by_layers: std::collections::BTreeMap<&[sandbox::Layer], Vec<&'static Attack>> =
        std::collections::BTreeMap::new();
    for attack in attacks::all() {
        if let attacks::Twin::Without(layers) = twin(bench, attack) {
            by_layers.entry(layers).or_default().push(attack);
        }
    }
    let mut wrong = Vec::new();
    for (layers, attacks) in by_layers {
        let run = target.run_weakened(layers, &attacks, &mut |attack, finding| {
            if let Finding::Held { how } = finding {
                wrong.push(format!("{} held without {layers:?}: {how}", attack.name));
            }
        });
        run.expect("a run");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    passed()
}

#[cfg(feature = "weaken")]
fn twin(bench: &Bench, attack: &Attack) -> attacks::Twin {
    if bench.is_privileged() { attack.twins.privileged } else { attack.twins.rootless }
}
