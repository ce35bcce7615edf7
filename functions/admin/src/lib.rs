//! HTTP: the admin API.
