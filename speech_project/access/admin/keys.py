"""API keys in admin: made there, shown once, rotated, revoked, never edited into another key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import JSONField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from speech_project.access import audit
from speech_project.access.admin.forms import ApiKeyForm, KeyActionForm
from speech_project.access.keys import (
    MOST_OVERLAP_HOURS,
    KeyEnded,
    granted,
    in_force,
    new_secret,
    revoke_key,
    rotate_key,
)
from speech_project.access.models import ApiKey
from speech_project.access.objects import ObjectField


class Live(admin.SimpleListFilter):
    title = "state"
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "in force"), ("revoked", "revoked"), ("expired", "expired")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        if self.value() == "yes":
            return queryset & in_force()
        if self.value() == "revoked":
            return queryset.filter(revoked_at__isnull=False)
        if self.value() == "expired":
            return queryset.filter(expires_at__lte=timezone.now())
        return queryset


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    form = ApiKeyForm
    action_form = KeyActionForm
    formfield_overrides = {JSONField: {"form_class": ObjectField}}
    list_display = ("name", "public_part", "owner_name", "rate_limit_per_minute",
                    "monthly_budget_usd", "spent", "last_used_at", "expires_at",
                    "revoked_at")  # fmt: skip
    list_filter = (Live, "training_consent")
    ordering = ("name", "pk")
    search_fields = ("name", "prefix", "owner_name")
    actions = ("rotate", "revoke")
    readonly_fields = ("spent", "public_part", "secret_before", "owner_name", "created_at",
                       "last_used_at", "revoked_at", "events")  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        editable = list(ApiKeyForm.Meta.fields)
        return editable if obj is None else [*editable, *self.readonly_fields]

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # its jobs would lose their client; revoke it instead

    @admin.display(description="key")
    def public_part(self, key: ApiKey) -> str:
        return f"vk_{key.prefix}_…"

    @admin.display(description="secret before the last rotation")
    def secret_before(self, key: ApiKey) -> str:
        if key.previous_until is None:
            return "none"
        ends = "taken until" if key.previous_until > timezone.now() else "refused since"
        return f"{ends} {date_format(timezone.localtime(key.previous_until), 'DATETIME_FORMAT')}"

    @admin.display(description="spent", ordering="spent_usd")
    def spent(self, key: ApiKey) -> str:
        if key.spent_in is None:
            return "nothing yet"
        return f"${key.spent_usd or 0:.2f} in {key.spent_in:%B %Y}"

    @admin.display(description="audit")
    def events(self, key: ApiKey) -> str:
        """Links to what was done with the key, and to it."""
        page = "admin:access_auditevent_changelist"
        return format_html(
            '<a href="{}">What it did</a> · <a href="{}">What was done to it</a>',
            reverse(page, query={"api_key__id__exact": key.pk}),
            reverse(page, query={"target": audit.of_key(key)}),
        )

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:  # and nothing else: it may have been used or revoked meanwhile
            obj.save(update_fields=form.changed_data)
            now = granted(obj)
            changed = {name: now.get(name, "changed") for name in form.changed_data}
            if changed:
                audit.record_request(request, "key.change", audit.of_key(obj), **changed)
            return
        obj.prefix, request.new_key, obj.key_hash = new_secret()  # type: ignore[attr-defined]
        obj.owner_id, obj.owner_name = request.user.pk, request.user.get_username()
        super().save_model(request, obj, form, change)
        audit.record_request(request, "key.create", audit.of_key(obj), **granted(obj))

    def response_add(self, request: HttpRequest, obj: ApiKey, *_: Any) -> HttpResponse:
        """Show the key in the answer itself: a message would keep it in a cookie."""
        context = self.admin_site.each_context(request) | {"key": obj, "text": request.new_key}  # type: ignore[attr-defined]
        return TemplateResponse(request, "admin/key_created.html", context)

    @admin.action(description="Rotate: show a new secret, once", permissions=["change"])
    @transaction.atomic
    def rotate(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        hours = request.POST.get("overlap_hours", "")
        if not (hours.isascii() and hours.isdigit() and int(hours) <= MOST_OVERLAP_HOURS):
            sentence = f"Enter hours from 0 to {MOST_OVERLAP_HOURS:,} beside the action."
            self.message_user(request, sentence, messages.ERROR)
            return None
        rotated = []
        for key in queryset:
            try:
                rotated.append((key, rotate_key(key, timedelta(hours=int(hours)))))
            except KeyEnded as error:
                self.message_user(request, str(error), messages.WARNING)
                continue
            audit.record_request(request, "key.rotate", audit.of_key(key), overlap_hours=int(hours))
        context = self.admin_site.each_context(request) | {"rotated": rotated, "hours": int(hours)}
        return TemplateResponse(request, "admin/keys_rotated.html", context) if rotated else None

    @admin.action(description="Revoke: refuse them from now on", permissions=["change"])
    @transaction.atomic
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = [key for key in queryset if revoke_key(key)]
        for key in revoked:
            audit.record_request(request, "key.revoke", audit.of_key(key))
        self.message_user(request, f"{len(revoked)} revoked.")
