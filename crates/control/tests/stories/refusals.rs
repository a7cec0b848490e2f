//! What CreateFunction and its kin refuse, in the service's words, and that nothing is left of what was refused.

use crate::words::{base64, invalid};
use serde_json::{Value, json};
use testkit::Platform;

/// The minimal request with these members set; `null` leaves a member out.
fn with(platform: &Platform, members: &[(&str, Value)]) -> Value {
    let mut request = platform.minimal("echo");
    for (name, value) in members {
        request[*name] = value.clone();
    }
    if let Some(map) = request.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    request
}

async fn nothing_is_left(platform: &Platform) {
    assert_eq!((platform.functions().await.len(), platform.blobs_after_sweep().await), (0, 0));
    assert_eq!(platform.usage().await, (0, 0));
}

#[tokio::test]
async fn the_services_texts() {
    let platform = Platform::start().await;
    let mandatory =
        "Runtime and Handler are mandatory parameters for functions created with deployment packages.";
    let runtime = "Value python2.7 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \
                   [python3.11] or be a valid ARN";
    let reserved = "Lambda was unable to configure your environment variables because the environment variables you \
                    have provided contains reserved keys that are currently not supported for modification. Reserved \
                    keys used in this request: AWS_REGION, _HANDLER";
    let reserved = reserved.replace(", _HANDLER", "");
    let role = "The role defined for the function cannot be assumed by Lambda.";
    platform.keys.trust(
        "arn:aws:iam::000000000000:role/for-machines",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},
            "Action":"sts:AssumeRole"}]}"#,
    );
    let cases: Vec<(&str, Value, &str)> = vec![
        ("Runtime", json!("python2.7"), runtime),
        ("Runtime", Value::Null, mandatory),
        ("Handler", Value::Null, mandatory),
        ("Role", json!("arn:aws:iam::000000000000:role/nobody"), role),
        ("Role", json!("arn:aws:iam::000000000000:role/for-machines"), role),
        ("Handler", json!("app\0.handler"), "The handler must not contain the NUL character."),
        ("Code", json!({}), "Please provide a source for function code."),
        ("Environment", json!({"Variables": {"AWS_REGION": "x", "OTHER": "y"}}), &reserved),
    ];
    for (name, value, message) in cases {
        let refused = platform.create(with(&platform, &[(name, value)])).await;
        assert_eq!(refused.error(), invalid(message), "{name}");
        assert_eq!(refused.json()["Type"], "User");
    }
    nothing_is_left(&platform).await;
}

#[tokio::test]
async fn variables_fit_into_four_kilobytes() {
    let platform = Platform::start().await;
    let variables = |size: usize| json!({"Variables": {"KEY": "x".repeat(size - r#"{"KEY":""}"#.len())}});
    let refused = platform.create(with(&platform, &[("Environment", variables(4097))])).await;
    let (status, code, message) = refused.error();
    assert_eq!((status, code.as_str()), (400, "InvalidParameterValueException"));
    let beginning = "Lambda was unable to configure your environment variables because the environment variables you \
                     have provided exceeded the 4KB limit. String measured: {\"KEY\":\"xxx";
    assert!(message.starts_with(beginning), "{message}");
    nothing_is_left(&platform).await;
    platform.create(with(&platform, &[("Environment", variables(4096))])).await.ok();
    let refused = platform.update_configuration("echo", json!({"Environment": variables(4097)})).await;
    assert_eq!(refused.status.as_u16(), 400);
}

#[tokio::test]
async fn the_quotas_hold() {
    let platform = Platform::start().await;
    for (name, value) in [
        ("Timeout", json!(0)),
        ("Timeout", json!(901)),
        ("MemorySize", json!(127)),
        ("MemorySize", json!(10_241)),
        ("EphemeralStorage", json!({"Size": 511})),
        ("EphemeralStorage", json!({"Size": 10_241})),
        ("FunctionName", json!("a b")),
        ("FunctionName", json!("x".repeat(200))),
        ("Role", json!("no-arn")),
        ("Handler", json!("a b")),
        ("Description", json!("x".repeat(257))),
    ] {
        let refused = platform.create(with(&platform, &[(name, value)])).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{name}");
    }
    nothing_is_left(&platform).await;
    let largest =
        [("Timeout", json!(900)), ("MemorySize", json!(10_240)), ("EphemeralStorage", json!({"Size": 2048}))];
    let shown = platform.create(with(&platform, &largest)).await.ok().json();
    assert_eq!((&shown["Timeout"], &shown["MemorySize"]), (&json!(900), &json!(10_240)));
    assert_eq!(shown["EphemeralStorage"]["Size"], 2048);
    let refused = platform.update_configuration("echo", json!({"EphemeralStorage": {"Size": 2049}})).await;
    let message =
        "EphemeralStorage above 2048 MB is not allowed by the setting worker.max_ephemeral_storage.";
    assert_eq!(refused.error(), invalid(message));
}

/// Each parameter whose effect is not built, with a value that would need it.
fn not_built() -> Vec<(&'static str, Value)> {
    let arn = "arn:aws:kms:us-east-1:000000000000:key/0123";
    vec![
        ("PublishTo", json!("LATEST_PUBLISHED")),
        ("VpcConfig", json!({"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})),
        ("PackageType", json!("Image")),
        ("DeadLetterConfig", json!({"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"})),
        ("KMSKeyArn", json!(arn)),
        ("TracingConfig", json!({"Mode": "Active"})),
        (
            "FileSystemConfigs",
            json!([{"Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0",
                    "LocalMountPath": "/mnt/a"}]),
        ),
        (
            "CodeSigningConfigArn",
            json!("arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0"),
        ),
        ("ImageConfig", json!({"Command": ["a"]})),
        ("SnapStart", json!({"ApplyOn": "PublishedVersions"})),
        ("TenancyConfig", json!({"TenantIsolationMode": "PER_TENANT"})),
        ("DurableConfig", json!({"ExecutionTimeout": 60})),
    ]
}

#[tokio::test]
async fn what_is_not_built_is_refused_by_name() {
    let platform = Platform::start().await;
    for (name, value) in not_built() {
        let refused = platform.create(with(&platform, &[(name, value)])).await;
        let message = format!(
            "Lambent does not implement {name} yet. Leave it out, or give the value that turns it off."
        );
        assert_eq!(refused.error(), invalid(&message));
    }
    for (name, value) in [
        ("S3Bucket", json!({"S3Bucket": "bucket", "S3Key": "key"})),
        ("S3Bucket", json!({"S3Key": "key", "ZipFile": base64(&testkit::zip(b""))})),
        ("ImageUri", json!({"ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/a:b"})),
        (
            "SourceKMSKeyArn",
            json!({"ZipFile": base64(&testkit::zip(b"")), "SourceKMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/1"}),
        ),
    ] {
        let refused = platform.create(with(&platform, &[("Code", value)])).await;
        assert!(
            refused.message().starts_with(&format!("Lambent does not implement {name} yet.")),
            "{refused:?}"
        );
    }
    let other = if cfg!(target_arch = "aarch64") { "x86_64" } else { "arm64" };
    let refused = platform.create(with(&platform, &[("Architectures", json!([other]))])).await;
    assert!(refused.message().contains(other), "{}", refused.message());
    nothing_is_left(&platform).await;
}

#[tokio::test]
async fn an_update_refuses_what_is_not_built_by_name() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    let only_at_creation = ["PublishTo", "PackageType", "CodeSigningConfigArn", "TenancyConfig"];
    for (name, value) in not_built().into_iter().filter(|(name, _)| !only_at_creation.contains(name)) {
        let refused = platform.update_configuration("echo", json!({name: value})).await;
        assert!(
            refused.message().starts_with(&format!("Lambent does not implement {name} yet.")),
            "{refused:?}"
        );
    }
    let zip = base64(&testkit::zip(b""));
    for (name, value) in [
        ("PublishTo", json!("LATEST_PUBLISHED")),
        ("S3Bucket", json!("bucket")),
        ("ImageUri", json!("000000000000.dkr.ecr.us-east-1.amazonaws.com/a:b")),
    ] {
        let refused = platform.update_code("echo", json!({"ZipFile": zip, name: value})).await;
        assert!(
            refused.message().starts_with(&format!("Lambent does not implement {name} yet.")),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn values_that_turn_off_what_is_not_built_pass() {
    let platform = Platform::start().await;
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let off = [
        ("Publish", json!(false)),
        ("VpcConfig", json!({"SubnetIds": [], "SecurityGroupIds": []})),
        ("PackageType", json!("Zip")),
        ("KMSKeyArn", json!("")),
        ("DeadLetterConfig", json!({})),
        ("TracingConfig", json!({"Mode": "PassThrough"})),
        ("Tags", json!({})),
        ("Layers", json!([])),
        ("FileSystemConfigs", json!([])),
        ("ImageConfig", json!({})),
        ("SnapStart", json!({"ApplyOn": "None"})),
        ("LoggingConfig", json!({"LogFormat": "Text", "LogGroup": "/aws/lambda/echo"})),
        ("Architectures", json!([architecture])),
        ("EphemeralStorage", json!({"Size": 512})),
    ];
    let shown = platform.create(with(&platform, &off)).await.ok().json();
    assert_eq!(shown["TracingConfig"], json!({"Mode": "PassThrough"}));
    assert_eq!(shown["PackageType"], "Zip");
    assert_eq!(shown["SnapStart"], json!({"ApplyOn": "None", "OptimizationStatus": "Off"}));
    assert_eq!(shown["LoggingConfig"], json!({"LogFormat": "Text", "LogGroup": "/aws/lambda/echo"}));
    assert_eq!(shown["Architectures"], json!([architecture]));
    assert_eq!(shown["EphemeralStorage"], json!({"Size": 512}));
}

#[tokio::test]
async fn nobody_without_permission_learns_or_changes_anything() {
    let platform = Platform::start().await;
    platform.keys.add_user(
        "AKIATESTKITUSER00000",
        "reader",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:Get*","Resource":"*"}]}"#,
    );
    platform.create(platform.minimal("echo")).await.ok();
    let reader = platform.client.with_key("AKIATESTKITUSER00000");
    let call = |method: http::Method, target: &'static str, body: &'static str| {
        reader.send(method, target, http::HeaderMap::new(), body.into())
    };
    call(http::Method::GET, "/2015-03-31/functions/echo", "").await.ok();
    for (method, target, body) in [
        (http::Method::DELETE, "/2015-03-31/functions/echo", ""),
        (http::Method::PUT, "/2015-03-31/functions/echo/configuration", r#"{"Timeout": 1}"#),
        (http::Method::PUT, "/2015-03-31/functions/echo/code", r#"{"DryRun": true}"#),
        (http::Method::POST, "/2015-03-31/functions", r#"{"FunctionName": "new"}"#),
        (http::Method::POST, "/2015-03-31/functions/echo/invocations", "{}"),
    ] {
        let refused = call(method, target, body).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "AccessDeniedException"), "{target}");
    }
    assert_eq!(platform.functions().await.len(), 1);
}
