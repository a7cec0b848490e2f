//! The stored forms of the records that several crates share.

use std::collections::BTreeMap;
use store::BlobId;
use store::records::{CodeRecord, FunctionRecord, FunctionState, UpdateStatus, VersionConfiguration};
use types::{AccountId, MemoryMb, TimeoutSeconds, Timestamp};

fn function() -> FunctionRecord {
    let blob: BlobId = "0123456789abcdef0123456789abcdef".parse().unwrap();
    FunctionRecord {
        account: AccountId::FIRST,
        name: "echo".parse().unwrap(),
        configuration: VersionConfiguration {
            runtime: "python3.11".parse().unwrap(),
            role: "arn:aws:iam::000000000000:role/echo".to_owned(),
            handler: "app.handler".to_owned(),
            description: "Says what it hears".to_owned(),
            timeout: TimeoutSeconds::try_from(7).unwrap(),
            memory: MemoryMb::try_from(256).unwrap(),
            ephemeral_storage_mb: 512,
            variables: Some(BTreeMap::from([("NAME".to_owned(), "value".to_owned())])),
        },
        code: CodeRecord {
            blob,
            sha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
            size: 1000,
            unzipped: 2000,
        },
        revision: "0123abcd-4567-489a-8bcd-ef0123456789".parse().unwrap(),
        modified: Timestamp(1_795_500_000_000),
        state: FunctionState::Active,
        last_update: UpdateStatus::Successful,
    }
}

#[test]
fn stored_functions_stay_readable() {
    store::golden::check(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"), &function());
}
