"""What looks wrong with the languages and scripts of an engine's answer. Pure: no Django, no I/O.

Engines settle on one language and translate the rest, or write it in the letters of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from lexicon.languages import code_of_name, name_of
from lexicon.policies import EVERY, scripts_for
from lexicon.romanising import may_be
from lexicon.scripts import script_of_letter, scripts_of
from lexicon.tagging import SURE, Tag, tagger
from lexicon.vocabulary import vocabulary
from transcription.findings import Circumstances, Finding, finding, words_within
from transcription.spoken import LETTERS_A_WORD, Spoken, Token

FOREIGN_WORDS = 2.0  # in a script other than Latin: it never gets into a text by itself
# Latin does, everywhere: brands, drugs, acronyms, whole English phrases.
LATIN_WORDS = 4.0
LATIN_SHARE = 0.5
HAN_WITHOUT_KANA = 25  # characters: an address in Japanese may have some twenty
FEWEST_FOR_LANGUAGE = 3.0  # words; no engine knows the language of an "Okay"
# told apart by their writing or their borders more than by ear: never a finding
SOUND_ALIKE = (frozenset({"bs", "hr", "sr"}), frozenset({"hi", "ur"}), frozenset({"id", "ms"}))


def script(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """Words in a script in which none of the expected languages is written."""
    codes = {code_of_name(language) for language in c.languages}
    if not codes or "" in codes:
        return
    expected = frozenset().union(*(_scripts(code, c) for code in codes))
    written = [(at, _token_script(token)) for at, token in enumerate(answer.tokens)]
    lettered = sum(answer.tokens[at].units for at, of in written if of)
    foreign = [at for at, of in written if of and of not in expected and of != "Latn"]
    units = sum(answer.tokens[at].units for at in foreign)
    if units < FOREIGN_WORDS:
        foreign = []
        if "Latn" not in expected:
            foreign = [at for at, of in written if of == "Latn"]
            units = sum(answer.tokens[at].units for at in foreign)
            if units < LATIN_WORDS or units <= LATIN_SHARE * lettered:
                foreign = []
    if not foreign and _han_alone(written, codes):
        foreign = [at for at, of in written if of == "Hani"]
        units = lettered
    if foreign:
        reason = "These words are not in the writing of the expected languages. Listen to it."
        yield finding(answer, "script", reason, foreign[0], foreign[-1] + 1, units)


def _scripts(language: str, c: Circumstances) -> frozenset[str]:
    wished = language in c.policy or EVERY in c.policy
    return scripts_for(language, c.policy) if wished else scripts_of(language)


def _token_script(token: Token) -> str:
    """The script of most of a token; "" too for single letters, which may be symbols ("μg")."""
    scripts = Counter(filter(None, map(script_of_letter, token.text)))
    (of, letters), *_ = scripts.most_common(1) or [("", 0)]
    return of if letters > 1 or of in LETTERS_A_WORD else ""


def _han_alone(written: list[tuple[int, str]], codes: set[str]) -> bool:
    """Chinese where Japanese was expected: it has the same characters, but no kana between."""
    scripts = [of for _, of in written]
    japanese = "ja" in codes and "zh" not in codes
    return japanese and "Kana" not in scripts and scripts.count("Hani") >= HAN_WITHOUT_KANA


def language(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """The engine says that it heard a language that was not expected: it may have translated."""
    heard = code_of_name(c.detected)
    codes = {code_of_name(name) for name in c.languages}
    if not heard or not codes or "" in codes or answer.units < FEWEST_FOR_LANGUAGE:
        return
    alike = next((group for group in SOUND_ALIKE if heard in group), frozenset({heard}))
    if not alike & codes:
        reason = f"The engine took this for another language ({c.detected}). Check that it is not"
        yield Finding("language", f"{reason} a translation.", 0.5)


# --- Translated, or in other letters -------------------------------------------------------------

FEWEST_TRANSLATED = 8.0  # words; a short answer in one language is usual
ONE_LANGUAGE = 0.97  # of the words that a language is known of
SWITCHING = 0.15  # of the words at least are in a second language, where people switch
FEWEST_AROUND = 2  # chunks that switch
ENGLISH_RUN = 6  # words: names and titles are shorter
WINDOW, IN_OTHER_LETTERS = 8, 4  # of so many words in a row, so many


def translated(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """All in one language, while people switch before and after."""
    if len(c.languages) < 2 or len(c.around) < FEWEST_AROUND or answer.units < FEWEST_TRANSLATED:
        return
    own = _shares(answer.text, c.languages)
    language = max(own, key=own.__getitem__, default="")
    if not language or own[language] < ONE_LANGUAGE:
        return
    switching = sum(_switches(_shares(text, c.languages)) for text in c.around)
    if switching >= max(FEWEST_AROUND, len(c.around) / 2):
        reason = (
            f"All of this is in {name_of(language)}, while before and after it they switch "
            "languages: perhaps it is translated. Listen to it."
        )
        yield Finding("translated", reason, 0.5)


def _switches(shares: Mapping[str, float]) -> bool:
    return len(shares) > 1 and sorted(shares.values())[-2] >= SWITCHING


def _shares(text: str, languages: Sequence[str]) -> dict[str, float]:
    """How much of the text's letters is in each language, of those that are surely in one."""
    (tags,) = tagger(tuple(languages)).tags([text])
    letters: Counter[str] = Counter()
    for tag in tags:
        if tag.script and tag.confidence >= SURE:
            letters[tag.language] += tag.end - tag.start
    return {language: count / letters.total() for language, count in letters.items()}


def english(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """A run of English where English is not expected: engines translate into it."""
    if not c.languages or "en" in c.languages:
        return
    (tags,) = tagger((*c.languages, "en")).tags([answer.text])
    for is_english, run in groupby(tags, _surely_english):
        words = list(run)
        if is_english and len(words) >= ENGLISH_RUN:
            reason = (
                "This is in English, which is not expected: perhaps it is translated. Listen to it."
            )
            yield _at(answer, "translated", reason, words)


def _surely_english(tag: Tag) -> bool:
    return tag.language == "en" and not tag.ending and tag.confidence >= SURE


def romanised(answer: Spoken, c: Circumstances) -> Iterator[Finding]:
    """Words of a language in Latin letters that is to be in letters of its own."""
    in_latin = [code for code in c.languages if "Latn" in (_scripts(code, c) or {"Latn"})]
    known = [vocabulary(code) for code in in_latin or ["en"]]
    if None in known:  # a language whose words nobody knows
        return
    (tags,) = tagger(tuple(c.languages)).tags([answer.text])
    latin = [tag for tag in tags if tag.script == "Latn"]
    words = [answer.text[tag.start : tag.end] for tag in latin]
    for language in (code for code in c.languages if code not in in_latin):
        hits = [word.islower() and may_be(word, language, known) for word in words]
        if spans := [
            (at, at + WINDOW)
            for at in range(max(1, len(hits) - WINDOW + 1))
            if sum(hits[at : at + WINDOW]) >= IN_OTHER_LETTERS
        ]:
            reason = (
                f"This is {name_of(language)} in Latin letters, which is to be in its own script. "
                "Listen to it."
            )
            yield _at(answer, "romanised", reason, latin[spans[0][0] : spans[-1][1]])


def _at(answer: Spoken, kind: str, reason: str, tags: Sequence[Tag]) -> Finding:
    """A finding about the words of these tags."""
    start, end = words_within(answer.text, tags[0].start, tags[-1].end)
    return Finding(kind, reason, min(1.0, len(tags) / max(1.0, answer.units)), start, end)
