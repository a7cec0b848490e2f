//! The stage that finds out who calls.

use crate::call::Call;
use crate::identities::{Identities, Known};
use auth::Family;
use auth::sigv4::{self, Claim, Expected, PayloadRule, SignatureError, SignedRequest};
use std::sync::Arc;
use types::{Region, ServiceError, Timestamp};
use wire::{Protocol, Service};

/// A caller whose access key exists; its signature is still to be checked against the body.
pub(crate) struct Claimant {
    claim: Claim,
    known: Arc<Known>,
}

/// A caller whose signature is right.
pub(crate) struct Caller {
    pub(crate) known: Arc<Known>,
    pub(crate) access_key_id: String,
}

/// What the request says about its caller, unchecked.
pub(crate) fn claim(call: &Call) -> Result<Option<Claim>, SignatureError> {
    sigv4::claim(&signed(call))
}

/// Looks the access key up, before any large body is read.
pub(crate) async fn known(
    claim: Option<Claim>,
    service: &Service,
    identities: &Identities,
) -> Result<Claimant, ServiceError> {
    let refuse = |error: SignatureError| refused(service, &error);
    let claim = claim.ok_or(SignatureError::MissingToken).map_err(refuse)?;
    let found = identities.find(&claim.access_key_id).await;
    let known = found.map_err(|error| crate::messages::internal(Some(service), error))?;
    let known =
        known.filter(|k| k.credential.active).ok_or(SignatureError::UnknownAccessKey).map_err(refuse)?;
    Ok(Claimant { claim, known })
}

impl Claimant {
    /// Checks the signature over the whole request.
    pub(crate) fn verify(
        self,
        call: &Call,
        body: &[u8],
        service: &Service,
        region: &Region,
    ) -> Result<Caller, ServiceError> {
        let Self { claim, known } = self;
        let scope = &claim.scope;
        let key = known.signing_key(&scope.date, &scope.region, &scope.service);
        let region = expected_region(service, &scope.region, region);
        let expected = Expected { region, service: service.signing_name, payload: PayloadRule::MustBeSigned };
        let verified = sigv4::verify(&claim, &signed(call), &sigv4::hash(body), &key, &expected, call.now);
        verified
            .and_then(|_| known.check_session(&claim, call.now))
            .map_err(|error| refused(service, &error))?;
        Ok(Caller { known, access_key_id: claim.access_key_id })
    }
}

impl Known {
    fn check_session(&self, claim: &Claim, now: Timestamp) -> Result<(), SignatureError> {
        sigv4::check_session_token(claim, self.credential.session_token.as_ref())?;
        match self.credential.expires {
            Some(expires) if expires <= now => Err(SignatureError::ExpiredToken),
            _ => Ok(()),
        }
    }
}

/// Services without regions are signed for us-east-1; the token service has a global endpoint there beside the regional
/// ones.
fn expected_region<'a>(service: &Service, claimed: &'a str, region: &'a Region) -> &'a str {
    match (service.name, claimed) {
        ("iam", _) | ("sts", "us-east-1") => "us-east-1",
        _ => region.as_str(),
    }
}

fn signed(call: &Call) -> SignedRequest<'_> {
    SignedRequest {
        method: call.parts.method.as_str(),
        path: call.path(),
        query: call.query(),
        headers: &call.parts.headers,
    }
}

/// A refusal in the words of the service's family.
pub(crate) fn refused(service: &Service, error: &SignatureError) -> ServiceError {
    let family = family(service);
    ServiceError::caller(error.code(family), error.status(family), error.message(family))
}

/// The vocabulary of a service's errors.
pub(crate) fn family(service: &Service) -> Family {
    match service.protocol {
        Protocol::AwsQuery => Family::Query,
        Protocol::RestJson1 | Protocol::AwsJson1_1 => Family::Json,
    }
}
