//! The change log: every reading appears in it exactly once, at its last change, in order of commits.
//!
//! A row means the readings in its range whose `seq` equals its own. `seq` is taken by an update of
//! the organisation's row inside the changing transaction: that row stays locked until the commit, so
//! no later number can be committed before, and who has read up to a number has missed nothing.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::faults::Protection;
use crate::domain::id::{OrganisationId, SyncId};

use super::column::rows;
use super::{Error, Store};

/// Ranges written in one statement.
const RANGES_MAX: usize = 500;

/// The log is kept for so many days, and longer where a sync has not pushed so far.
const LOG_DAYS: i64 = 90;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A range is logged whole where at least one in so many of its readings changed.
pub(in crate::store) const DENSE: i64 = 8;

/// Readings of one series from a time to a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Range {
    pub(in crate::store) series: i64,
    pub(in crate::store) first: i64,
    pub(in crate::store) last: i64,
}

/// One change: its number, who made it and when.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Change {
    pub(in crate::store) seq: i64,
    pub(in crate::store) origin: i64,
    pub(in crate::store) at: Timestamp,
}

impl Store {
    /// The number of the last change made in an organisation.
    pub async fn last_seq(&self, organisation: &OrganisationId) -> Result<i64, Error> {
        let row = sqlx::query("SELECT seq FROM organisation WHERE id = $1")
            .bind(organisation.as_str())
            .fetch_one(&self.write)
            .await?;
        Ok(row.get("seq"))
    }

    /// The number of the change that is going to be made in `connection`.
    pub(in crate::store) async fn next_seq(
        &self,
        connection: &mut SqliteConnection,
        organisation: &OrganisationId,
        early: Option<i64>,
    ) -> Result<i64, Error> {
        match early {
            Some(seq) => Ok(seq),
            None => take(connection, organisation).await,
        }
    }

    /// Where a simulation took the order of commits away: a number taken before the transaction.
    pub(in crate::store) async fn early_seq(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<i64>, Error> {
        if !self.faults.lack(Protection::Seq) {
            return Ok(None);
        }
        let mut connection = self.write.acquire().await?;
        take(&mut connection, organisation).await.map(Some)
    }
}

/// Adds ranges to the log.
pub(in crate::store) async fn log(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    change: Change,
    ranges: &[Range],
) -> Result<(), Error> {
    if ranges.is_empty() {
        return Ok(());
    }
    let at = in_order(connection, organisation, change).await?;
    for ranges in ranges.chunks(RANGES_MAX) {
        let sql = format!(
            "INSERT INTO change (organisation, seq, series_id, first, last, origin, at) VALUES {} \
             ON CONFLICT DO NOTHING",
            rows(ranges.len(), 7)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for range in ranges {
            query = query
                .bind(organisation.as_str())
                .bind(change.seq)
                .bind(range.series)
                .bind(range.first)
                .bind(range.last)
                .bind(change.origin)
                .bind(at);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Drops what is older than [`LOG_DAYS`] and behind every push. Who reads from before that reads
/// everything. The last change stays, since the next one's time follows it.
pub(in crate::store) async fn prune(
    connection: &mut SqliteConnection,
    sync: &SyncId,
    now: Timestamp,
) -> Result<(), Error> {
    let first = sqlx::query(
        "SELECT change.organisation, at FROM change JOIN sync \
         ON sync.organisation = change.organisation WHERE sync.id = $1 \
         ORDER BY change.organisation, seq LIMIT 1",
    )
    .bind(sync.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let keep_from = now.saturating_sub(LOG_DAYS * DAY_MS);
    // A day's worth at once, so that most runs look at one row.
    let Some(first) = first.filter(|first| first.get::<i64, _>("at") < keep_from - DAY_MS) else {
        return Ok(());
    };
    sqlx::query(
        "DELETE FROM change WHERE organisation = $1 AND at < $2 \
         AND seq < (SELECT MAX(seq) FROM change WHERE organisation = $1) \
         AND seq < COALESCE((SELECT MIN(push.seq) FROM push JOIN sync ON sync.id = push.sync \
         WHERE sync.organisation = $1 AND push.datatype = 'reading'), $3)",
    )
    .bind(first.get::<String, _>("organisation"))
    .bind(keep_from)
    .bind(i64::MAX)
    .execute(connection)
    .await?;
    Ok(())
}

/// When a change was made, later than every one before it whatever the clock says: so a time stands
/// for a place in the log, and who asks for what came after it misses nothing.
async fn in_order(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    change: Change,
) -> Result<Timestamp, Error> {
    let row = sqlx::query(
        "SELECT at FROM change WHERE organisation = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1",
    )
    .bind(organisation.as_str())
    .bind(change.seq)
    .fetch_optional(connection)
    .await?;
    let before: Option<Timestamp> = row.map(|row| row.get("at"));
    Ok(before.map_or(change.at, |before| change.at.max(before.saturating_add(1))))
}

/// Sorted keys as ranges: a series' keys are one range where they lie dense in it, else each is one,
/// since a reader of the log looks at every reading of a range.
pub(in crate::store) async fn ranges_of(
    connection: &mut SqliteConnection,
    keys: &[(i64, i64)],
) -> Result<Vec<Range>, Error> {
    let mut ranges = Vec::new();
    for keys in keys.chunk_by(|one, other| one.0 == other.0) {
        let (Some(&(series, first)), Some(&(_, last))) = (keys.first(), keys.last()) else {
            continue;
        };
        if keys.len() > 1 && dense(connection, Range { series, first, last }, keys.len()).await? {
            ranges.push(Range { series, first, last });
        } else {
            let one = |&(series, time): &(i64, i64)| Range { series, first: time, last: time };
            ranges.extend(keys.iter().map(one));
        }
    }
    Ok(ranges)
}

async fn dense(
    connection: &mut SqliteConnection,
    range: Range,
    changed: usize,
) -> Result<bool, Error> {
    let most = i64::try_from(changed).unwrap_or(i64::MAX).saturating_mul(DENSE);
    let row = sqlx::query(
        "SELECT COUNT(*) AS readings FROM (SELECT 1 FROM reading WHERE series_id = $1 \
         AND time BETWEEN $2 AND $3 LIMIT $4)",
    )
    .bind(range.series)
    .bind(range.first)
    .bind(range.last)
    .bind(most.saturating_add(1))
    .fetch_one(connection)
    .await?;
    Ok(row.get::<i64, _>("readings") <= most)
}

async fn take(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
) -> Result<i64, Error> {
    let row = sqlx::query("UPDATE organisation SET seq = seq + 1 WHERE id = $1 RETURNING seq")
        .bind(organisation.as_str())
        .fetch_one(connection)
        .await?;
    Ok(row.get("seq"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Clock;
    use crate::domain::organisation::{Limits, Zone};
    use crate::domain::sync::{Datatype, Method, MissingResource, Rules, Selection};
    use crate::store::Access;
    use crate::store::datasource::NewDatasource;
    use crate::store::organisation::NewOrganisation;
    use crate::store::sync::NewSync;

    async fn sync(store: &Store) -> crate::domain::sync::Sync {
        let clock = Clock::manual(0);
        let new = NewOrganisation {
            name: "Ours".parse().unwrap(),
            zone: Zone::UTC,
            limits: Limits::default(),
        };
        let (organisation, _) = store.create_organisation(new, &clock).await.unwrap();
        let new = NewDatasource {
            name: "theirs".parse().unwrap(),
            plugin: "csv".to_owned(),
            config: serde_json::json!({}),
        };
        let datasource = store.create_datasource(&organisation.id, new, &clock).await.unwrap();
        let new = NewSync {
            datasource: datasource.id,
            name: "theirs".parse().unwrap(),
            methods: vec![Method::PushToDatasource],
            datatypes: vec![Datatype::Reading],
            only: Selection::default(),
            one_time: false,
            enabled: true,
            missing_resource: MissingResource::Create,
            rules: Rules::default(),
        };
        store.create_sync(&organisation.id, new, &clock).await.unwrap()
    }

    async fn logged(store: &Store) -> Vec<i64> {
        let rows = sqlx::query("SELECT seq FROM change ORDER BY seq").fetch_all(&store.write).await;
        rows.unwrap().iter().map(|row| row.get("seq")).collect()
    }

    #[tokio::test]
    async fn old_changes_go_once_every_push_is_past_them_and_the_last_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        let sync = sync(&store).await;
        let mut connection = store.write.acquire().await.unwrap();
        for seq in 1..=4 {
            let change = Change { seq, origin: 0, at: seq };
            let range = Range { series: 1, first: seq, last: seq };
            log(&mut connection, &sync.organisation, change, &[range]).await.unwrap();
        }
        let pushed = "INSERT INTO push (sync, datatype, seq, series_id, time) \
             VALUES ($1, 'reading', 3, 0, 0)";
        sqlx::query(pushed).bind(sync.id.as_str()).execute(&mut *connection).await.unwrap();
        prune(&mut connection, &sync.id, LOG_DAYS * DAY_MS).await.unwrap();
        drop(connection);
        assert_eq!(logged(&store).await, [1, 2, 3, 4]);
        let mut connection = store.write.acquire().await.unwrap();
        prune(&mut connection, &sync.id, (LOG_DAYS + 2) * DAY_MS).await.unwrap();
        drop(connection);
        assert_eq!(logged(&store).await, [3, 4]);
        let mut connection = store.write.acquire().await.unwrap();
        sqlx::query("UPDATE push SET seq = 9").execute(&mut *connection).await.unwrap();
        prune(&mut connection, &sync.id, (LOG_DAYS + 2) * DAY_MS).await.unwrap();
        drop(connection);
        assert_eq!(logged(&store).await, [4]);
    }
}
