//! Words that people head their columns with.

/// Small letters and digits only, so that `Station_No:` and `station no` are the same.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a name begins with one of the words.
pub(crate) fn begins(name: &str, words: &[&str]) -> bool {
    let name = plain(name);
    words.iter().any(|word| name.starts_with(word))
}

/// Whether a name has one of the words in it.
pub(crate) fn has(name: &str, words: &[&str]) -> bool {
    let name = plain(name);
    words.iter().any(|word| name.contains(word))
}

pub(crate) const TIMES: &[&str] =
    &["time", "date", "datum", "tijd", "index", "observed", "fecha", "tarikh", "dte"];
/// When a record was made, not when it was observed.
pub(crate) const BOOKKEEPING: &[&str] = &["created", "updated", "modified", "inserted"];
pub(crate) const MILLISECONDS: &[&str] = &["ms", "millisecond"];
pub(crate) const RESOURCES: &[&str] = &[
    "resourceid",
    "resource",
    "wellid",
    "well",
    "stationnumber",
    "stationno",
    "locatiecode",
    "locationid",
    "locationcode",
    "location",
    "locatie",
    "siteno",
    "siteid",
    "ppntcde",
    "bore",
    "station",
    "site",
    "meetpunt",
];
pub(crate) const AREAS: &[&str] = &["pincode", "postcode", "postalcode"];
pub(crate) const SERIES: &[&str] = &[
    "timeseries",
    "series",
    "parametercode",
    "parameter",
    "property",
    "variable",
    "grootheidcode",
];
pub(crate) const UNITS: &[&str] = &["unit", "eenheidcode", "uom"];
pub(crate) const QUALITY: &[&str] = &["quality", "kwaliteit", "stateofvalue", "qualifier"];
pub(crate) const NOTES: &[&str] = &["note", "remark", "comment", "opmerking"];
pub(crate) const VALUES: &[&str] =
    &["value", "waarde", "numeriekewaarde", "measurement", "reading"];
/// Numbers that name or place something.
pub(crate) const NO_VALUES: &[&str] =
    &["latitude", "longitude", "epsg", "hoogte", "interpolation", "status", "external", "village"];
/// Keys of a header block that name the resource, the best first.
pub(crate) const STATIONS: &[&str] =
    &["stationnumber", "stationno", "location", "locatie", "wellid", "stationname"];

/// Whether a number names or places something, by the last words of its column.
pub(crate) fn is_label(name: &str) -> bool {
    let plain = plain(name);
    let ends = ["id", "code", "cde", "nr", "nbr", "number", "year", "month", "day"];
    matches!(plain.as_str(), "x" | "y" | "lat" | "lon" | "lng" | "no" | "index")
        || ends.iter().any(|end| plain.ends_with(end))
        || has(name, NO_VALUES)
        || [AREAS, QUALITY, BOOKKEEPING, RESOURCES].iter().any(|words| begins(name, words))
        || MILLISECONDS.contains(&plain.as_str())
}

/// UCUM for a unit as loggers write it: "mNAP", "m for well", "M-0C".
pub(crate) fn unit(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let word = text.split([' ', '+', '_']).next().unwrap_or_default();
    let known = |word: &str| {
        Some(match word.to_lowercase().as_str() {
            "m" | "mnap" | "meter" | "metres" | "meters" | "mtaw" | "masl" => "m",
            "cm" | "cmnap" => "cm",
            "mm" => "mm",
            "ft" | "feet" => "[ft_i]",
            "°c" | "c" | "degc" | "m-0c" | "celsius" => "Cel",
            "%" | "%left" => "%",
            "mbar" => "mbar",
            "kpa" => "kPa",
            "psi" | "psia" => "[psi]",
            "mmhg" => "mm[Hg]",
            "mv" => "mV",
            "v" | "volts" => "V",
            "us/cm" | "µs/cm" => "uS/cm",
            "mg/l" => "mg/L",
            _ => return None,
        })
    };
    known(text).or_else(|| known(word))
}

/// Whether every word of a row is a unit, or a hint how to write a date: a row under the header.
pub(crate) fn are_units(fields: &[String]) -> bool {
    let hint = |field: &str| {
        let letters = "YMDHSTRN:-/ ";
        field.len() > 1 && field.to_uppercase().chars().all(|letter| letters.contains(letter))
    };
    let kind =
        |field: &str| matches!(plain(field).as_str(), "smp" | "avg" | "min" | "max" | "status");
    let mut written =
        fields.iter().map(|field| field.trim()).filter(|field| !field.is_empty()).peekable();
    let some = written.peek().is_some();
    some && written.all(|field| {
        let bare = field.trim_matches(['[', ']', '(', ')']);
        unit(bare).is_some_and(|_| bare.len() <= 8) || hint(field) || kind(field)
    })
}
