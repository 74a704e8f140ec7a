"""The keys of the desk: how they are written, which can be had, and whose is which."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.keys import (
    ACTIONS,
    BY_NAME,
    FIXED,
    GROUPS,
    Keys,
    canonical,
    check,
    friendly,
    of,
    refusal,
    remapped,
)

DEFAULTS = {action.name: action.default for action in ACTIONS}
ANY_KEY = st.one_of(
    st.text(max_size=20),
    st.sampled_from([*DEFAULTS.values(), "", "F11", "Ctrl+W", "a", "Shift+Ä", "Ctrl+Space"]),
    st.builds(
        lambda modifiers, key: "".join(sorted(modifiers)) + key,
        st.sets(st.sampled_from(["Ctrl+", "Alt+", "Shift+", "Meta+"])),
        st.sampled_from(["F13", "F14", "K", "g", "+", "Insert", "End", "ß", "Pause"]),
    ),
)


def test_the_defaults_can_all_be_had_and_are_written_as_they_are_stored():
    assert check({}) == {}
    assert check(DEFAULTS) == {}
    assert of({}) == DEFAULTS
    assert len(set(DEFAULTS.values())) == len(ACTIONS)
    assert all(canonical(key) == key for key in DEFAULTS.values())
    assert not {key for key, _ in FIXED} & set(DEFAULTS.values())
    assert {action.group for action in ACTIONS} == set(GROUPS)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("F8", "F8"),
        ("ctrl+enter", "Ctrl+Enter"),
        (" Shift + Control + l ", "Ctrl+Shift+L"),
        ("alt+pgdn", "Alt+PageDown"),
        ("esc", "Escape"),
        ("Cmd+ö", "Meta+Ö"),
        ("Option+↑", "Alt+ArrowUp"),
        ("Ctrl++", "Ctrl++"),
        ("Shift+Ctrl++", "Ctrl+Shift++"),
        ("+", "+"),
        ("Ctrl+ß", "Ctrl+ß"),
        ("Ctrl+р", "Ctrl+Р"),
        ("  ", ""),
    ],
)
def test_keys_are_stored_in_one_way_however_they_were_written(written, stored):
    assert canonical(written) == stored


@pytest.mark.parametrize(
    "written",
    [
        *("Ctrl", "Ctrl+", "Ctrl+Ctrl+K", "Hyper+K", "F0", "F25", "Enter Enter", "AltGraph"),
        *("Dead", "Process", "Unidentified", "\x00", "Ctrl+\x00", "Ctrl+\n", "K" * 5000, "ab"),
    ],
)
def test_what_is_no_key_is_told(written):
    assert canonical(written) is None
    (sentence,) = check({"accept": written}).values()
    assert sentence.startswith("Accept the segment, go to the next: “")
    assert "is not a key. Write one such as F8" in sentence
    assert len(sentence) < 250


@pytest.mark.parametrize(
    ("key", "why"),
    [
        *((key, "types a character") for key in ("a", "7", "?", "Shift+A", "+", "й", "字")),
        # a character on a Mac, and with AltGr on Windows
        *((key, "types a character") for key in ("Alt+L", "Ctrl+Alt+E", "Alt+Shift+I")),
        *((key, "always moves the focus") for key in ("Tab", "Shift+Tab", "Ctrl+Tab")),
        *((key, "needed for writing") for key in ("Enter", "Backspace", "Delete", "Home", "End")),
        *((key, "needed for writing") for key in ("ArrowLeft", "Shift+ArrowUp", "Ctrl+ArrowLeft")),
        *((key, "needed for writing") for key in ("Shift+Enter", "Space", "Ctrl+C", "Meta+Z")),
        *((key, "needed for writing") for key in ("Alt+ArrowLeft", "PageUp", "Ctrl+Backspace")),
        *((key, "the browser") for key in ("Ctrl+W", "ctrl+t", "Meta+N", "Ctrl+1", "Ctrl+9")),
        *((key, "the browser") for key in ("Ctrl+P", "Ctrl+S", "F5", "F11", "F12", "Shift+F5")),
        *((key, "the browser") for key in ("Ctrl+Shift+I", "Ctrl+PageUp", "Ctrl++")),
        *((key, "the system") for key in ("Alt+F4", "Ctrl+Alt+Delete", "Shift+F10")),
        ("Ctrl+Space", "always plays and pauses"),
    ],
)
def test_keys_that_cannot_be_had_are_told(key, why):
    (sentence,) = check({"accept": key}).values()
    assert sentence.startswith("Accept the segment, go to the next: ")
    assert why in sentence
    assert sentence.endswith("Choose another key.")


@pytest.mark.parametrize(
    "key", ["F13", "Ctrl+K", "Meta+K", "Alt+Insert", "Ctrl+Shift+Ö", "MediaPlayPause", "Pause", ""]
)
def test_keys_that_can_be_had(key):
    assert check({"accept": key}) == {}
    assert of({"accept": key})["accept"] == key


def test_one_key_for_two_actions_is_told_at_both():
    assert check({"accept": "F8"}) == {
        "accept": "Accept the segment, go to the next: F8 is also the key of “next mark”. "
        "Choose another one here or there.",
        "next_mark": "Next mark: F8 is also the key of “accept the segment, go to the next”. "
        "Choose another one here or there.",
    }
    three = check({"back": "f13", "forward": "F13", "find": " F13"})
    assert three.keys() == {"back", "forward", "find"}
    assert "“forward 1.5 s” and “find and replace”" in three["back"]


def test_two_keys_may_be_exchanged_and_an_empty_one_is_no_conflict():
    assert check({"accept": "F8", "next_mark": "Ctrl+Enter"}) == {}
    assert check({"accept": "", "next_mark": ""}) == {}


def test_what_the_desk_cannot_do_is_told():
    assert check({"dance": "F13"}) == {"dance": "“dance” is nothing that the desk can do."}


def test_only_what_differs_from_the_defaults_is_stored():
    assert remapped(DEFAULTS | {"accept": "ctrl+k", "help": "", "find": "ctrl+h"}) == {
        "accept": "Ctrl+K",
        "help": "",
    }


def test_a_stored_key_that_cannot_be_used_any_more_falls_back():
    stored = {"accept": "F11", "find": 7, "play": None, "replay": "nonsense", "gone": "F13"}
    assert of(stored) == DEFAULTS


def test_a_default_that_was_given_to_another_action_is_no_key_of_its_own():
    assert of({"accept": "F8"}) == DEFAULTS | {"accept": "F8", "next_mark": ""}


def test_of_two_actions_with_the_same_stored_key_one_has_it():
    found = of({"back": "F13", "forward": "F13"})
    assert (found["back"], found["forward"]) == ("F13", "F2")


@given(st.dictionaries(st.sampled_from(list(BY_NAME)), ANY_KEY))
def test_whatever_is_stored_each_action_has_a_key_of_its_own_or_none(stored):
    found = of(stored)
    assert found.keys() == BY_NAME.keys()
    keys = [key for key in found.values() if key]
    assert len(set(keys)) == len(keys)
    assert not any(refusal(key) for key in keys)


@given(st.dictionaries(st.sampled_from(list(BY_NAME)), ANY_KEY))
def test_what_was_found_right_comes_back_as_it_was_stored(wished):
    if not check(wished):
        stored = remapped(wished)
        assert of(stored) == DEFAULTS | {name: canonical(key) for name, key in wished.items()}


@given(ANY_KEY)
def test_a_name_is_its_own_name(text):
    key = canonical(text)
    if key:
        assert canonical(key) == key
        assert canonical(friendly(key)) == key


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("Escape", "Esc"),
        ("Alt+PageDown", "Alt+PgDn"),
        ("Ctrl+Enter", "Ctrl+Enter"),
        ("Alt+ArrowUp", "Alt+↑"),
        ("Shift+Meta+K", "Shift+Cmd+K"),
        ("Ctrl++", "Ctrl++"),
        ("", ""),
    ],
)
def test_keys_are_shown_in_short(key, shown):
    assert friendly(key) == shown


def test_all_keys_are_listed_for_people_and_for_the_script():
    keys = Keys(of({"accept": "F13", "help": ""}))
    assert json.loads(keys.json) == of({"accept": "F13", "help": ""})
    lines = {line.says: line.key for _, lines in keys.groups for line in lines}
    assert lines["accept the segment, go to the next"] == "F13"
    assert lines["show all keys"] == ""
    assert lines["split the segment at the caret"] == "Enter"
    assert lines.keys() >= {action.says for action in ACTIONS}
