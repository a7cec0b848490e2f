//! The life of layers and their versions through the API: what is answered, stored and counted.

use crate::words::{base64, invalid};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use store::Transaction;
use store::records::LayerVersionRecord;
use testkit::{Platform, Reply, Setup, zip};
use types::AccountId;

const LAYER: &str = "arn:aws:lambda:us-east-1:000000000000:layer:tools";

fn not_found() -> (u16, String, String) {
    (404, "ResourceNotFoundException".to_owned(), "The resource you requested does not exist.".to_owned())
}

/// Publishes a version of a layer with one file of this content, and these members.
pub(crate) async fn publish(platform: &Platform, layer: &str, content: &[u8], members: Value) -> Reply {
    let mut request = json!({"Content": {"ZipFile": base64(&zip(content))}});
    if let (Some(request), Value::Object(members)) = (request.as_object_mut(), members) {
        request.extend(members);
    }
    platform.call(Method::POST, &format!("/2018-10-31/layers/{layer}/versions"), request).await
}

pub(crate) async fn call(platform: &Platform, method: Method, rest: &str) -> Reply {
    platform.call(method, &format!("/2018-10-31/layers{rest}"), Value::Null).await
}

pub(crate) async fn delete(platform: &Platform, layer: &str, number: u64) -> Reply {
    call(platform, Method::DELETE, &format!("/{layer}/versions/{number}")).await
}

async fn get(platform: &Platform, rest: &str) -> Reply {
    call(platform, Method::GET, rest).await
}

fn numbers(listed: &Value) -> Vec<u64> {
    let versions = listed["LayerVersions"].as_array().unwrap();
    versions.iter().map(|version| version["Version"].as_u64().unwrap()).collect()
}

fn latest(listed: &Value) -> Vec<(String, u64)> {
    let layers = listed["Layers"].as_array().unwrap();
    let latest = |layer: &Value| {
        let name = layer["LayerName"].as_str().unwrap().to_owned();
        (name, layer["LatestMatchingVersion"]["Version"].as_u64().unwrap())
    };
    layers.iter().map(latest).collect()
}

#[tokio::test]
async fn a_layer_version_lives_from_publication_to_deletion() {
    let platform = Platform::start().await;
    let members = json!({
        "Description": "What everybody needs", "LicenseInfo": "MIT",
        "CompatibleRuntimes": ["python3.11", "go1.x"], "CompatibleArchitectures": ["x86_64", "arm64"],
    });
    let published = publish(&platform, "tools", b"1", members.clone()).await;
    assert_eq!(published.status.as_u16(), 201);
    let mut shown = published.json();
    let location = shown["Content"]["Location"].take();
    let package = zip(b"1");
    assert_eq!(
        shown,
        json!({
            "Content": {"Location": null, "CodeSha256": package::sha256_base64(&package), "CodeSize": package.len()},
            "LayerArn": LAYER, "LayerVersionArn": format!("{LAYER}:1"), "Version": 1,
            "Description": "What everybody needs", "LicenseInfo": "MIT",
            "CompatibleRuntimes": ["python3.11", "go1.x"], "CompatibleArchitectures": ["x86_64", "arm64"],
            "CreatedDate": "2026-11-24T06:35:00.000+0000",
        })
    );
    assert_eq!(platform.client.fetch(location.as_str().unwrap()).await.ok().body, package);

    let arn = LAYER.replace(':', "%3A");
    for place in [
        "/tools/versions/1".to_owned(),
        format!("/{arn}/versions/1"),
        format!("?find=LayerVersion&Arn={arn}%3A1"),
    ] {
        let mut got = get(&platform, &place).await.ok().json();
        let location = got["Content"]["Location"].take();
        assert_eq!(got, shown, "{place}");
        assert_eq!(platform.client.fetch(location.as_str().unwrap()).await.ok().body, package);
    }

    let least = publish(&platform, "tools", b"2", json!({})).await.ok().json();
    assert_eq!((&least["Version"], &least["Description"]), (&json!(2), &json!("")));
    for member in ["LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures"] {
        assert!(least.get(member).is_none(), "{member}");
    }
    let listed = get(&platform, "/tools/versions").await.ok().json();
    assert_eq!((numbers(&listed), &listed["NextMarker"]), (vec![2, 1], &Value::Null));
    assert!(listed["LayerVersions"][0].get("Content").is_none());
    let layers = get(&platform, "").await.ok().json();
    assert_eq!(
        (latest(&layers), &layers["Layers"][0]["LayerArn"]),
        (vec![("tools".to_owned(), 2)], &json!(LAYER))
    );

    for number in [1, 2, 2, 3] {
        let deleted = delete(&platform, "tools", number).await;
        assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    }
    assert_eq!(get(&platform, "/tools/versions/1").await.error(), not_found());
    assert_eq!(get(&platform, &format!("?find=LayerVersion&Arn={arn}%3A1")).await.error(), not_found());
    assert_eq!(get(&platform, "/tools/versions").await.ok().json(), json!({"LayerVersions": []}));
    assert_eq!(get(&platform, "").await.ok().json(), json!({"Layers": []}));
    assert_eq!((platform.usage().await, platform.sweep().await, platform.blobs()), ((0, 0), 2, 0));
    assert_eq!(
        publish(&platform, "tools", b"3", json!({})).await.ok().json()["Version"],
        3,
        "numbers are not reused"
    );
    let audit = platform.audit().await;
    let counted = |name: &str| audit.iter().filter(|record| record.event_name == name).count();
    assert_eq!((counted("PublishLayerVersion"), counted("DeleteLayerVersion")), (3, 4));
}

#[tokio::test]
async fn what_names_no_layer_version_is_refused() {
    let platform = Platform::start().await;
    publish(&platform, "tools", b"1", json!({})).await.ok();
    assert_eq!(get(&platform, "/nothing/versions/1").await.error(), not_found());
    assert_eq!(get(&platform, "/tools/versions/2").await.error(), not_found());
    assert_eq!(get(&platform, "/nothing/versions").await.ok().json(), json!({"LayerVersions": []}));
    for number in [0, -1] {
        let below = invalid("Layer Version Cannot be less than 1");
        assert_eq!(get(&platform, &format!("/tools/versions/{number}")).await.error(), below);
        assert_eq!(
            call(&platform, Method::DELETE, &format!("/tools/versions/{number}")).await.error(),
            below
        );
    }
    let elsewhere = LAYER.replace("us-east-1", "eu-west-1").replace(':', "%3A");
    let refused = get(&platform, &format!("/{elsewhere}/versions/1")).await;
    assert_eq!(refused.message(), "Layers from 'eu-west-1' are not reachable in this region ('us-east-1')");
    assert_eq!(get(&platform, &format!("?find=LayerVersion&Arn={elsewhere}%3A1")).await.status.as_u16(), 404);
    for arn in [format!("{LAYER}:0"), format!("{LAYER}:01"), format!("{LAYER}:99999999999999999999")] {
        let place = format!("?find=LayerVersion&Arn={}", arn.replace(':', "%3A"));
        assert_eq!(get(&platform, &place).await.error(), not_found(), "{arn}");
    }
    for arn in [LAYER, "tools", ""] {
        let refused = get(&platform, &format!("?find=LayerVersion&Arn={}", arn.replace(':', "%3A"))).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{arn}");
    }
    for name in ["a%20b", &"x".repeat(141), &format!("{}%3A1", LAYER.replace(':', "%3A"))] {
        let refused = publish(&platform, name, b"1", json!({})).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{name}");
    }
    assert_eq!(publish(&platform, &"x".repeat(140), b"1", json!({})).await.status.as_u16(), 201);
}

#[tokio::test]
async fn what_can_not_be_published_leaves_nothing() {
    let platform = Platform::start().await;
    let content = |content: Value| {
        let request = json!({"Content": content});
        platform.call(Method::POST, "/2018-10-31/layers/tools/versions", request)
    };
    let refused = content(json!({"S3Bucket": "bucket", "S3Key": "key"})).await;
    assert!(refused.message().starts_with("Lambent does not implement S3Bucket yet."), "{refused:?}");
    assert_eq!(content(json!({})).await.error(), invalid("Please provide a source for function code."));
    assert_eq!(
        content(json!({"ZipFile": ""})).await.error(),
        invalid("Uploaded file must be a non-empty zip")
    );
    let broken = content(json!({"ZipFile": base64(b"no zip")})).await;
    assert!(broken.message().starts_with("Could not unzip uploaded file."), "{broken:?}");
    let large = content(json!({"ZipFile": base64(&zip(&vec![0; 262_144_001]))})).await;
    assert_eq!(large.error(), invalid("Unzipped size must be smaller than 262144000 bytes"));
    let large = content(json!({"ZipFile": base64(&vec![0; 52_428_801])})).await;
    assert_eq!((large.status.as_u16(), large.code()), (413, "RequestEntityTooLargeException"));
    for (members, part) in [
        (
            json!({"CompatibleRuntimes": ["python3.11", "cobol"]}),
            "Value '[python3.11, cobol]' at 'compatibleRuntimes'",
        ),
        (json!({"CompatibleArchitectures": ["sparc"]}), "Value '[sparc]' at 'compatibleArchitectures'"),
        (json!({"CompatibleRuntimes": vec!["python3.11"; 16]}), "length less than or equal to 15"),
        (json!({"CompatibleArchitectures": ["arm64", "arm64", "arm64"]}), "length less than or equal to 2"),
        (json!({"Description": "x".repeat(257)}), "length less than or equal to 256"),
        (json!({"LicenseInfo": "x".repeat(513)}), "length less than or equal to 512"),
    ] {
        let refused = publish(&platform, "tools", b"1", members).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"));
        assert!(refused.message().contains(part), "{}", refused.message());
    }
    assert_eq!((platform.blobs(), platform.usage().await), (0, (0, 0)));
    assert_eq!(get(&platform, "").await.ok().json(), json!({"Layers": []}));
    assert_eq!(publish(&platform, "tools", b"1", json!({})).await.ok().json()["Version"], 1);
}

#[tokio::test]
async fn lists_that_are_given_empty_are_shown_empty() {
    let platform = Platform::start().await;
    let none = json!({"CompatibleRuntimes": [], "CompatibleArchitectures": []});
    let published = publish(&platform, "tools", b"1", none).await.ok().json();
    let got = get(&platform, "/tools/versions/1").await.ok().json();
    for shown in [published, got] {
        assert_eq!(
            (&shown["CompatibleRuntimes"], &shown["CompatibleArchitectures"]),
            (&json!([]), &json!([]))
        );
    }
}

#[tokio::test]
async fn lists_show_what_says_that_it_is_compatible() {
    let platform = Platform::start().await;
    let runtimes = |names: &[&str]| json!({"CompatibleRuntimes": names});
    publish(&platform, "a", b"1", runtimes(&["python3.11"])).await.ok();
    publish(&platform, "a", b"2", runtimes(&["go1.x", "java17"])).await.ok();
    publish(&platform, "b", b"1", json!({"CompatibleArchitectures": ["arm64"]})).await.ok();
    publish(&platform, "c", b"1", json!({})).await.ok();
    let shown = async |query: &str| latest(&get(&platform, query).await.ok().json());
    let named = |name: &str, number| (name.to_owned(), number);
    assert_eq!(shown("").await, [named("a", 2), named("b", 1), named("c", 1)]);
    assert_eq!(
        shown("?CompatibleRuntime=python3.11").await,
        [named("a", 1)],
        "an older version that matches"
    );
    assert_eq!(shown("?CompatibleRuntime=java17").await, [named("a", 2)]);
    assert_eq!(shown("?CompatibleArchitecture=arm64").await, [named("b", 1)]);
    assert_eq!(shown("?CompatibleArchitecture=arm64&CompatibleRuntime=java17").await, []);
    let versions = get(&platform, "/a/versions?CompatibleRuntime=python3.11").await.ok().json();
    assert_eq!(numbers(&versions), [1]);
    for place in
        ["?CompatibleRuntime=cobol", "/a/versions?CompatibleRuntime=cobol", "?CompatibleArchitecture=sparc"]
    {
        let refused = get(&platform, place).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "ValidationException"), "{place}");
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let platform = Platform::start().await;
    for n in 0..7 {
        publish(&platform, &format!("l{n}"), b"x", json!({})).await.ok();
        publish(&platform, "many", b"x", json!({})).await.ok();
    }
    delete(&platform, "l1", 1).await.ok();
    delete(&platform, "many", 4).await.ok();
    let (mut names, mut marker) = (Vec::new(), String::new());
    loop {
        let page = get(&platform, &format!("?MaxItems=2&Marker={marker}")).await.ok().json();
        assert!(latest(&page).len() <= 2);
        names.extend(latest(&page).into_iter().map(|(name, _)| name));
        let Some(next) = page["NextMarker"].as_str() else { break };
        marker = next.to_owned();
    }
    assert_eq!(names, ["l0", "l2", "l3", "l4", "l5", "l6", "many"]);
    let (mut all, mut marker) = (Vec::new(), String::new());
    loop {
        let page = get(&platform, &format!("/many/versions?MaxItems=4&Marker={marker}")).await.ok().json();
        all.push(numbers(&page));
        let Some(next) = page["NextMarker"].as_str() else { break };
        marker = next.to_owned();
    }
    assert_eq!(all, [vec![7, 6, 5, 3], vec![2, 1]]);
    for place in ["?Marker=%25", "/many/versions?Marker=%25", "/many/versions?Marker=bDA"] {
        assert_eq!(get(&platform, place).await.code(), "InvalidParameterValueException", "{place}");
    }
    for place in ["?MaxItems=51", "/many/versions?MaxItems=0"] {
        assert_eq!(get(&platform, place).await.code(), "ValidationException", "{place}");
    }
}

/// Versions 1 to `count` of a layer, of which the first one alone says what it is compatible with.
async fn many_versions(platform: &Platform, count: u64) {
    publish(platform, "many", b"x", json!({"CompatibleRuntimes": ["java17"]})).await.ok();
    let key = |number| LayerVersionRecord::place(AccountId::FIRST, "many", number).unwrap();
    let first = platform.store.get::<LayerVersionRecord>(&key(1)).await.unwrap().unwrap().value;
    for numbers in (2..=count).collect::<Vec<_>>().chunks(500) {
        let mut transaction = Transaction::new();
        for number in numbers {
            let version = LayerVersionRecord { number: *number, runtimes: None, ..first.clone() };
            transaction.insert(&key(*number), &version);
        }
        platform.store.commit(transaction).await.unwrap();
    }
}

#[tokio::test]
async fn a_filter_that_passes_over_thousands_answers_in_pages() {
    let platform = Platform::start().await;
    many_versions(&platform, 4500).await;
    let (mut found, mut pages, mut marker) = (Vec::new(), 0, String::new());
    loop {
        let place = format!("/many/versions?CompatibleRuntime=java17&Marker={marker}");
        let page = get(&platform, &place).await.ok().json();
        found.extend(numbers(&page));
        pages += 1;
        let Some(next) = page["NextMarker"].as_str() else { break };
        marker = next.to_owned();
    }
    assert_eq!((found, pages), (vec![1], 3));
    let layers = get(&platform, "?CompatibleRuntime=java17").await.ok().json();
    assert_eq!(latest(&layers), [("many".to_owned(), 1)]);
}

/// A caller that goes away in the middle, at every point: what is stored, counted and on the disk agrees.
#[tokio::test]
async fn a_publication_and_a_deletion_happen_whole_or_not_at_all() {
    let platform = Platform::start().await;
    let size = zip(b"x").len() as u64;
    let agrees = async |platform: &Platform| {
        let mut state = None;
        for _ in 0..200 {
            let versions = numbers(&get(platform, "/tools/versions").await.ok().json()).len() as u64;
            state = Some((platform.usage().await, versions));
            if state == Some(((0, versions * size), versions)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("usage, versions: {state:?}");
    };
    for polls in 0..12 {
        platform.interruption.after(polls);
        publish(&platform, "tools", b"x", json!({})).await;
        agrees(&platform).await;
        platform.interruption.never();
        let newest = numbers(&get(&platform, "/tools/versions").await.ok().json()).first().copied();
        platform.interruption.after(polls);
        delete(&platform, "tools", newest.unwrap_or(1)).await;
        agrees(&platform).await;
        platform.interruption.never();
    }
    let left = numbers(&get(&platform, "/tools/versions").await.ok().json()).len();
    platform.sweep().await;
    assert_eq!(platform.blobs(), left);
}

#[tokio::test]
async fn layers_count_as_code_and_outlive_a_crash() {
    let platform = Platform::start().await;
    let sizes: usize = [b"1", b"2", b"3"].map(|content| zip(content).len()).iter().sum();
    for content in [b"1", b"2", b"3"] {
        publish(&platform, "tools", content, json!({})).await.ok();
    }
    assert_eq!(platform.usage().await, (0, sizes as u64));
    let before = get(&platform, "/tools/versions").await.ok().json();
    let platform = platform.restart(Setup { seed: 2, ..Setup::default() }).await;
    assert_eq!(platform.usage().await, (0, sizes as u64));
    assert_eq!(get(&platform, "/tools/versions").await.ok().json(), before);
    assert_eq!((platform.sweep().await, platform.blobs()), (0, 3));
    delete(&platform, "tools", 3).await.ok();
    assert_eq!(platform.usage().await, (0, (sizes - zip(b"3").len()) as u64));
    let platform = platform.restart(Setup { seed: 3, ..Setup::default() }).await;
    assert_eq!(publish(&platform, "tools", b"4", json!({})).await.ok().json()["Version"], 4);
}

#[tokio::test]
async fn who_may_do_what_with_layers() {
    let platform = Platform::start().await;
    publish(&platform, "tools", b"1", json!({})).await.ok();
    platform.keys.add_user(
        "AKIATESTKITUSER00000",
        "reader",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:GetLayerVersion",
            "Resource":"arn:aws:lambda:us-east-1:000000000000:layer:tools:1"}]}"#,
    );
    let reader = platform.client.with_key("AKIATESTKITUSER00000");
    let call = |method: Method, target: &'static str| {
        reader.send(method, target, http::HeaderMap::new(), bytes::Bytes::new())
    };
    let arn = "/2018-10-31/layers?find=LayerVersion&Arn=arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Alayer%3Atools%3A1";
    call(Method::GET, "/2018-10-31/layers/tools/versions/1").await.ok();
    call(Method::GET, arn).await.ok();
    for (method, target) in [
        (Method::GET, "/2018-10-31/layers/tools/versions/2"),
        (Method::GET, "/2018-10-31/layers/tools/versions"),
        (Method::GET, "/2018-10-31/layers"),
        (Method::DELETE, "/2018-10-31/layers/tools/versions/1"),
        (Method::POST, "/2018-10-31/layers/tools/versions"),
    ] {
        let refused = call(method, target).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "AccessDeniedException"), "{target}");
    }
    let foreign = LAYER.replace("000000000000", "123456789012").replace(':', "%3A");
    let refused = get(&platform, &format!("/{foreign}/versions/1")).await;
    assert!(refused.message().contains("no resource-based policy allows"), "{refused:?}");
}
