//! Names, as an environment asks for them: at 127.0.0.1:53 of its own network, where the platform answers.
//!
//! Without egress every name is one that does not exist. That is not the refusal that it could be, because musl's resolver
//! waits for another answer after a refusal, as long as after none. TCP has no listener there: connections are refused.
//! With egress the operator's resolver is asked.
//! Invariant: an environment that asks for nothing costs a registered socket and a sleeping task, no buffer.

mod message;
mod resolver;

pub use resolver::Resolver;

use message::Code;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use types::AccountId;

/// Longest query that is read. Queries hold one name of at most 255 bytes.
const QUERY: usize = 1232;
/// Queries that are answered before there is a pause: a function's flood is paid for by the function, as the kernel drops what
/// finds no room in the socket's queue.
const BURST: usize = 16;
const PAUSE: Duration = Duration::from_millis(40);

/// Queries of one environment that the resolver may have at a time.
const UNDER_WAY: usize = 16;

/// Answers on the socket of an environment of this account, until the future is dropped: by the resolver, if there is one.
///
/// # Errors
/// Where the socket can't be waited for.
pub(crate) fn answer(
    socket: std::net::UdpSocket,
    resolver: Option<Resolver>,
    account: AccountId,
) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    socket.set_nonblocking(true)?;
    let socket = Arc::new(UdpSocket::from_std(socket)?);
    Ok(async move {
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                ready = socket.readable(), if under_way.len() < UNDER_WAY => {
                    if ready.is_err() {
                        return;
                    }
                    if answer_some(&socket, resolver.as_ref(), account, &mut under_way) == BURST {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                Some(_) = under_way.join_next() => {}
            }
        }
    })
}

/// Answers what waits, or has it answered, at most [`BURST`] queries; how many it read.
fn answer_some(
    socket: &Arc<UdpSocket>,
    resolver: Option<&Resolver>,
    account: AccountId,
    under_way: &mut JoinSet<()>,
) -> usize {
    let mut buffer = [0; QUERY];
    for read in 0..BURST {
        if under_way.len() == UNDER_WAY {
            return read;
        }
        match socket.try_recv_from(&mut buffer) {
            Ok((length, client)) => match resolver {
                Some(resolver) if message::is_query(&buffer[..length]) => {
                    let (socket, resolver) = (Arc::clone(socket), resolver.clone());
                    let query = buffer[..length].to_vec();
                    under_way.spawn(async move {
                        // A client without room for it asks again.
                        let _ = socket.try_send_to(&resolver.answer(account, query).await, client);
                    });
                }
                Some(_) => {}
                None => refuse(socket, &mut buffer[..length], client),
            },
            // The kernel's word of a client that did not wait for its answer.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(_) => return read,
        }
    }
    BURST
}

fn refuse(socket: &UdpSocket, query: &mut [u8], client: SocketAddr) {
    if message::is_query(query) {
        message::answer(query, Code::NoSuchName);
        // A client without room for it asks again.
        let _ = socket.try_send_to(query, client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket that is answered on, and a client of it.
    async fn answered() -> (UdpSocket, tokio::task::JoinHandle<()>) {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.connect(socket.local_addr().unwrap()).await.unwrap();
        (client, tokio::spawn(answer(socket, None, AccountId::FIRST).unwrap()))
    }

    fn query(id: u8) -> [u8; 19] {
        [0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 0, 0, 1, 0, 1]
    }

    #[tokio::test]
    async fn every_name_is_one_that_does_not_exist() {
        let (client, answering) = answered().await;
        let mut answer = [0; 64];
        for id in 0..3 {
            client.send(&query(id)).await.unwrap();
            let length = client.recv(&mut answer).await.unwrap();
            assert_eq!((answer[0], answer[1], answer[2], answer[3] & 0xF), (0, id, 0x81, 3));
            assert_eq!(answer[4..length], query(id)[4..]);
        }
        answering.abort();
    }

    /// What an environment that asks for nothing costs beside its socket.
    #[tokio::test]
    async fn waiting_is_small() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let size = size_of_val(&answer(socket, None, AccountId::FIRST).unwrap());
        assert!(size <= 512, "{size}");
    }

    #[tokio::test]
    async fn what_is_no_query_gets_no_answer_and_stops_nothing() {
        let (client, answering) = answered().await;
        let mut response = query(1);
        response[2] |= 0x80;
        for nonsense in [&b""[..], &[0; 11], &response] {
            client.send(nonsense).await.unwrap();
        }
        client.send(&query(7)).await.unwrap();
        let mut answer = [0; 64];
        client.recv(&mut answer).await.unwrap();
        assert_eq!(answer[1], 7);
        answering.abort();
    }

    /// What a flood can make the platform do is bounded by time, not by the sender.
    #[tokio::test]
    async fn a_flood_is_answered_slowly() {
        let (client, answering) = answered().await;
        let begin = std::time::Instant::now();
        let mut answers = 0;
        while begin.elapsed() < Duration::from_millis(400) {
            client.send(&query(1)).await.unwrap();
            while client.try_recv(&mut [0; 64]).is_ok() {
                answers += 1;
            }
        }
        // Eleven bursts, and what was read after the time.
        assert!((1..=14 * BURST).contains(&answers), "{answers}");
        answering.abort();
    }
}
