//! What is said about logging.

use super::invalid;
use types::ServiceError;

/// Source: the words of the rule for this in cfn-lint, which quotes the service.
pub(crate) fn level_of_text() -> ServiceError {
    invalid(
        "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change the \
         LogFormat to \"JSON\" and try again.",
    )
}
