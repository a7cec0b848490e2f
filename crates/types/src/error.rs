//! The one error that a handler gives back, free of any transport.

use std::borrow::Cow;

/// Whose fault an error is; the wire calls it `Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The caller did something wrong (`User`, `Sender`).
    Caller,
    /// The service failed (`Service`, `Receiver`); an operator should look at it.
    Service,
}

/// What went wrong, as the caller will read it and, apart from that, as the operator will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// The service's own code, such as `ResourceNotFoundException`.
    pub code: &'static str,
    /// Whose fault it is.
    pub fault: Fault,
    /// The HTTP status that the service sends with this code.
    pub status: u16,
    /// For the caller, in the service's words.
    pub message: Cow<'static, str>,
    /// Further members of the error's shape, such as `Reason`.
    pub members: Vec<(&'static str, String)>,
    /// For the operator only: logged, never sent.
    pub operator: Option<String>,
}

impl ServiceError {
    /// An error that the caller can mend.
    pub fn caller(code: &'static str, status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            fault: Fault::Caller,
            status,
            message: message.into(),
            members: Vec::new(),
            operator: None,
        }
    }

    /// A failure of the service itself. The caller learns no more than that; the operator gets the cause.
    pub fn internal(code: &'static str, cause: impl std::fmt::Display) -> Self {
        Self {
            code,
            fault: Fault::Service,
            status: 500,
            message: Cow::Borrowed("An internal error occurred."),
            members: Vec::new(),
            operator: Some(cause.to_string()),
        }
    }

    /// The same error with one more member of its shape.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<String>) -> Self {
        self.members.push((member, value.into()));
        self
    }
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ServiceError {}
