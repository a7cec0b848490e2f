//! What is said about resource policies.

use super::invalid;
use types::ServiceError;

/// Source: recorded on AddPermission and AddLayerVersionPermission, 409.
pub(crate) fn statement_exists(sid: &str) -> ServiceError {
    let message = format!(
        "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the existing \
         statement."
    );
    ServiceError::caller("ResourceConflictException", 409, message)
}

/// Source: recorded on RemovePermission and RemoveLayerVersionPermission with an unknown statement.
pub(crate) fn no_statement(sid: &str) -> ServiceError {
    missing(format!("Statement {sid} is not found in resource policy."))
}

/// Source: recorded on RemovePermission where nothing was ever granted; of a function that is not there the service says
/// [`no_policy_of_nothing`].
pub(crate) fn no_policy_to_change() -> ServiceError {
    missing("No policy is associated with the given resource.")
}

/// Source: recorded on RemovePermission of a function that is not there: "No policy found for: ARN".
pub(crate) fn no_policy_of_nothing(arn: &str) -> ServiceError {
    missing(format!("No policy found for: {arn}"))
}

/// Source: recorded on GetPolicy where there is no policy, or no such version.
pub(crate) fn no_policy() -> ServiceError {
    missing("The resource you requested does not exist.")
}

/// Source: PreconditionFailedException in the API reference: "For AddPermission and RemovePermission API operations: Call
/// GetPolicy to retrieve the latest RevisionId for your resource." The public recordings of 2024 are older than this sentence:
/// they end in "Call the GetFunction/GetAlias API", and show policies whose RevisionId is the function's own.
pub(crate) fn stale_policy_revision() -> ServiceError {
    let message = "The Revision Id provided does not match the latest Revision Id. \
                   Call the GetPolicy API to retrieve the latest Revision Id";
    ServiceError::caller("PreconditionFailedException", 412, message)
}

/// Source: recorded on AddLayerVersionPermission and RemoveLayerVersionPermission, 412.
pub(crate) fn stale_layer_policy_revision() -> ServiceError {
    let message = "The Revision Id provided does not match the latest Revision Id. \
                   Call the GetLayerPolicy API to retrieve the latest Revision Id";
    ServiceError::caller("PreconditionFailedException", 412, message)
}

/// Source: recorded on AddPermission with `$LATEST` as qualifier.
pub(crate) fn no_policy_for_latest() -> ServiceError {
    invalid("We currently do not support adding policies for $LATEST.")
}

/// Source: recorded on AddPermission.
pub(crate) fn bad_principal() -> ServiceError {
    invalid("The provided principal was invalid. Please check the principal and try again.")
}

/// Source: recorded on AddPermission of `lambda:InvokeFunction` with FunctionUrlAuthType.
pub(crate) fn auth_type_without_url() -> ServiceError {
    invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
}

/// Our own, after the one for FunctionUrlAuthType: "Restricts the lambda:InvokeFunction action to function URL calls"
/// (API reference, AddPermission).
pub(crate) fn via_url_without_invoke() -> ServiceError {
    invalid("InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action")
}

/// Source: recorded on AddPermission: "The final policy size (20749) is bigger than the limit (20480)."
pub(crate) fn policy_too_long(bytes: usize, limit: usize) -> ServiceError {
    let message = format!("The final policy size ({bytes}) is bigger than the limit ({limit}).");
    ServiceError::caller("PolicyLengthExceededException", 400, message)
}

/// Source: recorded on GetLayerVersionPolicy of a version that was never shared.
pub(crate) fn no_layer_policy() -> ServiceError {
    missing("No policy is associated with the given resource.")
}

/// Source: recorded on AddLayerVersionPermission, GetLayerVersionPolicy and RemoveLayerVersionPermission of a version that is
/// not there: "Layer version ARN does not exist."
pub(crate) fn no_layer_version(arn: &str) -> ServiceError {
    missing(format!("Layer version {arn} does not exist."))
}

/// Our own, after the API reference of AddLayerVersionPermission: "With the principal set to *, grant permission to all
/// accounts in the specified organization."
pub(crate) fn organization_of_one_account() -> ServiceError {
    invalid("OrganizationId is only supported for the principal *.")
}

fn missing(message: impl Into<std::borrow::Cow<'static, str>>) -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 404, message)
}
