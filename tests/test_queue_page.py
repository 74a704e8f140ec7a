"""The queue and the pages of one recording: found, followed, and never slow."""

import re

import numpy as np
import pytest
from django.utils import timezone

from transcription import audio, recordings
from transcription.models import Chunk, Job, Segment

HTMX = {"HX-Request": "true"}
MOST_QUERIES = 11  # session, user, groups and messages are half of them


def titles(page):
    return re.findall(r"<bdi>(.*?)</bdi></a>", page.content.decode())


def test_an_empty_queue_says_how_to_begin(desk_client):
    assert "No recordings yet." in desk_client.get("/").content.decode()


def test_the_script_is_sent_the_table_alone(desk_client, make_job):
    make_job(title="Visit")
    fragment = desk_client.get("/", headers=HTMX)
    assert titles(fragment) == ["Visit"]
    assert "<html" not in fragment.content.decode()
    assert "<html" in desk_client.get("/", headers=HTMX | {"HX-Boosted": "true"}).content.decode()


@pytest.mark.parametrize("status", Job.Status.values)
def test_only_rows_of_running_work_ask_again(desk_client, make_job, status):
    job = make_job(status=status)
    row = desk_client.get(f"/jobs/{job.pk}/row/").content.decode()
    in_page = desk_client.get("/").content.decode()
    polls = f'hx-get="/jobs/{job.pk}/row/"'
    assert (polls in row) == (polls in in_page) == job.working
    assert row.count("hx-trigger") == (1 if job.working else 0)


@pytest.mark.parametrize("status", Job.Status.values)
def test_only_the_progress_of_running_work_asks_again(desk_client, make_job, status):
    job = make_job(status=status)
    fragment = desk_client.get(f"/jobs/{job.pk}/", headers=HTMX).content.decode()
    assert ("hx-trigger" in fragment) == job.working
    assert "<html" not in fragment


def test_finished_parts_are_read_while_the_rest_works(desk_client, make_job):
    job = make_job(status="transcribing", chunk_count=3)
    Chunk.objects.filter(job=job).update(text="The first words.")
    for position, status in ((1, "transcribing"), (2, "queued")):
        Chunk.objects.create(
            job=job, position=position, start_ms=4000 * position, end_ms=4000 * (position + 1),
            status=status,
        )  # fmt: skip
    page = desk_client.get(f"/jobs/{job.pk}/").content.decode()
    assert "The first words." in page
    assert "1 of 3 parts" in page
    assert 'value="33"' in page
    assert "Cancel" in page


def test_parts_that_failed_are_told_and_can_be_tried_again(desk_client, make_job):
    job = make_job("text", error_message="")
    Chunk.objects.filter(job=job).update(status="failed", error_message="The service was down.")
    page = desk_client.get(f"/jobs/{job.pk}/").content.decode()
    assert "1 part could not be transcribed" in page
    assert "The service was down." in page
    answer = desk_client.post(f"/jobs/{job.pk}/retry/")
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert Job.objects.get().status == "transcribing"
    assert Chunk.objects.get().status == "queued"


def test_a_submitted_review_is_reopened_before_its_text_changes(desk_client, make_job):
    job = make_job("text", review_status="reviewed")
    Chunk.objects.update(status="failed")
    page = desk_client.post(f"/jobs/{job.pk}/retry/", follow=True).content.decode()
    assert "Reopen it first." in page
    assert Chunk.objects.get().status == "failed"


def test_work_is_cancelled_and_taken_up_again(desk_client, make_job):
    job = make_job(status="queued", chunk_count=None)
    desk_client.post(f"/jobs/{job.pk}/cancel/")
    assert Job.objects.get().status == "cancelled"
    assert "missing parts again" in desk_client.get(f"/jobs/{job.pk}/").content.decode()
    desk_client.post(f"/jobs/{job.pk}/retry/")
    assert Job.objects.get().status == "queued"


@pytest.mark.parametrize(
    ("action", "reason"), [("cancel", "nothing to cancel"), ("retry", "nothing to retry")]
)
def test_what_is_at_rest_and_whole_is_left_alone(desk_client, make_job, action, reason):
    job = make_job("text")
    page = desk_client.post(f"/jobs/{job.pk}/{action}/", follow=True).content.decode()
    assert reason in page
    assert Job.objects.get().status == "completed"


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_link_alone_changes_nothing(desk_client, make_job, action):
    job = make_job(status="queued")
    assert desk_client.get(f"/jobs/{job.pk}/{action}/").status_code == 405
    assert Job.objects.get().status == "queued"


def test_demo_quality_is_said_wherever_the_text_is(desk_client, make_job):
    job = make_job("text")
    for address in ("/", f"/jobs/{job.pk}/", f"/review/{job.pk}/"):
        assert "demo quality" in desk_client.get(address).content.decode()


def test_the_queue_asks_the_database_as_little_for_many_as_for_few(
    desk_client, make_job, django_assert_max_num_queries
):
    for n in range(45):
        make_job(status="transcribing" if n % 2 else "completed")
    with django_assert_max_num_queries(MOST_QUERIES + 2):  # what may be chosen is gathered first
        page = desk_client.get("/")
    assert len(titles(page)) == 45
    with django_assert_max_num_queries(MOST_QUERIES):
        desk_client.get("/", {"state": "waiting", "q": "ward"})
    with django_assert_max_num_queries(MOST_QUERIES):
        desk_client.get("/", {"owner": "mine"}, headers=HTMX)


def test_handing_out_asks_as_little(desk_client, make_job, django_assert_max_num_queries):
    for _ in range(45):
        make_job()
    with django_assert_max_num_queries(MOST_QUERIES + 2):  # two more begin and end a transaction
        assert desk_client.post("/next/")["Location"].startswith("/review/")


def test_a_long_recording_s_pages_ask_as_little_as_a_short_one_s(
    desk_client, make_job, django_assert_max_num_queries
):
    job = make_job(*(f"sentence {n}" for n in range(300)))
    wanted = Segment.objects.filter(job=job)[150]
    with django_assert_max_num_queries(MOST_QUERIES):
        desk = desk_client.get(f"/review/{job.pk}/", {"segment": wanted.pk})
    assert "sentence 299" in desk.content.decode()
    with django_assert_max_num_queries(MOST_QUERIES):
        desk_client.get(f"/review/{job.pk}/submit/")


EVIL = "<script>alert('x')</script>\"><img src=x>"


def test_texts_are_never_markup(desk_client, make_job, reviewer):
    job = make_job(EVIL, EVIL, title=EVIL, audio_name=EVIL, owner=reviewer)
    first = job.segments.first()
    Segment.objects.update(text=EVIL + " more", speaker=EVIL, edited_by_name=EVIL)
    Segment.objects.filter(pk=first.pk).update(marks=[{"kind": EVIL, "reason": EVIL}])
    Chunk.objects.update(text=EVIL, error_message=EVIL, checks=[{"kind": EVIL, "reason": EVIL}])
    for error in ("", EVIL):
        Chunk.objects.get().attempts.create(
            model=EVIL, text=EVIL, error_code=error, error_message=EVIL, started_at=timezone.now()
        )
    addresses = [
        "/",
        f"/?q={EVIL}",
        f"/?state={EVIL}",
        f"/jobs/{job.pk}/",
        f"/review/{job.pk}/",
        f"/review/{job.pk}/?segment={first.pk}",
        f"/review/{job.pk}/?segment={EVIL}",
        f"/review/{job.pk}/segments/{first.pk}/",
        f"/review/{job.pk}/submit/",
    ]
    pages = [desk_client.get(address) for address in addresses]
    conflict = {"text": EVIL, "version": 9}
    save = f"/review/{job.pk}/segments/{first.pk}/save/"
    pages += [desk_client.post(save, conflict), desk_client.post(save, conflict, headers=HTMX)]
    desk_client.post(f"/review/{job.pk}/submit/")
    pages.append(desk_client.get(f"/review/{job.pk}/reviewed/"))
    for page in pages:
        assert page.status_code in (200, 409)
        content = page.content.decode()
        assert "<script>alert" not in content
        assert "<img" not in content
    assert sum("&lt;script&gt;alert" in page.content.decode() for page in pages) >= 9


def test_the_upload_form_s_wishes_are_kept(desk_client, media, short_clip):
    with short_clip.open("rb") as file:
        wishes = {"channels": "separate", "prompt": " Dr. Okafor\non ramipril ", "reuse": "on"}
        desk_client.post("/upload/", {"files": file, **wishes})
    assert Job.objects.get().options == {
        "channels": "separate",
        "prompt": "Dr. Okafor on ramipril",
    }


@pytest.mark.parametrize(("wish", "reused"), [({"reuse": "on"}, True), ({}, False)])
def test_the_same_recording_is_paid_for_again_only_if_wished(
    desk_client, media, short_clip, wish, reused
):
    for _ in range(2):
        with short_clip.open("rb") as file:
            desk_client.post("/upload/", {"files": file, **wish})
        Job.objects.filter(status="queued").update(status="completed", chunk_count=0)
    newest = Job.objects.order_by("created_at").last()
    assert (newest.source_job_id is not None) == reused


def test_a_wish_that_cannot_be_met_is_said(desk_client, media, short_clip):
    with short_clip.open("rb") as file:
        page = desk_client.post("/upload/", {"files": file, "channels": "both"}, follow=True)
    assert "channels is one of: auto, mix, separate." in page.content.decode()
    assert not Job.objects.exists()


@pytest.fixture
def with_peaks(make_job, media):
    """A waveform of 100 s in buckets of 50 ms, and in coarser ones."""
    peaks = audio.Peaks()
    for block in range(100):
        peaks.feed(np.full(audio.SAMPLE_RATE, 200 * block, np.int16))
    return make_job(peaks_file=recordings.save("peaks/test.bin", peaks.to_bytes()))


@pytest.mark.parametrize("wish", ["1", "50", "700", "2000", "20000"])
def test_a_waveform_has_as_many_bars_as_asked_for_and_not_many_more(desk_client, with_peaks, wish):
    answer = desk_client.get(f"/jobs/{with_peaks.pk}/peaks/", {"buckets": wish})
    bucket_ms = int(answer["Verbatim-Bucket-Ms"])
    assert len(answer.content) * bucket_ms == pytest.approx(100_000, rel=0.02)
    assert len(answer.content) >= min(int(wish), 2000)


@pytest.mark.parametrize("wish", ["", "0", "-1", "x", "9" * 5000, "\x00", "²"])
def test_a_number_of_bars_that_is_none_breaks_nothing(desk_client, with_peaks, wish):
    answer = desk_client.get(f"/jobs/{with_peaks.pk}/peaks/", {"buckets": wish})
    assert answer.status_code == 200
    assert int(answer["Verbatim-Bucket-Ms"]) > 0


def test_each_mark_says_what_it_is(desk_client, make_job):
    job = make_job("again and again and again", "")
    first, gap = job.segments.all()
    first.speaker = "Speaker A"
    first.marks = [
        {"kind": "loop", "reason": "The engine repeated itself here.", "start": 0, "end": 4},
        {"kind": "hole", "reason": "Words may be missing here."},
    ]
    gap.marks = [{"kind": "gap", "reason": "The engine was down."}]
    Segment.objects.bulk_update([first, gap], ["marks", "speaker"])
    page = desk_client.get(f"/review/{job.pk}/").content.decode()
    assert re.findall(r'class="flag"[^>]*>([^<]*)<', page) == [
        "repeats itself",
        "may be incomplete",
    ]
    assert "<span>Speaker A</span>" in page
    assert "Not transcribed: The engine was down." in page
    for segment, reason in ((first, "The engine repeated itself here."), (gap, "was down")):
        detail = desk_client.get(f"/review/{job.pk}/segments/{segment.pk}/").content.decode()
        assert reason in detail
