//! HTTP: what a customer sees.
