//! Resources made here are numbered there, and their readings follow at once.

use ourwater::domain::issue::IssueKind;
use ourwater::domain::page::Position;
use ourwater::domain::plan::Policy;
use ourwater::domain::run::RunState;
use ourwater::domain::sync::Datatype;
use ourwater::store::our::ResourceFields;

use super::world::{NOON, WELL, World};

fn well(name: &str) -> ResourceFields {
    ResourceFields {
        name: name.to_owned(),
        kind: "well".to_owned(),
        position: Some(Position { longitude: 74.2, latitude: 24.6 }),
        elevation: None,
        owner: Some("Owner B".to_owned()),
        groups: Vec::new(),
        extra: serde_json::Map::new(),
    }
}

#[tokio::test]
async fn a_new_well_gets_a_number_there_and_its_readings_follow_in_the_same_run() {
    let world = World::new(Policy::Review).await;
    world.seed_days(WELL, 0..3);
    world.run().await;
    let (store, organisation) = (&world.app.store, &world.organisation.id);
    let groups = store.groups(organisation, "", 100).await.unwrap();
    let pincode = groups.iter().find(|it| it.external.iter().any(|it| it.id == "313603")).unwrap();
    let now = world.app.clock.now();
    let numbered = ResourceFields { groups: vec![pincode.id.clone()], ..well("Mill well") };
    let numbered = store.put_resource(organisation, None, &numbered, now).await.unwrap();
    let nowhere = store.put_resource(organisation, None, &well("Nowhere"), now).await.unwrap();
    let days = |value: f64| (0..3).map(move |day| (NOON + day * 86_400_000, Some(value)));
    world.write(numbered.id.clone(), days(4.5), now).await;
    world.write(nowhere.id.clone(), days(5.5), now).await;

    let run = world.run().await;
    assert_eq!(run.state, RunState::CompletedWithIssues);
    assert_eq!((run.pushed.created, run.pushed.refused), (1 + 3, 1), "{run:?}");
    let wells = world.peer.rows("resource");
    let made: Vec<_> = wells.iter().filter(|row| row["owner"] == "Owner B").collect();
    let [made] = made[..] else { panic!("{wells:?}") };
    let id = format!("{}.{}", made["postcode"], made["id"]);
    let after = store.resource(organisation, &numbered.id).await.unwrap();
    assert_eq!(after.external[0].id, id);
    // The server put it into a village, too.
    let kept = ResourceFields { groups: Vec::new(), ..after.resource.clone() };
    assert_eq!(kept, ResourceFields { groups: Vec::new(), ..numbered.resource.clone() });
    assert!(after.resource.groups.contains(&pincode.id), "{after:?}");
    let theirs = world.theirs();
    assert_eq!(theirs.iter().filter(|(resource, ..)| *resource == id).count(), 3);
    assert_eq!(theirs.len(), 6);
    let issues = store.issues(organisation, &world.sync.id, None, 10).await.unwrap();
    let [issue] = &issues[..] else { panic!("{issues:?}") };
    assert_eq!((issue.datatype, issue.kind), (Datatype::Resource, IssueKind::Refused));
    assert!(issue.place.contains("Nowhere") && issue.reason.contains("pincode"), "{issue:?}");

    world.rests().await;
    assert_eq!(world.peer.rows("resource").len(), 3);
    let after = store.resource(organisation, &numbered.id).await.unwrap();
    assert_eq!(after.resource.name, numbered.resource.name, "its name is ours to give");

    // Told where it is, it follows with everything it has, and the issue is gone.
    let there = ResourceFields { groups: vec![pincode.id.clone()], ..well("Nowhere") };
    store.put_resource(organisation, Some(&nowhere.id), &there, now + 1).await.unwrap();
    let run = world.run().await;
    assert_eq!((run.state, run.pushed.created), (RunState::Completed, 1 + 3), "{run:?}");
    assert_eq!(world.theirs().len(), 9);
    world.rests().await;
}
