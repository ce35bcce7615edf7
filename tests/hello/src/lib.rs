//! The least a function can be. Each binary is the Lambda runtime with some clients of the AWS SDK and one call of each, so
//! that they are linked; `runtime` has none. What the built functions weigh and take to start is compared with these.

pub use aws_config::{BehaviorVersion, load_defaults};
pub use lambda_runtime::{Error, LambdaEvent, run, service_fn};
pub use serde_json::{Value, json};
pub use tokio;

/// A `main` that holds the clients named and makes the calls named, each on a client of its own. A call is given what its client
/// would refuse to send it without.
#[macro_export]
macro_rules! hello {
    ($($client:ident.$call:ident($($name:ident: $value:literal),*)),* $(,)?) => {
        #[$crate::tokio::main(flavor = "current_thread", crate = "hello::tokio")]
        async fn main() -> Result<(), $crate::Error> {
            let sdk = $crate::load_defaults($crate::BehaviorVersion::v2026_01_12()).await;
            let clients = ($($client::Client::new(&sdk),)*);
            $crate::run($crate::service_fn(|_: $crate::LambdaEvent<$crate::Value>| {
                let ($($client,)*) = clients.clone();
                async move {
                    Ok::<_, $crate::Error>($crate::json!([$($client.$call()$(.$name($value))*.send().await.is_ok()),*]))
                }
            }))
            .await
        }
    };
}
