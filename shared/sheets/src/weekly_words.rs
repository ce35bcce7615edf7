//! The words of the weekly mail with reports, in the languages that people of a tenant are told in.

use domain::language::{CUSTOMER_LANGUAGES, choose};

/// The words of one language. `{}` is filled in.
#[derive(Clone, Copy, Debug)]
pub struct WeeklyWords {
    /// The language.
    pub language: &'static str,
    /// What the mail is called, with the day.
    pub subject: &'static str,
    /// What is open, by age, in a currency.
    pub open: &'static str,
    /// Not past due, then so many days past due.
    pub ages: [&'static str; 5],
    /// What is past due.
    pub past_due: &'static str,
    /// Days sales outstanding.
    pub dso: &'static str,
    /// What was collected less what was taken back, over the period.
    pub collected: &'static str,
    /// Promises kept, by amount.
    pub promises: &'static str,
    /// Behind a number of days.
    pub days: &'static str,
    /// From one day to another.
    pub period: &'static str,
    /// That a number is not defined.
    pub not_defined: &'static str,
    /// That the books are known since a day only.
    pub cut: &'static str,
    /// That there is nothing to report.
    pub nothing: &'static str,
    /// What leads to the reports.
    pub more: &'static str,
    /// Why somebody gets this.
    pub why: &'static str,
}

/// In the order of [`CUSTOMER_LANGUAGES`].
const WORDS: [WeeklyWords; CUSTOMER_LANGUAGES.len()] = [
    WeeklyWords {
        language: "en",
        subject: "Receivables at the end of {}",
        open: "Open in {}",
        ages: ["Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days"],
        past_due: "Past due",
        dso: "Days sales outstanding",
        collected: "Collected, net",
        promises: "Promises kept, by amount",
        days: "{} days",
        period: "{} to {}",
        not_defined: "not defined",
        cut: "The books are known since {}: what is said of days before is too little.",
        nothing: "Nothing is open, and nothing was collected.",
        more: "All reports: ",
        why: "You get this each week because the settings of {} name you. An admin changes that under notices.reports.",
    },
    WeeklyWords {
        language: "de",
        subject: "Forderungen am Ende des {}",
        open: "Offen in {}",
        ages: ["Nicht fällig", "1–30 Tage", "31–60 Tage", "61–90 Tage", "Über 90 Tage"],
        past_due: "Überfällig",
        dso: "Forderungslaufzeit (DSO)",
        collected: "Eingegangen, netto",
        promises: "Gehaltene Zusagen, nach Betrag",
        days: "{} Tage",
        period: "{} bis {}",
        not_defined: "nicht definiert",
        cut: "Die Bücher sind seit dem {} bekannt: Was von früheren Tagen gesagt wird, ist zu wenig.",
        nothing: "Nichts ist offen, und nichts ging ein.",
        more: "Alle Berichte: ",
        why: "Sie erhalten dies jede Woche, weil die Einstellungen von {} Sie nennen. Eine Administratorin oder ein Administrator ändert das unter notices.reports.",
    },
    WeeklyWords {
        language: "fr",
        subject: "Créances à la fin du {}",
        open: "Ouvert en {}",
        ages: ["Non échu", "1–30 jours", "31–60 jours", "61–90 jours", "Plus de 90 jours"],
        past_due: "En retard",
        dso: "Délai moyen de paiement (DSO)",
        collected: "Encaissé, net",
        promises: "Promesses tenues, en montant",
        days: "{} jours",
        period: "du {} au {}",
        not_defined: "non défini",
        cut: "Les livres sont connus depuis le {} : ce qui est dit des jours précédents est insuffisant.",
        nothing: "Rien n'est ouvert et rien n'a été encaissé.",
        more: "Tous les rapports : ",
        why: "Vous recevez ceci chaque semaine parce que les réglages de {} vous désignent. Un administrateur le change sous notices.reports.",
    },
    WeeklyWords {
        language: "es",
        subject: "Cuentas por cobrar al final del {}",
        open: "Abierto en {}",
        ages: ["No vencido", "1–30 días", "31–60 días", "61–90 días", "Más de 90 días"],
        past_due: "Vencido",
        dso: "Plazo medio de cobro (DSO)",
        collected: "Cobrado, neto",
        promises: "Promesas cumplidas, por importe",
        days: "{} días",
        period: "del {} al {}",
        not_defined: "no definido",
        cut: "Los libros se conocen desde el {}: lo que se dice de días anteriores es demasiado poco.",
        nothing: "No hay nada abierto y no se cobró nada.",
        more: "Todos los informes: ",
        why: "Recibe esto cada semana porque los ajustes de {} le nombran. Un administrador lo cambia en notices.reports.",
    },
    WeeklyWords {
        language: "it",
        subject: "Crediti alla fine del {}",
        open: "Aperto in {}",
        ages: ["Non scaduto", "1–30 giorni", "31–60 giorni", "61–90 giorni", "Oltre 90 giorni"],
        past_due: "Scaduto",
        dso: "Giorni medi di incasso (DSO)",
        collected: "Incassato, netto",
        promises: "Promesse mantenute, per importo",
        days: "{} giorni",
        period: "dal {} al {}",
        not_defined: "non definito",
        cut: "I libri sono noti dal {}: ciò che si dice dei giorni precedenti è troppo poco.",
        nothing: "Nulla è aperto e nulla è stato incassato.",
        more: "Tutti i rapporti: ",
        why: "Lei riceve questo ogni settimana perché le impostazioni di {} La nominano. Un amministratore lo cambia in notices.reports.",
    },
    WeeklyWords {
        language: "ja",
        subject: "{}末の売掛金",
        open: "未回収（{}）",
        ages: ["期日前", "1～30日", "31～60日", "61～90日", "90日超"],
        past_due: "期日超過",
        dso: "売掛金回収日数（DSO）",
        collected: "回収額（純額）",
        promises: "守られた支払約束（金額）",
        days: "{}日",
        period: "{}～{}",
        not_defined: "定義されません",
        cut: "帳簿は{}以降のみ把握されています。それより前の日については少なく示されます。",
        nothing: "未回収も回収もありません。",
        more: "すべてのレポート：",
        why: "{}の設定であなたが指定されているため、毎週お送りしています。変更は管理者がnotices.reportsで行います。",
    },
    WeeklyWords {
        language: "nl",
        subject: "Vorderingen aan het einde van {}",
        open: "Open in {}",
        ages: ["Niet vervallen", "1–30 dagen", "31–60 dagen", "61–90 dagen", "Meer dan 90 dagen"],
        past_due: "Te laat",
        dso: "Gemiddelde incassotermijn (DSO)",
        collected: "Ontvangen, netto",
        promises: "Nagekomen toezeggingen, naar bedrag",
        days: "{} dagen",
        period: "{} tot en met {}",
        not_defined: "niet gedefinieerd",
        cut: "De boeken zijn bekend sinds {}: wat over eerdere dagen wordt gezegd is te weinig.",
        nothing: "Er staat niets open en er is niets ontvangen.",
        more: "Alle rapporten: ",
        why: "U krijgt dit elke week omdat de instellingen van {} u noemen. Een beheerder wijzigt dat onder notices.reports.",
    },
    WeeklyWords {
        language: "pt",
        subject: "Contas a receber no fim de {}",
        open: "Em aberto em {}",
        ages: ["Não vencido", "1–30 dias", "31–60 dias", "61–90 dias", "Mais de 90 dias"],
        past_due: "Vencido",
        dso: "Prazo médio de recebimento (DSO)",
        collected: "Recebido, líquido",
        promises: "Promessas cumpridas, por valor",
        days: "{} dias",
        period: "{} a {}",
        not_defined: "não definido",
        cut: "Os livros são conhecidos desde {}: o que se diz de dias anteriores é insuficiente.",
        nothing: "Nada está em aberto e nada foi recebido.",
        more: "Todos os relatórios: ",
        why: "Você recebe isto todas as semanas porque as configurações de {} o nomeiam. Um administrador muda isso em notices.reports.",
    },
];

impl WeeklyWords {
    /// The words that somebody reads, by their language and the tenant's.
    pub fn of(person: Option<&str>, tenant: Option<&str>) -> &'static Self {
        let at = choose(&CUSTOMER_LANGUAGES, person, tenant).unwrap_or_default();
        WORDS.get(at).unwrap_or(&WORDS[0])
    }
}

/// A text with its places filled in, one after another.
pub(crate) fn filled(text: &str, with: &[&str]) -> String {
    let (mut parts, mut with) = (text.split("{}"), with.iter());
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(with.next().copied().unwrap_or_default());
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_words_with_the_same_places() {
        let places = |words: &WeeklyWords| {
            [words.subject, words.open, words.days, words.period, words.cut, words.why].map(|text| text.matches("{}").count())
        };
        for (language, words) in CUSTOMER_LANGUAGES.iter().zip(&WORDS) {
            assert_eq!((*language, places(words)), (words.language, [1, 1, 1, 2, 1, 1]));
        }
        assert_eq!(WeeklyWords::of(Some("de-AT"), None).language, "de");
        assert_eq!(filled("{} to {}", &["a {}", "b"]), "a {} to b");
    }
}
