//! Where a sync stands in its source, and what that cursor belongs to.

use sqlx::Row as _;

use crate::domain::id::{RunId, SyncId};
use crate::domain::sync::Datatype;

use super::{Error, Store};

/// Where a sync stands in its source, for one datatype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
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
    /// Where a sync stands, if it ever ran.
    pub async fn standing(
        &self,
        sync: &SyncId,
        datatype: Datatype,
    ) -> Result<Option<Standing>, Error> {
        let row = sqlx::query(
            "SELECT digest, cursor, pass, complete, run FROM cursor \
             WHERE sync = $1 AND datatype = $2",
        )
        .bind(sync.as_str())
        .bind(datatype.as_str())
        .fetch_optional(&self.write)
        .await?;
        Ok(row.map(|row| Standing {
            digest: row.get("digest"),
            cursor: row.get("cursor"),
            pass: row.get("pass"),
            complete: row.get::<i64, _>("complete") != 0,
            run: row.get("run"),
        }))
    }

    /// Starts a pass from none, under `digest`; returns its number.
    pub async fn begin_pass(
        &self,
        sync: &SyncId,
        datatype: Datatype,
        digest: &str,
        run: &RunId,
    ) -> Result<i64, Error> {
        let row = sqlx::query(
            "INSERT INTO cursor (sync, datatype, digest, cursor, pass, pass_seq, complete, run) \
             SELECT $1, $2, $3, NULL, 1, organisation.seq, 0, $4 FROM sync \
             JOIN organisation ON organisation.id = sync.organisation WHERE sync.id = $1 \
             ON CONFLICT (sync, datatype) DO UPDATE SET digest = excluded.digest, cursor = NULL, \
             pass = cursor.pass + 1, pass_seq = excluded.pass_seq, complete = 0, \
             run = excluded.run RETURNING pass",
        )
        .bind(sync.as_str())
        .bind(datatype.as_str())
        .bind(digest)
        .bind(run.as_str())
        .fetch_one(&self.write)
        .await?;
        Ok(row.get("pass"))
    }
}
