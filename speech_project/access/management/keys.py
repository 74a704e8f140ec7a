"""What the commands about API keys have in common."""

from __future__ import annotations

from django.core.management.base import CommandError

from speech_project.access.keys import in_force
from speech_project.access.models import ApiKey

MOST_NAMED = 20


def key_of(prefix: str) -> ApiKey:
    """The key whose public part is given, as `1a2b3c4d` or `vk_1a2b3c4d`. Raises CommandError."""
    key = ApiKey.objects.filter(prefix=prefix.removeprefix("vk_")).first()
    if key is None:
        named = [str(key) for key in in_force().order_by("name")[:MOST_NAMED]]
        raise CommandError(
            "There is no API key with this public part, the 8 characters after vk_. "
            f"In force: {', '.join(named) or 'none yet'}."
        )
    return key
