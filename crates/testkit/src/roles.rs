//! Sessions of execution roles: counted, and refused on demand.

use invoke::{AssumeError, AssumeRole, RoleSession};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use types::BoxFuture;
use worker::RoleCredentials;

/// Who hands out sessions in tests.
#[derive(Default)]
pub struct Roles {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    made: usize,
    /// The living sessions: by access key, the role and the session's name.
    sessions: BTreeMap<String, (String, String)>,
    refusals: HashMap<String, AssumeError>,
}

impl Roles {
    /// The living sessions: by access key, the role and the session's name.
    pub fn sessions(&self) -> BTreeMap<String, (String, String)> {
        lock(&self.state).sessions.clone()
    }

    /// From now on this role is refused; `None`: not any more.
    pub fn refuse(&self, role_arn: &str, error: Option<AssumeError>) {
        let refusals = &mut lock(&self.state).refusals;
        match error {
            Some(error) => refusals.insert(role_arn.to_owned(), error),
            None => refusals.remove(role_arn),
        };
    }
}

impl AssumeRole for Roles {
    fn assume<'a>(
        &'a self,
        role_arn: &'a str,
        session: &'a str,
    ) -> BoxFuture<'a, Result<RoleSession, AssumeError>> {
        Box::pin(async move {
            let mut state = lock(&self.state);
            if let Some(error) = state.refusals.get(role_arn) {
                return Err(error.clone());
            }
            let key = format!("ASIATESTKIT{:09}", state.made);
            state.made += 1;
            state.sessions.insert(key.clone(), (role_arn.to_owned(), session.to_owned()));
            let (secret_access_key, session_token) = (format!("secret of {key}"), format!("token of {key}"));
            let credentials =
                RoleCredentials { access_key_id: key.clone(), secret_access_key, session_token };
            let state = Arc::clone(&self.state);
            Ok(RoleSession::new(credentials, move || {
                lock(&state).sessions.remove(&key);
            }))
        })
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
