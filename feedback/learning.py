"""What reviews teach the lexicon, and what goes again with a review that is taken back.

What a review taught, it keeps in `Feedback.lexicon["learned"]`, so that it can be taken back to the
last count. Evidence rows tell of each term which reviews taught it. Scope: what the recordings of
an API key teach is that key's; once two keys taught the same, it is suggested for everyone. What
people uploaded themselves teaches everyone's lexicon.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from django.conf import settings
from django.db.models import Q

from feedback.mining import Lesson, Reviewed, lessons
from feedback.models import Feedback, TermEvidence
from lexicon import services, tokens, versions
from lexicon.matching import Replacement
from lexicon.models import Alternative, Source, Term
from lexicon.normalising import normalise
from transcription.models import Job, Segment
from transcription.said import Said, said
from transcription.segments import SegmentRow
from transcription.standing import UNDONE, Standing

MOST_LESSONS = 300  # of one review: nobody looks through more
MOST_REVIEWS = 20  # the latest so many make up how sure a term is
OFTEN = 3  # undone so often, and more often than not, an alternative is switched off
IN_USE = (Term.Status.APPROVED, Term.Status.SUGGESTED)
TAUGHT, UNDID = TermEvidence.Kind.TAUGHT, TermEvidence.Kind.UNDONE

Passage = tuple[SegmentRow, Sequence[Standing]]  # and what became of the lexicon's replacements


def taught_by(job: Job, reviewed: Sequence[Reviewed]) -> list[Lesson]:
    """The surest lessons of a review, without those that a curator has rejected."""
    terms = Term.objects.filter(_scope(job.api_key_id))
    rejected = Term.Status.REJECTED
    known = set(terms.exclude(status=rejected).values_list("normalized", flat=True))
    found = lessons(reviewed, known, job.languages or job.heard_languages)
    keys = {normalise(lesson.term) for lesson in found}
    never = set(
        terms.filter(normalized__in=keys, status=rejected).values_list("normalized", flat=True)
    )
    return [each for each in found if normalise(each.term) not in never][:MOST_LESSONS]


def extracted(taught: Iterable[Lesson], kept: Collection[str] | None) -> list[dict[str, Any]]:
    """The lessons as a review keeps them. `kept`: the terms that may be learned; None: all."""
    return [
        {
            "heard": Counter(place.heard for place in each.places).most_common(1)[0][0],
            "corrected": each.term,
            "count": each.count,
            "confidence": each.confidence,
        }
        | ({} if kept is None or each.term in kept else {"dropped": True})
        for each in taught
    ]


@dataclass
class Learned:
    """What one review did to the lexicon, by ids of terms and alternatives."""

    trusted: bool = False
    seen: Counter[int] = field(default_factory=Counter)  # alternatives: taught and confirmed
    undone: Counter[int] = field(default_factory=Counter)  # alternatives
    uses: Counter[int] = field(default_factory=Counter)  # terms
    accepted: list[int] = field(default_factory=list)  # terms, without being asked
    accepted_alternatives: list[int] = field(default_factory=list)
    off: list[int] = field(default_factory=list)  # alternatives that were undone too often
    retired: list[int] = field(default_factory=list)  # terms, when the review was taken back

    def stored(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value}

    @classmethod
    def of(cls, feedback: Feedback) -> Learned:
        kept: dict[str, Any] = feedback.lexicon.get("learned", {})
        counted = {
            name: Counter({int(pk): number for pk, number in kept.get(name, {}).items()})
            for name in ("seen", "undone", "uses")
        }
        return cls(**kept | counted)


def learn(
    user: Any, feedback: Feedback, passages: Sequence[Passage], taught: Iterable[Lesson]
) -> None:
    """Let the lexicon learn from a review, in its transaction and before anything locks terms:
    these lessons, as far as they are kept, and what became of the lexicon's replacements."""
    done = Learned(trusted=bool(user.has_perm("lexicon.change_term")))
    kept = {e["corrected"] for e in feedback.extracted_terms if not e.get("dropped")}
    lessons = [lesson for lesson in taught if lesson.term in kept]
    if lessons or any(found for _, found in passages):
        versions.hold()
        _keep(feedback, done)  # who taught it tells below how sure a term is
        terms = _terms(feedback.job, lessons)
        _write_evidence(feedback, passages, lessons, terms)
        _count_alternatives(done, passages, lessons, terms)
        _weigh(terms.values())
        _accept(terms.values(), done)
        _promote(feedback, terms.values(), done)
    done.uses = _uses(feedback.job, [segment.text for segment, _ in passages])
    _keep(feedback, done)


def _keep(feedback: Feedback, done: Learned) -> None:
    if stored := done.stored():
        feedback.lexicon["learned"] = stored
        feedback.save(update_fields=["lexicon"])


def _scope(api_key_id: int | None) -> Q:
    return Q(api_key=None) if api_key_id is None else Q(api_key=None) | Q(api_key=api_key_id)


# --- Terms -------------------------------------------------------------------------------------


def _terms(job: Job, lessons: Iterable[Lesson]) -> dict[str, Term]:
    """By its lesson's text the term of each, in the scope of the recording: those that are there,
    and new ones. None of those that were rejected."""
    lessons = [lesson for lesson in lessons if _fits(lesson.term)]
    keys = {normalise(lesson.term) for lesson in lessons}
    expected = job.languages or job.heard_languages
    same: dict[str, list[Term]] = defaultdict(list)
    for term in Term.objects.filter(_scope(job.api_key_id), normalized__in=keys).order_by("pk"):
        if not term.language or not expected or term.language in expected:
            same[term.normalized].append(term)
    reviews = Feedback.objects.filter(job=job).exclude(withdrawn_at=None)
    retired = {pk for review in reviews.only("lexicon") for pk in Learned.of(review).retired}
    found: dict[str, Term] = {}
    for lesson in lessons:
        term = _term(lesson, job.api_key_id, same[normalise(lesson.term)])
        if term and term.status == Term.Status.RETIRED and term.pk in retired:
            # the same review, submitted again
            term.status = Term.Status.SUGGESTED
            term.save(update_fields=["status"])
        if term:
            found[lesson.term] = term
    return found


def _term(lesson: Lesson, api_key_id: int | None, same: Sequence[Term]) -> Term | None:
    order = [*IN_USE, Term.Status.RETIRED]
    own = [t for t in same if t.api_key_id == api_key_id and t.status in order]
    if own:
        return min(own, key=lambda term: order.index(Term.Status(term.status)))
    if any(term.status == Term.Status.REJECTED for term in same):
        return None
    model = next((term for term in same if term.status == Term.Status.APPROVED), None)
    if model is None:
        return services.add_term(lesson.term, source=Source.LEARNED, api_key_id=api_key_id).term
    # a key's own term takes the place of everyone's, so it knows what that knows
    names = ("language", "script", "kind", "sounds_like", "case_sensitive", "priority", "pinned")
    fields = {name: getattr(model, name) for name in names}
    heard = model.alternatives.filter(enabled=True).values_list("text", flat=True)
    term = services.add_term(
        lesson.term, source=Source.LEARNED, api_key_id=api_key_id, **fields
    ).term
    services.add_alternatives(term, dict.fromkeys(heard, 0), source=Source.ADMIN)
    return term


def _fits(text: str) -> bool:
    try:
        services.check_text(text)
    except services.Refused:
        return False
    return True


# --- Evidence ----------------------------------------------------------------------------------


def _write_evidence(
    feedback: Feedback,
    passages: Sequence[Passage],
    lessons: Iterable[Lesson],
    terms: Mapping[str, Term],
) -> None:
    """A row for each place where a term was taught, or what it led to was taken back."""
    taught = [(terms[e.term].pk, place) for e in lessons if e.term in terms for place in e.places]
    undone = [
        (number, standing)
        for number, (_, found) in enumerate(passages)
        for standing in found
        if standing.state == UNDONE
    ]
    there = set(
        Term.objects.filter(pk__in={s.replacement.term for _, s in undone}).values_list(
            "pk", flat=True
        )
    )
    met = {place.passage for _, place in taught} | {number for number, _ in undone}
    listen = _Times(passages, met)
    rows = [
        (pk, place.passage, TAUGHT, place.heard, place.corrected, place.after_at)
        for pk, place in taught
    ]
    rows += [
        (s.replacement.term, number, UNDID, s.replacement.after,
         passages[number][0].text[s.start : s.end], s.start)
        for number, s in undone
        if s.replacement.term in there
    ]  # fmt: skip
    TermEvidence.objects.bulk_create(
        TermEvidence(
            term_id=pk, feedback=feedback, segment_id=passages[number][0].pk, kind=kind,
            heard=heard, corrected=corrected, start_ms=start_ms, end_ms=end_ms,
        )
        for pk, number, kind, heard, corrected, at in rows
        for start_ms, end_ms in [listen.to(number, at, at + len(corrected))]
    )  # fmt: skip


class _Times:
    """When the words of some passages were said."""

    def __init__(self, passages: Sequence[Passage], met: Iterable[int]) -> None:
        self.segments = {number: passages[number][0] for number in met}
        ids = [segment.pk for segment in self.segments.values()]
        heard = dict(Segment.objects.filter(pk__in=ids).values_list("pk", "words"))
        self.words: dict[int, list[Said]] = {
            number: said(each.text, heard.get(each.pk, ()), each.start_ms, each.end_ms)
            for number, each in self.segments.items()
        }

    def to(self, number: int, start: int, end: int) -> tuple[int, int]:
        met = [word for word in self.words[number] if word.start < end and start < word.end]
        segment = self.segments[number]
        if not met:
            return segment.start_ms, segment.end_ms
        return met[0].start_ms, met[-1].end_ms


# --- Alternatives ------------------------------------------------------------------------------


def undone_too_often(count: int, undone: int) -> bool:
    """`count`: how often it was taught, or a reviewer let stand what it led to."""
    return undone >= OFTEN and undone > count


def _count_alternatives(
    done: Learned,
    passages: Sequence[Passage],
    lessons: Iterable[Lesson],
    terms: Mapping[str, Term],
) -> None:
    """Add what terms were misheard as, and count what was taught, confirmed and undone. An
    alternative is switched off when it comes to be undone too often, and not once more after: who
    turns it on again then has decided."""
    heard: Counter[tuple[int, str]] = Counter()
    for lesson in lessons:
        if term := terms.get(lesson.term):
            safe = {text: 0 for text, _ in lesson.heard if _fits(text)}
            # in a term that is in use already it waits for a curator
            waits = term.status != Term.Status.SUGGESTED
            services.add_alternatives(term, safe, source=Source.LEARNED, enabled=not waits)
            heard.update((term.pk, normalise(place.heard)) for place in lesson.places)
    standings = [s for _, found in passages for s in found if s.replacement.rule == "alternative"]
    ids = {pk for pk, _ in heard} | {s.replacement.term for s in standings}
    known: dict[int, dict[str, Alternative]] = defaultdict(dict)
    for each in Alternative.objects.filter(term__in=ids):
        known[each.term_id][each.normalized] = each
    for (pk, text), number in heard.items():
        if text in known[pk]:
            done.seen[known[pk][text].pk] += number
    for standing in standings:
        if led := _led_to(standing.replacement, known[standing.replacement.term]):
            done.seen[led.pk] += standing.stands
            done.undone[led.pk] += standing.state == UNDONE
    done.seen, done.undone = +done.seen, +done.undone
    services.count_alternatives(done.seen, done.undone)
    done.off = [
        each.pk
        for of_term in known.values()
        for each in of_term.values()
        if each.enabled
        and not undone_too_often(each.count, each.undone_count)
        and undone_too_often(
            each.count + done.seen[each.pk], each.undone_count + done.undone[each.pk]
        )
    ]
    services.switch_alternatives(done.off, on=False)


def _led_to(made: Replacement, known: Mapping[str, Alternative]) -> Alternative | None:
    """The alternative that was found there, maybe with an ending."""
    before = normalise(made.before)
    fitting = [text for text in known if before.startswith(text)]
    return known[max(fitting, key=len)] if fitting else None


# --- How sure, and what is accepted without being asked ----------------------------------------


@dataclass(frozen=True)
class Review:
    """What one review says for a term. `heard`: what it was misheard as there, normalised."""

    confidence: float
    trusted: bool
    recording: str
    api_key_id: int | None
    heard: frozenset[str]


def sureness(reviews: Iterable[Review]) -> float:
    """That not all of them are wrong."""
    return round(1 - prod(1 - review.confidence for review in reviews), 4)


def _reviews(term_ids: Collection[int]) -> dict[int, list[Review]]:
    """The latest reviews that taught each of the terms."""
    rows = TermEvidence.objects.filter(term__in=term_ids, kind=TAUGHT).exclude(feedback=None)
    heard: dict[int, dict[int, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for term_id, feedback_id, corrected, text in rows.values_list(
        "term_id", "feedback_id", "corrected", "heard"
    ).distinct():
        heard[term_id][feedback_id].add((normalise(corrected), normalise(text)))
    latest = {pk: sorted(of, reverse=True)[:MOST_REVIEWS] for pk, of in heard.items()}
    reviews = {
        pk: (extracted_terms, trusted, recording, key)
        for pk, extracted_terms, trusted, recording, key in Feedback.objects.filter(
            pk__in={pk for ids in latest.values() for pk in ids}
        ).values_list(
            "pk", "extracted_terms", "lexicon__learned__trusted", "job__audio_sha256",
            "job__api_key_id",
        )
    }  # fmt: skip
    found: dict[int, list[Review]] = {pk: [] for pk in term_ids}
    for pk, ids in latest.items():
        for each in ids:
            entries, trusted, recording, key = reviews[each]
            written = {corrected for corrected, _ in heard[pk][each]}
            sure = [e.get("confidence", 0) for e in entries if normalise(e["corrected"]) in written]
            texts = frozenset(text for _, text in heard[pk][each])
            found[pk].append(Review(max(sure, default=0), bool(trusted), recording, key, texts))
    return found


def _weigh(terms: Iterable[Term]) -> None:
    """Write how sure learning is of the terms that it suggested."""
    learned = {term.pk: term for term in terms if term.source == Source.LEARNED}
    for pk, reviews in _reviews(learned).items():
        sure = sureness(reviews)
        if learned[pk].confidence != sure:
            Term.objects.filter(pk=pk).update(confidence=sure)


def _accept(terms: Iterable[Term], done: Learned) -> None:
    """Use at once what trusted reviewers taught surely enough, where the site wishes it."""
    enough = settings.LEARN_ACCEPT_CONFIDENCE
    if enough is None or not done.trusted:
        return
    by_id = {term.pk: term for term in terms}
    reviews = _reviews(by_id)
    done.accepted = [
        pk
        for pk, term in by_id.items()
        if term.status == Term.Status.SUGGESTED and term.source == Source.LEARNED
        if _surely_taught(term, reviews[pk], enough)
    ]
    services.approve(Term.objects.filter(pk__in=done.accepted))
    on, off = [], []
    for each in Alternative.objects.filter(
        term__in=by_id, term__status=Term.Status.APPROVED, source=Source.LEARNED
    ):
        heard = [review for review in reviews[each.term_id] if each.normalized in review.heard]
        if not _surely_taught(by_id[each.term_id], heard, enough):
            off += [each.pk] if each.term_id in done.accepted else []
        elif each.term_id in done.accepted or not each.enabled:
            on += [] if undone_too_often(each.count, each.undone_count) else [each.pk]
    done.accepted_alternatives = on
    services.switch_alternatives(on, on=True)
    services.switch_alternatives(off, on=False)


def _surely_taught(term: Term, reviews: Iterable[Review], enough: float) -> bool:
    """By trusted reviewers, of recordings of its own scope; for everyone, of two."""
    trusted = [each for each in reviews if each.trusted and each.api_key_id == term.api_key_id]
    recordings = {each.recording for each in trusted}
    return len(recordings) >= (2 if term.api_key_id is None else 1) and sureness(trusted) >= enough


# --- From keys to everyone ---------------------------------------------------------------------


def _promote(feedback: Feedback, terms: Iterable[Term], done: Learned) -> None:
    """Suggest to everyone what recordings of another key, or without one, have taught too."""
    key = feedback.job.api_key_id
    if key is None:
        return
    own = {(term.normalized, term.language): term for term in terms}
    elsewhere = TermEvidence.objects.filter(
        kind=TAUGHT, term__normalized__in={normalized for normalized, _ in own}
    ).exclude(feedback__job__api_key=key)
    twice = elsewhere.values_list("term__normalized", "term__language").distinct()
    for identity in sorted(set(twice) & own.keys()):
        _suggest_to_everyone(feedback, own[identity], done)


def _suggest_to_everyone(feedback: Feedback, term: Term, done: Learned) -> None:
    """With what each key's recordings teach of it."""
    added = services.add_term(
        term.term, source=Source.LEARNED, language=term.language, script=term.script,
        kind=term.kind, sounds_like=term.sounds_like, case_sensitive=term.case_sensitive,
    )  # fmt: skip
    if added.outcome == "rejected":
        return
    everyone = added.term
    same = {"term__normalized": term.normalized, "term__language": term.language}
    rows = TermEvidence.objects.filter(kind=TAUGHT, **same).exclude(term__api_key=None)
    rows = rows.exclude(feedback__in=everyone.evidence.values("feedback"))
    learned = Alternative.objects.filter(source=Source.LEARNED, **same).exclude(term__api_key=None)
    services.add_alternatives(
        everyone,
        dict.fromkeys(learned.values_list("text", flat=True), 0),
        source=Source.LEARNED,
        enabled=everyone.status == Term.Status.SUGGESTED,
    )
    known = dict(everyone.alternatives.values_list("normalized", "pk"))
    seen: dict[int, Counter[int]] = defaultdict(Counter)  # by review
    copies = list(rows)
    for row in copies:
        if row.feedback_id and (pk := known.get(normalise(row.heard))):
            seen[row.feedback_id][pk] += 1
    TermEvidence.objects.bulk_create(
        TermEvidence(
            term=everyone, feedback_id=row.feedback_id, segment_id=row.segment_id, heard=row.heard,
            corrected=row.corrected, start_ms=row.start_ms, end_ms=row.end_ms,
        )
        for row in copies
    )  # fmt: skip
    services.count_alternatives(sum(seen.values(), Counter()), {})
    done.seen += seen.pop(feedback.pk, Counter())
    for other in Feedback.objects.filter(pk__in=seen):
        learned_there = Learned.of(other)
        learned_there.seen += seen[other.pk]
        _keep(other, learned_there)
    _weigh([everyone])


# --- Uses --------------------------------------------------------------------------------------


def _uses(job: Job, texts: Iterable[str]) -> Counter[int]:
    """How often each term stands in reviewed texts; of those that hold one another, the longer."""
    terms: dict[tuple[str, ...], int] = {}
    rows = Term.objects.filter(_scope(job.api_key_id), status__in=IN_USE)
    # the key's own first, as where they are used
    for pk, normalized in rows.order_by("api_key", "pk").values_list("pk", "normalized"):
        terms.setdefault(tuple(tokens.split(normalized)), pk)
    terms.pop((), None)
    longest = max(map(len, terms), default=0)
    found: Counter[int] = Counter()
    for text in texts if terms else ():
        words = [word.partition("'")[0] or word for word in tokens.split(text)]
        whole = [word.replace("'", "") for word in tokens.split(text)]
        at = 0
        while at < len(words):
            for size in range(min(longest, len(words) - at), 0, -1):
                end = at + size
                # with the ending of a genitive or without it
                pk = terms.get((*whole[at : end - 1], words[end - 1])) or terms.get(
                    tuple(whole[at:end])
                )
                if pk:
                    found[pk] += 1
                    at = end - 1
                    break
            at += 1
    return found


# --- Taking back -------------------------------------------------------------------------------


def unlearn(feedback: Feedback) -> None:
    """Take back what a review taught, in its transaction and before anything locks terms. What
    others taught too stays, with lower counts; so does what a curator has decided on."""
    done = Learned.of(feedback)
    rows = TermEvidence.objects.filter(feedback=feedback)
    taught = set(rows.filter(kind=TAUGHT).values_list("term_id", flat=True))
    if not (taught or done.seen or done.undone):
        return
    versions.hold()
    rows.delete()
    services.count_alternatives(done.seen, done.undone, sign=-1)
    _switch_on_again(done.undone)
    reviews = _reviews(taught)
    left = [t for t in Term.objects.filter(pk__in=taught) if not _stays(t, reviews[t.pk])]
    _let_go(left, done)
    _forget_alternatives(done)
    _weigh(Term.objects.filter(pk__in=taught))
    _keep(feedback, done)


def _stays(term: Term, reviews: Iterable[Review]) -> bool:
    """Whether what is still there teaches it in its scope."""
    keys = {review.api_key_id for review in reviews}
    if term.api_key_id is None:
        return None in keys or len(keys) > 1
    return bool(keys)


def _let_go(terms: Iterable[Term], done: Learned) -> None:
    suggested = [t.pk for t in terms if t.status == Term.Status.SUGGESTED and _is_nobodys(t)]
    approved = {t.pk for t in terms if t.status == Term.Status.APPROVED}
    done.retired = sorted(approved & _done_unasked("accepted", approved))
    services.retire(Term.objects.filter(pk__in=done.retired))
    Term.objects.filter(pk__in=suggested).delete()


def _is_nobodys(term: Term) -> bool:
    return term.source == Source.LEARNED and term.created_by_id is None


def _forget_alternatives(done: Learned) -> None:
    """Those that only this review taught, unless a curator uses them."""
    gone = Alternative.objects.filter(pk__in=done.seen, source=Source.LEARNED, count=0)
    used = set(
        gone.filter(enabled=True, term__status=Term.Status.APPROVED).values_list("pk", flat=True)
    )
    used -= _done_unasked("accepted_alternatives", used)
    gone.exclude(pk__in=used).delete()


def _switch_on_again(undone: Iterable[int]) -> None:
    """What was switched off for having been undone, and no longer is too often."""
    off = Alternative.objects.filter(pk__in=list(undone), enabled=False)
    fewer = {each.pk for each in off if not undone_too_often(each.count, each.undone_count)}
    services.switch_alternatives(_done_unasked("off", fewer), on=True)


def _done_unasked(what: str, ids: Collection[int]) -> set[int]:
    """Those of the ids that some review, maybe taken back since, did this to."""
    if not ids:
        return set()
    any_of = Q()
    for pk in ids:
        any_of |= Q(**{f"lexicon__learned__{what}__contains": [pk]})
    found = Feedback.objects.filter(any_of).only("lexicon")
    return {pk for each in found for pk in getattr(Learned.of(each), what)} & set(ids)
