"""Names that are one name: short forms, and spellings no rule would find.

Written for this project and kept small. What is *not* here matters more than what is: Mia is not listed under Amelia,
Ella under Isabella, nor Jack under John, for today they are names of their own, and twins are given such pairs.
"""

from __future__ import annotations

NICKNAMES: dict[str, str] = {
    "abigail": "abbie abby abi gail",
    "alexander": "al alec alex lex sandy sasha xander",
    "alexandra": "alex lexi lexie sandra sasha",
    "alfred": "alf alfie fred freddie",
    "andrew": "andy drew",
    "anthony": "ant tony",
    "archibald": "archie",
    "arthur": "art artie",
    "benjamin": "ben benji benjy benny",
    "cameron": "cam",
    "catherine": "cat cath cathy kat kate katie kitty",
    "charles": "charley charlie chaz chuck",
    "charlotte": "charlie lottie lotty",
    "christina": "chris chrissie tina",
    "christine": "chris chrissie tina",
    "christopher": "chris kit topher",
    "daniel": "dan danny",
    "danielle": "dani danni",
    "david": "dave davey davy",
    "dominic": "dom",
    "dorothy": "dot dottie",
    "edward": "ed eddie ned ted teddy",
    "eleanor": "ellie nell nellie nora",
    "elizabeth": "beth betty eliza libby lizzie lizzy liz",
    "emily": "em emmie",
    "evelyn": "evie",
    "ezekiel": "zeke",
    "florence": "flo flora florrie flossie",
    "francesca": "fran frankie chess",
    "francis": "frank frankie",
    "frederick": "fred freddie freddy",
    "gabriel": "gabe",
    "gabrielle": "gabby gaby",
    "george": "georgie",
    "georgina": "georgie gina",
    "gregory": "greg",
    "harold": "harry",
    "harriet": "hattie",
    "henry": "harry hal",
    "isaac": "ike zac zak",
    "isabella": "bella izzy",
    "isabelle": "belle izzy",
    "jacob": "jake",
    "james": "jamie jim jimmy",
    "jennifer": "jen jenna jennie jenny",
    "jessica": "jess jessie",
    "jonathan": "jon jonny",
    "joseph": "joe joey",
    "joshua": "josh",
    "katherine": "kat kate kath kathy katie kitty",
    "kimberley": "kim",
    "lawrence": "larry laurie",
    "leonard": "len lenny leo",
    "leonardo": "leo",
    "louis": "lou",
    "louise": "lou",
    "madeleine": "maddie maddy",
    "madison": "maddie maddy",
    "margaret": "greta maggie marge meg peggy",
    "matilda": "mattie tilda tillie tilly",
    "matthew": "matt matty",
    "maximilian": "max",
    "megan": "meg",
    "michael": "mick micky mike mikey",
    "mohammed": "mo",
    "natalie": "nat",
    "natasha": "nat tash tasha",
    "nathan": "nat nate",
    "nathaniel": "nat nate",
    "nicholas": "nick nicky",
    "nicola": "nicky nikki",
    "oliver": "ollie olly",
    "olivia": "liv livvy",
    "oscar": "ossie",
    "patricia": "pat patty tricia trish",
    "patrick": "paddy pat",
    "penelope": "penny",
    "peter": "pete",
    "philip": "phil pip",
    "philippa": "pippa pip",
    "rebecca": "becca becky",
    "reginald": "reg reggie",
    "richard": "dick rich richie rick ricky",
    "robert": "bob bobby rob robbie",
    "ronald": "ron ronnie",
    "rosemary": "rosie",
    "samantha": "sam sammy",
    "samuel": "sam sammy",
    "sebastian": "seb",
    "stephanie": "steph",
    "stephen": "steve stevie",
    "susan": "sue susie suzie",
    "theodora": "dora thea",
    "theodore": "ted teddy theo",
    "thomas": "tom tommy",
    "timothy": "tim timmy",
    "tobias": "toby",
    "valentina": "val tina",
    "victoria": "tori vicky",
    "vincent": "vinnie vince",
    "william": "bill billy will willie wills",
    "yusuf": "joe yus",
    "zachary": "zac zach zack zak",
}
"""A name, and the short forms it is known by. Two short forms of one name are alike, not the same."""

SPELLINGS: tuple[str, ...] = (
    "aimee amy",
    "aisha aysha ayesha aishah aiesha",
    "ahmed ahmad achmed",
    "abdallah abdullah abdulla",
    "alastair alasdair alistair alister",
    "ali aly",
    "caitlin kaitlin kaitlyn katelyn",
    "catherine katherine kathryn katharine catharine",
    "chloe khloe",
    "ciara keira kiera kira",
    "connor conor konnor",
    "eoin owen eoghan",
    "fatima fatimah fatema fathima",
    "geoffrey jeffrey",
    "grainne grania",
    "hussain hussein husain husayn hossain",
    "ibrahim ebrahim",
    "imogen imogene",
    "isabelle isabel isobel",
    "ismail ismael esmail",
    "jonathan jonathon johnathan",
    "lewis louis",
    "lucas lukas",
    "maryam mariam maryum meryem",
    "michal mihal",
    "mohammed muhammad mohamed mohammad muhammed mohamad muhamad muhamed mohd md",
    "musa moosa mousa",
    "niamh neve",
    "nicholas nicolas nikolas",
    "omar umar omer umer",
    "philip phillip",
    "piotr pyotr",
    "rhys reece reese",
    "saoirse sersha",
    "sean shaun shawn",
    "shevaun siobhan",
    "sofia sophia zofia",
    "stephen steven stefan",
    "sulayman suleiman suleyman sulaiman",
    "tomos tomas thomas",
    "yusuf yousef youssef yousuf yusef",
    "zainab zaynab zeinab",
)
"""Spellings of one name."""

_FORMAL: dict[str, frozenset[str]] = {}
for _formal, _short_forms in NICKNAMES.items():
    for _short in _short_forms.split():
        _FORMAL[_short] = _FORMAL.get(_short, frozenset()) | {_formal}

_SPELLING: dict[str, frozenset[int]] = {}
for _number, _spellings in enumerate(SPELLINGS):
    for _name in _spellings.split():
        _SPELLING[_name] = _SPELLING.get(_name, frozenset()) | {_number}

_NONE: frozenset[str] = frozenset()
_NO_SPELLING: frozenset[int] = frozenset()


def are_spellings(a: str, b: str) -> bool:
    """Whether ``a`` and ``b`` (normalised) are listed as spellings of one name."""
    return not _SPELLING.get(a, _NO_SPELLING).isdisjoint(_SPELLING.get(b, _NO_SPELLING))


def is_short_for(a: str, b: str) -> bool:
    """Whether one of ``a`` and ``b`` is a short form of the other, or of a listed spelling of it."""
    return _shortens(a, b) or _shortens(b, a)


def share_a_formal_name(a: str, b: str) -> bool:
    """Whether both are short forms of one name, as Beth and Libby are: alike, and yet two sisters' names."""
    return not _FORMAL.get(a, _NONE).isdisjoint(_FORMAL.get(b, _NONE))


def _shortens(short: str, name: str) -> bool:
    formal = _FORMAL.get(short, _NONE)
    return name in formal or any(are_spellings(name, one) for one in formal)
