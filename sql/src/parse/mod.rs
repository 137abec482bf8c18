//! From a query string to statements.
//!
//! The parser is sqlparser's, in the PostgreSQL dialect. Queries on `pg_catalog` and
//! `information_schema`, which clients write for PostgreSQL itself, go through
//! datafusion-pg-catalog's compatibility rewrites; nothing else does, for those rewrites bend
//! what a statement means.

mod additions;
mod constraints;
mod cursor;
mod deferrable;
mod grant;
mod identity;
mod kind;
mod operators;
mod overriding;
mod role;
mod sequence;
mod similar;
mod symmetric;
pub(crate) mod walk;

pub(crate) use constraints::set_constraints;
pub(crate) use cursor::is_move;
pub use kind::StatementKind;
pub(crate) use symmetric::SYMMETRIC;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::catalog::system;
use crate::privileges::Command;
use crate::sqlstate::SqlState;
use crate::stack::{check_depth, roomy};
use crate::statement::copy_parse::{self, CopyItem};
use crate::statement::maintenance::Maintenance;
use crate::tally::{StatementUse, Text, is_secret};
use crate::{Error, Result};

/// How deeply expressions and queries may nest. Beyond it a statement is refused, so that no
/// statement can use up the stack.
const NESTING_LIMIT: usize = 100;

/// One parsed statement.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) ast: Arc<ast::Statement>,
    /// The options of a COPY, which the AST has no place for.
    pub(crate) copy_options: Arc<[CopyItem]>,
    /// VACUUM and ANALYZE, for which `ast` only stands.
    pub(crate) maintenance: Option<Arc<Maintenance>>,
    /// GRANT, REVOKE and their kin, for which `ast` only stands.
    pub(crate) privileges: Option<Arc<Command>>,
    text: Arc<str>,
    /// A number that no other statement has but those of the same text that come again.
    id: u64,
    /// Whether it has come before.
    again: bool,
    /// Its place among the statements of the query string.
    place: usize,
    /// How often it ran.
    pub(crate) used: StatementUse,
}

impl Statement {
    /// The same statement, as it comes the next time.
    pub(crate) fn come_again(&self) -> Self {
        Self { again: true, ..self.clone() }
    }

    /// What a statement that comes again is known by.
    pub(crate) fn known_by(&self) -> Option<u64> {
        self.again.then_some(self.id)
    }

    /// The same statement with another tree, in which its names are resolved.
    pub(crate) fn with_ast(&self, ast: &ast::Statement) -> Self {
        Self { ast: Arc::new(ast.clone()), ..self.clone() }
    }

    /// A statement that stands within this one.
    pub(crate) fn inner(&self, ast: &ast::Statement) -> Self {
        Self { id: next_id(), again: false, ..self.with_ast(ast) }
    }

    /// The same as [`Statement::text`].
    pub(crate) fn shared_text(&self) -> &Arc<str> {
        &self.text
    }

    /// The query string that it stands in.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The query string as it may be logged: where it may hold a password, the statement alone, without its values.
    #[must_use]
    pub fn loggable(&self) -> Cow<'_, str> {
        if is_secret(&self.text) { Cow::Owned(self.plain_text().shown) } else { Cow::Borrowed(&self.text) }
    }

    /// The statement alone, without its values.
    pub(crate) fn plain_text(&self) -> Text {
        Text::of(&self.text, self.place)
    }

    /// What it does, as those tell it apart who count statements.
    #[must_use]
    pub fn kind(&self) -> StatementKind {
        match self.maintenance {
            Some(_) => StatementKind::Maintenance,
            None => StatementKind::of(&self.ast),
        }
    }
}

/// The statements of one query string; none for an empty one or one of comments alone.
pub(crate) fn parse(sql: &str) -> Result<Vec<Statement>> {
    roomy(|| {
        let text: Arc<str> = Arc::from(sql);
        let wrap = |(place, parsed): (usize, Parsed)| Statement {
            ast: Arc::new(parsed.ast),
            copy_options: parsed.copy_options,
            maintenance: parsed.maintenance,
            privileges: parsed.privileges,
            text: text.clone(),
            id: next_id(),
            again: false,
            place,
            used: StatementUse::default(),
        };
        let mut statements = statements(&mut parser(sql)?).map_err(|error| syntax_error(&error, sql))?;
        if statements.iter().any(|parsed| reads(&parsed.ast)) && asks_the_catalog(sql) {
            statements.iter_mut().for_each(|parsed| rewrite(&mut parsed.ast));
        }
        Ok(statements.into_iter().enumerate().map(wrap).collect())
    })
}

/// A query on the catalog, also that of a cursor or of PREPARE, as it is planned.
fn rewrite(statement: &mut ast::Statement) {
    let query = match statement {
        ast::Statement::Query(_) | ast::Statement::Explain { .. } => {
            *statement = system::rewritten(statement);
            return;
        }
        ast::Statement::Declare { stmts } => stmts.first_mut().and_then(|declare| declare.for_query.as_mut()),
        ast::Statement::Prepare { statement, .. } => match statement.as_mut() {
            ast::Statement::Query(query) => Some(query),
            _ => None,
        },
        _ => None,
    };
    let Some(query) = query else { return };
    if let ast::Statement::Query(rewritten) = system::rewritten(&ast::Statement::Query(query.clone())) {
        *query = rewritten;
    }
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A statement, and what its syntax tree has no place for.
struct Parsed {
    ast: ast::Statement,
    copy_options: Arc<[CopyItem]>,
    maintenance: Option<Arc<Maintenance>>,
    privileges: Option<Arc<Command>>,
}

impl From<ast::Statement> for Parsed {
    fn from(ast: ast::Statement) -> Self {
        Self { ast, copy_options: Arc::default(), maintenance: None, privileges: None }
    }
}

/// All statements, with our own reading of those that sqlparser reads as other databases have them.
fn statements(parser: &mut Parser<'_>) -> std::result::Result<Vec<Parsed>, ParserError> {
    let mut statements = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        if parser.peek_token_ref().token == Token::EOF {
            return Ok(statements);
        }
        statements.push(statement(parser)?);
        if !matches!(parser.peek_token_ref().token, Token::SemiColon | Token::EOF) {
            return parser.expected_ref("end of statement", parser.peek_token_ref());
        }
    }
}

fn statement(parser: &mut Parser<'_>) -> std::result::Result<Parsed, ParserError> {
    if copy_parse::is_copy(parser) {
        let (ast, copy_options) = copy_parse::parse(parser)?;
        return Ok(Parsed { copy_options, ..ast.into() });
    }
    if let Some(maintenance) = Maintenance::parse(parser)? {
        let ast = maintenance.marker();
        return Ok(Parsed { maintenance: Some(Arc::new(maintenance)), ..ast.into() });
    }
    if let Some(command) = grant::command(parser)? {
        let ast = command.marker();
        return Ok(Parsed { privileges: Some(Arc::new(command)), ..ast.into() });
    }
    Ok(additions::statement(parser)?.into())
}

/// A single expression, as `filter` takes it.
pub(crate) fn parse_expression(sql: &str) -> Result<ast::Expr> {
    roomy(|| {
        let mut parser = parser(sql)?;
        let expression = parser.parse_expr().map_err(|error| syntax_error(&error, sql))?;
        parser.expect_token(&Token::EOF).map_err(|error| syntax_error(&error, sql))?;
        Ok(expression)
    })
}

/// Statements as the parser reads them, before anything is changed in them.
pub(crate) fn parse_plain(sql: &str) -> Result<Vec<ast::Statement>> {
    let parsed = statements(&mut parser(sql)?).map_err(|error| syntax_error(&error, sql))?;
    Ok(parsed.into_iter().map(|parsed| parsed.ast).collect())
}

/// A type, as a column's definition has it.
pub(crate) fn parse_type(sql: &str) -> Result<ast::DataType> {
    let mut parser = parser(sql)?;
    parser.parse_data_type().map_err(|error| syntax_error(&error, sql))
}

fn parser(sql: &str) -> Result<Parser<'static>> {
    static DIALECT: PostgreSqlDialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&DIALECT, sql)
        .tokenize_with_location()
        .map_err(|error| syntax_error(&ParserError::TokenizerError(error.to_string()), sql))?;
    let mut tokens = operators::join(tokens);
    check_depth(&tokens)?;
    operators::plain_beside_arrays(&mut tokens);
    say_rollback(&mut tokens);
    read_national(&mut tokens);
    deferrable::leave_out(&mut tokens);
    identity::in_order(&mut tokens);
    overriding::say(&mut tokens)?;
    similar::older(&mut tokens);
    symmetric::wrap(&mut tokens);
    Ok(Parser::new(&DIALECT).with_recursion_limit(NESTING_LIMIT).with_tokens_with_locations(tokens))
}

/// ABORT is PostgreSQL's other word for ROLLBACK; the parser does not know it.
fn say_rollback(tokens: &mut [TokenWithSpan]) {
    let mut starts = true;
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::SemiColon => {
                starts = true;
                continue;
            }
            Token::Word(word)
                if starts && word.quote_style.is_none() && word.value.eq_ignore_ascii_case("abort") =>
            {
                token.token = Token::make_keyword("ROLLBACK");
            }
            _ => {}
        }
        starts = false;
    }
}

/// `N'text'` is a text, which has all characters anyway.
fn read_national(tokens: &mut [TokenWithSpan]) {
    for token in tokens {
        if let Token::NationalStringLiteral(text) = &mut token.token {
            token.token = Token::SingleQuotedString(std::mem::take(text));
        }
    }
}

/// Whether a statement has a query that may be one on the catalog.
fn reads(statement: &ast::Statement) -> bool {
    use ast::Statement::{Declare, Explain, Prepare, Query};
    matches!(statement, Query(_) | Explain { .. } | Declare { .. } | Prepare { .. })
}

fn asks_the_catalog(sql: &str) -> bool {
    let lower = sql.to_ascii_lowercase();
    [
        "pg_",
        "information_schema",
        "regclass",
        "regtype",
        "regproc",
        "regnamespace",
        "regrole",
        "tableoid",
        "generate_subscripts",
        "current_schema",
        "current_user",
        "current_role",
        "session_user",
        "version()",
        "current_database",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// sqlparser says where in words: `... at Line: 1, Column: 15`.
fn syntax_error(error: &ParserError, sql: &str) -> Error {
    let message = match error {
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => message.clone(),
        ParserError::RecursionLimitExceeded => {
            return Error::new(
                SqlState::StatementTooComplex,
                format!("the statement nests deeper than {NESTING_LIMIT} levels"),
            );
        }
    };
    let (words, position) = match message.rsplit_once(" at Line: ") {
        Some((words, place)) => (
            words.to_string(),
            place.split_once(", Column: ").and_then(|(line, column)| {
                let line: usize = line.trim().parse().ok()?;
                let column: usize = column.trim().parse().ok()?;
                let before: usize =
                    sql.split('\n').take(line.checked_sub(1)?).map(|text| text.chars().count() + 1).sum();
                Some(before + column)
            }),
        ),
        None => (message, None),
    };
    Error::new(SqlState::SyntaxError, format!("syntax error: {words}")).with_position(position)
}
