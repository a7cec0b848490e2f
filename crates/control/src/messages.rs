//! Every message of the control plane that a client can see, with its source. (Those about a function that is not there
//! are `api::function_errors`.)

pub(crate) mod policies;

use package::PackageError;
use types::{RuntimeName, ServiceError, limits};

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> ServiceError {
    ServiceError::caller("InvalidParameterValueException", 400, message)
}

/// Source: recorded on CreateFunction: "Function already exist: NAME".
pub(crate) fn function_exists(name: &str) -> ServiceError {
    ServiceError::caller("ResourceConflictException", 409, format!("Function already exist: {name}"))
}

/// Source: recorded on updates during an update: "The operation cannot be performed at this time. An update is in
/// progress for resource: ARN".
pub(crate) fn update_in_progress(arn: &str) -> ServiceError {
    let message = format!(
        "The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    );
    ServiceError::caller("ResourceConflictException", 409, message)
}

/// Source: recorded, 412.
pub(crate) fn stale_revision() -> ServiceError {
    let message = "The Revision Id provided does not match the latest Revision Id. \
                   Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
    ServiceError::caller("PreconditionFailedException", 412, message)
}

/// Source: recorded on CreateFunction.
pub(crate) fn role_not_assumable() -> ServiceError {
    invalid("The role defined for the function cannot be assumed by Lambda.")
}

/// Source: recorded: no prefix and no quotes, unlike other constraint messages.
pub(crate) fn unknown_runtime(runtime: &str, installed: &[RuntimeName]) -> ServiceError {
    let set: Vec<_> = installed.iter().map(RuntimeName::as_str).collect();
    invalid(format!(
        "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a \
         valid ARN",
        set.join(", ")
    ))
}

/// Source: recorded on CreateFunction with PackageType Zip and no runtime or handler.
pub(crate) fn missing_for_zip() -> ServiceError {
    invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
}

/// Source: recorded on CreateFunction without code.
pub(crate) fn no_code() -> ServiceError {
    invalid("Please provide a source for function code.")
}

/// Our own: a parameter whose effect is not built is never taken in silence.
pub(crate) fn not_built(parameter: &str) -> ServiceError {
    invalid(format!(
        "Lambent does not implement {parameter} yet. Leave it out, or give the value that turns it off."
    ))
}

/// Our own: the architecture of the host is the only one that runs here.
pub(crate) fn other_architecture(asked: &str) -> ServiceError {
    invalid(format!("Lambent runs functions for {} on this host, not for {asked}.", host_architecture()))
}

/// The host's architecture by Lambda's name.
pub(crate) fn host_architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// Our own: names the setting that bounds /tmp.
pub(crate) fn ephemeral_storage_above(limit_mb: u32) -> ServiceError {
    invalid(format!(
        "EphemeralStorage above {limit_mb} MB is not allowed by the setting worker.max_ephemeral_storage."
    ))
}

/// Source: recorded on CreateFunction: "Lambda was unable to configure your environment variables because the
/// environment variables you have provided contains reserved keys that are currently not supported for modification.
/// Reserved keys used in this request: KEYS".
pub(crate) fn reserved_variables(names: &[&str]) -> ServiceError {
    invalid(format!(
        "Lambda was unable to configure your environment variables because the environment variables you have \
         provided contains reserved keys that are currently not supported for modification. Reserved keys used in this \
         request: {}",
        names.join(", ")
    ))
}

/// Source: recorded on CreateFunction: "Lambda was unable to configure your environment variables because the
/// environment variables you have provided exceeded the 4KB limit. String measured: JSON".
pub(crate) fn variables_too_large(measured: &str) -> ServiceError {
    invalid(format!(
        "Lambda was unable to configure your environment variables because the environment variables you have \
         provided exceeded the 4KB limit. String measured: {measured}"
    ))
}

/// Source: recorded, 413, for the zipped size; the other texts are those of CreateFunction for packages that can't be
/// used.
pub(crate) fn package(error: &PackageError) -> ServiceError {
    match error {
        PackageError::ZippedTooLarge { .. } => ServiceError::caller(
            "RequestEntityTooLargeException",
            413,
            format!("Zipped size must be smaller than {} bytes", limits::CODE_ZIPPED_BYTES),
        ),
        PackageError::Write { .. } => failed(error),
        other => invalid(other.to_string()),
    }
}

/// Source: CodeStorageExceededException in the API reference.
pub(crate) fn code_storage_exceeded() -> ServiceError {
    ServiceError::caller("CodeStorageExceededException", 400, "Code storage limit exceeded.")
}

/// Source: recorded on UpdateFunctionCode with a version in the function's name.
pub(crate) fn latest_only() -> ServiceError {
    invalid("Current operation does not support versions other than $LATEST")
}

/// Our own: the constraints of the API let a few texts through that name no function.
pub(crate) fn malformed_name(name: &str) -> ServiceError {
    invalid(format!("{name} is not a function's name, partial ARN or ARN."))
}

/// Source: recorded on DeleteFunction: "$LATEST version cannot be deleted without deleting the function."
pub(crate) fn latest_not_deletable() -> ServiceError {
    invalid("$LATEST version cannot be deleted without deleting the function.")
}

/// Source: recorded on DeleteFunction with an alias as qualifier.
pub(crate) fn alias_not_deletable() -> ServiceError {
    invalid("Deletion of aliases is not currently supported.")
}

/// Our own: a variable that no process can be given.
pub(crate) fn variable_with_nul() -> ServiceError {
    invalid("Environment variables must not contain the NUL character.")
}

pub(crate) fn handler_with_nul() -> ServiceError {
    invalid("The handler must not contain the NUL character.")
}

/// Our own: reached only when the constraints of the API and the quotas disagree.
pub(crate) fn out_of_range(parameter: &str) -> ServiceError {
    invalid(format!("{parameter} is outside the range that the service allows."))
}

/// Our own: a marker that this installation didn't make.
pub(crate) fn bad_marker() -> ServiceError {
    invalid("Invalid Marker: give the NextMarker of an earlier answer, unchanged.")
}

/// The service failed: an operator's business.
pub(crate) fn failed(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::internal("ServiceException", error)
}
