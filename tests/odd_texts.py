"""Texts of many scripts and directions, as they must come through everything unchanged."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

SINGLE = (
    "aßЖщ\u05d0\u05b8\u0634\u064f\u0640ก중漢かーﾊ1٣२ '’-&.,…？。،؟\u200d\u200c\u202b\u2067\u2069🙂ǅ"
)
CLUSTERS = ["e\u0301", "é", "กำ", "नि", "क्ष", "क्‍ष", "1\ufe0f\u20e3", "👩\u200d⚕️", "ﷺ", "가", "가"]
BLANKS = [" ", " ", " ", "\u00a0", "\u202f", "\u3000", "  ", "\n", "\t"]

LETTERS = st.sampled_from([*SINGLE.replace(" ", ""), *CLUSTERS])
# what joins or marks a letter does not begin a word
FIRST = LETTERS.filter(lambda letter: unicodedata.category(letter[0]) not in ("Mn", "Cf"))
WORDS = st.tuples(FIRST, st.lists(LETTERS, max_size=7).map("".join)).map("".join)
TEXTS = (
    st.lists(st.tuples(WORDS, st.sampled_from(BLANKS)), min_size=1, max_size=12)
    .map(lambda pairs: "".join(word + blank for word, blank in pairs).strip())
    .filter(bool)
)

# one for each way in which a text may be damaged
NASTY = {
    "composed": "Gen\u00e8ve, caf\u00e9",
    "decomposed": "Gene\u0300ve, cafe\u0301",
    "devanagari": "डॉक्टर ने क्‍षमा माँगी, नि:शुल्क",
    "arabic": "قالَ الطَّبيبُ كِتـــاب: نعم (14)",
    "hebrew": "שָׁלוֹם, הרופא אמר 3.5 mg ביום",
    "isolates": "the \u2067שלום\u2069 and \u202bعربي\u202c text",
    "han": "我们用Python写code。第２条",
    "thai": "หมอบอกว่าน้ำหนักลด 3 กก.",
    "french": "Quoi\u00a0? «\u202fOui\u202f», dit-il\u00a0!",
    "emoji": "good 👍🏽 👩\u200d⚕️ 🇩🇪 1\ufe0f\u20e3",
    "persian": "می\u200cروم به خانه\u200cها",
    "wide": "ＡＢＣ ｶﾞ ﷺ ﬁn",
    "blanks": "one  two\u3000three\tfour",
    "lines": "first\nsecond",
    "markup": "a < b & c > d \"e\" 'f' <b>g</b>",
}
