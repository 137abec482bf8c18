//! The scenarios, and how often each is drawn.

use rand::Rng;

/// What a client does in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Scenario {
    ColdSearchEmail,
    SurgeFillValidate,
    ProfileSwap,
    RepeatCache,
    SmsValidate,
    PlaybookRecordReplay,
}

use Scenario::{
    ColdSearchEmail, PlaybookRecordReplay, ProfileSwap, RepeatCache, SmsValidate, SurgeFillValidate,
};

impl Scenario {
    /// All of them, each with its share in percent.
    pub(super) const ALL: [(Scenario, u32); 6] = [
        (ColdSearchEmail, 35),
        (SurgeFillValidate, 15),
        (ProfileSwap, 15),
        (RepeatCache, 15),
        (SmsValidate, 10),
        (PlaybookRecordReplay, 10),
    ];

    /// As reports name it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            ColdSearchEmail => "cold_search_email",
            SurgeFillValidate => "surge_fill_validate",
            ProfileSwap => "profile_swap",
            RepeatCache => "repeat_cache",
            SmsValidate => "sms_validate",
            PlaybookRecordReplay => "playbook_record_replay",
        }
    }

    /// One of them, by their shares.
    pub(super) fn draw(random: &mut impl Rng) -> Scenario {
        let mut drawn = random.random_range(0..100);
        for (scenario, share) in Self::ALL {
            if drawn < share {
                return scenario;
            }
            drawn -= share;
        }
        PlaybookRecordReplay
    }

    /// Its place in [`Self::ALL`].
    pub(super) const fn place(self) -> usize {
        match self {
            ColdSearchEmail => 0,
            SurgeFillValidate => 1,
            ProfileSwap => 2,
            RepeatCache => 3,
            SmsValidate => 4,
            PlaybookRecordReplay => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn shares_are_of_a_hundred_and_places_are_those_of_the_list() {
        assert_eq!(Scenario::ALL.iter().map(|(_, share)| share).sum::<u32>(), 100);
        for (place, (scenario, _)) in Scenario::ALL.iter().enumerate() {
            assert_eq!(scenario.place(), place);
        }
    }

    #[test]
    fn what_is_drawn_has_the_shares() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut drawn = [0_u32; 6];
        for _ in 0..100_000 {
            drawn[Scenario::draw(&mut random).place()] += 1;
        }
        for ((_, share), drawn) in Scenario::ALL.iter().zip(drawn) {
            assert!(drawn.abs_diff(share * 1000) < 600, "{drawn} of {share} %");
        }
    }
}
