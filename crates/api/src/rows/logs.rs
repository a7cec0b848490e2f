//! Rows of the log service.

use super::{Access, Check, Row, Subject};

pub(super) fn row(operation: &str) -> Option<&'static Row> {
    const fn read(checks: fn(&Subject<'_>) -> Vec<Check>) -> Row {
        Row::new(Access::Read, checks)
    }
    Some(match operation {
        "GetLogEvents" => const { &read(on_stream) },
        "FilterLogEvents" => const { &read(|s| on_group(s, "logs:FilterLogEvents")) },
        "DescribeLogGroups" => const { &read(all_groups) },
        "DescribeLogStreams" => const { &read(|s| on_group(s, "logs:DescribeLogStreams")) },
        _ => return None,
    })
}

/// The group by name, or by its identifier, which is a name or an ARN.
fn group(subject: &Subject<'_>) -> String {
    let name = subject.text("logGroupName");
    let identifier = if name.is_empty() { subject.text("logGroupIdentifier") } else { name };
    if identifier.starts_with("arn:") {
        return identifier.trim_end_matches(":*").to_owned();
    }
    subject.regional("logs", format!("log-group:{identifier}"))
}

/// The group's streams without a name, as the service's refusals name the resource of these operations.
fn on_group(subject: &Subject<'_>, action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: format!("{}:log-stream:", group(subject)) }]
}

fn on_stream(subject: &Subject<'_>) -> Vec<Check> {
    let stream = subject.text("logStreamName");
    let resource = format!("{}:log-stream:{stream}", group(subject));
    vec![Check { action: "logs:GetLogEvents", resource }]
}

fn all_groups(subject: &Subject<'_>) -> Vec<Check> {
    let resource = subject.regional("logs", "log-group::log-stream:".to_owned());
    vec![Check { action: "logs:DescribeLogGroups", resource }]
}
