//! Saves gathered pages with their cursor, counts, issues and changes in one fenced transaction.
//!
//! Counts do not come from rows affected: `edited` says what the change numbered `seq` was, and one
//! aggregate over the touched ranges tells made from changed. A key that one pass meets again in a
//! later transaction is recognised by its `seq` being of this pass: it is superseded, not updated.
//! Keys that one pass met again, or was given different values for, are remembered. Later passes
//! hold them back and settle them at the end, so that reading the source again changes nothing.
//! A key that was merely unchanged when a pass met it first is not seen to repeat in that pass: its
//! second row counts as unchanged too, or as an update where it differs.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::datasource::Datasource;
use crate::domain::faults::{Faults, Point as Place, Protection};
use crate::domain::plan::Resolution;
use crate::domain::run::Counts;
use crate::domain::sync::{Datatype, Sync};

use super::base::Settled;
use super::change::{self, Change};
use super::contradiction::{Known, find, last_of_each};
pub use super::gather::Gathered;
use super::gather::Point;
use super::issue::{self, Issued, Keeper, LASTING};
use super::names::Names;
use super::place;
use super::reading::{self, Upserted, Writing};
use super::run::Held;
use super::series::SeriesFinder;
use super::{Error, Store};

/// What a pull of one datatype writes with.
#[derive(Debug)]
pub struct Pull {
    pub(in crate::store) held: Held,
    pub(in crate::store) sync: Sync,
    pub(in crate::store) datatype: Datatype,
    pub(in crate::store) origin: i64,
    pub(in crate::store) faults: Faults,
    resolution: Resolution,
    /// Fields that the datasource keeps; none: all.
    keeps: Option<Vec<String>>,
    /// It is tried out on a copy: nothing has to be asked for.
    pub(in crate::store) rehearsal: bool,
    /// Records of theirs that look like one of ours.
    pub(in crate::store) alike: u64,
    part: i64,
    pass: i64,
    pub(in crate::store) pass_seq: i64,
    series: SeriesFinder,
    /// Contradictions known before this pass, with the last value met in it.
    pub(in crate::store) contradictions: Known,
    /// Readings changed so far by the run.
    pub(in crate::store) updated: u64,
}

/// How a pull is saved.
#[derive(Debug, Clone)]
pub struct Pulling {
    /// How finely the datasource keeps readings.
    pub resolution: Resolution,
    /// Fields of groups or resources that it keeps; none: all.
    pub keeps: Option<Vec<String>>,
    /// It is tried out on a copy: nothing has to be asked for.
    pub rehearsal: bool,
}

/// What a transaction did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// What became of its records.
    pub counts: Counts,
    /// Records that both sides had changed differently.
    pub conflicts: u64,
    /// Records of theirs that look like one of ours.
    pub alike: u64,
    /// Readings that are no longer to be pushed, by series and time.
    pub closed: Vec<(i64, i64)>,
}

impl Store {
    /// Gets ready to save the pages of one datatype for a run.
    pub async fn begin_pull(
        &self,
        held: &Held,
        sync: &Sync,
        datasource: &Datasource,
        (datatype, part): (Datatype, i64),
        how: Pulling,
    ) -> Result<Pull, Error> {
        let row = sqlx::query(
            "SELECT pass, pass_seq, number, run.updated FROM cursor, datasource, run \
             WHERE cursor.sync = $1 AND cursor.datatype = $2 AND datasource.id = $3 \
             AND run.id = $4 AND cursor.part = $5",
        )
        .bind(sync.id.as_str())
        .bind(datatype.as_str())
        .bind(datasource.id.as_str())
        .bind(held.run.as_str())
        .bind(part)
        .fetch_one(&self.read)
        .await?;
        let (origin, pass_seq) = (row.get("number"), row.get("pass_seq"));
        Ok(Pull {
            held: held.clone(),
            sync: sync.clone(),
            datatype,
            origin,
            faults: self.faults.clone(),
            resolution: how.resolution,
            keeps: how.keeps,
            rehearsal: how.rehearsal,
            alike: 0,
            part,
            pass: row.get("pass"),
            pass_seq,
            series: SeriesFinder::new(
                sync.organisation.clone(),
                datasource.id.clone(),
                origin,
                sync.missing_resource,
            ),
            contradictions: self.contradictions(datasource, pass_seq).await?,
            updated: row.get::<i64, _>("updated").unsigned_abs(),
        })
    }

    /// Saves whole pages, or nothing of them.
    pub async fn save(
        &self,
        pull: &mut Pull,
        gathered: Gathered,
        now: Timestamp,
    ) -> Result<Saved, Error> {
        let saved = self.save_in_transaction(pull, gathered, now).await;
        match &saved {
            Ok(saved) => pull.updated += saved.counts.updated,
            // What was made is not there.
            Err(_) => pull.series.forget(),
        }
        saved
    }

    async fn save_in_transaction(
        &self,
        pull: &mut Pull,
        gathered: Gathered,
        now: Timestamp,
    ) -> Result<Saved, Error> {
        let early = self.early_seq(&pull.sync.organisation).await?;
        if self.faults.lack(Protection::Cursor) {
            let mut connection = self.write.acquire().await?;
            move_cursor(&mut connection, pull, gathered.cursor.as_deref(), false).await?;
        }
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        self.fence(connection, &pull.held).await?;
        let seq = self.next_seq(connection, &pull.sync.organisation, early).await?;
        let change = Change { seq, origin: pull.origin, at: now };
        let saved = pull.write(connection, gathered, change).await?;
        self.faults.reach(Place::PagesWritten).await?;
        transaction.commit().await?;
        self.faults.reach(Place::PagesSaved).await?;
        Ok(saved)
    }
}

impl Pull {
    /// How finely the datasource keeps readings.
    pub(in crate::store) fn resolution(&self) -> Resolution {
        if self.faults.lack(Protection::Normalise) { Resolution::EXACT } else { self.resolution }
    }

    /// Whether the datasource keeps a field of groups or resources.
    pub(in crate::store) fn keeps(&self, field: &str) -> bool {
        self.keeps.as_ref().is_none_or(|keeps| keeps.iter().any(|it| it == field))
    }

    async fn write(
        &mut self,
        connection: &mut SqliteConnection,
        gathered: Gathered,
        change: Change,
    ) -> Result<Saved, Error> {
        let mut saved = Saved::default();
        saved.counts.empty = gathered.empty;
        saved.counts.rejected = gathered.rejected.len() as u64;
        let mut issues: Vec<Issued> = gathered.rejected.into_iter().map(Issued::from).collect();
        let groups = place::save(connection, self, &gathered.groups, change).await?;
        let resources = place::save(connection, self, &gathered.resources, change).await?;
        for placed in [groups, resources] {
            saved.counts += placed.counts;
            saved.conflicts += placed.conflicts;
        }
        saved.counts.updated += place::lose(connection, self, &gathered.gone).await?;
        let names = Names::of(connection, &mut self.series, gathered.series, change.seq).await?;
        let points = names.number(gathered.points);
        self.save_points(connection, points, &names, &mut issues, change, &mut saved).await?;
        if gathered.complete {
            saved.counts += self.settle(connection, change).await?;
        }
        saved.alike = std::mem::take(&mut self.alike);
        self.ensure_few_changes(connection, &saved).await?;
        self.keep_issues(connection, &issues, change).await?;
        move_cursor(connection, self, gathered.cursor.as_deref(), gathered.complete).await?;
        add_counts(connection, self, &saved).await?;
        Ok(saved)
    }

    async fn save_points(
        &mut self,
        connection: &mut SqliteConnection,
        mut points: Vec<Point>,
        names: &Names,
        issues: &mut Vec<Issued>,
        change: Change,
        saved: &mut Saved,
    ) -> Result<(), Error> {
        self.find_steps(connection, &mut points).await?;
        let mut contradicted = Vec::new();
        let before = points.len();
        let mut points = last_of_each(points, &mut contradicted);
        saved.counts.superseded += (before - points.len()) as u64;
        if !self.contradictions.is_empty() {
            let held_back = self.hold_back(&mut points, &mut contradicted);
            saved.counts.superseded += self.keep(connection, &held_back).await?;
        }
        let settled = self.meet_edits(connection, &mut points, change).await?;
        self.push_anew(connection, &settled, change).await?;
        saved.counts.unchanged += settled.unchanged;
        saved.conflicts += settled.conflicts;
        saved.closed.extend(settled.closed);
        saved.counts.unchanged += reading::drop_absent(connection, &mut points).await?;
        let upserted = self.upsert(connection, &points, change).await?;
        contradicted.extend(find(&points, &upserted.contradicted));
        issues.extend(contradicted.iter().map(|point| names.contradicted(point)));
        contradicted.extend(find(&points, &upserted.repeated));
        self.remember(connection, &contradicted).await?;
        saved.counts += upserted.counts;
        Ok(())
    }

    /// At the end of a pass: writes what was held back, and drops issues that were not met again.
    async fn settle(
        &mut self,
        connection: &mut SqliteConnection,
        change: Change,
    ) -> Result<Counts, Error> {
        let met = self.contradictions.iter().filter_map(|(&(series, time), met)| {
            let (value, quality) = (*met)?;
            Some(Point { series, time, value, row: 0, quality, updated: 0 })
        });
        let mut points: Vec<Point> = met.collect();
        points.sort_by_key(|point| (point.series, point.time));
        let settled = self.meet_edits(connection, &mut points, change).await?;
        self.push_anew(connection, &settled, change).await?;
        let absent = reading::drop_absent(connection, &mut points).await?;
        let mut counts = self.upsert(connection, &points, change).await?.counts;
        counts.unchanged += settled.unchanged + absent;
        for met in self.contradictions.values_mut() {
            *met = None;
        }
        Ok(counts)
    }

    async fn upsert(
        &self,
        connection: &mut SqliteConnection,
        points: &[Point],
        change: Change,
    ) -> Result<Upserted, Error> {
        let how = Writing {
            origin: self.origin,
            seq: change.seq,
            pass_seq: self.pass_seq,
            tolerance: self.resolution().tolerance(),
        };
        let upserted = reading::upsert(connection, points, how).await?;
        let organisation = &self.sync.organisation;
        change::log(connection, organisation, change, &upserted.changed).await?;
        Ok(upserted)
    }

    /// Readings of ours that won: the log brings them again.
    async fn push_anew(
        &self,
        connection: &mut SqliteConnection,
        settled: &Settled,
        change: Change,
    ) -> Result<(), Error> {
        let ours = Change { origin: 0, ..change };
        reading::touch(connection, &self.sync.organisation, &settled.won, ours).await
    }

    async fn keep_issues(
        &mut self,
        connection: &mut SqliteConnection,
        issues: &[Issued],
        change: Change,
    ) -> Result<(), Error> {
        let parked: Vec<Issued> =
            self.series.parked.drain(..).map(|id| issue::parked(&id)).collect();
        let keeper = Keeper {
            sync: &self.sync.id,
            datatype: self.datatype,
            run: &self.held.run,
            pass: self.pass,
            part: self.part,
            now: change.at,
        };
        issue::keep(connection, keeper, issues).await?;
        issue::keep(connection, Keeper { pass: LASTING, ..keeper }, &parked).await
    }
}

async fn move_cursor(
    connection: &mut SqliteConnection,
    pull: &Pull,
    cursor: Option<&str>,
    complete: bool,
) -> Result<(), Error> {
    // What is met after the end of a pass was not met in it: there it is a change.
    sqlx::query(
        "UPDATE cursor SET cursor = $1, complete = $2, pass_seq = CASE $2 WHEN 0 THEN pass_seq \
         ELSE (SELECT seq FROM organisation WHERE id = $7) END WHERE sync = $3 AND datatype = $4 \
         AND pass = $5 AND part = $6",
    )
    .bind(cursor)
    .bind(i64::from(complete))
    .bind(pull.sync.id.as_str())
    .bind(pull.datatype.as_str())
    .bind(pull.pass)
    .bind(pull.part)
    .bind(pull.sync.organisation.as_str())
    .execute(&mut *connection)
    .await?;
    if complete {
        sqlx::query(
            "DELETE FROM issue WHERE sync = $1 AND datatype = $2 AND pass < $3 AND part = $4",
        )
        .bind(pull.sync.id.as_str())
        .bind(pull.datatype.as_str())
        .bind(pull.pass)
        .bind(pull.part)
        .execute(connection)
        .await?;
    }
    Ok(())
}

async fn add_counts(
    connection: &mut SqliteConnection,
    pull: &Pull,
    saved: &Saved,
) -> Result<(), Error> {
    let counts = saved.counts;
    let columns = [
        ("conflicts", saved.conflicts),
        ("created", counts.created),
        ("updated", counts.updated),
        ("unchanged", counts.unchanged),
        ("superseded", counts.superseded),
        ("empty", counts.empty),
        ("rejected", counts.rejected),
    ];
    let sets: Vec<String> =
        columns.iter().map(|(column, count)| format!("{column} = {column} + {count}")).collect();
    let sql = format!("UPDATE run SET {} WHERE id = $1", sets.join(", "));
    sqlx::query(AssertSqlSafe(sql))
        .persistent(false)
        .bind(pull.held.run.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
