//! The words of the pages of plans, by language, beside [`crate::form_labels`].

use domain::PlanRhythm;
use serde::Serialize;

use crate::labels::PageLabels;

/// What those pages say in one language; `{}` and other names in braces stand for a number, an amount or a day.
#[derive(Debug, Serialize)]
pub(crate) struct PlanLabels {
    pub(crate) language: &'static str,
    /// Heads the page, and leads to it.
    pub(crate) plan: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) code_first: &'static str,
    pub(crate) needs_code: &'static str,
    pub(crate) how_many: &'static str,
    pub(crate) how_many_hint: &'static str,
    pub(crate) first_on: &'static str,
    pub(crate) first_on_hint: &'static str,
    pub(crate) rhythm: &'static str,
    pub(crate) weekly: &'static str,
    pub(crate) two_weekly: &'static str,
    pub(crate) monthly: &'static str,
    pub(crate) look: &'static str,
    pub(crate) parts_title: &'static str,
    pub(crate) part: &'static str,
    pub(crate) due_on: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) total: &'static str,
    pub(crate) how_reckoned: &'static str,
    pub(crate) what_follows: &'static str,
    pub(crate) agree: &'static str,
    pub(crate) ask_person: &'static str,
    pub(crate) not_listed: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) wrong_parts: &'static str,
    pub(crate) wrong_first_on: &'static str,
    pub(crate) wrong_rhythm: &'static str,
    pub(crate) too_long: &'static str,
    pub(crate) too_small: &'static str,
    pub(crate) closed: &'static str,
    pub(crate) broken_before: &'static str,
    pub(crate) not_possible: &'static str,
    pub(crate) changed: &'static str,
    pub(crate) offer: &'static str,
    pub(crate) offers: &'static str,
    pub(crate) offer_line: &'static str,
    pub(crate) offer_until: &'static str,
    pub(crate) offer_needs_code: &'static str,
    pub(crate) offer_expired: &'static str,
    pub(crate) offer_withdrawn: &'static str,
    pub(crate) offer_changed: &'static str,
    pub(crate) made: &'static str,
    pub(crate) made_says: &'static str,
    pub(crate) made_part: &'static str,
    pub(crate) made_runs: &'static str,
    pub(crate) made_completed: &'static str,
    pub(crate) made_broken: &'static str,
    pub(crate) made_over: &'static str,
    /// Heads a plan on the statement.
    pub(crate) running: &'static str,
    pub(crate) standing: &'static str,
    pub(crate) settled: &'static str,
    pub(crate) left: &'static str,
    pub(crate) pay_next: &'static str,
    /// Of a due item.
    pub(crate) plan_broken: &'static str,
}

impl PlanLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        ALL.iter().find(|own| own.language == words.language).unwrap_or(&ALL[0])
    }

    /// How far apart parts are, in words.
    pub(crate) fn rhythm(&self, rhythm: PlanRhythm) -> &'static str {
        match rhythm {
            PlanRhythm::Weekly => self.weekly,
            PlanRhythm::TwoWeekly => self.two_weekly,
            PlanRhythm::Monthly => self.monthly,
        }
    }
}

static ALL: [PlanLabels; 2] = [
    PlanLabels {
        language: "en",
        plan: "Pay in instalments",
        intro: "Choose what you want to pay in instalments, and how. You see each instalment before you agree.",
        code_first: "To agree, you need a code that is sent to the address of this link. You can have it sent now, or look first.",
        needs_code: "To agree, you need a code that is sent to the address of this link. After that, please choose again.",
        how_many: "In how many instalments?",
        how_many_hint: "From 2 to {}.",
        first_on: "When is the first one due?",
        first_on_hint: "From {first} to {last}.",
        rhythm: "How far apart are they?",
        weekly: "Every week",
        two_weekly: "Every two weeks",
        monthly: "Every month",
        look: "Show the instalments",
        parts_title: "Your instalments",
        part: "Instalment",
        due_on: "Due on",
        amount: "Amount",
        total: "Total",
        how_reckoned: "All are the same but the last one, which has what is left over by dividing. One that would fall on a day on which we are closed is due on the next day on which we are open. What you pay fills the oldest instalment first.",
        what_follows: "If an instalment does not arrive in time, the plan ends, and what is open of its invoices is due again.",
        agree: "Agree to these instalments",
        ask_person: "Ask us for other instalments",
        not_listed: "{} more open items are not listed here. Write to us for a plan of all of them.",
        nothing: "There is nothing open here that you could pay in instalments.",
        wrong_parts: "Choose from 2 to {} instalments. For more, write to us.",
        wrong_first_on: "Choose a day from {first} to {last}. For a later one, write to us.",
        wrong_rhythm: "Choose how far apart the instalments are.",
        too_long: "The last instalment may be due by {} at the latest. Choose fewer ones or a shorter distance, or write to us.",
        too_small: "An instalment comes to at least {}. Choose fewer ones, or write to us.",
        closed: "Plans are agreed with a person here. Please write to us.",
        broken_before: "An instalment plan of one of these invoices has ended, because an instalment did not arrive. Please write to us for another one.",
        not_possible: "Choose open invoices of one currency and company that are in no plan yet.",
        changed: "What is open changed just now, and with it the instalments. Please look at them again.",
        offer: "An offer to pay in instalments",
        offers: "We offer you to pay in instalments",
        offer_line: "{amount} in {count} instalments, the first one on {day}",
        offer_until: "You can agree to it until {}.",
        offer_needs_code: "To agree, you need a code that is sent to the address of this link. After that, choose this offer again.",
        offer_expired: "You could agree to this offer until {}. That day has passed. Please write to us if you want to pay in instalments.",
        offer_withdrawn: "This offer is no longer there. Please write to us if you want to pay in instalments.",
        offer_changed: "What is open changed since this offer was made, so that it cannot be agreed to. Please write to us for another one.",
        made: "Your instalment plan",
        made_says: "You pay {amount} in {count} instalments.",
        made_part: "{day}: {amount}",
        made_runs: "Each instalment is due on its day instead of the invoices. If one does not arrive in time, the plan ends, and what is open of its invoices is due again.",
        made_completed: "All of it is paid. Thank you.",
        made_broken: "An instalment did not arrive in time. The plan has ended, and what is open of its invoices is due again.",
        made_over: "The plan is no longer in force. Please ask us if you do not know why.",
        running: "Your instalment plan for {}",
        standing: "Status",
        settled: "settled",
        left: "{} open",
        pay_next: "Pay the next instalment",
        plan_broken: "its instalment plan has ended, because an instalment did not arrive in time",
    },
    PlanLabels {
        language: "de",
        plan: "In Raten zahlen",
        intro: "Wählen Sie, was Sie in Raten zahlen möchten, und wie. Sie sehen jede Rate, bevor Sie zustimmen.",
        code_first: "Um zuzustimmen, brauchen Sie einen Code, der an die Adresse dieses Links gesendet wird. Sie können ihn jetzt senden lassen oder erst ansehen, was herauskommt.",
        needs_code: "Um zuzustimmen, brauchen Sie einen Code, der an die Adresse dieses Links gesendet wird. Danach wählen Sie bitte noch einmal.",
        how_many: "In wie vielen Raten?",
        how_many_hint: "Von 2 bis {}.",
        first_on: "Wann ist die erste fällig?",
        first_on_hint: "Vom {first} bis zum {last}.",
        rhythm: "In welchem Abstand?",
        weekly: "Jede Woche",
        two_weekly: "Alle zwei Wochen",
        monthly: "Jeden Monat",
        look: "Raten anzeigen",
        parts_title: "Ihre Raten",
        part: "Rate",
        due_on: "Fällig am",
        amount: "Betrag",
        total: "Summe",
        how_reckoned: "Alle sind gleich bis auf die letzte: Sie enthält, was beim Teilen übrig bleibt. Eine Rate, die auf einen Tag fiele, an dem wir geschlossen haben, ist am nächsten Tag fällig, an dem wir geöffnet haben. Was Sie zahlen, zählt zuerst für die älteste Rate.",
        what_follows: "Kommt eine Rate nicht rechtzeitig an, endet die Ratenzahlung, und was von den Rechnungen offen ist, wird wieder fällig.",
        agree: "Diesen Raten zustimmen",
        ask_person: "Um andere Raten bitten",
        not_listed: "{} weitere offene Posten stehen hier nicht. Für eine Ratenzahlung über alle schreiben Sie uns bitte.",
        nothing: "Hier ist nichts offen, was Sie in Raten zahlen könnten.",
        wrong_parts: "Wählen Sie 2 bis {} Raten. Für mehr schreiben Sie uns bitte.",
        wrong_first_on: "Wählen Sie einen Tag vom {first} bis zum {last}. Für einen späteren schreiben Sie uns bitte.",
        wrong_rhythm: "Wählen Sie, in welchem Abstand Sie zahlen.",
        too_long: "Die letzte Rate darf spätestens am {} fällig sein. Wählen Sie weniger Raten oder einen kürzeren Abstand, oder schreiben Sie uns.",
        too_small: "Eine Rate beträgt mindestens {}. Wählen Sie weniger Raten, oder schreiben Sie uns.",
        closed: "Ratenzahlungen vereinbaren wir hier persönlich. Bitte schreiben Sie uns.",
        broken_before: "Eine Ratenzahlung über eine dieser Rechnungen ist beendet, weil eine Rate nicht kam. Für eine neue schreiben Sie uns bitte.",
        not_possible: "Wählen Sie offene Rechnungen in einer Währung und von einem Unternehmen, die noch in keiner Ratenzahlung sind.",
        changed: "Gerade hat sich geändert, was offen ist, und damit die Raten. Bitte sehen Sie sie noch einmal an.",
        offer: "Ein Angebot, in Raten zu zahlen",
        offers: "Wir bieten Ihnen an, in Raten zu zahlen",
        offer_line: "{amount} in {count} Raten, die erste am {day}",
        offer_until: "Sie können bis zum {} zustimmen.",
        offer_needs_code: "Um zuzustimmen, brauchen Sie einen Code, der an die Adresse dieses Links gesendet wird. Danach wählen Sie dieses Angebot noch einmal.",
        offer_expired: "Diesem Angebot konnten Sie bis zum {} zustimmen. Dieser Tag ist vorbei. Wenn Sie in Raten zahlen möchten, schreiben Sie uns bitte.",
        offer_withdrawn: "Dieses Angebot gibt es nicht mehr. Wenn Sie in Raten zahlen möchten, schreiben Sie uns bitte.",
        offer_changed: "Seit diesem Angebot hat sich geändert, was offen ist. Deshalb können Sie ihm nicht mehr zustimmen. Für ein neues schreiben Sie uns bitte.",
        made: "Ihre Ratenzahlung",
        made_says: "Sie zahlen {amount} in {count} Raten.",
        made_part: "{day}: {amount}",
        made_runs: "Jede Rate ist an ihrem Tag fällig, anstelle der Rechnungen. Kommt eine nicht rechtzeitig an, endet die Ratenzahlung, und was von den Rechnungen offen ist, wird wieder fällig.",
        made_completed: "Alles ist bezahlt. Vielen Dank.",
        made_broken: "Eine Rate kam nicht rechtzeitig an. Die Ratenzahlung ist beendet, und was von den Rechnungen offen ist, ist wieder fällig.",
        made_over: "Die Ratenzahlung gilt nicht mehr. Bitte fragen Sie uns, wenn Sie nicht wissen, warum.",
        running: "Ihre Ratenzahlung für {}",
        standing: "Stand",
        settled: "beglichen",
        left: "{} offen",
        pay_next: "Die nächste Rate zahlen",
        plan_broken: "die Ratenzahlung dafür ist beendet, weil eine Rate nicht rechtzeitig ankam",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_of_the_pages_has_every_word_and_leaves_the_same_places_open() {
        let places = |labels: &PlanLabels| -> Vec<(String, Vec<String>)> {
            let serde_json::Value::Object(texts) = serde_json::to_value(labels).expect("labels are texts") else { return vec![] };
            let open = |text: &str| {
                let mut open: Vec<String> =
                    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect();
                open.sort();
                open
            };
            texts.iter().map(|(name, text)| (name.clone(), open(text.as_str().unwrap_or_default()))).collect()
        };
        let first = places(&ALL[0]);
        assert!(first.len() > 40, "{first:?}");
        for words in PageLabels::all() {
            let own = PlanLabels::of(words);
            assert_eq!(own.language, words.language);
            assert_eq!(places(own), first, "{}", own.language);
        }
    }
}
