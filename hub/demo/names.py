"""Where invented people get their names, addresses and numbers. All of it is made up.

Town and streets are in Testshire; postcodes are in area ZZ, which Royal Mail does not use; NHS numbers are from the
999 range, which is never issued (NHS Digital, "test data"); telephones are from Ofcom's drama range 01632 960xxx.
"""

from __future__ import annotations

from collections.abc import Iterator

GIRLS = (
    "Amelia", "Aisha", "Zofia", "Grace", "Chloe", "Fatima", "Isla", "Priya", "Ruby", "Hanna", "Ellie", "Mariam",
    "Poppy", "Ngozi", "Daisy", "Simran", "Freya", "Ines", "Lola", "Mei", "Evie", "Yasmin", "Keira", "Adaeze", "Rosie",
    "Katya", "Willow", "Leyla", "Florence", "Tanisha",
)  # fmt: skip
BOYS = (
    "Oliver", "Mohammed", "Jakub", "Jayden", "Arjun", "Noah", "Kofi", "Tyler", "Ibrahim", "Finley", "Mateusz", "Harvey",
    "Samuel", "Hamza", "Callum", "Ravi", "Leo", "Emeka", "Alfie", "Yusuf", "Dylan", "Wei", "Archie", "Omar", "Reece",
    "Nikhil", "Toby", "Andrei", "Joshua", "Malachi",
)  # fmt: skip
WOMEN = (
    "Karen", "Samina", "Agnieszka", "Louise", "Donna", "Nasreen", "Emma", "Sunita", "Kelly", "Magdalena", "Rachel",
    "Folake", "Stacey", "Harpreet", "Joanne", "Maria", "Lisa", "Ling", "Gemma", "Rukhsana",
)  # fmt: skip
MEN = (
    "Darren", "Imran", "Piotr", "Gary", "Rajesh", "Paul", "Kwame", "Lee", "Tariq", "Craig", "Tomasz", "Stephen",
    "Chinedu", "Mark", "Gurdeep", "Wayne", "Joao", "Neil", "Jun", "Shahid",
)  # fmt: skip
SURNAMES = (
    "Ashdown", "Begum", "Kowalska", "Hargreave", "Patel", "Okonkwo", "Thistlewood", "Khan", "Nowak", "Barraclough",
    "Singh", "Mensah", "Cartwright-Hale", "Hussain", "Wisniewski", "Pemberton", "Sharma", "Adeyemi", "Fernsby", "Ali",
    "Lewandowski", "Birtwhistle", "Kaur", "Boateng", "Ogden", "Chowdhury", "Popescu", "Radcliffe-Moore", "Ferreira",
    "Zhang", "Tattersall", "Mahmood", "O'Rourke", "Whitlow",
)  # fmt: skip
STREETS = (
    "Tannery Lane", "Orchard Rise", "Bobbin Street", "Weir Road", "St Aldith's Close", "Quarry Hill",
    "Larkfield Avenue", "Old Mill Court", "Station Parade", "Kiln Walk", "Heron Drive", "Chapel Fold",
    "Brickfield Way", "Sorrel Gardens",
)  # fmt: skip
TOWNS = ("Testshire", "North Testshire", "Testshire Vale")
SCHOOLS = (
    "Larkfield Primary School", "St Aldith's Primary School", "Weir Road Primary Academy", "Quarry Hill High School",
    "Testshire Vale Academy", "Bobbin Street Nursery",
)  # fmt: skip
GP_PRACTICES = (
    ("Z99001", "Weir Road Surgery"),
    ("Z99002", "Larkfield Health Centre"),
    ("Z99003", "Old Mill Medical Practice"),
    ("Z99004", "Quarry Hill Surgery"),
)
SOCIAL_WORKERS = (
    ("Bridget Farrow", "Assessment Team 1"),
    ("Dele Akintola", "Assessment Team 2"),
    ("Harriet Sowerby", "Safeguarding Team North"),
    ("Manjit Bains", "Safeguarding Team South"),
    ("Colm Devaney", "Children Looked After Team"),
    ("Ewa Zielinska", "Children with Disabilities Team"),
)
HEALTH_WORKERS = (
    ("Nadia Rahim", "Health visitor", "01632 960 141"),
    ("Pauline Osgood", "School nurse", "01632 960 142"),
    ("Tunde Bello", "Community paediatrician", "01632 960 143"),
)
OFFICERS = (
    ("DC 4417 Lorna Petrie", "Officer in the case", "Child Protection Unit", "01632 960 151"),
    ("PC 2093 Anil Desai", "Neighbourhood officer", "Weir Road Neighbourhood Team", "01632 960 152"),
    ("DS 1186 Owen Prosser", "Supervisor", "Missing from Home Team", "01632 960 153"),
)


def nhs_numbers(first: int) -> Iterator[str]:
    """NHS numbers with right check digits from ``first`` up, a nine-digit stem in the 999 range.

    Source: NHS Data Dictionary, "NHS NUMBER": modulus 11; a check value of 10 is never issued.
    """
    stem = first
    while True:
        digits = f"{stem:09d}"
        total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True))
        check = (11 - total % 11) % 11
        if check != 10:
            yield f"{digits}{check}"
        stem += 1


def telephones() -> Iterator[str]:
    """Telephone numbers of Ofcom's drama range for invented people (posts at agencies have 01632 960 1xx)."""
    number = 200
    while True:
        yield f"01632 960 {number:03d}"
        number = number + 1 if number < 999 else 200
