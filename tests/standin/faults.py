"""What may go wrong: with the connection, with the status, or with the text alone.

A fault is a dict: its `name`, or `status` and `body` of its own; `when` it strikes; `always` for
one that stays; and what its kind takes besides (see TEXT_FAULTS).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.standin.form import Form
from tests.standin.hearing import Heard

Fault = dict[str, Any]

HTML = "<html><body><h1>Bad gateway</h1></body></html>"
INVENTED = "Thanks for watching!"
ENGLISH = "This part of the speech was put into English."


def _refusal(status: int, kind: str, code: str, message: str) -> Fault:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return {"status": status, "error": error}


_RATE = _refusal(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests.")
_QUOTA = ("insufficient_quota", "You exceeded your current quota.")
_CREDIT = ("credit_balance_exhausted", "Your credit balance is exhausted.")

FAULTS: dict[str, Fault] = {
    "rate_limit": _RATE | {"retry_after": True},
    "rate_limit_bare": _RATE,
    "quota": _refusal(429, "insufficient_quota", *_QUOTA),
    "credit": _refusal(429, "insufficient_quota", *_CREDIT),
    "html_500": {"status": 500, "body": HTML, "headers": {"Content-Type": "text/html"}},
    "overloaded": _refusal(503, "server_error", "server_is_overloaded", "The server is busy."),
    "empty_200": {"status": 200, "body": ""},
    "html_200": {"status": 200, "body": HTML, "headers": {"Content-Type": "text/html"}},
    "bad_json": {"status": 200, "body": '{"text": "cut of'},
    "reset": {"act": "reset"},
    "cut": {"act": "cut"},
    "cut_stream": {"act": "cut_stream"},
    "hang": {"act": "hang"},
}


@dataclass(frozen=True)
class Request:
    """What a fault may go by."""

    form: Form
    seconds: float
    sha256: str

    def has(self, field: str) -> bool:
        return any(self.form.all(field) + self.form.all(f"{field}[]"))


def make_fault(name: str = "", **changes: Any) -> Fault:
    """A fault by its name, with changes; or one of `changes` alone. KeyError for no such name."""
    known = {"text": name} if name in TEXT_FAULTS else FAULTS[name] if name else {}
    return {"name": name, **known, **changes}


def strikes(fault: Fault, request: Request) -> bool:
    """Whether its `when` fits: {"model": name, "longer_than_s": s, and any field: given or not}."""
    when = dict(fault.get("when", {}))
    model, longer_than_s = when.pop("model", None), when.pop("longer_than_s", None)
    return (
        model in (None, request.form.one("model"))
        and (longer_than_s is None or request.seconds > longer_than_s)
        and all(request.has(field) == wanted for field, wanted in when.items())
    )


@dataclass
class RandomFaults:
    """A share of the requests fails, each by one of the names.

    Which, goes by the file and how often it came: the same in each run, in whatever order files
    arrive, and another try of the same file has luck of its own.
    """

    seed: int
    share: float
    names: list[str]
    when: dict[str, Any]
    seen: dict[str, int]

    @classmethod
    def ordered(
        cls, seed: int, share: float, names: list[str], when: dict[str, Any] | None = None
    ) -> "RandomFaults":
        for name in names:
            make_fault(name)  # so that a wrong one is told now
        return cls(seed, share, names, when or {}, {})

    def draw(self, request: Request) -> Fault | None:
        count = self.seen[request.sha256] = self.seen.get(request.sha256, 0) + 1
        luck = random.Random(f"{self.seed} {request.sha256} {count}")
        if luck.random() >= self.share:
            return None
        fault = make_fault(luck.choice(self.names), when=self.when)
        return fault if strikes(fault, request) else None


def misheard(fault: Fault, heard: Heard, request: Request) -> Heard:
    """What is answered in place of what was heard; the same where the fault finds nothing to do."""
    changed = TEXT_FAULTS[fault["text"]](fault, heard, request)
    return replace(changed, source=heard.source, spans=heard.spans)


def _echo(fault: Fault, heard: Heard, request: Request) -> Heard:
    """The prompt, or without one the keywords as a bare list."""
    form = request.form
    terms = form.all("keywords[]") or form.all("hotwords")
    said = form.one("prompt") or ", ".join(terms)
    return Heard.spread(said, 0.0, request.seconds) if said else heard


def _loop(fault: Fault, heard: Heard, request: Request) -> Heard:
    """`phrase`, or the first five words, `times` over (40)."""
    phrase = fault.get("phrase") or " ".join(heard.text.split()[:5])
    return Heard.spread(" ".join([phrase] * fault.get("times", 40)), 0.0, request.seconds)


def _dropped_tail(fault: Fault, heard: Heard, request: Request) -> Heard:
    return Heard.of(heard.words[: -(-len(heard.words) // 2)])


def _silence_text(fault: Fault, heard: Heard, request: Request) -> Heard:
    return Heard.spread(fault.get("phrase", INVENTED), 0.0, request.seconds)


def _translated(fault: Fault, heard: Heard, request: Request) -> Heard:
    """The middle third of the words has become `sentence`."""
    first, last = _middle(heard)
    if first == last:
        return heard
    span = heard.words[first:last]
    sentence = fault.get("sentence", ENGLISH)
    english = Heard.spread(sentence, span[0].start_s, span[-1].end_s, span[0].speaker).words
    return Heard.of((*heard.words[:first], *english, *heard.words[last:]))


def _transliterated(fault: Fault, heard: Heard, request: Request) -> Heard:
    """`share` of the words (all), from the first, have their letters written in Latin."""
    count = round(len(heard.words) * fault.get("share", 1.0))
    latin = (replace(word, text=word.text.translate(LATIN)) for word in heard.words[:count])
    changed = (*latin, *heard.words[count:])
    return heard if changed == heard.words else Heard.of(changed)


def _middle(heard: Heard) -> tuple[int, int]:
    third = len(heard.words) // 3
    return third, len(heard.words) - third


TEXT_FAULTS: dict[str, Callable[[Fault, Heard, Request], Heard]] = {
    "echo": _echo,
    "loop": _loop,
    "dropped_tail": _dropped_tail,
    "silence_text": _silence_text,
    "translated": _translated,
    "transliterated": _transliterated,
}

_CYRILLIC = (
    "а=a б=b в=v г=g д=d е=e ё=yo ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f "
    "х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g"
)
_GREEK = (
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f "
    "χ=ch ψ=ps ω=o ά=a έ=e ή=i ί=i ό=o ύ=y ώ=o ϊ=i ϋ=y ΐ=i ΰ=y"
)
_DEVANAGARI = (  # as typed by hand, without the vowel that a consonant carries
    "अ=a आ=aa इ=i ई=ee उ=u ऊ=oo ऋ=ri ए=e ऐ=ai ओ=o औ=au क=k ख=kh ग=g घ=gh ङ=n च=ch छ=chh ज=j "
    "झ=jh ञ=n ट=t ठ=th ड=d ढ=dh ण=n त=t थ=th द=d ध=dh न=n प=p फ=ph ब=b भ=bh म=m य=y र=r ल=l "
    "व=v श=sh ष=sh स=s ह=h ळ=l ा=aa ि=i ी=ee ु=u ू=oo ृ=ri े=e ै=ai ो=o ौ=au ं=n ँ=n ः=h ्= ़= ।=. "
    "ऑ=o ॉ=o"
)


def _table(*alphabets: str) -> dict[int, str]:
    pairs = [pair.split("=") for alphabet in alphabets for pair in alphabet.split()]
    small = {ord(letter): latin for letter, latin in pairs}
    capitals = {ord(a.upper()): b.capitalize() for a, b in pairs if len(a.upper()) == 1}
    return capitals | small


LATIN = _table(_CYRILLIC, _GREEK, _DEVANAGARI)
