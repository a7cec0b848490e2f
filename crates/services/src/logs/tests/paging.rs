//! GetLogEvents: both directions, stable while lines arrive.

use super::*;
use proptest::prelude::*;

#[tokio::test]
async fn a_read_right_after_a_write_sees_it() {
    let bench = Bench::start();
    bench.write("a", [(1, "START"), (1, "hello"), (2, "END")]).await;
    let page = bench.get(of_stream("a")).await;
    assert_eq!(texts(&page), ["START", "hello", "END"]);
    let first = &page.events.as_ref().unwrap()[0];
    assert_eq!((first.timestamp, first.ingestion_time), (Some(1), Some(5_000_000)));
}

#[tokio::test]
async fn forward_pages_end_in_a_token_that_waits_for_more() {
    let bench = Bench::start();
    bench.write("a", (0..5).map(|n| (n / 2, format!("{n}")))).await;
    let from_head = GetLogEventsRequest { start_from_head: Some(true), limit: Some(2), ..of_stream("a") };
    let first = bench.get(from_head.clone()).await;
    assert_eq!(texts(&first), ["0", "1"]);
    let second =
        bench.get(GetLogEventsRequest { next_token: first.next_forward_token, ..from_head.clone() }).await;
    assert_eq!(texts(&second), ["2", "3"]);
    let third =
        bench.get(GetLogEventsRequest { next_token: second.next_forward_token, ..from_head.clone() }).await;
    assert_eq!(texts(&third), ["4"]);

    let at_end = GetLogEventsRequest { next_token: third.next_forward_token.clone(), ..from_head.clone() };
    let nothing = bench.get(at_end.clone()).await;
    assert!(texts(&nothing).is_empty());
    assert_eq!(nothing.next_forward_token, third.next_forward_token, "the same token at the end");

    bench.write("a", [(2, "5")]).await;
    assert_eq!(texts(&bench.get(at_end).await), ["5"]);
    let back = GetLogEventsRequest { next_token: nothing.next_backward_token, ..from_head };
    assert_eq!(texts(&bench.get(back).await), ["3", "4"], "and back from there");
}

#[tokio::test]
async fn without_a_token_the_latest_come_and_pages_go_back() {
    let bench = Bench::start();
    bench.write("a", (0..5).map(|n| (n, format!("{n}")))).await;
    let input = GetLogEventsRequest { limit: Some(2), ..of_stream("a") };
    let last = bench.get(input.clone()).await;
    assert_eq!(texts(&last), ["3", "4"]);
    bench.write("a", [(9, "later")]).await;
    let before =
        bench.get(GetLogEventsRequest { next_token: last.next_backward_token, ..input.clone() }).await;
    assert_eq!(texts(&before), ["1", "2"]);
    let first =
        bench.get(GetLogEventsRequest { next_token: before.next_backward_token, ..input.clone() }).await;
    assert_eq!(texts(&first), ["0"]);
    let at_start = GetLogEventsRequest { next_token: first.next_backward_token.clone(), ..input.clone() };
    let nothing = bench.get(at_start).await;
    assert!(texts(&nothing).is_empty());
    assert_eq!(nothing.next_backward_token, first.next_backward_token, "the same token at the beginning");
    let forward = GetLogEventsRequest { next_token: last.next_forward_token, ..input };
    assert_eq!(texts(&bench.get(forward).await), ["later"]);
}

#[tokio::test]
async fn a_page_holds_one_megabyte_and_at_least_one_event() {
    let bench = Bench::start();
    let long = "x".repeat(200 * 1024);
    bench.write("a", (0..8).map(|n| (n, long.clone()))).await;
    assert_eq!(bench.get(of_stream("a")).await.events.unwrap().len(), 5);
    bench.write("b", (0..10_001).map(|n| (n, ""))).await;
    assert_eq!(bench.get(of_stream("b")).await.events.unwrap().len(), 10_000);
}

#[tokio::test]
async fn a_line_that_is_too_long_is_cut_between_characters() {
    let bench = Bench::start();
    bench.write("a", [(1, "é".repeat(200 * 1024))]).await;
    let page = bench.get(of_stream("a")).await;
    assert_eq!(texts(&page).len(), 2);
    assert_eq!(texts(&page).concat(), "é".repeat(200 * 1024));
}

#[tokio::test]
async fn tokens_and_names_that_nobody_gave_are_refused() {
    let bench = Bench::start();
    bench.write("a", [(1, "x")]).await;
    for token in ["", "x", "f/1/s", "f/", "é/", "b/00000000000000000000000000000000000000000000000000000000"]
    {
        let input = GetLogEventsRequest { next_token: Some(token.to_owned()), ..of_stream("a") };
        let error = bench.logs.get_events(input, &context()).await.map(drop).unwrap_err();
        assert_eq!(error.code, "InvalidParameterException", "{token}");
    }
    let missing = bench.logs.get_events(of_stream("b"), &context()).await.map(drop).unwrap_err();
    assert_eq!(missing.to_string(), "ResourceNotFoundException: The specified log stream does not exist.");
    let elsewhere = GetLogEventsRequest { log_group_name: Some("/x".to_owned()), ..of_stream("a") };
    let missing = bench.logs.get_events(elsewhere, &context()).await.map(drop).unwrap_err();
    assert_eq!(missing.to_string(), "ResourceNotFoundException: The specified log group does not exist.");
}

#[tokio::test]
async fn a_group_is_named_once_and_is_the_callers_own() {
    let bench = Bench::start();
    bench.write("a", [(1, "x")]).await;
    let by = |name: Option<&str>, identifier: Option<&str>| GetLogEventsRequest {
        log_group_name: name.map(str::to_owned),
        log_group_identifier: identifier.map(str::to_owned),
        ..of_stream("a")
    };
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/echo";
    for identifier in [GROUP, arn, &format!("{arn}:*")] {
        assert_eq!(texts(&bench.get(by(None, Some(identifier))).await), ["x"]);
    }
    let other_account = arn.replace("000000000000", "111111111111");
    let other_region = arn.replace("us-east-1", "eu-west-1");
    for identifier in
        [&other_account, &other_region, "arn:aws:logs:us-east-1:000000000000:x:/aws/lambda/echo", "arn:"]
    {
        let error =
            bench.logs.get_events(by(None, Some(identifier)), &context()).await.map(drop).unwrap_err();
        assert_eq!(error.code, "ResourceNotFoundException", "{identifier}");
    }
    for both in [by(None, None), by(Some(GROUP), Some(GROUP))] {
        let error = bench.logs.get_events(both, &context()).await.map(drop).unwrap_err();
        assert_eq!(error.code, "InvalidParameterException");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the batches, the limit and the span: pages in both directions show exactly the events of the span.
    #[test]
    fn pages_show_everything_once_and_in_order(
        steps in prop::collection::vec(prop::collection::vec(0i64..3, 1..6), 1..12),
        limit in 1i64..7,
        start in prop::option::of(0i64..12),
        end in prop::option::of(0i64..30),
        from_head: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::start();
            let (mut now, mut count, mut expected) = (0, 0, Vec::new());
            for batch in steps {
                let lines: Vec<_> = batch.into_iter().map(|step| {
                    now += step;
                    count += 1;
                    (now, count.to_string())
                }).collect();
                expected.extend(lines.iter().filter(|(at, _)| {
                    start.is_none_or(|start| *at >= start) && end.is_none_or(|end| *at < end)
                }).map(|(_, text)| text.clone()));
                bench.write("a", lines).await;
                bench.logs.settled(false).await.unwrap();
            }
            let mut input = GetLogEventsRequest {
                start_time: start, end_time: end, limit: Some(limit), start_from_head: Some(from_head), ..of_stream("a")
            };
            let mut seen = Vec::new();
            loop {
                let page = bench.get(input.clone()).await;
                let shown: Vec<String> = texts(&page).into_iter().map(str::to_owned).collect();
                let next = if from_head { page.next_forward_token } else { page.next_backward_token };
                let same = next == input.next_token;
                assert_eq!(shown.is_empty(), same || input.next_token.is_none() && expected.is_empty());
                if shown.is_empty() {
                    break;
                }
                if from_head { seen.extend(shown) } else { seen.splice(0..0, shown); }
                input.next_token = next;
            }
            assert_eq!(seen, expected);
        });
    }
}
