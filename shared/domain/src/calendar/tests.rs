//! Tables of edges, and what holds everywhere.
