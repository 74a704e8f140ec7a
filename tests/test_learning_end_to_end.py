"""A name that is corrected in one recording is right in the next, on the real offline engine."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from django.contrib.auth.models import Permission, User

from feedback.saving import Save, save_segment
from feedback.services import submit_review
from lexicon.models import Term
from speech_project.access.keys import create_key
from transcription import pipeline
from transcription.models import Segment

DRUG = "Xarelto"
FIRST = f"she takes {DRUG} every evening"
SECOND = f"he should stop {DRUG} before the operation"

pytestmark = [
    pytest.mark.skipif(not shutil.which("flite"), reason="flite is not installed"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def transcribed(upload_sample, tmp_path, sent, media):
    """The recording of a sentence, as uploaded, cut, heard and corrected."""

    def transcribed(sentence, **wishes):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", sentence, "-o", str(path)], check=True)
        job = upload_sample(path, model="pocketsphinx", **wishes)
        pipeline.prepare(job.pk)
        for chunk in job.chunks.all():
            pipeline.transcribe(chunk.pk)
        pipeline.finish(job.pk)
        job.refresh_from_db()
        return job

    return transcribed


def text_of(job):
    return " ".join(Segment.objects.filter(job=job).values_list("text", flat=True))


def corrected(job, sentence, user):
    segment = job.segments.get()
    save_segment(user, job, segment.pk, Save(sentence, segment.version))
    submit_review(user, job)


def test_what_a_curator_accepts_is_right_in_the_next_recording(transcribed, reviewer, admin_client):
    first = transcribed(FIRST)
    assert DRUG not in text_of(first)
    corrected(first, FIRST, reviewer)
    assert DRUG not in text_of(transcribed(SECOND))  # nobody has decided yet
    term = Term.objects.get(status="suggested", term=DRUG)
    admin_client.post(
        "/admin/feedback/candidate/", {"action": "approve", "_selected_action": [term.pk]}
    )
    second = transcribed(SECOND, reuse=False)
    assert f"stop {DRUG} before the operation" in text_of(second)


def test_what_a_trusted_reviewer_teaches_a_client_is_right_in_its_next_one(transcribed, settings):
    settings.LEARN_ACCEPT_CONFIDENCE = 0.3
    trusted = User.objects.create_user("vera")
    trusted.user_permissions.add(Permission.objects.get(codename="change_term"))
    clinic, lab = (create_key(name)[0] for name in ("clinic", "lab"))
    corrected(transcribed(FIRST, api_key=clinic), FIRST, trusted)
    assert f"stop {DRUG} before the operation" in text_of(transcribed(SECOND, api_key=clinic))
    assert DRUG not in text_of(transcribed(SECOND, api_key=lab))
