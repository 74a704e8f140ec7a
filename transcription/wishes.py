"""What people and programs may wish of a recording. Each check raises JobRefused."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.files.base import File

from lexicon import policies
from lexicon.languages import language_code
from lexicon.prompting import LONGEST_TERM
from transcription import choosing
from transcription.engines import capabilities, in_force
from transcription.engines.base import Capabilities

MOST_LANGUAGES = 8
LONGEST_TITLE = 200
CHANNELS = ("auto", "mix", "separate")
LONGEST_PROMPT = 4_000
MOST_KEYWORDS = 100


class JobRefused(Exception):
    """The upload cannot become a job. `message` says what is wrong and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def choose_model(model: str) -> Capabilities:
    """The model's record, or its successor's after its shutdown."""
    try:
        record = in_force(capabilities(model), choosing.today())
    except ValueError as error:
        raise JobRefused("model_unknown", str(error)) from None
    if not choosing.reachable(record):
        raise JobRefused(
            "engine_not_configured",
            f"{record.label} needs a key. Set OPENAI_API_KEY (or OPENAI_BASE_URL for a server of "
            "your own), or choose pocketsphinx.",
        )
    return record


def check_options(channels: str, prompt: str, *, hints: bool, **wishes: bool) -> dict[str, Any]:
    if channels not in CHANNELS:
        raise JobRefused("channels_invalid", f"channels is one of: {', '.join(CHANNELS)}.")
    prompt = plain(prompt)
    if len(prompt) > LONGEST_PROMPT:
        raise JobRefused(
            "prompt_too_long",
            f"The prompt has {len(prompt):,} characters; {LONGEST_PROMPT:,} are the most.",
        )
    # what is as usual is left out: jobs from before there was a choice had the same wish
    rest = {"hints": False} if not hints else {}
    rest |= {name: True for name, wished in wishes.items() if wished}
    return {"channels": channels, "prompt": prompt} | rest


def check_keywords(keywords: Iterable[str]) -> dict[str, Any]:
    """As services want them, which refuse all where one is wrong; left out where there are none."""
    found = list(dict.fromkeys(text.strip() for text in keywords))
    if len(found) > MOST_KEYWORDS:
        raise JobRefused("keywords_invalid", f"Give at most {MOST_KEYWORDS} keywords.")
    for text in found:
        if not text or len(text) > LONGEST_TERM or plain(text) != text or set(text) & set("<>"):
            raise JobRefused(
                "keywords_invalid",
                f"A keyword is one line of 1 to {LONGEST_TERM} characters, without < and >.",
            )
    return {"keywords": found} if found else {}


def check_languages(languages: Iterable[str], record: Capabilities) -> list[str]:
    try:
        expected = list(dict.fromkeys(filter(None, map(language_code, languages))))
    except ValueError as error:
        raise JobRefused("language_invalid", str(error)) from None
    if len(expected) > MOST_LANGUAGES:
        raise JobRefused("language_invalid", f"Give at most {MOST_LANGUAGES} languages.")
    if record.languages and expected and not set(expected) <= set(record.languages):
        raise JobRefused(
            "language_not_supported",
            f"{record.label} understands only {', '.join(record.languages)}. Choose another "
            "model, or leave out the other languages.",
        )
    return expected


def check_policy(text: str, languages: Sequence[str]) -> dict[str, str]:
    try:
        return policies.parse(text, languages)
    except ValueError as error:
        raise JobRefused("script_policy_invalid", str(error)) from None


def check_budget(budget_usd: Decimal | None) -> Decimal | None:
    if budget_usd is not None and not 0 <= budget_usd < 1_000_000:
        raise JobRefused("budget_invalid", "The budget is a number of US dollars, 0 or more.")
    return budget_usd


def check_size(upload: File) -> None:
    if upload.size > settings.MAX_UPLOAD_MB * 1_000_000:
        raise JobRefused(
            "too_large",
            f"The file has {upload.size / 1e6:,.0f} MB; at most {settings.MAX_UPLOAD_MB:,} MB are "
            "taken. Send it in parts, or compressed (MP3, Opus).",
        )


def check_title(title: str) -> str:
    title = plain(title)
    if not title:
        raise JobRefused("title_invalid", "Give the recording a name.")
    if len(title) > LONGEST_TITLE:
        raise JobRefused("title_invalid", f"A name has at most {LONGEST_TITLE} characters.")
    return title


def plain(text: str) -> str:
    """One line that can be stored: without control characters and half characters."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return "".join(kept).strip()
