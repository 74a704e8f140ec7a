"""Clients of the lexicon's API, each with an API key of its own."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lexicon import services
from speech_project.access.keys import create_key

TERMS, BULK = "/api/v1/lexicon/terms/", "/api/v1/lexicon/terms/bulk/"
IMPORT, EXPORT = "/api/v1/lexicon/import/", "/api/v1/lexicon/export."
EVERYTHING = ("lexicon:read", "lexicon:write", "admin")


class Caller:
    """A client with an API key of its own."""

    def __init__(self, name="clinic", scopes=("lexicon:read", "lexicon:write")):
        self.key, text = create_key(name, rate_limit_per_minute=0, scopes=list(scopes))
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def get(self, address=TERMS, data=None, **headers):
        return self.client.get(address, data, headers=headers)

    def send(self, method, address, body, **headers):
        sender = getattr(self.client, method)
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return sender(address, text, "application/json", headers=headers)

    def post(self, body, address=TERMS, **headers):
        return self.send("post", address, body, **headers)

    def patch(self, term, body, **headers):
        return self.send("patch", at(term), body, **headers)

    def upload(self, text, name="terms.csv", **fields):
        content = text if isinstance(text, bytes) else text.encode()
        return self.client.post(IMPORT, {"file": SimpleUploadedFile(name, content), **fields})

    def file(self, ending, **query):
        answer = self.get(EXPORT + ending, query)
        assert answer.status_code == 200, answer.content
        return b"".join(answer.streaming_content).decode()

    def adds(self, term, **fields):
        return services.add_term(term, source="api", api_key_id=self.key.pk, **fields).term


def at(term):
    return f"{TERMS}{term if isinstance(term, int) else term.pk}/"


def listed(answer):
    assert answer.status_code == 200, answer.content
    return [each["term"] for each in answer.json()["results"]]


def errors(answer):
    assert answer.status_code == 400, answer.content
    return {each["field"]: each["detail"] for each in answer.json()["errors"]}


def everyones(text, status="approved", **fields):
    return services.add_term(text, source="admin", status=status, **fields).term
