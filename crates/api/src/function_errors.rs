//! What Lambda says of a function that a caller named wrongly: the same in the control plane and in the data plane.

use types::ServiceError;

/// Source: recorded on GetFunction and Invoke: "Function not found: arn:aws:lambda:REGION:ACCOUNT:function:NAME".
pub fn not_found(arn: &str) -> ServiceError {
    ServiceError::caller("ResourceNotFoundException", 404, format!("Function not found: {arn}"))
}

/// Source: recorded, 404: "Functions from 'us-east-1' are not reachable in this region ('ap-southeast-2')".
pub fn other_region(asked: &str, here: &str) -> ServiceError {
    let message = format!("Functions from '{asked}' are not reachable in this region ('{here}')");
    ServiceError::caller("ResourceNotFoundException", 404, message)
}

/// Source: recorded, "The derived qualifier from the function name does not match the specified qualifier."
pub fn qualifier_mismatch() -> ServiceError {
    let message = "The derived qualifier from the function name does not match the specified qualifier.";
    ServiceError::caller("InvalidParameterValueException", 400, message)
}
