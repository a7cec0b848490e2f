//! Signatures: any request is claimed and verified without a panic, and nothing that is not signed verifies.

use auth::sigv4::{self, Expected, PayloadRule, SignedRequest, SigningKey};
use secrecy::SecretString;
use types::Timestamp;

use crate::requests::Request;

/// 2026-11-24T12:00:00Z, the time of the corpus.
const NOW: Timestamp = Timestamp(1_795_521_600_000);

/// A request as `values` reads it. Its signature, if it has one, can't be of a key that nobody signs with.
///
/// # Panics
/// Where it verifies all the same.
pub fn signature(input: &[u8]) {
    let Some(request) = Request::read(input) else { return };
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let signed = SignedRequest { method: request.method.as_str(), path, query, headers: &request.headers };
    let Ok(Some(claim)) = sigv4::claim(&signed) else { return };
    let secret = SecretString::from("a secret that no input of the corpus was signed with");
    let key = SigningKey::derive(&secret, &claim.scope.date, &claim.scope.region, &claim.scope.service);
    let hash = sigv4::hash(&request.body);
    for payload in [PayloadRule::MustBeSigned, PayloadRule::MayBeUnsigned] {
        // As the request wants it, so that the canonical request is reached.
        let expected = Expected { region: &claim.scope.region, service: &claim.scope.service, payload };
        let verified = sigv4::verify(&claim, &signed, &hash, &key, &expected, NOW);
        assert!(verified.is_err(), "a request verified that was not signed: {verified:?}");
    }
}
