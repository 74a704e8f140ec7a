"""One recording's page: what came of each part, what it cost, and news that are sent once."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from transcription import choosing, reusing
from transcription.models import Attempt, Chunk, Job

HTMX = {"HX-Request": "true"}
MOST_QUERIES = 9  # session, user, their settings and groups are four of them


@pytest.fixture
def add_chunks():
    """More parts of four seconds each, behind those that are there."""

    def add(job, count, **fields):
        first = job.chunks.count()
        return Chunk.objects.bulk_create(
            Chunk(job=job, position=at, start_ms=4000 * at, end_ms=4000 * (at + 1), **fields)
            for at in range(first, first + count)
        )

    return add


@pytest.fixture
def look(desk_client):
    """The page as a browser first loads it; text with single blanks."""

    def look(job):
        return " ".join(desk_client.get(f"/jobs/{job.pk}/").content.decode().split())

    return look


class Watching:
    """A page that asks for news as its answers tell it to."""

    def __init__(self, client, job):
        self.client = client
        self.read(client.get(f"/jobs/{job.pk}/").content.decode())

    def read(self, content):
        asks = re.search(r'hx-get="([^"]*)"', content)
        self.address = asks and asks[1]

    def ask(self):
        answer = self.client.get(self.address, headers=HTMX)
        if answer.status_code == 204:
            assert not answer.content
            return None
        self.read(answer.content.decode())
        return answer.content.decode()


@pytest.fixture
def watch(desk_client):
    return lambda job: Watching(desk_client, job)


# --- News --------------------------------------------------------------------------------------


def test_nothing_is_sent_while_nothing_changes(watch, make_job, add_chunks):
    job = make_job(status="transcribing", chunk_count=None)
    add_chunks(job, 3, status="transcribing")
    add_chunks(job, 3, status="failed", error_message="The engine was down.")
    page = watch(job)
    assert page.ask() is None
    assert page.ask() is None


def test_a_text_is_sent_once_and_in_its_place(watch, make_job, add_chunks):
    job = make_job(status="transcribing", chunk_count=3)
    first, second = add_chunks(job, 2, status="transcribing")
    page = watch(job)
    Chunk.objects.filter(pk=second.pk).update(status="completed", text="the last words")
    news = page.ask()
    assert news.count("the last words") == 1
    assert re.search(rf'id="part-{second.pk}"[^>]*hx-swap-oob="true"', news)
    Chunk.objects.filter(pk=first.pk).update(status="completed", text="words in between")
    news = page.ask()
    assert "words in between" in news
    assert "the last words" not in news
    assert "3 of 3 parts" in news


def test_parts_that_are_cut_meanwhile_come_behind_the_others(watch, make_job, add_chunks):
    job = make_job(status="preparing", chunk_count=None)
    page = watch(job)
    new = add_chunks(job, 2)
    news = page.ask()
    (behind,) = re.findall(r'<ol hx-swap-oob="beforeend:#parts">(.*)</ol>', news, re.DOTALL)
    assert re.findall(r'id="part-(\d+)"', behind) == [str(chunk.pk) for chunk in new]
    assert 'hx-swap-oob="true"' not in news
    assert page.ask() is None


def test_what_is_heard_so_far_is_shown_as_it_grows(watch, look, make_job, add_chunks):
    job = make_job(status="transcribing", chunk_count=2)
    add_chunks(job, 1, status="transcribing")
    assert "Listening…" in look(job)
    page = watch(job)
    for text in ("good", "good morning"):
        Chunk.objects.filter(status="transcribing").update(partial=text)
        assert f'class="partial" dir="auto">{text}<' in page.ask()
        assert page.ask() is None
    Chunk.objects.filter(status="transcribing").update(
        status="completed", partial="", text="good evening"
    )
    news = page.ask()
    assert "good evening" in news
    assert "partial" not in news


def test_a_part_that_waits_says_why_and_then_what_it_is_doing(watch, make_job, add_chunks):
    job = make_job(status="transcribing", chunk_count=2)
    add_chunks(job, 1)
    page = watch(job)
    waiting = Chunk.objects.filter(position=1)
    waiting.update(error_message="The service asks for a pause.")
    assert "The service asks for a pause. Trying again." in page.ask()
    waiting.update(status="transcribing", error_message="")
    assert "Listening…" in page.ask()
    waiting.update(status="queued")
    assert "Waiting" in page.ask()


def test_the_last_news_ask_no_more(watch, make_job, add_chunks):
    job = make_job(status="transcribing", chunk_count=2)
    add_chunks(job, 1, status="transcribing")
    page = watch(job)
    Chunk.objects.update(status="failed", error_message="It was cancelled.")
    Job.objects.update(status="completed", cost_usd=Decimal("0.0123"), duration_ms=162_000)
    news = page.ask()
    assert page.address is None
    assert "It was cancelled." in news
    assert "$0.0123 for 2.7 min" in news
    assert f"/review/{job.pk}/" in news


def test_cancelled_work_is_no_longer_waited_for(watch, make_job, add_chunks):
    job = make_job(status="transcribing", chunk_count=2)
    add_chunks(job, 1, status="transcribing")
    page = watch(job)
    Chunk.objects.filter(status="transcribing").update(status="queued")
    Job.objects.update(status="cancelled")
    assert "Not transcribed" in page.ask()


def test_a_long_recording_is_followed_as_cheaply_as_a_short_one(
    watch, make_job, add_chunks, django_assert_max_num_queries
):
    job = make_job(status="transcribing", chunk_count=301)
    chunks = add_chunks(job, 300, status="completed", text="a sentence that was said " * 20)
    Attempt.objects.bulk_create(
        Attempt(chunk=chunk, model="whisper-1", step=step, started_at=timezone.now())
        for chunk in chunks
        for step in ("first", "smaller")
    )
    with django_assert_max_num_queries(MOST_QUERIES):
        page = watch(job)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert page.ask() is None
    for chunk in chunks[::50]:
        Chunk.objects.filter(pk=chunk.pk).update(status="transcribing", partial="a sentence")
    with django_assert_max_num_queries(MOST_QUERIES):
        news = page.ask()
    assert news.count("<li id=") == 6
    assert len(news) < 10_000
    assert len(page.address) < 200


@pytest.mark.parametrize(
    "shown",
    ["", "x", "999999999c", "9" * 3000 + "c", "1c" * 1000, "0c.0", "\x00", "1c1c1c.zz", "²c"],
)
def test_whatever_a_page_says_that_it_shows_the_answer_is_right(
    desk_client, make_job, add_chunks, shown
):
    job = make_job(status="transcribing", chunk_count=3)
    add_chunks(job, 2, status="transcribing", partial="so far")
    answer = desk_client.get(f"/jobs/{job.pk}/", {"shown": shown}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.content.decode().count("so far") == 2


def test_the_whole_page_is_always_whole(desk_client, make_job, watch):
    page = watch(make_job(status="transcribing"))
    assert "<html" in desk_client.get(page.address).content.decode()


# --- What is told ------------------------------------------------------------------------------


def test_the_price_is_told_when_it_is_known(look, make_job):
    job = make_job("text", budget_usd=Decimal("2.5"))
    page = look(job)
    assert " for 0.1 min" not in page
    assert "Budget: $2.50" in page
    Job.objects.update(cost_usd=Decimal("0.0123"), duration_ms=162_000)
    assert "$0.0123 for 2.7 min, of a budget of $2.50" in look(job)


def test_a_model_that_was_shut_down_is_told(look, make_job):
    page = look(make_job("text", model="gpt-transcribe", asked_model="whisper-1"))
    assert "whisper-1 was shut down on 26 Feb 2027; gpt-transcribe was used." in page


@pytest.mark.parametrize(("dbfs", "told"), [(None, False), (-45.0, False), (-45.1, True)])
def test_a_very_quiet_recording_is_told(look, make_job, dbfs, told):
    assert ("is very quiet" in look(make_job("text", speech_dbfs=dbfs))) == told


def test_what_looks_wrong_with_a_part_is_told_in_words(look, make_job):
    job = make_job("text")
    reason = "The engine repeated itself here."
    job.chunks.update(checks=[{"kind": "loop", "reason": reason, "severity": 0.4}])
    assert f'<span class="flag">repeats itself</span> {reason}' in look(job)


def test_each_channel_is_named(look, make_job, add_chunks):
    job = make_job("text")
    assert "Channel" not in look(job)
    add_chunks(job, 1, channel=0)
    add_chunks(job, 1, channel=1)
    assert re.findall(r"Channel \d", look(job)) == ["Channel 1", "Channel 2"]


def ask(chunk, **fields):
    defaults = {"model": "whisper-1", "started_at": timezone.now(), "finished_at": timezone.now()}
    return chunk.attempts.create(**defaults | fields)


def test_every_answer_that_was_kept_can_be_read(look, make_job):
    job = make_job("text")
    chunk = job.chunks.get()
    ask(chunk, text="again again again", cost_usd=Decimal("0.003"))
    assert "asked" not in look(job)
    ask(chunk, step="smaller", part=1, error_code="timeout", error_message="It took too long.")
    ask(chunk, step="other_model", model="gpt-transcribe", finished_at=None)
    page = look(job)
    assert "asked 3 times" in page
    told = re.sub(r"<[^>]*>", "", page)
    assert "first · whisper-1 · $0.003 again again again" in told
    assert "smaller 2 · whisper-1 It took too long." in told
    assert "other model · gpt-transcribe No answer yet" in told


# --- Once more ---------------------------------------------------------------------------------


def test_only_what_is_missing_is_tried_again(desk_client, look, make_job, add_chunks):
    job = make_job("text", chunk_count=2)
    assert "again" not in look(job).partition("Transcribe again")[0]
    add_chunks(job, 1, status="failed", error_message="The engine was down.")
    assert "Try the missing parts again" in look(job)
    desk_client.post(f"/jobs/{job.pk}/retry/")
    states = list(job.chunks.values_list("status", flat=True))
    assert states == ["completed", "queued"]


def test_nothing_is_offered_again_while_it_works(look, make_job):
    assert "again" not in look(make_job(status="transcribing")).replace("Load again", "")


def test_a_recording_is_transcribed_again_as_a_new_job(desk_client, look, make_job, reviewer):
    job = make_job("text", owner=reviewer)
    assert re.search(r'<option value="pocketsphinx" selected>', look(job))
    answer = desk_client.post(f"/jobs/{job.pk}/rerun/", {"model": "pocketsphinx"})
    new = Job.objects.exclude(pk=job.pk).get()
    assert answer["Location"] == f"/jobs/{new.pk}/"
    assert (new.status, new.source_job) == ("queued", job)
    page = look(new)
    assert f'Transcribed again from <a href="/jobs/{job.pk}/"' in page
    assert "nothing was paid" not in page
    job.refresh_from_db()
    assert (job.status, job.segments.count()) == ("completed", 1)


@pytest.mark.parametrize(("model", "words"), [("gpt-9", "Unknown model"), ("whisper-1", "a key")])
def test_a_model_that_cannot_be_asked_leaves_all_as_it_is(desk_client, make_job, model, words):
    job = make_job("text")
    page = desk_client.post(f"/jobs/{job.pk}/rerun/", {"model": model}, follow=True)
    assert words in page.content.decode()
    assert Job.objects.get() == job


def test_answers_that_were_there_already_are_told(look, make_job, reviewer):
    earlier = make_job("text", owner=reviewer)
    ask(earlier.chunks.get(), text="text")
    job = Job(source="page", title="Again", owner_id=reviewer.pk, audio_bytes=1)
    job.audio_sha256, job.engine, job.model = earlier.audio_sha256, earlier.engine, earlier.model
    assert reusing.take_over(job)
    link = f'<a href="/jobs/{earlier.pk}/">an earlier transcript</a>'
    assert f"The answers of {link} of the same recording were taken; nothing was paid." in look(job)
    rerun = make_job("text", source_job=earlier)
    ask(rerun.chunks.get(), text="text")
    assert "nothing was paid" not in look(rerun)


def test_an_earlier_job_that_is_not_theirs_to_see_stays_unseen(look, make_job):
    Group.objects.create(name="Cardiology")
    other = User.objects.create_user("otto")
    earlier = make_job("text", owner=other, title="Secret")
    mine = make_job("text", owner=User.objects.get(username="rita"), source_job=earlier)
    page = look(mine)
    assert "an earlier transcript of the same recording" in page
    assert str(earlier.pk) not in page
    assert "Secret" not in page


def test_what_is_not_theirs_to_see_is_not_transcribed_again(desk_client, client, make_job):
    Group.objects.create(name="Cardiology")
    job = make_job("text")
    assert desk_client.post(f"/jobs/{job.pk}/rerun/").status_code == 404
    client.logout()
    assert "/login/" in client.post(f"/jobs/{job.pk}/rerun/")["Location"]
    assert Job.objects.get() == job


def test_models_that_ended_are_not_offered(look, make_job, settings, monkeypatch):
    settings.ENGINE_CONFIGURED = True
    job = make_job("text")
    assert "OpenAI whisper-1" in look(job)
    monkeypatch.setattr(choosing, "today", lambda: date(2027, 2, 26))
    assert "OpenAI whisper-1" not in look(job)
