//! A language's rules, as `rules/<language>.txt` writes them.
//!
//! A line is `head: body`; one that begins with `#` is a comment. Lists come before what names them.
//!
//! | Head | Body |
//! |---|---|
//! | `<class> <certainty> [anyway] [item] [asked\|told]` | a pattern; `anyway`: negated too; `item`: is about one item where the text is; only in, or only outside of, questions |
//! | `list <name>` | choices that patterns call `@<name>` |
//! | `negation`, `conditional`, `past`, `turn` | choices: what denies, what makes a condition, what says that an absence is over, what ends the reach of these |
//! | `common` | choices: words of every day, by which a sentence's language is told |
//! | `reach <before> <after>` | empty: how many words before and after a match are looked at for these |
//! | `month <n>`, `weekday <n>`, `number <n>` | names of the month, the weekday (1 is Monday), the number |
//! | `day <kind>` | a pattern of a day, by `{d} {m} {w} {n} {y}` |
//! | `before_day` | choices behind which `15.12` is a day |
//! | `away_until`, `back_on` | a pattern with `{date}` in notes of absence |
//! | `invoice_words`, `order_words`, `other_words`, `fillers` | choices: before an invoice's number, an order's, another's; between these and a number |
//! | `auto_subject` | a pattern of subjects of automatic answers |
//! | `footer` | a pattern of sentences that are nobody's own words |
//! | `pleasantry` | a pattern of sentences that say nothing |

use std::collections::{BTreeMap, HashMap};

use crate::{
    class::{AnswerClass, Certainty, Tongue},
    day_kind::DayKind,
    pattern::{Lists, WordPattern},
    words::fold,
};

/// Why a line of a file of rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct RuleFlaw {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub why: String,
}

/// A rule that gives a class.
#[derive(Clone, Debug)]
pub(crate) struct ClassRule {
    pub class: AnswerClass,
    pub certainty: Certainty,
    pub line: u32,
    pub source: &'static str,
    pub pattern: WordPattern,
    /// Whether it holds where it is negated.
    pub is_anyway: bool,
    /// Whether it is about one item where the text is.
    pub is_of_item: bool,
    /// Whether it holds in questions only, or outside of them only.
    pub asked: Option<bool>,
}

/// Rules by the words with which they can begin.
#[derive(Debug, Default)]
struct ByFirstWord {
    exact: HashMap<String, Vec<usize>>,
    /// By the first letter of beginnings of words.
    beginning: HashMap<char, Vec<usize>>,
    any: Vec<usize>,
}

/// What a language knows.
#[derive(Debug)]
pub(crate) struct Pack {
    pub tongue: Tongue,
    pub rules: Vec<ClassRule>,
    by_first_word: ByFirstWord,
    pub days: Vec<(DayKind, WordPattern)>,
    months: HashMap<String, i8>,
    weekdays: HashMap<String, i8>,
    numbers: HashMap<String, i32>,
    /// Words before and after a match among which what denies it is looked for.
    pub reach: (usize, usize),
    choices: BTreeMap<&'static str, WordPattern>,
    pub away_until: Vec<WordPattern>,
    pub back_on: Vec<WordPattern>,
    pub auto_subject: Vec<WordPattern>,
    pub footer: Vec<WordPattern>,
    pub pleasantry: Vec<WordPattern>,
}

/// Heads whose body is choices.
const CHOICES: [&str; 10] =
    ["common", "negation", "conditional", "past", "turn", "before_day", "invoice_words", "order_words", "other_words", "fillers"];

impl Pack {
    /// Reads a file of rules.
    ///
    /// # Errors
    ///
    /// [`RuleFlaw`] for the first line that cannot be used.
    pub(crate) fn parse(tongue: Tongue, text: &'static str) -> Result<Self, RuleFlaw> {
        let mut pack = Self {
            tongue,
            rules: Vec::new(),
            by_first_word: ByFirstWord::default(),
            days: Vec::new(),
            months: HashMap::new(),
            weekdays: HashMap::new(),
            numbers: HashMap::new(),
            reach: (4, 0),
            choices: BTreeMap::new(),
            away_until: Vec::new(),
            back_on: Vec::new(),
            auto_subject: Vec::new(),
            footer: Vec::new(),
            pleasantry: Vec::new(),
        };
        let mut lists = Lists::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                pack.line(number, line, &mut lists).map_err(|why| RuleFlaw { line: number, why })?;
            }
        }
        for (at, rule) in pack.rules.iter().enumerate() {
            pack.by_first_word.add(at, &rule.pattern);
        }
        Ok(pack)
    }

    fn line(&mut self, number: u32, line: &'static str, lists: &mut Lists) -> Result<(), String> {
        let (head, body) = line.split_once(':').ok_or("it has no colon; write 'head: body'")?;
        let body = body.trim();
        let words: Vec<&str> = head.split_whitespace().collect();
        let pattern = |body: &str| WordPattern::parse(body, lists);
        match words.as_slice() {
            ["list", name] => {
                if lists.insert((*name).to_owned(), body.to_owned()).is_some() {
                    return Err(format!("the list '{name}' is there already"));
                }
            }
            ["month", n] => name(&mut self.months, body, n)?,
            ["weekday", n] => name(&mut self.weekdays, body, n)?,
            ["number", n] => name(&mut self.numbers, body, n)?,
            ["reach", before, after] => {
                let count = |text: &str| text.parse().map_err(|_| format!("'{text}' is no number of words"));
                self.reach = (count(before)?, count(after)?);
            }
            ["day", kind] => {
                let kind = DayKind::parse(kind).ok_or_else(|| format!("'{kind}' is no way of naming a day"))?;
                self.days.push((kind, pattern(body)?));
            }
            ["away_until"] => self.away_until.push(pattern(body)?),
            ["back_on"] => self.back_on.push(pattern(body)?),
            ["auto_subject"] => self.auto_subject.push(pattern(body)?),
            ["footer"] => self.footer.push(pattern(body)?),
            ["pleasantry"] => self.pleasantry.push(pattern(body)?),
            [one] if CHOICES.contains(one) => {
                let known = CHOICES.iter().find(|known| *known == one).copied().unwrap_or_default();
                if self.choices.insert(known, pattern(body)?).is_some() {
                    return Err(format!("'{one}' is there already"));
                }
            }
            [class, certainty, flags @ ..] => {
                let class = AnswerClass::parse(class).ok_or_else(|| format!("'{class}' is no class and no head"))?;
                let certainty = Certainty::parse(certainty)
                    .ok_or_else(|| format!("'{certainty}' is no certainty; write certain, likely or unclear"))?;
                let has = |flag: &str| flags.contains(&flag);
                if let Some(flag) = flags.iter().find(|flag| !["anyway", "item", "asked", "told"].contains(flag)) {
                    return Err(format!("'{flag}' is no flag; there are anyway, item, asked and told"));
                }
                self.rules.push(ClassRule {
                    class,
                    certainty,
                    line: number,
                    source: body,
                    pattern: pattern(body)?,
                    is_anyway: has("anyway"),
                    is_of_item: has("item"),
                    asked: has("asked").then_some(true).or_else(|| has("told").then_some(false)),
                });
            }
            _ => return Err(format!("'{head}' is no head")),
        }
        Ok(())
    }

    /// Choices by their head; `None` where the language has none.
    pub(crate) fn choices(&self, head: &str) -> Option<&WordPattern> {
        self.choices.get(head)
    }

    /// Rules that can begin with a word.
    pub(crate) fn rules_from(&self, word: &str) -> impl Iterator<Item = &ClassRule> {
        let exact = self.by_first_word.exact.get(word).into_iter().flatten();
        let first = word.chars().next().unwrap_or_default();
        let beginning = self.by_first_word.beginning.get(&first).into_iter().flatten();
        exact.chain(beginning).chain(&self.by_first_word.any).filter_map(|at| self.rules.get(*at))
    }

    /// The month of a name, from 1.
    pub(crate) fn month(&self, word: &str) -> Option<i8> {
        self.months.get(word).copied()
    }

    /// The weekday of a name, from 1 for Monday.
    pub(crate) fn weekday(&self, word: &str) -> Option<i8> {
        self.weekdays.get(word).copied()
    }

    /// The number of a word.
    pub(crate) fn number(&self, word: &str) -> Option<i32> {
        self.numbers.get(word).copied()
    }
}

impl ByFirstWord {
    fn add(&mut self, at: usize, pattern: &WordPattern) {
        let Some(words) = pattern.begins_with() else {
            self.any.push(at);
            return;
        };
        for (word, is_beginning) in words {
            let list = if is_beginning {
                self.beginning.entry(word.chars().next().unwrap_or_default()).or_default()
            } else {
                self.exact.entry(word.to_owned()).or_default()
            };
            if list.last() != Some(&at) {
                list.push(at);
            }
        }
    }
}

/// Takes names of a number: `month 3: march|mar`.
fn name<N: std::str::FromStr + Copy>(names: &mut HashMap<String, N>, body: &str, number: &str) -> Result<(), String> {
    let number: N = number.parse().map_err(|_| format!("'{number}' is no number"))?;
    for one in body.split('|') {
        let spelled = one.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
        names.insert(fold(one), number);
        names.insert(fold(&spelled), number);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaw_names_its_line() {
        for (text, line, part) in [
            ("# c\nopt_out certain unsubscribe", 2, "no colon"),
            ("opt_in certain: start", 1, "no class"),
            ("opt_out sure: stop", 1, "no certainty"),
            ("opt_out certain now: stop", 1, "no flag"),
            ("promise likely: @pay", 1, "no list 'pay'"),
            ("list a: b\nlist a: c", 2, "already"),
            ("day someday: {d}", 1, "no way of naming a day"),
            ("month x: may", 1, "no number"),
            ("turn: but\nturn: yet", 2, "already"),
            ("stray: x", 1, "no head"),
        ] {
            let flaw = Pack::parse(Tongue::En, text).expect_err(text);
            assert!(flaw.line == line && flaw.why.contains(part), "{text}: {flaw}");
        }
    }

    #[test]
    fn rules_are_found_by_their_first_word() {
        let pack = Pack::parse(Tongue::En, "list x: a|b*\nthanks certain: @x now\nthanks certain: ?c d\nthanks certain: ~1 e")
            .expect("it reads");
        let lines = |word: &str| pack.rules_from(word).map(|rule| rule.line).collect::<Vec<_>>();
        assert_eq!((lines("a"), lines("bee"), lines("z")), (vec![2, 3, 4], vec![2, 3, 4], vec![3, 4]));
    }
}
