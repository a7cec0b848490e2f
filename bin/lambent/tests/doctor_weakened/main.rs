//! `lambent doctor` on environments that lack a layer: the rows of the attacks that get through then say "no", all others stay
//! as they are, and the exit code says so.
//!
//! The command is built with the feature `weaken` for this; no release has it. Which attack gets through without which layers
//! is the suite's own data. A run of the command takes a second or more, so that each set of layers is tried in the slow
//! tests only, and a sample of them always. Invariant: what is expected comes from that data, so that a new attack is covered
//! when it is added, and a row that nothing turns off fails.

mod command;
mod egress;

use command::{Doctor, fallen, find, found, rows};
use sandbox::Layer;
use serde_json::Value;
use std::collections::BTreeSet;

type Names = BTreeSet<String>;

/// A sample is one of so many sets of layers.
const SAMPLED: usize = 12;

/// Rows that no quiet attack turns, each with what does. A row in neither place fails the test.
const ELSEWHERE: [(&str, &str); 4] = [
    (
        "memory-limit",
        "bombs disturb: `bombs_turn_the_rows_of_their_limits`; and `test_a_machine_below_the_minimum_fails_and_serves_nothing`",
    ),
    ("process-limit", "bombs disturb: `bombs_turn_the_rows_of_their_limits`"),
    ("egress", "listed where it is configured only: `egress::root_without_its_layers_the_host_is_reached`"),
    (
        "network-rate",
        "doctor would have to flood somebody: `egress::root_a_host_that_does_not_forward_has_neither`; that the rate holds, and \
         that more passes without it, is `root_egress_has_a_rate`",
    ),
];

#[expect(clippy::print_stderr, reason = "a test says what it could not do")]
fn skipped(what: &str, why: &str) {
    eprintln!("SKIPPED {what}: {why}");
}

/// Each set of layers that some attack names as its twin, and what falls without it.
fn lose_each_layer(doctor: &Doctor) {
    let whole = examine_whole(doctor);
    // What the mode or the machine lacks anyway can't fall.
    let held = found(&whole, "held");
    let sets: BTreeSet<Vec<Layer>> = held.iter().filter_map(|name| doctor.twin(find(name))).collect();
    assert!(sets.len() >= 2, "{sets:?}");
    let (first, step) = sample(doctor);
    sets.into_iter().skip(first).step_by(step).for_each(|without| lose(doctor, &held, &without));
}

/// With every layer.
fn examine_whole(doctor: &Doctor) -> Value {
    let (document, code) = doctor.examine(&[]);
    assert_eq!((found(&document, "broken"), fallen(&document), code), (Names::new(), Names::new(), Some(0)));
    assert_eq!(document["verdict"], "pass");
    document
}

/// Which of the sets, and each how manyth, so that this stays quick; all where `LAMBENT_TEST_WHOLE` is set.
fn sample(doctor: &Doctor) -> (usize, usize) {
    if is_whole() { (0, 1) } else { (if doctor.is_privileged() { 0 } else { SAMPLED / 2 }, SAMPLED) }
}

#[expect(clippy::disallowed_methods, reason = "how much a test tries, not configuration")]
fn is_whole() -> bool {
    std::env::var_os("LAMBENT_TEST_WHOLE").is_some()
}

/// The rows of what gets through, which is something that is held otherwise, and the exit code.
fn lose(doctor: &Doctor, held: &Names, without: &[Layer]) {
    let (document, code) = doctor.examine(without);
    let through = found(&document, "broken");
    let mut expected = held.iter().filter(|name| doctor.twin(find(name)).as_deref() == Some(without));
    assert!(expected.any(|name| through.contains(name)), "{without:?}: {through:?}");
    let of_those: Names = through.iter().map(|name| find(name).protection.to_owned()).collect();
    assert_eq!(fallen(&document), of_those, "{without:?}");
    assert_eq!((code, &document["verdict"]), (Some(1), &Value::from("fail")), "{without:?}");
}

/// The text says the same as the document.
fn lose_in_words(doctor: &Doctor) {
    let (document, _) = doctor.examine(&[Layer::UtsNamespace]);
    let text = doctor.run(&["--without".to_owned(), "UtsNamespace".to_owned()]);
    assert_eq!(text.status.code(), Some(1));
    let text = String::from_utf8(text.stdout).expect("text");
    let is_off = |line: &&str| line.get(22..32).is_some_and(|word| word.trim() == "NO");
    let off: Names =
        text.lines().filter(is_off).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert_eq!((&off, &off), (&fallen(&document), &Names::from(["namespaces".to_owned()])), "{text}");
    assert!(text.contains("ATTACKS THAT GOT THROUGH") && text.contains("NOT IN FORCE"), "{text}");
}

#[test]
fn each_missing_layer_turns_its_rows_and_no_others() {
    lose_each_layer(&Doctor::own());
}

#[test]
fn root_each_missing_layer_turns_its_rows_for_a_plain_user() {
    if let Some(doctor) = Doctor::of_a_plain_user() {
        lose_each_layer(&doctor);
    }
}

/// A new row needs an attack that gets through without a layer, or a reason in [`ELSEWHERE`].
#[test]
fn each_row_has_something_that_turns_it() {
    let doctor = Doctor::own();
    let (document, _) = doctor.examine(&[]);
    for row in rows(&document).iter().filter(|row| row["in_force"] == true) {
        let name = row["name"].as_str().expect("a name");
        let mut attacks = row["attacks"].as_array().expect("attacks").iter();
        let is_turned =
            attacks.any(|attack| doctor.twin(find(attack["name"].as_str().expect("a name"))).is_some());
        let is_elsewhere = ELSEWHERE.iter().any(|(row, _)| *row == name);
        assert!(
            is_turned != is_elsewhere,
            "{name}: turned by an attack {is_turned}, elsewhere {is_elsewhere}"
        );
    }
}

/// The row of each limit whose attacks would disturb others says no without it.
#[test]
fn bombs_turn_the_rows_of_their_limits() {
    let mut doctor = Doctor::own();
    doctor.all = true;
    let both = [Layer::ProcessLimit, Layer::Cgroup];
    let (process, memory): (&[Layer], _) =
        if doctor.is_privileged() { (&both, Some(&both[1..])) } else { (&both[..1], None) };
    for (row, without) in [("process-limit", Some(process)), ("memory-limit", memory)] {
        let Some(without) = without else {
            skipped("memory-limit", "a plain user has no group to leave out");
            continue;
        };
        let (document, code) = doctor.examine(without);
        assert!(fallen(&document).contains(row) && code == Some(1), "{row}: {document:#}");
    }
}

#[test]
fn without_one_namespace_exactly_the_row_of_namespaces_says_no() {
    lose_in_words(&Doctor::own());
}

#[test]
fn a_layer_that_is_not_known_is_refused() {
    let refused = Doctor::own().run(&["--without".to_owned(), "Nothing".to_owned()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Seccomp"));
}
