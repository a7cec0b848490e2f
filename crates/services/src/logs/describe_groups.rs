//! DescribeLogGroups.

use super::records::GroupRecord;
use super::{Logs, messages, names, place, token};
use api::logs::{DescribeLogGroups, DescribeLogGroupsRequest, DescribeLogGroupsResponse, LogGroup};
use api::{Context, Handle, Request};
use store::Stored;
use types::{Arn, ServiceError};

/// Source: "The maximum number of items returned. If you don't specify a value, the default is up to 50 items."
const PAGE: usize = 50;
/// Groups that one read of the store brings.
const READ: usize = 200;

impl Handle<DescribeLogGroups> for Logs {
    async fn handle(
        &self,
        request: Request<DescribeLogGroupsRequest>,
    ) -> Result<DescribeLogGroupsResponse, ServiceError> {
        self.describe_groups(request.input, &request.context).await
    }
}

impl Logs {
    pub(super) async fn describe_groups(
        &self,
        input: DescribeLogGroupsRequest,
        context: &Context,
    ) -> Result<DescribeLogGroupsResponse, ServiceError> {
        refuse_what_is_not_built(&input)?;
        self.settled(input.next_token.is_none()).await?;
        let limit = input.limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).clamp(1, PAGE);
        let after = input.next_token.as_deref().map(token::read_name).transpose()?;
        let listed = self.listed(&input, after, limit + 1, context).await?;
        let next_token = (listed.len() > limit).then(|| token::of_name(place::name(&listed[limit - 1].key)));
        let groups = listed.iter().take(limit).map(|stored| self.show_group(stored, context));
        Ok(DescribeLogGroupsResponse { log_groups: Some(groups.collect()), next_token })
    }

    /// The first groups after `after` that are asked for.
    async fn listed(
        &self,
        input: &DescribeLogGroupsRequest,
        after: Option<String>,
        limit: usize,
        context: &Context,
    ) -> Result<Vec<Stored<GroupRecord>>, ServiceError> {
        let mut prefix = place::groups(context.account).map_err(messages::store_failed)?;
        if let Some(beginning) = &input.log_group_name_prefix {
            prefix = prefix.beginning(beginning).map_err(messages::store_failed)?;
        }
        let wanted = wanted(input, context)?;
        let mut after = after.map(|name| place::group(context.account, &name)).transpose();
        let mut listed = Vec::new();
        while listed.len() < limit {
            let from = after.map_err(|_| messages::bad_token())?;
            let read = self
                .store
                .scan::<GroupRecord>(&prefix, from.as_ref(), READ)
                .await
                .map_err(messages::store_failed)?;
            let ended = read.len() < READ;
            after = Ok(read.last().map(|last| last.key.clone()));
            listed.extend(read.into_iter().filter(|stored| wanted(place::name(&stored.key))));
            if ended {
                break;
            }
        }
        listed.truncate(limit);
        Ok(listed)
    }

    fn show_group(&self, stored: &Stored<GroupRecord>, context: &Context) -> LogGroup {
        let name = place::name(&stored.key);
        let arn =
            Arn::regional("logs", &self.region, context.account, format!("log-group:{name}")).to_string();
        LogGroup {
            log_group_name: Some(name.to_owned()),
            creation_time: Some(stored.value.created),
            metric_filter_count: Some(0),
            arn: Some(format!("{arn}:*")),
            stored_bytes: Some(i64::try_from(stored.value.stored_bytes).unwrap_or(i64::MAX)),
            log_group_class: Some("STANDARD".to_owned()),
            log_group_arn: Some(arn),
            ..LogGroup::default()
        }
    }
}

/// Whether a name is one of those that the pattern and the identifiers ask for. Source of the pattern: "a string to use
/// as a substring of the names; case-sensitive".
fn wanted(
    input: &DescribeLogGroupsRequest,
    context: &Context,
) -> Result<impl Fn(&str) -> bool + use<>, ServiceError> {
    let pattern = input.log_group_name_pattern.clone().unwrap_or_default();
    let identifiers = input.log_group_identifiers.clone().map(|identifiers| {
        let names = identifiers.into_iter().map(|identifier| names::of_identifier(identifier, context));
        names.collect::<Result<Vec<_>, _>>()
    });
    let identifiers = identifiers.transpose()?;
    Ok(move |name: &str| {
        name.contains(&pattern) && identifiers.as_ref().is_none_or(|all| all.iter().any(|one| one == name))
    })
}

fn refuse_what_is_not_built(input: &DescribeLogGroupsRequest) -> Result<(), ServiceError> {
    if input.log_group_name_pattern.is_some() && input.log_group_name_prefix.is_some() {
        return Err(messages::pattern_and_prefix());
    }
    if input.account_identifiers.as_ref().is_some_and(|accounts| !accounts.is_empty()) {
        return Err(messages::not_built("accountIdentifiers"));
    }
    if input.include_linked_accounts == Some(true) {
        return Err(messages::not_built("includeLinkedAccounts"));
    }
    if input.log_group_class.as_deref().is_some_and(|class| class != "STANDARD") {
        return Err(messages::not_built("a logGroupClass other than STANDARD"));
    }
    Ok(())
}
