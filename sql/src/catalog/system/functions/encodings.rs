//! Names and numbers of character encodings. The database has one, UTF8.

use datafusion::error::Result;

use super::Argument::{Number, Text};
use super::{Answer, Arguments, Catalog, Entry};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("pg_encoding_to_char", &[&[Number]], Answer::Text(name)),
    ("pg_char_to_encoding", &[&[Text]], Answer::Number(number)),
    ("getdatabaseencoding", &[&[]], Answer::Text(of_database)),
    ("pg_client_encoding", &[&[]], Answer::Text(of_database)),
];

/// PostgreSQL's, by their numbers.
const NAMES: &[&str] = &[
    "SQL_ASCII",
    "EUC_JP",
    "EUC_CN",
    "EUC_KR",
    "EUC_TW",
    "EUC_JIS_2004",
    "UTF8",
    "MULE_INTERNAL",
    "LATIN1",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "LATIN10",
    "WIN1256",
    "WIN1258",
    "WIN866",
    "WIN874",
    "KOI8R",
    "WIN1251",
    "WIN1252",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "WIN1250",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1257",
    "KOI8U",
    "SJIS",
    "BIG5",
    "GBK",
    "UHC",
    "GB18030",
    "JOHAB",
    "SHIFT_JIS_2004",
];

/// PostgreSQL gives an empty text for a number that is none.
fn name(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(number) = arguments.number(0, row) else { return Ok(None) };
    let name = usize::try_from(number).ok().and_then(|number| NAMES.get(number)).copied();
    Ok(Some(name.unwrap_or_default().to_string()))
}

/// PostgreSQL looks at letters and digits alone, and gives -1 for a name that is none.
fn number(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    let plain = |name: &str| name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let wanted = match plain(text).as_str() {
        "unicode" => "utf8".to_string(),
        other => other.to_string(),
    };
    let found = NAMES.iter().position(|name| plain(name) == wanted);
    Ok(Some(found.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1)))
}

fn of_database(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(Some("UTF8".to_string()))
}
