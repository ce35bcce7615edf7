//! Which words there are on the pages of paying, beside [`crate::labels`]. `{}` stands for a number, an amount, a name or an instant.

use domain::{WayOfPaying, basket::BasketFlawKind};
use serde::Serialize;

use crate::{form_labels::FormLabels, labels::PageLabels, visit::Visit};

/// What is said in one language.
#[derive(Debug, Serialize)]
pub(crate) struct PayLabels {
    pub(crate) language: &'static str,
    pub(crate) pay: &'static str,
    pub(crate) title: &'static str,
    pub(crate) to: &'static str,
    pub(crate) problems: &'static str,
    pub(crate) begun: &'static str,
    pub(crate) begun_text: &'static str,
    pub(crate) see_it: &'static str,
    pub(crate) which: &'static str,
    pub(crate) amount_of: &'static str,
    pub(crate) most: &'static str,
    pub(crate) how: &'static str,
    pub(crate) ticked_first: &'static str,
    pub(crate) kept: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) no_way: &'static str,
    pub(crate) elsewhere: &'static str,
    pub(crate) pay_there: &'static str,
    pub(crate) not_listed: &'static str,
    pub(crate) other: &'static str,
    pub(crate) invoice: &'static str,
    pub(crate) balance: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) choose_way: &'static str,
    pub(crate) no_amount: &'static str,
    pub(crate) not_above_zero: &'static str,
    pub(crate) over_due: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) not_issued: &'static str,
    pub(crate) other_currency: &'static str,
    pub(crate) other_company: &'static str,
    pub(crate) being_paid: &'static str,
    pub(crate) announced: &'static str,
    pub(crate) begun_often: &'static str,
    pub(crate) twice: &'static str,
    pub(crate) too_many: &'static str,
    pub(crate) form_is_old: &'static str,
    pub(crate) changed: &'static str,
    pub(crate) not_taken: &'static str,
    pub(crate) later: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) waiting_text: &'static str,
    pub(crate) transfer_title: &'static str,
    pub(crate) transfer_text: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) holder: &'static str,
    pub(crate) bank: &'static str,
    pub(crate) iban: &'static str,
    pub(crate) bank_code: &'static str,
    pub(crate) account_number: &'static str,
    pub(crate) bic: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) scan: &'static str,
    pub(crate) code_says: &'static str,
    pub(crate) as_text: &'static str,
    pub(crate) settled: &'static str,
    pub(crate) settled_text: &'static str,
    pub(crate) arrived: &'static str,
    pub(crate) on_its_way: &'static str,
    pub(crate) on_its_way_text: &'static str,
    pub(crate) received: &'static str,
    pub(crate) received_text: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) failed_text: &'static str,
    pub(crate) over: &'static str,
    pub(crate) over_text: &'static str,
    pub(crate) given_back: &'static str,
    pub(crate) given_back_text: &'static str,
    pub(crate) continue_there: &'static str,
    pub(crate) give_up: &'static str,
    pub(crate) look_again: &'static str,
    pub(crate) pay_again: &'static str,
    pub(crate) total: &'static str,
    pub(crate) way: &'static str,
    pub(crate) kept_until: &'static str,
}

impl PayLabels {
    /// A way of paying, with who takes the money where that is not the payer's own bank.
    pub(crate) fn way_by(&self, way: &WayOfPaying, provider: &str) -> String {
        let name = match provider {
            "stripe" => "Stripe",
            "gocardless" => "GoCardless",
            _ => "",
        };
        let way = FormLabels::of(PageLabels::of(self.language)).way(way);
        if name.is_empty() { way.to_owned() } else { format!("{way} ({name})") }
    }

    /// What is wrong with a payment.
    pub(crate) fn flaw(&self, visit: &Visit, flaw: &BasketFlawKind) -> String {
        match flaw {
            BasketFlawKind::Empty => self.choose.to_owned(),
            BasketFlawKind::TooMany(_) => self.too_many.to_owned(),
            BasketFlawKind::NotAboveZero(_) => self.not_above_zero.to_owned(),
            BasketFlawKind::OverDue { payable, .. } => self.over_due.replace("{}", &visit.locale.money(*payable)),
            BasketFlawKind::Twice => self.twice.to_owned(),
            BasketFlawKind::Unknown => self.unknown.to_owned(),
            BasketFlawKind::Closed => self.closed.to_owned(),
            BasketFlawKind::NotIssued => self.not_issued.to_owned(),
            BasketFlawKind::OtherCurrency(currency) => self.other_currency.replace("{}", currency.code()),
            BasketFlawKind::OtherLegalEntity => self.other_company.to_owned(),
            BasketFlawKind::BeingPaid => self.being_paid.to_owned(),
            BasketFlawKind::AnnouncedBefore => self.announced.to_owned(),
            BasketFlawKind::BegunOften => self.begun_often.to_owned(),
            // Only of what a collector writes down.
            BasketFlawKind::MoreThanCame { .. } => self.changed.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_of_paying_is_called_by_its_name_and_by_who_takes_the_money() {
        let (english, german) = (PayLabels::of("en"), PayLabels::of("de"));
        assert_eq!(english.way_by(&WayOfPaying::Card, "stripe"), "Card (Stripe)");
        assert_eq!(german.way_by(&WayOfPaying::Paypal, "paypal"), "PayPal");
        assert_eq!(german.way_by(&WayOfPaying::Transfer, "transfer"), "Überweisung");
        assert_eq!(PayLabels::of("fr").way_by(&WayOfPaying::SepaDebit, "gocardless"), "Prélèvement SEPA (GoCardless)");
        assert_eq!(PayLabels::of("es").way_by(&WayOfPaying::SepaDebit, "gocardless"), "Adeudo directo SEPA (GoCardless)");
        assert_eq!(PayLabels::of("it").way_by(&WayOfPaying::Transfer, "transfer"), "Bonifico");
    }
}
