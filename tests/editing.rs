//! What people make, change, decide and plan on the command line.

use serde_json::Value;

use crate::harness::Place;

/// Eight readings of one well.
fn wells(first: &str) -> String {
    let rows = (1..=8).map(|day| match day {
        1 => format!("B,2020-01-01T00:00:00Z,{first}\n"),
        _ => format!("B,2020-01-0{day}T00:00:00Z,2.{day}\n"),
    });
    format!("well,time,level\n{}", rows.collect::<String>())
}

/// A place with an organisation and a well that was pulled from a file.
fn pulled() -> Place {
    let place = Place::new();
    let file = place.file("wells.csv", wells("2.1"));
    let ended = place.run(&["import", file.to_str().unwrap()]);
    assert_eq!(ended.code, 0, "{ended:?}");
    place
}

/// What a command that has to go well prints.
fn json(place: &Place, arguments: &[&str]) -> Value {
    let ended = place.run(&[arguments, &["--json"]].concat());
    assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
    ended.json()
}

#[test]
fn a_conflict_is_made_planned_met_listed_and_resolved_by_commands() {
    let place = pulled();
    let shown = json(&place, &["resource", "show", "B"]);
    assert_eq!(shown["external"][0]["id"], "B", "{shown}");
    let exported = place.run(&["readings", "export"]).out;
    let row: Vec<&str> = exported.lines().nth(1).unwrap().split(',').collect();
    let (name, property, unit) = (row[1], row[2], row[3]);
    let edit = ["readings", "set", "B", "--property", property, "--unit", unit, "--name", name];
    let first = ["--time", "2020-01-01T00:00:00Z", "--value", "3.5"];
    assert_eq!(json(&place, &[&edit[..], &first].concat())["updated"], 1);
    let last = ["--time", "2020-01-08T00:00:00Z", "--remove"];
    json(&place, &[&edit[..], &last].concat());
    assert_eq!(place.run(&["readings", "export"]).out.lines().count(), 8);

    let changed = json(&place, &["sync", "change", "wells.csv", "--policy", "review"]);
    assert_eq!(changed["policy"], "review", "{changed}");
    let file = place.file("wells.csv", wells("4.5"));
    place.run(&["file", "upload", file.to_str().unwrap()]);
    let plan = json(&place, &["sync", "plan", "wells.csv"]);
    assert_eq!(plan["conflicts"].as_array().unwrap().len(), 1, "{plan}");
    let text = place.run(&["sync", "plan", "wells.csv"]).out;
    assert!(text.contains("conflict: B 2020-01-01T00:00:00.000Z"), "{text}");
    let ran = place.run(&["sync", "run", "wells.csv", "--json"]);
    assert_eq!((ran.code, &ran.json()["conflicts"]), (2, &Value::from(1)), "{ran:?}");

    let listed = json(&place, &["conflict", "list", "wells.csv", "--state", "open"]);
    let id = listed[0]["id"].as_str().unwrap();
    let resolved = json(&place, &["conflict", "resolve", id, "--choose", "theirs"]);
    assert_eq!(resolved["state"], "theirs", "{resolved}");
    let again = place.run(&["conflict", "resolve", id, "--choose", "ours"]);
    assert_eq!(again.code, 1, "{again:?}");
    let exported = place.run(&["readings", "export"]).out;
    assert!(exported.contains(",4.5,"), "{exported}");
}

#[test]
fn groups_resources_and_rules_are_made_and_changed_by_commands() {
    let place = pulled();
    json(&place, &["group", "create", "Hinta", "--kind", "village"]);
    let made = json(
        &place,
        &[
            "resource",
            "create",
            "Ram's well",
            "--longitude",
            "74.1",
            "--latitude",
            "-24.6",
            "--group",
            "Hinta",
        ],
    );
    assert_eq!(made["position"]["latitude"], -24.6, "{made}");
    assert_eq!(made["groups"].as_array().unwrap().len(), 1, "{made}");
    let changed = json(&place, &["resource", "change", "Ram's well", "--owner", "Ram"]);
    assert_eq!((&changed["owner"], &changed["groups"]), (&Value::from("Ram"), &made["groups"]));
    assert_eq!(json(&place, &["group", "show", "Hinta"])["kind"], "village");
    assert_eq!(place.run(&["resource", "show", "nobody's"]).code, 3);
    assert_eq!(place.run(&["resource", "change", "B", "--kind", ""]).code, 3);

    let rules = [
        "--schedule",
        "weekly",
        "--matching",
        "apart",
        "--change-percent-max",
        "7",
        "--method",
        "pull-from-datasource",
        "--method",
        "pull-from-ourwater",
        "--last-sync",
        "pull-from-datasource=1970-01-01T00:00:01Z",
    ];
    json(&place, &[&["sync", "change", "wells.csv"][..], &rules].concat());
    let shown = json(&place, &["sync", "show", "wells.csv"]);
    let sync = &shown["sync"];
    assert_eq!((&sync["schedule"], &sync["matching"]), (&"weekly".into(), &"apart".into()));
    assert_eq!(sync["lastSyncDate"]["pull-from-datasource"], 1000, "{sync}");
    assert_eq!(sync["lastSyncDate"]["pull-from-ourwater"], 0, "{sync}");
    assert_eq!(place.run(&["sync", "change", "wells.csv", "--policy", "mine"]).code, 3);
}

#[test]
fn a_run_moves_the_date_of_what_it_did_and_a_date_set_back_reads_the_source_again() {
    let place = pulled();
    let both = ["--method", "pull-from-datasource", "--method", "pull-from-ourwater"];
    json(&place, &[&["sync", "change", "wells.csv"][..], &both].concat());
    assert_eq!(json(&place, &["sync", "run", "wells.csv"])["counts"]["unchanged"], 0);
    let dates = json(&place, &["sync", "show", "wells.csv"])["sync"]["lastSyncDate"].clone();
    assert!(dates["pull-from-datasource"].as_i64().unwrap() > 0, "{dates}");
    assert!(dates.get("pull-from-ourwater").is_none_or(|date| date == 0), "{dates}");
    let back = ["sync", "change", "wells.csv", "--last-sync", "pull-from-datasource=0"];
    json(&place, &back);
    assert_eq!(json(&place, &["sync", "run", "wells.csv"])["counts"]["unchanged"], 8);
}
