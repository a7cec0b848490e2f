//! Creations that fail, each in its own way: whoever starts an environment is told, nothing is left, and the next start works.
//!
//! Invariant: the worker of these stories has room for one environment, so that whatever a failed creation kept would show.

use super::ordinary::echo;
use crate::sandboxed::refused;
use crate::simulation::{Guest, Simulation};
use crate::story::{Story, event, failure, success};
use crate::sync::lock;
use crate::{Answer, CellSpec, EnvironmentSpec, Fate, Isolation, IsolationError, Options, Started};
use sandbox::{CreateError, Step};
use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What a creation comes to.
enum Fault {
    /// The spawner says so.
    Refusal(CreateError),
    /// A defect.
    Panic,
    /// What was made has a descriptor for which nobody can wait.
    Descriptor,
}

/// The simulated isolation, and what the next creations come to; those after them work.
struct Faulty {
    simulation: Arc<Simulation>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl Isolation for Faulty {
    fn staging(&self) -> BorrowedFd<'_> {
        self.simulation.staging()
    }

    fn create(&self, spec: &CellSpec) -> Result<Started, IsolationError> {
        let fault = lock(&self.faults).pop_front();
        match fault {
            None => self.simulation.create(spec),
            Some(Fault::Refusal(error)) => Err(refused(error, spec)),
            Some(Fault::Panic) => panic!("the test wants this"),
            Some(Fault::Descriptor) => {
                let file = tempfile::tempfile().map_err(IsolationError::machine)?;
                Ok(Started { status: file.into(), ..self.simulation.create(spec)? })
            }
        }
    }
}

/// A story with room for one environment.
fn narrow<F>(
    faults: &Arc<Mutex<VecDeque<Fault>>>,
    program: impl Fn(Guest) -> F + Send + Sync + 'static,
) -> Story
where
    F: Future<Output = i32> + Send + 'static,
{
    let options = Options { max_environments: 1, ..Options::default() };
    let faults = Arc::clone(faults);
    Story::over(options, program, |simulation| Arc::new(Faulty { simulation, faults }))
}

fn denied(step: Step) -> CreateError {
    CreateError::Step { step, source: io::Error::from_raw_os_error(13) }
}

/// Everything that a creation can come to but success.
fn every_fault() -> Vec<Fault> {
    let refusals = [
        denied(Step::OpenRoot),
        denied(Step::Clone3),
        denied(Step::SetupDied),
        denied(Step::ExecRuntime),
        denied(Step::EgressAddress),
        CreateError::Spec(sandbox::SpecError::Id),
        CreateError::Full,
        CreateError::NoEgress,
        CreateError::Duplicate,
        CreateError::Ask(io::ErrorKind::Other.into()),
        CreateError::SpawnerGone,
        CreateError::Timeout(10),
        CreateError::Answer,
    ];
    refusals.into_iter().map(Fault::Refusal).chain([Fault::Panic, Fault::Descriptor]).collect()
}

#[tokio::test(start_paused = true)]
async fn each_failure_of_a_first_creation_is_told_and_leaves_room_for_the_next() {
    let faults = Arc::default();
    let story = narrow(&faults, echo);
    for fault in every_fault() {
        let expected = match &fault {
            Fault::Refusal(CreateError::Step { step: Step::ExecRuntime, .. }) => {
                "executing /bootstrap: ".to_owned()
            }
            Fault::Refusal(CreateError::Full | CreateError::Step { step: Step::EgressAddress, .. }) => {
                "the isolation has no room for another environment: ".to_owned()
            }
            Fault::Refusal(error) => format!("the isolation could not make an environment: {error}"),
            Fault::Panic => "a task of the worker died".to_owned(),
            Fault::Descriptor => "the new environment's descriptors can't be used: ".to_owned(),
        };
        lock(&faults).push_back(fault);
        let told = story.worker.start(story.spec()).await.err().expect("an error").to_string();
        assert!(told.starts_with(&expected), "{told}");
        assert!(story.worker.live().is_empty());
        all_dead(&story).await;
        let environment = story.start().await;
        assert_eq!(success(&environment.invoke(event("1")).await.answer), "1", "after {told}");
        environment.shutdown().await;
    }
    story.end().await;
}

/// A cell whose descriptors are of no use is dropped by another thread.
async fn all_dead(story: &Story) {
    while story.simulation.alive() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_of_the_functions_own_that_can_not_be_executed_is_its_failure() {
    let faults = Arc::default();
    let story = narrow(&faults, echo);
    for _ in 0..2 {
        lock(&faults).push_back(Fault::Refusal(denied(Step::ExecRuntime)));
        let own = EnvironmentSpec {
            runtime: "provided.al2023".parse().unwrap(),
            code: story.packages.add_program("bootstrap"),
            ..story.spec()
        };
        let environment = story.worker.start(own).await.unwrap();
        let outcome = environment.invoke(event("1")).await;
        let (kind, message) = failure(&outcome.answer);
        assert_eq!((kind.as_str(), outcome.fate), ("Runtime.InvalidEntrypoint", Fate::Destroyed));
        assert!(message.contains("fork/exec /var/task/bootstrap: permission denied"), "{message}");
        environment.gone().await;
    }
    story.end().await;
}

/// The initialisation fails, and inside of an invocation there can't be another: it may go elsewhere.
#[tokio::test(start_paused = true)]
async fn each_failure_of_a_repeated_creation_hands_its_invocation_back() {
    let faults = Arc::default();
    let fails = Arc::new(AtomicBool::new(true));
    let first_fails = Arc::clone(&fails);
    let story = narrow(&faults, move |guest: Guest| {
        let fails = first_fails.load(Ordering::SeqCst);
        async move { if fails { 256 } else { echo(guest).await } }
    });
    for fault in every_fault() {
        fails.store(true, Ordering::SeqCst);
        let environment = story.start().await;
        lock(&faults).push_back(fault);
        let outcome = environment.invoke(event("1")).await;
        assert_eq!((outcome.answer, outcome.fate), (Answer::NotDelivered, Fate::Destroyed));
        environment.gone().await;
        assert!(lock(&faults).is_empty(), "it was tried");
        all_dead(&story).await;
        fails.store(false, Ordering::SeqCst);
        let next = story.start().await;
        assert_eq!(success(&next.invoke(event("2")).await.answer), "2");
        next.shutdown().await;
    }
    let log = story.end().await;
    // What another environment will do is in that one's log.
    assert_eq!(log.iter().filter(|line| line.starts_with("START ")).count(), every_fault().len(), "{log:?}");
}
