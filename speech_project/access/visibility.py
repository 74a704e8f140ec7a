"""Who may see which jobs: one rule for pages, recordings, admin and API."""

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q

from speech_project.access.authentication import KeyUser


def visible_to(user: Any) -> Q:
    """A filter over jobs.

    A key sees its own; a superuser all; a reviewer the jobs of her groups, her own uploads and
    what was assigned to her, or all jobs where the site has no groups.
    """
    if isinstance(user, KeyUser):
        return Q(api_key_id=user.key.pk)
    if not user.is_authenticated:
        return Q(pk__in=[])
    if user.is_superuser or not Group.objects.exists():
        return Q()
    groups = user.groups.values_list("pk", flat=True)
    return Q(group_id__in=list(groups)) | Q(owner_id=user.pk) | Q(assigned_to_id=user.pk)
