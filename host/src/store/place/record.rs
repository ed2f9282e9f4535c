//! Groups and resources as rows: read and written as one datasource names them.

use sqlx::{Row as _, SqliteConnection};

use crate::domain::id::OrganisationId;
use crate::domain::merge::Fields;
use crate::domain::page::{Group, Position, Resource};

use super::super::Error;
use super::super::change::Change;

/// What is not compared: the id is the link, and the time of a change is no content.
const NO_FIELDS: [&str; 2] = ["id", "updated"];

/// A kind of record that is kept as a row of its own.
pub(in crate::store) trait Record:
    serde::Serialize + serde::de::DeserializeOwned + Send + Sync
{
    /// Its word.
    const WORD: &'static str;
    /// Its table.
    const TABLE: &'static str;

    /// Its external id.
    fn id(&self) -> &str;
    /// When it last changed there, ms.
    fn updated(&self) -> Option<i64>;
    /// As it stands in OurWater, in the words of a datasource.
    fn read(
        connection: &mut SqliteConnection,
        datasource: &str,
        our_id: &str,
    ) -> impl Future<Output = Result<Self, Error>> + Send;
    /// Writes it, made where it is new.
    fn write(
        &self,
        connection: &mut SqliteConnection,
        whose: Whose<'_>,
        our_id: &str,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// For whom a record is written.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Whose<'a> {
    pub(in crate::store) organisation: &'a OrganisationId,
    pub(in crate::store) datasource: &'a str,
    pub(in crate::store) change: Change,
}

/// Its fields by name.
pub(in crate::store) fn fields(record: &impl Record) -> Result<Fields, Error> {
    let value = serde_json::to_value(record)
        .map_err(|error| Error::unreadable("record", record.id(), error))?;
    let serde_json::Value::Object(mut fields) = value else { return Ok(Fields::new()) };
    fields.retain(|name, _| !NO_FIELDS.contains(&name.as_str()));
    Ok(fields)
}

/// The record of that id with such fields.
pub(in crate::store) fn of_fields<T: Record>(id: &str, fields: Fields) -> Result<T, Error> {
    let mut fields = fields;
    fields.insert("id".to_owned(), id.into());
    fields.insert("updated".to_owned(), serde_json::Value::Null);
    serde_json::from_value(fields.into()).map_err(|error| Error::unreadable(T::TABLE, id, error))
}

impl Record for Group {
    const WORD: &'static str = "group";
    const TABLE: &'static str = "\"group\"";

    fn id(&self) -> &str {
        &self.id
    }

    fn updated(&self) -> Option<i64> {
        self.updated
    }

    async fn read(connection: &mut SqliteConnection, _: &str, our_id: &str) -> Result<Self, Error> {
        let row = sqlx::query("SELECT name, kind, boundary, extra FROM \"group\" WHERE id = $1")
            .bind(our_id)
            .fetch_one(connection)
            .await?;
        let boundary: String = row.get("boundary");
        let boundary = serde_json::from_str(&boundary)
            .map_err(|error| Error::unreadable("group", our_id, error))?;
        Ok(Self {
            id: String::new(),
            name: row.get("name"),
            kind: row.get("kind"),
            boundary,
            updated: None,
            extra: row.get("extra"),
        })
    }

    async fn write(
        &self,
        connection: &mut SqliteConnection,
        whose: Whose<'_>,
        our_id: &str,
    ) -> Result<(), Error> {
        let boundary = serde_json::to_string(&self.boundary)
            .map_err(|error| Error::unreadable("group", our_id, error))?;
        sqlx::query(
            "INSERT INTO \"group\" (id, organisation, name, kind, boundary, extra, described, \
             origin, seq) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8) ON CONFLICT (id) DO UPDATE \
             SET name = excluded.name, kind = excluded.kind, boundary = excluded.boundary, \
             extra = excluded.extra, described = 1, origin = excluded.origin, seq = excluded.seq",
        )
        .bind(our_id)
        .bind(whose.organisation.as_str())
        .bind(&self.name)
        .bind(&self.kind)
        .bind(boundary)
        .bind(&self.extra)
        .bind(whose.change.origin)
        .bind(whose.change.seq)
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Record for Resource {
    const WORD: &'static str = "resource";
    const TABLE: &'static str = "resource";

    fn id(&self) -> &str {
        &self.id
    }

    fn updated(&self) -> Option<i64> {
        self.updated
    }

    async fn read(
        connection: &mut SqliteConnection,
        datasource: &str,
        our_id: &str,
    ) -> Result<Self, Error> {
        let row = sqlx::query(
            "SELECT name, kind, longitude, latitude, elevation, owner, extra FROM resource \
             WHERE id = $1",
        )
        .bind(our_id)
        .fetch_one(&mut *connection)
        .await?;
        let (longitude, latitude) =
            (row.get::<Option<f64>, _>("longitude"), row.get::<Option<f64>, _>("latitude"));
        Ok(Self {
            id: String::new(),
            name: row.get("name"),
            kind: row.get("kind"),
            position: longitude
                .zip(latitude)
                .map(|(longitude, latitude)| Position { longitude, latitude }),
            elevation: row.get("elevation"),
            owner: row.get("owner"),
            groups: super::member::groups(connection, datasource, our_id).await?,
            updated: None,
            extra: row.get("extra"),
        })
    }

    async fn write(
        &self,
        connection: &mut SqliteConnection,
        whose: Whose<'_>,
        our_id: &str,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO resource (id, organisation, name, kind, longitude, latitude, elevation, \
             owner, extra, described, origin, seq) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11) ON CONFLICT (id) DO UPDATE \
             SET name = excluded.name, kind = excluded.kind, longitude = excluded.longitude, \
             latitude = excluded.latitude, elevation = excluded.elevation, \
             owner = excluded.owner, extra = excluded.extra, described = 1, \
             origin = excluded.origin, seq = excluded.seq",
        )
        .bind(our_id)
        .bind(whose.organisation.as_str())
        .bind(&self.name)
        .bind(&self.kind)
        .bind(self.position.map(|position| position.longitude))
        .bind(self.position.map(|position| position.latitude))
        .bind(self.elevation)
        .bind(&self.owner)
        .bind(&self.extra)
        .bind(whose.change.origin)
        .bind(whose.change.seq)
        .execute(&mut *connection)
        .await?;
        super::member::set(connection, whose, our_id, &self.groups).await
    }
}
