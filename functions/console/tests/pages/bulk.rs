//! One action on many customers, as far as no job is needed.

use crate::browser::Console;

#[tokio::test]
async fn an_action_is_looked_at_before_it_is_done() {
    let console = Console::new().await;
    let manager = console.as_role("manager").await;
    let first = console.world.customer("acme", "C-1", |customer| customer.name = "First & Co".to_owned()).await;
    let second = console.world.customer("acme", "C-2", |customer| customer.name = "Second".to_owned()).await;
    console.get(&manager, "/console/bulk").await.is(200).says("With whom");
    let filled = console.get(&manager, "/console/bulk?filter.currency=EUR&filter.owner=robin").await.is(200);
    filled.says("name=\"filter.currency\" type=\"text\" value=\"EUR\"");
    console.post(&manager, "/console/bulk/with", &[]).await.is(422).says("pick at least one");
    let ids = [("ids", first.as_str()), ("ids", second.as_str())];
    console.post(&manager, "/console/bulk/with", &ids).await.is(200).says("First &amp; Co").says("With these 2 customers");
    let pause = [&ids[..], &[("action", "pause"), ("action.pause.until_on", "2026-03-01")]].concat();
    let seen = console.post(&manager, "/console/bulk/preview", &pause).await.is(200).says("Do it with 2 customers");
    seen.says("nobody is chased until 2026-03-01").says("Second").says("nothing is done yet").hides("Undo it");
    // Nothing was done.
    let (store, tenant) = (&console.world.store, domain::TenantId::parse("acme").unwrap());
    let head = store.head(&tenant, &first).await.unwrap().unwrap();
    assert!(store.facts(&tenant, &head).await.unwrap().agreements.is_empty());
    for (more, said) in [
        (vec![], "choose what is to be done"),
        (vec![("action", "pause"), ("action.pause.until_on", "2026-01-01")], "the day has passed"),
        (vec![("action", "note")], "it is needed"),
    ] {
        let fields = [&ids[..], &more[..]].concat();
        console.post(&manager, "/console/bulk/preview", &fields).await.is(422).says(said).says("First &amp; Co");
    }
}

#[tokio::test]
async fn everybody_is_confirmed_by_their_number_and_the_run_is_shown() {
    let console = Console::new().await;
    let (manager, viewer) = (console.as_role("manager").await, console.as_role("viewer").await);
    console.world.customer("acme", "C-1", |_| {}).await;
    console.world.customer("acme", "C-2", |_| {}).await;
    console.world.follow(&domain::TenantId::parse("acme").unwrap()).await;
    let note = [("action", "note"), ("action.note.text", "Moved house")];
    console.post(&manager, "/console/bulk/preview", &note).await.is(200).says("This is everybody").says("Moved house");
    for count in ["", "1", "many"] {
        let fields = [&note[..], &[("confirm_count", count)]].concat();
        console.post(&manager, "/console/bulk/run", &fields).await.is(422);
    }
    let fields = [&note[..], &[("confirm_count", "2")]].concat();
    let run = console.post(&manager, "/console/bulk/run", &fields).await.leads();
    console.get(&manager, &run).await.is(200).says("it is about to be done").says("every 2s").says("a note is made");
    // Who looks only sees it, and has no button.
    console.get(&viewer, &run).await.is(200).hides("Undo it");
    console.post(&manager, &format!("{run}/undo"), &[]).await.is(409);
    console.get(&manager, "/console/bulk/blk_none").await.is(404);
}
