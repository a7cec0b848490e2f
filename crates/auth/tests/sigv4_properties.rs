//! What holds for every request: no bytes cause a panic, what we sign we accept, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use auth::SecretString;
use auth::sigv4::{
    Expected, PayloadRule, SignedRequest, Signer, SigningKey, claim, hash, presign, sign_headers, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use types::Timestamp;

const NOW: Timestamp = Timestamp(1_795_502_100_000);
const SECRET: &str = "secret";
const EXPECTED: Expected<'static> =
    Expected { region: "us-east-1", service: "lambda", payload: PayloadRule::MustBeSigned };

/// Names that the verifier looks at, and one that it does not.
const NAMES: [&str; 8] = [
    "authorization",
    "x-amz-date",
    "date",
    "host",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "x-amz-target",
    "accept",
];

fn header_map(pairs: &[(usize, Vec<u8>)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(NAMES[*name]), value);
        }
    }
    headers
}

fn key() -> SigningKey {
    SigningKey::derive(&SECRET.into(), "20261124", "us-east-1", "lambda")
}

fn try_everything(request: &SignedRequest<'_>, body: &[u8]) -> bool {
    match claim(request) {
        Ok(Some(claim)) => verify(&claim, request, &hash(body), &key(), &EXPECTED, NOW).is_ok(),
        Ok(None) | Err(_) => false,
    }
}

/// Texts that look like a signature, with anything in between.
fn nearly_authorization() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("AWS4-HMAC-SHA256 ".to_owned()),
        Just("Credential=".to_owned()),
        Just("AKIA/20261124/us-east-1/lambda/aws4_request".to_owned()),
        Just(", SignedHeaders=host;x-amz-date".to_owned()),
        Just(", Signature=".to_owned()),
        Just("0".repeat(64)),
        "[ -~]{0,6}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat().into_bytes())
}

fn nearly_query() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("X-Amz-Algorithm=AWS4-HMAC-SHA256&".to_owned()),
        Just("X-Amz-Credential=AKIA%2F20261124%2Fus-east-1%2Flambda%2Faws4_request&".to_owned()),
        Just("X-Amz-Date=20261124T063500Z&".to_owned()),
        Just("X-Amz-SignedHeaders=host&X-Amz-Signature=00&".to_owned()),
        Just("X-Amz-Expires=".to_owned()),
        "[0-9%&=+]{0,6}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_cause_a_panic_or_are_accepted(
        method in any::<String>(),
        path in any::<String>(),
        query in prop_oneof![any::<String>(), nearly_query()],
        mut pairs in proptest::collection::vec((0..NAMES.len(), proptest::collection::vec(any::<u8>(), 0..40)), 0..8),
        authorization in proptest::option::of(nearly_authorization()),
        is_dated in any::<bool>(),
    ) {
        pairs.extend(authorization.map(|value| (0, value)));
        if is_dated {
            pairs.push((1, b"20261124T063500Z".to_vec()));
        }
        let headers = header_map(&pairs);
        let request = SignedRequest { method: &method, path: &path, query: &query, headers: &headers };
        prop_assert!(!try_everything(&request, b""));
    }

    #[test]
    fn what_we_sign_in_headers_we_accept(
        path in "/[a-zA-Z0-9 ./%ሴ:~-]{0,20}",
        pairs in proptest::collection::vec(("[a-zሴ +]{0,5}", "[a-z=ሴ/ ]{0,5}"), 0..5),
        value in "[ -~]{0,20}",
        body in proptest::collection::vec(any::<u8>(), 0..50),
        token in proptest::option::of("[a-zA-Z0-9+/=]{1,40}"),
    ) {
        let query = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&");
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost:9001"));
        headers.append("x-custom", HeaderValue::from_str(&value).unwrap());
        headers.append("x-custom", HeaderValue::from_static("two"));
        let (secret, token) = (SECRET.into(), token.map(SecretString::from));
        let signer = Signer { access_key_id: "AKIA", secret: &secret, session_token: token.as_ref(), region: "us-east-1", service: "lambda" };
        sign_headers(&signer, "PUT", &path, &query, &mut headers, &hash(&body), NOW).unwrap();
        let request = SignedRequest { method: "PUT", path: &path, query: &query, headers: &headers };
        prop_assert!(try_everything(&request, &body));
        let mut longer = body.clone();
        longer.push(0);
        prop_assert!(!try_everything(&request, &longer));
    }

    #[test]
    fn what_we_presign_we_accept(
        path in "/[a-zA-Z0-9 ./ሴ:~-]{0,20}",
        seconds in 0u32..=604_800,
        token in proptest::option::of("[a-zA-Z0-9+/=]{1,40}"),
    ) {
        let (secret, token) = (SECRET.into(), token.map(SecretString::from));
        let signer = Signer { access_key_id: "AKIA", secret: &secret, session_token: token.as_ref(), region: "us-east-1", service: "lambda" };
        let query = presign(&signer, "GET", "localhost", &path, "versionId=1&a", seconds, NOW).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost"));
        let request = SignedRequest { method: "GET", path: &path, query: &query, headers: &headers };
        prop_assert!(try_everything(&request, b""));
        let other = SignedRequest { method: "HEAD", ..request };
        prop_assert!(!try_everything(&other, b""));
    }
}
