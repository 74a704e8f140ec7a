"""Whatever is not corrected comes through byte for byte, in every script and direction."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from feedback.alignment import word_edits
from feedback.saving import Save, save_segment
from lexicon.borders import graphemes, unit_borders, words
from lexicon.matching import Entry, compile_lexicon
from speech_project.access.keys import create_key
from tests.odd_texts import NASTY, TEXTS
from transcription import pipeline, tags
from transcription.correcting import corrected
from transcription.engines.base import Answer
from transcription.models import Chunk, Job, Segment
from transcription.stitching import Draft, HeardChunk, transcript
from transcription.timing import TimedWord, time_words

LEXICON = compile_lexicon([Entry(1, "Ozempic", alternatives=("aßЖ",)), Entry(2, "漢か")])


def heard(text: str) -> HeardChunk:
    timed = time_words(Answer(text), None, 20_000)
    return HeardChunk(1, 0, 20_000, timed, text)


def lettered(text: str) -> str:
    return regex.sub(r"\s", "", text)


@given(TEXTS)
def test_segments_are_stretches_of_what_the_engine_wrote(text):
    drafts = transcript([heard(text)])
    at = 0
    for draft in drafts:
        start = text.index(draft.text, at)
        assert not text[at:start].strip(), "only blanks are left out between segments"
        at = start + len(draft.text)
    assert not text[at:].strip()
    assert all(lettered(d.text) == "".join(word.text for word in d.words) for d in drafts)


@given(TEXTS)
def test_the_lexicon_changes_nothing_but_what_it_replaces(text):
    timed = [TimedWord(word, 0, 0) for word in text.split()]
    for each in corrected([Draft(1, 0, 0, text, timed)], LEXICON, ["en", "zh"]):
        rest, end = "", 0
        for replacement in each.replacements:
            rest += each.draft.text[end : replacement.start]
            rest += replacement.after if replacement.applied else replacement.before
            end = replacement.end
        assert each.text == rest + each.draft.text[end:]
        assert each.draft.text in text


@given(TEXTS, TEXTS)
def test_edits_are_stretches_of_both_texts_and_end_where_letters_end(before, after):
    edits = word_edits(before, after)
    for text, parts in (
        (before, [(edit.before_at, edit.before) for edit in edits]),
        (after, [(edit.after_at, edit.after) for edit in edits]),
    ):
        borders = [0]
        for grapheme in graphemes(text):
            borders.append(borders[-1] + len(grapheme))
        end = 0
        for at, part in parts:
            assert text[at:].startswith(part)
            assert not text[end:at].strip()
            assert {at, at + len(part)} <= set(borders) or not part
            end = max(end, at + len(part))
        assert not text[end:].strip()


@given(TEXTS)
def test_words_and_what_rates_count_are_all_of_the_text(text):
    found = words(text)
    assert lettered("".join(text[start:end] for start, end in found)) == lettered(text)
    counted = unit_borders(text)
    assert lettered("".join(text[start:end] for start, end in counted)) == lettered(text)


@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_languages_said_of_words_cover_whole_words(text, one, other):
    segment = Segment(text=text, tags=tags.found(["en", "hi", "zh"], [text])[0])
    start, end = sorted((one, other))
    rows = tags.said(segment, start, end, "hi")
    borders = {place for word in tags.words(text) for place in word}
    said = [row for row in rows if row[5]]
    assert {place for row in said for place in row[:2]} <= borders
    assert rows == sorted(rows)
    assert all(a[1] <= b[0] for a, b in pairwise(rows))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("media", "sent")
def test_from_the_engine_to_the_api(text, standin, client, short_clip, django_user_model):
    standin.set_text(text)
    _, secret = create_key("clinic")
    api = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    with short_clip.open("rb") as file:
        job_id = client.post(
            "/api/v1/jobs/", {"file": file, "model": "gpt-transcribe"}, **api
        ).json()["id"]
    pipeline.prepare(job_id)
    for chunk in Chunk.objects.filter(job=job_id):
        pipeline.transcribe(chunk.pk)
    pipeline.finish(job_id)
    body = client.get(f"/api/v1/jobs/{job_id}/segments/", **api).content
    segments = json.loads(body)["results"]
    assert lettered("".join(segment["text"] for segment in segments)) == lettered(text)
    assert all(segment["text"] in text for segment in segments)
    if len(segments) == 1:
        assert segments[0]["text"] == text

    job = Job.objects.get()
    segment = job.segments.first()
    reviewer = django_user_model.objects.create_superuser("ada")
    for version, wish in enumerate((f"{text} 1", text), 1):
        saved = save_segment(reviewer, job, segment.pk, Save(wish, version)).segment
        saved.refresh_from_db()
        assert saved.text == wish
    client.force_login(reviewer)
    client.get(f"/review/{job_id}/submit/")
    client.post(f"/review/{job_id}/submit/")
    feedback = job.feedback.get()
    assert feedback.corrected_text.split("\n" * 2)[0].startswith(text)
