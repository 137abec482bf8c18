//! `VACUUM` and `ANALYZE`: what they ask for.
//!
//! sqlparser has other databases' forms of them; these are PostgreSQL's. VACUUM seals and compacts now what the
//! background would later; ANALYZE counts. Options that ask for what is always so here are taken, others are refused by
//! name. Invariant: nothing is done before all tables and columns have been found.

use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;
use muster_storage::Snapshot;

use super::name;
use crate::catalog::namespace::RelationKind;
use crate::catalog::{Namespace, RelationName};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A VACUUM or ANALYZE.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Maintenance {
    /// Whether it is a VACUUM.
    pub(crate) vacuum: bool,
    pub(crate) full: bool,
    /// Whether it counts.
    pub(crate) analyze: bool,
    pub(crate) verbose: bool,
    /// Options that stand in the statement and have no meaning here.
    refused: Vec<String>,
    /// Options that nobody knows.
    unknown: Vec<String>,
    /// All tables when it is empty.
    targets: Vec<(ObjectName, Vec<Ident>)>,
}

/// A table, and the columns that are counted: positions in its schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) table: String,
    pub(crate) columns: Vec<usize>,
}

impl Maintenance {
    /// The statement at the parser's place, if it is one of these; the parser is left where it was otherwise.
    pub(crate) fn parse(parser: &mut Parser<'_>) -> std::result::Result<Option<Self>, ParserError> {
        let vacuum = parser.parse_keyword(Keyword::VACUUM);
        if !vacuum && !parser.parse_keyword(Keyword::ANALYZE) && !analyse(parser) {
            return Ok(None);
        }
        let mut statement = Self { vacuum, analyze: !vacuum, ..Self::default() };
        if parser.consume_token(&Token::LParen) {
            loop {
                statement.option(parser)?;
                if !parser.consume_token(&Token::Comma) {
                    break;
                }
            }
            parser.expect_token(&Token::RParen)?;
        } else {
            statement.full = vacuum && parser.parse_keyword(Keyword::FULL);
            if vacuum {
                let _nothing_to_freeze = parser.parse_keyword(Keyword::FREEZE);
            }
            statement.verbose = parser.parse_keyword(Keyword::VERBOSE);
            if vacuum {
                statement.analyze = parser.parse_keyword(Keyword::ANALYZE) || analyse(parser);
            }
        }
        while !matches!(parser.peek_token().token, Token::EOF | Token::SemiColon) {
            if !statement.targets.is_empty() {
                parser.expect_token(&Token::Comma)?;
            }
            let table = parser.parse_object_name(false)?;
            let mut columns = Vec::new();
            if parser.consume_token(&Token::LParen) {
                columns = parser.parse_comma_separated(Parser::parse_identifier)?;
                parser.expect_token(&Token::RParen)?;
            }
            statement.targets.push((table, columns));
        }
        Ok(Some(statement))
    }

    fn option(&mut self, parser: &mut Parser<'_>) -> std::result::Result<(), ParserError> {
        let name = parser.parse_identifier()?.value.to_ascii_lowercase();
        let value = match parser.peek_token().token {
            Token::Comma | Token::RParen => None,
            _ => Some(parser.next_token().to_string()),
        };
        let wanted = match value.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("true" | "on" | "1" | "'true'" | "'on'") => Some(true),
            Some("false" | "off" | "0" | "'false'" | "'off'") => Some(false),
            Some(_) => None,
        };
        match (name.as_str(), wanted) {
            ("full", Some(wanted)) if self.vacuum => self.full = wanted,
            ("analyze" | "analyse", Some(wanted)) if self.vacuum => self.analyze = wanted,
            ("verbose", Some(wanted)) => self.verbose = wanted,
            // There are no transaction numbers to freeze, no locks to skip, no pages, and no TOAST.
            ("skip_locked", Some(_)) => {}
            ("freeze" | "disable_page_skipping" | "process_toast", Some(_)) if self.vacuum => {}
            ("process_main" | "truncate", Some(true)) if self.vacuum => {}
            ("index_cleanup", _) if self.vacuum && value.as_deref() != Some("off") => {}
            (
                "parallel"
                | "index_cleanup"
                | "truncate"
                | "process_main"
                | "skip_database_stats"
                | "only_database_stats",
                _,
            ) if self.vacuum => self.refused.push(name),
            ("buffer_usage_limit", _) => self.refused.push(name),
            (_, None) if ["full", "analyze", "verbose", "freeze", "skip_locked"].contains(&name.as_str()) => {
                self.unknown.push(format!("{name} requires a Boolean value"));
            }
            _ => self.unknown.push(format!("unrecognized {} option \"{name}\"", self.name())),
        }
        Ok(())
    }

    /// The statement's name.
    pub(crate) fn name(&self) -> &'static str {
        if self.vacuum { "VACUUM" } else { "ANALYZE" }
    }

    /// What stands for it among sqlparser's statements.
    pub(crate) fn marker(&self) -> ast::Statement {
        ast::Statement::Vacuum(ast::VacuumStatement {
            full: self.full,
            sort_only: false,
            delete_only: false,
            reindex: false,
            recluster: false,
            table_name: None,
            threshold: None,
            boost: false,
        })
    }

    /// The tables it is about. What is no table is left out, and `skipped` is told.
    ///
    /// # Errors
    /// 42601 for an option that nobody knows, 0A000 for one that is not supported, 3F000, 42P01 and 42703 for what is
    /// not there.
    pub(crate) fn targets(
        &self,
        names: Namespace<'_>,
        mut skipped: impl FnMut(String),
    ) -> Result<Vec<Target>> {
        if let Some(message) = self.unknown.first() {
            return Err(Error::new(SqlState::SyntaxError, message.clone()));
        }
        if let Some(option) = self.refused.first() {
            return Err(Error::unsupported(format!("{} option {}", self.name(), option.to_uppercase())));
        }
        if self.targets.is_empty() {
            let all = names.snapshot.tables().filter(|table| !table.definition().temporary);
            return Ok(all
                .map(|table| Target {
                    table: table.definition().name.clone(),
                    columns: (0..table.definition().schema.fields().len()).collect(),
                })
                .collect());
        }
        let mut targets = Vec::with_capacity(self.targets.len());
        for (written, columns) in &self.targets {
            let Some((found, kind)) = names.find(written)? else {
                return Err(names.missing(written, None)?);
            };
            if kind == RelationKind::Table {
                targets.push(self.target(names.snapshot, found, columns)?);
                continue;
            }
            skipped(match self.vacuum {
                true => format!(
                    "skipping \"{}\" --- cannot vacuum non-tables, indexes, or special system tables",
                    found.name
                ),
                false => format!(
                    "skipping \"{}\" --- cannot analyze non-tables or special system tables",
                    found.name
                ),
            });
        }
        Ok(targets)
    }

    fn target(&self, snapshot: &Snapshot, found: RelationName, columns: &[Ident]) -> Result<Target> {
        let table = found.stored();
        let stored = snapshot.table(&table).ok_or_else(|| Error::undefined_table(&table))?;
        let schema = &stored.definition().schema;
        if columns.is_empty() {
            return Ok(Target { table, columns: (0..schema.fields().len()).collect() });
        }
        if !self.analyze {
            return Err(Error::new(
                SqlState::FeatureNotSupported,
                "ANALYZE option must be specified when a column list is provided",
            ));
        }
        let mut positions = Vec::new();
        for column in columns {
            let column = name::ident(column);
            let position = schema.index_of(&column).map_err(|_| Error::undefined_column(&column, &table))?;
            if positions.contains(&position) {
                return Err(Error::new(
                    SqlState::DuplicateColumn,
                    format!("column \"{column}\" of relation \"{table}\" appears more than once"),
                ));
            }
            positions.push(position);
        }
        Ok(Target { table, columns: positions })
    }
}

/// The British spelling, which PostgreSQL takes as well.
fn analyse(parser: &mut Parser<'_>) -> bool {
    let word = matches!(&parser.peek_token().token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("analyse"));
    if word {
        parser.next_token();
    }
    word
}
