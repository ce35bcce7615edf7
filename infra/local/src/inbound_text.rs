//! A text message that comes in: published to the topic that takes them, as End User Messaging does it.

use serde_json::{Value, json};

use crate::{outbox::Sent, world::World};

/// What the name of the topic ends with.
const TOPIC_ENDS: &str = "-texts";

/// A text message as somebody sends it.
pub(crate) struct TextMessage<'a> {
    /// Who sends it.
    pub(crate) from: &'a str,
    /// Our number; that of the last message to the sender, where it is left out.
    pub(crate) to: Option<&'a str>,
    /// What it says.
    pub(crate) text: &'a str,
    /// The message of the outbox that was the last to the sender; the last one there, where it is left out.
    pub(crate) previous: Option<&'a str>,
}

/// Publishes a text message. The answer says what was published.
///
/// # Errors
///
/// In words for whoever asked.
pub(crate) fn publish(world: &World, message: &TextMessage<'_>) -> Result<Value, String> {
    let mut topics = world.template.subscriptions.iter().map(|subscription| subscription.topic.clone());
    let topic = topics.find(|topic| topic.ends_with(TOPIC_ENDS)).ok_or(
        "the template takes no text messages in: begin with --parameter SmsProvider=end-user-messaging --parameter SmsTwoWay=true",
    )?;
    let is_it = |sent: &Sent| match message.previous {
        Some(id) => sent.message_id == id,
        None => sent.channel == "sms" && sent.to == message.from,
    };
    let previous = world.outbox.list(None, 0).into_iter().rfind(is_it);
    if let (Some(id), None) = (message.previous, &previous) {
        return Err(format!("in_reply_to: no message of the outbox has the message_id {id}"));
    }
    let from_number = |sent: &Sent| sent.raw["OriginationIdentity"].as_str().map(str::to_owned);
    let to = message.to.map(str::to_owned).or_else(|| previous.as_ref().and_then(from_number));
    let to = to.ok_or("say by to which of your numbers it is sent to")?;
    let payload = json!({
        "originationNumber": message.from,
        "destinationNumber": to,
        "messageKeyword": message.text.split_whitespace().next().unwrap_or_default().to_uppercase(),
        "messageBody": message.text,
        "inboundMessageId": world.new_id(),
        "previousPublishedMessageId": previous.map(|sent| sent.message_id),
    });
    if world.publish(&topic, &payload.to_string()) == 0 {
        return Err(format!("no queue of the template subscribed to {topic}"));
    }
    Ok(json!({
        "channel": "sms", "id": payload["inboundMessageId"], "from": message.from, "to": to,
        "previous": payload["previousPublishedMessageId"],
    }))
}
