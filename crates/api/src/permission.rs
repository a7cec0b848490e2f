//! The stage that asks for permission, and the one after it that looks at the input's constraints.

use crate::messages;
use crate::pipeline::Verified;
use crate::rows::{Check, Row};
use crate::verify;
use auth::policy::{Context, Question};
use auth::{Denied, Permit};
use types::ServiceError;
use wire::{Operation, Value};

/// Asks for every action of a row.
pub(crate) fn permit(verified: &Verified, row: &Row, checks: &[Check]) -> Result<Permit, ServiceError> {
    let identity = &verified.caller.known.credential.identity;
    if let (true, Some(check)) = (row.open_to_callers, checks.first()) {
        let permit = auth::permit_authenticated(identity, check.action);
        return permit.map_err(|error| denied(verified, &error));
    }
    let context = Context::default();
    let questions: Vec<Question<'_>> = checks
        .iter()
        .map(|check| Question { action: check.action, resource: &check.resource, context: &context })
        .collect();
    auth::permit(identity, &questions).map_err(|error| denied(verified, &error))
}

/// Asks for one action on one resource.
pub(crate) fn permit_one(
    verified: &Verified,
    action: &'static str,
    resource: &str,
) -> Result<Permit, ServiceError> {
    let identity = &verified.caller.known.credential.identity;
    let question = Question { action, resource, context: &Context::default() };
    auth::permit(identity, &[question]).map_err(|error| denied(verified, &error))
}

fn denied(verified: &Verified, denied: &Denied) -> ServiceError {
    ServiceError::caller(denied.code(verify::family(verified.service)), 403, denied.to_string())
}

/// Constraints of the model, in the service's words.
pub(crate) fn validate(operation: &'static Operation, input: &Value) -> Result<(), ServiceError> {
    let code = operation.service.validation_code;
    wire::validate(operation, input).map_err(|violations| messages::invalid(code, &violations))
}
