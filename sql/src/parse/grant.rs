//! `GRANT` and `REVOKE`, of privileges and of membership, `REASSIGN OWNED`, `DROP OWNED`; `ALTER DEFAULT PRIVILEGES`, to be
//! refused; forms of SESSION AUTHORIZATION that the parser does not know. sqlparser reads other databases' forms of these.

use datafusion::sql::sqlparser::ast::{
    ContextModifier, Ident, ObjectName, Reset, ResetStatement, Set, SetSessionAuthorizationParam,
    SetSessionAuthorizationParamKind, Statement,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use crate::privileges::{Command, Objects, RoleSpec, Wanted};

type Parsed<T> = Result<T, ParserError>;

/// The statement, if it is one of these.
pub(super) fn command(parser: &mut Parser<'_>) -> Parsed<Option<Command>> {
    if parser.parse_keyword(Keyword::GRANT) {
        return granting(parser, true).map(Some);
    }
    if parser.parse_keyword(Keyword::REVOKE) {
        return granting(parser, false).map(Some);
    }
    if word(parser, &["REASSIGN", "OWNED", "BY"]) {
        let from = parser.parse_comma_separated(role)?;
        parser.expect_keyword_is(Keyword::TO)?;
        return Ok(Some(Command::Reassign { from, to: role(parser)? }));
    }
    if word(parser, &["DROP", "OWNED", "BY"]) {
        let roles = parser.parse_comma_separated(role)?;
        return Ok(Some(Command::DropOwned { roles, cascade: cascade(parser) }));
    }
    if word(parser, &["ALTER", "LARGE", "OBJECT"]) {
        let oid = parser.parse_literal_uint()?;
        parser.expect_keywords(&[Keyword::OWNER, Keyword::TO])?;
        return Ok(Some(Command::LargeObjectOwner { oid, to: role(parser)? }));
    }
    if word(parser, &["ALTER", "DEFAULT", "PRIVILEGES"]) {
        skip(parser);
        return Ok(Some(Command::Refused("ALTER DEFAULT PRIVILEGES".to_string())));
    }
    Ok(None)
}

/// RESET, SHOW and SET LOCAL of SESSION AUTHORIZATION, the first two said as the setting that it is.
pub(super) fn authorization(parser: &mut Parser<'_>) -> Parsed<Option<Statement>> {
    let setting = Ident::new("session_authorization");
    if word(parser, &["RESET", "SESSION", "AUTHORIZATION"]) {
        let reset = Reset::ConfigurationParameter(ObjectName::from(vec![setting]));
        return Ok(Some(Statement::Reset(ResetStatement { reset })));
    }
    if word(parser, &["SHOW", "SESSION", "AUTHORIZATION"]) {
        return Ok(Some(Statement::ShowVariable { variable: vec![setting] }));
    }
    if !word(parser, &["SET", "LOCAL", "SESSION", "AUTHORIZATION"]) {
        return Ok(None);
    }
    let kind = match word(parser, &["DEFAULT"]) {
        true => SetSessionAuthorizationParamKind::Default,
        false => SetSessionAuthorizationParamKind::User(parser.parse_identifier()?),
    };
    let set = SetSessionAuthorizationParam { scope: ContextModifier::Local, kind };
    Ok(Some(Statement::Set(Set::SetSessionAuthorization(set))))
}

/// Takes these words, if all of them come.
fn word(parser: &mut Parser<'_>, words: &[&str]) -> bool {
    let all = words.iter().enumerate().all(|(at, wanted)| match &parser.peek_nth_token_ref(at).token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted),
        _ => false,
    });
    if all {
        words.iter().for_each(|_| drop(parser.next_token()));
    }
    all
}

/// Goes to the statement's end.
fn skip(parser: &mut Parser<'_>) {
    while !matches!(parser.peek_token_ref().token, Token::SemiColon | Token::EOF) {
        parser.next_token();
    }
}

fn cascade(parser: &mut Parser<'_>) -> bool {
    parser.parse_one_of_keywords(&[Keyword::CASCADE, Keyword::RESTRICT]) == Some(Keyword::CASCADE)
}

fn role(parser: &mut Parser<'_>) -> Parsed<RoleSpec> {
    let _group = word(parser, &["GROUP"]);
    let name = parser.parse_identifier()?;
    if name.quote_style.is_some() {
        return Ok(RoleSpec::Named(name));
    }
    Ok(match name.value.to_ascii_lowercase().as_str() {
        "current_user" | "current_role" => RoleSpec::Current,
        "session_user" => RoleSpec::Session,
        "public" => RoleSpec::Public,
        _ => RoleSpec::Named(name),
    })
}

fn granted_by(parser: &mut Parser<'_>) -> Parsed<Option<RoleSpec>> {
    if word(parser, &["GRANTED", "BY"]) { role(parser).map(Some) } else { Ok(None) }
}

fn granting(parser: &mut Parser<'_>, grant: bool) -> Parsed<Command> {
    let only_option =
        !grant && (word(parser, &["GRANT", "OPTION", "FOR"]) || word(parser, &["ADMIN", "OPTION", "FOR"]));
    let wanted = wanted(parser)?;
    let direction = if grant { Keyword::TO } else { Keyword::FROM };
    if parser.parse_keyword(Keyword::ON) {
        let objects = objects(parser)?;
        if matches!(objects, Objects::Refused(_)) {
            skip(parser);
            let (with_option, granted_by, roles, cascade) = (false, None, Vec::new(), false);
            return Ok(Command::Privileges {
                grant,
                only_option,
                wanted,
                objects,
                roles,
                with_option,
                granted_by,
                cascade,
            });
        }
        parser.expect_keyword_is(direction)?;
        let roles = parser.parse_comma_separated(role)?;
        let with_option = grant && word(parser, &["WITH", "GRANT", "OPTION"]);
        let granted_by = granted_by(parser)?;
        let cascade = !grant && cascade(parser);
        return Ok(Command::Privileges {
            grant,
            only_option,
            wanted,
            objects,
            roles,
            with_option,
            granted_by,
            cascade,
        });
    }
    let Wanted::Named(roles) = wanted else { return parser.expected_ref("ON", parser.peek_token_ref()) };
    if roles.iter().any(|(_, columns)| *columns) {
        return parser.expected_ref("ON", parser.peek_token_ref());
    }
    let roles = roles.into_iter().map(|(name, _)| name).collect();
    parser.expect_keyword_is(direction)?;
    let members = parser.parse_comma_separated(role)?;
    let with_option = grant && word(parser, &["WITH", "ADMIN", "OPTION"]);
    let granted_by = granted_by(parser)?;
    let cascade = !grant && cascade(parser);
    Ok(Command::Membership { grant, only_option, roles, members, with_option, granted_by, cascade })
}

fn wanted(parser: &mut Parser<'_>) -> Parsed<Wanted> {
    if word(parser, &["ALL"]) {
        let _privileges = word(parser, &["PRIVILEGES"]);
        let columns = columns(parser)?;
        return Ok(if columns { Wanted::Named(vec![(Ident::new("all"), true)]) } else { Wanted::All });
    }
    let one = |parser: &mut Parser<'_>| Ok((parser.parse_identifier()?, columns(parser)?));
    parser.parse_comma_separated(one).map(Wanted::Named)
}

/// Whether columns are named.
fn columns(parser: &mut Parser<'_>) -> Parsed<bool> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(false);
    }
    parser.parse_comma_separated(Parser::parse_identifier)?;
    parser.expect_token(&Token::RParen)?;
    Ok(true)
}

fn objects(parser: &mut Parser<'_>) -> Parsed<Objects> {
    let names =
        |parser: &mut Parser<'_>| parser.parse_comma_separated(|parser| parser.parse_object_name(false));
    let idents = |parser: &mut Parser<'_>| parser.parse_comma_separated(Parser::parse_identifier);
    if word(parser, &["ALL", "TABLES", "IN", "SCHEMA"]) {
        return idents(parser).map(Objects::AllTables);
    }
    if word(parser, &["ALL", "SEQUENCES", "IN", "SCHEMA"]) {
        return idents(parser).map(Objects::AllSequences);
    }
    // Each of these is a name of a table where it stands alone.
    let next = parser.peek_nth_token_ref(1).token.clone();
    let is_name = matches!(&next, Token::Comma | Token::Period)
        || matches!(&next, Token::Word(word) if ["TO", "FROM"].iter().any(|end| word.value.eq_ignore_ascii_case(end)));
    if !is_name {
        if word(parser, &["SEQUENCE"]) {
            return names(parser).map(Objects::Sequences);
        }
        if word(parser, &["SCHEMA"]) {
            return idents(parser).map(Objects::Schemas);
        }
        if word(parser, &["DATABASE"]) {
            return idents(parser).map(Objects::Databases);
        }
        const OTHERS: [&str; 12] = [
            "FUNCTION",
            "PROCEDURE",
            "ROUTINE",
            "LANGUAGE",
            "TYPE",
            "DOMAIN",
            "TABLESPACE",
            "FOREIGN",
            "LARGE",
            "PARAMETER",
            "ALL",
            "ROLE",
        ];
        if let Some(other) = OTHERS.iter().find(|other| word(parser, &[**other])) {
            return Ok(Objects::Refused((*other).to_string()));
        }
        let _table = word(parser, &["TABLE"]);
    }
    names(parser).map(Objects::Tables)
}
