"""API keys in admin: made there, shown once, revoked, never edited into another key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import JSONField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from speech_project.access.groups import GroupField
from speech_project.access.keys import new_secret
from speech_project.access.models import ApiKey
from speech_project.access.objects import ObjectField


class ApiKeyForm(forms.ModelForm):
    group_id = GroupField()

    class Meta:
        model = ApiKey
        fields = ("name", "group_id", "rate_limit_per_minute", "monthly_budget_usd",
                  "training_consent", "expires_at", "metadata")  # fmt: skip
        widgets = {"name": forms.TextInput(attrs={"size": 50})}


class Live(admin.SimpleListFilter):
    title = "state"
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "in force"), ("revoked", "revoked"), ("expired", "expired")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        now = timezone.now()
        if self.value() == "yes":
            return queryset.filter(revoked_at=None).exclude(expires_at__lte=now)
        if self.value() == "revoked":
            return queryset.filter(revoked_at__isnull=False)
        if self.value() == "expired":
            return queryset.filter(expires_at__lte=now)
        return queryset


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    form = ApiKeyForm
    formfield_overrides = {JSONField: {"form_class": ObjectField}}
    list_display = ("name", "public_part", "owner_name", "rate_limit_per_minute",
                    "monthly_budget_usd", "spent", "last_used_at", "expires_at",
                    "revoked_at")  # fmt: skip
    list_filter = (Live, "training_consent")
    search_fields = ("name", "prefix", "owner_name")
    actions = ("revoke",)
    readonly_fields = ("spent", "public_part", "owner_name", "created_at", "last_used_at",
                       "revoked_at")  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[Any]:
        editable = list(ApiKeyForm.Meta.fields)
        return editable if obj is None else [*editable, *self.readonly_fields]

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False  # its jobs would lose their client; revoke it instead

    @admin.display(description="key")
    def public_part(self, key: ApiKey) -> str:
        return f"vk_{key.prefix}_…"

    @admin.display(description="spent", ordering="spent_usd")
    def spent(self, key: ApiKey) -> str:
        if key.spent_in is None:
            return "nothing yet"
        return f"${key.spent_usd or 0:.2f} in {key.spent_in:%B %Y}"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:  # and nothing else: it may have been used or revoked meanwhile
            obj.save(update_fields=form.changed_data)
            return
        obj.prefix, request.new_key, obj.key_hash = new_secret()  # type: ignore[attr-defined]
        obj.owner_id, obj.owner_name = request.user.pk, request.user.get_username()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: ApiKey, *_: Any) -> HttpResponse:
        """Show the key in the answer itself: a message would keep it in a cookie."""
        context = self.admin_site.each_context(request) | {"key": obj, "text": request.new_key}  # type: ignore[attr-defined]
        return TemplateResponse(request, "admin/key_created.html", context)

    @admin.action(description="Revoke: refuse them from now on", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} revoked.")
