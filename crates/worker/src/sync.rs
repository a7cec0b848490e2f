//! Locking without poison.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks. A panic under one of these locks can leave counters behind, but nothing that another environment depends on: each
/// protects the state of one environment or a plain map.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
