//! Lists of queues in pages. A token names the last queue that was shown, so that it stays right whatever comes and goes.

use super::messages;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use types::{AccountId, QueueRef, ServiceError};

/// Source: API reference, ListQueues: "a maximum of 1,000 results".
const MOST: usize = 1000;

/// Which part of a list is asked for.
#[derive(Debug)]
pub(super) struct Paging {
    /// The last queue of the page before.
    pub(super) after: Option<QueueRef>,
    /// How many queues there are on it.
    pub(super) limit: usize,
    /// Source: "You must set MaxResults to receive a value for NextToken in the response."
    tells_more: bool,
}

impl Paging {
    pub(super) fn of(
        account: AccountId,
        token: Option<&str>,
        max_results: Option<i64>,
    ) -> Result<Self, ServiceError> {
        let limit = match max_results {
            None => MOST,
            Some(asked) => {
                let limit = usize::try_from(asked).ok().filter(|limit| (1..=MOST).contains(limit));
                limit.ok_or_else(|| messages::bad_max_results(asked))?
            }
        };
        let after = token.filter(|token| !token.is_empty()).map(|token| {
            let bytes = URL_SAFE_NO_PAD.decode(token).ok();
            let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            name.and_then(|name| QueueRef::new(account, &name)).ok_or_else(messages::bad_token)
        });
        Ok(Self { after: after.transpose()?, limit, tells_more: max_results.is_some() })
    }

    /// The URLs of the page, and the token of the next one; `found` has one queue more than the page if there are more.
    pub(super) fn cut(&self, mut found: Vec<QueueRef>, endpoint: &str) -> (Vec<String>, Option<String>) {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let last = found.last().filter(|_| more && self.tells_more);
        let token = last.map(|queue| URL_SAFE_NO_PAD.encode(queue.name()));
        (found.iter().map(|queue| queue.url(endpoint)).collect(), token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_bounds_and_tokens_name_queues() {
        let of = |token: Option<&str>, max| Paging::of(AccountId::FIRST, token, max);
        for bad in [0, -1, 1001] {
            assert!(of(None, Some(bad)).is_err(), "{bad}");
        }
        for bad in ["%", "_w", "YSBi"] {
            assert!(of(Some(bad), None).is_err(), "{bad}");
        }
        let queues = || ["a", "b", "c"].map(|name| QueueRef::new(AccountId::FIRST, name).unwrap()).to_vec();
        let (urls, token) = of(None, Some(2)).unwrap().cut(queues(), "http://h");
        assert_eq!(urls, ["http://h/000000000000/a", "http://h/000000000000/b"]);
        assert_eq!(of(token.as_deref(), Some(2)).unwrap().after.unwrap().name(), "b");
        assert_eq!(of(None, Some(3)).unwrap().cut(queues(), "http://h").1, None);
    }
}
