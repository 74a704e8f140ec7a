"""How accurate transcripts were: the figures of the quality page, and the reviews behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.quality.filters import (
    CLIENT,
    OF_API,
    REVIEWER,
    Filters,
    queue_filters,
    reviews_of,
)
from feedback.quality.measures import MER, TERMS, TIME, UNDONE, WER
from feedback.quality.periods import Periods, month_of, periods, week_of
from feedback.quality.rates import FEWEST_REVIEWS, FEWEST_WORDS, Rate
from feedback.quality.rows import as_csv
from feedback.quality.spending import backlog
from feedback.quality.sums import MOST_REVIEWS, Found, Group, gathered
from speech_project.api import preconditions, queries
from speech_project.api.fields import Choice
from speech_project.api.schema import IF_NONE_MATCH, answers
from speech_project.api.views import ApiView, FileView
from transcription.access import visible_jobs
from transcription.queueing import LANGUAGE, LONGEST_TEXT, PAGES, YEARS, narrowed

STEPS = {"week": week_of, "month": month_of}
BY = ("model", "engine", "language", "client", "reviewer", *STEPS)

# --- Asked -------------------------------------------------------------------------------------


def _matching(told: str, pattern: Any, *more: str, **options: Any) -> serializers.RegexField:
    words = "|".join((pattern.pattern, *more))
    messages: Any = {"invalid": told}
    return serializers.RegexField(
        f"^(?:{words})$", required=False, error_messages=messages, **options
    )


class Day(serializers.DateField):
    def to_internal_value(self, value: Any) -> Any:
        day = super().to_internal_value(value)
        if day.year not in YEARS:
            raise serializers.ValidationError(f"Years are from {YEARS[0]} to {YEARS[-1]}.")
        return day


class QualityFilter(serializers.Serializer):
    since = Day(required=False, help_text="The first day of the reviews.")
    until = Day(required=False, help_text="The last one.")
    model = serializers.CharField(required=False, max_length=LONGEST_TEXT)
    engine = serializers.CharField(required=False, max_length=LONGEST_TEXT)
    language = _matching(
        "An ISO 639 code of two or three letters, such as de.",
        LANGUAGE,
        help_text="Said in the recording, or expected.",
    )
    client = _matching(
        f"Allowed: {PAGES}, or key- with a number, as `by=client` has them.",
        CLIENT,
        PAGES,
        help_text=f"Whose recordings, as `by=client` has them; `{PAGES}`: people's.",
    )
    reviewer = _matching(
        f"Allowed: {OF_API}, or user- with a number, as `by=reviewer` has them.",
        REVIEWER,
        OF_API,
        help_text=f"As `by=reviewer` has them; `{OF_API}`: corrections that clients sent.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "since" in given and "until" in given and given["since"] > given["until"]:
            raise serializers.ValidationError({"until": "This is before `since`."})
        return given


class QualityWish(QualityFilter):
    by = Choice(BY, required=False, help_text="What the figures are told apart by.")


# --- Answered ----------------------------------------------------------------------------------


class RateSerializer(serializers.Serializer):
    """With its interval of 95 %."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class LexiconSerializer(serializers.Serializer):
    changes = serializers.IntegerField(help_text="That the lexicon made.")
    errors_gone = serializers.IntegerField(help_text="Word errors that are gone by them.")
    errors_new = serializers.IntegerField()
    let_stand = serializers.IntegerField(help_text="By reviewers.")
    taken_back = serializers.IntegerField()
    taken_back_rate = RateSerializer(allow_null=True)


class GroupSerializer(serializers.Serializer):
    """Reviews that have something in common. A rate is null where there is too little to tell."""

    value = serializers.CharField(
        allow_blank=True, help_text="As a filter has it; of weeks and months the first day."
    )
    name = serializers.CharField()
    reviews = serializers.IntegerField()
    words = serializers.IntegerField()
    word_errors = serializers.IntegerField()
    wer = RateSerializer(
        allow_null=True,
        help_text=f"Null below {FEWEST_REVIEWS} reviews or {FEWEST_WORDS} words, and by language.",
    )
    units = serializers.IntegerField(
        help_text="Words, and letters where a script has no blanks, as MER counts them."
    )
    unit_errors = serializers.IntegerField()
    mer = RateSerializer(allow_null=True)
    cer = serializers.FloatField(allow_null=True)
    terms = serializers.IntegerField(help_text="Of the lexicon, said.")
    term_errors = RateSerializer(allow_null=True)
    review_time = RateSerializer(allow_null=True, help_text="Minutes for a minute of sound.")
    switched_errors = serializers.FloatField(
        allow_null=True,
        help_text="By model: of words in another language than the recording's main one.",
    )
    other_script = serializers.FloatField(
        allow_null=True, help_text="Share of words that were written in another script."
    )
    lexicon = LexiconSerializer()


class QualitySerializer(serializers.Serializer):
    total = GroupSerializer()
    groups = GroupSerializer(many=True, help_text="Empty without `by`.")
    capped = serializers.BooleanField(
        help_text=f"There are more than {MOST_REVIEWS:,} reviews: these are the newest."
    )
    waiting = serializers.IntegerField(
        help_text="Recordings that nobody has reviewed yet. They are in none of the figures."
    )


RATE = {"value": 0.052, "low": 0.047, "high": 0.058}
TOTAL = {
    "value": "",
    "name": "All",
    "reviews": 41,
    "words": 12900,
    "word_errors": 671,
    "wer": RATE,
    "units": 12900,
    "unit_errors": 671,
    "mer": RATE,
    "cer": 0.021,
    "terms": 310,
    "term_errors": {"value": 0.12, "low": 0.08, "high": 0.17},
    "review_time": {"value": 1.9, "low": 1.7, "high": 2.2},
    "switched_errors": None,
    "other_script": 0.0,
    "lexicon": {
        "changes": 120,
        "errors_gone": 131,
        "errors_new": 6,
        "let_stand": 112,
        "taken_back": 8,
        "taken_back_rate": {"value": 0.067, "low": 0.029, "high": 0.13},
    },
}
EXAMPLE = {
    "total": TOTAL,
    "groups": [TOTAL | {"value": "gpt-4o-transcribe", "name": "gpt-4o-transcribe"}],
    "capped": False,
    "waiting": 7,
}


def _rate(rate: Rate | None) -> dict[str, float] | None:
    return {name: round(value, 6) for name, value in vars(rate).items()} if rate else None


def _group(group: Group) -> dict[str, Any]:
    plain, wer = group.plain, WER.rate(group)
    return {
        "value": group.value,
        "name": group.name,
        "reviews": group.reviews,
        "words": int(group.words.y),
        "word_errors": int(group.words.x),
        "wer": _rate(wer),
        "units": int(group.units.y),
        "unit_errors": int(group.units.x),
        "mer": _rate(MER.rate(group)),
        "cer": plain.cer if wer else None,
        "terms": int(group.terms.y),
        "term_errors": _rate(TERMS.rate(group)),
        "review_time": _rate(TIME.rate(group)),
        "switched_errors": group.pier,
        "other_script": plain.other_script_rate,
        "lexicon": {
            "changes": plain.applied,
            "errors_gone": plain.took,
            "errors_new": plain.made,
            "let_stand": plain.confirmed,
            "taken_back": plain.undone,
            "taken_back_rate": _rate(UNDONE.rate(group)),
        },
    }


def _groups(found: Found, by: str) -> Sequence[Group]:
    if not by:
        return []
    if by not in STEPS:
        groups: list[Group] = getattr(found, f"{by}s")
        return groups
    names = Periods(STEPS[by])
    named = []
    for first, group in periods(found.days, names.step, Group("", "")).items():
        group.value, group.name = first.isoformat(), names.long(first)
        named.append(group)
    return [group for group in named if group.reviews]


class Quality(ApiView):
    scopes = {"GET": "quality:read"}

    @extend_schema(
        operation_id="read_quality",
        parameters=[QualityWish, IF_NONE_MATCH],
        responses=QualitySerializer,
        examples=[answers(EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """Read how accurate transcripts were.

        Of reviewed recordings that you may see; an API key its own. What was not reviewed is in no
        figure. Rates are all errors over all words, as on the quality page, with their intervals.
        """
        wished = queries.read(request, QualityWish)
        by = wished.pop("by", "")
        filters, jobs = Filters(**wished), visible_jobs(request.user)
        found = gathered(reviews_of(jobs, filters))
        waiting = backlog(narrowed(jobs, request.user, queue_filters(filters)))
        data = {
            "total": _group(found.total),
            "groups": [_group(group) for group in _groups(found, by)],
            "capped": found.capped,
            "waiting": sum(waiting.counts),
        }
        return preconditions.shown(request, data)


class Reviews(FileView):
    scopes = {"GET": "quality:read"}
    actions = {"GET": "quality.export"}
    kind = "quality"

    @extend_schema(
        operation_id="export_reviews",
        parameters=[QualityFilter],
        responses={(200, "text/csv"): OpenApiTypes.STR},
        examples=[answers("review,job,title\r\n7,0f8fad5b,Ward round\r\n", media_type="text/csv")],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export the reviews behind the figures as CSV, the newest first, with all that is counted
        of each."""
        filters = Filters(**queries.read(request, QualityFilter))
        pieces = as_csv(reviews_of(visible_jobs(request.user), filters))
        answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="quality-reviews.csv"'
        return answer
