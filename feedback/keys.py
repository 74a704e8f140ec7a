"""The keys of the review desk: which action each one does, and which keys can do none.

A key is written as its modifiers, in the order Ctrl+, Alt+, Shift+, Meta+, and then the browser's
own name of it (KeyboardEvent.key), letters as capitals and the blank as Space: F8, Alt+PageDown,
Ctrl+Shift+L. static/js/keys.js names what is pressed in the same way. Empty: the action has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

PLAYING, MOVING, EDITING = "Playing", "Moving", "Editing"
MARKS, REVIEW, ALWAYS = "Marks and lexicon", "Review", "Always"


@dataclass(frozen=True)
class Action:
    """Something that a key does. `says` is a fragment of a sentence, for people."""

    name: str
    says: str
    group: str
    default: str

    @property
    def label(self) -> str:
        return self.says[0].upper() + self.says[1:]


ACTIONS = (
    Action("play", "play, pause", PLAYING, "Escape"),
    Action("back", "back 1.5 s", PLAYING, "F1"),
    Action("forward", "forward 1.5 s", PLAYING, "F2"),
    Action("slower", "slower", PLAYING, "F3"),
    Action("faster", "faster", PLAYING, "F4"),
    Action("replay", "replay the segment", PLAYING, "F6"),
    Action("loop", "loop the segment", PLAYING, "Shift+F6"),
    Action("previous", "previous segment", MOVING, "Alt+PageUp"),
    Action("next", "next segment", MOVING, "Alt+PageDown"),
    Action("next_mark", "next mark", MOVING, "F8"),
    Action("previous_mark", "previous mark", MOVING, "Shift+F8"),
    Action("follow", "back to what is playing", MOVING, "Alt+End"),
    Action("inaudible", "mark as inaudible", EDITING, "Shift+F7"),
    Action(
        "nothing_said", "nothing is said here: empty the segment", EDITING, "Ctrl+Shift+Backspace"
    ),
    Action("speaker", "name the speaker", EDITING, "Ctrl+I"),
    Action("insert", "insert a segment after this one", EDITING, "Alt+Enter"),
    Action("start_earlier", "segment starts 0.1 s earlier", EDITING, "Shift+F1"),
    Action("start_later", "segment starts 0.1 s later", EDITING, "Shift+F2"),
    Action("end_earlier", "segment ends 0.1 s earlier", EDITING, "Shift+F3"),
    Action("end_later", "segment ends 0.1 s later", EDITING, "Shift+F4"),
    Action("older", "the text before the last change", EDITING, "Alt+ArrowUp"),
    Action("newer", "the text after that change again", EDITING, "Alt+ArrowDown"),
    Action("find", "find and replace", EDITING, "Ctrl+H"),
    Action(
        "turn",
        "take the suggestion, or undo the lexicon's change, at the mark; "
        "with two versions: take theirs",
        MARKS,
        "F9",
    ),
    Action("language", "set the language of the word or selection", MARKS, "Shift+F9"),
    Action("add_term", "add the selection to the lexicon", MARKS, "Ctrl+Shift+L"),
    Action("accept", "accept the segment, go to the next", REVIEW, "Ctrl+Enter"),
    Action("keep_mine", "with two versions: keep mine", REVIEW, "F7"),
    Action("submit", "submit the review", REVIEW, "Ctrl+Shift+Enter"),
    Action("help", "show all keys", REVIEW, "F10"),
)
BY_NAME = {action.name: action for action in ACTIONS}
GROUPS = (PLAYING, MOVING, EDITING, MARKS, REVIEW)
# what is done whatever the user chose
FIXED = (
    ("Ctrl+Space", "play, pause"),
    ("Enter", "split the segment at the caret"),
    ("Backspace", "at the start of a segment: merge it with the one before"),
    ("Tab", "move the focus"),
    ("?", "show all keys, outside the text"),
)

# --- Names of keys ---------------------------------------------------------------------------

MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")
ALSO_MODIFIERS = {"control": "Ctrl", "option": "Alt", "cmd": "Meta", "command": "Meta"}
ARROWS = ("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight")
PAGES = ("PageUp", "PageDown")
NAMED = (
    *("Escape", "Enter", "Tab", "Space", "Backspace", "Delete", "Insert", "Home", "End"),
    *(*PAGES, *ARROWS, "Pause", "ScrollLock"),
    *(f"F{n}" for n in range(1, 25)),
    *("MediaPlayPause", "MediaStop", "MediaTrackNext", "MediaTrackPrevious"),
)
SHORT = {
    "Escape": "Esc",
    "PageUp": "PgUp",
    "PageDown": "PgDn",
    "Delete": "Del",
    "Insert": "Ins",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "Meta": "Cmd",
}
BY_WORD = {name.lower(): name for name in NAMED} | {
    short.lower(): name for name, short in SHORT.items() if name in NAMED
}
BY_MODIFIER = {name.lower(): name for name in MODIFIERS} | ALSO_MODIFIERS
LONGEST = 60  # characters of what may be meant as a key


def canonical(text: str) -> str | None:
    """The key as it is stored, however a person wrote it ("alt + pgdn"); None where it is none."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return None if text else ""
    before, _, last = text.rpartition("+")
    if text == "+" or text.endswith("++"):  # the key of that sign
        before, last = text[:-2], "+"
    modifiers = [BY_MODIFIER.get(each.strip().lower(), "") for each in before.split("+") if before]
    key = _key(last.strip())
    if not key or "" in modifiers or len(set(modifiers)) < len(modifiers):
        return None
    return "+".join([*(each for each in MODIFIERS if each in modifiers), key])


def _key(word: str) -> str:
    named = BY_WORD.get(word.lower(), "")
    if named or len(word) != 1 or not word.isprintable():
        return named
    return word.upper() if len(word.upper()) == 1 else word


def friendly(key: str) -> str:
    """For people: Esc, Alt+PgDn. Empty where there is no key."""
    modifiers, last = _parts(key)
    return "+".join(SHORT.get(each, each) for each in (*modifiers, last))


def _parts(key: str) -> tuple[list[str], str]:
    """Modifiers and what is pressed with them, of a key as it is stored."""
    if key.endswith("+"):
        return key[:-1].split("+")[:-1], "+"
    *modifiers, last = key.split("+")
    return modifiers, last


# --- Keys that can do nothing else -----------------------------------------------------------


def _with(keys: tuple[str, ...], *modifiers: str) -> tuple[str, ...]:
    return tuple(f"{modifier}{key}" for modifier in modifiers for key in keys)


TYPES = "types a character. Hold Ctrl with it, and no Alt"
# why not -> keys. What the browser would let us have is refused too where people live by it.
REFUSED = {
    "always plays and pauses": ("Ctrl+Space",),
    "always moves the focus": _with(
        ("Tab",), "", "Shift+", "Ctrl+", "Ctrl+Shift+", "Alt+", "Alt+Shift+", "Meta+"
    ),
    "is needed for writing": (
        *_with(("Enter", "Backspace", "Delete", "Space", *PAGES), "", "Shift+"),
        *_with((*ARROWS, "Home", "End"), "", "Shift+", "Ctrl+", "Ctrl+Shift+", "Meta+"),
        *_with((*ARROWS, "Home", "End"), "Shift+Meta+"),
        *_with(("ArrowLeft", "ArrowRight"), "Alt+", "Alt+Shift+"),
        *_with(("Backspace", "Delete"), "Ctrl+", "Alt+", "Meta+"),
        *_with(("A", "C", "V", "X", "Y", "Z"), "Ctrl+", "Meta+"),
        *_with(("V", "Z"), "Ctrl+Shift+", "Shift+Meta+"),
        *_with(("Insert",), "Ctrl+", "Shift+"),
    ),
    "belongs to the browser": (
        *_with(tuple("LNPQRSTW0123456789+-="), "Ctrl+", "Meta+"),
        *_with(tuple("CIJKNPQRTW"), "Ctrl+Shift+", "Shift+Meta+"),
        *_with(("F5",), "", "Ctrl+", "Shift+", "Ctrl+Shift+"),
        *_with(PAGES, "Ctrl+", "Ctrl+Shift+"),
        *("F11", "F12", "Ctrl+F4", "Ctrl+Shift+Delete", "Shift+Meta+Backspace"),
    ),
    "belongs to the system": (
        *("Alt+F4", "Shift+F10", "Alt+Space", "Meta+Space", "Ctrl+Escape", "Alt+Escape"),
        *("Meta+Escape", "Ctrl+Shift+Escape", "Ctrl+Alt+Delete", "Ctrl+Alt+Backspace"),
        *("Ctrl+Shift+U", "Meta+H", "Meta+M", "Meta+,"),
        *(f"Ctrl+Alt+F{n}" for n in range(1, 13)),
    ),
}
WHY_NOT = {key: why for why, keys in REFUSED.items() for key in keys}


def refusal(key: str) -> str:
    """Why a key, as it is stored, can do nothing at the desk; empty where it can."""
    modifiers, last = _parts(key)
    # with Alt it is a character on a Mac, and with Ctrl and Alt where Windows has an AltGr
    if len(last) == 1 and ("Alt" in modifiers or not {"Ctrl", "Meta"} & set(modifiers)):
        return TYPES
    return WHY_NOT.get(key, "")


# --- A user's keys ---------------------------------------------------------------------------


def check(wished: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a user's keys (action -> key), as action -> sentence; actions that are
    not named keep their defaults."""
    every = {action.name: action.default for action in ACTIONS} | dict(wished)
    users: dict[str, list[str]] = {}
    for name in filter(BY_NAME.__contains__, every):
        users.setdefault(canonical(every[name]) or "", []).append(name)
    users.pop("", None)
    found = {name: _wrong(name, text, users) for name, text in every.items()}
    return {name: sentence for name, sentence in found.items() if sentence}


def _wrong(name: str, text: str, users: Mapping[str, list[str]]) -> str:
    if name not in BY_NAME:
        return f"“{name[:LONGEST]}” is nothing that the desk can do."
    key, label = canonical(text), BY_NAME[name].label
    if key is None:
        return (
            f"{label}: “{text[:LONGEST]}” is not a key. "
            "Write one such as F8 or Ctrl+Enter, or leave the field empty."
        )
    if why := refusal(key):
        return f"{label}: {key} {why}. Choose another key."
    others = [BY_NAME[other].says for other in users.get(key, ()) if other != name]
    if others:
        listed = " and ".join(f"“{says}”" for says in others)
        return f"{label}: {key} is also the key of {listed}. Choose another one here or there."
    return ""


def remapped(wished: Mapping[str, str]) -> dict[str, str]:
    """What is to be stored of keys that are right: those that are not the defaults."""
    found = {name: canonical(text) or "" for name, text in wished.items()}
    return {name: key for name, key in found.items() if key != BY_NAME[name].default}


def of(stored: Mapping[str, object]) -> dict[str, str]:
    """Each action's key: what was stored, else the default. What cannot be used (any more) counts
    as not stored, and a default that the user gave to another action is no key of its own."""
    own: dict[str, str] = {}
    for action in ACTIONS:
        key = _usable(stored.get(action.name))
        if key is not None and not (key and key in own.values()):
            own[action.name] = key
    taken = set(own.values())
    return {
        action.name: own.get(action.name, "" if action.default in taken else action.default)
        for action in ACTIONS
    }


def _usable(stored: object) -> str | None:
    key = canonical(stored) if isinstance(stored, str) else None
    return None if key is None or refusal(key) else key


def members(group: str) -> list[Action]:
    return [action for action in ACTIONS if action.group == group]


@dataclass(frozen=True)
class Line:
    """A key and what it does, for people. `key` may be empty."""

    key: str
    says: str


@dataclass(frozen=True)
class Keys:
    """A user's keys, for templates and for the script of the page."""

    of_action: dict[str, str]

    @cached_property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """All keys under their headings, those that are fixed last."""
        own = [
            (group, [Line(friendly(self.of_action[a.name]), a.says) for a in members(group)])
            for group in GROUPS
        ]
        return [*own, (ALWAYS, [Line(friendly(key), says) for key, says in FIXED])]

    @property
    def json(self) -> str:
        """Action -> key."""
        return json.dumps(self.of_action)
