//! Every message of this service that a client can see, with its source. "Recorded" means: as the service was seen to
//! answer in public reports of its clients.

use super::grants::Kind;
use auth::policy::PolicyError;
use auth::{Denied, Family};
use types::ServiceError;

fn no_such_entity(message: String) -> ServiceError {
    ServiceError::caller("NoSuchEntity", 404, message)
}

fn conflict(message: &'static str) -> ServiceError {
    ServiceError::caller("DeleteConflict", 409, message)
}

fn exists(message: String) -> ServiceError {
    ServiceError::caller("EntityAlreadyExists", 409, message)
}

fn limit(message: String) -> ServiceError {
    ServiceError::caller("LimitExceeded", 409, message)
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> ServiceError {
    ServiceError::caller("ValidationError", 400, message)
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "user",
        Kind::Role => "role",
    }
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "User",
        Kind::Role => "Role",
    }
}

/// Source: recorded on GetRole and GetUser.
pub(super) fn not_found(kind: Kind, name: &str) -> ServiceError {
    no_such_entity(format!("The {} with name {name} cannot be found.", word(kind)))
}

/// Source: recorded on CreateRole and CreateUser.
pub(super) fn already_exists(kind: Kind, name: &str) -> ServiceError {
    exists(format!("{} with name {name} already exists.", title(kind)))
}

/// Source: recorded on GetRolePolicy and GetUserPolicy.
pub(super) fn inline_not_found(kind: Kind, policy: &str) -> ServiceError {
    no_such_entity(format!("The {} policy with name {policy} cannot be found.", word(kind)))
}

/// Source: recorded on DeleteAccessKey.
pub(super) fn access_key_not_found(id: &str) -> ServiceError {
    no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

/// Source: recorded on CreatePolicy.
pub(super) fn policy_exists(name: &str) -> ServiceError {
    exists(format!("A policy called {name} already exists. Duplicate names are not allowed."))
}

/// Source: recorded on GetPolicy and DetachRolePolicy.
pub(super) fn policy_not_found(arn: &str) -> ServiceError {
    no_such_entity(format!("Policy {arn} was not found."))
}

/// Source: recorded on AttachRolePolicy.
pub(super) fn not_attachable(arn: &str) -> ServiceError {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}

/// Source: recorded on GetPolicyVersion.
pub(super) fn version_not_found(arn: &str, version: &str) -> ServiceError {
    no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

/// Source: recorded on DeletePolicy with a policy of the platform.
pub(super) fn outside_account() -> ServiceError {
    ServiceError::caller("AccessDenied", 403, "Policy is outside your own account.")
}

/// Source: recorded on DeleteRole and DeleteUser.
pub(super) fn must_detach() -> ServiceError {
    conflict("Cannot delete entity, must detach all policies first.")
}

/// Source: recorded on DeleteRole and DeleteUser.
pub(super) fn must_delete_inline() -> ServiceError {
    conflict("Cannot delete entity, must delete policies first.")
}

/// Source: recorded on DeleteUser.
pub(super) fn must_delete_access_keys() -> ServiceError {
    conflict("Cannot delete entity, must delete access keys first.")
}

/// Source: recorded on DeletePolicy.
pub(super) fn policy_attached() -> ServiceError {
    conflict("Cannot delete a policy attached to entities.")
}

/// Source: recorded on PutRolePolicy and PutUserPolicy.
pub(super) fn inline_too_large(kind: Kind, holder: &str, characters: usize) -> ServiceError {
    limit(format!("Maximum policy size of {characters} bytes exceeded for {} {holder}", word(kind)))
}

/// Our own: white space isn't counted by the quota, and is bounded all the same.
pub(super) fn inline_too_much_space(bytes: usize) -> ServiceError {
    limit(format!(
        "Inline policies with their white space may have {bytes} bytes. Send them without white space."
    ))
}

/// Source: recorded on AttachRolePolicy.
pub(super) fn too_many_attached(kind: Kind, quota: usize) -> ServiceError {
    limit(format!("Cannot exceed quota for PoliciesPer{}: {quota}", title(kind)))
}

/// Source: recorded on CreateAccessKey.
pub(super) fn too_many_access_keys(quota: usize) -> ServiceError {
    limit(format!("Cannot exceed quota for AccessKeysPerUser: {quota}"))
}

/// Source: recorded on CreatePolicy.
pub(super) fn policy_too_large(quota: usize) -> ServiceError {
    limit(format!("Cannot exceed quota for PolicySize: {quota}"))
}

/// Source: recorded on CreateRole.
pub(super) fn trust_too_large(quota: usize) -> ServiceError {
    limit(format!("Cannot exceed quota for ACLSizePerRole: {quota}"))
}

/// Source: recorded on CreateRole, CreateUser and CreatePolicy: the quota's name is `RolesPerAccount` and its like.
pub(super) fn account_quota(name: &'static str, quota: u32) -> ServiceError {
    limit(format!("Cannot exceed quota for {name}: {quota}"))
}

/// Source: the messages of MalformedPolicyDocument stand with the parser.
pub(super) fn malformed(error: &PolicyError) -> ServiceError {
    ServiceError::caller(error.code(), 400, error.to_string())
}

/// Source: recorded on calls that leave UserName out and are signed for a role.
pub(super) fn user_name_needed() -> ServiceError {
    invalid("Must specify userName when calling with non-User credentials")
}

/// Our own: the owner's access key is the operator's.
pub(super) fn root_keys_are_configured() -> ServiceError {
    invalid(
        "The access key of an account's owner is set where Lambent is started, not through this API. Give UserName to \
         mean a user.",
    )
}

/// Our own: a parameter whose effect is not built is never taken in silence.
pub(super) fn not_built(parameter: &str) -> ServiceError {
    invalid(format!("Lambent does not implement {parameter} yet. Leave it out."))
}

/// Our own: a marker that this installation didn't make.
pub(super) fn bad_marker() -> ServiceError {
    invalid("Invalid Marker: give the Marker of an earlier answer, unchanged.")
}

/// Source: a refusal in the service's words, for what is only known after the record was read: its path.
pub(super) fn denied(denied: &Denied) -> ServiceError {
    ServiceError::caller(denied.code(Family::Query), 403, denied.to_string())
}

/// Source: ConcurrentModification in the API reference.
pub(super) fn concurrent_change() -> ServiceError {
    ServiceError::caller(
        "ConcurrentModification",
        409,
        "The request was rejected because multiple requests to change this object were submitted simultaneously. \
         Wait a few minutes and submit your request again.",
    )
}

/// The service failed: an operator's business. Source for the code: ServiceFailure in the API reference.
pub(super) fn failed(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::internal("ServiceFailure", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_the_services() {
        let error = not_found(Kind::Role, "runner");
        assert_eq!((error.code, error.status), ("NoSuchEntity", 404));
        assert_eq!(error.message, "The role with name runner cannot be found.");
        assert_eq!(already_exists(Kind::User, "ana").message, "User with name ana already exists.");
        let error = inline_not_found(Kind::User, "p");
        assert_eq!(error.message, "The user policy with name p cannot be found.");
        assert_eq!((must_detach().code, must_detach().status), ("DeleteConflict", 409));
        assert_eq!(too_many_access_keys(2).message, "Cannot exceed quota for AccessKeysPerUser: 2");
    }

    #[test]
    fn a_malformed_document_is_told_in_the_parsers_words() {
        let error = malformed(&auth::policy::parse_identity_policy("{").unwrap_err());
        assert_eq!((error.code, error.status), ("MalformedPolicyDocument", 400));
        assert_eq!(error.message, "Syntax errors in policy.");
    }

    #[test]
    fn an_inner_cause_is_not_told_to_callers() {
        let error = failed("the disk is full");
        assert_eq!(error.status, 500);
        assert!(!error.message.contains("disk"));
    }
}
