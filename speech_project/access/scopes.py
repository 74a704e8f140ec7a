"""What API keys may do, and which people may do the same."""

from __future__ import annotations

from rest_framework.request import Request

from speech_project.access.clients import key_of

SCOPES = {
    "jobs:read": "Read its jobs: transcripts, exports, recordings, usage",
    "jobs:write": "Send recordings; change, correct, cancel, retry and delete its jobs; webhooks",
    "lexicon:read": "Read everyone's terms, and its own",
    "lexicon:write": "Write terms of its own",
    "feedback:write": "Send corrected transcripts, and reopen their reviews",
    "quality:read": "Read how accurate the transcripts of its jobs were",
    "admin": "All of these, and write everyone's terms",
}
ADMIN = "admin"
# what a new key may do where nobody says
USUAL = tuple(scope for scope in SCOPES if scope != ADMIN)
# what people need, one of these; of the rest every reviewer may do what no view keeps from them
PERMISSIONS = {
    "lexicon:read": ("lexicon.view_term", "lexicon.change_term"),
    "lexicon:write": ("lexicon.change_term",),
}


def allows(request: Request, scope: str) -> bool:
    """Whether who asks may do what the scope says; to their own jobs, as visibility.py tells."""
    if key := key_of(request):
        return not {scope, ADMIN}.isdisjoint(key.scopes)
    if scope == ADMIN:
        return bool(request.user.is_superuser)
    needed = PERMISSIONS.get(scope)
    may = not needed or any(map(request.user.has_perm, needed))
    return bool(request.user.is_authenticated and may)
