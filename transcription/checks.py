"""What looks wrong with an engine's answer to one chunk. Pure: no Django, no I/O.

Nothing here changes a text: a finding is a reason to ask again (`HELPED_BY` tells how), to prefer
another answer (`severity`), or to have a person listen. In doubt nothing is said: a mark that is
often wrong is soon ignored.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from itertools import groupby
from math import prod
from typing import NamedTuple

# --- What a check gives and takes ---------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong. `start` and `end` (exclusive) count the blank-separated words
    of the text; both are None where the whole answer is meant."""

    kind: str  # a key of HELPED_BY
    reason: str  # one or two sentences for the reviewer: what it is and what to do
    severity: float  # 0 to 1: how much of the answer is presumably wrong
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Circumstances:
    """What is known about the chunk and the request that was answered."""

    audio_ms: int
    speech_ms: int  # how much of it is speech by its energy: music and noise count too
    prompt: str = ""
    keywords: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()  # ISO 639-1 codes expected; empty for unknown
    detected: str = ""  # as the engine wrote it: "fr" or "french"
    output_tokens: int | None = None
    most_output_tokens: int | None = None
    usual_rate: float | None = None  # as speech_rate, in the rest of the recording


# What may cure an answer: asking again without prompt and keywords, in smaller pieces, or another
# model. Each try is paid for, so what hardly helps is left out.
HELPED_BY: dict[str, frozenset[str]] = {
    "hole": frozenset({"without_prompt", "smaller", "other_model"}),
    "cap": frozenset({"smaller"}),
    "loop": frozenset({"without_prompt", "smaller", "other_model"}),
    "echo": frozenset({"without_prompt"}),
    "silence": frozenset({"other_model"}),
    "script": frozenset({"without_prompt", "other_model"}),
    "language": frozenset({"smaller", "other_model"}),  # some settle on one language a request
    "credits": frozenset({"other_model"}),
}

# --- Scripts and languages ----------------------------------------------------------------------

# the first word of a letter's Unicode name -> ISO 15924
SCRIPTS = {
    "LATIN": "Latn", "CYRILLIC": "Cyrl", "GREEK": "Grek", "ARMENIAN": "Armn", "GEORGIAN": "Geor",
    "HEBREW": "Hebr", "ARABIC": "Arab", "SYRIAC": "Syrc", "THAANA": "Thaa", "ETHIOPIC": "Ethi",
    "DEVANAGARI": "Deva", "BENGALI": "Beng", "GURMUKHI": "Guru", "GUJARATI": "Gujr",
    "ORIYA": "Orya", "TAMIL": "Taml", "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym",
    "SINHALA": "Sinh", "THAI": "Thai", "LAO": "Laoo", "TIBETAN": "Tibt", "MYANMAR": "Mymr",
    "KHMER": "Khmr", "MONGOLIAN": "Mong", "CANADIAN": "Cans", "CHEROKEE": "Cher",
    "CJK": "Hani", "IDEOGRAPHIC": "Hani", "BOPOMOFO": "Bopo", "HANGUL": "Hang",
    "HIRAGANA": "Kana", "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana",
}  # fmt: skip

# script -> the languages written in it; several scripts where each is in use today
WRITTEN_IN = {
    "Latn": "af ak ay az bi bm br bs ca ceb co cs cy da de ee en eo es et eu fi fj fo fr fy ga gd"
    " gl gn gv ha haw hmn hr ht hu id ig io is it jv kk kl ku la lb lg ln lt lv mg mh mi ms mt na"
    " nl no ny oc om pl pt qu rm rn ro rw sc se sg sk sl sm sn so sq sr ss st su sv sw tk tl tn to"
    " tr ts tt tw ty uz vi vo wa wo xh yo za zu",
    "Cyrl": "ab av az ba be bg bs ce cv kk kv ky mk mn os ru sr tg tk tt uk uz",
    "Arab": "ar az fa ha kk ks ku ms pa ps sd ug ur",
    "Deva": "bh hi ks mr ne pi sa sd",
    "Beng": "as bn",
    "Guru": "pa",
    "Gujr": "gu",
    "Orya": "or",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Sinh": "si",
    "Thai": "th",
    "Laoo": "lo",
    "Tibt": "bo dz",
    "Mymr": "my",
    "Khmr": "km",
    "Mong": "mn",
    "Cans": "cr iu oj",
    "Ethi": "am ti",
    "Thaa": "dv",
    "Hebr": "he yi",
    "Grek": "el",
    "Armn": "hy",
    "Geor": "ka",
    "Hani": "ja zh",
    "Bopo": "zh",
    "Kana": "ja",
    "Hang": "ko",  # Han characters have left today's Korean
}

# the names that engines write, as code=name|name
LANGUAGE_NAMES = (
    "af=afrikaans am=amharic ar=arabic as=assamese az=azerbaijani ba=bashkir be=belarusian"
    " bg=bulgarian bn=bengali|bangla bo=tibetan br=breton bs=bosnian ca=catalan|valencian cs=czech"
    " cy=welsh da=danish de=german el=greek en=english eo=esperanto es=spanish|castilian"
    " et=estonian eu=basque fa=persian|farsi fi=finnish fo=faroese fr=french ga=irish gd=gaelic"
    " gl=galician gu=gujarati ha=hausa haw=hawaiian he=hebrew hi=hindi hr=croatian ht=haitian"
    " hu=hungarian hy=armenian id=indonesian ig=igbo is=icelandic it=italian ja=japanese"
    " jv=javanese ka=georgian kk=kazakh km=khmer kn=kannada ko=korean ku=kurdish ky=kyrgyz"
    " la=latin lb=luxembourgish|letzeburgesch ln=lingala lo=lao lt=lithuanian lv=latvian"
    " mg=malagasy mi=maori mk=macedonian ml=malayalam mn=mongolian mr=marathi ms=malay mt=maltese"
    " my=myanmar|burmese ne=nepali nl=dutch|flemish no=norwegian|nynorsk|bokmal|nn|nb oc=occitan"
    " or=odia|oriya pa=punjabi|panjabi pl=polish ps=pashto|pushto pt=portuguese"
    " ro=romanian|moldavian|moldovan ru=russian sa=sanskrit sd=sindhi si=sinhala|sinhalese"
    " sk=slovak sl=slovenian sn=shona so=somali sq=albanian sr=serbian su=sundanese sv=swedish"
    " sw=swahili ta=tamil te=telugu tg=tajik th=thai tk=turkmen tl=tagalog|filipino|fil tr=turkish"
    " tt=tatar ug=uyghur uk=ukrainian ur=urdu uz=uzbek vi=vietnamese wo=wolof xh=xhosa yi=yiddish"
    " yo=yoruba zh=chinese|mandarin|cantonese|yue|cmn zu=zulu he=iw jv=jw id=in"
)
# told apart by their writing or their borders more than by ear: never a finding
SOUND_ALIKE = (frozenset({"bs", "hr", "sr"}), frozenset({"hi", "ur"}), frozenset({"id", "ms"}))

_SCRIPTS_OF: dict[str, frozenset[str]] = {
    code: frozenset(s for s, codes in WRITTEN_IN.items() if code in codes.split())
    for code in " ".join(WRITTEN_IN.values()).split()
}
_CODES = {
    name: code
    for code, names in (entry.split("=") for entry in LANGUAGE_NAMES.split())
    for name in names.split("|")
}


def language_code(name: str) -> str:
    """The ISO 639-1 code for what an engine calls a language ("fr", "French", "pt-BR"); "" for
    a name that is not known."""
    first = re.split(r"[\s_,;(-]", name.strip().casefold())[0]  # "haitian creole", "zh-Hant"
    return _CODES.get(first) or (first if first in _SCRIPTS_OF else "")


# --- Words and what stands for them -------------------------------------------------------------

# How many letters (without marks) of a script without blanks say as much as one English word: near
# enough those of the first article of the Universal Declaration of Human Rights, which has 30
# words in English. Chinese is terser there than in talk, and kana only ever fill in between.
LETTERS_A_WORD = {
    "Hani": 1.5, "Kana": 4.0, "Thai": 3.4, "Laoo": 4.4, "Khmr": 3.7, "Mymr": 3.4, "Tibt": 3.0,
}  # fmt: skip
DIGITS_A_WORD = 2  # "2024" is said in two words or more
LONGEST_WORD = 40  # letters; what is longer ("hahaha...") is taken letter by letter
LETTERS_OF_A_LONG_WORD = 5


class Token(NamedTuple):
    """A bare word, or one character of a script without blanks."""

    text: str
    word: int  # of which word of the text it is part
    units: float  # what it counts, in words


@dataclass(frozen=True)
class Answer:
    """An engine's text as the checks need it."""

    text: str
    tokens: tuple[Token, ...]
    units: float

    @classmethod
    @lru_cache(maxsize=64)  # a recording's pace is taken from the same texts again and again
    def of(cls, text: str) -> Answer:
        tokens = tuple(_tokens(text))
        return cls(text, tokens, sum(token.units for token in tokens))

    def finding(self, kind: str, reason: str, first: int, end: int, wrong: float) -> Finding:
        """A finding about the tokens from `first` up to `end`, of which `wrong` units are."""
        start, last = self.tokens[first].word, self.tokens[end - 1].word
        return Finding(kind, reason, min(1.0, wrong / self.units), start, last + 1)


def _tokens(text: str) -> Iterator[Token]:
    for at, word in enumerate(text.split()):
        folded = unicodedata.normalize("NFKC", word).casefold()
        bare = "".join(letter for letter in folded if _category(letter) in "LMN")
        if len(bare) > LONGEST_WORD and not any(map(_unspaced_units, bare)):
            yield from (Token(letter, at, 1 / LETTERS_OF_A_LONG_WORD) for letter in bare)
            continue
        for unspaced, letters in groupby(bare, _unspaced_units):
            run = "".join(letters)
            if unspaced:
                yield from (Token(c, at, unspaced) for c in run if _category(c) != "M")
            else:
                digits = sum(map(str.isdigit, run))
                yield Token(run, at, max(1.0, digits / DIGITS_A_WORD))


@cache
def _category(letter: str) -> str:
    return unicodedata.category(letter)[0]


@cache
def _script(letter: str) -> str:
    """ISO 15924, or "" for what tells of none: digits of any kind, shared marks, rare scripts."""
    if _category(letter) == "N":
        return ""
    return SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "")


@cache
def _unspaced_units(letter: str) -> float:
    """What a letter counts in words; 0 for letters of scripts that put blanks between words."""
    letters = LETTERS_A_WORD.get(_script(letter))
    return 1 / letters if letters else 0.0


def speech_rate(text: str, speech_ms: int) -> float | None:
    """Words per second of speech, or what says as much; None without speech."""
    return Answer.of(text).units * 1000 / speech_ms if speech_ms > 0 else None


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


def hole(answer: Answer, c: Circumstances) -> Iterator[Finding]:
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


def cap(answer: Answer, c: Circumstances) -> Iterator[Finding]:
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


def loop(answer: Answer, _: Circumstances) -> Iterator[Finding]:
    """Words repeated as people do not: in a row, or with small changes."""
    found = False
    for first, end, period in _loops(answer.tokens):
        found = True
        reason = "The engine repeated itself here. Keep what is really said; listen to it."
        again = sum(token.units for token in answer.tokens[first + period : end])
        yield answer.finding("loop", reason, first, end, again)
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
        first, end = _words_within(text, start, min(len(text), start + WINDOW))
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


def _words_within(text: str, start: int, end: int) -> tuple[int, int]:
    """From offsets in the text to the words that they touch."""
    starts = [match.start() for match in re.finditer(r"\S+", text)]
    return max(0, bisect_right(starts, start) - 1), bisect_left(starts, end)


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


def silence(answer: Answer, c: Circumstances) -> Iterator[Finding]:
    """Text for a chunk in which there is next to no speech."""
    if c.speech_ms < SILENCE_MS and answer.units > c.speech_ms / WORD_MS:
        reason = "There is hardly any speech here: the engine may have made this up. Listen to it."
        yield Finding("silence", reason, 1.0)


def echo(answer: Answer, c: Circumstances) -> Iterator[Finding]:
    """The prompt, or the list of keywords, given back as if it had been said.

    Such texts may be real: a speaker lists drugs that are keywords. So a short one counts only
    as the whole hint, or where the length of the speech speaks against it.
    """
    listed = " ".join(c.keywords) if len(c.keywords) >= LIST_TERMS else ""
    for hint, name in ((c.prompt, "prompt"), (listed, "list of terms")):
        given = Answer.of(hint)
        if not given.units or not answer.units:
            continue
        reason = f"This is the {name} that the engine was given. Delete what is not said."
        span = _echoed(answer, given, c)
        if span:
            said = sum(token.units for token in answer.tokens[slice(*span)])
            yield answer.finding("echo", reason, *span, said)
            return
    if _bare_list(answer, c):
        reason = "These are terms that the engine was given. Delete what is not said."
        yield Finding("echo", reason, 1.0)


def _echoed(answer: Answer, hint: Answer, c: Circumstances) -> tuple[int, int] | None:
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


def _bare_list(answer: Answer, c: Circumstances) -> bool:
    """Whether all the text is keywords, in any order, and not as long as the speech."""
    terms = {token.text for keyword in c.keywords for token in _tokens(keyword)}
    listed = {token.text for token in answer.tokens}
    return answer.units >= ECHO_SHORT and listed <= terms and not _fits(answer, c)


def _fits(answer: Answer, c: Circumstances) -> bool:
    """Whether so many words take so long; a few seconds of noise or a word more prove nothing."""
    seconds = c.speech_ms / 1000
    return SLOWEST * seconds - 2 <= answer.units <= FASTEST * seconds + 1


# --- The wrong writing or language --------------------------------------------------------------

FOREIGN_WORDS = 2.0  # in a script other than Latin: it never gets into a text by itself
# Latin does, everywhere: brands, drugs, acronyms, whole English phrases.
LATIN_WORDS = 4.0
LATIN_SHARE = 0.5
HAN_WITHOUT_KANA = 25  # characters: an address in Japanese may have some twenty
FEWEST_FOR_LANGUAGE = 3.0  # words; no engine knows the language of an "Okay"


def script(answer: Answer, c: Circumstances) -> Iterator[Finding]:
    """Words in a script in which none of the expected languages is written."""
    codes = {language_code(language) for language in c.languages}
    if not codes or "" in codes:
        return
    expected = frozenset().union(*(_SCRIPTS_OF.get(code, frozenset()) for code in codes))
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
        yield answer.finding("script", reason, foreign[0], foreign[-1] + 1, units)


def _token_script(token: Token) -> str:
    """The script of most of a token; "" too for single letters, which may be symbols ("μg")."""
    scripts = Counter(filter(None, map(_script, token.text)))
    (of, letters), *_ = scripts.most_common(1) or [("", 0)]
    return of if letters > 1 or of in LETTERS_A_WORD else ""


def _han_alone(written: list[tuple[int, str]], codes: set[str]) -> bool:
    """Chinese where Japanese was expected: it has the same characters, but no kana between."""
    scripts = [of for _, of in written]
    japanese = "ja" in codes and "zh" not in codes
    return japanese and "Kana" not in scripts and scripts.count("Hani") >= HAN_WITHOUT_KANA


def language(answer: Answer, c: Circumstances) -> Iterator[Finding]:
    """The engine says that it heard a language that was not expected: it may have translated."""
    heard = language_code(c.detected)
    codes = {language_code(name) for name in c.languages}
    if not heard or not codes or "" in codes or answer.units < FEWEST_FOR_LANGUAGE:
        return
    alike = next((group for group in SOUND_ALIKE if heard in group), frozenset({heard}))
    if not alike & codes:
        reason = f"The engine took this for another language ({c.detected}). Check that it is not"
        yield Finding("language", f"{reason} a translation.", 0.5)


# --- Invented credits ---------------------------------------------------------------------------

# Models that learnt from subtitled videos end quiet audio with what such videos end with. Each of
# these counts only as a sentence of its own at the start or the end.
_REST = r"[^!?。！？]{1,60}?"
CREDITS = (
    # anywhere
    rf"(?:{_REST})?amara\.org(?:{_REST})?",
    # English
    rf"(?:sub)?titles (?:(?:made|provided|created) )?by {_REST}",
    r"(?:transcribed|captioned|transcription) by (?:https?://|castingwords|otter|esperanto)"
    rf"(?:{_REST})?",
    r"(?:thanks|thank you)(?: (?:all|everyone|guys|so much|very much))* for watching"
    r"(?: (?:this|the|my|our) (?:video|episode|channel))?",
    r"(?:(?:and|please|like|comment|don't forget to),? )*subscribe(?: to (?:my|our|the) channel)?",
    r"(?:i'll )?see you (?:all |guys )?in the next (?:video|episode)",
    # German
    rf"untertitel(?:ung)? (?:im auftrag|aufgrund|der|von) {_REST}",
    r"(?:copyright )?(?:ard|ndr|swr|wdr|zdf)(?: text)?(?: im auftrag von funk)?,? 20\d\d",
    r"(?:vielen dank|danke)(?:,? dass (?:du|ihr) zu(?:ge)?schaut(?: habt)?| für'?s zuschauen)",
    # French
    rf"sous-titr(?:es|age) (?:fait|par|réalisé|société|st'? ?501)(?:{_REST})?",
    r"merci d'avoir regardé(?: (?:cette|la|ma) vidéo)?",
    r"abonnez-vous(?: à (?:la|ma|notre) chaîne)?",
    # Spanish, Portuguese, Italian
    rf"subt[ií]tul(?:ado|os)(?: \w+)? por {_REST}",
    r"(?:muchas )?gracias por ver(?: (?:el|este|mi) v[ií]deo)?",
    r"suscr[ií]bete(?: (?:al|a mi) canal)?",
    rf"(?:transcrição e )?legenda(?:do|s)? (?:da|de|pela|pelo|por) {_REST}",
    r"(?:muito )?obrigad[oa] por assistir(?: (?:ao|a este) vídeo)?",
    r"inscreva-se no (?:meu |nosso )?canal",
    rf"sottotitoli (?:a cura|creati|di|e revisione) {_REST}",
    r"grazie (?:a tutti )?per (?:aver guardato|la visione)(?: (?:il|questo) video)?",
    # Dutch, Nordic
    rf"ondertite(?:ld|ling|ls)(?: \w+)? (?:door|van) {_REST}",
    r"bedankt voor het kijken",
    r"tv gelderland,? 20\d\d",
    rf"(?:undertexter|undertekster|teksting|danske tekster)(?: \w+)? (?:af|av|från) {_REST}",
    r"tack för att (?:du|ni) (?:har )?titta(?:de|t)",
    r"takk? for(?:di| at) (?:du|dere|i) så (?:med|på)",
    r"kiitos (?:katsomisesta|kun katsoit)",
    # Polish, Czech, Hungarian, Romanian
    rf"napisy(?: \w+)? (?:by|przez) {_REST}",
    r"dziękuj(?:ę|emy) za (?:obejrzenie|oglądanie)(?: filmu)?",
    rf"titulky (?:vytvořil|přeložil)a? {_REST}",
    r"köszönöm,? hogy megnézt(?:ed|étek)(?: a videót)?",
    r"(?:vă )?mulțumesc pentru vizionare",
    # Turkish
    r"altyazı(?: çeviri)?:? m\.? ?k",
    r"izlediğiniz için teşekkür(?:ler| ederi[mz])",
    r"(?:kanalıma |kanala )?abone olmayı(?: ve [^.!?]{1,40})? unutmayın",
    # Russian, Ukrainian, Greek
    rf"субтитры (?:сделал|создавал|делал|добавил|подготовил|подогнал)\w* {_REST}",
    rf"редактор субтитров {_REST}",
    r"спасибо за просмотр",
    r"продолжение следует",
    r"подписывайтесь на (?:мой |наш )?канал",
    r"дяку(?:ю|ємо) за перегляд",
    r"υπότιτλοι authorwave",
    # Arabic, Hindi, Bengali
    r"ترجمة نانسي قنقر",
    r"اشتركوا في القناة",
    r"شكرا[ً]?(?: لكم)? (?:على|لل) ?(?:ال)?مشاهدة",
    r"(?:वीडियो )?देखने के लिए (?:आपका )?(?:बहुत )?धन्यवाद",
    r"(?:ভিডিওটি )?দেখার জন্য (?:আপনাকে )?ধন্যবাদ",
    # Vietnamese, Indonesian, Thai
    rf"(?:hãy |đừng quên )?(?:đăng ký|subscribe)(?: cho)? kênh(?: {_REST})?",
    r"cảm ơn các bạn đã (?:theo dõi|xem)(?: (?:video|và hẹn gặp lại))?",
    r"terima kasih (?:sudah|telah) menonton",
    r"ขอบคุณที่(?:รับชม|ติดตาม)(?:ครับ|ค่ะ)?",
    # Chinese, Japanese, Korean
    rf"[请請]不吝[点點](?:赞|贊|讚)(?:{_REST})?",
    rf"(?:中文)?字幕(?:由|by|志愿者|志願者|[制製]作)(?:{_REST})?",
    r"(?:[感谢謝]{2})(?:大家|您的?|各位)?的?(?:收看|[观觀]看)",
    rf"(?:优优独播剧场|明镜需要您的支持)(?:{_REST})?",
    r"(?:最後まで)?(?:ご視聴|ご覧)(?:いただき|頂き)?(?:まして)?、?ありがとうございま(?:した|す)",
    r"チャンネル登録(?:を|と高評価を?)?、?(?:よろしく)?お願い(?:いた)?します",
    r"次の動画でお会いしましょう",
    r"(?:영상을? )?시청해 ?주셔서 감사합니다",
    rf"구독과 좋아요(?:{_REST})?",
    rf"(?:한글 ?)?자막 ?(?:by|제공) ?{_REST}",
    r"mbc 뉴스 이덕영입니다",
)
# what ends the sentence before: a mark, or a blank in a script that has none inside sentences
_BREAK = (
    r"(?:[.!?…।؟۔][\"'”’»)\]]*\s+|[。！？\n]\s*"
    r"|(?<=[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])[\s,，、]+)"
)
_ANY = "|".join(CREDITS)
_CHAIN = rf"[^\w\s]{{0,3}}((?:{_ANY})(?:[^\w]{{1,4}}(?:{_ANY}))*)"
_AT_START = re.compile(rf"\A\s*{_CHAIN}(?:[^\w]{{0,6}}\Z|\s?{_BREAK})", re.I)
_AT_END = re.compile(rf"(?:\A\s*|{_BREAK}){_CHAIN}[^\w]{{0,6}}\Z", re.I)


def credits(answer: Answer, _: Circumstances) -> Iterator[Finding]:
    """A video's thanks or subtitle credits, which engines invent in quiet audio."""
    text = unicodedata.normalize("NFC", answer.text)
    found = [match.span(1) for match in (_AT_START.search(text), _AT_END.search(text)) if match]
    for start, end in sorted(set(found)):
        reason = "Engines invent such sentences in quiet audio. Delete it if it is not said."
        yield Finding(
            "credits", reason, (end - start) / len(text), *_words_within(text, start, end)
        )


# --- All together -------------------------------------------------------------------------------

CHECKS: tuple[Callable[[Answer, Circumstances], Iterator[Finding]], ...] = (
    hole, cap, loop, echo, silence, script, language, credits,
)  # fmt: skip


def examine(text: str, circumstances: Circumstances) -> list[Finding]:
    """All that looks wrong with an engine's text for one chunk; empty for nearly all answers."""
    answer = Answer.of(text)
    return [finding for check in CHECKS for finding in check(answer, circumstances)]


def lasting(findings: Sequence[Finding], text: str, texts: Sequence[str]) -> list[Finding]:
    """The findings in `text` that stay, after all the `texts` that were answered: a slow stretch is
    no hole where another answer has as many words. Of a single one only what is certain is told."""
    units = [Answer.of(each).units for each in texts]
    agreeing = sum(abs(other - Answer.of(text).units) <= AS_LONG * other for other in units)
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
