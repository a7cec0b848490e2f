//! The kernel's random generator, asked once for the ids of several requests: a call for each was a measurable part of an
//! invocation.
//!
//! Invariant: no byte is handed out twice, none stays in the reserve after it was handed out, and what is longer than an id,
//! as secrets are, never comes out of the reserve. The process doesn't fork.

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use std::cell::RefCell;
use types::Random;

/// Bytes of an id: the most that is taken out of a reserve.
const ID: usize = 16;
/// What a thread asks for at a time; the kernel gives as much in one piece, without being interrupted by a signal.
const RESERVE: usize = 16 * ID;

thread_local! {
    static IDS: RefCell<Reserve> = const { RefCell::new(Reserve { bytes: [0; RESERVE], left: 0 }) };
}

/// The kernel's random generator.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// When the kernel gives no random bytes: nothing that follows could be trusted.
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > ID {
            return by_kernel(buffer);
        }
        IDS.with_borrow_mut(|ids| ids.take(buffer, by_kernel));
    }
}

fn by_kernel(buffer: &mut [u8]) {
    let mut rest = buffer;
    while !rest.is_empty() {
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(count) => rest = &mut rest[count..],
            Err(Errno::INTR) => {}
            Err(error) => panic!("the kernel gives no random bytes: {error}"),
        }
    }
}

/// Random bytes of one thread that nobody has seen yet: the first `left`.
struct Reserve {
    bytes: [u8; RESERVE],
    left: usize,
}

impl Reserve {
    /// Fills a buffer of at most [`RESERVE`] bytes.
    fn take(&mut self, buffer: &mut [u8], source: fn(&mut [u8])) {
        if self.left < buffer.len() {
            source(&mut self.bytes);
            self.left = RESERVE;
        }
        let taken = self.left - buffer.len()..self.left;
        self.left = taken.start;
        buffer.copy_from_slice(&self.bytes[taken.clone()]);
        self.bytes[taken].fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_id_comes_twice_on_any_thread() {
        let draw = || {
            let ids = (0..1000).map(|_| {
                let mut id = [0; ID];
                SystemRandom.fill(&mut id);
                id
            });
            ids.collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let ids: HashSet<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), 4000);
    }

    #[test]
    fn what_was_handed_out_is_gone_from_the_reserve() {
        let mut reserve = Reserve { bytes: [0; RESERVE], left: 0 };
        let mut seen = 0;
        for length in [ID, 1, 0, 7, ID] {
            let mut id = vec![0; length];
            reserve.take(&mut id, |bytes| bytes.fill(0xa5));
            assert!(id.iter().all(|byte| *byte == 0xa5));
            seen += length;
            assert_eq!(reserve.left, RESERVE - seen);
            assert!(reserve.bytes[reserve.left..].iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn an_empty_reserve_is_filled_before_anything_is_taken() {
        let mut reserve = Reserve { bytes: [0; RESERVE], left: ID - 1 };
        let mut id = [0; ID];
        reserve.take(&mut id, |bytes| bytes.fill(1));
        assert_eq!((id, reserve.left), ([1; ID], RESERVE - ID));
    }
}
