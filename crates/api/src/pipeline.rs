//! The stages that every request passes, in their order.

use crate::audit::{self, AuditEntry, AuditTrail, OpenEntry, Origin};
use crate::body::{self, Sender, Unread, Whole};
use crate::budget::Budget;
use crate::call::Call;
use crate::caught::caught;
use crate::download::Downloads;
use crate::encode::{self, Answer};
use crate::handlers::Handlers;
use crate::identities::Identities;
use crate::invocation::Invoke;
use crate::peer::Peer;
use crate::refusals::PerMinute;
use crate::request::{Context, Request};
use crate::resource_policies::ResourcePolicies;
use crate::rows::{self, Access, Check, Subject, Wanted};
use crate::verify::{self, Caller, Claimant};
use crate::{invoke, messages, permission, target};
use auth::sigv4::{Claim, SignatureError};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use std::sync::Arc;
use types::{Clock, Random, Region, RequestId, ServiceError};
use wire::{Operation, ReadError, Routed, Service, Value};

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
    /// Policies of functions and layer versions.
    pub policies: Arc<ResourcePolicies>,
    /// Where audit records go.
    pub audit: AuditTrail,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The region that this installation serves.
    pub region: Region,
    /// What the bodies of all requests and the packages of all downloads may hold in memory together, in bytes. The
    /// largest request fits, even where this is less.
    pub body_budget_bytes: usize,
}

/// The one way into the service.
pub struct Pipeline {
    pub(crate) parts: PipelineParts,
    budget: Budget,
    strangers: PerMinute,
}

/// A verified call to a known operation.
pub(crate) struct Verified {
    pub(crate) service: &'static Service,
    pub(crate) routed: Routed,
    pub(crate) caller: Caller,
    pub(crate) body: Whole,
}

impl Pipeline {
    /// A pipeline of these parts.
    pub fn new(parts: PipelineParts) -> Self {
        let budget = Budget::new(parts.body_budget_bytes);
        Self { parts, budget, strangers: PerMinute::default() }
    }

    /// Answers one request. When the client goes away this future is dropped at its current await; see
    /// [`crate::Handle`] for what that means to a mutation.
    pub async fn answer(&self, parts: Parts, body: Incoming, peer: Peer) -> Answer {
        let id = RequestId::generate(&*self.parts.random);
        let call = Call { parts, peer, id, now: self.parts.clock.now() };
        match caught(self.staged(&call, body)).await {
            Ok(answer) => answer,
            Err(panicked) => encode::error(None, &messages::internal(None, panicked), id),
        }
    }

    async fn staged(&self, call: &Call, body: Incoming) -> Answer {
        if Downloads::owns(call) {
            return self.parts.downloads.serve(call, &self.budget).await;
        }
        let claim = verify::claim(call);
        let service = match target::service_of(call, claim.as_ref().ok().and_then(Option::as_ref)) {
            Ok(service) => service,
            Err(error) => return self.stranger(call, body, target::form_of(call), &error),
        };
        let claimant = match self.claimant(call, claim, service).await {
            Ok(claimant) => claimant,
            Err(error) => return self.stranger(call, body, Some(service), &error),
        };
        match self.verified(call, claimant, service, body).await {
            Ok(verified) if target::is_invoke(verified.routed.operation) => {
                invoke::answer(self, call, verified).await
            }
            Ok(verified) => self.controlled(call, verified).await,
            Err(error) => encode::error(Some(service), &error, call.id),
        }
    }

    /// Turns away whoever names no known access key: counted, not recorded.
    fn stranger(
        &self,
        call: &Call,
        body: Incoming,
        service: Option<&'static Service>,
        error: &ServiceError,
    ) -> Answer {
        self.strangers.anonymous(call.now);
        body::discard(body, &call.parts.headers, Sender::Stranger);
        encode::error(service, error, call.id)
    }

    async fn claimant(
        &self,
        call: &Call,
        claim: Result<Option<Claim>, SignatureError>,
        service: &'static Service,
    ) -> Result<Claimant, ServiceError> {
        let claim = verify::check(claim, call, service, &self.parts.region)?;
        verify::known(claim, service, &self.parts.identities).await
    }

    /// route → verify, for a known access key: from here on every call leaves a record.
    async fn verified(
        &self,
        call: &Call,
        mut claimant: Claimant,
        service: &'static Service,
        body: Incoming,
    ) -> Result<Verified, ServiceError> {
        let early = target::before_body(call, service);
        let operation = early.as_ref().and_then(|r| r.as_ref().ok()).map(|routed| routed.operation);
        let proved = match self.proved(call, &mut claimant, service, operation, body).await {
            Ok(body) => early
                .unwrap_or_else(|| target::route(call, service, &body.bytes))
                .map(|routed| (routed, body)),
            Err(error) => Err(error),
        };
        match proved {
            Ok((routed, body)) => Ok(Verified { service, routed, caller: claimant.into_caller(), body }),
            Err(error) => {
                self.record_refusal(call, &claimant, service, operation, &error).await;
                Err(error)
            }
        }
    }

    /// The body, once the signature over it is proved.
    async fn proved(
        &self,
        call: &Call,
        claimant: &mut Claimant,
        service: &'static Service,
        operation: Option<&'static Operation>,
        body: Incoming,
    ) -> Result<Whole, ServiceError> {
        let limit = messages::body_limit(operation);
        let body = body::read(body, &call.parts.headers, limit, &self.budget.of(claimant.account)).await;
        let body = body.map_err(|error| match error {
            Unread::TooLarge => messages::too_large(operation),
            Unread::Broken => messages::broken_body(),
            Unread::Busy => messages::busy(service),
        })?;
        claimant.renew(service, &self.parts.identities).await?;
        claimant.verify(call, &body.bytes, service, &self.parts.region)?;
        Ok(body)
    }

    /// The record of a call that failed before anything was known but an access key's id.
    async fn record_refusal(
        &self,
        call: &Call,
        claimant: &Claimant,
        service: &'static Service,
        operation: Option<&'static Operation>,
        error: &ServiceError,
    ) {
        if !claimant.found.known.refusals.may_record(call.now) {
            return;
        }
        let origin = Origin {
            principal: "anonymous".to_owned(),
            account: claimant.account.as_str(),
            access_key_id: &claimant.claim.access_key_id,
            service: service.endpoint_prefix,
            operation: operation.map_or("Unknown", |operation| operation.name),
        };
        let record = audit::origin(call, &*self.parts.random, origin);
        if let Some(place) = self.parts.audit.reserve().await {
            AuditEntry::open(record, place).1.failed(error.code, &error.message);
        }
    }

    /// parse → audit-open → permit → validate → call → encode → audit-close
    async fn controlled(&self, call: &Call, mut verified: Verified) -> Answer {
        let (service, operation) = (verified.service, verified.routed.operation);
        let body = std::mem::take(&mut verified.body.bytes);
        let parsed = wire::read_input(&verified.routed, &target::incoming(call, &body));
        drop(body);
        let wanted = self.wanted(&verified, parsed.as_ref().ok());
        if rows::row(operation).is_some_and(|row| row.is_data_event) {
            return self.data_event(call, &verified, parsed, &wanted).await;
        }
        let opened = self.open_entry(call, &verified, parsed.as_ref().ok(), &wanted.checks).await;
        let Ok((entry, open)) = opened else {
            return encode::error(Some(service), &messages::no_audit(service), call.id);
        };
        let outcome = match parsed {
            Ok(input) => self.call(call, &verified, input, &wanted, entry).await,
            Err(error) => Err(messages::unreadable(service, &error)),
        };
        match outcome {
            Ok(output) => {
                open.succeeded();
                encode::answer(wire::write_output(operation, output, &call.id.to_string()))
            }
            Err(error) => {
                open.failed(error.code, &error.message);
                encode::error(Some(service), &error, call.id)
            }
        }
    }

    /// The same for what is about data: a success leaves no record, so that no place for one is held while it runs, and
    /// neither does a client that goes away.
    async fn data_event(
        &self,
        call: &Call,
        verified: &Verified,
        parsed: Result<Value, ReadError>,
        wanted: &Wanted,
    ) -> Answer {
        let (service, operation) = (verified.service, verified.routed.operation);
        let shown = parsed.as_ref().ok().map(audit::resource_of_data);
        let outcome = match parsed {
            Ok(input) => self.call(call, verified, input, wanted, AuditEntry::of_data_event()).await,
            Err(error) => Err(messages::unreadable(service, &error)),
        };
        let error = match outcome {
            Ok(output) => {
                return encode::answer(wire::write_output(operation, output, &call.id.to_string()));
            }
            Err(error) => error,
        };
        match self.open_entry(call, verified, shown.as_ref(), &wanted.checks).await {
            Ok((_, open)) => open.failed(error.code, &error.message),
            Err(no_audit) => return encode::error(Some(service), &no_audit, call.id),
        }
        encode::error(Some(service), &error, call.id)
    }

    /// permit → validate → call
    async fn call(
        &self,
        call: &Call,
        verified: &Verified,
        input: Value,
        wanted: &Wanted,
        audit: AuditEntry,
    ) -> Result<Value, ServiceError> {
        let operation = verified.routed.operation;
        let (Some(row), Some(handler)) = (rows::row(operation), self.parts.handlers.get(operation)) else {
            return Err(messages::not_implemented(operation));
        };
        let permit = permission::permit(self, call, verified, row, wanted).await?;
        permission::validate(operation, &input)?;
        let mut context = self.context(call, verified);
        if let Some(more) = &wanted.more {
            let asked = permission::permit_one(self, call, verified, more.action, &more.resource);
            context.shows_more = asked.await.is_ok();
        }
        let request = Request { input, permit, context, audit };
        let handled = caught(async { handler(request).await }).await;
        handled.unwrap_or_else(|panicked| Err(messages::internal(Some(verified.service), panicked)))
    }

    fn wanted(&self, verified: &Verified, input: Option<&Value>) -> Wanted {
        let (Some(row), Some(input)) = (rows::row(verified.routed.operation), input) else {
            return Wanted::default();
        };
        let caller = &verified.caller;
        row.wanted(&Subject {
            input,
            caller: &caller.known.credential.identity.principal,
            account: caller.account,
            region: &self.parts.region,
        })
    }

    fn context(&self, call: &Call, verified: &Verified) -> Context {
        Context {
            account: verified.caller.account,
            region: self.parts.region.clone(),
            request_id: call.id,
            now: call.now,
            endpoint: call.endpoint(),
            shows_more: false,
        }
    }

    /// Opens the audit record, before anything is permitted.
    ///
    /// # Errors
    /// Nothing writes records any more: the call must not go on.
    pub(crate) async fn open_entry(
        &self,
        call: &Call,
        verified: &Verified,
        input: Option<&Value>,
        checks: &[Check],
    ) -> Result<(AuditEntry, OpenEntry), ServiceError> {
        let operation = verified.routed.operation;
        let place = self.parts.audit.reserve().await.ok_or_else(|| messages::no_audit(verified.service))?;
        let origin = Origin {
            principal: verified.caller.known.credential.identity.principal.arn(),
            account: verified.caller.account.as_str(),
            access_key_id: &verified.caller.access_key_id,
            service: verified.service.endpoint_prefix,
            operation: operation.name,
        };
        let mut record = audit::origin(call, &*self.parts.random, origin);
        record.read_only = rows::row(operation).is_some_and(|row| row.access == Access::Read);
        if let Some(input) = input {
            record.request_parameters = audit::bounded_parameters(wire::masked(operation, input));
        }
        let resources = checks.iter().map(|check| check.resource.as_str()).filter(|r| *r != "*");
        record.resources = resources.map(audit::bounded_resource).collect();
        Ok(AuditEntry::open(record, place))
    }
}
