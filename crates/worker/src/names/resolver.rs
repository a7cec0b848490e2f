//! Handing a query on to the operator's resolver.
//!
//! Each query has a socket of its own, connected, with a port of the kernel's choice and an id by chance, so that somebody who
//! sees neither can't answer in the resolver's place. Nothing is remembered: what one environment is told, no other hears.
//! Invariant: a query ends within [`PATIENCE`], and holds no more than one answer; and whatever one account asks, such as names
//! of which nobody will ever tell, there is room for others' queries.

use super::message::{self, Code};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use types::{AccountId, PerAccount, Random};

/// Queries of all environments that are under way.
const UNDER_WAY: usize = 512;
/// Queries of one account that are under way.
const OF_AN_ACCOUNT: usize = 64;
/// How long an answer is waited for. Resolvers inside give up sooner.
const PATIENCE: Duration = Duration::from_secs(4);
/// Longest answer.
const ANSWER: usize = 4096;

/// The operator's resolver. Clones are the same.
#[derive(Clone)]
pub struct Resolver {
    inner: Arc<Inner>,
}

struct Inner {
    upstream: SocketAddr,
    random: Arc<dyn Random>,
    under_way: Semaphore,
    accounts: PerAccount<Semaphore>,
}

impl Resolver {
    /// The one at this address.
    pub fn new(upstream: SocketAddr, random: Arc<dyn Random>) -> Self {
        let accounts = PerAccount::new(|| Semaphore::new(OF_AN_ACCOUNT));
        let under_way = Semaphore::new(UNDER_WAY);
        Self { inner: Arc::new(Inner { upstream, random, under_way, accounts }) }
    }

    /// Its answer to a query of this account, or that there was none.
    pub(super) async fn answer(&self, account: AccountId, mut query: Vec<u8>) -> Vec<u8> {
        if !message::is_question(&query) {
            message::answer(&mut query, Code::NotImplemented);
            return query;
        }
        let inner = &self.inner;
        if let Ok(_part) = inner.accounts.of(account).try_acquire_owned()
            && let Ok(_place) = inner.under_way.try_acquire()
            && let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, inner.exchange(&query)).await
        {
            return answer;
        }
        message::answer(&mut query, Code::ServerFailure);
        query
    }
}

impl Inner {
    async fn exchange(&self, query: &[u8]) -> io::Result<Vec<u8>> {
        let any: SocketAddr = match self.upstream {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(self.upstream).await?;
        let mut id = [0; 2];
        self.random.fill(&mut id);
        socket.send(&[&id, &query[2..]].concat()).await?;
        let mut answer = vec![0; ANSWER];
        loop {
            let length = socket.recv(&mut answer).await?;
            if message::answers(&answer[..length], id) {
                answer.truncate(length);
                answer[..2].copy_from_slice(&query[..2]);
                return Ok(answer);
            }
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resolver").field(&self.inner.upstream).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;

    impl Random for Known {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    const ONE: AccountId = AccountId::FIRST;
    const QUERY: [u8; 19] = [0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 0, 0, 1, 0, 1];

    async fn upstream() -> (UdpSocket, Resolver) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let resolver = Resolver::new(socket.local_addr().unwrap(), Arc::new(Known));
        (socket, resolver)
    }

    #[tokio::test]
    async fn the_query_goes_on_under_another_id_and_comes_back_under_its_own() {
        let (upstream, resolver) = upstream().await;
        let asking = tokio::spawn(async move { resolver.answer(ONE, QUERY.to_vec()).await });
        let mut query = [0; 64];
        let (length, from) = upstream.recv_from(&mut query).await.unwrap();
        assert_eq!((query[0], query[1], &query[2..length]), (7, 7, &QUERY[2..]));
        let mut forged = query;
        forged[2] |= 0x80;
        // Another id, and another sender.
        forged[0] = 8;
        upstream.send_to(&forged[..length], from).await.unwrap();
        forged[0] = 7;
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        stranger.send_to(&[&forged[..length], b"forged"].concat(), from).await.unwrap();
        upstream.send_to(&[&forged[..length], b"real"].concat(), from).await.unwrap();
        let answer = asking.await.unwrap();
        assert_eq!(answer[..2], [0xAB, 0xCD]);
        assert!(answer.ends_with(b"real"), "{answer:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_resolver_is_a_failure_that_is_told() {
        let (_upstream, resolver) = upstream().await;
        let answer = resolver.answer(ONE, QUERY.to_vec()).await;
        assert_eq!((answer[1], answer[2], answer[3] & 0xF), (0xCD, 0x81, 2));
        assert_eq!(answer[4..], QUERY[4..]);
    }

    #[tokio::test]
    async fn what_is_no_question_does_not_reach_the_resolver() {
        let (upstream, resolver) = upstream().await;
        let mut update = QUERY;
        update[2] = 5 << 3;
        let answer = resolver.answer(ONE, update.to_vec()).await;
        assert_eq!((answer[1], answer[2], answer[3] & 0xF), (0xCD, 0xA8, 4));
        assert!(upstream.try_recv(&mut [0; 64]).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_account_leaves_room_to_others_and_gives_back_what_it_took() {
        let (upstream, resolver) = upstream().await;
        let ask = |account| {
            let resolver = resolver.clone();
            tokio::spawn(async move { resolver.answer(account, QUERY.to_vec()).await })
        };
        let held: Vec<_> = (0..OF_AN_ACCOUNT).map(|_| ask(ONE)).collect();
        for _ in 0..OF_AN_ACCOUNT {
            upstream.recv(&mut [0; 64]).await.unwrap();
        }
        let begin = tokio::time::Instant::now();
        assert_eq!(ask(ONE).await.unwrap()[3] & 0xF, 2);
        assert!(begin.elapsed() < PATIENCE, "it did not wait");
        let other = ask("123456789012".parse().unwrap());
        upstream.recv(&mut [0; 64]).await.unwrap();
        for asking in held.into_iter().chain([other]) {
            asking.await.unwrap();
        }
        assert!(resolver.inner.accounts.is_empty());
        assert_eq!(resolver.inner.under_way.available_permits(), UNDER_WAY);
    }
}
