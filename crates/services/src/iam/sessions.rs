//! Sessions of execution roles: short-lived credentials that the platform gives to the environments of functions.
//!
//! They are kept in memory only, because the environments end with the process. Whether Lambda may assume the role is asked
//! when the session begins; what the session may do is asked of the role's current policies whenever its key is looked up.
//! Invariant: a session is worth nothing once it was ended, its time is over, or its role is gone; a role of the same name
//! that was created later is another one.

use super::records::RoleRecord;
use super::{Iam, IamError, ids};
use auth::policy::{Context, parse_trust_policy};
use auth::{Principal, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use types::{AccountId, Timestamp};

/// Sessions that are alive at once: more than environments can be.
const MOST: usize = 65_536;
/// From this number on, those whose time is over are looked for.
const SWEEP_AT: usize = 256;
/// Source: RoleSessionName has at most 64 characters of the pattern `[\w+=,.@-]*` (API reference, AssumeRole).
const NAME_BYTES: usize = 64;
/// Source: "Lambda execution role": the trust policy names this principal.
const LAMBDA: &str = "lambda.amazonaws.com";

/// What a session signs its requests with. Has no Debug: it holds secrets.
pub struct SessionCredentials {
    /// `ASIA…`
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: SecretString,
    /// Comes with each request.
    pub session_token: SecretString,
    /// When they stop being good.
    pub expires: Timestamp,
}

/// A session that is alive.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) account: AccountId,
    pub(super) role: String,
    /// `AROA…`, of the role as it was when the session began.
    pub(super) role_id: String,
    pub(super) name: String,
    pub(super) secret: SecretString,
    pub(super) token: SecretString,
    pub(super) expires: Timestamp,
}

type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// All sessions, by access key id, and who wants to know when one ends.
#[derive(Default)]
pub(super) struct Sessions {
    alive: Mutex<Alive>,
    listeners: RwLock<Vec<Listener>>,
}

#[derive(Default)]
struct Alive {
    by_key: HashMap<String, Session>,
    /// How many there were when those whose time is over were removed.
    swept: usize,
}

impl Sessions {
    pub(super) fn find(&self, access_key_id: &str) -> Option<Session> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).by_key.get(access_key_id).cloned()
    }

    /// Calls `f` with the access key id of each session that ends, before [`Iam::end_session`] returns. `f` must be quick.
    pub(super) fn listen(&self, f: impl Fn(&str) + Send + Sync + 'static) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(f));
    }

    fn begin(&self, access_key_id: &str, session: Session, now: Timestamp) -> Result<(), IamError> {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        let over = alive.sweep(now);
        let has_room = alive.by_key.len() < MOST;
        if has_room {
            alive.by_key.insert(access_key_id.to_owned(), session);
        }
        drop(alive);
        over.iter().for_each(|id| self.tell(id));
        if has_room { Ok(()) } else { Err(IamError::TooManySessions(MOST)) }
    }

    fn end(&self, access_key_id: &str) {
        let ended = self.alive.lock().unwrap_or_else(PoisonError::into_inner).by_key.remove(access_key_id);
        if ended.is_some() {
            self.tell(access_key_id);
        }
    }

    fn tell(&self, access_key_id: &str) {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner).clone();
        listeners.iter().for_each(|listener| listener(access_key_id));
    }
}

impl Alive {
    /// Removes those whose time is over, whenever there are twice as many as the last time, and says which they were.
    fn sweep(&mut self, now: Timestamp) -> Vec<String> {
        if self.by_key.len() < (2 * self.swept).clamp(SWEEP_AT, MOST) {
            return Vec::new();
        }
        let over: Vec<String> =
            self.by_key.iter().filter(|(_, s)| s.expires <= now).map(|(id, _)| id.clone()).collect();
        over.iter().for_each(|id| drop(self.by_key.remove(id)));
        self.swept = self.by_key.len();
        over
    }
}

impl Iam {
    /// Credentials of a new session of a role, for a function's environment. `None` where there is no such role, or where
    /// its trust policy does not let Lambda assume it.
    ///
    /// # Errors
    /// A session name that is none, too many sessions, a trust policy that is not understood, and what the store says.
    pub async fn lambda_session(
        &self,
        role_arn: &str,
        session_name: &str,
        valid: Duration,
    ) -> Result<Option<SessionCredentials>, IamError> {
        check_name(session_name)?;
        let Some(role) = self.role_at(role_arn).await? else { return Ok(None) };
        let trust = parse_trust_policy(&role.trust);
        let trust = trust.map_err(|source| IamError::Policy { arn: role_arn.to_owned(), source })?;
        if !trust.allows(&Principal::Service(LAMBDA.to_owned()), "sts:AssumeRole", &Context::default()) {
            return Ok(None);
        }
        let now = self.clock.now();
        let credentials = SessionCredentials {
            access_key_id: ids::session_key_id(&*self.random),
            secret_access_key: ids::secret_access_key(&*self.random),
            session_token: ids::session_token(&*self.random),
            expires: now.plus(valid),
        };
        let session = session(&role, session_name, &credentials);
        self.sessions.begin(&credentials.access_key_id, session, now)?;
        Ok(Some(credentials))
    }

    /// From now on the session's access key is nobody's.
    pub fn end_session(&self, access_key_id: &str) {
        self.sessions.end(access_key_id);
    }
}

fn session(role: &RoleRecord, name: &str, credentials: &SessionCredentials) -> Session {
    Session {
        account: role.account,
        role: role.name.clone(),
        role_id: role.id.clone(),
        name: name.to_owned(),
        secret: credentials.secret_access_key.clone(),
        token: credentials.session_token.clone(),
        expires: credentials.expires,
    }
}

fn check_name(name: &str) -> Result<(), IamError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(fits) {
        Ok(())
    } else {
        Err(IamError::SessionName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive_until(expires: Timestamp) -> Session {
        Session {
            account: AccountId::FIRST,
            role: "runner".to_owned(),
            role_id: "AROA1".to_owned(),
            name: "echo".to_owned(),
            secret: SecretString::from("secret"),
            token: SecretString::from("token"),
            expires,
        }
    }

    #[test]
    fn those_whose_time_is_over_make_room_and_nobody_else_does() {
        let sessions = Sessions::default();
        let told = Arc::new(Mutex::new(0));
        let counter = Arc::clone(&told);
        sessions.listen(move |_| *counter.lock().unwrap() += 1);
        let begin = |nth: usize, expires, now| {
            sessions.begin(&format!("ASIA{nth}"), alive_until(Timestamp(expires)), Timestamp(now))
        };
        for nth in 0..MOST {
            begin(nth, 1000 + i64::from(nth < 10), 0).unwrap();
        }
        assert!(matches!(begin(MOST, 1000, 999), Err(IamError::TooManySessions(_))));
        assert_eq!(*told.lock().unwrap(), 0);
        begin(MOST, 2000, 1000).unwrap();
        assert_eq!(*told.lock().unwrap(), MOST - 10);
        assert_eq!(sessions.alive.lock().unwrap().by_key.len(), 11);
    }

    #[test]
    fn a_session_name_fits_into_an_arn() {
        for name in ["e", "echo", "a_b+c=d,e.f@g-h", &"x".repeat(64)] {
            check_name(name).unwrap();
        }
        for name in ["", "a/b", "a:b", "a b", "é", "a\n", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
