//! The stage that asks for permission, and the one after it that looks at the input's constraints.

use crate::call::Call;
use crate::messages;
use crate::pipeline::{Pipeline, Verified};
use crate::rows::{Row, Wanted};
use crate::verify;
use auth::policy::{Context, Question, ResourcePolicy};
use auth::{Asked, Denied, Permit};
use std::sync::Arc;
use types::{Arn, ServiceError};
use wire::{Operation, Value};

/// Asks for every action of a row.
pub(crate) async fn permit(
    pipeline: &Pipeline,
    call: &Call,
    verified: &Verified,
    row: &Row,
    wanted: &Wanted,
) -> Result<Permit, ServiceError> {
    let identity = &verified.caller.known.credential.identity;
    if let (true, Some(check)) = (row.open_to_callers, wanted.checks.first()) {
        let permit = auth::permit_authenticated(identity, check.action);
        return permit.map_err(|error| denied(verified, &error));
    }
    let mut policies = Vec::with_capacity(wanted.checks.len());
    for check in &wanted.checks {
        policies.push(match row.within_account && is_foreign(verified, &check.resource) {
            true => None,
            false => policy(pipeline, verified, &check.resource).await?,
        });
    }
    let context = context(pipeline, call, verified, policies.iter().flatten(), &wanted.keys);
    let asked: Vec<Asked<'_>> = wanted
        .checks
        .iter()
        .zip(&policies)
        .map(|(check, policy)| Asked {
            question: Question { action: check.action, resource: &check.resource, context: &context },
            policy: policy.as_deref(),
        })
        .collect();
    auth::permit(identity, &asked).map_err(|error| denied(verified, &error))
}

/// Asks for one action on one resource.
pub(crate) async fn permit_one(
    pipeline: &Pipeline,
    call: &Call,
    verified: &Verified,
    action: &'static str,
    resource: &str,
) -> Result<Permit, ServiceError> {
    let policy = policy(pipeline, verified, resource).await?;
    let context = context(pipeline, call, verified, policy.iter(), &[]);
    let question = Question { action, resource, context: &context };
    let asked = Asked { question, policy: policy.as_deref() };
    let identity = &verified.caller.known.credential.identity;
    auth::permit(identity, &[asked]).map_err(|error| denied(verified, &error))
}

/// Whether the resource belongs to another account than the caller does.
fn is_foreign(verified: &Verified, resource: &str) -> bool {
    let own = verified.caller.account;
    resource.parse::<Arn>().is_ok_and(|arn| !arn.account.is_empty() && arn.account != own.as_str())
}

async fn policy(
    pipeline: &Pipeline,
    verified: &Verified,
    resource: &str,
) -> Result<Option<Arc<ResourcePolicy>>, ServiceError> {
    let found = pipeline.parts.policies.find(resource).await;
    found.map_err(|error| messages::internal(Some(verified.service), error))
}

/// What conditions look at. It is made only where a policy has conditions: nobody else would look.
///
/// Source: "AWS global condition context keys". Whether a proxy in front of us spoke TLS is not known, so that
/// `aws:SecureTransport` is what came in here.
fn context<'p>(
    pipeline: &Pipeline,
    call: &Call,
    verified: &Verified,
    mut policies: impl Iterator<Item = &'p Arc<ResourcePolicy>>,
    keys: &[(&'static str, String)],
) -> Context {
    let identity = &verified.caller.known.credential.identity;
    if !identity.has_conditions() && !policies.any(|policy| policy.has_conditions()) {
        return Context::default();
    }
    let now = call.now.seconds().to_string();
    let context = Context::of(&identity.principal)
        .with("aws:SecureTransport", "false")
        .with("aws:ViaAWSService", "false")
        .with("aws:RequestedRegion", pipeline.parts.region.as_str())
        .with("aws:CurrentTime", now.as_str())
        .with("aws:EpochTime", now);
    let context = match call.peer.ip() {
        Some(address) => context.with("aws:SourceIp", address.to_string()),
        None => context,
    };
    let header = |context: Context, key: &str, name: &str| match call.header(name) {
        Some(text) => context.with(key, text),
        None => context,
    };
    let context = header(header(context, "aws:UserAgent", "user-agent"), "aws:Referer", "referer");
    keys.iter().fold(context, |context, (key, value)| context.with(key, value.as_str()))
}

fn denied(verified: &Verified, denied: &Denied) -> ServiceError {
    ServiceError::caller(denied.code(verify::family(verified.service)), 403, denied.to_string())
}

/// Constraints of the model, in the service's words.
pub(crate) fn validate(operation: &'static Operation, input: &Value) -> Result<(), ServiceError> {
    let code = operation.service.validation_code;
    wire::validate(operation, input).map_err(|violations| messages::invalid(code, &violations))
}
