"""Jobs are shown as the API's description says."""

from decimal import Decimal

from django.utils import timezone

from transcription.api.shapes import JobSerializer, job_data


def test_a_job_is_shown_as_it_is_described(make_job):
    source = make_job("Good morning.")
    job = make_job(
        "Good morning.",
        source_job=source,
        proposal=True,
        languages=["de", "en"],
        script_policy={"hi": "Deva"},
        options={"channels": "mix"},
        metadata={"patient": [7, None]},
        speech_dbfs=-21.5,
        budget_usd=Decimal("20"),
        cost_usd=Decimal("0.0045"),
        started_at=timezone.now(),
    )
    for each in (job, source):
        each.refresh_from_db()
        assert job_data(each) == JobSerializer(each).data
