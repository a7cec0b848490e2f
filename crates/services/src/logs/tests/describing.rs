//! DescribeLogGroups and DescribeLogStreams.

use super::*;
use api::logs::{DescribeLogGroupsRequest, DescribeLogStreamsRequest};

async fn groups(bench: &Bench, input: DescribeLogGroupsRequest) -> Vec<String> {
    let mut input = DescribeLogGroupsRequest { limit: Some(2), ..input };
    let mut names = Vec::new();
    loop {
        let page = bench.logs.describe_groups(input.clone(), &context()).await.unwrap();
        names.extend(page.log_groups.unwrap().into_iter().map(|group| group.log_group_name.unwrap()));
        input.next_token = page.next_token;
        if input.next_token.is_none() {
            return names;
        }
    }
}

async fn streams(bench: &Bench, input: DescribeLogStreamsRequest) -> Vec<String> {
    let mut input =
        DescribeLogStreamsRequest { limit: Some(2), log_group_name: Some(GROUP.to_owned()), ..input };
    let mut names = Vec::new();
    loop {
        let page = bench.logs.describe_streams(input.clone(), &context()).await.unwrap();
        names.extend(page.log_streams.unwrap().into_iter().map(|stream| stream.log_stream_name.unwrap()));
        input.next_token = page.next_token;
        if input.next_token.is_none() {
            return names;
        }
    }
}

#[tokio::test]
async fn groups_are_listed_by_name_prefix_and_pattern() {
    let bench = Bench::start();
    assert!(groups(&bench, DescribeLogGroupsRequest::default()).await.is_empty());
    for name in ["/aws/lambda/a", "/aws/lambda/b", "/aws/lambda/ba", "/other"] {
        let lines = vec![LogLine { at: Timestamp(7), message: "12345".to_owned() }];
        bench.logs.accept(LogBatch { stream: stream_of(name, "s"), lines }).await;
    }
    let all = groups(&bench, DescribeLogGroupsRequest::default()).await;
    assert_eq!(all, ["/aws/lambda/a", "/aws/lambda/b", "/aws/lambda/ba", "/other"]);
    let prefix = DescribeLogGroupsRequest {
        log_group_name_prefix: Some("/aws/lambda/b".to_owned()),
        ..Default::default()
    };
    assert_eq!(groups(&bench, prefix.clone()).await, ["/aws/lambda/b", "/aws/lambda/ba"]);
    let pattern =
        DescribeLogGroupsRequest { log_group_name_pattern: Some("a/b".to_owned()), ..Default::default() };
    assert_eq!(groups(&bench, pattern).await, ["/aws/lambda/b", "/aws/lambda/ba"]);
    let identifiers = DescribeLogGroupsRequest {
        log_group_identifiers: Some(vec!["/other".to_owned(), "/none".to_owned()]),
        ..Default::default()
    };
    assert_eq!(groups(&bench, identifiers).await, ["/other"]);
    let both = DescribeLogGroupsRequest { log_group_name_pattern: Some("a".to_owned()), ..prefix };
    let error = bench.logs.describe_groups(both, &context()).await.map(drop).unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");
}

#[tokio::test]
async fn a_group_is_described() {
    let bench = Bench::start();
    bench.write("s", [(7, "12345"), (8, "")]).await;
    let page = bench.logs.describe_groups(DescribeLogGroupsRequest::default(), &context()).await.unwrap();
    let group = page.log_groups.unwrap().remove(0);
    assert_eq!(group.arn.unwrap(), "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/echo:*");
    assert_eq!(
        group.log_group_arn.unwrap(),
        "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/echo"
    );
    assert_eq!((group.creation_time, group.stored_bytes), (Some(5_000_000), Some(5 + 26 + 26)));
    assert_eq!((group.metric_filter_count, group.log_group_class.as_deref()), (Some(0), Some("STANDARD")));
}

#[tokio::test]
async fn other_accounts_and_classes_are_refused_by_name() {
    let bench = Bench::start();
    for (input, part) in [
        (
            DescribeLogGroupsRequest {
                account_identifiers: Some(vec!["1".to_owned()]),
                ..Default::default()
            },
            "accountIdentifiers",
        ),
        (
            DescribeLogGroupsRequest { include_linked_accounts: Some(true), ..Default::default() },
            "includeLinkedAccounts",
        ),
        (
            DescribeLogGroupsRequest { log_group_class: Some("DELIVERY".to_owned()), ..Default::default() },
            "logGroupClass",
        ),
    ] {
        let error = bench.logs.describe_groups(input, &context()).await.map(drop).unwrap_err();
        assert_eq!(error.code, "InvalidParameterException");
        assert!(error.message.contains(part), "{error}");
    }
}

#[tokio::test]
async fn streams_are_listed_by_name_or_by_last_event() {
    for scale in [1, 7 * 60 * 1000, 24 * 3600 * 1000] {
        let bench = Bench::start();
        for (name, at) in [("c", 1), ("a", 1), ("b", 3), ("ba", 2), ("d", 9)] {
            bench.write(name, [(at * scale, "x")]).await;
        }
        bench.write("a", [(2 * scale, "y")]).await;
        bench.logs.settled(false).await.unwrap();
        bench.write("a", [(3 * scale, "z")]).await;
        check_orders(&bench).await;
    }
}

async fn check_orders(bench: &Bench) {
    let order = |by_time: bool, descending: bool| DescribeLogStreamsRequest {
        order_by: by_time.then(|| "LastEventTime".to_owned()),
        descending: Some(descending),
        ..Default::default()
    };
    assert_eq!(streams(bench, order(false, false)).await, ["a", "b", "ba", "c", "d"]);
    assert_eq!(streams(bench, order(false, true)).await, ["d", "c", "ba", "b", "a"]);
    assert_eq!(streams(bench, order(true, false)).await, ["c", "ba", "a", "b", "d"]);
    assert_eq!(streams(bench, order(true, true)).await, ["d", "b", "a", "ba", "c"]);
    let prefix =
        DescribeLogStreamsRequest { log_stream_name_prefix: Some("b".to_owned()), ..order(false, false) };
    assert_eq!(streams(bench, prefix.clone()).await, ["b", "ba"]);
    let refused = DescribeLogStreamsRequest {
        order_by: Some("LastEventTime".to_owned()),
        log_group_name: Some(GROUP.to_owned()),
        ..prefix
    };
    let error = bench.logs.describe_streams(refused, &context()).await.map(drop).unwrap_err();
    assert_eq!(error.message, "Cannot order by LastEventTime with a logStreamNamePrefix.");
}

#[tokio::test]
async fn a_stream_is_described() {
    let bench = Bench::start();
    bench.write("s", [(7, "x"), (9, "y")]).await;
    bench.logs.settled(false).await.unwrap();
    bench.clock.0.store(6_000_000, Ordering::SeqCst);
    bench.write("s", [(11, "z")]).await;
    let input = DescribeLogStreamsRequest { log_group_name: Some(GROUP.to_owned()), ..Default::default() };
    let page = bench.logs.describe_streams(input, &context()).await.unwrap();
    let stream = page.log_streams.unwrap().remove(0);
    assert_eq!((stream.first_event_timestamp, stream.last_event_timestamp), (Some(7), Some(11)));
    assert_eq!((stream.creation_time, stream.last_ingestion_time), (Some(5_000_000), Some(6_000_000)));
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/echo:log-stream:s";
    assert_eq!(stream.arn.as_deref(), Some(arn));
    let nowhere = DescribeLogStreamsRequest { log_group_name: Some("/x".to_owned()), ..Default::default() };
    let error = bench.logs.describe_streams(nowhere, &context()).await.map(drop).unwrap_err();
    assert_eq!(error.code, "ResourceNotFoundException");
}
