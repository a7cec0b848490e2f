//! Environment variables of a function.

use crate::messages;
use std::collections::BTreeMap;
use types::{ServiceError, limits};

/// Source: "Reserved environment variables" in the developer guide: their keys can't be set by a function's
/// configuration.
const RESERVED: [&str; 22] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_ENDPOINT_URL",
];

/// Names are free of reserved ones, and everything together fits into 4 KB as JSON.
pub(super) fn check(variables: &BTreeMap<String, String>) -> Result<(), ServiceError> {
    let reserved: Vec<&str> = variables.keys().map(String::as_str).filter(|k| RESERVED.contains(k)).collect();
    if !reserved.is_empty() {
        return Err(messages::reserved_variables(&reserved));
    }
    if variables.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(messages::variable_with_nul());
    }
    let measured = serde_json::to_string(variables).map_err(messages::failed)?;
    if measured.len() > limits::ENVIRONMENT_VARIABLES_BYTES {
        return Err(messages::variables_too_large(&measured));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn reserved_names_are_refused_by_name() {
        let error = check(&one("AWS_REGION", "x")).unwrap_err();
        assert!(error.message.ends_with("Reserved keys used in this request: AWS_REGION"), "{error}");
        assert!(check(&one("MY_REGION", "x")).is_ok());
    }

    #[test]
    fn four_kilobytes_are_the_limit() {
        let overhead = r#"{"A":""}"#.len();
        assert!(check(&one("A", &"x".repeat(4096 - overhead))).is_ok());
        assert!(check(&one("A", &"x".repeat(4097 - overhead))).is_err());
    }
}
