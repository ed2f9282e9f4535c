//! An administrator who cannot read code, with a browser: drop, read, decide, roll back.

use crate::harness::{Browser, Place};

use super::{World, rain};

#[test]
fn a_plugin_is_dropped_on_the_page_read_about_allowed_activated_and_rolled_back() {
    let place = Place::new();
    let world = World::new(&place);
    let browser = Browser::start();
    browser.open(&world.server.base);
    browser.fill("//input[@name='token']", &world.admin);
    browser.click("//button[.='Log in']");
    browser.text("//h1[.='Plugins']");

    browser.drop_file("//input[@name='component']", &place.file("first.wasm", rain("first")));
    browser.click("//button[.='Upload and inspect']");
    browser.text("//h1[.='rain 1.0.0: uploaded']");
    let asks = browser.text("//table[.//th[.='Grant']]");
    assert!(asks.contains("read the files its configuration names"), "{asks}");
    assert!(asks.contains("reads the file with the rain") && asks.contains("undecided"), "{asks}");
    let found = browser.text("//tr[th='made with']");
    assert!(found.contains("Rust"), "{found}");
    browser.click("//input[@aria-label='Grant files']");
    browser.click("//button[.='Allow']");
    browser.text("//h1[.='rain 1.0.0: allowed']");
    browser.click("//button[.='Activate']");
    browser.text("//h1[.='rain 1.0.0: active']");
    let function = world.sync();
    assert_eq!(world.run(&function)["counts"]["created"], 3);
    browser.click("//a[.='All plugins']");
    browser.click("//a[.='rain 1.0.0']");
    assert!(browser.text("//li").contains("rain of Dharta"));

    browser.click("//a[.='All plugins']");
    browser.drop_file("//input[@name='component']", &place.file("second.wasm", rain("second")));
    browser.click("//button[.='Upload and inspect']");
    browser.text("//h1[.='rain 2.0.0: allowed']");
    browser.click("//button[.='Activate']");
    browser.text("//h1[.='rain 2.0.0: active']");
    browser.click("//a[.='All plugins']");
    browser.click("//tr[.//a[.='rain 2.0.0']]//button[.='Roll back']");
    browser.text("//tr[.//a[.='rain 1.0.0'] and td[contains(., 'active')]]");
    let told = browser.text("//h2[.='Who did what']/following::table");
    assert!(told.contains("Asha") && told.contains("rolled back to rain 1.0.0"), "{told}");

    // Of an organisation nobody sees any of it.
    browser.click("//button[.='Log out']");
    browser.fill("//input[@name='token']", &world.token);
    browser.click("//button[.='Log in']");
    browser.text("//h1[.='Dharta']");
    browser.open(&format!("{}/plugins", world.server.base));
    browser.text("//h1[.='Dharta']");
}
