//! One way of trying again what another's write came between.

use crate::{Error, Result};

/// How often a write is tried that another's write came between: once, and three times more.
///
/// Two writers of one customer, tenant or document meet by chance, and a try takes a few calls. Who loses four times in a row is one of many
/// at once: more tries would feed the crowd, so the caller is told, whose queue, schedule or sender comes again later.
pub(crate) const ATTEMPTS: u32 = 4;
/// The same where giving up is dear, because a provider was called or said something that nobody may ever say again, and where many customers
/// share the item, as they may share a person.
pub(crate) const ATTEMPTS_DEAR: u32 = 8;
/// The same of an item that every sweep of a tenant counts on at once. Each refusal brings the counts for the next try along, so that a
/// try is one call.
pub(crate) const ATTEMPTS_SHARED: u32 = 16;

/// The tries of one operation: `loop { tries.again()?; … }`, each of which reads again what it depends on.
///
/// It is no function that takes a closure: the future of one that borrows from its surroundings is not known to be `Send`.
#[derive(Debug)]
pub(crate) struct Tries<'a> {
    left: u32,
    operation: &'static str,
    id: &'a str,
}

impl<'a> Tries<'a> {
    /// At most `attempts` tries of `operation` on `id`.
    pub(crate) fn new(attempts: u32, operation: &'static str, id: &'a str) -> Self {
        Self { left: attempts, operation, id }
    }

    /// Begins a try.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] after the last one: others' writes came between all of them.
    pub(crate) fn again(&mut self) -> Result<()> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Error::Conflict { operation: self.operation, id: self.id.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_end_in_a_conflict_that_names_what_was_tried() {
        for attempts in [1, ATTEMPTS, ATTEMPTS_SHARED] {
            let mut tries = Tries::new(attempts, "write", "it");
            for _ in 0..attempts {
                tries.again().unwrap();
            }
            for _ in 0..2 {
                let lost = tries.again().unwrap_err();
                assert!(matches!(lost, Error::Conflict { .. }), "{lost:?}");
                assert_eq!(lost.to_string(), "write it: changed meanwhile");
            }
        }
    }
}
