"""The quality page: its figures, how sure they are, what they leave out, and what they open."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from feedback.quality import rates
from feedback.quality import sums as summing
from feedback.quality.rates import Sums, rate
from speech_project.access.keys import create_key
from tests.reviews import NOON, many, review
from tests.test_queue_page import titles
from transcription.models import Job

WEEK = timedelta(days=7)
TABLES = (
    *("wer", "mer", "terms", "lexicon", "time", "volume"),
    *("model", "engine", "language", "client", "reviewer"),
    *("waiting", "cost", "cost-models"),
)


def table(client: Client, name: str = "", /, **query: Any) -> list[dict[str, str]]:
    """A CSV file of the page, as a spreadsheet program reads it."""
    given = query | {"format": "csv"} | ({"table": name} if name else {})
    answer = client.get("/quality/", given)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def row(client: Client, name: str, /, **query: Any) -> dict[str, str]:
    (found,) = table(client, name, **query)
    return found


def headlines(client: Client, /, **query: Any) -> dict[str, tuple[str, str, str]]:
    """By name: the value, what stands below it, and what it opens."""
    page = client.get("/quality/", query).content.decode()
    found = re.findall(
        r'<dt>(.*?)</dt><dd><a href="(.*?)">(.*?)</a><small>(.*?)</small>', page, re.S
    )
    return {name: (value, note, unescape(href)) for name, href, value, note in found}


def links(client: Client, name: str, /, **query: Any) -> dict[str, str]:
    """Where the rows of the table behind a plot lead, by their names."""
    page = client.get("/quality/", query).content.decode()
    (figure,) = re.findall(rf'<figure[^>]*"{name}-name">.*?</figure>', page, re.S)
    body = figure.partition("<tbody>")[2]
    found = re.findall(r'<th scope="row"><a href="(.*?)">(.*?)</a>', body)
    return {unescape(shown): unescape(href) for href, shown in found}


def listed(client: Client, address: str) -> list[str]:
    """The titles of the reviews that an address opens."""
    page = client.get(address).content.decode()
    return re.findall(r'<th scope="row"><a href="[^"]*"><bdi>(.*?)</bdi>', page)


@pytest.fixture
def reviewed(make_job: Callable[..., Job]) -> Callable[..., Job]:
    """A job with its review: errors, words, what is to be said of the review, and of the job."""

    def make(errors: int, words: int, job: dict[str, Any] | None = None, **fields: Any) -> Job:
        made = make_job(**(job or {}))
        review(made, errors, words, **fields)
        return made

    return make


# --- How sure a rate is --------------------------------------------------------------------------


def test_a_rate_is_all_errors_over_all_words():
    sums = Sums.of(10, 200) + Sums.of(20, 200) + Sums.of(30, 600)
    found = rate(sums)
    assert found.value == pytest.approx(0.06)
    assert found.low < 0.06 < found.high


def test_where_reviews_differ_no_more_than_chance_the_interval_is_a_poisson_variables():
    """100 errors: 81.36 to 121.63 by the exact interval."""
    sums = sum([Sums.of(number % 10 == 0, 10) for number in range(1000)], Sums())
    found = rate(sums)
    assert found.low == pytest.approx(0.008136, rel=0.002)
    assert found.high == pytest.approx(0.012163, rel=0.002)


def test_reviews_that_differ_more_make_it_wider_and_more_of_them_narrower():
    alike, unlike = Sums.of(10, 200), Sums.of(0, 200) + Sums.of(20, 200)
    ten_alike, ten_unlike = sum([alike] * 10, Sums()), sum([unlike] * 5, Sums())
    hundred = sum([unlike] * 50, Sums())

    def width(sums: Sums) -> float:
        found = rate(sums)
        assert found and found.value == pytest.approx(0.05)
        return found.high - found.low

    assert width(ten_unlike) > 1.5 * width(ten_alike)
    assert width(hundred) < 0.4 * width(ten_unlike)


def test_without_any_error_the_rate_may_still_be_above_zero():
    found = rate(sum([Sums.of(0, 100)] * 10, Sums()))
    assert (found.value, found.low) == (0, 0)
    assert 0.003 < found.high < 0.01


@pytest.mark.parametrize(
    "sums", [Sums(), Sums.of(5, 9000), Sums.of(1, 500) + Sums.of(1, 500), Sums(9, 3, 299, 9, 9, 9)]
)
def test_too_few_reviews_or_words_have_no_rate(sums):
    assert rate(sums) is None


def test_students_quantiles():
    exact = {2: 4.303, 3: 3.182, 5: 2.571, 10: 2.228, 30: 2.042, 1000: 1.962}
    for freedom, quantile in exact.items():
        assert rates.student(freedom) == pytest.approx(quantile, rel=0.01)


@pytest.mark.parametrize("reviews", [5, 12, 40])
def test_intervals_hold_the_true_rate(reviews):
    """Recordings that differ in length and in how hard they are: in 1,000 draws of them."""
    chance, held = random.Random(5), 0
    for _ in range(1000):
        sums = Sums()
        for _ in range(reviews):
            words = 100 + int(chance.lognormvariate(6, 0.8))
            share = chance.gammavariate(4, 0.06 / 4)
            errors = chance.normalvariate(share * words, (share * words) ** 0.5)
            sums += Sums.of(max(0, round(errors)), words)
        found = rate(sums)
        held += found.low <= 0.06 <= found.high
    assert 880 <= held <= 990


# --- Exact figures -------------------------------------------------------------------------------


def test_errors_of_hand_made_reviews(desk_client, reviewed):
    for errors, words in ((10, 200), (20, 200), (30, 600)):
        reviewed(errors, words)
    found = row(desk_client, "model")
    assert (found["Model"], found["Reviews"], found["Words"]) == ("pocketsphinx", "3", "1000")
    assert float(found["WER"]) == pytest.approx(0.06)
    assert float(found["WER, low"]) < 0.06 < float(found["WER, high"])
    assert float(found["MER"]) == pytest.approx(0.06)
    value, note, _ = headlines(desk_client)["WER"]
    assert value == "6.0 %"
    assert note.endswith("% · 1,000 words")


def test_a_few_words_are_too_few_to_tell(desk_client, reviewed):
    for _ in range(3):
        reviewed(5, 50)
    assert headlines(desk_client)["WER"][:2] == ("–", "too few words to tell (150 words)")
    assert row(desk_client, "wer")["WER"] == ""
    assert row(desk_client, "wer")["Errors"] == "15"
    assert "Too few words to tell." in desk_client.get("/quality/").content.decode()
    reviewed(5, 5000)
    assert headlines(desk_client)["WER"][0] == "0.4 %"


def test_characters_scripts_and_switched_words_of_a_model(desk_client, reviewed):
    counts = {
        "said": {"tr": 300, "de": 100, "": 100},
        "wrong": {"tr": 3, "de": 8},
        "characters": 2000,
        "character_errors": 50,
        "paired": 400,
        "other_script": 10,
    }
    for _ in range(3):
        reviewed(11, 500, counts=counts)
    found = row(desk_client, "model")
    assert float(found["MER"]) == pytest.approx(11 / 500)
    assert float(found["CER"]) == pytest.approx(0.025)
    assert float(found["Switched words"]) == pytest.approx(0.08)  # German, in a Turkish recording
    assert float(found["Other script"]) == pytest.approx(0.025)
    by_language = {each["Language"]: each for each in table(desk_client, "language")}
    assert list(by_language) == ["Turkish", "German", "Not told"]
    assert float(by_language["German"]["MER"]) == pytest.approx(0.08)
    assert (by_language["German"]["Words"], by_language["German"]["Errors"]) == ("300", "24")


def test_terms_the_lexicon_and_time(desk_client, reviewed):
    for missed in (1, 2, 6):
        reviewed(
            9,
            400,
            counts={"terms": 30, "term_errors": missed},
            lexicon={
                "applied": 12,
                "took": 8,
                "made": 1,
                "terms": {"1": {"confirmed": 7, "undone": 2}, "2": {"confirmed": 3, "undone": 0}},
            },
            seconds_spent=300,
            job={"duration_ms": 120_000},
        )
    found = row(desk_client, "client")
    assert found["Client"] == "These pages"
    assert float(found["Term errors"]) == pytest.approx(0.1)
    assert [found[f"Lexicon: errors {which}"] for which in ("gone", "new")] == ["24", "3"]
    assert [found[f"Changes {which}"] for which in ("let stand", "taken back")] == ["30", "6"]
    assert float(found["Review time"]) == pytest.approx(2.5)
    told = headlines(desk_client)
    assert told["Term errors"][0] == "10.0 %"
    assert told["Errors by the lexicon"][:2] == ("−21", "24 gone, 3 new")
    assert told["Review time per minute"][0] == "2.5 min"
    page = desk_client.get("/quality/", {"show": "lexicon"}).content.decode()
    assert "These pages: 16.7 % (" in page and "36 changes in 3 reviews" in page


def test_reviews_that_took_no_time_do_not_make_reviewing_quicker(desk_client, reviewed):
    """As those that an API client sends in."""
    for seconds in (60, 60, 60, 0):
        reviewed(1, 400, seconds_spent=seconds, job={"duration_ms": 60_000})
    assert float(row(desk_client, "model")["Review time"]) == pytest.approx(1)


def test_reviews_of_before_anything_else_was_counted(desk_client, reviewed):
    for _ in range(3):
        reviewed(10, 200, counts={}, mer=None)
    found = row(desk_client, "model")
    assert float(found["WER"]) == pytest.approx(0.05)
    assert [found[name] for name in ("MER", "CER", "Term errors", "Switched words")] == [""] * 4
    assert table(desk_client, "language") == []


# --- What does not count -------------------------------------------------------------------------


def test_only_what_is_reviewed_counts_and_the_page_says_so(desk_client, reviewed, make_job):
    make_job("never reviewed", model="other-model")
    make_job("begun", review_status="in_review", model="other-model")
    for _ in range(3):
        reviewed(10, 200)
    reviewed(200, 200, withdrawn_at=timezone.now())
    page = desk_client.get("/quality/").content.decode()
    assert "Only reviewed text counts" in page
    assert row(desk_client, "model")["Model"] == "pocketsphinx"
    assert headlines(desk_client)["WER"][0] == "5.0 %"
    assert len(table(desk_client)) == 3
    assert len(listed(desk_client, "/quality/reviews/")) == 3


def test_with_nothing_reviewed_it_says_so_and_tells_what_waits(desk_client, make_job):
    page = desk_client.get("/quality/").content.decode()
    assert "Nothing is reviewed yet" in page and "<svg" not in page and "<dl" not in page
    make_job()
    page = desk_client.get("/quality/").content.decode()
    assert "Nothing is reviewed yet" in page
    assert list(headlines(desk_client)) == ["Waiting", "Cost per hour of sound"]
    assert "no review" not in page.lower()
    assert table(desk_client) == []
    for name in TABLES:
        table(desk_client, name)


def test_what_one_may_not_see_is_in_no_figure_and_no_choice(desk_client, reviewed, reviewer):
    ward = Group.objects.create(name="Ward")
    for _ in range(3):
        reviewed(10, 200, job={"title": "ours", "group_id": ward.pk, "cost_usd": 1})
        reviewed(90, 200, job={"title": "theirs", "model": "their-model", "cost_usd": 9})
    reviewer.groups.add(ward)
    page = desk_client.get("/quality/").content.decode()
    assert "their" not in page
    assert headlines(desk_client)["WER"][0] == "5.0 %"
    assert {each["title"] for each in table(desk_client)} == {"ours"}
    assert set(listed(desk_client, "/quality/reviews/")) == {"ours"}
    assert table(desk_client, model="their-model") == []
    assert row(desk_client, "cost")["Cost"] == "3.0"
    for name in TABLES:
        assert "their-model" not in str(table(desk_client, name))


# --- Over time -----------------------------------------------------------------------------------


def test_weeks_and_months_without_gaps(desk_client, reviewed):
    for weeks in (0, 0, 0, 2):
        reviewed(10, 200, when=NOON + weeks * WEEK)
    names = [each["Week"] for each in table(desk_client, "wer")]
    assert names == ["Week of 2 Mar 2026", "Week of 16 Mar 2026"]
    page = desk_client.get("/quality/").content.decode()
    assert "3 weeks, 2 Mar to 16 Mar." in page  # what is drawn has the week between
    months = table(desk_client, "wer", by="month")
    assert [(each["Month"], each["Reviews"]) for each in months] == [("March 2026", "4")]


def test_years_are_shown_by_month_if_nobody_asks_otherwise(desk_client, reviewed):
    for weeks in (0, 60):
        reviewed(10, 200, when=NOON + weeks * WEEK)
    assert [each["Month"] for each in table(desk_client, "wer")] == ["March 2026", "April 2027"]
    page = desk_client.get("/quality/").content.decode()
    assert re.search(r'by=month#time" aria-current="true">Months<', page)
    assert len(table(desk_client, "wer", by="week")) == 2
    assert "The last 60 weeks." in desk_client.get("/quality/?by=week").content.decode()


def test_a_day_is_one_of_the_sites_time_zone(desk_client, reviewed, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    for hours in (0, 1, 2):  # Sunday evening in UTC
        reviewed(10, 200, when=NOON - timedelta(hours=20 - hours))
    with timezone.override("Asia/Tokyo"):
        assert row(desk_client, "wer")["Week"] == "Week of 2 Mar 2026"
        assert len(table(desk_client, since="2026-03-02", until="2026-03-02")) == 3
        assert table(desk_client, until="2026-03-01") == []


# --- Narrowed down -------------------------------------------------------------------------------


@pytest.fixture
def several(reviewed, reviewer) -> dict[str, Any]:
    """Reviews that each differ from the first in one thing."""
    key, _ = create_key("clinic-north")
    conrad = User.objects.create_user("conrad")
    made: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        ({"title": "first"}, {"by": reviewer}),
        ({"title": "model", "model": "gpt-4o-transcribe"}, {"by": reviewer}),
        ({"title": "engine", "engine": "openai"}, {"by": reviewer}),
        ({"title": "expected", "languages": ["hi"]}, {"by": reviewer}),
        ({"title": "said"}, {"by": reviewer, "counts": {"said": {"hi": 9}, "wrong": {}}}),
        ({"title": "client", "api_key": key}, {"by": reviewer}),
        ({"title": "reviewer"}, {"by": conrad}),
        ({"title": "sent in"}, {}),
        ({"title": "early"}, {"by": reviewer, "when": NOON - WEEK}),
        ({"title": "late"}, {"by": reviewer, "when": NOON + WEEK}),
    )
    for job, fields in made:
        reviewed(10, 200, job=job, **fields)
    return {"key": key.pk, "conrad": conrad.pk}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"model": "gpt-4o-transcribe"}, {"model"}),
        ({"engine": "openai"}, {"engine"}),
        ({"language": "hi"}, {"expected", "said"}),
        ({"client": "key-{key}"}, {"client"}),
        ({"reviewer": "user-{conrad}"}, {"reviewer"}),
        ({"reviewer": "api"}, {"sent in"}),
        ({"until": "2026-03-01"}, {"early"}),
        ({"since": "2026-03-03"}, {"late"}),
        ({"since": "2026-03-09", "until": "2026-03-09"}, {"late"}),
        ({"model": "gpt-4o-transcribe", "engine": "openai"}, set()),
    ],
)
def test_each_filter(desk_client, several, query, expected):
    query = {name: value.format(**several) for name, value in query.items()}
    assert {each["title"] for each in table(desk_client, **query)} == expected
    counted = sum(int(each["Reviews"]) for each in table(desk_client, "volume", **query))
    assert counted == len(expected)
    page = desk_client.get("/quality/", query).content.decode()
    for name, value in query.items():
        if name in ("since", "until"):
            assert f'name="{name}" value="{value}"' in page
        else:
            assert f'<option value="{value}" selected>' in page
    assert ("No review matches." in page) == (not expected)


def test_of_the_pages_are_those_that_no_key_uploaded(desk_client, several):
    found = {each["title"] for each in table(desk_client, client="pages")}
    assert len(found) == 9 and "client" not in found


def test_the_choices_are_those_of_the_reviews(desk_client, several, make_job):
    make_job(model="never-reviewed")
    page = desk_client.get("/quality/").content.decode()
    for name in ("pocketsphinx", "gpt-4o-transcribe", "clinic-north (API)", "conrad", "Hindi"):
        assert f">{name}</option>" in page
    assert "never-reviewed" not in page


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"since": "yesterday"}, "From: &#x27;yesterday&#x27; is no day. Write it as 2026-03-31."),
        ({"until": "9999-01-01"}, "To: &#x27;9999-01-01&#x27; is no day."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "write the earlier day first"),
        ({"client": "key-x"}, "Client: nothing is called so. Choose from the list."),
        ({"reviewer": "rita"}, "Reviewer: nothing is called so."),
        ({"language": "English"}, "Language: nothing is called so."),
        ({"by": "year"}, "By: nothing is called so."),
    ],
)
def test_what_nobody_can_mean_is_refused_with_a_reason(desk_client, reviewed, query, told):
    reviewed(10, 200)
    for address in ("/quality/", "/quality/reviews/"):
        answer = desk_client.get(address, query)
        assert answer.status_code == 400
        assert told in answer.content.decode()
    answer = desk_client.get("/quality/", query | {"format": "csv"})
    assert answer.status_code == 400
    assert unescape(told) in answer.content.decode()


def test_other_formats_and_tables_are_refused(desk_client):
    answer = desk_client.get("/quality/", {"format": "xlsx"})
    assert answer.status_code == 400 and "write csv" in answer.content.decode()
    assert desk_client.get("/quality/", {"format": "csv", "table": "nothing"}).status_code == 404


@pytest.mark.parametrize("name", ["since", "by", "model", "client", "reviewer", "show", "page"])
@pytest.mark.parametrize("value", ["a\x00b", "x" * 5000, "%_'\"", "key-²", "-1", "user-999999999"])
def test_no_address_breaks_it(desk_client, reviewed, name, value):
    reviewed(1, 100)
    for address in ("/quality/", "/quality/reviews/"):
        assert desk_client.get(address, {name: value}).status_code in (200, 400)


# --- What figures open ---------------------------------------------------------------------------


def test_each_row_opens_the_reviews_behind_it(desk_client, several):
    for name in ("wer", "mer", "volume", "model", "engine", "language", "client", "reviewer"):
        counts = {next(iter(each.values())): each["Reviews"] for each in table(desk_client, name)}
        found = links(desk_client, name)
        assert found.keys() == counts.keys()
        for shown, href in found.items():
            # of a language also those that only expected it
            more = name == "language" and shown == "Hindi"
            assert len(listed(desk_client, href)) == int(counts[shown]) + more, (name, shown)


def test_what_a_figure_opens_keeps_to_the_filters(desk_client, several):
    for name in ("wer", "model", "reviewer"):
        for href in links(desk_client, name, language="hi", since="2026-03-01").values():
            assert set(listed(desk_client, href)) == {"expected", "said"}
    (href,) = links(desk_client, "wer", by="month", since="2026-03-03").values()
    assert listed(desk_client, href) == ["late"]


def test_plots_open_what_their_tables_open(desk_client, several):
    page = desk_client.get("/quality/").content.decode()
    for name in ("wer", "model"):
        (figure,) = re.findall(rf'<figure[^>]*"{name}-name">.*?</figure>', page, re.S)
        drawing, _, below = figure.partition("</svg>")
        assert re.findall(r'href="([^"]*reviews[^"]*)"', drawing)
        assert set(re.findall(r'href="([^"]*reviews[^"]*)"', drawing)) == set(
            re.findall(r'href="([^"]*reviews[^"]*)"', below)
        )


def test_the_reviews_lead_to_their_recordings_in_either_order(desk_client, reviewed):
    best = reviewed(1, 200, job={"title": "best"}, when=NOON + WEEK)
    reviewed(50, 200, job={"title": "worst"})
    assert listed(desk_client, "/quality/reviews/") == ["best", "worst"]
    assert listed(desk_client, "/quality/reviews/?order=errors") == ["worst", "best"]
    page = desk_client.get("/quality/reviews/").content.decode()
    assert f'href="/review/{best.pk}/reviewed/"' in page


# --- Recordings, reviewed or not ------------------------------------------------------------------


def test_what_waits_by_its_age_opens_the_queue(desk_client, make_job):
    for days, count in ((0, 2), (1, 1), (5, 1), (27, 1), (28, 1), (400, 1)):
        for _ in range(count):
            job = make_job(title=f"{days} days", duration_ms=3_600_000)
            Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=days))
    for other in ({"review_status": "in_review"}, {"status": "failed"}, {"proposal": True}):
        make_job(**other)
    found = table(desk_client, "waiting")
    assert [each["Recordings"] for each in found] == ["2", "1", "1", "1", "2"]
    assert found[0]["Sound"] == "2.0"
    opened = links(desk_client, "waiting")
    behind = {name: sorted(set(titles(desk_client.get(href)))) for name, href in opened.items()}
    assert list(behind.values()) == [
        ["0 days"],
        ["1 days"],
        ["5 days"],
        ["27 days"],
        ["28 days", "400 days"],
    ]
    value, note, href = headlines(desk_client)["Waiting"]
    oldest = timezone.localdate() - timedelta(days=400)
    assert (value, note) == ("7", f"since {oldest.day} {oldest:%b %Y}")
    assert len(titles(desk_client.get(href))) == 7


def test_cost_per_hour_of_what_has_a_price(desk_client, make_job):
    made = ((1, 3_600_000, "dear"), (2, 7_200_000, "dear"), (0.5, 3_600_000, "cheap"))
    for usd, ms, model in made:
        job = make_job(title=model, cost_usd=usd, duration_ms=ms, model=model)
        Job.objects.filter(pk=job.pk).update(created_at=NOON)
    make_job(model="free")
    found = row(desk_client, "cost")
    assert (found["Recordings"], found["Sound"], found["Cost"]) == ("3", "4.0", "3.5")
    assert float(found["Per hour of sound"]) == pytest.approx(0.875)
    by_model = {
        each["Model"]: each["Per hour of sound"] for each in table(desk_client, "cost-models")
    }
    assert by_model == {"dear": "1.0", "cheap": "0.5"}
    assert headlines(desk_client)["Cost per hour of sound"][:2] == ("$0.88", "$3.50 for 4.0 h")
    assert titles(desk_client.get(links(desk_client, "cost-models")["cheap"])) == ["cheap"]
    (href,) = links(desk_client, "cost").values()
    assert sorted(titles(desk_client.get(href))) == ["cheap", "dear", "dear"]
    assert table(desk_client, "cost", until="2026-03-01") == []


def test_filters_hold_for_recordings_too(desk_client, make_job):
    key, _ = create_key("clinic-north")
    for fields in ({"api_key": key}, {"model": "m"}, {"engine": "e"}, {"languages": ["hi"]}, {}):
        make_job(cost_usd=1, **fields)
    for query, count in (
        ({"client": f"key-{key.pk}"}, 1),
        ({"client": "pages"}, 4),
        ({"model": "m"}, 1),
        ({"engine": "e"}, 1),
        ({"language": "hi"}, 1),
        ({"reviewer": "api"}, 5),
    ):
        value, _, href = headlines(desk_client, **query)["Waiting"]
        assert int(value) == count
        assert len(titles(desk_client.get(href))) == count
        assert row(desk_client, "cost", **query)["Recordings"] == str(count)


def test_the_queue_tells_what_it_was_narrowed_down_to_and_keeps_it(desk_client, make_job):
    make_job(title="there")
    today = date.today().isoformat()
    address = f"/?model=pocketsphinx&since={today}"
    page = desk_client.get(address).content.decode()
    assert f"Only: pocketsphinx, added since {today}." in page
    assert f'<input type="hidden" name="since" value="{today}">' in page
    assert titles(desk_client.get("/?until=2020-01-01")) == []
    assert titles(desk_client.get("/?since=nonsense&until=0001-01-01")) == ["there"]


# --- CSV -----------------------------------------------------------------------------------------


def test_a_row_for_each_review_with_all_its_figures(desk_client, reviewed, reviewer):
    key, _ = create_key("clinic-north")
    job = {
        "title": "Visite Müller",
        "api_key": key,
        "languages": ["tr", "de"],
        "duration_ms": 90_000,
        "cost_usd": 0.009,
    }
    lexicon = {"applied": 3, "took": 2, "made": 1, "wer": 0.04}
    lexicon |= {"terms": {"1": {"confirmed": 2, "undone": 1}}}
    counts = {"said": {"tr": 150, "de": 50}, "wrong": {"tr": 4, "de": 6}}
    counts |= {"characters": 1000, "character_errors": 20, "terms": 8, "term_errors": 2}
    made = reviewed(
        10,
        200,
        job=job,
        by=reviewer,
        cer=0.02,
        counts=counts,
        lexicon=lexicon,
        term_error_rate=0.25,
        seconds_spent=180,
    )
    (found,) = table(desk_client)
    expected = {
        "job": str(made.pk),
        "title": "Visite Müller",
        "reviewed": NOON.isoformat(),
        "reviewer": "rita",
        "client": "clinic-north (API)",
        "model": "pocketsphinx",
        "languages": "tr de",
        "seconds of sound": "90.0",
        "words": "200",
        "word errors": "10",
        "WER": "0.05",
        "CER": "0.02",
        "MER units": "200",
        "MER errors": "10",
        "switched units": "50",
        "switched errors": "6",
        "terms": "8",
        "term error rate": "0.25",
        "word errors gone by the lexicon": "2",
        "changes let stand": "2",
        "changes taken back": "1",
        "WER after the lexicon": "0.04",
        "seconds of review": "180",
        "review time per time of sound": "2.0",
        "cost, US$": "0.009",
        "cost per hour of sound, US$": "0.36",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1"])
def test_no_cell_is_a_formula(desk_client, reviewed, name):
    user = User.objects.create_user(name)
    for _ in range(3):
        reviewed(1, 200, job={"title": name, "model": name}, by=user)
    (first, *_) = table(desk_client)
    cells = [first["title"], first["reviewer"], row(desk_client, "reviewer")["Reviewer"]]
    cells.append(row(desk_client, "model")["Model"])
    assert cells == [f"'{name}"] * 4


def test_every_table_is_a_file_that_the_page_links_to(desk_client, reviewed, make_job):
    make_job(cost_usd=1)
    for _ in range(3):
        fields = {"seconds_spent": 60, "counts": {"said": {"en": 200}, "terms": 99}}
        reviewed(10, 200, lexicon={"applied": 1, "took": 1, "made": 0}, **fields)
    page = unescape(desk_client.get("/quality/", {"engine": "pocketsphinx"}).content.decode())
    offered = re.findall(r'href="(\?[^"]*table=([a-z-]+))"', page)
    assert {name for _, name in offered} == set(TABLES)
    for address, name in offered:
        answer = desk_client.get(f"/quality/{address}")
        assert answer["Content-Disposition"] == f'attachment; filename="quality-{name}.csv"'
        assert "engine=pocketsphinx" in address
        assert len(b"".join(answer).splitlines()) >= 2


# --- Many ----------------------------------------------------------------------------------------


def test_many_reviews_need_no_more_questions_and_all_count(
    desk_client, reviewer, django_assert_max_num_queries
):
    many(300, reviewer, waiting=20)
    desk_client.get("/quality/")  # the choices are kept
    with django_assert_max_num_queries(9):
        page = desk_client.get("/quality/").content.decode()
    assert len(page) < 400_000
    everything = table(desk_client)
    words = sum(int(each["words"]) for each in everything)
    errors = sum(int(each["word errors"]) for each in everything)
    assert len(everything) == 300
    assert headlines(desk_client)["WER"][0] == f"{100 * errors / words:.1f} %"
    for name in ("volume", "model", "engine", "client", "reviewer"):
        assert sum(int(each["Reviews"]) for each in table(desk_client, name)) == 300
    assert "Page 1 of 6" in desk_client.get("/quality/reviews/").content.decode()


def test_only_the_newest_are_summed_and_the_page_says_so(desk_client, reviewed, monkeypatch):
    monkeypatch.setattr(summing, "MOST_REVIEWS", 3)
    for weeks in range(5):
        reviewed(10 * weeks, 200, when=NOON + weeks * WEEK)
    page = desk_client.get("/quality/").content.decode()
    assert "For earlier ones choose a period." in page
    assert headlines(desk_client)["WER"][0] == "15.0 %"
    assert headlines(desk_client, until="2026-03-16")["WER"][0] == "5.0 %"
    assert len(table(desk_client)) == 5  # the file has all
