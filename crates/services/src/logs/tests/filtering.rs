//! FilterLogEvents: many streams, one order.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[tokio::test]
async fn streams_are_merged_by_time() {
    let bench = Bench::start();
    bench.write("b", [(1, "b1"), (5, "b5")]).await;
    bench.write("a", [(2, "a2"), (5, "a5"), (9, "a9")]).await;
    bench.write("c", [(100, "c100")]).await;
    let events = bench.filter(of_group()).await;
    let texts: Vec<_> = events.iter().map(|e| e.2.as_str()).collect();
    assert_eq!(texts[..2], ["b1", "a2"]);
    assert_eq!(texts[4..], ["a9", "c100"]);
    assert!(events.is_sorted_by(|one, next| one.3 < next.3), "ids grow");
    assert!(events.iter().all(|e| e.3.len() == 56));
    assert_eq!(events, bench.filter(of_group()).await, "ids are stable");

    let some = FilterLogEventsRequest { start_time: Some(5), end_time: Some(100), ..of_group() };
    assert_eq!(bench.filter(some).await.len(), 3);
}

#[tokio::test]
async fn a_tail_that_polls_sees_each_event_once() {
    // As the CLI's `logs tail --follow`: from the latest time seen on, without the ids that were seen.
    let bench = Bench::start();
    let (mut seen, mut start) = (BTreeMap::new(), 0);
    for round in 0..10i64 {
        for stream in ["a", "b", "c"] {
            let lines = (0..3).map(|n| (round / 2, format!("{stream} {round} {n}")));
            bench.write(stream, lines).await;
        }
        for event in bench.filter(FilterLogEventsRequest { start_time: Some(start), ..of_group() }).await {
            start = start.max(event.0);
            seen.entry(event.3).or_insert(event.2);
        }
        assert_eq!(seen.len() as i64, (round + 1) * 9);
    }
    let once: std::collections::BTreeSet<_> = seen.values().collect();
    assert_eq!(once.len(), 90);
}

#[tokio::test]
async fn streams_are_chosen_by_name_or_prefix() {
    let bench = Bench::start();
    for stream in ["2026/11/24/[$LATEST]a", "2026/11/24/[$LATEST]b", "2026/11/25/[1]c"] {
        bench.write(stream, [(1, stream)]).await;
    }
    let by_prefix = |prefix: &str| FilterLogEventsRequest {
        log_stream_name_prefix: Some(prefix.to_owned()),
        ..of_group()
    };
    assert_eq!(bench.filter(by_prefix("2026/11/24")).await.len(), 2);
    assert_eq!(bench.filter(by_prefix("2027")).await.len(), 0);
    assert_eq!(bench.filter(by_prefix("\u{1}")).await.len(), 0);
    let by_name = |names: &[&str]| FilterLogEventsRequest {
        log_stream_names: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..of_group()
    };
    let twice = ["2026/11/25/[1]c", "2026/11/25/[1]c"];
    assert_eq!(bench.filter(by_name(&twice)).await.len(), 1);
    assert_eq!(bench.refused(by_name(&["none"])).await.code, "ResourceNotFoundException");
    let both = FilterLogEventsRequest { log_stream_name_prefix: Some("2".to_owned()), ..by_name(&["a"]) };
    assert_eq!(bench.refused(both).await.code, "InvalidParameterException");
}

#[tokio::test]
async fn a_call_that_finds_nothing_for_long_answers_with_a_token() {
    let bench = Bench::start();
    bench.write("a", (0..2000).map(|n| (n, format!("{n:0>500}")))).await;
    bench.write("a", [(3000, "needle")]).await;
    let input = FilterLogEventsRequest { filter_pattern: Some("needle".to_owned()), ..of_group() };
    let page = bench.logs.filter_events(input.clone(), &context(), bounds(100_000)).await.unwrap();
    assert!(page.events.unwrap().is_empty());
    assert!(page.next_token.is_some());
    let events = bench.filter_reading(input, bounds(100_000)).await;
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn what_is_not_built_is_refused_by_name() {
    let bench = Bench::start();
    bench.write("a", [(1, "x")]).await;
    for (input, part) in [
        (FilterLogEventsRequest { unmask: Some(true), ..of_group() }, "unmask"),
        (FilterLogEventsRequest { start_from_head: Some(false), ..of_group() }, "startFromHead"),
        (FilterLogEventsRequest { filter_pattern: Some("{ $.a = 1 }".to_owned()), ..of_group() }, "{ $."),
        (FilterLogEventsRequest { filter_pattern: Some("[a, b]".to_owned()), ..of_group() }, "[field"),
        (FilterLogEventsRequest { filter_pattern: Some("%a%".to_owned()), ..of_group() }, "%regular"),
    ] {
        let error = bench.refused(input).await;
        assert_eq!(error.code, "InvalidParameterException");
        assert!(error.message.contains(part), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the streams, the limit and the bound of one call: the pages show exactly the events of the span, each
    /// once, in one order.
    #[test]
    fn pages_show_everything_once_and_in_order(
        writes in prop::collection::vec((0u8..4, prop::collection::vec((0i64..3, 0usize..2000), 1..5)), 1..20),
        limit in 1i64..9,
        read_bytes in prop_oneof![Just(0usize), Just(4000), Just(1 << 20)],
        held_bytes in prop_oneof![Just(0usize), Just(4000), Just(1 << 20)],
        start in prop::option::of(0i64..12),
        end in prop::option::of(0i64..30),
        scale in prop_oneof![Just(1i64), Just(400_000)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::start();
            let (start, end) = (start.map(|start| start * scale), end.map(|end| end * scale));
            let (mut now, mut expected) = (BTreeMap::<u8, i64>::new(), Vec::new());
            for (stream, steps) in writes {
                let at = now.entry(stream).or_default();
                let lines: Vec<_> = steps.into_iter().map(|(step, length)| {
                    *at += step * scale;
                    (*at, "x".repeat(length))
                }).collect();
                let inside = |at: i64| start.is_none_or(|start| at >= start) && end.is_none_or(|end| at < end);
                let inside = lines.iter().filter(|(at, _)| inside(*at));
                expected.extend(inside.map(|(at, text)| (*at, stream.to_string(), text.clone())));
                bench.write(&stream.to_string(), lines).await;
                bench.logs.settled(false).await.unwrap();
            }
            let input = FilterLogEventsRequest {
                start_time: start, end_time: end, limit: Some(limit), ..of_group()
            };
            let seen = bench.filter_reading(input, Bounds { read_bytes, held_bytes }).await;
            assert!(seen.is_sorted_by(|one, next| one.0 <= next.0 && one.3 < next.3));
            // Within a stream the order is that of the writes; between streams of one millisecond any.
            let by_stream = |mut events: Vec<(i64, String, String)>| {
                events.sort_by(|one, other| one.1.cmp(&other.1));
                events
            };
            let seen = seen.into_iter().map(|(at, stream, text, _)| (at, stream, text)).collect();
            assert_eq!(by_stream(seen), by_stream(expected));
        });
    }
}
