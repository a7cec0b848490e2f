//! The load generator: one kept-alive connection, requests one after the other.
//!
//! It shares the processors with what it measures, so that it does as little as can be: a request's bytes are made once
//! in a few seconds, since a signature holds for minutes, and of an answer only the head is taken apart.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::connection::{Call, now, text};

/// Seconds for which the same bytes are sent; services accept a signature for at least five minutes.
const SIGNED_FOR: u64 = 10;
/// More headers than any of the measured services answers with.
const HEADERS: usize = 32;

/// Latencies of requests that were sent one after the other, in microseconds.
pub(super) type Latencies = Vec<f64>;

/// An open connection that sends one call again and again.
pub(super) struct Load {
    call: Call,
    stream: TcpStream,
    host: HeaderValue,
    /// The request's bytes, and the second since the epoch in which they were signed.
    request: (u64, Vec<u8>),
    /// What was read of the answer.
    answer: Vec<u8>,
}

impl Load {
    pub(super) async fn open(address: SocketAddr, call: &Call) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let host = HeaderValue::from_str(&address.to_string()).map_err(text)?;
        Ok(Self {
            call: call.clone(),
            stream,
            host,
            request: (0, Vec::new()),
            answer: Vec::with_capacity(4096),
        })
    }

    /// `count` requests after `warm_up` others that don't count.
    pub(super) async fn latencies(&mut self, warm_up: u32, count: u32) -> Result<Latencies, String> {
        for _ in 0..warm_up {
            self.send().await?;
        }
        let mut latencies = Vec::with_capacity(count as usize);
        for _ in 0..count {
            self.sign()?;
            let started = Instant::now();
            self.send().await?;
            latencies.push(started.elapsed().as_secs_f64() * 1e6);
        }
        Ok(latencies)
    }

    /// How many requests were answered until then.
    async fn count_until(&mut self, end: Instant) -> Result<u64, String> {
        let mut count = 0;
        while Instant::now() < end {
            self.send().await?;
            count += 1;
        }
        Ok(count)
    }

    /// Sends once and waits for all of a success.
    async fn send(&mut self) -> Result<(), String> {
        self.sign()?;
        self.stream.write_all(&self.request.1).await.map_err(text)?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await.map_err(text)?;
            if let Some(whole) = length(&self.answer)?
                && self.answer.len() >= whole
            {
                return Ok(());
            }
            if read == 0 {
                return Err(format!("{}: the connection ended", self.call.path));
            }
        }
    }

    /// Makes the request's bytes anew where they are too old.
    fn sign(&mut self) -> Result<(), String> {
        let second = now().as_secs();
        if second.abs_diff(self.request.0) < SIGNED_FOR {
            return Ok(());
        }
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.call.method, self.call.path).into_bytes();
        for (name, value) in &self.call.headers(&self.host, second)? {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.call.body.len()).as_bytes());
        bytes.extend_from_slice(&self.call.body);
        self.request = (second, bytes);
        Ok(())
    }
}

/// Bytes of the whole answer once its head is there. Anything but a success is an error.
fn length(answer: &[u8]) -> Result<Option<usize>, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer).map_err(text)? else { return Ok(None) };
    let header = |name: &str| response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let success = response.code.is_some_and(|code| (200..300).contains(&code));
    if !success || header("x-amz-function-error").is_some() {
        return Err(String::from_utf8_lossy(answer).into_owned());
    }
    let length = header("content-length").and_then(|header| std::str::from_utf8(header.value).ok());
    let length: usize = length.and_then(|text| text.parse().ok()).ok_or("an answer without a length")?;
    Ok(Some(head + length))
}

/// What many clients reached together.
pub(super) struct Throughput {
    pub(super) requests: u64,
    pub(super) per_second: f64,
}

/// `clients` connections at once, each sending one request after the other.
pub(super) async fn throughput(
    address: SocketAddr,
    call: &Call,
    clients: usize,
    time: Duration,
) -> Result<Throughput, String> {
    let mut open = Vec::new();
    for _ in 0..clients {
        let mut load = Load::open(address, call).await?;
        load.send().await?;
        open.push(load);
    }
    let started = Instant::now();
    let spawn = |mut load: Load| tokio::spawn(async move { load.count_until(started + time).await });
    let tasks: Vec<_> = open.into_iter().map(spawn).collect();
    let mut total = 0;
    for task in tasks {
        total += task.await.map_err(text)??;
    }
    Ok(Throughput { requests: total, per_second: total as f64 / started.elapsed().as_secs_f64() })
}
