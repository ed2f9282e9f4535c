//! What must hold before a run: each thing refuses in its own words, and then nothing was begun.

use ourwater::app::{App, Settings};
use ourwater::domain::clock::Clock;
use ourwater::domain::datasource::Datasource;
use ourwater::domain::id::OrganisationId;
use ourwater::domain::organisation::{Limits, Zone};
use ourwater::domain::sync::{Datatype, Method, MissingResource, Rules, Selection, Sync};
use ourwater::plugin::Compiler;
use ourwater::store;
use ourwater::store::datasource::{DatasourceChange, NewDatasource};
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::sync::{NewSync, SyncChange};
use ourwater::sync::{Refusal, Trigger};
use serde_json::{Value, json};

/// An organisation whose one sync would run, but for what a story changes.
struct World {
    folder: tempfile::TempDir,
    app: App,
    organisation: OrganisationId,
    datasource: Datasource,
    sync: Sync,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("ourwater.db").display().to_string();
        let settings = Settings::new(database, Compiler::Here);
        let app = App::open(&settings).await.unwrap();
        let organisation = organisation(&app, "Dharta").await;
        let path = folder.path().join("wells.csv");
        std::fs::write(&path, "well,date,level\nA,2017-02-28,1.5\n").unwrap();
        let owner = app.store.organisation(&organisation).await.unwrap();
        app.upload(&owner, &path).await.unwrap();
        let config = app.understand(&owner, "wells.csv", &json!({})).await.unwrap().config;
        let new = NewDatasource { name: "wells".parse().unwrap(), plugin: "csv".into(), config };
        let datasource =
            app.store.create_datasource(&organisation, new, &Clock::System).await.unwrap();
        let new = NewSync {
            datasource: datasource.id.clone(),
            name: "wells".parse().unwrap(),
            methods: vec![Method::PullFromDatasource],
            datatypes: vec![Datatype::Reading],
            only: Selection::default(),
            one_time: false,
            enabled: true,
            missing_resource: MissingResource::Create,
            rules: Rules::default(),
        };
        let sync = app.store.create_sync(&organisation, new, &Clock::System).await.unwrap();
        Self { folder, app, organisation, datasource, sync }
    }

    /// The refusal, after making sure that nothing was begun.
    async fn refused(&self, organisation: &OrganisationId) -> Refusal {
        let how = Trigger::default();
        let refusal = self.app.engine.trigger(organisation, &self.sync.id, how).await;
        assert!(self.app.store.last_run(&self.sync.id).await.unwrap().is_none());
        refusal.expect_err("it must not run")
    }

    async fn refused_here(&self) -> Refusal {
        self.refused(&self.organisation).await
    }

    async fn configured(&self, config: Value) {
        let change = DatasourceChange { config: Some(config), ..Default::default() };
        let id = &self.datasource.id;
        self.app.store.change_datasource(&self.organisation, id, change).await.unwrap();
    }

    async fn changed(&self, change: SyncChange) {
        let id = &self.sync.id;
        self.app.store.change_sync(&self.organisation, id, change).await.unwrap();
    }
}

async fn organisation(app: &App, name: &str) -> OrganisationId {
    let name = name.parse().unwrap();
    let new = NewOrganisation { name, zone: Zone::UTC, limits: Limits::default() };
    app.store.create_organisation(new, &Clock::System).await.unwrap().0.id
}

#[tokio::test]
async fn a_sync_that_nothing_is_wrong_with_runs() {
    let world = World::new().await;
    let engine = &world.app.engine;
    let run = engine.trigger(&world.organisation, &world.sync.id, Trigger::default()).await;
    let run = engine.wait(&world.organisation, &run.unwrap(), None).await.unwrap();
    assert_eq!(run.counts.created, 1, "{run:?}");
}

#[tokio::test]
async fn another_organisation_does_not_find_it() {
    let world = World::new().await;
    let other = organisation(&world.app, "Neighbours").await;
    let refusal = world.refused(&other).await;
    assert!(matches!(refusal, Refusal::Store(store::Error::NotFound { .. })), "{refusal}");
}

#[tokio::test]
async fn a_file_of_another_organisation_is_none_of_ours() {
    let world = World::new().await;
    let other = organisation(&world.app, "Neighbours").await;
    let owner = world.app.store.organisation(&other).await.unwrap();
    let path = world.folder.path().join("secret.csv");
    std::fs::write(&path, "well,date,level\nA,2017-02-28,1.5\n").unwrap();
    world.app.upload(&owner, &path).await.unwrap();
    let mut config = world.datasource.config.clone();
    config["file"] = json!("secret.csv");
    world.configured(config).await;
    let refusal = world.refused_here().await;
    assert!(matches!(&refusal, Refusal::File(name) if name == "secret.csv"), "{refusal}");
}

#[tokio::test]
async fn a_disabled_sync_says_so() {
    let world = World::new().await;
    world.changed(SyncChange { enabled: Some(false), ..Default::default() }).await;
    let refusal = world.refused_here().await;
    assert!(matches!(refusal, Refusal::Disabled), "{refusal}");
}

#[tokio::test]
async fn a_configuration_that_does_not_fit_names_the_field() {
    let world = World::new().await;
    let mut config = world.datasource.config.clone();
    config["header"] = json!("the first");
    world.configured(config).await;
    let refusal = world.refused_here().await;
    let Refusal::Config(mistakes) = &refusal else { panic!("{refusal}") };
    assert!(mistakes.iter().any(|mistake| mistake.field == "header"), "{mistakes:?}");
}

#[tokio::test]
async fn a_method_that_is_not_supported_is_named() {
    let world = World::new().await;
    let methods = Some(vec![Method::PushFromDatasource]);
    world.changed(SyncChange { methods, ..Default::default() }).await;
    let refusal = world.refused_here().await;
    assert!(matches!(&refusal, Refusal::Unsupported(text) if text.contains("no method")));
}

#[tokio::test]
async fn a_plugin_that_is_not_active_is_named_with_those_that_are() {
    let world = World::new().await;
    let new = NewDatasource {
        name: "elsewhere".parse().unwrap(),
        plugin: "ggmn".to_owned(),
        config: json!({}),
    };
    let store = &world.app.store;
    let datasource = store.create_datasource(&world.organisation, new, &Clock::System).await;
    let new = NewSync {
        datasource: datasource.unwrap().id,
        name: "elsewhere".parse().unwrap(),
        methods: vec![Method::PullFromDatasource],
        datatypes: vec![Datatype::Reading],
        only: Selection::default(),
        one_time: false,
        enabled: true,
        missing_resource: MissingResource::Create,
        rules: Rules::default(),
    };
    let sync = store.create_sync(&world.organisation, new, &Clock::System).await.unwrap();
    let refusal = World { sync, ..world }.refused_here().await;
    let Refusal::Plugin(unready) = &refusal else { panic!("{refusal}") };
    let text = unready.to_string();
    assert!(text.contains("\"ggmn\"") && text.contains("csv"), "{text}");
}

#[test]
fn a_selection_that_is_not_well_formed_cannot_be_made() {
    assert!(Selection::try_from(vec!["a\u{7}b".to_owned()]).is_err());
    assert!(Selection::try_from(vec![String::new()]).is_err());
    assert!(Selection::try_from(vec!["x".repeat(513)]).is_err());
    assert!(Selection::try_from(vec!["313603.1111".to_owned()]).is_ok());
}
