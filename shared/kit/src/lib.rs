//! Lambda plumbing: config, clients, clock, logging, metrics, problem documents.
