//! Room on the stack for statements that nest deeply.
//!
//! Syntax trees and plans are recursive, and so are their clones, drops and walks. [`check_depth`] bounds how
//! deep a statement can be before anything is built of it; [`roomy`] gives what works on it a stack that is large
//! enough for that depth. So no statement can overflow a thread's stack.

use std::pin::Pin;
use std::task::{Context, Poll};

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Operators that may stand in one expression, its parentheses included: they bound its depth.
const MOST_OPERATORS: usize = 1000;

/// A stack that a tree of that depth fits into, in a debug build too. It is mapped when it is needed, and of it only
/// what is touched takes memory.
const STACK_BYTES: usize = 256 << 20;

/// With less than this left, the work goes to a stack of its own.
const RED_ZONE_BYTES: usize = STACK_BYTES / 2;

/// Refuses a statement whose tree would be too deep.
///
/// # Errors
/// 54001, as PostgreSQL when its stack is used up.
pub(crate) fn check_depth(tokens: &[TokenWithSpan]) -> Result<()> {
    // Operators seen since the last comma, by level of parentheses.
    let mut levels: Vec<usize> = vec![0];
    let mut operators = 0_usize;
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                levels.push(1);
                operators += 1;
            }
            Token::RParen | Token::RBracket | Token::RBrace => {
                operators -= levels.pop().unwrap_or(0).min(operators);
                if levels.is_empty() {
                    levels.push(0);
                }
            }
            Token::Comma | Token::SemiColon => {
                if let Some(level) = levels.last_mut() {
                    // The parenthesis itself stays open.
                    let kept = (*level).min(1);
                    operators -= *level - kept;
                    *level = kept;
                }
            }
            Token::Word(word) if !deepens(word.keyword) => {}
            Token::Number(_, _)
            | Token::SingleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::Whitespace(_)
            | Token::Placeholder(_)
            | Token::Period
            | Token::RArrow
            | Token::EOF => {}
            _ => {
                if let Some(level) = levels.last_mut() {
                    *level += 1;
                }
                operators += 1;
            }
        }
        if operators > MOST_OPERATORS {
            return Err(Error::new(
                SqlState::StatementTooComplex,
                format!("an expression of more than {MOST_OPERATORS} operators is too deep"),
            )
            .with_hint("Use IN or a VALUES list instead of many ORs or UNIONs."));
        }
    }
    Ok(())
}

fn deepens(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::IS
            | Keyword::IN
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::SIMILAR
            | Keyword::BETWEEN
            | Keyword::CASE
            | Keyword::COLLATE
            | Keyword::AT
            | Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::JOIN
            | Keyword::INTERVAL
            | Keyword::EXPLAIN
    )
}

/// Runs `work` with room on the stack.
pub(crate) fn roomy<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RED_ZONE_BYTES, STACK_BYTES, work)
}

/// A future that is polled, and dropped, with room on the stack.
pub(crate) struct Roomy<F> {
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Roomy<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future: Some(Box::pin(future)) }
    }
}

impl<F: Future> Future for Roomy<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.future.as_mut() {
            Some(future) => roomy(|| future.as_mut().poll(context)),
            // Only what is being dropped has no future.
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Roomy<F> {
    fn drop(&mut self) {
        let future = self.future.take();
        roomy(|| drop(future));
    }
}
