//! Functions that print more than anybody wants to read.

use crate::simulation::Guest;
use crate::story::{Story, event, success};
use crate::{Invocation, LogTail, Options};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn a_hundred_megabytes_of_output_are_all_there_and_in_order() {
    const LINES: usize = 100_000;
    let options = Options { log_bytes_per_second: u32::MAX, ..Options::default() };
    let story = Story::with(options, |mut guest: Guest| async move {
        while let Ok(work) = guest.next().await {
            for number in 0..LINES {
                guest.print(format!("{number:01023}\n")).await.unwrap();
            }
            guest.respond(&work.id(), work.body).await.unwrap();
        }
        0
    });
    let spec = crate::EnvironmentSpec { timeout: 900.try_into().unwrap(), ..story.spec() };
    let environment = story.worker.start(spec).await.unwrap();
    let outcome = environment.invoke(Invocation { log_tail: LogTail::Wanted, ..event("1") }).await;
    assert_eq!(success(&outcome.answer), "1");
    assert!(outcome.log_tail.unwrap().len() > 3000);
    let log = story.end().await;
    assert_eq!(log.len(), LINES + 4);
    assert!(
        log[1].starts_with("START ")
            && log[LINES + 2].starts_with("END ")
            && log[LINES + 3].starts_with("REPORT ")
    );
    for (number, line) in log[2..LINES + 2].iter().enumerate() {
        assert_eq!(line.len(), 1023);
        assert_eq!(line.parse::<usize>().unwrap(), number);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_beyond_the_rate_is_left_out_and_said_once() {
    let options = Options { log_bytes_per_second: 10_240, ..Options::default() };
    let story = Story::with(options, |mut guest: Guest| async move {
        while let Ok(work) = guest.next().await {
            for _ in 0..500 {
                guest.print(format!("{:1023}\n", "x")).await.unwrap();
            }
            guest.respond(&work.id(), work.body).await.unwrap();
        }
        0
    });
    let environment = story.start().await;
    environment.invoke(event("1")).await;
    let log = story.end().await;
    let kept = log.iter().filter(|line| line.starts_with('x')).count();
    assert!((90..200).contains(&kept), "ten seconds' worth and what little was gained meanwhile: {kept}");
    let notices: Vec<&String> = log.iter().filter(|line| line.starts_with("Lambent: ")).collect();
    let [notice] = notices[..] else { panic!("{notices:?}") };
    let cut = (500 - kept) * 1024;
    assert_eq!(
        notice,
        &format!("Lambent: {cut} bytes of output were left out: more than 10240 bytes per second")
    );
    assert!(
        log.last().is_some_and(|line| line.starts_with("REPORT ")),
        "the platform's own lines are never left out"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_doesnt_take_lines_makes_the_writer_sleep_and_not_the_memory_grow() {
    let printed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&printed);
    let story = Story::of(move |mut guest: Guest| {
        let counter = Arc::clone(&counter);
        async move {
            guest.next().await.unwrap();
            loop {
                guest.print(vec![b'x'; 1024]).await.unwrap();
                counter.fetch_add(1024, Ordering::SeqCst);
            }
        }
    });
    *crate::sync::lock(&story.sink.slow) = Duration::from_secs(100_000);
    let environment = story.start().await;
    let outcome = timeout(Duration::from_secs(100), environment.invoke(event("1"))).await.unwrap();
    assert_eq!(
        crate::story::failure(&outcome.answer).0,
        "Sandbox.Timedout",
        "the deadline holds all the same"
    );
    // What was read, plus the pipe, plus the unfinished line: far from what a second's flood would be.
    assert!(printed.load(Ordering::SeqCst) < 3 << 20, "{printed:?}");
    *crate::sync::lock(&story.sink.slow) = Duration::ZERO;
}
