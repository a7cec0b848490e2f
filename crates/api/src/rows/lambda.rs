//! Rows of Lambda.

use super::{Access, Check, Key, Row, Subject};
use types::limits;
use wire::Value;

pub(super) fn row(operation: &str) -> Option<&'static Row> {
    const fn read(checks: fn(&Subject<'_>) -> Vec<Check>) -> Row {
        Row::new(Access::Read, checks)
    }
    const fn write(checks: fn(&Subject<'_>) -> Vec<Check>) -> Row {
        Row::new(Access::Write, checks)
    }
    Some(match operation {
        "CreateFunction" => const { &write(create_function).with_keys(configuration_keys) },
        "GetFunction" => {
            const { &read(|s| on_function(s, "lambda:GetFunction")).showing_more(tags_of_function) }
        }
        "GetFunctionConfiguration" => const { &read(|s| on_function(s, "lambda:GetFunctionConfiguration")) },
        "ListFunctions" => const { &read(|_| on_all("lambda:ListFunctions")) },
        "UpdateFunctionCode" => const { &write(|s| on_function(s, "lambda:UpdateFunctionCode")) },
        "UpdateFunctionConfiguration" => const { &write(update_configuration).with_keys(configuration_keys) },
        "DeleteFunction" => const { &write(|s| on_function(s, "lambda:DeleteFunction")) },
        "PublishVersion" => const { &write(|s| on_function(s, "lambda:PublishVersion")) },
        "ListVersionsByFunction" => const { &read(|s| on_function(s, "lambda:ListVersionsByFunction")) },
        "CreateAlias" => const { &write(|s| on_function(s, "lambda:CreateAlias")) },
        "GetAlias" => const { &read(|s| on_function(s, "lambda:GetAlias")) },
        "UpdateAlias" => const { &write(|s| on_function(s, "lambda:UpdateAlias")) },
        "DeleteAlias" => const { &write(|s| on_function(s, "lambda:DeleteAlias")) },
        "ListAliases" => const { &read(|s| on_function(s, "lambda:ListAliases")) },
        "GetAccountSettings" => const { &read(|_| on_all("lambda:GetAccountSettings")) },
        "AddPermission" => {
            const { &write(|s| on_function(s, "lambda:AddPermission")).with_keys(permission_keys) }
        }
        "RemovePermission" => const { &write(|s| on_function(s, "lambda:RemovePermission")) },
        "GetPolicy" => const { &read(|s| on_function(s, "lambda:GetPolicy")) },
        "PublishLayerVersion" => const { &write(|s| on_layer(s, "lambda:PublishLayerVersion")) },
        "GetLayerVersion" => const { &read(|s| on_layer_version(s, "lambda:GetLayerVersion")) },
        // "This action also supports the GetLayerVersionByArn API."
        "GetLayerVersionByArn" => const { &read(|s| vec![use_of_layer(s, s.text("Arn"))]) },
        "ListLayers" => const { &read(|_| on_all("lambda:ListLayers")) },
        // The reference names no resource; the service's refusals name the layer, and another account's is never listed.
        "ListLayerVersions" => const { &read(|s| on_layer(s, "lambda:ListLayerVersions")) },
        "DeleteLayerVersion" => const { &write(|s| on_layer_version(s, "lambda:DeleteLayerVersion")) },
        "AddLayerVersionPermission" => {
            const { &write(|s| on_layer_version(s, "lambda:AddLayerVersionPermission")) }
        }
        "RemoveLayerVersionPermission" => {
            const { &write(|s| on_layer_version(s, "lambda:RemoveLayerVersionPermission")) }
        }
        "GetLayerVersionPolicy" => const { &read(|s| on_layer_version(s, "lambda:GetLayerVersionPolicy")) },
        "GetFunctionCodeSigningConfig" => {
            const { &read(|s| on_function(s, "lambda:GetFunctionCodeSigningConfig")) }
        }
        "PutFunctionConcurrency" => const { &write(|s| on_function(s, "lambda:PutFunctionConcurrency")) },
        "GetFunctionConcurrency" => const { &read(|s| on_function(s, "lambda:GetFunctionConcurrency")) },
        "DeleteFunctionConcurrency" => {
            const { &write(|s| on_function(s, "lambda:DeleteFunctionConcurrency")) }
        }
        "TagResource" => const { &write(|s| on_tagged(s, "lambda:TagResource")) },
        "UntagResource" => const { &write(|s| on_tagged(s, "lambda:UntagResource")) },
        "ListTags" => const { &read(|s| on_tagged(s, "lambda:ListTags")) },
        "Invoke" => const { &write(|s| on_function(s, "lambda:InvokeFunction")) },
        _ => return None,
    })
}

fn on_all(action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: "*".to_owned() }]
}

fn on_function(subject: &Subject<'_>, action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: subject.function("FunctionName") }]
}

fn on_layer(subject: &Subject<'_>, action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: subject.layer("LayerName") }]
}

fn on_layer_version(subject: &Subject<'_>, action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: subject.layer_version("LayerName", "VersionNumber") }]
}

fn use_of_layer(subject: &Subject<'_>, arn: &str) -> Check {
    Check { action: "lambda:GetLayerVersion", resource: subject.layer_version_arn(arn) }
}

/// What carries the tags, which is named by its ARN. Another text is checked as a function's name, and fails its validation.
fn on_tagged(subject: &Subject<'_>, action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: subject.function("Resource") }]
}

/// Source: "Lambda returns tag data only if you have explicit allow permissions for lambda:ListTags" (API reference,
/// GetFunction). Tags are the function's, whatever the qualifier.
fn tags_of_function(subject: &Subject<'_>) -> Check {
    Check { action: "lambda:ListTags", resource: subject.whole_function("FunctionName") }
}

/// Tags of a new function need the permission that tags of an old one need. (Source: recorded: CreateFunction with tags is
/// refused without lambda:TagResource.)
fn create_function(subject: &Subject<'_>) -> Vec<Check> {
    let mut checks = on_function(subject, "lambda:CreateFunction");
    let tags = subject.input.get("Tags").and_then(Value::as_map);
    if tags.is_some_and(|tags| tags.iter().next().is_some()) {
        checks.extend(on_function(subject, "lambda:TagResource"));
    }
    with_layers(subject, with_pass_role(subject, checks))
}

fn update_configuration(subject: &Subject<'_>) -> Vec<Check> {
    with_layers(subject, with_pass_role(subject, on_function(subject, "lambda:UpdateFunctionConfiguration")))
}

/// A role is passed only where one is named; CreateFunction without one fails its validation.
fn with_pass_role(subject: &Subject<'_>, mut checks: Vec<Check>) -> Vec<Check> {
    if !subject.text("Role").is_empty() {
        checks.push(Check { action: "iam:PassRole", resource: subject.identity_arn("role", "Role") });
    }
    checks
}

/// What a statement may demand of a configuration. Source: "Condition keys" in the service authorization reference:
/// `lambda:Layer`, once per layer version, and `iam:PassedToService`.
fn configuration_keys(subject: &Subject<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    if !subject.text("Role").is_empty() {
        keys.push(("iam:PassedToService", "lambda.amazonaws.com".to_owned()));
    }
    if let Some(Value::List(layers)) = subject.input.get("Layers") {
        let named = layers.iter().filter_map(Value::as_str).take(limits::LAYERS);
        keys.extend(named.map(|layer| ("lambda:Layer", subject.layer_version_arn(layer))));
    }
    keys
}

/// Whom a permission is for. Source: "Condition keys" of AddPermission in the service authorization reference.
fn permission_keys(subject: &Subject<'_>) -> Vec<Key> {
    let given = |(key, member)| (key, subject.text(member).to_owned());
    let keys = [("lambda:Principal", "Principal"), ("lambda:FunctionUrlAuthType", "FunctionUrlAuthType")];
    keys.map(given).into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Whoever gives a function a layer must be allowed to read it. A list that is longer than a function's may be is refused
/// whole, whatever it names, so that the rest of it needn't be asked about.
fn with_layers(subject: &Subject<'_>, mut checks: Vec<Check>) -> Vec<Check> {
    if let Some(Value::List(layers)) = subject.input.get("Layers") {
        let named = layers.iter().take(limits::LAYERS);
        checks.extend(named.map(|arn| use_of_layer(subject, arn.as_str().unwrap_or_default())));
    }
    checks
}
