//! Series and the resources they belong to: found by what the source calls them, or made.

use std::collections::HashMap;

use sqlx::{Row as _, SqliteConnection};

use crate::domain::id::{DatasourceId, OrganisationId, ResourceId};
use crate::domain::page::Series;
use crate::domain::sync::MissingResource;

use super::base::claim;
use super::{Error, link};

/// Finds series by what one datasource calls them.
#[derive(Debug)]
pub(in crate::store) struct SeriesFinder {
    organisation: OrganisationId,
    datasource: DatasourceId,
    origin: i64,
    missing_resource: MissingResource,
    known: HashMap<Series, i64>,
    /// Resources that readings wait for, made since they were last taken.
    pub(in crate::store) parked: Vec<String>,
}

impl SeriesFinder {
    pub(in crate::store) fn new(
        organisation: OrganisationId,
        datasource: DatasourceId,
        origin: i64,
        missing_resource: MissingResource,
    ) -> Self {
        Self {
            organisation,
            datasource,
            origin,
            missing_resource,
            known: HashMap::new(),
            parked: Vec::new(),
        }
    }

    /// The number of a series; made, with its resource, where it is new.
    pub(in crate::store) async fn find(
        &mut self,
        transaction: &mut SqliteConnection,
        series: &Series,
        seq: i64,
    ) -> Result<i64, Error> {
        if let Some(id) = self.known.get(series) {
            return Ok(*id);
        }
        let resource = self.resource(transaction, &series.resource, seq).await?;
        let id = self.of_resource(transaction, &resource, series).await?;
        self.known.insert(series.clone(), id);
        Ok(id)
    }

    /// After a rollback: what was made in the transaction is not there.
    pub(in crate::store) fn forget(&mut self) {
        self.known.clear();
        self.parked.clear();
    }

    async fn of_resource(
        &self,
        transaction: &mut SqliteConnection,
        resource: &str,
        series: &Series,
    ) -> Result<i64, Error> {
        let found = sqlx::query(
            "SELECT id, owner FROM series \
             WHERE resource = $1 AND name = $2 AND property = $3 AND unit = $4",
        )
        .bind(resource)
        .bind(&series.name)
        .bind(&series.property)
        .bind(&series.unit)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = found else { return self.insert(transaction, resource, series).await };
        let (id, owner): (i64, Option<String>) = (row.get("id"), row.get("owner"));
        if owner.is_none() {
            claim(transaction, self.datasource.as_str(), self.origin, id).await?;
        }
        if owner.is_some_and(|owner| owner != self.datasource.as_str()) {
            return Err(Error::Owned(format!(
                "the series {:?} of {:?} is pulled from another datasource already: two would \
                 overwrite each other for ever; leave it out of one of the syncs",
                series.property, series.resource
            )));
        }
        Ok(id)
    }

    async fn insert(
        &self,
        transaction: &mut SqliteConnection,
        resource: &str,
        series: &Series,
    ) -> Result<i64, Error> {
        let row = sqlx::query(
            "INSERT INTO series (id, organisation, resource, name, property, unit, owner) \
             SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, $6 FROM series RETURNING id",
        )
        .bind(self.organisation.as_str())
        .bind(resource)
        .bind(&series.name)
        .bind(&series.property)
        .bind(&series.unit)
        .bind(self.datasource.as_str())
        .fetch_one(transaction)
        .await?;
        Ok(row.get("id"))
    }

    async fn resource(
        &mut self,
        transaction: &mut SqliteConnection,
        external_id: &str,
        seq: i64,
    ) -> Result<String, Error> {
        let datasource = self.datasource.as_str();
        if let Some(id) = link::ours(transaction, datasource, "resource", external_id).await? {
            return Ok(id);
        }
        if self.missing_resource == MissingResource::Park {
            self.parked.push(external_id.to_owned());
        }
        let id = ResourceId::random();
        sqlx::query(
            "INSERT INTO resource (id, organisation, name, kind, extra, described, origin, seq) \
             VALUES ($1, $2, $3, 'custom', '', $4, $5, $6)",
        )
        .bind(id.as_str())
        .bind(self.organisation.as_str())
        .bind(external_id)
        .bind(i64::from(self.missing_resource == MissingResource::Create))
        .bind(self.origin)
        .bind(seq)
        .execute(&mut *transaction)
        .await?;
        link::make(transaction, datasource, "resource", external_id, id.as_str(), None).await?;
        Ok(id.as_str().to_owned())
    }
}
