//! Reads columns of text as ids and words of the domain, and an error as a name that is taken.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::Error;

/// A column that holds an id or a word.
pub(in crate::store) fn parsed<T: FromStr<Err: Display>>(
    row: &SqliteRow,
    table: &'static str,
    column: &'static str,
) -> Result<T, Error> {
    let text: String = row.get(column);
    text.parse().map_err(|error| unreadable(row, table, column, &error))
}

/// A column that holds JSON.
pub(in crate::store) fn json<T: DeserializeOwned>(
    row: &SqliteRow,
    table: &'static str,
    column: &'static str,
) -> Result<T, Error> {
    let text: String = row.get(column);
    serde_json::from_str(&text).map_err(|error| unreadable(row, table, column, &error))
}

/// So many rows of so many parameters, as `VALUES` takes them.
pub(in crate::store) fn rows(count: usize, width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(","));
    vec![row; count].join(",")
}

/// A number that the schema knows as signed and the domain as not.
pub(in crate::store) fn unsigned(row: &SqliteRow, column: &'static str) -> u64 {
    row.get::<i64, _>(column).unsigned_abs()
}

fn unreadable(
    row: &SqliteRow,
    table: &'static str,
    column: &'static str,
    error: &dyn Display,
) -> Error {
    let id = row.try_get::<String, _>("id").unwrap_or_default();
    Error::unreadable(table, &id, format!("{column}: {error}"))
}

impl Error {
    /// For an insert or update that met the same name.
    pub(in crate::store) fn taken(error: sqlx::Error, what: &'static str, name: &str) -> Self {
        let unique =
            error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation);
        if unique { Self::Taken { what, name: name.to_owned() } } else { Self::Database(error) }
    }
}
