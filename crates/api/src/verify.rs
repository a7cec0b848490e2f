//! The stage that finds out who calls. Cheap checks come first: time and scope before the access key is looked up, the
//! key before a body is read, the signature last.

use crate::call::Call;
use crate::identities::{Found, Identities, Known};
use crate::messages;
use auth::Family;
use auth::sigv4::{self, Claim, Expected, PayloadRule, SignatureError, SignedRequest};
use std::sync::Arc;
use types::{AccountId, Region, ServiceError, Timestamp};
use wire::{Protocol, Service};

/// A caller whose access key exists; its signature is still to be checked against the body.
pub(crate) struct Claimant {
    pub(crate) claim: Claim,
    pub(crate) found: Found,
    /// The account that the access key belongs to.
    pub(crate) account: AccountId,
}

/// A caller whose signature is right.
pub(crate) struct Caller {
    pub(crate) known: Arc<Known>,
    pub(crate) access_key_id: String,
    /// The account that the caller belongs to.
    pub(crate) account: AccountId,
}

/// What the request says about its caller, unchecked.
pub(crate) fn claim(call: &Call) -> Result<Option<Claim>, SignatureError> {
    sigv4::claim(&signed(call))
}

/// Time and scope, before anything is looked up.
pub(crate) fn check(
    claim: Result<Option<Claim>, SignatureError>,
    call: &Call,
    service: &'static Service,
    region: &Region,
) -> Result<Claim, ServiceError> {
    let checked = claim.and_then(|claim| {
        let claim = claim.ok_or(SignatureError::MissingToken)?;
        claim.check(&expected(service, &claim, region), call.now)?;
        Ok(claim)
    });
    checked.map_err(|error| refused(service, &error))
}

/// Looks the access key up, before any large body is read.
pub(crate) async fn known(
    claim: Claim,
    service: &'static Service,
    identities: &Identities,
) -> Result<Claimant, ServiceError> {
    let found = find(&claim, service, identities).await?;
    let account = found.known.credential.identity.principal.account();
    let account = account.ok_or_else(|| messages::internal(Some(service), "an access key of nobody"))?;
    Ok(Claimant { claim, found, account })
}

async fn find(
    claim: &Claim,
    service: &'static Service,
    identities: &Identities,
) -> Result<Found, ServiceError> {
    let found = identities.find(&claim.access_key_id).await;
    let found = found.map_err(|error| messages::internal(Some(service), error))?;
    found.ok_or_else(|| refused(service, &SignatureError::UnknownAccessKey))
}

impl Claimant {
    /// Looks the key up again if something about identities changed since: a body can take its time.
    pub(crate) async fn renew(
        &mut self,
        service: &'static Service,
        identities: &Identities,
    ) -> Result<(), ServiceError> {
        if !identities.is_current(&self.found) {
            self.found = find(&self.claim, service, identities).await?;
        }
        Ok(())
    }

    /// Checks the signature over the whole request.
    pub(crate) fn verify(
        &self,
        call: &Call,
        body: &[u8],
        service: &'static Service,
        region: &Region,
    ) -> Result<(), ServiceError> {
        let (claim, known) = (&self.claim, &self.found.known);
        let expected = expected(service, claim, region);
        let key = known.signing_key(&claim.scope.date, expected.region, service.signing_name);
        let verified = sigv4::verify(claim, &signed(call), &sigv4::hash(body), &key, &expected, call.now);
        let verified = verified.and_then(|_| known.check_session(claim, call.now));
        verified.map_err(|error| refused(service, &error))
    }

    /// After [`Claimant::verify`].
    pub(crate) fn into_caller(self) -> Caller {
        Caller { known: self.found.known, access_key_id: self.claim.access_key_id, account: self.account }
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

/// What a signature for this service must be made for. Services without regions are signed for us-east-1; the token
/// service has a global endpoint there beside the regional ones.
fn expected<'a>(service: &'static Service, claim: &Claim, region: &'a Region) -> Expected<'a> {
    let region = match (service.name, claim.scope.region.as_str()) {
        ("iam", _) | ("sts", "us-east-1") => "us-east-1",
        _ => region.as_str(),
    };
    Expected { region, service: service.signing_name, payload: PayloadRule::MustBeSigned }
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
        Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => Family::Json,
    }
}
