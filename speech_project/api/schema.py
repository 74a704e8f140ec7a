"""The API's description (OpenAPI 3.1), and what the authors of views need for their part of it.

A view is described where it stands. Its refusals of the usual kinds, the scope that it needs, and
the headers of `@idempotent` are added here, so that only what is its own has to be said:

    class JobNotes(ApiView):
        scopes = {"GET": "jobs:read", "POST": "jobs:write"}

        @extend_schema(
            operation_id="read_notes",
            parameters=[IF_NONE_MATCH],  # where the method answers by `preconditions.shown`
            responses=NoteSerializer(many=True),
            examples=[answers({"id": 7, "text": "Left ear"})],  # one of the list
        )
        def get(self, request: Request, job_id: UUID) -> Response:
            \"\"\"Read a job's notes.

            The first paragraph is the summary; the others, if any, are the description.
            \"\"\"

        @extend_schema(
            operation_id="add_note",
            parameters=[LOCATION],
            request=NoteForm,
            responses={201: NoteSerializer}
            | refuses(reviewed=(409, "The review is submitted already. Reopen it first.")),
            examples=[asks({"text": "Left ear"}), answers({"id": 7, "text": "Left ear"})],
        )
        @idempotent
        def post(self, request: Request, job_id: UUID) -> Response:
            \"\"\"Add a note.\"\"\"

What is sent as a form, or answered as something else than JSON, names its media type:
`request={"multipart/form-data": NewJob}`, `asks({...}, media_type="multipart/form-data")`,
`responses={(200, "text/vtt"): str}`. A list in pages is described by the view's
`pagination_class`, also in a view that calls it by itself. Filters are a form:
`parameters=[JobFilter]`. `PUT` and `PATCH` that check If-Match take `IF_MATCH`, or
`IF_MATCH_REQUIRED`.
"""

from __future__ import annotations

import inspect
from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_examples_list
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from speech_project.api import idempotency, problems

API = "/api/v1/"
HEADER: Literal["header"] = "header"
PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
Refusals = dict[str, tuple[int, str]]  # by code: status, an example of the detail

# --- For authors of views ----------------------------------------------------------------------

IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, HEADER, description="An ETag: 304 and no body where it is still that."
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    HEADER,
    description="The ETag of what is changed: refused (412) where it is another by now.",
)
IF_MATCH_REQUIRED = OpenApiParameter(
    "If-Match",
    str,
    HEADER,
    required=True,
    description="The ETag of what is changed, or `*`: refused (412) where it is another by now.",
)
LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri"},
    HEADER,
    response=[201],
    description="The address of what was made.",
)


def asks(value: Any, name: str = "Example", media_type: str = "application/json") -> OpenApiExample:
    """An example of a request's body."""
    return OpenApiExample(name, value, request_only=True, media_type=media_type)


def answers(
    value: Any, name: str = "Example", *, status: int | None = None, media_type: str = ""
) -> OpenApiExample:
    """An example of an answer's body; of a list, one of its items. Without a status: 200 or 201."""
    return OpenApiExample(
        name,
        value,
        response_only=True,
        status_codes=[str(status)] if status else None,
        media_type=media_type or "application/json",
    )


def refuses(**codes: tuple[int, str]) -> dict[tuple[int, str], OpenApiResponse]:
    """Answers that say no: the problem's code, its status, and its detail as an example."""
    by_status: dict[int, Refusals] = {}
    for code, (status, detail) in codes.items():
        by_status.setdefault(status, {})[code] = (status, detail)
    return {
        (status, problems.MEDIA_TYPE): OpenApiResponse(
            PROBLEM_REF,
            description=HTTPStatus(status).phrase,
            examples=_examples(refusals),
        )
        for status, refusals in by_status.items()
    }


# --- What all operations have in common ----------------------------------------------------------

PROBLEM = {
    "type": "object",
    "description": "Why something was refused (RFC 9457). Some codes have members of their own.",
    "properties": {
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "For programs: what it is."},
        "detail": {"type": "string", "description": "For people: what to do."},
        "errors": {
            "type": "array",
            "description": "Each field that is wrong.",
            "items": {
                "type": "object",
                "properties": {
                    "field": {
                        "type": "string",
                        "description": "Such as `segments[2].text`; empty where it is all of it.",
                    },
                    "detail": {"type": "string"},
                },
                "required": ["field", "detail"],
            },
        },
    },
    "required": ["title", "status", "code", "detail"],
}
TEXT = {"schema": {"type": "string"}}
JSON_TEXT = {"type": "string", "contentMediaType": "application/json"}
IDEMPOTENCY_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "description": "A new one for each request, such as a UUID. A repetition with the same one "
    "creates nothing again, and has the same answer.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": idempotency.LONGEST,
        "pattern": "^[ -~]+$",
    },
}
RATE_HEADERS = {
    "RateLimit-Policy": "Requests that the API key may make (q) in so many seconds (w).",
    "RateLimit": "Requests left (r), and the seconds until they are counted anew (t).",
}
# headers of refusals
OF_STATUS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
OF_ANY: Refusals = {
    "not_authenticated": (401, "Authentication credentials were not provided."),
    "key_refused": (401, "This API key is not known. Check that it was copied whole."),
    "not_allowed": (403, "This API key has not the scope jobs:write. Ask an admin for it."),
    "not_acceptable": (406, "Could not satisfy the request Accept header."),
    "rate_limit_exceeded": (429, "Request was throttled. Expected available in 12 seconds."),
    "unavailable": (503, problems.AWAY),
}
OF_AN_ADDRESS: Refusals = {"not_found": (404, problems.NOT_FOUND)}
OF_FIELDS: Refusals = {"invalid": (400, "title: Not a valid string.")}
OF_A_BODY: Refusals = {
    "unreadable": (400, "JSON parse error - Expecting value: line 1 column 1 (char 0)"),
    "too_large": (413, "This request has more than 32 MiB of JSON. Send it in parts."),
    "unsupported_media_type": (415, 'Unsupported media type "text/plain" in request.'),
}
OF_REPEATED: Refusals = {
    "idempotency_key_invalid": (400, "Idempotency-Key is 1 to 200 printable ASCII characters."),
    "still_at_work": (409, "The first request with this Idempotency-Key is not done yet."),
    "idempotency_key_reused": (422, "This Idempotency-Key was used for another request."),
}
OF_CHANGED: Refusals = {"changed_meanwhile": (412, "This was changed since you read it.")}
OF_UNCONDITIONAL: Refusals = {
    "if_match_missing": (428, "Send If-Match with the ETag of what you change.")
}


def of_this_api(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Of all addresses, those that are described. OpenAI's wire has a description of its own."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(API)]


class DescribedSchema(AutoSchema):
    """Adds what follows from the view: its scopes, and what its operation has of parameters."""

    def get_operation(self, *args: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args)
        if operation is None:
            return None
        self._register("schemas", "Problem", PROBLEM)
        if getattr(self._handler(), "idempotent", False):
            operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        for parameter in operation.get("parameters", ()):
            if parameter["schema"].get("type") == "object":
                parameter["schema"] = JSON_TEXT
        self._add_refusals(operation)
        self._add_headers(operation)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_tags(self) -> list[str]:
        """The last part of the address that is one."""
        tags = {tag["name"] for tag in spectacular_settings.TAGS}
        return [next((part for part in self.path.split("/")[::-1] if part in tags), "jobs")]

    def get_summary(self) -> str | None:
        return self._paragraphs()[0].replace("\n", " ").rstrip(".") or None

    def get_description(self) -> str:  # type: ignore[override]
        scope = getattr(self.view, "scopes", {}).get(self.method)
        needs = [f"Needs the scope `{scope}`."] if scope else []
        return "\n\n".join([*self._paragraphs()[1:], *needs])

    def _paragraphs(self) -> list[str]:
        """Of the method's docstring, or of its class's own."""
        doc = self._handler().__doc__ or vars(type(self.view)).get("__doc__")
        return inspect.cleandoc(doc or "").split("\n\n")

    def _get_request_for_media_type(
        self, serializer: Any, direction: Any = "request"
    ) -> tuple[Any, bool]:
        """Names that a form has not are refused (bodies.py); changes may have what was answered."""
        schema, needed = super()._get_request_for_media_type(serializer, direction)
        if direction == "request" and self.method != "PATCH" and "$ref" in (schema or {}):
            name = schema["$ref"].rpartition("/")[2]
            self.registry[name, "schemas"].schema["additionalProperties"] = False
        return schema, needed

    def _handler(self) -> Any:
        return getattr(self.view, self.method.lower())

    def _add_refusals(self, operation: dict[str, Any]) -> None:
        by_status: dict[int, Refusals] = {}
        for code, (status, detail) in _refusals(operation).items():
            by_status.setdefault(status, {})[code] = (status, detail)
        answers = operation["responses"]
        for status, refusals in by_status.items():
            examples = build_examples_list(_examples(refusals))
            if own := answers.get(str(status)):
                said = own.setdefault("content", {}).setdefault(
                    problems.MEDIA_TYPE, {"schema": PROBLEM_REF}
                )
                said["examples"] = said.get("examples", {}) | examples
                continue
            answer = {
                "description": HTTPStatus(status).phrase,
                "content": {problems.MEDIA_TYPE: {"schema": PROBLEM_REF, "examples": examples}},
            }
            if header := OF_STATUS.get(status):
                answer["headers"] = {header: {"schema": {"type": "string"}, "required": True}}
            answers[str(status)] = self._register("responses", "Or".join(examples), answer)

    def _add_headers(self, operation: dict[str, Any]) -> None:
        """To answers that say yes."""
        headers = {
            name: self._register("headers", name, {"description": told} | TEXT)
            for name, told in RATE_HEADERS.items()
        }
        conditions = _parameters(operation).keys() & {"If-Match", "If-None-Match"}
        if conditions:
            told = "Of what is shown, for If-Match and If-None-Match."
            headers["ETag"] = self._register("headers", "ETag", {"description": told} | TEXT)
        for status, answer in operation["responses"].items():
            if status < "300":
                answer["description"] = answer["description"] or HTTPStatus(int(status)).phrase
                answer["headers"] = answer.get("headers", {}) | headers
        if "If-None-Match" in conditions:
            operation["responses"]["304"] = {"description": "It is still that.", "headers": headers}

    def _register(self, kind: str, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """A component, once; the reference to it."""
        component = ResolvedComponent(name, kind, value, object=name)
        self.registry.register_on_missing(component)
        return component.ref


def _parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", ())}


def _refusals(operation: dict[str, Any]) -> Refusals:
    """Those that follow from the operation's parameters and its body."""
    parameters = _parameters(operation)
    places = {parameter["in"] for parameter in parameters.values()}
    return {
        **OF_ANY,
        **(OF_AN_ADDRESS if "path" in places else {}),
        **(OF_FIELDS if "query" in places or "requestBody" in operation else {}),
        **(OF_A_BODY if "requestBody" in operation else {}),
        **(OF_REPEATED if idempotency.HEADER in parameters else {}),
        **(OF_CHANGED if "If-Match" in parameters else {}),
        **(OF_UNCONDITIONAL if parameters.get("If-Match", {}).get("required") else {}),
    }


def _examples(refusals: Refusals) -> list[OpenApiExample]:
    return [
        OpenApiExample(code, problems.body(status, code, detail))
        for code, (status, detail) in refusals.items()
    ]


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "speech_project.access.authentication.ApiKeyAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Either of them, with the scope."""
        scope = getattr(auto_schema.view, "scopes", {}).get(auto_schema.method)
        return [{name: [scope] if scope else []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key, `vk_...`."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]


class LoginScheme(SessionScheme):
    target_class = "speech_project.access.authentication.LoginAuthentication"
