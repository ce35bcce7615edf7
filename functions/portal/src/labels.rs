//! What the portal's pages say: which words there are. [`crate::languages`] has them in each language.
//!
//! By hand instead of `fluent`, as in `channels`: a language that lacks a text does not compile, and the function parses nothing at its start.

use serde::Serialize;
use serde_json::Value;

/// What the portal says in one language; `{}` stands for a number, a name or an address.
#[derive(Debug, Serialize)]
pub struct PageLabels {
    /// BCP 47 primary language.
    pub language: &'static str,
    /// What stands between a heading and its value.
    pub colon: &'static str,
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
    pub what_is_due: &'static str,
    pub due_now: &'static str,
    pub oldest_due: &'static str,
    pub more_due: &'static str,
    /// What falls due after today, beside what falls due today.
    pub later_due: &'static str,
    pub more_due_undated: &'static str,
    pub first_due: &'static str,
    pub nothing_due: &'static str,
    pub account: &'static str,
    pub past_due_title: &'static str,
    pub not_past_due_title: &'static str,
    /// What disputes, promises and credit keep back.
    pub kept: &'static str,
    pub total: &'static str,
    pub credit: &'static str,
    pub original: &'static str,
    pub paid: &'static str,
    pub settled: &'static str,
    pub status: &'static str,
    pub disputed: &'static str,
    pub promised: &'static str,
    pub on_its_way: &'static str,
    pub in_plan: &'static str,
    pub paid_in_full: &'static str,
    pub cancelled: &'static str,
    pub closed: &'static str,
    pub order: &'static str,
    pub how_to_pay: &'static str,
    pub reference: &'static str,
    pub received_title: &'static str,
    pub payment: &'static str,
    pub credit_note: &'static str,
    pub date: &'static str,
    pub kind: &'static str,
    pub currency: &'static str,
    pub days_late: &'static str,
    pub on_the_way: &'static str,
    pub returned: &'static str,
    pub refunded: &'static str,
    pub pages: &'static str,
    pub page_of: &'static str,
    pub first_page: &'static str,
    pub next_page: &'static str,
    pub previous_page: &'static str,
    pub download: &'static str,
    pub back: &'static str,
    pub story: &'static str,
    pub was_issued: &'static str,
    pub fell_due: &'static str,
    pub part_fell_due: &'static str,
    pub was_paid: &'static str,
    pub was_announced: &'static str,
    pub was_credited: &'static str,
    pub was_returned: &'static str,
    pub was_refunded: &'static str,
    pub was_disputed: &'static str,
    pub dispute_upheld: &'static str,
    pub dispute_partly_upheld: &'static str,
    pub dispute_rejected: &'static str,
    pub dispute_withdrawn: &'static str,
    pub was_promised: &'static str,
    pub plan_made: &'static str,
    pub plan_over: &'static str,
    pub money_sent: &'static str,
    pub sent_email: &'static str,
    pub sent_text: &'static str,
    pub sent_whatsapp: &'static str,
    pub sent_letter: &'static str,
    pub called: &'static str,
    pub sent_other: &'static str,
    pub sent_by: &'static str,
    pub view: &'static str,
    pub past_due_one: &'static str,
    pub past_due: &'static str,
    pub due_in_one: &'static str,
    pub due_in: &'static str,
    pub due_today: &'static str,
    pub private: &'static str,
    pub opt_out: &'static str,
    pub ask_email: &'static str,
    pub ask_sms: &'static str,
    pub ask_voice: &'static str,
    pub ask_whatsapp: &'static str,
    pub ask_letter: &'static str,
    /// Of a channel of a later release.
    pub ask_other: &'static str,
    pub still_owed: &'static str,
    pub stop: &'static str,
    pub stopped: &'static str,
    pub stopped_email: &'static str,
    pub stopped_sms: &'static str,
    pub stopped_voice: &'static str,
    pub stopped_whatsapp: &'static str,
    pub stopped_letter: &'static str,
    pub stopped_other: &'static str,
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

/// A header of a request, whatever the case of its name.
pub fn header<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    let headers = event.get("headers").and_then(Value::as_object)?;
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

/// The first language that the browser asks for.
pub fn accepted(event: &Value) -> &str {
    let text = header(event, "accept-language").unwrap_or("en");
    text.split([',', ';']).next().unwrap_or("en").trim()
}

impl PageLabels {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_and_days() {
        for (tag, language) in [
            ("de", "de"),
            ("de-AT", "de"),
            ("DE", "de"),
            ("fr", "fr"),
            ("fr-CA", "fr"),
            ("fr_BE", "fr"),
            ("frr", "en"),
            ("ja-JP", "ja"),
            ("nl-BE", "nl"),
            ("pt-BR", "pt"),
            ("es", "es"),
            ("es-MX", "es"),
            ("it_CH", "it"),
            ("pl", "en"),
            ("", "en"),
            ("*", "en"),
        ] {
            assert_eq!(PageLabels::of(tag).language, language, "{tag}");
        }
        for (days, text) in
            [(0, "due today"), (1, "1 day past due"), (30, "30 days past due"), (-1, "due tomorrow"), (-9, "due in 9 days")]
        {
            assert_eq!(PageLabels::of("en").days_past_due(days), text);
        }
        for (wanted, tag) in [("de-AT", "de-AT"), ("fr-CA", "fr-CA"), ("es-MX", "es-MX"), ("pl-PL", "en")] {
            assert_eq!(PageLabels::of(wanted).tag(wanted), tag);
        }
    }
}
