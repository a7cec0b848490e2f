//! The environment variables of a runtime.
//!
//! Source: "Defined runtime environment variables" in the Lambda developer guide. The credentials of an execution role are
//! not among them: nothing assumes that role for the function yet.

use crate::EnvironmentSpec;

/// The address inside every environment at which the Runtime API listens.
const RUNTIME_API: &str = "127.0.0.1:9001";

/// All variables: the runtime's own and the service's defaults, which the customer's may replace, then those that it may not.
pub(crate) fn variables(spec: &EnvironmentSpec, runtime: &[(String, String)]) -> Vec<(String, String)> {
    let defaults = [
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("LD_LIBRARY_PATH", "/var/task:/var/task/lib:/opt/lib"),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
    ];
    let mut all = Vec::with_capacity(defaults.len() + runtime.len() + spec.variables.len() + 16);
    for (name, value) in defaults {
        set(&mut all, name, value.to_owned());
    }
    for (name, value) in runtime.iter().chain(&spec.variables) {
        set(&mut all, name, value.clone());
    }
    for (name, value) in reserved(spec) {
        set(&mut all, name, value);
    }
    all
}

fn reserved(spec: &EnvironmentSpec) -> [(&'static str, String); 13] {
    [
        ("AWS_LAMBDA_FUNCTION_NAME", spec.function_name.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", spec.version.to_string()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory.get().to_string()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", spec.log.group.clone()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", spec.log.name.clone()),
        ("AWS_LAMBDA_RUNTIME_API", RUNTIME_API.to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", spec.runtime)),
        ("AWS_REGION", spec.region.to_string()),
        ("AWS_DEFAULT_REGION", spec.region.to_string()),
        ("_HANDLER", spec.handler.clone()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
    ]
}

fn set(all: &mut Vec<(String, String)>, name: &str, value: String) {
    match all.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value,
        None => all.push((name.to_owned(), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::spec;

    #[test]
    fn the_customer_replaces_defaults_but_nothing_reserved() {
        let mut spec = spec();
        let own = [("TZ", "Europe/Berlin"), ("COLOUR", "red"), ("AWS_REGION", "moon-1"), ("_HANDLER", "x")];
        spec.variables = own.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let runtime = [("PYTHONPATH".to_owned(), "/var/runtime".to_owned())];
        let all = variables(&spec, &runtime);
        let get = |name: &str| {
            let mut found = all.iter().filter(|(known, _)| known == name);
            let value = found.next().map(|(_, value)| value.as_str());
            assert!(found.next().is_none(), "{name} is there once");
            value
        };
        assert_eq!(get("TZ"), Some("Europe/Berlin"));
        assert_eq!(get("COLOUR"), Some("red"));
        assert_eq!(get("PYTHONPATH"), Some("/var/runtime"));
        assert_eq!(get("AWS_REGION"), Some("us-east-1"));
        assert_eq!(get("_HANDLER"), Some("app.handler"));
        assert_eq!(get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), Some("128"));
        assert_eq!(get("AWS_ACCESS_KEY_ID"), None);
    }
}
