//! A runtime's end of the channel, for runtimes that are told here.

use crate::simulation::Guest;
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

pub(super) const HELLO: &[u8] = b"\x01\0\0\x06\0\0\0\0LMBT\0\x01";
pub(super) const NEXT: &[u8] = b"\x02\0\0\0\0\0\0\0";
pub(super) const RESPONSE: u8 = 3;
pub(super) const ERROR: u8 = 4;
pub(super) const INIT_ERROR: u8 = 5;

/// A frame's bytes.
pub(super) fn frame(kind: u8, fields: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0];
    bytes.extend((fields.len() as u16).to_be_bytes());
    bytes.extend((payload.len() as u32).to_be_bytes());
    [&bytes, fields.as_bytes(), payload].concat()
}

/// What the platform says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Invocation {
        id: String,
        deadline: i64,
        texts: [String; 4],
        body: Vec<u8>,
    },
    Refused {
        status: u16,
        kind: String,
    },
    /// It hung up.
    End,
}

impl Heard {
    /// The id of an invocation.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Invocation { id, .. } => id.clone(),
            other => panic!("no invocation: {other:?}"),
        }
    }
}

/// An open channel.
pub(super) struct Framed {
    pub(super) stream: UnixStream,
}

impl Framed {
    /// The guest's channel, not greeted yet.
    pub(super) fn of(guest: &mut Guest) -> Self {
        let stream = guest.take_channel().expect("the runtime speaks frames");
        stream.set_nonblocking(true).unwrap();
        Self { stream: UnixStream::from_std(stream).unwrap() }
    }

    /// In one write.
    pub(super) async fn say(&mut self, frames: &[&[u8]]) -> io::Result<()> {
        self.stream.write_all(&frames.concat()).await
    }

    /// Asks, and waits for what comes.
    pub(super) async fn next(&mut self) -> Heard {
        // Where it can't be said, the end is heard.
        let _ = self.say(&[NEXT]).await;
        self.hear().await
    }

    /// Answers and asks, and waits for what comes.
    pub(super) async fn respond(&mut self, id: &str, body: &[u8]) -> Heard {
        let _ = self.say(&[&frame(RESPONSE, id, body), NEXT]).await;
        self.hear().await
    }

    pub(super) async fn hear(&mut self) -> Heard {
        match self.heard().await {
            Ok(heard) => heard,
            Err(_) => Heard::End,
        }
    }

    async fn heard(&mut self) -> io::Result<Heard> {
        let (kind, _) = (self.stream.read_u8().await?, self.stream.read_u8().await?);
        let (fields, payload) = (self.stream.read_u16().await?, self.stream.read_u32().await?);
        let (mut fields, mut body) = (vec![0; fields.into()], vec![0; payload as usize]);
        self.stream.read_exact(&mut fields).await?;
        self.stream.read_exact(&mut body).await?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        if kind == 0x82 {
            let status = u16::from_be_bytes([fields[0], fields[1]]);
            return Ok(Heard::Refused { status, kind: text(&fields[2..]) });
        }
        assert_eq!(kind, 0x81);
        let mut at = 52;
        let texts = [44, 46, 48, 50].map(|place| {
            let length = usize::from(u16::from_be_bytes([fields[place], fields[place + 1]]));
            at += length;
            text(&fields[at - length..at])
        });
        assert_eq!(at, fields.len());
        let deadline = i64::from_be_bytes(fields[36..44].try_into().unwrap());
        Ok(Heard::Invocation { id: text(&fields[..36]), deadline, texts, body })
    }
}

/// A greeted channel.
pub(super) async fn greeted(guest: &mut Guest) -> Framed {
    let mut framed = Framed::of(guest);
    framed.say(&[HELLO]).await.unwrap();
    framed
}

/// Answers every event with itself, after printing it.
pub(super) async fn echo(mut guest: Guest) -> i32 {
    let mut framed = greeted(&mut guest).await;
    let mut heard = framed.next().await;
    while let Heard::Invocation { id, body, .. } = heard {
        guest.print(format!("event {}\n", String::from_utf8_lossy(&body))).await.unwrap();
        heard = framed.respond(&id, &body).await;
    }
    0
}
