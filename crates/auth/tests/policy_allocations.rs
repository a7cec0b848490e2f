//! Deciding is on the path of every request: it allocates nothing, whatever the policies say.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use auth::policy::{Context, Decision, Policy, Question, decide, parse_identity_policy};

#[test]
fn a_decision_allocates_nothing() {
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","NotAction":["iam:*","lambda:*"],"NotResource":"arn:aws:s3:::*"},
        {"Effect":"Deny","Action":"lambda:*","Resource":"arn:*:function:other*","Condition":{"BinaryEquals":{"k":"QQ=="}}},
        {"Effect":"Allow","Action":"LAMBDA:Invoke*","Resource":"arn:aws:lambda:*:function:ech?","Condition":{
            "StringEqualsIgnoreCase":{"text":["x","ÄB"]},
            "StringNotLike":{"text":"*zz*"},
            "ArnLike":{"arn":"arn:aws:iam::*:user/*"},
            "NumericLessThan":{"number":["1","12.5"]},
            "DateGreaterThan":{"date":"2026-01-01T00:00:00Z"},
            "IpAddress":{"address":["10.0.0.0/8","::1"]},
            "Bool":{"truth":true},
            "ForAllValues:StringEquals":{"many":["a","b","c"]},
            "Null":{"aws:SourceVpc":"true"}}}]}"#;
    let policies: [Policy; 2] = [
        parse_identity_policy(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#,
        )
        .unwrap(),
        parse_identity_policy(text).unwrap(),
    ];
    let context = Context::default()
        .with("text", "äb")
        .with("arn", "arn:aws:iam::000000000000:user/ana")
        .with("number", "12.25")
        .with("date", "2026-11-24T06:35:00.5+01:00")
        .with("address", "10.1.2.3")
        .with("truth", "True")
        .with("many", "a")
        .with("many", "b");
    let question = Question {
        action: "lambda:InvokeFunction",
        resource: "arn:aws:lambda:us-east-1:000000000000:function:echo",
        context: &context,
    };
    let mut decision = Decision::ImplicitDeny;
    let counted = allocation_counter::measure(|| decision = decide(policies.iter(), &question));
    assert_eq!(decision, Decision::Allow);
    assert_eq!(counted.count_total, 0);
    let other = Question { action: "s3:GetObject", ..question };
    let counted = allocation_counter::measure(|| decision = decide(policies.iter(), &other));
    assert_eq!((decision, counted.count_total), (Decision::ExplicitDeny, 0));
}
