//! Answers with the class that a reader gave them, and how often the rules agree.
//!
//! A line is `class<TAB>language<TAB>channel<TAB>text`, with `\n` for new lines. A first line `Subject: …` of the text is the subject.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use answers::{AnswerClass, AnswerText, Classified, MatchedRule, Tongue, classify};
use domain::{Channel, Currency};
use jiff::civil::date;

/// A labelled answer.
pub struct Labelled {
    pub line: usize,
    pub class: AnswerClass,
    pub language: String,
    channel: Channel,
    subject: Option<String>,
    pub text: String,
}

impl Labelled {
    /// What the rules say, on a day that is the same for all.
    pub fn classified(&self) -> Classified {
        classify(&AnswerText {
            text: &self.text,
            subject: self.subject.as_deref(),
            channel: self.channel,
            today: date(2026, 11, 28),
            region: None,
            currency: Some(if self.language == "en" { Currency::USD } else { Currency::EUR }),
        })
    }
}

/// Reads a file of labelled answers; says which line is none.
pub fn read(path: &Path) -> Result<Vec<Labelled>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| labelled(number, line).map_err(|why| format!("{}:{number}: {why}", path.display()))).collect()
}

fn labelled(line: usize, text: &str) -> Result<Labelled, String> {
    let [class, language, channel, body] = text.splitn(4, '\t').collect::<Vec<_>>()[..] else {
        return Err("it needs four fields with tabs between them: class, language, channel, text".to_owned());
    };
    let class = AnswerClass::parse(class).ok_or_else(|| format!("'{class}' is no class"))?;
    let channel = match channel {
        "email" => Channel::Email,
        "sms" => Channel::Sms,
        "whatsapp" => Channel::Whatsapp,
        other => return Err(format!("'{other}' is no channel; write email, sms or whatsapp")),
    };
    let body = body.replace("\\n", "\n");
    let (subject, text) = match body.strip_prefix("Subject: ").and_then(|rest| rest.split_once('\n')) {
        Some((subject, text)) => (Some(subject.to_owned()), text.to_owned()),
        None => (None, body),
    };
    Ok(Labelled { line, class, language: language.to_owned(), channel, subject, text })
}

/// How often the rules agree with readers, of one class.
#[derive(Clone, Copy, Default)]
pub struct OfClass {
    pub texts: usize,
    /// The strongest class is the reader's.
    pub first: usize,
    /// The reader's class is among those that apply.
    pub among: usize,
}

/// Figures of a file.
#[derive(Default)]
pub struct Figures {
    pub by_class: BTreeMap<AnswerClass, OfClass>,
    pub by_language: BTreeMap<String, OfClass>,
    pub all: OfClass,
    /// Opt-outs that close the channel, and opt-outs that do not, by line.
    pub stopped: usize,
    pub missed: Vec<String>,
    /// Harmless texts, and those that close a channel.
    pub harmless: usize,
    pub stopped_wrongly: Vec<String>,
    /// Texts of which another class is the strongest.
    pub others: Vec<String>,
}

impl OfClass {
    fn count(&mut self, is_first: bool, is_among: bool) {
        self.texts += 1;
        self.first += usize::from(is_first);
        self.among += usize::from(is_among);
    }
}

/// Reads every text by the rules and counts.
pub fn measure(texts: &[Labelled]) -> Figures {
    let mut figures = Figures::default();
    for labelled in texts {
        let read = labelled.classified();
        let is_among = read.class == labelled.class || read.certainty_of(labelled.class).is_some();
        for counted in [
            figures.by_class.entry(labelled.class).or_default(),
            figures.by_language.entry(labelled.language.clone()).or_default(),
            &mut figures.all,
        ] {
            counted.count(read.class == labelled.class, is_among);
        }
        let classes: Vec<String> =
            read.classes.iter().map(|(class, certainty)| format!("{} {}", certainty.as_str(), class.as_str())).collect();
        let by = |rule: &MatchedRule| {
            let tongue = rule.tongue.map_or("-", Tongue::as_str);
            format!("{} by {tongue}.txt:{}", rule.class.as_str(), rule.line)
        };
        let rules: Vec<String> = read.rules.iter().map(by).collect();
        let shown = format!(
            "{}: {} {}: [{}] [{}] {:?}",
            labelled.line,
            labelled.language,
            labelled.class.as_str(),
            classes.join(", "),
            rules.join(", "),
            labelled.text
        );
        match (labelled.class == AnswerClass::OptOut, read.stops_the_channel()) {
            (true, true) => figures.stopped += 1,
            (true, false) => figures.missed.push(shown.clone()),
            (false, true) => figures.stopped_wrongly.push(shown.clone()),
            (false, false) => {}
        }
        figures.harmless += usize::from(labelled.class != AnswerClass::OptOut);
        if read.class != labelled.class {
            figures.others.push(shown);
        }
    }
    figures
}

impl Figures {
    /// The figures as a table.
    pub fn table(&self) -> String {
        let mut out = format!("{:<20} {:>5} {:>6} {:>6}\n", "", "texts", "first", "among");
        let mut row = |name: &str, of: &OfClass| {
            let _ = writeln!(out, "{name:<20} {:>5} {:>6} {:>6}", of.texts, of.first, of.among);
        };
        self.by_class.iter().for_each(|(class, of)| row(class.as_str(), of));
        self.by_language.iter().for_each(|(language, of)| row(language, of));
        row("all", &self.all);
        let opt_outs = self.stopped + self.missed.len();
        let _ = writeln!(out, "opt-outs that close the channel: {} of {opt_outs}", self.stopped);
        let _ = writeln!(out, "harmless texts that close a channel: {} of {}", self.stopped_wrongly.len(), self.harmless);
        out
    }
}
