"""Lists of jobs: what is in them, in which order, and in pages."""

import base64
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from speech_project.access.keys import create_key
from transcription.models import Job

JOBS = "/api/v1/jobs/"


@pytest.fixture
def mine(make_job, key):
    def mine(**fields):
        return make_job(api_key=key[0], **fields)

    return mine


def titles(api, **wishes):
    answer = api.get(JOBS, wishes)
    assert answer.status_code == 200, answer.content
    return {job["title"] for job in answer.json()["results"]}


# --- Filters -----------------------------------------------------------------------------------


@pytest.fixture
def three(mine):
    monday = mine(
        title="Ward round, Müller",
        metadata={"patient": 7, "visit": {"ward": "B", "day": 1}},
        audio_sha256="a" * 64,
    )
    mine(title="Ward letter", status="failed", model="whisper-1", metadata={"patient": 8})
    mine(title="Discharge letter", review_status="reviewed")
    Job.objects.filter(pk=monday.pk).update(created_at="2026-03-02T09:15:00.123456Z")


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({"status": "failed"}, {"Ward letter"}),
        ({"status": ""}, {"Ward round, Müller", "Ward letter", "Discharge letter"}),
        ({"review_status": "reviewed"}, {"Discharge letter"}),
        ({"model": "whisper-1"}, {"Ward letter"}),
        ({"audio_sha256": "a" * 64}, {"Ward round, Müller"}),
        ({"created_before": "2026-03-02T10:00:00Z"}, {"Ward round, Müller"}),
        ({"created_before": "2026-03-02T10:15:00+01:00"}, set()),
        ({"created_after": "2026-03-02T09:15:00.123456Z"}, {"Ward letter", "Discharge letter"}),
        ({"q": "ward"}, {"Ward round, Müller", "Ward letter"}),
        ({"q": "LETTER ward"}, {"Ward letter"}),
        ({"q": "müller"}, {"Ward round, Müller"}),
        ({"q": "war"}, set()),
        ({"q": "' & | ! <-> :*"}, set()),
        ({"metadata": '{"patient": 7}'}, {"Ward round, Müller"}),
        ({"metadata": '{"visit": {"ward": "B"}}'}, {"Ward round, Müller"}),
        ({"metadata": '{"patient": "7"}'}, set()),
        ({"q": "letter", "review_status": "waiting"}, {"Ward letter"}),
    ],
)
def test_lists_are_narrowed_down(api, three, wishes, found):
    assert titles(api, **wishes) == found


@pytest.mark.parametrize(
    ("wishes", "field", "allowed"),
    [
        ({"status": "gone"}, "status", "queued, preparing"),
        ({"review_status": "x"}, "review_status", "waiting, in_review, reviewed"),
        ({"created_after": "yesterday"}, "created_after", "YYYY-MM-DD"),
        ({"audio_sha256": "A" * 64}, "audio_sha256", "64 digits"),
        ({"q": "a\x00"}, "q", "Null characters"),
        ({"metadata": "[1]"}, "metadata", "object"),
        ({"metadata": "x"}, "metadata", "JSON"),
        ({"metadata": '{"a": "\\u0000"}'}, "metadata", "NUL"),
        ({"metadata": '{"a": ' * 5000}, "metadata", "JSON"),
        ({"state": "failed"}, "state", "Allowed: audio_sha256, created_after"),
        ({"page_size": "0"}, "page_size", "from 1 to 200"),
        ({"page_size": "201"}, "page_size", "from 1 to 200"),
        ({"page_size": "x"}, "page_size", "from 1 to 200"),
        ({"page_size": "9" * 50}, "page_size", "from 1 to 200"),
    ],
)
def test_a_wish_that_cannot_be_is_named_with_what_is_allowed(api, wishes, field, allowed):
    answer = api.get(JOBS, wishes)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert allowed in error["detail"]


def test_a_list_has_the_key_s_own_jobs_only(api, mine, make_job):
    mine(title="mine")
    make_job(title="of a page")
    make_job(title="of another", api_key=create_key("other")[0])
    assert titles(api) == titles(api, q="mine of") | {"mine"} == {"mine"}


# --- Pages -------------------------------------------------------------------------------------


def test_all_pages_together_are_all_jobs_once_newest_first(api, mine):
    made = [str(mine().pk) for _ in range(7)]
    Job.objects.filter(pk__in=made[:3]).update(created_at=timezone.now() - timedelta(days=1))
    found, address = [], f"{JOBS}?page_size=2"
    while address:
        page = api.get(address).json()
        assert len(page["results"]) <= 2
        found += [job["id"] for job in page["results"]]
        address = page["next"]
    assert len(found) == 7
    assert found[:4] == made[:2:-1]
    assert set(found) == set(made)


def test_pages_stay_narrowed_down_and_lead_back(api, mine):
    for at in range(5):
        mine(title=f"{at}", status="failed" if at % 2 else "completed")
    first = api.get(JOBS, {"status": "completed", "page_size": 2}).json()
    second = api.get(first["next"]).json()
    assert [job["title"] for job in second["results"]] == ["0"]
    assert second["next"] is None
    assert api.get(second["previous"]).json()["results"] == first["results"]


def test_a_page_has_fifty_unless_another_size_is_wished(api, mine):
    for _ in range(60):
        mine()
    assert len(api.get(JOBS).json()["results"]) == 50
    assert len(api.get(JOBS, {"page_size": 200}).json()["results"]) == 60


def cursor(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "position",
    ["x", cursor("p=abc"), cursor("p=2026-13-45 99:99"), cursor("p=\x00"), cursor("p="),
     cursor("o=-1"), cursor("r=1&p=9"), "é"],
)  # fmt: skip
def test_a_made_up_page_is_refused(api, mine, position):
    mine()
    answer = api.get(f"{JOBS}?{urlencode({'cursor': position})}")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "cursor", "detail": "This is no cursor of this list. Begin without one."}
    ]


def test_a_list_asks_as_little_for_many_as_for_few(api, mine, django_assert_num_queries):
    for _ in range(30):
        mine(status="transcribing")
    api.get(JOBS)  # notes the key's use
    with django_assert_num_queries(3):  # the key, the jobs, how far they are
        assert len(api.get(JOBS).json()["results"]) == 30
    Job.objects.update(status="completed")
    with django_assert_num_queries(2):
        api.get(JOBS)
