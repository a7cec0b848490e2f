//! What the platform may have the spawner do to a living environment, said over its lifeline: a packet of one byte.
//!
//! The platform has no privilege once it serves, and in privileged mode an environment is another user's: its signals are the
//! spawner's to send. Invariant: an order reaches the environment whose lifeline it came over and no other, and there is
//! nothing to it but its byte.

use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::process::Signal;

use super::packet;

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Kill every process.
    Kill = 1,
    /// Ask the runtime to end.
    Terminate = 2,
}

impl Order {
    /// The signal to pid 1 that does it.
    pub(crate) fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Terminate => Signal::TERM,
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        [Self::Kill, Self::Terminate].into_iter().find(|order| bytes == [*order as u8])
    }

    /// Sends it, and does not wait.
    pub(crate) fn send(self, lifeline: impl AsFd) {
        // A lifeline that is full has a hundred orders before this one; one that is closed has no environment any more.
        let _ = rustix::net::send(lifeline, &[self as u8], SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
    }
}

/// What a lifeline says that has become readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// An order.
    Order(Order),
    /// A packet that is none.
    Nonsense,
    /// The platform has let go.
    End,
}

/// Takes one word off a lifeline.
pub(crate) fn receive(lifeline: impl AsFd) -> Word {
    match packet::receive(lifeline, 1) {
        Ok(Some(packet)) => Order::from_bytes(&packet.bytes).map_or(Word::Nonsense, Word::Order),
        // Longer than an order.
        Err(Errno::MSGSIZE) => Word::Nonsense,
        Ok(None) | Err(_) => Word::End,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_arrive_one_by_one_and_before_the_end() {
        let (platform, spawner) = packet::socket_pair().expect("a pair");
        Order::Terminate.send(&platform);
        packet::send(&platform, &[3], &[]).expect("nonsense");
        packet::send(&platform, &[1, 1], &[]).expect("more than an order");
        Order::Kill.send(&platform);
        drop(platform);
        let words: Vec<Word> = (0..6).map(|_| receive(&spawner)).collect();
        let [terminate, kill] = [Order::Terminate, Order::Kill].map(Word::Order);
        assert_eq!(words, [terminate, Word::Nonsense, Word::Nonsense, kill, Word::End, Word::End]);
    }

    #[test]
    fn a_full_lifeline_does_not_block() {
        let (platform, _spawner) = packet::socket_pair().expect("a pair");
        for _ in 0..10_000 {
            Order::Kill.send(&platform);
        }
    }
}
