//! What work of each kind is called in the languages that people of a tenant are told in, where Dunlin itself named the task in English. What a person or a
//! workflow called a task keeps its name.

use domain::TaskKind;

/// What a task of a kind is called in the language at a place of `CUSTOMER_LANGUAGES`; `None` where its own title says it: in English, and of what people named.
pub(crate) fn title_of(kind: TaskKind, place: usize) -> Option<&'static str> {
    let behind_english = place.checked_sub(1)?;
    let titles: [&'static str; 7] = match kind {
        TaskKind::Task | TaskKind::Later(_) => return None,
        TaskKind::Notify => [
            "Zur Kenntnis",
            "Pour information",
            "Para su información",
            "Per conoscenza",
            "お知らせ",
            "Ter informatie",
            "Para conhecimento",
        ],
        TaskKind::Escalation => {
            ["Eskalation", "Escalade", "Escalamiento", "Escalation", "エスカレーション", "Escalatie", "Escalamento"]
        }
        TaskKind::CreditHold => [
            "Lieferungen an diesen Kunden stoppen",
            "Suspendre les livraisons à ce client",
            "Suspender los suministros a este cliente",
            "Sospendere le forniture a questo cliente",
            "このお客様への出荷を停止してください",
            "Leveringen aan deze klant stopzetten",
            "Suspender os fornecimentos a este cliente",
        ],
        TaskKind::CreditRelease => [
            "Diesen Kunden wieder beliefern",
            "Reprendre les livraisons à ce client",
            "Reanudar los suministros a este cliente",
            "Riprendere le forniture a questo cliente",
            "このお客様への出荷を再開してください",
            "Leveringen aan deze klant hervatten",
            "Retomar os fornecimentos a este cliente",
        ],
        TaskKind::ChangeTerms => [
            "Strengere Zahlungsbedingungen einrichten",
            "Appliquer des conditions de paiement plus strictes",
            "Aplicar condiciones de pago más estrictas",
            "Applicare condizioni di pagamento più rigide",
            "支払条件を厳しくしてください",
            "Strengere betalingsvoorwaarden instellen",
            "Aplicar condições de pagamento mais restritas",
        ],
        TaskKind::RestoreTerms => [
            "Übliche Zahlungsbedingungen wieder einrichten",
            "Rétablir les conditions de paiement habituelles",
            "Restablecer las condiciones de pago habituales",
            "Ripristinare le condizioni di pagamento abituali",
            "通常の支払条件に戻してください",
            "Gebruikelijke betalingsvoorwaarden herstellen",
            "Repor as condições de pagamento habituais",
        ],
        TaskKind::HandOff => [
            "An ein Inkassobüro übergeben",
            "Confier le dossier à une agence de recouvrement",
            "Traspasar el caso a una agencia de cobro",
            "Affidare la pratica a un’agenzia di recupero crediti",
            "回収代行会社へ引き渡してください",
            "Overdragen aan een incassobureau",
            "Entregar o caso a uma agência de cobrança",
        ],
        TaskKind::Fee => [
            "Mahngebühr bestätigen",
            "Confirmer les frais de retard",
            "Confirmar el recargo por demora",
            "Confermare gli oneri di ritardo",
            "遅延手数料を確認してください",
            "Kosten voor te late betaling bevestigen",
            "Confirmar os encargos de atraso",
        ],
        TaskKind::Approval => [
            "Ein Schritt wartet auf Freigabe",
            "Une étape attend une validation",
            "Un paso espera aprobación",
            "Un passo attende approvazione",
            "ステップが承認を待っています",
            "Een stap wacht op goedkeuring",
            "Um passo aguarda aprovação",
        ],
        TaskKind::Proposal => [
            "Ein Vorschlag wartet auf eine Entscheidung",
            "Une proposition attend une décision",
            "Una propuesta espera una decisión",
            "Una proposta attende una decisione",
            "提案が判断を待っています",
            "Een voorstel wacht op een beslissing",
            "Uma proposta aguarda decisão",
        ],
        TaskKind::Dispute => [
            "Ein Kunde reklamiert eine Rechnung",
            "Un client conteste une facture",
            "Un cliente reclama una factura",
            "Un cliente contesta una fattura",
            "お客様が請求内容に異議を申し立てています",
            "Een klant betwist een factuur",
            "Um cliente contesta uma fatura",
        ],
        TaskKind::CustomerAsked => [
            "Ein Kunde hat sich gemeldet",
            "Un client a écrit",
            "Un cliente ha escrito",
            "Un cliente ha scritto",
            "お客様から連絡がありました",
            "Een klant heeft gereageerd",
            "Um cliente escreveu",
        ],
        TaskKind::MessageUnsent => [
            "Eine Nachricht wurde nicht gesendet",
            "Un message n’a pas été envoyé",
            "Un mensaje no se envió",
            "Un messaggio non è stato inviato",
            "メッセージが送信されませんでした",
            "Een bericht is niet verzonden",
            "Uma mensagem não foi enviada",
        ],
        TaskKind::EnterPayment => [
            "Eine Zahlung in die Buchhaltung eintragen",
            "Saisir un paiement en comptabilité",
            "Registrar un pago en la contabilidad",
            "Registrare un pagamento in contabilità",
            "入金を会計に記帳してください",
            "Een betaling in de boekhouding invoeren",
            "Registar um pagamento na contabilidade",
        ],
        TaskKind::Unreachable => [
            "Ein Schritt erreicht niemanden",
            "Une étape n’atteint personne",
            "Un paso no llega a nadie",
            "Un passo non raggiunge nessuno",
            "連絡できる相手がいません",
            "Een stap bereikt niemand",
            "Um passo não chega a ninguém",
        ],
        TaskKind::PlanEnded => [
            "Der Ablauf ist zu Ende, und es ist noch etwas offen",
            "Le plan de relance est terminé et un solde reste dû",
            "El plan ha terminado y queda saldo pendiente",
            "Il piano è terminato e resta un saldo da pagare",
            "督促の計画が終わりましたが、未払いが残っています",
            "Het plan is afgelopen en er staat nog iets open",
            "O plano terminou e há ainda valores em aberto",
        ],
        TaskKind::MoneyInFlight => [
            "Zahlungen übersteigen den Rechnungsbetrag",
            "Des paiements dépassent le montant de la facture",
            "Los pagos superan el importe de la factura",
            "I pagamenti superano l’importo della fattura",
            "入金額が請求額を上回っています",
            "Betalingen overschrijden het factuurbedrag",
            "Os pagamentos excedem o valor da fatura",
        ],
        TaskKind::Overpaid => [
            "Eine Rechnung wurde überzahlt",
            "Une facture a été trop payée",
            "Se ha pagado de más una factura",
            "Una fattura è stata pagata in eccesso",
            "請求書が過払いになっています",
            "Een factuur is te veel betaald",
            "Uma fatura foi paga em excesso",
        ],
        TaskKind::SeenTwice => [
            "Eine Zahlung ist womöglich zweimal erfasst",
            "Un paiement est peut-être enregistré deux fois",
            "Es posible que un pago esté registrado dos veces",
            "Un pagamento è forse registrato due volte",
            "入金が二重に記録されている可能性があります",
            "Een betaling is mogelijk dubbel geboekt",
            "Um pagamento pode estar registado duas vezes",
        ],
        TaskKind::OtherCurrency => [
            "Eine Zahlung hat eine andere Währung als ihre Rechnung",
            "Un paiement est dans une autre devise que sa facture",
            "Un pago está en otra moneda que su factura",
            "Un pagamento è in una valuta diversa dalla fattura",
            "入金と請求書の通貨が異なります",
            "Een betaling heeft een andere valuta dan de factuur",
            "Um pagamento está numa moeda diferente da fatura",
        ],
        TaskKind::LegalEntity => [
            "Eine Gesellschaft ist nicht bekannt",
            "Une entité juridique est inconnue",
            "Una entidad jurídica no se conoce",
            "Una società non è nota",
            "法人が登録されていません",
            "Een rechtspersoon is niet bekend",
            "Uma entidade jurídica não é conhecida",
        ],
        TaskKind::InDoubt => [
            "Es ist nicht bekannt, ob eine Nachricht gesendet wurde",
            "On ignore si un message est parti",
            "No se sabe si un mensaje salió",
            "Non si sa se un messaggio è partito",
            "メッセージが送信されたか不明です",
            "Het is niet bekend of een bericht is verzonden",
            "Não se sabe se uma mensagem foi enviada",
        ],
        TaskKind::NeedsReview => [
            "Eine Nachricht muss geprüft werden",
            "Un message doit être vérifié",
            "Hay que revisar un mensaje",
            "Un messaggio va verificato",
            "メッセージの確認が必要です",
            "Een bericht moet worden nagekeken",
            "Uma mensagem precisa de ser verificada",
        ],
        TaskKind::Document => [
            "Ein Dokument konnte nicht verarbeitet werden",
            "Un document n’a pas pu être traité",
            "No se pudo procesar un documento",
            "Un documento non ha potuto essere elaborato",
            "書類を処理できませんでした",
            "Een document kon niet worden verwerkt",
            "Um documento não pôde ser processado",
        ],
        TaskKind::Failing => [
            "Etwas schlägt immer wieder fehl",
            "Quelque chose échoue à répétition",
            "Algo falla repetidamente",
            "Qualcosa continua a non riuscire",
            "処理が繰り返し失敗しています",
            "Iets mislukt telkens opnieuw",
            "Algo falha repetidamente",
        ],
        TaskKind::Breaker => [
            "Der Schutzschalter hat ausgelöst",
            "Le disjoncteur s’est déclenché",
            "Se ha activado el cortacircuitos",
            "È scattato l’interruttore di sicurezza",
            "安全装置が作動しました",
            "De noodstop is geactiveerd",
            "O disjuntor de segurança disparou",
        ],
        TaskKind::TakenBack => [
            "Eine Zahlung wurde zurückgenommen",
            "Un paiement a été repris",
            "Se ha devuelto un pago",
            "Un pagamento è stato stornato",
            "入金が取り消されました",
            "Een betaling is teruggedraaid",
            "Um pagamento foi revertido",
        ],
        TaskKind::PlanBroken => [
            "Eine Ratenzahlung wurde nicht eingehalten",
            "Un échéancier n’a pas été respecté",
            "No se ha cumplido un plan de pagos",
            "Un piano di pagamento non è stato rispettato",
            "分割払いの約束が守られませんでした",
            "Een betalingsregeling is niet nagekomen",
            "Um plano de pagamento não foi cumprido",
        ],
        TaskKind::DeadLetter => [
            "Etwas konnte nicht zugestellt werden",
            "Quelque chose n’a pas pu être transmis",
            "Algo no se pudo entregar",
            "Qualcosa non ha potuto essere consegnato",
            "処理できなかったものがあります",
            "Iets kon niet worden afgeleverd",
            "Algo não pôde ser entregue",
        ],
        TaskKind::Connection => [
            "Eine Verbindung ist gestört",
            "Une connexion est interrompue",
            "Hay un problema con una conexión",
            "C’è un problema con un collegamento",
            "接続に問題があります",
            "Er is een storing in een verbinding",
            "Há um problema com uma ligação",
        ],
        TaskKind::Books => [
            "Buchhaltung und Bestand weichen voneinander ab",
            "La comptabilité et les données lues diffèrent",
            "La contabilidad y los datos leídos difieren",
            "La contabilità e i dati letti non coincidono",
            "会計と読み取ったデータが一致しません",
            "De boekhouding en de gelezen gegevens verschillen",
            "A contabilidade e os dados lidos não coincidem",
        ],
        TaskKind::AnswerUnmatched => [
            "Eine Antwort ist niemandem zugeordnet",
            "Une réponse n’est attribuée à personne",
            "Una respuesta no está asignada a nadie",
            "Una risposta non è attribuita a nessuno",
            "返信の送り主を特定できません",
            "Een antwoord hoort bij niemand",
            "Uma resposta não está atribuída a ninguém",
        ],
        TaskKind::Records => [
            "Aufzeichnungen sind nicht, wie sie geschrieben wurden",
            "Des enregistrements ne sont plus tels qu’écrits",
            "Hay registros que no están como se escribieron",
            "Alcune registrazioni non sono come furono scritte",
            "記録が書き込み時と異なります",
            "Gegevens zijn niet zoals ze zijn geschreven",
            "Há registos que não estão como foram escritos",
        ],
        TaskKind::Unconfirmed => [
            "Niemand hat gesagt, ob es ausgeführt wurde",
            "Personne n’a dit si cela a été fait",
            "Nadie ha dicho si se hizo",
            "Nessuno ha detto se è stato fatto",
            "実行されたかどうか報告がありません",
            "Niemand heeft gezegd of het is gedaan",
            "Ninguém disse se foi feito",
        ],
    };
    titles.get(behind_english).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{language::CUSTOMER_LANGUAGES, word::Word};

    use super::*;

    #[test]
    fn each_kind_is_called_something_of_its_own_in_each_language_but_english() {
        for place in 1..CUSTOMER_LANGUAGES.len() {
            let kinds = TaskKind::WORDS.iter().filter_map(|word| TaskKind::read(word)).filter(|kind| *kind != TaskKind::Task);
            let titles: Vec<&str> = kinds.map(|kind| title_of(kind, place).unwrap_or_else(|| panic!("{kind}"))).collect();
            assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), titles.len(), "{titles:?}");
        }
        assert_eq!(
            (title_of(TaskKind::Breaker, 0), title_of(TaskKind::Task, 1), title_of(TaskKind::Breaker, 8)),
            (None, None, None)
        );
    }
}
