"""Script policies as people write them; what is wrong is refused with what is allowed."""

from __future__ import annotations

import pytest

from lexicon.policies import parse, scripts_for, written


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", {}),
        ("as spoken", {}),
        ("Latn", {"*": "Latn"}),
        ("hi=Deva, en=Latn", {"hi": "Deva", "en": "Latn"}),
        (" HI : deva;en = latn ", {"hi": "Deva", "en": "Latn"}),
        ("zh=Hant", {"zh": "Hani"}),
        ("ja=Jpan", {"ja": "Kana"}),
    ],
)
def test_ways_to_write_it(text, policy):
    assert parse(text, ["hi", "en", "zh", "ja"]) == policy
    assert parse(written(policy)) == policy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fr=Latn", "names fr, which is not among the languages expected: hi, en"),
        ("qq=Latn", "“qq” is not known"),
        ("hi=Roman", "“Roman”, which is no script known. Allowed: "),
        ("hi=Deva, hi=Latn", "names hi twice"),
        ("hi=Deva, Latn", "a script without its language"),
    ],
)
def test_what_is_wrong_is_told(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text, ["hi", "en"])


def test_the_scripts_of_a_language():
    assert scripts_for("hi", {}) == {"Deva"}
    assert scripts_for("hi", {"hi": "Latn"}) == {"Latn"}
    assert scripts_for("hi", {"*": "Latn"}) == {"Latn"}
    assert scripts_for("ja", {"ja": "Kana"}) == {"Hani", "Kana"}
