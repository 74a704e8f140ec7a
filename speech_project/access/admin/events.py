"""The audit in admin: read, never changed, and quick however much it holds."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html

from speech_project.access.models import AuditEvent
from speech_project.access.readonly import ReadOnly

MOST_LISTED = 10_000  # at once: what is older is found by its date
# each day of it begins with the same year, month or day
BEGINS: dict[str, dict[str, int]] = {
    "year": {"month": 1, "day": 1},
    "month": {"day": 1},
    "day": {},
}


class Events(QuerySet[AuditEvent]):
    def datetimes(self, field_name: str, kind: str, *args: Any, **kwargs: Any) -> list[date]:  # type: ignore[override]
        """Each year, month or day from the first event to the last. Which of them have none is not
        looked for: that would read them all."""
        span = self.aggregate(first=Min(field_name), last=Max(field_name))
        if span["first"] is None:
            return []
        first, last = (timezone.localtime(span[end]).date() for end in ("first", "last"))
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return list(dict.fromkeys(day.replace(**BEGINS[kind]) for day in days))


class Pages(Paginator):
    """Counts no further than anybody turns pages."""

    object_list: QuerySet[AuditEvent]

    @cached_property
    def count(self) -> int:
        return self.object_list[:MOST_LISTED].count()


class Action(admin.SimpleListFilter):
    title = parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those of the last events, and the one that is looked at."""
        last = AuditEvent.objects.values("pk")[:MOST_LISTED]
        used = AuditEvent.objects.filter(pk__in=last).order_by().values_list("action")
        chosen = request.GET.get(self.parameter_name)
        known = {action for (action,) in used.distinct()} | ({chosen} if chosen else set())
        return [(action, action) for action in sorted(known)]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent]
    ) -> QuerySet[AuditEvent]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "action", "target", "actor", "address", "more")
    list_filter = (Action, "api_key")
    sortable_by = ()
    date_hierarchy = "at"
    list_per_page = 100
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = Pages
    search_fields = ("target",)  # shows the box
    search_help_text = "What it was done to, whole, such as key vk_1a2b3c4d; or part of who did it."
    fields = ("at", "action", "target", "actor", "user_id", "api_key", "address", "details")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        return Events(AuditEvent).order_by("-at", "-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        of_target = queryset.filter(target=term)  # has an index
        return of_target if of_target.exists() else queryset.filter(actor__contains=term), False

    @admin.display(description="more")
    def more(self, event: AuditEvent) -> str:
        return ", ".join(f"{name}: {_plain(value)}" for name, value in event.detail.items()) or "–"

    @admin.display(description="more")
    def details(self, event: AuditEvent) -> str:
        text = json.dumps(event.detail, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text) if event.detail else "–"


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
