//! `DECLARE`, `FETCH` and `MOVE` as PostgreSQL writes them: the parser wants their words in one order, and knows no MOVE.
//!
//! A MOVE is said as a FETCH that puts its rows nowhere: [`is_move`].

use datafusion::sql::sqlparser::ast::{
    Declare, DeclareType, FetchDirection, FetchPosition, Ident, ObjectName, ObjectNamePart,
    ObjectNamePartFunction, Statement, Value, ValueWithSpan,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// What stands in place of where a MOVE puts its rows.
const MOVE: &str = "move";

/// A statement about cursors, if one begins here.
pub(super) fn statement(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    if parser.parse_keyword(Keyword::DECLARE) {
        return declare(parser).map(Some);
    }
    if parser.parse_keyword(Keyword::FETCH) {
        return fetch(parser, None).map(Some);
    }
    if word(parser, MOVE) {
        let nowhere = ObjectNamePartFunction { name: Ident::new(MOVE), args: Vec::new() };
        return fetch(parser, Some(ObjectName(vec![ObjectNamePart::Function(nowhere)]))).map(Some);
    }
    Ok(None)
}

/// Whether a FETCH is a MOVE.
pub(crate) fn is_move(into: &Option<ObjectName>) -> bool {
    into.as_ref().is_some_and(|into| matches!(into.0.as_slice(), [ObjectNamePart::Function(_)]))
}

/// Takes a word that is no key word of the parser's.
fn word(parser: &mut Parser<'_>, wanted: &str) -> bool {
    let is_next = matches!(&parser.peek_token_ref().token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted));
    if is_next {
        parser.next_token();
    }
    is_next
}

/// `DECLARE c [BINARY] [ASENSITIVE | INSENSITIVE] [[NO] SCROLL] CURSOR [WITH | WITHOUT HOLD] FOR query`
fn declare(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    let name = parser.parse_identifier()?;
    let (mut binary, mut sensitive, mut scroll) = (None, None, None);
    loop {
        if parser.parse_keyword(Keyword::CURSOR) {
            break;
        } else if parser.parse_keyword(Keyword::BINARY) {
            binary = Some(true);
        } else if parser.parse_keyword(Keyword::INSENSITIVE) {
            sensitive = Some(true);
        } else if parser.parse_keyword(Keyword::ASENSITIVE) {
            sensitive = Some(false);
        } else if parser.parse_keyword(Keyword::SCROLL) && scroll != Some(false) {
            scroll = Some(true);
        } else if parser.parse_keywords(&[Keyword::NO, Keyword::SCROLL]) && scroll != Some(true) {
            scroll = Some(false);
        } else {
            return parser.expected_ref("CURSOR", parser.peek_token_ref());
        }
    }
    let hold = match parser.parse_one_of_keywords(&[Keyword::WITH, Keyword::WITHOUT]) {
        Some(with) => {
            parser.expect_keyword_is(Keyword::HOLD)?;
            Some(with == Keyword::WITH)
        }
        None => None,
    };
    parser.expect_keyword_is(Keyword::FOR)?;
    let declare = Declare {
        names: vec![name],
        data_type: None,
        assignment: None,
        declare_type: Some(DeclareType::Cursor),
        binary,
        sensitive,
        scroll,
        hold,
        for_query: Some(parser.parse_query()?),
    };
    Ok(Statement::Declare { stmts: vec![declare] })
}

/// `[direction] [FROM | IN] c`
fn fetch(parser: &mut Parser<'_>, into: Option<ObjectName>) -> Result<Statement, ParserError> {
    let direction = direction(parser)?;
    let position = match parser.parse_one_of_keywords(&[Keyword::FROM, Keyword::IN]) {
        Some(Keyword::IN) => FetchPosition::In,
        _ => FetchPosition::From,
    };
    let name = parser.parse_identifier()?;
    Ok(Statement::Fetch { name, direction, position, into })
}

fn direction(parser: &mut Parser<'_>) -> Result<FetchDirection, ParserError> {
    // A cursor may have the name of a direction: then nothing follows it.
    if matches!(parser.peek_nth_token_ref(1).token, Token::EOF | Token::SemiColon) {
        return Ok(FetchDirection::Next);
    }
    Ok(if parser.parse_keyword(Keyword::NEXT) {
        FetchDirection::Next
    } else if parser.parse_keyword(Keyword::PRIOR) {
        FetchDirection::Prior
    } else if parser.parse_keyword(Keyword::FIRST) {
        FetchDirection::First
    } else if parser.parse_keyword(Keyword::LAST) {
        FetchDirection::Last
    } else if parser.parse_keyword(Keyword::ABSOLUTE) {
        FetchDirection::Absolute { limit: required(parser)? }
    } else if parser.parse_keyword(Keyword::RELATIVE) {
        FetchDirection::Relative { limit: required(parser)? }
    } else if parser.parse_keyword(Keyword::FORWARD) {
        if parser.parse_keyword(Keyword::ALL) {
            FetchDirection::ForwardAll
        } else {
            FetchDirection::Forward { limit: number(parser)? }
        }
    } else if parser.parse_keyword(Keyword::BACKWARD) {
        if parser.parse_keyword(Keyword::ALL) {
            FetchDirection::BackwardAll
        } else {
            FetchDirection::Backward { limit: number(parser)? }
        }
    } else if parser.parse_keyword(Keyword::ALL) {
        FetchDirection::All
    } else {
        number(parser)?.map_or(FetchDirection::Next, |limit| FetchDirection::Count { limit })
    })
}

fn required(parser: &mut Parser<'_>) -> Result<ValueWithSpan, ParserError> {
    match number(parser)? {
        Some(number) => Ok(number),
        None => parser.expected_ref("a number", parser.peek_token_ref()),
    }
}

/// A whole number with its sign, if one stands here.
fn number(parser: &mut Parser<'_>) -> Result<Option<ValueWithSpan>, ParserError> {
    let sign = if parser.consume_token(&Token::Minus) { "-" } else { "" };
    let signed = !sign.is_empty() || parser.consume_token(&Token::Plus);
    if !signed && !matches!(parser.peek_token_ref().token, Token::Number(..)) {
        return Ok(None);
    }
    let ValueWithSpan { value, span } = parser.parse_number_value()?;
    let Value::Number(digits, _) = value else {
        return parser.expected_ref("a number", parser.peek_token_ref());
    };
    Ok(Some(Value::Number(format!("{sign}{digits}"), false).with_span(span)))
}
