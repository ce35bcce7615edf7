//! What becomes of an order when a due item that it names comes to another customer.

use super::{Order, OrderedStep};
use crate::{DueItemKey, InvoiceId, OrderId};

impl Order {
    /// What stays and what goes along when some due items leave the customer with an invoice; `goes` says which. `None` when it names none
    /// of them. What names those alone goes as it is; else their steps go, under an id of its own. The case stays behind.
    pub fn split(&self, invoice: &InvoiceId, goes: impl Fn(&DueItemKey) -> bool) -> Option<(Option<Self>, Self)> {
        let (gone, left): (Vec<OrderedStep>, Vec<OrderedStep>) = self.steps.iter().cloned().partition(|step| goes(&step.item));
        if gone.is_empty() {
            return None;
        }
        if left.is_empty() {
            return Some((None, Self { case: None, ..self.clone() }));
        }
        let id = OrderId::derive(&[self.id.as_str(), invoice.as_str()]);
        Some((Some(Self { steps: left, ..self.clone() }), Self { id, steps: gone, case: None, ..self.clone() }))
    }
}
