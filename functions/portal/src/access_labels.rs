//! The words of the pages that a code is for, of codes and of links whose time is over: which there are, beside [`crate::labels`].

use domain::Channel;
use serde::Serialize;

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
    pub(crate) changed_too_often: &'static str,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::labels::PageLabels;

    #[test]
    fn each_channel_is_called_by_its_own_name_in_each_language() {
        for words in PageLabels::all() {
            let own = AccessLabels::of(words);
            let names: BTreeSet<&str> = Channel::ALL.into_iter().map(|channel| own.channel(channel)).collect();
            assert_eq!(names.len(), Channel::ALL.len(), "two channels are called alike in {}", own.language);
        }
    }
}
