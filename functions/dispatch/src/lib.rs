//! Stream: puts what was decided on the bus.
