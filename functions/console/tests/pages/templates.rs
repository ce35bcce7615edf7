//! Templates: the list, one text with what is wrong with it, how it looks, and putting it in force.

use crate::workflows::{hidden, set_up};

const TEXT: &str = "/console/templates/reminder/en/email";

#[tokio::test]
async fn the_list_says_which_languages_are_missing_and_leads_to_new_ones() {
    let console = set_up(|_| {}).await;
    let (viewer, manager) = (console.as_role("viewer").await, console.as_role("manager").await);
    console
        .get(&viewer, "/console/templates")
        .await
        .is(200)
        .says("href=\"/console/templates/reminder/de/email\"")
        .hides("A further text");
    let address = "/console/templates?id=reminder&language=fr&channel=email";
    assert_eq!(console.get(&manager, address).await.leads(), "/console/templates/reminder/fr/email?from=en");
    for wrong in ["id=a%0d%0ab&language=fr&channel=email", "id=a&language=FR!&channel=email", "id=a&language=fr&channel=pigeon"] {
        console.get(&manager, &format!("/console/templates?{wrong}")).await.is(422);
    }
    let new = console.get(&manager, "/console/templates/reminder/fr/email").await.is(200).says("not there yet");
    assert_eq!(hidden(&new, "seen"), "0");
    console.get(&viewer, "/console/templates/reminder/fr/email").await.is(404);
    console.get(&manager, "/console/templates/reminder/en/voice").await.is(404);
}

#[tokio::test]
async fn a_text_looks_as_it_would_in_a_document_of_its_own() {
    let console = set_up(|_| {}).await;
    let viewer = console.as_role("viewer").await;
    let page = console.get(&viewer, TEXT).await.is(200).says("sandbox src=\"").says("30 invoices").says("readonly");
    assert!(page.headers["content-security-policy"].as_str().unwrap().contains("frame-src 'self'"));
    let frame = console.get(&viewer, &format!("{TEXT}/preview?shape=thirty")).await.is(200).says("1030");
    let policy = frame.headers["content-security-policy"].as_str().unwrap();
    for part in ["default-src 'none'", "sandbox", "frame-ancestors 'self'", "img-src data:", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("script-src") && frame.headers["x-frame-options"] == "SAMEORIGIN", "{policy}");
    // What is typed is shown, and stored nowhere.
    let typed = [("subject", "Hello"), ("body", "Dear {{ contact.name }}"), ("shape", "one")];
    console.post(&viewer, &format!("{TEXT}/preview"), &typed).await.is(200).says("Anna Weber");
    let marked = [("subject", "Hello"), ("body", "Dear <script>alert(1)</script>")];
    console.post(&viewer, &format!("{TEXT}/preview"), &marked).await.is(200).hides("<script>");
    let wrong = [("subject", "Hello"), ("body", "Dear {{ nobody.there }}")];
    console.post(&viewer, &format!("{TEXT}/preview"), &wrong).await.is(200).says("It cannot be shown");
    console.get(&viewer, TEXT).await.is(200).hides("nobody.there");
    let short = console.get(&viewer, "/console/templates/reminder/en/sms/preview?shape=one").await.is(200);
    short.says("segment").says("characters");
}

#[tokio::test]
async fn a_text_is_put_in_force_by_whoever_saw_the_one_before() {
    let console = set_up(|_| {}).await;
    let manager = console.as_role("manager").await;
    let seen = hidden(&console.get(&manager, TEXT).await, "seen");
    let with = |body: &'static str| vec![("seen", seen.as_str()), ("subject", "Your invoice"), ("body", body)];
    let wrong = console.post(&manager, TEXT, &with("Dear {{ customer.nam }}")).await.is(422).says("id=\"flaw-body\"");
    wrong.says("customer.nam");
    console.post(&manager, TEXT, &with("Dear {{ contact.name }}, please pay {{ covered.due_now | money }}.")).await.is(303);
    let page = console.get(&manager, TEXT).await.is(200).says("Your invoice");
    assert_ne!(hidden(&page, "seen"), seen);
    let stale = console.post(&manager, TEXT, &with("Dear all, please pay {{ covered.due_now | money }}.")).await.is(409);
    stale.says("Somebody changed it meanwhile");
    // The other languages are still there, so this one may go.
    let now = hidden(&page, "seen");
    console.post(&manager, &format!("{TEXT}/archive"), &[("seen", &seen)]).await.is(409);
    console.post(&manager, &format!("{TEXT}/archive"), &[("seen", &now)]).await.is(303);
    console.post(&manager, "/console/templates/reminder/de/email/archive", &[]).await.is(422);
}

#[tokio::test]
async fn a_test_goes_to_a_verified_address_alone() {
    let console = set_up(|_| {}).await;
    let customer = console.world.customer("acme", "C-1", |_| {}).await;
    let collector = console.as_role("collector").await;
    let reply = console.post(&collector, &format!("{TEXT}/test"), &[("customer", customer.as_str())]).await.is(422);
    reply.says("verified");
    let viewer = console.as_role("viewer").await;
    console.post(&viewer, &format!("{TEXT}/test"), &[]).await.is(403);
}
