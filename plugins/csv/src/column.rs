//! Columns as people name them, found in the header.

use ourwater_sdk::Result;

use crate::config::{Column, Text};
use crate::failure::config;
use crate::table::Row;

/// A text of a row, its columns found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cells {
    Constant(String),
    Columns { columns: Vec<usize>, separator: String },
}

impl Cells {
    /// The columns it is made of.
    pub(crate) fn columns(&self) -> &[usize] {
        match self {
            Self::Constant(_) => &[],
            Self::Columns { columns, .. } => columns,
        }
    }

    /// Its text; where there is none, why.
    pub(crate) fn text(&self, row: &Row<'_>) -> std::result::Result<String, &'static str> {
        let (columns, separator) = match self {
            Self::Constant(text) => return Ok(text.clone()),
            Self::Columns { columns, separator } => (columns, separator),
        };
        let mut text = String::new();
        for (place, &column) in columns.iter().enumerate() {
            let part = row.get(column).ok_or("the row ends before it")?;
            let part = std::str::from_utf8(part).map_err(|_| "it is not text in this encoding")?;
            if part.is_empty() && columns.len() > 1 {
                return Err("a part of it is empty");
            }
            if place > 0 {
                text.push_str(separator);
            }
            text.push_str(part);
        }
        Ok(text)
    }
}

/// The place of a column, from 0. `header` is empty where the file has none.
pub(crate) fn find(header: &[String], column: &Column, field: &str) -> Result<usize> {
    match column {
        Column::Position(position) => by_position(header, *position, field),
        Column::Name(name) => by_name(header, name.trim(), field),
    }
}

/// The columns of a text.
pub(crate) fn cells(header: &[String], text: &Text, field: &str) -> Result<Cells> {
    match text {
        Text::Constant(constant) => Ok(Cells::Constant(constant.constant.clone())),
        Text::Column(column) => Ok(Cells::Columns {
            columns: vec![find(header, column, field)?],
            separator: String::new(),
        }),
        Text::Joined(joined) if joined.columns.is_empty() => {
            Err(config(field, "it needs at least one column"))
        }
        Text::Joined(joined) => Ok(Cells::Columns {
            columns: all(header, &joined.columns, field)?,
            separator: joined.separator.clone(),
        }),
    }
}

/// The places of several columns.
pub(crate) fn all(header: &[String], columns: &[Column], field: &str) -> Result<Vec<usize>> {
    columns.iter().map(|column| find(header, column, field)).collect()
}

fn by_position(header: &[String], position: u32, field: &str) -> Result<usize> {
    let count = if header.is_empty() { usize::MAX } else { header.len() };
    match (position as usize).checked_sub(1) {
        Some(index) if index < count => Ok(index),
        Some(_) => {
            Err(config(field, format!("there is no column {position}; {}", existing(header))))
        }
        None => Err(config(field, "columns are counted from 1")),
    }
}

fn by_name(header: &[String], name: &str, field: &str) -> Result<usize> {
    let mut found = header.iter().enumerate().filter(|(_, column)| *column == name);
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(index),
        (Some(_), Some(_)) => {
            let text = format!("there are two columns {name:?}: name the one meant by its place");
            Err(config(field, text))
        }
        (None, _) => {
            Err(config(field, format!("there is no column {name:?}; {}", existing(header))))
        }
    }
}

fn existing(header: &[String]) -> String {
    if header.is_empty() {
        return "the file has no header: name columns by their place, from 1".to_owned();
    }
    let names: Vec<_> = header.iter().map(|name| format!("{name:?}")).collect();
    format!("there are: {}", names.join(", "))
}
