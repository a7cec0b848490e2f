//! The environment variables of a runtime.
//!
//! Source: "Defined runtime environment variables" in the Lambda developer guide. Those of the logging configuration are not
//! reserved there, and functions do set them.

use crate::{EnvironmentSpec, RoleCredentials};

/// The address inside every environment at which the Runtime API listens.
const RUNTIME_API: &str = "127.0.0.1:9001";
/// The platform's API, for whoever has credentials for it. Source: "Service-specific endpoints" of the SDKs' reference.
const PLATFORM: &str = "http://127.0.0.1:9002";

/// Tells a bootstrap that it may speak frames instead of HTTP.
const CHANNEL: &str = "LAMBENT_CHANNEL";

/// All variables: the runtime's own and the service's defaults, which the customer's may replace, then those that it may not.
pub(crate) fn variables(spec: &EnvironmentSpec, runtime: &[(String, String)]) -> Vec<(String, String)> {
    let defaults = [
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("LD_LIBRARY_PATH", "/var/task:/var/task/lib:/opt/lib"),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
    ];
    let mut all = Vec::with_capacity(defaults.len() + runtime.len() + spec.variables.len() + 24);
    for (name, value) in defaults {
        set(&mut all, name, value.to_owned());
    }
    for (name, value) in spec.logging.variables() {
        set(&mut all, name, value);
    }
    if spec.credentials.is_some() {
        set(&mut all, "AWS_ENDPOINT_URL", PLATFORM.to_owned());
    }
    for (name, value) in runtime.iter().chain(&spec.variables) {
        set(&mut all, name, value.clone());
    }
    let credentials = spec.credentials.iter().flat_map(RoleCredentials::variables);
    for (name, value) in reserved(spec).into_iter().chain(credentials) {
        set(&mut all, name, value);
    }
    all
}

/// Offers the framed channel: its version, and the descriptor that it is. Nobody else may say so.
pub(crate) fn offer_channel(all: &mut Vec<(String, String)>, offered: bool) {
    all.retain(|(name, _)| name != CHANNEL);
    if offered {
        all.push((CHANNEL.to_owned(), format!("{}:3", crate::runtime_api::CHANNEL_VERSION)));
    }
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
    use crate::{LogFormat, LogLevel, Logging};

    /// The value of a variable, which is there once.
    fn get<'a>(all: &'a [(String, String)], name: &str) -> Option<&'a str> {
        let mut found = all.iter().filter(|(known, _)| known == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there once");
        value
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    fn role() -> RoleCredentials {
        let [access_key_id, secret_access_key, session_token] =
            ["ASIA", "sesame", "token"].map(str::to_owned);
        RoleCredentials { access_key_id, secret_access_key, session_token }
    }

    #[test]
    fn the_customer_replaces_defaults_but_nothing_reserved() {
        let mut spec = spec();
        spec.variables = pairs([
            ("TZ", "Europe/Berlin"),
            ("COLOUR", "red"),
            ("AWS_REGION", "moon-1"),
            ("_HANDLER", "x"),
            ("AWS_LAMBDA_LOG_LEVEL", "DEBUG"),
        ]);
        let all = variables(&spec, &pairs([("PYTHONPATH", "/var/runtime")]));
        assert_eq!(get(&all, "TZ"), Some("Europe/Berlin"));
        assert_eq!(get(&all, "COLOUR"), Some("red"));
        assert_eq!(get(&all, "PYTHONPATH"), Some("/var/runtime"));
        assert_eq!(get(&all, "AWS_REGION"), Some("us-east-1"));
        assert_eq!(get(&all, "_HANDLER"), Some("app.handler"));
        assert_eq!(get(&all, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), Some("128"));
        assert_eq!(get(&all, "AWS_LAMBDA_LOG_LEVEL"), Some("DEBUG"));
        assert_eq!(get(&all, "AWS_ACCESS_KEY_ID"), None);
        assert_eq!(get(&all, "AWS_ENDPOINT_URL"), None);
    }

    #[test]
    fn only_the_platform_offers_the_channel() {
        let mut spec = spec();
        spec.variables = pairs([("LAMBENT_CHANNEL", "of mine")]);
        for (offered, told) in [(false, None), (true, Some("1:3"))] {
            let mut all = variables(&spec, &[]);
            offer_channel(&mut all, offered);
            assert_eq!(get(&all, "LAMBENT_CHANNEL"), told);
        }
    }

    #[test]
    fn a_role_comes_with_the_platforms_address_unless_the_customer_gave_another() {
        let mut spec = spec();
        spec.credentials = Some(role());
        spec.variables = pairs([("AWS_SESSION_TOKEN", "of mine")]);
        let all = variables(&spec, &[]);
        assert_eq!(get(&all, "AWS_ACCESS_KEY_ID"), Some("ASIA"));
        assert_eq!(get(&all, "AWS_SECRET_ACCESS_KEY"), Some("sesame"));
        assert_eq!(get(&all, "AWS_SESSION_TOKEN"), Some("token"));
        assert_eq!(get(&all, "AWS_ENDPOINT_URL"), Some("http://127.0.0.1:9002"));

        spec.variables = pairs([("AWS_ENDPOINT_URL", "https://elsewhere.example")]);
        assert_eq!(get(&variables(&spec, &[]), "AWS_ENDPOINT_URL"), Some("https://elsewhere.example"));
    }

    #[test]
    fn a_level_is_told_with_json_only() {
        let mut spec = spec();
        let level = Some(LogLevel::Warn);
        for (format, application_level, expected) in [
            (LogFormat::Text, level, ("Text", None)),
            (LogFormat::Json, level, ("JSON", Some("WARN"))),
            (LogFormat::Json, None, ("JSON", Some("INFO"))),
        ] {
            spec.logging = Logging { format, application_level, system_level: None };
            let all = variables(&spec, &[]);
            let told = (get(&all, "AWS_LAMBDA_LOG_FORMAT").unwrap(), get(&all, "AWS_LAMBDA_LOG_LEVEL"));
            assert_eq!(told, expected);
        }
    }
}
