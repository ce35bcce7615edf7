//! What a list is asked by: a parameter that it does not have is refused, and not left out, so that a name written wrong does not answer more
//! than was asked for.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use crate::answer::Fail;

/// A page of what one customer has.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageOfCustomer {
    /// The customer, `cus_…`. It is needed.
    pub(crate) customer: Option<String>,
    /// How many, 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next` of the page before.
    pub(crate) cursor: Option<String>,
}

/// The query of a list. Its type denies fields that it does not know.
pub struct Filters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Filters<T> {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fail> {
        let Query(asked) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let said = rejection.body_text();
            let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(&said);
            Fail::bad_request(format!("the query does not read: {said}"))
        })?;
        Ok(Self(asked))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        whose: Option<String>,
        limit: Option<u32>,
    }

    async fn read(query: &str) -> Result<Asked, String> {
        let (mut parts, ()) = Request::builder().uri(format!("/v1/tasks{query}")).body(()).unwrap().into_parts();
        let read = Filters::from_request_parts(&mut parts, &()).await;
        read.map(|Filters(asked)| asked).map_err(|fail| fail.detail().to_owned())
    }

    #[tokio::test]
    async fn a_parameter_that_there_is_not_is_refused_with_those_that_there_are() {
        let asked = read("?whose=robin&limit=5").await.unwrap();
        assert_eq!((asked.whose.as_deref(), asked.limit), (Some("robin"), Some(5)));
        assert_eq!(read("").await.unwrap().whose, None);
        let said = read("?who=robin").await.unwrap_err();
        for named in ["`who`", "`whose`", "`limit`"] {
            assert!(said.contains(named), "{said}");
        }
        let said = read("?limit=many").await.unwrap_err();
        assert!(said.contains("limit"), "{said}");
    }
}
