//! `substring(text SIMILAR pattern ESCAPE character)`, which the parser has not: it is said as `FROM pattern FOR character`, its
//! older spelling.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Changes the words.
pub(super) fn older(tokens: &mut [TokenWithSpan]) {
    // For each open parenthesis, whether it is substring's.
    let mut calls: Vec<bool> = Vec::new();
    let mut is_substring = false;
    let mut previous_similar = None;
    for at in 0..tokens.len() {
        let Some(token) = tokens.get(at) else { return };
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen => calls.push(is_substring),
            Token::RParen => {
                calls.pop();
            }
            _ => {}
        }
        let word = match &token.token {
            Token::Word(word) if word.quote_style.is_none() => Some(word.keyword),
            _ => None,
        };
        // `x SIMILAR TO y` within it is the operator.
        if let Some(similar) = previous_similar.take()
            && word != Some(Keyword::TO)
        {
            replace(tokens, similar, Keyword::FROM);
        }
        is_substring = matches!(word, Some(Keyword::SUBSTRING));
        if calls.last() == Some(&true) {
            match word {
                Some(Keyword::SIMILAR) => previous_similar = Some(at),
                Some(Keyword::ESCAPE) => replace(tokens, at, Keyword::FOR),
                _ => {}
            }
        }
    }
}

fn replace(tokens: &mut [TokenWithSpan], at: usize, keyword: Keyword) {
    let name = if keyword == Keyword::FROM { "FROM" } else { "FOR" };
    if let Some(token) = tokens.get_mut(at) {
        token.token = Token::make_keyword(name);
    }
}
