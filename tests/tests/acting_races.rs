//! People act while sweeps decide, feeds bring payments and senders send: whatever comes between, nobody is written to who should not be, nothing
//! is sent twice, and what was taken back never leaves. Each customer is a sequence of its own; `DUNLIN_INTERLEAVINGS` says how many are played.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{
    documents::{changed, customer, invoice},
    faults::judge::judge_table,
    test_tenant::{TestTenant, local_time, step},
};

/// Customers of one desk.
const CUSTOMERS: usize = 40;
/// Sequences that are played where nothing else is asked.
const SEQUENCES: usize = 200;
/// What may still leave after something that stops it: its sender had claimed it.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(90);

/// Numbers that look drawn, and are the same in every run.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// What is known of one customer from what was answered.
#[derive(Default)]
struct Known {
    id: String,
    paid_at: Option<Timestamp>,
    /// The pause that keeps everything back, since when.
    paused: Option<(String, Timestamp)>,
    /// Spans in which everything was kept back for sure.
    pauses: Vec<(Timestamp, Timestamp)>,
    /// Messages of a person, and whether they were taken back.
    written: BTreeMap<String, bool>,
    orders: Vec<String>,
}

async fn post(desk: &TestTenant, path: &str, body: Value) -> (u16, Value) {
    let reply = desk.admin("POST", path, &body).await;
    assert!(reply.status < 500, "{path}: {}", reply.text);
    (reply.status, reply.body)
}

/// One act of a person or a feed about one customer. What is answered is what is known.
async fn act(desk: &TestTenant, drawn: u64, n: usize, known: &mut Known) {
    let id = known.id.clone();
    match drawn {
        0 if known.paid_at.is_none() => {
            let document = invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 125_000, "2026-02-09");
            desk.put(&changed(&document, 2, &json!({"paid_minor": 125_000}))).await;
            known.paid_at = Some(desk.stack.now());
        }
        1 | 2 if known.paused.is_none() => {
            let body = json!({"kind": "pause", "customer": id});
            let (status, made) = post(desk, "/v1/agreements", body).await;
            if status == 200 {
                known.paused = Some((made["id"].as_str().unwrap().to_owned(), desk.stack.now()));
            }
        }
        1..=3 => {
            if let Some((pause, since)) = known.paused.take() {
                known.pauses.push((since, desk.stack.now()));
                let (status, said) = post(desk, &format!("/v1/agreements/{pause}/release"), json!({})).await;
                assert_eq!(status, 200, "{said}");
            }
        }
        4 | 5 => {
            let body = json!({"customer": id, "subject": "Ihre Frage", "body": "Eine Antwort."});
            let (status, said) = post(desk, "/v1/messages", body).await;
            if status == 200 {
                known.written.insert(said["id"].as_str().unwrap().to_owned(), false);
            }
        }
        6 => {
            let last = known.written.iter().find(|(_, gone)| !**gone).map(|(id, _)| id.clone());
            if let Some(message) = last {
                let (status, _) = post(desk, &format!("/v1/messages/{message}/undo"), Value::Null).await;
                if status == 200 {
                    known.written.insert(message, true);
                }
            }
        }
        7 => {
            let call = json!({"customer": id, "kind": "call", "outcome": "voicemail", "contact": "p1"});
            let (status, said) = post(desk, "/v1/contact_log", call).await;
            if status == 200 && n.is_multiple_of(2) {
                post(desk, &format!("/v1/messages/{}/undo", said["id"].as_str().unwrap()), Value::Null).await;
            }
        }
        8 => {
            let kind = if n.is_multiple_of(3) { "send_now" } else { "bring_forward" };
            let order = json!({"kind": kind, "invoice": format!("F-{n}"), "step": "nudge"});
            let (status, said) = post(desk, &format!("/v1/customers/{id}/orders"), order).await;
            if status == 200 {
                known.orders.push(said["id"].as_str().unwrap().to_owned());
            }
        }
        9 => {
            if let Some(order) = known.orders.pop() {
                post(desk, &format!("/v1/orders/{order}/withdraw"), Value::Null).await;
            }
        }
        _ => {}
    }
}

/// Plays a desk of customers, and says what was wrong.
async fn play(seed: u64, customers: usize) -> Vec<String> {
    let desk = TestTenant::at("2026-02-09T07:00:00Z").await;
    let mut known: BTreeMap<usize, Known> = BTreeMap::new();
    for n in 0..customers {
        desk.put(&invoice(&customer(&format!("C-{n}")), &format!("F-{n}"), 125_000, "2026-02-09")).await;
        let id = desk.matter(&format!("C-{n}")).await["customer"]["id"].as_str().unwrap().to_owned();
        known.insert(n, Known { id, ..Known::default() });
    }
    let mut drawn = Drawn(seed);
    for _ in 0..60 {
        let minutes = [1, 1, 2, 7, 45, 300][usize::try_from(drawn.below(6)).unwrap()];
        let span = format!("PT{minutes}M");
        let acts: Vec<(usize, u64)> =
            (0..3).map(|_| (usize::try_from(drawn.below(customers as u64)).unwrap(), drawn.below(12))).collect();
        let acting = async {
            for (n, what) in acts {
                act(&desk, what, n, known.get_mut(&n).unwrap()).await;
            }
        };
        if minutes > 2 {
            // Signatures and tokens are of the moment: over a long time they would be too old when they arrive.
            acting.await;
            desk.advance(&span).await;
        } else {
            // At once: what people do comes between whatever the functions do in that time.
            tokio::join!(desk.advance(&span), acting);
        }
    }
    for (pause, since) in known.values_mut().filter_map(|known| known.paused.take()).collect::<Vec<_>>() {
        let (status, said) = post(&desk, &format!("/v1/agreements/{pause}/release"), json!({})).await;
        assert_eq!(status, 200, "paused since {since}: {said}");
    }
    desk.advance("P3D").await;
    let sent = desk.sent();
    // The judge of crashes: nothing twice, nothing lost, every chain whole.
    let verdict = judge_table(&desk.stack, &sent).await.unwrap();
    let mut flaws: Vec<String> = verdict.twice.into_iter().chain(verdict.lost).collect();
    for (n, known) in &known {
        let to = format!("c-{n}@buyer.example");
        let own: Vec<_> = sent.iter().filter(|sent| sent.to == to).collect();
        let mut seen = BTreeSet::new();
        for mail in &own {
            let message = mail.message.clone().unwrap_or_default();
            if !seen.insert(message.clone()) {
                flaws.push(format!("C-{n}: {message} twice"));
            }
            let hour = local_time(mail, "Europe/Berlin").hour();
            if !(9..17).contains(&hour) {
                flaws.push(format!("C-{n}: {message} at {}", mail.at));
            }
            match known.written.get(&message) {
                Some(true) => flaws.push(format!("C-{n}: {message} was taken back, and left at {}", mail.at)),
                Some(false) => {}
                None => {
                    if known.paid_at.is_some_and(|paid| mail.at > paid + ON_ITS_WAY) {
                        flaws.push(format!("C-{n}: chased at {} after it had paid", mail.at));
                    }
                    if known.pauses.iter().any(|(from, until)| mail.at > *from + ON_ITS_WAY && mail.at < *until) {
                        flaws.push(format!("C-{n}: chased at {} while it was paused", mail.at));
                    }
                    if !seen.insert(step(mail).to_owned()) {
                        flaws.push(format!("C-{n}: {} twice", step(mail)));
                    }
                }
            }
        }
        for (message, _) in known.written.iter().filter(|(_, gone)| !**gone) {
            if !own.iter().any(|mail| mail.message.as_deref() == Some(message)) {
                flaws.push(format!("C-{n}: {message} was lost"));
            }
        }
        let pending = desk.matter(&format!("C-{n}")).await["pending"].clone();
        if pending != json!([]) {
            flaws.push(format!("C-{n}: still pending {pending}"));
        }
    }
    flaws
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_do_meanwhile_every_promise_is_kept() {
    let sequences = kit::Env::from_process().get("DUNLIN_INTERLEAVINGS").map_or(SEQUENCES, |count| count.parse().unwrap());
    for desk in 0..sequences.div_ceil(CUSTOMERS) {
        let flaws = play(20_260_209 + desk as u64, CUSTOMERS).await;
        assert_eq!(flaws, Vec::<String>::new(), "desk {desk}");
    }
}
