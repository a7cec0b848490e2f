//! Calls a running platform with the AWS SDK for Rust: a function's life, its releases, layers, permissions, tags and
//! reserved concurrency. Prints `ok` at the end; anything else is a failure.
//!
//! Arguments: endpoint, access key id, secret, role ARN, runtime, zip of the function, zip of the layer.

use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    AliasRoutingConfiguration, FunctionCode, LastUpdateStatus, LayerVersionContentInput, Runtime, State,
};
use aws_sdk_lambda::{Client, Config};
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

struct Story {
    client: Client,
    function: String,
    layer: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, key, secret, role, runtime, code, layer] = arguments.as_slice() else {
        return Err("seven arguments are needed".into());
    };
    let id = std::process::id();
    let story = Story {
        client: client(endpoint, key, secret),
        function: format!("rust-client-{id}"),
        layer: format!("rust-layer-{id}"),
    };
    story.create(role, runtime, std::fs::read(code)?).await?;
    story.releases().await?;
    story.layers(std::fs::read(layer)?).await?;
    story.permissions().await?;
    story.tags_and_concurrency().await?;
    story.end().await?;
    println!("ok");
    Ok(())
}

fn client(endpoint: &str, key: &str, secret: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new(key, secret, None, None, "arguments"))
        .build();
    Client::from_conf(config)
}

impl Story {
    async fn create(&self, role: &str, runtime: &str, code: Vec<u8>) -> Result<(), Failure> {
        let created = self.client.create_function().function_name(&self.function).role(role);
        let created = created.runtime(Runtime::from(runtime)).handler("app.handler").timeout(10);
        let code = FunctionCode::builder().zip_file(Blob::new(code)).build();
        let created = created.code(code).tags("team", "blue").send().await?;
        assert_eq!(created.function_name(), Some(self.function.as_str()));
        self.active().await?;
        assert_eq!(self.invoke(None).await?, r#"{"heard": 1}"#);
        let listed = self.client.list_functions().into_paginator().items().send();
        let listed = listed.collect::<Result<Vec<_>, _>>().await?;
        assert!(listed.iter().any(|one| one.function_name() == Some(self.function.as_str())));
        Ok(())
    }

    async fn active(&self) -> Result<(), Failure> {
        for _ in 0..400 {
            let now = self.client.get_function_configuration().function_name(&self.function).send().await?;
            let settled = now.last_update_status() == Some(&LastUpdateStatus::Successful);
            if settled && now.state() == Some(&State::Active) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        Err("the function did not settle".into())
    }

    async fn invoke(&self, qualifier: Option<&str>) -> Result<String, Failure> {
        let request = self.client.invoke().function_name(&self.function).payload(Blob::new(r#"{"n": 1}"#));
        let answer = request.set_qualifier(qualifier.map(str::to_owned)).send().await?;
        assert_eq!(answer.function_error(), None);
        assert_eq!(answer.status_code(), 200);
        Ok(String::from_utf8(answer.payload().map(|p| p.as_ref().to_vec()).unwrap_or_default())?)
    }

    async fn releases(&self) -> Result<(), Failure> {
        let client = &self.client;
        let published = client.publish_version().function_name(&self.function).send().await?;
        assert_eq!(published.version(), Some("1"));
        let again = client.publish_version().function_name(&self.function).send().await?;
        assert_eq!(again.version(), Some("1"), "nothing has changed");
        let changed = client.update_function_configuration().function_name(&self.function).memory_size(256);
        changed.send().await?;
        self.active().await?;
        client.publish_version().function_name(&self.function).send().await?;
        client.create_alias().function_name(&self.function).name("live").function_version("1").send().await?;
        let routing = AliasRoutingConfiguration::builder().additional_version_weights("2", 0.5).build();
        let updated = client.update_alias().function_name(&self.function).name("live");
        let updated = updated.routing_config(routing).send().await?;
        let weights = updated.routing_config().and_then(|routing| routing.additional_version_weights());
        assert_eq!(weights.and_then(|weights| weights.get("2")).copied(), Some(0.5));
        self.invoke(Some("live")).await?;
        client.delete_alias().function_name(&self.function).name("live").send().await?;
        let refused = client.get_alias().function_name(&self.function).name("live").send().await;
        assert!(refused.is_err_and(|error| error.into_service_error().is_resource_not_found_exception()));
        Ok(())
    }

    async fn layers(&self, zip: Vec<u8>) -> Result<(), Failure> {
        let client = &self.client;
        let content = LayerVersionContentInput::builder().zip_file(Blob::new(zip)).build();
        let made = client.publish_layer_version().layer_name(&self.layer).content(content).send().await?;
        let arn = made.layer_version_arn().ok_or("a layer version without ARN")?;
        let got = client.get_layer_version_by_arn().arn(arn).send().await?;
        assert_eq!(got.version(), 1);
        client.update_function_configuration().function_name(&self.function).layers(arn).send().await?;
        self.active().await?;
        self.invoke(None).await?;
        client.delete_layer_version().layer_name(&self.layer).version_number(1).send().await?;
        Ok(())
    }

    async fn permissions(&self) -> Result<(), Failure> {
        let client = &self.client;
        let added = client.add_permission().function_name(&self.function).statement_id("one");
        let added = added.action("lambda:InvokeFunction").principal("210987654321").send().await?;
        assert!(added.statement().is_some_and(|text| text.contains("arn:aws:iam::210987654321:root")));
        client.get_policy().function_name(&self.function).send().await?;
        client.remove_permission().function_name(&self.function).statement_id("one").send().await?;
        let gone = client.get_policy().function_name(&self.function).send().await;
        assert!(gone.is_err_and(|error| error.into_service_error().is_resource_not_found_exception()));
        Ok(())
    }

    async fn tags_and_concurrency(&self) -> Result<(), Failure> {
        let client = &self.client;
        let now = client.get_function_configuration().function_name(&self.function).send().await?;
        let arn = now.function_arn().ok_or("a function without ARN")?;
        client.tag_resource().resource(arn).tags("cost", "12").send().await?;
        client.untag_resource().resource(arn).tag_keys("team").send().await?;
        let tags = client.list_tags().resource(arn).send().await?;
        assert_eq!(tags.tags().map(|tags| tags.len()), Some(1));
        let reserve = client.put_function_concurrency().function_name(&self.function);
        reserve.reserved_concurrent_executions(0).send().await?;
        let refused = client.invoke().function_name(&self.function).send().await;
        assert!(refused.is_err_and(|error| error.into_service_error().is_too_many_requests_exception()));
        client.delete_function_concurrency().function_name(&self.function).send().await?;
        self.invoke(None).await?;
        Ok(())
    }

    async fn end(&self) -> Result<(), Failure> {
        self.client.delete_function().function_name(&self.function).send().await?;
        let gone = self.client.get_function().function_name(&self.function).send().await;
        assert!(gone.is_err_and(|error| error.into_service_error().is_resource_not_found_exception()));
        Ok(())
    }
}
