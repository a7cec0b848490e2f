//! Every member of the requests that make a function: a decision for each, taken from the model's own list, so that a new
//! member fails here until somebody has decided what becomes of it.

use crate::words::{base64, invalid};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::{Platform, Reply, zip};

/// What becomes of a member.
struct Decision {
    name: &'static str,
    /// Values that are taken: they have their effect, or mean what is so anyway.
    taken: Vec<Value>,
    /// Values that are refused by name.
    refused: Vec<Value>,
}

fn decided(name: &'static str, taken: Value, refused: Value) -> Decision {
    let list = |values: Value| values.as_array().unwrap().clone();
    Decision { name, taken: list(taken), refused: list(refused) }
}

fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// Members that creation and configuration have in common.
fn of_configuration() -> Vec<Decision> {
    let mount = json!({"Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
                       "LocalMountPath": "/mnt/a"});
    vec![
        decided("Role", json!(["arn:aws:iam::000000000000:role/function"]), json!([])),
        decided("Handler", json!(["app.handler"]), json!([])),
        decided("Description", json!(["", "text"]), json!([])),
        decided("Timeout", json!([1, 900]), json!([])),
        decided("MemorySize", json!([128, 10_240]), json!([])),
        decided(
            "VpcConfig",
            json!([{}, {"SubnetIds": [], "SecurityGroupIds": []}, {"Ipv6AllowedForDualStack": false}]),
            json!([{"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}, {"Ipv6AllowedForDualStack": true}]),
        ),
        decided(
            "Environment",
            json!([{}, {"Variables": {}}, {"Variables": {"KEY": "", "a_1": "é"}}]),
            json!([]),
        ),
        decided("Runtime", json!(["python3.11"]), json!([])),
        decided(
            "DeadLetterConfig",
            json!([{}, {"TargetArn": ""}]),
            json!([{"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"}]),
        ),
        decided("KMSKeyArn", json!([""]), json!(["arn:aws:kms:us-east-1:000000000000:key/0123"])),
        decided("TracingConfig", json!([{}, {"Mode": "PassThrough"}]), json!([{"Mode": "Active"}])),
        decided("Layers", json!([[]]), json!([])),
        decided("FileSystemConfigs", json!([[]]), json!([[mount]])),
        decided(
            "ImageConfig",
            json!([{}, {"Command": [], "EntryPoint": [], "WorkingDirectory": ""}]),
            json!([{"Command": ["a"]}, {"EntryPoint": ["a"]}, {"WorkingDirectory": "/a"}]),
        ),
        decided("EphemeralStorage", json!([{"Size": 512}, {"Size": 2048}]), json!([])),
        decided("SnapStart", json!([{}, {"ApplyOn": "None"}]), json!([{"ApplyOn": "PublishedVersions"}])),
        decided("LoggingConfig", json!([{}, {"LogFormat": "Text"}, {"LogFormat": "JSON"}]), json!([])),
        decided(
            "CapacityProviderConfig",
            json!([]),
            json!([{"LambdaManagedInstancesCapacityProviderConfig": {
                "CapacityProviderArn": "arn:aws:lambda:us-east-1:000000000000:capacity-provider:cheap"}}]),
        ),
        decided("DurableConfig", json!([]), json!([{"ExecutionTimeout": 60}])),
        decided(
            "RuntimeConfig",
            json!([]),
            json!([{"RuntimeArn": "arn:aws:lambda:us-east-1:000000000000:runtime/0123456789abcdef", "RuntimeAlias": "a"}]),
        ),
        decided("AcceleratorConfig", json!([]), json!([{"AcceleratorMemorySize": 1}])),
    ]
}

fn of_creation() -> Vec<Decision> {
    let mut decisions = of_configuration();
    decisions.extend([
        decided(
            "FunctionName",
            json!(["echo", "arn:aws:lambda:us-east-1:000000000000:function:echo"]),
            json!([]),
        ),
        decided("Code", json!([{"ZipFile": base64(&zip(b"x"))}]), json!([])),
        decided("Publish", json!([false, true]), json!([])),
        decided("PublishTo", json!([]), json!(["LATEST_PUBLISHED"])),
        decided("PackageType", json!(["Zip"]), json!(["Image"])),
        decided("Tags", json!([{}, {"team": "blue"}]), json!([])),
        decided(
            "CodeSigningConfigArn",
            json!([]),
            json!(["arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0"]),
        ),
        decided("Architectures", json!([[architecture()]]), json!([])),
        decided("TenancyConfig", json!([]), json!([{"TenantIsolationMode": "PER_TENANT"}])),
    ]);
    decisions
}

fn of_configuration_update() -> Vec<Decision> {
    let mut decisions = of_configuration();
    decisions.extend([
        decided("FunctionName", json!([]), json!([])),
        // A value is tried by the stories of revisions.
        decided("RevisionId", json!([]), json!([])),
    ]);
    decisions
}

fn of_code_update() -> Vec<Decision> {
    vec![
        decided("FunctionName", json!([]), json!([])),
        decided("ZipFile", json!([base64(&zip(b"y"))]), json!([])),
        decided("S3Bucket", json!([]), json!(["bucket"])),
        // Parts of the place that S3Bucket begins: refused by that name.
        decided("S3Key", json!([]), json!([])),
        decided("S3ObjectVersion", json!([]), json!([])),
        decided("S3ObjectStorageMode", json!([]), json!([])),
        decided("ImageUri", json!([]), json!(["000000000000.dkr.ecr.us-east-1.amazonaws.com/a:b"])),
        decided("Architectures", json!([[architecture()]]), json!([])),
        decided("Publish", json!([false, true]), json!([])),
        decided("PublishTo", json!([]), json!(["LATEST_PUBLISHED"])),
        decided("DryRun", json!([false, true]), json!([])),
        decided("RevisionId", json!([]), json!([])),
        decided("SourceKMSKeyArn", json!([""]), json!(["arn:aws:kms:us-east-1:000000000000:key/0123"])),
    ]
}

/// The members that the model has, against those that are decided.
fn all_are_decided(request: &str, decisions: &[Decision]) {
    let model =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/lambda.json")).unwrap();
    let model: Value = serde_json::from_str(&model).unwrap();
    let members = model["shapes"][request]["members"].as_array().unwrap();
    let members: BTreeSet<&str> = members.iter().map(|member| member["name"].as_str().unwrap()).collect();
    let decided: BTreeSet<&str> = decisions.iter().map(|decision| decision.name).collect();
    assert_eq!(members, decided, "{request}");
}

fn not_built(name: &str) -> (u16, String, String) {
    let instead = match name {
        "S3Bucket" | "ImageUri" => "Send the zip itself as ZipFile.",
        _ => "Leave it out, or give the value that turns it off.",
    };
    invalid(&format!("Lambent does not implement {name} yet. {instead}"))
}

async fn try_all(decisions: Vec<Decision>, call: impl AsyncFn(&str, Value) -> Reply) {
    for Decision { name, taken, refused } in decisions {
        for value in taken {
            let answer = call(name, value.clone()).await;
            assert!(answer.status.is_success(), "{name} {value}: {answer:?}");
        }
        for value in refused {
            assert_eq!(call(name, value.clone()).await.error(), not_built(name), "{name} {value}");
        }
    }
}

#[tokio::test]
async fn every_member_of_a_creation_has_its_effect_or_is_refused_by_name() {
    all_are_decided("CreateFunctionRequest", &of_creation());
    let platform = Platform::start().await;
    try_all(of_creation(), async |name, value| {
        let mut request = platform.minimal("echo");
        request[name] = value;
        let answer = platform.create(request).await;
        if answer.status.is_success() {
            platform.delete("echo").await.ok();
        }
        answer
    })
    .await;
    assert_eq!(platform.functions().await.len(), 0);
}

#[tokio::test]
async fn every_member_of_a_change_has_its_effect_or_is_refused_by_name() {
    all_are_decided("UpdateFunctionConfigurationRequest", &of_configuration_update());
    all_are_decided("UpdateFunctionCodeRequest", &of_code_update());
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    try_all(of_configuration_update(), async |name, value| {
        platform.update_configuration("echo", json!({name: value})).await
    })
    .await;
    try_all(of_code_update(), async |name, value| {
        let mut request = json!({"ZipFile": base64(&zip(b"x"))});
        request[name] = value;
        platform.update_code("echo", request).await
    })
    .await;
}

#[tokio::test]
async fn levels_go_with_json_and_parts_are_changed_by_themselves() {
    let platform = Platform::start().await;
    let mut request = platform.minimal("echo");
    request["LoggingConfig"] = json!({"LogFormat": "JSON", "LogGroup": "/shared/lines"});
    let shown = platform.create(request).await.ok().json();
    let logging = |format: &str, application: Value, system: Value, group: &str| {
        let mut logging = json!({"LogFormat": format, "LogGroup": group});
        for (name, level) in [("ApplicationLogLevel", application), ("SystemLogLevel", system)] {
            if !level.is_null() {
                logging[name] = level;
            }
        }
        logging
    };
    assert_eq!(shown["LoggingConfig"], logging("JSON", json!("INFO"), json!("INFO"), "/shared/lines"));
    for (change, expected) in [
        (
            json!({"ApplicationLogLevel": "TRACE"}),
            logging("JSON", json!("TRACE"), json!("INFO"), "/shared/lines"),
        ),
        (json!({"SystemLogLevel": "WARN"}), logging("JSON", json!("TRACE"), json!("WARN"), "/shared/lines")),
        (json!({"LogGroup": "other"}), logging("JSON", json!("TRACE"), json!("WARN"), "other")),
        (json!({"LogFormat": "JSON"}), logging("JSON", json!("INFO"), json!("INFO"), "other")),
        (json!({"LogFormat": "Text"}), logging("Text", Value::Null, Value::Null, "other")),
        (
            json!({"LogGroup": "/aws/lambda/echo"}),
            logging("Text", Value::Null, Value::Null, "/aws/lambda/echo"),
        ),
    ] {
        let changed =
            platform.update_configuration("echo", json!({"LoggingConfig": change})).await.ok().json();
        assert_eq!(changed["LoggingConfig"], expected, "{change}");
        assert_eq!(platform.configuration("echo").await.ok().json()["LoggingConfig"], expected);
    }
    let text = "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change \
                the LogFormat to \"JSON\" and try again.";
    for level in
        [json!({"ApplicationLogLevel": "INFO"}), json!({"SystemLogLevel": "INFO", "LogFormat": "Text"})]
    {
        let refused = platform.update_configuration("echo", json!({"LoggingConfig": level})).await;
        assert_eq!(refused.error(), invalid(text));
    }
    for wrong in [json!({"LogFormat": "Xml"}), json!({"SystemLogLevel": "TRACE"}), json!({"LogGroup": "a b"})]
    {
        let refused = platform.update_configuration("echo", json!({"LoggingConfig": wrong})).await;
        assert_eq!(refused.code(), "ValidationException");
    }
}

#[tokio::test]
async fn no_function_has_a_code_signing_configuration() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    let get = |function: &str| {
        let target = format!("/2020-06-30/functions/{function}/code-signing-config");
        let platform = &platform;
        async move { platform.call(http::Method::GET, &target, Value::Null).await }
    };
    assert_eq!(get("echo").await.ok().json(), json!({"CodeSigningConfigArn": "", "FunctionName": "echo"}));
    assert_eq!(get("nowhere").await.status.as_u16(), 404);
}
