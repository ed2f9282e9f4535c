//! Which of ours is which of theirs, with what both agreed on.

use sqlx::{Row as _, SqliteConnection};

use crate::domain::merge::Fields;

use super::Error;

/// What is known of a link.
#[derive(Debug, Clone)]
pub(in crate::store) struct Link {
    pub(in crate::store) our_id: String,
    /// What both agreed on; none: nothing was changed here since.
    pub(in crate::store) base: Option<Base>,
    pub(in crate::store) gone: bool,
}

/// What both agreed on.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(in crate::store) struct Base {
    pub(in crate::store) fields: Fields,
}

/// The link of an external id.
pub(in crate::store) async fn find(
    connection: &mut SqliteConnection,
    datasource: &str,
    kind: &str,
    external_id: &str,
) -> Result<Option<Link>, Error> {
    let row = sqlx::query(
        "SELECT our_id, base, gone FROM link \
         WHERE datasource = $1 AND kind = $2 AND external_id = $3",
    )
    .bind(datasource)
    .bind(kind)
    .bind(external_id)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let base: Option<String> = row.get("base");
        let base = base
            .map(|base| serde_json::from_str(&base))
            .transpose()
            .map_err(|error| Error::unreadable("link", external_id, error))?;
        Ok(Link { our_id: row.get("our_id"), base, gone: row.get::<i64, _>("gone") != 0 })
    })
    .transpose()
}

/// Which of ours an external id is.
pub(in crate::store) async fn ours(
    connection: &mut SqliteConnection,
    datasource: &str,
    kind: &str,
    external_id: &str,
) -> Result<Option<String>, Error> {
    Ok(find(connection, datasource, kind, external_id).await?.map(|link| link.our_id))
}

/// Which of theirs one of ours is.
pub(in crate::store) async fn theirs(
    connection: &mut SqliteConnection,
    datasource: &str,
    kind: &str,
    our_id: &str,
) -> Result<Option<String>, Error> {
    let row = sqlx::query(
        "SELECT MIN(external_id) AS id FROM link \
         WHERE datasource = $1 AND kind = $2 AND our_id = $3 AND gone = 0",
    )
    .bind(datasource)
    .bind(kind)
    .bind(our_id)
    .fetch_one(connection)
    .await?;
    Ok(row.get("id"))
}

/// Remembers which of ours an external id is.
pub(in crate::store) async fn make(
    connection: &mut SqliteConnection,
    datasource: &str,
    kind: &str,
    external_id: &str,
    our_id: &str,
    base: Option<&Base>,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO link (datasource, kind, external_id, our_id, base) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(datasource)
    .bind(kind)
    .bind(external_id)
    .bind(our_id)
    .bind(base.map(text))
    .execute(connection)
    .await?;
    Ok(())
}

/// What both agree on from now on; it is there.
pub(in crate::store) async fn agree(
    connection: &mut SqliteConnection,
    datasource: &str,
    kind: &str,
    external_id: &str,
    base: &Base,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE link SET base = $1, gone = 0 WHERE datasource = $2 AND kind = $3 \
         AND external_id = $4",
    )
    .bind(text(base))
    .bind(datasource)
    .bind(kind)
    .bind(external_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// The other system no longer has it; whether it had.
pub(in crate::store) async fn lose(
    connection: &mut SqliteConnection,
    datasource: &str,
    kind: &str,
    external_id: &str,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE link SET gone = 1 WHERE datasource = $1 AND kind = $2 AND external_id = $3 \
         AND gone = 0",
    )
    .bind(datasource)
    .bind(kind)
    .bind(external_id)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

fn text(base: &Base) -> String {
    serde_json::json!(base).to_string()
}
