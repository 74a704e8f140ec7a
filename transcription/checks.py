"""What looks wrong with an engine's answer to one chunk. Pure: no Django, no I/O.

Nothing here changes a text: a finding is a reason to ask again (`HELPED_BY` tells how), to prefer
another answer (`severity`), or to have a person listen. In doubt nothing is said: a mark that is
often wrong is soon ignored.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from math import prod

from transcription import invented, language_checks
from transcription.findings import Circumstances, Finding, finding, words_within
from transcription.spoken import Spoken, Token, tokens_of

# What may cure an answer: asking again without prompt and keywords, in smaller pieces, or another
# model. Each try is paid for, so what hardly helps is left out.
HELPED_BY: dict[str, frozenset[str]] = {
    "hole": frozenset({"without_prompt", "smaller", "other_model"}),
    "cap": frozenset({"smaller"}),
    "loop": frozenset({"without_prompt", "smaller", "other_model"}),
    "echo": frozenset({"without_prompt"}),
    "silence": frozenset({"other_model"}),
    "script": frozenset({"without_prompt", "without_languages", "other_model"}),
    # some settle on one language a request
    "language": frozenset({"without_languages", "smaller", "other_model"}),
    "translated": frozenset({"without_prompt", "without_languages", "smaller", "other_model"}),
    "romanised": frozenset({"without_prompt", "without_languages", "other_model"}),
    "credits": frozenset({"other_model"}),
}

# --- Too little text ----------------------------------------------------------------------------

# A speaker's rate over some seconds stays within about half and twice their usual one; energy
# also counts music, applause and breathing as speech. So it is worth asking again below the first
# share, which happens by itself to one chunk in fifty; and only far less than half is a hole for
# certain, where another answer has no more words (see `lasting`). As many seconds are needed as
# make one long "hm" or jingle unlikely to explain it.
HOLE_SHARE = 0.6
HOLE_FOR_CERTAIN = 0.4
AS_LONG = 0.15  # answers whose lengths differ by less say that nothing is missing in one of them
HOLE_KNOWN_MS = 8_000
# Of a recording of which nothing is known: the slowest dictation has about one word a second.
HOLE_RATE = 0.5
HOLE_UNKNOWN_MS = 10_000
COMMON_RATE = 2.0  # what to expect then; only for telling how much is missing
EMPTY_MS = 3_000  # a cough or a slammed door is shorter
CAP_SHARE = 0.98  # some count the last, unsent token, some do not


def hole(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """Far fewer words than the speech must have had."""
    seconds = c.speech_ms / 1000
    if not answer.units:
        if c.speech_ms >= EMPTY_MS:
            reason = f"There is no text for {seconds:.0f} s that sound like speech. Listen to it."
            yield Finding("hole", reason, 1.0)
        return
    least = HOLE_SHARE * c.usual_rate if c.usual_rate else HOLE_RATE
    shortest = HOLE_KNOWN_MS if c.usual_rate else HOLE_UNKNOWN_MS
    if c.speech_ms >= shortest and answer.units < least * seconds:
        count = max(1, round(answer.units))
        words = "1 word" if count == 1 else f"{count} words"
        reason = f"Words may be missing here: {words} in {seconds:.0f} s of speech. Listen to it."
        yield Finding("hole", reason, 1 - answer.units / seconds / (c.usual_rate or COMMON_RATE))


def cap(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """As much text as the model can write: the rest is lost without a word."""
    if not c.output_tokens or not c.most_output_tokens:
        return
    if c.output_tokens >= CAP_SHARE * c.most_output_tokens:
        end = len(answer.text.split())
        reason = "The engine had no room to write more. Add what is said after the last word."
        yield Finding("cap", reason, 0.5, max(0, end - 1), end)


# --- The same again and again -------------------------------------------------------------------

LONGEST_PERIOD = 24  # tokens: two sentences, or one in a script without blanks
# People say a word some ten times ("no no no", laughter, "la la la"), a short sentence three or
# four times, a long one hardly twice.
FEWEST_REPEATS = 3
MORE_REPEATS = 9  # divided by the words that are repeated
NUMBER_FACTOR = 2  # dictated numbers have long runs of zeros
# Whisper's own limit is 2.4 on UTF-8, where scripts of two or three bytes a character compress
# better, as do long texts: so this takes one byte a character and windows of the text. Reports full
# of figures reach 2.5; a long sentence said three times has more than 2.6.
COMPRESSION = 2.6
COMMON_COMPRESSION = 1.8  # of such a window of speech; only for telling how much is repeated
WINDOW = 600  # characters, half a minute or more
SHORTEST_WINDOW = 200


def loop(answer: Spoken, _: Circumstances) -> Iterator[Finding]:
    """Words repeated as people do not: in a row, or with small changes."""
    found = False
    for first, end, period in _loops(answer.tokens):
        found = True
        reason = "The engine repeated itself here. Keep what is really said; listen to it."
        again = sum(token.units for token in answer.tokens[first + period : end])
        yield finding(answer, "loop", reason, first, end, again)
    if not found:
        yield from _monotony(answer.text)


def _loops(tokens: tuple[Token, ...]) -> list[tuple[int, int, int]]:
    """First token, end and period of each loop, none overlapping; the longest, then those of
    the shortest period, go first."""
    texts = [token.text for token in tokens]
    runs = [run for period in range(1, LONGEST_PERIOD + 1) for run in _runs(texts, period)]
    chosen: list[tuple[int, int, int]] = []
    for first, end, period in sorted(runs, key=lambda run: (run[0] - run[1], run[2])):
        repeated = tokens[first : first + period]
        fewest = FEWEST_REPEATS + MORE_REPEATS / sum(token.units for token in repeated)
        if all(token.text.isdigit() for token in repeated):
            fewest *= NUMBER_FACTOR
        if (end - first) // period >= round(fewest) and all(
            end <= other or first >= other_end for other, other_end, _ in chosen
        ):
            chosen.append((first, end, period))
    return sorted(chosen)


def _runs(texts: list[str], period: int) -> Iterator[tuple[int, int, int]]:
    """Stretches of tokens, each the same as the one `period` before, with that first period."""
    at = 0
    same = (left == right for left, right in zip(texts, texts[period:], strict=False))
    for equal, group in groupby(same):
        length = sum(1 for _ in group)
        if equal and length >= period * (FEWEST_REPEATS - 1):
            yield at, at + period + length, period
        at += length


def _monotony(text: str) -> Iterator[Finding]:
    """The window of the text that compresses best, if better than speech does."""
    starts = range(0, max(1, len(text) - WINDOW // 2), WINDOW // 2)
    ratio, start = max((_compression(text[at : at + WINDOW]), at) for at in starts)
    if ratio > COMPRESSION:
        first, end = words_within(text, start, min(len(text), start + WINDOW))
        reason = "The engine may have repeated itself here. Listen to it."
        share = min(1.0, WINDOW / len(text)) * (1 - COMMON_COMPRESSION / ratio)
        yield Finding("loop", reason, share, first, end)


def _compression(text: str) -> float:
    """How many times shorter zlib makes a text of one byte a character; 0 for short ones."""
    if len(text) < SHORTEST_WINDOW:
        return 0.0
    ranks: dict[str, int] = {}
    coded = bytes(ranks.setdefault(letter, len(ranks)) % 256 for letter in text.casefold())
    return len(coded) / len(zlib.compress(coded))


# --- Text that nobody said ----------------------------------------------------------------------

SILENCE_MS = 300  # there may be one short word in it,
WORD_MS = 100  # as nobody says more than ten a second

ECHO_SHARE = 0.8  # of the text's words from the prompt: engines change one here and there
ECHO_BLOCK = 2  # tokens in a row; single words of a prompt are what speech should contain
ECHO_LONG = 8.0  # words; nobody says so many in the prompt's order by chance
ECHO_SHORT = 3.0  # words; enough where they do not fit the length of the speech
ECHO_ALL = 4.0  # words; enough where they are the whole prompt
LIST_TERMS = 3  # one or two keywords are an answer like any other
SLOWEST, FASTEST = 0.8, 6.0  # words a second that fit


def silence(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """Text for a chunk in which there is next to no speech."""
    if c.speech_ms < SILENCE_MS and answer.units > c.speech_ms / WORD_MS:
        reason = "There is hardly any speech here: the engine may have made this up. Listen to it."
        yield Finding("silence", reason, 1.0)


def echo(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """The prompt, or the list of keywords, given back as if it had been said.

    Such texts may be real: a speaker lists drugs that are keywords. So a short one counts only
    as the whole hint, or where the length of the speech speaks against it.
    """
    listed = " ".join(c.keywords) if len(c.keywords) >= LIST_TERMS else ""
    for hint, name in ((c.prompt, "prompt"), (listed, "list of terms")):
        given = Spoken.of(hint)
        if not given.units or not answer.units:
            continue
        reason = f"This is the {name} that the engine was given. Delete what is not said."
        span = _echoed(answer, given, c)
        if span:
            said = sum(token.units for token in answer.tokens[slice(*span)])
            yield finding(answer, "echo", reason, *span, said)
            return
    if _bare_list(answer, c):
        reason = "These are terms that the engine was given. Delete what is not said."
        yield Finding("echo", reason, 1.0)


def _echoed(answer: Spoken, hint: Spoken, c: Circumstances) -> tuple[int, int] | None:
    """The tokens that repeat the hint; None where they are as good as speech."""
    told = [token.text for token in hint.tokens]
    matcher = SequenceMatcher(None, [token.text for token in answer.tokens], told, False)
    sizes = [
        (sum(token.units for token in answer.tokens[block.a : block.a + block.size]), block)
        for block in matcher.get_matching_blocks()
        if block.size >= ECHO_BLOCK
    ]
    if not sizes:
        return None
    total = sum(units for units, _ in sizes)
    if total >= ECHO_SHARE * answer.units and (
        total >= ECHO_LONG
        or (total >= ECHO_ALL and total >= ECHO_SHARE * hint.units)
        or (total >= ECHO_SHORT and not _fits(answer, c))
    ):
        return 0, len(answer.tokens)
    units, block = max(sizes)
    if units >= max(ECHO_LONG, hint.units / 2):
        return block.a, block.a + block.size
    return None


def _bare_list(answer: Spoken, c: Circumstances) -> bool:
    """Whether all the text is keywords, in any order, and not as long as the speech."""
    terms = {token.text for keyword in c.keywords for token in tokens_of(keyword)}
    listed = {token.text for token in answer.tokens}
    return answer.units >= ECHO_SHORT and listed <= terms and not _fits(answer, c)


def _fits(answer: Spoken, c: Circumstances) -> bool:
    """Whether so many words take so long; a few seconds of noise or a word more prove nothing."""
    seconds = c.speech_ms / 1000
    return SLOWEST * seconds - 2 <= answer.units <= FASTEST * seconds + 1


# --- Invented credits ---------------------------------------------------------------------------


def credits(answer: Spoken, _: Circumstances) -> Iterator[Finding]:
    """A video's thanks or subtitle credits, which engines invent in quiet audio."""
    text = unicodedata.normalize("NFC", answer.text)
    for start, end in invented.spans(text):
        reason = "Engines invent such sentences in quiet audio. Delete it if it is not said."
        yield Finding("credits", reason, (end - start) / len(text), *words_within(text, start, end))


# --- All together -------------------------------------------------------------------------------

CHECKS: tuple[Callable[[Spoken, Circumstances], Iterator[Finding]], ...] = (
    hole, cap, loop, echo, silence, credits, language_checks.script, language_checks.language,
    language_checks.translated, language_checks.english, language_checks.romanised,
)  # fmt: skip


def examine(text: str, circumstances: Circumstances) -> list[Finding]:
    """All that looks wrong with an engine's text for one chunk; empty for nearly all answers."""
    answer = Spoken.of(text)
    return [finding for check in CHECKS for finding in check(answer, circumstances)]


def lasting(findings: Sequence[Finding], text: str, texts: Sequence[str]) -> list[Finding]:
    """The findings in `text` that stay, after all the `texts` that were answered: a slow stretch is
    no hole where another answer has as many words. Of a single one only what is certain is told."""
    units = [Spoken.of(each).units for each in texts]
    agreeing = sum(abs(other - Spoken.of(text).units) <= AS_LONG * other for other in units)
    doubted = len(texts) < 2 or agreeing > 1
    certain = 1 - HOLE_FOR_CERTAIN
    return [
        finding
        for finding in findings
        if finding.kind != "hole" or finding.severity >= certain or not doubted
    ]


def severity(findings: list[Finding]) -> float:
    """How much of an answer is presumably wrong, 0 to 1: of several answers take the least."""
    return 1 - prod(1 - finding.severity for finding in findings)
