//! The words of notices in the languages that people of a tenant are told in. What a task says by itself, its step and why it was raised, stays as the task has it.

use domain::language::{CUSTOMER_LANGUAGES, choose};

/// The words of one language. Each ends where what it tells begins; `{}` is filled in.
pub(crate) struct NoticeLabels {
    /// The language.
    pub(crate) language: &'static str,
    /// A task that is overdue, by a day and by more: the title, and how long.
    pub(crate) overdue: [&'static str; 2],
    /// Whose matter it is.
    pub(crate) customer: &'static str,
    /// What is past due.
    pub(crate) past_due: &'static str,
    /// What is open.
    pub(crate) open: &'static str,
    /// The oldest day on which something fell due.
    pub(crate) oldest: &'static str,
    /// The step that asked.
    pub(crate) step: &'static str,
    /// Why the task was raised, in the task's own words.
    pub(crate) why: &'static str,
    /// Who is to do it.
    pub(crate) whom: &'static str,
    /// By when.
    pub(crate) due: &'static str,
    /// The task.
    pub(crate) task: &'static str,
    /// How many tasks one notice is about.
    pub(crate) tasks: &'static str,
}

/// In the order of [`CUSTOMER_LANGUAGES`].
const LABELS: [NoticeLabels; CUSTOMER_LANGUAGES.len()] = [
    NoticeLabels {
        language: "en",
        overdue: ["Overdue: {title} (1 day late)", "Overdue: {title} ({days} days late)"],
        customer: "Customer: ",
        past_due: "Past due: ",
        open: "Open: ",
        oldest: "Oldest due date: ",
        step: "Step: ",
        why: "Why: ",
        whom: "For: ",
        due: "Due: ",
        task: "Task: ",
        tasks: "{} tasks",
    },
    NoticeLabels {
        language: "de",
        overdue: ["Überfällig: {title} (seit 1 Tag)", "Überfällig: {title} (seit {days} Tagen)"],
        customer: "Kunde: ",
        past_due: "Überfällig: ",
        open: "Offen: ",
        oldest: "Älteste Fälligkeit: ",
        step: "Schritt: ",
        why: "Grund: ",
        whom: "Für: ",
        due: "Zu erledigen bis: ",
        task: "Aufgabe: ",
        tasks: "{} Aufgaben",
    },
    NoticeLabels {
        language: "fr",
        overdue: ["En retard\u{a0}: {title} (1 jour de retard)", "En retard\u{a0}: {title} ({days} jours de retard)"],
        customer: "Client\u{a0}: ",
        past_due: "En retard de paiement\u{a0}: ",
        open: "Encours\u{a0}: ",
        oldest: "Plus ancienne échéance\u{a0}: ",
        step: "Étape\u{a0}: ",
        why: "Motif\u{a0}: ",
        whom: "Pour\u{a0}: ",
        due: "À faire avant le\u{a0}: ",
        task: "Tâche\u{a0}: ",
        tasks: "{} tâches",
    },
    NoticeLabels {
        language: "es",
        overdue: ["Con retraso: {title} (1 día de retraso)", "Con retraso: {title} ({days} días de retraso)"],
        customer: "Cliente: ",
        past_due: "Vencido: ",
        open: "Pendiente: ",
        oldest: "Vencimiento más antiguo: ",
        step: "Paso: ",
        why: "Motivo: ",
        whom: "Para: ",
        due: "Fecha límite: ",
        task: "Tarea: ",
        tasks: "{} tareas",
    },
    NoticeLabels {
        language: "it",
        overdue: ["In ritardo: {title} (1 giorno di ritardo)", "In ritardo: {title} ({days} giorni di ritardo)"],
        customer: "Cliente: ",
        past_due: "Scaduto: ",
        open: "Da pagare in tutto: ",
        oldest: "Scadenza più vecchia: ",
        step: "Passo: ",
        why: "Motivo: ",
        whom: "Per: ",
        due: "Da fare entro: ",
        task: "Attività: ",
        tasks: "{} attività",
    },
    NoticeLabels {
        language: "ja",
        overdue: ["期限超過：{title}（1日超過）", "期限超過：{title}（{days}日超過）"],
        customer: "お客様：",
        past_due: "支払期日超過額：",
        open: "未払い総額：",
        oldest: "最も古い支払期日：",
        step: "ステップ：",
        why: "理由：",
        whom: "担当：",
        due: "対応期限：",
        task: "タスク：",
        tasks: "タスク{}件",
    },
    NoticeLabels {
        language: "nl",
        overdue: ["Te laat: {title} (1 dag te laat)", "Te laat: {title} ({days} dagen te laat)"],
        customer: "Klant: ",
        past_due: "Over de vervaldatum: ",
        open: "Openstaand: ",
        oldest: "Oudste vervaldatum: ",
        step: "Stap: ",
        why: "Reden: ",
        whom: "Voor: ",
        due: "Uiterlijk op: ",
        task: "Taak: ",
        tasks: "{} taken",
    },
    NoticeLabels {
        language: "pt",
        overdue: ["Em atraso: {title} (1 dia de atraso)", "Em atraso: {title} ({days} dias de atraso)"],
        customer: "Cliente: ",
        past_due: "Vencido: ",
        open: "Em aberto: ",
        oldest: "Vencimento mais antigo: ",
        step: "Passo: ",
        why: "Motivo: ",
        whom: "Para: ",
        due: "Prazo: ",
        task: "Tarefa: ",
        tasks: "{} tarefas",
    },
];

impl NoticeLabels {
    /// Those in which somebody reads who said `own`, or nothing, at a tenant of that language; in English where there are none in either.
    pub(crate) fn of(own: Option<&str>, tenant: Option<&str>) -> &'static Self {
        let at = choose(&CUSTOMER_LANGUAGES, own, tenant).unwrap_or_default();
        LABELS.get(at).unwrap_or(&LABELS[0])
    }

    /// The place of the language among [`CUSTOMER_LANGUAGES`].
    pub(crate) fn place(&self) -> usize {
        CUSTOMER_LANGUAGES.iter().position(|language| *language == self.language).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_words_of_its_own_in_its_place() {
        for (at, language) in CUSTOMER_LANGUAGES.into_iter().enumerate() {
            let labels = NoticeLabels::of(Some(language), None);
            assert_eq!((labels.language, labels.place()), (language, at));
            assert!(
                labels.overdue.iter().all(|text| text.contains("{title}")) && labels.overdue[1].contains("{days}"),
                "{language}"
            );
            assert!(labels.tasks.contains("{}"), "{language}");
        }
        for (own, tenant, expected) in
            [(Some("fr"), Some("de"), "fr"), (None, Some("de"), "de"), (None, Some("pl"), "en"), (None, None, "en")]
        {
            assert_eq!(NoticeLabels::of(own, tenant).language, expected, "{own:?} {tenant:?}");
        }
    }
}
