//! Care for people: the roles of this family.
//!
//! A table only; [`super::Role`] says what each field means.

use super::Role;

/// The family's roles.
pub(crate) static ROLES: &[Role] = &[
    Role {
        name: "Certified Nursing Assistant",
        pay: (1_700, 2_600),
        weight: 7,
        skills: &[
            "patient care",
            "vital signs",
            "bathing and dressing",
            "transfers",
            "charting",
            "infection control",
        ],
        certifications: &["CNA License", "BLS for Healthcare Providers"],
        licensed: true,
        tools: &["a Hoyer lift", "a gait belt", "PointClickCare"],
        work: &["caring for twelve residents a shift", "taking vital signs", "helping patients walk again"],
        sites: &["a nursing home", "a rehabilitation hospital", "an assisted living community"],
    },
    Role {
        name: "Home Health Aide",
        pay: (1_500, 2_200),
        weight: 5,
        skills: &[
            "personal care",
            "meal preparation",
            "medication reminders",
            "mobility help",
            "companionship",
            "light housekeeping",
        ],
        certifications: &["HHA Certificate", "First Aid and CPR"],
        licensed: true,
        tools: &["a gait belt", "a blood pressure cuff", "a visit-logging app"],
        work: &["helping elders stay at home", "preparing meals", "accompanying clients to appointments"],
        sites: &["a home care agency", "a hospice", "clients' homes"],
    },
    Role {
        name: "Medical Assistant",
        pay: (1_750, 2_700),
        weight: 4,
        skills: &[
            "phlebotomy",
            "EKG",
            "rooming patients",
            "electronic health records",
            "injections",
            "sterilization",
        ],
        certifications: &["CMA (AAMA)", "BLS for Healthcare Providers", "Phlebotomy Technician"],
        licensed: false,
        tools: &["an EKG machine", "Epic", "an autoclave"],
        work: &["rooming thirty patients a day", "drawing blood", "giving vaccinations"],
        sites: &["a family practice", "an urgent care clinic", "a cardiology office"],
    },
];
