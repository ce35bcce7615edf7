//! What a text promises in so many words: that it is the last, or that somebody has a number of days.
//!
//! Only whole phrases of the languages that the layout speaks count, so that "if you have paid in the last few days" promises nothing.

const LAST: &[&str] = &[
    "last",
    "final",
    "letzte",
    "letzter",
    "letzten",
    "letztes",
    "dernier",
    "dernière",
    "derniers",
    "dernières",
    "último",
    "última",
    "ultimo",
    "ultima",
    "laatste",
    "últimos",
    "últimas",
];

const MESSAGE: &[&str] = &[
    "reminder",
    "notice",
    "warning",
    "erinnerung",
    "mahnung",
    "zahlungserinnerung",
    "aufforderung",
    "rappel",
    "relance",
    "avis",
    "recordatorio",
    "aviso",
    "requerimiento",
    "sollecito",
    "promemoria",
    "avviso",
    "herinnering",
    "aanmaning",
    "lembrete",
];

/// The message first, and behind it that it is the last.
const MESSAGE_LAST: &[[&str; 2]] =
    &[["aviso", "final"], ["recordatorio", "final"], ["avviso", "finale"], ["sollecito", "finale"], ["lembrete", "final"]];

const WITHIN: &[&str] = &["within", "innerhalb", "binnen", "sous", "dentro", "entro", "plazo", "termine", "prazo"];

const DAYS: &[&str] =
    &["day", "days", "tag", "tage", "tagen", "jour", "jours", "día", "días", "giorno", "giorni", "dag", "dagen", "dia", "dias"];

/// Japanese has no spaces between its words, so that its phrases are looked for as they are written.
const LAST_IN_JAPANESE: &[&str] = &["最後の", "最終"];

const MESSAGE_IN_JAPANESE: &[&str] = &["ご案内", "お願い", "お知らせ", "ご連絡", "通知", "督促", "催告"];

const WITHIN_DAYS_IN_JAPANESE: &str = "日以内";

const PAST_IN_JAPANESE: &[&str] = &["過去", "直近", "最近"];

/// Most characters from the end of one phrase of Japanese to the end of the next.
const CHARACTERS_MAX: usize = 10;

/// Most words between the words of a phrase.
const BETWEEN_MAX: usize = 2;

/// The words of a text in lower case; what the template fills in is none.
fn words(source: &str) -> Vec<String> {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        text.push_str(before);
        let close = if from.starts_with("{{") { "}}" } else { "%}" };
        let is_tag = from.starts_with("{{") || from.starts_with("{%");
        match from.find(close).filter(|_| is_tag) {
            // A value, and what stands on either side of a tag, are apart.
            Some(end) => {
                text.push_str(" \u{2022} ");
                rest = from.split_at(end + close.len()).1;
            }
            None => {
                text.push(' ');
                rest = from.split_at(1).1;
            }
        }
    }
    text.push_str(rest);
    let apart = |character: char| !(character.is_alphanumeric() || character == '\u{2022}');
    text.to_lowercase().split(apart).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_among(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

/// Whether a text says that it is the last of its kind.
pub fn is_last(source: &str) -> bool {
    let words = words(source);
    let follows = |at: usize| words.iter().skip(at + 1).take(BETWEEN_MAX + 1).any(|word| is_among(MESSAGE, word));
    let is_behind = words.windows(2).any(|pair| MESSAGE_LAST.iter().any(|known| pair.iter().eq(known)));
    is_behind || is_last_in_japanese(source) || words.iter().enumerate().any(|(at, word)| is_among(LAST, word) && follows(at))
}

fn is_last_in_japanese(source: &str) -> bool {
    let follows = |behind: &str| {
        let near: String = behind.chars().take(CHARACTERS_MAX).collect();
        // Not what is the last of something else: a notice of the last invoice.
        let mut between = MESSAGE_IN_JAPANESE.iter().filter_map(|word| Some(near.split_once(word)?.0));
        between.any(|between| !between.contains(['。', '、', '請']))
    };
    LAST_IN_JAPANESE.iter().any(|last| source.match_indices(last).any(|(at, _)| follows(source.split_at(at + last.len()).1)))
}

fn days_given_in_japanese(source: &str) -> Vec<i64> {
    let given = |at: usize| {
        let before = source.split_at(at).0;
        let rest = before.trim_end_matches(|character: char| character.is_ascii_digit());
        let looks_back = PAST_IN_JAPANESE.iter().any(|word| rest.ends_with(word));
        before.strip_prefix(rest)?.parse::<i64>().ok().filter(|_| !looks_back)
    };
    source.match_indices(WITHIN_DAYS_IN_JAPANESE).filter_map(|(at, _)| given(at)).collect()
}

/// The numbers of days that a text gives: `within 7 days`.
pub fn days_given(source: &str) -> Vec<i64> {
    let words = words(source);
    let given = |at: usize| {
        let days = words.get(at).and_then(|word| word.parse::<i64>().ok())?;
        let is_days = words.get(at + 1).is_some_and(|word| is_among(DAYS, word));
        let before: Vec<&String> = words.iter().take(at).rev().take(BETWEEN_MAX + 1).collect();
        let within = before.iter().any(|word| is_among(WITHIN, word));
        // "Within the last 7 days" looks back.
        let looks_back = before.iter().any(|word| is_among(LAST, word));
        (is_days && within && !looks_back).then_some(days)
    };
    (0..words.len()).filter_map(given).chain(days_given_in_japanese(source)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_last_says_so() {
        for (text, expected) in [
            ("This is our last automatic reminder about {{ covered.own_names }}.", true),
            ("Final reminder: {{ covered.own_named }}", true),
            ("Letzte Erinnerung", true),
            ("dies ist unsere letzte Mahnung", true),
            ("Dernier rappel avant remise", true),
            ("última aviso", true),
            ("Este es nuestro último recordatorio automático", true),
            ("{{ tenant.name }}: aviso final sobre {{ covered.own_named }}", true),
            ("Ultimo sollecito: {{ covered.own_named }}", true),
            ("Avviso finale di pagamento", true),
            ("Si ha pagado en los últimos días, muchas gracias: no tenga en cuenta este aviso.", false),
            ("aviso sobre el importe final", false),
            ("Reminder: final instalment of your plan", false),
            ("Se ha pagato negli ultimi giorni, grazie", false),
            ("dit is onze laatste automatische herinnering", true),
            ("Este é o nosso último lembrete automático sobre {{ covered.own_names }}.", true),
            ("lembrete final, {{ covered.own_named }}", true),
            ("本メールは、自動送信による最後のご案内です", true),
            ("最終のお支払いのお願い", true),
            ("最後の請求書についてのご案内", false),
            ("ご案内：最後の{{ invoices[0].name }}", false),
            ("Lembrete: o final do contrato", false),
            ("Se pagou nos últimos dias, agradecemos.", false),
            ("If you have paid in the last few days, thank you.", false),
            ("Reminder: the last invoice is open", false),
            ("last {{ invoices[0].number }} as we said in our reminder", false),
            ("Ein Hinweis zu Ihrer letzten Rechnung", false),
        ] {
            assert_eq!(is_last(text), expected, "{text}");
        }
    }

    #[test]
    fn days_are_given_within_a_time() {
        for (text, expected) in [
            ("Please pay within 7 days.", vec![7]),
            ("within the next 10 days", vec![10]),
            ("innerhalb von 14 Tagen", vec![14]),
            ("sous 8 jours", vec![8]),
            ("dentro de 5 días", vec![5]),
            ("en un plazo de 10 días", vec![10]),
            ("entro il termine di 6 giorni", vec![6]),
            ("3 días de retraso", vec![]),
            ("binnen 10 dagen", vec![10]),
            ("no prazo de 7 dias", vec![7]),
            ("10日以内にお支払いください。", vec![10]),
            ("過去3日以内にお支払いいただいた場合", vec![]),
            ("{{ n }}日以内", vec![]),
            ("within {{ n }} days", vec![]),
            ("30 days overdue", vec![]),
            ("within the last 3 days", vec![]),
        ] {
            assert_eq!(days_given(text), expected, "{text}");
        }
    }
}
