//! The least request of an operation that satisfies its model, and the least answer; and requests on the wire.

use crate::client::Call;
use serde_json::{Map, Value as Json, json};
use wire::{Fields, Kind, Location, Operation, Protocol, Service, Shape, Value};

pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/runner";

pub(crate) fn operation(service: &str, name: &str) -> &'static Operation {
    let service = wire::services().iter().find(|s| s.name == service).unwrap();
    service.operation(name).unwrap()
}

pub(crate) fn built() -> impl Iterator<Item = &'static Operation> {
    wire::services().iter().flat_map(|service| service.operations).filter(|operation| operation.built)
}

/// The members that an operation needs, as JSON by their names in the model; bytes are base64.
pub(crate) fn input(operation: &'static Operation) -> Json {
    let mut input = operation.input.map_or_else(|| json!({}), structure);
    match operation.name {
        "AddLayerVersionPermission" => input["Action"] = json!("lambda:GetLayerVersion"),
        // Not required by the model, and every caller sends it.
        "CreateFunction" => input["Handler"] = json!("app.handler"),
        "GetLogEvents" | "FilterLogEvents" | "DescribeLogStreams" => {
            input["logGroupName"] = json!("/aws/lambda/echo");
        }
        "GetUser" => input["UserName"] = json!("ana"),
        "AddPermission" | "RemovePermission" if operation.service.name == "sqs" => {
            input["Label"] = json!("readers");
        }
        _ => {}
    }
    input
}

fn structure(shape: &'static Shape) -> Json {
    let required = shape.members().iter().filter(|member| member.required);
    Json::Object(required.map(|member| (member.name.to_owned(), sample(member.name, member.shape))).collect())
}

fn sample(name: &str, shape: &'static Shape) -> Json {
    match name {
        "FunctionName" => json!("echo"),
        "Name" => json!("live"),
        "FunctionVersion" => json!("1"),
        "Role" => json!(ROLE),
        "RoleName" => json!("runner"),
        "UserName" => json!("ana"),
        "PolicyName" => json!("readers"),
        "PolicyArn" => json!("arn:aws:iam::000000000000:policy/readers"),
        "AccessKeyId" => json!("AKIAIOSFODNN7EXAMPLE"),
        "VersionId" => json!("v1"),
        "Resource" => json!("arn:aws:lambda:us-east-1:000000000000:function:echo"),
        "TagKeys" => json!(["team"]),
        "StatementId" => json!("reader"),
        "Action" => json!("lambda:InvokeFunction"),
        "Principal" => json!("123456789012"),
        "Code" => json!({ "ZipFile": "UEsFBg==" }),
        "LayerName" => json!("tools"),
        "Arn" => json!("arn:aws:lambda:us-east-1:000000000000:layer:tools:1"),
        "QueueUrl" => json!("http://127.0.0.1:4566/000000000000/jobs"),
        "QueueName" => json!("jobs"),
        "logGroupName" => json!("/aws/lambda/echo"),
        "logStreamName" => json!("2026/11/24/[$LATEST]00"),
        _ => match shape.kind {
            Kind::Structure { .. } => structure(shape),
            Kind::String if !shape.values.is_empty() => json!(shape.values[0]),
            Kind::String => json!("{}"),
            Kind::Integer | Kind::Long | Kind::Double => json!(shape.min.unwrap_or(1)),
            Kind::Boolean => json!(false),
            Kind::List { .. } => json!([]),
            Kind::Map { .. } => json!({}),
            Kind::Blob => json!(""),
            Kind::Timestamp => json!(0),
        },
    }
}

/// The least answer.
pub(crate) fn output(operation: &'static Operation) -> Value {
    operation.output.map_or_else(|| Value::Map(Fields::default()), answer)
}

fn answer(shape: &'static Shape) -> Value {
    match shape.kind {
        Kind::Structure { members, .. } => {
            let required = members.iter().filter(|member| member.required);
            Value::Map(required.map(|member| (member.name, answer(member.shape))).collect())
        }
        Kind::List { .. } => Value::List(Vec::new()),
        Kind::Map { .. } => Value::Map(Fields::default()),
        Kind::String => Value::String("text".to_owned()),
        Kind::Integer | Kind::Long => Value::Int(1),
        Kind::Double => Value::Float(1.0),
        Kind::Boolean => Value::Bool(false),
        Kind::Blob => Value::Blob("bytes".into()),
        Kind::Timestamp => Value::Timestamp(0),
    }
}

/// A request of this operation with these members.
pub(crate) fn request(operation: &'static Operation, input: &Json) -> Call {
    let service = operation.service;
    match service.protocol {
        Protocol::RestJson1 => rest(operation, input),
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => {
            let target = format!("{}.{}", service.target_prefix, operation.name);
            let call = Call::new("POST", "/", service.signing_name).header("x-amz-target", &target);
            let version = if service.protocol == Protocol::AwsJson1_0 { "1.0" } else { "1.1" };
            call.header("content-type", &format!("application/x-amz-json-{version}")).body(input.to_string())
        }
        Protocol::AwsQuery => form(service, operation.name, input),
    }
}

/// The least request of this operation.
pub(crate) fn least(service: &str, name: &str) -> Call {
    let operation = operation(service, name);
    request(operation, &input(operation))
}

fn rest(operation: &'static Operation, input: &Json) -> Call {
    let (path, fixed) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
    let (mut path, mut query) = (path.to_owned(), Vec::new());
    query.extend(Some(fixed.to_owned()).filter(|fixed| !fixed.is_empty()));
    let (mut body, mut headers) = (Map::new(), Vec::new());
    for (name, value) in input.as_object().unwrap() {
        let member = operation.input.unwrap().member(name).unwrap();
        let text = || encoded(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        match member.location {
            Location::Uri => path = path.replace(&format!("{{{}}}", member.wire_name), &text()),
            Location::Query if value.is_array() => query.extend(
                value
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|v| format!("{}={}", member.wire_name, encoded(v.as_str().unwrap()))),
            ),
            Location::Query => query.push(format!("{}={}", member.wire_name, text())),
            Location::Header => headers.push((member.wire_name, value.as_str().unwrap().to_owned())),
            _ => {
                body.insert(member.wire_name.to_owned(), value.clone());
            }
        }
    }
    let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    let mut call = Call::new(operation.method, &target, operation.service.signing_name);
    for (name, value) in headers {
        call = call.header(name, &value);
    }
    if body.is_empty() { call } else { call.body(Json::Object(body).to_string()) }
}

fn form(service: &'static Service, action: &str, input: &Json) -> Call {
    let mut body = format!("Action={action}&Version={}", service.api_version);
    for (name, value) in input.as_object().unwrap() {
        body.push_str(&format!("&{name}={}", encoded(value.as_str().unwrap())));
    }
    let call = Call::new("POST", "/", service.signing_name);
    call.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// Everything but letters, digits and hyphens percent-encoded.
fn encoded(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}
