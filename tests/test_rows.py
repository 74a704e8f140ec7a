"""Rows that are read past Django's queries come out as Django reads them."""

from decimal import Decimal

import pytest
from django.db.models import Model
from django.utils import timezone

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from speech_project.rows import Row
from transcription.models import Job

ODD = {"patient": "पैरासिटामोल", "visit": [1, None, {"ok": True}]}


@pytest.fixture
def key(db) -> ApiKey:
    fields = {"scopes": ["jobs:read"], "monthly_budget_usd": Decimal("1.5"), "metadata": ODD}
    return create_key("clinic", **fields)[0]


@pytest.fixture
def job(key) -> Job:
    return Job.objects.create(
        title="Ward round",
        source=Job.Source.API,
        api_key=key,
        audio_name="visit.flac",
        audio_sha256="0" * 64,
        audio_bytes=1,
        model="pocketsphinx",
        languages=["de", "en"],
        metadata=ODD,
        speech_dbfs=-21.5,
        cost_usd=Decimal("0.0045"),
        finished_at=timezone.now(),
    )


def values(row: Model) -> dict:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("kind", ["key", "job"])
def test_a_row_is_read_as_django_reads_it(kind, request):
    made = request.getfixturevalue(kind)
    read = Row(type(made), "id = $1")(made.pk)
    known = type(made).objects.get(pk=made.pk)
    assert read == known
    assert values(read) == values(known)
    read.metadata = {}
    read.save()
    assert type(made).objects.get(pk=made.pk).metadata == {}


def test_there_is_none_where_nothing_fits(job):
    row = Row(Job, "id = $1 AND api_key_id = $2")
    assert row(job.pk, job.api_key_id) == job
    assert row(job.pk, job.api_key_id + 1) is None


def test_what_was_left_out_is_read_when_it_is_asked_for(job, django_assert_num_queries):
    with django_assert_num_queries(1):
        read = Row(Job, "id = $1", only={"id", "title"})(job.pk)
        assert read.title == "Ward round"
    with django_assert_num_queries(1):
        assert read.languages == ["de", "en"]
