"""Terms of all that texts may hold, for what must go there and back without loss."""

from datetime import UTC, datetime, timedelta

from lexicon.exchange import columns
from lexicon.exchange.columns import HEADER, Heard
from lexicon.exchange.formats import Row

ODD = [
    "=1+1", "+49", "-5", "@home", "'=x", "''", "'", "'s", "\ttab", "a\tb", "\r", "line\nline",
    "\r\n", 'quo"te', '"', ",", ";", "|", "a | b", "[x]", "[", "{}", "पैरासिटामोल", "北京", "مرحبا",
    "\u200d", "\ufeffx", "\u2028", "\x0b", "\x1c", "\x85", "🙂", "null", "true", "＝1", " ", "0",
]  # fmt: skip


def odd_text(random_, most=4):
    return "".join(
        random_.choice([*ODD, "word", " ", "é"]) for _ in range(random_.randint(0, most))
    )


def odd_line(random_):
    """A text as a term may be: not empty, in one line."""
    return columns.line(odd_text(random_) + random_.choice(["Ozempic", "=Z", "'", "Ж"]))


def odd_row(random_):
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=random_.randrange(10**15))
    counts = [name for name in HEADER if name.endswith("_count") or name == "frequency"]
    return Row(
        term=odd_line(random_),
        language=random_.choice(["", "de", "hi", "yue"]),
        api_key=random_.choice(["", "1a2b3c4d"]),
        alternatives=tuple(
            Heard(odd_line(random_), random_.choice(columns.SOURCES), random_.randrange(9),
                  random_.random() < 0.5, random_.randrange(9), random_.random() < 0.5)
            for _ in range(random_.randrange(4))
        ),
        given={
            "kind": random_.choice(columns.KINDS), "status": random_.choice(columns.STATUSES),
            "source": random_.choice(columns.SOURCES), "script": random_.choice(["", "Deva"]),
            "sounds_like": odd_text(random_), "note": odd_text(random_),
            "example": odd_text(random_), "created_by_name": odd_text(random_),
            "case_sensitive": random_.random() < 0.5, "pinned": random_.random() < 0.5,
            "priority": random_.randint(-(2**15), 2**15 - 1),
            "metadata": {odd_text(random_): [odd_text(random_), 1.5, None, {"a": True}]}
            if random_.random() < 0.5 else {},
            "created_at": moment, "updated_at": moment,
            "confidence": random_.choice([None, 0.0, 0.25, 1.0]),
            **{name: random_.randrange(2**31) for name in counts},
        },
    )  # fmt: skip
