//! The client library that the AWS CLI and most tools in Python are built on reads every answer. Needs a Python with
//! botocore: `LAMBENT_TEST_PYTHON` names it.

use crate::platform::{NOW, Platform, ROOT_KEY, ROOT_SECRET};
use std::io::Write;
use tokio::process::Command;

#[expect(
    clippy::disallowed_methods,
    reason = "the interpreter is a developer's tool that this test compares with"
)]
fn python() -> Option<String> {
    std::env::var("LAMBENT_TEST_PYTHON").ok()
}

#[tokio::test]
async fn installed_botocore_works_with_identities_from_creation_to_deletion() {
    let Some(python) = python() else {
        let skipped = "SKIPPED installed_botocore_works_with_identities: LAMBENT_TEST_PYTHON is not set";
        writeln!(std::io::stderr(), "{skipped}").unwrap();
        return;
    };
    let platform = Platform::start().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/iam/identities.py");
    let (port, now) = (platform.owner.address.port().to_string(), NOW.millis().to_string());
    let run = Command::new(python).args([script, &port, &now, ROOT_KEY, ROOT_SECRET]).output();
    let output = run.await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.trim_end() == "OK", "{out}{err}");
}
