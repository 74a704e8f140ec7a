"""Terms as the API shows and takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lexicon import services
from lexicon.api.reach import Reach
from lexicon.exchange.columns import LONGEST_TERM, Heard
from lexicon.languages import language_code
from lexicon.models import Alternative, Term
from lexicon.normalising import normalise
from lexicon.scripts import script_code
from speech_project.api import bodies
from speech_project.api.fields import Choice, ObjectField

LONGEST_TEXT = 10_000
MOST_ALTERNATIVES = 500
# of everyone's terms for those alone who write them
OF_CURATORS = {"note": "", "example": "", "metadata": {}, "created_by_name": ""}


class Line(serializers.CharField):
    """A term or an alternative, as it is kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TERM, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return services.check_text(super().to_internal_value(data))
        except services.Refused as error:
            raise serializers.ValidationError(str(error)) from None


class Code(serializers.CharField):
    def __init__(self, read: Callable[[str], str], **options: Any) -> None:
        self.read = read
        super().__init__(max_length=100, allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return self.read(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


# --- Shown -------------------------------------------------------------------------------------


class AlternativeCounts(serializers.Serializer):
    seen = serializers.IntegerField(source="count", help_text="Times in reviewed text.")
    undone = serializers.IntegerField(
        source="undone_count", help_text="Times that a reviewer took back what it led to."
    )


class AlternativeSerializer(serializers.ModelSerializer):
    counts = AlternativeCounts(source="*", required=False, allow_null=True)

    class Meta:
        model = Alternative
        fields = ("id", "text", "enabled", "proven", "source", "counts")
        read_only_fields = fields


class TermCounts(serializers.Serializer):
    sent = serializers.IntegerField(source="sent_count", help_text="As a hint.")
    matched = serializers.IntegerField(source="matched_count", help_text="Put into a transcript.")
    confirmed = serializers.IntegerField(
        source="confirmed_count", help_text="Left standing by a reviewer."
    )
    undone = serializers.IntegerField(source="undone_count", help_text="Taken back by a reviewer.")
    frequency = serializers.IntegerField(help_text="Uses in reviewed text.")
    confidence = serializers.FloatField(
        allow_null=True, help_text="How sure learning is of it; null: it was entered."
    )


class TermSerializer(serializers.ModelSerializer):
    """`counts`, also of the alternatives, come with `?counts=true` alone: they change with each
    transcript, and so would the ETag. They are null where they tell of other clients' recordings.
    """

    everyone = serializers.SerializerMethodField()
    api_key = serializers.CharField(
        source="api_key.prefix",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="The public part of the key that it is for; null: everyone's.",
    )
    alternatives = AlternativeSerializer(many=True)
    metadata = serializers.DictField()
    counts = TermCounts(source="*", required=False, allow_null=True)

    class Meta:
        model = Term
        fields = (
            "id", "term", "language", "script", "kind", "status", "everyone", "api_key",
            "alternatives", "sounds_like", "case_sensitive", "priority", "pinned", "note",
            "example", "metadata", "source", "created_by_name", "created_at", "updated_at",
            "counts",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(bool)
    def get_everyone(self, term: Term) -> bool:
        return term.api_key_id is None

    def to_representation(self, term: Term) -> dict[str, Any]:
        shown = super().to_representation(term)
        reach: Reach = self.context["reach"]
        if not reach.writes(term):
            shown |= OF_CURATORS
        counting = [shown, *shown["alternatives"]]
        for each in counting:
            if not self.context.get("counts"):
                del each["counts"]
            elif not reach.counts(term):
                each["counts"] = None
        return shown


class WarnedTerm(TermSerializer):
    """What a change answers."""

    warnings = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="What may go wrong with it. None stops anybody.",
    )

    class Meta(TermSerializer.Meta):
        fields = (*TermSerializer.Meta.fields, "warnings")  # type: ignore[assignment]


# --- Sent --------------------------------------------------------------------------------------


class AlternativeForm(serializers.Serializer):
    text = Line()
    enabled = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Off: kept, not used."
    )
    proven = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Nothing else is heard so: replaced though its words are ordinary.",
    )

    def to_internal_value(self, data: Any) -> Any:
        """A text alone will do. What only answers have may be sent back."""
        given = {"text": data} if isinstance(data, str) else data
        bodies.check_names(given, self.fields, AlternativeSerializer.Meta.fields)
        return super().to_internal_value(given)

    def validate(self, given: dict[str, Any]) -> Any:
        if "text" not in given:  # a change of a term has not all of its fields, but this is needed
            raise serializers.ValidationError(
                {"text": self.fields["text"].error_messages["required"]}
            )
        return Heard(given["text"], enabled=given.get("enabled"), proven=given.get("proven"))


class AlternativeShape(OpenApiSerializerExtension):
    """For the API's description."""

    target_class = AlternativeForm

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"oneOf": [{"type": "string"}, super().map_serializer(auto_schema, direction)]}


class ChangedTerm(serializers.Serializer):
    term = Line(help_text="As it is to be written.")
    language = Code(language_code, default="", help_text="ISO 639; empty: any.")
    script = Code(script_code, default="", help_text="ISO 15924; empty: as the term is.")
    kind = Choice(Term.Kind.choices, default=Term.Kind.OTHER)
    status = Choice(
        Term.Status.choices,
        default=Term.Status.SUGGESTED,
        help_text="Only approved ones are used.",
    )
    alternatives = serializers.ListField(
        child=AlternativeForm(),
        max_length=MOST_ALTERNATIVES,
        default=list,
        help_text="All that it is misheard as: what is there and not in this list, goes.",
    )
    sounds_like = serializers.CharField(
        max_length=LONGEST_TEXT,
        allow_blank=True,
        default="",
        help_text="How it is said, where the spelling does not tell.",
    )
    case_sensitive = serializers.BooleanField(default=False)
    priority = serializers.IntegerField(default=0, min_value=-(2**15), max_value=2**15 - 1)
    pinned = serializers.BooleanField(default=False, help_text="Always told to the engine.")
    note = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, default="")
    example = serializers.CharField(max_length=LONGEST_TEXT, allow_blank=True, default="")
    metadata = ObjectField(default=dict)

    def validate_alternatives(self, wished: list[Heard]) -> list[Heard]:
        seen: set[str] = set()
        for each in wished:
            if (key := normalise(each.text)) in seen:
                raise serializers.ValidationError(f"“{each.text}” is there twice.")
            seen.add(key)
        return wished


class NewTerm(ChangedTerm):
    everyone = serializers.BooleanField(
        default=None,
        allow_null=True,
        help_text="For all recordings: takes the scope admin. People enter nothing else.",
    )


class TermFilter(serializers.Serializer):
    status = Choice(Term.Status.choices, required=False)
    kind = Choice(Term.Kind.choices, required=False)
    language = Code(language_code, required=False, help_text="Empty: terms of any language.")
    q = serializers.CharField(
        required=False,
        max_length=LONGEST_TERM,
        help_text="In terms and what they are misheard as, in any script; where nothing is written"
        " so, what sounds so. `~word` asks for that at once.",
    )
    mine = serializers.BooleanField(
        required=False, help_text="Those of the API key alone; of people, what they entered."
    )
    updated_after = serializers.DateTimeField(
        required=False, help_text="Changed by people or clients since."
    )


class TermsWish(TermFilter):
    counts = serializers.BooleanField(
        required=False, help_text="Also what became of the terms, as far as it is yours to know."
    )


class CountsWish(serializers.Serializer):
    counts = serializers.BooleanField(
        required=False, help_text="Also what became of the term, as far as it is yours to know."
    )
