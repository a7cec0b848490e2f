//! Faults in front of the simulated isolation: the creation of a function's environments can be held up, or fail.

use crate::programs::variable;
use std::collections::{HashMap, HashSet};
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use worker::simulation::Simulation;
use worker::{CellSpec, Isolation, IsolationError, Started};

/// What a creation that fails comes to.
pub type Failure = fn() -> IsolationError;

/// The simulated isolation behind gates.
pub struct Gates {
    simulation: Arc<Simulation>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    closed: HashSet<String>,
    waiting: usize,
    failures: HashMap<String, (usize, Failure)>,
}

impl Gates {
    pub(crate) fn new(simulation: Arc<Simulation>) -> Self {
        Self { simulation, state: Mutex::default(), changed: Condvar::new() }
    }

    /// From now on no environment of this function comes into being, until [`Gates::open`].
    pub fn close(&self, function: &str) {
        self.lock().closed.insert(function.to_owned());
    }

    /// What waits goes on.
    pub fn open(&self, function: &str) {
        self.lock().closed.remove(function);
        self.changed.notify_all();
    }

    /// How many creations wait at gates.
    pub fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// The next `count` creations for this function fail.
    pub fn fail(&self, function: &str, count: usize) {
        self.fail_with(function, count, || IsolationError::machine("the test wants this to fail"));
    }

    /// The same, with this error.
    pub fn fail_with(&self, function: &str, count: usize, failure: Failure) {
        self.lock().failures.insert(function.to_owned(), (count, failure));
    }

    fn pass(&self, function: &str) -> Result<(), IsolationError> {
        let mut state = self.lock();
        state.waiting += 1;
        while state.closed.contains(function) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        match state.failures.get_mut(function) {
            Some((left, failure)) if *left > 0 => {
                *left -= 1;
                Err(failure())
            }
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Isolation for Gates {
    fn staging(&self) -> BorrowedFd<'_> {
        self.simulation.staging()
    }

    fn create(&self, spec: &CellSpec) -> Result<Started, IsolationError> {
        self.pass(&function_of(spec))?;
        self.simulation.create(spec)
    }
}

/// The function that an environment is for, as its variables say.
pub(crate) fn function_of(spec: &CellSpec) -> String {
    variable(spec, "AWS_LAMBDA_FUNCTION_NAME")
}
