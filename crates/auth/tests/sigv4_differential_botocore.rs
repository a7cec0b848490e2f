//! Requests that botocore has signed are accepted. Needs a Python with botocore: `LAMBENT_TEST_PYTHON` names it.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use auth::SecretString;
use auth::sigv4::{
    Expected, Form, PayloadRule, SignedRequest, SigningKey, check_session_token, claim, hash, verify,
};
use base64::Engine;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use types::Timestamp;

const COUNT: usize = 2000;
const SEED: &str = "20261124";

#[derive(Deserialize)]
struct Line {
    form: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    key: String,
    secret: String,
    token: Option<String>,
    region: String,
    service: String,
    seconds: i64,
}

#[allow(
    clippy::disallowed_methods,
    reason = "the interpreter is a developer's tool that this test compares with"
)]
fn signed_by_botocore() -> Option<String> {
    let python = std::env::var("LAMBENT_TEST_PYTHON").ok()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/botocore_sign.py");
    let output = std::process::Command::new(python)
        .args([script, &COUNT.to_string(), SEED])
        .output()
        .expect("LAMBENT_TEST_PYTHON must name an interpreter");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn assert_accepted(text: &str) -> Form {
    let line: Line = serde_json::from_str(text).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in &line.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let request =
        SignedRequest { method: &line.method, path: &line.path, query: &line.query, headers: &headers };
    let claim = claim(&request).unwrap().unwrap_or_else(|| panic!("unsigned: {text}"));
    assert_eq!(claim.access_key_id, line.key);
    assert_eq!(claim.form == Form::Header, line.form == "header");
    let secret = SecretString::from(line.secret);
    let key = SigningKey::derive(&secret, &claim.scope.date, &line.region, &line.service);
    let expected =
        Expected { region: &line.region, service: &line.service, payload: PayloadRule::MustBeSigned };
    let body = base64::engine::general_purpose::STANDARD.decode(line.body).unwrap();
    let now = Timestamp(line.seconds * 1000);
    let verified = verify(&claim, &request, &hash(&body), &key, &expected, now);
    assert!(verified.is_ok(), "{}: {text}", verified.unwrap_err());
    check_session_token(&claim, line.token.map(SecretString::from).as_ref()).unwrap();
    let mut other = hash(&body);
    other[0] ^= 1;
    assert!(verify(&claim, &request, &other, &key, &expected, now).is_err(), "another body: {text}");
    claim.form
}

#[test]
fn requests_that_botocore_signed_are_accepted() {
    let Some(lines) = signed_by_botocore() else {
        eprintln!("SKIPPED sigv4_differential_botocore: LAMBENT_TEST_PYTHON is not set");
        return;
    };
    let forms: Vec<Form> = lines.lines().map(assert_accepted).collect();
    assert_eq!(forms.len(), COUNT);
    let presigned = forms.iter().filter(|form| **form == Form::Presigned).count();
    assert!((COUNT / 3..COUNT * 2 / 3).contains(&presigned), "{presigned} are pre-signed");
}
