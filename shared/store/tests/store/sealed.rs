//! What history says of people is sealed, reads while its key is there, and is gone with it.

use domain::*;
use jiff::Timestamp;
use store::{
    Basis, Followed, Seen, Store, Vault, Whose,
    inspect::attributes::{every::SK, version::SEALED},
};

use crate::{
    common::*,
    evolving::{World, month},
};

fn image(record: &serde_json::Value, name: &str) -> Option<serde_dynamo::Item> {
    let image = record["dynamodb"].get(name).cloned()?;
    serde_json::from_value::<serde_dynamo::Item>(image).ok().filter(|image| !image.is_empty())
}

/// What `read-model` does with every record of the stream so far; how many versions that makes.
async fn keep(table: &Table, vault: &Vault) -> usize {
    let mut count = 0;
    for record in table.aws.records() {
        let change = Followed { old: image(&record, "OldImage"), new: image(&record, "NewImage") };
        let sequence = record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
        let seen = Seen { at: Timestamp::from_second(1_767_603_600).unwrap(), sequence };
        if let Some(version) = Store::version_of(&change, &seen) {
            vault.put_version(&version).await.unwrap();
            count += 1;
        }
    }
    count
}

fn vault(table: &Table) -> Vault {
    Vault::new(aws_sdk_kms::Client::new(&table.aws.clients.sdk), table.store.clone(), Some("key"))
}

/// Versions and records as the stream has them: their sort keys, and all that they hold.
fn history(table: &Table) -> Vec<(String, String)> {
    let of = |record: serde_json::Value| {
        let sk = record["dynamodb"]["Keys"][SK]["S"].as_str()?.to_owned();
        let is_history = ["V#", "COV#", "DEC#"].iter().any(|begins| sk.starts_with(begins));
        is_history.then(|| (sk, record["dynamodb"]["NewImage"].to_string()))
    };
    table.aws.records().into_iter().filter_map(of).collect()
}

fn personal_in(table: &Table, personal: &[&str]) -> Vec<String> {
    let found =
        |(sk, text): (String, String)| personal.iter().find(|one| text.contains(**one)).map(|one| format!("{one} in {sk}"));
    history(table).into_iter().filter_map(found).collect()
}

#[tokio::test]
async fn after_a_month_no_version_or_record_says_who_anybody_is() {
    let world: World = month().await;
    let vault = vault(&world.table);
    vault.ensure_key(&world.table.tenant).await.unwrap();
    world.table.meter.take();
    let count = keep(&world.table, &vault).await;
    println!("{count} versions, {} write units", world.table.meter.take());
    let bytes: usize = history(&world.table).iter().filter(|(sk, _)| sk.starts_with("V#")).map(|(_, text)| text.len()).sum();
    println!("{bytes} bytes of versions in JSON");
    assert!(count > 20, "{count}");
    assert_eq!(personal_in(&world.table, &["Anna", "acme.example", "493012345678"]), Vec::<String>::new());
    assert!(history(&world.table).iter().any(|(_, text)| text.contains(SEALED)));
    for (who, name) in ["A", "B", "C"].into_iter().enumerate() {
        let known = vault.as_of(&world.table.tenant, &customer_of(name), world.now).await.unwrap().unwrap();
        assert_eq!(known.facts.customer, world.facts(who).await.customer, "{name}");
        assert!(!known.erased);
        world.table.store.verify_chain(&world.table.tenant, &customer_of(name), 200).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_is_forgotten_is_gone_and_nobody_else() {
    let table = table().await;
    let vault = vault(&table);
    vault.ensure_key(&table.tenant).await.unwrap();
    let described = || {
        let base = customer(Some(1), "Bernd Meier");
        let wording = Some("yes, by text".to_owned());
        let consents = vec![Consent { channel: Channel::Sms, given_at: None, wording }];
        let second = Contact {
            external_id: "p2".into(),
            name: "Carla Lang".into(),
            email: Some("carla@lang.example".into()),
            consents,
            ..base.contacts[0].clone()
        };
        let line1 = "Hauptstr. 1".to_owned();
        let address = PostalAddress { line1, line2: None, postal_code: None, city: "Berlin".into(), country: "DE".into() };
        Customer { contacts: vec![base.contacts[0].clone(), second], postal_address: Some(address), ..base }
    };
    let own = Contact {
        external_id: INVOICE_CONTACT.into(),
        name: "Dora".into(),
        email: Some("dora@x.example".into()),
        phone: None,
        ..described().contacts[0].clone()
    };
    let billed = Invoice {
        contact: Some(own),
        for_name: Some("Emil".into()),
        purchase_order: Some("for Emil".into()),
        ..invoice("INV-1", 1)
    };
    table
        .say("e1", &[Document::Invoice { customer: CustomerRef::Full(Box::new(described())), invoice: billed.clone() }], 0)
        .await;
    let elsewhere = Customer { name: "Frieda".into(), ..described() };
    let elsewhere = Customer { id: customer_of("B"), external_id: "B".into(), ..elsewhere };
    table.say("e2", &[Document::Customer(elsewhere.clone())], 0).await;
    let (head, facts) = (table.head().await, table.facts().await);
    table.store.commit(&table.tenant, &head, &facts, &decision(vec![], Next::Parked), at(1)).await.unwrap();
    keep(&table, &vault).await;
    let personal =
        ["Bernd", "Carla", "Anna", "Dora", "Emil", "Hauptstr", "Berlin", "example", "493012345678", "by text", "Frieda"];
    assert_eq!(personal_in(&table, &personal), Vec::<String>::new());
    let as_of = async |who: &CustomerId| vault.as_of(&table.tenant, who, at(5)).await.unwrap().unwrap();
    let whole = as_of(&customer_id()).await;
    assert_eq!((&whole.facts.customer, &whole.facts.invoices[0].invoice), (&described(), &billed));
    // One after another: the others, and the other customer, still read.
    table.store.forget(&table.tenant, &customer_id(), &[Whose::Contact("p1")]).await.unwrap();
    let known = as_of(&customer_id()).await;
    let [first, second] = &known.facts.customer.contacts[..] else { panic!("two contacts") };
    assert_eq!((first.name.as_str(), &first.email, &first.phone, first.external_id.as_str()), ("", &None, &None, "p1"));
    assert_eq!((second, known.facts.customer.name.as_str(), known.erased), (&described().contacts[1], "Bernd Meier", true));
    table.store.forget(&table.tenant, &customer_id(), &[Whose::Named("dora@x.example"), Whose::Customer]).await.unwrap();
    let known = as_of(&customer_id()).await;
    let left = &known.facts.invoices[0].invoice;
    assert_eq!((left.for_name.as_ref(), left.contact.as_ref().and_then(|own| own.email.as_ref())), (None, None));
    assert_eq!((known.facts.customer.name.as_str(), &known.facts.customer.postal_address), ("", &None));
    assert_eq!(known.facts.customer.contacts[1], described().contacts[1]);
    let erased = as_of_basis(&vault, &table).await;
    assert!(matches!(erased, Basis::Erased { .. }), "{erased:?}");
    table.store.verify_chain(&table.tenant, &customer_id(), 50).await.unwrap();
    let other = as_of(&customer_of("B")).await;
    assert_eq!((other.facts.customer, other.erased), (elsewhere, false));
    // A version that comes afterwards begins a new key.
    table.say("e3", &[Document::Customer(Customer { source_version: Some(SourceVersion::Number(2)), ..described() })], 2).await;
    keep(&table, &vault).await;
    assert_eq!(as_of(&customer_id()).await.facts.customer.contacts[0].name, "Anna Weber");
}

/// What an explanation of the recorded decision says.
async fn as_of_basis(vault: &Vault, table: &Table) -> Basis {
    vault.as_of(&table.tenant, &customer_id(), at(1)).await.unwrap().unwrap().basis
}

/// A customer in whose list people have no ids of their source.
fn listed(version: u64, people: &[(&str, &str)]) -> Customer {
    let base = customer(Some(version), "Bernd Meier");
    let contact = |(position, (name, email)): (usize, &(&str, &str))| Contact {
        external_id: format!("#{position}"),
        name: (*name).into(),
        email: Some((*email).into()),
        phone: None,
        ..base.contacts[0].clone()
    };
    Customer { contacts: people.iter().enumerate().map(contact).collect(), ..base.clone() }
}

#[tokio::test]
async fn whoever_stands_where_somebody_forgotten_stood_still_reads() {
    let table = table().await;
    let vault = vault(&table);
    vault.ensure_key(&table.tenant).await.unwrap();
    let (annika, bruno) = (("Annika", "annika@x.example"), ("Bruno", "bruno@x.example"));
    let later = listed(2, &[bruno]);
    table.say("e1", &[Document::Customer(listed(1, &[annika, bruno]))], 0).await;
    table.say("e2", &[Document::Customer(later.clone())], 20).await;
    keep(&table, &vault).await;
    assert_eq!(personal_in(&table, &["Annika", "Bruno", "x.example"]), Vec::<String>::new());
    table.store.forget(&table.tenant, &customer_id(), &[Whose::Named("annika@x.example")]).await.unwrap();
    let as_of = async |minute| vault.as_of(&table.tenant, &customer_id(), at(minute)).await.unwrap().unwrap();
    let before = as_of(10).await;
    let names: Vec<&str> = before.facts.customer.contacts.iter().map(|contact| contact.name.as_str()).collect();
    assert_eq!((names, before.erased), (vec!["", "Bruno"], true));
    let now = as_of(30).await;
    assert_eq!((now.facts.customer, now.erased), (later, false));
}

#[tokio::test]
async fn what_is_said_anew_after_a_person_was_forgotten_is_compared_again() {
    let table = table().await;
    let vault = vault(&table);
    vault.ensure_key(&table.tenant).await.unwrap();
    table.say("e1", &[Document::Customer(customer(Some(1), "Bernd Meier"))], 0).await;
    keep(&table, &vault).await;
    table.store.forget(&table.tenant, &customer_id(), &[Whose::Customer, Whose::Contact("p1")]).await.unwrap();
    let anew = customer(Some(2), "Bernd Meier");
    table.say("e2", &[Document::Customer(anew.clone())], 20).await;
    let (facts, policy, _) = table.store.facts_policy_and_links(&table.tenant, &table.head().await).await.unwrap();
    let inputs = inputs(&facts, &policy, at(40));
    let decided = Decision { inputs: Some(inputs), ..decision(vec![], Next::Parked) };
    table.store.commit(&table.tenant, &table.head().await, &facts, &decided, at(40)).await.unwrap();
    // Nothing says from what this one was decided: what differs is said, and not hidden by what was erased before.
    let (head, facts) = (table.head().await, table.facts().await);
    let told_nothing = decision(vec![], Next::At(at(90)));
    table.store.commit(&table.tenant, &head, &facts, &told_nothing, at(60)).await.unwrap();
    keep(&table, &vault).await;
    let as_of = async |minute| vault.as_of(&table.tenant, &customer_id(), at(minute)).await.unwrap().unwrap();
    assert!(as_of(10).await.erased);
    let known = as_of(40).await;
    assert_eq!((known.basis, known.erased, known.facts.customer), (Basis::Recorded, false, anew));
    assert!(matches!(as_of(60).await.basis, Basis::Differs { .. }));
}

#[tokio::test]
async fn whoever_is_erased_leaves_a_keyed_hash_of_what_stood_against_them() {
    let table = table().await;
    let vault = vault(&table);
    vault.ensure_key(&table.tenant).await.unwrap();
    let described = customer(Some(1), "Bernd Meier");
    let anna = described.contacts[0].clone();
    let address = anna.email.clone().unwrap();
    let person = store::PersonId::of(&anna.person().unwrap());
    table.say("e1", &[Document::Customer(described.clone())], 0).await;
    table.store.suppress(&table.tenant, Channel::Email, &address, SuppressionReason::OptOut, at(1), None).await.unwrap();
    keep(&table, &vault).await;
    let kept = vault.keep_suppressions(&table.tenant, std::slice::from_ref(&anna), &[], at(2)).await.unwrap();
    let out = vault.erase_at(&table.tenant, &customer_id(), &person, false, at(2)).await.unwrap();
    assert_eq!((kept, &out.contacts), (1, &vec![anna]));
    assert!(table.store.erasing(&table.tenant, &person).await.unwrap().contains_key(&customer_id()), "it is not over yet");
    vault.end_erasure(&table.tenant, &person, &[(customer_id(), out)].into(), at(2)).await.unwrap();
    assert!(table.store.erasing(&table.tenant, &person).await.unwrap().is_empty());
    assert!(table.facts().await.customer.contacts.iter().all(|contact| contact.email.as_ref() != Some(&address)));
    let id = store::AddressId::of(Channel::Email, &address);
    assert_eq!(table.store.stopped(&table.tenant, &id).await.unwrap(), None);
    // What the stream tells late is sealed anew, and forgotten again.
    keep(&table, &vault).await;
    assert_eq!(vault.forget_again(&table.tenant, at(3)).await.unwrap(), 1);
    // A source that names the person again finds what stood against them; another address nothing does.
    let again = Document::Customer(Customer { source_version: Some(SourceVersion::Number(2)), ..described });
    vault.honour_erased(&table.tenant, &[again], at(4)).await.unwrap();
    let stands = table.store.stopped(&table.tenant, &id).await.unwrap().unwrap();
    assert_eq!(stands.suppression, Suppression { reason: SuppressionReason::OptOut, at: at(1) });
}

#[tokio::test]
async fn an_opt_out_that_comes_while_a_person_is_erased_outlives_the_erasure() {
    for breaks_off in [false, true] {
        let table = table().await;
        let vault = vault(&table);
        vault.ensure_key(&table.tenant).await.unwrap();
        let described = customer(Some(1), "Bernd Meier");
        let anna = described.contacts[0].clone();
        let address = anna.email.clone().unwrap();
        let person = store::PersonId::of(&anna.person().unwrap());
        table.say("e1", &[Document::Customer(described.clone())], 0).await;
        let kept = vault.keep_suppressions(&table.tenant, std::slice::from_ref(&anna), &[], at(2)).await.unwrap();
        let mut out = vault.erase_at(&table.tenant, &customer_id(), &person, false, at(2)).await.unwrap();
        assert_eq!((kept, out.contacts.len()), (0, 1), "nothing stands against the address yet");
        table.store.suppress(&table.tenant, Channel::Email, &address, SuppressionReason::OptOut, at(3), None).await.unwrap();
        if breaks_off {
            // Asked for again, the erasure finds nobody: what was written down of it is all that is known.
            out = vault.erase_at(&table.tenant, &customer_id(), &person, false, at(4)).await.unwrap();
            assert!(out.contacts.is_empty());
        }
        let stood = vault.end_erasure(&table.tenant, &person, &[(customer_id(), out)].into(), at(5)).await.unwrap();
        let id = store::AddressId::of(Channel::Email, &address);
        assert_eq!((stood, table.store.stopped(&table.tenant, &id).await.unwrap()), (1, None));
        let again = Document::Customer(Customer { source_version: Some(SourceVersion::Number(2)), ..described });
        vault.honour_erased(&table.tenant, &[again], at(6)).await.unwrap();
        let stands = table.store.stopped(&table.tenant, &id).await.unwrap().unwrap();
        assert_eq!(stands.suppression, Suppression { reason: SuppressionReason::OptOut, at: at(3) }, "{breaks_off}");
    }
}

#[tokio::test]
async fn an_opt_out_stands_again_where_a_source_names_the_person_while_they_are_erased() {
    for is_late in [false, true] {
        let table = table().await;
        let vault = vault(&table);
        vault.ensure_key(&table.tenant).await.unwrap();
        let described = customer(Some(1), "Bernd Meier");
        let anna = described.contacts[0].clone();
        let address = anna.email.clone().unwrap();
        let person = store::PersonId::of(&anna.person().unwrap());
        table.say("e1", &[Document::Customer(described.clone())], 0).await;
        table.store.suppress(&table.tenant, Channel::Email, &address, SuppressionReason::OptOut, at(1), None).await.unwrap();
        vault.keep_suppressions(&table.tenant, std::slice::from_ref(&anna), &[], at(2)).await.unwrap();
        let out = vault.erase_at(&table.tenant, &customer_id(), &person, false, at(2)).await.unwrap();
        let again = [Document::Customer(Customer { source_version: Some(SourceVersion::Number(2)), ..described })];
        vault.honour_erased(&table.tenant, &again, at(3)).await.unwrap();
        if !is_late {
            table.say("e2", &again, 3).await;
        }
        vault.end_erasure(&table.tenant, &person, &[(customer_id(), out)].into(), at(4)).await.unwrap();
        let id = store::AddressId::of(Channel::Email, &address);
        if is_late {
            // The document is applied only now: the next day's look finds the person.
            assert_eq!(table.store.stopped(&table.tenant, &id).await.unwrap(), None);
            table.say("e2", &again, 5).await;
            assert_eq!(vault.forget_again(&table.tenant, at(6)).await.unwrap(), 0);
        }
        let stands = table.store.stopped(&table.tenant, &id).await.unwrap().unwrap();
        assert_eq!(stands.suppression, Suppression { reason: SuppressionReason::OptOut, at: at(1) }, "{is_late}");
    }
}

#[tokio::test]
async fn what_a_person_lifts_of_somebody_who_is_named_again_stays_lifted() {
    let table = table().await;
    let vault = vault(&table);
    vault.ensure_key(&table.tenant).await.unwrap();
    let described = customer(Some(1), "Bernd Meier");
    let anna = described.contacts[0].clone();
    let address = anna.email.clone().unwrap();
    let (person, id) = (store::PersonId::of(&anna.person().unwrap()), store::AddressId::of(Channel::Email, &address));
    let again = [Document::Customer(Customer { source_version: Some(SourceVersion::Number(2)), ..described.clone() })];
    let erase = async |minute| {
        vault.keep_suppressions(&table.tenant, std::slice::from_ref(&anna), &[], at(minute)).await.unwrap();
        let out = vault.erase_at(&table.tenant, &customer_id(), &person, false, at(minute)).await.unwrap();
        vault.end_erasure(&table.tenant, &person, &[(customer_id(), out)].into(), at(minute)).await.unwrap();
        assert_eq!(table.store.stopped(&table.tenant, &id).await.unwrap(), None);
    };
    table.say("e1", &[Document::Customer(described)], 0).await;
    table.store.suppress(&table.tenant, Channel::Email, &address, SuppressionReason::OptOut, at(1), None).await.unwrap();
    erase(2).await;
    vault.honour_erased(&table.tenant, &again, at(3)).await.unwrap();
    table.say("e2", &again, 3).await;
    let stands = table.store.stopped(&table.tenant, &id).await.unwrap().unwrap();
    // Erased once more, it is kept once more.
    erase(4).await;
    vault.honour_erased(&table.tenant, &again, at(5)).await.unwrap();
    assert_eq!(table.store.stopped(&table.tenant, &id).await.unwrap().unwrap().suppression, stands.suppression);
    table.store.lift(&table.tenant, &id, &stands.suppression.entry(), at(6), None).await.unwrap();
    vault.honour_erased(&table.tenant, &again, at(7)).await.unwrap();
    assert_eq!(table.store.stopped(&table.tenant, &id).await.unwrap(), None);
}
