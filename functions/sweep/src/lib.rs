//! Schedule: advances every customer that is due.
