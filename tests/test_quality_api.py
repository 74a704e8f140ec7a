"""Clients read how accurate their transcripts were."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.quality import sums
from feedback.quality.rates import Sums, rate
from tests.lexicon_clients import Caller, errors
from tests.reviews import NOON, review

QUALITY, REVIEWS = "/api/v1/quality/", "/api/v1/quality/reviews.csv"


@pytest.fixture
def api(db):
    return Caller(scopes=["quality:read"])


@pytest.fixture
def reviewed(make_job, api):
    """A review of a recording of the client, or of another."""

    def make(errors, words, job=None, caller=api, **fields):
        key = {"api_key": caller.key} if caller else {}
        made = make_job(**key | (job or {}))
        review(made, errors, words, **fields)
        return made

    return make


def figures(caller, **query):
    answer = caller.get(QUALITY, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def groups(caller, by, **query):
    return {each["value"]: each for each in figures(caller, by=by, **query)["groups"]}


def exported(caller, **query):
    answer = caller.get(REVIEWS, query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_rates_come_with_their_interval_and_what_they_rest_on(api, reviewed):
    made = [(10, 400), (2, 90), (30, 600)]
    for wrong, words in made:
        reviewed(wrong, words)
    total = figures(api)["total"]
    assert (total["reviews"], total["words"], total["word_errors"]) == (3, 1090, 42)
    expected = rate(sum((Sums.of(*each) for each in made), Sums()))
    assert total["wer"] == {name: round(value, 6) for name, value in vars(expected).items()}
    assert total["wer"]["low"] < total["wer"]["value"] == round(42 / 1090, 6)
    assert total["mer"] == total["wer"]


def test_too_little_has_no_rate(api, reviewed):
    for _ in range(3):
        reviewed(1, 99)
    total = figures(api)["total"]
    assert (total["reviews"], total["words"], total["wer"], total["cer"]) == (3, 297, None, None)


def test_what_nobody_reviewed_counts_nowhere(api, reviewed, make_job):
    reviewed(10, 400)
    make_job("no one has read this", api_key=api.key)
    withdrawn = reviewed(99, 100)
    withdrawn.feedback.update(withdrawn_at=NOON)
    found = figures(api, by="model")
    assert (found["total"]["reviews"], found["total"]["words"], found["waiting"]) == (1, 400, 1)
    assert [each["words"] for each in found["groups"]] == [400]
    assert [row["words"] for row in exported(api)] == ["400"]


def test_a_key_learns_of_its_own_recordings_alone(api, reviewed, make_job, reviewer):
    other = Caller("another")
    reviewed(10, 400, {"title": "mine"})
    reviewed(77, 7700, {"title": "theirs", "model": "theirs", "engine": "theirs"}, other,
             by=reviewer, counts={"said": {"hi": 7700}})  # fmt: skip
    reviewed(78, 7800, {"title": "a page's"}, None)
    make_job(api_key=other.key)
    for by in ("", *("model", "engine", "language", "client", "reviewer", "week", "month")):
        found = figures(api, **({"by": by} if by else {}))
        assert found["waiting"] == 0
        assert found["total"]["words"] == 400
        text = str(found)
        assert not any(each in text for each in ("7700", "7800", "theirs", "another", "rita"))
    assert list(groups(api, "client")) == [f"key-{api.key.pk}"]
    for filters in ({"client": f"key-{other.key.pk}"}, {"client": "pages"}):
        assert figures(api, **filters)["total"]["reviews"] == 0
        assert exported(api, **filters) == []
    assert [row["title"] for row in exported(api)] == ["mine"]


def test_people_learn_of_recordings_that_they_may_see(client, reviewed, reviewer):
    reviewed(10, 400)
    client.force_login(reviewer)
    assert client.get(QUALITY).json()["total"]["words"] == 400
    reviewer.groups.add(Group.objects.create(name="Cardiology"))
    assert client.get(QUALITY).json()["total"]["words"] == 0


def test_the_scope_is_needed(db):
    caller = Caller(scopes=["jobs:read", "lexicon:read"])
    for address in (QUALITY, REVIEWS):
        answer = caller.get(address)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert caller.client.get(QUALITY, headers={"Authorization": ""}).status_code == 401


def test_figures_are_told_apart(api, reviewed, reviewer):
    conrad = User.objects.create_user("conrad")
    for number in range(3):
        reviewed(10, 400, {"model": "whisper-1", "engine": "openai"}, by=reviewer)
        reviewed(40, 200, by=conrad, when=NOON + timedelta(days=36 + number),
                 counts={"said": {"de": 150, "en": 50}, "wrong": {"de": 30, "en": 10}})  # fmt: skip
    found = groups(api, "model")
    assert {name: each["words"] for name, each in found.items()} == {
        "whisper-1": 1200, "pocketsphinx": 600,
    }  # fmt: skip
    assert found["pocketsphinx"]["wer"]["value"] == 0.2
    assert found["pocketsphinx"]["switched_errors"] == 0.2
    assert list(groups(api, "engine")) == ["openai", "pocketsphinx"]
    assert groups(api, "reviewer")[f"user-{conrad.pk}"]["name"] == "conrad"
    languages = groups(api, "language")
    assert (languages["de"]["units"], languages["de"]["mer"]["value"]) == (450, 0.2)
    assert languages["de"]["wer"] is None
    assert {day: each["reviews"] for day, each in groups(api, "month").items()} == {
        "2026-03-01": 3, "2026-04-01": 3,
    }  # fmt: skip
    weeks = groups(api, "week")
    assert {day: each["name"] for day, each in weeks.items()} == {
        "2026-03-02": "Week of 2 Mar 2026", "2026-04-06": "Week of 6 Apr 2026",
    }  # fmt: skip


def test_what_a_group_is_called_narrows_down_to_it(api, reviewed, reviewer):
    reviewed(10, 400, {"model": "whisper-1", "engine": "openai", "languages": ["de"]}, by=reviewer)
    reviewed(10, 300, counts={"said": {"hi": 300}, "wrong": {}})
    for by in ("model", "engine", "language", "reviewer", "client"):
        for value, group in groups(api, by).items():
            found = figures(api, **{by: value})["total"]
            assert (found["reviews"], found["words"]) == (group["reviews"], max(
                group["words"], group["units"]))  # fmt: skip
    assert [row["words"] for row in exported(api, model="whisper-1")] == ["400"]


def test_days_are_of_the_review_and_both_counted_in(api, reviewed):
    for day in range(4):
        reviewed(1, 100 + day, when=NOON + timedelta(days=day))
    found = figures(api, since="2026-03-03", until="2026-03-04")["total"]
    assert (found["reviews"], found["words"]) == (2, 203)


def test_what_the_lexicon_did_and_what_reviewing_took(api, reviewed):
    lexicon = {"applied": 20, "took": 19, "made": 2,
               "terms": {"1": {"confirmed": 15, "undone": 5}}}  # fmt: skip
    for _ in range(3):
        reviewed(10, 400, {"duration_ms": 60_000}, lexicon=lexicon, seconds_spent=90)
    total = figures(api)["total"]
    found = total["lexicon"]
    assert (found["changes"], found["errors_gone"], found["errors_new"]) == (60, 57, 6)
    assert (found["let_stand"], found["taken_back"]) == (45, 15)
    assert found["taken_back_rate"]["value"] == 0.25
    assert total["review_time"]["value"] == 1.5


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ({"by": "colour"}, "by", "Allowed: model, engine"),
        ({"since": "yesterday"}, "since", "YYYY-MM-DD"),
        ({"until": "9999-12-31"}, "until", "2000 to 2100"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "until", "before"),
        ({"language": "German"}, "language", "ISO 639"),
        ({"client": "clinic"}, "client", "key-"),
        ({"client": "key-" + "9" * 30}, "client", "key-"),
        ({"reviewer": "user-x"}, "reviewer", "user-"),
        ({"model": "a\x00"}, "model", "Null"),
        ({"modell": "a"}, "modell", "Not known"),
    ],
    ids=str,
)
def test_what_nobody_can_mean_is_named(api, query, field, told):
    assert told in errors(api.get(QUALITY, query))[field]
    if field != "by":
        assert field in errors(api.get(REVIEWS, query))


def test_figures_that_did_not_change_are_not_sent_again(api, reviewed):
    reviewed(10, 400)
    etag = api.get(QUALITY)["ETag"]
    assert api.get(QUALITY, **{"If-None-Match": etag}).status_code == 304
    reviewed(10, 400)
    assert api.get(QUALITY, **{"If-None-Match": etag}).status_code == 200


def test_many_reviews_ask_no_more_than_few(api, reviewed):
    asked = []
    for count in (1, 12):
        for _ in range(count):
            reviewed(10, 400)
        figures(api)
        with CaptureQueriesContext(connection) as queries:
            figures(api, by="client")
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 6


def test_where_only_the_newest_are_summed_it_says_so(api, reviewed, monkeypatch):
    monkeypatch.setattr(sums, "MOST_REVIEWS", 2)
    for _ in range(2):
        reviewed(10, 400)
    assert figures(api)["capped"] is True
