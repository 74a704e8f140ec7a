"""What the API shows of jobs, segments and words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, cast

from django.utils import timezone
from rest_framework import serializers

from lexicon import policies
from transcription import progress
from transcription.engines import MODELS
from transcription.models import Job


class JobSerializer(serializers.ModelSerializer):
    progress = serializers.SerializerMethodField(help_text="0 to 100; 100 at rest.")
    demo_quality = serializers.SerializerMethodField(help_text="The engine is only for trying out.")
    script_policy = serializers.SerializerMethodField(help_text="Such as `hi=Deva, en=Latn`.")
    languages = serializers.ListField(child=serializers.CharField())
    options = serializers.DictField(help_text="What was wished, where it is not as usual.")
    usage = serializers.DictField(help_text="What the engine counted.")
    metadata = serializers.DictField(help_text="The client's own.")

    class Meta:
        model = Job
        fields = [
            "id", "title", "status", "review_status", "progress", "model", "asked_model",
            "demo_quality", "languages", "script_policy", "options", "source_job", "proposal",
            "priority", "audio_name", "audio_sha256", "audio_bytes", "audio_format", "duration_ms",
            "speech_dbfs", "word_count", "lexicon_version", "lexicon_problem", "budget_usd",
            "cost_usd", "usage", "error_code", "error_message", "metadata", "created_at",
            "started_at", "finished_at", "reviewed_at",
        ]  # fmt: skip

    def get_progress(self, job: Job) -> int:
        """Of one at rest; `jobs_data` knows it of those at work."""
        return 100

    def get_script_policy(self, job: Job) -> str:
        return policies.written(job.script_policy)

    def get_demo_quality(self, job: Job) -> bool:
        record = MODELS.get(job.model)
        return bool(record and record.demo)


# what jobs_data reads: what is shown, and what tells how far one is
READ = {*JobSerializer.Meta.fields, "chunk_count"}
# one for all: to make its fields takes longer than to read a job with them
_JOB = JobSerializer()
# what their columns hold is shown as it is
AS_IT_IS = (
    serializers.BooleanField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DictField,
    serializers.FloatField,
    serializers.IntegerField,
    serializers.ListField,
    serializers.PrimaryKeyRelatedField,
)


def _reader(name: str, field: serializers.Field) -> Callable[[Job], Any]:
    """How a field is read off a job: as the serializer does, which takes three times as long."""
    if isinstance(field, serializers.SerializerMethodField):
        return cast(Callable[[Job], Any], getattr(_JOB, f"get_{name}"))
    column = attrgetter(Job._meta.get_field(name).attname)  # type: ignore[union-attr]
    if isinstance(field, AS_IT_IS):
        return column
    if isinstance(field, serializers.DateTimeField):
        return lambda job: _instant(column(job))
    write = field.to_representation
    return lambda job: None if (value := column(job)) is None else write(value)


def _instant(value: datetime | None) -> str | None:
    """ISO 8601 in the site's zone, as the serializer writes it. Nobody has another on these pages,
    so that it need not be asked for each time."""
    if value is None:
        return None
    text = value.astimezone(timezone.get_default_timezone()).isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


_READERS = [(name, _reader(name, field)) for name, field in _JOB.fields.items()]


def jobs_data(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """With one query, and none where all are at rest."""
    working = [job for job in jobs if job.working]
    reached = progress.of_all(working) if working else {}
    data = [{name: read(job) for name, read in _READERS} for job in jobs]
    for job, each in zip(jobs, data, strict=True):
        if job.pk in reached:
            each["progress"] = reached[job.pk].percent
    return data


def job_data(job: Job) -> dict[str, Any]:
    return jobs_data([job])[0]


# --- For the API's description: data is made by exports.segment_dict, hints.summary and words.py -


class HeardWordSerializer(serializers.Serializer):
    text = serializers.CharField()
    start_ms = serializers.IntegerField()
    end_ms = serializers.IntegerField()
    confidence = serializers.FloatField(allow_null=True)
    estimated = serializers.BooleanField(
        required=False, help_text="The time is not the engine's own."
    )


class ReplacementSerializer(serializers.Serializer):
    start = serializers.IntegerField(help_text="In characters of `engine_text`.")
    end = serializers.IntegerField()
    before = serializers.CharField(help_text="What was heard.")
    after = serializers.CharField(help_text="What the lexicon has.")
    term = serializers.IntegerField(help_text="The term's id.")
    rule = serializers.ChoiceField(["proven", "alternative", "sound", "script", "spelling"])
    score = serializers.FloatField(help_text="How probable it is that it is right.")
    applied = serializers.BooleanField(help_text="Else it was only suggested.")
    state = serializers.ChoiceField(["applied", "undone", "changed", "open", "taken", "gone"])
    text_start = serializers.IntegerField(help_text="In characters of `text`.")
    text_end = serializers.IntegerField()


class RunSerializer(serializers.Serializer):
    start = serializers.IntegerField(help_text="In characters of `text`.")
    end = serializers.IntegerField()
    language = serializers.CharField(allow_blank=True)
    ending = serializers.CharField(allow_blank=True, help_text="The language of a word's ending.")
    confidence = serializers.FloatField()
    by_person = serializers.BooleanField()


class SegmentSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    start_ms = serializers.IntegerField()
    end_ms = serializers.IntegerField()
    speaker = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    engine_text = serializers.CharField(allow_blank=True, help_text="As it was heard, for ever.")
    text = serializers.CharField(allow_blank=True, help_text="As it is now.")
    replacements = ReplacementSerializer(many=True)
    marks = serializers.ListField(child=serializers.DictField())
    languages = RunSerializer(many=True)
    version = serializers.IntegerField(help_text="Rises with each change of the text.")
    accepted = serializers.BooleanField()
    words = HeardWordSerializer(many=True, help_text="Those that the engine's times belong to.")


class WordSerializer(serializers.Serializer):
    segment = serializers.IntegerField(help_text="The id of its segment.")
    text = serializers.CharField()
    start = serializers.IntegerField(help_text="In characters of the segment's text.")
    end = serializers.IntegerField()
    start_ms = serializers.IntegerField()
    end_ms = serializers.IntegerField()
    language = serializers.CharField(allow_blank=True)
    confidence = serializers.FloatField(
        allow_null=True,
        help_text="The engine's; null where it gave none, or people wrote the word.",
    )
    estimated = serializers.BooleanField(help_text="The time is not the engine's own.")


class SentTermSerializer(serializers.Serializer):
    id = serializers.IntegerField(help_text="0: a keyword of the recording's own.")
    term = serializers.CharField()
    parts = serializers.IntegerField(help_text="How many parts of the recording went with it.")


class LeftOutSerializer(serializers.Serializer):
    reason = serializers.CharField()
    count = serializers.IntegerField(help_text="The most of one request.")
    terms = serializers.ListField(child=serializers.CharField(), help_text="The first of them.")


class HintsSerializer(serializers.Serializer):
    complete = serializers.BooleanField(help_text="False while the job is at work, which asks on.")
    asked = serializers.ListField(
        child=serializers.CharField(), help_text="The ways in which languages were kept apart."
    )
    sent = SentTermSerializer(many=True)
    left_out = LeftOutSerializer(many=True)
