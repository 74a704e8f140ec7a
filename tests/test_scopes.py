"""What each call of the API needs, and what is written of it: no call is forgotten."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from speech_project.access.keys import create_key
from speech_project.access.scopes import SCOPES
from speech_project.api.views import ApiView

API = "api/v1/"
SAFE = {"GET", "HEAD", "OPTIONS"}
EXAMPLES = {"uuid": str(uuid.UUID(int=1)), "int": "1", "str": "x"}


def patterns(resolver, before=""):
    for each in resolver.url_patterns:
        address = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield address, getattr(each.callback, "view_class", None)
        else:
            yield from patterns(each, address)


VIEWS = sorted(
    ((address, view) for address, view in patterns(get_resolver()) if address.startswith(API)),
    key=lambda found: found[0],
)
CALLS = [
    (address, method, view)
    for address, view in VIEWS
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    if hasattr(view, method.lower())
]


def named(value):
    return value if isinstance(value, str) else getattr(value, "__name__", "")


def test_there_are_calls():
    assert {"api/v1/jobs/", "api/v1/jobs/<uuid:job_id>/"} <= {address for address, _ in VIEWS}
    assert len(CALLS) >= len(VIEWS)


@pytest.mark.parametrize(("address", "view"), VIEWS, ids=named)
def test_every_view_says_what_each_of_its_methods_needs(address, view):
    assert view, f"{address} is no view of a class"
    assert issubclass(view, ApiView)
    offered = {method for at, method, _ in CALLS if at == address}
    assert set(view.scopes) >= offered
    assert set(view.scopes.values()) <= set(SCOPES)
    # some are named by what their address ends in
    written = {"POST"} if hasattr(view, "decisions") else {*filter(view.actions.get, offered)}
    unwritten = offered - SAFE - written
    assert unwritten == set()


@pytest.mark.parametrize(("address", "method", "view"), CALLS, ids=named)
def test_a_key_without_the_scope_is_told_which_it_lacks(db, address, method, view):
    needed = view.scopes[method]
    others = [scope for scope in SCOPES if scope not in (needed, "admin")]
    _, secret = create_key("clinic", scopes=others)
    path = "/" + re.sub(r"<(\w+):\w+>", lambda found: EXAMPLES[found[1]], address)
    client = Client(headers={"X-API-Key": secret})
    refused = client.generic(method, path, "{}", content_type="application/json")
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert f"has not the scope {needed}." in refused.json()["detail"]
