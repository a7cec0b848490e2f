//! Identity policies and resource policies together, against the rules spelled out: who may, in which account.
//!
//! The rules are a second, naive evaluation with sets and equal texts. Negative controls change one rule at a time, and the
//! cases that are tried must tell each changed rule from the evaluation.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use auth::policy::{Context, Grant, Question, ResourcePolicy, parse_identity_policy, parse_resource_policy};
use auth::{Asked, Identity, Principal, permit};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::sync::Arc;

const OWNER: &str = "000000000000";
const OTHER: &str = "111111111111";
const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";
const INVOKE: &str = "lambda:InvokeFunction";

/// How a principal is written in policies. The same names, and some that mean nobody of these.
const NAMES: [&str; 13] = [
    "*",
    OWNER,
    OTHER,
    "arn:aws:iam::000000000000:root",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::000000000000:user/ana",
    "arn:aws:iam::111111111111:user/ana",
    "arn:aws:iam::000000000000:user/team/ana",
    "arn:aws:iam::000000000000:role/runner",
    "arn:aws:iam::111111111111:role/runner",
    "arn:aws:sts::111111111111:assumed-role/runner/echo",
    "s3.amazonaws.com",
    "sns.amazonaws.com",
];

fn principals() -> Vec<Principal> {
    let user = |account: &str, path: &str| Principal::User {
        account: account.parse().unwrap(),
        path: path.to_owned(),
        name: "ana".to_owned(),
        id: "AIDA1".to_owned(),
    };
    let session = |account: &str| Principal::RoleSession {
        account: account.parse().unwrap(),
        path: "/".to_owned(),
        role: "runner".to_owned(),
        session: "echo".to_owned(),
        id: "AROA1".to_owned(),
    };
    vec![
        Principal::Root(OWNER.parse().unwrap()),
        Principal::Root(OTHER.parse().unwrap()),
        user(OWNER, "/"),
        user(OTHER, "/"),
        user(OWNER, "/team/"),
        session(OWNER),
        session(OTHER),
        Principal::Service("s3.amazonaws.com".to_owned()),
        Principal::Anonymous,
    ]
}

/// What a statement says, besides whom it names.
#[derive(Debug, Clone)]
struct Said {
    allows: bool,
    action: &'static str,
    resource: &'static str,
    condition: Condition,
}

#[derive(Debug, Clone, Copy)]
enum Condition {
    None,
    Met,
    Unmet,
    /// On a key that nothing is known of.
    Unknown,
}

#[derive(Debug, Clone)]
struct Case {
    principal: Principal,
    identity: Vec<Said>,
    resource: Vec<(Said, Vec<&'static str>)>,
}

fn said() -> impl Strategy<Value = Said> {
    let action = prop::sample::select(vec![INVOKE, "lambda:*", "*", "lambda:GetFunction"]);
    let other = "arn:aws:lambda:us-east-1:000000000000:function:other";
    let resource = prop::sample::select(vec![ECHO, "*", "arn:aws:lambda:*:function:ech?", other]);
    let conditions =
        vec![Condition::None, Condition::None, Condition::Met, Condition::Unmet, Condition::Unknown];
    let allows = prop::bool::weighted(0.8);
    (allows, action, resource, prop::sample::select(conditions))
        .prop_map(|(allows, action, resource, condition)| Said { allows, action, resource, condition })
}

fn case() -> impl Strategy<Value = Case> {
    let named = prop::collection::vec(prop::sample::select(NAMES.to_vec()), 1..3);
    (
        prop::sample::select(principals()),
        prop::collection::vec(said(), 0..3),
        prop::collection::vec((said(), named), 0..4),
    )
        .prop_map(|(principal, identity, resource)| Case { principal, identity, resource })
}

fn statement(said: &Said) -> Value {
    let condition = match said.condition {
        Condition::None => json!({}),
        Condition::Met => json!({ "StringEquals": { "aws:RequestedRegion": "us-east-1" } }),
        Condition::Unmet => json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } }),
        Condition::Unknown => json!({ "StringEquals": { "aws:ResourceTag/stage": "test" } }),
    };
    let effect = if said.allows { "Allow" } else { "Deny" };
    json!({ "Effect": effect, "Action": said.action, "Resource": said.resource, "Condition": condition })
}

fn document(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn resource_policy(case: &Case) -> Option<ResourcePolicy> {
    let with_names = case.resource.iter().map(|(said, names)| {
        let (services, others): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| name.ends_with(".amazonaws.com"));
        let mut statement = statement(said);
        statement["Principal"] = match (services.is_empty(), others.is_empty()) {
            (true, _) => json!({ "AWS": others }),
            (_, true) => json!({ "Service": services }),
            _ => json!({ "AWS": others, "Service": services }),
        };
        statement
    });
    let statements: Vec<Value> = with_names.collect();
    (!statements.is_empty()).then(|| parse_resource_policy(&document(&statements)).unwrap())
}

fn evaluated(case: &Case) -> bool {
    let policies =
        case.identity.iter().map(|said| parse_identity_policy(&document(&[statement(said)])).unwrap());
    let identity = Identity { principal: case.principal.clone(), policies: policies.collect() };
    let context = Context::of(&case.principal).with("aws:RequestedRegion", "us-east-1");
    let question = Question { action: INVOKE, resource: ECHO, context: &context };
    let policy = resource_policy(case);
    permit(&Arc::new(identity), &[Asked { question, policy: policy.as_ref() }]).is_ok()
}

/// A rule that is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    Nothing,
    EitherIsEnoughAcrossAccounts,
    BothAreNeededWithinTheAccount,
    AnAccountMeansEachOfItsMembers,
    OwnersNeedIdentityPolicies,
    OwnersMayEverything,
    IdentityDeniesAreForgotten,
    ResourceDeniesAreForgotten,
    UnknownConditionsAreMet,
    UnknownConditionsAreUnmet,
    PathsAreForgotten,
    EverybodyIncludesNobody,
    ServicesAreUsers,
}

/// The rules, spelled out.
fn ruled(case: &Case, changed: Changed) -> bool {
    let principal = &case.principal;
    let is = |what: Changed| changed == what;
    let speaks = |said: &Said| {
        let action = said.action == "*" || said.action == "lambda:*" || said.action == INVOKE;
        let resource = said.resource == "*" || said.resource == ECHO || said.resource.ends_with("ech?");
        let condition = match said.condition {
            Condition::None | Condition::Met => true,
            Condition::Unmet => false,
            Condition::Unknown if is(Changed::UnknownConditionsAreMet) => true,
            Condition::Unknown if is(Changed::UnknownConditionsAreUnmet) => false,
            Condition::Unknown => !said.allows,
        };
        action && resource && condition
    };
    let without_path = |text: &str| match is(Changed::PathsAreForgotten) {
        true => text.replace("/team", ""),
        false => text.to_owned(),
    };
    let own: Vec<String> = [Some(principal.arn()), principal.role_arn()].into_iter().flatten().collect();
    let account = principal.account().map(|account| account.to_string());
    let by_account = |name: &str| {
        account.as_deref().is_some_and(|a| name == a || name == format!("arn:aws:iam::{a}:root"))
    };
    let itself = |name: &str| {
        let somebody = *principal != Principal::Anonymous || is(Changed::EverybodyIncludesNobody);
        (name == "*" && somebody)
            || own.iter().any(|own| without_path(own) == without_path(name))
            || (by_account(name) && matches!(principal, Principal::Root(_)))
            || (by_account(name) && is(Changed::AnAccountMeansEachOfItsMembers))
    };
    let identity = |allows: bool| case.identity.iter().any(|said| said.allows == allows && speaks(said));
    let resource = |allows: bool, named: &dyn Fn(&str) -> bool| {
        let mut of_effect = case.resource.iter().filter(|(said, _)| said.allows == allows && speaks(said));
        of_effect.any(|(_, names)| names.iter().any(|name| named(name)))
    };
    let is_root = matches!(principal, Principal::Root(_));
    let identity_denies = identity(false) && !is_root && !is(Changed::IdentityDeniesAreForgotten);
    let resource_denies =
        resource(false, &|n| itself(n) || by_account(n)) && !is(Changed::ResourceDeniesAreForgotten);
    if is_root && is(Changed::OwnersMayEverything) && account.as_deref() == Some(OWNER) {
        return true;
    }
    if identity_denies || resource_denies {
        return false;
    }
    let by_identity = identity(true) || (is_root && !is(Changed::OwnersNeedIdentityPolicies));
    match account.as_deref() {
        Some(OWNER) if is(Changed::BothAreNeededWithinTheAccount) => by_identity && resource(true, &itself),
        Some(OWNER) => by_identity || resource(true, &itself),
        Some(_) if is(Changed::EitherIsEnoughAcrossAccounts) => by_identity || resource(true, &itself),
        Some(_) => by_identity && resource(true, &|n| itself(n) || by_account(n)),
        None if is(Changed::ServicesAreUsers) => by_identity && resource(true, &itself),
        None if is(Changed::EverybodyIncludesNobody) => resource(true, &itself),
        None => matches!(principal, Principal::Service(_)) && resource(true, &itself),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_evaluation_follows_the_rules(case in case()) {
        prop_assert_eq!(evaluated(&case), ruled(&case, Changed::Nothing));
    }

    #[test]
    fn a_deny_never_opens_anything(case in case(), said in said(), nth in 0..NAMES.len()) {
        let mut stricter = case.clone();
        stricter.resource.push((Said { allows: false, ..said }, vec![NAMES[nth]]));
        prop_assert!(evaluated(&case) || !evaluated(&stricter));
    }
}

#[test]
fn each_changed_rule_is_noticed() {
    let mut runner = TestRunner::deterministic();
    let cases: Vec<Case> = (0..6000).map(|_| case().new_tree(&mut runner).unwrap().current()).collect();
    let answers: Vec<bool> = cases.iter().map(evaluated).collect();
    let differs =
        |changed: Changed| cases.iter().zip(&answers).any(|(case, answer)| ruled(case, changed) != *answer);
    assert!(!differs(Changed::Nothing));
    for changed in [
        Changed::EitherIsEnoughAcrossAccounts,
        Changed::BothAreNeededWithinTheAccount,
        Changed::AnAccountMeansEachOfItsMembers,
        Changed::OwnersNeedIdentityPolicies,
        Changed::OwnersMayEverything,
        Changed::IdentityDeniesAreForgotten,
        Changed::ResourceDeniesAreForgotten,
        Changed::UnknownConditionsAreMet,
        Changed::UnknownConditionsAreUnmet,
        Changed::PathsAreForgotten,
        Changed::EverybodyIncludesNobody,
        Changed::ServicesAreUsers,
    ] {
        assert!(differs(changed), "{changed:?}");
    }
}

#[test]
fn names_are_compared_whole_and_never_as_patterns() {
    let context = Context::default();
    let question = Question { action: INVOKE, resource: ECHO, context: &context };
    let said = |principal: Value| {
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*" });
        parse_resource_policy(&document(&[statement]))
    };
    let ana = &principals()[2];
    for name in [
        "arn:aws:iam::000000000000:user/an",
        "arn:aws:iam::000000000000:user/anan",
        "arn:aws:iam::000000000000:user//ana",
        "arn:aws:iam::000000000000:user/ana/",
        "arn:aws:iam::000000000000:user/Ana",
        "arn:aws:iam::000000000000:role/ana",
        "arn:aws:sts::000000000000:assumed-role/ana/ana",
    ] {
        assert_eq!(said(json!({ "AWS": name })).unwrap().decide(ana, &question), Grant::None, "{name}");
    }
    for bad in [
        json!({ "AWS": "arn:aws:iam::000000000000:user/*" }),
        json!({ "AWS": "arn:aws:iam::*:root" }),
        json!({ "AWS": "arn:aws:iam::000000000000:user" }),
        json!({ "AWS": "arn:aws:iam::000000000000:root/x" }),
        json!({ "AWS": "arn:aws:lambda:us-east-1:000000000000:function:x" }),
        json!({ "AWS": "00000000000" }),
        json!({ "AWS": [] }),
        json!({ "Service": "*" }),
        json!({ "Service": "s3" }),
        json!({ "CanonicalUser": "x" }),
        json!({}),
        json!("arn:aws:iam::000000000000:root"),
    ] {
        assert!(said(bad.clone()).is_err(), "{bad}");
    }
    assert_eq!(
        said(json!({ "Federated": "cognito-identity.amazonaws.com" })).unwrap().decide(ana, &question),
        Grant::None
    );
}

#[test]
fn malformed_resource_policies_are_refused() {
    let refused = |text: &str| parse_resource_policy(text).unwrap_err().to_string();
    let one = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    for (statement, expected) in [
        (r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#, "Missing required field Principal"),
        (
            r#"{"Effect":"Deny","NotPrincipal":"*","Action":"*","Resource":"*"}"#,
            "Resource policies with NotPrincipal are not supported: name the principals.",
        ),
        (r#"{"Effect":"Allow","Principal":"*","Resource":"*"}"#, "Policy statement must contain actions."),
        (r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#, "Policy statement must contain resources."),
        (r#"{"Principal":"*","Action":"*","Resource":"*"}"#, "Syntax errors in policy."),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Like":{"a":"b"}}}"#,
            "Syntax errors in policy.",
        ),
        (
            r#"{"Effect":"Allow","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#,
            "Syntax errors in policy.",
        ),
    ] {
        assert_eq!(refused(&one(statement)), expected, "{statement}");
    }
    for text in
        ["", "{", "[]", "null", r#"{"Version":"2012-10-17","Statement":[]}"#, r#"{"Statement":[{}],"X":1}"#]
    {
        assert_eq!(refused(text), "Syntax errors in policy.", "{text}");
    }
    let twice = r#"{"Sid":"a-b_1","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    assert!(parse_resource_policy(&one(twice)).is_ok());
    let error = refused(&one(&format!("{twice},{twice}")));
    assert_eq!(error, "Statement IDs (SID) in a single policy must be unique.");
    let long = one(&twice.replace("a-b_1", &"x".repeat(140_000)));
    assert_eq!(refused(&long), "The policy document is longer than 131072 bytes.");
}

proptest! {
    #[test]
    fn any_text_gives_an_error_or_a_policy(text in ".{0,60}", name in ".{0,40}") {
        let _ = parse_resource_policy(&text);
        let _ = parse_resource_policy(&document(&[json!({
            "Effect": "Allow", "Principal": { "AWS": name }, "Action": "*", "Resource": "*",
        })]));
    }
}

#[test]
fn asking_a_resource_policy_allocates_nothing() {
    let names: Vec<&str> = NAMES[1..11].to_vec();
    let statement =
        json!({ "Effect": "Allow", "Principal": { "AWS": names }, "Action": "*", "Resource": ECHO });
    let policy = parse_resource_policy(&document(&[statement])).unwrap();
    let context = Context::default();
    let question = Question { action: INVOKE, resource: ECHO, context: &context };
    for principal in principals() {
        let counted = allocation_counter::measure(|| {
            let _ = policy.decide(&principal, &question);
        });
        assert_eq!(counted.count_total, 0, "{principal:?}");
    }
}
