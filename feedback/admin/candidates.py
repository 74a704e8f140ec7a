"""What reviews suggest, for curators: new terms, and what terms in use are misheard as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from feedback import candidates
from feedback.admin.terms import TermWithEvidenceAdmin, test_page
from feedback.candidates import job_of
from feedback.models import Candidate, TermEvidence
from feedback.templatetags.clips import PLAYER, clip
from lexicon import searching, services
from lexicon.admin.forms import ListedTermForm
from lexicon.admin.terms import Language, Scope, warn
from lexicon.models import Alternative, Source, Term
from transcription.access import visible_jobs


def _clips(evidence: Iterable[TermEvidence]) -> SafeString | str:
    shown = islice(evidence, candidates.MOST_PLACES)
    made = [clip(job_of(each), each.start_ms, each.end_ms) for each in shown]
    return format_html_join(" ", "{}", ([each] for each in made if each)) or "–"


def _term_link(term: Term) -> SafeString:
    address = reverse("admin:lexicon_term_change", args=[term.pk])
    return format_html('<a href="{}" dir="auto">{}</a>', address, term.term)


class ForCurators(ModelAdmin):
    """A list of what may be decided on by whoever may change terms. It is edited as a term is."""

    title = ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"title": self.title} | (extra_context or {}))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perms(["lexicon.view_term"]) or self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("lexicon.change_term")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Candidate)
class CandidateAdmin(ForCurators, TermWithEvidenceAdmin):
    """New terms."""

    title = "Terms that reviews suggest"
    list_display = ("name", "heard", "listen", "sure", "taught", "reviewers", "recordings",
                    "scope", "kind", "language")  # fmt: skip
    list_display_links = None
    list_editable = ("kind", "language")
    list_filter: ClassVar[tuple[Any, ...]] = ("kind", Language, Scope)
    ordering = (F("confidence").desc(nulls_last=True), "-pk")  # type: ignore[assignment]
    actions = ("approve", "reject", "merge", "test")

    def get_urls(self) -> list[URLPattern]:
        return ModelAdmin.get_urls(self)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Candidate]:
        return candidates.counted(candidates.suggested(super().get_queryset(request)))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """With what the rows show, asked for once."""
        jobs = visible_jobs(request.user)
        evidence = candidates.evidence_in(jobs, candidates.MOST_PLACES, kind=candidates.TAUGHT)
        found = super().get_changelist_instance(request)
        found.result_list = found.result_list.prefetch_related(
            "alternatives",
            Prefetch("evidence", evidence, to_attr="clips"),
        )
        return found

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return ListedTermForm

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        return redirect("admin:lexicon_term_change", object_id)

    @admin.display(description="term", ordering="normalized")
    def name(self, term: Candidate) -> SafeString:
        return _term_link(term)

    @admin.display(description="sure", ordering="confidence")
    def sure(self, term: Candidate) -> str:
        return "–" if term.confidence is None else f"{100 * term.confidence:.0f} %"

    @admin.display(description="taught", ordering="taught")
    def taught(self, term: Any) -> int:
        return term.taught

    @admin.display(description="reviewers", ordering="reviewers")
    def reviewers(self, term: Any) -> int:
        return term.reviewers

    @admin.display(description="recordings", ordering="recordings")
    def recordings(self, term: Any) -> int:
        return term.recordings

    @admin.display(description="heard as")
    def heard(self, term: Candidate) -> SafeString | str:
        return format_html_join(
            ", ", '<span dir="auto" class="{}">{}</span>{}',
            (
                ("" if each.enabled else "off", each.text,
                 f" × {each.count}" if each.count > 1 else "")
                for each in sorted(term.alternatives.all(), key=lambda each: -each.count)
            ),
        ) or "–"  # fmt: skip

    @admin.display(description="listen")
    def listen(self, term: Any) -> SafeString | str:
        return _clips(term.clips)


class State(admin.SimpleListFilter):
    """Which alternatives are listed; at first those that wait."""

    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("undone", "turned off: undone too often"), ("used", "in use"), ("all", "all")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield first | {"display": "waiting"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alternative]) -> Any:
        match self.value():
            case "undone":
                return queryset.filter(candidates.UNDONE)
            case "used":
                return queryset.filter(enabled=True, term__status=Term.Status.APPROVED)
            case "all":
                return queryset
        return candidates.waiting(queryset)


@admin.register(Alternative)
class AlternativeAdmin(ForCurators):
    """What terms in use are misheard as, as far as nobody has decided on it."""

    class Media:
        js = PLAYER

    title = "What terms are misheard as"
    list_display = ("text", "of_term", "scope", "sure", "count", "undone_count", "state", "listen")
    list_display_links = None
    list_filter = (State,)
    list_select_related = ("term__api_key",)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-count", "-pk")
    search_fields = ("text",)
    search_help_text = "Terms and what they are misheard as, in any script. ~word: what sounds so."
    actions = ("accept", "reject", "test")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Alternative], search_term: str
    ) -> tuple[QuerySet[Alternative], bool]:
        if not search_term:
            return queryset, False
        terms = searching.search(Term.objects.all(), search_term)
        return queryset.filter(term__in=terms.order_by().values("pk")), False

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        found = super().get_changelist_instance(request)
        evidence = candidates.evidence_in(visible_jobs(request.user), candidates.MOST_LOOKED_AT)
        found.result_list = found.result_list.prefetch_related(
            Prefetch("term__evidence", evidence, to_attr="clips")
        )
        return found

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        alternative = self.get_object(request, object_id)
        if alternative is None:
            return redirect("admin:lexicon_alternative_changelist")
        return redirect("admin:lexicon_term_change", alternative.term_id)

    @admin.display(description="term", ordering="term__normalized")
    def of_term(self, alternative: Alternative) -> SafeString:
        return _term_link(alternative.term)

    @admin.display(description="for", ordering="term__api_key")
    def scope(self, alternative: Alternative) -> str:
        key = alternative.term.api_key
        return key.name if key else "everyone"

    @admin.display(description="sure", ordering="term__confidence")
    def sure(self, alternative: Alternative) -> str:
        sure = alternative.term.confidence
        return "–" if sure is None else f"{100 * sure:.0f} %"

    @admin.display(description="state", ordering="enabled")
    def state(self, alternative: Alternative) -> str:
        if alternative.enabled:
            return "in use"
        return "waits" if alternative.source == Source.LEARNED else "off"

    @admin.display(description="listen")
    def listen(self, alternative: Alternative) -> SafeString | str:
        return _clips(candidates.of_alternative(alternative, alternative.term.clips))  # type: ignore[attr-defined]

    @admin.action(description="Accept: use them in the next transcripts", permissions=["change"])
    def accept(self, request: HttpRequest, queryset: QuerySet[Alternative]) -> None:
        terms = list(queryset.order_by().values_list("term", flat=True).distinct())
        self.message_user(request, f"{services.accept_alternatives(queryset)} accepted.")
        warn(self, request, Term.objects.filter(pk__in=terms))

    @admin.action(description="Reject: never suggest them again", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Alternative]) -> None:
        self.message_user(request, f"{services.reject_alternatives(queryset)} rejected.")

    @admin.action(
        description="Test: what they would change in reviewed transcripts", permissions=["view"]
    )
    def test(self, request: HttpRequest, queryset: QuerySet[Alternative]) -> HttpResponse | None:
        return test_page(self, request, queryset, "alternatives")
