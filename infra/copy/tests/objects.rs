//! What the bucket has of a tenant is taken out and put into another bucket: whole, once, and nobody else's.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use std::{fs, path::Path};

use copy::{ObjectDifferences, ObjectsCopied, Shelf};
use domain::TenantId;
use testbed::Loopback;

const BUCKET: &str = "bodies";

fn shelf(aws: &Loopback, tenant: &str) -> Shelf {
    let config = aws_sdk_s3::config::Builder::from(&aws.clients.sdk).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    Shelf { s3, bucket: BUCKET.to_owned(), tenant: TenantId::parse(tenant).unwrap() }
}

/// Seven objects of one tenant in four rooms, and what is not its own.
async fn filled() -> (Loopback, u64) {
    let aws = Loopback::start().await;
    let mut bytes = 0;
    let mut objects = aws.world.objects.lock().unwrap();
    for (key, size) in [
        ("attached/acme/cus_1/fil_1", 70_000),
        ("attached/acme/cus_1/fil_2", 1),
        ("attached/acme/cus_2/fil_3", 12),
        ("attached/acme/cus_2/fil_4", 13),
        ("answered/acme/cus_1/fil_5", 9),
        ("parked/acme/canonical/0a1b", 2_000),
        ("documents/acme/ab.pdf", 0),
    ] {
        objects.insert(format!("/{BUCKET}/{key}"), vec![b'x'; size]);
        bytes += u64::try_from(size).unwrap();
    }
    for foreign in ["attached/acme-2/cus_1/fil_1", "inbound/4711", "other/acme/x"] {
        objects.insert(format!("/{BUCKET}/{foreign}"), b"not its own".to_vec());
    }
    drop(objects);
    (aws, bytes)
}

fn files(folder: &Path) -> usize {
    let below = |entry: fs::DirEntry| if entry.path().is_dir() { files(&entry.path()) } else { 1 };
    fs::read_dir(folder).unwrap().map(|entry| below(entry.unwrap())).sum()
}

#[tokio::test]
async fn objects_are_the_same_elsewhere_and_are_copied_once() {
    let ((from, bytes), to, folder) = (filled().await, Loopback::start().await, tempfile::tempdir().unwrap());
    let (here, there) = (shelf(&from, "acme"), shelf(&to, "acme"));
    let first = here.export(folder.path()).await.unwrap();
    assert_eq!(first, ObjectsCopied { copied: 7, there: 0, bytes });
    assert_eq!(files(folder.path()), 8, "seven objects and their list");
    assert_eq!(here.export(folder.path()).await.unwrap(), ObjectsCopied { copied: 0, there: 7, bytes });
    assert_eq!(there.import(folder.path()).await.unwrap(), ObjectsCopied { copied: 7, there: 0, bytes });
    assert_eq!(there.import(folder.path()).await.unwrap(), ObjectsCopied { copied: 0, there: 7, bytes });
    assert_eq!(there.compare(folder.path()).await.unwrap(), ObjectDifferences::default());
    let (source, copied) = (from.world.objects.lock().unwrap().clone(), to.world.objects.lock().unwrap().clone());
    assert_eq!(copied.len(), 7);
    assert!(copied.iter().all(|(key, body)| source.get(key) == Some(body)));
}

#[tokio::test]
async fn what_was_broken_off_is_gone_on_with() {
    let ((from, bytes), to, folder) = (filled().await, Loopback::start().await, tempfile::tempdir().unwrap());
    let (here, there) = (shelf(&from, "acme"), shelf(&to, "acme"));
    here.export(folder.path()).await.unwrap();
    // The run broke off in the middle of a file and of a line.
    let list = folder.path().join("objects.jsonl");
    let lines = fs::read_to_string(&list).unwrap();
    fs::write(&list, &lines[..lines.len() - 30]).unwrap();
    fs::write(folder.path().join("attached/acme/cus_1/fil_1"), b"xx").unwrap();
    // And an object took another's place meanwhile, of the same size.
    let changed = format!("/{BUCKET}/attached/acme/cus_1/fil_2");
    from.world.objects.lock().unwrap().insert(changed, b"y".to_vec());
    assert_eq!(here.export(folder.path()).await.unwrap(), ObjectsCopied { copied: 3, there: 4, bytes });
    assert_eq!(here.compare(folder.path()).await.unwrap(), ObjectDifferences::default());
    // Half of the import is there, and one object of it is not as it should be.
    let half = [("attached/acme/cus_2/fil_3", vec![b'x'; 12]), ("attached/acme/cus_2/fil_4", vec![b'z'; 13])];
    for (key, body) in half {
        to.world.objects.lock().unwrap().insert(format!("/{BUCKET}/{key}"), body);
    }
    assert_eq!(there.import(folder.path()).await.unwrap(), ObjectsCopied { copied: 6, there: 1, bytes });
    assert!(there.compare(folder.path()).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let ((from, _), to, folder) = (filled().await, Loopback::start().await, tempfile::tempdir().unwrap());
    let (here, there) = (shelf(&from, "acme"), shelf(&to, "acme"));
    let none = there.import(folder.path()).await.unwrap_err();
    assert!(none.to_string().contains("no export of objects"), "{none}");
    here.export(folder.path()).await.unwrap();
    let foreign = shelf(&to, "acme-2").import(folder.path()).await.unwrap_err();
    assert!(foreign.to_string().contains("not of tenant acme-2"), "{foreign}");
    fs::write(folder.path().join("attached/acme/cus_2/fil_4"), b"not as it was").unwrap();
    let broken = there.import(folder.path()).await.unwrap_err();
    assert!(broken.to_string().contains("fil_4 is missing or not"), "{broken}");
    here.export(folder.path()).await.unwrap();
    let key = format!("/{BUCKET}/parked/acme/canonical/other");
    to.world.objects.lock().unwrap().insert(key.clone(), b"its own".to_vec());
    let mixed = there.import(folder.path()).await.unwrap_err();
    assert!(mixed.to_string().contains("would be mixed"), "{mixed}");
    assert_eq!(to.world.objects.lock().unwrap().len(), 1, "nothing was put");
    let found = there.compare(folder.path()).await.unwrap();
    assert_eq!((found.bucket_only.len(), found.folder_only.len(), found.changed.len()), (1, 7, 0));
}

#[tokio::test]
async fn only_what_was_saved_is_deleted() {
    let ((aws, _), folder) = (filled().await, tempfile::tempdir().unwrap());
    let here = shelf(&aws, "acme");
    here.export(folder.path()).await.unwrap();
    let key = format!("/{BUCKET}/answered/acme/cus_1/later");
    aws.world.objects.lock().unwrap().insert(key, b"later".to_vec());
    let refused = here.delete(folder.path()).await.unwrap_err();
    assert!(refused.to_string().contains("export the objects anew"), "{refused}");
    assert_eq!(here.export(folder.path()).await.unwrap().copied, 1);
    assert_eq!(here.delete(folder.path()).await.unwrap(), 8);
    assert_eq!(here.delete(folder.path()).await.unwrap(), 0, "broken off, it is gone on with");
    assert_eq!(aws.world.objects.lock().unwrap().len(), 3, "others keep theirs");
    here.import(folder.path()).await.unwrap();
    assert!(here.compare(folder.path()).await.unwrap().is_empty());
}
