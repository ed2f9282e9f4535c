//! What a series is a series of. The same number may be metres above the sea or below the ground: GGMN
//! tells them apart by the codes `GWmMSL` and `GWmBGS`, and nothing here turns one into the other.

/// The property and the UCUM unit of a series, from its own code, and from the code and the unit of
/// its observation type. What is not known here keeps the observation type's code as its name.
pub(crate) fn of(code: &str, observed: Option<&str>, unit: Option<&str>) -> (String, String) {
    let known = observed.and_then(level).or_else(|| level(code));
    if let Some(property) = known {
        return (property.to_owned(), "m".to_owned());
    }
    let property = observed.unwrap_or(code).to_owned();
    let unit = unit.map_or("1", ucum).to_owned();
    (property, unit)
}

/// Of a groundwater level that GGMN has a code for.
fn level(code: &str) -> Option<&'static str> {
    match code {
        "GWmMSL" => Some("elevation-above-sea-level"),
        "GWmBGS" => Some("depth-below-ground"),
        _ => None,
    }
}

/// A unit of Lizard's in UCUM. Datums stand in its units ("mNAP"), and belong to the property.
fn ucum(unit: &str) -> &str {
    match unit {
        "mMSL" | "mBGS" | "mNAP" | "m NAP" | "mAD" => "m",
        "°C" | "oC" => "Cel",
        "-" => "1",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_above_the_sea_and_below_the_ground_are_different_properties() {
        let of = |code, observed, unit| {
            let (property, unit) = of(code, observed, unit);
            format!("{property} in {unit}")
        };
        assert_eq!(of("GWmMSL", Some("GWmMSL"), Some("mMSL")), "elevation-above-sea-level in m");
        assert_eq!(of("level", Some("GWmBGS"), None), "depth-below-ground in m");
        assert_eq!(of("GWmBGS", None, None), "depth-below-ground in m");
        assert_eq!(of("WNS9040.hand", Some("WNS9040.hand"), Some("mNAP")), "WNS9040.hand in m");
        assert_eq!(of("T", Some("WNS77"), Some("°C")), "WNS77 in Cel");
    }
}
