//! The request pipeline that every call of every service passes, and the contracts of the handlers behind it.
//!
//! ```text
//! route → verify → parse → audit-open → permit → validate → call → encode → audit-close
//! ```
//!
//! What leaves an audit record: every verified call of a known operation, whatever comes of it, but for invocations that
//! go well (data events); and what fails before that under a known access key's id, up to 60 a minute and key. Requests
//! that name no known key are counted and logged, so that strangers can't fill the trail.
//!
//! What strangers can make the service do: read a request's head (64 KiB) and discard a body (1 MiB), look one access key
//! up, and hold a connection that goes 75 s without a request. Nothing of a body is kept before its key is known. Whoever
//! knows the id of a key, which is no secret, can have a body read whole before its signature is refused: the signature
//! covers the body, and clients need not announce its hash. What all bodies together may hold bounds that.
//!
//! Invariant: a handler gets its typed input only inside a [`Request`], together with the [`auth::Permit`] that the
//! permission check left. Nothing above this crate names `wire`.

mod audit;
mod body;
mod budget;
mod call;
mod caught;
mod download;
mod encode;
pub mod function_errors;
mod handlers;
mod identities;
mod invocation;
mod invoke;
mod messages;
mod paced;
mod peer;
mod permission;
mod pipeline;
mod refusals;
mod request;
mod resource_policies;
mod rooms;
mod rows;
mod server;
mod target;
mod verify;

pub use audit::{AuditEntry, AuditTrail};
pub use download::{Downloads, FetchDownload};
pub use handlers::{Handle, Handlers};
pub use identities::Identities;
pub use invocation::{Invocation, InvocationType, Invoke, Invoked, LogType, PermittedInvocation};
pub use peer::Peer;
pub use pipeline::{Pipeline, PipelineParts};
pub use request::{Context, Request};
pub use resource_policies::ResourcePolicies;
pub use server::{Inside, Limits, Server};
pub use wire::{Time, iam, lambda, logs, sqs, sts};
