//! Bus and queues: what providers and dead letters say.
