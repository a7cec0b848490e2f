//! Policies of functions: what is granted is shown as the service shows it, once, to whoever named the right revision.

use crate::words::invalid;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::records::{AliasRecord, VersionRecord};
use store::{Prefix, Transaction};
use testkit::{Platform, Reply};
use types::{AccountId, RevisionId, Version};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

/// AddPermission to S3, with these members in place of the usual ones.
async fn add(platform: &Platform, function: &str, query: &str, members: Value) -> Reply {
    let mut request =
        json!({"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"});
    request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let target = format!("/2015-03-31/functions/{function}/policy{query}");
    platform.call(Method::POST, &target, request).await
}

async fn remove(platform: &Platform, function: &str, sid_and_query: &str) -> Reply {
    let target = format!("/2015-03-31/functions/{function}/policy/{sid_and_query}");
    platform.call(Method::DELETE, &target, Value::Null).await
}

async fn get(platform: &Platform, function: &str, query: &str) -> Reply {
    let target = format!("/2015-03-31/functions/{function}/policy{query}");
    platform.call(Method::GET, &target, Value::Null).await
}

/// The statements of the function's policy.
async fn statements(platform: &Platform, function: &str) -> Vec<Value> {
    let shown = get(platform, function, "").await.ok().json();
    let policy: Value = serde_json::from_str(shown["Policy"].as_str().unwrap()).unwrap();
    assert_eq!((&policy["Version"], &policy["Id"]), (&json!("2012-10-17"), &json!("default")));
    policy["Statement"].as_array().unwrap().clone()
}

async fn sids(platform: &Platform) -> Vec<String> {
    let all = statements(platform, "echo").await;
    all.iter().map(|statement| statement["Sid"].as_str().unwrap().to_owned()).collect()
}

fn missing(message: &str) -> (u16, String, String) {
    (404, "ResourceNotFoundException".to_owned(), message.to_owned())
}

/// Version 1 and an alias `live`, straight into the store.
async fn release(platform: &Platform) {
    let function = platform.functions().await.remove(0);
    let version = VersionRecord {
        account: function.account,
        name: function.name.clone(),
        number: 1,
        configuration: function.configuration,
        code: function.code,
        revision: function.revision,
        modified: function.modified,
    };
    let alias = AliasRecord {
        version: Version::Number(1),
        weights: BTreeMap::new(),
        description: String::new(),
        revision: function.revision,
    };
    let mut transaction = Transaction::new();
    let account = function.account;
    transaction.insert(&VersionRecord::place(account, &function.name, 1).unwrap(), &version);
    transaction.insert(&AliasRecord::place(account, &function.name, "live").unwrap(), &alias);
    platform.store.commit(transaction).await.unwrap();
}

#[tokio::test]
async fn a_permission_is_added_shown_and_removed() {
    let platform = Platform::with_function("echo").await;
    let before = platform.configuration("echo").await.ok().json();
    let nothing = missing("The resource you requested does not exist.");
    assert_eq!(get(&platform, "echo", "").await.error(), nothing);
    let added = add(&platform, "echo", "", json!({"SourceArn": "arn:aws:s3:::bucket"})).await;
    assert_eq!(added.status.as_u16(), 201);
    let text = format!(
        r#"{{"Sid":"s3","Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"{ARN}","Condition":{{"ArnLike":{{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}}}}"#
    );
    assert_eq!(added.json(), json!({"Statement": text}));
    let first = get(&platform, "echo", "").await.ok().json();
    assert_eq!(first["Policy"], format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{text}]}}"#));
    assert!(first["RevisionId"].as_str().unwrap().parse::<RevisionId>().is_ok());

    add(&platform, "echo", "", json!({"StatementId": "two", "Principal": "*"})).await.ok();
    assert_eq!(sids(&platform).await, ["s3", "two"]);
    assert_ne!(get(&platform, "echo", "").await.ok().json()["RevisionId"], first["RevisionId"]);
    let removed = remove(&platform, "echo", "s3").await;
    assert_eq!((removed.status.as_u16(), removed.body.len()), (204, 0));
    assert_eq!(sids(&platform).await, ["two"]);
    remove(&platform, "echo", "two").await.ok();
    assert_eq!(get(&platform, "echo", "").await.error(), nothing);
    // A policy is no part of the function: neither its revision nor its environments change.
    assert_eq!(platform.configuration("echo").await.ok().json(), before);
}

#[tokio::test]
async fn each_parameter_becomes_what_the_service_makes_of_it() {
    let platform = Platform::with_function("echo").await;
    platform.keys.trust(
        "arn:aws:iam::123456789012:role/caller",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}"#,
    );
    let cases = [
        (
            json!({"Principal": "123456789012"}),
            json!({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}),
        ),
        (
            json!({"Principal": "arn:aws:iam::123456789012:role/caller"}),
            json!({"Principal": {"AWS": "arn:aws:iam::123456789012:role/caller"}}),
        ),
        (json!({"Principal": "*"}), json!({"Principal": "*"})),
        (json!({"Action": "lambda:*"}), json!({"Action": "lambda:*"})),
        (
            json!({"SourceAccount": "123456789012"}),
            json!({"Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"}}}),
        ),
        (
            json!({"EventSourceToken": "amzn1.ask.skill.x"}),
            json!({"Condition": {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}}}),
        ),
        (
            json!({"InvokedViaFunctionUrl": true}),
            json!({"Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}}),
        ),
        (
            json!({"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE", "PrincipalOrgID": "o-1234567890",
                   "SourceAccount": "123456789012", "SourceArn": "arn:aws:s3:::bucket"}),
            json!({"Action": "lambda:InvokeFunctionUrl", "Condition": {
                "StringEquals": {"lambda:FunctionUrlAuthType": "NONE", "aws:PrincipalOrgID": "o-1234567890",
                                 "AWS:SourceAccount": "123456789012"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}}}),
        ),
    ];
    for (number, (members, expected)) in cases.into_iter().enumerate() {
        let mut request = members;
        request["StatementId"] = json!(format!("case-{number}"));
        let added = add(&platform, "echo", "", request).await.ok().json();
        let mut statement = json!({
            "Sid": format!("case-{number}"), "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": ARN,
        });
        statement.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        let shown: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
        assert_eq!(shown, statement);
        assert_eq!(statements(&platform, "echo").await.last(), Some(&statement));
    }
}

#[tokio::test]
async fn a_statement_is_written_as_it_was_recorded() {
    let platform = Platform::with_function("echo").await;
    let added = add(
        &platform,
        "echo",
        "",
        json!({
            "StatementId": "urlPermission", "Action": "lambda:InvokeFunctionUrl", "Principal": "*",
            "SourceArn": "arn:aws:s3:::bucket", "SourceAccount": "000000000000", "PrincipalOrgID": "o-1234567890",
            "FunctionUrlAuthType": "NONE",
        }),
    );
    let conditions = concat!(
        r#""StringEquals":{"AWS:SourceAccount":"000000000000","lambda:FunctionUrlAuthType":"NONE","#,
        r#""aws:PrincipalOrgID":"o-1234567890"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}"#
    );
    let beginning =
        r#"{"Sid":"urlPermission","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","#;
    let expected = format!(r#"{beginning}"Resource":"{ARN}","Condition":{{{conditions}}}}}"#);
    assert_eq!(added.await.ok().json()["Statement"], expected);
}

#[tokio::test]
async fn what_can_not_be_granted_is_refused_in_the_services_words() {
    let platform = Platform::with_function("echo").await;
    let principal = invalid("The provided principal was invalid. Please check the principal and try again.");
    for nobody in ["amazonaws.com", "ana", "arn:aws:iam::000000000000:role/nobody", "arn:aws:iam::*:root"] {
        assert_eq!(
            add(&platform, "echo", "", json!({"Principal": nobody})).await.error(),
            principal,
            "{nobody}"
        );
    }
    let url = invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
    assert_eq!(add(&platform, "echo", "", json!({"FunctionUrlAuthType": "NONE"})).await.error(), url);
    let latest = invalid("We currently do not support adding policies for $LATEST.");
    assert_eq!(add(&platform, "echo", "?Qualifier=%24LATEST", json!({})).await.error(), latest);
    assert_eq!(add(&platform, "echo:$LATEST", "", json!({})).await.error(), latest);
    let differ =
        invalid("The derived qualifier from the function name does not match the specified qualifier.");
    assert_eq!(add(&platform, "echo:1", "?Qualifier=2", json!({})).await.error(), differ);
    let nowhere = format!("Function not found: {}", ARN.replace("echo", "nowhere"));
    assert_eq!(add(&platform, "nowhere", "", json!({})).await.error(), missing(&nowhere));
    assert_eq!(get(&platform, "nowhere", "").await.error(), missing(&nowhere));
    let no_policy = format!("No policy found for: {}", ARN.replace("echo", "nowhere"));
    assert_eq!(remove(&platform, "nowhere", "s3").await.error(), missing(&no_policy));
    let nothing = missing("The resource you requested does not exist.");
    for qualifier in ["", ":7", ":live"] {
        assert_eq!(get(&platform, &format!("echo{qualifier}"), "").await.error(), nothing, "{qualifier}");
    }
    let no_version = format!("Function not found: {ARN}:7");
    assert_eq!(add(&platform, "echo", "?Qualifier=7", json!({})).await.error(), missing(&no_version));
    let no_alias = format!("Cannot find alias arn: {ARN}:live");
    assert_eq!(add(&platform, "echo:live", "", json!({})).await.error(), missing(&no_alias));
    assert_eq!(remove(&platform, "echo:live", "s3").await.error(), missing(&no_alias));
    for (member, value) in [
        ("StatementId", "a b"),
        ("Action", "s3:GetObject"),
        ("Principal", "a b"),
        ("SourceAccount", "12"),
        ("SourceArn", "bucket"),
        ("PrincipalOrgID", "o-1"),
    ] {
        let refused = add(&platform, "echo", "", json!({member: value})).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{member}");
    }
    assert_eq!(get(&platform, "echo", "").await.status.as_u16(), 404);
}

#[tokio::test]
async fn statements_are_named_once_and_found_by_their_name() {
    let platform = Platform::with_function("echo").await;
    let none = missing("No policy is associated with the given resource.");
    assert_eq!(remove(&platform, "echo", "s3").await.error(), none);
    add(&platform, "echo", "", json!({})).await.ok();
    let message = "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement.";
    let exists = (409, "ResourceConflictException".to_owned(), message.to_owned());
    assert_eq!(add(&platform, "echo", "", json!({"Principal": "*"})).await.error(), exists);
    let unknown = missing("Statement other is not found in resource policy.");
    assert_eq!(remove(&platform, "echo", "other").await.error(), unknown);
    assert_eq!(sids(&platform).await, ["s3"]);
}

#[tokio::test]
async fn a_stale_revision_of_the_policy_changes_nothing() {
    let platform = Platform::with_function("echo").await;
    let message = "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the \
                   latest Revision Id";
    let stale = (412, "PreconditionFailedException".to_owned(), message.to_owned());
    let function = platform.configuration("echo").await.ok().json()["RevisionId"].clone();
    assert_eq!(add(&platform, "echo", "", json!({"RevisionId": "x"})).await.error(), stale);
    add(&platform, "echo", "", json!({"RevisionId": function})).await.ok();
    let late = json!({"StatementId": "late", "RevisionId": function});
    assert_eq!(add(&platform, "echo", "", late).await.error(), stale);
    let first = get(&platform, "echo", "").await.ok().json()["RevisionId"].as_str().unwrap().to_owned();
    add(&platform, "echo", "", json!({"StatementId": "two", "RevisionId": first})).await.ok();
    assert_eq!(
        add(&platform, "echo", "", json!({"StatementId": "3", "RevisionId": first})).await.error(),
        stale
    );
    assert_eq!(remove(&platform, "echo", &format!("two?RevisionId={first}")).await.error(), stale);
    assert_eq!(remove(&platform, "echo", "two?RevisionId=x").await.error(), stale);
    assert_eq!(sids(&platform).await, ["s3", "two"]);
    let current = get(&platform, "echo", "").await.ok().json()["RevisionId"].as_str().unwrap().to_owned();
    remove(&platform, "echo", &format!("two?RevisionId={current}")).await.ok();
}

#[tokio::test]
async fn the_first_statement_may_name_the_revision_of_what_it_is_for() {
    let platform = Platform::with_function("echo").await;
    let post = |place: &str, body| {
        let target = format!("/2015-03-31/functions/echo/{place}");
        let platform = &platform;
        async move { platform.call(Method::POST, &target, body).await.ok().json()["RevisionId"].clone() }
    };
    let version = post("versions", json!({})).await;
    let alias = post("aliases", json!({"Name": "live", "FunctionVersion": "1"})).await;
    for (qualifier, own, other) in [("live", &alias, &version), ("1", &version, &alias)] {
        let query = format!("?Qualifier={qualifier}");
        let refused = add(&platform, "echo", &query, json!({"RevisionId": other})).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (412, "PreconditionFailedException"));
        add(&platform, "echo", &query, json!({"RevisionId": own})).await.ok();
    }
}

#[tokio::test]
async fn versions_and_aliases_have_policies_of_their_own() {
    let platform = Platform::with_function("echo").await;
    release(&platform).await;
    add(&platform, "echo", "", json!({})).await.ok();
    for qualifier in ["1", "live"] {
        assert_eq!(get(&platform, &format!("echo:{qualifier}"), "").await.status.as_u16(), 404);
        add(&platform, "echo", &format!("?Qualifier={qualifier}"), json!({})).await.ok();
        let shown = statements(&platform, &format!("echo:{qualifier}")).await;
        assert_eq!(shown[0]["Resource"], format!("{ARN}:{qualifier}"));
    }
    remove(&platform, "echo", "s3?Qualifier=live").await.ok();
    assert_eq!(get(&platform, "echo:live", "").await.status.as_u16(), 404);
    assert_eq!(
        (statements(&platform, "echo").await.len(), statements(&platform, "echo:1").await.len()),
        (1, 1)
    );
}

#[tokio::test]
async fn twenty_kilobytes_are_the_limit() {
    let platform = Platform::with_function("echo").await;
    let mut fits = 0;
    let refused = loop {
        let sid = format!("{fits:0>100}");
        let added = add(&platform, "echo", "", json!({"StatementId": sid})).await;
        if !added.status.is_success() {
            break added;
        }
        fits += 1;
    };
    let policy = get(&platform, "echo", "").await.ok().json()["Policy"].as_str().unwrap().to_owned();
    let statement = statements(&platform, "echo").await[0].to_string();
    let size = policy.len() + 1 + statement.len();
    assert!(policy.len() <= 20_480 && size > 20_480, "{} {size}", policy.len());
    let message = format!("The final policy size ({size}) is bigger than the limit (20480).");
    assert_eq!(refused.error(), (400, "PolicyLengthExceededException".to_owned(), message));
}

#[tokio::test]
async fn a_deleted_function_leaves_no_policy_for_the_next_one() {
    let platform = Platform::with_function("echo").await;
    release(&platform).await;
    add(&platform, "echo", "", json!({})).await.ok();
    add(&platform, "echo:live", "", json!({})).await.ok();
    platform.delete("echo").await.ok();
    let left = platform.store.scan::<store::records::FunctionPolicyRecord>(&Prefix::all(), None, 10).await;
    assert_eq!(left.unwrap().len(), 0);
    platform.create(platform.minimal("echo")).await.ok();
    assert_eq!(get(&platform, "echo", "").await.status.as_u16(), 404);
}

#[tokio::test]
async fn concurrent_grants_all_happen_and_none_outlives_the_function() {
    let platform = Platform::with_function("echo").await;
    let many = |platform: &Platform| {
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..24 {
            let client = platform.client.clone();
            calls.spawn(async move {
                let body = json!({"StatementId": format!("s{number}"), "Action": "lambda:InvokeFunction", "Principal": "*"});
                let target = "/2015-03-31/functions/echo/policy";
                client.send(Method::POST, target, http::HeaderMap::new(), body.to_string().into()).await
            });
        }
        calls
    };
    let answers = many(&platform).join_all().await;
    assert!(answers.iter().all(|answer| answer.status.as_u16() == 201), "{answers:?}");
    assert_eq!(sids(&platform).await.len(), 24);
    let calls = many(&platform);
    platform.delete("echo").await.ok();
    calls.join_all().await;
    let left = platform.store.scan::<store::records::FunctionPolicyRecord>(&Prefix::all(), None, 10).await;
    assert_eq!(left.unwrap().len(), 0);
}

#[tokio::test]
async fn a_grant_and_its_audit_record_are_one_transaction() {
    let platform = Platform::with_function("echo").await;
    add(&platform, "echo", "", json!({})).await.ok();
    remove(&platform, "echo", "s3").await.ok();
    let audit = platform.audit().await;
    let names: Vec<_> = audit.iter().filter(|r| !r.read_only).map(|r| r.event_name.as_str()).collect();
    assert_eq!(names, ["CreateFunction", "AddPermission", "RemovePermission"]);
    assert_eq!(audit.last().unwrap().account, AccountId::FIRST.to_string());
}
