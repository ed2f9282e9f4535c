//! Batches as they leave the outbox: readings in columns of one series, places with our id.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::batch::{Base, Batch, Pushed};
use crate::domain::page::{Readings, Series};

use super::super::Error;
use super::super::column::rows;
use super::Push;
use super::outbox::ROWS;

/// A batch of readings, each with its place in the outbox.
#[derive(Debug)]
pub struct Outgoing {
    /// As it is handed over.
    pub batch: Batch,
    /// By place in the batch.
    pub(in crate::store) sent: Vec<Sent>,
    /// By series.
    pub(in crate::store) series: BTreeMap<i64, Series>,
    /// Issues of earlier tries may be there.
    pub(in crate::store) retried: bool,
}

/// A batch of groups or resources, each with its place in the outbox.
#[derive(Debug)]
pub struct OutgoingPlaces {
    /// As it is handed over.
    pub batch: Batch,
    /// Our ids, what was sent of each, and what people call it.
    pub(in crate::store) sent: Vec<SentPlace>,
}

/// A group or resource as it was sent.
#[derive(Debug, Clone)]
pub(in crate::store) struct SentPlace {
    pub(in crate::store) our_id: String,
    pub(in crate::store) name: String,
    /// Its external id, where it has one.
    pub(in crate::store) id: Option<String>,
    pub(in crate::store) fields: crate::domain::merge::Fields,
}

/// A reading as it was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::store) struct Sent {
    pub(in crate::store) series: i64,
    pub(in crate::store) time: i64,
    /// None: it was removed.
    pub(in crate::store) value: Option<f64>,
    pub(in crate::store) quality: i64,
    pub(in crate::store) seq: i64,
}

impl Push {
    /// The readings as a batch. Those whose resource the other system no longer has are left out.
    pub(super) async fn batch(
        &self,
        connection: &mut SqliteConnection,
        mut sent: Vec<Sent>,
        uncertain: bool,
        retried: bool,
    ) -> Result<Outgoing, Error> {
        sent.sort_by_key(|sent| (sent.series, sent.value.is_none(), sent.time));
        let mut series = BTreeMap::new();
        for sent in &sent {
            if let Entry::Vacant(place) = series.entry(sent.series) {
                place.insert(self.series(connection, sent.series).await?);
            }
        }
        sent.retain(|sent| series.get(&sent.series).is_some_and(Option::is_some));
        let series: BTreeMap<i64, Series> =
            series.into_iter().filter_map(|(number, series)| Some((number, series?))).collect();
        let columns = sent
            .chunk_by(|one, other| one.series == other.series)
            .filter_map(|sent| Some(self.column(series.get(&sent.first()?.series)?, sent)))
            .collect();
        // Where the protection is taken away, nobody is told to look first.
        let uncertain =
            uncertain && !self.faults.lack(crate::domain::faults::Protection::Uncertain);
        let bases = self.bases(connection, &sent).await?;
        let batch = Batch { items: Pushed::Readings(columns), bases, uncertain };
        Ok(Outgoing { batch, sent, series, retried })
    }

    fn column(&self, series: &Series, sent: &[Sent]) -> Readings {
        let there = sent.iter().filter_map(|sent| Some((sent, sent.value?)));
        let (mut times, mut values, mut qualities) = (Vec::new(), Vec::new(), Vec::new());
        for (sent, value) in there {
            times.push(self.resolution.cut(sent.time));
            values.push(value);
            qualities.push(u8::try_from(sent.quality).unwrap_or_default());
        }
        let removed = sent.iter().filter(|sent| sent.value.is_none());
        Readings {
            series: series.clone(),
            times,
            values,
            qualities,
            removed: removed.map(|sent| self.resolution.cut(sent.time)).collect(),
            rows: Vec::new(),
            updated: Vec::new(),
        }
    }

    /// What the other system had of readings when they were last got, in order: what both sides agree
    /// on under the same time, or under another time of ours in the same step of theirs.
    async fn bases(
        &self,
        connection: &mut SqliteConnection,
        sent: &[Sent],
    ) -> Result<Vec<Base>, Error> {
        let mut bases = HashMap::new();
        for sent in sent.chunks(ROWS) {
            let sql = format!(
                "WITH sent (series_id, time, step) AS (VALUES {}) \
                 SELECT sent.series_id, sent.time, known, base.value, \
                 (SELECT value FROM reading WHERE reading.series_id = sent.series_id \
                 AND reading.time BETWEEN step AND step + ? AND reading.time <> sent.time \
                 AND value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM base AS open \
                 WHERE open.datasource = ? AND open.series_id = reading.series_id \
                 AND open.time = reading.time) LIMIT 1) AS mate FROM sent LEFT JOIN base \
                 ON base.datasource = ? AND base.series_id = sent.series_id \
                 AND base.time = sent.time",
                rows(sent.len(), 3)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(sent.len() == ROWS);
            for sent in sent {
                query =
                    query.bind(sent.series).bind(sent.time).bind(self.resolution.cut(sent.time));
            }
            let datasource = self.sync.datasource.as_str();
            let query = query.bind(self.resolution.step - 1).bind(datasource).bind(datasource);
            for row in query.fetch_all(&mut *connection).await? {
                bases.insert((row.get("series_id"), row.get("time")), self.read_base(&row));
            }
        }
        let base = |sent: &Sent| bases.get(&(sent.series, sent.time)).copied();
        Ok(sent.iter().map(|sent| base(sent).unwrap_or(Base::Unknown)).collect())
    }

    fn read_base(&self, row: &SqliteRow) -> Base {
        let known: Option<i64> = row.get("known");
        if known.is_some_and(|known| known != 0) {
            return row.get::<Option<f64>, _>("value").map_or(Base::Nothing, Base::Value);
        }
        if let Some(mate) = row.get("mate") {
            return Base::Value(mate);
        }
        // What is there is pulled before it is pushed to, so it had none; else nobody looked.
        if known.is_some() || self.pulls { Base::Nothing } else { Base::Unknown }
    }

    /// What the other system calls a series; none: its resource is not there.
    async fn series(
        &self,
        connection: &mut SqliteConnection,
        number: i64,
    ) -> Result<Option<Series>, Error> {
        let row = sqlx::query(
            "SELECT name, property, unit, (SELECT MIN(external_id) FROM link \
             WHERE datasource = $1 AND kind = 'resource' AND our_id = series.resource \
             AND gone = 0) AS resource FROM series WHERE id = $2",
        )
        .bind(self.sync.datasource.as_str())
        .bind(number)
        .fetch_one(connection)
        .await?;
        let resource: Option<String> = row.get("resource");
        Ok(resource.map(|resource| Series {
            resource,
            name: row.get("name"),
            property: row.get("property"),
            unit: row.get("unit"),
        }))
    }
}
