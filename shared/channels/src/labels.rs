//! The layout's own words, by language.
//!
//! By hand instead of `fluent`: a language that lacks a text does not compile, where a bundle would find out while a mail is rendered; the few
//! plurals are two fields. A parser and its bundles would go into each sender.

use crate::input::{InvoiceRow, RowKind};

/// What the layout says in one language; `{}` stands for a number, a name, a date or an amount.
#[derive(Debug)]
pub struct MailLabels {
    /// BCP 47 primary language.
    pub language: &'static str,
    /// Between what something is and the thing itself, in plain text; French keeps it apart from the word before.
    pub colon: &'static str,
    pub invoice: &'static str,
    pub due_on: &'static str,
    pub amount: &'static str,
    pub total: &'static str,
    pub late_one: &'static str,
    /// How long past its due date something is.
    pub late: &'static str,
    pub instalment: &'static str,
    pub of: &'static str,
    pub open: &'static str,
    /// What of an item was paid.
    pub paid: &'static str,
    /// What of an item was credited.
    pub credited: &'static str,
    /// The customer's order number.
    pub order: &'static str,
    pub more_one: &'static str,
    pub more: &'static str,
    pub upcoming: &'static str,
    /// Between the last two of a list.
    pub and: &'static str,
    /// What a due item is called, within a sentence.
    pub invoice_name: &'static str,
    pub instalment_name: &'static str,
    pub part_name: &'static str,
    /// One and several.
    pub invoices: [&'static str; 2],
    pub instalments: [&'static str; 2],
    pub items: [&'static str; 2],
    /// Beside the amount at the top.
    pub due: &'static str,
    pub due_today: &'static str,
    pub oldest_due: &'static str,
    pub first_due: &'static str,
    pub promised_for: &'static str,
    pub pay_by: &'static str,
    pub how_to_pay: &'static str,
    pub reference: &'static str,
    /// What the code of a transfer is called where its image is not shown, and what it is for.
    pub code_image: &'static str,
    pub code: &'static str,
    /// That a payment plan was broken.
    pub plan_broken: &'static str,
    /// The same in a text message, whose every character is paid for.
    pub plan_broken_short: &'static str,
    pub view: &'static str,
    pub view_and_pay: &'static str,
    pub sent_by: &'static str,
    pub opt_out: &'static str,
    pub opt_out_link: &'static str,
    /// The way out at the end of a text message: a link, because replies are read only where the sender's number takes them.
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

    /// Whose mail it is. A name that ends in a full stop, as `S.L.` does, ends the sentence.
    pub fn sent_by(&self, name: &str) -> String {
        let form = if name.ends_with('.') { self.sent_by.replace("{}.", "{}") } else { self.sent_by.to_owned() };
        form.replace("{}", name)
    }

    /// How many days past its due date something is; `None` for what is not.
    pub fn late(&self, days: i32) -> Option<String> {
        match days {
            ..=0 => None,
            1 => Some(self.late_one.to_owned()),
            days => Some(self.late.replace("{}", &days.to_string())),
        }
    }

    /// What a due item is called within a sentence: `invoice 1001`, `instalment 2 of 3 of invoice 1001`.
    pub fn name(&self, row: &InvoiceRow) -> String {
        let form = match (row.kind, row.instalment) {
            (RowKind::Charge, _) => "{number}",
            (RowKind::Instalment, Some(_)) => self.instalment_name,
            (RowKind::PlanPart, Some(_)) => self.part_name,
            (RowKind::Invoice | RowKind::Instalment | RowKind::PlanPart, _) => self.invoice_name,
        };
        let (at, of) = row.instalment.unwrap_or_default();
        // The number comes last: it may hold anything.
        form.replace("{at}", &at.to_string()).replace("{of}", &of.to_string()).replace("{number}", &row.number)
    }

    /// Due items as a sentence counts them: `3 invoices`, `2 instalments`, or `5 items` where they are of several kinds.
    pub fn counted<'r>(&self, rows: impl Iterator<Item = &'r InvoiceRow> + Clone, more: usize) -> String {
        let all = |kinds: &[RowKind]| rows.clone().all(|row| kinds.contains(&row.kind));
        let [one, several] = if all(&[RowKind::Invoice]) {
            self.invoices
        } else if all(&[RowKind::Instalment, RowKind::PlanPart]) {
            self.instalments
        } else {
            self.items
        };
        let count = rows.clone().count() + more;
        if count == 1 { one.to_owned() } else { several.replace("{}", &count.to_string()) }
    }

    /// A single due item by its name, several counted.
    pub fn named<'r>(&self, rows: impl Iterator<Item = &'r InvoiceRow> + Clone, more: usize) -> String {
        let mut first = rows.clone();
        match (first.next(), first.next(), more) {
            (Some(only), None, 0) => self.name(only),
            _ => self.counted(rows, more),
        }
    }

    /// Names one after another: `a, b and c`.
    pub fn listed(&self, names: &[String], more: usize) -> String {
        match names {
            _ if more > 0 => format!("{} {}", names.join(", "), self.more(more)),
            [rest @ .., last] if !rest.is_empty() => format!("{} {} {last}", rest.join(", "), self.and),
            _ => names.concat(),
        }
    }
}

const ALL: [MailLabels; 8] = [
    MailLabels {
        language: "en",
        colon: ":",
        invoice: "Invoice",
        due_on: "Due date",
        amount: "Amount due",
        total: "Total",
        late_one: "1 day late",
        late: "{} days late",
        instalment: "instalment",
        of: "of",
        open: "of {} open",
        paid: "{paid} of {amount} paid",
        credited: "{} credited",
        order: "PO {}",
        more_one: "and 1 more, listed in your statement",
        more: "and {} more, listed in your statement",
        upcoming: "Not due yet",
        and: "and",
        invoice_name: "invoice {number}",
        instalment_name: "instalment {at} of {of} of invoice {number}",
        part_name: "instalment {at} of {of} ({number})",
        invoices: ["1 invoice", "{} invoices"],
        instalments: ["1 instalment", "{} instalments"],
        items: ["1 item", "{} items"],
        due: "due {}",
        due_today: "due today",
        oldest_due: "oldest due {}",
        first_due: "first due {}",
        promised_for: "promised for {}",
        pay_by: "Please pay by {}",
        how_to_pay: "How to pay",
        reference: "Reference: {}",
        code_image: "QR code of the transfer",
        code: "Scan this code with your banking app: it fills in account, amount and reference.",
        plan_broken: "The instalment plan for {} has ended, because an instalment did not arrive in time. What is still open of it is due again.",
        plan_broken_short: "The instalment plan for {} has ended: an instalment did not arrive in time.",
        view: "View statement",
        view_and_pay: "View and pay",
        sent_by: "Sent by {}.",
        opt_out: "Would you rather not receive reminders by email?",
        opt_out_link: "Stop these emails",
        sms_link: "Stop texts: {}",
    },
    MailLabels {
        language: "de",
        colon: ":",
        invoice: "Rechnung",
        due_on: "Fällig am",
        amount: "Fälliger Betrag",
        total: "Summe",
        late_one: "1 Tag überfällig",
        late: "{} Tage überfällig",
        instalment: "Rate",
        of: "von",
        open: "von {} offen",
        paid: "{paid} von {amount} bezahlt",
        credited: "{} gutgeschrieben",
        order: "Bestellnr. {}",
        more_one: "und 1 weitere, siehe Kontoübersicht",
        more: "und {} weitere, siehe Kontoübersicht",
        upcoming: "Noch nicht fällig",
        and: "und",
        invoice_name: "Rechnung {number}",
        instalment_name: "Rate {at} von {of} der Rechnung {number}",
        part_name: "Rate {at} von {of} ({number})",
        invoices: ["1 Rechnung", "{} Rechnungen"],
        instalments: ["1 Rate", "{} Raten"],
        items: ["1 Posten", "{} Posten"],
        due: "fällig am {}",
        due_today: "heute fällig",
        oldest_due: "älteste Fälligkeit {}",
        first_due: "erste Fälligkeit {}",
        promised_for: "zugesagt für den {}",
        pay_by: "Bitte zahlen Sie bis zum {}",
        how_to_pay: "So können Sie zahlen",
        reference: "Verwendungszweck: {}",
        code_image: "QR-Code der Überweisung",
        code: "Scannen Sie diesen Code mit Ihrer Banking-App: Er füllt Konto, Betrag und Verwendungszweck aus.",
        plan_broken: "Die Ratenzahlung für {} ist beendet, weil eine Rate nicht rechtzeitig angekommen ist. Was davon noch offen ist, ist wieder fällig.",
        plan_broken_short: "Die Ratenzahlung für {} ist beendet: Eine Rate kam nicht rechtzeitig an.",
        view: "Zur Kontoübersicht",
        view_and_pay: "Ansehen und bezahlen",
        sent_by: "Gesendet von {}.",
        opt_out: "Sie möchten keine Erinnerungen per E-Mail mehr erhalten?",
        opt_out_link: "E-Mails abbestellen",
        sms_link: "Keine SMS mehr: {}",
    },
    MailLabels {
        language: "fr",
        colon: "\u{a0}:",
        invoice: "Facture",
        due_on: "Échéance",
        amount: "Montant dû",
        total: "Total",
        late_one: "1 jour de retard",
        late: "{} jours de retard",
        instalment: "échéance",
        of: "sur",
        open: "sur {} restants",
        paid: "{paid} payés sur {amount}",
        credited: "{} crédités",
        order: "Commande {}",
        more_one: "et 1 autre, à voir dans votre relevé",
        more: "et {} autres, à voir dans votre relevé",
        upcoming: "Pas encore échu",
        and: "et",
        invoice_name: "facture {number}",
        instalment_name: "échéance {at} sur {of} de la facture {number}",
        part_name: "échéance {at} sur {of} ({number})",
        invoices: ["1 facture", "{} factures"],
        instalments: ["1 échéance", "{} échéances"],
        items: ["1 élément", "{} éléments"],
        due: "échéance le {}",
        due_today: "échéance aujourd’hui",
        oldest_due: "la plus ancienne échue le {}",
        first_due: "première échéance le {}",
        promised_for: "promis pour le {}",
        pay_by: "Merci de payer au plus tard le {}",
        how_to_pay: "Comment payer",
        reference: "Référence\u{a0}: {}",
        code_image: "Code QR du virement",
        code: "Scannez ce code avec l’application de votre banque\u{a0}: il remplit le compte, le montant et la référence.",
        plan_broken: "Le paiement échelonné pour {} a pris fin, car une échéance n’est pas arrivée à temps. Ce qui en reste ouvert est de nouveau dû.",
        plan_broken_short: "Le paiement échelonné pour {} a pris fin, car un versement n'est pas arrivé à temps.",
        view: "Voir votre relevé",
        view_and_pay: "Consulter et payer",
        sent_by: "Envoyé par {}.",
        opt_out: "Vous ne souhaitez plus recevoir de rappels par e-mail\u{a0}?",
        opt_out_link: "Ne plus recevoir ces e-mails",
        sms_link: "Ne plus recevoir de SMS : {}",
    },
    MailLabels {
        language: "es",
        colon: ":",
        invoice: "Factura",
        due_on: "Vencimiento",
        amount: "Importe pendiente",
        total: "Total",
        late_one: "1 día de retraso",
        late: "{} días de retraso",
        instalment: "cuota",
        of: "de",
        open: "de {} pendientes",
        paid: "{paid} de {amount} pagados",
        credited: "{} en notas de crédito",
        order: "Pedido {}",
        more_one: "y 1 más, en su extracto",
        more: "y {} más, en su extracto",
        upcoming: "Todavía sin vencer",
        and: "y",
        invoice_name: "factura {number}",
        instalment_name: "cuota {at} de {of} de la factura {number}",
        part_name: "cuota {at} de {of} ({number})",
        invoices: ["1 factura", "{} facturas"],
        instalments: ["1 cuota", "{} cuotas"],
        items: ["1 partida", "{} partidas"],
        due: "vence el {}",
        due_today: "vence hoy",
        oldest_due: "la más antigua venció el {}",
        first_due: "la primera vence el {}",
        promised_for: "comprometido para el {}",
        pay_by: "Pague, por favor, a más tardar el {}",
        how_to_pay: "Cómo pagar",
        reference: "Concepto: {}",
        code_image: "Código QR de la transferencia",
        code: "Escanee este código con la aplicación de su banco: rellena la cuenta, el importe y el concepto.",
        plan_broken: "El plan de pagos para {} ha terminado porque una cuota no llegó a tiempo. Lo que queda pendiente vuelve a ser exigible.",
        plan_broken_short: "El plan de pagos para {} ha terminado: una cuota no ha llegado a tiempo.",
        view: "Ver su extracto",
        view_and_pay: "Ver y pagar",
        sent_by: "Enviado por {}.",
        opt_out: "¿Prefiere no recibir recordatorios por correo electrónico?",
        opt_out_link: "No recibir más estos correos",
        sms_link: "Dejar de recibir SMS: {}",
    },
    MailLabels {
        language: "it",
        colon: ":",
        invoice: "Fattura",
        due_on: "Scadenza",
        amount: "Importo dovuto",
        total: "Totale",
        late_one: "1 giorno di ritardo",
        late: "{} giorni di ritardo",
        instalment: "rata",
        of: "di",
        open: "di {} ancora da pagare",
        paid: "{paid} di {amount} pagati",
        credited: "{} accreditati",
        order: "Ordine {}",
        more_one: "e 1 altra, nel suo estratto conto",
        more: "e altre {}, nel suo estratto conto",
        upcoming: "Non ancora scaduto",
        and: "e",
        invoice_name: "fattura {number}",
        instalment_name: "rata {at} di {of} della fattura {number}",
        part_name: "rata {at} di {of} ({number})",
        invoices: ["1 fattura", "{} fatture"],
        instalments: ["1 rata", "{} rate"],
        items: ["1 voce", "{} voci"],
        due: "scadenza {}",
        due_today: "scade oggi",
        oldest_due: "la più vecchia scaduta in data {}",
        first_due: "la prima scade in data {}",
        promised_for: "promesso per il giorno {}",
        pay_by: "La preghiamo di pagare entro il giorno {}",
        how_to_pay: "Come pagare",
        reference: "Causale: {}",
        code_image: "Codice QR del bonifico",
        code: "Inquadri questo codice con l’app della sua banca: compila conto, importo e causale.",
        plan_broken: "Il piano rateale per {} è terminato, perché una rata non è arrivata in tempo. Quanto ne resta da pagare è di nuovo esigibile.",
        plan_broken_short: "Il piano rateale per {} è terminato: una rata non è arrivata in tempo.",
        view: "Vedi l’estratto conto",
        view_and_pay: "Vedi e paga",
        sent_by: "Inviato da {}.",
        opt_out: "Preferisce non ricevere promemoria via e-mail?",
        opt_out_link: "Non ricevere più queste e-mail",
        sms_link: "Stop SMS: {}",
    },
    MailLabels {
        language: "ja",
        colon: "：",
        invoice: "請求書",
        due_on: "支払期日",
        amount: "お支払額",
        total: "合計",
        late_one: "1日超過",
        late: "{}日超過",
        instalment: "分割払い",
        of: "/",
        open: "未払額{}のうち",
        paid: "{amount}のうち{paid}入金済み",
        credited: "{}クレジット済み",
        order: "注文番号 {}",
        more_one: "ほか1件（残高明細書に記載）",
        more: "ほか{}件（残高明細書に記載）",
        upcoming: "期日前",
        and: "および",
        invoice_name: "請求書 {number}",
        instalment_name: "請求書 {number} の分割払い（{at}/{of}回目）",
        part_name: "分割払い（{number}、{at}/{of}回目）",
        invoices: ["請求書1件", "請求書{}件"],
        instalments: ["分割払い1件", "分割払い{}件"],
        items: ["1件", "{}件"],
        due: "支払期日 {}",
        due_today: "本日が支払期日",
        oldest_due: "最も古い支払期日 {}",
        first_due: "最初の支払期日 {}",
        promised_for: "{}にお約束",
        pay_by: "{}までにお支払いをお願いいたします",
        how_to_pay: "お支払い方法",
        reference: "照会番号：{}",
        code_image: "振込用のQRコード",
        code: "銀行のアプリでこのコードを読み取ると、口座、金額、照会番号が入力されます。",
        plan_broken: "{}の分割払いは、期日までにご入金が確認できない回があったため終了しました。残りの未払額は、改めてお支払いが必要です。",
        plan_broken_short: "{}の分割払いは、期日までにご入金を確認できなかったため終了しました。",
        view: "残高明細書を見る",
        view_and_pay: "確認して支払う",
        sent_by: "{}よりお送りしています。",
        opt_out: "メールでのお支払いのご案内をご希望にならない場合は、停止できます。",
        opt_out_link: "メールを停止する",
        sms_link: "停止 {}",
    },
    MailLabels {
        language: "nl",
        colon: ":",
        invoice: "Factuur",
        due_on: "Vervaldatum",
        amount: "Te betalen",
        total: "Totaal",
        late_one: "1 dag te laat",
        late: "{} dagen te laat",
        instalment: "termijn",
        of: "van",
        open: "van {} open",
        paid: "{paid} van {amount} betaald",
        credited: "{} gecrediteerd",
        order: "Inkooporder {}",
        more_one: "en nog 1, zie uw overzicht",
        more: "en nog {}, zie uw overzicht",
        upcoming: "Nog niet vervallen",
        and: "en",
        invoice_name: "factuur {number}",
        instalment_name: "termijn {at} van {of} van factuur {number}",
        part_name: "termijn {at} van {of} ({number})",
        invoices: ["1 factuur", "{} facturen"],
        instalments: ["1 termijn", "{} termijnen"],
        items: ["1 post", "{} posten"],
        due: "vervaldatum {}",
        due_today: "vandaag te betalen",
        oldest_due: "oudste vervaldatum {}",
        first_due: "eerste vervaldatum {}",
        promised_for: "toegezegd voor {}",
        pay_by: "Betaal alstublieft uiterlijk op {}",
        how_to_pay: "Zo kunt u betalen",
        reference: "Kenmerk: {}",
        code_image: "QR-code van de overschrijving",
        code: "Scan deze code met de app van uw bank: rekening, bedrag en kenmerk worden ingevuld.",
        plan_broken: "De betalingsregeling voor {} is beëindigd, omdat een termijn niet op tijd is ontvangen. Wat daarvan nog openstaat, is weer verschuldigd.",
        plan_broken_short: "De betalingsregeling voor {} is gestopt: een termijn kwam niet op tijd.",
        view: "Bekijk uw overzicht",
        view_and_pay: "Bekijken en betalen",
        sent_by: "Verzonden door {}.",
        opt_out: "Liever geen herinneringen per e-mail?",
        opt_out_link: "Deze e-mails stoppen",
        sms_link: "Geen sms meer: {}",
    },
    MailLabels {
        language: "pt",
        colon: ":",
        invoice: "Fatura",
        due_on: "Vencimento",
        amount: "A pagar",
        total: "Total",
        late_one: "1 dia de atraso",
        late: "{} dias de atraso",
        instalment: "prestação",
        of: "de",
        open: "de {} em aberto",
        paid: "{paid} de {amount} pagos",
        credited: "{} creditados",
        order: "Encomenda {}",
        more_one: "e mais 1, indicado no seu extrato",
        more: "e mais {}, indicados no seu extrato",
        upcoming: "Ainda por vencer",
        and: "e",
        invoice_name: "fatura {number}",
        instalment_name: "prestação {at} de {of} da fatura {number}",
        part_name: "prestação {at} de {of} ({number})",
        invoices: ["1 fatura", "{} faturas"],
        instalments: ["1 prestação", "{} prestações"],
        items: ["1 item", "{} itens"],
        due: "vencimento em {}",
        due_today: "vence hoje",
        oldest_due: "vencimento mais antigo em {}",
        first_due: "primeiro vencimento em {}",
        promised_for: "prometido para {}",
        pay_by: "Pague, por favor, até {}",
        how_to_pay: "Como pagar",
        reference: "Referência: {}",
        code_image: "Código QR da transferência",
        code: "Leia este código com a aplicação do seu banco: preenche a conta, o valor e a referência.",
        plan_broken: "O plano de prestações para {} terminou, porque uma prestação não chegou a tempo. O que ainda está em aberto volta a ter de ser pago.",
        plan_broken_short: "O plano de pagamento para {} terminou: um dos pagamentos falhou o prazo.",
        view: "Ver o seu extrato",
        view_and_pay: "Ver e pagar",
        sent_by: "Enviado por {}.",
        opt_out: "Prefere não receber lembretes por e-mail?",
        opt_out_link: "Deixar de receber estes e-mails",
        sms_link: "Parar SMS: {}",
    },
];

#[cfg(test)]
mod tests {
    use domain::{Currency, Money, language::CUSTOMER_LANGUAGES};
    use jiff::civil::date;

    use super::*;

    fn row(kind: RowKind, number: &str, instalment: Option<(u32, u32)>) -> InvoiceRow {
        let none = Money::from_minor(0, Currency::EUR);
        InvoiceRow {
            kind,
            number: number.to_owned(),
            instalment,
            purchase_order: None,
            total: none,
            amount: none,
            paid: none,
            open: none,
            due_now: none,
            issued_on: date(2026, 1, 5),
            due_on: date(2026, 2, 4),
            days_past_due: 0,
            url: None,
            is_own: true,
            reminded: 0,
        }
    }

    #[test]
    fn every_customer_language_has_its_own_words() {
        for language in CUSTOMER_LANGUAGES {
            assert_eq!(MailLabels::of(language).language, language);
        }
    }

    #[test]
    fn items_are_called_what_they_are() {
        let invoice = row(RowKind::Invoice, "1001", None);
        let part = row(RowKind::Instalment, "{at}", Some((2, 3)));
        let plan = row(RowKind::PlanPart, "Spring plan", Some((1, 4)));
        let fee = row(RowKind::Charge, "Late fee", None);
        for (rows, more, english, german) in [
            (vec![&invoice], 0, "invoice 1001", "Rechnung 1001"),
            (vec![&part], 0, "instalment 2 of 3 of invoice {at}", "Rate 2 von 3 der Rechnung {at}"),
            (vec![&plan], 0, "instalment 1 of 4 (Spring plan)", "Rate 1 von 4 (Spring plan)"),
            (vec![&fee], 0, "Late fee", "Late fee"),
            (vec![&invoice, &invoice], 0, "2 invoices", "2 Rechnungen"),
            (vec![&invoice], 3, "4 invoices", "4 Rechnungen"),
            (vec![&part, &plan], 0, "2 instalments", "2 Raten"),
            (vec![&invoice, &part, &fee], 0, "3 items", "3 Posten"),
        ] {
            let named = |language: &str| MailLabels::of(language).named(rows.iter().copied(), more);
            assert_eq!((named("en").as_str(), named("de").as_str()), (english, german));
        }
        assert_eq!(MailLabels::of("en").counted([&invoice].into_iter(), 0), "1 invoice");
    }

    #[test]
    fn a_name_that_ends_in_a_full_stop_ends_the_sentence() {
        for (language, name, expected) in [
            ("en", "Acme Ltd", "Sent by Acme Ltd."),
            ("es", "Acme S.L.", "Enviado por Acme S.L."),
            ("ja", "Acme Inc.", "Acme Inc.よりお送りしています。"),
        ] {
            assert_eq!(MailLabels::of(language).sent_by(name), expected);
        }
    }

    #[test]
    fn names_are_listed() {
        let names = |count: usize| ["a", "b", "c"].into_iter().take(count).map(str::to_owned).collect::<Vec<_>>();
        for (count, more, expected) in [
            (0, 0, ""),
            (1, 0, "a"),
            (2, 0, "a and b"),
            (3, 0, "a, b and c"),
            (2, 5, "a, b and 5 more, listed in your statement"),
        ] {
            assert_eq!(MailLabels::of("en").listed(&names(count), more), expected);
        }
    }
}
