//! The table: keys, items, transactions.
