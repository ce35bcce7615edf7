//! Queue: sends one SMS a message.
