//! The list itself: its names, its protections, and what is read from an attacker's output.

use std::collections::BTreeSet;

use super::refusal::{Breach, NOT_TRIED};
use super::run::{judge, line, read};
use super::{Finding, Twin, all, find};
use crate::protections::{Mode, Protection, Protections};

#[test]
fn names_are_stable_words_and_each_is_there_once() {
    let names: Vec<&str> = all().map(|attack| attack.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for name in names {
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{name}");
        assert!(!["try", "neighbour", "stranger"].contains(&name), "{name} is a role of the attacker's");
    }
}

#[test]
fn each_says_what_it_tries_and_has_twins_or_a_reason() {
    for attack in all() {
        assert!(!attack.what.is_empty() && !attack.protection.is_empty(), "{}", attack.name);
        for twin in [attack.twins.privileged, attack.twins.rootless] {
            match twin {
                Twin::Without(layers) => assert!(!layers.is_empty(), "{}", attack.name),
                Twin::Start(_) => {}
                Twin::None(why) => assert!(why.len() > 10, "{}", attack.name),
            }
        }
    }
}

#[test]
fn what_is_printed_is_read_again() {
    let held = Ok("EPERM".to_owned());
    let broken = Err(Breach("two\nlines".to_owned()));
    let output = format!("noise\n{}\n{}\n", line("one", &held), line("one-more", &broken));
    assert_eq!(read(&output, "one"), held);
    assert_eq!(read(&output, "one-more"), Err(Breach("two lines".to_owned())));
    assert!(read(&output, "another").is_err());
    // Whoever says both has got through.
    let both = format!("{}\n{}\n{}\n", line("one", &held), line("one", &broken), line("one", &held));
    assert!(read(&both, "one").is_err());
}

#[test]
fn a_breach_where_nothing_is_promised_is_not_enforceable() {
    let attack = find("trace-processes").expect("an attack");
    let protections = |in_force| Protections {
        mode: Mode::Rootless,
        list: vec![Protection {
            name: attack.protection.to_owned(),
            in_force,
            why: "no kernel for it".to_owned(),
        }],
    };
    let breach = || Err(Breach("through".to_owned()));
    assert_eq!(judge(attack, breach(), &protections(true)), Finding::Broken { what: "through".to_owned() });
    let why = "no kernel for it".to_owned();
    assert_eq!(judge(attack, breach(), &protections(false)), Finding::NotEnforceable { why });
    let not_tried = || Err(Breach(format!("{NOT_TRIED}: no program")));
    assert!(matches!(judge(attack, not_tried(), &protections(false)), Finding::Broken { .. }));
    let held = Finding::Held { how: "EPERM".to_owned() };
    assert_eq!(judge(attack, Ok("EPERM".to_owned()), &protections(false)), held);
}

/// The document names every attack, and no attack that is not there: a word in back-quotes that is made like a name is one.
#[test]
fn the_document_names_every_attack() {
    let text = include_str!("../../../../docs/attacks.md");
    let quoted: BTreeSet<&str> = text.split('`').skip(1).step_by(2).collect();
    let missing: Vec<&str> = all().map(|attack| attack.name).filter(|name| !quoted.contains(name)).collect();
    assert!(missing.is_empty(), "docs/attacks.md lacks {missing:?}");
    let is_name = |word: &&str| word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let unknown: Vec<&str> = quoted.into_iter().filter(is_name).filter(|name| find(name).is_none()).collect();
    assert!(unknown.is_empty(), "docs/attacks.md names {unknown:?}, which are no attacks");
}
