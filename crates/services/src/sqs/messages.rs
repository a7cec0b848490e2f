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

/// Source: as quoted.
pub(super) fn bad_handle(handle: &str) -> ServiceError {
    let shown: String = handle.chars().filter(|c| c.is_ascii_graphic()).take(256).collect();
    caller(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{shown}\" is not a valid receipt handle."),
    )
}

/// Source: as quoted on DeleteMessage of a FIFO queue.
pub(super) fn expired_handle(handle: &str) -> ServiceError {
    invalid_parameter(handle, "ReceiptHandle", "The receipt handle has expired.")
}

/// Source: as quoted on ChangeMessageVisibility.
pub(super) fn not_in_flight(handle: &str) -> ServiceError {
    let reason = "Message does not exist or is not available for visibility timeout change.";
    invalid_parameter(handle, "ReceiptHandle", reason)
}

/// Source: as quoted.
pub(super) fn bad_visibility(value: i64) -> ServiceError {
    invalid_parameter(value, "VisibilityTimeout", "Must be between 0 and 43200, if provided.")
}

/// Source: as quoted on ChangeMessageVisibility.
pub(super) fn visibility_beyond_limit(value: i64) -> ServiceError {
    let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
    invalid_parameter(value, "VisibilityTimeout", reason)
}

/// Source: as quoted.
pub(super) fn bad_max_number(value: i64) -> ServiceError {
    invalid_parameter(value, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
}

/// Source: as quoted.
pub(super) fn bad_wait(value: i64) -> ServiceError {
    invalid_parameter(value, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
}

/// Source: as quoted.
pub(super) fn bad_delay(value: i64) -> ServiceError {
    invalid_parameter(value, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
}

/// Our own: a parameter whose effect is not built is never taken in silence.
pub(super) fn attempt_id_not_built() -> ServiceError {
    invalid_value("Lambent does not implement ReceiveRequestAttemptId yet. Leave it out.")
}

/// Source: as quoted, "Reason: The request include parameter that is not valid for this queue type."
pub(super) fn not_for_this_type(value: impl Display, parameter: &str) -> ServiceError {
    let reason = "The request include parameter that is not valid for this queue type";
    invalid_parameter(value, parameter, reason)
}

/// Source: as quoted.
pub(super) fn bad_order_id(value: &str, parameter: &str) -> ServiceError {
    let shown: String = value.chars().filter(|c| !c.is_control()).take(160).collect();
    let reason =
        format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    invalid_parameter(shown, parameter, &reason)
}

/// Source: as quoted.
pub(super) fn no_deduplication() -> ServiceError {
    invalid_value(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// Source: as quoted.
pub(super) fn bad_characters() -> ServiceError {
    caller(
        "InvalidMessageContents",
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | \
         #x10000 to #x10FFFF",
    )
}

/// Source: as quoted.
pub(super) fn too_long(most: u32) -> ServiceError {
    invalid_value(format!(
        "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
    ))
}

/// Source: as quoted.
pub(super) fn batch_too_long(bytes: usize) -> ServiceError {
    let most = super::attributes::MESSAGE_BYTES;
    let message = format!("Batch requests cannot be longer than {most} bytes. You have sent {bytes} bytes.");
    caller("BatchRequestTooLong", message)
}

/// Source: as quoted.
pub(super) fn too_many_attributes(count: usize, most: usize) -> ServiceError {
    invalid_value(format!("Number of message attributes [{count}] exceeds the allowed maximum [{most}]."))
}

/// Source: as quoted.
pub(super) fn attribute_name_length() -> ServiceError {
    invalid_value("Message (user) attribute name must be between 1 and 256 bytes in length.")
}

/// Source: as quoted.
pub(super) fn reserved_attribute_name() -> ServiceError {
    invalid_value(
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal \
         use.",
    )
}

/// Source: API reference, MessageAttributes; our own words.
pub(super) fn bad_attribute_name(name: &str) -> ServiceError {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(256).collect();
    invalid_value(format!(
        "The message attribute name '{shown}' can contain alphanumeric characters and the underscore (_), hyphen (-), and \
         period (.), and must not begin or end with a period or have periods in succession."
    ))
}

/// Source: as quoted.
pub(super) fn attribute_without_type(name: &str) -> ServiceError {
    invalid_value(format!("The message attribute '{name}' must contain non-empty message attribute type."))
}

/// Source: as quoted.
pub(super) fn bad_attribute_type(name: &str) -> ServiceError {
    invalid_value(format!(
        "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, \
         Number, and String."
    ))
}

/// Source: as quoted.
pub(super) fn attribute_without_value(name: &str, kind: &str) -> ServiceError {
    invalid_value(format!(
        "The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{kind}'."
    ))
}

/// Source: as quoted.
pub(super) fn not_a_number(name: &str) -> ServiceError {
    invalid_value(format!("Can't cast the value of message (user) attribute '{name}' to a number."))
}

/// Source: API reference, MessageAttributeValue: "Not implemented. Reserved for future use."
pub(super) fn lists_in_attribute(name: &str) -> ServiceError {
    caller(
        "UnsupportedOperation",
        format!(
            "The message attribute '{name}' has a list of values, which is not implemented. Reserved for future use."
        ),
    )
}

/// Source: API reference, MessageSystemAttributes: "Currently, the only supported message system attribute is
/// AWSTraceHeader"; the words are our own.
pub(super) fn unknown_system_attribute(name: &str) -> ServiceError {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(256).collect();
    invalid_value(format!("Message system attribute '{shown}' is not supported."))
}

/// Source: API reference, MessageSystemAttributes: "Its type must be String and its value must be a correctly formatted X-Ray
/// trace header string"; the words are our own.
pub(super) fn bad_trace() -> ServiceError {
    invalid_value(
        "The message system attribute 'AWSTraceHeader' must be of the type String and not be empty.",
    )
}

/// Source: as quoted.
pub(super) fn empty_batch(entry: &str) -> ServiceError {
    caller("EmptyBatchRequest", format!("There should be at least one {entry} in the request."))
}

/// Source: as quoted.
pub(super) fn too_many_entries(count: usize, most: usize) -> ServiceError {
    let message = format!("Maximum number of entries per request are {most}. You have sent {count}.");
    caller("TooManyEntriesInBatchRequest", message)
}

/// Source: as quoted.
pub(super) fn bad_entry_id() -> ServiceError {
    caller(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters \
         long.",
    )
}

/// Source: as quoted.
pub(super) fn id_twice(id: &str) -> ServiceError {
    caller("BatchEntryIdsNotDistinct", format!("Id {id} repeated."))
}

/// Source: as quoted.
pub(super) fn purge_in_progress(queue: &str) -> ServiceError {
    let message = format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.");
    ServiceError::caller("PurgeQueueInProgress", 403, message)
}
