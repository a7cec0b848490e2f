//! What is said about logging.

use super::invalid;
use types::ServiceError;

/// Source: recorded on CreateFunction with a level and the format Text.
pub(crate) fn level_of_text() -> ServiceError {
    invalid(
        "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change the \
         LogFormat to \"Json\" and try again.",
    )
}
