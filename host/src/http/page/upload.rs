//! A file from a browser's form, kept while it arrives; and its end.

use axum::extract::{Multipart, State};
use axum::response::Redirect;

use super::form::Form;
use super::{Failed, Result};
use crate::domain::file::{BadFileName, FileName};
use crate::http::error::Error;
use crate::http::path::Id;
use crate::http::session::{LoggedIn as _, Session};
use crate::http::{Server, file, link};

/// Keeps the file, then shows how it would be understood.
pub(in crate::http) async fn upload(
    State(server): State<Server>,
    session: Session,
    mut form: Multipart,
) -> Result<Redirect> {
    let mut own = false;
    while let Some(field) = form.next_field().await.map_err(|error| cut_off(&error))? {
        match field.name() {
            Some("csrf") => {
                session.refuse_foreign(&field.text().await.map_err(|error| cut_off(&error))?)?;
                own = true;
            }
            Some("file") if own => {
                let name = field.file_name().unwrap_or_default();
                let name: FileName = name
                    .parse()
                    .map_err(|error: BadFileName| Error::unfit("file", error.to_string()))?;
                file::keep(&server, &session.organisation, &name, field).await?;
                return Ok(Redirect::to(&link::file(&name)));
            }
            _ => {}
        }
    }
    Err(Failed(Error::unfit("file", "nothing was uploaded: choose a file first")))
}

/// Deletes one that no datasource names.
pub(in crate::http) async fn delete(
    State(server): State<Server>,
    name: std::result::Result<Id<FileName>, Error>,
    form: Form,
) -> Result<Redirect> {
    let Id(name) = name?;
    file::forget(&server, &form.session.organisation, &name).await?;
    Ok(Redirect::to("/"))
}

fn cut_off(error: &axum::extract::multipart::MultipartError) -> Error {
    Error::request(format!("the form did not arrive whole: {}", error.body_text()))
}
