//! Which attributes of a message a receiver wants to see.

use super::messages;
use types::ServiceError;

/// Source: the model's MessageSystemAttributeName.
const SYSTEM: [&str; 10] = [
    "All",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Selection {
    system: Vec<String>,
    own: Vec<String>,
}

impl Selection {
    /// Source: API reference, ReceiveMessage: AttributeNames is the older name of MessageSystemAttributeNames; both count.
    pub(super) fn of(
        older: Option<Vec<String>>,
        system: Option<Vec<String>>,
        own: Option<Vec<String>>,
    ) -> Result<Self, ServiceError> {
        let mut all = older.unwrap_or_default();
        all.extend(system.unwrap_or_default());
        if let Some(unknown) = all.iter().find(|name| !SYSTEM.contains(&name.as_str())) {
            return Err(messages::unknown_attribute(unknown));
        }
        Ok(Self { system: all, own: own.unwrap_or_default() })
    }

    /// Whether a system attribute is asked for.
    pub(super) fn wants_system(&self, name: &str) -> bool {
        self.system.iter().any(|asked| asked == "All" || asked == name)
    }

    /// Whether an attribute of the sender's is asked for: by its name, as one of all (`All`, `.*`), or by how it begins
    /// (`bar.*`).
    pub(super) fn wants(&self, name: &str) -> bool {
        self.own.iter().any(|asked| match asked.strip_suffix(".*") {
            Some("") => true,
            Some(beginning) => name.starts_with(beginning),
            None => asked == "All" || asked == name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_asked_for_by_name_beginning_or_all() {
        let wants = |asked: &str, name: &str| {
            Selection::of(None, None, Some(vec![asked.to_owned()])).unwrap().wants(name)
        };
        for (asked, name, expected) in [
            ("All", "a", true),
            (".*", "a", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a.*", "ab", true),
            ("a.*", "b", false),
            ("", "a", false),
        ] {
            assert_eq!(wants(asked, name), expected, "{asked} {name}");
        }
        assert!(Selection::of(Some(vec!["QueueArn".to_owned()]), None, None).is_err());
        let all =
            Selection::of(Some(vec!["SenderId".to_owned()]), Some(vec!["SentTimestamp".to_owned()]), None)
                .unwrap();
        assert!(
            all.wants_system("SenderId")
                && all.wants_system("SentTimestamp")
                && !all.wants_system("MessageGroupId")
        );
    }
}
