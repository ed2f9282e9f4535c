//! Groups and resources to push: those made here that the other system has not, and those it has
//! and that were changed here.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::batch::{Batch, Keyed, Pushed as Items, Receipt};
use crate::domain::faults::{Point, Protection};
use crate::domain::merge::Fields;
use crate::domain::page::{Group, Resource};
use crate::domain::run::Pushed;
use crate::domain::sync::{Datatype, Method};

use super::super::link::{self, Base};
use super::super::place::record::{Record, fields, of_fields};
use super::super::{Error, Store, conflict, issue};
use super::batch::{OutgoingPlaces, SentPlace};
use super::receipt::{REFUSED, UNTRIED, pushed, staying, taken};
use super::{Push, Retry, Waiting};

impl Store {
    /// Puts every group or resource that was changed since the last push into the outbox.
    pub async fn enqueue_places(&self, push: &Push, datatype: Datatype) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        self.fence(connection, &push.held).await?;
        let wanted = push.changed_places(connection, datatype).await?;
        for (our_id, seq) in wanted {
            sqlx::query(
                "INSERT INTO outbox_place (sync, datatype, our_id, record, seq, state, lease) \
                 VALUES ($1, $2, $3, '', $4, $5, '') ON CONFLICT (sync, datatype, our_id) \
                 DO UPDATE SET seq = excluded.seq, lease = '', state = CASE \
                 WHEN outbox_place.state IN ('sent', 'unknown') THEN outbox_place.state \
                 ELSE excluded.state END",
            )
            .bind(push.sync.id.as_str())
            .bind(datatype.as_str())
            .bind(our_id)
            .bind(seq)
            .bind(UNTRIED)
            .execute(&mut *connection)
            .await?;
        }
        push.pass_places(connection, datatype).await?;
        self.faults.reach(Point::BatchWritten).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The next batch of at most `limit` groups or resources from the outbox; none: nothing waits.
    pub async fn next_places(
        &self,
        push: &Push,
        datatype: Datatype,
        retry: Retry,
        limit: usize,
    ) -> Result<Option<OutgoingPlaces>, Error> {
        match datatype {
            Datatype::Group => self.places::<Group>(push, datatype, retry, limit).await,
            Datatype::Resource | Datatype::Reading => {
                self.places::<Resource>(push, datatype, retry, limit).await
            }
        }
    }

    async fn places<T: Record + Wrapped>(
        &self,
        push: &Push,
        datatype: Datatype,
        retry: Retry,
        limit: usize,
    ) -> Result<Option<OutgoingPlaces>, Error> {
        loop {
            let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
            let connection = &mut *transaction;
            self.fence(connection, &push.held).await?;
            if retry == Retry::Uncertain {
                push.leave_to_pull(connection, datatype).await?;
            }
            let rows = push.waiting(connection, datatype, retry, limit).await?;
            if rows.is_empty() {
                transaction.commit().await?;
                return Ok(None);
            }
            let (mut keyed, mut sent) = (Vec::new(), Vec::new());
            for (our_id, before) in rows {
                let before = (retry == Retry::Uncertain).then_some(before);
                if let Some((one, place)) =
                    push.send::<T>(connection, (datatype, &our_id), before).await?
                {
                    keyed.push(one);
                    sent.push(place);
                }
            }
            let uncertain = retry == Retry::Uncertain && !self.faults.lack(Protection::Uncertain);
            self.faults.reach(Point::BatchWritten).await?;
            transaction.commit().await?;
            if !sent.is_empty() {
                self.faults.reach(Point::BatchKept).await?;
                let batch = Batch { items: T::wrap(keyed), bases: Vec::new(), uncertain };
                return Ok(Some(OutgoingPlaces { batch, sent }));
            }
        }
    }

    /// Saves what became of a batch of groups or resources.
    pub async fn acknowledge_places(
        &self,
        push: &Push,
        datatype: Datatype,
        outgoing: &OutgoingPlaces,
        receipt: &Receipt,
        now: i64,
    ) -> Result<Pushed, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        self.fence(connection, &push.held).await?;
        for (at, state, reason) in staying(receipt, outgoing.batch.uncertain) {
            let Some(sent) = outgoing.sent.get(at) else { continue };
            push.place_stays(connection, datatype, &sent.our_id, state).await?;
            let place = Push::place_name(datatype, sent);
            push.keep_issue(connection, datatype, place, state, reason, now).await?;
        }
        let mut pushed = pushed(receipt);
        for at in taken(receipt, outgoing.sent.len()) {
            let Some(sent) = outgoing.sent.get(at) else { continue };
            let given = receipt.ids.iter().find(|(it, _)| *it == at).map(|(_, id)| id.clone());
            let Some(id) = sent.id.clone().or(given) else { continue };
            if let Some(reason) = push.agree_place(connection, datatype, sent, &id, now).await? {
                pushed.refused += 1;
                push.place_stays(connection, datatype, &sent.our_id, REFUSED).await?;
                let place = Push::place_name(datatype, sent);
                push.keep_issue(connection, datatype, place, REFUSED, &reason, now).await?;
            }
        }
        push.count(connection, pushed).await?;
        self.faults.reach(Point::ReceiptWritten).await?;
        transaction.commit().await?;
        self.faults.reach(Point::ReceiptSaved).await?;
        Ok(pushed)
    }

    pub(super) async fn waiting_places(
        &self,
        push: &Push,
        datatype: Datatype,
    ) -> Result<Waiting, Error> {
        let mut connection = self.write.acquire().await?;
        let mut waiting = Waiting::default();
        for (our_id, _) in push.changed_places(&mut connection, datatype).await? {
            let datasource = push.sync.datasource.as_str();
            let id = link::theirs(&mut connection, datasource, datatype.as_str(), &our_id).await?;
            if id.is_some() { waiting.update += 1 } else { waiting.create += 1 }
        }
        let row = sqlx::query(
            "SELECT COUNT(*) AS waiting FROM outbox_place WHERE sync = $1 AND datatype = $2",
        )
        .bind(push.sync.id.as_str())
        .bind(datatype.as_str())
        .fetch_one(&mut *connection)
        .await?;
        waiting.retry = row.get::<i64, _>("waiting").unsigned_abs();
        Ok(waiting)
    }
}

/// Records that make a batch.
pub(super) trait Wrapped: Sized {
    /// As the items of a batch.
    fn wrap(records: Vec<Keyed<Self>>) -> Items;
    /// What people call it.
    fn name(&self) -> &str;
}

impl Wrapped for Group {
    fn wrap(records: Vec<Keyed<Self>>) -> Items {
        Items::Groups(records)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Wrapped for Resource {
    fn wrap(records: Vec<Keyed<Self>>) -> Items {
        Items::Resources(records)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Push {
    async fn waiting(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
        retry: Retry,
        limit: usize,
    ) -> Result<Vec<(String, String)>, Error> {
        let sql = format!(
            "SELECT our_id, record FROM outbox_place WHERE sync = $1 AND {} AND datatype = $3 \
             AND $2 <> '' ORDER BY seq, our_id LIMIT $4",
            retry.condition()
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(self.sync.id.as_str())
            .bind(self.held.lease.as_str())
            .bind(datatype.as_str())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(connection)
            .await?;
        Ok(rows.iter().map(|row| (row.get("our_id"), row.get("record"))).collect())
    }

    /// What of records that the other system has already may have arrived, a pull tells better: it is
    /// judged by what comes back, and pushed after that if it still has to be.
    async fn leave_to_pull(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
    ) -> Result<(), Error> {
        if !self.sync.methods.contains(&Method::PullFromDatasource) {
            return Ok(());
        }
        sqlx::query(
            "UPDATE outbox_place SET state = 'untried', lease = '' WHERE sync = $1 \
             AND datatype = $2 AND state IN ('sent', 'unknown') AND EXISTS (SELECT 1 FROM link \
             WHERE link.our_id = outbox_place.our_id AND link.datasource = $3 \
             AND link.kind = $2)",
        )
        .bind(self.sync.id.as_str())
        .bind(datatype.as_str())
        .bind(self.sync.datasource.as_str())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Both sides came to hold the same, or a person has to decide first.
    async fn waits(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
        our_id: &str,
        external_id: Option<&str>,
    ) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM conflict WHERE datasource = $1 AND datatype = $2 \
             AND series_id = 0 AND time = 0 AND our_id = $3 AND state = 'open') AS open",
        )
        .bind(self.sync.datasource.as_str())
        .bind(datatype.as_str())
        .bind(our_id)
        .fetch_one(&mut *connection)
        .await?;
        let open = row.get::<i64, _>("open") != 0;
        if !open && !self.agrees(connection, datatype, our_id, external_id).await? {
            return Ok(false);
        }
        // What a person decides gets a new number, and is enqueued again.
        sqlx::query("DELETE FROM outbox_place WHERE sync = $1 AND datatype = $2 AND our_id = $3")
            .bind(self.sync.id.as_str())
            .bind(datatype.as_str())
            .bind(our_id)
            .execute(connection)
            .await?;
        Ok(true)
    }

    /// A record as it stands, or as it was sent `before`; marked as sent.
    async fn send<T: Record + Wrapped>(
        &self,
        connection: &mut SqliteConnection,
        (datatype, our_id): (Datatype, &str),
        before: Option<String>,
    ) -> Result<Option<(Keyed<T>, SentPlace)>, Error> {
        let datasource = self.sync.datasource.as_str();
        let id = link::theirs(connection, datasource, T::WORD, our_id).await?;
        if before.is_none() && self.waits(connection, datatype, our_id, id.as_deref()).await? {
            return Ok(None);
        }
        let fields: Fields = match before.filter(|before| !before.is_empty()) {
            Some(before) => serde_json::from_str(&before)
                .map_err(|error| Error::unreadable("outbox_place", our_id, error))?,
            None => fields(&T::read(connection, datasource, our_id).await?)?,
        };
        sqlx::query(
            "UPDATE outbox_place SET state = 'sent', lease = $1, record = $2 \
             WHERE sync = $3 AND datatype = $4 AND our_id = $5",
        )
        .bind(self.held.lease.as_str())
        .bind(serde_json::Value::from(fields.clone()).to_string())
        .bind(self.sync.id.as_str())
        .bind(T::WORD)
        .bind(our_id)
        .execute(&mut *connection)
        .await?;
        let record: T = of_fields(id.as_deref().unwrap_or_default(), fields.clone())?;
        let name = record.name().to_owned();
        let place = SentPlace { our_id: our_id.to_owned(), name, id: id.clone(), fields };
        Ok(Some((Keyed { key: our_id.to_owned(), new: id.is_none(), record }, place)))
    }

    async fn place_stays(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
        our_id: &str,
        state: &str,
    ) -> Result<(), Error> {
        sqlx::query(
            "UPDATE outbox_place SET state = $1, lease = $2 \
             WHERE sync = $3 AND datatype = $4 AND our_id = $5",
        )
        .bind(state)
        .bind(self.held.lease.as_str())
        .bind(self.sync.id.as_str())
        .bind(datatype.as_str())
        .bind(our_id)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// The other system has it as it was sent; or why it cannot be that record.
    async fn agree_place(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
        sent: &SentPlace,
        id: &str,
        now: i64,
    ) -> Result<Option<String>, Error> {
        let (datasource, kind) = (self.sync.datasource.as_str(), datatype.as_str());
        let base = Base { fields: sent.fields.clone() };
        match link::find(connection, datasource, kind, id).await? {
            Some(link) if link.our_id != sent.our_id => {
                return Ok(Some(format!(
                    "the other system takes it for its {id}, which is another one here"
                )));
            }
            Some(_) => link::agree(connection, datasource, kind, id, &base).await?,
            None => {
                link::make(connection, datasource, kind, id, &sent.our_id, Some(&base)).await?;
            }
        }
        conflict::settle_sent(connection, datasource, kind, &sent.our_id, now).await?;
        sqlx::query("DELETE FROM outbox_place WHERE sync = $1 AND datatype = $2 AND our_id = $3")
            .bind(self.sync.id.as_str())
            .bind(kind)
            .bind(&sent.our_id)
            .execute(&mut *connection)
            .await?;
        let place = Self::place_name(datatype, sent);
        issue::clear(connection, &self.sync.id, datatype, &place).await?;
        Ok(None)
    }

    /// How people find it; the same on every try.
    fn place_name(datatype: Datatype, sent: &SentPlace) -> String {
        format!("{datatype} {:?} ({})", sent.name, sent.our_id)
    }
}
