//! Everything that the pages say in one language.

use serde::Serialize;

use crate::{
    access_labels::AccessLabels, document_labels::DocumentLabels, file_labels::FileLabels, form_labels::FormLabels,
    labels::PageLabels, paid_already_labels::PaidAlreadyLabels, pay_labels::PayLabels, plan_labels::PlanLabels,
    talk_labels::TalkLabels,
};

/// Everything that the pages say in one language, by what it is about.
#[derive(Debug, Serialize)]
pub(crate) struct LanguageWords {
    pub(crate) page: PageLabels,
    pub(crate) forms: FormLabels,
    pub(crate) pay: PayLabels,
    pub(crate) documents: DocumentLabels,
    pub(crate) files: FileLabels,
    pub(crate) access: AccessLabels,
    pub(crate) paid_already: PaidAlreadyLabels,
    pub(crate) plans: PlanLabels,
    pub(crate) talk: TalkLabels,
}
