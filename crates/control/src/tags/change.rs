//! The one way in which tags are changed.

use crate::commit::{Committed, TRIES};
use crate::functions::edit;
use crate::{Control, messages};
use api::{AuditEntry, function_errors};
use std::collections::BTreeMap;
use store::records::{FunctionRecord, TagsRecord};
use store::{Key, Stored, Transaction};
use types::{FunctionRef, ServiceError};

type Tags = BTreeMap<String, String>;

impl Control {
    /// The function's tags.
    pub(crate) async fn tags_of(&self, function: &FunctionRef) -> Result<Tags, ServiceError> {
        let stored = self.read_tags(&place(function)?).await?;
        Ok(stored.map(|stored| stored.value.tags).unwrap_or_default())
    }

    /// Makes of a function's tags what `change` makes of them.
    pub(super) async fn change_tags(
        &self,
        function: &FunctionRef,
        audit: &AuditEntry,
        change: impl Fn(&Tags) -> Result<Tags, ServiceError>,
    ) -> Result<(), ServiceError> {
        let (key, place) = (edit::place(function.account, &function.name)?, place(function)?);
        for _ in 0..TRIES {
            let stored = self.parts.store.get::<FunctionRecord>(&key).await.map_err(messages::failed)?;
            let stored = stored.ok_or_else(|| function_errors::not_found(&function.arn()))?;
            let old = self.read_tags(&place).await?;
            let tags = change(old.as_ref().map_or(&Tags::new(), |stored| &stored.value.tags))?;
            let mut transaction = Transaction::new();
            transaction.require::<FunctionRecord>(&key, stored.revision);
            let new = Some(TagsRecord { tags }).filter(|new| !new.tags.is_empty());
            transaction.change(&place, old.as_ref(), new.as_ref());
            if self.commit(transaction, audit).await? == Committed::Done {
                return Ok(());
            }
        }
        Err(messages::update_in_progress(&function.arn()))
    }

    async fn read_tags(&self, place: &Key) -> Result<Option<Stored<TagsRecord>>, ServiceError> {
        self.parts.store.get::<TagsRecord>(place).await.map_err(messages::failed)
    }
}

fn place(function: &FunctionRef) -> Result<Key, ServiceError> {
    TagsRecord::place(function.account, &function.name).map_err(messages::failed)
}
