//! What PostgreSQL's grammar has and the parser has not: it is read here, token by token, and said in a form that
//! the parser's syntax tree has.

use super::{constraints, cursor, grant, identity, role, sequence};

use datafusion::sql::sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use datafusion::sql::sqlparser::ast::{
    ColumnDef, CommentObject, DataType, Expr, Ident, LimitClause, ObjectName, ObjectNamePart,
    ObjectNamePartFunction, Query, SetExpr, Statement, Value,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{IsOptional, Parser, ParserError};

/// One statement.
pub(super) fn statement(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    if let Some(authorization) = grant::authorization(parser)? {
        return Ok(authorization);
    }
    if let Some(about) = role::statement(parser)? {
        return Ok(about);
    }
    if let Some(create) = sequence::create(parser)? {
        return Ok(create);
    }
    if let Some(statement) = cursor::statement(parser)? {
        return Ok(statement);
    }
    if let Some(set) = constraints::statement(parser)? {
        return Ok(set);
    }
    if let Some(add) = identity::add(parser)? {
        return Ok(add);
    }
    if let Some(alter) = alter(parser)? {
        return Ok(alter);
    }
    if let Some(comment) = comment_on_constraint(parser)? {
        return Ok(comment);
    }
    let mut statement = match create_table_with_names(parser)? {
        Some(statement) => statement,
        None => parser.parse_statement()?,
    };
    with_data(parser, &mut statement)?;
    Ok(statement)
}

/// `ALTER SEQUENCE`, and `ALTER VIEW ... RENAME`, `... OWNER TO` and `ALTER INDEX IF EXISTS`, which are said as ALTER TABLE is:
/// PostgreSQL's takes the names of all relations.
fn alter(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    let is_sequence =
        parser.maybe_parse(|parser| parser.expect_keywords(&[Keyword::ALTER, Keyword::SEQUENCE]))?;
    if is_sequence.is_some() {
        return sequence::alter(parser).map(Some);
    }
    parser.maybe_parse(|parser| {
        parser.expect_keyword_is(Keyword::ALTER)?;
        parser.expect_one_of_keywords(&[Keyword::VIEW, Keyword::INDEX])?;
        let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
        let name = parser.parse_object_name(false)?;
        if !parser.peek_keyword(Keyword::RENAME) && !parser.peek_keyword(Keyword::OWNER) {
            return parser.expected_ref("RENAME", parser.peek_token_ref());
        }
        Ok(sequence::altered(name, if_exists, parser.parse_alter_table_operation()?))
    })
}

/// `COMMENT ON CONSTRAINT c ON t IS text`. The parser has no such object: it becomes a comment on a column, whose name
/// begins with a mark that no name of a column has.
fn comment_on_constraint(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    let begun = parser.maybe_parse(|parser| {
        parser.expect_keywords(&[Keyword::COMMENT, Keyword::ON, Keyword::CONSTRAINT])?;
        let constraint = parser.parse_identifier()?;
        parser.expect_keyword_is(Keyword::ON)?;
        let table = parser.parse_object_name(false)?;
        parser.expect_keyword_is(Keyword::IS)?;
        Ok((constraint, table))
    })?;
    let Some((constraint, table)) = begun else { return Ok(None) };
    let comment =
        if parser.parse_keyword(Keyword::NULL) { None } else { Some(parser.parse_literal_string()?) };
    let mark = ObjectNamePartFunction { name: Ident::new("constraint"), args: Vec::new() };
    let mut parts = vec![ObjectNamePart::Function(mark)];
    parts.extend(table.0);
    parts.push(ObjectNamePart::Identifier(constraint));
    let (object_type, object_name) = (CommentObject::Column, ObjectName(parts));
    Ok(Some(Statement::Comment { object_type, object_name, comment, if_exists: false }))
}

/// `CREATE TABLE t (a, b) AS query`: columns without types, which the parser knows of no dialect but one.
fn create_table_with_names(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    let begun = parser.maybe_parse(|parser| {
        parser.expect_keyword_is(Keyword::CREATE)?;
        let temporary = parser.parse_one_of_keywords(&[Keyword::TEMP, Keyword::TEMPORARY]).is_some();
        parser.expect_keyword_is(Keyword::TABLE)?;
        let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
        let name = parser.parse_object_name(false)?;
        let names = parser.parse_parenthesized_column_list(IsOptional::Mandatory, false)?;
        parser.expect_keyword_is(Keyword::AS)?;
        Ok((temporary, if_not_exists, name, names))
    })?;
    let Some((temporary, if_not_exists, name, names)) = begun else { return Ok(None) };
    let columns = names.into_iter().map(|name| ColumnDef {
        name,
        data_type: DataType::Unspecified,
        options: Vec::new(),
    });
    let create = CreateTableBuilder::new(name)
        .temporary(temporary)
        .if_not_exists(if_not_exists)
        .columns(columns.collect())
        .query(Some(parser.parse_query()?))
        .build();
    Ok(Some(Statement::CreateTable(create)))
}

/// `CREATE TABLE ... AS query WITH [NO] DATA`: without data it is the query with no rows.
fn with_data(parser: &mut Parser<'_>, statement: &mut Statement) -> Result<(), ParserError> {
    let Statement::CreateTable(create) = statement else { return Ok(()) };
    let Some(query) = &mut create.query else { return Ok(()) };
    if !parser.parse_keyword(Keyword::WITH) {
        return Ok(());
    }
    let without = parser.parse_keyword(Keyword::NO);
    parser.expect_keyword_is(Keyword::DATA)?;
    if without {
        let limit = Some(Expr::value(Value::Number("0".to_string(), false)));
        let inner = query.clone();
        **query = Query {
            with: None,
            body: Box::new(SetExpr::Query(inner)),
            order_by: None,
            limit_clause: Some(LimitClause::LimitOffset { limit, offset: None, limit_by: Vec::new() }),
            fetch: None,
            locks: Vec::new(),
            for_clause: None,
            settings: None,
            format_clause: None,
            pipe_operators: Vec::new(),
        };
    }
    Ok(())
}
