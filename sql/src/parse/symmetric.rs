//! `BETWEEN SYMMETRIC a AND b`, which the parser has not: its lower bound is said as a call of [`SYMMETRIC`], which
//! `planning::spellings` takes apart.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// The function that stands around the lower bound.
pub(crate) const SYMMETRIC: &str = "muster_symmetric";

/// Wraps the lower bounds.
pub(super) fn wrap(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some((start, end)) = lower_bound(tokens, at) {
            let place = |place: usize, token: Token| {
                let span = tokens.get(place).map(|token| token.span);
                span.map(|span| TokenWithSpan { token, span })
            };
            let name = Word { value: SYMMETRIC.to_string(), quote_style: None, keyword: Keyword::NoKeyword };
            let opened = [place(start, Token::Word(name)), place(start, Token::LParen)];
            let closed = place(end, Token::RParen);
            let behind: Vec<TokenWithSpan> = tokens.drain(end..).collect();
            tokens.extend(closed);
            tokens.extend(behind);
            // In place of the word.
            tokens.splice(start..=start, opened.into_iter().flatten());
        }
        at += 1;
    }
}

fn keyword(token: &TokenWithSpan) -> Option<Keyword> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
        _ => None,
    }
}

/// Where SYMMETRIC stands behind a BETWEEN at a place, and the AND of its bounds.
fn lower_bound(tokens: &[TokenWithSpan], at: usize) -> Option<(usize, usize)> {
    if keyword(tokens.get(at)?) != Some(Keyword::BETWEEN) {
        return None;
    }
    let rest = || tokens.iter().enumerate().skip(at + 1);
    let (start, word) = rest().find(|(_, token)| !matches!(token.token, Token::Whitespace(_)))?;
    let is_symmetric = match &word.token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case("symmetric"),
        _ => false,
    };
    if !is_symmetric {
        return None;
    }
    let mut depth = 0_usize;
    for (place, token) in rest().skip_while(|(place, _)| *place <= start) {
        match (&token.token, keyword(token)) {
            (Token::LParen | Token::LBracket, _) | (_, Some(Keyword::CASE)) => depth += 1,
            (Token::RParen | Token::RBracket, _) | (_, Some(Keyword::END)) => depth = depth.checked_sub(1)?,
            (_, Some(Keyword::AND)) if depth == 0 => return Some((start, place)),
            _ => {}
        }
    }
    None
}
