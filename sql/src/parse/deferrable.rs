//! `[NOT] DEFERRABLE` among the modes of a transaction, which the parser does not know.
//!
//! It says how a SERIALIZABLE READ ONLY transaction begins: when no snapshot could make it fail. None does here, for its
//! commit is not looked at, so it is left out.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Leaves it out of the statements that have modes.
pub(super) fn leave_out(tokens: &mut Vec<TokenWithSpan>) {
    if !tokens.iter().any(|token| is(token, Keyword::DEFERRABLE)) {
        return;
    }
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // Where the statement begins, among the kept ones.
    let mut start = 0;
    let mut drop_comma = false;
    for token in tokens.drain(..) {
        if token.token == Token::SemiColon {
            (start, drop_comma) = (kept.len() + 1, false);
        } else if is(&token, Keyword::DEFERRABLE) && has_modes(kept.get(start..).unwrap_or_default()) {
            pop(&mut kept, |token| is(token, Keyword::NOT));
            // One comma goes with it: the one before, or else the one after.
            drop_comma = !pop(&mut kept, |token| token.token == Token::Comma);
            continue;
        } else if drop_comma && !matches!(token.token, Token::Whitespace(_)) {
            drop_comma = false;
            if token.token == Token::Comma {
                continue;
            }
        }
        kept.push(token);
    }
    *tokens = kept;
}

fn is(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}

/// Whether what begins so is `BEGIN`, `START TRANSACTION` or `SET ... TRANSACTION`.
fn has_modes(tokens: &[TokenWithSpan]) -> bool {
    let mut words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_)));
    words.next().is_some_and(|first| {
        is(first, Keyword::BEGIN)
            || is(first, Keyword::START)
            || is(first, Keyword::SET) && tokens.iter().any(|token| is(token, Keyword::TRANSACTION))
    })
}

/// Takes the last token off, and the blanks after it, if it is the one.
fn pop(kept: &mut Vec<TokenWithSpan>, wanted: impl Fn(&TokenWithSpan) -> bool) -> bool {
    let last = kept.iter().rposition(|token| !matches!(token.token, Token::Whitespace(_)));
    match last.filter(|last| kept.get(*last).is_some_and(&wanted)) {
        Some(last) => {
            kept.truncate(last);
            true
        }
        None => false,
    }
}
