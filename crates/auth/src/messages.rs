//! Every text that a caller sees when authentication or authorisation fails, each with its source.
//!
//! Sources: (doc) the service's public documentation, "Common errors" and "Signature Version 4" pages; (rec) answers of
//! the real service as people quote them in public bug reports; (own) our words, where neither says anything.
//! Trailing spaces are the service's own.

/// (rec) REST and JSON services.
pub(crate) const MISSING_TOKEN_JSON: &str = "Missing Authentication Token";
/// (rec) query services.
pub(crate) const MISSING_TOKEN_QUERY: &str = "Request is missing Authentication Token";
/// (rec)
pub(crate) const BOTH_FORMS: &str =
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
/// (rec)
pub(crate) const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
/// (rec)
pub(crate) const INVALID_TOKEN: &str = "The security token included in the request is invalid.";
/// (rec)
pub(crate) const EXPIRED_TOKEN: &str = "The security token included in the request is expired";
/// (doc) IAM, common errors.
pub(crate) const MALFORMED_QUERY: &str = "The query string contains a syntax error.";
/// (rec) S3 says it so; it holds for every pre-signed request.
pub(crate) const EXPIRES_RANGE: &str = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds";
/// (own)
pub(crate) const EXPIRES_NUMBER: &str = "X-Amz-Expires should be a non-negative number of seconds";
/// (rec) S3.
pub(crate) const PAYLOAD_MISMATCH: &str =
    "The provided 'x-amz-content-sha256' header does not match what was computed.";
/// (own)
pub(crate) const UNSIGNED_PAYLOAD: &str = "This operation requires a signed payload: 'x-amz-content-sha256' must hold the SHA-256 of the body, not UNSIGNED-PAYLOAD.";
/// (own)
pub(crate) const STREAMING_PAYLOAD: &str =
    "Signatures of payload chunks (STREAMING-… in 'x-amz-content-sha256') are not supported by this service.";
/// (own)
pub(crate) const NOT_ASCII: &str = "The Authorization, X-Amz-Date, X-Amz-Security-Token and X-Amz-Content-Sha256 headers must be visible ASCII.";

/// (own) `what` occurs more than once.
pub(crate) fn duplicate(what: &str) -> String {
    format!("'{what}' must occur only once in a request.")
}

/// (own) `what` is longer than we read.
pub(crate) fn too_large(what: &str) -> String {
    format!("{what} is too large.")
}

/// (rec) `digest` is the base64 of the header's SHA-256: the header itself is not repeated.
pub(crate) fn not_key_value(digest: &str) -> String {
    format!(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '{digest}'."
    )
}

/// (rec) One sentence per missing part.
pub(crate) fn header_requires(parameter: &str) -> String {
    format!("Authorization header requires '{parameter}' parameter. ")
}

/// (rec)
pub(crate) const HEADER_REQUIRES_DATE: &str =
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";

/// (rec) Stands behind the sentences about what is missing.
pub(crate) fn header_digest(digest: &str) -> String {
    format!("(Hashed with SHA-256 and encoded with Base64) Authorization={digest}")
}

/// (rec) One sentence per missing parameter.
pub(crate) fn query_requires(parameter: &str) -> String {
    format!("AWS query-string parameters must include '{parameter}'. ")
}

/// (rec) Stands behind the sentences about what is missing.
pub(crate) const QUERY_REEXAMINE: &str = "Re-examine the query-string parameters.";

/// (rec)
pub(crate) fn bad_date(got: &str) -> String {
    format!("Date must be in ISO-8601 'basic format'. Got '{got}'. See http://en.wikipedia.org/wiki/ISO_8601")
}

/// (rec)
pub(crate) fn unsupported_algorithm(got: &str) -> String {
    format!("Unsupported AWS 'algorithm': '{got}' (only AWS4-HMAC-SHA256 for now). ")
}

/// (rec)
pub(crate) fn credential_parts(got: &str) -> String {
    format!(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{got}'"
    )
}

/// (rec)
pub(crate) const HOST_NOT_SIGNED: &str =
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";

/// (doc) "x-amz-* headers must be signed"; the sentence is the one that (rec) has for Host.
pub(crate) fn header_not_signed(name: &str) -> String {
    format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")
}

/// (rec)
pub(crate) fn scope_region(got: &str) -> String {
    format!("Credential should be scoped to a valid region, not '{got}'. ")
}

/// (rec)
pub(crate) fn scope_service(expected: &str) -> String {
    format!("Credential should be scoped to correct service: '{expected}'. ")
}

/// (rec)
pub(crate) fn scope_terminator(got: &str) -> String {
    format!("Credential should be scoped with a valid terminator: 'aws4_request', not '{got}'. ")
}

/// (rec)
pub(crate) fn scope_date(scope: &str, date: &str, time: &str) -> String {
    format!(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{date}', from '{time}'."
    )
}

/// (rec) `window` is "5 min." for a header; for a pre-signed request its own X-Amz-Expires.
pub(crate) fn expired(signed: &str, earliest: &str, now: &str, window: &str) -> String {
    format!("Signature expired: {signed} is now earlier than {earliest} ({now} - {window})")
}

/// (rec)
pub(crate) fn not_yet_current(signed: &str, latest: &str, now: &str) -> String {
    format!("Signature not yet current: {signed} is still later than {latest} ({now} + 5 min.)")
}

/// (rec) The common beginning of AccessDenied.
pub(crate) fn denied(arn: &str, action: &str, resource: &str) -> String {
    format!("User: {arn} is not authorized to perform: {action} on resource: {resource}")
}

/// (rec)
pub(crate) fn because_no_policy(kind: &str, action: &str) -> String {
    format!("because no {kind} policy allows the {action} action")
}

/// (rec) CreateFunction with another account's role: the whole message.
pub(crate) const CROSS_ACCOUNT_ROLE: &str = "Cross-account pass role is not allowed.";

/// (rec)
pub(crate) const WITH_IDENTITY_DENY: &str = "with an explicit deny in an identity-based policy";
/// (doc) "Troubleshoot access denied error messages" in the IAM user guide.
pub(crate) const WITH_RESOURCE_DENY: &str = "with an explicit deny in a resource-based policy";

/// Texts of MalformedPolicyDocument.
pub(crate) mod policy {
    /// (rec) Identity policies.
    pub(crate) const SYNTAX: &str = "Syntax errors in policy.";
    /// (rec) Trust policies, when the text is not JSON.
    pub(crate) const TRUST_JSON: &str = "This policy contains invalid Json";
    /// (rec)
    pub(crate) const VERSION: &str = "Policy document must be version 2012-10-17 or greater.";
    /// (rec)
    pub(crate) const TRUST_VERSION: &str = "The policy must contain a valid version string";
    /// (rec) Among other things, Effect in the wrong case.
    pub(crate) const LEGACY: &str = "The policy failed legacy parsing";
    /// (rec)
    pub(crate) const SID_UNIQUE: &str = "Statement IDs (SID) in a single policy must be unique.";
    /// (rec)
    pub(crate) const SID_ALPHANUMERIC: &str = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
    /// (rec)
    pub(crate) const ACTIONS: &str = "Policy statement must contain actions.";
    /// (rec)
    pub(crate) const RESOURCES: &str = "Policy statement must contain resources.";
    /// (rec)
    pub(crate) const PRINCIPAL_PRESENT: &str = "Policy document should not specify a principal.";
    /// (rec)
    pub(crate) const VENDOR_MISSING: &str =
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
    /// (rec)
    pub(crate) const COLONS: &str = "Actions/Condition can contain only one colon.";
    /// (rec)
    pub(crate) const TRUST_EFFECT_MISSING: &str = "Missing required field Effect";
    /// (rec)
    pub(crate) const PRINCIPAL_MISSING: &str = "Missing required field Principal";
    /// (rec)
    pub(crate) const PRINCIPAL_EMPTY: &str = "Missing required field Principal cannot be empty!";
    /// (own)
    pub(crate) const NOT_PRINCIPAL: &str =
        "Resource policies with NotPrincipal are not supported: name the principals.";
    /// (rec)
    pub(crate) const TRUST_NOT_PRINCIPAL: &str = "AssumeRole policy must not contain NotPrincipal field.";
    /// (rec)
    pub(crate) const TRUST_ACTION_MISSING: &str = "Missing required field Action";
    /// (rec)
    pub(crate) const TRUST_ACTION: &str = "AssumeRole policy may only specify STS AssumeRole actions.";
    /// (rec)
    pub(crate) const TRUST_RESOURCE: &str = "Has prohibited field Resource";
    /// (own)
    pub(crate) const TOO_LONG: &str = "The policy document is longer than 131072 bytes.";

    /// (rec)
    pub(crate) fn vendor(name: &str) -> String {
        format!("Vendor {name} is not valid")
    }

    /// (rec)
    pub(crate) fn resource(text: &str) -> String {
        format!("Resource {text} must be in ARN format or \"*\".")
    }

    /// (rec) `kind` is AWS, SERVICE or FEDERATED.
    pub(crate) fn principal(kind: &str, value: &str) -> String {
        format!("Invalid principal in policy: \"{kind}\":\"{value}\"")
    }
}
