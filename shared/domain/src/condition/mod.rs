//! Conditions: a typed subset of CEL.
