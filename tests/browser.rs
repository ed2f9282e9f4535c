//! A field officer with a browser: a file, one question, and every row accounted for.

use crate::harness::{Browser, Place};
use crate::serving::Server;

/// Every date fits both orders of day and month; line 4 holds a word, line 7 no value.
const FILE: &str = "well,date,depth (m)
Temple well,3/4/2017,6.91
Temple well,5/6/2017,7
Temple well,7/8/2017,nobody at home
Temple well,9/10/2017,8.05
School well,3/4/2017,12.3
School well,5/6/2017,
School well,7/8/2017,12.55
School well,9/10/2017,12
Tank well,1/1/2018,0.4
Tank well,2/2/2018,0.35
Tank well,3/3/2018,0
Tank well,4/4/2018,-0.35
Tank well,5/5/2018,0.95
Tank well,6/6/2018,1.2
Tank well,7/7/2018,1.15
Tank well,8/8/2018,0.8
Tank well,9/9/2018,0.4
Tank well,10/10/2018,0.3
";

#[test]
fn a_file_is_uploaded_understood_decided_imported_and_accounted_for() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let token = server.organisation("Dharta");
    let browser = Browser::start();
    browser.open(&server.base);
    browser.fill("//input[@name='token']", "guessed");
    browser.click("//button[.='Log in']");
    assert!(browser.text("//*[@role='alert']").contains("no token of an organisation"));
    browser.fill("//input[@name='token']", &token);
    browser.click("//button[.='Log in']");
    browser.text("//h1[.='Dharta']");

    browser.choose_file("//input[@type='file']", &place.file("wells.csv", FILE));
    browser.click("//button[.='Upload']");
    let understood = browser.text("//table[.//th[.='What']]");
    for column in ["date", "depth (m)", "well"] {
        assert!(understood.contains(column), "{column}: {understood}");
    }
    assert!(browser.text("//main").contains("Asia/Kolkata"));
    let question = browser.text("//fieldset");
    assert!(question.contains("3 April 2017") && question.contains("4 March 2017"), "{question}");

    browser.click("//label[contains(., '3 April 2017')]");
    browser.click("//button[.='Import']");
    browser.text("//h1[contains(., 'completed with issues')]");
    let count = |name: &str| browser.text(&format!("//tr[th='{name}']/td[1]"));
    assert_eq!(["created", "empty", "rejected"].map(count), ["16", "1", "1"]);
    let rejected = browser.text("//tr[td[1]='row 4']");
    assert!(rejected.contains("nobody at home"), "{rejected}");

    browser.click("//a[.='OurWater Sync']");
    assert!(browser.text("//table[.//th[.='Sync']]").contains("16 created"));
    browser.click("//button[.='Run']");
    browser.text("//h1[.='wells.csv: completed']");
    assert_eq!(["created", "unchanged"].map(count), ["0", "0"]);
    browser.click("//button[.='Log out']");
    browser.text("//input[@name='token']");
    drop(server);
    let readings = place.run(&["readings", "export"]);
    assert!(readings.out.contains("2017-04-02T18:30:00.000Z,6.91"), "{readings:?}");
}
