//! Whom a message about a customer's money can go to: the customer's people, and those whom invoices name for themselves.

use std::collections::BTreeMap;

use crate::{Contact, Facts, INVOICE_CONTACT, Invoice, KnownContact, PersonDigest, id::digest};

/// Own contacts of invoices that are looked at, each address once; an invoice whose own is one more goes to the customer's people.
pub const OWN_CONTACTS_MAX: usize = 100;

/// The people by the ids under which messages name them.
#[derive(Clone, Debug)]
pub struct People<'a> {
    of_customer: &'a [Contact],
    /// Whom else the customer's people lead to as they were before something was entered of them: the contact as it is now, or nobody.
    otherwise: BTreeMap<String, Option<&'a Contact>>,
    of_invoices: BTreeMap<String, &'a Contact>,
}

impl<'a> People<'a> {
    /// The people of these facts. Archived invoices name nobody.
    pub fn of(facts: &'a Facts) -> Self {
        let mut named: Vec<(&Invoice, &Contact)> = facts
            .invoices
            .iter()
            .filter(|fact| !fact.archived)
            .filter_map(|fact| Some((&fact.invoice, fact.invoice.contact.as_ref()?)))
            .collect();
        // Facts come in no order, and what is decided must not depend on it.
        named.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        let is_nothing_entered = facts.by_hand.contacts.is_empty() && facts.above.is_none();
        let otherwise = if named.is_empty() || is_nothing_entered { BTreeMap::new() } else { otherwise(facts) };
        let mut people = Self { of_customer: &facts.customer.contacts, otherwise, of_invoices: BTreeMap::new() };
        for (_, contact) in named {
            let is_new = people.of_customer(contact).is_none() && contact.person().is_some();
            if is_new && people.of_invoices.len() < OWN_CONTACTS_MAX {
                people.of_invoices.entry(Self::id_of(contact)).or_insert(contact);
            }
        }
        people
    }

    /// The customer's own contact who is the same person, where there is one: `Some(None)` where nobody is to write to that one.
    fn of_customer(&self, contact: &Contact) -> Option<Option<&'a Contact>> {
        let person = contact.person()?;
        let now = self.of_customer.iter().find(|known| known.person().as_ref() == Some(&person));
        now.map(Some).or_else(|| self.otherwise.get(&person).copied())
    }

    /// The id of somebody whom only invoices name: of their addresses, so that invoices that name one person make one message, and of nothing
    /// that could be read.
    pub fn id_of(contact: &Contact) -> String {
        let part = |address: &Option<String>| address.as_deref().unwrap_or_default().trim().to_lowercase();
        format!("{INVOICE_CONTACT}:{}", digest(&[&part(&contact.email), &part(&contact.phone)]))
    }

    /// Everybody with their ids: the customer's people in the source's order, then those of invoices.
    pub fn all(&self) -> impl Iterator<Item = (&str, &'a Contact)> {
        let own = self.of_invoices.iter().map(|(id, contact)| (id.as_str(), *contact));
        self.of_customer.iter().map(|contact| (contact.external_id.as_str(), contact)).chain(own)
    }

    /// Whom an id names.
    pub fn contact(&self, id: &str) -> Option<&'a Contact> {
        self.of_customer.iter().find(|contact| contact.external_id == id).or_else(|| self.of_invoices.get(id).copied())
    }

    /// Whom a message was for: the person who is known of it, under whatever id by now, else whom its id names.
    pub fn addressee(&self, id: &str, person: Option<&PersonDigest>) -> Option<&'a Contact> {
        let Some(person) = person else { return self.contact(id) };
        self.all().map(|(_, contact)| contact).find(|contact| contact.person_digest().as_ref() == Some(person))
    }

    /// The id of an invoice's own contact: the customer's, where it is one of its people, else one of the address. `None` where it is somebody
    /// to whom nobody is to write.
    pub fn own(&self, invoice: &Invoice) -> Option<&str> {
        let contact = invoice.contact.as_ref()?;
        match self.of_customer(contact) {
            Some(known) => known.map(|known| known.external_id.as_str()),
            None => self.of_invoices.get_key_value(&Self::id_of(contact)).map(|(id, _)| id.as_str()),
        }
    }
}

/// Whom the forms lead to in which people of the customer are known beside that in which they are written to: as a source describes somebody of
/// whom another address was entered, and somebody who is not to be used. By [`Contact::person`], and by numbers that nobody else has now.
fn otherwise(facts: &Facts) -> BTreeMap<String, Option<&Contact>> {
    let now = &facts.customer.contacts;
    let is_in_use = |number: &String| now.iter().any(|known| known.phone.as_ref() == Some(number));
    let own = facts.by_hand.known(facts.described());
    let above = facts.above.iter().flat_map(|above| above.by_hand.known(&above.described));
    let mut all = BTreeMap::new();
    for KnownContact { entered, forms, .. } in own.into_iter().chain(above) {
        let (Some(entry), Some(first)) = (entered, forms.first()) else { continue };
        let lead = now.iter().find(|known| !entry.unused && known.external_id == first.external_id);
        // Of whom the source names no more, the address that was entered is still right.
        let is_gone = lead.is_none() && !entry.unused;
        if is_gone && entry.email.is_none() && entry.phone.is_none() {
            continue;
        }
        for form in forms.iter().skip(usize::from(is_gone)) {
            let number = form.phone.clone().filter(|number| !is_in_use(number));
            for key in form.person().into_iter().chain(number) {
                if lead.is_none() {
                    all.insert(key, None);
                } else {
                    all.entry(key).or_insert(lead);
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ByHand, Channel, Consent, ConsentStatement, ContactByHand, Currency, Customer, PeopleAbove, Role,
        testing::{Stage, at, contact, ladder},
    };

    const NUMBER: &str = "+493012345678";
    const OTHER: &str = "+493012345679";

    fn own(email: Option<&str>, phone: Option<&str>) -> Contact {
        let (email, phone) = (email.map(str::to_owned), phone.map(str::to_owned));
        let consents = vec![Consent { channel: Channel::Sms, given_at: None, wording: None }];
        Contact { external_id: INVOICE_CONTACT.to_owned(), email, phone, consents, ..contact("x", Role::Billing) }
    }

    /// Facts of a customer whose source describes two contacts, with what was entered of the first, and an invoice that names somebody.
    fn stage(entered: &ContactByHand, named: Contact) -> Stage {
        let mut stage = Stage::new(ladder());
        let invoice = stage.invoice("A", Currency::EUR, 1_000, "2026-02-04");
        stage.invoice_mut(&invoice).contact = Some(named);
        stage.facts.customer.contacts = vec![described(), other()];
        let by_hand = ByHand { contacts: vec![entered.clone()], ..ByHand::default() };
        stage.facts = stage.facts.with_by_hand(by_hand);
        stage
    }

    fn other() -> Contact {
        Contact { phone: None, ..contact("p2", Role::Billing) }
    }

    fn described() -> Contact {
        Contact { phone: Some(NUMBER.to_owned()), ..contact("p1", Role::Billing) }
    }

    /// Whom the invoice leads to: a contact's id, an id of the address, or nobody.
    fn lead(facts: &Facts) -> String {
        let people = People::of(facts);
        let id = people.own(&facts.invoices[0].invoice).unwrap_or("nobody");
        let is_known = people.contact(id).is_some();
        assert_eq!(is_known, id != "nobody", "{id}");
        if id.starts_with(INVOICE_CONTACT) { "own".to_owned() } else { id.to_owned() }
    }

    #[test]
    fn an_invoice_does_not_go_round_what_people_entered_of_whom_it_names() {
        let nothing = ContactByHand::of(&described());
        let unused = ContactByHand { unused: true, ..nothing.clone() };
        let mailed = ContactByHand { email: Some("new@x.example".to_owned()), ..nothing.clone() };
        let called = ContactByHand { phone: Some(OTHER.to_owned()), ..nothing.clone() };
        let (p1, new) = (Some("p1@beispiel.example"), Some("new@x.example"));
        for (entered, named, expected) in [
            (&nothing, own(p1, None), "p1"),
            (&unused, own(p1, None), "nobody"),
            (&unused, own(Some("P1@Beispiel.example "), Some(OTHER)), "nobody"),
            (&unused, own(None, Some(NUMBER)), "nobody"),
            (&unused, own(None, Some(OTHER)), "own"),
            (&unused, own(Some("z@x.example"), None), "own"),
            // The address that a person corrected stays corrected.
            (&mailed, own(p1, None), "p1"),
            (&mailed, own(new, None), "p1"),
            (&called, own(None, Some(NUMBER)), "p1"),
            // A number that somebody has is not the person.
            (&nothing, own(None, Some(NUMBER)), "own"),
            (&called, own(None, Some(OTHER)), "own"),
        ] {
            let stage = stage(entered, named.clone());
            assert_eq!(lead(&stage.facts), expected, "{entered:?} {named:?}");
            // Nor where the people are those of another customer.
            let described = Customer { contacts: vec![described(), other()], ..stage.facts.described().clone() };
            let Facts { by_hand, mut customer, .. } = stage.facts.clone();
            customer.contacts = by_hand.over(&described).contacts;
            let above = Some(Box::new(PeopleAbove { described, by_hand }));
            let facts = Facts { customer, described: None, by_hand: ByHand::default(), above, ..stage.facts.clone() };
            assert_eq!(lead(&facts), expected, "above: {entered:?} {named:?}");
            // Whom the source names no more stays who they were.
            let (mut gone, by_hand) = (stage.facts.described().clone(), stage.facts.by_hand.clone());
            gone.contacts.remove(0);
            let facts = Facts { customer: gone, described: None, ..stage.facts }.with_by_hand(by_hand);
            let expected = match expected {
                // The right address is known, and no contact has it: the customer's people are written to.
                "p1" if entered != &nothing && named.email.as_deref() != new => "nobody",
                "p1" => "own",
                expected => expected,
            };
            // Of a number nothing says any more whose it was.
            if named.email.is_some() {
                assert_eq!(lead(&facts), expected, "gone: {entered:?} {named:?}");
            }
        }
    }

    #[test]
    fn a_consent_that_was_taken_back_is_none_whoever_an_invoice_says_has_the_number() {
        let said = |withdrawn: bool, address: &str, when: &str| ConsentStatement {
            channel: Channel::Sms,
            address: address.to_owned(),
            withdrawn,
            said_at: at(when),
            wording: None,
            entered_at: at(when),
            by: "ann".to_owned(),
        };
        let (early, late) = ("2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z");
        for (statements, agreed) in [
            (vec![], true),
            (vec![said(true, NUMBER, early)], false),
            (vec![said(true, NUMBER, early), said(false, NUMBER, late)], true),
            (vec![said(false, NUMBER, early), said(true, NUMBER, late)], false),
            (vec![said(true, OTHER, early)], true),
        ] {
            let entered = ContactByHand { statements: statements.clone(), ..ContactByHand::of(&described()) };
            for email in [None, Some("z@x.example")] {
                let facts = stage(&entered, own(email, Some(NUMBER))).facts;
                let people = People::of(&facts);
                let named = people.own(&facts.invoices[0].invoice).and_then(|id| people.contact(id)).expect("an own contact");
                assert_eq!(facts.agreed(named, Channel::Sms), agreed, "{statements:?}");
                let above = PeopleAbove { described: facts.described().clone(), by_hand: facts.by_hand.clone() };
                let facts = Facts { by_hand: ByHand::default(), above: Some(Box::new(above)), ..facts.clone() };
                assert_eq!(facts.agreed(named, Channel::Sms), agreed, "above: {statements:?}");
            }
        }
    }

    #[test]
    fn an_invoices_own_contact_is_one_of_the_customers_people_or_one_of_its_address() {
        let mut stage = Stage::new(ladder());
        for (number, email) in [("A", "Bills@shop.example"), ("B", "bills@shop.example"), ("C", "P1@beispiel.example"), ("D", "")]
        {
            let id = stage.invoice(number, Currency::EUR, 1_000, "2026-02-04");
            let email = Some(email.to_owned()).filter(|email| !email.is_empty());
            let own = Contact { external_id: INVOICE_CONTACT.to_owned(), email, phone: None, ..contact("x", Role::Billing) };
            stage.invoice_mut(&id).contact = Some(own);
        }
        let people = People::of(&stage.facts);
        let own: Vec<Option<&str>> = stage.facts.invoices.iter().map(|fact| people.own(&fact.invoice)).collect();
        assert_eq!(own[0], own[1], "one address is one person, however it is written");
        assert_eq!((own[2], own[3]), (Some("p1"), None));
        let named = own[0].expect("an own contact");
        assert!(named.starts_with("#invoice:") && !named.contains("bills"), "{named}");
        let email = people.contact(named).and_then(|contact| contact.email.as_deref()).map(str::to_lowercase);
        assert_eq!(email.as_deref(), Some("bills@shop.example"));
        assert_eq!(people.all().count(), 2);
    }
}
