//! One worker, drawn so that everything about them agrees.
//!
//! It is the row before it becomes Arrow. Invariant: city, state and area code belong together;
//! skills, certificates and pay come from the role; pay grows with years.

use super::cities::{CITIES, City};
use super::draw::Draw;
use super::names::{ORIGINS, ascii_letters};
use super::profile;
use super::roles::{self, Role};

/// Everything the generated columns hold for one worker.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) name: String,
    pub(crate) role: &'static Role,
    pub(crate) city: &'static City,
    pub(crate) status: &'static str,
    pub(crate) skills: Vec<&'static str>,
    pub(crate) certifications: Vec<&'static str>,
    pub(crate) years: u32,
    /// Cents an hour.
    pub(crate) rate: u32,
    pub(crate) email: String,
    pub(crate) phone: String,
    /// `None` where nothing was ever recorded, which is most workers.
    pub(crate) blacklisted_clients: Option<Vec<&'static str>>,
    pub(crate) profile: String,
}

/// Statuses in percent.
const STATUSES: &[(&str, u32)] =
    &[("active", 81), ("inactive", 9), ("on_leave", 5), ("pending", 3), ("suspended", 2)];

/// Clients a worker may not be sent to; all invented.
const CLIENTS: &[&str] = &[
    "Great Lakes Freight",
    "Summit Foods",
    "Harbor Point Logistics",
    "Redstone Fabrication",
    "Bluegrass Packaging",
    "Keystone Castings",
    "Lone Star Builders",
    "Cascade Medical Supply",
    "Prairie Plastics",
    "Liberty Hotel Group",
    "Delta Cold Storage",
    "Ironwood Manufacturing",
];

/// Domains reserved for examples (RFC 2606), so no address is anybody's.
const DOMAINS: &[&str] = &["example.com", "example.net", "example.org"];

impl Worker {
    /// The next worker of the stream; `number` counts from 1 and keeps addresses apart.
    ///
    /// `None` only when a table of names, cities or roles is empty.
    pub(crate) fn draw(draw: &mut Draw, number: u64) -> Option<Worker> {
        let family = draw.weighted(&roles::FAMILIES, |roles| roles.iter().map(|role| role.weight).sum())?;
        let role = draw.weighted(family, |role| role.weight)?;
        let city = draw.weighted(CITIES, |city| city.weight)?;
        let status = draw.weighted(STATUSES, |status| status.1)?.0;

        let origin = draw.weighted(ORIGINS, |origin| origin.weight)?;
        // Families mix: one name in eight comes from somewhere else.
        let family_origin =
            if draw.chance(12) { draw.weighted(ORIGINS, |origin| origin.weight)? } else { origin };
        let given = draw.word(origin.given);
        let surname = draw.word(family_origin.family);

        let years = years_of_experience(draw);
        let rate = hourly_rate(draw, role, years);
        let skill_count = draw.between(3, 5) as usize;
        let skills = draw.several(role.skills, skill_count);
        let certifications = certificates(draw, role, years);

        let email =
            format!("{}.{}{number}@{}", ascii_letters(given), ascii_letters(surname), draw.word(DOMAINS));
        let area_code = draw.pick(city.area_codes)?;
        // 555-0100 to 555-0199 are set aside for fiction in every area code.
        let phone = format!("+1-{area_code}-555-01{:02}", draw.below(100));
        let blacklisted_clients = blacklisted_clients(draw);
        let profile = profile::write(
            draw,
            &profile::Facts { given, role, city, years, skills: &skills, certifications: &certifications },
        );

        Some(Worker {
            name: format!("{given} {surname}"),
            role,
            city,
            status,
            skills,
            certifications,
            years,
            rate,
            email,
            phone,
            blacklisted_clients,
            profile,
        })
    }
}

/// Years at the trade, from 0 to 35, with more beginners than veterans.
fn years_of_experience(draw: &mut Draw) -> u32 {
    let first = draw.below(36);
    let second = draw.below(36);
    first.min(second)
}

/// Pay in cents within the role's range: two thirds of the way comes from experience, the rest from
/// the draw, in steps of five cents.
fn hourly_rate(draw: &mut Draw, role: &Role, years: u32) -> u32 {
    let (low, high) = role.pay;
    let span = high - low;
    let earned = span * 2 / 3 * years.min(20) / 20;
    let luck = draw.below(span / 3 + 1);
    (low + earned + luck) / 5 * 5
}

/// The licence that the role needs, and more of its certificates the longer at it.
fn certificates(draw: &mut Draw, role: &Role, years: u32) -> Vec<&'static str> {
    let (needed, others) = role.certifications.split_at(usize::from(role.licensed));
    let count = draw.below(2 + years.min(8) / 4) as usize;
    let mut held = needed.to_vec();
    held.extend(draw.several(others, count));
    held
}

fn blacklisted_clients(draw: &mut Draw) -> Option<Vec<&'static str>> {
    match draw.below(100) {
        0..88 => None,
        88..94 => Some(Vec::new()),
        94..99 => Some(draw.several(CLIENTS, 1)),
        _ => Some(draw.several(CLIENTS, 2)),
    }
}
