//! The words of the pages that a code is for, of codes and of links whose time is over, by language, beside [`crate::form_labels`].

use domain::Channel;
use serde::Serialize;

use crate::labels::PageLabels;

/// What those pages say in one language; `{}` and other names in braces stand for a number, an address, a day or a time.
#[derive(Debug, Serialize)]
pub(crate) struct AccessLabels {
    pub(crate) language: &'static str,
    /// What the language calls itself.
    pub(crate) own_name: &'static str,
    pub(crate) code_title: &'static str,
    pub(crate) code_why: &'static str,
    pub(crate) code_send: &'static str,
    pub(crate) code_no_mail: &'static str,
    pub(crate) code_sent: &'static str,
    pub(crate) code_field: &'static str,
    pub(crate) code_enter: &'static str,
    pub(crate) code_again: &'static str,
    pub(crate) code_six: &'static str,
    pub(crate) code_wrong: &'static str,
    pub(crate) code_wrong_one: &'static str,
    pub(crate) code_expired: &'static str,
    pub(crate) code_used_up: &'static str,
    pub(crate) code_entered: &'static str,
    pub(crate) code_none: &'static str,
    pub(crate) code_too_often: &'static str,
    pub(crate) new_link_offer: &'static str,
    pub(crate) new_link_send: &'static str,
    pub(crate) new_link_title: &'static str,
    pub(crate) new_link_sent: &'static str,
    pub(crate) new_link_too_often: &'static str,
    pub(crate) not_for_me: &'static str,
    pub(crate) not_for_me_intro: &'static str,
    pub(crate) who_instead: &'static str,
    pub(crate) their_email: &'static str,
    pub(crate) in_words: &'static str,
    pub(crate) wrong_name: &'static str,
    pub(crate) no_name: &'static str,
    pub(crate) wrong_email: &'static str,
    pub(crate) wrong_contact: &'static str,
    pub(crate) preferences: &'static str,
    pub(crate) channel_first: &'static str,
    pub(crate) channel_hint: &'static str,
    pub(crate) channel_none: &'static str,
    pub(crate) wrong_channel: &'static str,
    pub(crate) nothing_to_choose: &'static str,
    pub(crate) for_all: &'static str,
    pub(crate) for_all_needs: &'static str,
    pub(crate) which_language: &'static str,
    pub(crate) language_none: &'static str,
    pub(crate) wrong_language: &'static str,
    pub(crate) hours_from: &'static str,
    pub(crate) hours_to: &'static str,
    pub(crate) hours_hint: &'static str,
    pub(crate) wrong_hours: &'static str,
    pub(crate) save: &'static str,
    pub(crate) stopped_since: &'static str,
    pub(crate) again: &'static str,
    pub(crate) contacts: &'static str,
    pub(crate) contacts_intro: &'static str,
    pub(crate) contacts_none: &'static str,
    pub(crate) you: &'static str,
    pub(crate) has_left: &'static str,
    pub(crate) somebody_else: &'static str,
    pub(crate) others: &'static str,
    pub(crate) others_intro: &'static str,
    pub(crate) others_none: &'static str,
    pub(crate) by_email: &'static str,
    pub(crate) by_sms: &'static str,
    pub(crate) by_voice: &'static str,
    pub(crate) by_whatsapp: &'static str,
    pub(crate) by_letter: &'static str,
    pub(crate) by_other: &'static str,
}

impl AccessLabels {
    /// The words of the language that a page is in.
    pub(crate) fn of(words: &PageLabels) -> &'static Self {
        ALL.iter().find(|own| own.language == words.language).unwrap_or(&ALL[0])
    }

    /// Every language of the pages: its tag and what it calls itself.
    pub(crate) fn languages() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALL.iter().map(|own| (own.language, own.own_name))
    }

    /// A channel in words.
    pub(crate) fn channel(&self, channel: Channel) -> &'static str {
        match channel {
            Channel::Email => self.by_email,
            Channel::Sms => self.by_sms,
            Channel::Voice => self.by_voice,
            Channel::Whatsapp => self.by_whatsapp,
            Channel::Letter => self.by_letter,
            Channel::Later(_) => self.by_other,
        }
    }
}

static ALL: [AccessLabels; 2] = [
    AccessLabels {
        language: "en",
        own_name: "English",
        code_title: "Show that you read this address",
        code_why: "To see or change this, a code is sent to {}.",
        code_send: "Send the code",
        code_no_mail: "To see or change this, a code by email is needed, and this link was sent to {}. Please use the link in one of our emails.",
        code_sent: "A code was asked for at {time}. If {address} can be written to, it comes by email. It is good for ten minutes.",
        code_field: "Code of six digits",
        code_enter: "Continue",
        code_again: "Send another code",
        code_six: "Enter the six digits from the email.",
        code_wrong: "That is not the code. {} tries are left.",
        code_wrong_one: "That is not the code. One try is left.",
        code_expired: "This code is over: it was good for ten minutes. Have another one sent.",
        code_used_up: "This code was tried five times and is void. Have another one sent.",
        code_entered: "This code was entered before and is void. Have another one sent.",
        code_none: "No code was asked for. Have one sent first.",
        code_too_often: "Codes were asked for as often as they may be. Another one can be sent from {time} on {day}.",
        new_link_offer: "If its time is over, a new link can be sent to the email address that this one was for.",
        new_link_send: "Send a new link",
        new_link_title: "A new link was asked for",
        new_link_sent: "If the address that this link was for can be written to, a new link comes there by email.",
        new_link_too_often: "New links were asked for as often as they may be. Please try again later, or ask the sender for one.",
        not_for_me: "Messages to me are for somebody else",
        not_for_me_intro: "Tell us whom we should write to. A person looks at it; until then nothing changes, and what is due stays due.",
        who_instead: "Name",
        their_email: "Email address",
        in_words: "Anything else we should know",
        wrong_name: "Enter a name of at most 200 characters on one line, or leave it empty.",
        no_name: "Enter a name or an email address.",
        wrong_email: "Enter one email address, such as {}, or leave it empty.",
        wrong_contact: "There is no such contact of yours any more.",
        preferences: "How we write to you",
        channel_first: "How should we write to you first?",
        channel_hint: "This is for you alone. A message that goes out one way only still goes that way.",
        channel_none: "As it is now",
        wrong_channel: "Choose one of the ways.",
        nothing_to_choose: "There is one way only in which we can write to you.",
        for_all: "Language and hours",
        for_all_needs: "Language and hours are for everybody whom we write to at {}. To see or change them, or to get our emails again after they were stopped, a code is sent to you.",
        which_language: "Language",
        language_none: "As it is now",
        wrong_language: "Choose one of the languages.",
        hours_from: "Not before",
        hours_to: "And before",
        hours_hint: "A time of day such as 09:30. Both empty: at any hour at which we write. Hours at which we never write change nothing.",
        wrong_hours: "Enter two times of day such as 09:30 and 16:00, the earlier one first, or leave both empty.",
        save: "Save",
        stopped_since: "Since {day} we send no emails about open invoices to {address}, because that was asked for.",
        again: "Write to me again",
        contacts: "Whom we write to",
        contacts_intro: "A person looks at what you send; until then we write as before.",
        contacts_none: "Nobody is entered here.",
        you: "you",
        has_left: "Is not there any more",
        somebody_else: "Somebody else we should write to",
        others: "Your other accounts",
        others_intro: "We wrote to {} for these accounts too:",
        others_none: "We wrote to this address for no other account lately.",
        by_email: "Email",
        by_sms: "Text message",
        by_voice: "Phone call",
        by_whatsapp: "WhatsApp",
        by_letter: "Letter",
        by_other: "Another way",
    },
    AccessLabels {
        language: "de",
        own_name: "Deutsch",
        code_title: "Zeigen Sie, dass Sie diese Adresse lesen",
        code_why: "Um das zu sehen oder zu ändern, wird ein Code an {} gesendet.",
        code_send: "Code senden",
        code_no_mail: "Um das zu sehen oder zu ändern, ist ein Code per E-Mail nötig, und dieser Link ging an {}. Bitte nutzen Sie den Link in einer E-Mail von uns.",
        code_sent: "Um {time} wurde ein Code angefordert. Wenn an {address} geschrieben werden kann, kommt er per E-Mail. Er gilt zehn Minuten.",
        code_field: "Sechsstelliger Code",
        code_enter: "Weiter",
        code_again: "Neuen Code senden",
        code_six: "Geben Sie die sechs Ziffern aus der E-Mail ein.",
        code_wrong: "Das ist nicht der Code. Es bleiben {} Versuche.",
        code_wrong_one: "Das ist nicht der Code. Es bleibt ein Versuch.",
        code_expired: "Dieser Code gilt nicht mehr: Er galt zehn Minuten. Lassen Sie einen neuen senden.",
        code_used_up: "Dieser Code wurde fünfmal versucht und gilt nicht mehr. Lassen Sie einen neuen senden.",
        code_entered: "Dieser Code wurde schon eingegeben und gilt nicht mehr. Lassen Sie einen neuen senden.",
        code_none: "Es wurde kein Code angefordert. Lassen Sie zuerst einen senden.",
        code_too_often: "Codes wurden so oft angefordert, wie es geht. Ein neuer kann ab {time} am {day} gesendet werden.",
        new_link_offer: "Wenn er abgelaufen ist, kann ein neuer Link an die E-Mail-Adresse gesendet werden, für die dieser war.",
        new_link_send: "Neuen Link senden",
        new_link_title: "Ein neuer Link ist angefordert",
        new_link_sent: "Wenn an die Adresse geschrieben werden kann, für die dieser Link war, kommt dort ein neuer per E-Mail.",
        new_link_too_often: "Neue Links wurden so oft angefordert, wie es geht. Bitte versuchen Sie es später noch einmal, oder fragen Sie den Absender.",
        not_for_me: "Nachrichten an mich sind für jemand anderen",
        not_for_me_intro: "Sagen Sie uns, wem wir schreiben sollen. Ein Mensch sieht es sich an; bis dahin ändert sich nichts, und was fällig ist, bleibt fällig.",
        who_instead: "Name",
        their_email: "E-Mail-Adresse",
        in_words: "Was wir sonst wissen sollten",
        wrong_name: "Geben Sie einen Namen mit höchstens 200 Zeichen in einer Zeile an, oder lassen Sie das Feld leer.",
        no_name: "Geben Sie einen Namen oder eine E-Mail-Adresse an.",
        wrong_email: "Geben Sie eine E-Mail-Adresse an, zum Beispiel {}, oder lassen Sie das Feld leer.",
        wrong_contact: "Eine solche Kontaktperson von Ihnen gibt es nicht mehr.",
        preferences: "Wie wir Ihnen schreiben",
        channel_first: "Wie sollen wir Ihnen zuerst schreiben?",
        channel_hint: "Das gilt nur für Sie. Eine Nachricht, die nur auf einem Weg geht, geht weiter auf diesem.",
        channel_none: "Wie bisher",
        wrong_channel: "Wählen Sie einen der Wege.",
        nothing_to_choose: "Es gibt nur einen Weg, auf dem wir Ihnen schreiben können.",
        for_all: "Sprache und Uhrzeiten",
        for_all_needs: "Sprache und Uhrzeiten gelten für alle, denen wir bei {} schreiben. Um sie zu sehen oder zu ändern, oder um wieder E-Mails zu bekommen, nachdem sie abbestellt wurden, wird Ihnen ein Code gesendet.",
        which_language: "Sprache",
        language_none: "Wie bisher",
        wrong_language: "Wählen Sie eine der Sprachen.",
        hours_from: "Nicht vor",
        hours_to: "Und vor",
        hours_hint: "Eine Uhrzeit wie 09:30. Beides leer: zu jeder Zeit, zu der wir schreiben. Zeiten, zu denen wir nie schreiben, ändern nichts.",
        wrong_hours: "Geben Sie zwei Uhrzeiten wie 09:30 und 16:00 an, die frühere zuerst, oder lassen Sie beide Felder leer.",
        save: "Speichern",
        stopped_since: "Seit dem {day} senden wir keine E-Mails über offene Rechnungen an {address}, weil darum gebeten wurde.",
        again: "Schreiben Sie mir wieder",
        contacts: "Wem wir schreiben",
        contacts_intro: "Ein Mensch sieht sich an, was Sie senden; bis dahin schreiben wir wie bisher.",
        contacts_none: "Hier ist niemand eingetragen.",
        you: "Sie",
        has_left: "Ist nicht mehr da",
        somebody_else: "Jemand anderes, dem wir schreiben sollen",
        others: "Ihre anderen Konten",
        others_intro: "An {} haben wir auch für diese Konten geschrieben:",
        others_none: "Für kein anderes Konto haben wir zuletzt an diese Adresse geschrieben.",
        by_email: "E-Mail",
        by_sms: "SMS",
        by_voice: "Anruf",
        by_whatsapp: "WhatsApp",
        by_letter: "Brief",
        by_other: "Anderer Weg",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_language_of_the_pages_has_every_word_and_leaves_the_same_places_open() {
        let places = |labels: &AccessLabels| -> Vec<(String, Vec<String>)> {
            let serde_json::Value::Object(texts) = serde_json::to_value(labels).expect("labels are texts") else { return vec![] };
            let open = |text: &str| {
                let mut open: Vec<String> =
                    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect();
                open.sort();
                open
            };
            texts.iter().map(|(name, text)| (name.clone(), open(text.as_str().unwrap_or_default()))).collect()
        };
        let first = places(&ALL[0]);
        assert!(first.len() > 50, "{first:?}");
        for words in PageLabels::all() {
            let own = AccessLabels::of(words);
            assert_eq!(own.language, words.language);
            assert_eq!(places(own), first, "{}", own.language);
            let names: BTreeSet<&str> = Channel::ALL.into_iter().map(|channel| own.channel(channel)).collect();
            assert_eq!(names.len(), Channel::ALL.len(), "two channels are called alike in {}", own.language);
        }
    }
}
