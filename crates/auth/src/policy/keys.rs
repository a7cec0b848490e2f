//! Condition keys whose absence from a request is certain to mean that the request has no such value.
//!
//! Conditions on other keys, such as tags of resources, can't be evaluated: they never allow and always deny.
//! Source: "AWS global condition context keys" in the IAM user guide, and "Condition keys for AWS Lambda" and "… for AWS
//! Identity and Access Management" in the service authorization reference.

/// In lower case, sorted.
const KNOWN: &[&str] = &[
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:currenttime",
    "aws:epochtime",
    // Long-lived keys have no second factor.
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    // There are no organisations.
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    // There are no private networks.
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:useragent",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "aws:vpcsourceip",
    "iam:passedtoservice",
    "lambda:eventsourcetoken",
    "lambda:functionurlauthtype",
    "lambda:invokedviafunctionurl",
    "lambda:layer",
];

/// Whether a request that doesn't hold the key surely has no such value.
pub(super) fn is_known(key: &str) -> bool {
    let folded = |known: &&str| known.bytes().cmp(key.bytes().map(|b| b.to_ascii_lowercase()));
    KNOWN.binary_search_by(folded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_found_in_any_case() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN.iter().all(|key| is_known(key) && is_known(&key.to_uppercase())));
        assert!(!is_known("aws:ResourceTag/stage") && !is_known("") && !is_known("aws:SourceArn2"));
    }
}
