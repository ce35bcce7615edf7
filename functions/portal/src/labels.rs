//! The portal's own words, by language.
//!
//! By hand instead of `fluent`, as in `channels`: a language that lacks a text does not compile, and the function parses nothing at its start.

use serde::Serialize;
use serde_json::Value;

/// What the portal says in one language; `{}` stands for a number, a name or an address.
#[derive(Debug, Serialize)]
pub struct PageLabels {
    /// BCP 47 primary language.
    pub language: &'static str,
    pub statement: &'static str,
    pub for_customer: &'static str,
    pub as_of: &'static str,
    pub nothing_open: &'static str,
    pub invoice: &'static str,
    pub instalment: &'static str,
    pub of: &'static str,
    pub issued_on: &'static str,
    pub due_on: &'static str,
    pub open: &'static str,
    pub total: &'static str,
    pub of_which_past_due: &'static str,
    pub of_which_not_past_due: &'static str,
    /// What disputes, promises and credit keep back.
    pub of_which_kept: &'static str,
    pub past_due_title: &'static str,
    pub not_past_due_title: &'static str,
    pub paid: &'static str,
    pub order: &'static str,
    pub how_to_pay: &'static str,
    pub sent_by: &'static str,
    pub view: &'static str,
    pub not_listed: &'static str,
    pub past_due_one: &'static str,
    pub past_due: &'static str,
    pub due_in_one: &'static str,
    pub due_in: &'static str,
    pub due_today: &'static str,
    pub private: &'static str,
    pub opt_out: &'static str,
    pub ask_email: &'static str,
    pub ask_sms: &'static str,
    pub still_owed: &'static str,
    pub stop: &'static str,
    pub stopped: &'static str,
    pub stopped_email: &'static str,
    pub stopped_sms: &'static str,
    pub not_found: &'static str,
    pub not_found_text: &'static str,
    /// Of a link that was good once.
    pub gone: &'static str,
    pub gone_text: &'static str,
    pub wrong: &'static str,
    pub wrong_text: &'static str,
    pub busy: &'static str,
    pub busy_text: &'static str,
}

/// The first language that the browser asks for.
pub fn accepted(event: &Value) -> &str {
    let headers = event.get("headers").and_then(Value::as_object);
    let header = headers.and_then(|headers| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept-language")));
    let text = header.and_then(|(_, value)| value.as_str()).unwrap_or("en");
    text.split([',', ';']).next().unwrap_or("en").trim()
}

impl PageLabels {
    /// The words of a language; English where there are none.
    pub fn of(tag: &str) -> &'static Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        ALL.iter().find(|words| words.language.eq_ignore_ascii_case(primary)).unwrap_or(&ALL[0])
    }

    /// The words that a browser asks for.
    pub fn of_request(event: &Value) -> &'static Self {
        Self::of(accepted(event))
    }

    /// `wanted` where it is of this language, so that its region counts, else the language alone.
    pub fn tag<'a>(&self, wanted: &'a str) -> &'a str {
        let primary = wanted.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case(self.language) { wanted } else { self.language }
    }

    /// How long ago, or in how many days, something falls due.
    pub fn days_past_due(&self, days: i64) -> String {
        match days {
            0 => self.due_today.to_owned(),
            1 => self.past_due_one.to_owned(),
            -1 => self.due_in_one.to_owned(),
            days if days > 0 => self.past_due.replace("{}", &days.to_string()),
            days => self.due_in.replace("{}", &days.unsigned_abs().to_string()),
        }
    }
}

const ALL: [PageLabels; 2] = [
    PageLabels {
        language: "en",
        statement: "Statement",
        for_customer: "for",
        as_of: "As of",
        nothing_open: "Nothing is open. Thank you.",
        invoice: "Invoice",
        instalment: "instalment",
        of: "of",
        issued_on: "Issued",
        due_on: "Due",
        open: "Open",
        total: "Total open",
        of_which_past_due: "{} past due",
        of_which_not_past_due: "{} not past due",
        of_which_kept: "{} on hold or covered by credit",
        past_due_title: "Past due",
        not_past_due_title: "Not past due",
        paid: "{paid} of {amount} paid",
        order: "PO {}",
        how_to_pay: "How to pay",
        sent_by: "This statement is from {}.",
        view: "View invoice",
        not_listed: "{} further items are included in the totals but not listed here.",
        past_due_one: "1 day past due",
        past_due: "{} days past due",
        due_in_one: "due tomorrow",
        due_in: "due in {} days",
        due_today: "due today",
        private: "Its link is personal: please pass it on only to people who may see what is owed.",
        opt_out: "Stop these messages",
        ask_email: "Should we stop sending emails about open invoices to {}?",
        ask_sms: "Should we stop sending text messages about open invoices to {}?",
        still_owed: "This changes nothing about what is owed.",
        stop: "Yes, stop",
        stopped: "Done",
        stopped_email: "No more emails about open invoices will be sent to {}.",
        stopped_sms: "No more text messages about open invoices will be sent to {}.",
        not_found: "This link does not work",
        not_found_text: "A part of it may be missing. Please use the link in the newest message, or ask whoever sent it to you for another.",
        gone: "This link is no longer valid",
        gone_text: "It has expired or was withdrawn. Please use the link in the newest message, or ask whoever sent it to you for another.",
        wrong: "That did not work",
        wrong_text: "The page cannot be used in this way. Please use the link in the message.",
        busy: "Please try again",
        busy_text: "The page cannot be shown at the moment. Please try again in a minute.",
    },
    PageLabels {
        language: "de",
        statement: "Kontoübersicht",
        for_customer: "für",
        as_of: "Stand",
        nothing_open: "Es ist nichts offen. Vielen Dank.",
        invoice: "Rechnung",
        instalment: "Rate",
        of: "von",
        issued_on: "Ausgestellt",
        due_on: "Fällig",
        open: "Offen",
        total: "Summe offen",
        of_which_past_due: "{} überfällig",
        of_which_not_past_due: "{} nicht überfällig",
        of_which_kept: "{} zurückgestellt oder durch Guthaben gedeckt",
        past_due_title: "Überfällig",
        not_past_due_title: "Nicht überfällig",
        paid: "{paid} von {amount} bezahlt",
        order: "Bestellnr. {}",
        how_to_pay: "So können Sie zahlen",
        sent_by: "Diese Kontoübersicht ist von {}.",
        view: "Rechnung ansehen",
        not_listed: "{} weitere Posten sind in den Summen enthalten, aber hier nicht aufgeführt.",
        past_due_one: "seit 1 Tag überfällig",
        past_due: "seit {} Tagen überfällig",
        due_in_one: "morgen fällig",
        due_in: "fällig in {} Tagen",
        due_today: "heute fällig",
        private: "Der Link ist persönlich: Bitte geben Sie ihn nur an Personen weiter, die sehen dürfen, was offen ist.",
        opt_out: "Nachrichten abbestellen",
        ask_email: "Sollen wir keine E-Mails über offene Rechnungen mehr an {} senden?",
        ask_sms: "Sollen wir keine SMS über offene Rechnungen mehr an {} senden?",
        still_owed: "An dem, was offen ist, ändert das nichts.",
        stop: "Ja, abbestellen",
        stopped: "Erledigt",
        stopped_email: "An {} werden keine E-Mails über offene Rechnungen mehr gesendet.",
        stopped_sms: "An {} werden keine SMS über offene Rechnungen mehr gesendet.",
        not_found: "Dieser Link funktioniert nicht",
        not_found_text: "Vielleicht ist er unvollständig. Bitte verwenden Sie den Link in der neuesten Nachricht, oder fragen Sie den Absender nach einem neuen.",
        gone: "Dieser Link gilt nicht mehr",
        gone_text: "Er ist abgelaufen oder wurde zurückgezogen. Bitte verwenden Sie den Link in der neuesten Nachricht, oder fragen Sie den Absender nach einem neuen.",
        wrong: "Das hat nicht funktioniert",
        wrong_text: "Die Seite lässt sich so nicht verwenden. Bitte verwenden Sie den Link in der Nachricht.",
        busy: "Bitte versuchen Sie es noch einmal",
        busy_text: "Die Seite kann gerade nicht angezeigt werden. Bitte versuchen Sie es in einer Minute noch einmal.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_and_days() {
        for (tag, language) in [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("fr", "en"), ("", "en"), ("*", "en")] {
            assert_eq!(PageLabels::of(tag).language, language, "{tag}");
        }
        for (days, text) in
            [(0, "due today"), (1, "1 day past due"), (30, "30 days past due"), (-1, "due tomorrow"), (-9, "due in 9 days")]
        {
            assert_eq!(PageLabels::of("en").days_past_due(days), text);
        }
        assert_eq!((PageLabels::of("de").tag("de-AT"), PageLabels::of("fr").tag("fr-CA")), ("de-AT", "en"));
    }
}
