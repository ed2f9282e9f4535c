//! Batches as they leave the outbox: readings in columns of one series, places with our id.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sqlx::{Row as _, SqliteConnection};

use crate::domain::batch::{Base, Batch, Pushed};
use crate::domain::page::{Readings, Series};

use super::super::Error;
use super::Push;

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
        let mut bases = Vec::with_capacity(sent.len());
        for sent in &sent {
            bases.push(self.base(connection, sent).await?);
        }
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

    /// What the other system had of a reading when it was last got.
    async fn base(&self, connection: &mut SqliteConnection, sent: &Sent) -> Result<Base, Error> {
        let row = sqlx::query(
            "SELECT known, value FROM base WHERE datasource = $1 AND series_id = $2 AND time = $3",
        )
        .bind(self.sync.datasource.as_str())
        .bind(sent.series)
        .bind(sent.time)
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = row.as_ref().filter(|row| row.get::<i64, _>("known") != 0) {
            let value: Option<f64> = row.get("value");
            return Ok(value.map_or(Base::Nothing, Base::Value));
        }
        if let Some(value) = self.step_mate(connection, sent).await? {
            return Ok(Base::Value(value));
        }
        // What is there is pulled before it is pushed to, so it had none; else nobody looked.
        Ok(if row.is_some() || self.pulls { Base::Nothing } else { Base::Unknown })
    }

    /// What both sides agree on under another time of ours in the same step of theirs.
    async fn step_mate(
        &self,
        connection: &mut SqliteConnection,
        sent: &Sent,
    ) -> Result<Option<f64>, Error> {
        if self.resolution.step <= 1 {
            return Ok(None);
        }
        let step = self.resolution.cut(sent.time);
        let row = sqlx::query(
            "SELECT value FROM reading WHERE series_id = $1 AND time BETWEEN $2 AND $3 \
             AND time <> $4 AND value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM base \
             WHERE base.datasource = $5 AND base.series_id = reading.series_id \
             AND base.time = reading.time) LIMIT 1",
        )
        .bind(sent.series)
        .bind(step)
        .bind(step.saturating_add(self.resolution.step - 1))
        .bind(sent.time)
        .bind(self.sync.datasource.as_str())
        .fetch_optional(connection)
        .await?;
        Ok(row.map(|row| row.get("value")))
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
