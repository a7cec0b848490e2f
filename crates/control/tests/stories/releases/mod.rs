//! Functions, versions and aliases against a model: one caller, several at once, and callers that are cut off.

mod model;

use crate::words::base64;
use model::{ALIASES, Answer, Content, FUNCTIONS, Model, Seen, Step, step};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::records::{AliasRecord, CodeRecord, FunctionRecord, VersionConfiguration, VersionRecord};
use store::{Key, Prefix, Record, Stored};
use testkit::{Platform, Reply, Setup, zip};
use types::Version;

const ALL: usize = 1000;

fn package(code: u8) -> Vec<u8> {
    zip(&vec![b'0' + code; 1 + usize::from(code)])
}

fn weights(other: Option<u64>) -> Value {
    let weights = other.map(|other| (other.to_string(), json!(0.5)));
    json!({"AdditionalVersionWeights": weights.into_iter().collect::<serde_json::Map<_, _>>()})
}

fn number(version: u64) -> String {
    if version == 0 { "$LATEST".to_owned() } else { version.to_string() }
}

async fn call(platform: &Platform, step: &Step) -> Reply {
    match *step {
        Step::Create { function, code, publish } => {
            let mut request = platform.minimal(FUNCTIONS[function]);
            request["Code"] = json!({"ZipFile": base64(&package(code))});
            request["Publish"] = json!(publish);
            platform.create(request).await
        }
        Step::Code { function, code, publish } => {
            let request = json!({"ZipFile": base64(&package(code)), "Publish": publish});
            platform.update_code(FUNCTIONS[function], request).await
        }
        Step::Configure { function, timeout } => {
            platform.update_configuration(FUNCTIONS[function], json!({"Timeout": timeout})).await
        }
        Step::Describe { function, description } => {
            let request = json!({"Description": description.to_string()});
            platform.update_configuration(FUNCTIONS[function], request).await
        }
        Step::Publish { function, description } => {
            let request = description.map_or(json!({}), |d| json!({"Description": d.to_string()}));
            platform.publish_version(FUNCTIONS[function], request).await
        }
        Step::CreateAlias { function, alias, version, other } => {
            let request = json!({"Name": ALIASES[alias], "FunctionVersion": number(version), "RoutingConfig": weights(other)});
            platform.create_alias(FUNCTIONS[function], request).await
        }
        Step::UpdateAlias { function, alias, version, other } => {
            let mut request = json!({});
            if let Some(version) = version {
                request["FunctionVersion"] = json!(number(version));
            }
            if let Some(other) = other {
                request["RoutingConfig"] = weights(other);
            }
            platform.update_alias(FUNCTIONS[function], ALIASES[alias], request).await
        }
        Step::DeleteAlias { function, alias } => {
            platform.delete_alias(FUNCTIONS[function], ALIASES[alias]).await
        }
        Step::DeleteVersion { function, version } => {
            platform.delete(&format!("{}:{version}", FUNCTIONS[function])).await
        }
        Step::Delete { function } => platform.delete(FUNCTIONS[function]).await,
    }
}

async fn answer(platform: &Platform, step: &Step) -> Answer {
    let reply = call(platform, step).await;
    let shown = if reply.body.is_empty() { Value::Null } else { reply.json() };
    Answer { status: reply.status.as_u16(), version: shown["Version"].as_str().map(str::to_owned) }
}

async fn all<R: Record>(platform: &Platform) -> Vec<Stored<R>> {
    platform.store.scan(&Prefix::all(), None, ALL).await.unwrap()
}

fn segment(key: &Key, at: usize) -> String {
    key.segments().nth(at).unwrap().to_owned()
}

fn content(configuration: &VersionConfiguration, code: &CodeRecord) -> Content {
    let code = (0..3).find(|number| package::sha256_base64(&package(*number)) == code.sha256);
    Content {
        code: code.unwrap(),
        timeout: configuration.timeout.get(),
        description: configuration.description.clone(),
    }
}

/// What is stored, as the model tells it. What doesn't belong to a function that is there is a mistake.
async fn seen(platform: &Platform) -> BTreeMap<String, Seen> {
    let mut seen = BTreeMap::new();
    for stored in all::<FunctionRecord>(platform).await {
        let latest = content(&stored.value.configuration, &stored.value.code);
        let function = Seen { latest, versions: BTreeMap::new(), aliases: BTreeMap::new() };
        seen.insert(segment(&stored.key, 1), function);
    }
    for stored in all::<VersionRecord>(platform).await {
        let function = seen.get_mut(&segment(&stored.key, 1)).expect("a version of a function that is gone");
        let content = content(&stored.value.configuration, &stored.value.code);
        function.versions.insert(stored.value.number, content);
    }
    for stored in all::<AliasRecord>(platform).await {
        let function = seen.get_mut(&segment(&stored.key, 1)).expect("an alias of a function that is gone");
        let version = match stored.value.version {
            Version::Latest => 0,
            Version::Number(number) => number,
        };
        let target = (version, stored.value.weights.keys().next().copied());
        function.aliases.insert(segment(&stored.key, 2), target);
    }
    seen
}

/// What must be so whatever happened: packages that are named can be read, others are gone after a sweep, what is counted
/// is what is there, and no alias points into nothing.
async fn holds_together(platform: &Platform) {
    let functions = all::<FunctionRecord>(platform).await;
    let versions = all::<VersionRecord>(platform).await;
    let codes = functions.iter().map(|f| &f.value.code).chain(versions.iter().map(|v| &v.value.code));
    let codes: Vec<&CodeRecord> = codes.collect();
    let named: BTreeSet<String> = codes.iter().map(|code| code.blob.to_string()).collect();
    assert_eq!(platform.blobs_after_sweep().await, named.len());
    for code in &codes {
        let zip = platform.store.blobs().get(code.blob).await.unwrap();
        assert_eq!(package::sha256_base64(&zip), code.sha256);
    }
    let bytes = codes.iter().map(|code| code.size).sum::<u64>();
    assert_eq!(platform.usage().await, (functions.len() as u64, bytes));
    for (name, function) in seen(platform).await {
        for (alias, (version, other)) in &function.aliases {
            for number in [*version].into_iter().filter(|v| *v > 0).chain(*other) {
                assert!(function.versions.contains_key(&number), "{name}:{alias} points to {number}");
            }
        }
    }
}

fn block_on(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story);
}

/// One caller: each answer and each state is the model's, after restarts too.
async fn alone(steps: Vec<(Step, bool)>) {
    let (mut platform, mut model) = (Platform::start().await, Model::default());
    for (seed, (step, restart)) in (2..).zip(&steps) {
        assert_eq!(answer(&platform, step).await, model.apply(step), "{step:?}");
        assert_eq!(seen(&platform).await, model.seen(), "{step:?}");
        if *restart {
            platform = platform.restart(Setup { seed, ..Setup::default() }).await;
            assert_eq!(seen(&platform).await, model.seen(), "after a restart");
        }
    }
    holds_together(&platform).await;
    let (packages, charged) = model.uploads();
    assert_eq!(platform.blobs(), packages);
    let bytes = charged.iter().map(|code| package(*code).len() as u64).sum::<u64>();
    assert_eq!(platform.usage().await.1, bytes);
}

/// Whether there is an order of all calls, each caller's in its own, in which the model gives the same answers and comes
/// to the same end.
fn explained(
    model: &Model,
    callers: &[Vec<(Step, Answer)>],
    at: &mut [usize],
    end: &BTreeMap<String, Seen>,
) -> bool {
    if callers.iter().zip(at.iter()).all(|(caller, at)| *at == caller.len()) {
        return model.seen() == *end;
    }
    for caller in 0..callers.len() {
        let Some((step, answer)) = callers[caller].get(at[caller]) else { continue };
        let mut next = model.clone();
        if next.apply(step) != *answer {
            continue;
        }
        at[caller] += 1;
        if explained(&next, callers, at, end) {
            return true;
        }
        at[caller] -= 1;
    }
    false
}

/// Several callers at once, after some calls that prepare what they quarrel about.
async fn together(before: Vec<Step>, callers: Vec<Vec<(Step, u8)>>) {
    let (platform, mut model) = (Platform::start().await, Model::default());
    for step in &before {
        assert_eq!(answer(&platform, step).await, model.apply(step), "{step:?}");
    }
    let platform = std::sync::Arc::new(platform);
    let mut calls = tokio::task::JoinSet::new();
    for (index, steps) in callers.into_iter().enumerate() {
        let platform = std::sync::Arc::clone(&platform);
        calls.spawn(async move {
            let mut answers = Vec::new();
            for (step, yields) in steps {
                for _ in 0..yields {
                    tokio::task::yield_now().await;
                }
                let answer = answer(&platform, &step).await;
                answers.push((step, answer));
            }
            (index, answers)
        });
    }
    let mut answers: Vec<_> = calls.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    let answers: Vec<_> = answers.into_iter().map(|(_, answers)| answers).collect();
    let end = seen(&platform).await;
    let mut at = vec![0; answers.len()];
    assert!(
        explained(&model, &answers, &mut at, &end),
        "before: {before:?}\nanswers: {answers:#?}\nend: {end:#?}"
    );
    holds_together(&platform).await;
    let platform = std::sync::Arc::into_inner(platform).unwrap();
    let platform = platform.restart(Setup { seed: 2, ..Setup::default() }).await;
    assert_eq!(seen(&platform).await, end, "after a restart");
    holds_together(&platform).await;
}

/// A call whose caller goes away at any point, and then the machine: it happened whole or not at all.
async fn cut_off(before: Vec<Step>, step: Step, polls: usize) {
    let (platform, mut model) = (Platform::start().await, Model::default());
    for step in &before {
        assert_eq!(answer(&platform, step).await, model.apply(step), "{step:?}");
    }
    platform.interruption.after(polls);
    let answered = answer(&platform, &step).await;
    let platform = platform.restart(Setup { seed: 2, ..Setup::default() }).await;
    let mut changed = model.clone();
    let expected = changed.apply(&step);
    let end = seen(&platform).await;
    match answered.status {
        500 => assert!(end == model.seen() || end == changed.seen(), "{step:?}: {end:#?}"),
        _ => assert_eq!((answered, end), (expected, changed.seen()), "{step:?}"),
    }
    holds_together(&platform).await;
}

/// Versions 1 and 2, and an alias for each.
fn prepared() -> Vec<Step> {
    vec![
        Step::Create { function: 0, code: 0, publish: true },
        Step::Code { function: 0, code: 1, publish: true },
        Step::CreateAlias { function: 0, alias: 0, version: 1, other: Some(2) },
    ]
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn one_caller_finds_what_the_model_says(
        steps in prop::collection::vec((step(2), prop::bool::weighted(0.05)), 1..40)
    ) {
        block_on(alone(steps));
    }

    #[test]
    fn several_callers_are_as_good_as_one_after_the_other(
        before in prop::collection::vec(step(1), 0..4),
        callers in prop::collection::vec(prop::collection::vec((step(1), 0..8u8), 1..5), 2..5),
    ) {
        block_on(together([prepared(), before].concat(), callers));
    }

    #[test]
    fn a_call_that_is_cut_off_happened_whole_or_not_at_all(step in step(1), polls in 0..12usize) {
        block_on(cut_off(prepared(), step, polls));
    }
}
