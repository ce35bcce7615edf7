//! The layout's own words, by language.

/// What the layout says in one language; `{}` stands for a number or a name.
#[derive(Debug)]
pub struct MailLabels {
    /// BCP 47 primary language.
    pub language: &'static str,
    pub invoice: &'static str,
    pub due_on: &'static str,
    pub amount: &'static str,
    pub total: &'static str,
    pub instalment: &'static str,
    pub of: &'static str,
    pub open: &'static str,
    pub more_one: &'static str,
    pub more: &'static str,
    pub upcoming: &'static str,
    pub view: &'static str,
    pub view_and_pay: &'static str,
    pub sent_by: &'static str,
    pub opt_out: &'static str,
    pub opt_out_link: &'static str,
    pub sms_reply: &'static str,
    pub sms_link: &'static str,
}

impl MailLabels {
    /// The words of a language; English where there are none.
    pub fn of(language: &str) -> &'static Self {
        let primary = language.split('-').next().unwrap_or_default();
        ALL.iter().find(|words| words.language.eq_ignore_ascii_case(primary)).unwrap_or(&ALL[0])
    }

    /// `2 of 3`.
    pub fn instalment_of(&self, number: u32, of: u32) -> String {
        format!("{number} {} {of}", self.of)
    }

    /// How many are not listed.
    pub fn more(&self, count: usize) -> String {
        if count == 1 { self.more_one.to_owned() } else { self.more.replace("{}", &count.to_string()) }
    }
}

const ALL: [MailLabels; 6] = [
    MailLabels {
        language: "en",
        invoice: "Invoice",
        due_on: "Due date",
        amount: "Amount due",
        total: "Total",
        instalment: "instalment",
        of: "of",
        open: "of {} open",
        more_one: "and 1 more, listed in your statement",
        more: "and {} more, listed in your statement",
        upcoming: "Coming up",
        view: "View your statement",
        view_and_pay: "View and pay",
        sent_by: "This message was sent on behalf of {}.",
        opt_out: "Would you rather not receive reminders by email?",
        opt_out_link: "Stop these emails",
        sms_reply: "Reply STOP to opt out",
        sms_link: "Stop texts: {}",
    },
    MailLabels {
        language: "de",
        invoice: "Rechnung",
        due_on: "Fällig am",
        amount: "Fälliger Betrag",
        total: "Summe",
        instalment: "Rate",
        of: "von",
        open: "von {} offen",
        more_one: "und 1 weitere, siehe Kontoübersicht",
        more: "und {} weitere, siehe Kontoübersicht",
        upcoming: "Demnächst fällig",
        view: "Zur Kontoübersicht",
        view_and_pay: "Ansehen und bezahlen",
        sent_by: "Diese Nachricht wurde im Auftrag von {} gesendet.",
        opt_out: "Sie möchten keine Erinnerungen per E-Mail mehr erhalten?",
        opt_out_link: "E-Mails abbestellen",
        sms_reply: "Abmelden: Antwort STOP",
        sms_link: "Keine SMS mehr: {}",
    },
    MailLabels {
        language: "fr",
        invoice: "Facture",
        due_on: "Échéance",
        amount: "Montant dû",
        total: "Total",
        instalment: "échéance",
        of: "sur",
        open: "sur {} restants",
        more_one: "et 1 autre, à voir dans votre relevé",
        more: "et {} autres, à voir dans votre relevé",
        upcoming: "À venir",
        view: "Voir votre relevé",
        view_and_pay: "Consulter et payer",
        sent_by: "Ce message vous est envoyé pour le compte de {}.",
        opt_out: "Vous ne souhaitez plus recevoir de rappels par e-mail\u{a0}?",
        opt_out_link: "Ne plus recevoir ces e-mails",
        sms_reply: "Répondez STOP pour ne plus en recevoir",
        sms_link: "Ne plus recevoir de SMS : {}",
    },
    MailLabels {
        language: "es",
        invoice: "Factura",
        due_on: "Vencimiento",
        amount: "Importe pendiente",
        total: "Total",
        instalment: "plazo",
        of: "de",
        open: "de {} por pagar",
        more_one: "y 1 más, en su extracto",
        more: "y {} más, en su extracto",
        upcoming: "Próximamente",
        view: "Ver su extracto",
        view_and_pay: "Ver y pagar",
        sent_by: "Este mensaje se envía en nombre de {}.",
        opt_out: "¿Prefiere no recibir recordatorios por correo electrónico?",
        opt_out_link: "No recibir más estos correos",
        sms_reply: "Responda STOP para no recibir más",
        sms_link: "No recibir más SMS: {}",
    },
    MailLabels {
        language: "it",
        invoice: "Fattura",
        due_on: "Scadenza",
        amount: "Importo dovuto",
        total: "Totale",
        instalment: "rata",
        of: "di",
        open: "di {} ancora aperti",
        more_one: "e 1 altra, nel suo estratto conto",
        more: "e altre {}, nel suo estratto conto",
        upcoming: "In scadenza",
        view: "Vedi l’estratto conto",
        view_and_pay: "Vedi e paga",
        sent_by: "Questo messaggio è inviato per conto di {}.",
        opt_out: "Preferisce non ricevere promemoria via e-mail?",
        opt_out_link: "Non ricevere più queste e-mail",
        sms_reply: "Rispondi STOP per non riceverne più",
        sms_link: "Stop SMS: {}",
    },
    MailLabels {
        language: "nl",
        invoice: "Factuur",
        due_on: "Vervaldatum",
        amount: "Te betalen",
        total: "Totaal",
        instalment: "termijn",
        of: "van",
        open: "van {} open",
        more_one: "en nog 1, zie uw overzicht",
        more: "en nog {}, zie uw overzicht",
        upcoming: "Binnenkort",
        view: "Bekijk uw overzicht",
        view_and_pay: "Bekijken en betalen",
        sent_by: "Dit bericht is verstuurd namens {}.",
        opt_out: "Liever geen herinneringen per e-mail?",
        opt_out_link: "Deze e-mails stoppen",
        sms_reply: "Antwoord STOP om te stoppen",
        sms_link: "Geen sms meer: {}",
    },
];
