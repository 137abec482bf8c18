//! `CREATE`, `ALTER` and `DROP` of a ROLE, USER or GROUP, said as statements on a ROLE.
//!
//! The parser reads CREATE USER as another database has it, and knows neither ENCRYPTED PASSWORD nor negative limits.

use datafusion::sql::sqlparser::ast::{
    AlterRoleOperation, CreateRole, Expr, Ident, ObjectName, ObjectType, Password, RoleOption, Statement,
    Value,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// The words for a role.
const NOUNS: [Keyword; 3] = [Keyword::ROLE, Keyword::USER, Keyword::GROUP];

/// The statement, if it is about roles. CREATE and ALTER ... SET are left to the parser where it reads them rightly.
pub(super) fn statement(parser: &mut Parser<'_>) -> Result<Option<Statement>, ParserError> {
    let begun = parser.maybe_parse(|parser| {
        let verb = parser.expect_one_of_keywords(&[Keyword::CREATE, Keyword::ALTER, Keyword::DROP])?;
        let noun = parser.expect_one_of_keywords(&NOUNS)?;
        Ok((verb, noun))
    })?;
    match begun {
        Some((Keyword::CREATE, noun)) => create(parser, noun).map(Some),
        Some((Keyword::ALTER, _)) => alter(parser).map(Some),
        Some(_) => drop(parser).map(Some),
        None => Ok(None),
    }
}

/// Goes to the statement's end.
fn skip(parser: &mut Parser<'_>) {
    while !matches!(parser.peek_token_ref().token, Token::SemiColon | Token::EOF) {
        parser.next_token();
    }
}

fn create(parser: &mut Parser<'_>, noun: Keyword) -> Result<Statement, ParserError> {
    let name = parser.parse_identifier()?;
    let _with = parser.parse_keyword(Keyword::WITH);
    let mut create = CreateRole {
        names: vec![ObjectName::from(vec![name])],
        if_not_exists: false,
        login: None,
        inherit: None,
        bypassrls: None,
        password: None,
        superuser: None,
        create_db: None,
        create_role: None,
        replication: None,
        connection_limit: None,
        valid_until: None,
        in_role: Vec::new(),
        in_group: Vec::new(),
        role: Vec::new(),
        user: Vec::new(),
        admin: Vec::new(),
        authorization_owner: None,
    };
    loop {
        if let Some(option) = option(parser)? {
            let twice = match option {
                RoleOption::BypassRLS(on) => create.bypassrls.replace(on).is_some(),
                RoleOption::ConnectionLimit(limit) => create.connection_limit.replace(limit).is_some(),
                RoleOption::CreateDB(on) => create.create_db.replace(on).is_some(),
                RoleOption::CreateRole(on) => create.create_role.replace(on).is_some(),
                RoleOption::Inherit(on) => create.inherit.replace(on).is_some(),
                RoleOption::Login(on) => create.login.replace(on).is_some(),
                RoleOption::Password(password) => create.password.replace(password).is_some(),
                RoleOption::Replication(on) => create.replication.replace(on).is_some(),
                RoleOption::SuperUser(on) => create.superuser.replace(on).is_some(),
                RoleOption::ValidUntil(until) => create.valid_until.replace(until).is_some(),
            };
            if twice {
                return Err(conflicting());
            }
        } else if parser.parse_keyword(Keyword::IN) {
            parser.expect_one_of_keywords(&[Keyword::ROLE, Keyword::GROUP])?;
            create.in_role.extend(names(parser)?);
        } else if parser.parse_one_of_keywords(&[Keyword::ROLE, Keyword::USER]).is_some() {
            create.role.extend(names(parser)?);
        } else if parser.parse_keyword(Keyword::ADMIN) {
            create.admin.extend(names(parser)?);
        } else {
            break;
        }
    }
    // That is all that tells a USER from a ROLE.
    create.login = create.login.or((noun == Keyword::USER).then_some(true));
    Ok(Statement::CreateRole(create))
}

fn alter(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    let name = parser.parse_identifier()?;
    if parser.parse_keywords(&[Keyword::RENAME, Keyword::TO]) {
        let operation = AlterRoleOperation::RenameRole { role_name: parser.parse_identifier()? };
        return Ok(Statement::AlterRole { name, operation });
    }
    let word = parser.peek_token_ref().to_string().to_uppercase();
    if ["SET", "RESET", "IN", "ADD", "DROP"].contains(&word.as_str()) {
        // What is not there is refused by name: the parser has no place for all of it.
        let all = Ident::new(word);
        skip(parser);
        return Ok(Statement::AlterRole {
            name,
            operation: AlterRoleOperation::AddMember { member_name: all },
        });
    }
    let _with = parser.parse_keyword(Keyword::WITH);
    let mut options: Vec<RoleOption> = Vec::new();
    while let Some(option) = option(parser)? {
        if options.iter().any(|known| std::mem::discriminant(known) == std::mem::discriminant(&option)) {
            return Err(conflicting());
        }
        options.push(option);
    }
    Ok(Statement::AlterRole { name, operation: AlterRoleOperation::WithOptions { options } })
}

fn drop(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
    let names = names(parser)?.into_iter().map(|name| ObjectName::from(vec![name])).collect();
    Ok(Statement::Drop {
        object_type: ObjectType::Role,
        if_exists,
        names,
        cascade: false,
        restrict: false,
        purge: false,
        temporary: false,
        table: None,
    })
}

fn names(parser: &mut Parser<'_>) -> Result<Vec<Ident>, ParserError> {
    parser.parse_comma_separated(Parser::parse_identifier)
}

fn conflicting() -> ParserError {
    ParserError::ParserError("conflicting or redundant options".to_string())
}

/// The next option, if there is one.
fn option(parser: &mut Parser<'_>) -> Result<Option<RoleOption>, ParserError> {
    let text = |parser: &mut Parser<'_>| {
        let text = parser.parse_literal_string()?;
        Ok::<_, ParserError>(Expr::value(Value::SingleQuotedString(text)))
    };
    let Token::Word(word) = &parser.peek_token_ref().token else { return Ok(None) };
    if word.quote_style.is_some() {
        return Ok(None);
    }
    let word = word.value.to_uppercase();
    let (said, on) = match word.strip_prefix("NO") {
        Some(said) => (said, false),
        None => (word.as_str(), true),
    };
    let option = match (said, on) {
        ("LOGIN", _) => RoleOption::Login(on),
        ("SUPERUSER", _) => RoleOption::SuperUser(on),
        ("INHERIT", _) => RoleOption::Inherit(on),
        ("CREATEDB", _) => RoleOption::CreateDB(on),
        ("CREATEROLE", _) => RoleOption::CreateRole(on),
        ("REPLICATION", _) => RoleOption::Replication(on),
        ("BYPASSRLS", _) => RoleOption::BypassRLS(on),
        ("CONNECTION" | "VALID" | "PASSWORD" | "ENCRYPTED", true) => {
            parser.next_token();
            return Ok(Some(match said {
                "CONNECTION" => {
                    parser.expect_keyword_is(Keyword::LIMIT)?;
                    let minus = parser.consume_token(&Token::Minus);
                    let number = parser.parse_number_value()?.value.to_string();
                    let number = if minus { format!("-{number}") } else { number };
                    RoleOption::ConnectionLimit(Expr::value(Value::Number(number, false)))
                }
                "VALID" => {
                    parser.expect_keyword_is(Keyword::UNTIL)?;
                    RoleOption::ValidUntil(text(parser)?)
                }
                _ => {
                    if said == "ENCRYPTED" {
                        parser.expect_keyword_is(Keyword::PASSWORD)?;
                    }
                    RoleOption::Password(if parser.parse_keyword(Keyword::NULL) {
                        Password::NullPassword
                    } else {
                        Password::Password(text(parser)?)
                    })
                }
            }));
        }
        _ => return Ok(None),
    };
    parser.next_token();
    Ok(Some(option))
}
