//! A customer sends photos and documents with a dispute or a message, in two steps that work without scripts: the browser puts a file into the bucket
//! by a form that names its one key, and is sent on to a page on which the customer attaches it. Only that looks into the file. What is refused is
//! deleted there; what nobody attaches the bucket forgets after a day.

use domain::{
    FileId,
    attachment::sha256_of,
    calendar::tenant_zone,
    customer_file::{CustomerFileKind, FILE_BYTES_MAX, FILES_A_DAY_MAX, FILES_MAX},
};
use files::{BucketError, judged_file};
use jiff::SignedDuration;
use minijinja::{Value, context, value::Serde};
use service::{
    NotDone,
    customer_files::{FileRoom, FoundFile, NoRoom, attached_key, incoming_key},
};
use store::{CustomerFile, Result};

use crate::{
    file_labels::FileLabels,
    form_visit::{FormVisit, Taken, WrongFields, form_page},
    page::PortalPage,
    visit::Visit,
};

/// What the bucket says of every file of a customer, so that no browser shows one whoever opens it.
const STORED_AS: &str = "application/octet-stream";
/// How long a file may be attached after its form was made: the bucket forgets it then.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// The files of a dispute or message with a form for one more, or a file that was sent; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn send_files(form: &FormVisit<'_>, about: &str, file: Option<&FileId>) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let room = match form.holder.file_room(form.store, about, form.now).await {
        Ok(room) => room,
        Err(NotDone::Store(error)) => return Err(error),
        Err(
            NotDone::NotFound(_)
            | NotDone::NotAllowed(_)
            | NotDone::Conflict(_)
            | NotDone::Changed(_)
            | NotDone::Stale(_)
            | NotDone::Fields(_)
            | NotDone::Cursor,
        ) => return Ok(Some(PortalPage::Plain(404, visit.words))),
    };
    let labels = FileLabels::of(visit.words);
    let pages = FilePages { form, visit: &visit, labels, about };
    match file {
        None if form.is_sent() => Ok(Some(PortalPage::Plain(405, visit.words))),
        None => Ok(Some(pages.listed(&room).await)),
        Some(file) if !pages.is_own(file) => Ok(Some(PortalPage::Plain(404, visit.words))),
        Some(file) if room.files.iter().any(|known| known.id == *file) && !form.is_sent() => {
            Ok(Some(PortalPage::See(pages.path())))
        }
        Some(file) if form.is_sent() => pages.attach(file, &room).await.map(Some),
        Some(file) => Ok(Some(pages.asked(file, &WrongFields::default(), true))),
    }
}

/// The pages of the files of one dispute or message.
struct FilePages<'a> {
    form: &'a FormVisit<'a>,
    visit: &'a Visit,
    labels: &'static FileLabels,
    about: &'a str,
}

impl FilePages<'_> {
    fn path(&self) -> String {
        format!("{}/files/{}", self.visit.path, self.about)
    }

    /// The id of a file whose form is made at an instant: it follows from the code of the link, so that nobody else names one.
    fn id_at(&self, at: jiff::Timestamp) -> FileId {
        FileId::at(at, &[self.visit.path.as_str(), self.about])
    }

    /// Whether an id is of a form that was made for this link and dispute or message, not longer ago than the bucket keeps files.
    fn is_own(&self, file: &FileId) -> bool {
        file.made_at()
            .is_some_and(|at| at <= self.form.now && self.form.now.duration_since(at) <= AGE_MAX && self.id_at(at) == *file)
    }

    /// What is attached, and a form for one more file where there is room.
    async fn listed(&self, room: &FileRoom) -> PortalPage {
        let (visit, labels, now) = (self.visit, self.labels, self.form.now);
        let values = context! {
            l => Value::from(Serde(labels)),
            intro => labels.intro.replace("{}", &FILES_MAX.to_string()),
            files => room.files.iter().map(|file| self.line(file)).collect::<Vec<_>>(),
        };
        let page = |values: Value| form_page(visit, "files", labels.send_files, &WrongFields::default(), values);
        if let Some(why) = room.closed {
            return page(context! { closed => self.no_room(why), ..values });
        }
        let id = self.id_at(now);
        let key = incoming_key(self.form.holder.tenant(), self.form.holder.customer(), &id);
        let back = self.form.desk.address(self.form.request.host(), &format!("{}/{id}", self.path()));
        let signed = match self.form.bucket.form_leading_to(&key, STORED_AS, FILE_BYTES_MAX, &back, now).await {
            Ok(signed) => signed,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "a form for a file of a customer cannot be signed");
                return PortalPage::Plain(503, visit.words);
            }
        };
        // The place as a policy names it: what stands before the path.
        let place = signed.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let accept = CustomerFileKind::ALL.map(|kind| format!("{},{}", kind.content_type(), kind.ending())).join(",");
        let fields: Vec<(String, String)> = signed.fields.into_iter().collect();
        let page = page(context! {
            url => signed.url.as_str(),
            fields => Value::from(Serde(&fields)),
            hint => labels.hint.replace("{}", &(FILE_BYTES_MAX / 1024 / 1024).to_string()),
            accept,
            ..values
        });
        match page {
            PortalPage::Filled { status, template, words, look, values } => {
                PortalPage::Filled { status, template, words, look: look.leading_to(vec![place]), values }
            }
            PortalPage::Data { .. }
            | PortalPage::See(_)
            | PortalPage::Confirmed { .. }
            | PortalPage::NotTaken { .. }
            | PortalPage::Plain(..) => page,
        }
    }

    /// A file in words.
    fn line(&self, file: &CustomerFile) -> String {
        let day = self.visit.locale.date(file.at.to_zoned(tenant_zone(&self.visit.settings)).date());
        let size = file.bytes.div_ceil(1024).to_string();
        // The name comes last: it may hold anything.
        self.labels.attached_line.replace("{size}", &size).replace("{day}", &day).replace("{name}", &file.name)
    }

    fn no_room(&self, why: NoRoom) -> String {
        let most = match why {
            NoRoom::EnoughToday => FILES_A_DAY_MAX,
            NoRoom::Enough | NoRoom::Decided | NoRoom::Later => FILES_MAX,
        };
        self.labels.no_room(why).replace("{}", &most.to_string())
    }

    /// Asks whether a file is to be attached, or says why it is not.
    fn asked(&self, file: &FileId, wrong: &WrongFields, may_attach: bool) -> PortalPage {
        let values = context! {
            l => Value::from(Serde(self.labels)),
            action => may_attach.then(|| format!("{}/{file}", self.path())),
            again => self.path(),
        };
        let title = if may_attach { self.labels.one_step_left } else { self.labels.send_files };
        form_page(self.visit, "file_sent", title, wrong, values)
    }

    fn refused(&self, file: &FileId, why: &str) -> PortalPage {
        let mut wrong = WrongFields::default();
        wrong.add("form", why);
        self.asked(file, &wrong, false)
    }

    /// Looks what a file is, and attaches it; or deletes it.
    async fn attach(&self, file: &FileId, room: &FileRoom) -> Result<PortalPage> {
        let (form, labels) = (self.form, self.labels);
        let known = room.files.iter().find(|known| known.id == *file);
        if let (Some(why), None) = (room.closed, known) {
            return Ok(self.refused(file, &self.no_room(why)));
        }
        let incoming = incoming_key(form.holder.tenant(), form.holder.customer(), file);
        let content = match form.bucket.get(&incoming, FILE_BYTES_MAX).await {
            Ok(Some(content)) => content,
            // It was attached before, and sent again.
            Ok(None) if known.is_some() => return Ok(PortalPage::See(self.path())),
            Ok(None) => return Ok(self.refused(file, labels.nothing_came)),
            Err(BucketError::TooLarge { .. }) => return Ok(self.gone(file, &incoming, labels.is_too_large).await),
            Err(error @ BucketError::Unavailable { .. }) => return Ok(self.away(&error)),
        };
        let kind = match judged_file(&content) {
            Ok(kind) => kind,
            Err(flaw) => return Ok(self.gone(file, &incoming, labels.flaw(flaw)).await),
        };
        let found = FoundFile {
            id: file.clone(),
            about: self.about.to_owned(),
            kind,
            bytes: content.len() as u64,
            sha256: sha256_of(&content),
        };
        let attached = match Taken::of(form.holder.attach(form.store, &found, form.now).await)? {
            Taken::Done(attached) => attached,
            Taken::Again | Taken::Wrong(_) => {
                let mut wrong = WrongFields::default();
                wrong.add("form", labels.not_now);
                return Ok(self.asked(file, &wrong, true));
            }
            Taken::Gone => return Ok(PortalPage::Plain(404, self.visit.words)),
        };
        // Of two contents that were put under one form, the first that was attached stays.
        if attached.sha256 == found.sha256 {
            let key = attached_key(form.holder.tenant(), form.holder.customer(), file);
            if let Err(error) = form.bucket.put(&key, STORED_AS, content).await {
                return Ok(self.away(&error));
            }
        }
        self.delete(&incoming).await;
        Ok(PortalPage::See(self.path()))
    }

    /// Deletes what is refused, and says why it is.
    async fn gone(&self, file: &FileId, incoming: &str, why: &str) -> PortalPage {
        self.delete(incoming).await;
        self.refused(file, why)
    }

    /// Deletes what came. Where that fails, the bucket forgets it after a day.
    async fn delete(&self, incoming: &str) {
        if let Err(error) = self.form.bucket.delete(incoming).await {
            tracing::warn!(%error, "a file of a customer cannot be deleted, and is left to the bucket's rule");
        }
    }

    /// The bucket does not answer; the same may be asked for again.
    fn away(&self, error: &BucketError) -> PortalPage {
        tracing::error!(%error, "a file of a customer can be neither read nor kept");
        PortalPage::Plain(503, self.visit.words)
    }
}
