//! Topics: what is published is put into each queue that subscribed.

use serde_json::json;

use crate::world::World;

impl World {
    /// Publishes to a topic; how many queues got it.
    pub(crate) fn publish(&self, topic: &str, message: &str) -> usize {
        let mut reached = 0;
        for subscription in self.template.subscriptions.iter().filter(|subscription| subscription.topic == topic) {
            let body = if subscription.is_raw {
                message.to_owned()
            } else {
                let envelope = json!({
                    "Type": "Notification",
                    "MessageId": self.new_id(),
                    "TopicArn": topic,
                    "Message": message,
                    "Timestamp": self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
                    "SignatureVersion": "1",
                });
                envelope.to_string()
            };
            match self.enqueue(&subscription.queue, body, json!({}), None) {
                Ok(_) => reached += 1,
                Err(error) => tracing::error!("topic {topic}: {error}"),
            }
        }
        reached
    }
}
