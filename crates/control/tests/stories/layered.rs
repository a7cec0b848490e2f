//! Functions with layers: what they may name, what is checked again when, and what they keep.

use crate::layers::{delete, publish};
use crate::words::{base64, code, invalid};
use serde_json::{Value, json};
use std::time::Duration;
use store::records::{LayerPolicyRecord, PolicyRecord, PolicyStatement};
use store::{Key, Transaction};
use testkit::{Collect, Platform, Setup, zip};
use types::{AccountId, RevisionId};

fn layer(name: &str, number: u64) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:layer:{name}:{number}")
}

async fn create(platform: &Platform, function: &str, layers: Value) -> testkit::Reply {
    let mut request = platform.minimal(function);
    request["Layers"] = layers;
    platform.create(request).await
}

fn named(shown: &Value) -> Vec<&str> {
    let layers = shown["Layers"].as_array().map(Vec::as_slice).unwrap_or_default();
    layers.iter().map(|layer| layer["Arn"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_function_shows_its_layers_in_their_order() {
    let platform = Platform::start().await;
    for name in ["a", "b"] {
        publish(&platform, name, name.as_bytes(), json!({})).await.ok();
        publish(&platform, name, b"second", json!({})).await.ok();
    }
    let created = create(&platform, "echo", json!([layer("b", 1), layer("a", 2)])).await.ok().json();
    assert_eq!(
        created["Layers"],
        json!([
            {"Arn": layer("b", 1), "CodeSize": zip(b"b").len()},
            {"Arn": layer("a", 2), "CodeSize": zip(b"second").len()},
        ])
    );
    platform.settled("echo").await;
    assert_eq!(platform.get("echo").await.ok().json()["Configuration"]["Layers"], created["Layers"]);
    assert_eq!(platform.list("").await.ok().json()["Functions"][0]["Layers"], created["Layers"]);
    let kept = platform.update_configuration("echo", json!({"Timeout": 9})).await.ok().json();
    assert_eq!(kept["Layers"], created["Layers"], "without Layers the list stays");
    assert_ne!(kept["RevisionId"], created["RevisionId"]);
    let change = json!({"Layers": [layer("a", 1)]});
    let changed = platform.update_configuration("echo", change).await.ok().json();
    assert_eq!(named(&changed), [layer("a", 1)]);
    let removed = platform.update_configuration("echo", json!({"Layers": []})).await.ok().json();
    assert!(removed.get("Layers").is_none(), "{removed}");
}

#[tokio::test]
async fn what_a_function_may_not_name_is_refused_in_the_services_words() {
    let platform = Platform::start().await;
    for name in ["a", "b", "c", "d", "e", "f"] {
        publish(&platform, name, b"1", json!({})).await.ok();
        publish(&platform, name, b"2", json!({})).await.ok();
    }
    create(&platform, "echo", json!([])).await.ok();
    let five: Vec<String> = ["a", "b", "c", "d", "e"].map(|name| layer(name, 1)).to_vec();
    let six: Vec<String> = five.iter().cloned().chain([layer("f", 1)]).collect();
    let twice = |first: &str, second: &str| {
        format!(
            "Two different versions of the same layer are not allowed to be referenced in the same function. {first} and \
             {second} are versions of the same layer."
        )
    };
    let missing = |arn: &str| format!("Layer version {arn} does not exist.");
    let elsewhere = layer("a", 1).replace("us-east-1", "eu-west-1");
    let cases = [
        (json!(six), "Cannot reference more than 5 layers.".to_owned()),
        (json!([layer("a", 1), layer("b", 1), layer("a", 2)]), twice(&layer("a", 1), &layer("a", 2))),
        (json!([layer("a", 1), layer("a", 1)]), twice(&layer("a", 1), &layer("a", 1))),
        (json!([layer("a", 1), layer("a", 3)]), twice(&layer("a", 1), &layer("a", 3))),
        (json!([layer("a", 3)]), missing(&layer("a", 3))),
        (json!([layer("a", 0)]), missing(&layer("a", 0))),
        (json!([layer("z", 1)]), missing(&layer("z", 1))),
        (
            json!([elsewhere]),
            "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.".to_owned(),
        ),
    ];
    for (layers, message) in cases {
        assert_eq!(create(&platform, "new", layers.clone()).await.error(), invalid(&message), "{layers}");
        let update = platform.update_configuration("echo", json!({"Layers": layers})).await;
        assert_eq!(update.error(), invalid(&message), "{layers}");
    }
    for layers in
        [json!(["a:1"]), json!(["arn:aws:lambda:us-east-1:000000000000:layer:a"]), json!(["*"]), json!([""])]
    {
        let refused = create(&platform, "new", layers.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{layers}");
        assert!(refused.message().contains("at 'layers' failed to satisfy constraint: Member must satisfy"));
    }
    assert_eq!(platform.functions().await.len(), 1);
    assert_eq!(named(&create(&platform, "full", json!(five)).await.ok().json()).len(), 5);
}

#[tokio::test]
async fn code_and_layers_together_are_no_larger_than_a_package() {
    let platform = Platform::start().await;
    let limit = 262_144_000_usize;
    let zeros = |size: usize| vec![0; size];
    publish(&platform, "most", &zeros(limit - 1000), json!({})).await.ok();
    publish(&platform, "other", &zeros(1001), json!({})).await.ok();
    let sized = |size: usize, layers: Value| {
        let mut request = platform.minimal(&format!("f{size}"));
        request["Code"] = json!({"ZipFile": base64(&zip(&zeros(size)))});
        request["Layers"] = layers;
        platform.create(request)
    };
    let combined = |actual: usize| {
        invalid(&format!(
            "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is \
             {actual} bytes."
        ))
    };
    let alone = invalid("Layers consume more than the available size of 262144000 bytes");
    assert_eq!(sized(1, json!([layer("most", 1), layer("other", 1)])).await.error(), alone);
    assert_eq!(sized(1001, json!([layer("most", 1)])).await.error(), combined(limit + 1));
    sized(1000, json!([layer("most", 1)])).await.ok();
    sized(1002, json!([])).await.ok();
    let add = json!({"Layers": [layer("most", 1)]});
    assert_eq!(platform.update_configuration("f1002", add).await.error(), combined(limit + 2));
    for dry_run in [true, false] {
        let grown = json!({"ZipFile": base64(&zip(&zeros(1003))), "DryRun": dry_run});
        assert_eq!(platform.update_code("f1000", grown).await.error(), combined(limit + 3));
    }
    platform.update_code("f1000", code(&zeros(10))).await.ok();
}

#[tokio::test]
async fn a_deleted_layer_version_stays_with_the_functions_that_use_it() {
    let platform = Platform::start().await;
    publish(&platform, "tools", b"1", json!({})).await.ok();
    create(&platform, "echo", json!([layer("tools", 1)])).await.ok();
    delete(&platform, "tools", 1).await.ok();
    assert_eq!((platform.sweep().await, platform.blobs()), (0, 2));
    let changed = platform.update_configuration("echo", json!({"Timeout": 9})).await.ok().json();
    platform.update_code("echo", code(b"new")).await.ok();
    assert_eq!(named(&changed), [layer("tools", 1)]);
    let missing = invalid(&format!("Layer version {} does not exist.", layer("tools", 1)));
    let again = platform.update_configuration("echo", json!({"Layers": [layer("tools", 1)]})).await;
    assert_eq!(again.error(), missing, "the same list once more is a new use");
    assert_eq!(create(&platform, "new", json!([layer("tools", 1)])).await.error(), missing);
    platform.update_configuration("echo", json!({"Layers": []})).await.ok();
    platform.sweep().await;
    assert_eq!(platform.blobs(), 1);
}

#[tokio::test]
async fn what_is_kept_of_a_deleted_layer_counts_until_nobody_uses_it() {
    let collecting = || Setup { collect: Collect::InBackground, ..Setup::default() };
    let platform = Platform::with(collecting()).await;
    publish(&platform, "tools", b"1", json!({})).await.ok();
    let created = create(&platform, "echo", json!([layer("tools", 1)])).await.ok().json();
    let (code, tools) = (created["CodeSize"].as_u64().unwrap(), zip(b"1").len() as u64);
    let used = async |platform: &Platform, expected: (u64, u64)| {
        for _ in 0..400 {
            if platform.usage().await == expected {
                return;
            }
            platform.pass(Duration::from_millis(100)).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{:?} and not {expected:?}", platform.usage().await);
    };
    used(&platform, (1, code + tools)).await;
    delete(&platform, "tools", 1).await.ok();
    used(&platform, (1, code + tools)).await;
    let platform = platform.restart(collecting()).await;
    assert_eq!(platform.usage().await, (1, code + tools), "counted at the start too");
    platform.update_configuration("echo", json!({"Layers": []})).await.ok();
    used(&platform, (1, code)).await;
    assert_eq!(platform.blobs(), 1);
}

/// However a deletion, the sweep and a new use fall together: the use is refused, or its package is there.
#[tokio::test]
async fn no_function_is_left_with_a_package_that_is_swept() {
    let platform = Platform::start().await;
    create(&platform, "echo", json!([])).await.ok();
    let mut used = 0;
    for round in 0..30 {
        let number =
            publish(&platform, "tools", b"1", json!({})).await.ok().json()["Version"].as_u64().unwrap();
        let layers = json!({"Layers": [layer("tools", number)]});
        let (update, ()) = tokio::join!(platform.update_configuration("echo", layers), async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            delete(&platform, "tools", number).await.ok();
            platform.sweep().await;
        });
        let functions = platform.functions().await;
        let [kept] = functions.iter().filter(|f| f.name.as_str() == "echo").collect::<Vec<_>>()[..] else {
            panic!()
        };
        for layer in &kept.configuration.layers {
            platform.store.blobs().get(layer.code.blob).await.unwrap();
        }
        let message = format!("Layer version {} does not exist.", layer("tools", number));
        match update.status.is_success() {
            true => used += 1,
            false => assert_eq!(update.error(), invalid(&message)),
        }
    }
    println!("{used} of 30 uses came first");
}

#[tokio::test]
async fn whoever_names_a_layer_must_be_allowed_to_read_it() {
    let platform = Platform::start().await;
    publish(&platform, "tools", b"1", json!({})).await.ok();
    publish(&platform, "secrets", b"2", json!({})).await.ok();
    create(&platform, "echo", json!([layer("secrets", 1)])).await.ok();
    platform.keys.add_user(
        "AKIATESTKITUSER00000",
        "deployer",
        r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":["lambda:UpdateFunctionConfiguration","lambda:CreateFunction","iam:PassRole"],
             "Resource":"*"},
            {"Effect":"Allow","Action":"lambda:GetLayerVersion",
             "Resource":"arn:aws:lambda:us-east-1:000000000000:layer:tools:*"}]}"#,
    );
    let deployer = platform.client.with_key("AKIATESTKITUSER00000");
    let update = |layers: Value| {
        let body = json!({"Layers": layers}).to_string();
        let target = "/2015-03-31/functions/echo/configuration";
        deployer.send(http::Method::PUT, target, http::HeaderMap::new(), body.into())
    };
    let refused = update(json!([layer("tools", 1), layer("secrets", 1)])).await;
    let message = format!("perform: lambda:GetLayerVersion on resource: {} because", layer("secrets", 1));
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "AccessDeniedException"));
    assert!(refused.message().contains(&message), "{refused:?}");
    update(json!([layer("tools", 1)])).await.ok();
    let aliased = layer("secrets", 1).replace("arn:aws:", "arn:aws-cn:");
    assert_eq!(update(json!([aliased])).await.status.as_u16(), 403, "another partition is no way around");
}

/// The example of the developer guide: only layers of the own account, and as a deny: none of another's.
#[tokio::test]
async fn a_condition_can_bind_functions_to_some_layers() {
    let platform = Platform::start().await;
    for name in ["tools", "secrets"] {
        publish(&platform, name, b"1", json!({})).await.ok();
    }
    create(&platform, "echo", json!([])).await.ok();
    let other = r#""Effect":"Allow","Action":"lambda:GetLayerVersion","Resource":"*""#;
    let update = r#""Action":"lambda:UpdateFunctionConfiguration","Resource":"*""#;
    let tools = "arn:aws:lambda:*:000000000000:layer:tools:*";
    for (at, statements) in [
        format!(r#"{{"Effect":"Allow",{update},"Condition":{{"ForAllValues:StringLike":{{"lambda:Layer":["{tools}"]}}}}}}"#),
        format!(
            r#"{{"Effect":"Allow",{update}}},{{"Effect":"Deny",{update},"Condition":{{"ForAnyValue:StringNotLike":{{"lambda:Layer":["{tools}"]}}}}}}"#
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("AKIATESTKITUSER0000{at}");
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{{{other}}},{statements}]}}"#);
        platform.keys.add_user(&key, &format!("user{at}"), &policy);
        let user = platform.client.with_key(&key);
        let update = async |layers: Value| {
            let body = json!({"Layers": layers}).to_string();
            let target = "/2015-03-31/functions/echo/configuration";
            let reply = user.send(http::Method::PUT, target, http::HeaderMap::new(), body.into()).await;
            reply.status.as_u16()
        };
        assert_eq!(update(json!([layer("tools", 1)])).await, 200, "{statements}");
        assert_eq!(update(json!([layer("secrets", 1)])).await, 403, "{statements}");
        assert_eq!(update(json!([layer("tools", 1), layer("secrets", 1)])).await, 403, "{statements}");
        assert_eq!(update(json!([])).await, 200, "{statements}");
    }
}

/// The policy of another account's layer version, as AddLayerVersionPermission leaves it.
fn shared_with_the_first(number: u64) -> (Key, LayerPolicyRecord) {
    let owner: AccountId = "123456789012".parse().unwrap();
    let arn = foreign(number);
    let statement = format!(
        r#"{{"Sid":"share","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::000000000000:root"}},"Action":"lambda:GetLayerVersion","Resource":"{arn}"}}"#
    );
    let revision: RevisionId = "0123abcd-4567-489a-8bcd-ef0123456789".parse().unwrap();
    let statements = vec![PolicyStatement { sid: "share".to_owned(), json: statement }];
    let key = LayerPolicyRecord::place(owner, "shared", number).unwrap();
    (key, LayerPolicyRecord(PolicyRecord { statements, revision }))
}

fn foreign(number: u64) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:layer:shared:{number}")
}

#[tokio::test]
async fn another_accounts_layer_is_used_while_it_is_shared() {
    let platform = Platform::start().await;
    platform.keys.add("AKIATESTKITOTHER0000", auth::Identity::root("123456789012".parse().unwrap()));
    let other = platform.client.with_key("AKIATESTKITOTHER0000");
    let body = json!({"Content": {"ZipFile": base64(&zip(b"theirs"))}}).to_string();
    for _ in 0..2 {
        let target = "/2018-10-31/layers/shared/versions";
        other.send(http::Method::POST, target, http::HeaderMap::new(), body.clone().into()).await.ok();
    }
    let denied = |reply: &testkit::Reply| {
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "AccessDeniedException"), "{reply:?}");
        assert!(
            reply
                .message()
                .contains("because no resource-based policy allows the lambda:GetLayerVersion action")
        );
    };
    denied(&create(&platform, "echo", json!([foreign(1)])).await);
    let (key, policy) = shared_with_the_first(1);
    let mut transaction = Transaction::new();
    transaction.insert(&key, &policy);
    platform.store.commit(transaction).await.unwrap();
    let created = create(&platform, "echo", json!([foreign(1)])).await.ok().json();
    assert_eq!(named(&created), [foreign(1)]);
    denied(&create(&platform, "second", json!([foreign(2)])).await);
    assert_eq!(
        platform.usage().await.1,
        created["CodeSize"].as_u64().unwrap(),
        "the layer's owner pays for it"
    );

    let mut transaction = Transaction::new();
    transaction.remove::<LayerPolicyRecord>(&key);
    platform.store.commit(transaction).await.unwrap();
    denied(&platform.update_configuration("echo", json!({"Layers": [foreign(1)]})).await);
    denied(&create(&platform, "third", json!([foreign(1)])).await);
    let kept = platform.update_configuration("echo", json!({"Timeout": 9})).await.ok().json();
    assert_eq!(named(&kept), [foreign(1)], "what runs with it goes on");
    assert_eq!(platform.sweep().await, 0);
}
