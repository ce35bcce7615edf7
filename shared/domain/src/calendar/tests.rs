//! Tables of edges.

mod properties;

use jiff::ToSpan;
use jiff::civil::Weekday;

use super::*;
use crate::{Customer, CustomerId, Settings, TenantId};

const WORKING: [Weekday; 5] = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

/// `09:00-17:00` on weekdays, or with a `*` on all days.
fn window(text: &str) -> Window {
    let (text, every) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
    let (from, to) = text.split_once('-').unwrap();
    let mut days = WORKING.to_vec();
    if every {
        days.extend([Weekday::Saturday, Weekday::Sunday]);
    }
    Window { from: from.parse().unwrap(), to: to.parse().unwrap(), days: Some(days) }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A place from `US`, `US-FL`, or `US America/New_York America/Denver`.
fn place(text: &str) -> Locality {
    let mut words = text.split(' ');
    let (country, region) = words.next().map(|word| word.split_once('-').unwrap_or((word, ""))).unwrap();
    let zones: Vec<&str> = words.collect();
    let region = (!region.is_empty()).then_some(region);
    if zones.is_empty() {
        Locality::of_customer(&customer(Some(country), region, None), &Settings::named("x"))
    } else {
        Locality::in_zones(country, region, &zones)
    }
}

fn customer(country: Option<&str>, region: Option<&str>, time_zone: Option<&str>) -> Customer {
    Customer {
        id: CustomerId::derive(&["t", "canonical", "1"]),
        source: "canonical".to_owned(),
        external_id: "1".to_owned(),
        source_version: None,
        name: "Acme".to_owned(),
        kind: None,
        segment: None,
        language: None,
        country: country.map(str::to_owned),
        region: region.map(str::to_owned),
        time_zone: time_zone.map(str::to_owned),
        debt_purpose: None,
        legal_entity: None,
        parent_external_id: None,
        contacts_of: None,
        contacts: Vec::new(),
        postal_address: None,
    }
}

fn names(zones: &[TimeZone]) -> Vec<&str> {
    zones.iter().map(|zone| zone.iana_name().unwrap()).collect()
}

#[test]
fn places() {
    let check = |customer: (&str, &str, &str), tenant: (&str, &str), expected: &str| {
        let mut settings = Settings::named("x");
        settings.country = tenant.0.to_owned();
        settings.time_zone = (!tenant.1.is_empty()).then(|| tenant.1.to_owned());
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (country, region, zone) = (given(customer.0), given(customer.1), given(customer.2));
        let customer = self::customer(country.as_deref(), region.as_deref(), zone.as_deref());
        let place = Locality::of_customer(&customer, &settings);
        let shown = format!("{} {} {}", place.country(), place.region().unwrap_or("-"), names(place.zones()).join(" "));
        assert_eq!(shown, expected, "{country:?} {region:?} {zone:?}");
    };
    let us = "America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage America/Adak Pacific/Honolulu";
    // The customer's own zone wins, whatever else is known.
    check(("US", "FL", "America/Chicago"), ("DE", ""), "US FL America/Chicago");
    check(("", "", "Asia/Tokyo"), ("US", ""), "US - Asia/Tokyo");
    // The region's zones, then the country's.
    check(("US", "CA", ""), ("US", ""), "US CA America/Los_Angeles");
    check(("US", "FL", ""), ("US", ""), "US FL America/New_York America/Chicago");
    check(("US", "TN", ""), ("US", ""), "US TN America/Chicago America/New_York");
    check(("ES", "CN", ""), ("US", ""), "ES CN Atlantic/Canary");
    check(("ES", "", ""), ("US", ""), "ES - Europe/Madrid Atlantic/Canary");
    check(("FR", "971", ""), ("US", ""), "FR 971 America/Guadeloupe");
    check(("US", "", ""), ("US", ""), &format!("US - {us}"));
    check(("JP", "", ""), ("US", ""), "JP - Asia/Tokyo");
    // Forms that sources have.
    check(("us", "us-ny", ""), ("US", ""), "US NY America/New_York");
    check(("DE", "DE-BE", ""), ("US", ""), "DE BE Europe/Berlin");
    // What does not exist counts as not given.
    check(("US", "ZZ", ""), ("US", ""), &format!("US - {us}"));
    check(("DE", "BE", "Europe/Atlantis"), ("US", ""), "DE BE Europe/Berlin");
    check(("DE", "", "Etc/Unknown"), ("US", ""), "DE - Europe/Berlin");
    check(("XX", "BE", ""), ("DE", ""), "DE - Europe/Berlin");
    // Without a country the tenant's, but neither its zone nor, from a region of who knows where, a part of it.
    check(("", "", ""), ("DE", "Asia/Tokyo"), "DE - Europe/Berlin");
    check(("", "NY", ""), ("US", "America/New_York"), &format!("US - {us}"));
    check(("", "", ""), ("XX", ""), &format!("US - {us}"));
}

#[test]
fn tenants() {
    let check = |country: &str, zone: &str, expected: &str| {
        let mut settings = Settings::named("x");
        settings.country = country.to_owned();
        settings.time_zone = (!zone.is_empty()).then(|| zone.to_owned());
        assert_eq!(tenant_zone(&settings).iana_name(), Some(expected), "{country} {zone}");
        assert_eq!(names(Locality::of_tenant(&settings).zones()), [expected], "{country} {zone}");
    };
    check("US", "", "America/New_York");
    check("US", "America/Denver", "America/Denver");
    check("US", "nowhere", "America/New_York");
    check("AU", "", "Australia/Sydney");
    check("CA", "", "America/Toronto");
    check("XX", "", "America/New_York");
}

#[test]
fn codes() {
    for (code, is) in
        [("US", true), ("BV", true), ("AX", true), ("UK", false), ("us", false), ("", false), ("US-CA", false), ("XK", false)]
    {
        assert_eq!(is_country(code), is, "{code}");
    }
    for (name, is) in [("Europe/Berlin", true), ("UTC", true), ("Etc/Unknown", false), ("CET-1", false), ("", false)] {
        assert_eq!(is_zone(name), is, "{name}");
    }
    for (code, has) in [("US", true), ("PR", true), ("IE", true), ("JP", true), ("BV", false), ("XX", false)] {
        assert_eq!(has_holidays(code), has, "{code}");
    }
}

#[test]
fn hours_of_a_day() {
    let check = |at: &str, open: &str, day: &str, expected: &str| {
        let (place, window) = (place(at), window(open));
        let shown = Calendar::new(&place, &window, &[])
            .hours(date(day))
            .map_or("closed".to_owned(), |(opens, closes)| format!("{opens} {closes}"));
        assert_eq!(shown, expected, "{at} {open} {day}");
    };
    let (ny, berlin, sydney) = ("US America/New_York", "DE Europe/Berlin", "AU Australia/Sydney");
    // Nights on which clocks change, and the day before and after.
    check(ny, "08:00-21:00*", "2026-03-07", "2026-03-07T13:00:00Z 2026-03-08T02:00:00Z");
    check(ny, "08:00-21:00*", "2026-03-08", "2026-03-08T12:00:00Z 2026-03-09T01:00:00Z");
    check(ny, "08:00-21:00*", "2026-11-01", "2026-11-01T13:00:00Z 2026-11-02T02:00:00Z");
    check(berlin, "09:00-17:00*", "2026-03-28", "2026-03-28T08:00:00Z 2026-03-28T16:00:00Z");
    check(berlin, "09:00-17:00*", "2026-03-29", "2026-03-29T07:00:00Z 2026-03-29T15:00:00Z");
    check(berlin, "09:00-17:00*", "2026-10-24", "2026-10-24T07:00:00Z 2026-10-24T15:00:00Z");
    check(berlin, "09:00-17:00*", "2026-10-25", "2026-10-25T08:00:00Z 2026-10-25T16:00:00Z");
    check(sydney, "09:00-17:00*", "2026-04-05", "closed");
    // The same night under another country's holidays, as Easter closes it in Sydney.
    check("JP Australia/Sydney", "09:00-17:00*", "2026-04-04", "2026-04-03T22:00:00Z 2026-04-04T06:00:00Z");
    check("JP Australia/Sydney", "09:00-17:00*", "2026-04-05", "2026-04-04T23:00:00Z 2026-04-05T07:00:00Z");
    check(sydney, "09:00-17:00*", "2026-04-07", "2026-04-06T23:00:00Z 2026-04-07T07:00:00Z");
    check(sydney, "09:00-17:00*", "2026-10-03", "2026-10-02T23:00:00Z 2026-10-03T07:00:00Z");
    check(sydney, "09:00-17:00*", "2026-10-04", "2026-10-03T22:00:00Z 2026-10-04T06:00:00Z");
    // An edge that is skipped or comes twice is taken to the inside.
    check(ny, "02:30-04:00*", "2026-03-08", "2026-03-08T07:30:00Z 2026-03-08T08:00:00Z");
    check(ny, "01:00-02:30*", "2026-03-08", "2026-03-08T06:00:00Z 2026-03-08T06:30:00Z");
    check(ny, "01:30-04:00*", "2026-11-01", "2026-11-01T06:30:00Z 2026-11-01T09:00:00Z");
    check(ny, "00:00-01:30*", "2026-11-01", "2026-11-01T04:00:00Z 2026-11-01T05:30:00Z");
    // All zones of the country; the tenant's window has hours in common.
    check("US", "09:00-17:00", "2026-01-14", "2026-01-14T19:00:00Z 2026-01-14T22:00:00Z");
    check("US", "09:00-17:00", "2026-07-15", "2026-07-15T19:00:00Z 2026-07-15T21:00:00Z");
    // It has none from 09:00 to 14:00: the hours lawful in all.
    check("US", "09:00-14:00", "2026-01-14", "2026-01-14T18:00:00Z 2026-01-15T02:00:00Z");
    check("RU", "09:00-17:00", "2026-01-14", "2026-01-14T06:00:00Z 2026-01-14T09:00:00Z");
    check("US-FL", "09:00-17:00", "2026-01-14", "2026-01-14T15:00:00Z 2026-01-14T22:00:00Z");
    check("ES", "09:00-17:00", "2026-01-14", "2026-01-14T09:00:00Z 2026-01-14T16:00:00Z");
    // Zones with no lawful hour of the same day in common.
    check("AQ", "09:00-17:00", "2026-01-14", "closed");
}

/// 12 CFR 1006.6(b)(1), supplement I: with several zones, only hours that are convenient in all.
#[test]
fn quiet_hours() {
    let ny = "US America/New_York";
    let check = |at: &str, day: &str, from: &str, to: &str| {
        let (place, window) = (place(at), window("08:00-21:00*"));
        let hours = Calendar::new(&place, &window, &[]).hours(date(day));
        assert_eq!(hours, Some((instant(from), instant(to))), "{at} {day}");
    };
    for (others, winter, summer) in [
        ("America/Los_Angeles", "16:00", "15:00"),
        ("America/Denver", "15:00", "14:00"),
        ("Pacific/Honolulu", "18:00", "18:00"),
        ("America/Chicago", "14:00", "13:00"),
    ] {
        let at = format!("{ny} {others}");
        check(&at, "2026-01-14", &format!("2026-01-14T{winter}:00Z"), "2026-01-15T02:00:00Z");
        check(&at, "2026-07-15", &format!("2026-07-15T{summer}:00Z"), "2026-07-16T01:00:00Z");
    }
    check("US", "2026-01-14", "2026-01-14T18:00:00Z", "2026-01-15T02:00:00Z");
    check("US", "2026-07-15", "2026-07-15T18:00:00Z", "2026-07-16T01:00:00Z");

    let allows = |at: &str, local: &str, expected: bool| {
        let (place, window) = (place(at), window("08:00-21:00*"));
        let at_instant = format!("2026-01-14T{local}-05:00").parse().unwrap();
        assert_eq!(Calendar::new(&place, &window, &[]).allows(at_instant), expected, "{at} {local}");
    };
    for (local, allowed) in [
        ("07:59:59", false),
        ("08:00:00", true),
        ("20:59:59.999999999", true),
        ("21:00:00", false),
        ("23:30:00", false),
        ("00:30:00", false),
    ] {
        allows(ny, local, allowed);
    }
    allows("US America/New_York America/Los_Angeles", "10:59:59", false);
    allows("US America/New_York America/Los_Angeles", "11:00:00", true);
}

#[test]
fn closed_days() {
    let check = |at: &str, day: &str, expected: &str| {
        let (place, window) = (place(at), window("09:00-17:00*"));
        let closed = [date("2026-12-24")];
        let calendar = Calendar::new(&place, &window, &closed);
        let shown = match calendar.why_closed(date(day)) {
            None => "open".to_owned(),
            Some(Closed::Holiday(of)) => of,
            Some(Closed::Tenant) => "tenant".to_owned(),
            Some(Closed::Weekday(_)) => "weekday".to_owned(),
            Some(Closed::NoCommonHour) => "no hour".to_owned(),
        };
        assert_eq!(shown, expected, "{at} {day}");
    };
    for (at, day, expected) in [
        // The real day and the observed one.
        ("US", "2026-07-03", "US"),
        ("US", "2026-07-04", "US"),
        ("US", "2026-07-02", "open"),
        ("GB", "2027-12-25", "GB"),
        ("GB", "2027-12-27", "GB"),
        ("GB", "2027-12-28", "GB"),
        ("GB", "2027-12-29", "open"),
        // One year only, or every fifth.
        ("DE-BE", "2028-06-17", "DE-BE"),
        ("DE-BE", "2027-06-17", "open"),
        ("DE-BB", "2028-06-17", "open"),
        ("NL", "2030-05-05", "NL"),
        ("NL", "2026-05-05", "open"),
        ("NL", "2031-05-05", "open"),
        // Regions.
        ("DE-BE", "2026-03-08", "DE-BE"),
        ("DE", "2026-03-08", "open"),
        ("DE-BY", "2028-08-15", "DE-BY"),
        ("FR-68", "2026-12-26", "FR-68"),
        ("FR", "2026-12-26", "open"),
        ("US-MA", "2026-04-20", "US-MA"),
        // Without a region, that of most people.
        ("GB", "2026-04-06", "GB-ENG"),
        ("GB-ENG", "2026-04-06", "GB-ENG"),
        ("GB-SCT", "2026-04-06", "open"),
        ("GB-LND", "2026-04-06", "GB-ENG"),
        ("AU", "2026-06-08", "AU-NSW"),
        ("AU-QLD", "2026-06-08", "open"),
        ("CA", "2026-02-16", "CA-ON"),
        ("ES", "2026-05-02", "ES-MD"),
        ("ES-CT", "2026-05-02", "open"),
        // Territories with codes of their own.
        ("PR", "2026-07-03", "US"),
        ("GP", "2026-07-14", "FR"),
        ("GP", "2026-05-27", "FR-971"),
        // Others.
        ("JP", "2026-01-01", "JP"),
        ("BV", "2026-12-25", "open"),
        ("PL", "2026-12-25", "PL"),
        ("AT", "2026-12-25", "AT"),
        ("CH", "2026-12-25", "CH"),
        ("CH", "2026-05-01", "CH-ZH"),
        ("CH-TI", "2026-03-19", "CH-TI"),
        ("BE", "2026-12-25", "BE"),
        ("SE", "2026-12-25", "SE"),
        ("DK", "2026-12-25", "DK"),
        ("NO", "2026-12-25", "NO"),
        ("PT", "2026-12-25", "PT"),
        ("NZ", "2026-12-25", "NZ"),
        ("PL", "2026-11-11", "PL"),
        ("PL", "2026-11-12", "open"),
        ("JP", "2026-12-24", "tenant"),
        ("AQ", "2026-01-14", "no hour"),
    ] {
        check(at, day, expected);
    }
    let (place, window) = (place("US"), window("09:00-17:00"));
    let calendar = Calendar::new(&place, &window, &[]);
    assert_eq!(calendar.why_closed(date("2026-11-21")), Some(Closed::Weekday(Weekday::Saturday)));
    for (day, covered) in [("2025-12-31", false), ("2026-01-01", true), ("2031-12-31", true), ("2032-01-01", false)] {
        assert_eq!(calendar.covers(date(day)), covered, "{day}");
    }
}

/// Weekends are those of the country that the person is in, where the tenant sets no weekdays; set ones count everywhere.
#[test]
fn weekends() {
    let fridays = ["SA", "EG", "IL", "BD", "DZ", "QA"];
    let unset = Window { days: None, ..window("09:00-17:00") };
    let is_open = |country: &str, window: &Window, day: &str| {
        let place = place(country);
        Calendar::new(&place, window, &[]).why_closed(date(day)).is_none_or(|why| !matches!(why, Closed::Weekday(_)))
    };
    for (country, thursday, friday, saturday, sunday) in fridays
        .map(|country| (country, true, false, false, true))
        .into_iter()
        .chain(["DE", "US", "AE", "TR", "HK", "BV"].map(|country| (country, true, true, false, false)))
        .chain([("BN", true, false, true, false), ("IR", true, false, true, true)])
    {
        let expected = [thursday, friday, saturday, sunday];
        let found = ["2026-02-05", "2026-02-06", "2026-02-07", "2026-02-08"].map(|day| is_open(country, &unset, day));
        assert_eq!(found, expected, "{country}");
        assert!(is_open(country, &window("09:00-17:00"), "2026-02-06"), "{country}: what is set counts");
    }
    let place = place("SA");
    let next = Calendar::new(&place, &unset, &[]).next_allowed(instant("2026-02-06T10:00:00Z"));
    assert_eq!(next, instant("2026-02-08T06:00:00Z"), "Sunday in Riyadh");
}

/// Ten business days (47 CFR 64.1200) and five (12 CFR 1006.34), with the observed holiday closed.
#[test]
fn business_days() {
    let check = |from: &str, n: i32, expected: &str| {
        let (place, window) = (place("US"), window("09:00-17:00"));
        assert_eq!(Calendar::new(&place, &window, &[]).add_business_days(date(from), n), date(expected), "{from} {n}");
    };
    check("2026-11-20", 10, "2026-12-07");
    check("2026-12-18", 10, "2027-01-05");
    check("2026-06-30", 10, "2026-07-15");
    check("2026-07-01", 5, "2026-07-09");
    check("2026-12-07", -10, "2026-11-20");
    // Zero stays, even on a Saturday; one from there is Monday.
    check("2026-11-21", 0, "2026-11-21");
    check("2026-11-21", 1, "2026-11-23");
    check("2026-11-21", -1, "2026-11-20");
    check("9999-12-30", 5, "9999-12-31");
    check("-009999-01-02", -5, "-009999-01-01");
}

#[test]
fn rolling() {
    let check = |at: &str, from: &str, spread: Spread, expected: &str| {
        let (place, window) = (place(at), window("09:00-17:00"));
        let rolled = Calendar::new(&place, &window, &[date("2026-12-24")]).roll(date(from), spread);
        assert_eq!(rolled, instant(expected), "{at} {from}");
    };
    check("DE", "2026-11-20", Spread::START, "2026-11-20T08:00:00Z");
    check("DE", "2026-11-20", Spread::LAST, "2026-11-20T15:29:59Z");
    // Saturday to Monday; Christmas, with the tenant's day before it, to the Monday after.
    check("DE", "2026-11-21", Spread::START, "2026-11-23T08:00:00Z");
    check("DE", "2026-12-24", Spread::START, "2026-12-28T08:00:00Z");
    // A short window has the same place in it.
    check("US", "2026-01-14", Spread::LAST, "2026-01-14T21:48:44Z");
}

#[test]
fn next_openings() {
    let check = |from: &str, expected: &str| {
        let (place, window) = (place("DE"), window("09:00-17:00"));
        assert_eq!(Calendar::new(&place, &window, &[]).next_allowed(instant(from)), instant(expected), "{from}");
    };
    check("2026-11-20T07:59:59Z", "2026-11-20T08:00:00Z");
    check("2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z");
    check("2026-11-20T15:59:59Z", "2026-11-20T15:59:59Z");
    check("2026-11-20T16:00:00Z", "2026-11-23T08:00:00Z");
    check("2026-11-20T23:30:00Z", "2026-11-23T08:00:00Z");
    check("2026-12-31T16:00:00Z", "2027-01-04T08:00:00Z");
}

/// Nothing opens, or time ends: an answer all the same, not before what was asked, and not allowed.
#[test]
fn never_open() {
    let place = place("US");
    let (never, open) = (Window { days: Some(Vec::new()), ..window("09:00-17:00") }, window("09:00-17:00*"));
    let calendar = Calendar::new(&place, &never, &[]);
    let (at, day) = (instant("2026-11-20T12:00:00Z"), date("2026-11-20"));
    assert!(calendar.next_allowed(at) >= at && !calendar.allows(calendar.next_allowed(at)));
    assert_eq!(place.date_of(calendar.roll(day, Spread::START)), day + 366.days());
    assert_eq!(calendar.add_business_days(day, i32::MAX), day + 366.days());
    assert_eq!(calendar.add_business_days(day, i32::MIN), day - 366.days());
    for calendar in [calendar, Calendar::new(&place, &open, &[])] {
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert!(calendar.next_allowed(at) >= at);
        }
        for day in [Date::MIN, Date::MAX] {
            calendar.roll(day, Spread::LAST);
            calendar.add_business_days(day, i32::MAX);
            calendar.add_business_days(day, i32::MIN);
        }
    }
}

#[test]
fn spreads() {
    let tenant = |text: &str| TenantId::parse(text).unwrap();
    let customer = |text: &str| CustomerId::derive(&["t", "s", text]);
    // Pinned: another hash would move every customer's hour.
    let pinned = Spread::of(&tenant("acme"), &CustomerId::parse("cus_1").unwrap());
    let nine_to_five = (instant("2026-11-20T09:00:00Z"), instant("2026-11-20T17:00:00Z"));
    assert_eq!(pinned.within(nine_to_five.0, nine_to_five.1), instant("2026-11-20T13:19:14Z"));
    assert_ne!(Spread::of(&tenant("acme"), &customer("1")), Spread::of(&tenant("other"), &customer("1")));
    // A thousand customers fill the window: some in each of its first fifteen sixteenths, none in the last.
    let opens = instant("2026-11-20T09:00:00Z");
    let closes = instant("2026-11-21T01:00:00Z");
    let mut hours = [0; 16];
    for n in 0..1_000 {
        let at = Spread::of(&tenant("acme"), &customer(&n.to_string())).within(opens, closes);
        hours[usize::try_from((at - opens).total(jiff::Unit::Second).unwrap() as i64 / 3_600).unwrap()] += 1;
    }
    assert!(hours[..15].iter().all(|count| (30..110).contains(count)) && hours[15] == 0, "{hours:?}");
    // An interval turned round has nothing to spread over.
    assert_eq!(Spread::LAST.within(closes, opens), closes);
    assert_eq!(Spread::LAST.within(opens, opens), opens);
}
