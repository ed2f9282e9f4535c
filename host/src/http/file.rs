//! Uploaded files: streamed in, listed, streamed out, deleted when nothing uses them.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::Stream;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::{Error, Result};
use super::link;
use super::path::{Id, Variable};
use crate::domain::file::{BadFileName, File, FileName};
use crate::domain::organisation::Organisation;

/// All of the caller's.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
) -> Result<Json<Value>> {
    let files = server.app.store.files(&organisation.id).await?;
    Ok(Json(json!({"files": files})))
}

/// One of the caller's.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(name): Id<FileName>,
) -> Result<Json<File>> {
    Ok(Json(server.app.store.file(&organisation.id, &name).await?))
}

/// Keeps the body under a name; what the name stood for before is replaced.
pub(super) async fn upload(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Variable(name): Variable,
    request: Request,
) -> Result<impl IntoResponse> {
    let name =
        name.parse().map_err(|error: BadFileName| Error::unfit("name", error.to_string()))?;
    let content = request.into_body().into_data_stream();
    let file = keep(&server, &organisation, &name, content).await?;
    Ok((StatusCode::CREATED, [(LOCATION, link::api_file(&name))], Json(file)))
}

/// What a file holds, byte for byte.
pub(super) async fn content(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(name): Id<FileName>,
) -> Result<impl IntoResponse> {
    let file = server.app.store.file(&organisation.id, &name).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, file.size.to_string()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{}", link::encoded(name.as_str())),
        ),
    ];
    let content = server.app.blobs.read(&file.sha256, file.size);
    Ok((headers, Body::from_stream(content)))
}

/// Deletes one that no datasource names.
pub(super) async fn delete(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(name): Id<FileName>,
) -> Result<StatusCode> {
    forget(&server, &organisation, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps content under a name, and lets go what nothing points at any more.
pub(super) async fn keep<E: std::fmt::Display>(
    server: &Server,
    organisation: &Organisation,
    name: &FileName,
    content: impl Stream<Item = std::result::Result<Bytes, E>>,
) -> Result<File> {
    let app = &server.app;
    let file = {
        let kept = app.blobs.write(content, organisation.limits.file_bytes_max).await?;
        app.store.save_file(organisation, name, &kept, &app.clock).await
    };
    app.store.sweep_blobs(&app.blobs).await?;
    Ok(file?)
}

/// Deletes a file, and its content when nothing else points at it.
pub(super) async fn forget(
    server: &Server,
    organisation: &Organisation,
    name: &FileName,
) -> Result<()> {
    server.app.store.delete_file(&organisation.id, name).await?;
    Ok(server.app.store.sweep_blobs(&server.app.blobs).await?)
}
