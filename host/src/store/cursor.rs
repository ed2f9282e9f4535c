//! Where a sync stands in its source, part by part, and what each cursor belongs to.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::domain::id::{RunId, SyncId};
use crate::domain::sync::Datatype;

use super::{Error, Store};

/// Where a sync stands in one part of its source, for one datatype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which part of the selection.
    pub part: i64,
    /// The ids the part asks for; none: all.
    pub only: Vec<String>,
    /// What the cursor belongs to; another digest starts from none.
    pub digest: String,
    /// As the plugin returned it.
    pub cursor: Option<String>,
    /// The number of the pass from none to the end of the data.
    pub pass: i64,
    /// The pass reached the end of the data.
    pub complete: bool,
    /// The run that began the pass.
    pub run: String,
}

impl Store {
    /// Where a sync stands, by part; nothing where it never ran. What other systems post has a
    /// negative part, and stands nowhere.
    pub async fn standings(
        &self,
        sync: &SyncId,
        datatype: Datatype,
    ) -> Result<Vec<Standing>, Error> {
        let rows = sqlx::query(
            "SELECT part, selection, digest, cursor, pass, complete, run FROM cursor \
             WHERE sync = $1 AND datatype = $2 AND part >= 0 ORDER BY part",
        )
        .bind(sync.as_str())
        .bind(datatype.as_str())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read_standing).collect()
    }

    /// Starts a pass of a part from none, under `digest`; returns its number.
    pub async fn begin_pass(
        &self,
        sync: &SyncId,
        datatype: Datatype,
        part: (i64, &[String]),
        digest: &str,
        run: &RunId,
    ) -> Result<i64, Error> {
        let row = sqlx::query(
            "INSERT INTO cursor (sync, datatype, digest, cursor, pass, pass_seq, complete, run, \
             part, selection) \
             SELECT $1, $2, $3, NULL, 1, organisation.seq, 0, $4, $5, $6 FROM sync \
             JOIN organisation ON organisation.id = sync.organisation WHERE sync.id = $1 \
             ON CONFLICT (sync, datatype, part) DO UPDATE SET digest = excluded.digest, \
             cursor = NULL, pass = cursor.pass + 1, pass_seq = excluded.pass_seq, complete = 0, \
             run = excluded.run, selection = excluded.selection RETURNING pass",
        )
        .bind(sync.as_str())
        .bind(datatype.as_str())
        .bind(digest)
        .bind(run.as_str())
        .bind(part.0)
        .bind(serde_json::json!(part.1).to_string())
        .fetch_one(&self.write)
        .await?;
        Ok(row.get("pass"))
    }

    /// Forgets parts that are no longer read by themselves, with their issues.
    pub async fn forget_parts(
        &self,
        sync: &SyncId,
        datatype: Datatype,
        parts: &[i64],
    ) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        for part in parts {
            forget_part(&mut transaction, sync, datatype, *part).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// External ids of the resources that a datasource has, in order.
    pub async fn linked_resources(
        &self,
        datasource: &crate::domain::id::DatasourceId,
    ) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(
            "SELECT external_id FROM link WHERE datasource = $1 AND kind = 'resource' \
             AND gone = 0 ORDER BY external_id",
        )
        .bind(datasource.as_str())
        .fetch_all(&self.write)
        .await?;
        Ok(rows.iter().map(|row| row.get("external_id")).collect())
    }
}

async fn forget_part(
    connection: &mut SqliteConnection,
    sync: &SyncId,
    datatype: Datatype,
    part: i64,
) -> Result<(), Error> {
    for statement in [
        "DELETE FROM cursor WHERE sync = $1 AND datatype = $2 AND part = $3",
        "DELETE FROM issue WHERE sync = $1 AND datatype = $2 AND part = $3 AND kind = 'rejected'",
    ] {
        sqlx::query(statement)
            .bind(sync.as_str())
            .bind(datatype.as_str())
            .bind(part)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn read_standing(row: &SqliteRow) -> Result<Standing, Error> {
    let only: String = row.get("selection");
    let only =
        serde_json::from_str(&only).map_err(|error| Error::unreadable("cursor", &only, error))?;
    Ok(Standing {
        part: row.get("part"),
        only,
        digest: row.get("digest"),
        cursor: row.get("cursor"),
        pass: row.get("pass"),
        complete: row.get::<i64, _>("complete") != 0,
        run: row.get("run"),
    })
}
