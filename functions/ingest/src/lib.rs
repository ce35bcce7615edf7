//! HTTP: accounting and payment webhooks in.
