//! What the server answers, taken as it comes: a field may hold a number, its text, or null.

use ourwater_sdk::Position;
use serde_json::Value;

/// Degrees within which two positions are one: a decimetre.
const SAME_DEGREES: f64 = 1e-6;

/// A finite number, or the text of one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A whole number above 0 as it is written: an id.
pub(crate) fn id(value: &Value) -> Option<String> {
    let whole = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    whole.filter(|&whole| whole > 0).map(|whole| whole.to_string())
}

/// A text that is not blank.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// The longitude and latitude of a point.
pub(crate) fn position(geometry: &Value) -> Option<Position> {
    let coordinates = geometry.get("coordinates")?;
    let longitude = number(coordinates.get(0)?).filter(|degrees| degrees.abs() <= 180.0)?;
    let latitude = number(coordinates.get(1)?).filter(|degrees| degrees.abs() <= 90.0)?;
    Some(Position { longitude, latitude })
}

pub(crate) fn is_near(one: Position, other: Position) -> bool {
    (one.latitude - other.latitude).abs() <= SAME_DEGREES
        && (one.longitude - other.longitude).abs() <= SAME_DEGREES
}

/// The last part of an address of the API: "…/timeseries/2c66fc7b/" names "2c66fc7b".
pub(crate) fn last_part(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    path.trim_end_matches('/').rsplit('/').next().filter(|part| !part.is_empty())
}

/// Whether it can stand in an address as it is: a number or a uuid.
pub(crate) fn is_plain(id: &str) -> bool {
    const BYTES_MAX: usize = 64;
    (1..=BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A value as a person may see it.
pub(crate) fn shown(value: &Value) -> String {
    const CHARACTERS_MAX: usize = 200;
    value.to_string().chars().take(CHARACTERS_MAX).collect()
}
