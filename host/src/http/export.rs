//! What was written to a datasource: listed, and read byte for byte.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use super::caller::Caller;
use super::error::{Error, Result};
use super::path::Id;
use super::{Server, link};
use crate::domain::id::DatasourceId;

/// What is read at once, bytes.
const READ_BYTES: usize = 256 * 1024;

/// All of a datasource's.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<DatasourceId>,
) -> Result<Json<Value>> {
    let datasource = server.app.store.datasource(&organisation.id, &id).await?;
    Ok(Json(json!({"exports": server.app.exports(&datasource).await?})))
}

/// What one of them holds, as long as it is now.
pub(super) async fn content(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<DatasourceId>,
    Path((_, name)): Path<(String, String)>,
) -> Result<impl IntoResponse> {
    let datasource = server.app.store.datasource(&organisation.id, &id).await?;
    let found = server.app.export(&datasource, &name).await?;
    let (path, size) = found.ok_or_else(|| Error::not_found("export", &name))?;
    let file = tokio::fs::File::open(path).await.map_err(|error| Error::host(&error))?;
    let content = stream::try_unfold(file.take(size), |mut file| async move {
        let mut piece = Vec::with_capacity(READ_BYTES);
        let read = (&mut file).take(READ_BYTES as u64).read_to_end(&mut piece).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    let disposition = format!("attachment; filename*=UTF-8''{}", link::encoded(&name));
    let headers =
        [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, Body::from_stream(content)))
}
