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
from typing import Any

from django.conf import settings
from django.db.models import Q

from feedback.evidence import TAUGHT, Passage, Review, reviews_of, sureness, write_evidence
from feedback.mining import PROVEN_FROM, Lesson, Reviewed, lessons, may_be_proven
from feedback.models import Feedback, TermEvidence
from feedback.uses import uses
from lexicon import services, versions
from lexicon.matching import Replacement, frequency
from lexicon.models import Alternative, Source, Term
from lexicon.normalising import normalise
from transcription.models import Job
from transcription.standing import UNDONE

MOST_LESSONS = 300  # of one review: nobody looks through more
OFTEN = 3  # undone so often, and more often than not, an alternative is switched off
BY_ALTERNATIVE = ("alternative", "proven")  # rules of the lexicon's replacements
IN_USE = (Term.Status.APPROVED, Term.Status.SUGGESTED)


def taught_by(job: Job, reviewed: Sequence[Reviewed]) -> list[Lesson]:
    """The surest lessons of a review, without those that a curator has rejected."""
    if job.api_key_id is None and job.source == Job.Source.API:
        return []  # a client's, run again here or with its key gone: everyone would learn it
    terms = Term.objects.filter(_scope(job.api_key_id))
    rejected = Term.Status.REJECTED
    known = set(terms.exclude(status=rejected).values_list("normalized", flat=True))
    found = lessons(reviewed, known, job.languages or job.heard_languages)
    keys = {normalise(lesson.term) for lesson in found}
    never = set(
        terms.filter(normalized__in=keys, status=rejected).values_list("normalized", flat=True)
    )
    return [each for each in found if normalise(each.term) not in never - known][:MOST_LESSONS]


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
    lessons = [each for each in taught if each.term in kept and _fits(each.term)]
    done.undone = _right_as_heard(feedback.job, passages)
    if lessons or done.undone or any(found for _, found in passages):
        versions.hold()  # before it is read which terms there are to lock
        done.uses = _uses(feedback.job, passages)
        _hold(feedback, done.uses, {normalise(lesson.term) for lesson in lessons})
        _keep(feedback, done)  # who taught it tells below how sure a term is
        terms = _terms(feedback.job, lessons)
        write_evidence(feedback, passages, lessons, terms)
        _count_alternatives(feedback.job, done, passages, lessons, terms)
        _weigh(terms.values())
        _accept(terms.values(), done)
        _promote(feedback, terms.values(), done)
    done.uses = _uses(feedback.job, passages)  # of new terms too
    _keep(feedback, done)


def _hold(feedback: Feedback, ids: Iterable[int], normalized: Collection[str] = ()) -> None:
    """Lock the lexicon, and the terms that will be changed or counted all at once and in one
    order, as jobs that end do: else two might wait for each other."""
    versions.hold()
    counted = {int(pk) for pk in feedback.lexicon.get("terms", {})} | set(ids)
    wanted = Term.objects.filter(Q(pk__in=counted) | Q(normalized__in=normalized))
    list(wanted.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _uses(job: Job, passages: Sequence[Passage]) -> Counter[int]:
    there = Term.objects.filter(_scope(job.api_key_id), status__in=IN_USE)
    # the key's own first, as where they are used
    named = there.order_by("api_key", "pk").values_list("pk", "normalized")
    return uses((segment.text for segment, _ in passages), named)


def _keep(feedback: Feedback, done: Learned) -> None:
    if stored := done.stored():
        feedback.lexicon["learned"] = stored
        feedback.save(update_fields=["lexicon"])


def _scope(api_key_id: int | None) -> Q:
    return Q(api_key=None) if api_key_id is None else Q(api_key=None) | Q(api_key=api_key_id)


# --- Terms -------------------------------------------------------------------------------------


def _terms(job: Job, lessons: Collection[Lesson]) -> dict[str, Term]:
    """By its lesson's text the term of each, in the scope of the recording: those that are there,
    and new ones. None of those that were rejected."""
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
        chosen = _term(lesson, job.api_key_id, same[normalise(lesson.term)])
        if chosen is None:
            continue
        if chosen.status == Term.Status.RETIRED and chosen.pk in retired:
            # the same review, submitted again
            chosen.status = Term.Status.SUGGESTED
            chosen.save(update_fields=["status"])
        found[lesson.term] = chosen
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
    return own_term(lesson.term, api_key_id, model)


def own_term(text: str, api_key_id: int | None, model: Term) -> Term:
    """A key's own, suggested at first where there was none. It takes the place of everyone's, the
    model, so it knows what that knows."""
    names = ("language", "script", "kind", "sounds_like", "case_sensitive", "priority", "pinned")
    fields = {name: getattr(model, name) for name in names}
    term = services.add_term(text, source=Source.LEARNED, api_key_id=api_key_id, **fields).term
    decided = model.alternatives.exclude(enabled=False, source=Source.LEARNED)
    for used in (True, False):
        heard = decided.filter(enabled=used).values_list("text", flat=True)
        services.add_alternatives(term, dict.fromkeys(heard, 0), source=Source.ADMIN, enabled=used)
    return term


def _fits(text: str) -> bool:
    try:
        services.check_text(text)
    except services.Refused:
        return False
    return True


# --- Alternatives ------------------------------------------------------------------------------


def undone_too_often(count: int, undone: int) -> bool:
    """`count`: how often it was taught, or a reviewer let stand what it led to."""
    return undone >= OFTEN and undone > count


def _count_alternatives(
    job: Job,
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
    done.undone = _right_as_heard(job, passages)  # with those that came to it
    standings = [s for _, found in passages for s in found if s.replacement.rule in BY_ALTERNATIVE]
    ids = {pk for pk, _ in heard} | {s.replacement.term for s in standings}
    known: dict[int, dict[str, Alternative]] = defaultdict(dict)
    for each in Alternative.objects.filter(Q(term__in=ids) | Q(pk__in=done.undone)):
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
    _prove(job)


def _right_as_heard(job: Job, passages: Sequence[Passage]) -> Counter[int]:
    """By alternative of the key's own terms, of those that wait too: how often reviewed text has
    the very words, but where they are a part of the term itself."""
    if job.api_key_id is None:
        return Counter()
    counted = Q(enabled=True) | Q(source=Source.LEARNED)
    own = Alternative.objects.filter(counted, term__api_key=job.api_key_id)
    terms = Term.objects.filter(api_key=job.api_key_id).values_list("pk", "normalized")
    named = [*own.values_list("pk", "normalized"), *((-pk, text) for pk, text in terms)]
    found = uses((segment.text for segment, _ in passages), named)
    return Counter({pk: number for pk, number in found.items() if pk > 0})


def _prove(job: Job) -> None:
    """Let the key's terms take the place also of ordinary words, where its reviews showed often
    enough that these were misheard, and never that they were right. Not so for everyone: what is
    always wrong in one client's recordings is right in another's."""
    if job.api_key_id is None:
        return
    learned = Alternative.objects.filter(term__api_key=job.api_key_id, source=Source.LEARNED)
    spoken = frequency.spoken([], job.languages or job.heard_languages or ["en"])
    earned = learned.filter(count__gte=PROVEN_FROM, undone_count=0)
    proven = [
        pk for pk, text in earned.values_list("pk", "normalized") if may_be_proven(text, spoken)
    ]
    learned.filter(pk__in=proven, proven=False).update(proven=True)
    learned.filter(proven=True).exclude(pk__in=proven).update(proven=False)


def _led_to(made: Replacement, known: Mapping[str, Alternative]) -> Alternative | None:
    """The alternative that was found there, maybe with an ending."""
    before = normalise(made.before)
    fitting = [text for text in known if before.startswith(text)]
    return known[max(fitting, key=len)] if fitting else None


# --- How sure, and what is accepted without being asked ----------------------------------------


def _weigh(terms: Iterable[Term]) -> None:
    """Write how sure learning is of the terms that it suggested."""
    learned = {term.pk: term for term in terms if term.source == Source.LEARNED}
    for pk, reviews in reviews_of(learned).items():
        sure = sureness(reviews)
        if learned[pk].confidence != sure:
            Term.objects.filter(pk=pk).update(confidence=sure)


def _accept(terms: Iterable[Term], done: Learned) -> None:
    """Use at once what trusted reviewers taught surely enough, where the site wishes it."""
    enough = settings.LEARN_ACCEPT_CONFIDENCE
    if enough is None or not done.trusted:
        return
    by_id = {term.pk: term for term in terms}
    reviews = reviews_of(by_id)
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


# --- Taking back -------------------------------------------------------------------------------


def unlearn(feedback: Feedback) -> None:
    """Take back what a review taught, in its transaction and before anything locks terms. What
    others taught too stays, with lower counts; so does what a curator has decided on."""
    done = Learned.of(feedback)
    rows = TermEvidence.objects.filter(feedback=feedback)
    if not (rows.exists() or done.seen or done.undone):
        return
    versions.hold()
    feedback.refresh_from_db(fields=["lexicon"])  # others may have built on it until now
    done = Learned.of(feedback)
    taught = set(rows.filter(kind=TAUGHT).values_list("term_id", flat=True))
    _hold(feedback, taught | done.uses.keys())
    rows.delete()
    services.count_alternatives(done.seen, done.undone, sign=-1)
    _switch_on_again(done.undone)
    reviews = reviews_of(taught)
    left = [t for t in Term.objects.filter(pk__in=taught) if not _stays(t, reviews[t.pk])]
    _let_go(left, done)
    _forget_alternatives(done)
    _prove(feedback.job)
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
