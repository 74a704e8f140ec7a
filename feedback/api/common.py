"""What the views of corrections share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import status
from rest_framework.request import Request

from feedback.receiving import AlreadyReviewed
from feedback.saving import Invalid, Refused
from speech_project.access.authentication import KeyUser
from speech_project.access.clients import key_of
from speech_project.access.models import ApiKey
from speech_project.api.problems import Problem
from transcription.exports import segment_dict
from transcription.models import Segment

LONGEST_NAME = 150  # as of users
ANSWERS: dict[type[Refused], tuple[str, int]] = {
    AlreadyReviewed: ("reviewed", status.HTTP_409_CONFLICT),
    Invalid: ("invalid", status.HTTP_422_UNPROCESSABLE_ENTITY),
}


class Client(KeyUser):
    """Who corrects through an API key, by the name that the client gave."""

    def __init__(self, key: ApiKey, name: str) -> None:
        super().__init__(key)
        self.name = name or key.name

    def get_username(self) -> str:
        return self.name


def corrector(request: Request, name: str) -> Any:
    """Who corrects, for the services. People go by their own names."""
    key = key_of(request)
    return Client(key, name) if key else request.user


@contextmanager
def told() -> Iterator[None]:
    """What the services refuse, as problems."""
    try:
        yield
    except Refused as refusal:
        code, answer = next(
            (found for kind, found in ANSWERS.items() if isinstance(refusal, kind)),
            ("not_possible", status.HTTP_409_CONFLICT),
        )
        raise Problem(answer, code, str(refusal)) from None


def as_it_is(segment: Segment) -> dict[str, Any]:
    """In a conflict; one that is `retired` was split or merged, and is gone."""
    return segment_dict(segment) | {"retired": segment.retired_at is not None}
