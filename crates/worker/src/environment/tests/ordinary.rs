//! The ordinary course.

use crate::simulation::Guest;
use crate::story::{Story, event, success};
use crate::{Answer, Fate, Invocation, LogTail, Phase, StartError};
use std::time::Duration;

/// Answers every event with itself, after printing it.
pub(super) async fn echo(mut guest: Guest) -> i32 {
    while let Ok(work) = guest.next().await {
        let id = work.id();
        guest.print(format!("event {}\n", String::from_utf8_lossy(&work.body))).await.unwrap();
        guest.respond(&id, work.body).await.unwrap();
    }
    0
}

#[tokio::test(start_paused = true)]
async fn invocations_come_back_and_the_environment_is_used_again() {
    let story = Story::of(echo);
    let environment = story.start().await;
    for payload in ["1", "2", "3"] {
        let outcome = environment.invoke(event(payload)).await;
        assert_eq!(success(&outcome.answer), payload);
        assert_eq!(outcome.fate, Fate::Reusable);
        assert!(environment.is_reusable());
    }
    assert_eq!(story.simulation.started(), 1);
    environment.shutdown().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_initialisation_has_a_whole_processor_and_what_comes_after_it_the_share() {
    let story = Story::of(|mut guest: Guest| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        while let Ok(work) = guest.next().await {
            guest.respond(&work.id(), work.body).await.unwrap();
        }
        0
    });
    let environment = story.start().await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    let cell = &story.simulation.specs()[0];
    assert_eq!((cell.cpu_millis, cell.init_cpu_millis), (72, 1000), "128 MB");
    assert!(story.simulation.shares().is_empty(), "it still initialises");
    environment.invoke(event("1")).await;
    environment.invoke(event("2")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(story.simulation.shares(), [72]);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_repeated_initialisation_is_not_a_way_to_a_whole_processor() {
    let story = Story::of(|mut guest: Guest| async move {
        if guest.start() == 0 {
            return 256;
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        let _ = guest.next().await;
        0
    });
    let spec = crate::EnvironmentSpec { timeout: 60.try_into().unwrap(), ..story.spec() };
    let environment = story.worker.start(spec).await.unwrap();
    let invocation = tokio::spawn({
        let environment = environment.clone();
        async move { environment.invoke(event("1")).await }
    });
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(story.simulation.shares().is_empty());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(story.simulation.shares(), [72], "ten seconds are over, the initialisation is not");
    invocation.await.unwrap();
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_log_has_start_output_end_and_report_in_order() {
    let story = Story::of(echo);
    let environment = story.start().await;
    let first = event("1");
    let id = first.request_id;
    environment.invoke(first).await;
    environment.invoke(event("2")).await;
    let log = story.end().await;
    assert!(
        log[0].starts_with("INIT_START Runtime Version: python:3.11.2\tRuntime Version ARN: arn:"),
        "{log:?}"
    );
    assert_eq!(log[1], format!("START RequestId: {id} Version: $LATEST"));
    assert_eq!(log[2], "event 1");
    assert_eq!(log[3], format!("END RequestId: {id}"));
    assert!(log[4].starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{log:?}");
    assert!(log[4].contains("\tInit Duration: "), "the first invocation tells it");
    let kinds: Vec<_> = log[5..].iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(kinds, ["START", "event", "END", "REPORT"]);
    assert!(!log[8].contains("Init Duration"), "the second doesn't");
}

#[tokio::test(start_paused = true)]
async fn a_tail_has_the_whole_invocation_when_it_is_short() {
    let story = Story::of(echo);
    let environment = story.start().await;
    environment.invoke(event("\"before\"")).await;
    let outcome = environment.invoke(Invocation { log_tail: LogTail::Wanted, ..event("\"täil\"") }).await;
    let tail = String::from_utf8(outcome.log_tail.unwrap()).unwrap();
    let lines: Vec<_> = tail.lines().collect();
    assert_eq!(lines.len(), 4, "{tail}");
    assert!(
        lines[0].starts_with("START ") && lines[2].starts_with("END ") && lines[3].starts_with("REPORT ")
    );
    assert_eq!(lines[1], "event \"täil\"");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_runtime_sees_what_the_caller_gave() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        let seen: Vec<String> =
            work.headers.iter().map(|(n, v)| format!("{n}={}", v.to_str().unwrap())).collect();
        guest
            .respond(&work.id(), format!("{}\n{}", seen.join("\n"), String::from_utf8_lossy(&work.body)))
            .await
            .unwrap();
        guest.next().await.map_or(1, |_| 0)
    });
    let environment = story.start().await;
    let invocation = Invocation {
        client_context: Some(r#"{"client":{}}"#.to_owned()),
        cognito_identity: Some("not\nfit for a header".to_owned()),
        ..event("")
    };
    let id = invocation.request_id;
    let seen = success(&environment.invoke(invocation).await.answer);
    let has = |line: &str| assert!(seen.lines().any(|seen| seen == line), "{line} in {seen}");
    has(&format!("lambda-runtime-aws-request-id={id}"));
    has("lambda-runtime-invoked-function-arn=arn:aws:lambda:us-east-1:000000000000:function:story:live");
    has("lambda-runtime-trace-id=Root=1-5759e988-bd862e3fe1be46a994272793");
    has(r#"lambda-runtime-client-context={"client":{}}"#);
    has("{}");
    assert!(!seen.contains("cognito") && !seen.contains("date="));
    let deadline = seen.lines().find_map(|line| line.strip_prefix("lambda-runtime-deadline-ms=")).unwrap();
    let deadline: i64 = deadline.parse().unwrap();
    assert!((1_795_478_403_000..1_795_478_405_000).contains(&deadline), "three seconds from now: {deadline}");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_comes_during_the_initialisation_waits_and_its_time_runs_from_then() {
    let story = Story::of(|mut guest: Guest| async move {
        tokio::time::sleep(Duration::from_secs(8)).await;
        let work = guest.next().await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        guest.respond(&work.id(), work.body).await.unwrap();
        guest.next().await.map_or(1, |_| 0)
    });
    let environment = story.start().await;
    assert_eq!(environment.phase(), Phase::Initialising);
    let outcome = environment.invoke(event("1")).await;
    assert_eq!(success(&outcome.answer), "1");
    assert!(outcome.timings.init.unwrap() >= Duration::from_secs(8));
    assert!(outcome.timings.duration < Duration::from_secs(3));
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn two_environments_work_at_the_same_time() {
    let story = Story::of(|mut guest: Guest| async move {
        while let Ok(work) = guest.next().await {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let answer = format!("{} of {}", String::from_utf8_lossy(&work.body), guest.start());
            guest.respond(&work.id(), answer).await.unwrap();
        }
        0
    });
    let (one, two) = (story.start().await, story.start().await);
    let before = tokio::time::Instant::now();
    let (first, second) = tokio::join!(one.invoke(event("a")), two.invoke(event("b")));
    assert!(before.elapsed() < Duration::from_secs(3), "one after the other");
    assert_eq!((success(&first.answer), success(&second.answer)), ("a of 0".to_owned(), "b of 1".to_owned()));
    assert_eq!(story.worker.live().len(), 2);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_invocation_at_the_same_time_is_not_taken() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        guest.respond(&work.id(), work.body).await.unwrap();
        guest.next().await.map_or(1, |_| 0)
    });
    let environment = story.start().await;
    let (first, second) = tokio::join!(environment.invoke(event("1")), environment.invoke(event("2")));
    assert_eq!(success(&first.answer), "1");
    assert_eq!((second.answer, second.fate), (Answer::NotDelivered, Fate::Reusable));
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_a_usable_environment_and_a_whole_log() {
    let story = Story::of(|mut guest: Guest| async move {
        while let Ok(work) = guest.next().await {
            guest.print("working\n").await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            guest.respond(&work.id(), work.body).await.unwrap();
        }
        0
    });
    let environment = story.start().await;
    let gone = tokio::time::timeout(Duration::from_millis(500), environment.invoke(event("1"))).await;
    assert!(gone.is_err());
    assert!(!environment.is_reusable(), "the function still works on it");
    environment.settled().await;
    assert!(environment.is_reusable());
    assert_eq!(success(&environment.invoke(event("2")).await.answer), "2");
    assert_eq!(story.simulation.started(), 1);
    let log = story.end().await;
    let kinds: Vec<_> = log[1..].iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(kinds, ["START", "working", "END", "REPORT", "START", "working", "END", "REPORT"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_ends_the_environment_after_its_invocation() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        guest.print("done\n").await.unwrap();
        guest.respond(&work.id(), work.body).await.unwrap();
        guest.next().await.map_or(1, |_| 0)
    });
    let environment = story.start().await;
    let other = environment.clone();
    let invocation = tokio::spawn(async move { environment.invoke(event("1")).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    invocation.abort();
    drop(invocation);
    let watcher = tokio::spawn(async move { other.gone().await });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(story.simulation.alive(), 1, "the invocation goes on");
    // The watcher holds a handle: only a shutdown of the worker ends it now.
    let log = story.end().await;
    watcher.await.unwrap();
    assert!(log.contains(&"done".to_owned()), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_of_an_idle_environment_destroys_it() {
    let story = Story::of(echo);
    let environment = story.start().await;
    environment.invoke(event("1")).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(story.simulation.alive(), 1);
    drop(environment);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(story.simulation.alive(), 0);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn limits_together_are_bounded_too() {
    // Seven eighths of it are one account's at most.
    let options = crate::Options { max_committed_mb: 1500, ..Default::default() };
    let story = Story::with(options, echo);
    let two = (story.start().await, story.start().await);
    assert!(matches!(
        story.worker.start(story.spec()).await,
        Err(StartError::AccountFull { environments: 2, mb: 1280 })
    ));
    two.0.shutdown().await;
    story.start().await;
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_worker_keeps_its_bounds() {
    let options = crate::Options { max_environments: 1, ..Default::default() };
    let story = Story::with(options, echo);
    let environment = story.start().await;
    assert!(matches!(
        story.worker.start(story.spec()).await,
        Err(StartError::AccountFull { environments: 1, .. })
    ));
    environment.shutdown().await;
    let large = crate::EnvironmentSpec { ephemeral_storage_mb: 10_240, ..story.spec() };
    let refused = story.worker.start(large).await;
    assert!(matches!(refused, Err(StartError::EphemeralStorage { asked: 10_240, limit: 2048 })));
    let unknown = crate::EnvironmentSpec { runtime: "cobol68".parse().unwrap(), ..story.spec() };
    assert!(matches!(story.worker.start(unknown).await, Err(StartError::UnknownRuntime(_))));
    let environment = story.start().await;
    story.worker.shutdown(Duration::from_secs(1)).await;
    assert!(matches!(story.worker.start(story.spec()).await, Err(StartError::ShuttingDown)));
    assert_eq!(environment.invoke(event("1")).await.answer, Answer::NotDelivered);
    story.end().await;
}
