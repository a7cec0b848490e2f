//! The stored forms of the records that several crates share.

use std::collections::BTreeMap;
use store::records::{
    AliasRecord, CodeRecord, ConcurrencyRecord, FunctionPolicyRecord, FunctionRecord, FunctionState,
    LayerPolicyRecord, LayerRecord, LayerUse, LayerVersionRecord, LogFormat, LogLevel, LoggingRecord,
    PolicyRecord, PolicyStatement, QueuePolicyRecord, ReleasesRecord, ReservedTotalRecord, TagsRecord,
    UpdateStatus, VersionConfiguration, VersionRecord,
};
use store::{BlobId, Record as _};
use types::{AccountId, MemoryMb, RevisionId, TimeoutSeconds, Timestamp, Version};

fn revision() -> RevisionId {
    "0123abcd-4567-489a-8bcd-ef0123456789".parse().unwrap()
}

fn code() -> CodeRecord {
    let blob: BlobId = "0123456789abcdef0123456789abcdef".parse().unwrap();
    CodeRecord {
        blob,
        sha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
        size: 1000,
        unzipped: 2000,
    }
}

fn configuration() -> VersionConfiguration {
    VersionConfiguration {
        runtime: "python3.11".parse().unwrap(),
        role: "arn:aws:iam::000000000000:role/echo".to_owned(),
        handler: "app.handler".to_owned(),
        description: "Says what it hears".to_owned(),
        timeout: TimeoutSeconds::try_from(7).unwrap(),
        memory: MemoryMb::try_from(256).unwrap(),
        ephemeral_storage_mb: 512,
        variables: Some(BTreeMap::from([("NAME".to_owned(), "value".to_owned())])),
        layers: vec![LayerUse {
            arn: "arn:aws:lambda:us-east-1:000000000000:layer:tools:3".to_owned(),
            code: code(),
        }],
        logging: LoggingRecord {
            format: LogFormat::Json,
            group: Some("/shared".to_owned()),
            application_level: Some(LogLevel::Warn),
            system_level: Some(LogLevel::Debug),
        },
    }
}

fn function() -> FunctionRecord {
    FunctionRecord {
        account: AccountId::FIRST,
        name: "echo".parse().unwrap(),
        configuration: configuration(),
        code: code(),
        revision: revision(),
        modified: Timestamp(1_795_500_000_000),
        state: FunctionState::Active,
        last_update: UpdateStatus::Successful,
    }
}

fn policy() -> PolicyRecord {
    PolicyRecord {
        statements: vec![PolicyStatement { sid: "one".to_owned(), json: r#"{"Sid":"one"}"#.to_owned() }],
        revision: revision(),
    }
}

fn check<R: store::Record>(example: &R) {
    store::golden::check(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"), example);
}

#[test]
fn stored_functions_stay_readable() {
    check(&function());
}

#[test]
fn stored_releases_stay_readable() {
    check(&VersionRecord {
        account: AccountId::FIRST,
        name: "echo".parse().unwrap(),
        number: 7,
        configuration: configuration(),
        code: code(),
        revision: revision(),
        modified: Timestamp(1_795_500_000_000),
    });
    check(&AliasRecord {
        version: Version::Number(7),
        weights: BTreeMap::from([(8, 0.25)]),
        description: "What customers use".to_owned(),
        revision: revision(),
    });
    check(&ReleasesRecord { last_version: 8, changes: 12, published: Some(revision()) });
}

#[test]
fn stored_layers_stay_readable() {
    check(&LayerRecord { last_version: 3 });
    check(&LayerVersionRecord {
        account: AccountId::FIRST,
        layer: "tools".to_owned(),
        number: 3,
        code: code(),
        description: "Shared".to_owned(),
        license: Some("MIT".to_owned()),
        runtimes: Some(vec!["python3.11".to_owned()]),
        architectures: Some(vec!["x86_64".to_owned()]),
        created: Timestamp(1_795_500_000_000),
    });
}

#[test]
fn lists_that_were_not_given_stay_so_in_layers_of_the_first_form() {
    let old = include_str!("../golden/layer-versions.v1.json");
    let mut json: serde_json::Value = serde_json::from_str(old).unwrap();
    json["architectures"] = serde_json::json!([]);
    let record = LayerVersionRecord::upgrade(1, json).unwrap();
    assert_eq!((record.runtimes, record.architectures), (Some(vec!["python3.11".to_owned()]), None));
}

#[test]
fn stored_policies_tags_and_reservations_stay_readable() {
    check(&FunctionPolicyRecord(policy()));
    check(&LayerPolicyRecord(policy()));
    check(&QueuePolicyRecord { document: policy().document() });
    check(&TagsRecord { tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]) });
    check(&ConcurrencyRecord { reserved: 5 });
    check(&ReservedTotalRecord { total: 25 });
}

#[test]
fn a_policys_document_is_json() {
    let document: serde_json::Value = serde_json::from_str(&policy().document()).unwrap();
    assert_eq!(document["Statement"][0]["Sid"], "one");
}

#[test]
fn versions_sort_by_their_numbers() {
    let name = "echo".parse().unwrap();
    let place = |number| VersionRecord::place(AccountId::FIRST, &name, number).unwrap();
    assert!(place(9) < place(10) && place(10) < place(100));
}
