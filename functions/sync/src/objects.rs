//! Objects by id, of which one may spoil the answer for all.

use connectors::{Page, Trouble, VendorRequest};
use reading::link::LinkError;

use crate::{
    session::{Stopped, SyncSession},
    trouble,
};

/// What was asked for by id.
#[derive(Default)]
pub(crate) struct Objects {
    /// The answers.
    pub(crate) pages: Vec<Page>,
    /// The ids that the vendor does not show. Each is an exception; nothing is known of them but what was.
    pub(crate) refused: Vec<String>,
}

/// Asks for objects of one kind. A batch that the vendor refuses is halved until what spoils it is alone, and only an object's own absence
/// means that it was deleted.
pub(crate) async fn read(session: &SyncSession<'_>, kind: &str, ids: &[String]) -> Result<Objects, Stopped> {
    let mut objects = Objects::default();
    let mut batches = vec![ids.to_vec()];
    while let Some(ids) = batches.pop() {
        if ids.is_empty() {
            continue;
        }
        let asked = session.ask(&VendorRequest::Objects { kind: kind.to_owned(), ids: ids.clone() }).await;
        let alone = match asked {
            Ok(mut page) => {
                let missing = std::mem::take(&mut page.missing);
                objects.pages.push(page);
                missing
            }
            Err(Stopped::Vendor(LinkError::Vendor(Trouble::Refused(_)))) if ids.len() > 1 => {
                let (first, second) = ids.split_at(ids.len() / 2);
                batches.extend([second.to_vec(), first.to_vec()]);
                continue;
            }
            Err(Stopped::Vendor(LinkError::Vendor(Trouble::Refused(_)))) => ids,
            Err(stopped) => return Err(stopped),
        };
        for id in alone {
            match session.ask(&VendorRequest::One { kind: kind.to_owned(), id: id.clone() }).await {
                Ok(page) => objects.pages.push(page),
                // Denied alone, while others of its kind are shown: the object's own matter.
                Err(Stopped::Vendor(LinkError::Vendor(Trouble::Refused(why) | Trouble::Denied(why)))) => {
                    trouble::unread(session.run, kind, &id, &why).await?;
                    objects.refused.push(id);
                }
                Err(stopped) => return Err(stopped),
            }
        }
    }
    Ok(objects)
}
