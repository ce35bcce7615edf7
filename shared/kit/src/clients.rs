use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use std::time::Duration;

use crate::Env;

/// What AWS clients are built from. A function builds only the clients that it uses, so that it links no others.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Region, credentials, retries and timeouts for everything but provider calls.
    pub sdk: SdkConfig,
}

impl Clients {
    /// From the process: region and credentials as Lambda sets them.
    pub async fn load(_env: &Env) -> Self {
        let sdk =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).retry_config(retries()).timeout_config(timeouts()).load().await;
        Self { sdk }
    }

    /// Against an AWS-shaped endpoint, with credentials that open nothing.
    pub fn at_endpoint(endpoint: &str, region: &str) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "local");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.to_owned()))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .endpoint_url(endpoint)
            .retry_config(retries())
            .timeout_config(timeouts())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
            .build();
        Self { sdk }
    }
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(4)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(2))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(Duration::from_secs(2)).operation_attempt_timeout(Duration::from_secs(5)).build()
}
