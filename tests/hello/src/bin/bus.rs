//! The bus.

hello::hello!(aws_sdk_eventbridge.put_events());
