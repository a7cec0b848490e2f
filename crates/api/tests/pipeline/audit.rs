//! The audit trail: one record per call, whatever comes of it, with nothing in it that is secret.

use crate::client::Call;
use crate::handlers::Behaviour;
use crate::platform::Platform;
use crate::samples;
use serde_json::{Value, json};
use telemetry::audit::{Outcome, Record};
use types::ServiceError;

fn code(record: &Record) -> &str {
    match &record.outcome {
        Outcome::Succeeded => "",
        Outcome::Failed { error_code, .. } => error_code,
    }
}

#[tokio::test]
async fn a_denied_call_of_every_built_operation_leaves_exactly_one_record() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[]);
    let mut expected = Vec::new();
    for operation in samples::built().filter(|operation| operation.name != "GetCallerIdentity") {
        let answer = platform.call(&samples::request(operation, &samples::input(operation)), &bob).await;
        assert!(answer.is_denied(), "{operation:?}");
        expected.push((operation.name, answer.header("x-amzn-requestid").to_owned(), answer.code()));
    }
    let records = platform.finish().await;
    let found: Vec<_> = records
        .iter()
        .map(|record| (record.event_name.as_str(), record.request_id.clone(), code(record).to_owned()))
        .collect();
    assert_eq!(found, expected);
    for record in &records {
        assert_eq!(record.principal, "arn:aws:iam::000000000000:user/bob");
        assert_eq!((record.account.as_str(), record.access_key_id.as_str()), ("000000000000", "AKIAUSERbob"));
        assert_eq!(record.source_ip, "127.0.0.1");
        assert_ne!(record.event_id, record.request_id);
    }
}

#[tokio::test]
async fn a_successful_call_of_every_operation_leaves_one_record_and_a_data_event_none() {
    let platform = Platform::start().await;
    for operation in samples::built() {
        platform.call(&samples::request(operation, &samples::input(operation)), &platform.root).await;
    }
    let records = platform.finish().await;
    let found: Vec<&str> = records.iter().map(|record| record.event_name.as_str()).collect();
    let is_data = |name: &str| {
        let verbs = ["SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"];
        name == "Invoke" || verbs.iter().any(|verb| name.starts_with(verb))
    };
    let built = samples::built().map(|operation| operation.name).filter(|name| !is_data(name));
    assert_eq!(found, built.collect::<Vec<_>>());
    for record in &records {
        assert_eq!(record.outcome, Outcome::Succeeded);
        let reads =
            ["Get", "List", "Describe", "Filter"].iter().any(|verb| record.event_name.starts_with(verb));
        assert_eq!(record.read_only, reads, "{}", record.event_name);
    }
}

#[tokio::test]
async fn a_data_event_that_is_refused_is_recorded_without_what_was_sent() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[]);
    let call = samples::least("sqs", "SendMessage");
    assert!(platform.call(&call, &bob).await.is_denied());
    assert!(platform.call(&call, &platform.root).await.status.is_success());
    let records = platform.finish().await;
    assert_eq!(records.iter().map(code).collect::<Vec<_>>(), ["AccessDeniedException"]);
    let shown = records[0].request_parameters.as_object().unwrap();
    assert_eq!(shown.keys().collect::<Vec<_>>(), ["QueueUrl"]);
}

#[tokio::test]
async fn a_mutations_record_is_in_its_transaction_and_only_there() {
    let platform = Platform::start().await;
    let call = samples::least("lambda", "DeleteFunction");
    platform.desk.will(Behaviour::Commit);
    assert!(platform.call(&call, &platform.root).await.status.is_success());
    platform.desk.will(Behaviour::Lose);
    assert_eq!(platform.call(&call, &platform.root).await.status, 409);
    let records = platform.finish().await;
    assert_eq!(records.iter().map(code).collect::<Vec<_>>(), ["", "ResourceConflictException"]);
}

#[tokio::test]
async fn what_can_not_be_read_or_breaks_a_constraint_or_fails_is_recorded() {
    let platform = Platform::start().await;
    let create = |body: &str| Call::new("POST", "/2015-03-31/functions", "lambda").body(body.to_owned());
    let unreadable = platform.call(&create("{"), &platform.root).await;
    assert_eq!((unreadable.status.as_u16(), unreadable.code().as_str()), (400, "SerializationException"));
    let invalid = platform.call(&create("{}"), &platform.root).await;
    assert_eq!(invalid.code(), "ValidationException");
    assert!(invalid.message().contains("Value null at 'role'"), "{}", invalid.message());
    platform.desk.will(Behaviour::Fail(ServiceError::internal("ServiceException", "the disk is on fire")));
    let failed = platform.call(&samples::least("lambda", "CreateFunction"), &platform.root).await;
    assert_eq!((failed.status.as_u16(), failed.json()["Type"].clone()), (500, json!("Service")));
    assert!(!failed.text().contains("fire"), "{}", failed.text());
    platform.desk.will(Behaviour::Fail(ServiceError::caller("ResourceNotFoundException", 404, "No echo.")));
    assert_eq!(platform.call(&samples::least("lambda", "Invoke"), &platform.root).await.status, 404);
    let records = platform.finish().await;
    let codes: Vec<&str> = records.iter().map(code).collect();
    assert_eq!(
        codes,
        ["SerializationException", "ValidationException", "ServiceException", "ResourceNotFoundException"]
    );
    assert_eq!(records[0].request_parameters, Value::Null);
    assert_eq!(records[3].resources, ["arn:aws:lambda:us-east-1:000000000000:function:echo"]);
    assert!(!serde_json::to_string(&records).unwrap().contains("fire"));
}

#[tokio::test]
async fn secrets_and_bytes_are_not_in_a_record() {
    let platform = Platform::start().await;
    let bob = platform.people.user("bob", &[]);
    let create = samples::operation("lambda", "CreateFunction");
    let mut input = samples::input(create);
    input["Environment"] = json!({ "Variables": { "TOKEN": "hunter2" } });
    input["Code"] = json!({ "ZipFile": "aHVudGVyMg==" });
    let call = samples::request(create, &input).header("user-agent", &"agent ".repeat(1000));
    for key in [&bob, &platform.root] {
        platform.call(&call, key).await;
    }
    let invoke = samples::least("lambda", "Invoke").body(r#""hunter2""#);
    assert!(platform.call(&invoke, &bob).await.is_denied());
    let records = platform.finish().await;
    assert_eq!(records.len(), 3);
    let text = serde_json::to_string(&records).unwrap();
    for secret in ["hunter2", "aHVudGVyMg", "secret-of", "Signature="] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("***"), "{text}");
    assert!(records[0].user_agent.starts_with("agent") && records[0].user_agent.len() <= 512);
    assert_eq!(records[0].request_parameters["FunctionName"], "echo");
}
