//! Which words there are on the pages on which customers send files, beside [`crate::labels`].

use domain::customer_file::FileFlaw;
use serde::Serialize;
use service::customer_files::NoRoom;

/// What these pages say in one language; `{}` and other names in braces stand for a number, a size or a day.
#[derive(Debug, Serialize)]
pub(crate) struct FileLabels {
    pub(crate) language: &'static str,
    /// Leads here, and heads the page.
    pub(crate) send_files: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) attached: &'static str,
    /// Of a file: its name, its size and the day.
    pub(crate) attached_line: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) upload: &'static str,
    /// Heads the page after S3 took a file.
    pub(crate) one_step_left: &'static str,
    pub(crate) one_step_text: &'static str,
    pub(crate) attach: &'static str,
    pub(crate) another: &'static str,
    pub(crate) nothing_came: &'static str,
    pub(crate) has_macros: &'static str,
    pub(crate) draws_on_others: &'static str,
    pub(crate) is_old_office: &'static str,
    pub(crate) is_unknown: &'static str,
    pub(crate) is_too_large: &'static str,
    pub(crate) decided: &'static str,
    pub(crate) later: &'static str,
    pub(crate) enough: &'static str,
    pub(crate) enough_today: &'static str,
    pub(crate) not_now: &'static str,
    pub(crate) what_you_wrote: &'static str,
    /// Of a message: the day, and how many files came with it.
    pub(crate) with_files: &'static str,
}

impl FileLabels {
    /// Why a file is refused.
    pub(crate) fn flaw(&self, flaw: FileFlaw) -> &'static str {
        match flaw {
            FileFlaw::Macros => self.has_macros,
            FileFlaw::Outside => self.draws_on_others,
            FileFlaw::OldOffice => self.is_old_office,
            FileFlaw::Unknown => self.is_unknown,
        }
    }

    /// Why no more files are taken; `{}` is the most of them, where there is a most.
    pub(crate) fn no_room(&self, why: NoRoom) -> &'static str {
        match why {
            NoRoom::Decided => self.decided,
            NoRoom::Later => self.later,
            NoRoom::Enough => self.enough,
            NoRoom::EnoughToday => self.enough_today,
        }
    }
}
