"""Rows that are read past Django's queries come out as Django reads them."""

from decimal import Decimal

import pytest
from django.db.models import Model
from django.utils import timezone

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from speech_project.rows import Row, RowAndOther
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


OF_KEY = "jobs.id = $2 AND jobs.api_key_id = api_keys.id"


def test_a_row_and_the_other_that_belongs_to_it_take_one_question(
    key, job, django_assert_num_queries
):
    rows = RowAndOther(ApiKey, "api_keys.prefix = $1", Job, OF_KEY, only={"id", "title"})
    with django_assert_num_queries(1):
        of_key, other = rows(key.prefix, job.pk)
        assert other.title == "Ward round"
    assert values(of_key) == values(ApiKey.objects.get())
    with django_assert_num_queries(1):
        assert other.languages == ["de", "en"]  # left out, and read when it is asked for


def test_there_may_be_no_other_that_belongs_to_it(key, job):
    rows = RowAndOther(ApiKey, "api_keys.prefix = $1", Job, OF_KEY, only={"id", "title"})
    stranger, _ = create_key("another")
    assert rows(stranger.prefix, job.pk) == (stranger, None)
    assert rows("none", job.pk) == (None, None)
