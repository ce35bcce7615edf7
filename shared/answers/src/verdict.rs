//! What an answer is, and what is found in it.

use std::{collections::BTreeSet, ops::Range};

use domain::{Channel, Currency, Money};
use jiff::civil::Date;

use crate::{
    class::{AnswerClass, Certainty, Tongue},
    days::FoundDay,
    history::own_words,
    keywords::{Order, order},
    pack::{ClassRule, Pack},
    packs::all_packs,
    pattern::{Matched, Slot, WordPattern},
    read_sentence::ReadSentence,
    references::References,
    subject::{Subject, read_subject},
    words::{Sentence, WordKind, is_unspaced, sentences},
};

/// A text that somebody sent, and what is known about where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct AnswerText<'a> {
    /// The plain text, decoded, with whatever the mail program quoted.
    pub text: &'a str,
    /// The mail's subject.
    pub subject: Option<&'a str>,
    /// The way by which it came.
    pub channel: Channel,
    /// The day on which it was sent, where its sender is. Every day in the text is seen from it.
    pub today: Date,
    /// The sender's country, two letters. Without it `12/15` is no day.
    pub region: Option<&'a str>,
    /// The currency of the customer's case: what `$`, `¥` and `kr` mean.
    pub currency: Option<Currency>,
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedRule {
    /// The class that it gives.
    pub class: AnswerClass,
    /// How sure it is here: where a wish is about one item only, less than the rule says.
    pub certainty: Certainty,
    /// The language in whose file it stands; `None` for keywords and subjects of automatic answers.
    pub tongue: Option<Tongue>,
    /// Its line in that file, from 1.
    pub line: u32,
    /// The rule as it is written. It has nothing of the text.
    pub pattern: &'static str,
}

/// What a text names. Each is a hint: whether there is such an invoice, and whether the amount fits, the caller looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundInText {
    /// The day by which payment is promised; `None` where the text names none or several.
    pub promised_on: Option<Date>,
    /// The day on which it says that it was paid; `None` where it names none or several.
    pub paid_on: Option<Date>,
    /// Amounts whose currency is certain, in order, each once.
    pub amounts: Vec<Money>,
    /// Invoices' numbers as written, in order, each once.
    pub invoice_numbers: Vec<String>,
    /// The first day on which somebody who is away is there again.
    pub back_on: Option<Date>,
    /// The address that a note of absence, or somebody who is not in charge, names instead.
    pub deputy: Option<String>,
    /// A purchase order's number.
    pub order_number: Option<String>,
}

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// The strongest class; [`AnswerClass::Other`] where no rule matched.
    pub class: AnswerClass,
    /// How sure the rules are of it. Of [`AnswerClass::Other`] they are never more than unclear.
    pub certainty: Certainty,
    /// Every class that applies, the strongest first, each once.
    pub classes: Vec<(AnswerClass, Certainty)>,
    /// The rules that matched, in the order of the text.
    pub rules: Vec<MatchedRule>,
    /// Whether a text message is nothing but a word such as START: its sender wants to be written to again.
    pub opt_in: bool,
    /// What the text names.
    pub found: FoundInText,
}

impl Classified {
    /// Whether the way by which the text came is to be closed at once: the sender wants no more, certainly or likely.
    ///
    /// Where it is unclear it is a question for a person.
    pub fn stops_the_channel(&self) -> bool {
        self.certainty_of(AnswerClass::OptOut).is_some_and(|certainty| certainty >= Certainty::Likely)
    }

    /// How sure the rules are of a class; `None` where it does not apply.
    pub fn certainty_of(&self, class: AnswerClass) -> Option<Certainty> {
        self.classes.iter().find(|(one, _)| *one == class).map(|(_, certainty)| *certainty)
    }
}

/// Whether one of a pack's choices stands within its reach of a match: before it in the same part of the sentence, inside its gaps, or after it.
fn is_near(read: &ReadSentence<'_>, pack: &Pack, head: &str, matched: &Matched) -> bool {
    let Some(words) = pack.choices(head) else { return false };
    let turn = pack.choices("turn");
    let (before, after) = pack.reach;
    let stands_at = |at: usize| read.match_at(words, at).is_some();
    let turns_at = |at: usize| turn.is_some_and(|turn| read.match_at(turn, at).is_some());
    let mut at = matched.start;
    for _ in 0..before {
        let is_cut = read.sentence.words.get(at).is_some_and(|word| word.is_after_break);
        if at == 0 || is_cut || turns_at(at - 1) {
            break;
        }
        at -= 1;
        if stands_at(at) {
            return true;
        }
    }
    let inside = matched.gaps.iter().flat_map(|(start, end)| *start..*end).any(stands_at);
    let behind = (matched.end..matched.end + after)
        .take_while(|at| read.sentence.words.get(*at).is_some_and(|word| !word.is_after_break) && !turns_at(*at))
        .any(stands_at);
    inside || behind
}

/// Whether a match holds where it stands.
fn holds(read: &ReadSentence<'_>, pack: &Pack, rule: &ClassRule, matched: &Matched) -> bool {
    if rule.asked.is_some_and(|asked| asked != read.sentence.is_question) {
        return false;
    }
    if rule.is_anyway {
        return true;
    }
    let is_conditional = match rule.class {
        AnswerClass::ClaimedPaid | AnswerClass::WriteOffClaimed => is_near(read, pack, "conditional", matched),
        AnswerClass::OutOfOffice => is_near(read, pack, "past", matched),
        _ => false,
    };
    !is_conditional && !is_near(read, pack, "negation", matched)
}

/// The languages in which a sentence may be written: those with at least half as many of their words of every day as the one with the most. Where
/// there are fewer than two such words, every language.
fn tongues(read: &ReadSentence<'_>) -> Vec<Tongue> {
    let count = |pack: &Pack| {
        let common = pack.choices("common");
        let is_common = |at: &usize| common.is_some_and(|common| read.match_at(common, *at).is_some());
        (0..read.sentence.words.len()).filter(is_common).count()
    };
    let counts: Vec<(Tongue, usize)> = all_packs().iter().map(|pack| (pack.tongue, count(pack))).collect();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.into_iter().filter(|(_, count)| most < 2 || count * 2 >= most).map(|(tongue, _)| tongue).collect()
}

/// What the rules say of all sentences.
#[derive(Default)]
struct Gathered {
    rules: Vec<(MatchedRule, bool)>,
    /// Days that filled slots of rules of promises, or stand in their sentences.
    promised: (BTreeSet<Date>, BTreeSet<Date>),
    paid: BTreeSet<Date>,
    back_on: Option<Date>,
    /// Words of sentences that neither thank nor say nothing.
    substance: usize,
}

impl Gathered {
    fn add(&mut self, rule: MatchedRule, is_of_item: bool) {
        match self.rules.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, is_known_of_item)) => *is_known_of_item &= is_of_item,
            None => self.rules.push((rule, is_of_item)),
        }
    }

    fn read(&mut self, read: &ReadSentence<'_>) {
        let mut said = BTreeSet::new();
        let mut held: Vec<(MatchedRule, bool, Range<usize>)> = Vec::new();
        let tongues = tongues(read);
        for pack in all_packs() {
            let is_of_tongue = tongues.contains(&pack.tongue);
            for at in 0..read.sentence.words.len() {
                for rule in pack.rules_from(&read.sentence.words[at].folded) {
                    // A wish to be left alone counts in whatever language it is.
                    if !is_of_tongue && rule.class != AnswerClass::OptOut {
                        continue;
                    }
                    let Some(matched) = read.match_at(&rule.pattern, at).filter(|matched| holds(read, pack, rule, matched))
                    else {
                        continue;
                    };
                    said.insert(rule.class);
                    self.days_of(read, rule, &matched);
                    let ClassRule { class, certainty, line, source, .. } = *rule;
                    let found = MatchedRule { class, certainty, tongue: Some(pack.tongue), line, pattern: source };
                    held.push((found, rule.is_of_item, matched.start..matched.end));
                }
            }
            self.absence(read, pack);
        }
        let of_items: Vec<Range<usize>> =
            held.iter().filter(|(_, is_of_item, _)| *is_of_item).map(|(_, _, at)| at.clone()).collect();
        for (rule, is_of_item, at) in held {
            // `stop sending me reminders` is about reminders, though `stop sending me` alone is about all.
            let is_part =
                rule.class == AnswerClass::OptOut && of_items.iter().any(|item| item.start < at.end && at.start < item.end);
            self.add(rule, is_of_item || is_part);
        }
        let is_pleasant =
            said.contains(&AnswerClass::Thanks) || all_packs().iter().any(|pack| read.finds(&pack.pleasantry).is_some());
        if !is_pleasant {
            let letters = read.sentence.words.iter().filter(|word| word.raw.starts_with(is_unspaced)).count();
            self.substance += read.sentence.words.len() - letters + letters / LETTERS_OF_A_WORD;
        }
    }

    fn days_of(&mut self, read: &ReadSentence<'_>, rule: &ClassRule, matched: &Matched) {
        let day_at = |place: usize| read.days.iter().find(|day| day.start == place);
        match rule.class {
            AnswerClass::Promise if rule.certainty >= Certainty::Likely => {
                let filled = matched.filled.iter().filter(|(slot, _)| *slot == Slot::Ahead);
                for day in filled.filter_map(|(_, place)| day_at(*place)) {
                    // A day right behind is another choice: `on Monday or on Friday`.
                    let behind = read.days.iter().filter(|other| (day.end..=day.end + CHOICE_WORDS).contains(&other.start));
                    self.promised.0.extend(day.day.ahead.into_iter().chain(behind.filter_map(|other| other.day.ahead)));
                }
                self.promised.1.extend(read.days.iter().filter_map(|day| day.day.ahead));
            }
            AnswerClass::ClaimedPaid | AnswerClass::Remittance => {
                self.paid.extend(read.days.iter().filter_map(|day| day.day.behind))
            }
            _ => {}
        }
    }

    fn absence(&mut self, read: &ReadSentence<'_>, pack: &Pack) {
        let day = |patterns: &[WordPattern]| {
            let matched = read.finds(patterns)?;
            let (_, place) = matched.filled.iter().find(|(slot, _)| *slot == Slot::Ahead)?;
            read.days.iter().find(|day| day.start == *place)?.day.ahead
        };
        let back = day(&pack.back_on).or_else(|| day(&pack.away_until).and_then(|until| until.tomorrow().ok()));
        self.back_on = self.back_on.or(back);
    }

    /// Classes with the best certainty of their rules, the strongest first. A wish for no more reminders of one item is less than one to be
    /// left alone, where the same text says what is with that item.
    fn classes(&mut self, channel: Channel) -> Vec<(AnswerClass, Certainty)> {
        let is_about_item = self
            .rules
            .iter()
            .any(|(rule, is_of_item)| !is_of_item && rule.class.is_about_an_item() && rule.certainty >= Certainty::Likely);
        if is_about_item && channel == Channel::Email {
            for (rule, _) in self.rules.iter_mut().filter(|(_, is_of_item)| *is_of_item) {
                rule.certainty = Certainty::Unclear;
            }
        }
        let best = |class: AnswerClass| {
            let certainty = self.rules.iter().filter(|(rule, _)| rule.class == class).map(|(rule, _)| rule.certainty).max();
            certainty.map(|certainty| (class, certainty))
        };
        let mut classes: Vec<(AnswerClass, Certainty)> = AnswerClass::ALL.into_iter().filter_map(best).collect();
        if self.substance > SUBSTANCE_MAX || classes.len() > 1 {
            classes.retain(|(class, _)| *class != AnswerClass::Thanks);
        }
        classes.sort_by_key(|(class, certainty)| {
            let acts_at_once = *class == AnswerClass::OptOut && *certainty >= Certainty::Likely;
            (!acts_at_once, std::cmp::Reverse(*certainty))
        });
        classes
    }
}

/// Most words of a text that is an order, whatever footers say in these words.
const ORDER_WORDS_MAX: usize = 3;
/// Within how many words behind a day another is a choice beside it.
const CHOICE_WORDS: usize = 2;
/// How many Japanese letters are counted as one word.
const LETTERS_OF_A_WORD: usize = 3;
/// Most words beside thanks with which a text is still no more than thanks: a name, a greeting.
const SUBSTANCE_MAX: usize = 6;

/// The only one of some days.
fn only(days: &BTreeSet<Date>) -> Option<Date> {
    days.first().copied().filter(|_| days.len() == 1)
}

/// Reads an answer: what it is, and what it names. Total: every text gives something, at worst [`AnswerClass::Other`].
pub fn classify(heard: &AnswerText<'_>) -> Classified {
    let own = sentences(&own_words(heard.text));
    let is_short_text = matches!(heard.channel, Channel::Sms | Channel::Whatsapp);
    let subject = heard.subject.map_or(Subject::Nothing, read_subject);
    let titles: Vec<Sentence> = match &subject {
        Subject::Own(sentences) => sentences.clone(),
        Subject::Automatic | Subject::Nothing => Vec::new(),
    };
    // The words of a footer's link, and nothing else, are an order.
    let is_order = own.len() == 1 && own[0].words.len() <= ORDER_WORDS_MAX;
    let is_own = |sentence: &&Sentence| {
        let read = ReadSentence::new(sentence, heard.today, heard.region, heard.currency);
        is_order || !all_packs().iter().any(|pack| read.finds(&pack.footer).is_some())
    };
    let said: Vec<&Sentence> = own.iter().chain(&titles).filter(is_own).collect();
    let reads: Vec<ReadSentence<'_>> =
        said.iter().map(|sentence| ReadSentence::new(sentence, heard.today, heard.region, heard.currency)).collect();
    let mut gathered = Gathered::default();
    reads.iter().for_each(|read| gathered.read(read));
    if let Subject::Automatic = subject {
        gathered.add(by_word(AnswerClass::OutOfOffice, Certainty::Likely, "subject of an automatic answer"), false);
    }
    let commanding: Vec<Sentence> = said.iter().map(|sentence| (*sentence).clone()).collect();
    let commanded = order(&commanding, is_short_text);
    if let Some(Order::Stop(certainty)) = commanded {
        gathered.add(by_word(AnswerClass::OptOut, certainty, "keyword"), false);
    }
    let classes = gathered.classes(heard.channel);
    let (class, certainty) = classes.first().copied().unwrap_or((AnswerClass::Other, Certainty::Unclear));
    let found = found(&reads, &gathered, &classes);
    Classified {
        class,
        certainty,
        classes,
        rules: gathered.rules.into_iter().map(|(rule, _)| rule).collect(),
        opt_in: commanded == Some(Order::Start),
        found,
    }
}

fn by_word(class: AnswerClass, certainty: Certainty, pattern: &'static str) -> MatchedRule {
    MatchedRule { class, certainty, tongue: None, line: 0, pattern }
}

fn found(reads: &[ReadSentence<'_>], gathered: &Gathered, classes: &[(AnswerClass, Certainty)]) -> FoundInText {
    let has = |class: AnswerClass| classes.iter().any(|(one, _)| *one == class);
    let mut references = References::default();
    let mut amounts: Vec<Money> = Vec::new();
    for read in reads {
        references.read(read.sentence, all_packs(), &read.taken());
        for money in read.amounts.iter().filter_map(|(_, _, money)| *money) {
            if !amounts.contains(&money) {
                amounts.push(money);
            }
        }
    }
    let all = |pick: &dyn Fn(&FoundDay) -> Option<Date>| {
        reads.iter().flat_map(|read| &read.days).filter_map(pick).collect::<BTreeSet<Date>>()
    };
    let promised = match (&gathered.promised.0, &gathered.promised.1) {
        (filled, _) if !filled.is_empty() => only(filled),
        (_, beside) if !beside.is_empty() => only(beside),
        _ => only(&all(&|day| day.day.ahead)),
    };
    let paid = if gathered.paid.is_empty() { only(&all(&|day| day.day.behind)) } else { only(&gathered.paid) };
    let mails = || reads.iter().flat_map(|read| &read.sentence.words).filter(|word| word.kind == WordKind::Mail);
    let names_another = has(AnswerClass::OutOfOffice) || has(AnswerClass::WrongPerson);
    FoundInText {
        promised_on: promised.filter(|_| has(AnswerClass::Promise)),
        paid_on: paid.filter(|_| has(AnswerClass::ClaimedPaid) || has(AnswerClass::Remittance)),
        amounts,
        invoice_numbers: references.invoices,
        back_on: gathered.back_on.filter(|_| has(AnswerClass::OutOfOffice)),
        deputy: mails().next().map(|word| word.raw.to_lowercase()).filter(|_| names_another),
        order_number: references.order,
    }
}
