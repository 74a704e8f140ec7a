"""What docs/webhooks.md shows for receivers verifies what is sent, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from standardwebhooks import WebhookVerificationError

from speech_project.webhooks import delivering, services
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db

# asks the function that is shown about each request, and prints what it says
ASK = """
import { readFileSync } from "node:fs";
for (const { secret, headers, body } of JSON.parse(readFileSync(0))) {
  try { console.log(JSON.stringify(eventOf(secret, headers, Buffer.from(body)))); }
  catch (error) { console.log(JSON.stringify(error.message)); }
}
"""


def shown(language):
    text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"```{language}\n(.+?)```", text, re.DOTALL)
    return found


@pytest.fixture
def requests(webhook, receiver):
    """One that is signed with two secrets, and the same with another body, time and secret."""
    before = webhook.secret
    services.rotate(webhook)
    services.test(webhook)
    delivering.deliver(webhook.pk)
    (got,) = receiver.got
    good = {"secret": webhook.secret, "headers": got.headers, "body": got.body.decode()}
    return [
        good,
        good | {"secret": before},
        good | {"body": good["body"] + " "},
        good | {"headers": got.headers | {"webhook-timestamp": "1700000000"}},
        good | {"secret": services.create(webhook.api_key, url=webhook.url).secret},
    ]


def test_the_python_that_is_shown(requests):
    made = {}
    exec(shown("python"), made)
    for request in requests[:2]:
        event = made["event_of"](request["secret"], request["headers"], request["body"].encode())
        assert event["type"] == "webhook.test"
    for request in requests[2:]:
        with pytest.raises(WebhookVerificationError):
            made["event_of"](request["secret"], request["headers"], request["body"].encode())


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_the_javascript_that_is_shown(requests):
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", shown("javascript") + ASK],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["type"] for each in answers[:2]] == ["webhook.test"] * 2
    assert answers[2:] == ["Not from Verbatim"] * 3
