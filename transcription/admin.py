"""Jobs in admin: what is where, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth import get_user_model
from django.db.models import JSONField, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator

from speech_project.access.groups import GroupField
from speech_project.access.objects import ObjectField
from speech_project.access.readonly import ReadOnly
from transcription import hints, services
from transcription.access import visible_jobs
from transcription.models import Attempt, Chunk, EngineAccount, Job
from transcription.templatetags.transcripts import in_words, usd


class JobActionForm(ActionForm):
    """What the actions need to be told."""

    reviewer = forms.ModelChoiceField(
        get_user_model().objects.filter(is_active=True), required=False, empty_label="nobody"
    )
    priority = forms.IntegerField(required=False, min_value=-100, max_value=100)


class JobForm(forms.ModelForm):
    group_id = GroupField()

    class Meta:
        model = Job
        fields = ("title", "priority", "group_id", "budget_usd", "metadata")


class ChunkInline(ReadOnly, admin.TabularInline):
    model = Chunk
    fields = ("position", "start_ms", "end_ms", "side", "status", "attempt", "asked",
              "error_message", "findings", "text")  # fmt: skip
    readonly_fields = fields
    extra = 0

    @admin.display(description="channel")
    def side(self, chunk: Chunk) -> str:
        return "–" if chunk.channel is None else str(chunk.channel + 1)

    @admin.display(description="checks")
    def findings(self, chunk: Chunk) -> str:
        told = ((in_words(found["kind"]), found["reason"]) for found in chunk.checks)
        return format_html_join("", "<p><b>{}</b> {}</p>", told) or "–"

    @admin.display(description="answers")
    def asked(self, chunk: Chunk) -> str:
        return _attempts_link("Show", chunk__id__exact=chunk.pk)


def _attempts_link(text: str, **only: Any) -> str:
    address = reverse("admin:transcription_attempt_changelist", query=only)
    return format_html('<a href="{}">{}</a>', address, text)


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    form = JobForm
    action_form = JobActionForm
    formfield_overrides = {JSONField: {"form_class": ObjectField}}
    actions: Sequence[Any] = ("assign", "prioritise", "retry", "rerun", "cancel")
    inlines = (ChunkInline,)
    list_display = ("title", "desk", "status", "review_status", "model", "length", "cost",
                    "priority", "assigned_to_name", "owner_name", "created_at")  # fmt: skip
    list_filter = ("status", "review_status", "proposal", "model", "source", "created_at")
    search_fields = ("title", "audio_name", "owner_name", "assigned_to_name", "audio_sha256")
    date_hierarchy = "created_at"
    list_per_page = 50
    show_full_result_count = False
    list_select_related = ("api_key",)
    fields = ("title", "desk", "status", "review_status", "error_message", "priority", "group_id",
              "assigned_to_name", "model", "asked_model", "languages", "options", "length",
              "audio_name", "audio_format", "audio_sha256", "audio_bytes", "earlier_job",
              "owner_name", "api_key", "source", "budget_usd", "cost", "usage", "answers",
              "terms_told", "word_count", "created_at", "started_at", "finished_at",
              "review_started_at", "reviewed_at", "metadata")  # fmt: skip
    editable = ("title", "priority", "group_id", "budget_usd", "metadata")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in self.fields if name not in self.editable]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return visible_jobs(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # recordings come in by the queue page, the API or the command

    def save_model(self, request: HttpRequest, obj: Job, form: Any, change: bool) -> None:
        obj.save(update_fields=form.changed_data)  # workers write the rest meanwhile

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """The recordings alone: their transcripts and reviews go with them, and may be long."""
        titles = [str(job) for job in objs]
        return titles, {self.opts.verbose_name_plural: len(titles)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        services.delete_job(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        for job in queryset:
            services.delete_job(job)

    @admin.display(description="source job")
    def earlier_job(self, job: Job) -> str:
        """By its id alone: it may be another group's."""
        return str(job.source_job_id or "–")

    @admin.display(description="desk")
    def desk(self, job: Job) -> str:
        name = "desk" if job.status == Job.Status.COMPLETED else "job"
        return format_html('<a href="{}">Open</a>', reverse(name, args=[job.pk]))

    @admin.display(description="length", ordering="duration_ms")
    def length(self, job: Job) -> str:
        if job.duration_ms is None:
            return "–"
        minutes, seconds = divmod(job.duration_ms // 1000, 60)
        return f"{minutes}:{seconds:02}"

    @admin.display(description="cost", ordering="cost_usd")
    def cost(self, job: Job) -> str:
        return usd(job.cost_usd)

    @admin.display(description="terms told")
    def terms_told(self, job: Job) -> str:
        told = Truncator(", ".join(term.text for term in hints.summary(job).sent)).chars(400)
        page = reverse("job", args=[job.pk])
        return format_html('{}<br><a href="{}?hints">All of it</a>', told or "–", page)

    @admin.display(description="answers")
    def answers(self, job: Job) -> str:
        return _attempts_link("Each request and its answer", chunk__job__id__exact=job.pk)

    @admin.action(description="Assign to the reviewer chosen", permissions=["change"])
    def assign(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        chosen = request.POST.get("reviewer")
        reviewer = get_user_model().objects.filter(pk=chosen).first() if chosen else None
        self._each(request, queryset, lambda job: services.assign_job(job, reviewer), "assigned")

    @admin.action(
        description="Give the priority entered (higher goes first)", permissions=["change"]
    )
    def prioritise(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        try:
            priority = int(request.POST.get("priority", ""))
        except ValueError:
            self.message_user(request, "Enter a priority beside the action.", messages.ERROR)
            return
        if not -100 <= priority <= 100:
            self.message_user(request, "A priority is from -100 to 100.", messages.ERROR)
            return
        self._each(request, queryset, lambda j: services.prioritise_job(j, priority), "changed")

    @admin.action(description="Retry what failed", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, services.retry_job, "sent to work again")

    @admin.action(description="Transcribe again (new)", permissions=["change"])
    def rerun(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        def rerun(job: Job) -> None:
            services.rerun_job(job, owner=request.user)

        self._each(request, queryset, rerun, "transcribed again, as new jobs")

    @admin.action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, services.cancel_job, "cancelled")

    def _each(
        self, request: HttpRequest, jobs: QuerySet[Job], act: Callable[[Job], Any], done: str
    ) -> None:
        count = 0
        for job in jobs:
            try:
                act(job)
                count += 1
            except (services.NotPossible, services.JobRefused) as error:
                self.message_user(request, str(error), messages.WARNING)
        if count:
            self.message_user(request, f"{count} {done}.")


@admin.register(Attempt)
class AttemptAdmin(ReadOnly, admin.ModelAdmin):
    """What engines were asked and what they answered: read, never changed."""

    list_display = ("recording", "step", "model", "start", "cost", "started_at")
    list_filter = ("step", "model", "error_code")
    search_fields = ("request_id",)
    list_per_page = 50
    show_full_result_count = False
    list_select_related = ("chunk__job",)
    fields = ("recording", "number", "step", "part", "model", "account", "started_at",
              "finished_at", "error_code", "error_message", "cost", "usage", "request_id",
              "text", "terms_told", "terms_left_out", "request", "response")  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        visible = Attempt.objects.filter(chunk__job__in=visible_jobs(request.user))
        return visible.order_by("-started_at", "-id")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        by_job = lookup in ("chunk__id__exact", "chunk__job__id__exact")
        return by_job or super().lookup_allowed(lookup, value, request)

    @admin.display(description="terms told")
    def terms_told(self, attempt: Attempt) -> str:
        return ", ".join(hints.told(attempt)) or "–"

    @admin.display(description="terms left out")
    def terms_left_out(self, attempt: Attempt) -> str:
        groups = ((g.count, g.why, ", ".join(g.texts)) for g in hints.left_out(attempt))
        return format_html_join("", "<p><b>{} × {}</b>: {}</p>", groups) or "–"

    @admin.display(description="recording")
    def recording(self, attempt: Attempt) -> str:
        return f"{attempt.chunk.job.title}, part {attempt.chunk.position + 1}"

    @admin.display(description="cost", ordering="cost_usd")
    def cost(self, attempt: Attempt) -> str:
        return usd(attempt.cost_usd)

    @admin.display(description="answer")
    def start(self, attempt: Attempt) -> str:
        return attempt.error_message or Truncator(attempt.text).chars(80)


@admin.register(EngineAccount)
class EngineAccountAdmin(admin.ModelAdmin):
    """Services that are asked, and the pauses that they asked for."""

    list_display = ("name", "paused_until", "pause_reason")
    actions = ("lift",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["name", "next_turn_at", "paused_until", "pause_reason"]

    @admin.action(description="Ask again now", permissions=["change"])
    def lift(self, request: HttpRequest, queryset: QuerySet[EngineAccount]) -> None:
        queryset.update(paused_until=None, pause_reason="")
        self.message_user(request, "The pause is over.")
