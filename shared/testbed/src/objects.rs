//! What S3 lists of a bucket: a few objects a page, so that whoever lists must ask for the next.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;

use crate::world::World;

/// Objects of a page.
const PAGE: usize = 3;

/// The page that a query asks for of the bucket at a path.
pub(crate) fn list(world: &World, path: &str, query: &str) -> Response<Full<Bytes>> {
    let value = |name: &str| {
        let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name);
        pair.map(|(_, value)| value.replace("%2F", "/"))
    };
    let bucket = format!("/{}/", path.trim_matches('/'));
    let prefix = format!("{bucket}{}", value("prefix").unwrap_or_default());
    let from: usize = value("continuation-token").map_or(0, |token| token.parse().unwrap());
    let objects = world.objects.lock().unwrap();
    let all: Vec<_> = objects.iter().filter(|(key, _)| key.starts_with(&prefix)).collect();
    let rows = all.iter().skip(from).take(PAGE).map(|(key, body)| {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let (key, size, tag) = (key.strip_prefix(&bucket).unwrap(), body.len(), hasher.finish());
        format!("<Contents><Key>{key}</Key><Size>{size}</Size><ETag>&quot;{tag:x}&quot;</ETag></Contents>")
    });
    let rows: String = rows.collect();
    let next = from + PAGE;
    let more = if next < all.len() {
        format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{next}</NextContinuationToken>")
    } else {
        "<IsTruncated>false</IsTruncated>".to_owned()
    };
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult>{more}{rows}</ListBucketResult>");
    Response::builder().header("content-type", "application/xml").body(Full::from(body)).unwrap()
}
