//! What must hold with the real thing.

use crate::harness::{Bench, Case, Verdict, event, text};
use crate::{channel, frozen, node, python};
use std::time::{Duration, Instant};
use worker::{Answer, Fate, Invocation, LogTail};

/// Each says in its name what it needs.
pub(crate) const ALL: &[Case] = &[
    ("root_native_answers_and_its_log_is_whole", answers),
    ("root_native_reads_its_code", reads_its_code),
    ("root_native_reads_its_layers", reads_its_layers),
    ("root_native_reaches_the_platform_as_long_as_it_lives", reaches_the_platform),
    ("root_native_is_killed_at_its_deadline", deadline),
    ("root_native_exit_is_told", exit),
    ("root_native_out_of_memory_is_told", out_of_memory),
    ("root_native_fills_tmp_beyond_its_memory_and_lives", fills_tmp),
    ("root_native_prints_a_hundred_megabytes", flood),
    ("root_native_environments_start_in_parallel_and_leave_nothing", many),
    ("root_native_frozen_environments_all_answer_at_once", frozen::all_at_once),
    ("root_python_says_hello", python::hello),
    ("root_python_is_killed_at_its_deadline_with_all_its_processes", python::deadline),
    ("root_python_out_of_memory_is_told", python::out_of_memory),
    ("root_python_exit_is_told", python::exit),
    ("root_python_prints_a_hundred_megabytes", python::flood),
    ("root_python_that_cannot_be_imported_says_why", python::not_importable),
    ("root_python_reads_its_variables", python::variables),
    ("root_python_speaks_over_its_channel", channel::spoken),
    ("root_python_that_garbles_its_channel_is_destroyed", channel::garbled),
    ("root_python_may_speak_http_beside_its_channel", channel::by_http_too),
    ("root_python_logs_in_json", channel::logs_in_json),
    ("root_node_says_hello", node::hello),
    ("root_node_is_killed_at_its_deadline_with_all_its_processes", node::deadline),
    ("root_node_exit_is_told", node::exit),
    ("root_node_that_cannot_be_imported_says_why", node::not_importable),
    ("root_node_unhandled_rejection_is_told_and_ends_it", node::rejection),
    ("root_node_prints_much_before_it_answers", node::flood),
    ("root_node_streams_its_answer", node::streaming),
    ("root_node_speaks_over_its_channel", node::channel),
    ("root_node_knows_its_user_and_its_variables", node::surroundings),
    ("root_node_garbage_is_collected_within_its_memory", node::garbage),
    ("root_node_out_of_memory_is_told", node::out_of_memory),
    ("root_python_imports_from_its_layers", python::layers),
    ("root_python_learns_at_once_that_a_name_is_none", python::names),
    ("root_node_learns_at_once_that_a_name_is_none", node::names),
];

fn answers(bench: &Bench) -> Verdict {
    bench.run(async {
        let environment = bench.start("print").await;
        for payload in ["1", "2"] {
            let outcome = environment.invoke(event(payload)).await;
            assert_eq!((text(&outcome.answer).as_str(), outcome.fate), (payload, Fate::Reusable));
        }
        let outcome = environment.invoke(Invocation { log_tail: LogTail::Wanted, ..event("3") }).await;
        let tail = String::from_utf8(outcome.log_tail.unwrap()).unwrap();
        assert!(
            tail.starts_with("START ")
                && tail.contains("\nevent 3\nEND ")
                && tail.contains("Max Memory Used: "),
            "{tail}"
        );
        environment.shutdown().await;
        let log = bench.sink.take();
        let kinds: Vec<_> = log.iter().map(|line| line.split(' ').next().unwrap()).collect();
        let one = ["START", "event", "END", "REPORT"];
        assert_eq!(kinds, [&["INIT_START"], &one[..], &one[..], &one[..]].concat(), "{log:?}");
        assert!(!log[4].contains("Max Memory Used: 0 MB"), "{log:?}");
    });
    Verdict::Passed
}

fn reads_its_code(bench: &Bench) -> Verdict {
    bench.run(async {
        let environment = bench.start("code").await;
        assert_eq!(text(&environment.invoke(event("{}")).await.answer), "the code");
        environment.shutdown().await;
    });
    Verdict::Passed
}

fn reads_its_layers(bench: &Bench) -> Verdict {
    bench.run(async {
        let lower = bench.layer(&[("one", "1"), ("both", "lower")]);
        let upper = bench.layer(&[("both", "upper")]);
        let spec = worker::EnvironmentSpec { layers: vec![lower, upper], ..bench.native("layers") };
        let environment = bench.worker.start(spec).await.unwrap();
        assert_eq!(text(&environment.invoke(event("{}")).await.answer), "1upper");
        environment.shutdown().await;
    });
    Verdict::Passed
}

fn reaches_the_platform(bench: &Bench) -> Verdict {
    bench.run(async {
        let environment = bench.start("platform").await;
        let id = environment.spec().id;
        for _ in 0..2 {
            let answer = text(&environment.invoke(event("{}")).await.answer);
            assert_eq!(answer, format!("{id} of 000000000000"));
        }
        assert_eq!(bench.platform.served(), 1);
        environment.shutdown().await;
        assert_eq!(bench.platform.served(), 0);
    });
    Verdict::Passed
}

fn deadline(bench: &Bench) -> Verdict {
    bench.run(async {
        let spec = worker::EnvironmentSpec { timeout: 1.try_into().unwrap(), ..bench.native("sleep") };
        let environment = bench.worker.start(spec).await.unwrap();
        let before = Instant::now();
        let outcome = environment.invoke(event("{}")).await;
        // Waiting for a process to die in vain takes two seconds more than the deadline.
        assert!(before.elapsed() < Duration::from_millis(2900), "{:?}", before.elapsed());
        assert!(text(&outcome.answer).contains("Task timed out after 1.00 seconds"));
        environment.gone().await;
        let log = bench.sink.take();
        assert!(
            log.contains(&"going to sleep".to_owned()) && log.last().unwrap().ends_with("Status: timeout"),
            "{log:?}"
        );
    });
    Verdict::Passed
}

fn exit(bench: &Bench) -> Verdict {
    bench.run(async {
        for (handler, message) in [("exit", "exit status 7"), ("abort", "signal: aborted")] {
            let environment = bench.start(handler).await;
            let outcome = environment.invoke(event("{}")).await;
            assert!(text(&outcome.answer).contains(message), "{outcome:?}");
            assert_eq!(outcome.fate, Fate::Destroyed);
        }
    });
    Verdict::Passed
}

fn out_of_memory(bench: &Bench) -> Verdict {
    bench.run(async {
        let environment = bench.start("allocate").await;
        let outcome = environment.invoke(event("{}")).await;
        assert!(text(&outcome.answer).contains("Runtime.OutOfMemory"), "{outcome:?}");
        environment.gone().await;
        let log = bench.sink.take();
        assert!(log.last().unwrap().contains("Max Memory Used: 128 MB"), "{log:?}");
    });
    Verdict::Passed
}

fn fills_tmp(bench: &Bench) -> Verdict {
    bench.run(async {
        let environment = bench.start("fill").await;
        let outcome = environment.invoke(event("1")).await;
        assert_eq!((text(&outcome.answer).as_str(), outcome.fate), ("1", Fate::Reusable));
        environment.shutdown().await;
    });
    Verdict::Passed
}

fn flood(bench: &Bench) -> Verdict {
    bench.run(async {
        bench.sink.take();
        let spec = worker::EnvironmentSpec { timeout: 60.try_into().unwrap(), ..bench.native("flood") };
        let environment = bench.worker.start(spec).await.unwrap();
        let outcome = environment.invoke(event("1")).await;
        assert!(matches!(outcome.answer, Answer::Success { .. }), "{outcome:?}");
        environment.shutdown().await;
        let log = bench.sink.take();
        assert_eq!(log.iter().filter(|line| line.len() == 1023).count(), 100 << 10);
    });
    Verdict::Passed
}

fn many(bench: &Bench) -> Verdict {
    bench.run(async {
        let mut all = Vec::new();
        for round in 0..3 {
            let start = |number: usize| async move {
                let environment = bench.start("echo").await;
                let payload = (round * 100 + number).to_string();
                assert_eq!(text(&environment.invoke(event(&payload)).await.answer), payload);
                environment
            };
            let (a, b, c, d) = tokio::join!(start(1), start(2), start(3), start(4));
            all.extend([a, b, c, d]);
        }
        assert_eq!(bench.worker.live().len(), 12);
        drop(all);
        while !bench.worker.live().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    Verdict::Passed
}
