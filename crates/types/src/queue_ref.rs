//! Which queue of SQS is meant: its owner and its name, from a URL or an ARN.
//!
//! Invariant: a name in a [`QueueRef`] is one that CreateQueue would take, so that it is safe in keys, paths and ARNs.

use crate::{AccountId, Arn, Region};

/// Source: "The name of a queue can have up to 80 characters" (SQS API reference, CreateQueue), the suffix included.
const NAME_BYTES: usize = 80;
/// Source: "The name of a FIFO queue must end with the .fifo suffix."
const FIFO_SUFFIX: &str = ".fifo";

/// A queue, whether it exists or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueRef {
    /// Its owner.
    pub account: AccountId,
    name: String,
}

impl QueueRef {
    /// The queue of this name; `None` where that is no queue's name.
    pub fn new(account: AccountId, name: &str) -> Option<Self> {
        let stem = name.strip_suffix(FIFO_SUFFIX).unwrap_or(name);
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let is_name = !stem.is_empty() && name.len() <= NAME_BYTES && stem.bytes().all(fits);
        is_name.then(|| Self { account, name: name.to_owned() })
    }

    /// The queue of a URL, `http://HOST/ACCOUNT/NAME`. Which host it names doesn't matter: one machine has many names.
    pub fn of_url(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
        let mut parts = rest.splitn(3, '/');
        let (host, account, name) = (parts.next()?, parts.next()?, parts.next()?);
        if host.is_empty() { None } else { Self::new(account.parse().ok()?, name) }
    }

    /// The queue of an ARN of this region.
    pub fn of_arn(arn: &str, region: &Region) -> Option<Self> {
        let arn: Arn = arn.parse().ok()?;
        let is_queue = arn.partition == "aws" && arn.service == "sqs" && arn.region == region.as_str();
        let account = arn.account_id().filter(|_| is_queue)?;
        Self::new(account, &arn.resource)
    }

    /// Its name, the suffix of a FIFO queue included.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its name is a FIFO queue's, which it is if and only if the queue is one.
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(FIFO_SUFFIX)
    }

    /// `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    pub fn arn(&self, region: &Region) -> String {
        Arn::regional("sqs", region, self.account, self.name.as_str()).to_string()
    }

    /// Its URL for a client that reached the service at `endpoint`, such as `http://127.0.0.1:4566`.
    pub fn url(&self, endpoint: &str) -> String {
        format!("{endpoint}/{}/{}", self.account, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_found_by_its_url_and_its_arn() {
        let region = Region::default();
        for name in ["jobs", "Jobs_1-2", "jobs.fifo"] {
            let queue = QueueRef::new(AccountId::FIRST, name).unwrap();
            let url = queue.url("http://127.0.0.1:4566");
            assert_eq!(url, format!("http://127.0.0.1:4566/000000000000/{name}"));
            assert_eq!(QueueRef::of_url(&url).as_ref(), Some(&queue));
            assert_eq!(QueueRef::of_arn(&queue.arn(&region), &region), Some(queue));
        }
    }

    #[test]
    fn what_is_no_queue_is_not_found() {
        for name in ["", ".fifo", "a b", "a.b", "a.fifo.x", "a/b", "é", &"x".repeat(81), "a\u{1f}b"] {
            assert_eq!(QueueRef::new(AccountId::FIRST, name), None, "{name}");
        }
        for url in [
            "jobs",
            "http:///000000000000/jobs",
            "http://h/jobs",
            "http://h/1/jobs",
            "ftp://h/000000000000/jobs",
        ] {
            assert_eq!(QueueRef::of_url(url), None, "{url}");
        }
        let region = Region::default();
        for arn in
            ["arn:aws:sqs:eu-west-1:000000000000:jobs", "arn:aws:sns:us-east-1:000000000000:jobs", "jobs"]
        {
            assert_eq!(QueueRef::of_arn(arn, &region), None, "{arn}");
        }
    }
}
