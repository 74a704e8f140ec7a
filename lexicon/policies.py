"""In which script words of each language are to be written. Pure: no Django, no I/O.

A policy maps languages (ISO 639), or `EVERY` for all of them, to scripts (ISO 15924). An empty one
is "as spoken": each language in the script that it is usually written in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lexicon.languages import language_code
from lexicon.scripts import SCRIPTS, script_code, usual_scripts_of

Policy = Mapping[str, str]

EVERY = "*"
# codes for what is told apart no further here
SAME_SCRIPT = {"Hans": "Hani", "Hant": "Hani", "Jpan": "Kana", "Kore": "Hang"}
AS_SPOKEN = ("", "spoken", "as spoken")
_ALLOWED = (
    "Allowed: empty for as spoken; one script for all, such as Latn; or a script for each language,"
    " such as hi=Deva, en=Latn."
)


def parse(text: str, languages: Sequence[str] = ()) -> dict[str, str]:
    """The policy that people write as `hi=Deva, en=Latn`, `Latn` or nothing.

    `languages` are those expected; with some, the policy may name no other. Raises ValueError,
    which says what is allowed.
    """
    if text.strip().lower() in AS_SPOKEN:
        return {}
    policy: dict[str, str] = {}
    for part in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*[=:]\s*", "=", text.strip()))):
        language, _, script = part.rpartition("=")
        code = _language(language, languages) if language else EVERY
        if code in policy:
            raise ValueError(f"The script policy names {code} twice. {_ALLOWED}")
        policy[code] = _script(script)
    if EVERY in policy and len(policy) > 1:
        raise ValueError(f"The script policy has a script without its language. {_ALLOWED}")
    return policy


def _language(text: str, languages: Sequence[str]) -> str:
    code = language_code(text)
    if languages and code not in languages:
        raise ValueError(
            f"The script policy names {code}, which is not among the languages expected: "
            f"{', '.join(languages)}."
        )
    return code


def _script(text: str) -> str:
    try:
        code = SAME_SCRIPT.get(script_code(text), script_code(text))
    except ValueError:
        code = ""
    if code not in (*SCRIPTS, "Kana"):
        raise ValueError(f"The script policy has “{text}”, which is no script known. {_ALLOWED}")
    return code


def written(policy: Policy) -> str:
    """As `parse` reads it."""
    if EVERY in policy:
        return policy[EVERY]
    return ", ".join(f"{language}={script}" for language, script in policy.items())


def scripts_for(language: str, policy: Policy) -> frozenset[str]:
    """Those in which its words may stand; empty where nobody knows."""
    script = policy.get(language) or policy.get(EVERY)
    if script == "Kana":  # Japanese has both
        return frozenset({"Hani", "Kana"})
    return frozenset({script}) if script else usual_scripts_of(language)
