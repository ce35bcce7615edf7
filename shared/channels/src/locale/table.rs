//! The forms, from CLDR 49. By hand and not generated: each is a line that a translator reads, and `tests.rs` holds every one against what
//! ICU4X printed (`cldr.tsv`), so that a wrong one fails. ICU4X itself with its data stays out of the functions.
//!
//! Of the notation: `A` stands in comments for NBSP; the escapes are U+00A0 (no-break space) and U+202F (narrow).

use super::form::Locale;

const EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DE: [&str; 12] =
    ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];
const DE_AT: [&str; 12] =
    ["Jänner", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];
const FR: [&str; 12] =
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
const ES: [&str; 12] =
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];
const IT: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];
const NL: [&str; 12] =
    ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"];
const JA: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
const PT: [&str; 12] =
    ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"];

const EN_US_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "CA$"),
    ("AUD", "A$"),
    ("JPY", "¥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];
const EN_GB_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "US$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "CA$"),
    ("AUD", "A$"),
    ("JPY", "JP¥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];
const EN_AU_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "US$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "CA$"),
    ("AUD", "$"),
    ("JPY", "JP¥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];
const EN_CA_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "US$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "$"),
    ("AUD", "A$"),
    ("JPY", "JP¥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];
const DE_DE_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "CA$"),
    ("AUD", "AU$"),
    ("JPY", "¥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];
const FR_FR_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "$US"),
    ("EUR", "€"),
    ("GBP", "£GB"),
    ("CAD", "$CA"),
    ("AUD", "$AU"),
    ("JPY", "JP¥"),
    ("NZD", "$NZ"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "$MX"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];
const FR_CA_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "$\u{a0}US"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "$"),
    ("AUD", "$\u{a0}AU"),
    ("JPY", "¥"),
    ("NZD", "$\u{a0}NZ"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "$MX"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "$\u{a0}HK"),
];
const NL_NL_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "US$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "C$"),
    ("AUD", "AU$"),
    ("JPY", "JP¥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];

const JA_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "CA$"),
    ("AUD", "A$"),
    ("JPY", "￥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "元"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];
const PT_SYMBOLS: &[(&str, &str)] = &[
    ("USD", "US$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("CAD", "CA$"),
    ("AUD", "AU$"),
    ("JPY", "JP¥"),
    ("NZD", "NZ$"),
    ("INR", "₹"),
    ("CNY", "CN¥"),
    ("MXN", "MX$"),
    ("BRL", "R$"),
    ("ILS", "₪"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
];

pub(super) const NEUTRAL: Locale = Locale {
    tag: "und",
    decimal: ".",
    group: ",",
    grouping_min: 1,
    positive: "¤\u{a0}n",
    negative: "-¤\u{a0}n",
    symbols: &[],
    months: None,
    date: "",
};

const EN_US: Locale = Locale {
    tag: "en-US",
    symbols: EN_US_SYMBOLS,
    decimal: ".",
    group: ",",
    grouping_min: 1,
    positive: "¤n",
    negative: "-¤n",
    months: Some(&EN),
    date: "M D, Y",
};

const DE_DE: Locale = Locale {
    tag: "de-DE",
    symbols: DE_DE_SYMBOLS,
    decimal: ",",
    group: ".",
    grouping_min: 1,
    positive: "n\u{a0}¤",
    negative: "-n\u{a0}¤",
    months: Some(&DE),
    date: "D. M Y",
};

const FR_FR: Locale = Locale {
    tag: "fr-FR",
    symbols: FR_FR_SYMBOLS,
    decimal: ",",
    group: "\u{202f}",
    grouping_min: 1,
    positive: "n\u{a0}¤",
    negative: "-n\u{a0}¤",
    months: Some(&FR),
    date: "D M Y",
};

pub(super) const ALL: &[Locale] = &[
    EN_US,
    Locale { tag: "en-GB", symbols: EN_GB_SYMBOLS, date: "D M Y", ..EN_US },
    Locale { tag: "en-IE", symbols: EN_GB_SYMBOLS, date: "D M Y", ..EN_US },
    Locale { tag: "en-AU", symbols: EN_AU_SYMBOLS, date: "D M Y", ..EN_US },
    Locale { tag: "en-CA", symbols: EN_CA_SYMBOLS, ..EN_US },
    DE_DE,
    Locale { tag: "de-AT", symbols: DE_DE_SYMBOLS, positive: "¤\u{a0}n", negative: "-¤\u{a0}n", months: Some(&DE_AT), ..DE_DE },
    Locale { tag: "de-CH", symbols: DE_DE_SYMBOLS, decimal: ".", group: "'", positive: "¤\u{a0}n", negative: "¤-n", ..DE_DE },
    FR_FR,
    Locale { tag: "fr-CA", symbols: FR_CA_SYMBOLS, group: "\u{a0}", ..FR_FR },
    Locale { tag: "es-ES", symbols: EN_GB_SYMBOLS, grouping_min: 2, months: Some(&ES), date: "D de M de Y", ..DE_DE },
    Locale { tag: "it-IT", grouping_min: 2, symbols: EN_GB_SYMBOLS, months: Some(&IT), date: "D M Y", ..DE_DE },
    Locale { tag: "ja-JP", symbols: JA_SYMBOLS, months: Some(&JA), date: "Y年M月D日", ..EN_US },
    Locale {
        tag: "nl-NL",
        symbols: NL_NL_SYMBOLS,
        positive: "¤\u{a0}n",
        negative: "¤\u{a0}-n",
        months: Some(&NL),
        date: "D M Y",
        ..DE_DE
    },
    Locale {
        tag: "pt-PT",
        symbols: PT_SYMBOLS,
        group: "\u{a0}",
        grouping_min: 2,
        months: Some(&PT),
        date: "D de M de Y",
        ..DE_DE
    },
    Locale {
        tag: "pt-BR",
        symbols: PT_SYMBOLS,
        positive: "¤\u{a0}n",
        negative: "-¤\u{a0}n",
        months: Some(&PT),
        date: "D de M de Y",
        ..DE_DE
    },
];
