"""Many terms at once: as JSON, as files, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lexicon.api.forms import TermFilter
from lexicon.api.terms import NEW, LexiconView, narrowed
from lexicon.exchange import formats
from lexicon.exchange.columns import HEADER
from lexicon.exchange.decoding import Unreadable
from lexicon.exchange.formats import FORMATS, TYPES, Read, Row
from lexicon.exchange.importing import Report, export_rows, import_terms
from lexicon.models import Source, Term
from speech_project.access.models import ApiKey
from speech_project.api import bodies, queries
from speech_project.api.fields import Choice
from speech_project.api.idempotency import idempotent
from speech_project.api.schema import answers, asks
from speech_project.api.views import FileView

MOST_ROWS = 10_000  # of a bulk request
MOST_BYTES = 64 * 1_000_000  # of a file
# columns of everyone's terms that tell of all clients' recordings
COUNTED = ("frequency", "sent_count", "matched_count", "confirmed_count", "undone_count",
           "confidence")  # fmt: skip


class Wishes(serializers.Serializer):
    status = Choice(
        [Term.Status.SUGGESTED, Term.Status.APPROVED],
        default=Term.Status.SUGGESTED,
        help_text="Of terms that come without one. `approved` also approves what is there and was"
        " only suggested.",
    )
    everyone = serializers.BooleanField(
        default=None, allow_null=True, help_text="For all recordings: takes the scope admin."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Only tell what would be done; nothing is."
    )


# each is checked by itself later, so that what is wrong with it can be told of it alone
ROW = {
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {name: {} for name in HEADER} | {"term": {"type": "string"}},
            "required": ["term"],
        },
    ]
}


@extend_schema_field(ROW)
class RowField(serializers.JSONField): ...


class BulkForm(Wishes):
    terms = serializers.ListField(
        child=RowField(allow_null=True),
        max_length=MOST_ROWS,
        help_text="Terms, or objects with the columns of files of terms.",
    )


class ImportForm(Wishes):
    file = serializers.FileField(use_url=False)
    format = Choice(
        FORMATS, required=False, default="", allow_blank=True, help_text="Empty: by its name."
    )

    def validate_file(self, upload: Any) -> Any:
        if upload.size > MOST_BYTES:
            raise serializers.ValidationError(
                f"This file has {upload.size / 1e6:.0f} MB; {MOST_BYTES // 1_000_000} MB are taken."
                " Split it."
            )
        return upload


class RowReport(serializers.Serializer):
    row = serializers.IntegerField(help_text="Counted from 0; of a file its line, from 1.")
    outcome = serializers.ChoiceField(["added", "changed", "there", "refused"])
    term = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True, help_text="What was changed, or why not.")


class Warned(serializers.Serializer):
    row = serializers.IntegerField()
    detail = serializers.CharField()


class TakenIn(serializers.Serializer):
    dry_run = serializers.BooleanField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    there = serializers.IntegerField(help_text="Left as they are.")
    refused = serializers.IntegerField()
    rows = RowReport(many=True)
    warnings = Warned(many=True, help_text="What may go wrong. None stops anybody.")


REPORT = {
    "dry_run": False,
    "added": 1,
    "changed": 0,
    "there": 0,
    "refused": 1,
    "rows": [
        {"row": 0, "outcome": "added", "term": "Ozempic", "detail": "1 alternative"},
        {
            "row": 1,
            "outcome": "refused",
            "term": "",
            "detail": "kind is “pill”. Allowed: drug, brand, person, organisation, place, acronym,"
            " other.",
        },
    ],
    "warnings": [],
}


class TakingIn(LexiconView):
    """Terms that come in together, in one transaction."""

    scopes = {"POST": "lexicon:write"}
    people = {"POST": "lexicon.add_term"}
    kind = "lexicon"
    dry_run = False

    def is_audited(self, request: Request) -> bool:
        return not self.dry_run

    def take(self, request: Request, found: Read, wishes: dict[str, Any]) -> Response:
        key = self.reach.scope(everyone=bool(wishes["everyone"]))
        own = self.reach.key
        self.dry_run = wishes["dry_run"]
        report = import_terms(
            found,
            status=wishes["status"] if wishes["status"] == Term.Status.APPROVED else "",
            api_key=key,
            user=None if own else request.user,
            source=Source.API,
            keys=ApiKey.objects.filter(pk=own.pk) if own else None,
            among=self.reach.terms,
            dry_run=self.dry_run,
        )
        return Response(_told(report) | {"dry_run": self.dry_run})


def _told(report: Report) -> dict[str, Any]:
    outcomes = {"added": report.added, "changed": report.changed, "there": report.left}
    rows = [
        {"row": each.line, "outcome": outcome, "term": each.term, "detail": each.detail}
        for outcome, lines in outcomes.items()
        for each in lines
    ]
    rows += [
        {"row": each.line, "outcome": "refused", "term": "", "detail": each.message}
        for each in report.refused
    ]
    return {
        **{outcome: len(lines) for outcome, lines in outcomes.items()},
        "refused": len(report.refused),
        "rows": sorted(rows, key=lambda row: row["row"]),
        "warnings": [{"row": each.line, "detail": each.message} for each in report.warnings],
    }


class Bulk(TakingIn):
    actions = {"POST": "lexicon.bulk"}

    @extend_schema(
        operation_id="upsert_terms",
        request=BulkForm,
        responses={200: TakenIn},
        examples=[
            asks({"terms": [NEW, {"term": "Entresto", "kind": "pill"}]}),
            answers(REPORT),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Enter or change many terms.

        Each row is a text, or an object with `term` and, as far as wished, the columns of the
        files that `export.json` gives. Terms that are not there are added. Of one that is there,
        what its row says is changed; alternatives are added, and turned on or off where that is
        said. Rows that are wrong are refused with the reason, and the others taken.
        """
        wishes = bodies.read(request, BulkForm)
        return self.take(request, formats.read_items(wishes["terms"]), wishes)


class Import(TakingIn):
    actions = {"POST": "lexicon.import"}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="import_lexicon",
        request={"multipart/form-data": ImportForm},
        responses={200: TakenIn},
        examples=[
            asks({"file": "terms.csv", "dry_run": True}, media_type="multipart/form-data"),
            answers(REPORT),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Import a file of terms: CSV, TSV, JSON, or a plain list with one term a line.

        In UTF-8 or UTF-16. Its lines are taken as rows of `terms/bulk/` are.
        """
        wishes = bodies.read(request, ImportForm)
        upload = wishes["file"]
        try:
            found = formats.read(upload.read(), upload.name or "", wishes["format"])
        except Unreadable as error:
            raise serializers.ValidationError({"file": str(error)}) from None
        return self.take(request, found, wishes)


ENDING = OpenApiParameter(
    "ending", str, OpenApiParameter.PATH, enum=list(TYPES), description="The format."
)


class Export(FileView, LexiconView):
    scopes = {"GET": "lexicon:read"}
    actions = {"GET": "lexicon.export"}
    kind = "lexicon"

    @extend_schema(
        operation_id="export_lexicon",
        parameters=[ENDING, TermFilter],
        responses={(200, media_type): OpenApiTypes.STR for media_type in TYPES.values()}
        | {(200, TYPES["json"]): {"type": "array", "items": {"type": "object"}}},
        examples=[
            answers("term,language\r\nOzempic,\r\n", media_type=TYPES["csv"]),
            answers("term\tlanguage\r\nOzempic\t\r\n", media_type=TYPES["tsv"]),
            answers([{"term": "Ozempic", "language": ""}], media_type=TYPES["json"]),
        ],
    )
    def get(self, request: Request, ending: str) -> StreamingHttpResponse:
        """Export terms as CSV, TSV or JSON, as `import/` takes them.

        Those that you may write: of a key its own, with the scope admin everyone's too.
        """
        wished = queries.read(request, TermFilter)
        if ending not in TYPES:
            raise Http404
        terms = narrowed(request, self.reach, wished) & self.reach.written
        rows = export_rows(terms)
        pieces = formats.written(rows if self.reach.key is None else _own_counts(rows), ending)
        answer = StreamingHttpResponse(pieces, content_type=f"{TYPES[ending]}; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="lexicon.{ending}"'
        return answer


def _own_counts(rows: Iterator[Row]) -> Iterator[Row]:
    """Without what everyone's terms tell of other clients' recordings."""
    for row in rows:
        if row.api_key:
            yield row
            continue
        heard = (replace(each, count=None, undone_count=None) for each in row.alternatives)
        yield replace(row, alternatives=tuple(heard), given=row.given | dict.fromkeys(COUNTED))
