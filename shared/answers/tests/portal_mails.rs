//! Mails of buyers' portals, made after what portals write, and what is read of them.

use answers::{ApPortal, PortalMail, PortalNotice, PortalState, portal_notice};
use domain::Currency;
use jiff::civil::date;

fn read(dkim_domain: Option<&str>, subject: &str, text: &str) -> Option<PortalNotice> {
    let (today, currency) = (date(2026, 11, 28), Some(Currency::USD));
    portal_notice(&PortalMail { dkim_domain, subject, text, today, region: Some("US"), currency })
}

#[test]
fn each_portal_s_mail_says_how_the_invoice_stands() {
    use PortalState::{Approved, Disputed, Paid, PendingApproval, ReadyToSubmit};
    for (domain, subject, text, portal, state) in [
        (
            "contoso.coupahost.com",
            "Contoso Purchase Order #4500129981",
            "A new purchase order was issued to you.",
            ApPortal::Coupa,
            ReadyToSubmit,
        ),
        ("contoso.coupahost.com", "Invoice # INV-2041 is pending approval", "It was received.", ApPortal::Coupa, PendingApproval),
        (
            "contoso.coupahost.com",
            "Invoice # INV-2041 approved",
            "Payment is scheduled for 12/15/2026.",
            ApPortal::Coupa,
            Approved,
        ),
        ("contoso.coupahost.com", "Contoso disputed invoice INV-2041", "Reason: wrong price.", ApPortal::Coupa, Disputed),
        ("contoso.coupahost.com", "Invoice INV-2041 has been paid", "Amount: $1,250.00", ApPortal::Coupa, Paid),
        ("ansmtp.ariba.com", "Contoso sent you a new Order 4500129981", "Log in to see it.", ApPortal::Ariba, ReadyToSubmit),
        ("ansmtp.ariba.com", "Invoice INV-2041 has been rejected by Contoso", "Please correct it.", ApPortal::Ariba, Disputed),
        ("airbase.io", "Your invoice INV-2041 was approved", "It will be paid soon.", ApPortal::Airbase, Approved),
        ("avidxchange.com", "Your payment has been sent", "Invoice INV-2041, $1,250.00", ApPortal::AvidXchange, Paid),
        ("hq.bill.com", "Contoso paid you $1,250.00", "Arrives by 12/02/2026", ApPortal::Bill, Paid),
        ("mineraltree.net", "Payment of $1,250.00 was issued", "Invoice INV-2041", ApPortal::MineralTree, Paid),
        (
            "ramp.com",
            "Contoso scheduled a payment for invoice INV-2041",
            "It will arrive by 12/04/2026.",
            ApPortal::Ramp,
            Approved,
        ),
        ("taulia.com", "Invoice INV-2041 is approved", "Eligible for early payment", ApPortal::Taulia, Approved),
        ("tradeshift.com", "Invoice INV-2041 was rejected", "Missing order number", ApPortal::Tradeshift, Disputed),
        ("ob10.com", "Invoice INV-2041 delivered to your customer", "", ApPortal::Tungsten, PendingApproval),
        ("ziphq.com", "Your request was submitted", "", ApPortal::Zip, PendingApproval),
        ("contoso.coupahost.com", "Rechnung INV-2041 wurde abgelehnt", "", ApPortal::Coupa, Disputed),
        ("contoso.coupahost.com", "La facture INV-2041 a été approuvée", "", ApPortal::Coupa, Approved),
        ("contoso.coupahost.com", "請求書 INV-2041 は却下されました", "", ApPortal::Coupa, Disputed),
    ] {
        let notice = read(Some(domain), subject, text);
        assert_eq!(notice.as_ref().map(|notice| (notice.portal, notice.state)), Some((portal, state)), "{subject}: {notice:?}");
        if subject.contains("INV-2041") || text.contains("INV-2041") {
            assert_eq!(notice.map(|notice| notice.invoice_numbers), Some(vec!["INV-2041".to_owned()]), "{subject}");
        }
    }
}

#[test]
fn the_day_and_the_amount_are_read_where_money_comes() {
    let approved =
        read(Some("x.coupahost.com"), "Invoice INV-2041 approved", "Payment is scheduled for 12/15/2026.").expect("a notice");
    assert_eq!(approved.pay_on, Some(date(2026, 12, 15)));
    let paid = read(Some("x.coupahost.com"), "Invoice INV-2041 has been paid", "Payment date: 11/25/2026. Amount: $1,250.00")
        .expect("a notice");
    assert_eq!((paid.pay_on, paid.amounts[0].to_string()), (Some(date(2026, 11, 25)), "1250.00 USD".to_owned()));
    let disputed = read(Some("x.coupahost.com"), "Invoice INV-2041 disputed", "Payment date: 12/15/2026").expect("a notice");
    assert_eq!(disputed.pay_on, None);
}

#[test]
fn who_did_not_sign_is_no_portal() {
    for domain in [None, Some("contoso.example"), Some("coupahost.com.evil.example"), Some("evilariba.com")] {
        assert_eq!(read(domain, "Invoice INV-2041 has been paid", "do_not_reply@contoso.coupahost.com"), None, "{domain:?}");
    }
    assert_eq!(read(Some("ariba.com"), "Newsletter", "Meet us at the fair."), None);
}
