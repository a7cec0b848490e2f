//! The request pipeline that every call of every service passes, and the contracts of the handlers behind it.
//!
//! ```text
//! route → verify → parse → audit-open → permit → validate → call → encode → audit-close
//! ```
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
mod handlers;
mod identities;
mod invocation;
mod invoke;
mod messages;
mod permission;
mod pipeline;
mod refusals;
mod request;
mod rows;
mod server;
mod target;
mod verify;

pub use audit::{AuditEntry, AuditTrail};
pub use download::{Downloads, FetchDownload};
pub use handlers::{Handle, Handlers};
pub use identities::Identities;
pub use invocation::{Invocation, InvocationType, Invoke, Invoked, LogType, PermittedInvocation};
pub use pipeline::{Pipeline, PipelineParts};
pub use request::{Context, Request};
pub use rows::unprotected_operations;
pub use server::{Limits, Server};
pub use wire::{Time, iam, lambda, logs, sts};
