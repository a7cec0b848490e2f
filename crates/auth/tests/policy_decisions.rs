//! Who may do what, by identity policies and by trust policies.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use auth::Principal;
use auth::policy::{Context, Decision, Policy, Question, decide, parse_identity_policy, parse_trust_policy};
use proptest::prelude::*;
use types::AccountId;

const ECHO: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

fn policy(statements: &[&str]) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    parse_identity_policy(&text).unwrap()
}

fn ask(policies: &[Policy], action: &str, resource: &str, context: &Context) -> Decision {
    decide(policies.iter(), &Question { action, resource, context })
}

fn invoke(statement: &str, context: &Context) -> Decision {
    ask(&[policy(&[statement])], "lambda:InvokeFunction", ECHO, context)
}

/// The decision on a statement of the given effect with a condition.
fn on_condition(effect: &str, condition: &str, context: &Context) -> Decision {
    invoke(
        &format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*","Condition":{condition}}}"#),
        context,
    )
}

#[test]
fn the_default_is_no_and_a_deny_wins() {
    let context = Context::default();
    assert_eq!(ask(&[], "lambda:InvokeFunction", ECHO, &context), Decision::ImplicitDeny);
    let allow = policy(&[r#"{"Effect":"Allow","Action":"lambda:*","Resource":"*"}"#]);
    let deny = policy(&[r#"{"Effect":"Deny","Action":"lambda:Invoke*","Resource":"arn:*:function:echo"}"#]);
    let invoked = |policies: &[Policy]| ask(policies, "lambda:InvokeFunction", ECHO, &context);
    assert_eq!(invoked(std::slice::from_ref(&allow)), Decision::Allow);
    assert_eq!(invoked(&[allow.clone(), deny.clone()]), Decision::ExplicitDeny);
    assert_eq!(invoked(&[deny.clone(), allow.clone()]), Decision::ExplicitDeny);
    assert_eq!(ask(&[allow, deny], "lambda:GetFunction", ECHO, &context), Decision::Allow);
}

#[test]
fn actions_disregard_case_and_resources_do_not() {
    let context = Context::default();
    let allowed = |action: &str, resource: &str| {
        invoke(&format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#), &context)
            == Decision::Allow
    };
    assert!(allowed("LAMBDA:invokefunction", "*") && allowed("*", ECHO) && allowed("*:Invoke?unction", "*"));
    assert!(allowed("lambda:*", "arn:aws:lambda:*:function:ech?"));
    assert!(!allowed("lambda:*", &ECHO.to_uppercase().replace("ARN:AWS", "arn:aws")));
    assert!(!allowed("lambda:Invoke", "*") && !allowed("iam:*", "*"));
    assert!(!allowed("lambda:*", "arn:aws:lambda:us-east-1:000000000000:function:echo:*"));
}

#[test]
fn all_but_some() {
    let context = Context::default();
    let not_iam = r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#;
    assert_eq!(invoke(not_iam, &context), Decision::Allow);
    assert_eq!(ask(&[policy(&[not_iam])], "IAM:CreateUser", "*", &context), Decision::ImplicitDeny);
    let elsewhere = r#"{"Effect":"Deny","Action":"*","NotResource":["arn:aws:lambda:*:function:echo"]}"#;
    assert_eq!(invoke(elsewhere, &context), Decision::ImplicitDeny);
    assert_eq!(ask(&[policy(&[elsewhere])], "lambda:GetFunction", "*", &context), Decision::ExplicitDeny);
}

#[test]
fn what_cannot_be_evaluated_never_allows_and_always_denies() {
    let context =
        Context::default().with("aws:username", "ana").with("k", "v").with("many", "a").with("many", "b");
    for condition in [
        r#"{"BinaryEquals":{"k":"QQ=="}}"#,
        r#"{"StringEquals":{"aws:username":"${aws:username}"}}"#,
        r#"{"NumericEquals":{"k":"one"}}"#,
        r#"{"IpAddress":{"k":"nowhere"}}"#,
        r#"{"StringEquals":{"k":[]}}"#,
        r#"{"StringEquals":{"many":"a"}}"#,
        r#"{"Null":{"k":"perhaps"}}"#,
        r#"{"StringEquals":{"k":"v"},"BinaryEquals":{"k":"QQ=="}}"#,
    ] {
        assert_eq!(on_condition("Allow", condition, &context), Decision::ImplicitDeny, "{condition}");
        assert_eq!(on_condition("Deny", condition, &context), Decision::ExplicitDeny, "{condition}");
    }
    for (effect, expected) in [("Allow", Decision::ImplicitDeny), ("Deny", Decision::ExplicitDeny)] {
        for element in ["Resource", "NotResource"] {
            let statement = format!(
                r#"{{"Effect":"{effect}","Action":"lambda:*","{element}":"arn:aws:lambda:*:*:function:${{aws:username}}"}}"#
            );
            assert_eq!(invoke(&statement, &context), expected, "{statement}");
            let other = ask(&[policy(&[&statement])], "iam:GetUser", "*", &context);
            assert_eq!(other, Decision::ImplicitDeny, "the action is another one: {statement}");
        }
    }
    let unmet = r#"{"StringEquals":{"k":"other"},"BinaryEquals":{"k":"QQ=="}}"#;
    assert_eq!(on_condition("Deny", unmet, &context), Decision::ImplicitDeny, "one condition surely fails");
}

#[test]
fn conditions_look_at_the_context() {
    let context = Context::default()
        .with("aws:SourceIp", "10.1.2.3")
        .with("aws:PrincipalArn", "arn:aws:iam::000000000000:user/ana")
        .with("aws:SecureTransport", "false")
        .with("aws:TagKeys", "a")
        .with("aws:TagKeys", "b");
    let holds = |condition: &str| on_condition("Allow", condition, &context) == Decision::Allow;
    for condition in [
        "{}",
        r#"{"IpAddress":{"AWS:sourceip":["192.168.0.0/16","10.0.0.0/8"]}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"},"Bool":{"aws:SecureTransport":false}}"#,
        r#"{"StringNotEquals":{"aws:SourceVpc":"x"}}"#,
        r#"{"StringEqualsIfExists":{"aws:SourceVpc":"x"}}"#,
        r#"{"Null":{"aws:SourceVpc":"true","aws:SourceIp":"false"}}"#,
        r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["b","c"]}}"#,
        r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b","c"]}}"#,
        r#"{"ForAllValues:StringEquals":{"aws:SourceVpc":"x"}}"#,
        r#"{"StringNotEquals":{"aws:SourceIp":["a","b"]}}"#,
    ] {
        assert!(holds(condition), "{condition}");
    }
    for condition in [
        r#"{"NotIpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"},"Bool":{"aws:SecureTransport":true}}"#,
        r#"{"StringEquals":{"aws:SourceVpc":"x"}}"#,
        r#"{"StringLikeIfExists":{"aws:SourceIp":"11.*"}}"#,
        r#"{"Null":{"aws:SourceVpc":"false"}}"#,
        r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"c"}}"#,
        r#"{"ForAnyValue:StringEquals":{"aws:SourceVpc":"x"}}"#,
        r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","c"]}}"#,
        r#"{"StringNotEquals":{"aws:SourceIp":["a","10.1.2.3"]}}"#,
    ] {
        assert!(!holds(condition), "{condition}");
    }
}

fn session(role: &str) -> Principal {
    Principal::RoleSession {
        account: AccountId::FIRST,
        path: "/".to_owned(),
        role: role.to_owned(),
        session: "s".to_owned(),
        id: "AROA1".to_owned(),
    }
}

fn trusts(statements: &str, principal: &Principal) -> bool {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
    let trust = parse_trust_policy(&text).unwrap();
    trust.allows(principal, "sts:AssumeRole", &Context::default())
}

#[test]
fn a_role_trusts_whom_it_names() {
    let lambda = Principal::Service("lambda.amazonaws.com".to_owned());
    let service = r#"{"Effect":"Allow","Principal":{"Service":["events.amazonaws.com","lambda.amazonaws.com"]},"Action":"sts:AssumeRole"}"#;
    assert!(trusts(service, &lambda));
    assert!(!trusts(service, &Principal::Service("ec2.amazonaws.com".to_owned())));
    assert!(!trusts(service, &Principal::Root(AccountId::FIRST)));
    let root = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:*"}"#;
    assert!(trusts(root, &Principal::Root(AccountId::FIRST)) && trusts(root, &session("x")));
    assert!(!trusts(root, &Principal::Root("123456789012".parse().unwrap())) && !trusts(root, &lambda));
    let role = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/x"},"Action":"sts:AssumeRole"}"#;
    assert!(trusts(role, &session("x")) && !trusts(role, &session("y")));
    let everybody = r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#;
    assert!(trusts(everybody, &lambda) && !trusts(everybody, &Principal::Anonymous));
}

#[test]
fn trust_is_denied_by_a_deny_a_condition_or_another_action() {
    let lambda = Principal::Service("lambda.amazonaws.com".to_owned());
    let allow =
        r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"sts:Assume*"}"#;
    assert!(!trusts(&format!("[{allow},{deny}]"), &lambda) && !trusts(&format!("[{deny},{allow}]"), &lambda));
    let tagging =
        r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:TagSession"}"#;
    assert!(!trusts(tagging, &lambda));
    let conditional = r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}"#;
    assert!(!trusts(conditional, &lambda));
}

/// Statements over a small world, so that they meet often.
fn statement(effect: &'static str) -> impl Strategy<Value = String> {
    let action = prop_oneof![Just("*"), Just("l:*"), Just("l:A"), Just("l:?"), Just("i:B")];
    let resource = prop_oneof![Just("*"), Just("arn:x:a"), Just("arn:x:*"), Just("arn:x:${v}")];
    let condition = prop_oneof![
        Just("{}"),
        Just(r#"{"StringEquals":{"k":"v"}}"#),
        Just(r#"{"StringNotEquals":{"k":"v"}}"#),
        Just(r#"{"BinaryEquals":{"k":"v"}}"#),
        Just(r#"{"Null":{"k":"true"}}"#),
    ];
    let elements = (
        prop_oneof![Just("Action"), Just("NotAction")],
        action,
        prop_oneof![Just("Resource"), Just("NotResource")],
        resource,
        condition,
    );
    elements.prop_map(move |(act, action, res, resource, condition)| {
        format!(r#"{{"Effect":"{effect}","{act}":"{action}","{res}":"{resource}","Condition":{condition}}}"#)
    })
}

fn policies() -> impl Strategy<Value = Vec<Policy>> {
    let any = prop_oneof![statement("Allow"), statement("Allow"), statement("Deny")];
    proptest::collection::vec(any.prop_map(|text| policy(&[&text])), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn an_allow_takes_nothing_away_and_a_deny_gives_nothing(
        before in policies(),
        allow in statement("Allow"),
        deny in statement("Deny"),
        position in 0usize..5,
        action in prop_oneof![Just("l:A"), Just("l:B"), Just("i:B")],
        resource in prop_oneof![Just("arn:x:a"), Just("arn:x:b"), Just("*")],
        value in proptest::option::of("[vw]"),
    ) {
        let context = value.map_or_else(Context::default, |value| Context::default().with("k", value));
        let decision = ask(&before, action, resource, &context);
        let with = |statement: &str| {
            let mut after = before.clone();
            after.insert(position.min(after.len()), policy(&[statement]));
            ask(&after, action, resource, &context)
        };
        let (allowed, denied) = (with(&allow), with(&deny));
        prop_assert!(decision != Decision::Allow || allowed == Decision::Allow);
        prop_assert!(decision == Decision::Allow || denied != Decision::Allow);
        prop_assert!((decision == Decision::ExplicitDeny) == (allowed == Decision::ExplicitDeny));
        prop_assert!(decision != Decision::ExplicitDeny || denied == Decision::ExplicitDeny);
        // A statement that denies alone denies in any company.
        if ask(&[policy(&[&deny])], action, resource, &context) == Decision::ExplicitDeny {
            prop_assert_eq!(denied, Decision::ExplicitDeny);
        }
    }

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = (parse_identity_policy(&text), parse_trust_policy(&text));
        let within = format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":{text:?}}}}}"#);
        let _ = parse_identity_policy(&within);
    }
}
