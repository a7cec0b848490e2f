//! DeleteFunction with a version as qualifier.

use crate::aliases::routing::points_to;
use crate::commit::{Committed, TRIES};
use crate::usage::AccountUsage;
use crate::{Control, messages, scan};
use api::AuditEntry;
use store::records::{AliasRecord, FunctionPolicyRecord, VersionRecord};
use store::{Key, Stored, Transaction};
use types::{FunctionRef, ServiceError};

impl Control {
    /// Deletes a version that no alias points to, with its policy. One that is not there is deleted already.
    pub(crate) async fn delete_version(
        self,
        function: FunctionRef,
        number: u64,
        audit: AuditEntry,
    ) -> Result<(), ServiceError> {
        let unqualified = FunctionRef { qualifier: None, ..function };
        for _ in 0..TRIES {
            let releases = self.releases(&unqualified).await?;
            let latest = self.find(&unqualified).await?;
            let Some(version) = self.version(&unqualified, number).await? else { return Ok(()) };
            self.refuse_aliased(&unqualified, number).await?;
            let mut transaction = Transaction::new();
            releases.hold(&latest, &mut transaction);
            transaction
                .delete::<VersionRecord>(&version.key, version.revision)
                .remove::<FunctionPolicyRecord>(&policy_of(&version)?);
            if self.commit(transaction, &audit).await? == Committed::Done {
                let gone = AccountUsage { functions: 0, code_bytes: version.value.code.size };
                self.usage.release(unqualified.account, gone);
                return Ok(());
            }
        }
        Err(messages::update_in_progress(&unqualified.unqualified_arn()))
    }

    async fn refuse_aliased(&self, function: &FunctionRef, number: u64) -> Result<(), ServiceError> {
        let all = AliasRecord::all_of(function.account, &function.name).map_err(messages::failed)?;
        let (mut names, mut pages) = (Vec::new(), scan::within::<AliasRecord>(&self.parts.store, all));
        while let Some(page) = pages.next().await.map_err(messages::failed)? {
            let users = page.iter().filter(|alias| points_to(&alias.value, number));
            names.extend(users.filter_map(|alias| alias.key.segments().next_back().map(str::to_owned)));
        }
        if names.is_empty() { Ok(()) } else { Err(messages::version_aliased(&names)) }
    }
}

fn policy_of(version: &Stored<VersionRecord>) -> Result<Key, ServiceError> {
    let VersionRecord { account, name, number, .. } = &version.value;
    FunctionPolicyRecord::place(*account, name, Some(&number.to_string())).map_err(messages::failed)
}
