//! Which policy documents are refused, and in which words.

use auth::policy::{PolicyError, counted_characters, parse_identity_policy, parse_trust_policy};

/// A document of the current version with the given statements.
fn document(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#)
}

fn identity(statements: &str) -> String {
    refusal(parse_identity_policy(&document(statements)))
}

fn trust(statements: &str) -> String {
    refusal(parse_trust_policy(&document(statements)))
}

fn refusal<T>(parsed: Result<T, PolicyError>) -> String {
    match parsed {
        Ok(_) => "accepted".to_owned(),
        Err(error) => {
            assert_eq!(error.code(), "MalformedPolicyDocument");
            error.to_string()
        }
    }
}

#[test]
fn everyday_identity_policies_are_accepted() {
    for statements in [
        r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#,
        r#"[{"Sid":"One","Effect":"Allow","Action":["lambda:*","iam:PassRole"],"Resource":["arn:aws:lambda:*:*:function:*","*"]}]"#,
        r#"[{"Sid":"","Effect":"Deny","NotAction":"iam:*","NotResource":"arn:aws:iam::123456789012:role/x"},{"Sid":"","Effect":"Allow","Action":"s3:Get?bject","Resource":"arn:aws:s3:::b/${aws:username}/*"}]"#,
        r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"aws:x":["a","b"]},"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"aws:MultiFactorAuthAge":3600},"BinaryEquals":{"k":"QQ=="}}}"#,
    ] {
        assert_eq!(identity(statements), "accepted", "{statements}");
    }
    let with_id =
        r#"{"Id":"x","Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    assert_eq!(refusal(parse_identity_policy(with_id)), "accepted");
}

#[test]
fn what_is_no_policy_is_a_syntax_error() {
    for text in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "\"\"",
        r#"{"Version":"2012-10-17"}"#,
        r#"{"Version":"2012-10-18","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
    ] {
        assert_eq!(refusal(parse_identity_policy(text)), "Syntax errors in policy.", "{text}");
    }
    for statements in [
        "[]",
        "null",
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Foo":1}"#,
        r#"{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}"#,
        r#"{"Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Maybe","Action":"*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}"#,
        r#"{"Effect":"Allow","Action":{"a":"b"},"Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":[1],"Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":[]}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":"x"}}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringSimilar":{"k":"v"}}}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"k":{}}}}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"k":"true","k":"false"}}}"#,
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForSomeValues:StringLike":{"k":"v"}}}"#,
    ] {
        assert_eq!(identity(statements), "Syntax errors in policy.", "{statements}");
    }
    let top =
        r#"{"Version":"2012-10-17","Foo":1,"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    assert_eq!(refusal(parse_identity_policy(top)), "Syntax errors in policy.");
}

#[test]
fn the_version_must_be_the_current_one() {
    for version in ["", r#""Version":"2008-10-17","#] {
        let text = format!(r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"*"}}}}"#);
        let expected = "Policy document must be version 2012-10-17 or greater.";
        assert_eq!(refusal(parse_identity_policy(&text)), expected);
    }
}

#[test]
fn each_other_fault_has_its_own_words() {
    for (statements, expected) in [
        (r#"{"Effect":"allow","Action":"*","Resource":"*"}"#, "The policy failed legacy parsing"),
        (
            r#"[{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}]"#,
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (
            r#"{"Sid":"a-b","Effect":"Allow","Action":"*","Resource":"*"}"#,
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ),
        (r#"{"Effect":"Allow","Resource":"*"}"#, "Policy statement must contain actions."),
        (r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#, "Policy statement must contain actions."),
        (r#"{"Effect":"Allow","Action":"*"}"#, "Policy statement must contain resources."),
        (r#"{"Effect":"Allow","Action":"*","NotResource":[]}"#, "Policy statement must contain resources."),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}"#,
            "Policy document should not specify a principal.",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"echo"}"#,
            "Resource echo must be in ARN format or \"*\".",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws"}"#,
            "Resource arn:aws must be in ARN format or \"*\".",
        ),
        (
            r#"{"Effect":"Allow","Action":"Invoke","Resource":"*"}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            r#"{"Effect":"Allow","Action":"a:b:c","Resource":"*"}"#,
            "Actions/Condition can contain only one colon.",
        ),
        (r#"{"Effect":"Allow","Action":"la_mbda:x","Resource":"*"}"#, "Vendor la_mbda is not valid"),
    ] {
        assert_eq!(identity(statements), expected, "{statements}");
    }
}

#[test]
fn long_and_deep_documents_are_refused() {
    let long = document(&format!(
        r#"{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{}"}}"#,
        "x".repeat(140_000)
    ));
    assert_eq!(parse_identity_policy(&long), Err(PolicyError::TooLong));
    assert!(matches!(parse_trust_policy(&long), Err(PolicyError::TooLong)));
    let deep = document(&format!("{}{}", "[".repeat(60_000), "]".repeat(60_000)));
    assert_eq!(parse_identity_policy(&deep), Err(PolicyError::Syntax));
}

#[test]
fn white_space_does_not_count_for_quotas() {
    assert_eq!(counted_characters("{ \"a\" :\n\t\"é\" }"), 9);
}

#[test]
fn trust_policies_are_checked_in_their_own_words() {
    let good = r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com","AWS":["123456789012","arn:aws:iam::123456789012:root","arn:aws:iam::123456789012:role/x"],"Federated":"cognito-identity.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}"#;
    assert_eq!(trust(good), "accepted");
    for (statements, expected) in [
        (r#"{"Principal":"*","Action":"sts:AssumeRole"}"#, "Missing required field Effect"),
        (r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#, "Missing required field Principal"),
        (
            r#"{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}"#,
            "Missing required field Principal cannot be empty!",
        ),
        (
            r#"{"Effect":"Allow","NotPrincipal":"*","Action":"sts:AssumeRole"}"#,
            "AssumeRole policy must not contain NotPrincipal field.",
        ),
        (r#"{"Effect":"Allow","Principal":"*"}"#, "Missing required field Action"),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","iam:PassRole"]}"#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}"#,
            "Has prohibited field Resource",
        ),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/*"},"Action":"sts:AssumeRole"}"#,
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:role/*\"",
        ),
        (
            r#"{"Effect":"Allow","Principal":{"Service":"lambda"},"Action":"sts:AssumeRole"}"#,
            "Invalid principal in policy: \"SERVICE\":\"lambda\"",
        ),
    ] {
        assert_eq!(trust(statements), expected, "{statements}");
    }
    assert_eq!(refusal(parse_trust_policy("{")), "This policy contains invalid Json");
    let old = r#"{"Version":"2011-01-01","Statement":[]}"#;
    assert_eq!(refusal(parse_trust_policy(old)), "The policy must contain a valid version string");
}
