//! The shape of the tables: what the models say about services, operations and the values that they carry.
//!
//! Invariant: everything here is static data made from `models/` by the build script; nothing is added at run time
//! but the compiled form of a pattern, once.

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;

/// One service of the API surface.
pub struct Service {
    /// Its name here: `lambda`.
    pub name: &'static str,
    /// Its name in a signature's credential scope.
    pub signing_name: &'static str,
    /// The first label of its host names.
    pub endpoint_prefix: &'static str,
    /// The version of its API; names it in the query protocol.
    pub api_version: &'static str,
    /// How its requests and answers are written.
    pub protocol: Protocol,
    /// What stands before the operation in `X-Amz-Target`; "" where the protocol has no such header.
    pub target_prefix: &'static str,
    /// The XML namespace of its answers; "" where they aren't XML.
    pub xml_namespace: &'static str,
    /// The error code for input that breaks a constraint.
    pub validation_code: &'static str,
    /// The error code for input that can't be read.
    pub serialization_code: &'static str,
    /// What the query protocol called an error, where the service once spoke it and tells its clients so still: the code on
    /// the wire, then the older one. Sorted by the first; `None` for a service that has no past. Codes that are not in the
    /// list were never different.
    pub query_codes: Option<&'static [(&'static str, &'static str)]>,
    /// What stands before and after the name of a required member that is missing, where the service has words of its own
    /// for that; two empty texts where it speaks of a broken constraint.
    pub missing: (&'static str, &'static str),
    /// All operations, sorted by name.
    pub operations: &'static [Operation],
    /// All shapes, sorted by name.
    pub shapes: &'static [Shape],
    /// All errors that the model declares, sorted by their code on the wire.
    pub errors: &'static [ErrorShape],
}

impl Service {
    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        let operations = self.operations;
        operations.binary_search_by(|operation| operation.name.cmp(name)).ok().map(|at| &operations[at])
    }

    /// The code that the query protocol had for an error, where clients are still told it.
    pub fn query_code<'a>(&self, code: &'a str) -> Option<&'a str> {
        let codes = self.query_codes?;
        Some(codes.binary_search_by(|(known, _)| known.cmp(&code)).map_or(code, |at| codes[at].1))
    }

    /// The declared error with that code on the wire.
    pub fn error(&self, code: &str) -> Option<&'static ErrorShape> {
        let errors = self.errors;
        errors.binary_search_by(|error| error.code.cmp(code)).ok().map(|at| &errors[at])
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

/// A family of wire formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Routes by method and path, bodies in JSON.
    RestJson1,
    /// One path, the operation in `X-Amz-Target`, bodies in JSON.
    AwsJson1_0,
    /// The same under another content type.
    AwsJson1_1,
    /// One path, a form in, XML out.
    AwsQuery,
}

/// One operation.
pub struct Operation {
    /// The service that it belongs to.
    pub service: &'static Service,
    /// Its name: `CreateFunction`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path as a template: `/2015-03-31/functions/{FunctionName}`.
    pub uri: &'static str,
    /// The status of a successful answer.
    pub status: u16,
    /// What it takes, if anything.
    pub input: Option<&'static Shape>,
    /// What it answers, if anything.
    pub output: Option<&'static Shape>,
    /// The element around an answer in the query protocol; "" where there is none.
    pub result_wrapper: &'static str,
    /// Codes of the errors that the model declares for it.
    pub errors: &'static [&'static str],
    /// Whether Lambent has it.
    pub built: bool,
    /// Whether the service takes it without a signature.
    pub unsigned: bool,
    pub(crate) path: &'static [Segment],
    pub(crate) query: &'static [(&'static str, &'static str)],
}

/// `lambda:CreateFunction`.
impl fmt::Debug for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.service.name, self.name)
    }
}

/// A part of a path template between two slashes.
pub(crate) enum Segment {
    Literal(&'static str),
    Label(&'static str),
}

/// An error that a model declares.
pub struct ErrorShape {
    /// Its code on the wire.
    pub code: &'static str,
    /// The HTTP status that the model gives it, or 400 and 500 by who is to blame.
    pub status: u16,
    /// Whether the caller is to blame.
    pub caller_fault: bool,
    /// Its members.
    pub shape: &'static Shape,
}

/// A named type of a model with its constraints.
pub struct Shape {
    /// Its name in the model.
    pub name: &'static str,
    /// What kind of value it describes.
    pub kind: Kind,
    /// Least value, length or size.
    pub min: Option<i64>,
    /// Greatest value, length or size.
    pub max: Option<i64>,
    /// What a text must look like.
    pub pattern: Option<&'static Pattern>,
    /// The texts that are allowed; empty where any is.
    pub values: &'static [&'static str],
    /// Whether values must not be printed.
    pub sensitive: bool,
}

impl Shape {
    /// The members of a structure; empty for any other kind.
    pub fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure { members, .. } => members,
            _ => &[],
        }
    }

    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members().iter().find(|member| member.name == name)
    }
}

/// The kinds of values.
pub enum Kind {
    /// Named members, of which one may be the whole body.
    Structure {
        /// In the model's order.
        members: &'static [Member],
        /// The member that is the body.
        payload: Option<&'static str>,
    },
    /// A row of values.
    List {
        /// Each of them.
        element: &'static Member,
    },
    /// Texts to values.
    Map {
        /// Each key.
        key: &'static Member,
        /// Each value.
        value: &'static Member,
    },
    /// Text.
    String,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A number.
    Double,
    /// A truth value.
    Boolean,
    /// Bytes.
    Blob,
    /// A point in time.
    Timestamp,
}

/// A member of a structure, or what stands inside a list or a map.
pub struct Member {
    /// Its name in the model, and in a `Value`.
    pub name: &'static str,
    /// Its name on the wire.
    pub wire_name: &'static str,
    /// What it holds.
    pub shape: &'static Shape,
    /// Whether it must be there.
    pub required: bool,
    /// Where it stands in a request or an answer.
    pub location: Location,
    /// How it is written, for points in time.
    pub timestamp: Option<TimestampFormat>,
    /// Whether a list or map has no element around it in the query protocol.
    pub flattened: bool,
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the body.
    Body,
    /// In the path.
    Uri,
    /// In the query string.
    Query,
    /// In a header.
    Header,
    /// In all headers that begin with the wire name.
    Headers,
    /// It is the HTTP status.
    Status,
}

/// How a point in time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// Seconds since 1970, possibly with a fraction.
    EpochSeconds,
    /// `2026-11-24T06:35:00Z`.
    DateTime,
    /// `Tue, 24 Nov 2026 06:35:00 GMT`.
    HttpDate,
}

/// A regular expression that holds for a whole text.
pub struct Pattern {
    /// The expression as messages print it.
    pub printed: &'static str,
    expression: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(crate) const fn new(printed: &'static str, expression: &'static str) -> Self {
        Self { printed, expression, compiled: OnceLock::new() }
    }

    /// Whether the whole text has this form. An expression that doesn't compile holds for nothing, so that a mistake
    /// in a model refuses requests instead of letting them through; a test compiles every expression.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    pub(crate) fn compiled(&self) -> Option<&Regex> {
        let anchored = || Regex::new(&format!(r"\A(?:{})\z", self.expression)).ok();
        self.compiled.get_or_init(anchored).as_ref()
    }
}
