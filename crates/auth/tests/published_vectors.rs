//! Every case of the two signing test suites that AWS publishes, and every single-character change of each.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

mod raw;

use auth::SecretString;
use auth::sigv4::{
    Expected, PayloadRule, Signer, SigningKey, canonical_request, check_session_token, claim, hash,
    sign_headers, string_to_sign, verify,
};
use http::HeaderValue;
use raw::Raw;
use std::fs;
use std::path::{Path, PathBuf};
use types::Timestamp;

const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z
const TIME: Timestamp = Timestamp(1_440_938_160_000);
const EXPECTED: Expected<'static> =
    Expected { region: "us-east-1", service: "service", payload: PayloadRule::MustBeSigned };

/// Every folder below a suite that holds cases, in order.
fn cases(suite: &str, marker: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, marker: &str, found: &mut Vec<PathBuf>) {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        if files.iter().any(|file| file.to_str().unwrap().ends_with(marker)) {
            found.push(folder.to_owned());
        }
        folders.iter().for_each(|folder| walk(folder, marker, found));
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(suite), marker, &mut found);
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).replace('\r', "")
}

/// `folder/name.ext`, where the folder has the case's name.
fn old(case: &Path, extension: &str) -> String {
    read(&case.join(format!("{}.{extension}", case.file_name().unwrap().to_str().unwrap())))
}

/// All that the platform asks of a signed request, key look-up and session token included.
fn is_accepted(request: &Raw, token: Option<&SecretString>) -> bool {
    let signed = request.as_signed();
    let Ok(Some(claim)) = claim(&signed) else { return false };
    let scope = &claim.scope;
    let key = SigningKey::derive(&SECRET.into(), &scope.date, &scope.region, &scope.service);
    claim.access_key_id == ACCESS_KEY_ID
        && verify(&claim, &signed, &hash(&request.body), &key, &EXPECTED, TIME).is_ok()
        && check_session_token(&claim, token).is_ok()
}

fn assert_canonical(name: &str, request: &Raw, canonical: &str, to_sign: &str) {
    let signed = request.as_signed();
    let claim = claim(&signed).unwrap().unwrap();
    let payload: String = hash(&request.body).iter().map(|byte| format!("{byte:02x}")).collect();
    let ours = canonical_request(&claim, &signed, &payload).unwrap();
    assert_eq!(String::from_utf8_lossy(&ours), canonical, "canonical request of {name}");
    assert_eq!(string_to_sign(claim.time(), &claim.scope, &ours), to_sign, "string to sign of {name}");
}

fn other(character: char) -> char {
    if character == 'x' { 'y' } else { 'x' }
}

/// The text with one character changed, for each character.
fn changes(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let change = |at: usize| {
        let mut changed = characters.clone();
        changed[at] = other(changed[at]);
        changed.into_iter().collect()
    };
    (0..characters.len()).map(change).collect()
}

/// Every request that differs from the given one in one character.
fn mutants(request: &Raw) -> Vec<(String, Raw)> {
    let mut mutants = Vec::new();
    // A character of a segment that `..` takes away again changes nothing.
    let paths = if request.path.contains("..") { Vec::new() } else { changes(&request.path) };
    for path in paths.into_iter().chain([format!("{}x", request.path)]) {
        mutants.push((format!("path {path}"), Raw { path, ..request.clone() }));
    }
    for query in changes(&request.query).into_iter().chain([format!("{}&x=1", request.query)]) {
        mutants.push((format!("query {query}"), Raw { query, ..request.clone() }));
    }
    for body in changes(std::str::from_utf8(&request.body).unwrap()).into_iter().chain(["x".to_owned()]) {
        mutants.push((format!("body {body}"), Raw { body: body.into_bytes(), ..request.clone() }));
    }
    for method in changes(&request.method) {
        mutants.push((format!("method {method}"), Raw { method, ..request.clone() }));
    }
    mutants.extend(header_mutants(request));
    mutants
}

fn header_mutants(request: &Raw) -> Vec<(String, Raw)> {
    let mut mutants = Vec::new();
    for name in request.headers.keys() {
        let values: Vec<HeaderValue> = request.headers.get_all(name).iter().cloned().collect();
        for (nth, value) in values.iter().enumerate() {
            for changed in changes(std::str::from_utf8(value.as_bytes()).unwrap()) {
                let mut mutant = request.clone();
                mutant.headers.remove(name);
                for (other, value) in values.iter().enumerate() {
                    let changed = HeaderValue::from_bytes(changed.as_bytes()).unwrap();
                    mutant.headers.append(name, if other == nth { changed } else { value.clone() });
                }
                mutants.push((format!("header {name}: {changed}"), mutant));
            }
        }
        let mut without = request.clone();
        without.headers.remove(name);
        mutants.push((format!("no header {name}"), without));
    }
    mutants
}

fn assert_every_change_is_refused(name: &str, request: &Raw, token: Option<&SecretString>) -> usize {
    let mutants = mutants(request);
    for (change, mutant) in &mutants {
        assert!(!is_accepted(mutant, token), "{name} was accepted with another {change}");
    }
    mutants.len()
}

fn header_token(request: &Raw) -> Option<SecretString> {
    request.headers.get("x-amz-security-token").map(|value| value.to_str().unwrap().into())
}

#[test]
fn the_first_suite_header_form() {
    let cases = cases("aws-sig-v4-test-suite", ".sreq");
    let mut changes = 0;
    for case in &cases {
        let name = case.display().to_string();
        let mut request = Raw::parse(&old(case, "sreq"));
        let token = header_token(&request);
        // This .sreq was published with another signature than its .authz, which all other files agree with.
        if case.ends_with("get-vanilla-with-session-token") {
            assert!(!is_accepted(&request, token.as_ref()), "{name}: the wrong signature was accepted");
            request.headers.insert("authorization", old(case, "authz").parse().unwrap());
        }
        assert_eq!(request.headers["authorization"].to_str().unwrap().trim(), old(case, "authz"), "{name}");
        assert_canonical(&name, &request, &old(case, "creq"), &old(case, "sts"));
        assert!(is_accepted(&request, token.as_ref()), "{name} was refused");
        changes += assert_every_change_is_refused(&name, &request, token.as_ref());
    }
    assert_eq!(cases.len(), 34, "cases of the suite");
    assert!(changes > 5000, "{changes} changes");
}

#[test]
fn our_own_signatures_are_those_of_the_first_suite() {
    let mut signed = 0;
    for case in cases("aws-sig-v4-test-suite", ".sreq") {
        let mut request = Raw::parse(&old(&case, "sreq"));
        request.headers.remove("authorization");
        let token = request.headers.remove("x-amz-security-token");
        // In this case the token is added after the request was signed.
        let is_added_later = case.ends_with("post-sts-header-after");
        let token = token.filter(|_| !is_added_later).map(|value| value.to_str().unwrap().into());
        let signer = Signer {
            access_key_id: ACCESS_KEY_ID,
            secret: &SECRET.into(),
            session_token: token.as_ref(),
            region: "us-east-1",
            service: "service",
        };
        let (body, mut headers) = (hash(&request.body), request.headers.clone());
        sign_headers(&signer, &request.method, &request.path, &request.query, &mut headers, &body, TIME)
            .unwrap();
        assert_eq!(headers["authorization"].to_str().unwrap(), old(&case, "authz"), "{}", case.display());
        signed += 1;
    }
    assert_eq!(signed, 34, "cases of the suite");
}

struct Modern {
    token: Option<SecretString>,
    is_normalised: bool,
}

fn context(case: &Path) -> Modern {
    let context: serde_json::Value = serde_json::from_str(&read(&case.join("context.json"))).unwrap();
    assert_eq!(context["credentials"]["access_key_id"], ACCESS_KEY_ID);
    assert_eq!(context["timestamp"], "2015-08-30T12:36:00Z");
    Modern {
        token: context["credentials"]["token"].as_str().map(Into::into),
        is_normalised: context["normalize"].as_bool().unwrap(),
    }
}

/// Cases signed without normalising the path (as only S3 does) must be refused when that makes a difference.
fn second_suite(form: &str) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    for case in cases("aws-signing-test-suite", "context.json") {
        let name = format!("{} ({form})", case.display());
        let Modern { token, is_normalised } = context(&case);
        let request = Raw::parse(&read(&case.join(format!("{form}-signed-request.txt"))));
        if !is_normalised && !case.ends_with("get-space-unnormalized") {
            assert!(!is_accepted(&request, token.as_ref()), "{name} was accepted");
            refused += 1;
            continue;
        }
        let canonical = read(&case.join(format!("{form}-canonical-request.txt")));
        if !case.ends_with("post-sts-header-after") || form == "header" {
            let to_sign = read(&case.join(format!("{form}-string-to-sign.txt")));
            assert_canonical(&name, &request, &canonical, &to_sign);
        }
        assert!(is_accepted(&request, token.as_ref()), "{name} was refused");
        assert_every_change_is_refused(&name, &request, token.as_ref());
        accepted += 1;
    }
    (accepted, refused)
}

#[test]
fn the_second_suite_header_form() {
    assert_eq!(second_suite("header"), (32, 6));
}

#[test]
fn the_second_suite_presigned_form() {
    assert_eq!(second_suite("query"), (32, 6));
}
