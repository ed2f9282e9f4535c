//! Records of theirs that look like one of ours, before the two ever met.

use sqlx::{Row as _, SqliteConnection};

use crate::domain::sync::Matching;

use super::super::Error;
use super::super::save::Pull;
use super::record::{Record, fields};

/// Ours that a new record of theirs is; none: it is a new one.
pub(in crate::store) async fn find<T: Record>(
    connection: &mut SqliteConnection,
    pull: &mut Pull,
    record: &T,
) -> Result<Option<String>, Error> {
    if pull.sync.rules.matching == Matching::Apart {
        return Ok(None);
    }
    let found = match by_external_id::<T>(connection, pull, record).await? {
        Some(found) => Some(found),
        None => by_name(connection, pull, record).await?,
    };
    let Some(found) = found else { return Ok(None) };
    if pull.sync.rules.matching == Matching::Join {
        return Ok(Some(found));
    }
    pull.alike += 1;
    if pull.rehearsal {
        return Ok(Some(found));
    }
    Err(Error::Alike { what: T::WORD, id: record.id().to_owned() })
}

/// Another datasource of the organisation calls one of ours the same.
async fn by_external_id<T: Record>(
    connection: &mut SqliteConnection,
    pull: &Pull,
    record: &T,
) -> Result<Option<String>, Error> {
    let sql = format!(
        "SELECT MIN(link.our_id) AS id, COUNT(DISTINCT link.our_id) AS found FROM link \
         JOIN {table} ON {table}.id = link.our_id AND {table}.organisation = $1 \
         WHERE link.kind = $2 AND link.external_id = $3 AND {}",
        unlinked(T::TABLE),
        table = T::TABLE
    );
    only(connection, sql, [pull.sync.organisation.as_str(), T::WORD, record.id()], pull).await
}

/// One of ours, and only one, has its kind and name.
async fn by_name<T: Record>(
    connection: &mut SqliteConnection,
    pull: &Pull,
    record: &T,
) -> Result<Option<String>, Error> {
    let fields = fields(record)?;
    let text = |name: &str| fields.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    if text("name").is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT MIN({table}.id) AS id, COUNT(*) AS found FROM {table} \
         WHERE {table}.organisation = $1 AND {table}.kind = $2 AND {table}.name = $3 \
         AND described = 1 AND {}",
        unlinked(T::TABLE),
        table = T::TABLE
    );
    let values = [pull.sync.organisation.as_str(), text("kind"), text("name")];
    only(connection, sql, values, pull).await
}

/// What the datasource has under another id already is another one.
fn unlinked(table: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM link AS here WHERE here.datasource = $4 \
         AND here.our_id = {table}.id)"
    )
}

async fn only(
    connection: &mut SqliteConnection,
    sql: String,
    values: [&str; 3],
    pull: &Pull,
) -> Result<Option<String>, Error> {
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for value in values {
        query = query.bind(value);
    }
    let row = query.bind(pull.sync.datasource.as_str()).fetch_one(connection).await?;
    Ok((row.get::<i64, _>("found") == 1).then(|| row.get("id")))
}
