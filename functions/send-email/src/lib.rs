//! Queue: sends one email a message.
