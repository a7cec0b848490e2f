//! One runtime's side of the channel, from its greeting to its end, against the environment's desk.
//!
//! A turn costs the runtime one write (its answer and its next question) and one read (the next invocation): an answer that
//! is taken has no answer of its own. Invariant: a runtime that is slow, silent or deaf keeps nobody waiting but itself.

use super::super::meaning::{INIT_ERROR_BYTES, Objection, Unbroken, function_error, too_large};
use super::frame::{self, SMALL_BYTES, Violation, Word};
use super::reader::{Frames, Payload};
use crate::Answer;
use crate::environment::desk::{Delivery, Desk, Work};
use crate::environment::state::Refusal;
use bytes::{Buf as _, Bytes, BytesMut};
use std::io;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use types::RequestId;
use types::limits::SYNC_RESPONSE_BYTES;

/// Serves the runtime of start number `epoch` until it hangs up, or until it is dropped.
pub(crate) async fn converse(stream: UnixStream, desk: Arc<Desk>, epoch: u32) {
    let mut conversation = Conversation { frames: Frames::new(stream), desk, epoch, parked: None };
    if let Err(End::Violation(violation)) = conversation.hold().await {
        let (desk, epoch) = (&conversation.desk, conversation.epoch);
        desk.violated(epoch, violation.to_string());
    }
}

struct Conversation {
    frames: Frames<UnixStream>,
    desk: Arc<Desk>,
    epoch: u32,
    /// Where the next invocation comes while the runtime waits for it.
    parked: Option<oneshot::Receiver<Delivery>>,
}

/// Why a conversation is over.
enum End {
    /// The runtime hung up, or said something after which nothing that it has sent already can be trusted.
    HungUp,
    /// It sent what is no frame.
    Violation(Violation),
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::HungUp
    }
}

/// How an answer ends.
#[derive(Clone)]
enum Tone {
    /// Well. With its content type.
    Response(Option<String>),
    /// In an error. With its type.
    Error(Option<String>),
}

impl Conversation {
    async fn hold(&mut self) -> Result<(), End> {
        match self.frames.word().await? {
            None => return Ok(()),
            Some((Word::Hello, _)) => {}
            Some(_) => return Err(Violation::NoHello.into()),
        }
        loop {
            let heard = match &mut self.parked {
                None => self.frames.word().await,
                Some(parked) => tokio::select! {
                    biased;
                    delivery = parked => {
                        self.deliver(delivery.ok()).await?;
                        continue;
                    }
                    heard = self.frames.word() => heard,
                },
            };
            let Some((word, length)) = heard? else { return Ok(()) };
            self.take(word, length).await?;
        }
    }

    async fn take(&mut self, word: Word, length: usize) -> Result<(), End> {
        match word {
            Word::Hello => Err(Violation::SecondHello.into()),
            Word::Next => self.next().await,
            Word::Response { id, content_type } => {
                self.answer(id, Tone::Response(content_type), length).await
            }
            Word::Error { id, error_type } => self.answer(id, Tone::Error(error_type), length).await,
            Word::InitError { error_type } => self.init_error(error_type.as_deref(), length).await,
        }
    }

    async fn next(&mut self) -> Result<(), End> {
        match self.desk.next(self.epoch) {
            Ok(Work::Now(delivery)) => self.deliver(Some(delivery)).await,
            Ok(Work::Later(later)) => {
                self.parked = Some(later);
                Ok(())
            }
            Err(Refusal::Ended) => self.deliver(None).await,
            Err(refusal) => self.object(&refusal.into()).await,
        }
    }

    async fn deliver(&mut self, delivery: Option<Delivery>) -> Result<(), End> {
        self.parked = None;
        let Some(delivery) = delivery else {
            // The runtime is about to be killed. An answer would only make it print that something is wrong.
            return std::future::pending().await;
        };
        let (head, payload) = frame::invocation(delivery);
        self.write(head, payload).await
    }

    async fn answer(&mut self, id: Option<RequestId>, tone: Tone, length: usize) -> Result<(), End> {
        let desk = Arc::clone(&self.desk);
        let begun = id.ok_or(Refusal::InvalidRequestId).and_then(|id| {
            desk.answer_starts(self.epoch, id)?;
            Ok(id)
        });
        let id = match begun {
            Ok(id) => id,
            Err(refusal) => return self.not_taken(refusal).await,
        };
        let unbroken = Unbroken::begin(&desk, self.epoch);
        let (answer, objection) = match self.frames.payload(length, SYNC_RESPONSE_BYTES).await {
            Payload::Whole(payload) => (spoken(tone, payload), None),
            Payload::TooLarge => (too_large(), Some(Objection::too_large())),
            Payload::Cut => return Err(End::HungUp),
        };
        unbroken.end();
        if !desk.answer_ends(self.epoch, id, answer) {
            return self.not_taken(Refusal::Ended).await;
        }
        match objection {
            Some(objection) => self.object(&objection).await,
            None => Ok(()),
        }
    }

    async fn init_error(&mut self, error_type: Option<&str>, length: usize) -> Result<(), End> {
        let body = match self.frames.payload(length, INIT_ERROR_BYTES).await {
            Payload::Whole(body) => body,
            // That the initialisation failed is known all the same.
            Payload::TooLarge | Payload::Cut => Bytes::new(),
        };
        let (payload, error_type) = function_error(error_type, body);
        match self.desk.init_error(self.epoch, payload, error_type) {
            Ok(()) => Ok(()),
            Err(refusal) => self.object(&refusal.into()).await,
        }
    }

    /// The end of the channel: a question that followed took for granted that the answer would be taken, and a runtime that
    /// then gives up must not have been handed another invocation.
    async fn not_taken(&mut self, refusal: Refusal) -> Result<(), End> {
        self.object(&refusal.into()).await?;
        Err(End::HungUp)
    }

    async fn object(&mut self, objection: &Objection) -> Result<(), End> {
        self.write(frame::refused(objection), Bytes::new()).await
    }

    /// One write, unless the socket is full.
    async fn write(&mut self, mut head: BytesMut, payload: Bytes) -> Result<(), End> {
        if payload.len() <= SMALL_BYTES {
            head.extend_from_slice(&payload);
            self.frames.stream.write_all(&head).await?;
        } else {
            self.frames.stream.write_all_buf(&mut head.freeze().chain(payload)).await?;
        }
        Ok(())
    }
}

fn spoken(tone: Tone, payload: Bytes) -> Answer {
    match tone {
        Tone::Response(content_type) => Answer::Success { payload, content_type },
        Tone::Error(error_type) => {
            let (payload, error_type) = function_error(error_type.as_deref(), payload);
            Answer::FunctionError { payload, error_type }
        }
    }
}
