//! What comes out: escaping, the layout, both texts, SMS.

use channels::{AccountInMail, Brand, InvoiceRow, Links, RenderError, RenderInput, Rendered, RowKind, Template, builtin, render};
use domain::{BankAccount, Channel, Currency, Money};
use jiff::civil::date;
use proptest::prelude::*;

fn brand() -> Brand {
    Brand::named("Northwind")
}

fn row(at: usize) -> InvoiceRow {
    let euros = |minor| Money::from_minor(minor, Currency::EUR);
    InvoiceRow {
        kind: RowKind::Invoice,
        number: format!("N-{at}"),
        instalment: None,
        purchase_order: None,
        total: euros(125_000),
        amount: euros(125_000),
        paid: euros(0),
        open: euros(125_000),
        due_now: euros(125_000),
        issued_on: date(2026, 1, 5),
        due_on: date(2026, 2, 4),
        days_past_due: 9,
        url: None,
        is_own: true,
        reminded: 2,
    }
}

fn input(count: usize) -> RenderInput {
    RenderInput {
        language: "en".into(),
        country: Some("US".into()),
        customer_name: "Acme".into(),
        contact_name: "Anna".into(),
        case_id: "case_1".into(),
        invoices: (1..=count).map(row).collect(),
        more: 0,
        covered_due_now: Money::from_minor(125_000 * i64::try_from(count).expect("few"), Currency::EUR),
        upcoming: Vec::new(),
        exposure_total: Money::from_minor(125_000, Currency::EUR),
        exposure_overdue: Money::from_minor(125_000, Currency::EUR),
        pay_by: None,
        payment_details: None,
        bank: None,
        promised_on: None,
        has_code: false,
        several_currencies: false,
        broken_plans: vec![],
        carried: Vec::new(),
        links: Links { portal: "https://p.example/p/t".into(), opt_out: "https://p.example/p/t/stop".into(), pay: None },
    }
}

fn template(channel: Channel, subject: &str, body: &str) -> Template {
    let subject = (channel == Channel::Email).then(|| subject.to_owned());
    Template { id: "t".into(), language: "en".into(), channel, subject, body: body.into(), version: 1 }
}

fn mail(body: &str, input: &RenderInput) -> Rendered {
    render(&template(Channel::Email, "About {{ customer.name }}", body), input, &brand()).expect(body)
}

/// The HTML without its head, whose styles are ours.
fn body_of(rendered: &Rendered) -> String {
    let html = rendered.html.clone().expect("an email");
    html[html.find("<body").expect("a body")..].to_owned()
}

#[test]
fn a_date_to_pay_by_is_written_for_the_country() {
    let body = "{% if pay_by %}Please pay by {{ pay_by | date }}.{% else %}Please pay.{% endif %}";
    for (country, pay_by, expected) in [
        (Some("US"), Some(date(2026, 2, 23)), "Please pay by February 23, 2026."),
        (Some("GB"), Some(date(2026, 2, 23)), "Please pay by 23 February 2026."),
        (None, Some(date(2026, 2, 23)), "Please pay by February 23, 2026."),
        (Some("US"), None, "Please pay."),
    ] {
        let mut input = input(1);
        input.country = country.map(str::to_owned);
        input.pay_by = pay_by;
        let text = mail(body, &input).text;
        assert!(text.contains(expected), "{country:?} {pay_by:?}: {text}");
    }
}

#[test]
fn a_template_names_the_account_and_the_invoices() {
    let body = "{% if bank.iban %}To {{ bank.holder }}, {{ bank.iban }}, {{ bank.bic }}{{ bank.account }}, as {{ bank.reference }}.{% else %}No account.{% endif %}";
    let account = BankAccount {
        holder: "Northwind Ltd".into(),
        iban: Some("DE89370400440532013000".into()),
        bic: Some("COBADEFFXXX".into()),
        ..BankAccount::default()
    };
    for (count, account, expected) in [
        (1, Some(&account), "To Northwind Ltd, DE89 3704 0044 0532 0130 00, COBADEFFXXX, as N-1."),
        (2, Some(&account), "To Northwind Ltd, DE89 3704 0044 0532 0130 00, COBADEFFXXX, as N-1, N-2."),
        // More than a transfer carries.
        (40, Some(&account), "To Northwind Ltd, DE89 3704 0044 0532 0130 00, COBADEFFXXX, as ."),
        (1, None, "No account."),
    ] {
        let mut input = input(count);
        input.bank = account.map(AccountInMail::of);
        let text = mail(body, &input).text;
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn the_code_of_a_transfer_stands_with_the_account() {
    let mut input = input(1);
    input.payment_details = Some("Northwind Ltd\nIBAN DE89 3704 0044 0532 0130 00".into());
    let image = "<img src=\"cid:transfer-code\"";
    assert!(!body_of(&mail("Please pay.", &input)).contains(image));
    input.has_code = true;
    let rendered = mail("Please pay.", &input);
    let html = body_of(&rendered);
    let (account, code) = (html.find("0130 00").expect("the account"), html.find(image).expect("the code"));
    assert!(account < code && html.contains("alt=\"QR code of the transfer\"") && html.contains("Scan this code"), "{html}");
    assert!(!html.contains("<img src=\"http") && !rendered.text.contains("Scan"), "{html}");
}

#[test]
fn a_mail_tells_of_a_plan_that_was_broken_wherever_its_table_stands() {
    for body in ["Please pay.", "{{ table }}\n\nPlease pay.", "{% for invoice in invoices %}{{ invoice.number }}{% endfor %}"] {
        let mut input = input(2);
        assert!(!mail(body, &input).text.contains("instalment plan"), "{body}");
        input.broken_plans = vec!["1001, <b>1002</b>".into()];
        let rendered = mail(body, &input);
        let html = body_of(&rendered);
        let (told, because) = ("The instalment plan for 1001, ", " has ended, because an instalment did not arrive in time.");
        assert!(html.contains(&format!("{told}&lt;b&gt;1002&lt;/b&gt;{because}")), "{body}: {html}");
        assert!(rendered.text.contains(&format!("{told}<b>1002</b>{because}")), "{body}: {}", rendered.text);
    }
}

#[test]
fn a_text_message_tells_of_a_plan_that_was_broken_where_there_is_room() {
    let told = "The instalment plan for 1001 has ended";
    for (body, names, is_told) in [
        ("{{ tenant.name }}: please pay.".to_owned(), vec![], false),
        ("{{ tenant.name }}: please pay.".to_owned(), vec!["1001".to_owned()], true),
        // Without it the message fills six segments.
        ("x".repeat(6 * 153 - 60), vec!["1001".to_owned()], false),
    ] {
        let mut input = input(1);
        input.broken_plans = names;
        let text = render(&template(Channel::Sms, "", &body), &input, &brand()).expect("it leaves").text;
        assert_eq!(text.contains(told), is_told, "{text}");
        assert!(text.contains("/p/t/stop"), "{text}");
    }
}

#[test]
fn names_are_shown_as_they_are() {
    for (name, in_html, in_text) in [
        ("<b>A</b>", "&lt;b&gt;A&lt;/b&gt;", "<b>A</b>"),
        ("**A** _b_ `c`", "**A** _b_ `c`", "**A** _b_ `c`"),
        ("[x](http://evil.example)", "[x](http[:]//evil[.]example)", "[x](http[:]//evil[.]example)"),
        ("<http://evil.example>", "&lt;http[:]//evil[.]example&gt;", "<http[:]//evil[.]example>"),
        ("{{ links.portal }}{% if %}", "{{ links.portal }}{% if %}", "{{ links.portal }}{% if %}"),
        ("A\r\nBcc: x@y.example", "A Bcc: x[@]y[.]example", "A Bcc: x[@]y[.]example"),
        ("a\u{202e}b\u{200b}c", "abc", "abc"),
        ("&amp; &#60;", "&amp;amp; &amp;#60;", "&amp; &#60;"),
        ("# A", "# A", "# A"),
        ("@@body@@", "@@body@@", "@@body@@"),
        ("\u{f0000}\u{f0001}x", "x", "x"),
    ] {
        let mut input = input(1);
        input.customer_name = name.into();
        let rendered =
            mail("{{ customer.name }}\n\nDear **{{ customer.name }}**, [see {{ customer.name }}]({{ links.portal }})", &input);
        let html = body_of(&rendered);
        assert!(html.contains(&format!(">{in_html}</p>")), "{name}: {html}");
        assert!(html.contains(&format!("<strong>{in_html}</strong>")), "{name}");
        assert!(!html.contains("href=\"http://evil"), "{name}");
        assert!(
            rendered.text.starts_with(&format!("{in_text}\n\nDear {in_text}, see {in_text} (https://p.example/p/t)")),
            "{name}"
        );
        assert_eq!(rendered.subject, Some(format!("About {in_text}")));
    }
}

#[test]
fn prose_as_html_and_as_text() {
    for (body, in_html, in_text) in [
        ("a **b** *c*", "a <strong>b</strong> <em>c</em></p>", "a b c\n"),
        ("a\nb", "a<br>b</p>", "a\nb\n"),
        ("a\n\n    b", "b</p>", "a\n\nb\n"),
        ("- a\n- b", "<li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ("3. a\n4. b", "<li value=\"3\">a</li><li value=\"4\">b</li></ol>", "3. a\n4. b\n"),
        ("# a", "<strong>a</strong></p>", "a\n"),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;</p>", "<script>x</script>\n"),
        ("a <img src=x> b", "a &lt;img src=x&gt; b</p>", "a <img src=x> b\n"),
        ("[a](javascript:alert(1))", ">a</p>", "a\n"),
        ("[a](https://x.example)", "<a href=\"https://x.example\"", "a (https://x.example)\n"),
        ("[a](mailto:a@x.example)", "<a href=\"mailto:a@x.example\"", "a (mailto:a@x.example)\n"),
        ("{{ links.portal }}", ">https://p.example/p/t</a></p>", "https://p.example/p/t\n"),
        ("> a", ">a</p>", "a\n"),
    ] {
        let rendered = mail(body, &input(1));
        let html = body_of(&rendered);
        assert!(html.contains(in_html), "{body}: {html}");
        assert!(rendered.text.starts_with(in_text), "{body}: {}", rendered.text);
    }
}

#[test]
fn the_layout_lists_what_the_template_does_not() {
    let listed = mail("{% for i in invoices %}- {{ i.number }}\n{% endfor %}", &input(2));
    assert!(!listed.text.contains("Due date") && !body_of(&listed).contains("Due date"));
    let rendered = mail("Hello", &input(2));
    for part in ["N-1", "N-2", "February 4, 2026", "€1,250.00", "€2,500.00", "Stop these emails"] {
        assert!(rendered.text.contains(part) && body_of(&rendered).contains(part), "{part}");
    }
    assert!(rendered.html.expect("an email").contains("lang=\"en\""));
    let mut many = input(60);
    many.more = 1_940;
    let rendered = mail("{{ invoices | length }} in all", &many);
    assert!(rendered.text.starts_with("2000 in all"));
    assert!(rendered.text.contains("N-50 ") && !rendered.text.contains("N-51"));
    assert!(rendered.text.contains("and 1950 more") && body_of(&rendered).contains("and 1950 more"));
}

#[test]
fn layout_words_follow_the_template() {
    for (language, expected) in [
        ("de", "E-Mails abbestellen"),
        ("fr", "Ne plus recevoir"),
        ("es", "No recibir"),
        ("it", "Non ricevere"),
        ("ja", "メールを停止する"),
        ("nl", "stoppen"),
        ("pt-br", "Deixar de receber"),
        ("pl", "Stop these"),
    ] {
        let template = Template { language: language.into(), ..template(Channel::Email, "S", "x") };
        let rendered = render(&template, &input(1), &brand()).expect(language);
        assert!(rendered.text.contains(expected), "{language}");
    }
}

#[test]
fn sms_ends_with_the_way_out() {
    let hello = template(Channel::Sms, "", "Hello {{ customer.name }}: {{ invoices[0].due_now | money }}");
    let sms = |template: &Template, brand: &Brand| render(template, &input(1), brand).map(|rendered| rendered.text);
    assert_eq!(sms(&hello, &brand()), Ok("Hello Acme: €1,250.00\nStop texts: https://p.example/p/t/stop".into()));
    let own = template(Channel::Sms, "", "Stop: {{ links.opt_out }}");
    assert_eq!(sms(&own, &brand()), Ok("Stop: https://p.example/p/t/stop".into()));
    let long = template(Channel::Sms, "", &"x".repeat(918));
    assert_eq!(sms(&long, &brand()), Err(RenderError::TooLong { segments: 7, segments_max: 6 }));
    // As many as the tenant pays for, and twice that outside of the alphabet, where each holds less than half.
    for (letter, letters, segments_max, expected) in [
        ("x", 260, 2, Ok(())),
        ("x", 420, 2, Err(RenderError::TooLong { segments: 3, segments_max: 2 })),
        ("x", 420, 3, Ok(())),
        ("ш", 200, 2, Ok(())),
        ("ш", 300, 2, Err(RenderError::TooLong { segments: 6, segments_max: 4 })),
        ("x", 918, 9, Err(RenderError::TooLong { segments: 7, segments_max: 6 })),
    ] {
        let own = Brand { segments_max: Some(segments_max), ..brand() };
        let said = sms(&template(Channel::Sms, "", &letter.repeat(letters)), &own).map(|_| ());
        assert_eq!(said, expected, "{letters} of {letter}, {segments_max}");
    }
}

#[test]
fn links_that_lead_nowhere_stop_the_message() {
    let mut input = input(1);
    input.links.opt_out = "javascript:x".into();
    let result = render(&template(Channel::Email, "S", "x"), &input, &brand());
    assert_eq!(result, Err(RenderError::Link { name: "links.opt_out" }));
}

#[test]
fn a_mail_is_signed_once_where_it_says_so_or_at_its_end() {
    let own = Brand { signature: Some("Anna Weber\nAccounts receivable".to_owned()), ..brand() };
    let signed = |body: &str, brand: &Brand| render(&template(Channel::Email, "S", body), &input(1), brand).expect("renders");
    for (body, brand, text, html) in [
        (
            "Hello\n\nKind regards\n{{ signature }}",
            &own,
            "Kind regards\nAnna Weber\nAccounts receivable",
            "Kind regards<br>Anna Weber<br>Accounts receivable</p>",
        ),
        ("Hello\n\nKind regards\n{{ signature }}", &brand(), "Kind regards\nNorthwind", "Kind regards<br>Northwind</p>"),
        (
            "Hello\n\nKind regards\n{{ tenant.name }}",
            &own,
            "\n\nAnna Weber\nAccounts receivable",
            "Anna Weber<br>Accounts receivable</p>",
        ),
    ] {
        let rendered = signed(body, brand);
        let in_html = rendered.html.as_deref().expect("an email");
        assert!(rendered.text.contains(text), "{}", rendered.text);
        assert!(in_html.contains(html), "{in_html}");
        assert!(rendered.text.matches("Anna Weber").count() <= 1, "signed once: {}", rendered.text);
    }
    assert!(!signed("Hello", &brand()).text.contains("Northwind\n\nView"), "without a signature of its own nothing is added");
    // Neither a subject nor a text message is signed.
    let subject = template(Channel::Email, "S {{ signature }}", "Hello");
    let text_message = template(Channel::Sms, "", "Hello {{ signature }}");
    for (template, pointer) in [(subject, "/subject"), (text_message, "/body")] {
        let error = render(&template, &input(1), &own).expect_err("it has no place there");
        assert_eq!(
            (error.pointer(), error.to_string().contains("'signature' has a place in the body of an email only")),
            (pointer, true)
        );
    }
}

#[test]
fn the_tenant_shows_itself() {
    let own = Brand { colour: Some("#0b5d4a".to_owned()), particulars: Some("Northwind Ltd <1>\nHull".to_owned()), ..brand() };
    let rendered = render(&template(Channel::Email, "S", "Hello"), &input(1), &own).expect("renders");
    let html = rendered.html.expect("an email");
    assert!(html.contains("bgcolor=\"#0b5d4a\""), "{html}");
    assert!(
        html.contains("Northwind Ltd &lt;1&gt;<br>Hull")
            && rendered.text.contains("Sent by Northwind.\nNorthwind Ltd <1>\nHull\n")
    );
    let plain = mail("Hello", &input(1)).html.expect("an email");
    assert!(plain.contains("bgcolor=\"#1a56b0\""), "{plain}");
}

#[test]
fn names_that_are_too_many_for_a_sentence_are_counted_and_none_is_cut() {
    let mut many = input(30);
    many.invoices[29].is_own = false;
    let text = mail("Of {{ covered.own_names }}.", &many).text;
    let sentence = text.lines().next().unwrap_or_default();
    assert!(
        sentence.starts_with("Of invoice N-1, invoice N-2, ") && sentence.ends_with(" more, listed in your statement."),
        "{text}"
    );
    let named = sentence.matches("invoice N-").count();
    assert!(named > 5 && sentence.contains(&format!(" and {} more", 29 - named)), "{text}");
}

#[test]
fn who_is_reminded_of_a_promise_is_not_called_late() {
    let mut one = input(1);
    assert!(mail("Hello", &one).text.contains("9 days late"));
    one.promised_on = Some(date(2026, 2, 20));
    let promised = mail("Hello", &one);
    assert!(!promised.text.contains("late") && !body_of(&promised).contains("days late"), "{}", promised.text);
}

#[test]
fn what_was_credited_is_said_where_it_is_known() {
    let euros = |minor| Money::from_minor(minor, Currency::EUR);
    let mut one = input(1);
    (one.invoices[0].open, one.invoices[0].due_now) = (euros(100_000), euros(100_000));
    assert!(mail("Hello", &one).text.contains("€250.00 credited"));
    // Part of it may have been paid.
    (one.invoices[0].kind, one.invoices[0].instalment) = (RowKind::Instalment, Some((1, 3)));
    assert!(!mail("Hello", &one).text.contains("credited"));
}

#[test]
fn a_mail_names_what_it_carries_and_nothing_else() {
    let carrying = RenderInput { carried: vec!["statement.pdf".to_owned(), "invoice-1-copy.pdf".to_owned()], ..input(1) };
    let said = "Attached: statement.pdf, invoice-1-copy.pdf";
    let rendered = mail("Hello", &carrying);
    assert!(rendered.text.contains(said) && rendered.html.expect("an email").contains(said), "{}", rendered.text);
    let none = mail("Hello", &input(1));
    assert!(!none.text.contains("Attached") && !none.html.expect("an email").contains("Attached"));
}

#[test]
fn the_hash_tells_texts_apart() {
    let (one, same, other) = (mail("a", &input(1)), mail("a", &input(1)), mail("b", &input(1)));
    assert_eq!(one, same);
    assert_ne!(one.sha256, other.sha256);
    assert_eq!(one.sha256.len(), 64);
}

proptest! {
    #[test]
    fn no_name_breaks_a_mail(name in any::<String>(), contact in "[<>&\"'\\[\\]()*_`{}%#@\\\\ \\n\u{202e}a-c]{0,40}") {
        let mut hostile = input(2);
        hostile.customer_name.clone_from(&name);
        hostile.contact_name = contact;
        hostile.invoices[0].number = name.clone();
        let tenant = Brand { name, ..Brand::default() };
        let plain_mail = template(Channel::Email, "{{ customer.name }} x", "{{ customer.name }} {{ contact.name }} x");
        let rendered = render(&plain_mail, &hostile, &tenant).expect("renders");
        let calm = Brand::named("n");
        let expected = render(&plain_mail, &input(2), &calm).expect("renders");
        // Names add no tag: there are as many as with tame ones.
        let tags = |rendered: &Rendered| body_of(rendered).matches('<').count();
        prop_assert_eq!(tags(&rendered), tags(&expected));
        let breaks = ['\n', '\r', '\u{2028}', '\u{2029}'];
        prop_assert!(!rendered.subject.expect("an email").contains(breaks));
    }

    #[test]
    fn every_built_in_renders_everywhere(
        language in prop::sample::select(vec!["en", "de", "fr", "es", "it", "nl", "pl", "pt-br", ""]),
        country in prop::option::of(prop::sample::select(vec!["US", "GB", "IE", "AU", "CA", "DE", "AT", "CH", "FR", "ES", "IT", "NL", "JP", ""])),
        code in prop::sample::select(vec!["EUR", "USD", "JPY", "KWD", "SEK"]),
        minor in any::<i64>(),
        count in 1_usize..60,
        details in prop::option::of(any::<String>()),
    ) {
        let money = Money::from_minor(minor, Currency::parse(code).expect("known"));
        let mut input = input(count);
        input.language = language.into();
        input.country = country.map(str::to_owned);
        input.exposure_total = money;
        input.exposure_overdue = money;
        input.invoices.iter_mut().for_each(|row| row.due_now = money);
        input.payment_details = details;
        input.several_currencies = count % 2 == 0;
        for template in builtin::templates() {
            prop_assert!(render(&template, &input, &brand()).is_ok(), "{} {}", template.id, template.language);
        }
    }
}
