//! The sample functions of `examples/`, carried inside the command so that the demo works from any directory.

use super::DemoError;
use types::RuntimeName;

/// One sample function.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) runtime: String,
    pub(crate) handler: &'static str,
    pub(crate) event: &'static str,
    files: &'static [(&'static str, &'static str)],
}

/// Every sample, or why it can't run here.
pub(crate) fn all(runtimes: &[RuntimeName]) -> Vec<Result<Sample, String>> {
    let newest =
        |language: &str| runtimes.iter().rev().find(|runtime| runtime.as_str().starts_with(language));
    let python = newest("python").map(|runtime| Sample {
        name: "hello-python",
        runtime: runtime.to_string(),
        handler: "app.handler",
        event: r#"{"name": "world"}"#,
        files: &[("app.py", include_str!("../../../../examples/hello-python/app.py"))],
    });
    let node = newest("nodejs").map(|runtime| Sample {
        name: "hello-nodejs",
        runtime: runtime.to_string(),
        handler: "index.handler",
        event: r#"{"name": "world"}"#,
        files: &[("index.mjs", include_str!("../../../../examples/hello-nodejs/index.mjs"))],
    });
    vec![
        python.ok_or_else(|| missing("hello-python", "python3")),
        node.ok_or_else(|| missing("hello-nodejs", "node")),
    ]
}

fn missing(sample: &str, program: &str) -> String {
    format!(
        "{sample} was left out: this host has no {program} that Lambent found. Install one, or add it with \
         `lambent runtimes add`."
    )
}

impl Sample {
    /// The code package.
    pub(crate) fn zip(&self) -> Result<Vec<u8>, DemoError> {
        let files: Vec<_> = self.files.iter().map(|(name, text)| (*name, text.as_bytes(), false)).collect();
        Ok(package::pack(&files)?)
    }
}
