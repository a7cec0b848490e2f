//! What a layer version says that it is compatible with. It is a remark for people and a filter of lists: the service
//! does not keep a function from using a layer that names other runtimes.

use crate::messages;
use store::records::LayerVersionRecord;
use types::{RuntimeName, ServiceError};

/// The runtimes that the service knows, in the order of its model, whether they are installed here or not: a layer may be
/// published for runtimes that are installed later.
const RUNTIMES: &[&str] = &[
    "nodejs",
    "nodejs4.3",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "java8",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "nodejs4.3-edge",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
    "provided",
    "provided.al2",
    "provided.al2023",
    "nodejs26.x",
    "python3.15",
    "java8.al2023",
    "java11.al2023",
    "java17.al2023",
    "custom",
];

/// Each must be a runtime that the service knows or that is installed here.
pub(super) fn check_runtimes(given: &[String], installed: &[RuntimeName]) -> Result<(), ServiceError> {
    if given.iter().all(|name| is_known(name, installed)) {
        return Ok(());
    }
    let printed = format!("[{}]", given.join(", "));
    Err(messages::unknown_compatible_runtime("compatibleRuntimes", &printed, &known(installed)))
}

fn is_known(name: &str, installed: &[RuntimeName]) -> bool {
    RUNTIMES.contains(&name) || installed.iter().any(|runtime| runtime.as_str() == name)
}

fn known(installed: &[RuntimeName]) -> String {
    let others = installed.iter().map(RuntimeName::as_str).filter(|name| !RUNTIMES.contains(name));
    RUNTIMES.iter().copied().chain(others).collect::<Vec<_>>().join(", ")
}

/// Which versions a list shows: those that say that they are compatible.
pub(super) struct Filter {
    runtime: Option<String>,
    architecture: Option<String>,
}

impl Filter {
    /// The filter of a list's parameters.
    pub(super) fn new(
        runtime: Option<String>,
        architecture: Option<String>,
        installed: &[RuntimeName],
    ) -> Result<Self, ServiceError> {
        match &runtime {
            Some(name) if !is_known(name, installed) => {
                Err(messages::unknown_compatible_runtime("compatibleRuntime", name, &known(installed)))
            }
            _ => Ok(Self { runtime, architecture }),
        }
    }

    /// Source: "Specify a runtime identifier to list only layers that indicate that they're compatible with that runtime"
    /// (API reference, ListLayers); the same for architectures.
    pub(super) fn admits(&self, version: &LayerVersionRecord) -> bool {
        fits(self.runtime.as_ref(), version.runtimes.as_deref())
            && fits(self.architecture.as_ref(), version.architectures.as_deref())
    }
}

fn fits(asked: Option<&String>, given: Option<&[String]>) -> bool {
    asked.is_none_or(|name| given.is_some_and(|names| names.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_that_of_the_model() {
        let model = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/lambda.json")).unwrap();
        let model: serde_json::Value = serde_json::from_slice(&model).unwrap();
        let set = model["shapes"]["Runtime"]["enum"].as_array().unwrap();
        assert!(set.iter().map(|name| name.as_str().unwrap()).eq(RUNTIMES.iter().copied()));
    }

    #[test]
    fn what_is_installed_here_counts_too() {
        let installed = ["python3.11".parse().unwrap(), "cobol85".parse().unwrap()];
        assert!(check_runtimes(&["cobol85".to_owned(), "go1.x".to_owned()], &installed).is_ok());
        let refused = check_runtimes(&["go1.x".to_owned(), "cobol60".to_owned()], &installed).unwrap_err();
        assert_eq!(refused.code, "ValidationException");
        let beginning = "1 validation error detected: Value '[go1.x, cobol60]' at 'compatibleRuntimes' failed to satisfy \
                         constraint: Member must satisfy enum value set: [nodejs, nodejs4.3, ";
        assert!(refused.message.starts_with(beginning), "{}", refused.message);
        assert!(refused.message.ends_with(", custom, cobol85]"), "{}", refused.message);
    }
}
