"""What normalising promises holds for all of Unicode, not only for examples."""

import random
import unicodedata

from lexicon.normalising import normalise, one_line, romanise

ODD = list("-'`_ \t\u00ad\u200d\u200b\ufeff’‑−ßİǰŉΐſςΣ´½ﬃ")
EVERYTHING = [
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")
]
MARKS = [letter for letter in EVERYTHING if unicodedata.combining(letter)]


def texts(count):
    """Of letters of all scripts, marks, and what is treated in its own way. Without the iota that
    is written below: its place among other marks is lost when it is folded to a letter."""
    random_ = random.Random(7)
    pools = (EVERYTHING, MARKS, ODD, list("abcdeéñ"))
    for _ in range(count):
        letters = (random_.choice(random_.choice(pools)) for _ in range(random_.randint(1, 6)))
        yield "".join(letters).replace("\u0345", "")


def test_twice_is_the_same_as_once():
    for text in (*EVERYTHING, *texts(30_000)):
        assert normalise(normalise(text)) == normalise(text), ascii(text)


def test_any_unicode_form_of_a_text_is_the_same():
    for text in texts(30_000):
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            other = unicodedata.normalize(form, text)
            assert normalise(other) == normalise(text), (form, ascii(text))


def test_capitals_are_the_same():
    for letter in EVERYTHING:
        if letter != "ı":  # whose capital is that of i
            for other in (letter.upper(), letter.lower(), letter.title()):
                assert normalise(other) == normalise(letter), ascii(letter)


def test_what_cannot_be_seen_does_not_count():
    assert normalise("Coumadin\u00ad forte\ufeff") == "coumadin forte"
    assert normalise("\u200eپارا\u200cستامول\u200f") == normalise("پاراستامول")
    assert normalise("क्\u200dष") == normalise("क्ष")
    assert normalise("❤\ufe0f") == normalise("❤")


def test_romanised_is_normalised_latin():
    for text, latin in (("Аспирин", "aspirin"), ("पैरासिटामोल", "pairasitamol"), ("北京", "beijing"),
                        ("Zürich-West", "zurich west"), ("アスピリン", "asupirin")):  # fmt: skip
        assert romanise(text) == latin
    for text in texts(3_000):
        assert romanise(text).isascii()
        assert romanise(romanise(text)) == romanise(text)


def test_a_term_is_on_one_line():
    assert one_line(" a\r\n\tb\u2028c\x85 d  e \n") == "a b c  d  e"
