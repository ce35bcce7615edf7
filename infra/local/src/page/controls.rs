//! What one does to the stack from its page: write as a customer, pay as one, have something fail, and have the model answer.

use std::{collections::BTreeSet, fmt::Write};

use super::{escape, frame::options};
use crate::{
    faults::{CARRIERS, NOTICES, SERVICES, modes_of, word},
    world::World,
};

/// What customers write, to begin with: what the choice says, and the words.
const SENTENCES: [(&str, &str); 7] = [
    ("promises", "We will pay the whole amount on Friday."),
    ("has paid", "We paid this invoice last week by bank transfer."),
    ("contests", "The amount is wrong: two of the items never arrived."),
    ("wants a copy", "Could you please send us a copy of the invoice?"),
    ("is away", "I am out of the office until next Monday and read no mail."),
    ("wants to be left alone", "Please stop sending us these messages."),
    ("asks for a plan", "We cannot pay at once. Could we pay in three parts?"),
];
/// How the model behaves: the mode of `POST /_local/model`, and what it does then.
const MODEL: [(&str, &str); 8] = [
    ("says", "says what is written below"),
    ("obeys", "does what the customer's words ask of it"),
    ("invents", "names a class that there is not"),
    ("rambles", "says something around its choice"),
    ("cuts_off", "ends before it said all"),
    ("breaks", "answers no JSON"),
    ("bloats", "does not stop"),
    ("hangs", "never answers"),
];
/// What it says, to begin with.
const MODEL_SAYS: &str = r#"{"class": "other", "draft": "other", "certainty": "unclear"}"#;

/// The sections behind the outbox.
pub(super) fn sections(world: &World, tenants: &BTreeSet<&str>, tenant: Option<&str>) -> String {
    [write_section(tenants, tenant), BASKETS.to_owned(), faults_section(world), model_section()].concat()
}

/// Baskets are read when the section is opened.
const BASKETS: &str = "<section id=baskets aria-labelledby=baskets-title hidden><h2 id=baskets-title>What payers began to pay</h2>\
    <p class=hint>A payer begins on the page behind a mail's link. Here you are the payer at the provider, or the bank.</p>\
    <div id=baskets-list></div><p class=said-here role=status></p></section>";

fn write_section(tenants: &BTreeSet<&str>, tenant: Option<&str>) -> String {
    let sentences = SENTENCES.iter().fold(String::new(), |mut html, (label, words)| {
        // A text takes what is written to it.
        let _ = write!(html, "<option value='{}'>{label}</option>", escape(words));
        html
    });
    format!(
        "<section id=write aria-labelledby=write-title hidden><h2 id=write-title>Write as a customer</h2>\
         <p class=hint>It comes in as SES and End User Messaging bring it. In a few seconds it stands at the customer in the console.</p>\
         <form id=inbound><p class=field><label for=answers>Answers</label><select id=answers name=in_reply_to><option value=''>nothing: it is a new one</option></select></p>\
         <p class=field><label for=channel>By</label><select id=channel name=channel><option value=email>mail</option><option value=sms>text message</option></select></p>\
         <p class=field><label for=from>From</label><input id=from name=from required autocomplete=off placeholder='ap@acme.example'></p>\
         <p class=field data-new><label for=to-tenant>To the seller</label><select id=to-tenant name=tenant>{}</select></p>\
         <p class=field data-new><label for=subject>Subject</label><input id=subject name=subject autocomplete=off></p>\
         <p class=field><label for=sentence>The customer</label><select id=sentence><option value=''>writes words of their own</option>{sentences}</select></p>\
         <p class=field><label for=words>Words</label><textarea id=words name=text rows=6 required></textarea></p>\
         <p><button>Send it</button></p><p class=said-here role=status></p></form></section>",
        options(tenants, tenant),
    )
}

fn faults_section(world: &World) -> String {
    let functions = |name: &str| world.functions.contains_key(name);
    let names: Vec<&str> = world.functions.keys().map(String::as_str).collect();
    let groups: [(&str, &[&str]); 4] = [
        ("AWS services", &SERVICES),
        ("What carries events", &CARRIERS),
        ("Channels of notices", &NOTICES),
        ("Functions", &names),
    ];
    let mut targets = String::new();
    for (group, members) in groups {
        let _ = write!(targets, "<optgroup label='{group}'>");
        for member in members {
            let modes: Vec<String> = modes_of(member, &functions).unwrap_or_default().iter().map(word).collect();
            let _ = write!(targets, "<option data-modes='{}'>{}</option>", modes.join(" "), escape(member));
        }
        targets.push_str("</optgroup>");
    }
    format!(
        "<section id=faults aria-labelledby=faults-title hidden><h2 id=faults-title>What goes wrong next</h2>\
         <form id=fault><p class=field><label for=target>Where</label><select id=target name=target>{targets}</select></p>\
         <p class=field><label for=mode>What</label><select id=mode name=mode></select></p>\
         <p class=field><label for=times>How often</label><input id=times name=times type=number min=1 max=1000 value=1 required></p>\
         <p class=field><label for=call>At which call</label><span class=hint id=call-hint>From 1; the first one, if you say nothing</span>\
         <input id=call name=call type=number min=1 aria-describedby=call-hint></p>\
         <p class=buttons><button>Have it fail</button><button type=button class=plain id=clear>Clear this target</button></p>\
         <p class=said-here role=status></p></form><div id=faults-list></div></section>"
    )
}

fn model_section() -> String {
    let modes = MODEL.iter().fold(String::new(), |mut html, (mode, does)| {
        let _ = write!(html, "<option value={mode}>{does}</option>");
        html
    });
    format!(
        "<section id=model aria-labelledby=model-title hidden><h2 id=model-title>What stands for a model of answers</h2>\
         <p class=hint>It is asked where the stack began with <code>--parameter AnswersModel=amazon.nova-lite-v1:0</code>, and the seller says so.</p>\
         <form id=model-form><p class=field><label for=behaves>It</label><select id=behaves name=mode>{modes}</select></p>\
         <p class=field><label for=says>What it says, in JSON</label><textarea id=says name=says rows=3>{}</textarea></p>\
         <p><button>From now on</button></p><p class=said-here role=status></p></form><h3>What it was asked</h3><div id=asked-list></div></section>",
        escape(MODEL_SAYS),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_choice_of_the_model_is_one_that_it_takes() {
        for (mode, _) in MODEL {
            serde_json::from_value::<crate::answers_model::ModelMode>(serde_json::json!(mode)).unwrap();
        }
        assert!(serde_json::from_str::<serde_json::Value>(MODEL_SAYS).unwrap().is_object());
    }
}
