//! `CREATE SEQUENCE` with its options in any order, and `ALTER SEQUENCE`, of which the parser knows nothing.
//!
//! An alteration becomes `ALTER TABLE name SET (option = value, ...)`, with options that no table has: PostgreSQL's
//! ALTER TABLE takes the names of sequences, too.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    AlterTable, AlterTableOperation, Expr, Ident, ObjectName, SequenceOptions, SqlOption, Statement, Value,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

/// One option as it is written. `RESTART` is of ALTER alone.
pub(super) enum Written {
    Option(SequenceOptions),
    Type(datafusion::sql::sqlparser::ast::DataType),
    Restart(Option<Expr>),
    Owner(ObjectName),
}

/// `CREATE [TEMP] SEQUENCE ...`; `None` for any other statement.
pub(super) fn create(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    let begun = parser.maybe_parse(|parser| {
        parser.expect_keyword_is(Keyword::CREATE)?;
        let temporary = parser.parse_one_of_keywords(&[Keyword::TEMP, Keyword::TEMPORARY]).is_some();
        parser.expect_keyword_is(Keyword::SEQUENCE)?;
        Ok(temporary)
    })?;
    let Some(temporary) = begun else { return Ok(None) };
    let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let name = parser.parse_object_name(false)?;
    let (mut data_type, mut sequence_options, mut owned_by) = (None, Vec::new(), None);
    while let Some(written) = option(parser)? {
        match written {
            Written::Option(option) => sequence_options.push(option),
            Written::Type(written) => data_type = Some(written),
            Written::Owner(owner) => owned_by = Some(owner),
            Written::Restart(_) => {
                return parser.expected_ref("an option of CREATE SEQUENCE", parser.peek_token_ref());
            }
        }
    }
    Ok(Some(Statement::CreateSequence {
        temporary,
        if_not_exists,
        name,
        data_type,
        sequence_options,
        owned_by,
    }))
}

/// The rest of `ALTER SEQUENCE`, from the name on.
pub(super) fn alter(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
    let name = parser.parse_object_name(false)?;
    if parser.peek_keyword(Keyword::RENAME) || parser.peek_keyword(Keyword::OWNER) {
        let operation = parser.parse_alter_table_operation()?;
        return Ok(altered(name, if_exists, operation));
    }
    let mut options = Vec::new();
    while let Some(written) = option(parser)? {
        let null = || Expr::value(Value::Null);
        let flag = |on: bool| Expr::value(Value::Boolean(on));
        let (key, value) = match written {
            Written::Option(SequenceOptions::IncrementBy(value, _)) => ("increment", value),
            Written::Option(SequenceOptions::MinValue(value)) => ("minvalue", value.unwrap_or_else(null)),
            Written::Option(SequenceOptions::MaxValue(value)) => ("maxvalue", value.unwrap_or_else(null)),
            Written::Option(SequenceOptions::StartWith(value, _)) => ("start", value),
            Written::Option(SequenceOptions::Cache(value)) => ("cache", value),
            Written::Option(SequenceOptions::Cycle(no)) => ("cycle", flag(!no)),
            Written::Restart(value) => ("restart", value.unwrap_or_else(null)),
            Written::Type(data_type) => ("as", Expr::value(Value::SingleQuotedString(data_type.to_string()))),
            Written::Owner(owner) => {
                let parts = owner.0.iter().filter_map(|part| part.as_ident().cloned());
                ("owned", Expr::CompoundIdentifier(parts.collect()))
            }
        };
        options.push(SqlOption::KeyValue { key: Ident::new(key), value });
    }
    if options.is_empty() {
        return parser.expected_ref("an option of ALTER SEQUENCE", parser.peek_token_ref());
    }
    Ok(altered(name, if_exists, AlterTableOperation::SetOptionsParens { options }))
}

/// `ALTER TABLE name operation`.
pub(super) fn altered(name: ObjectName, if_exists: bool, operation: AlterTableOperation) -> Statement {
    Statement::AlterTable(AlterTable {
        name,
        if_exists,
        only: false,
        operations: vec![operation],
        location: None,
        on_cluster: None,
        table_type: None,
        end_token: AttachedToken::empty(),
    })
}

pub(super) fn option(parser: &mut Parser<'_>) -> Result<Option<Written>, ParserError> {
    let option = if parser.parse_keyword(Keyword::AS) {
        Written::Type(parser.parse_data_type()?)
    } else if parser.parse_keyword(Keyword::INCREMENT) {
        let by = parser.parse_keyword(Keyword::BY);
        Written::Option(SequenceOptions::IncrementBy(parser.parse_number()?, by))
    } else if parser.parse_keyword(Keyword::MINVALUE) {
        Written::Option(SequenceOptions::MinValue(Some(parser.parse_number()?)))
    } else if parser.parse_keyword(Keyword::MAXVALUE) {
        Written::Option(SequenceOptions::MaxValue(Some(parser.parse_number()?)))
    } else if parser.parse_keyword(Keyword::START) {
        let with = parser.parse_keyword(Keyword::WITH);
        Written::Option(SequenceOptions::StartWith(parser.parse_number()?, with))
    } else if parser.parse_keyword(Keyword::CACHE) {
        Written::Option(SequenceOptions::Cache(parser.parse_number()?))
    } else if parser.parse_keyword(Keyword::CYCLE) {
        Written::Option(SequenceOptions::Cycle(false))
    } else if parser.parse_keyword(Keyword::NO) {
        match parser.expect_one_of_keywords(&[Keyword::MINVALUE, Keyword::MAXVALUE, Keyword::CYCLE])? {
            Keyword::MINVALUE => Written::Option(SequenceOptions::MinValue(None)),
            Keyword::MAXVALUE => Written::Option(SequenceOptions::MaxValue(None)),
            _ => Written::Option(SequenceOptions::Cycle(true)),
        }
    } else if parser.parse_keyword(Keyword::RESTART) {
        let _with = parser.parse_keyword(Keyword::WITH);
        Written::Restart(parser.maybe_parse(|parser| parser.parse_number())?)
    } else if parser.parse_keywords(&[Keyword::OWNED, Keyword::BY]) {
        Written::Owner(parser.parse_object_name(false)?)
    } else {
        return Ok(None);
    };
    Ok(Some(option))
}
