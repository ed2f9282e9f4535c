//! The contract as a package for others: whole, documented, and the same after a registry has had it.
//! `build.rs` reads, packs and unpacks it.

const CONTRACT: &str = include_str!(concat!(env!("OUT_DIR"), "/contract.wit"));
const UNPACKED: &str = include_str!(concat!(env!("OUT_DIR"), "/unpacked.wit"));

/// Every item of it, and whether anything is said of it.
const ITEMS: &str = include_str!(concat!(env!("OUT_DIR"), "/items.txt"));

#[test]
fn the_contract_comes_back_from_a_package_as_it_went_in() {
    assert!(UNPACKED.contains("package ourwater:datasource@0.1.0;"), "{UNPACKED}");
    assert!(UNPACKED.contains("An error means that nothing of the batch took effect"));
    assert_eq!(in_order(CONTRACT), in_order(UNPACKED));
}

/// Interfaces may come back in another order.
fn in_order(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = text.split("\n}\n").map(str::trim).collect();
    parts.sort_unstable();
    parts
}

#[test]
fn every_item_of_the_contract_says_what_it_promises() {
    assert!(ITEMS.lines().count() > 150, "the contract is not where it was: {ITEMS}");
    let bare: Vec<_> = ITEMS.lines().filter(|line| line.ends_with(": bare")).collect();
    assert!(bare.is_empty(), "{bare:#?}");
}
