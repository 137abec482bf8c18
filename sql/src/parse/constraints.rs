//! `SET CONSTRAINTS { ALL | names } { DEFERRED | IMMEDIATE }`, which the parser does not know.
//!
//! It becomes an assignment to several names, a form that PostgreSQL does not have: the constraints, none for ALL, and
//! as its one value a mark that no name has.

use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, Set, Statement};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

const DEFERRED: &str = "\0deferred";
const IMMEDIATE: &str = "\0immediate";

/// The statement at the parser's place, if it is this one.
pub(super) fn statement(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    let begun = parser.maybe_parse(|parser| {
        parser.expect_keyword_is(Keyword::SET)?;
        match parser.next_token().token {
            Token::Word(word)
                if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("constraints") =>
            {
                Ok(())
            }
            _ => parser.expected_ref("CONSTRAINTS", parser.peek_token_ref()),
        }
    })?;
    // A setting of that name would come with a value.
    if begun.is_none() || parser.peek_token_ref().token == Token::Eq || parser.peek_keyword(Keyword::TO) {
        return Ok(None);
    }
    let variables = match parser.parse_keyword(Keyword::ALL) {
        true => Vec::new(),
        false => parser.parse_comma_separated(|parser| parser.parse_object_name(false))?,
    };
    let mark = match parser.expect_one_of_keywords(&[Keyword::DEFERRED, Keyword::IMMEDIATE])? {
        Keyword::DEFERRED => DEFERRED,
        _ => IMMEDIATE,
    };
    let values = vec![Expr::Identifier(Ident::with_quote('"', mark))];
    Ok(Some(Statement::Set(Set::ParenthesizedAssignments { variables, values })))
}

/// The constraints and whether they are to be deferred, if the statement is SET CONSTRAINTS; none of them for ALL.
pub(crate) fn set_constraints(statement: &Statement) -> Option<(&[ObjectName], bool)> {
    let Statement::Set(Set::ParenthesizedAssignments { variables, values }) = statement else { return None };
    let [Expr::Identifier(mark)] = values.as_slice() else { return None };
    match mark.value.as_str() {
        DEFERRED => Some((variables, true)),
        IMMEDIATE => Some((variables, false)),
        _ => None,
    }
}
