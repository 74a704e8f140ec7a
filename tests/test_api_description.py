"""The API's description tells of each call what it does, with examples that are true to it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from jsonschema_rs import Draft202012Validator

from speech_project.api.describing import description

Operation = dict[str, Any]
AS_LIBRARIES_NAME_THEM = ("retrieve", "create", "update", "destroy")


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    """By method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


def resolved(found: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in found:
        return found
    _, _, kind, name = found["$ref"].split("/")
    return description()["components"][kind][name]


def answers(operation: Operation) -> dict[str, dict[str, Any]]:
    return {status: resolved(answer) for status, answer in operation["responses"].items()}


def contents(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body that is described, with where it is."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request as {media_type}", content
    for status, answer in answers(operation).items():
        for media_type, content in answer.get("content", {}).items():
            yield f"{status} as {media_type}", content


def wrong(content: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the examples, by the schema beside them."""
    schema = content["schema"] | {"components": description()["components"]}
    check = Draft202012Validator(schema, validate_formats=True)
    for name, example in content.get("examples", {}).items():
        for error in check.iter_errors(example["value"]):
            yield f"{name}: {error.instance_path}: {error.message}"


def test_the_description_is_made_of_the_code_without_a_doubt():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


def test_each_call_has_a_summary_and_a_name_that_says_what_it_does(operations):
    for call, operation in operations.items():
        assert operation.get("summary"), call
        name = operation["operationId"]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), f"{call}: {name}"
        assert not name.endswith(AS_LIBRARIES_NAME_THEM), f"{call}: {name}"
        assert operation["tags"][0] in {tag["name"] for tag in description()["tags"]}, call


def test_each_call_says_what_it_needs(operations):
    for call, operation in operations.items():
        assert "Needs the scope `" in operation["description"], call


def test_each_body_has_an_example(operations):
    lacking = [
        f"{call}: {where}"
        for call, operation in operations.items()
        for where, content in contents(operation)
        if not content.get("examples") and content["schema"].get("format") != "binary"
    ]
    assert not lacking


def test_each_example_is_what_it_is_an_example_of(operations):
    found = [
        f"{call}: {where}: {fault}"
        for call, operation in operations.items()
        for where, content in contents(operation)
        for fault in wrong(content)
    ]
    assert not found


def test_each_call_tells_its_refusals(operations):
    for call, operation in operations.items():
        told = answers(operation)
        assert {"401", "403", "429"} <= set(told), call
        assert any(status < "300" for status in told), call
        assert "404" in told or "{" not in call, call
        for status, answer in told.items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], f"{call} {status}"


def test_it_is_served_to_everybody_as_yaml_and_json(db: None, client: Client):
    as_yaml = client.get("/api/schema/")
    as_json = client.get("/api/schema/", headers={"accept": "application/json"})
    assert as_yaml.headers["Content-Type"].startswith("application/vnd.oai.openapi")
    assert yaml.safe_load(as_yaml.content) == as_json.json()
    assert as_json.json()["openapi"].startswith("3.1.")
