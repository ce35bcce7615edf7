//! Names that are given work, or customers, and are neither a member nor a team, as warnings of the API.

use domain::TenantId;

use crate::{answer::ApiResult, app::App, warning::Warning};

/// What there is to say of a name that a request gives work or customers to.
///
/// # Errors
///
/// Those of reading.
pub async fn warnings(app: &App, tenant: &TenantId, pointer: &str, name: Option<&str>) -> ApiResult<Vec<Warning>> {
    let found = setup::strangers::warnings(app.setup(), tenant, pointer, name).await?;
    Ok(found.into_iter().map(Warning::from).collect())
}
