//! Operators as PostgreSQL tokenises them, where the tokenizer reads other databases' operators.
//!
//! `<=>` is MySQL's comparison to the tokenizer, with the precedence of `=`; `<+>` is three operators to it. To
//! PostgreSQL both are operators like any other: tighter than comparisons, looser than `+` and `-`, left-associative.
//! That is what the parser makes of a custom operator.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

/// Makes custom operators of what PostgreSQL has as such.
pub(super) fn join(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut joined: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for mut token in tokens {
        match &token.token {
            Token::Spaceship => token.token = Token::CustomBinaryOperator("<=>".to_string()),
            Token::Gt => {
                if let [.., less, plus] = joined.as_slice()
                    && (&less.token, &plus.token) == (&Token::Lt, &Token::Plus)
                    && less.span.end == plus.span.start
                    && plus.span.end == token.span.start
                {
                    let start = less.span.start;
                    joined.truncate(joined.len() - 2);
                    token.token = Token::CustomBinaryOperator("<+>".to_string());
                    token.span.start = start;
                }
            }
            Token::CustomBinaryOperator(name) => {
                if let Some((operator, sign)) = signed(name) {
                    let mut split = token.clone();
                    split.token = operator;
                    joined.push(split);
                    token.token = sign;
                }
            }
            _ => {}
        }
        joined.push(token);
    }
    joined
}

/// `OPERATOR(pg_catalog.=) ANY (...)` as `= ANY (...)`, for the parser takes no other beside ANY, ALL and SOME.
pub(super) fn plain_beside_arrays(tokens: &mut Vec<TokenWithSpan>) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some((operator, end)) = written_out(tokens, at) {
            tokens.splice(at..=end, [operator]);
        }
        at += 1;
    }
}

/// The operator that is written out from `at` on, and where it ends.
fn written_out(tokens: &[TokenWithSpan], at: usize) -> Option<(TokenWithSpan, usize)> {
    let is_word = |token: &TokenWithSpan, wanted: &[&str]| match &token.token {
        Token::Word(word) => {
            word.quote_style.is_none() && wanted.iter().any(|it| word.value.eq_ignore_ascii_case(it))
        }
        _ => false,
    };
    let rest = tokens.get(at..)?;
    if !is_word(rest.first()?, &["operator"]) {
        return None;
    }
    let mut parts =
        rest.iter().enumerate().skip(1).filter(|(_, it)| !matches!(it.token, Token::Whitespace(_)));
    let (_, open) = parts.next()?;
    let (_, schema) = parts.next()?;
    let (_, point) = parts.next()?;
    let (_, operator) = parts.next()?;
    let (end, close) = parts.next()?;
    let (_, after) = parts.next()?;
    let is_plain = (&open.token, &point.token, &close.token)
        == (&Token::LParen, &Token::Period, &Token::RParen)
        && is_word(schema, &["pg_catalog"])
        && is_word(after, &["any", "all", "some"]);
    is_plain.then(|| (operator.clone(), at + end))
}

/// `<->-`, for one, is `<->` and a sign: an operator ends in a sign only where it has one of certain characters.
fn signed(name: &str) -> Option<(Token, Token)> {
    let operator = name.strip_suffix('-').or_else(|| name.strip_suffix('+'))?;
    let sign = if name.ends_with('-') { Token::Minus } else { Token::Plus };
    let may_end_in_sign = |c: char| "~!@#%^&|`?".contains(c);
    if name.contains(may_end_in_sign) {
        return None;
    }
    let operator = match operator {
        "<->" | "<=>" => Token::CustomBinaryOperator(operator.to_string()),
        "->" => Token::Arrow,
        "->>" => Token::LongArrow,
        _ => return None,
    };
    Some((operator, sign))
}

#[cfg(test)]
mod tests {
    use super::super::parse_expression;

    /// The expression with a pair of parentheses around each operator.
    fn grouped(sql: &str) -> String {
        use datafusion::sql::sqlparser::ast::Expr;
        fn walk(expression: &Expr) -> String {
            match expression {
                Expr::BinaryOp { left, op, right } => format!("({} {op} {})", walk(left), walk(right)),
                Expr::Nested(inner) => walk(inner),
                Expr::UnaryOp { op, expr } => format!("({op} {})", walk(expr)),
                other => other.to_string(),
            }
        }
        walk(&parse_expression(sql).unwrap())
    }

    #[test]
    fn distances_bind_tighter_than_comparisons_and_looser_than_sums() {
        for operator in ["<->", "<#>", "<=>", "<+>"] {
            let say = |text: &str| text.replace("<op>", operator);
            for (sql, groups) in [
                ("0.5 > a <op> b", "(0.5 > (a <op> b))"),
                ("a <op> b < 0.5 AND c", "(((a <op> b) < 0.5) AND c)"),
                ("1 - (a <op> b)", "(1 - (a <op> b))"),
                ("a <op> b + c", "(a <op> (b + c))"),
                ("a + b <op> c", "((a + b) <op> c)"),
                ("a <op> b <op> c", "((a <op> b) <op> c)"),
                ("a <op> b || c", "((a <op> b) || c)"),
                ("a<op>b", "(a <op> b)"),
                ("a <op> -1", "(a <op> (- 1))"),
                ("NOT a <op> b = c", "(NOT ((a <op> b) = c))"),
            ] {
                assert_eq!(grouped(&say(sql)), say(groups), "{}", say(sql));
            }
        }
    }

    #[test]
    fn a_sign_after_an_operator_is_a_sign() {
        assert_eq!(grouped("a<->-b"), "(a <-> (- b))");
        assert_eq!(grouped("a<=>-b"), "(a <=> (- b))");
        assert_eq!(grouped("a->-1"), "(a -> (- 1))");
        assert_eq!(grouped("a->>-1"), "(a ->> (- 1))");
    }

    #[test]
    fn what_stands_apart_is_no_operator() {
        assert_eq!(grouped("a < + b"), "(a < (+ b))");
        assert!(parse_expression("a < + > b").is_err());
    }
}
