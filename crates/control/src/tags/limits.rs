//! What tags may be. Length and characters are constraints of the API, checked before a handler is called.

use crate::messages::tags as messages;
use std::collections::BTreeMap;
use types::ServiceError;

/// Source: "Maximum number of tags per resource – 50" ("Using tags on Lambda functions", developer guide).
const MOST: usize = 50;
/// Source: "The aws: prefix is reserved for AWS use" (ibid.), in whatever case.
const RESERVED: &str = "aws:";

/// The tags of a resource that has none yet.
pub(crate) fn check_new(tags: &BTreeMap<String, String>) -> Result<(), ServiceError> {
    merged(&BTreeMap::new(), tags).map(drop)
}

/// The tags that there are, with others added or changed.
pub(super) fn merged(
    old: &BTreeMap<String, String>,
    added: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ServiceError> {
    let reserved = |key: &String| key.get(..RESERVED.len()).is_some_and(|p| p.eq_ignore_ascii_case(RESERVED));
    if added.keys().any(reserved) {
        return Err(messages::reserved_prefix());
    }
    let mut tags = old.clone();
    tags.extend(added.iter().map(|(key, value)| (key.clone(), value.clone())));
    if tags.len() > MOST { Err(messages::too_many()) } else { Ok(tags) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(range: std::ops::Range<usize>) -> BTreeMap<String, String> {
        range.map(|n| (format!("key{n}"), "value".to_owned())).collect()
    }

    #[test]
    fn fifty_tags_fit_and_changed_ones_count_once() {
        assert_eq!(merged(&tags(0..25), &tags(25..50)).unwrap().len(), 50);
        assert_eq!(merged(&tags(0..50), &tags(0..50)).unwrap().len(), 50);
        assert_eq!(merged(&tags(0..50), &tags(50..51)).unwrap_err().message, messages::too_many().message);
        assert!(check_new(&tags(0..51)).is_err());
    }

    #[test]
    fn the_services_own_prefix_is_refused_in_any_case() {
        for key in ["aws:name", "AWS:name", "Aws:", "aWs:é"] {
            assert!(check_new(&BTreeMap::from([(key.to_owned(), String::new())])).is_err(), "{key}");
        }
        for key in ["aws", "awsname", "my:aws:", "é", "aw"] {
            assert!(check_new(&BTreeMap::from([(key.to_owned(), "aws:".to_owned())])).is_ok(), "{key}");
        }
    }
}
