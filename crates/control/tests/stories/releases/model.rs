//! What functions, versions and aliases are, written down once more and as plainly as possible: every answer and every
//! state of the real thing is compared with this.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The functions and aliases that the stories are about.
pub(crate) const FUNCTIONS: [&str; 2] = ["f", "g"];
pub(crate) const ALIASES: [&str; 2] = ["a", "b"];

/// One call.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Create {
        function: usize,
        code: u8,
        publish: bool,
    },
    Code {
        function: usize,
        code: u8,
        publish: bool,
    },
    Configure {
        function: usize,
        timeout: u8,
    },
    Describe {
        function: usize,
        description: u8,
    },
    Publish {
        function: usize,
        description: Option<u8>,
    },
    /// Version 0 is `$LATEST`.
    CreateAlias {
        function: usize,
        alias: usize,
        version: u64,
        other: Option<u64>,
    },
    UpdateAlias {
        function: usize,
        alias: usize,
        version: Option<u64>,
        other: Option<Option<u64>>,
    },
    DeleteAlias {
        function: usize,
        alias: usize,
    },
    DeleteVersion {
        function: usize,
        version: u64,
    },
    Delete {
        function: usize,
    },
}

/// Any call, for functions below `functions`.
pub(crate) fn step(functions: usize) -> impl Strategy<Value = Step> {
    let (f, a, v) = (0..functions, 0..ALIASES.len(), 1..5u64);
    let maybe = |v: std::ops::Range<u64>| prop::option::weighted(0.4, v);
    prop_oneof![
        3 => (f.clone(), 0..3u8, any::<bool>())
            .prop_map(|(function, code, publish)| Step::Create { function, code, publish }),
        4 => (f.clone(), 0..3u8, any::<bool>())
            .prop_map(|(function, code, publish)| Step::Code { function, code, publish }),
        3 => (f.clone(), 3..6u8).prop_map(|(function, timeout)| Step::Configure { function, timeout }),
        1 => (f.clone(), 0..2u8).prop_map(|(function, description)| Step::Describe { function, description }),
        5 => (f.clone(), prop::option::weighted(0.3, 0..3u8))
            .prop_map(|(function, description)| Step::Publish { function, description }),
        5 => (f.clone(), a.clone(), 0..5u64, maybe(v.clone())).prop_map(|(function, alias, version, other)| {
            Step::CreateAlias { function, alias, version, other }
        }),
        4 => (f.clone(), a.clone(), prop::option::of(0..5u64), prop::option::of(maybe(v.clone()))).prop_map(
            |(function, alias, version, other)| Step::UpdateAlias { function, alias, version, other }
        ),
        2 => (f.clone(), a).prop_map(|(function, alias)| Step::DeleteAlias { function, alias }),
        3 => (f.clone(), v).prop_map(|(function, version)| Step::DeleteVersion { function, version }),
        1 => f.prop_map(|function| Step::Delete { function }),
    ]
}

/// What a caller is told: the status, and the version where the answer names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) version: Option<String>,
}

/// What a version is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) code: u8,
    pub(crate) timeout: u32,
    pub(crate) description: String,
}

/// A version and another one with a share.
pub(crate) type Target = (u64, Option<u64>);

/// What can be seen of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) latest: Content,
    pub(crate) versions: BTreeMap<u64, Content>,
    pub(crate) aliases: BTreeMap<String, Target>,
}

#[derive(Debug, Clone)]
struct Function {
    seen: Seen,
    /// Which upload `$LATEST` and the versions are made of.
    upload: u64,
    uploads: BTreeMap<u64, u64>,
    revision: u64,
    published: Option<u64>,
}

/// Everything that there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    functions: BTreeMap<String, Function>,
    last: BTreeMap<String, u64>,
    serial: u64,
}

impl Model {
    pub(crate) fn seen(&self) -> BTreeMap<String, Seen> {
        self.functions.iter().map(|(name, function)| (name.clone(), function.seen.clone())).collect()
    }

    /// Packages that must be on the disk, and those that the account's storage is charged for.
    pub(crate) fn uploads(&self) -> (usize, Vec<u8>) {
        let all = |f: &Function| f.uploads.values().copied().chain([f.upload]).collect::<Vec<_>>();
        let distinct: BTreeSet<u64> = self.functions.values().flat_map(all).collect();
        let codes = |f: &Function| {
            f.seen.versions.values().map(|v| v.code).chain([f.seen.latest.code]).collect::<Vec<_>>()
        };
        (distinct.len(), self.functions.values().flat_map(codes).collect())
    }

    pub(crate) fn apply(&mut self, step: &Step) -> Answer {
        let (status, version) = match self.happen(step) {
            Ok((status, version)) => (status, version),
            Err(status) => (status, None),
        };
        Answer { status, version }
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn happen(&mut self, step: &Step) -> Result<(u16, Option<String>), u16> {
        let latest = || Some("$LATEST".to_owned());
        match *step {
            Step::Create { function, code, publish } => {
                let name = FUNCTIONS[function].to_owned();
                if self.functions.contains_key(&name) {
                    return Err(409);
                }
                let content = Content { code, timeout: 3, description: String::new() };
                let seen = Seen { latest: content, versions: BTreeMap::new(), aliases: BTreeMap::new() };
                let (upload, revision) = (self.next(), self.next());
                let new = Function { seen, upload, uploads: BTreeMap::new(), revision, published: None };
                self.functions.insert(name.clone(), new);
                Ok((201, if publish { Some(self.publish(&name, None)) } else { latest() }))
            }
            Step::Code { function, code, publish } => {
                let (upload, revision) = (self.next(), self.next());
                let found = self.found(function)?;
                found.seen.latest.code = code;
                (found.upload, found.revision) = (upload, revision);
                Ok((200, if publish { Some(self.publish(FUNCTIONS[function], None)) } else { latest() }))
            }
            Step::Configure { function, timeout } => {
                let revision = self.next();
                let found = self.found(function)?;
                (found.seen.latest.timeout, found.revision) = (timeout.into(), revision);
                Ok((200, latest()))
            }
            Step::Describe { function, description } => {
                let revision = self.next();
                let found = self.found(function)?;
                (found.seen.latest.description, found.revision) = (description.to_string(), revision);
                Ok((200, latest()))
            }
            Step::Publish { function, description } => {
                self.found(function)?;
                Ok((201, Some(self.publish(FUNCTIONS[function], description))))
            }
            Step::CreateAlias { function, alias, version, other } => {
                let found = self.found(function)?;
                check(&found.seen, (version, other))?;
                if found.seen.aliases.contains_key(ALIASES[alias]) {
                    return Err(409);
                }
                found.seen.aliases.insert(ALIASES[alias].to_owned(), (version, other));
                Ok((201, None))
            }
            Step::UpdateAlias { function, alias, version, other } => {
                let found = self.found(function)?;
                let old = *found.seen.aliases.get(ALIASES[alias]).ok_or(404u16)?;
                let new = (version.unwrap_or(old.0), other.unwrap_or(old.1));
                check(&found.seen, new)?;
                found.seen.aliases.insert(ALIASES[alias].to_owned(), new);
                Ok((200, None))
            }
            Step::DeleteAlias { function, alias } => {
                self.found(function)?.seen.aliases.remove(ALIASES[alias]);
                Ok((204, None))
            }
            Step::DeleteVersion { function, version } => {
                let found = self.found(function)?;
                let uses = |target: &Target| target.0 == version || target.1 == Some(version);
                if found.seen.versions.contains_key(&version) && found.seen.aliases.values().any(uses) {
                    return Err(409);
                }
                found.seen.versions.remove(&version);
                found.uploads.remove(&version);
                Ok((204, None))
            }
            Step::Delete { function } => match self.functions.remove(FUNCTIONS[function]) {
                Some(_) => Ok((204, None)),
                None => Err(404),
            },
        }
    }

    fn found(&mut self, function: usize) -> Result<&mut Function, u16> {
        self.functions.get_mut(FUNCTIONS[function]).ok_or(404)
    }

    fn publish(&mut self, name: &str, description: Option<u8>) -> String {
        let last = self.last.entry(name.to_owned()).or_default();
        let function = self.functions.get_mut(name).unwrap();
        if let Some(version) = function.seen.versions.get(last)
            && (function.published == Some(function.revision) || *version == function.seen.latest)
        {
            return last.to_string();
        }
        *last += 1;
        let mut content = function.seen.latest.clone();
        if let Some(description) = description {
            content.description = description.to_string();
        }
        function.seen.versions.insert(*last, content);
        function.uploads.insert(*last, function.upload);
        function.published = Some(function.revision);
        last.to_string()
    }
}

/// What an alias may point to.
fn check(function: &Seen, (version, other): Target) -> Result<(), u16> {
    let there = |number: u64| if function.versions.contains_key(&number) { Ok(()) } else { Err(404) };
    if version > 0 {
        there(version)?;
    }
    match other {
        None => Ok(()),
        Some(other) if version == 0 || other == version => Err(400),
        Some(other) => there(other),
    }
}
