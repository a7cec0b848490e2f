//! Botocore as the judge: what it sends is read as what it was told to send, and what is written here it understands.
//!
//! Every built operation is tried with inputs and outputs that `truth/botocore_truth.py` makes from the models, and
//! with every error that the model declares for it. Needs a Python with botocore, named by LAMBENT_TEST_PYTHON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value as Json, json};
use wire::{
    Fields, Incoming, Operation, Outgoing, Protocol, ReadError, Typed, Value, WireError, iam, lambda, logs,
    sqs, sts,
};

const REQUEST_ID: &str = "8a5b1c9e-6a3f-4a51-9d0e-0f1f2f3f4f5f";

/// An operation and the ways of its plain structs: dynamic value in, dynamic value out.
struct Built {
    operation: &'static Operation,
    input: fn(Value) -> Result<Value, ReadError>,
    output: fn(Value) -> Result<Value, ReadError>,
}

fn built<O: Typed>() -> Built {
    use wire::Field;
    Built {
        operation: O::OPERATION,
        input: |value| O::read(value).map(Field::into_value),
        output: |value| O::Output::from_value(value).map(O::write),
    }
}

macro_rules! built {
    ($($service:ident: $($name:ident)*;)*) => { vec![$($(built::<$service::$name>(),)*)*] };
}

fn all() -> Vec<Built> {
    built! {
        lambda: CreateFunction GetFunction GetFunctionConfiguration ListFunctions UpdateFunctionCode
            UpdateFunctionConfiguration DeleteFunction GetAccountSettings Invoke
            AddPermission RemovePermission GetPolicy
            PublishLayerVersion GetLayerVersion GetLayerVersionByArn ListLayers ListLayerVersions DeleteLayerVersion
            PutFunctionConcurrency GetFunctionConcurrency
            DeleteFunctionConcurrency TagResource UntagResource ListTags
            PublishVersion ListVersionsByFunction CreateAlias GetAlias UpdateAlias DeleteAlias ListAliases
            AddLayerVersionPermission RemoveLayerVersionPermission GetLayerVersionPolicy
            GetFunctionCodeSigningConfig;
        sts: GetCallerIdentity;
        iam: CreateRole GetRole ListRoles DeleteRole CreateUser GetUser ListUsers DeleteUser CreateAccessKey
            ListAccessKeys DeleteAccessKey CreatePolicy GetPolicy GetPolicyVersion ListPolicies DeletePolicy
            PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies PutUserPolicy GetUserPolicy
            DeleteUserPolicy ListUserPolicies AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
            AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies;
        logs: GetLogEvents FilterLogEvents DescribeLogGroups DescribeLogStreams;
        sqs: CreateQueue GetQueueUrl ListQueues GetQueueAttributes SetQueueAttributes DeleteQueue TagQueue UntagQueue
            ListQueueTags AddPermission RemovePermission ListDeadLetterSourceQueues PurgeQueue
            SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch ChangeMessageVisibility
            ChangeMessageVisibilityBatch;
    }
}

#[test]
fn every_built_operation_has_a_marker_here() {
    let here: Vec<&str> = all().iter().map(|built| built.operation.name).collect();
    let operations = wire::services().iter().flat_map(|service| service.operations);
    let missing = operations.filter(|operation| operation.built && !here.contains(&operation.name));
    assert_eq!(missing.map(|operation| operation.name).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn wire_truth_botocore() {
    #[allow(clippy::disallowed_methods, reason = "the suite names the Python that has botocore")]
    let Ok(python) = std::env::var("LAMBENT_TEST_PYTHON") else {
        eprintln!("SKIPPED wire_truth_botocore: LAMBENT_TEST_PYTHON is not set");
        return;
    };
    let built = all();
    let mut answers = Vec::new();
    let (mut reads, mut writes, mut errors) = (0, 0, 0);
    for line in run(&python, "requests", Vec::new()) {
        let operation = find(&built, &line);
        reads_as_sent(operation, &line);
        reads += 1;
        answers.push(written(operation, &line));
        writes += 1;
    }
    for operation in &built {
        let raised = operation.operation.errors;
        errors += raised.len();
        answers.extend(raised.iter().map(|code| error(operation.operation, code)));
    }
    let expected: Vec<Json> = answers.iter().map(|answer| answer["expected"].clone()).collect();
    let understood = run(&python, "answers", answers);
    assert_eq!(understood.len(), expected.len());
    for (understood, expected) in understood.iter().zip(&expected) {
        understands(understood, expected);
    }
    eprintln!(
        "{} operations: {reads} requests read, {writes} answers and {errors} errors understood",
        built.len()
    );
    assert!(reads >= 20 * built.len());
}

fn find<'a>(built: &'a [Built], line: &Json) -> &'a Built {
    let fits = |built: &&Built| {
        built.operation.service.name == line["service"] && built.operation.name == line["operation"]
    };
    built.iter().find(fits).expect("a built operation")
}

/// One request of botocore: routed to its operation, read, valid, and in the plain struct what botocore was given.
fn reads_as_sent(built: &Built, line: &Json) {
    let text = |key: &str| line["request"][key].as_str().expect(key);
    let method = Method::from_bytes(text("method").as_bytes()).expect("a method");
    let headers = headers(&line["request"]["headers"]);
    let body = Bytes::from(STANDARD.decode(text("body")).expect("base64"));
    let (path, query) = (text("path"), text("query"));
    let incoming = Incoming { method: &method, path, query, headers: &headers, body: &body };

    let guessed = wire::guess_service(&incoming).expect("a service");
    assert_eq!(guessed.name, built.operation.service.name);
    let routed = guessed.route(&incoming).expect("a route");
    assert_eq!(routed.operation.name, built.operation.name);
    let value = wire::read_input(&routed, &incoming).unwrap_or_else(|error| panic!("{error}: {line}"));
    wire::validate(routed.operation, &value).unwrap_or_else(|found| panic!("{found}: {line}"));
    let value = (built.input)(value).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(plain(&value), line["input"], "{}", line["request"]);
}

/// One answer of ours, by way of the plain struct.
fn written(built: &Built, line: &Json) -> Json {
    let value = (built.output)(dynamic(&line["output"])).unwrap_or_else(|error| panic!("{error}: {line}"));
    let answer = wire::write_output(built.operation, value, REQUEST_ID);
    sent(built.operation, &answer, &line["output"])
}

fn error(operation: &'static Operation, code: &'static str) -> Json {
    let shape = operation.service.error(code).expect("a declared error");
    let message = "It can't be done: <\"ärger\"> & more.";
    let declares = |name: &str| shape.shape.member(name).is_some();
    let retry = [("retryAfterSeconds", "7".to_owned())];
    let members = if declares("retryAfterSeconds") { &retry[..] } else { &[] };
    let error = WireError { code, caller_fault: shape.caller_fault, status: shape.status, message, members };
    let answer = wire::write_error(operation.service, &error, REQUEST_ID);
    // Where the query protocol had another code, that is the one that programs compare.
    let told = operation.service.query_code(code).unwrap_or(code);
    let mut expected = json!({"Error": {"Code": told, "Message": message}});
    if !members.is_empty() {
        expected["retryAfterSeconds"] = json!("7");
    }
    // Botocore looks the error's shape up by the older code then, and finds none.
    let in_json = operation.service.protocol != Protocol::AwsQuery && told == code;
    for name in ["Message", "message"].into_iter().filter(|name| in_json && declares(name)) {
        expected[name] = json!(message);
    }
    sent(operation, &answer, &expected)
}

fn sent(operation: &Operation, answer: &Outgoing, expected: &Json) -> Json {
    let text = |value: &HeaderValue| json!(String::from_utf8_lossy(value.as_bytes()));
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    json!({
        "service": operation.service.name,
        "operation": operation.name,
        "status": answer.status.as_u16(),
        "headers": Json::Object(headers.collect()),
        "body": STANDARD.encode(&answer.body),
        "expected": expected,
    })
}

/// What botocore understood is what was meant, and the request's id with it.
fn understands(understood: &Json, expected: &Json) {
    let mut understood = understood.clone();
    let metadata = understood.as_object_mut().and_then(|members| members.remove("ResponseMetadata"));
    assert_eq!(metadata.expect("metadata")["RequestId"], REQUEST_ID, "{understood}");
    if let (Some(error), Some(wanted)) = (understood.get("Error"), expected.get("Error")) {
        assert_eq!(
            (&error["Code"], &error["Message"]),
            (&wanted["Code"], &wanted["Message"]),
            "{understood}"
        );
        let others = expected.as_object().expect("members").iter().filter(|(name, _)| *name != "Error");
        for (name, value) in others {
            assert_eq!(&understood[name], value, "{name} of {understood}");
        }
        return;
    }
    assert_eq!(without_numbers_form(&understood), without_numbers_form(expected));
}

/// JSON has one kind of number: 1 and 1.0 are the same.
fn without_numbers_form(value: &Json) -> Json {
    match value {
        Json::Number(number)
            if number.is_f64() && number.as_f64().is_some_and(|real| real.fract() == 0.0) =>
        {
            json!(number.as_f64().map(|real| real as i64))
        }
        Json::Array(values) => values.iter().map(without_numbers_form).collect(),
        Json::Object(members) => Json::Object(
            members.iter().map(|(name, value)| (name.clone(), without_numbers_form(value))).collect(),
        ),
        other => other.clone(),
    }
}

fn headers(pairs: &Json) -> HeaderMap {
    let pairs = pairs.as_object().expect("headers");
    let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
    let value =
        |value: &Json| HeaderValue::from_str(value.as_str().expect("a text")).expect("a header's value");
    pairs.iter().map(|(key, text)| (name(key), value(text))).collect()
}

/// The script's form of a value as ours.
fn dynamic(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().expect("a number")), Value::Int)
        }
        Json::String(text) => Value::String(text.clone()),
        Json::Array(values) => Value::List(values.iter().map(dynamic).collect()),
        Json::Object(members) => match (members.get("$blob"), members.get("$time")) {
            (Some(bytes), _) => {
                Value::Blob(STANDARD.decode(bytes.as_str().expect("a text")).expect("base64").into())
            }
            (_, Some(millis)) => Value::Timestamp(millis.as_i64().expect("a number")),
            _ => Value::Map(
                members.iter().map(|(name, value)| (name.clone(), dynamic(value))).collect::<Fields>(),
            ),
        },
    }
}

/// Our value in the script's form.
fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::String(text) => json!(text),
        Value::Blob(bytes) => json!({"$blob": STANDARD.encode(bytes)}),
        Value::Timestamp(millis) => json!({"$time": millis}),
        Value::List(values) => values.iter().map(plain).collect(),
        Value::Map(fields) => Json::Object(
            fields.iter().map(|(name, value)| (name.to_owned(), plain(value))).collect::<Map<_, _>>(),
        ),
    }
}

/// Runs the script in one of its modes; lines of JSON in, lines of JSON out.
fn run(python: &str, mode: &str, input: Vec<Json>) -> Vec<Json> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/truth/botocore_truth.py");
    #[allow(clippy::disallowed_methods, reason = "botocore runs in a Python of its own")]
    let mut command = Command::new(python);
    let mut child = command
        .args([script, mode])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    let mut stdin = child.stdin.take().expect("its input");
    let feeder = thread::spawn(move || {
        for line in input {
            writeln!(stdin, "{line}").expect("the script reads its input");
        }
    });
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let lines = lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")).collect();
    feeder.join().expect("all of the input");
    assert!(child.wait().expect("its end").success(), "{script} {mode} failed");
    lines
}
