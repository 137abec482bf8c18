//! The grammar of COPY: PostgreSQL's, with the options in parentheses and those from before 9.0.
//!
//! sqlparser's own takes what follows `COPY t FROM STDIN;` for rows and knows few of the options'
//! values. Options come out as they are written; [`super::copy_options`] says what they mean.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{CopySource, CopyTarget, Ident, Statement};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{IsOptional, Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Word};

use super::name;

/// An option of COPY, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CopyItem {
    /// In lower case: `force_quote`.
    pub(crate) name: String,
    pub(crate) value: CopyValue,
}

/// What is written behind an option's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CopyValue {
    None,
    /// A word, a number or a string.
    Text(String),
    /// `*`
    All,
    Columns(Vec<String>),
}

/// Whether the parser stands before a COPY statement.
pub(crate) fn is_copy(parser: &Parser<'_>) -> bool {
    matches!(&parser.peek_token_ref().token, Token::Word(word) if word.keyword == Keyword::COPY)
}

/// Parses one COPY statement.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<(Statement, Arc<[CopyItem]>), ParserError> {
    parser.expect_keyword(Keyword::COPY)?;
    let mut items = Vec::new();
    if parser.parse_keyword(Keyword::BINARY) {
        items.push(text("format", "binary"));
    }
    let source = if parser.consume_token(&Token::LParen) {
        let query = parser.parse_query()?;
        parser.expect_token(&Token::RParen)?;
        CopySource::Query(query)
    } else {
        let table_name = parser.parse_object_name(false)?;
        let columns = parser.parse_parenthesized_column_list(IsOptional::Optional, false)?;
        CopySource::Table { table_name, columns }
    };
    let to = match parser.expect_one_of_keywords(&[Keyword::FROM, Keyword::TO])? {
        Keyword::TO => true,
        _ if matches!(source, CopySource::Query(_)) => {
            return parser.expected_ref("TO after a query", parser.get_current_token());
        }
        _ => false,
    };
    let target = if parser.parse_keyword(Keyword::PROGRAM) {
        CopyTarget::Program { command: string(parser)? }
    } else if parser.parse_keyword(Keyword::STDIN) || parser.parse_keyword(Keyword::STDOUT) {
        // As in PostgreSQL the direction decides, whichever of the two is written.
        if to { CopyTarget::Stdout } else { CopyTarget::Stdin }
    } else {
        CopyTarget::File { filename: string(parser)? }
    };
    if word_is(parser, "using") {
        parser.next_token();
        delimiters(parser, &mut items)?;
    } else if word_is(parser, "delimiters") {
        delimiters(parser, &mut items)?;
    }
    let _with = parser.parse_keyword(Keyword::WITH);
    if parser.consume_token(&Token::LParen) {
        items.extend(parser.parse_comma_separated(option)?);
        parser.expect_token(&Token::RParen)?;
    } else {
        while let Some(item) = legacy_option(parser)? {
            items.push(item);
        }
    }
    if parser.parse_keyword(Keyword::WHERE) {
        parser.parse_expr()?;
        items.push(CopyItem { name: "where".to_string(), value: CopyValue::None });
    }
    let statement = Statement::Copy {
        source,
        to,
        target,
        options: Vec::new(),
        legacy_options: Vec::new(),
        values: Vec::new(),
    };
    Ok((statement, items.into()))
}

/// A string in quotes, which no word stands for.
fn string(parser: &mut Parser<'_>) -> Result<String, ParserError> {
    match &parser.peek_token_ref().token {
        Token::SingleQuotedString(_) | Token::EscapedStringLiteral(_) | Token::UnicodeStringLiteral(_) => {
            parser.parse_literal_string()
        }
        _ => parser.expected_ref("a string", parser.peek_token_ref()),
    }
}

fn text(name: &str, value: impl Into<String>) -> CopyItem {
    CopyItem { name: name.to_string(), value: CopyValue::Text(value.into()) }
}

fn flag(name: &str) -> CopyItem {
    CopyItem { name: name.to_string(), value: CopyValue::None }
}

fn word_is(parser: &Parser<'_>, name: &str) -> bool {
    matches!(&parser.peek_token_ref().token,
        Token::Word(Word { value, quote_style: None, .. }) if value.eq_ignore_ascii_case(name))
}

/// `[USING] DELIMITERS 'c'`, from before 7.3.
fn delimiters(parser: &mut Parser<'_>, items: &mut Vec<CopyItem>) -> Result<(), ParserError> {
    if !word_is(parser, "delimiters") {
        return parser.expected_ref("DELIMITERS", parser.peek_token_ref());
    }
    parser.next_token();
    items.push(text("delimiter", string(parser)?));
    Ok(())
}

/// `name [value]`, in parentheses.
fn option(parser: &mut Parser<'_>) -> Result<CopyItem, ParserError> {
    let name = parser.parse_identifier()?.value.to_ascii_lowercase();
    let value = match &parser.peek_token_ref().token {
        Token::Comma | Token::RParen => CopyValue::None,
        Token::Mul => {
            parser.next_token();
            CopyValue::All
        }
        Token::LParen => {
            let columns = parser.parse_parenthesized_column_list(IsOptional::Mandatory, false)?;
            CopyValue::Columns(columns.iter().map(name::ident).collect())
        }
        Token::Word(word) => {
            let word =
                if word.quote_style.is_some() { word.value.clone() } else { word.value.to_ascii_lowercase() };
            parser.next_token();
            CopyValue::Text(word)
        }
        Token::Number(digits, _) => {
            let digits = digits.clone();
            parser.next_token();
            CopyValue::Text(digits)
        }
        _ => CopyValue::Text(string(parser)?),
    };
    Ok(CopyItem { name, value })
}

/// One option as before 9.0: `DELIMITER AS '|'`, `FORCE NOT NULL a, b`.
fn legacy_option(parser: &mut Parser<'_>) -> Result<Option<CopyItem>, ParserError> {
    let Token::Word(Word { value, quote_style: None, .. }) = &parser.peek_token_ref().token else {
        return Ok(None);
    };
    let word = value.to_ascii_lowercase();
    let item = match word.as_str() {
        "binary" | "csv" => {
            parser.next_token();
            text("format", word)
        }
        "freeze" | "header" => {
            parser.next_token();
            flag(&word)
        }
        "delimiter" | "null" | "quote" | "escape" | "encoding" => {
            parser.next_token();
            let _as = parser.parse_keyword(Keyword::AS);
            text(&word, string(parser)?)
        }
        "force" => {
            parser.next_token();
            let name = if parser.parse_keywords(&[Keyword::NOT, Keyword::NULL]) {
                "force_not_null"
            } else if parser.parse_keyword(Keyword::NULL) {
                "force_null"
            } else if word_is(parser, "quote") {
                parser.next_token();
                if parser.consume_token(&Token::Mul) {
                    return Ok(Some(CopyItem { name: "force_quote".to_string(), value: CopyValue::All }));
                }
                "force_quote"
            } else {
                return parser.expected_ref("QUOTE, NULL or NOT NULL", parser.peek_token_ref());
            };
            let columns: Vec<Ident> = parser.parse_comma_separated(Parser::parse_identifier)?;
            let columns = columns.iter().map(name::ident).collect();
            CopyItem { name: name.to_string(), value: CopyValue::Columns(columns) }
        }
        _ => return Ok(None),
    };
    Ok(Some(item))
}
