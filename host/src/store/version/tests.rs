//! Stories of decisions on versions.

use std::collections::BTreeMap;

use super::*;
use crate::domain::permission::Permission;
use crate::domain::plugin::{Duplicates, Paging};
use crate::store::Access;

struct World {
    _folder: tempfile::TempDir,
    store: Store,
    clock: Clock,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        Self { _folder: folder, store, clock: Clock::manual(7) }
    }

    async fn add(&self, digit: char, asks: &Value) -> Version {
        let (digest, bytes) = (digest(digit), 10);
        let description = description(&digit.to_string(), asks);
        let (description, report) = (&description, json!({"found": "little"}));
        let new = NewVersion { digest, description, report, bytes };
        self.store.add_version(new, "Asha", &self.clock).await.unwrap().0
    }

    async fn allow(&self, digit: char, permissions: &[&str]) -> Result<Version, Error> {
        let permissions = permissions.iter().map(|it| it.parse().unwrap()).collect();
        let allowance = Allowance { permissions, limits: BTreeMap::new() };
        self.store.allow_version(&digest(digit), &allowance, "Asha", &self.clock).await
    }

    async fn activate(&self, digit: char) -> Result<Version, Error> {
        self.store.activate_version(&digest(digit), "Asha", &self.clock).await
    }

    async fn active(&self) -> String {
        let versions = self.store.versions().await.unwrap();
        let active: Vec<_> =
            versions.iter().filter(|it| it.state == VersionState::Active).collect();
        assert!(active.len() <= 1, "{active:?}");
        active.first().map(|it| it.version.clone()).unwrap_or_default()
    }

    async fn deeds(&self) -> Vec<String> {
        let events = self.store.plugin_events(100).await.unwrap();
        let line = |it: &Event| {
            format!("{} {} {} {}", it.who, it.what, it.version, it.details).trim().to_owned()
        };
        events.iter().rev().map(line).collect()
    }
}

fn digest(digit: char) -> PluginDigest {
    digit.to_string().repeat(64).parse().unwrap()
}

fn description(version: &str, asks: &Value) -> Description {
    Description {
        name: "rain".to_owned(),
        version: version.to_owned(),
        gets: Vec::new(),
        pushes: Vec::new(),
        paging: Paging::Whole,
        duplicates: Duplicates::Overwrites,
        decimals: None,
        step: 1,
        keeps: BTreeMap::new(),
        schema: json!({}),
        asks: serde_json::from_value(asks.clone()).unwrap(),
    }
}

#[tokio::test]
async fn nothing_runs_before_somebody_allowed_it_and_nothing_is_granted_that_was_not_asked() {
    let world = World::new().await;
    let version = world.add('1', &json!({"http": "to read"})).await;
    assert_eq!(version.state, VersionState::Uploaded);
    let refused = world.activate('1').await.unwrap_err().to_string();
    assert!(refused.contains("waits for a decision"), "{refused}");
    let refused = world.allow('1', &["files"]).await.unwrap_err().to_string();
    assert!(refused.contains("does not ask for files"), "{refused}");
    let allowed = world.allow('1', &["http:configured"]).await.unwrap();
    assert_eq!(allowed.state, VersionState::Allowed);
    assert_eq!(world.activate('1').await.unwrap().state, VersionState::Active);
    let refused = world.store.withdraw_version(&digest('1'), "Asha", &world.clock).await;
    assert!(refused.unwrap_err().to_string().contains("is active"));
}

#[tokio::test]
async fn rolling_back_leads_one_version_back_each_time_until_there_is_none() {
    let world = World::new().await;
    for digit in ['1', '2', '3'] {
        world.add(digit, &json!({})).await;
        world.allow(digit, &[]).await.unwrap();
        world.activate(digit).await.unwrap();
    }
    let back = || world.store.roll_back("rain", "Ravi", &world.clock);
    assert_eq!(world.active().await, "3");
    assert_eq!(back().await.unwrap().version, "2");
    assert_eq!(back().await.unwrap().version, "1");
    let refused = back().await.unwrap_err().to_string();
    assert!(refused.contains("no version of rain to roll back to"), "{refused}");
    assert_eq!(world.active().await, "1");
    let last = world.deeds().await.pop().unwrap();
    assert_eq!(last, format!("Ravi rolled back to 1 from rain 2 ({})", "2".repeat(12)));
}

#[tokio::test]
async fn a_version_that_asks_for_more_than_was_granted_waits_and_one_that_does_not_is_allowed() {
    let world = World::new().await;
    world.add('1', &json!({"http": "to read", "files": "to keep"})).await;
    world.allow('1', &["http:configured"]).await.unwrap();
    world.activate('1').await.unwrap();
    let same = world.add('2', &json!({"http": "to read"})).await;
    assert_eq!(same.state, VersionState::Allowed);
    let granted = same.allowance.unwrap().permissions;
    assert_eq!(granted.into_iter().collect::<Vec<_>>(), [Permission::ConfiguredServers]);
    let more = world.add('3', &json!({"http": "to read", "files": "to keep"})).await;
    assert_eq!(more.state, VersionState::Uploaded);
    assert_eq!(world.active().await, "1");
}

#[tokio::test]
async fn what_this_program_brings_runs_at_once_and_never_in_the_place_of_what_was_chosen() {
    let world = World::new().await;
    let register = async |digit: char| {
        let description = description(&digit.to_string(), &json!({"files": ""}));
        let (store, clock) = (&world.store, &world.clock);
        store.register_built_in(&digest(digit), &description, 1, clock).await.unwrap();
    };
    register('1').await;
    assert_eq!(world.active().await, "1");
    register('2').await;
    assert_eq!(world.active().await, "2");
    world.add('3', &json!({})).await;
    world.activate('3').await.unwrap();
    register('4').await;
    assert_eq!(world.active().await, "3");
    let refused = world.store.delete_version(&digest('4'), "Asha", &world.clock).await;
    assert!(refused.unwrap_err().to_string().contains("comes with this program"));
}

#[tokio::test]
async fn a_deleted_version_is_gone_and_its_story_stays() {
    let world = World::new().await;
    for digit in ['1', '2', '3'] {
        world.add(digit, &json!({})).await;
        world.allow(digit, &[]).await.unwrap();
        world.activate(digit).await.unwrap();
    }
    world.store.delete_version(&digest('2'), "Asha", &world.clock).await.unwrap();
    assert!(world.store.version(&digest('2')).await.is_err());
    assert_eq!(world.store.roll_back("rain", "Asha", &world.clock).await.unwrap().version, "1");
    let deeds = world.deeds().await;
    assert!(deeds.contains(&"Asha deleted 2".to_owned()), "{deeds:?}");
}

#[tokio::test]
async fn the_same_component_twice_is_one_version() {
    let world = World::new().await;
    let first = world.add('1', &json!({})).await;
    world.allow('1', &[]).await.unwrap();
    let again = world.add('1', &json!({})).await;
    assert_eq!((again.digest, again.state), (first.digest, VersionState::Allowed));
    assert_eq!(world.deeds().await.len(), 2);
}
