//! Every message of SQS that a client can see, with its source.
//!
//! "As quoted" marks answers of the real service as people quote them in public reports and tests of clients. Codes are those
//! of the JSON protocol; `models/overrides/sqs.toml` has the older ones that go into `x-amzn-query-error`.

use std::borrow::Cow;
use std::fmt::Display;
use types::ServiceError;

fn caller(code: &'static str, message: impl Into<Cow<'static, str>>) -> ServiceError {
    ServiceError::caller(code, 400, message)
}

fn invalid_value(message: impl Into<Cow<'static, str>>) -> ServiceError {
    caller("InvalidParameterValue", message)
}

/// Source: as quoted, "Value V for parameter P is invalid. Reason: R".
pub(super) fn invalid_parameter(value: impl Display, parameter: &str, reason: &str) -> ServiceError {
    invalid_value(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

/// Source: API reference, Common errors, MissingParameter; as quoted.
pub(super) fn missing(parameter: &str) -> ServiceError {
    caller("MissingParameter", format!("The request must contain the parameter {parameter}."))
}

/// Source: as quoted.
pub(super) fn no_such_queue() -> ServiceError {
    caller("QueueDoesNotExist", "The specified queue does not exist.")
}

/// Source: API reference, InvalidAddress: "The specified ID is invalid"; as quoted.
pub(super) fn invalid_address(url: &str) -> ServiceError {
    let shown: String = url.chars().filter(|c| !c.is_control()).take(256).collect();
    caller("InvalidAddress", format!("The address {shown} is not valid for this endpoint."))
}

/// Source: as quoted.
pub(super) fn bad_name() -> ServiceError {
    invalid_value("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
}

/// Source: as quoted.
pub(super) fn bad_fifo_name() -> ServiceError {
    invalid_value(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo \
         suffix and be 1 to 80 in length.",
    )
}

/// Source: as quoted.
pub(super) fn name_exists(attribute: &str) -> ServiceError {
    let message =
        format!("A queue already exists with the same name and a different value for attribute {attribute}");
    caller("QueueNameExists", message)
}

/// Our own, in the form of the one for attributes.
pub(super) fn name_exists_with_tags() -> ServiceError {
    caller("QueueNameExists", "A queue already exists with the same name and different tags")
}

/// Source: as quoted.
pub(super) fn unknown_attribute(name: &str) -> ServiceError {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(256).collect();
    caller("InvalidAttributeName", format!("Unknown Attribute {shown}."))
}

/// Source: as quoted.
pub(super) fn bad_attribute(name: &str) -> ServiceError {
    caller("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

/// Source: API reference, SetQueueAttributes: "You can't change the queue type". The words are our own.
pub(super) fn type_is_fixed() -> ServiceError {
    caller(
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    )
}

/// Our own: an attribute whose effect is not built is never taken in silence.
pub(super) fn attribute_not_built(name: &str, hint: &str) -> ServiceError {
    let message =
        format!("Lambent does not implement {name} yet. Leave it out: every message is encrypted{hint}.");
    caller("InvalidAttributeValue", message)
}

/// Source: SQS developer guide, "Enabling high throughput for FIFO queues": perMessageGroupId "is allowed only when the value
/// for DeduplicationScope is messageGroup". The words are our own.
pub(super) fn throughput_needs_scope() -> ServiceError {
    caller(
        "InvalidAttributeValue",
        "The perMessageGroupId value for FifoThroughputLimit is allowed only when the value for DeduplicationScope is \
         messageGroup.",
    )
}

/// Source: as quoted for a missing attribute ("Reason: Redrive policy does not contain mandatory attribute: A.") and for an
/// unknown target ("Reason: Dead letter target does not exist."); the other reasons are our own.
pub(super) fn bad_redrive(value: &str, reason: &str) -> ServiceError {
    invalid_parameter(value, "RedrivePolicy", reason)
}

/// Source: API reference, CreateQueue, RedriveAllowPolicy; the reasons are our own.
pub(super) fn bad_redrive_allow(value: &str, reason: &str) -> ServiceError {
    invalid_parameter(value, "RedriveAllowPolicy", reason)
}

/// Source: IAM's words for what is wrong with a policy, in SQS's form.
pub(super) fn bad_policy(reason: impl Display) -> ServiceError {
    caller("InvalidAttributeValue", format!("Invalid value for the parameter Policy. Reason: {reason}"))
}

/// Source: API reference, ListQueues: "Valid values: 1 to 1000"; the words follow those of MaxNumberOfMessages.
pub(super) fn bad_max_results(value: i64) -> ServiceError {
    invalid_parameter(value, "MaxResults", "Must be between 1 and 1000, if provided.")
}

/// Our own: a token that this service did not give out.
pub(super) fn bad_token() -> ServiceError {
    invalid_value("Invalid or expired next token.")
}

/// Source: SQS developer guide, quotas related to queues: 50 tags; as quoted.
pub(super) fn too_many_tags(queue: &str) -> ServiceError {
    invalid_value(format!("Too many tags added for queue {queue}."))
}

/// Source: tag restrictions in the SQS developer guide: keys of 1 to 128, values of up to 256 characters. Our own words.
pub(super) fn bad_tag() -> ServiceError {
    invalid_value("Tag keys must be between 1 and 128 characters in length, tag values at most 256.")
}

/// Source: as quoted on AddPermission.
pub(super) fn unknown_action(action: &str) -> ServiceError {
    let reason = "Please refer to the appropriate WSDL for a list of valid actions. ";
    invalid_parameter(format_args!("SQS:{action}"), "ActionName", reason)
}

/// Source: as quoted on AddPermission.
pub(super) fn owners_action(action: &str) -> ServiceError {
    let reason = "Only the queue owner is allowed to invoke this action.";
    invalid_parameter(format_args!("SQS:{action}"), "ActionName", reason)
}

/// Source: as quoted on AddPermission.
pub(super) fn bad_account(account: &str) -> ServiceError {
    invalid_parameter(format_args!("[{account}]"), "PrincipalId", "Unable to verify.")
}

/// Source: as quoted on AddPermission.
pub(super) fn label_exists(label: &str) -> ServiceError {
    invalid_parameter(label, "Label", "Already exists.")
}

/// Source: as quoted on RemovePermission.
pub(super) fn no_such_label(label: &str) -> ServiceError {
    invalid_parameter(label, "Label", "can't find label on existing policy.")
}

/// Source: API reference, AddPermission, Label: "Maximum 80 characters. Allowed characters include alphanumeric characters,
/// hyphens (-), and underscores (_)."
pub(super) fn bad_label(label: &str) -> ServiceError {
    let shown: String = label.chars().filter(|c| !c.is_control()).take(128).collect();
    let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
    invalid_parameter(shown, "Label", reason)
}

/// Source: as quoted for actions; API reference, AddPermission: "An Amazon SQS policy can have a maximum of seven actions per
/// statement." Statements and principals: quotas related to policies, 20 and 50.
pub(super) fn over_limit(count: usize, what: &str, most: usize) -> ServiceError {
    ServiceError::caller("OverLimit", 403, format!("{count} {what} were found, maximum allowed is {most}."))
}

/// Our own: others kept changing the same queue.
pub(super) fn concurrent_change() -> ServiceError {
    let message = "Other requests changed the queue at the same time. Try again.";
    ServiceError::caller("RequestThrottled", 400, message)
}

/// The store or the queue failed: an operator's business.
pub(super) fn failed(error: impl Display) -> ServiceError {
    ServiceError::internal("InternalFailure", error)
}
