//! Who calls: signatures that are missing, wrong, late, for somebody else, and keys that are revoked.

use crate::client::{self, Call};
use crate::people::{Key, allow, user};
use crate::platform::Platform;
use crate::samples;
use auth::{Identity, SecretString};
use std::sync::atomic::Ordering;
use std::time::Duration;
use types::{AccountId, Timestamp};

/// One harmless call per protocol, with the code of each service's family.
fn calls() -> [(&'static str, Call); 3] {
    [
        ("json", samples::least("lambda", "ListFunctions")),
        ("json", samples::least("logs", "DescribeLogGroups")),
        ("query", samples::least("iam", "ListUsers")),
    ]
}

async fn refused(platform: &Platform, call: &Call, key: Option<&Key>, code: (&str, &str)) -> String {
    let answer = platform.send(call, key).await;
    let family = if call.service == "iam" || call.service == "sts" { code.1 } else { code.0 };
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, family), "{}", answer.text());
    answer.message()
}

const BAD_SIGNATURE: (&str, &str) = ("InvalidSignatureException", "SignatureDoesNotMatch");
const BAD_TOKEN: (&str, &str) = ("UnrecognizedClientException", "InvalidClientTokenId");

#[tokio::test]
async fn without_a_signature_nothing_is_done() {
    let platform = Platform::start().await;
    for (family, call) in calls() {
        let missing = ("MissingAuthenticationTokenException", "MissingAuthenticationToken");
        let message = refused(&platform, &call, None, missing).await;
        let expected = if family == "json" {
            "Missing Authentication Token"
        } else {
            "Request is missing Authentication Token"
        };
        assert_eq!(message, expected);
    }
    assert_eq!(platform.finish().await, Vec::new());
}

#[tokio::test]
async fn an_unknown_an_inactive_and_a_nonsensical_key_look_the_same() {
    let platform = Platform::start().await;
    let inactive = Key::new("AKIAINACTIVE");
    platform.people.set(&inactive, |c| c.active = false, Identity::root(AccountId::FIRST));
    for (_, call) in calls() {
        for key in
            [&Key::new("AKIANOBODY"), &inactive, &Key::new("AKIA-NOBODY"), &Key::new(&"A".repeat(2000))]
        {
            let message = refused(&platform, &call, Some(key), BAD_TOKEN).await;
            assert_eq!(message, "The security token included in the request is invalid.");
        }
    }
    assert_eq!(platform.people.lookups.load(Ordering::SeqCst), 6, "only what can be a key is looked up");
    assert_eq!(platform.finish().await, Vec::new());
}

#[tokio::test]
async fn a_changed_request_is_refused() {
    let platform = Platform::start().await;
    let (now, host) = (platform.clock_now(), platform.host());
    let call = samples::least("lambda", "GetFunction").header("x-amz-note", "as signed");
    let signed = || call.signed(&host, Some(&platform.root), now);
    let mut method = signed();
    *method.method_mut() = hyper::Method::DELETE;
    let mut path = signed();
    *path.uri_mut() = "/2015-03-31/functions/other".parse().unwrap();
    let mut query = signed();
    *query.uri_mut() = "/2015-03-31/functions/echo?Qualifier=1".parse().unwrap();
    let mut header = signed();
    header.headers_mut().insert("x-amz-note", "changed".parse().unwrap());
    let mut added = signed();
    added.headers_mut().insert("x-amz-added", "later".parse().unwrap());
    let mut body = signed();
    *body.body_mut() = "{}".into();
    for request in [method, path, query, header, added, body] {
        let described = format!("{request:?}");
        let answer = client::send(platform.address, request).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, BAD_SIGNATURE.0), "{described}");
    }
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
    assert_eq!(platform.finish().await.len(), 6);
}

#[tokio::test]
async fn a_wrong_secret_is_recorded_under_the_key_that_it_names() {
    let platform = Platform::start().await;
    let mut forged = platform.root.clone();
    forged.secret = SecretString::from("guessed".to_owned());
    for (_, call) in calls() {
        refused(&platform, &call, Some(&forged), BAD_SIGNATURE).await;
    }
    let records = platform.finish().await;
    let names: Vec<&str> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(
        names,
        ["ListFunctions", "DescribeLogGroups", "Unknown"],
        "a form's operation is not read unproved"
    );
    for record in &records {
        assert_eq!(
            (record.principal.as_str(), record.access_key_id.as_str()),
            ("anonymous", forged.id.as_str())
        );
        let text = serde_json::to_string(record).unwrap();
        assert!(text.contains("InvalidSignature") || text.contains("SignatureDoesNotMatch"), "{text}");
        assert!(!text.contains("secret-of"), "{text}");
    }
}

#[tokio::test]
async fn forged_signatures_do_not_flood_the_trail() {
    let platform = Platform::start().await;
    let mut forged = platform.root.clone();
    forged.secret = SecretString::from("guessed".to_owned());
    let call = samples::least("lambda", "ListFunctions");
    for _ in 0..70 {
        refused(&platform, &call, Some(&forged), BAD_SIGNATURE).await;
    }
    assert_eq!(platform.finish().await.len(), 60);
}

#[tokio::test]
async fn time_and_scope_are_checked_before_the_key_is_looked_up() {
    let platform = Platform::start().await;
    for (_, call) in calls() {
        for minutes in [-6, 6] {
            let then = Timestamp(platform.clock_now().millis() + minutes * 60_000);
            let request = call.signed(&platform.host(), Some(&platform.root), then);
            let answer = client::send(platform.address, request).await.unwrap();
            let expected = if minutes < 0 { "Signature expired" } else { "Signature not yet current" };
            assert!(answer.message().starts_with(expected), "{}", answer.text());
        }
        let message = refused(&platform, &call.region("mars-1"), Some(&platform.root), BAD_SIGNATURE).await;
        assert!(message.contains("mars-1"), "{message}");
    }
    assert_eq!(platform.people.lookups.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_signature_for_one_service_is_no_use_at_another() {
    let platform = Platform::start().await;
    let mut call = samples::least("lambda", "ListFunctions");
    call.service = "iam".to_owned();
    let answer = platform.call(&call, &platform.root).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "InvalidAction"));
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

#[tokio::test]
async fn the_token_of_a_session_must_come_with_its_key_and_in_time() {
    let platform = Platform::start().await;
    let mut session = Key::new("ASIASESSION");
    session.token = Some(SecretString::from("the-token".to_owned()));
    let until = platform.clock_now().plus(Duration::from_secs(60));
    platform.people.set(&session, |c| c.expires = Some(until), Identity::root(AccountId::FIRST));
    let call = samples::least("lambda", "ListFunctions");
    assert_eq!(platform.call(&call, &session).await.status, 200);
    for token in [None, Some(SecretString::from("another".to_owned()))] {
        refused(&platform, &call, Some(&Key { token, ..session.clone() }), BAD_TOKEN).await;
    }
    let with_needless = Key { token: session.token.clone(), ..platform.root.clone() };
    refused(&platform, &call, Some(&with_needless), BAD_TOKEN).await;
    platform.clock.advance(Duration::from_secs(60));
    for (_, call) in calls() {
        let message =
            refused(&platform, &call, Some(&session), ("ExpiredTokenException", "ExpiredToken")).await;
        assert_eq!(message, "The security token included in the request is expired");
    }
}

#[tokio::test]
async fn a_revocation_is_effective_from_the_next_request_on() {
    let platform = Platform::start().await;
    let call = samples::least("lambda", "ListFunctions");
    let ana = platform.people.user("ana", &[allow("lambda:*", "*")]);
    for _ in 0..3 {
        assert_eq!(platform.call(&call, &ana).await.status, 200);
    }
    assert_eq!(platform.people.lookups.load(Ordering::SeqCst), 1, "the key is remembered");
    platform.people.set(&ana, |_| {}, user("ana", &[]));
    platform.identities.forget();
    assert_eq!(platform.call(&call, &ana).await.code(), "AccessDeniedException");
    platform.people.remove(&ana);
    platform.identities.forget();
    refused(&platform, &call, Some(&ana), BAD_TOKEN).await;
}

#[tokio::test]
async fn a_body_that_takes_its_time_does_not_outlive_a_revocation() {
    let platform = Platform::start().await;
    let ana = platform.people.user("ana", &[allow("lambda:*", "*")]);
    let call = samples::least("lambda", "CreateFunction");
    let mut slow = crate::connections::Slow::begin(&platform, &call, &ana).await;
    platform.people.remove(&ana);
    platform.identities.forget();
    let answer = slow.finish().await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("UnrecognizedClientException"), "{answer}");
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_presigned_call_is_good_for_its_time_and_no_longer() {
    let platform = Platform::start().await;
    let signer = auth::sigv4::Signer {
        access_key_id: &platform.root.id,
        secret: &platform.root.secret,
        session_token: None,
        region: "us-east-1",
        service: "lambda",
    };
    let (path, host) = ("/2015-03-31/functions", platform.host());
    let query = auth::sigv4::presign(&signer, "GET", &host, path, "", 900, platform.clock_now()).unwrap();
    let call = Call::new("GET", &format!("{path}?{query}"), "lambda");
    platform.clock.advance(Duration::from_secs(900));
    assert_eq!(platform.send(&call, None).await.status, 200);
    platform.clock.advance(Duration::from_secs(1));
    let message = refused(&platform, &call, None, BAD_SIGNATURE).await;
    assert!(message.starts_with("Signature expired"), "{message}");
}
