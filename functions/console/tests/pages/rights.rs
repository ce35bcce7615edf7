//! Who sees which page and posts which form: every row of the console, asked for as everybody, against the file that people write.

use std::{collections::BTreeMap, path::Path};

use console::rows;
use service::StaffRole;

use crate::browser::Console;

/// Who may do what, as `docs/rights.csv` says it.
fn file() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("../../../../docs/rights.csv").lines().filter(|line| !line.starts_with('#'));
    lines.skip(1).filter_map(|line| line.split_once(',')).map(|(name, rest)| (name, rest.split(',').next().unwrap())).collect()
}

/// A path with something in each place that no tenant has.
fn address(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn each_row_names_an_operation_of_the_file() {
    let file = file();
    for (method, path, operation) in rows() {
        let who = file.get(operation.as_str()).unwrap_or_else(|| panic!("{method} {path}: {}", operation.as_str()));
        assert!(!["link", "public"].contains(who), "{method} {path} needs somebody who is signed in");
    }
}

/// The sources of the pages: name and text.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|form| form == "rs") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// What a page does past `service` nobody looks at: neither the role, nor the audit.
#[test]
fn pages_ask_service_and_not_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let pages = sources(&folder);
    assert!(pages.len() > 1, "no page in {}", folder.display());
    for (name, text) in pages {
        let flat: String = text.split_whitespace().collect();
        for past in ["store().", "vault().", "desk.store.", "desk.vault.", "Store::new(", "Vault::new("] {
            assert!(!flat.contains(past), "{name} calls {past}…: have an operation of service do it");
        }
        // What is done as one operation is a row's own.
        for named in flat.split("visit.acting(Operation::").skip(1) {
            let named: String = named.chars().take_while(char::is_ascii_alphanumeric).collect();
            let of_rows = rows().iter().any(|(method, _, operation)| *method == "POST" && format!("{operation:?}") == named);
            assert!(of_rows, "{name} acts as {named}, which no form's row names");
        }
    }
}

#[tokio::test]
async fn a_row_is_for_whom_the_file_says_and_nobody_else() {
    let (console, file) = (Console::new().await, file());
    console.world.customer("acme", "C-1", |_| {}).await;
    let people = [
        ("viewer", console.as_role("viewer").await),
        ("collector", console.as_role("collector").await),
        ("manager", console.as_role("manager").await),
        ("admin", console.as_role("admin").await),
        ("operator", console.sign_in("o-1", "", "operator").await),
        // Somebody of another tenant has a right to nothing of this one, and sees their own pages as it says.
        ("nobody", console.sign_in("n-1", "", "").await),
    ];
    for (method, path, operation) in rows() {
        let least = file[operation.as_str()];
        for (role, session) in &people {
            let may = match (least, *role) {
                (_, "nobody") => false,
                ("signed_in", _) | ("operator", "operator") => true,
                ("operator", _) | (_, "operator") => false,
                (least, role) => StaffRole::read(role).unwrap() >= StaffRole::read(least).unwrap(),
            };
            let address = address(path);
            // A page is read, and whoever is refused changes nothing.
            let changes_nothing = if method == "GET" { *role == "admin" } else { !may };
            let before = if changes_nothing { console.world.everything_but_calls().await } else { Vec::new() };
            let reply = if method == "GET" {
                console.get(session, &address).await
            } else {
                console.post_of_anybody(session, &address).await
            };
            assert_eq!(reply.status != 403, may, "{method} {path} as {role}: {} {}", reply.status, reply.html);
            assert!(reply.status < 500, "{method} {path} as {role}: {}", reply.html);
            if changes_nothing {
                assert!(before == console.world.everything_but_calls().await, "{method} {path} as {role} changes something");
            }
        }
        let stranger = console.ask(method, &address(path), &[], crate::browser::form_headers(), "").await;
        let expected = if method == "GET" { 303 } else { 401 };
        assert_eq!(stranger.status, expected, "{method} {path} as nobody");
    }
}

/// Every page and form, with ids of one tenant in its places, asked for by an admin of another one: they see nothing of it, and change nothing.
#[tokio::test]
async fn somebody_of_another_tenant_gets_at_nothing_of_this_one() {
    const NAME: &str = "Kestrel Marine of Acme";
    let console = Console::new().await;
    let customer = console.world.customer("acme", "C-1", |customer| customer.name = NAME.to_owned()).await;
    let invoice = domain::InvoiceId::derive(&["acme", "canonical", "C-1", "1001"]);
    // They have a book of their own.
    console.world.customer("other", "C-9", |_| {}).await;
    let foreign = console.sign_in("x-1", "other", "admin").await;
    let acmes = |items: Vec<String>| -> Vec<String> { items.into_iter().filter(|item| item.contains("T#acme")).collect() };
    let before = acmes(console.world.everything_but_calls().await);
    for (method, path, _) in rows() {
        for id in [customer.as_str(), invoice.as_str(), "C-1", "acme"] {
            let address: String =
                path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/");
            let reply = if method == "GET" {
                console.get(&foreign, &address).await
            } else {
                console.post_of_anybody(&foreign, &address).await
            };
            assert!(reply.status < 500, "{method} {address}: {}", reply.html);
            assert!(!reply.html.contains(NAME), "{method} {address} shows what is another tenant's");
        }
    }
    assert!(before == acmes(console.world.everything_but_calls().await), "something of another tenant is changed");
}
