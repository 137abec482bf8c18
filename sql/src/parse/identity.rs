//! `GENERATED ... AS IDENTITY (options)` with its options in any order, as `CREATE SEQUENCE` has them: the parser knows one order, and
//! not the name that pg_dump gives the sequence.

use datafusion::sql::sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, Expr, GeneratedAs, SequenceOptions, Statement, Value,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::sequence::{Written, altered, option};

/// The order that the parser knows; `NO` goes with the word after it.
const ORDER: [Keyword; 6] = [
    Keyword::INCREMENT,
    Keyword::MINVALUE,
    Keyword::MAXVALUE,
    Keyword::START,
    Keyword::CACHE,
    Keyword::CYCLE,
];

/// `ALTER TABLE t ALTER c ADD GENERATED ... AS IDENTITY (...)`, alone in its statement; `None` for any other.
pub(super) fn add(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    parser.maybe_parse(|parser| {
        parser.expect_keywords(&[Keyword::ALTER, Keyword::TABLE])?;
        let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
        let _no_children = parser.parse_keyword(Keyword::ONLY);
        let name = parser.parse_object_name(false)?;
        parser.expect_keyword_is(Keyword::ALTER)?;
        let _column = parser.parse_keyword(Keyword::COLUMN);
        let column_name = parser.parse_identifier()?;
        parser.expect_keywords(&[Keyword::ADD, Keyword::GENERATED])?;
        let generated_as = if parser.parse_keyword(Keyword::ALWAYS) {
            GeneratedAs::Always
        } else {
            parser.expect_keywords(&[Keyword::BY, Keyword::DEFAULT])?;
            GeneratedAs::ByDefault
        };
        parser.expect_keywords(&[Keyword::AS, Keyword::IDENTITY])?;
        let mut options = Vec::new();
        parser.expect_token(&Token::LParen)?;
        while !parser.consume_token(&Token::RParen) {
            options.push(of_identity(parser)?);
        }
        if !matches!(parser.peek_token_ref().token, Token::SemiColon | Token::EOF) {
            return parser.expected_ref("end of statement", parser.peek_token_ref());
        }
        let op = AlterColumnOperation::AddGenerated {
            generated_as: Some(generated_as),
            sequence_options: Some(options),
        };
        Ok(altered(name, if_exists, AlterTableOperation::AlterColumn { column_name, op }))
    })
}

/// One option. The name of the sequence stands as a text where no other option has one.
fn of_identity(parser: &mut Parser<'_>) -> Result<SequenceOptions, ParserError> {
    if parser.parse_keyword(Keyword::SEQUENCE) {
        parser.expect_keyword_is(Keyword::NAME)?;
        let name = parser.parse_object_name(false)?.to_string();
        return Ok(SequenceOptions::Cache(Expr::value(Value::SingleQuotedString(name))));
    }
    match option(parser)? {
        Some(Written::Option(option)) => Ok(option),
        _ => parser.expected_ref("an option of a sequence", parser.peek_token_ref()),
    }
}

/// Brings the options of identity columns into the order that the parser knows.
pub(super) fn in_order(tokens: &mut [TokenWithSpan]) {
    if !tokens.iter().any(|token| keyword(token) == Some(Keyword::IDENTITY)) {
        return;
    }
    let mut at = 0;
    while let Some(found) = tokens.get(at..).and_then(|rest| rest.iter().position(is_identity)) {
        at += found + 1;
        // A table or column may have this name.
        if !follows_as(tokens, at - 1) {
            continue;
        }
        let Some(open) = next(tokens, at).filter(|open| is(tokens, *open, &Token::LParen)) else { continue };
        let close = tokens.iter().skip(open).position(|token| token.token == Token::RParen);
        let Some(inner) = close.and_then(|close| tokens.get_mut(open + 1..open + close)) else { return };
        sort(inner);
    }
}

/// Whether the token at a place follows ALWAYS AS or BY DEFAULT AS.
fn follows_as(tokens: &[TokenWithSpan], at: usize) -> bool {
    let before = tokens.get(..at).unwrap_or_default().iter().rev();
    let mut words = before.filter(|token| !matches!(token.token, Token::Whitespace(_))).map(keyword);
    words.next() == Some(Some(Keyword::AS))
        && matches!(words.next(), Some(Some(Keyword::ALWAYS | Keyword::DEFAULT)))
}

fn is_identity(token: &TokenWithSpan) -> bool {
    keyword(token) == Some(Keyword::IDENTITY)
}

fn keyword(token: &TokenWithSpan) -> Option<Keyword> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    }
}

/// The place of the first token from `at` on that is no blank.
fn next(tokens: &[TokenWithSpan], at: usize) -> Option<usize> {
    let found = tokens.get(at..)?.iter().position(|token| !matches!(token.token, Token::Whitespace(_)))?;
    Some(at + found)
}

fn is(tokens: &[TokenWithSpan], at: usize, wanted: &Token) -> bool {
    tokens.get(at).is_some_and(|token| &token.token == wanted)
}

/// Sorts options; what is none stays with the one before it.
fn sort(tokens: &mut [TokenWithSpan]) {
    let mut options: Vec<(usize, Vec<TokenWithSpan>)> = vec![(0, Vec::new())];
    let mut negated = false;
    for token in tokens.iter() {
        let place = keyword(token).and_then(|word| ORDER.iter().position(|known| *known == word));
        let begins = keyword(token) == Some(Keyword::NO) || place.is_some() && !negated;
        if begins {
            options.push((usize::MAX, Vec::new()));
        }
        if let (Some(place), Some(last)) = (place, options.last_mut()) {
            last.0 = place + 1;
        }
        if !matches!(token.token, Token::Whitespace(_)) {
            negated = keyword(token) == Some(Keyword::NO);
        }
        if let Some(last) = options.last_mut() {
            last.1.push(token.clone());
        }
    }
    options.sort_by_key(|(place, _)| *place);
    let sorted = options.into_iter().flat_map(|(_, tokens)| tokens);
    for (token, sorted) in tokens.iter_mut().zip(sorted) {
        *token = sorted;
    }
}
