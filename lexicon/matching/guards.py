"""What is never touched, and which changes are never made unasked. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# numbers and what is counted: a wrong one is the worst that can happen to a dictation
_NUMBERS = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy "
    "eighty ninety hundred thousand million billion trillion half quarter third first second "
    "once twice thrice percent point dozen null eins zwei drei vier fünf sechs sieben acht "
    "neun zehn elf zwölf zwanzig hundert tausend uno dos tres cuatro cinco seis siete ocho "
    "nueve diez cien mil un deux trois quatre cinq six sept huit neuf dix cent mille"
)
_UNITS = _words(
    "mg mcg ug µg ml cl dl kg milligram milligrams microgram micrograms gram grams milliliter "
    "milliliters millilitre millilitres unit units mmol meq iu tablet tablets daily hourly "
    "bid tid qid prn"
)
_NEGATIONS = _words(
    "no not never none nothing nobody nor neither without cannot denies denied negative nicht "
    "kein keine keinen keiner nie niemals ohne weder ne pas jamais sans aucun aucune nunca ni "
    "sin ningún ninguna tampoco non mai senza nee niet geen nooit zonder"
)
_FILLERS = _words("uh um er erm hm hmm mm mhm ah äh ähm öh euh eh")
# what is told apart by letters
_LETTERED = _words(
    "vitamin hepatitis influenza type group class option plan part section point question figure "
    "table appendix exhibit schedule grade level stage phase category cohort arm building gate "
    "letter between"
)
# pairs of beginnings that turn a word into its opposite, or into another word of the trade
_OPPOSITES = (
    ("a", ""), ("an", ""), ("un", ""), ("in", ""), ("im", ""), ("ir", ""), ("il", ""), ("non", ""),
    ("dis", ""), ("de", ""), ("mis", ""), ("anti", ""), ("ab", "ad"), ("hypo", "hyper"),
    ("hypo", ""), ("hyper", ""), ("pre", "post"), ("intra", "inter"), ("intra", "infra"),
    ("inter", "infra"), ("macro", "micro"), ("sub", "super"), ("supra", "infra"), ("ante", "anti"),
    ("brady", "tachy"), ("oligo", "poly"), ("ex", "in"), ("endo", "exo"),
)  # fmt: skip
_SHORTEST_STEM = 4
INFLECTIONS = ("s", "es", "'s", "s'", "n", "en", "'")
_SPELLINGS = (("our", "or"), ("ae", "e"), ("oe", "e"), ("y", "i"), ("ise", "ize"), ("isi", "izi"),
              ("ence", "ense"), ("ph", "f"))  # fmt: skip
_VARIANT_ENDINGS = (("re", "er"), ("ette", "et"), ("ogue", "og"), ("ice", "ise"), ("'d", "d"),
                    ("ed", "d"), ("ey", "i"))  # fmt: skip
_ENDINGS = _words(
    "s es ed d ing er ers r rs ly y al ic ical n en e or ors ion ions able ible ment ness est "
    "ia ies ied ier ily ism ist ists ive ous"
) | {""}


@lru_cache(maxsize=200_000)
def untouchable(word: str) -> bool:
    """Whether a word of the transcript is a number, a unit, a negation or a sound of hesitation:
    those stay as heard."""
    return (
        word in _FILLERS
        or word in _NUMBERS
        or word in _UNITS
        or word in _NEGATIONS
        or word.endswith("n't")
        or any(letter.isdigit() for letter in word)
    )


_COUNTED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_DIGITS = {word: str(number) for number, word in enumerate(_COUNTED.split())}


def says_the_same(heard: Sequence[str], meant: Sequence[str]) -> bool:
    """Whether the numbers, units and negations are those of the other: "covid nineteen" and
    COVID-19, but not "two percent" and any name."""
    fixed = (
        [_DIGITS.get(word, word) for word in words if untouchable(word)] for words in (heard, meant)
    )
    return next(fixed) == next(fixed)


def lettered(word: str) -> bool:
    """Whether letters after this word are more likely several things' than one name's: "vitamins A
    and D" is no A&D."""
    return word in _LETTERED or word.removesuffix("s") in _LETTERED


def opposite(heard: str, meant: str) -> bool:
    """Whether two words differ by a beginning that changes what is said: febrile, afebrile."""
    if heard[-_SHORTEST_STEM:] != meant[-_SHORTEST_STEM:]:  # mostly
        return False
    for one, other in _OPPOSITES:
        for begins, becomes in ((one, other), (other, one)):
            rest = heard[len(begins) :]
            if heard.startswith(begins) and len(rest) >= _SHORTEST_STEM and meant == becomes + rest:
                return True
    return False


def inflected(word: str, term: str) -> bool:
    """Whether a word is the term, in whatever case or number: Culp, Culp's, Culps."""
    return word == term or (word.startswith(term) and word[len(term) :] in INFLECTIONS)


def same_stem(heard: str, meant: str) -> bool:
    """Whether two words are forms of one: anemic, anemia; priced, price."""
    if heard[:3] != meant[:3]:  # mostly
        return False
    shared = 0
    for one, other in zip(heard, meant, strict=False):
        if one != other:
            break
        shared += 1
    longer = max(len(heard), len(meant))
    for stem in (shared, shared - 1):
        enough = stem >= 3 and stem * 10 >= 5 * longer
        if enough and heard[stem:] in _ENDINGS and meant[stem:] in _ENDINGS:
            return True
    return False


def elided(heard: str, meant: str) -> bool:
    """Whether two words have the same letters but for an apostrophe, or an e that it stands for:
    fellows, fellow's; answered, answer'd. Given without apostrophes."""
    return heard == meant or (heard.endswith("ed") and heard[:-2] + "d" == meant)


def spelling_variant(heard: str, meant: str) -> bool:
    """Whether two words are one in two spellings: ardour, ardor; inquired, enquired; realise,
    realize; centre, center; smil'd, smiled."""
    return heard != meant and _plain(heard) == _plain(meant)


@lru_cache(maxsize=100_000)
def _plain(word: str) -> str:
    for written, plain in _SPELLINGS:
        word = word.replace(written, plain)
    if word.startswith("en"):
        word = "in" + word[2:]
    for ending, plain in _VARIANT_ENDINGS:
        if word.endswith(ending):
            word = word.removesuffix(ending) + plain
            break
    return re.sub(r"(.)\1", r"\1", word)
