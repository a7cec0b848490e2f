//! Lists in pages. A marker names the last item that was shown, so that it stays right whatever is created or deleted
//! between two calls.

use super::{Iam, messages};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Key, Record};
use types::{AccountId, ServiceError};

/// Source: API reference, MaxItems: "If you do not include this parameter, the number of items defaults to 100."
const DEFAULT: usize = 100;
/// Source: the model's constraint on MaxItems.
const MOST: usize = 1000;
/// How many records are read at a time.
const STEP: usize = 256;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paging {
    after: Option<String>,
    limit: usize,
}

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// For the next part, where there is one.
    pub(super) marker: Option<String>,
}

impl Paging {
    pub(super) fn of(marker: Option<&str>, max_items: Option<i64>) -> Result<Self, ServiceError> {
        let limit = max_items.and_then(|n| usize::try_from(n).ok()).unwrap_or(DEFAULT).clamp(1, MOST);
        let after = marker.map(|marker| {
            let text = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            text.filter(|t| !t.is_empty() && !t.contains(char::is_control)).ok_or_else(messages::bad_marker)
        });
        Ok(Self { after: after.transpose()?, limit })
    }

    /// The asked part of a list whose items come in the order of their names.
    pub(super) fn cut<T>(&self, sorted: impl Iterator<Item = (String, T)>) -> Page<T> {
        let after = self.after.as_deref().unwrap_or_default();
        let rest = sorted.filter(|(name, _)| name.as_str() > after).take(self.limit + 1);
        Page::closed(rest.collect(), self.limit)
    }
}

impl<T> Page<T> {
    /// Shows `limit` of the items, which are one more if there are more.
    fn closed(mut items: Vec<(String, T)>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let marker = items.last().filter(|_| more).map(|(name, _)| URL_SAFE_NO_PAD.encode(name));
        Self { items: items.into_iter().map(|(_, item)| item).collect(), marker }
    }

    pub(super) fn is_truncated(&self) -> bool {
        self.marker.is_some()
    }

    pub(super) fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), marker: self.marker }
    }
}

impl Iam {
    /// The asked part of an account's records, without those that `shown` leaves out.
    pub(super) async fn page<R: Record>(
        &self,
        account: AccountId,
        paging: &Paging,
        shown: impl Fn(&R) -> bool + Send,
    ) -> Result<Page<R>, ServiceError> {
        let after = paging.after.as_ref().map(|name| Key::of([account.as_str(), name]));
        let mut after = after.transpose().map_err(|_| messages::bad_marker())?;
        let mut items = Vec::new();
        while items.len() <= paging.limit {
            let step = self.step::<R>(account, &mut after).await?;
            let is_last = step.len() < STEP;
            items.extend(step.into_iter().filter(|(_, record)| shown(record)));
            if is_last {
                break;
            }
        }
        Ok(Page::closed(items, paging.limit))
    }

    /// All records of an account, whose number its quotas bound, each with its name in the key.
    pub(super) async fn all<R: Record>(&self, account: AccountId) -> Result<Vec<(String, R)>, ServiceError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let step = self.step::<R>(account, &mut after).await?;
            let is_last = step.len() < STEP;
            all.extend(step);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// The next records after `after`, which moves on.
    async fn step<R: Record>(
        &self,
        account: AccountId,
        after: &mut Option<Key>,
    ) -> Result<Vec<(String, R)>, ServiceError> {
        let prefix = Key::prefix([account.as_str()]).map_err(messages::failed)?;
        let step = self.store.scan::<R>(&prefix, after.as_ref(), STEP).await.map_err(messages::failed)?;
        *after = step.last().map(|stored| stored.key.clone());
        Ok(step.into_iter().map(|stored| (last_segment(&stored.key), stored.value)).collect())
    }
}

fn last_segment(key: &Key) -> String {
    key.segments().next_back().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn names(set: &BTreeSet<String>) -> impl Iterator<Item = (String, String)> + '_ {
        set.iter().map(|name| (name.clone(), name.clone()))
    }

    #[test]
    fn a_marker_that_was_not_given_out_is_refused() {
        for bad in ["", "%%%", "_w", "AA"] {
            let error = Paging::of(Some(bad), None).unwrap_err();
            assert_eq!((error.code, error.status), ("ValidationError", 400), "{bad}");
        }
    }

    #[test]
    fn a_list_that_fits_is_not_truncated() {
        let set = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let page = Paging::of(None, Some(2)).unwrap().cut(names(&set));
        assert_eq!((page.items.len(), page.marker), (2, None));
    }

    proptest! {
        #[test]
        fn pages_show_everything_once_whatever_is_inserted_meanwhile(
            set in proptest::collection::btree_set("[a-z]{1,4}", 0..40),
            inserted in proptest::collection::btree_set("[a-z]{1,4}", 0..10),
            limit in 1_i64..10,
        ) {
            let mut now = set.clone();
            let (mut seen, mut marker) = (Vec::new(), None::<String>);
            loop {
                let page = Paging::of(marker.as_deref(), Some(limit)).unwrap().cut(names(&now));
                seen.extend(page.items);
                now.extend(inserted.iter().cloned());
                match page.marker {
                    Some(next) => marker = Some(next),
                    None => break,
                }
            }
            prop_assert!(seen.is_sorted_by(|a, b| a < b), "each once, in order");
            prop_assert!(set.iter().all(|name| seen.contains(name)));
        }
    }
}
