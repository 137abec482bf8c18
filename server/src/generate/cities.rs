//! Where the workers live: US cities with the state and the area codes that belong to each.
//!
//! It is a fixed table, not a gazetteer: the weights are rough shares of industrial and service
//! work. Invariant: a name appears once with its state, and every area code serves that city.

/// A city with what must agree with it.
#[derive(Debug)]
pub(crate) struct City {
    /// As written in an address.
    pub(crate) name: &'static str,
    /// Two-letter postal code of the state.
    pub(crate) state: &'static str,
    /// The state's name in full.
    pub(crate) state_name: &'static str,
    /// Telephone area codes that serve the city.
    pub(crate) area_codes: &'static [u16],
    /// How often the city is drawn, relative to the others.
    pub(crate) weight: u32,
}

const fn city(
    name: &'static str,
    state: &'static str,
    state_name: &'static str,
    area_codes: &'static [u16],
    weight: u32,
) -> City {
    City { name, state, state_name, area_codes, weight }
}

/// Every city, by state.
pub(crate) static CITIES: &[City] = &[
    city("Birmingham", "AL", "Alabama", &[205], 4),
    city("Mobile", "AL", "Alabama", &[251], 3),
    city("Phoenix", "AZ", "Arizona", &[480, 602, 623], 9),
    city("Tucson", "AZ", "Arizona", &[520], 4),
    city("Little Rock", "AR", "Arkansas", &[501], 3),
    city("Los Angeles", "CA", "California", &[213, 310, 323], 14),
    city("Fresno", "CA", "California", &[559], 5),
    city("Ontario", "CA", "California", &[909], 7),
    city("Sacramento", "CA", "California", &[916], 5),
    city("San Diego", "CA", "California", &[619, 858], 6),
    city("Oakland", "CA", "California", &[510], 5),
    city("Denver", "CO", "Colorado", &[303, 720], 6),
    city("Hartford", "CT", "Connecticut", &[860], 3),
    city("Wilmington", "DE", "Delaware", &[302], 2),
    city("Jacksonville", "FL", "Florida", &[904], 5),
    city("Miami", "FL", "Florida", &[305, 786], 7),
    city("Orlando", "FL", "Florida", &[321, 407], 6),
    city("Tampa", "FL", "Florida", &[813], 5),
    city("Atlanta", "GA", "Georgia", &[404, 470, 678], 10),
    city("Savannah", "GA", "Georgia", &[912], 4),
    city("Boise", "ID", "Idaho", &[208], 3),
    city("Chicago", "IL", "Illinois", &[312, 773], 14),
    city("Joliet", "IL", "Illinois", &[815], 5),
    city("Indianapolis", "IN", "Indiana", &[317], 8),
    city("Fort Wayne", "IN", "Indiana", &[260], 4),
    city("Des Moines", "IA", "Iowa", &[515], 3),
    city("Wichita", "KS", "Kansas", &[316], 3),
    city("Louisville", "KY", "Kentucky", &[502], 6),
    city("New Orleans", "LA", "Louisiana", &[504], 4),
    city("Baltimore", "MD", "Maryland", &[410, 443], 5),
    city("Boston", "MA", "Massachusetts", &[617, 857], 5),
    city("Worcester", "MA", "Massachusetts", &[508], 3),
    city("Detroit", "MI", "Michigan", &[313], 10),
    city("Grand Rapids", "MI", "Michigan", &[616], 6),
    city("Flint", "MI", "Michigan", &[810], 3),
    city("Minneapolis", "MN", "Minnesota", &[612], 5),
    city("Jackson", "MS", "Mississippi", &[601, 769], 3),
    city("Kansas City", "MO", "Missouri", &[816], 6),
    city("St. Louis", "MO", "Missouri", &[314], 5),
    city("Omaha", "NE", "Nebraska", &[402, 531], 4),
    city("Las Vegas", "NV", "Nevada", &[702, 725], 7),
    city("Reno", "NV", "Nevada", &[775], 4),
    city("Newark", "NJ", "New Jersey", &[862, 973], 7),
    city("Albuquerque", "NM", "New Mexico", &[505], 3),
    city("New York", "NY", "New York", &[212, 646, 917], 10),
    city("Buffalo", "NY", "New York", &[716], 4),
    city("Charlotte", "NC", "North Carolina", &[704, 980], 6),
    city("Greensboro", "NC", "North Carolina", &[336], 4),
    city("Cleveland", "OH", "Ohio", &[216], 6),
    city("Columbus", "OH", "Ohio", &[614], 8),
    city("Toledo", "OH", "Ohio", &[419], 4),
    city("Oklahoma City", "OK", "Oklahoma", &[405], 4),
    city("Portland", "OR", "Oregon", &[503, 971], 5),
    city("Philadelphia", "PA", "Pennsylvania", &[215, 267], 7),
    city("Allentown", "PA", "Pennsylvania", &[484, 610], 6),
    city("Pittsburgh", "PA", "Pennsylvania", &[412], 4),
    city("Greenville", "SC", "South Carolina", &[864], 5),
    city("Memphis", "TN", "Tennessee", &[901], 8),
    city("Nashville", "TN", "Tennessee", &[615], 6),
    city("Dallas", "TX", "Texas", &[214, 469, 972], 12),
    city("Houston", "TX", "Texas", &[281, 713, 832], 11),
    city("San Antonio", "TX", "Texas", &[210], 6),
    city("Laredo", "TX", "Texas", &[956], 4),
    city("Salt Lake City", "UT", "Utah", &[385, 801], 5),
    city("Norfolk", "VA", "Virginia", &[757], 4),
    city("Seattle", "WA", "Washington", &[206], 5),
    city("Tacoma", "WA", "Washington", &[253], 4),
    city("Milwaukee", "WI", "Wisconsin", &[414], 5),
];
