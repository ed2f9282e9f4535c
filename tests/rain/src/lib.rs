//! Lines such as "1780272000000 12.5" as readings of one gauge; what its versions have in common.

use ourwater_sdk::{
    Datatype, Description, GetRequest, Items, Kind, Page, Readings, Rejection, Result, Series,
    files, paging,
};

/// Bytes read at once.
const READ_BYTES: u32 = 64 * 1024;

/// What an administrator fills in.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The uploaded file.
    pub file: String,
}

/// Makes a version: its number, how many times the rain it gives, and what it asks for.
#[macro_export]
macro_rules! version {
    ($version:literal, $times:literal, [$($word:literal: $why:literal),*]) => {
        /// This version.
        #[derive(Debug)]
        pub struct Rain;

        impl ourwater_sdk::Datasource for Rain {
            type Config = $crate::Config;

            fn describe() -> ourwater_sdk::Description {
                $crate::describe($version)$(.asking($word, $why))*
            }

            fn check(config: &Self::Config) -> ourwater_sdk::Result<Vec<ourwater_sdk::Remark>> {
                ourwater_sdk::files::read(&config.file, 0, 1).map(|_| vec![])
            }

            fn get(
                config: &Self::Config,
                request: &ourwater_sdk::GetRequest,
            ) -> ourwater_sdk::Result<ourwater_sdk::Page> {
                $crate::get(config, request, $times)
            }
        }

        ourwater_sdk::export!(Rain);
    };
}

/// What every version says of itself.
pub fn describe(version: &str) -> Description {
    Description::of("rain", version, Kind::File, [Datatype::Reading])
        .asking("files", "reads the file with the rain")
}

/// One page: the lines after the cursor, which is a place in the file.
pub fn get(config: &Config, request: &GetRequest, times: f64) -> Result<Page> {
    let from: u64 = paging::read(request.cursor.as_deref())?.unwrap_or(0);
    let text = files::read(&config.file, from, READ_BYTES)?;
    let (mut next, mut rejected) = (from, Vec::new());
    let mut rain = Readings::of(Series::of("gauge", "rain", "precipitation", "mm"));
    let lines = text.split_inclusive(|&byte| byte == b'\n').take(request.limit as usize);
    for line in lines.filter(|line| line.ends_with(b"\n")) {
        let raw = String::from_utf8_lossy(line);
        let (time, value) = raw.trim().split_once(' ').unwrap_or_default();
        if let (Ok(time), Ok(value)) = (time.parse(), value.parse::<f64>()) {
            rain.times.push(time);
            rain.values.push(value * times);
        } else {
            let (place, reason) = (format!("byte {next}"), "no time and number".into());
            rejected.push(Rejection { place, reason, raw: raw.into() });
        }
        next += line.len() as u64;
    }
    let page = paging::page(Items::Readings(vec![rain]), paging::write(&next)?, next > from);
    Ok(Page { rejected, ..page })
}
