//! A message that is about to leave, in words: its template, the links of its reader, who signs it, and what it carries.

use channels::{Brand, LogoPlace, logo_file};
use domain::{Channel, Contact, Covered, decide, own_message::is_own_message};
use store::{AddressId, AnsweredMail, Error, LinkTo, Stop};

use crate::{
    Sender,
    answers_to::Answerable,
    attached::AttachedFiles,
    checked::{Checked, Written, link_to},
    own_message, pay_link,
    queued::QueuedMessage,
    render::{self, Beside, Made},
    signing::{Signer, signer},
};

impl Sender {
    /// The message in words; the inner error says why there are none.
    ///
    /// # Errors
    ///
    /// Those of KMS and of reading.
    pub(crate) async fn put_in_words(
        &self,
        queued: &QueuedMessage,
        checked: &Checked,
        rows: &[Covered],
        contact: &Contact,
    ) -> Result<Result<Written, String>, Error> {
        let Checked { facts, policy, pending, .. } = checked;
        let now = self.clock.now();
        let own;
        let templates;
        let mut listed = Vec::new();
        let template = if is_own_message(&pending.template) {
            let text = self.store.own_text(&queued.tenant, &queued.customer, &queued.message).await?;
            let Some(text) = text else { return Ok(Err("its words are gone".to_owned())) };
            own = own_message::template_of(&text, pending.channel);
            listed = text.attachments;
            &own
        } else {
            templates = self.store.template_of(&queued.tenant, policy, &pending.template, pending.channel).await?;
            let language = facts.customer.language.as_deref();
            match render::choose(&templates, language, policy.settings.language.as_deref()) {
                Some(template) => template,
                None => {
                    let channel = pending.channel.as_str();
                    return Ok(Err(format!("template {} has no text for {channel} any more", pending.template)));
                }
            }
        };
        let attachments = match self.files.fetch(&listed).await? {
            Ok(files) => files,
            Err(detail) => return Ok(Err(detail)),
        };
        let address = contact.address(pending.channel).unwrap_or_default();
        let person = contact.person_digest();
        let to = LinkTo { channel: pending.channel, address, contact: &pending.contact, person: person.as_ref() };
        let known = link_to(checked, &AddressId::of(pending.channel, address));
        let (code, portal) = self.vault.link_for(&queued.tenant, &queued.customer, to, known, now).await?;
        let stop = self.vault.stop_link(&Stop::of(&queued.tenant, pending.channel, address)).await?;
        let mut links = render::links(&self.portal_url, code.as_str(), &stop, pending.channel, &template.language);
        let connected = pay_link::connected(&self.store, &queued.tenant, template).await?;
        let is_own = is_own_message(&pending.template);
        let signed = self.signed(queued, checked, is_own, listed.is_empty()).await?;
        let documents = self.documents(queued, (facts, policy, pending), rows, &template.language).await;
        let situation = decide::assess(facts, policy, now);
        let shown = if is_own { own_message::rows(&situation, pending) } else { rows.to_vec() };
        links.pay = pay_link::pay_link(&situation, policy, &shown, &connected, &links.portal);
        let beside = Beside {
            links: links.clone(),
            // What a person attached may be as much as a mail takes.
            codes: self.codes.as_ref().filter(|_| attachments.is_empty()),
            brand: &signed.brand,
            carried: documents.iter().map(|file| file.name.clone()).collect(),
        };
        let made = render::render(&situation, policy, pending, &shown, contact, template, beside);
        let template_version = template.version;
        let entity = pending.case.balance.legal_entity.as_str();
        let answerable = Answerable {
            tenant: &queued.tenant,
            channel: pending.channel,
            mail: AnsweredMail::Message(queued.message.clone()),
            link: &portal.id,
            case: facts.cases.get(&pending.case).map(|case| &case.id),
            name: policy.settings.name_of(entity),
            reply_to: policy.settings.reply_to_of(entity),
            is_automatic: !is_own,
        };
        let answers = self.answers_to(answerable).await?;
        let Signed { brand, signer } = signed;
        let written = |Made { rendered, code }: Made| {
            let asked_for = own_message::asked_for(&rendered, template, pending, shown).filter(|_| is_own);
            let images = logo_file(&brand).into_iter().chain(code);
            let attachments = attachments.into_iter().chain(documents.iter().cloned()).chain(images).collect();
            Written { rendered, links, template_version, portal, answers, signer, asked_for, listed, documents, attachments }
        };
        Ok(made.map(written).map_err(|error| error.to_string()))
    }

    /// How a message shows the tenant, and who signs it. A person's own words are signed by themselves.
    async fn signed(&self, queued: &QueuedMessage, checked: &Checked, is_own: bool, has_room: bool) -> Result<Signed, Error> {
        let (policy, pending) = (&checked.policy, &checked.pending);
        let entity = pending.case.balance.legal_entity.as_str();
        if pending.channel != Channel::Email {
            let segments_max = Some(usize::from(policy.settings.sms.segments_max));
            let brand = Brand { segments_max, ..Brand::named(policy.settings.name_of(entity)) };
            return Ok(Signed { brand, signer: None });
        }
        let place = match self.files {
            AttachedFiles::None | AttachedFiles::From(_) if has_room => LogoPlace::Carried,
            // Whoever sends the mail instead shows no image of ours.
            AttachedFiles::None | AttachedFiles::From(_) | AttachedFiles::Named => LogoPlace::Nowhere,
        };
        let brand = Brand::of(&policy.settings, entity, place);
        if is_own {
            return Ok(Signed { brand: Brand { signature: None, ..brand }, signer: None });
        }
        Ok(match signer(&self.store, &queued.tenant, &checked.facts, &policy.settings).await? {
            Some(signer) => Signed { brand: signer.signing(brand), signer: Some(signer) },
            None => Signed { brand, signer: None },
        })
    }
}

/// How a message shows the tenant, and in whose name it leaves beside the tenant's.
struct Signed {
    brand: Brand,
    signer: Option<Signer>,
}
