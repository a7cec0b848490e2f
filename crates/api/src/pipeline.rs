//! The stages that every request passes, in their order.

use crate::audit::{AuditEntry, AuditTrail, OpenEntry};
use crate::body::{self, Budget, Unread, Whole};
use crate::call::Call;
use crate::download::Downloads;
use crate::encode::{self, Answer};
use crate::handlers::Handlers;
use crate::identities::Identities;
use crate::invoke::Invoke;
use crate::request::{Context, Request};
use crate::rows::{self, Access, Check, Row, Subject};
use crate::verify::{self, Caller};
use crate::{invoke, messages};
use auth::Denied;
use auth::policy::Question;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use std::net::SocketAddr;
use std::sync::Arc;
use telemetry::audit::{Outcome, Record};
use types::{AccountId, Clock, Random, Region, RequestId, ServiceError};
use wire::{Operation, Protocol, Routed, Service, Value};

/// What a pipeline is made of.
pub struct PipelineParts {
    /// One handler per built operation.
    pub handlers: Handlers,
    /// The data plane.
    pub invoke: Arc<dyn Invoke>,
    /// Links to code packages.
    pub downloads: Arc<Downloads>,
    /// Access keys.
    pub identities: Arc<Identities>,
    /// Where audit records go.
    pub audit: AuditTrail,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The region that this installation serves.
    pub region: Region,
    /// What the bodies of all requests together may hold in memory, in bytes.
    pub body_budget_bytes: usize,
}

/// The one way into the service.
pub struct Pipeline {
    pub(crate) parts: PipelineParts,
    budget: Budget,
}

/// A service and operation, found before anything was checked.
struct Target {
    service: &'static Service,
    routed: Routed,
}

/// A verified call to a known operation.
pub(crate) struct Verified {
    pub(crate) service: &'static Service,
    pub(crate) routed: Routed,
    pub(crate) caller: Caller,
    /// The account that the caller belongs to.
    pub(crate) account: AccountId,
    pub(crate) body: Whole,
}

impl Pipeline {
    /// A pipeline of these parts.
    pub fn new(parts: PipelineParts) -> Self {
        let budget = Budget::new(parts.body_budget_bytes);
        Self { parts, budget }
    }

    /// Answers one request. When the client goes away this future is dropped at its current await; see
    /// [`crate::Handle`] for what that means to a mutation.
    pub async fn answer(&self, parts: Parts, body: Incoming, peer: SocketAddr) -> Answer {
        let id = RequestId::generate(&*self.parts.random);
        let call = Call { parts, peer, id, now: self.parts.clock.now() };
        if Downloads::owns(&call) {
            return self.parts.downloads.serve(&call).await;
        }
        let claim = verify::claim(&call);
        let service = match service_of(&call, claim.as_ref().ok().and_then(Option::as_ref)) {
            Ok(service) => service,
            Err(error) => return encode::error(None, &error, id),
        };
        match self.verified(&call, claim, service, body).await {
            Ok(verified) if is_invoke(verified.routed.operation) => {
                invoke::answer(self, &call, verified).await
            }
            Ok(verified) => self.controlled(&call, verified).await,
            Err(error) => encode::error(Some(service), &error, id),
        }
    }

    /// route → verify
    async fn verified(
        &self,
        call: &Call,
        claim: Result<Option<auth::sigv4::Claim>, auth::sigv4::SignatureError>,
        service: &'static Service,
        body: Incoming,
    ) -> Result<Verified, ServiceError> {
        let claim = claim.map_err(|error| verify::refused(service, &error))?;
        let early = match service.protocol {
            Protocol::AwsQuery => None,
            _ => Some(route(call, service, &Bytes::new())),
        };
        let claimant = verify::known(claim, service, &self.parts.identities).await?;
        let operation = early.as_ref().and_then(|r| r.as_ref().ok()).map(|t| t.routed.operation);
        let limit = messages::body_limit(operation);
        let body = body::read(body, limit, &self.budget).await.map_err(|error| match error {
            Unread::TooLarge => messages::too_large(operation),
            Unread::Broken => messages::broken_body(),
        })?;
        let caller = claimant.verify(call, &body.bytes, service, &self.parts.region)?;
        let target = early.unwrap_or_else(|| route(call, service, &body.bytes))?;
        let account = caller.known.credential.identity.principal.account();
        let account = account.ok_or_else(|| messages::internal(Some(service), "an access key of nobody"))?;
        Ok(Verified { service: target.service, routed: target.routed, caller, account, body })
    }

    /// parse → audit-open → permit → validate → call → encode → audit-close
    async fn controlled(&self, call: &Call, verified: Verified) -> Answer {
        let service = verified.service;
        let operation = verified.routed.operation;
        let incoming = incoming(call, &verified.body.bytes);
        let parsed = wire::read_input(&verified.routed, &incoming);
        let (entry, open) = self.open_entry(call, &verified, parsed.as_ref().ok());
        let outcome = match parsed {
            Ok(input) => self.call(call, &verified, input, entry).await,
            Err(error) => Err(messages::unreadable(service, &error)),
        };
        match outcome {
            Ok(output) => {
                open.succeeded(&self.parts.audit).await;
                encode::answer(wire::write_output(operation, output, &call.id.to_string()))
            }
            Err(error) => {
                open.failed(error.code, &error.message, &self.parts.audit).await;
                encode::error(Some(service), &error, call.id)
            }
        }
    }

    /// permit → validate → call
    async fn call(
        &self,
        call: &Call,
        verified: &Verified,
        input: Value,
        audit: AuditEntry,
    ) -> Result<Value, ServiceError> {
        let operation = verified.routed.operation;
        let (Some(row), Some(handler)) = (rows::row(operation), self.parts.handlers.get(operation)) else {
            return Err(messages::not_implemented(operation));
        };
        let permit = self.permit(verified, row, &input)?;
        validate(verified.service, operation, &input)?;
        handler(Request { input, permit, context: self.context(call, verified), audit }).await
    }

    /// Asks for every action of the row.
    pub(crate) fn permit(
        &self,
        verified: &Verified,
        row: &Row,
        input: &Value,
    ) -> Result<auth::Permit, ServiceError> {
        let checks = (row.checks)(&self.subject(verified, input));
        match checks.first() {
            Some(check) if row.open_to_callers => {
                let identity = &verified.caller.known.credential.identity;
                auth::permit_authenticated(identity, check.action).map_err(|d| denied(verified, &d))
            }
            _ => permit(verified, &checks),
        }
    }

    fn subject<'a>(&'a self, verified: &Verified, input: &'a Value) -> Subject<'a> {
        Subject { input, account: verified.account, region: &self.parts.region }
    }

    fn context(&self, call: &Call, verified: &Verified) -> Context {
        Context {
            account: verified.account,
            region: self.parts.region.clone(),
            request_id: call.id,
            now: call.now,
            endpoint: call.endpoint(),
        }
    }

    /// Opens the audit record, before anything is permitted.
    pub(crate) fn open_entry(
        &self,
        call: &Call,
        verified: &Verified,
        input: Option<&Value>,
    ) -> (AuditEntry, OpenEntry) {
        let operation = verified.routed.operation;
        let row = rows::row(operation);
        let checks = match (row, input) {
            (Some(row), Some(input)) => (row.checks)(&self.subject(verified, input)),
            _ => Vec::new(),
        };
        let principal = &verified.caller.known.credential.identity.principal;
        AuditEntry::open(Record {
            event_id: uuid(&*self.parts.random),
            event_time: call.now,
            event_source: format!("{}.amazonaws.com", verified.service.endpoint_prefix),
            event_name: operation.name.to_owned(),
            principal: principal.arn(),
            account: verified.account.to_string(),
            access_key_id: verified.caller.access_key_id.clone(),
            source_ip: call.peer.ip().to_string(),
            user_agent: cut(call.header("user-agent").unwrap_or_default(), 512),
            request_id: call.id.to_string(),
            read_only: row.is_some_and(|row| row.access == Access::Read),
            request_parameters: input.map_or(serde_json::Value::Null, |input| wire::masked(operation, input)),
            resources: checks.into_iter().map(|check| check.resource).filter(|r| r != "*").collect(),
            outcome: Outcome::Succeeded,
        })
    }
}

pub(crate) fn permit(verified: &Verified, checks: &[Check]) -> Result<auth::Permit, ServiceError> {
    let context = auth::policy::Context::default();
    let questions: Vec<Question<'_>> = checks
        .iter()
        .map(|check| Question { action: check.action, resource: &check.resource, context: &context })
        .collect();
    auth::permit(&verified.caller.known.credential.identity, &questions).map_err(|d| denied(verified, &d))
}

fn denied(verified: &Verified, denied: &Denied) -> ServiceError {
    ServiceError::caller(denied.code(verify::family(verified.service)), 403, denied.to_string())
}

/// Constraints of the model, in the service's words.
pub(crate) fn validate(
    service: &'static Service,
    operation: &'static Operation,
    input: &Value,
) -> Result<(), ServiceError> {
    wire::validate(operation, input)
        .map_err(|violations| ServiceError::caller(service.validation_code, 400, violations.to_string()))
}

pub(crate) fn is_invoke(operation: &Operation) -> bool {
    operation.service.name == "lambda" && operation.name == "Invoke"
}

pub(crate) fn incoming<'a>(call: &'a Call, body: &'a Bytes) -> wire::Incoming<'a> {
    wire::Incoming {
        method: &call.parts.method,
        path: call.path(),
        query: call.query(),
        headers: &call.parts.headers,
        body,
    }
}

/// The service that the signature names, or that an unsigned request looks like.
fn service_of(call: &Call, claim: Option<&auth::sigv4::Claim>) -> Result<&'static Service, ServiceError> {
    match claim {
        Some(claim) => wire::service_by_signing_name(&claim.scope.service)
            .ok_or_else(|| messages::no_such_service(&claim.scope.service)),
        None => wire::guess_service(&incoming(call, &Bytes::new()))
            .ok_or_else(|| messages::unknown_operation(None, None)),
    }
}

fn route(call: &Call, service: &'static Service, body: &Bytes) -> Result<Target, ServiceError> {
    let routed = service
        .route(&incoming(call, body))
        .map_err(|error| messages::unknown_operation(Some(service), Some(&error)))?;
    Ok(Target { service, routed })
}

fn uuid(random: &dyn Random) -> String {
    RequestId::generate(random).to_string()
}

/// The text, at most `bytes` long, cut between characters.
fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}
