//! What the workers do: about forty roles, each with the skills, certificates, tools, workplaces
//! and pay that fit it.
//!
//! It is a table, by family of work; it draws nothing. Invariant: a worker's skills and
//! certificates all come from the worker's own role.

mod care;
mod manufacturing;
mod service;
mod trades;
mod warehouse;

/// One role with everything a worker in it can have.
#[derive(Debug)]
pub(crate) struct Role {
    /// The title, as in the column `role`.
    pub(crate) name: &'static str,
    /// Lowest and highest hourly pay, in cents.
    pub(crate) pay: (u32, u32),
    /// How often the role is drawn, relative to the others.
    pub(crate) weight: u32,
    /// Skills; a worker has three to five of them.
    pub(crate) skills: &'static [&'static str],
    /// Certificates and licences; a worker has none to three of them.
    pub(crate) certifications: &'static [&'static str],
    /// Whether nobody works in the role without the first of the certificates.
    pub(crate) licensed: bool,
    /// Tools, machines and systems, as they read after "using".
    pub(crate) tools: &'static [&'static str],
    /// What the work is, as it reads after "spent the last year".
    pub(crate) work: &'static [&'static str],
    /// Workplaces, with their article.
    pub(crate) sites: &'static [&'static str],
}

/// The families in their fixed order: it decides what a seed means.
pub(crate) static FAMILIES: [&[Role]; 5] =
    [warehouse::ROLES, manufacturing::ROLES, trades::ROLES, service::ROLES, care::ROLES];

/// Every role, family after family.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static Role> {
    FAMILIES.iter().copied().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_about_forty_different_roles_from_forklift_operator_to_cnc_machinist() {
        let names: HashSet<_> = all().map(|role| role.name).collect();
        assert_eq!(names.len(), all().count());
        assert!((38..=46).contains(&names.len()), "{}", names.len());
        assert!(names.contains("Forklift Operator") && names.contains("CNC Machinist"));
    }

    #[test]
    fn each_role_has_enough_to_draw_from() {
        for role in all() {
            assert!(role.skills.len() >= 6, "{}", role.name);
            assert!(!role.certifications.is_empty(), "{}", role.name);
            assert!(role.tools.len() >= 3 && role.work.len() >= 3 && role.sites.len() >= 2, "{}", role.name);
            assert!(role.pay.0 >= 1_300 && role.pay.0 < role.pay.1 && role.pay.1 <= 9_000, "{}", role.name);
            let skills: HashSet<_> = role.skills.iter().collect();
            assert_eq!(skills.len(), role.skills.len(), "{}", role.name);
        }
    }
}
