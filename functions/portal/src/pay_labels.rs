//! What the pages of paying say, by language. `{}` stands for a number, an amount, a name or an instant.

use domain::{WayOfPaying, basket::BasketFlawKind};
use serde::Serialize;

use crate::{form_labels::FormLabels, labels::PageLabels, visit::Visit};

/// What is said in one language.
#[derive(Debug, Serialize)]
pub(crate) struct PayLabels {
    language: &'static str,
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
    not_above_zero: &'static str,
    over_due: &'static str,
    unknown: &'static str,
    closed: &'static str,
    not_issued: &'static str,
    other_currency: &'static str,
    other_company: &'static str,
    being_paid: &'static str,
    announced: &'static str,
    twice: &'static str,
    too_many: &'static str,
    pub(crate) form_is_old: &'static str,
    pub(crate) changed: &'static str,
    pub(crate) not_taken: &'static str,
    pub(crate) later: &'static str,
    pub(crate) waiting: &'static str,
    pub(crate) waiting_text: &'static str,
    pub(crate) transfer_title: &'static str,
    pub(crate) transfer_text: &'static str,
    pub(crate) reference: &'static str,
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
    /// The words of a language; English where there are none.
    pub(crate) fn of(language: &str) -> &'static Self {
        ALL.iter().find(|words| words.language == language).unwrap_or(&ALL[0])
    }

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
            // Only of what a collector writes down.
            BasketFlawKind::MoreThanCame { .. } => self.changed.to_owned(),
        }
    }
}

const ALL: [PayLabels; 2] = [
    PayLabels {
        language: "en",
        pay: "Pay",
        title: "Pay",
        to: "to",
        problems: "This cannot be paid like that yet",
        begun: "A payment is under way",
        begun_text: "A payment of {amount} was begun ({way}). We do not ask for this amount until {until}.",
        see_it: "Continue or give it up",
        which: "What would you like to pay?",
        amount_of: "Amount for {}",
        most: "at most {}",
        how: "How would you like to pay?",
        kept: "While your payment is under way, we do not ask for the amounts that it is to pay.",
        go_on: "Continue to payment",
        nothing: "There is nothing else to pay here at the moment.",
        no_way: "Paying here is not possible for these invoices. Please get in touch with us.",
        elsewhere: "Paid on a page of their own",
        pay_there: "Pay there",
        not_listed: "{} more invoices are not listed here. You can pay them afterwards.",
        other: "Pay in {}",
        invoice: "Invoice",
        balance: "Account balance",
        choose: "Choose at least one invoice.",
        choose_way: "Choose how you would like to pay.",
        no_amount: "Write an amount, such as 1250.00.",
        not_above_zero: "The amount must be above zero. Leave the invoice out if you do not want to pay it.",
        over_due: "No more than {} can be paid.",
        unknown: "An invoice on the form is not one of this account. We took it off.",
        closed: "This invoice has been paid or closed.",
        not_issued: "This invoice is not issued yet.",
        other_currency: "This invoice is in {}. Pay it by itself.",
        other_company: "This invoice is owed to another company. Pay it by itself.",
        being_paid: "A payment of this invoice was begun already. Continue with it, or give it up.",
        announced: "A bank transfer was announced for this invoice before. Please choose another way.",
        twice: "This invoice is on the form twice.",
        too_many: "These are too many invoices for one payment. Please pay some of them first.",
        form_is_old: "The form was incomplete. Here is a new one.",
        changed: "What can be paid has changed in the meantime. Please look at the amounts again.",
        not_taken: "It is not possible to pay this way at the moment. Please choose another way.",
        later: "The payment cannot be begun at the moment. Nothing was paid. Please try again in a minute.",
        waiting: "We are waiting for word of your payment",
        waiting_text: "As soon as the payment provider confirms it, this page says so. If you have not paid yet, you can continue.",
        transfer_title: "Please transfer this amount",
        transfer_text: "Use exactly this reference, so that we recognise your payment.",
        reference: "Reference",
        on_its_way: "Your payment is on its way",
        on_its_way_text: "Thank you. It can take some days until it has arrived for good.",
        received: "Thank you, your payment has arrived",
        received_text: "There is nothing more to do for this payment.",
        failed: "The payment did not go through",
        failed_text: "Nothing was paid. You can try again or choose another way.",
        over: "This payment has ended",
        over_text: "We know of no money that came with it. If you have paid, please do not pay again: what you paid counts as soon as it reaches us.",
        given_back: "This payment was returned",
        given_back_text: "What it had paid is open again.",
        continue_there: "Continue to payment",
        give_up: "Give this payment up",
        look_again: "Look again",
        pay_again: "Back to paying",
        total: "Total",
        way: "Way of paying",
        kept_until: "Not asked for until",
    },
    PayLabels {
        language: "de",
        pay: "Bezahlen",
        title: "Bezahlen",
        to: "an",
        problems: "So kann das noch nicht bezahlt werden",
        begun: "Eine Zahlung läuft bereits",
        begun_text: "Eine Zahlung über {amount} wurde begonnen ({way}). Bis {until} fordern wir diesen Betrag nicht.",
        see_it: "Fortsetzen oder aufgeben",
        which: "Was möchten Sie bezahlen?",
        amount_of: "Betrag für {}",
        most: "höchstens {}",
        how: "Wie möchten Sie bezahlen?",
        kept: "Solange Ihre Zahlung läuft, fordern wir die Beträge nicht, die sie bezahlen soll.",
        go_on: "Weiter zur Zahlung",
        nothing: "Zurzeit gibt es hier nichts weiter zu bezahlen.",
        no_way: "Diese Rechnungen können hier nicht bezahlt werden. Bitte sprechen Sie uns an.",
        elsewhere: "Werden auf einer eigenen Seite bezahlt",
        pay_there: "Dort bezahlen",
        not_listed: "{} weitere Rechnungen stehen nicht auf dieser Seite. Sie können sie danach bezahlen.",
        other: "In {} bezahlen",
        invoice: "Rechnung",
        balance: "Kontostand",
        choose: "Wählen Sie mindestens eine Rechnung.",
        choose_way: "Wählen Sie, wie Sie bezahlen möchten.",
        no_amount: "Schreiben Sie einen Betrag, zum Beispiel 1250,00.",
        not_above_zero: "Der Betrag muss über null liegen. Lassen Sie die Rechnung weg, wenn Sie sie nicht bezahlen möchten.",
        over_due: "Es können höchstens {} bezahlt werden.",
        unknown: "Eine Rechnung im Formular gehört nicht zu diesem Konto. Wir haben sie entfernt.",
        closed: "Diese Rechnung ist bezahlt oder erledigt.",
        not_issued: "Diese Rechnung ist noch nicht ausgestellt.",
        other_currency: "Diese Rechnung lautet auf {}. Bezahlen Sie sie für sich.",
        other_company: "Diese Rechnung schulden Sie einem anderen Unternehmen. Bezahlen Sie sie für sich.",
        being_paid: "Eine Zahlung dieser Rechnung wurde bereits begonnen. Setzen Sie sie fort, oder geben Sie sie auf.",
        announced: "Für diese Rechnung wurde schon einmal eine Überweisung angekündigt. Bitte wählen Sie einen anderen Weg.",
        twice: "Diese Rechnung steht zweimal im Formular.",
        too_many: "Das sind zu viele Rechnungen für eine Zahlung. Bitte bezahlen Sie zuerst einen Teil davon.",
        form_is_old: "Das Formular war unvollständig. Hier ist ein neues.",
        changed: "Inzwischen hat sich geändert, was bezahlt werden kann. Bitte sehen Sie sich die Beträge noch einmal an.",
        not_taken: "Auf diesem Weg kann zurzeit nicht bezahlt werden. Bitte wählen Sie einen anderen.",
        later: "Die Zahlung kann gerade nicht beginnen. Es wurde nichts bezahlt. Bitte versuchen Sie es in einer Minute noch einmal.",
        waiting: "Wir warten auf die Bestätigung Ihrer Zahlung",
        waiting_text: "Sobald der Zahlungsdienst sie bestätigt, steht es hier. Wenn Sie noch nicht bezahlt haben, können Sie fortfahren.",
        transfer_title: "Bitte überweisen Sie diesen Betrag",
        transfer_text: "Verwenden Sie genau diesen Verwendungszweck, damit wir Ihre Zahlung erkennen.",
        reference: "Verwendungszweck",
        on_its_way: "Ihre Zahlung ist unterwegs",
        on_its_way_text: "Vielen Dank. Es kann einige Tage dauern, bis sie endgültig eingegangen ist.",
        received: "Vielen Dank, Ihre Zahlung ist eingegangen",
        received_text: "Für diese Zahlung müssen Sie nichts weiter tun.",
        failed: "Die Zahlung hat nicht geklappt",
        failed_text: "Es wurde nichts bezahlt. Sie können es noch einmal versuchen oder einen anderen Weg wählen.",
        over: "Diese Zahlung ist beendet",
        over_text: "Wir wissen von keinem Geld, das damit kam. Haben Sie bezahlt, zahlen Sie bitte nicht noch einmal: Was Sie bezahlt haben, zählt, sobald es bei uns ankommt.",
        given_back: "Diese Zahlung ging zurück",
        given_back_text: "Was mit ihr bezahlt war, ist wieder offen.",
        continue_there: "Weiter zur Zahlung",
        give_up: "Diese Zahlung aufgeben",
        look_again: "Noch einmal nachsehen",
        pay_again: "Zurück zum Bezahlen",
        total: "Summe",
        way: "Zahlungsweg",
        kept_until: "Nicht gefordert bis",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_of_the_portal_has_its_own_words() {
        for language in ["en", "de"] {
            assert_eq!(PayLabels::of(language).language, PageLabels::of(language).language);
        }
        let (english, german) = (PayLabels::of("en"), PayLabels::of("de"));
        assert_ne!(english.go_on, german.go_on);
        assert_eq!(english.way_by(&WayOfPaying::Card, "stripe"), "Card (Stripe)");
        assert_eq!(german.way_by(&WayOfPaying::Paypal, "paypal"), "PayPal");
        assert_eq!(german.way_by(&WayOfPaying::Transfer, "transfer"), "Überweisung");
    }
}
