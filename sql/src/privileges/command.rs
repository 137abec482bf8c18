//! GRANT, REVOKE, REASSIGN OWNED, DROP OWNED and ALTER LARGE OBJECT as they are written.

use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName};

/// A statement of these.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// GRANT and REVOKE of privileges.
    Privileges {
        grant: bool,
        /// Of a REVOKE, whether only the right to give them on goes.
        only_option: bool,
        wanted: Wanted,
        objects: Objects,
        roles: Vec<RoleSpec>,
        /// Of a GRANT, whether the roles may give them on.
        with_option: bool,
        granted_by: Option<RoleSpec>,
        cascade: bool,
    },
    /// GRANT and REVOKE of membership.
    Membership {
        grant: bool,
        /// Of a REVOKE, whether only the right to make others members goes.
        only_option: bool,
        roles: Vec<Ident>,
        members: Vec<RoleSpec>,
        with_option: bool,
        granted_by: Option<RoleSpec>,
        cascade: bool,
    },
    Reassign {
        from: Vec<RoleSpec>,
        to: RoleSpec,
    },
    DropOwned {
        roles: Vec<RoleSpec>,
        cascade: bool,
    },
    /// ALTER LARGE OBJECT ... OWNER TO.
    LargeObjectOwner {
        oid: u64,
        to: RoleSpec,
    },
    /// What is not there, by its name.
    Refused(String),
}

/// The privileges that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    /// By their words, and whether columns were named.
    Named(Vec<(Ident, bool)>),
}

/// What they are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Objects {
    /// Tables and views; by the old form sequences, too.
    Tables(Vec<ObjectName>),
    Sequences(Vec<ObjectName>),
    Schemas(Vec<Ident>),
    Databases(Vec<Ident>),
    AllTables(Vec<Ident>),
    AllSequences(Vec<Ident>),
    /// Of a kind that is not there.
    Refused(String),
}

/// A role as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoleSpec {
    Named(Ident),
    Current,
    Session,
    Public,
}

impl Command {
    /// What stands for it among sqlparser's statements.
    pub(crate) fn marker(&self) -> ast::Statement {
        let privileges = ast::Privileges::All { with_privileges_keyword: false };
        let revokes = match self {
            Self::Privileges { grant, .. } | Self::Membership { grant, .. } => !grant,
            Self::Reassign { .. }
            | Self::DropOwned { .. }
            | Self::LargeObjectOwner { .. }
            | Self::Refused(_) => false,
        };
        if revokes {
            return ast::Statement::Revoke(ast::Revoke {
                privileges,
                objects: None,
                grantees: Vec::new(),
                granted_by: None,
                cascade: None,
            });
        }
        ast::Statement::Grant(ast::Grant {
            privileges,
            objects: None,
            grantees: Vec::new(),
            with_grant_option: false,
            as_grantor: None,
            granted_by: None,
            current_grants: None,
        })
    }

    /// What PostgreSQL answers when it is done.
    pub(crate) fn tag(&self) -> &'static str {
        match self {
            Self::Privileges { grant: true, .. } => "GRANT",
            Self::Privileges { grant: false, .. } => "REVOKE",
            Self::Membership { grant: true, .. } => "GRANT ROLE",
            Self::Membership { grant: false, .. } => "REVOKE ROLE",
            Self::Reassign { .. } => "REASSIGN OWNED",
            Self::DropOwned { .. } => "DROP OWNED",
            Self::LargeObjectOwner { .. } => "ALTER LARGE OBJECT",
            Self::Refused(_) => "",
        }
    }
}
