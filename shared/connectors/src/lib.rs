//! One folder per outside system, behind one trait and one registry.
