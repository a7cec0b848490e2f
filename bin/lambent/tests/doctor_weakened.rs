//! `lambent doctor` on environments that lack a layer: what that layer stops turns to "not in force", nothing else, and the exit
//! code says so.
//!
//! The command is built with the feature `weaken` for this; no release has it. Which attack gets through without which layers
//! is the suite's own data. Invariant: what is expected comes from that data, so that a new attack is covered when it is added.

use sandbox::Layer;
use sandbox::attacks::{self, Attack, Twin};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Command, Output};

type Names = BTreeSet<String>;

#[expect(clippy::disallowed_methods, reason = "the command under test")]
fn doctor(options: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lambent")).arg("doctor").args(options).output().expect("run doctor")
}

/// What a run says, and its exit code.
fn examine(without: &[Layer]) -> (Value, Option<i32>) {
    let layers = without.iter().flat_map(|layer| ["--without".to_owned(), format!("{layer:?}")]);
    let options: Vec<String> =
        ["--json", "--accept-weak-isolation"].map(str::to_owned).into_iter().chain(layers).collect();
    let done = doctor(&options);
    let document = serde_json::from_slice(&done.stdout)
        .unwrap_or_else(|error| panic!("{without:?}: {error}: {}", String::from_utf8_lossy(&done.stderr)));
    (document, done.status.code())
}

fn rows(document: &Value) -> &[Value] {
    document["protections"].as_array().expect("rows")
}

/// Rows that a machine has, and an attack has disproved.
fn fallen(document: &Value) -> Names {
    let rows = rows(document).iter().filter(|row| row["in_force"] == false && row["configured"] == true);
    rows.map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

fn got_through(document: &Value) -> Names {
    let attacks = rows(document).iter().flat_map(|row| row["attacks"].as_array().expect("attacks"));
    let broken = attacks.filter(|attack| attack["finding"] == "broken");
    broken.map(|attack| attack["name"].as_str().expect("a name").to_owned()).collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The layers without which it gets through, in the mode that the test runs in.
fn twin(attack: &Attack) -> Option<&'static [Layer]> {
    match if is_root() { attack.twins.privileged } else { attack.twins.rootless } {
        Twin::Without(layers) => Some(layers),
        Twin::None(_) => None,
    }
}

/// Those that doctor tries without being asked for all.
fn quiet() -> impl Iterator<Item = &'static Attack> {
    attacks::all().filter(|attack| !attack.disturbs)
}

fn protection(name: &str) -> String {
    let attack = attacks::all().find(|attack| attack.name == name).expect("an attack");
    attack.protection.to_owned()
}

#[test]
fn with_every_layer_nothing_gets_through() {
    let (document, code) = examine(&[]);
    assert_eq!((got_through(&document), fallen(&document), code), (Names::new(), Names::new(), Some(0)));
    assert_eq!(document["verdict"], "pass");
}

/// Each set of layers that some attack names as its twin.
#[test]
fn each_missing_layer_turns_its_rows_and_no_others() {
    let sets: BTreeSet<&[Layer]> = quiet().filter_map(twin).collect();
    assert!(sets.len() > 2, "{sets:?}");
    for without in sets {
        let (document, code) = examine(without);
        let (through, fallen) = (got_through(&document), fallen(&document));
        // Not every one: what the mode or the machine lacks anyway is not enforceable, with all layers too.
        let expected: Names =
            quiet().filter(|attack| twin(attack) == Some(without)).map(|attack| attack.name.to_owned()).collect();
        assert!(expected.iter().any(|name| through.contains(name)), "{without:?}: {expected:?}");
        assert_eq!(fallen, through.iter().map(|name| protection(name)).collect(), "{without:?}");
        for name in &through {
            let attack = attacks::all().find(|attack| attack.name == name).expect("an attack");
            let explained = twin(attack).is_some_and(|layers| layers.iter().all(|l| without.contains(l)));
            assert!(explained, "{name} got through without {without:?}");
        }
        assert_eq!((code, &document["verdict"]), (Some(1), &Value::from("fail")), "{without:?}");
    }
}

#[test]
fn without_the_filter_exactly_the_row_of_the_filter_falls() {
    let (document, code) = examine(&[Layer::Seccomp]);
    assert_eq!((fallen(&document), code), (Names::from(["seccomp".to_owned()]), Some(1)));
    let text = doctor(&["--without".to_owned(), "Seccomp".to_owned()]);
    let text = String::from_utf8(text.stdout).expect("text");
    let off: Vec<&str> =
        text.lines().filter(|line| line.get(22..32).is_some_and(|word| word.trim() == "NO")).collect();
    assert!(matches!(off[..], [row] if row.starts_with("seccomp ")), "{text}");
    assert!(text.contains("ATTACKS THAT GOT THROUGH") && text.contains("NOT IN FORCE"), "{text}");
}

#[test]
fn a_layer_that_is_not_known_is_refused() {
    let refused = doctor(&["--without".to_owned(), "Nothing".to_owned()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Seccomp"));
}
