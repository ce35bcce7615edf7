//! The settings as forms: groups of fields, each with what it is called, what it means, and how it is typed.

/// How a field is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    Lines,
    /// A whole number.
    Number,
    /// A time of day.
    Time,
    /// Yes or no.
    Tick,
    /// One of these: a value, and what it is called.
    Choice(&'static [(&'static str, &'static str)]),
    /// A list of words, one a line.
    Words,
    /// A part of the settings as JSON, for lists whose entries have fields of their own.
    Json,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) struct SettingField {
    /// Where it is in the settings.
    pub(super) pointer: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// What it means.
    pub(super) hint: &'static str,
    pub(super) kind: FieldKind,
}

/// Fields that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) struct SettingGroup {
    /// Its place in the address.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What it is about, in a sentence.
    pub(super) about: &'static str,
    pub(super) fields: &'static [SettingField],
}

const fn field(pointer: &'static str, label: &'static str, kind: FieldKind, hint: &'static str) -> SettingField {
    SettingField { pointer, label, hint, kind }
}

use FieldKind::{Choice, Json, Lines, Number, Text, Tick, Time, Words};

/// The objects that are there whole or not at all: with every field of theirs empty they are taken away.
pub(super) const OPTIONAL: [&str; 5] =
    ["/caps/per_person", "/key_accounts", "/notices/quiet_hours", "/notices/digest", "/reporting"];

/// The groups, in the order of the page.
pub(super) const GROUPS: &[SettingGroup] = &[
    SettingGroup {
        id: "mode",
        title: "Mode",
        about: "Whether anything is decided, and whether it leaves.",
        fields: &[field(
            "/mode",
            "Mode",
            Choice(&[
                ("off", "Off: nothing is decided"),
                ("shadow", "Shadow: everything is decided, and nothing leaves"),
                ("live", "Live: messages leave"),
            ]),
            "Live is taken only where nothing is missing that messages need",
        )],
    },
    SettingGroup {
        id: "company",
        title: "Company",
        about: "Who collects, and where.",
        fields: &[
            field("/name", "Name", Text, "What customers see"),
            field("/country", "Country", Text, "Two letters of ISO 3166-1, such as DE. Its law and holidays count for you"),
            field("/time_zone", "Time zone", Text, "Such as Europe/Berlin: due dates are days there. Empty: the country's first"),
            field("/language", "Language", Text, "Such as de: for customers of whom none is known"),
            field(
                "/collector_role",
                "For whom you collect",
                Choice(&[
                    ("first_party", "Our own invoices, in our own name"),
                    ("first_party_other_name", "Our own invoices, in another name"),
                    ("third_party", "For others"),
                    ("debt_buyer", "Debts that we bought"),
                ]),
                "All but the first are debt collectors in the United States: consumers there get no message",
            ),
            field(
                "/legal_entities",
                "Legal entities",
                Json,
                "Your companies that invoice, by a short id, where there are several; what one has not of its own is yours. With any listed, invoices \
                 and customers name one of them",
            ),
        ],
    },
    SettingGroup {
        id: "sender",
        title: "Sender",
        about: "Under whose name messages leave, and where answers go.",
        fields: &[
            field(
                "/sender/email",
                "Sender of emails",
                Text,
                "An address, or Name <address>, of a domain that the operator listed for you",
            ),
            field("/sender/sms", "Sender of text messages", Text, "A sender id or number that the operator listed for you"),
            field("/reply_to", "Answers go to", Text, "An address; the sender's own where it is empty"),
            field(
                "/signing/sender_name",
                "Name of emails",
                Choice(&[("tenant", "Ours"), ("owner", "The customer's owner, before ours")]),
                "With an owner who is a member with a name: Anna Weber, Acme. They sign the mail then",
            ),
            field(
                "/signing/signature",
                "Signature",
                Lines,
                "Of mails that no person signs; your name where it is empty. At most 8 lines",
            ),
        ],
    },
    SettingGroup {
        id: "window",
        title: "Window and calendar",
        about: "When people may be contacted, where they are. Public holidays there are closed besides.",
        fields: &[
            field("/window/from", "From", Time, "First moment of their day"),
            field("/window/to", "Until", Time, "The moment after the last one"),
            field("/window/days", "Weekdays", Words, "mon to sun, one a line. Empty: all but the weekend of their country"),
            field("/calendar/closed", "Your own closed days", Words, "Days such as 2026-12-24, one a line: nothing is sent then"),
            field(
                "/sms/countries",
                "Countries that get text messages",
                Words,
                "Two letters each, one a line; your own alone where it is empty. Calls go by it too",
            ),
            field(
                "/sms/segments_max",
                "Longest text message, in segments",
                Number,
                "1 to 4. Each is paid for: 153 characters, 67 outside of the GSM alphabet",
            ),
        ],
    },
    SettingGroup {
        id: "caps",
        title: "Caps and breaker",
        about: "How much leaves at most, and when an unusual day stops everything.",
        fields: &[
            field(
                "/caps/per_person/count",
                "Contact days of one person",
                Number,
                "At most so many, over all customers and channels…",
            ),
            field("/caps/per_person/days", "…within days", Number, "1 to 60, today included. Both empty: no cap"),
            field("/caps/per_hour", "Messages an hour", Number, "Of all; empty: no cap"),
            field("/caps/per_day", "Messages a day", Number, "Of all: the ramp of a new tenant. Empty: no cap"),
            field(
                "/breaker/factor",
                "Breaker: times the median",
                Number,
                "It opens when more becomes due in a day than so many times the median of 28 days…",
            ),
            field("/breaker/minimum", "…and more than", Number, "So many never open it"),
            field("/rate_per_minute", "Webhooks a minute", Number, "Of one source; empty: no limit of your own"),
        ],
    },
    SettingGroup {
        id: "payments",
        title: "Payments and bank accounts",
        about: "How customers pay, and what they may agree on by themselves.",
        fields: &[
            field(
                "/payment_details",
                "How customers pay",
                Lines,
                "In your words: shown in mails and on the statement. At most 20 lines. Empty: your accounts",
            ),
            field(
                "/bank_accounts",
                "Bank accounts",
                Json,
                "Each with holder, and iban, qr_iban or local; bic, bank, currency and address where they have some. The first that is for a currency alone \
                 counts for it",
            ),
            field("/promises/max_days", "Promises: days ahead", Number, "1 to 180: how far a customer may promise alone"),
            field("/promises/max_open", "Promises: open at once", Number, "0 to 20; with 0 customers promise nothing alone"),
            field("/plans/max_parts", "Plans: parts", Number, "2 to 24; with 0 customers ask a person"),
            field("/plans/max_days", "Plans: days ahead", Number, "1 to 730: how far the last part may be"),
            field("/plans/min_part_minor", "Plans: least part", Json, "In minor units by currency, such as {\"EUR\": 5000}"),
            field("/plans/grace_days", "Plans: days of grace", Number, "0 to 30: so late may a part of any plan be"),
            field("/disputes/sla_days", "Disputes: decided within", Number, "1 to 60 business days"),
            field(
                "/minimum_exposure",
                "Least that is chased",
                Json,
                "In minor units by currency, such as {\"EUR\": 500}: a case of less waits",
            ),
            field(
                "/after_refund",
                "After a refund or chargeback",
                Choice(&[("hold", "Keep what was taken back until a person releases it"), ("chase", "Chase it again")]),
                "Of an invoice that is open again because of it",
            ),
            field("/chase_unsent", "Chase invoices that were never sent", Tick, "Of which their source says so"),
        ],
    },
    SettingGroup {
        id: "answers",
        title: "Answers",
        about: "What is done by itself with what customers answer. Opt-outs act at once, whatever this says.",
        fields: &[
            field(
                "/answers/stage",
                "Stage",
                Choice(&[("drafts", "A person looks at every answer"), ("auto", "Mere thanks are no task")]),
                "Nothing else is settled by it",
            ),
            field(
                "/answers/copies",
                "Send copies by itself",
                Tick,
                "A request for copies of invoices is answered with them, at most once a day to one address",
            ),
            field(
                "/answers/model",
                "Model",
                Choice(&[("off", "Off"), ("suggest", "Suggests what the rules do not understand")]),
                "A person looks at each suggestion. It needs a model that the operator named",
            ),
            field("/answers/model_calls_per_day", "Calls of the model a day", Number, "1 to 5000: each is paid for"),
        ],
    },
    SettingGroup {
        id: "notices",
        title: "Notices",
        about: "How people of yours are told of work. What a step of a workflow says comes first.",
        fields: &[
            field("/notices/quiet_hours/from", "Quiet from", Time, "Nobody is told then of what is not urgent…"),
            field(
                "/notices/quiet_hours/to",
                "…until",
                Time,
                "Over midnight where it begins after it ends. Both empty: no quiet hours",
            ),
            field(
                "/notices/digest/at",
                "Digest at",
                Time,
                "What is neither urgent nor an escalation is told once a day then. Empty: at once",
            ),
            field("/notices/via", "Ways", Words, "email, slack, teams, one a line, where a step or rule names none"),
            field("/notices/rules", "Rules", Json, "Who is told of which kinds of tasks: kinds, to, via, urgent"),
            field("/notices/overdue", "When work is late", Json, "Who is told, beside whoever is to do it: after_days, to, via"),
            field("/notices/due_in", "Work is due in", Json, "Business days by kind of task, such as {\"dispute\": 3}"),
        ],
    },
    SettingGroup {
        id: "people",
        title: "Owners and teams",
        about: "Whose customers are where nobody was named by hand.",
        fields: &[
            field(
                "/owners",
                "Rules",
                Json,
                "The first that fits counts: owner, and countries, segments, names_from, names_to and more. All that one names has to fit",
            ),
            field(
                "/teams",
                "Teams",
                Json,
                "By name, each with the subjects of its members, such as {\"north\": [\"auth0|robin\"]}",
            ),
            field(
                "/key_accounts/share_percent",
                "Key accounts: share in percent",
                Number,
                "Customers of whom at least so much of all that is open in a currency is leave automation…",
            ),
            field("/key_accounts/owner", "…for", Text, "The subject of a member, or a team. Both empty: none do"),
        ],
    },
    SettingGroup {
        id: "reports",
        title: "Reports",
        about: "How amounts of several currencies rank, and what messages cost. Nothing that is asked of a customer goes by it.",
        fields: &[
            field("/reporting/currency", "Currency", Text, "In which lists rank amounts, such as EUR"),
            field(
                "/reporting/rates",
                "Rates",
                Json,
                "What one unit of another is worth in it, such as {\"USD\": \"0.92\"}. Both empty: each currency ranks by itself",
            ),
            field(
                "/costs",
                "Costs of messages",
                Json,
                "In millionths of a US dollar by channel, such as {\"sms\": 7500}. An email costs 100 where nothing is said",
            ),
        ],
    },
    SettingGroup {
        id: "sources",
        title: "Sources and publishing",
        about: "How old what is known may be, and how workflows are published.",
        fields: &[
            field(
                "/freshness",
                "How old a source's word may be",
                Json,
                "By source, ISO 8601, such as {\"canonical\": \"PT26H\"}: nothing is sent on older word",
            ),
            field(
                "/publishing/two_people",
                "Two people publish",
                Tick,
                "One asks for the publishing of a workflow, and another one does it",
            ),
            field("/shards", "Shards", Number, "Of the index of what is due, 1 to 64; may be raised, not lowered"),
        ],
    },
];

/// A group by its place in the address.
pub(super) fn group(id: &str) -> Option<&'static SettingGroup> {
    GROUPS.iter().find(|group| group.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::Settings;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_setting_is_in_a_form_and_in_one_alone() {
        let mut pointers = BTreeSet::new();
        for field in GROUPS.iter().flat_map(|group| group.fields) {
            assert!(pointers.insert(field.pointer), "{} twice", field.pointer);
            assert!(!field.label.is_empty() && !field.hint.is_empty(), "{}", field.pointer);
        }
        let ids: BTreeSet<&str> = GROUPS.iter().map(|group| group.id).collect();
        assert_eq!(ids.len(), GROUPS.len());
        // What the pages of the brand and of the kill switch have, and what is said for good with the first settings.
        let elsewhere = ["brand", "paused", "training"];
        let schemas: Value = serde_json::from_str(include_str!("../../../admin/src/schemas.json")).unwrap();
        for name in schemas["Settings"]["properties"].as_object().unwrap().keys() {
            let is_in_a_form = pointers.iter().any(|pointer| pointer.split('/').nth(1) == Some(name.as_str()));
            assert_eq!(is_in_a_form, !elsewhere.contains(&name.as_str()), "{name}");
        }
        let known = json!(Settings::named("x"));
        assert!(known.get("name").is_some());
    }

    #[test]
    fn what_is_optional_has_fields() {
        for pointer in OPTIONAL {
            let within = format!("{pointer}/");
            assert!(GROUPS.iter().flat_map(|group| group.fields).any(|field| field.pointer.starts_with(&within)), "{pointer}");
        }
    }
}
