//! GetQueueAttributes.

use super::records::QueueRecord;
use super::{Sqs, attributes, messages};
use api::sqs::{GetQueueAttributes, GetQueueAttributesRequest, GetQueueAttributesResult};
use api::{Handle, Request};
use std::collections::BTreeMap;
use types::{QueueRef, ServiceError};

impl Handle<GetQueueAttributes> for Sqs {
    async fn handle(
        &self,
        request: Request<GetQueueAttributesRequest>,
    ) -> Result<GetQueueAttributesResult, ServiceError> {
        let input = request.input;
        let asked = input.attribute_names.unwrap_or_default();
        if let Some(unknown) = asked.iter().find(|name| !attributes::is_known(name)) {
            return Err(messages::unknown_attribute(unknown));
        }
        let (queue, found) = self.find(&input.queue_url).await?;
        let all = asked.iter().any(|name| name == "All");
        let mut shown = self.shown(&queue, &found.value).await?;
        shown.retain(|name, _| all || asked.iter().any(|asked| asked == name));
        Ok(GetQueueAttributesResult { attributes: Some(shown).filter(|shown| !shown.is_empty()) })
    }
}

impl Sqs {
    async fn shown(
        &self,
        queue: &QueueRef,
        record: &QueueRecord,
    ) -> Result<BTreeMap<String, String>, ServiceError> {
        let mut shown: BTreeMap<String, String> =
            record.attributes.texts(queue).map(|(name, text)| (name.to_owned(), text)).collect();
        let mut show = |name: &str, text: String| shown.insert(name.to_owned(), text);
        show("QueueArn", queue.arn(&self.region));
        show("CreatedTimestamp", record.created.seconds().to_string());
        show("LastModifiedTimestamp", record.modified.seconds().to_string());
        let counts = self.queue.counts(&Self::lane(queue, record)?).await.map_err(messages::failed)?;
        show("ApproximateNumberOfMessages", counts.ready.to_string());
        show("ApproximateNumberOfMessagesNotVisible", counts.leased.to_string());
        show("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string());
        if let Some(policy) = self.policy(queue).await? {
            show("Policy", policy.value.document);
        }
        Ok(shown)
    }
}
