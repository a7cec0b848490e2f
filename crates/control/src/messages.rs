//! Every message of the control plane that a client can see, with its source. (Those about a function that is not there
//! are `api::function_errors`.)
//!
//! "Recorded" means that the service itself was seen to answer so, by somebody who published it: in tests whose expectations
//! are recorded on the service, or in reports of an error with its text.

pub(crate) mod concurrency;
pub(crate) mod logging;
pub(crate) mod policies;
pub(crate) mod tags;

use package::PackageError;
use types::{LayerRef, Region, RuntimeName, ServiceError, limits};

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

/// Our own: code comes with the request; leaving the other source out would leave no code.
pub(crate) fn not_from_there(parameter: &str) -> ServiceError {
    invalid(format!("Lambent does not implement {parameter} yet. Send the zip itself as ZipFile."))
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

/// Source: recorded on an update of a function that was named with an alias.
pub(crate) fn latest_only() -> ServiceError {
    invalid(
        "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do not \
         set a version in your request.",
    )
}

/// Our own: the constraints of the API let a few texts through that name no function.
pub(crate) fn malformed_name(name: &str) -> ServiceError {
    invalid(format!(
        "{name} is not a function's name, partial ARN or ARN. A name has at most 64 letters, digits, hyphens and \
         underscores."
    ))
}

/// Source: recorded on DeleteFunction: "$LATEST version cannot be deleted without deleting the function."
pub(crate) fn latest_not_deletable() -> ServiceError {
    invalid("$LATEST version cannot be deleted without deleting the function.")
}

/// Source: recorded on DeleteFunction with an alias as qualifier.
pub(crate) fn alias_not_deletable() -> ServiceError {
    invalid("Deletion of aliases is not currently supported.")
}

/// Source: recorded on DeleteFunction, 409: "Unable to delete version because the following aliases reference it:
/// [live]".
pub(crate) fn version_aliased(aliases: &[String]) -> ServiceError {
    let message = format!(
        "Unable to delete version because the following aliases reference it: [{}]",
        aliases.join(", ")
    );
    ServiceError::caller("ResourceConflictException", 409, message)
}

/// Source: recorded on PublishVersion.
pub(crate) fn other_code(asked: &str, current: &str) -> ServiceError {
    invalid(format!(
        "CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({current}). Please try again with the \
         CodeSHA256 in $LATEST."
    ))
}

/// Source: recorded on CreateAlias, 409.
pub(crate) fn alias_exists(arn: &str) -> ServiceError {
    ServiceError::caller("ResourceConflictException", 409, format!("Alias already exists: {arn}"))
}

/// Source: recorded on GetAlias, 404, and on AddPermission with an unknown alias.
pub(crate) fn no_alias(arn: &str) -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 404, format!("Cannot find alias arn: {arn}"))
}

/// Source: recorded on UpdateAlias, 404, in the report of a deployment that failed; GetAlias says it otherwise.
pub(crate) fn no_alias_to_update(arn: &str) -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 404, format!("Alias not found: {arn}"))
}

/// Source: recorded on CreateAlias.
pub(crate) fn too_many_weights() -> ServiceError {
    invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
}

/// Source: recorded on CreateAlias.
pub(crate) fn version_twice(number: u64) -> ServiceError {
    invalid(format!(
        "Invalid function version {number}. Function version {number} is already included in routing configuration."
    ))
}

/// Source: recorded on CreateAlias.
pub(crate) fn latest_with_weights() -> ServiceError {
    invalid("$LATEST is not supported for an alias pointing to more than 1 version")
}

/// Our own, for a rule of the developer guide: "Both versions must have the same execution role."
pub(crate) fn roles_differ() -> ServiceError {
    invalid("Both versions of an alias must have the same execution role.")
}

/// Our own, for a rule of the API reference (ListFunctions): "If specified, you must set FunctionVersion to ALL."
pub(crate) fn master_region_without_all() -> ServiceError {
    invalid("MasterRegion needs FunctionVersion to be ALL.")
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

/// Source: recorded on GetLayerVersion and GetLayerVersionByArn, 404.
pub(crate) fn no_such_resource() -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 404, "The resource you requested does not exist.")
}

/// Source: recorded on GetLayerVersion and DeleteLayerVersion.
pub(crate) fn layer_version_below_one() -> ServiceError {
    invalid("Layer Version Cannot be less than 1")
}

/// Our own: the constraints of the API let a few texts through that name no layer.
pub(crate) fn malformed_layer(name: &str) -> ServiceError {
    invalid(format!("{name} is not a layer's name or ARN."))
}

/// Our own, after what the service says of functions of another region.
pub(crate) fn layer_of_other_region(layer: &LayerRef, here: &Region) -> ServiceError {
    let message = format!("Layers from '{}' are not reachable in this region ('{here}')", layer.region);
    ServiceError::caller("ResourceNotFoundException", 404, message)
}

/// Source: recorded on PublishLayerVersion with an unknown runtime: ValidationException, the set without brackets of a
/// list's members around it.
pub(crate) fn unknown_compatible_runtime(member: &str, given: &str, known: &str) -> ServiceError {
    let message = format!(
        "1 validation error detected: Value '{given}' at '{member}' failed to satisfy constraint: Member must satisfy enum \
         value set: [{known}]"
    );
    ServiceError::caller("ValidationException", 400, message)
}

/// Source: recorded on CreateFunction and UpdateFunctionConfiguration.
pub(crate) fn too_many_layers() -> ServiceError {
    invalid(format!("Cannot reference more than {} layers.", limits::LAYERS))
}

/// Source: recorded on CreateFunction and UpdateFunctionConfiguration.
pub(crate) fn no_such_layer_version(arn: &str) -> ServiceError {
    invalid(format!("Layer version {arn} does not exist."))
}

/// Source: recorded on CreateFunction and UpdateFunctionConfiguration; the same for one version that is named twice.
pub(crate) fn layer_twice(first: &str, second: &str) -> ServiceError {
    invalid(format!(
        "Two different versions of the same layer are not allowed to be referenced in the same function. {first} and \
         {second} are versions of the same layer."
    ))
}

/// Source: recorded on CreateFunction.
pub(crate) fn layers_of_other_region(here: &Region) -> ServiceError {
    invalid(format!(
        "Layers are not in the same region as the function. Layers are expected to be in region {here}."
    ))
}

/// Source: recorded on CreateFunction and UpdateFunctionConfiguration.
pub(crate) fn layers_too_large() -> ServiceError {
    invalid(format!("Layers consume more than the available size of {} bytes", limits::CODE_UNZIPPED_BYTES))
}

/// Source: recorded on CreateFunction and UpdateFunctionCode.
pub(crate) fn code_and_layers_too_large(actual: u64) -> ServiceError {
    invalid(format!(
        "Function code combined with layers exceeds the maximum allowed size of {} bytes. The actual size is {actual} \
         bytes.",
        limits::CODE_UNZIPPED_BYTES
    ))
}

/// The service failed: an operator's business.
pub(crate) fn failed(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::internal("ServiceException", error)
}
