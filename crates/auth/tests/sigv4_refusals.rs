//! Each way in which a signature can be wrong, with the code and the words that the caller reads.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use auth::sigv4::{
    Claim, Expected, PayloadRule, SignatureError, SignedRequest, Signer, SigningKey, check_session_token,
    claim, hash, presign, sign_headers, verify,
};
use auth::{Family, SecretString};
use http::{HeaderMap, HeaderName, HeaderValue};
use types::Timestamp;

/// 2015-08-30T12:36:00Z
const NOW: Timestamp = Timestamp(1_440_938_160_000);
const PATH: &str = "/2015-03-31/functions/echo/invocations";
const LAMBDA: Expected<'static> =
    Expected { region: "us-east-1", service: "lambda", payload: PayloadRule::MustBeSigned };

fn at(seconds: i64) -> Timestamp {
    Timestamp(NOW.millis() + seconds * 1000)
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn secret() -> SecretString {
    "secret".into()
}

/// Signs a POST with the body `{}` and the given further headers.
fn signed(further: &[(&str, &str)]) -> HeaderMap {
    let mut headers = headers(&[("host", "localhost"), ("content-type", "application/json")]);
    headers.extend(self::headers(further));
    let signer = Signer {
        access_key_id: "AKIAEXAMPLE",
        secret: &secret(),
        session_token: None,
        region: "us-east-1",
        service: "lambda",
    };
    sign_headers(&signer, "POST", PATH, "", &mut headers, &hash(b"{}"), NOW).unwrap();
    headers
}

fn presigned(token: Option<&str>, seconds: u32) -> String {
    let token = token.map(SecretString::from);
    let signer = Signer {
        access_key_id: "AKIAEXAMPLE",
        secret: &secret(),
        session_token: token.as_ref(),
        region: "us-east-1",
        service: "lambda",
    };
    presign(&signer, "GET", "localhost", "/code", "x=a%20b&x=1", seconds, NOW).unwrap()
}

fn claimed(query: &str, headers: &HeaderMap) -> Result<Option<Claim>, SignatureError> {
    claim(&SignedRequest { method: "POST", path: PATH, query, headers })
}

fn verified_by(
    expected: &Expected<'_>,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let request = SignedRequest { method: "POST", path: PATH, query: "", headers };
    let claim = claim(&request)?.expect("signed");
    let scope = &claim.scope;
    let key = SigningKey::derive(&secret(), &scope.date, &scope.region, &scope.service);
    verify(&claim, &request, &hash(body), &key, expected, now).map(drop)
}

fn verified(headers: &HeaderMap) -> Result<(), SignatureError> {
    verified_by(&LAMBDA, headers, b"{}", NOW)
}

fn verified_url(query: &str, now: Timestamp) -> Result<Claim, SignatureError> {
    let headers = headers(&[("host", "localhost")]);
    let request = SignedRequest { method: "GET", path: "/code", query, headers: &headers };
    let claim = claim(&request)?.expect("signed");
    let key = SigningKey::derive(&secret(), &claim.scope.date, "us-east-1", "lambda");
    verify(&claim, &request, &hash(b""), &key, &LAMBDA, now).map(|_| claim)
}

fn text(result: Result<impl Sized, SignatureError>) -> String {
    let Err(error) = result else { panic!("was accepted") };
    format!("{}: {}", error.code(Family::Json), error.message(Family::Json))
}

fn with(name: &'static str, value: &str) -> HeaderMap {
    let mut headers = signed(&[]);
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    headers
}

#[test]
fn a_good_request_is_accepted() {
    assert_eq!(verified(&signed(&[])), Ok(()));
    assert_eq!(verified(&signed(&[("x-amz-log-type", " Tail  please "), ("user-agent", "x")])), Ok(()));
}

#[test]
fn a_request_without_a_signature_is_no_error_yet() {
    for authorization in ["Bearer abc", "AWS AKIA:abc", "", "Basic eDp5"] {
        assert_eq!(claimed("", &headers(&[("authorization", authorization)])), Ok(None));
    }
    let missing = SignatureError::MissingToken;
    assert_eq!(missing.message(Family::Json), "Missing Authentication Token");
    assert_eq!(missing.message(Family::Query), "Request is missing Authentication Token");
    assert_eq!(missing.code(Family::Query), "MissingAuthenticationToken");
}

#[test]
fn a_wrong_signature_is_refused_in_both_vocabularies() {
    let error = verified_by(&LAMBDA, &signed(&[]), b"{ }", NOW).unwrap_err();
    assert_eq!(error.code(Family::Json), "InvalidSignatureException");
    assert_eq!(error.code(Family::Query), "SignatureDoesNotMatch");
    assert_eq!(
        error.message(Family::Query),
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    );
    assert_eq!((error.status(Family::Json), error.status(Family::Query)), (403, 403));
}

#[test]
fn missing_parts_are_listed() {
    assert_eq!(
        text(claimed("", &headers(&[("authorization", "AWS4-HMAC-SHA256 Credential=a")]))),
        "IncompleteSignatureException: Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=520Nq5bS80gLhTcgcZzjkP74XCXMcdxItgMCiiN4K6U="
    );
    let text = text(claimed("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=x", &HeaderMap::new()));
    assert_eq!(
        text,
        "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."
    );
}

#[test]
fn a_header_that_is_no_list_is_refused_without_repeating_it() {
    let text = text(claimed("", &headers(&[("authorization", "AWS4-HMAC-SHA256 Credential= geheim")])));
    assert!(text.starts_with(
        "IncompleteSignatureException: Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '"
    ));
    assert!(!text.contains("geheim"));
}

#[test]
fn two_signatures_are_refused() {
    let two = text(claimed("X-Amz-Algorithm=AWS4-HMAC-SHA256", &signed(&[])));
    assert_eq!(
        two,
        "InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    );
    let mut headers = signed(&[]);
    headers.append("authorization", HeaderValue::from_static("AWS4-HMAC-SHA256 Credential=b"));
    assert_eq!(claimed("", &headers), Err(SignatureError::Duplicate("Authorization")));
    let mut headers = signed(&[]);
    headers.append("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
    assert_eq!(claimed("", &headers), Err(SignatureError::Duplicate("X-Amz-Date")));
    let twice = format!("{}&X-Amz-Signature=00", presigned(None, 60));
    assert_eq!(claimed(&twice, &HeaderMap::new()), Err(SignatureError::Duplicate("X-Amz-Signature")));
    let authorization = "AWS4-HMAC-SHA256 Credential=a, Credential=b, SignedHeaders=host, Signature=0";
    assert_eq!(
        claimed("", &with("authorization", authorization)),
        Err(SignatureError::Duplicate("Credential"))
    );
}

#[test]
fn other_algorithms_are_refused_by_name() {
    let authorization = "AWS4-ECDSA-P256-SHA256 Credential=a/20150830/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=00";
    assert_eq!(
        text(claimed("", &with("authorization", authorization))),
        "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). "
    );
}

#[test]
fn dates_must_be_in_the_basic_format() {
    assert_eq!(
        text(claimed("", &with("x-amz-date", "Sun, 30 Aug 2015 12:36:00 GMT"))),
        "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got 'Sun, 30 Aug 2015 12:36:00 GMT'. See http://en.wikipedia.org/wiki/ISO_8601"
    );
}

#[test]
fn the_date_header_serves_where_there_is_no_other() {
    let mut headers = headers(&[("host", "localhost"), ("date", "20150830T123600Z")]);
    let authorization = "AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/lambda/aws4_request, SignedHeaders=date;host, Signature=00";
    headers.insert("authorization", HeaderValue::from_static(authorization));
    assert_eq!(claimed("", &headers).unwrap().unwrap().request_time, NOW);
}

#[test]
fn clocks_may_be_five_minutes_off() {
    let headers = signed(&[]);
    for seconds in [-300, 0, 300] {
        assert_eq!(verified_by(&LAMBDA, &headers, b"{}", at(seconds)), Ok(()), "{seconds}");
    }
    assert_eq!(
        text(verified_by(&LAMBDA, &headers, b"{}", at(301))),
        "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    assert_eq!(
        text(verified_by(&LAMBDA, &headers, b"{}", at(-301))),
        "InvalidSignatureException: Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    );
}

#[test]
fn a_presigned_request_is_good_for_as_long_as_it_says() {
    let url = presigned(None, 3600);
    for seconds in [-300, 0, 3600] {
        assert!(verified_url(&url, at(seconds)).is_ok(), "{seconds}");
    }
    assert!(matches!(verified_url(&url, at(-301)), Err(SignatureError::NotYetCurrent(_))));
    assert_eq!(
        text(verified_url(&url, at(3601))),
        "InvalidSignatureException: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T133601Z - 60 min.)"
    );
    assert!(verified_url(&presigned(None, 604_800), at(604_800)).is_ok());
    let longer = url.replace("X-Amz-Expires=3600", "X-Amz-Expires=604801");
    assert_eq!(verified_url(&longer, NOW).unwrap_err(), SignatureError::ExpiresTooLong);
    for bad in ["", "-1", "1e3", "+5", "%205"] {
        let query = url.replace("X-Amz-Expires=3600", &format!("X-Amz-Expires={bad}"));
        assert_eq!(verified_url(&query, NOW).unwrap_err(), SignatureError::ExpiresNotANumber, "{bad}");
    }
    let shorter = url.replace("X-Amz-Expires=3600", "X-Amz-Expires=60");
    assert_eq!(verified_url(&shorter, NOW).unwrap_err(), SignatureError::Mismatch);
}

#[test]
fn the_scope_must_be_the_receivers() {
    let elsewhere = Expected { region: "eu-west-1", service: "logs", ..LAMBDA };
    assert_eq!(
        text(verified_by(&elsewhere, &signed(&[]), b"{}", NOW)),
        "InvalidSignatureException: Credential should be scoped to a valid region, not 'us-east-1'. Credential should be scoped to correct service: 'logs'. "
    );
    let authorization = "AWS4-HMAC-SHA256 Credential=a/20150829/us-east-1/lambda/aws5, SignedHeaders=host;x-amz-date, Signature=00";
    assert_eq!(
        text(verified(&with("authorization", authorization))),
        "InvalidSignatureException: Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from '20150830T123600Z'."
    );
}

#[test]
fn a_credential_has_five_parts() {
    for credential in ["a/b/c/d", "a/b/c/d/e/f", "a"] {
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
        assert_eq!(
            text(claimed("", &with("authorization", &authorization))),
            format!(
                "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
            )
        );
    }
}

#[test]
fn host_and_every_amz_header_must_be_signed() {
    let authorization = "AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/lambda/aws4_request, SignedHeaders=x-amz-date, Signature=00";
    assert_eq!(
        text(claimed("", &with("authorization", authorization))),
        "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    );
    assert_eq!(
        text(verified(&with("x-amz-invocation-type", "Event"))),
        "InvalidSignatureException: 'x-amz-invocation-type' must be a 'SignedHeader' in the AWS Authorization."
    );
    assert_eq!(verified(&with("x-amzn-trace-id", "Root=1")), Ok(()), "the tracing header is never signed");
}

#[test]
fn the_announced_payload_must_be_the_real_one() {
    let unsigned = signed(&[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]);
    assert_eq!(verified(&unsigned), Err(SignatureError::UnsignedPayload));
    let lenient = Expected { payload: PayloadRule::MayBeUnsigned, ..LAMBDA };
    assert_eq!(verified_by(&lenient, &unsigned, b"anything", NOW), Ok(()));
    for streaming in ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        let headers = signed(&[("x-amz-content-sha256", streaming)]);
        assert_eq!(verified_by(&lenient, &headers, b"{}", NOW), Err(SignatureError::StreamingPayload));
    }
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let other = signed(&[("x-amz-content-sha256", of_nothing)]);
    assert_eq!(verified(&other), Err(SignatureError::PayloadMismatch));
    assert_eq!(verified_by(&LAMBDA, &other, b"", NOW), Ok(()));
}

#[test]
fn session_tokens_are_compared() {
    let token = SecretString::from("token+/=");
    let with_token = verified_url(&presigned(Some("token+/="), 60), NOW).unwrap();
    let without = verified_url(&presigned(None, 60), NOW).unwrap();
    assert_eq!(check_session_token(&with_token, Some(&token)), Ok(()));
    assert_eq!(check_session_token(&without, None), Ok(()));
    for (claim, expected) in
        [(&with_token, None), (&without, Some(&token)), (&with_token, Some(&"other".into()))]
    {
        assert_eq!(check_session_token(claim, expected), Err(SignatureError::InvalidToken));
    }
    let later = format!("{}&X-Amz-Security-Token=token%2B%2F%3D", presigned(None, 60));
    let claim = verified_url(&later, NOW).expect("a token that was added after signing");
    assert_eq!(check_session_token(&claim, Some(&token)), Ok(()));
}

#[test]
fn bombs_and_odd_bytes_are_refused() {
    let long = "a".repeat(9000);
    let authorization = format!("AWS4-HMAC-SHA256 Credential={long}");
    assert_eq!(
        claimed("", &with("authorization", &authorization)),
        Err(SignatureError::TooLarge("The Authorization header"))
    );
    let names = "a;".repeat(200) + "host";
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/lambda/aws4_request, SignedHeaders={names}, Signature=00"
    );
    assert_eq!(
        claimed("", &with("authorization", &authorization)),
        Err(SignatureError::TooLarge("The list of signed headers"))
    );
    let mut headers = signed(&[]);
    headers.insert("x-amz-security-token", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    assert_eq!(claimed("", &headers), Err(SignatureError::NotAscii));
    assert_eq!(claimed("a=%f", &HeaderMap::new()), Err(SignatureError::MalformedQuery));
}
