//! What the workers are called: given and family names by origin, and their spelling in ASCII.
//!
//! The names are common ones, combined at random; they stand for nobody. Invariant: every letter
//! outside ASCII in these lists is known to [`ascii_letters`], so e-mail addresses stay plain.

/// Given and family names that are usual together.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Given names.
    pub(crate) given: &'static [&'static str],
    /// Family names.
    pub(crate) family: &'static [&'static str],
    /// How often the origin is drawn, relative to the others.
    pub(crate) weight: u32,
}

/// Every origin.
pub(crate) static ORIGINS: &[Origin] = &[
    Origin {
        given: &[
            "James", "Mary", "Michael", "Jennifer", "Robert", "Linda", "David", "Susan", "William",
            "Jessica", "Thomas", "Sarah", "Daniel", "Karen", "Matthew", "Nancy", "Brian", "Emily", "Kevin",
            "Megan", "Tyler", "Amanda", "Scott", "Rachel", "Cody", "Heather", "Wayne", "Brenda", "Dale",
            "Tiffany",
        ],
        family: &[
            "Smith", "Johnson", "Miller", "Davis", "Wilson", "Anderson", "Taylor", "Moore", "Martin",
            "Thompson", "White", "Clark", "Lewis", "Walker", "Hall", "Young", "King", "Wright", "Hill",
            "Baker", "Nelson", "Carter", "Mitchell", "Turner", "Parker", "Collins", "Bailey", "Cooper",
            "Sullivan", "Fisher",
        ],
        weight: 30,
    },
    Origin {
        given: &[
            "Darnell", "Keisha", "Marcus", "Latoya", "Andre", "Ebony", "Terrence", "Monique", "Jamal",
            "Tamika", "Malik", "Imani", "DeShawn", "Aaliyah", "Reggie", "Shanice", "Tyrone", "Destiny",
            "Isaiah", "Nia",
        ],
        family: &[
            "Williams",
            "Brown",
            "Jones",
            "Jackson",
            "Harris",
            "Robinson",
            "Washington",
            "Jefferson",
            "Coleman",
            "Booker",
            "Freeman",
            "Gaines",
            "Hawkins",
            "Banks",
            "Dorsey",
            "Mosley",
            "Pettway",
            "Singleton",
            "Broussard",
            "Greene",
        ],
        weight: 16,
    },
    Origin {
        given: &[
            "José",
            "María",
            "Luis",
            "Guadalupe",
            "Juan",
            "Ana",
            "Carlos",
            "Rosa",
            "Miguel",
            "Lucía",
            "Jesús",
            "Elena",
            "Ramón",
            "Sofía",
            "Andrés",
            "Yolanda",
            "Héctor",
            "Marisol",
            "Diego",
            "Alejandra",
            "Óscar",
            "Ximena",
            "Rubén",
            "Itzel",
            "Joaquín",
        ],
        family: &[
            "García",
            "Rodríguez",
            "Martínez",
            "Hernández",
            "López",
            "González",
            "Pérez",
            "Sánchez",
            "Ramírez",
            "Torres",
            "Flores",
            "Rivera",
            "Gómez",
            "Díaz",
            "Reyes",
            "Morales",
            "Cruz",
            "Ortiz",
            "Gutiérrez",
            "Chávez",
            "Ramos",
            "Vásquez",
            "Castillo",
            "Núñez",
            "Peña",
        ],
        weight: 24,
    },
    Origin {
        given: &[
            "Minh", "Linh", "Tuan", "Huong", "Wei", "Mei", "Jun", "Xiu", "Hao", "Yan", "Ji-woo", "Min-jun",
            "Seo-yeon", "Kenji", "Yuki", "Thanh", "Lan", "Duc", "Ling", "Tou",
        ],
        family: &[
            "Nguyen", "Tran", "Le", "Pham", "Chen", "Wang", "Li", "Zhang", "Liu", "Kim", "Park", "Choi",
            "Tanaka", "Sato", "Vang", "Xiong", "Huang", "Wu", "Hoang", "Lee",
        ],
        weight: 8,
    },
    Origin {
        given: &[
            "Amit", "Priya", "Rahul", "Anjali", "Sanjay", "Deepa", "Vikram", "Sunita", "Arjun", "Kavita",
            "Gurpreet", "Harjit", "Imran", "Farah", "Bilal", "Nusrat", "Suresh", "Lakshmi", "Bikash", "Sita",
        ],
        family: &[
            "Patel",
            "Singh",
            "Sharma",
            "Kumar",
            "Gupta",
            "Reddy",
            "Khan",
            "Ahmed",
            "Kaur",
            "Nair",
            "Desai",
            "Iyer",
            "Chowdhury",
            "Malik",
            "Thapa",
            "Gurung",
            "Rao",
            "Joshi",
            "Hossain",
            "Gill",
        ],
        weight: 7,
    },
    Origin {
        given: &[
            "Omar", "Fatima", "Hassan", "Layla", "Yusuf", "Amina", "Ali", "Zainab", "Khalid", "Noor",
            "Tariq", "Mariam", "Samir", "Hala", "Nabil", "Rania", "Abdi", "Hodan", "Karim", "Salma",
        ],
        family: &[
            "Haddad", "Mansour", "Saleh", "Nasser", "Ibrahim", "Hassan", "Abdullah", "Farah", "Mohamud",
            "Khoury", "Aziz", "Hamdan", "Rahimi", "Karimi", "Sayed", "Barakat", "Warsame", "Jaber",
            "Darwish", "Hosseini",
        ],
        weight: 6,
    },
    Origin {
        given: &[
            "Chinedu",
            "Amara",
            "Kwame",
            "Abena",
            "Oluwaseun",
            "Ngozi",
            "Kofi",
            "Adaeze",
            "Tendai",
            "Makena",
            "Emeka",
            "Folake",
            "Sekou",
            "Aissatou",
            "Tesfaye",
            "Selam",
            "Jean-Claude",
            "Espérance",
            "Babatunde",
            "Wanjiru",
        ],
        family: &[
            "Okafor", "Mensah", "Adeyemi", "Boateng", "Eze", "Diallo", "Traoré", "Tesfaye", "Bekele",
            "Mwangi", "Otieno", "Nkosi", "Moyo", "Balogun", "Owusu", "Kamara", "Sesay", "Mbeki", "Ndiaye",
            "Abebe",
        ],
        weight: 5,
    },
    Origin {
        given: &[
            "Piotr",
            "Agnieszka",
            "Andrzej",
            "Katarzyna",
            "Ivan",
            "Olena",
            "Dmytro",
            "Svetlana",
            "Jan",
            "Ewa",
            "Bogdan",
            "Ioana",
            "Marko",
            "Jelena",
            "Zoran",
            "Mirela",
            "Sergei",
            "Natalia",
            "Tomasz",
            "Zuzana",
        ],
        family: &[
            "Kowalski",
            "Nowak",
            "Wiśniewski",
            "Wójcik",
            "Kovalenko",
            "Shevchenko",
            "Petrov",
            "Ivanov",
            "Popescu",
            "Ionescu",
            "Novák",
            "Horvat",
            "Jovanović",
            "Marković",
            "Hodžić",
            "Kaminski",
            "Zieliński",
            "Bondarenko",
            "Sokolov",
            "Dvořák",
        ],
        weight: 6,
    },
    Origin {
        given: &[
            "Rowena", "Arnel", "Marites", "Rodel", "Jocelyn", "Dante", "Leilani", "Keoni", "Malia", "Sione",
            "Tavita", "Mele", "Kai", "Luz", "Rogelio", "Cherry",
        ],
        family: &[
            "Santos",
            "Bautista",
            "Dela Cruz",
            "Villanueva",
            "Mendoza",
            "Aquino",
            "Kealoha",
            "Kahale",
            "Tuiasosopo",
            "Fonoti",
            "Salonga",
            "Manalo",
            "Pacheco",
            "Tupou",
            "Magsaysay",
            "Ocampo",
        ],
        weight: 4,
    },
    Origin {
        given: &[
            "Jacques",
            "Élodie",
            "Marie-Ange",
            "Wilner",
            "Roseline",
            "Jean",
            "Guerline",
            "Frantz",
            "Tiago",
            "Beatriz",
            "João",
            "Luana",
            "Rafael",
            "Mirlande",
            "Thiago",
            "Nadège",
        ],
        family: &[
            "Jean-Baptiste",
            "Pierre",
            "Joseph",
            "Toussaint",
            "Desrosiers",
            "Silva",
            "Souza",
            "Oliveira",
            "Pereira",
            "Almeida",
            "Charles",
            "Dorvil",
            "Fontaine",
            "Araújo",
            "Conceição",
            "Beaulieu",
        ],
        weight: 4,
    },
];

/// The name in lower-case ASCII letters and digits, as it stands in an e-mail address.
pub(crate) fn ascii_letters(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        let plain = match letter {
            'á' | 'ã' | 'Á' => 'a',
            'ç' | 'ć' => 'c',
            'é' | 'è' | 'É' => 'e',
            'í' => 'i',
            'ñ' | 'ń' => 'n',
            'ó' | 'Ó' => 'o',
            'ř' => 'r',
            'ś' => 's',
            'ú' | 'ü' => 'u',
            'ž' => 'z',
            other => other.to_ascii_lowercase(),
        };
        if plain.is_ascii_alphanumeric() {
            out.push(plain);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_every_name_survives_into_ascii() {
        for origin in ORIGINS {
            for name in origin.given.iter().chain(origin.family) {
                let letters = name.chars().filter(|c| c.is_alphanumeric()).count();
                assert_eq!(ascii_letters(name).len(), letters, "{name}");
            }
        }
    }

    #[test]
    fn accents_and_hyphens_are_spelled_plainly() {
        assert_eq!(ascii_letters("José"), "jose");
        assert_eq!(ascii_letters("Jean-Baptiste"), "jeanbaptiste");
        assert_eq!(ascii_letters("Dela Cruz"), "delacruz");
    }
}
