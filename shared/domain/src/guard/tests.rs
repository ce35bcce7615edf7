use super::*;
use crate::{
    ByHand, Channel, ContactByHand, Mode, PeopleAbove, Suppression, SuppressionReason, address_key,
    calendar::{Calendar, Locality},
    customer::{CustomerKind, DebtPurpose},
    settings::{CollectorRole, PersonCap},
    testing::{Stage, at, ladder},
};

const NOON: &str = "2026-02-05T11:00:00Z";

/// What one rule says of emailing the contact at `now`.
fn check(rule: &str, channel: Channel, now: &str, change: impl Fn(&mut Stage)) -> Verdict {
    check_decided(rule, channel, (now, now), change)
}

/// The same of a message that was decided before.
fn check_decided(rule: &str, channel: Channel, (decided_at, now): (&str, &str), change: impl Fn(&mut Stage)) -> Verdict {
    let mut stage = Stage::new(ladder());
    change(&mut stage);
    let settings = &stage.policy.settings;
    let place = Locality::of_customer(&stage.facts.customer, settings);
    let calendar = Calendar::new(&place, &settings.window, &settings.calendar.closed);
    let ask = ContactQuestion {
        facts: &stage.facts,
        policy: &stage.policy,
        place: &place,
        calendar: &calendar,
        cap_lifted: false,
        min_gap_days: 3,
        mode: Mode::Live,
        decided_at: at(decided_at),
        channel,
        contact: &stage.facts.customer.contacts[0],
        now: at(now),
    };
    let rule = RULES.iter().find(|known| known.id == rule).expect("a rule of that name");
    (rule.check)(&ask)
}

fn is_block(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Block(_))
}

fn suppress(stage: &mut Stage, channel: Channel, reason: SuppressionReason) {
    let contact = stage.facts.customer.contacts[0].clone();
    let key = address_key(channel, contact.address(channel).expect("an address"));
    stage.facts.addresses.entry(key).or_default().suppressed = Some(Suppression { reason, at: at(NOON) });
}

#[test]
fn mode_and_kill_switch() {
    assert_eq!(check("mode", Channel::Email, NOON, |_| ()), Verdict::Allow);
    assert!(is_block(&check("mode", Channel::Email, NOON, |stage| stage.policy.settings.mode = Mode::Shadow)));
    assert!(is_block(&check("mode", Channel::Email, NOON, |stage| stage.policy.settings.mode = Mode::Off)));
    assert!(is_block(&check("mode", Channel::Email, NOON, |stage| stage.policy.settings.training = true)));
    assert_eq!(check("kill-switch", Channel::Email, NOON, |_| ()), Verdict::Allow);
    assert!(is_block(&check("kill-switch", Channel::Email, NOON, |stage| stage.policy.settings.paused = true)));
    assert!(is_block(&check("kill-switch", Channel::Email, NOON, |stage| stage.policy.breaker_open = true)));
}

#[test]
fn suppression_is_of_one_channel_but_a_cease_is_of_all() {
    for (suppressed, reason, asked, blocks) in [
        (Channel::Email, SuppressionReason::Bounce, Channel::Email, true),
        (Channel::Email, SuppressionReason::Complaint, Channel::Email, true),
        (Channel::Email, SuppressionReason::OptOut, Channel::Sms, false),
        (Channel::Sms, SuppressionReason::OptOut, Channel::Sms, true),
        (Channel::Sms, SuppressionReason::OptOut, Channel::Voice, false),
        (Channel::Sms, SuppressionReason::Cease, Channel::Email, true),
    ] {
        let said = check("suppression", asked, NOON, |stage| suppress(stage, suppressed, reason));
        assert_eq!(is_block(&said), blocks, "{suppressed:?} {reason:?} {asked:?}");
    }
}

#[test]
fn a_cease_follows_the_person_to_other_addresses() {
    let cease = |stage: &mut Stage, key: &str| {
        let suppression = Suppression { reason: SuppressionReason::Cease, at: at(NOON) };
        stage.facts.addresses.entry(key.to_owned()).or_default().suppressed = Some(suppression);
    };
    let of =
        |id: &str, since: Option<&str>| ContactByHand { id: id.to_owned(), ceased: since.map(at), ..ContactByHand::default() };
    for (name, email, stopped, entry, above, blocks) in [
        ("nothing", "p1@beispiel.example", None, None, false, false),
        ("at the mailbox", "an.na+acme@gmail.com", Some("email:anna@gmail.com"), None, false, true),
        ("at another mailbox", "an.na+acme@gmail.com", Some("email:berta@gmail.com"), None, false, false),
        ("at the contact, before it had this address", "new@beispiel.example", None, Some(of("p1", Some(NOON))), false, true),
        ("at the contact of the customer above", "new@beispiel.example", None, Some(of("p1", Some(NOON))), true, true),
        ("at another contact", "new@beispiel.example", None, Some(of("p2", Some(NOON))), false, false),
        ("something else was entered", "new@beispiel.example", None, Some(of("p1", None)), false, false),
    ] {
        for channel in [Channel::Email, Channel::Sms] {
            let said = check("suppression", channel, NOON, |stage| {
                stage.facts.customer.contacts[0].email = Some(email.to_owned());
                stopped.into_iter().for_each(|key| cease(stage, key));
                let by_hand = ByHand { contacts: entry.clone().into_iter().collect(), ..ByHand::default() };
                if above {
                    let described = stage.facts.customer.clone();
                    stage.facts.above = Some(Box::new(PeopleAbove { described, by_hand }));
                } else {
                    stage.facts.by_hand = by_hand;
                }
            });
            assert_eq!(is_block(&said), blocks, "{name} {channel:?}");
        }
    }
}

#[test]
fn consent_is_needed_where_the_law_or_the_carrier_asks() {
    for (channel, agreed, blocks) in [
        (Channel::Email, false, false),
        (Channel::Letter, false, false),
        (Channel::Sms, true, false),
        (Channel::Sms, false, true),
        (Channel::Whatsapp, true, true),
    ] {
        let said = check("consent", channel, NOON, |stage| {
            if !agreed {
                stage.facts.customer.contacts[0].consents.clear();
            }
        });
        assert_eq!(is_block(&said), blocks, "{channel:?} {agreed}");
    }
}

#[test]
fn books_must_be_as_fresh_as_the_tenant_asks() {
    for (demand, heard, allowed) in [
        (None, None, true),
        (Some("PT2H"), None, false),
        (Some("PT2H"), Some("2026-02-05T09:00:00Z"), true),
        (Some("PT2H"), Some("2026-02-05T08:59:59Z"), false),
        (Some("P1D"), Some("2026-02-04T11:00:00Z"), true),
    ] {
        let said = check("freshness", Channel::Email, NOON, |stage| {
            stage.policy.settings.freshness.extend(demand.map(|demand| ("canonical".to_owned(), demand.to_owned())));
            stage.facts.sources_confirmed_at.extend(heard.map(|heard| ("canonical".to_owned(), at(heard))));
        });
        assert_eq!(said == Verdict::Allow, allowed, "{demand:?} {heard:?}");
    }
}

#[test]
fn the_gap_counts_civil_days_and_one_day_is_one_contact() {
    for (last, allowed) in [
        (None, true),
        (Some("2026-02-05T08:00:00Z"), true),
        (Some("2026-02-04T16:00:00Z"), false),
        (Some("2026-02-03T08:00:00Z"), false),
        (Some("2026-02-02T16:59:00Z"), true),
    ] {
        let said = check("min-gap", Channel::Email, NOON, |stage| stage.facts.last_contact.live = last.map(at));
        assert_eq!(said == Verdict::Allow, allowed, "{last:?}: {said}");
    }
}

#[test]
fn messages_of_one_decision_are_one_contact_and_what_people_did_since_is_another() {
    let (decided, contacted) = ("2026-02-04T10:00:00Z", "2026-02-04T12:00:00Z");
    for (sibling, allowed) in [(true, true), (false, false)] {
        let said = check_decided("min-gap", Channel::Email, (decided, NOON), |stage| {
            let (tenant, customer) = (stage.facts.tenant.clone(), stage.facts.customer.id.clone());
            let of_decision = |position| crate::MessageId::of_decision(&tenant, &customer, 7, position);
            let planned = crate::Planned {
                position: 1,
                mode: Mode::Live,
                case: crate::CaseKey::new(crate::BalanceKey::of(crate::Currency::EUR), "ladder"),
                channel: Channel::Email,
                contact: "p1".to_owned(),
                person: None,
                template: "reminder".to_owned(),
                template_version: 1,
                pay_by: None,
                rows: Vec::new(),
                copy_of: None,
                receipt_within: None,
            };
            let attempt = crate::ContactAttempt {
                at: at(contacted),
                channel: Channel::Email,
                message: if sibling { of_decision(0) } else { crate::MessageId::derive(&["a call"]) },
                case: None,
                customer: customer.clone(),
                mode: Mode::Live,
            };
            stage.facts.pending.push(crate::Pending::of(&planned, of_decision(1), 7, at(decided)));
            stage.facts.last_contact.live = Some(at(contacted));
            stage.facts.contact_log.insert("p2@beispiel.example".to_owned(), crate::ContactLog::default().with(&attempt));
        });
        assert_eq!(said == Verdict::Allow, allowed, "{sibling}: {said}");
    }
}

#[test]
fn the_gap_is_kept_at_the_person_across_customers() {
    let another = crate::CustomerId::derive(&["acme", "canonical", "C-2"]);
    for (last, at_another, allowed) in [
        ("2026-02-04T16:00:00Z", true, false),
        ("2026-02-03T08:00:00Z", true, false),
        ("2026-02-02T16:59:00Z", true, true),
        // One civil day is one contact, whoever it is about.
        ("2026-02-05T08:00:00Z", true, true),
        // The customer's own last contact says so itself.
        ("2026-02-04T16:00:00Z", false, true),
    ] {
        let said = check("min-gap", Channel::Email, NOON, |stage| {
            let customer = if at_another { another.clone() } else { stage.facts.customer.id.clone() };
            stage.contacted("p1@beispiel.example", &customer, &[at(last)]);
        });
        assert_eq!(said == Verdict::Allow, allowed, "{last} {at_another}: {said}");
    }
    // Another person of the customer is free.
    let said = check("min-gap", Channel::Email, NOON, |stage| {
        stage.contacted("p2@beispiel.example", &another, &[at("2026-02-04T16:00:00Z")]);
    });
    assert_eq!(said, Verdict::Allow);
}

#[test]
fn a_person_has_a_budget_of_days() {
    for (days, count, allowed) in [
        (vec![], 1, true),
        (vec!["2026-02-03"], 1, false),
        (vec!["2026-02-05"], 1, true),
        (vec!["2026-01-29"], 1, true),
        (vec!["2026-01-30", "2026-01-30"], 2, true),
        (vec!["2026-01-30", "2026-02-02"], 2, false),
        (vec![], 0, false),
    ] {
        let said = check("contact-cap", Channel::Email, NOON, |stage| {
            stage.policy.settings.caps.per_person = Some(PersonCap { count, days: 7 });
            let instants: Vec<_> = days.iter().map(|day| at(&format!("{day}T11:00:00Z"))).collect();
            let own = stage.facts.customer.id.clone();
            stage.contacted("p1@beispiel.example", &own, &instants);
        });
        assert_eq!(said == Verdict::Allow, allowed, "{days:?} of {count}: {said}");
    }
}

#[test]
fn the_window_is_half_open_and_closed_on_holidays() {
    for (now, allowed) in [
        ("2026-02-05T07:59:59Z", false),
        ("2026-02-05T08:00:00Z", true),
        ("2026-02-05T15:59:59Z", true),
        ("2026-02-05T16:00:00Z", false),
        ("2026-02-07T11:00:00Z", false),
        ("2026-03-09T11:00:00Z", true),
        ("2026-12-25T11:00:00Z", false),
    ] {
        // 8 March is a holiday in Berlin, in 2026 a Sunday; the Monday after is open.
        let said = check("window", Channel::Email, now, |_| ());
        assert_eq!(said == Verdict::Allow, allowed, "{now}: {said}");
    }
}

#[test]
fn years_without_holidays_known_need_a_person() {
    assert_eq!(check("holiday-table", Channel::Email, NOON, |_| ()), Verdict::Allow);
    assert!(matches!(check("holiday-table", Channel::Email, "2032-02-05T11:00:00Z", |_| ()), Verdict::NeedsReview(_)));
}

/// The rules of which no test here asks anything.
fn without_cases<'a>(rules: impl IntoIterator<Item = &'a str>, tests: &str) -> Vec<&'a str> {
    let asked = |id: &str| ["check(", "check_decided("].iter().any(|call| tests.contains(&format!("{call}\"{id}\"")));
    rules.into_iter().filter(|id| !asked(id)).collect()
}

#[test]
fn every_rule_has_its_cases_here() {
    let tests = include_str!("tests.rs");
    assert_eq!(without_cases(RULES.iter().map(|rule| rule.id), tests), Vec::<&str>::new(), "a rule without a case here");
    assert_eq!(without_cases(["mode", "of-no-case"], tests), ["of-no-case"]);
}

#[test]
fn the_strictest_verdict_wins() {
    let defer = Verdict::Defer(at(NOON));
    let review = Verdict::NeedsReview(String::new());
    let block = Verdict::Block(String::new());
    assert!(Verdict::Allow < defer && defer < review && review < block);
    assert!(RULES.iter().all(|rule| !rule.citation.is_empty() && rule.version > 0));
}

#[test]
fn numbers_abroad_and_of_services_are_not_written_to() {
    let own = |number: &'static str, countries: &'static [&'static str]| {
        move |stage: &mut Stage| {
            stage.policy.settings.country = "US".to_owned();
            stage.policy.settings.sms.countries = countries.iter().map(|country| (*country).to_owned()).collect();
            stage.facts.customer.contacts[0].phone = Some(number.to_owned());
        }
    };
    // (number, countries that the settings name, whether it is blocked) for a tenant in the United States
    for (number, countries, blocked) in [
        ("+14155550100", &[][..], false),
        ("+493012345678", &[], true),
        ("+493012345678", &["DE"], false),
        ("+14155550100", &["DE"], true),
        ("+14165550100", &[], true),
        ("+18765550100", &["US", "CA"], true),
        ("+19005550100", &["US"], true),
        ("+8821234567", &["US"], true),
        ("+9791234567", &["US"], true),
        ("+37061234567", &[], true),
        ("+25261234567", &[], true),
    ] {
        for channel in [Channel::Sms, Channel::Voice] {
            assert_eq!(
                is_block(&check("number", channel, NOON, own(number, countries))),
                blocked,
                "{channel} {number} {countries:?}"
            );
        }
        assert_eq!(check("number", Channel::Email, NOON, own(number, countries)), Verdict::Allow, "{number}");
    }
}

#[test]
fn a_debt_collector_writes_to_no_consumer_in_the_united_states() {
    use CollectorRole::{DebtBuyer, FirstParty, FirstPartyOtherName, ThirdParty};
    use CustomerKind::{Company, Person, SoleTrader};
    // (role, kind, purpose, country, number, whether it is blocked)
    type Case = (CollectorRole, Option<CustomerKind>, Option<DebtPurpose>, &'static str, &'static str, bool);
    let (personal, business) = (Some(DebtPurpose::Personal), Some(DebtPurpose::Business));
    let cases: [Case; 14] = [
        (FirstParty, Some(Person), personal, "US", "+14155550100", false),
        (FirstPartyOtherName, Some(Person), personal, "US", "+14155550100", true),
        (ThirdParty, Some(Person), personal, "US", "+14155550100", true),
        (DebtBuyer, Some(Person), personal, "US", "+14155550100", true),
        (ThirdParty, Some(Person), business, "US", "+14155550100", false),
        (ThirdParty, Some(Person), None, "US", "+14155550100", true),
        (ThirdParty, Some(SoleTrader), None, "US", "+14155550100", true),
        (ThirdParty, None, None, "US", "+14155550100", true),
        (ThirdParty, Some(Company), None, "US", "+14155550100", false),
        (ThirdParty, Some(Company), personal, "US", "+14155550100", true),
        (ThirdParty, Some(Person), personal, "DE", "+493012345678", false),
        (ThirdParty, Some(Person), personal, "DE", "+14155550100", true),
        (ThirdParty, Some(Person), personal, "PR", "+493012345678", true),
        (ThirdParty, Some(Person), personal, "CA", "+14165550100", false),
    ];
    for (role, kind, purpose, country, number, blocked) in cases {
        let said = check("debt-collector", Channel::Email, NOON, |stage| {
            stage.policy.settings.collector_role = role;
            let customer = &mut stage.facts.customer;
            (customer.kind, customer.debt_purpose, customer.country) = (kind, purpose, Some(country.to_owned()));
            customer.contacts[0].phone = Some(number.to_owned());
        });
        assert_eq!(is_block(&said), blocked, "{role:?} {kind:?} {purpose:?} {country} {number}");
    }
}

#[test]
fn carriers_and_platforms_take_no_messages_of_those_who_collect_for_others() {
    use CollectorRole::{DebtBuyer, FirstParty, FirstPartyOtherName, ThirdParty};
    for (role, channel, number, blocked) in [
        (FirstParty, Channel::Sms, "+14155550100", false),
        (FirstPartyOtherName, Channel::Sms, "+14155550100", true),
        (ThirdParty, Channel::Sms, "+14155550100", true),
        (DebtBuyer, Channel::Sms, "+14155550100", true),
        (ThirdParty, Channel::Sms, "+493012345678", false),
        (ThirdParty, Channel::Email, "+14155550100", false),
        (ThirdParty, Channel::Voice, "+14155550100", false),
        (FirstPartyOtherName, Channel::Whatsapp, "+493012345678", false),
        (ThirdParty, Channel::Whatsapp, "+493012345678", true),
        (DebtBuyer, Channel::Whatsapp, "+493012345678", true),
    ] {
        let said = check("collector-channels", channel, NOON, |stage| {
            stage.policy.settings.collector_role = role;
            stage.facts.customer.contacts[0].phone = Some(number.to_owned());
        });
        assert_eq!(is_block(&said), blocked, "{role:?} {channel} {number}");
    }
}

#[test]
fn no_text_message_goes_to_a_landline() {
    for (number, channel, blocked) in [
        ("+493012345678", Channel::Sms, true),
        ("+4915112345678", Channel::Sms, false),
        ("+14155550100", Channel::Sms, false),
        ("+493012345678", Channel::Voice, false),
        ("+493012345678", Channel::Whatsapp, false),
        ("+493012345678", Channel::Email, false),
    ] {
        let said = check("landline", channel, NOON, |stage| stage.facts.customer.contacts[0].phone = Some(number.to_owned()));
        assert_eq!(is_block(&said), blocked, "{number} {channel}");
    }
    // It holds from its day on.
    let rule = RULES.iter().find(|rule| rule.id == "landline").expect("the rule");
    let before = landline::SINCE.yesterday().expect("a day before");
    assert!(is_in_force(rule, landline::SINCE) && !is_in_force(rule, before));
}
