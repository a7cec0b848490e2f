//! Policy documents: checked when they come in, percent-encoded when they go out.
//!
//! Source: API reference, "The policies returned by this operation are URL-encoded compliant with RFC 3986".

use super::messages;
use auth::policy::{counted_characters, parse_identity_policy, parse_trust_policy};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use types::ServiceError;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Source: "IAM and STS quotas": size of a managed policy in characters without white space.
const MANAGED_CHARACTERS: usize = 6_144;
/// Source: "IAM and STS quotas": role trust policy length, by default.
const TRUST_CHARACTERS: usize = 2_048;

/// As answers hold it.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

/// A policy to be written into a user or role; its size counts with the others there.
pub(super) fn check_inline(document: &str) -> Result<(), ServiceError> {
    parse_identity_policy(document).map(drop).map_err(|error| messages::malformed(&error))
}

/// A managed policy.
pub(super) fn check_managed(document: &str) -> Result<(), ServiceError> {
    check_inline(document)?;
    match counted_characters(document) > MANAGED_CHARACTERS {
        true => Err(messages::policy_too_large(MANAGED_CHARACTERS)),
        false => Ok(()),
    }
}

/// An AssumeRolePolicyDocument.
pub(super) fn check_trust(document: &str) -> Result<(), ServiceError> {
    parse_trust_policy(document).map_err(|error| messages::malformed(&error))?;
    match counted_characters(document) > TRUST_CHARACTERS {
        true => Err(messages::trust_too_large(TRUST_CHARACTERS)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_encoded_as_rfc_3986_says() {
        assert_eq!(encoded(r#"{"a b":"~x-1._*"}é"#), "%7B%22a%20b%22%3A%22~x-1._%2A%22%7D%C3%A9");
    }

    #[test]
    fn the_size_of_a_managed_policy_is_bounded() {
        let document = |resources: usize| {
            let resources = vec!["\"arn:aws:s3:::bucket\""; resources].join(" , ");
            format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:*","Resource":[{resources}]}}}}"#
            )
        };
        check_managed(&document(250)).unwrap();
        let error = check_managed(&document(300)).unwrap_err();
        assert_eq!(error.message, "Cannot exceed quota for PolicySize: 6144");
        check_inline(&document(300)).unwrap();
    }
}
