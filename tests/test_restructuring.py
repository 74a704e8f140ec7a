"""Segments are split, merged, put in and taken back, and nothing of them is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feedback.attributes import name_speaker, set_times
from feedback.models import Revision
from feedback.restructuring import (
    insert_segment,
    merge_segment,
    split_segment,
    take_back,
)
from feedback.saving import Conflict, Refused, Save, save_segment
from feedback.services import submit_review, summarise
from tests.corrections import CHANGES, HEARD, apply
from tests.switching import TURKISH_GERMAN, tag
from transcription.exports import standings_of
from transcription.models import Job, Segment
from transcription.segments import live_segments

TEXT = "Then we lower the dose today"


@pytest.fixture
def job(make_job: Callable[..., Job]) -> Job:
    job = make_job("Good morning.", TEXT, "That is all.")
    for segment in job.segments.all():
        words = enumerate(segment.text.split())
        start = segment.start_ms
        segment.words = [[w, start + 500 * i, start + 500 * i + 400, 0.9, False] for i, w in words]
        segment.doubts = [[0, 4, 0.3]]
        segment.save()
    return job


def texts(job: Job) -> list[str]:
    return [segment.text for segment in live_segments(job)]


def split(user: User, job: Job, at: int, **wishes: Any) -> list[Segment]:
    segment = live_segments(job)[1]
    wish: Any = {"text": segment.text, "at": at, "version": segment.version} | wishes
    return split_segment(user, job, segment.pk, **wish).came


def test_each_part_has_its_text_and_its_time(job: Job, reviewer: User):
    first, second = split(reviewer, job, 13)
    assert texts(job) == ["Good morning.", "Then we lower", "the dose today", "That is all."]
    assert (first.start_ms, first.end_ms) == (4000, 5400)
    assert (second.start_ms, second.end_ms) == (5500, 7500)
    assert [word[0] for word in first.words] == ["Then", "we", "lower"]
    assert [word[0] for word in second.words] == ["the", "dose", "today"]
    assert (first.engine_text, second.engine_text) == ("Then we lower", "the dose today")
    assert (first.doubts, second.doubts) == ([[0, 4, 0.3]], [])


def test_the_segment_that_was_split_is_kept(job: Job, reviewer: User):
    whole = live_segments(job)[1]
    split(reviewer, job, 13, text=TEXT + "!", save_id="a")
    whole.refresh_from_db()
    assert whole.retired_at
    assert (whole.text, whole.engine_text) == (TEXT + "!", TEXT)
    kinds = Revision.objects.filter(segment=whole).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["edit", "retire"]


def test_what_was_typed_last_goes_along(job: Job, reviewer: User):
    split(reviewer, job, 13, text="Then we lower the doses today")
    assert texts(job)[1:3] == ["Then we lower", "the doses today"]
    second = live_segments(job)[2]
    assert second.engine_text == "the dose today"


@pytest.mark.parametrize(
    ("text", "at", "engine_texts"),
    [
        ("Then she may lower the dose today", 12, ("Then we", "lower the dose today")),
        ("Then we lower it by half", 16, ("Then we lower the", "dose today")),
        ("Yes. Then we lower the dose today", 4, ("", "Then we lower the dose today")),
        ("Then we lower the dose today now", 28, ("Then we lower the dose today", "")),
    ],
)
def test_what_the_engine_heard_goes_with_what_it_became(
    job: Job, reviewer: User, text: str, at: int, engine_texts: tuple[str, str]
):
    first, second = split(reviewer, job, at, text=text)
    assert (first.engine_text, second.engine_text) == engine_texts
    assert first.text + " " + second.text == text


def test_the_lexicons_changes_stay_where_they_are(make_job: Callable[..., Job], reviewer: User):
    job = make_job(HEARD)
    apply(job, *CHANGES)
    whole = live_segments(job)[0]
    before = [(s.replacement.after, s.state) for s in standings_of(whole)]
    for at in range(1, len(whole.text) - 1):
        if not (whole.text[:at].strip() and whole.text[at:].strip()):
            continue
        done = split_segment(reviewer, job, whole.pk, text=whole.text, at=at, version=whole.version)
        after = [(s.replacement.after, s.state) for each in done.came for s in standings_of(each)]
        cut_through = any(s.start < at < s.end for s in standings_of(whole))
        assert cut_through or after == before
        whole = take_back(reviewer, job, done.came[0].pk).came[0]


def test_languages_of_words_stay(make_job: Callable[..., Job], reviewer: User):
    job = tag(make_job(*TURKISH_GERMAN), "tr", "de")
    whole = max(live_segments(job), key=lambda segment: len(segment.tags))
    told = [(whole.text[a:b], *rest) for a, b, *rest in whole.tags]
    at = whole.tags[1][0]
    done = split_segment(reviewer, job, whole.pk, text=whole.text, at=at, version=1)
    now = [(each.text[a:b], *rest) for each in done.came for a, b, *rest in each.tags]
    assert now == told
    (merged,) = merge_segment(
        reviewer, job, done.came[1].pk, text=done.came[1].text, version=1
    ).came
    assert [(merged.text[a:b], *rest) for a, b, *rest in merged.tags] == told


def test_in_scripts_without_blanks(make_job: Callable[..., Job], reviewer: User):
    job = make_job("我们今天降低剂量。")
    segment = job.segments.get()
    segment.words = [[segment.text, 0, 900, 0.9, False]]
    segment.save()
    done = split_segment(reviewer, job, segment.pk, text=segment.text, at=4, version=1)
    first, second = done.came
    assert (first.text, second.text) == ("我们今天", "降低剂量。")
    assert first.end_ms == second.start_ms == 400
    assert "".join(word[0] for word in first.words) == "我们今天"
    merge_segment(reviewer, job, second.pk, text=second.text, version=1)
    assert texts(job) == ["我们今天降低剂量。"]


def test_splitting_and_merging_changes_no_score(job: Job, reviewer: User):
    segment = live_segments(job)[1]
    save_segment(reviewer, job, segment.pk, Save("Then we lower the doses today", 1, "x"))
    before = summarise(job).score
    _, second = split(reviewer, job, 13, version=2)
    parted = summarise(job).score
    assert (parted.word_errors, parted.wer) == (before.word_errors, before.wer) == (1, 1 / 11)
    merge_segment(reviewer, job, second.pk, text=second.text, version=1)
    assert summarise(job).score == before
    assert texts(job)[1] == "Then we lower the doses today"


@pytest.mark.parametrize("at", [0, 28, 999])
def test_nothing_is_split_at_an_end(job: Job, reviewer: User, at: int):
    with pytest.raises(Refused, match="between two words"):
        split(reviewer, job, at)
    assert len(texts(job)) == 3


def test_repeating_a_split_gives_the_first_answer(job: Job, reviewer: User):
    segment = live_segments(job)[1]
    wish: Any = {"text": TEXT, "at": 13, "version": 1, "save_id": "the same"}
    first = split_segment(reviewer, job, segment.pk, **wish)
    again = split_segment(reviewer, job, segment.pk, **wish)
    assert [each.pk for each in again.came] == [each.pk for each in first.came]
    assert again.gone == first.gone == [segment.pk]
    assert len(texts(job)) == 4


def test_another_came_first(job: Job, reviewer: User):
    segment = live_segments(job)[1]
    save_segment(reviewer, job, segment.pk, Save("something else", 1, "x"))
    with pytest.raises(Conflict):
        split_segment(reviewer, job, segment.pk, text=TEXT, at=13, version=1)
    with pytest.raises(Conflict):
        merge_segment(reviewer, job, segment.pk, text=TEXT, version=1)
    assert len(texts(job)) == 3


def test_merged_with_the_one_before(job: Job, reviewer: User):
    segment = live_segments(job)[1]
    wish: Any = {"text": TEXT + "!", "version": 1, "save_id": "m"}
    done = merge_segment(reviewer, job, segment.pk, **wish)
    (whole,) = done.came
    assert texts(job) == ["Good morning. Then we lower the dose today!", "That is all."]
    assert whole.engine_text == "Good morning. Then we lower the dose today"
    assert (whole.start_ms, whole.end_ms) == (0, 7500)
    assert len(whole.words) == 8
    assert whole.doubts == [[0, 4, 0.3], [14, 18, 0.3]]
    again = merge_segment(reviewer, job, segment.pk, **wish)
    assert ([each.pk for each in again.came], again.gone) == ([whole.pk], done.gone)


def test_the_first_has_none_before_it(job: Job, reviewer: User):
    first = live_segments(job)[0]
    with pytest.raises(Refused, match="first segment"):
        merge_segment(reviewer, job, first.pk, text=first.text, version=1)


def test_what_was_not_transcribed_is_not_merged(job: Job, reviewer: User):
    gap, after = live_segments(job)[1:]
    gap.text, gap.marks = "", [{"kind": "gap", "reason": "the engine was down"}]
    gap.save()
    with pytest.raises(Refused, match="not transcribed"):
        merge_segment(reviewer, job, after.pk, text=after.text, version=1)


def test_one_more_in_a_gap(job: Job, reviewer: User):
    before = live_segments(job)[1]
    (new,) = insert_segment(reviewer, job, before.pk).came
    assert (new.start_ms, new.end_ms, new.text, new.engine_text) == (7500, 8000, "", "")
    assert [s.pk for s in live_segments(job)].index(new.pk) == 2
    save_segment(reviewer, job, new.pk, Save("Yes.", 1, "x"))
    assert summarise(job).score.word_errors == 1
    with pytest.raises(Refused, match="begins where this one ends"):
        insert_segment(reviewer, job, before.pk)
    with pytest.raises(Refused, match="There is text in it"):
        take_back(reviewer, job, new.pk)
    save_segment(reviewer, job, new.pk, Save("", 2, "y"))
    take_back(reviewer, job, new.pk)
    assert len(texts(job)) == 3


def test_a_split_taken_back(job: Job, reviewer: User):
    whole = live_segments(job)[1]
    first, second = split(reviewer, job, 13)
    back = take_back(reviewer, job, second.pk)
    assert (back.gone, [each.pk for each in back.came]) == ([first.pk, second.pk], [whole.pk])
    assert texts(job)[1] == TEXT
    with pytest.raises(Refused, match="nothing to take back"):
        take_back(reviewer, job, whole.pk)


def test_not_once_the_parts_were_changed(job: Job, reviewer: User):
    _, second = split(reviewer, job, 13)
    save_segment(reviewer, job, second.pk, Save("the dose, today", 1, "x"))
    with pytest.raises(Refused, match="changed since"):
        take_back(reviewer, job, second.pk)
    assert texts(job)[1:3] == ["Then we lower", "the dose, today"]


def test_a_retry_does_not_bring_merged_text_back(
    job: Job, reviewer: User, finish: Callable[[Job], None]
):
    other = job.chunks.create(
        position=1, start_ms=8000, end_ms=12000, status="completed", text="That is all."
    )
    last = live_segments(job)[2]
    Segment.objects.filter(pk=last.pk).update(chunk=other)
    merge_segment(reviewer, job, last.pk, text=last.text, version=1)
    finish(job)
    assert texts(job) == ["Good morning.", "Then we lower the dose today That is all."]


@pytest.fixture
def finish() -> Callable[[Job], None]:
    from transcription import pipeline

    def run(job: Job) -> None:
        Job.objects.filter(pk=job.pk).update(status="transcribing")
        pipeline.finish(job.pk)

    return run


def test_after_many_splits_the_order_stays(job: Job, reviewer: User):
    for _ in range(5):
        segment = next(s for s in live_segments(job) if " " in s.text and s.start_ms >= 4000)
        at = segment.text.index(" ")
        split_segment(reviewer, job, segment.pk, text=segment.text, at=at, version=segment.version)
    assert " ".join(texts(job)) == f"Good morning. {TEXT} That is all."


def test_not_in_a_submitted_review(job: Job, reviewer: User):
    submit_review(reviewer, job)
    for wish in (lambda: split(reviewer, job, 13), lambda: take_back(reviewer, job, 1)):
        with pytest.raises(Refused, match="submitted already"):
            wish()


def test_the_history_leads_back(desk_client: Client, job: Job, reviewer: User):
    segment = live_segments(job)[1]
    save_segment(reviewer, job, segment.pk, Save("Then we lower the doses today", 1, "x"))
    _, second = split(reviewer, job, 13, version=2)
    column = desk_client.get(f"/review/{job.pk}/segments/{second.pk}/").content.decode()
    assert "split" in column
    assert "Take back" in column
    assert "1 change" in column


def test_with_plain_forms(desk_client: Client, job: Job):
    segment = live_segments(job)[1]
    answer = desk_client.post(
        f"/review/{job.pk}/segments/{segment.pk}/merge/",
        {"text": TEXT, "version": 1},
        follow=True,
    )
    assert answer.redirect_chain
    assert texts(job) == ["Good morning. Then we lower the dose today", "That is all."]
    page = desk_client.post(
        f"/review/{job.pk}/segments/{segment.pk}/split/", {"version": 1}, follow=True
    )
    assert page.status_code == 422
    page = desk_client.post(f"/review/{job.pk}/segments/987654321/insert/", follow=True)
    assert "does not exist any more" in page.content.decode()


def test_the_script_is_told_what_came_and_what_went(desk_client: Client, job: Job):
    segment = live_segments(job)[1]
    answer = desk_client.post(
        f"/review/{job.pk}/segments/{segment.pk}/split/",
        {"text": TEXT, "version": 1, "at": 13, "save_id": "x"},
        headers={"hx-request": "true"},
    )
    text = answer.content.decode()
    assert f'data-gone="{segment.pk}"' in text
    assert text.count("<article") == 2
    late = desk_client.post(
        f"/review/{job.pk}/segments/{segment.pk}/split/",
        {"text": TEXT, "version": 1, "at": 5, "save_id": "y"},
        headers={"hx-request": "true"},
    )
    assert late.status_code == 409
    assert "replaced meanwhile" in late.content.decode()


def test_segments_that_begin_at_the_same_time_keep_their_order(
    make_job: Callable[..., Job], reviewer: User
):
    job = make_job("one", "two dos", "three tres")
    Segment.objects.exclude(text="one").update(position=1.0)
    two, three = live_segments(job)[1:]
    done = split_segment(reviewer, job, two.pk, text="two dos", at=3, version=1)
    assert texts(job) == ["one", "two", "dos", "three tres"]
    merge_segment(reviewer, job, three.pk, text=three.text, version=1)
    assert texts(job) == ["one", "two", "dos three tres"]
    assert len(done.came) == 2


def test_a_gap_is_filled_though_something_was_put_in_after_it(
    job: Job, reviewer: User, finish: Callable[[Job], None]
):
    chunk = job.chunks.create(
        position=1, start_ms=8000, end_ms=11500, status="failed", error_message="no answer"
    )
    gap = live_segments(job)[2]
    marks = [{"kind": "gap", "reason": "no answer"}]
    Segment.objects.filter(pk=gap.pk).update(chunk=chunk, text="", engine_text="", marks=marks)
    (new,) = insert_segment(reviewer, job, gap.pk).came
    save_segment(reviewer, job, new.pk, Save("Goodbye.", 1, "x"))
    words = [["now", 8000, 8300, 0.9, False, ""], ["heard", 8400, 8800, 0.9, False, ""]]
    job.chunks.filter(pk=chunk.pk).update(status="completed", text="now heard", words=words)
    finish(job)
    assert texts(job)[2:] == ["now heard", "Goodbye."]


def test_not_taken_back_where_people_said_who_speaks(job: Job, reviewer: User):
    _, second = split(reviewer, job, 13)
    name_speaker(reviewer, job, second.pk, "Anna")
    with pytest.raises(Refused, match="changed since"):
        take_back(reviewer, job, second.pk)


def test_splits_inside_splits_are_taken_back_one_by_one(job: Job, reviewer: User):
    first, second = split(reviewer, job, 13)
    inner = split_segment(reviewer, job, second.pk, text=second.text, at=3, version=1)
    with pytest.raises(Refused, match="changed since"):
        take_back(reviewer, job, first.pk)
    take_back(reviewer, job, inner.came[0].pk)
    take_back(reviewer, job, first.pk)
    assert texts(job)[1] == TEXT


def test_a_split_repeated_after_it_was_taken_back_is_a_new_one(job: Job, reviewer: User):
    segment = live_segments(job)[1]
    wish: Any = {"text": TEXT, "at": 13, "version": 1, "save_id": "k"}
    done = split_segment(reviewer, job, segment.pk, **wish)
    take_back(reviewer, job, done.came[0].pk)
    again = split_segment(reviewer, job, segment.pk, **wish)
    assert all(each.retired_at is None for each in again.came)
    take_back(reviewer, job, again.came[0].pk)
    split_segment(reviewer, job, segment.pk, **wish | {"save_id": "other"})
    with pytest.raises(Conflict):
        split_segment(reviewer, job, segment.pk, **wish)


def test_chinese_sentences_are_merged_without_a_blank(make_job: Callable[..., Job], reviewer: User):
    job = make_job("今天天气很好。我们去公园。")
    segment = job.segments.get()
    done = split_segment(reviewer, job, segment.pk, text=segment.text, at=7, version=1)
    merge_segment(reviewer, job, done.came[1].pk, text=done.came[1].text, version=1)
    (whole,) = live_segments(job)
    assert whole.text == whole.engine_text == segment.text


def test_findings_go_with_their_words(job: Job, reviewer: User):
    loop = {"kind": "loop", "reason": "again and again", "start": 1, "end": 5}
    whole = {"kind": "hole", "reason": "words may be missing", "start": None, "end": None}
    segment = live_segments(job)[1]
    Segment.objects.filter(pk=segment.pk).update(marks=[loop, whole])
    first, second = split(reviewer, job, 13)
    assert [(m["kind"], m["start"], m["end"]) for m in first.marks] == [
        ("hole", None, None),
        ("loop", 1, 3),
    ]
    assert [(m["kind"], m["start"], m["end"]) for m in second.marks] == [
        ("hole", None, None),
        ("loop", 0, 2),
    ]


def test_parts_last_some_time_wherever_the_edges_are(job: Job, reviewer: User):
    segment = live_segments(job)[1]
    set_times(reviewer, job, segment.pk, 7000, 7900, (4000, 7500))
    first, second = split(reviewer, job, 13)
    assert first.start_ms == 7000
    assert second.end_ms == 7900
    assert first.end_ms - first.start_ms >= 50 <= second.end_ms - second.start_ms


def test_a_long_history_takes_no_more_queries(
    desk_client: Client, job: Job, reviewer: User, django_assert_max_num_queries
):
    segment = live_segments(job)[1]
    for _ in range(8):
        done = split_segment(
            reviewer, job, segment.pk, text=segment.text, at=4, version=segment.version
        )
        whole = merge_segment(reviewer, job, done.came[1].pk, text=done.came[1].text, version=1)
        segment = whole.came[0]
    with django_assert_max_num_queries(8):
        desk_client.get(f"/review/{job.pk}/segments/{segment.pk}/")


def test_a_wish_without_text_for_a_segment_that_went(desk_client: Client, job: Job, reviewer: User):
    segment = live_segments(job)[1]
    split(reviewer, job, 13)
    page = desk_client.post(f"/review/{job.pk}/segments/{segment.pk}/insert/", follow=True)
    assert "changed meanwhile" in page.content.decode()
    late = desk_client.post(
        f"/review/{job.pk}/segments/{segment.pk}/save/", {"text": "mine", "version": 1}
    )
    assert late.status_code == 409
    assert "replaced meanwhile" in late.content.decode()
    assert "Save mine" not in late.content.decode()
