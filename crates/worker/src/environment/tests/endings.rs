//! Every way in which things end badly.

use crate::simulation::Guest;
use crate::story::{Story, event, failure, success};
use crate::{Answer, Fate, Invocation, LogTail, Phase};
use std::time::Duration;

const ENDLESS: Duration = Duration::from_secs(1_000_000);

fn report(log: &[String]) -> &str {
    log.iter().rfind(|line| line.starts_with("REPORT ")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_too_slow_is_killed_and_its_log_is_returned() {
    let story = Story::of(|mut guest: Guest| async move {
        guest.next().await.unwrap();
        guest.print("begun").await.unwrap();
        tokio::time::sleep(ENDLESS).await;
        0
    });
    let environment = story.start().await;
    let invocation = Invocation { log_tail: LogTail::Wanted, ..event("1") };
    let id = invocation.request_id;
    let before = tokio::time::Instant::now();
    let outcome = environment.invoke(invocation).await;
    assert!((3000..3200).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
    let (kind, message) = failure(&outcome.answer);
    assert_eq!(kind, "Sandbox.Timedout");
    assert_eq!(message, format!("RequestId: {id} Error: Task timed out after 3.00 seconds"));
    assert_eq!(outcome.fate, Fate::Destroyed);
    let tail = String::from_utf8(outcome.log_tail.unwrap()).unwrap();
    let lines: Vec<_> = tail.lines().collect();
    assert_eq!(lines.len(), 5, "{tail}");
    assert_eq!(lines[1], "begun");
    assert!(lines[2].ends_with(&format!("{id} Task timed out after 3.00 seconds")));
    assert!(lines[4].ends_with("\tStatus: timeout"), "{tail}");
    environment.gone().await;
    assert_eq!(environment.phase(), Phase::Ended);
    assert_eq!(environment.invoke(event("2")).await.answer, Answer::NotDelivered);
    assert_eq!(story.simulation.alive(), 0);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_exits_during_an_invocation() {
    for (status, text, error) in [
        (256, "Runtime exited with error: exit status 1", "Runtime.ExitError"),
        (0, "Runtime exited without providing a reason", "Runtime.ExitError"),
        (11, "Runtime exited with error: signal: segmentation fault", "Runtime.ExitError"),
        (9, "Runtime exited with error: signal: killed", "Runtime.ExitError"),
    ] {
        let story = Story::of(move |mut guest: Guest| async move {
            guest.next().await.unwrap();
            guest.print("last words").await.unwrap();
            status
        });
        let environment = story.start().await;
        let invocation = event("1");
        let id = invocation.request_id;
        let outcome = environment.invoke(invocation).await;
        assert_eq!(failure(&outcome.answer), (error.to_owned(), format!("RequestId: {id} Error: {text}")));
        assert_eq!(outcome.fate, Fate::Destroyed);
        let log = story.end().await;
        let crash =
            [format!("RequestId: {id} Error: {text}"), error.to_owned(), format!("END RequestId: {id}")];
        let last = log.iter().position(|line| line == "last words").unwrap();
        assert_eq!(log[last + 1..last + 4], crash, "{log:?}");
        assert!(report(&log).ends_with("\tStatus: error\tError Type: Runtime.ExitError"), "{log:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_counts_even_when_the_runtime_exits_right_after_it() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        guest.respond(&work.id(), "done").await.unwrap();
        256
    });
    let environment = story.start().await;
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "done");
    environment.gone().await;
    let log = story.end().await;
    assert!(!report(&log).contains("Status"), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn memory_beyond_memory_size_kills() {
    let story = Story::of(|mut guest: Guest| async move {
        guest.next().await.unwrap();
        guest.use_memory(129 << 20);
        tokio::time::sleep(ENDLESS).await;
        0
    });
    let environment = story.start().await;
    let before = tokio::time::Instant::now();
    let outcome = environment.invoke(event("1")).await;
    assert!(before.elapsed() < Duration::from_millis(500));
    let (kind, message) = failure(&outcome.answer);
    assert_eq!(kind, "Runtime.OutOfMemory");
    assert!(message.ends_with("Error: Runtime exited with error: signal: killed"), "{message}");
    assert_eq!(outcome.fate, Fate::Destroyed);
    let log = story.end().await;
    assert!(report(&log).contains("\tMax Memory Used: 128 MB\t"), "{log:?}");
    assert!(report(&log).ends_with("\tStatus: error\tError Type: Runtime.OutOfMemory"), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kill_by_the_kernel_for_want_of_memory_is_told_as_such() {
    let story = Story::of(|mut guest: Guest| async move {
        guest.next().await.unwrap();
        guest.mark_oom_killed();
        9
    });
    let environment = story.start().await;
    assert_eq!(failure(&environment.invoke(event("1")).await.answer).0, "Runtime.OutOfMemory");
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_initialisation_is_tried_again_inside_the_first_invocation() {
    let story = Story::of(|mut guest: Guest| async move {
        if guest.start() == 0 {
            guest.init_error("Runtime.ImportModuleError", r#"{"errorMessage":"no"}"#).await.unwrap();
            return 256;
        }
        super::ordinary::echo(guest).await
    });
    let environment = story.start().await;
    let outcome = environment.invoke(event("1")).await;
    assert_eq!(success(&outcome.answer), "1");
    assert_eq!(outcome.fate, Fate::Reusable);
    assert_eq!(success(&environment.invoke(event("2")).await.answer), "2");
    assert_eq!((story.simulation.started(), story.simulation.alive()), (2, 1));
    let log = story.end().await;
    assert!(log[1].starts_with("INIT_REPORT Init Duration: "), "{log:?}");
    assert!(
        log[1].ends_with("\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError"),
        "{log:?}"
    );
    assert!(!report(&log).contains("Init Duration"));
}

#[tokio::test(start_paused = true)]
async fn an_initialisation_that_fails_twice_is_the_answer() {
    let story = Story::of(|mut guest: Guest| async move {
        let body =
            r#"{"errorMessage":"Unable to import module 'app'","errorType":"Runtime.ImportModuleError"}"#;
        guest.init_error("Runtime.ImportModuleError", body).await.unwrap();
        256
    });
    let environment = story.start().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(environment.phase(), Phase::InitFailed);
    assert_eq!((story.simulation.started(), story.simulation.alive()), (1, 0), "it waits for an invocation");
    let outcome = environment.invoke(event("1")).await;
    let (kind, message) = failure(&outcome.answer);
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("Runtime.ImportModuleError", "Unable to import module 'app'")
    );
    assert_eq!((outcome.fate, story.simulation.started()), (Fate::Destroyed, 2));
    let log = story.end().await;
    let kinds: Vec<_> = log.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(kinds, ["INIT_START", "INIT_REPORT", "INIT_REPORT", "START", "END", "REPORT"], "{log:?}");
    assert!(log[2].contains("Phase: invoke"));
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_exits_before_it_asks_for_work() {
    let story = Story::of(|mut guest: Guest| async move {
        guest.print("Traceback\n").await.unwrap();
        3 * 256
    });
    let environment = story.start().await;
    let invocation = event("1");
    let id = invocation.request_id;
    let (kind, message) = failure(&environment.invoke(invocation).await.answer);
    assert_eq!(kind, "Runtime.ExitError");
    assert_eq!(message, format!("RequestId: {id} Error: Runtime exited with error: exit status 3"));
    let log = story.end().await;
    assert_eq!(log.iter().filter(|line| *line == "Traceback").count(), 2, "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn an_initialisation_has_ten_seconds_and_then_the_functions_own_time() {
    let story = Story::of(|_guest: Guest| async move {
        tokio::time::sleep(ENDLESS).await;
        0
    });
    let environment = story.start().await;
    let before = tokio::time::Instant::now();
    let outcome = environment.invoke(event("1")).await;
    assert!((13_000..13_500).contains(&before.elapsed().as_millis()), "{:?}", before.elapsed());
    assert_eq!(failure(&outcome.answer).0, "Sandbox.Timedout");
    assert!((3000..3300).contains(&outcome.timings.duration.as_millis()));
    let log = story.end().await;
    assert!(log[1].ends_with("\tPhase: init\tStatus: timeout"), "{log:?}");
    assert!(log[2].ends_with("\tPhase: invoke\tStatus: timeout"), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_two_invocations_costs_the_next_caller_nothing() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        guest.respond(&work.id(), "1").await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        11
    });
    let environment = story.start().await;
    environment.invoke(event("1")).await;
    // It has not asked for work again: this one is queued when the runtime dies.
    let outcome = environment.invoke(event("2")).await;
    assert_eq!((outcome.answer, outcome.fate), (Answer::NotDelivered, Fate::Destroyed));
    environment.gone().await;
    assert!(!environment.is_reusable());
    let log = story.end().await;
    assert_eq!(log.iter().filter(|line| line.starts_with("START ")).count(), 1, "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_environment_whose_runtime_dies_is_gone() {
    let story = Story::of(|mut guest: Guest| async move {
        let work = guest.next().await.unwrap();
        guest.respond(&work.id(), "1").await.unwrap();
        tokio::select! {
            _ = guest.next() => 0,
            () = tokio::time::sleep(Duration::from_secs(5)) => 256,
        }
    });
    let environment = story.start().await;
    environment.invoke(event("1")).await;
    assert!(environment.is_reusable());
    environment.gone().await;
    assert!(!environment.is_reusable());
    assert_eq!(story.simulation.alive(), 0);
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_shuts_down_waits_for_its_grace_and_then_interrupts() {
    let story = Story::of(|mut guest: Guest| async move {
        guest.next().await.unwrap();
        tokio::time::sleep(ENDLESS).await;
        0
    });
    let spec = crate::EnvironmentSpec { timeout: 900.try_into().unwrap(), ..story.spec() };
    let environment = story.worker.start(spec).await.unwrap();
    let invocation = tokio::spawn({
        let environment = environment.clone();
        async move { environment.invoke(event("1")).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = tokio::time::Instant::now();
    story.worker.shutdown(Duration::from_secs(5)).await;
    assert!((5000..6000).contains(&before.elapsed().as_millis()));
    assert_eq!(invocation.await.unwrap().answer, Answer::Interrupted);
    assert_eq!(story.simulation.alive(), 0);
    let log = story.end().await;
    assert!(log.iter().any(|line| line.starts_with("REPORT ")), "{log:?}");
}

#[test]
fn a_runtime_that_is_dropped_leaves_no_cell() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (simulation, environment) = runtime.block_on(async {
        let story = Story::of(super::ordinary::echo);
        let environment = story.start().await;
        environment.invoke(event("1")).await;
        (story.simulation, environment)
    });
    drop(runtime);
    assert_eq!(simulation.alive(), 0);
    drop(environment);
}

#[tokio::test(start_paused = true)]
async fn a_program_in_a_layer_is_started() {
    let story = Story::of(super::ordinary::echo);
    let layers = vec![story.packages.add_program("bootstrap"), story.packages.add(b"1")];
    let ids: Vec<_> = layers.iter().map(|layer| layer.id).collect();
    let runtime = "provided.al2023".parse().unwrap();
    let spec = crate::EnvironmentSpec { runtime, layers, ..story.spec() };
    let environment = story.worker.start(spec).await.unwrap();
    assert_eq!(success(&environment.invoke(event("1")).await.answer), "1");
    environment.shutdown().await;
    let cells = story.simulation.specs();
    assert_eq!((cells[0].argv[0].as_str(), &cells[0].layers), ("/opt/bootstrap", &ids));
    story.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_function_without_its_program_tells_so_at_its_first_invocation() {
    let story = Story::of(super::ordinary::echo);
    let spec = crate::EnvironmentSpec { runtime: "provided.al2023".parse().unwrap(), ..story.spec() };
    let environment = story.worker.start(spec).await.unwrap();
    let outcome = environment.invoke(event("1")).await;
    let (kind, message) = failure(&outcome.answer);
    assert_eq!(kind, "Runtime.InvalidEntrypoint");
    assert!(
        message.ends_with(" Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
    );
    assert_eq!((outcome.fate, story.simulation.started()), (Fate::Destroyed, 0));
    story.end().await;
}
