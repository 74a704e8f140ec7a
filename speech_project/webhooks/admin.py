"""Webhooks in admin, and the log of what was sent to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.timezone import localtime

from speech_project.access import audit
from speech_project.access.readonly import ReadOnly
from speech_project.webhooks import services
from speech_project.webhooks.models import TEST, Delivery, Event, Webhook
from speech_project.webhooks.signing import new_secret


class WebhookForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        choices=[(event.value, f"{event.value}: {event.label}") for event in Event],
        widget=forms.CheckboxSelectMultiple,
        initial=Event.values,
    )

    class Meta:
        model = Webhook
        fields = ("api_key", "url", "description", "events", "enabled")
        widgets = {
            "url": forms.TextInput(attrs={"size": 80}),
            "description": forms.TextInput(attrs={"size": 80}),
        }

    def clean_url(self) -> str:
        try:
            return services.check_url(self.cleaned_data["url"])
        except services.Refused as error:
            raise forms.ValidationError(str(error)) from None


class State(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("on", "on"), ("off", "turned off"), ("failed", "switched off after failures")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> QuerySet[Webhook]:
        if self.value() == "on":
            return queryset.filter(enabled=True)
        if self.value() == "off":
            return queryset.filter(enabled=False, disabled_reason="")
        if self.value() == "failed":
            return queryset.filter(enabled=False).exclude(disabled_reason="")
        return queryset


@admin.register(Webhook)
class WebhookAdmin(admin.ModelAdmin):
    form = WebhookForm
    list_display = ("url", "api_key", "told_of", "state", "failures", "log", "created_at")
    list_filter = (State, "api_key")
    list_select_related = ("api_key",)
    search_fields = ("url", "description", "api_key__name")
    raw_id_fields = ("api_key",)
    actions = ("send_test", "turn_on", "rotate")
    record = (
        "state",
        "disabled_reason",
        "failures",
        "secret_part",
        "log",
        "created_at",
        "updated_at",
    )

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> list[Any]:
        return [*WebhookForm.Meta.fields, *(self.record if obj else ())]

    def get_readonly_fields(self, request: HttpRequest, obj: Webhook | None = None) -> list[Any]:
        return ["api_key", *self.record] if obj else []

    @admin.display(description="events")
    def told_of(self, webhook: Webhook) -> str:
        return ", ".join(webhook.events)

    @admin.display(description="state", ordering="enabled")
    def state(self, webhook: Webhook) -> str:
        if webhook.enabled:
            return "on"
        return "switched off after failures" if webhook.disabled_reason else "turned off"

    @admin.display(description="secret")
    def secret_part(self, webhook: Webhook) -> str:
        """Enough to tell it from others, and too little to sign with."""
        return f"{webhook.secret[:10]}…"

    @admin.display(description="deliveries")
    def log(self, webhook: Webhook) -> str:
        address = reverse("admin:webhooks_delivery_changelist")
        return format_html('<a href="{}?webhook__id__exact={}">log</a>', address, webhook.pk)

    # --- One -----------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        if change:  # and nothing else: it may have been switched off meanwhile
            services.change(obj, **{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            obj.secret = new_secret()
            super().save_model(request, obj, form, change)
        _note(request, "change" if change else "create", obj)

    def response_add(self, request: HttpRequest, obj: Webhook, *_: Any) -> HttpResponse:
        return self._secrets(request, [(obj, obj.secret)])

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        _note(request, "delete", obj)
        services.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset:
            self.delete_model(request, webhook)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """The webhooks alone: their log goes with them, and may be long."""
        names = [str(webhook) for webhook in objs]
        return names, {self.opts.verbose_name_plural: len(names)}, set(), []

    # --- Several -------------------------------------------------------------------------------

    @admin.action(description="Send a test event", permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        done = _each(self, request, "test", queryset, services.test)
        self.message_user(request, f"{done} sent. The log of deliveries tells what came of it.")

    @admin.action(description="Turn on again, and forget failures", permissions=["change"])
    def turn_on(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset:
            services.change(webhook, enabled=True)
            _note(request, "change", webhook)
        self.message_user(request, f"{len(queryset)} turned on.")

    @admin.action(description="Rotate the secret: a day with both", permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> HttpResponse:
        made = [(webhook, services.rotate(webhook)) for webhook in queryset]
        for webhook, _ in made:
            _note(request, "rotate", webhook)
        return self._secrets(request, made)

    def _secrets(self, request: HttpRequest, made: list[tuple[Webhook, str]]) -> HttpResponse:
        """Show them in the answer itself: a message would keep them in a cookie."""
        context = self.admin_site.each_context(request) | {"made": made}
        return TemplateResponse(request, "admin/webhook_secrets.html", context)


class EventFilter(admin.SimpleListFilter):
    title = parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event, event) for event in (*Event.values, TEST)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(event=self.value()) if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "event", "webhook", "status", "outcome")
    list_filter = ("status", EventFilter, "webhook")
    list_select_related = ("webhook",)
    ordering = ("-created_at",)
    show_full_result_count = False
    actions = ("replay",)
    fields = ("id", "webhook", "event", "status", "created_at", "delivered_at", "next_try",
              "every_try", "sent")  # fmt: skip

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("webhooks.change_webhook")

    @admin.display(description="last try")
    def outcome(self, delivery: Delivery) -> str:
        return Truncator(_outcome(delivery.tries[-1])).chars(100) if delivery.tries else "none yet"

    @admin.display(description="next try")
    def next_try(self, delivery: Delivery) -> str:
        if delivery.status != Delivery.Status.WAITING or not delivery.not_before:
            return "–"
        if not delivery.webhook.enabled:
            return "when the webhook is turned on"
        return date_format(localtime(delivery.not_before), "DATETIME_FORMAT")

    @admin.display(description="tries")
    def every_try(self, delivery: Delivery) -> str:
        return format_html_join("", "<p>{}</p>", ((_told(each),) for each in delivery.tries)) or "–"

    @admin.display(description="what is sent")
    def sent(self, delivery: Delivery) -> str:
        return format_html(
            "<pre>{}</pre>", json.dumps(delivery.payload, indent=2, ensure_ascii=False)
        )

    @admin.action(description="Replay: send them again now", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        done = _each(self, request, "replay", queryset.select_related("webhook"), services.replay)
        self.message_user(request, f"{done} sent again.")


def _each(
    page: admin.ModelAdmin,
    request: HttpRequest,
    action: str,
    rows: QuerySet[Any],
    do: Callable[[Any], Any],
) -> int:
    """Do it to each of them that it can be done to. Returns to how many."""
    done = 0
    for row in rows:
        try:
            do(row)
        except services.Refused as error:
            page.message_user(request, f"{row}: {error}", messages.ERROR)
        else:
            _note(request, action, row)
            done += 1
    return done


def _note(request: HttpRequest, action: str, row: Webhook | Delivery) -> None:
    audit.record_request(request, f"webhook.{action}", f"{row._meta.verbose_name} {row.pk}")


def _told(entry: list[Any]) -> str:
    when = date_format(localtime(datetime.fromisoformat(entry[0])), "DATETIME_FORMAT")
    return f"{when}, {entry[2]} ms: {_outcome(entry)}"


def _outcome(entry: list[Any]) -> str:
    _, status, _, problem = entry
    return problem or f"It was taken ({status})."
