//! Every message of the log service that a client can see, with its source.

use std::borrow::Cow;
use types::ServiceError;

fn invalid(message: impl Into<Cow<'static, str>>) -> ServiceError {
    ServiceError::caller("InvalidParameterException", 400, message)
}

/// Source: recorded on all operations that name a group.
pub(super) fn no_such_group() -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 400, "The specified log group does not exist.")
}

/// Source: recorded on GetLogEvents.
pub(super) fn no_such_stream() -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 400, "The specified log stream does not exist.")
}

/// Source: API reference, "You must include either logGroupIdentifier or logGroupName, but not both."
pub(super) fn one_group() -> ServiceError {
    invalid("You must include either the logGroupIdentifier or the logGroupName parameter, but not both.")
}

/// Source: API reference, FilterLogEvents: "If you specify a value for both logStreamNamePrefix and logStreamNames, the
/// action returns an InvalidParameterException error." The words are our own.
pub(super) fn names_and_prefix() -> ServiceError {
    invalid("You cannot specify both logStreamNames and logStreamNamePrefix.")
}

/// Source: API reference, DescribeLogStreams: "If orderBy is LastEventTime, you cannot specify this parameter"; the words are
/// from memory, not recorded.
pub(super) fn prefix_by_time() -> ServiceError {
    invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
}

/// Source: API reference, DescribeLogGroups: "logGroupNamePattern and logGroupNamePrefix are mutually exclusive"; the words are
/// from memory, not recorded.
pub(super) fn pattern_and_prefix() -> ServiceError {
    invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
}

/// Source: API reference, InvalidParameterException; the words are from memory, not recorded.
pub(super) fn bad_token() -> ServiceError {
    invalid("The specified nextToken is invalid.")
}

/// Source: recorded on FilterLogEvents: "Invalid character(s) in term 'TERM'".
pub(super) fn bad_term(term: &str) -> ServiceError {
    invalid(format!("Invalid character(s) in term '{term}'"))
}

/// Source: recorded on FilterLogEvents: "Invalid filter pattern".
pub(super) fn bad_pattern() -> ServiceError {
    invalid("Invalid filter pattern")
}

/// Our own: names the kind of filter pattern that isn't built.
pub(super) fn pattern_not_built(kind: &'static str) -> ServiceError {
    invalid(format!(
        "Lambent does not implement filter patterns of the form {kind} yet. Use terms, quoted phrases, ?optional and \
         -excluded terms."
    ))
}

/// Our own: a parameter whose effect is not built is never taken in silence.
pub(super) fn not_built(parameter: &str) -> ServiceError {
    invalid(format!(
        "Lambent does not implement {parameter} yet. Leave it out, or give the value that turns it off."
    ))
}

/// The store failed: an operator's business.
pub(super) fn store_failed(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::internal("ServiceUnavailableException", error)
}

/// Our own: the writer did not get done with what it had in time.
pub(super) fn writer_late() -> ServiceError {
    store_failed("the log writer did not write what was waiting within its time: is the disk slow or full?")
}
