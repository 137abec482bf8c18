//! `INSERT ... OVERRIDING SYSTEM VALUE` and `FROM ONLY t`, which the parser does not know.
//!
//! The first is said by a word of another database that stands nowhere else: OVERWRITE. ONLY leaves out the children of a table,
//! of which none has any, so it is left out itself.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::{Error, Result};

/// Says it so.
///
/// # Errors
/// 0A000 for OVERRIDING USER VALUE.
pub(super) fn say(tokens: &mut Vec<TokenWithSpan>) -> Result<()> {
    let mut at = 0;
    while at < tokens.len() {
        if is_word(tokens, at, "only") && before(tokens, at).is_some_and(is_before_a_table) {
            tokens.remove(at);
            continue;
        }
        // Whoever writes the word is not taken for one who means something else by it.
        if is_word(tokens, at, "overwrite")
            && before(tokens, at).is_some_and(|it| is(it, Keyword::INSERT))
            && let Some(TokenWithSpan { token: Token::Word(word), .. }) = tokens.get_mut(at)
        {
            word.keyword = Keyword::NoKeyword;
        }
        if is_word(tokens, at, "overriding") {
            overriding(tokens, at)?;
        }
        at += 1;
    }
    Ok(())
}

/// OVERRIDING stands at `at`.
fn overriding(tokens: &mut Vec<TokenWithSpan>, at: usize) -> Result<()> {
    let Some(whose) = after(tokens, at) else { return Ok(()) };
    let Some(value) = after(tokens, whose).filter(|value| is_word(tokens, *value, "value")) else {
        return Ok(());
    };
    if is_word(tokens, whose, "user") {
        return Err(Error::unsupported("OVERRIDING USER VALUE"));
    }
    let into = tokens.get(..at).and_then(|before| before.iter().rposition(|it| is(it, Keyword::INTO)));
    let (Some(into), true) = (into, is_word(tokens, whose, "system")) else { return Ok(()) };
    tokens.drain(at..=value);
    if let Some(mut word) = tokens.get(into).cloned() {
        word.token = Token::make_keyword("OVERWRITE");
        tokens.insert(into, word);
    }
    Ok(())
}

fn is(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}

fn is_word(tokens: &[TokenWithSpan], at: usize, wanted: &str) -> bool {
    match tokens.get(at).map(|token| &token.token) {
        Some(Token::Word(word)) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

fn is_before_a_table(token: &TokenWithSpan) -> bool {
    [Keyword::FROM, Keyword::JOIN, Keyword::UPDATE, Keyword::USING].into_iter().any(|word| is(token, word))
}

fn is_blank(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

/// The token before `at` that is no blank.
fn before(tokens: &[TokenWithSpan], at: usize) -> Option<&TokenWithSpan> {
    tokens.get(..at)?.iter().rev().find(|token| !is_blank(token))
}

/// The place of the token after `at` that is no blank.
fn after(tokens: &[TokenWithSpan], at: usize) -> Option<usize> {
    Some(at + 1 + tokens.get(at + 1..)?.iter().position(|token| !is_blank(token))?)
}
