//! What a policy belongs to, and the one way in which policies are changed.

use super::policy::Before;
use crate::commit::{Committed, TRIES};
use crate::functions::edit;
use crate::{Control, messages};
use api::{AuditEntry, function_errors};
use store::records::{
    AliasRecord, FunctionPolicyRecord, FunctionRecord, LayerPolicyRecord, PolicyRecord, VersionRecord,
};
use store::{Key, Record, Revision, Stored, Transaction};
use types::{FunctionRef, LayerVersionRef, Qualifier, RevisionId, ServiceError, Version};

/// A stored policy of some kind of holder.
pub(super) trait HeldPolicy: Record {
    fn of(policy: PolicyRecord) -> Self;
    fn policy(&self) -> &PolicyRecord;
}

impl HeldPolicy for FunctionPolicyRecord {
    fn of(policy: PolicyRecord) -> Self {
        Self(policy)
    }

    fn policy(&self) -> &PolicyRecord {
        &self.0
    }
}

/// What may have a policy.
pub(super) trait Holder: Sync {
    type Policy: HeldPolicy;

    /// The holder as messages name it.
    fn arn(&self) -> String;

    /// Where its policy stands.
    fn place(&self) -> Result<Key, ServiceError>;

    /// The holder's own record, or the service's words about one that is not there.
    fn find(&self, control: &Control) -> impl Future<Output = Result<Found, ServiceError>> + Send;
}

/// The record that must be there, unchanged, when the policy is written.
pub(super) struct Found {
    require: fn(&mut Transaction, &Key, Revision),
    key: Key,
    revision: Revision,
    /// What the API calls the holder's RevisionId, where it has one.
    id: Option<RevisionId>,
}

impl Found {
    fn of<R: Record>(stored: &Stored<R>, id: Option<RevisionId>) -> Self {
        let require = |transaction: &mut Transaction, key: &Key, revision: Revision| {
            transaction.require::<R>(key, revision);
        };
        Self { require, key: stored.key.clone(), revision: stored.revision, id }
    }
}

impl Holder for FunctionRef {
    type Policy = FunctionPolicyRecord;

    fn arn(&self) -> String {
        FunctionRef::arn(self)
    }

    fn place(&self) -> Result<Key, ServiceError> {
        let qualifier = self.qualifier.as_ref().map(Qualifier::to_string);
        FunctionPolicyRecord::place(self.account, &self.name, qualifier.as_deref()).map_err(messages::failed)
    }

    async fn find(&self, control: &Control) -> Result<Found, ServiceError> {
        let (account, name) = (self.account, &self.name);
        let function = control.read::<FunctionRecord>(&edit::place(account, name)?).await?;
        let function = function.ok_or_else(|| function_errors::not_found(&FunctionRef::arn(self)))?;
        match &self.qualifier {
            None | Some(Qualifier::Version(Version::Latest)) => {
                Ok(Found::of(&function, Some(function.value.revision)))
            }
            Some(Qualifier::Version(Version::Number(number))) => {
                let key = VersionRecord::place(account, name, *number).map_err(messages::failed)?;
                let version = control.read::<VersionRecord>(&key).await?;
                let version = version.ok_or_else(|| function_errors::not_found(&FunctionRef::arn(self)))?;
                Ok(Found::of(&version, Some(version.value.revision)))
            }
            Some(Qualifier::Alias(alias)) => {
                let key = AliasRecord::place(account, name, alias).map_err(messages::failed)?;
                let alias = control.read::<AliasRecord>(&key).await?;
                let alias = alias.ok_or_else(|| messages::no_alias(&FunctionRef::arn(self)))?;
                Ok(Found::of(&alias, Some(alias.value.revision)))
            }
        }
    }
}

impl HeldPolicy for LayerPolicyRecord {
    fn of(policy: PolicyRecord) -> Self {
        Self(policy)
    }

    fn policy(&self) -> &PolicyRecord {
        &self.0
    }
}

impl Holder for LayerVersionRef {
    type Policy = LayerPolicyRecord;

    fn arn(&self) -> String {
        LayerVersionRef::arn(self)
    }

    fn place(&self) -> Result<Key, ServiceError> {
        let Self { layer, number } = self;
        LayerPolicyRecord::place(layer.account, layer.name.as_str(), *number).map_err(messages::failed)
    }

    async fn find(&self, control: &Control) -> Result<Found, ServiceError> {
        let stored = control.layer_version(self).await?;
        let stored =
            stored.ok_or_else(|| messages::policies::no_layer_version(&LayerVersionRef::arn(self)))?;
        Ok(Found::of(&stored, None))
    }
}

impl Control {
    pub(super) async fn read<R: Record>(&self, key: &Key) -> Result<Option<Stored<R>>, ServiceError> {
        self.parts.store.get::<R>(key).await.map_err(messages::failed)
    }

    /// The holder's policy, if it has one.
    pub(super) async fn policy_of<H: Holder>(
        &self,
        holder: &H,
    ) -> Result<Option<Stored<H::Policy>>, ServiceError> {
        self.read::<H::Policy>(&holder.place()?).await
    }

    /// Changes a holder's policy. `change` is given what there is and a revision for what it becomes; nothing means that no
    /// policy is left.
    pub(super) async fn change_policy<H: Holder>(
        &self,
        holder: &H,
        audit: &AuditEntry,
        change: impl Fn(Before<'_>, RevisionId) -> Result<Option<PolicyRecord>, ServiceError> + Sync,
    ) -> Result<Option<RevisionId>, ServiceError> {
        for _ in 0..TRIES {
            let found = holder.find(self).await?;
            let old = self.policy_of(holder).await?;
            let revision = RevisionId::generate(&*self.parts.random);
            let policy = old.as_ref().map(|stored| stored.value.policy());
            let new = change(Before { policy, holder: found.id }, revision)?;
            let changed = new.as_ref().map(|policy| policy.revision);
            let mut transaction = Transaction::new();
            (found.require)(&mut transaction, &found.key, found.revision);
            transaction.change(&holder.place()?, old.as_ref(), new.map(H::Policy::of).as_ref());
            if self.commit(transaction, audit).await? == Committed::Done {
                return Ok(changed);
            }
        }
        Err(messages::update_in_progress(&holder.arn()))
    }
}
