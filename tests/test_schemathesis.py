"""Each call of the API is asked in ways that nobody thought of, alone and one after the other: the
server breaks in none, and answers nothing that its description does not tell of.

`API_EXAMPLES=200 make pytest PYTEST='-n 0 -s tests/test_schemathesis.py'` asks for longer, and
prints the report.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lexicon.models import Term
from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from speech_project.access.scopes import SCOPES
from speech_project.webhooks import services
from speech_project.webhooks.models import Webhook
from tests.conftest import ROOT
from tests.schemathesis_hooks import tone
from transcription import recordings
from transcription.models import Job, Segment

EXAMPLES = int(os.environ.get("API_EXAMPLES", "4"))
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "missing_required_header",
    "use_after_free",
    "ignored_auth",
)
HOOKS = "tests.schemathesis_hooks"
# what is taken, among all that may be sent
TAKEN = {
    "body.model": ["pocketsphinx"],
    "body.languages[*]": ["en", "de"],
    "body.channels": ["auto", "separate"],
    "body.script_policy": ["hi=Deva"],
    "body.metadata": ['{"patient": 7}'],
    "body.budget_usd": ["1"],
    "body.url": ["https://clinic.example.org/hooks"],
    "body.language": ["en"],
    "body.script": ["Latn"],
}


def settings_of(key: str, known: dict[str, list[Any]]) -> str:
    """Of the tool. `known`: what there is, by the parameters that name it."""
    lists = "".join(
        f'[dictionaries."{name}"]\nvalues = {json.dumps(values)}\n'
        for name, values in known.items()
    )
    bound = "".join(
        f'"{name}" = {{ dictionary = "{name}", probability = 0.8 }}\n' for name in known
    )
    return f"""
hooks = "{HOOKS}"
[headers]
Authorization = "Bearer {key}"
[generation]
max-examples = {EXAMPLES}
database = "none"
with-security-parameters = false
[checks.missing_required_header]
expected-statuses = ["4xx"]
[phases.coverage.checks.ignored_auth]
enabled = false  # two requests more for each
[phases.stateful]
max-steps = 8
generation.max-examples = {10 * EXAMPLES}
generation.mode = "positive"
generation.allow-extra-parameters = false
[parameters]
{bound}
{lists}
"""


@pytest.fixture
def key(transactional_db: None) -> tuple[ApiKey, str]:
    """One that may do everything, and its text."""
    return create_key("fuzz", scopes=list(SCOPES), rate_limit_per_minute=0)


@pytest.fixture
def known(
    key: tuple[ApiKey, str], media: Path, make_job: Callable[..., Job]
) -> dict[str, list[Any]]:
    """What there is at first."""
    owner, _ = key
    states = (Job.Status.COMPLETED, Job.Status.COMPLETED, Job.Status.QUEUED, Job.Status.FAILED)
    texts = ("She takes ozempic.", "Twice a day.")
    sound = recordings.save("of-tests/tone.wav", tone(1))
    files = {"audio_file": sound, "playback_file": sound, "peaks_file": sound}
    jobs = [make_job(*texts, api_key=owner, status=each, **files) for each in states]
    for word in ("Ozempic", "Abilify"):
        Term.objects.create(term=word, normalized=word.lower(), api_key=owner)
    for path in ("a", "b"):
        services.create(owner, url=f"https://clinic.example.org/{path}")
    return {
        "path.job_id": [str(job.pk) for job in jobs],
        "path.segment_id": list(Segment.objects.values_list("pk", flat=True)),
        "path.term_id": list(Term.objects.values_list("pk", flat=True)),
        "path.candidate_id": list(Term.objects.values_list("pk", flat=True)),
        "path.webhook_id": list(Webhook.objects.values_list("pk", flat=True)),
    }


@pytest.mark.parametrize("phases", ["examples,coverage,fuzzing", "stateful"])
def test_no_call_breaks_the_server_or_answers_what_is_not_described(
    phases: str, key: Any, known: Any, live_server: Any, sent: Any, tmp_path: Path
) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(settings_of(key[1], TAKEN | known))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={config}",
            "run",
            f"{live_server.url}/api/schema/?format=json",
            f"--phases={phases}",
            f"--checks={','.join(CHECKS)}",
            "--generation-deterministic",
            "--no-color",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0
