//! One story of all that is heard, on one stack and for three customers at once, in English, German and Japanese: a mail bounces and a text message takes its
//! place; its answer promises, and a person accepts that; the promise is broken; a part of an invoice is contested by mail; copies are asked for; managers
//! are told and the executive is written to; supply is stopped and goes on. What left, what waits for a person and what is explained are the judges.
//!
//! Its settings, plan and customers are `tests/fixtures/heard`. `infra/checks/browser/heard.mjs` plays the same over HTTP, so that its mails can be looked at.

use std::collections::BTreeMap;

use local::{Options, Sent, tenants::TenantIn, token::TokenIn};
use serde_json::{Value, json};
use tests::test_tenant::{TENANT, TestTenant, at};

const SETTINGS_AND_PLAN: &str = include_str!("../fixtures/heard/tenant.json");
const CUSTOMERS: &str = include_str!("../fixtures/heard/customers.json");
const KIM: &str = "kim@acme.example";
const DUE_ON: &str = "2026-02-04";

/// A customer of the story.
struct Customer {
    all: Value,
}

impl Customer {
    fn text(&self, pointer: &str) -> &str {
        self.all.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is no text of {}", self.all))
    }

    fn minor(&self, pointer: &str) -> i64 {
        self.all.pointer(pointer).and_then(Value::as_i64).unwrap_or_else(|| panic!("{pointer} is no amount of {}", self.all))
    }

    fn id(&self) -> &str {
        self.text("/id")
    }

    /// The number of its first or second invoice.
    fn number(&self, place: usize) -> String {
        format!("{}-{place}", self.id())
    }

    /// One of its invoices at a version; from the second on, the books have the new mailbox.
    fn invoice(&self, place: usize, version: i64, changes: &Value) -> Value {
        let mailbox = if version > 1 { "/new_mailbox" } else { "/mailbox" };
        let mut customer = json!({
            "external_id": self.id(), "source_version": version.min(2), "kind": "company",
            "contacts": [
                {"external_id": "p1", "name": self.text("/person"), "roles": ["billing"], "email": self.text(mailbox), "phone": self.text("/phone"), "consents": ["sms"]},
                {"external_id": "p2", "name": self.text("/executive"), "roles": ["executive"], "email": self.text("/executive_mailbox")},
            ],
        });
        for name in ["name", "language", "country", "region", "time_zone"] {
            customer[name] = self.all[name].clone();
        }
        let number = self.number(place);
        let mut invoice = json!({
            "external_id": number, "source_version": version, "number": number, "currency": self.text("/currency"),
            "total_minor": self.minor(&format!("/totals_minor/{}", place - 1)), "issued_on": "2026-01-05", "due_on": DUE_ON, "status": "open",
        });
        invoice.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({"type": "invoice.upserted", "customer": customer, "invoice": invoice})
    }
}

/// The seller, with its manager and its channel of Slack, and its customers.
struct Story {
    desk: TestTenant,
    customers: Vec<Customer>,
}

impl Story {
    async fn begin() -> Self {
        let fixture: Value = serde_json::from_str(SETTINGS_AND_PLAN).unwrap();
        let customers: Vec<Value> = serde_json::from_str(CUSTOMERS).unwrap();
        let parameters = [("SmsProvider", "end-user-messaging"), ("SmsTwoWay", "true")];
        let parameters: BTreeMap<String, String> =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let options = Options { now: Some(at("2026-02-04T08:00:00Z")), seed: Some(1), parameters, ..Options::default() };
        let tenant = TenantIn {
            tenant: TENANT.to_owned(),
            settings: fixture["settings"].as_object().unwrap().clone(),
            workflows: Some(vec![fixture["workflow"].clone()]),
            ..TenantIn::default()
        };
        let desk = TestTenant::of(options, tenant).await;
        desk.admin("POST", "/v1/invitations", &json!({"role": "manager", "email": KIM})).await.is(200);
        let text = |text: &str| Some(text.to_owned());
        let claims = TokenIn { tenant: text(TENANT), sub: text("kim"), email: text(KIM), ..TokenIn::default() };
        let kim = [("authorization".to_owned(), format!("Bearer {}", desk.stack.token_for(&claims).unwrap()))];
        desk.call("GET", "/v1/me", &kim, b"").await.is(200);
        let slack = format!("{}/_local/notices/slack/{TENANT}", desk.stack.url());
        desk.admin("PUT", "/v1/notice_channels/slack", &json!({"url": slack})).await.is(200);
        let customers = customers.into_iter().map(|all| Customer { all }).collect();
        let story = Self { desk, customers };
        story.books(1).await;
        story
    }

    /// The books send every invoice at a version.
    async fn books(&self, version: i64) {
        for customer in &self.customers {
            for place in [1, 2] {
                self.desk.put(&customer.invoice(place, version, &json!({}))).await;
            }
        }
    }

    /// What left to an address, in order.
    fn to(&self, address: &str) -> Vec<Sent> {
        self.desk.stack.outbox(Some(TENANT)).into_iter().filter(|sent| sent.to == address).collect()
    }

    /// What left to a customer's people: day, channel and the field of the customer that it went to.
    fn left(&self, customer: &Customer) -> Vec<(String, String, &'static str)> {
        let fields = ["/mailbox", "/new_mailbox", "/phone", "/executive_mailbox"];
        let of = |sent: Sent| {
            let field = fields.into_iter().find(|field| sent.to == customer.text(field))?;
            Some((sent.at.strftime("%F").to_string(), sent.channel, field))
        };
        self.desk.stack.outbox(Some(TENANT)).into_iter().filter_map(of).collect()
    }

    /// The last mail or text message to an address.
    fn last(&self, address: &str) -> Sent {
        self.to(address).pop().unwrap_or_else(|| panic!("nothing left to {address}"))
    }

    /// Something comes in, and is heard.
    async fn comes_in(&self, wish: Value) {
        self.desk.call("POST", "/_local/inbound", &[], wish.to_string().as_bytes()).await.is(202);
        assert_eq!(self.desk.advance("PT1M").await.errors, 0, "{wish}");
    }

    /// What a customer answered that is of a class.
    async fn reply(&self, customer: &Customer, class: &str) -> Value {
        let matter = self.desk.matter(customer.id()).await;
        let path = format!("/v1/replies?customer={}", matter["customer"]["id"].as_str().unwrap());
        let page = self.desk.admin("GET", &path, &Value::Null).await.is(200).body;
        let found: Vec<&Value> = page["data"].as_array().unwrap().iter().filter(|reply| reply["class"] == class).collect();
        let [reply] = found.as_slice() else { panic!("{} {class}: {page:#}", customer.id()) };
        (*reply).clone()
    }

    /// A person accepts what an answer suggests; answers the agreement.
    async fn accept(&self, reply: &Value) -> Value {
        let path = format!("/v1/replies/{}/accept", reply["id"].as_str().unwrap());
        let accepted = self.desk.admin("POST", &path, &json!({})).await.is(200).body;
        assert_eq!(accepted["status"], "accepted", "{accepted:#}");
        self.agreement(accepted["agreement"].as_str().unwrap()).await
    }

    async fn agreement(&self, id: &str) -> Value {
        self.desk.admin("GET", &format!("/v1/agreements/{id}"), &Value::Null).await.is(200).body
    }

    /// The kinds of the open tasks, sorted.
    async fn work(&self) -> Vec<String> {
        let tasks = self.desk.admin("GET", "/v1/tasks", &Value::Null).await.is(200).body;
        let mut kinds: Vec<String> =
            tasks["tasks"].as_array().unwrap().iter().map(|task| task["kind"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds
    }

    /// A system of the seller's says of each open task of a kind that it was carried out.
    async fn confirm(&self, kind: &str) {
        let tasks = self.desk.tasks(kind).await;
        assert_eq!(tasks.len(), self.customers.len(), "{kind}: {tasks:?}");
        for task in tasks {
            let path = format!("/v1/effects/{}/result", task["effect"]["id"].as_str().unwrap());
            self.desk.admin("POST", &path, &json!({"status": "done", "task": task["id"], "reference": "ERP-7"})).await.is(200);
        }
        self.desk.advance("PT2M").await;
    }

    /// What of a customer's invoices is due now, by number.
    async fn due_now(&self, customer: &Customer) -> Vec<(String, i64)> {
        let matter = self.desk.matter(customer.id()).await;
        let items = matter["due_items"].as_array().unwrap().iter();
        let mut due: Vec<(String, i64)> =
            items.map(|item| (item["number"].as_str().unwrap().to_owned(), item["due_now_minor"].as_i64().unwrap())).collect();
        due.sort();
        due
    }

    /// Why the case of a customer stood as it did at an instant: the reason in a word, and in sentences.
    async fn explained(&self, customer: &Customer, instant: &str) -> (String, String) {
        let matter = self.desk.matter(customer.id()).await;
        let path = format!("/v1/cases/{}/explain?at={instant}", matter["cases"][0]["id"].as_str().unwrap());
        let said = self.desk.admin("GET", &path, &Value::Null).await.is(200).body;
        let sentences: Vec<&str> = said["outcome"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        (said["cases"][0]["because"].as_str().unwrap().to_owned(), sentences.join(" "))
    }

    /// Mailboxes are gone, and text messages take the place of the mails.
    async fn bounces(&self) {
        self.desk.to("2026-02-05T20:00:00Z").await;
        for customer in &self.customers {
            let mailbox = customer.text("/mailbox");
            let mails = self.to(mailbox);
            let [mail] = mails.as_slice() else { panic!("{:?}", self.left(customer)) };
            says(mail, &[customer.text("/asked/whole")]);
            let bounce = json!({"bounce": {
                "feedbackId": "f", "bounceType": "Permanent", "bounceSubType": "General", "timestamp": self.desk.stack.now().to_string(),
                "bouncedRecipients": [{"emailAddress": mailbox, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1"}],
            }});
            self.desk.ses_event(mail, "Email Bounced", "Bounce", &bounce).await;
        }
        self.desk.to("2026-02-06T12:00:00Z").await;
        for customer in &self.customers {
            let text = self.last(customer.text("/phone"));
            says(&text, &[customer.text("/asked/whole"), "/s/", "/stop"]);
            let contact = self.desk.matter(customer.id()).await["customer"]["contacts"][0].clone();
            assert!(contact["suppressed"].get("email").is_some(), "{contact}");
        }
        assert_eq!(self.work().await, [""; 0], "they were reached: there is nothing to do");
    }

    /// The text messages are answered with promises, which are promises once a person accepts them.
    async fn promises(&self) {
        let mut promises = Vec::new();
        for customer in &self.customers {
            let text = self.last(customer.text("/phone"));
            self.comes_in(json!({"channel": "sms", "from": customer.text("/phone"), "text": customer.text("/promises")})).await;
            let reply = self.reply(customer, "promise").await;
            assert_eq!((&reply["message"], &reply["channel"]), (&json!(text.message), &json!("sms")), "{reply:#}");
            assert_eq!(
                (&reply["suggestion"]["kind"], &reply["suggestion"]["on"]),
                (&json!("promise"), &json!("2026-02-13")),
                "{reply:#}"
            );
            assert_eq!(self.work().await, ["customer_asked"], "one at a time");
            let pause = self.agreement(reply["pause"].as_str().unwrap()).await;
            assert_eq!((&pause["kind"], &pause["status"]), (&json!("pause"), &json!("running")), "{pause:#}");
            let promise = self.accept(&reply).await;
            assert_eq!(
                (&promise["kind"], &promise["status"], &promise["terms"]["pays_on"]),
                (&json!("promise"), &json!("open"), &json!("2026-02-13")),
                "{promise:#}"
            );
            assert_eq!(self.due_now(customer).await, [(customer.number(1), 0), (customer.number(2), 0)]);
            promises.push(promise["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(self.work().await, [""; 0], "what is accepted asks nothing more");
        // The books learn of the new mailboxes, and nobody pays.
        self.desk.to("2026-02-10T08:00:00Z").await;
        self.books(2).await;
        self.desk.to("2026-02-17T12:00:00Z").await;
        for (customer, promise) in self.customers.iter().zip(&promises) {
            assert_eq!(self.agreement(promise).await["status"], "open", "the money has its days to arrive");
            assert_eq!(self.left(customer).len(), 2, "nothing was chased meanwhile");
        }
        self.desk.to("2026-02-24T12:00:00Z").await;
        for (customer, promise) in self.customers.iter().zip(&promises) {
            assert_eq!(self.agreement(promise).await["status"], "broken");
            says(&self.last(customer.text("/new_mailbox")), &[customer.text("/asked/whole")]);
        }
    }

    /// The next mails are answered twice: a part of an invoice is contested, and a copy is asked for. Answers the disputes.
    async fn answers(&self) -> Vec<String> {
        let mut disputes = Vec::new();
        for customer in &self.customers {
            let mailbox = customer.text("/new_mailbox");
            let mail = self.last(mailbox);
            let from = format!("{} <{mailbox}>", customer.text("/person"));
            let answer = |text: &str| json!({"channel": "email", "from": from, "in_reply_to": mail.message_id, "text": text});
            self.comes_in(answer(customer.text("/disputes"))).await;
            let reply = self.reply(customer, "dispute").await;
            assert_eq!(
                (&reply["suggestion"]["kind"], reply["suggestion"]["amount_minor"].as_i64()),
                (&json!("dispute"), Some(customer.minor("/disputed_minor"))),
                "{reply:#}"
            );
            let dispute = self.accept(&reply).await;
            assert_eq!((&dispute["kind"], &dispute["status"]), (&json!("dispute"), &json!("open")), "{dispute:#}");
            let rest = customer.minor("/totals_minor/1") - customer.minor("/disputed_minor");
            let due = [(customer.number(1), customer.minor("/totals_minor/0")), (customer.number(2), rest)];
            assert_eq!(self.due_now(customer).await, due, "what nobody contests stays due");
            disputes.push(dispute["id"].as_str().unwrap().to_owned());

            self.comes_in(answer(customer.text("/asks_for_copy"))).await;
            self.desk.advance("PT5M").await;
            let reply = self.reply(customer, "copy_request").await;
            assert_eq!(reply["status"], "done", "{reply:#}");
            let copy = self.last(mailbox);
            assert!(copy.service_mail.is_some(), "{copy:?}");
            says(&copy, &[&customer.number(1)]);
            let [file] = copy.attachments.as_slice() else { panic!("{:?}", copy.attachments) };
            assert_eq!(
                (&file["content_type"], &file["name"]),
                (&json!("application/pdf"), &json!(customer.text("/copy_is_called")))
            );
        }
        assert_eq!(self.work().await, [""; 0], "copies went out by themselves");
        disputes
    }

    /// Managers are told, by mail and Slack; the executive is asked for what nobody contests.
    async fn escalates(&self) {
        self.desk.to("2026-03-03T12:00:00Z").await;
        assert_eq!(self.work().await, ["escalation"; 3]);
        let told = |channel: &str, customer: &Customer| {
            let sent = self.desk.stack.outbox(Some(TENANT)).into_iter();
            let of =
                sent.filter(|sent| sent.channel == channel && sent.text.as_deref().unwrap_or_default().contains(customer.id()));
            of.filter(|sent| sent.to == KIM || channel == "notice").collect::<Vec<Sent>>()
        };
        for customer in &self.customers {
            for channel in ["email", "notice"] {
                let told = told(channel, customer);
                let [notice] = told.as_slice() else { panic!("{channel} of {}: {told:?}", customer.id()) };
                assert_eq!(notice.at.strftime("%F").to_string(), customer.text("/managers_told_on"), "{notice:?}");
                says(notice, &[&format!("Past due: {}", customer.text("/asked/noticed")), "Step: managers", "Task: tsk_"]);
            }
            let mail = self.last(customer.text("/executive_mailbox"));
            let asked = [customer.text("/asked/undisputed"), customer.text("/asked/rest_of_second"), customer.text("/executive")];
            says(&mail, &asked);
            says_not(&mail, customer.text("/asked/whole"));
        }
    }

    /// Supply is stopped when a system says so, and goes on when all is decided, credited and paid.
    async fn holds_and_releases(&self, disputes: &[String]) {
        self.desk.to("2026-03-11T12:00:00Z").await;
        assert_eq!(
            self.desk.tasks("credit_hold").await.len(),
            0,
            "the executive has until the 9th, and money its days to arrive"
        );
        self.desk.to("2026-03-13T12:00:00Z").await;
        self.confirm("credit_hold").await;
        for (customer, dispute) in self.customers.iter().zip(disputes) {
            let upheld = json!({"amount_minor": customer.minor("/disputed_minor")});
            self.desk.admin("POST", &format!("/v1/agreements/{dispute}/uphold"), &upheld).await.is(200);
            let credited = customer.minor("/disputed_minor");
            let paid = json!({"credited_minor": credited, "paid_minor": customer.minor("/totals_minor/1") - credited});
            self.desk.put(&customer.invoice(2, 3, &paid)).await;
        }
        self.desk.to("2026-03-16T12:00:00Z").await;
        assert_eq!(self.desk.tasks("credit_release").await.len(), 0, "the first invoice is still to be paid");
        for customer in &self.customers {
            self.desk.put(&customer.invoice(1, 3, &json!({"paid_minor": customer.minor("/totals_minor/0")}))).await;
        }
        self.desk.advance("PT10M").await;
        self.confirm("credit_release").await;
        self.desk.to("2026-03-20T12:00:00Z").await;
        assert_eq!(self.work().await, [""; 0], "all is paid: nothing is left to do");
    }
}

/// What a message says, in every form that it has.
fn says(sent: &Sent, parts: &[&str]) {
    let forms = [sent.text.as_deref(), sent.html.as_deref()];
    for form in forms.into_iter().flatten() {
        // Amounts keep together by spaces that do not break.
        let form = form.replace(['\u{a0}', '\u{202f}'], " ");
        for part in parts {
            assert!(form.contains(part), "no '{part}' in {form}");
        }
    }
}

fn says_not(sent: &Sent, part: &str) {
    let text = sent.text.as_deref().unwrap_or_default();
    assert!(!text.contains(part), "'{part}' in {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_bounce_to_the_release_of_a_credit_hold_in_three_languages() {
    let story = Story::begin().await;
    story.bounces().await;
    story.promises().await;
    let disputes = story.answers().await;
    story.escalates().await;
    story.holds_and_releases(&disputes).await;
    for customer in &story.customers {
        // The 23rd of February is a holiday in Japan: the second mail and what follows it come a day later there.
        let left = [
            ("2026-02-05", "email", "/mailbox"),
            ("2026-02-06", "sms", "/phone"),
            (customer.text("/nudged_on"), "email", "/new_mailbox"),
            ("2026-02-24", "email", "/new_mailbox"),
            ("2026-03-02", "email", "/executive_mailbox"),
        ];
        let left = left.map(|(day, channel, field)| (day.to_owned(), channel.to_owned(), field));
        assert_eq!(story.left(customer), left, "{}", customer.id());

        let (because, said) = story.explained(customer, "2026-02-10T12:00:00Z").await;
        assert_eq!(because, "nothing_due_now", "{said}");
        assert!(said.contains("A hold is the promise to pay (agr_"), "{said}");
        assert!(!said.contains("the pause"), "it ended when the promise was accepted: {said}");
        assert!(
            said.contains("Step reminder went by email on Thursday 5 February 2026, and did not arrive. It went by sms instead."),
            "{said}"
        );
        let (because, said) = story.explained(customer, "2026-02-25T12:00:00Z").await;
        assert_eq!(because, "not_due", "{said}");
        let due = format!("{} is due now.", customer.text("/asked/explained"));
        assert!(said.contains(&due) && said.contains("Step managers is next"), "{said}");
        let (because, said) = story.explained(customer, "2026-03-05T12:00:00Z").await;
        assert_eq!(because, "not_due", "{said}");
        assert!(
            said.contains("Step stop is next") && said.contains("A message asked to be paid by Monday 9 March 2026"),
            "{said}"
        );
    }
}
