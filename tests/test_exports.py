"""Transcripts leave the product as files, from the page and through the API."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from uuid import UUID, uuid4

import docx
import pysubs2
import pytest
import webvtt
from django.contrib.auth.models import Group
from django.urls import reverse
from docx.oxml.ns import qn

from transcription import export_files
from transcription.models import Job, Segment

FORMATS = ("docx", "txt", "md", "srt", "vtt", "csv", "json")


@pytest.fixture
def job(make_job, key):
    """Two people and a stretch that could not be transcribed; a person corrected the first."""
    job = make_job(
        "We saw the patient on monday.",
        "Good.",
        "",
        "Sie schläft gut.",
        api_key=key[0],
        title="Visite: Müller / Łódź",
        languages=["en", "de"],
        lexicon_version="v1",
    )
    first, second, gap, last = job.segments.order_by("position")
    _change(
        first,
        text="We saw her on Monday.",
        speaker="Dr. Okafor",
        language="en",
        words=[
            [word, 400 * n, 400 * n + 350, 0.9, False]
            for n, word in enumerate(first.engine_text.split())
        ],
        tags=[[0, 20, "en", "", 0.99, False]],
        version=3,
        accepted=True,
    )
    _change(second, speaker="Anna")
    _change(gap, marks=[{"kind": "gap", "reason": "The engine did not answer."}])
    _change(last, speaker="Anna", language="de", tags=[[0, 16, "de", "", 0.99, False]])
    return job


def _change(segment, **fields):
    Segment.objects.filter(pk=segment.pk).update(**fields)


def address(job, name):
    return f"/jobs/{job.pk}/export.{name}"


def exported(client, job, name, **wishes):
    answer = client.get(address(job, name), wishes)
    assert answer.status_code == 200, answer.content
    return answer


def text_of(client, job, name, **wishes):
    return exported(client, job, name, **wishes).content.decode()


# --- Plain text and Markdown ---------------------------------------------------------------------


def test_plain_text_is_the_text_alone(desk_client, job):
    Job.objects.update(model="gpt-transcribe")
    assert text_of(desk_client, job, "txt") == (
        "We saw her on Monday.\n\nGood.\n\n[not transcribed]\n\nSie schläft gut.\n"
    )


def test_plain_text_with_times_and_speakers(desk_client, job):
    Job.objects.update(model="gpt-transcribe")
    assert text_of(desk_client, job, "txt", times=1, speakers=1) == (
        "[00:00:00] Dr. Okafor: We saw her on Monday.\n\n"
        "[00:00:04] Anna: Good.\n\n"
        "[00:00:08] [not transcribed]\n\n"
        "[00:00:12] Anna: Sie schläft gut.\n"
    )
    assert "[00:00:04] Good." in text_of(desk_client, job, "txt", times=1)
    assert "Anna: Good." in text_of(desk_client, job, "txt", speakers=1)
    assert ":" not in text_of(desk_client, job, "txt")


def test_sentences_read_on_until_somebody_else_speaks_or_is_silent(desk_client, make_job):
    job = make_job("One.", "Two.", "Three.", "一。", "二。", model="gpt-transcribe")
    one, two, three, *_ = job.segments.order_by("position")
    _change(one, end_ms=4000)
    _change(two, end_ms=5000)
    _change(three, speaker="Anna")
    assert text_of(desk_client, job, "txt") == "One. Two.\n\nThree.\n\n一。二。\n"


def test_demo_quality_is_told_until_a_person_has_reviewed_it(desk_client, job):
    for name in ("txt", "md", "vtt"):
        assert "demo quality" in text_of(desk_client, job, name)
    Job.objects.update(reviewed_at=datetime(2026, 11, 5, 12, tzinfo=UTC))
    for name in ("txt", "vtt"):
        assert "not for real use" not in text_of(desk_client, job, name)
    assert "reviewed 5 Nov 2026" in text_of(desk_client, job, "md")


def test_markdown_has_a_heading_and_shows_signs_as_they_are(desk_client, make_job):
    job = make_job("1. *not* a [list] & <b>", title="# A_title_", model="gpt-transcribe")
    assert text_of(desk_client, job, "md").split("\n\n") == [
        "# \\# A\\_title\\_",
        "*00:00:04 · OpenAI gpt-transcribe · not reviewed*",
        "`00:00:00` 1. \\*not\\* a \\[list\\] \\& \\<b\\>\n",
    ]
    bare = text_of(desk_client, job, "md", times=0, speakers=0)
    assert "\n\n1\\. \\*not" in bare


# --- Subtitles -----------------------------------------------------------------------------------


def test_srt_reads_back_with_speakers(desk_client, job):
    found = pysubs2.SSAFile.from_string(text_of(desk_client, job, "srt"))
    assert [event.plaintext for event in found] == [
        "Dr. Okafor: We saw her on Monday.",
        "Anna: Good.",
        "- [not transcribed]",
        "Anna: Sie schläft gut.",
    ]
    assert [event.start for event in found] == [0, 4000, 8000, 12000]
    bare = pysubs2.SSAFile.from_string(text_of(desk_client, job, "srt", speakers=0))
    assert bare[1].plaintext == "Good."


def test_cues_have_the_times_of_the_words_as_they_are_now(desk_client, job):
    (first, *_) = pysubs2.SSAFile.from_string(text_of(desk_client, job, "srt"))
    # until what takes the place of the last word heard ends, and as long as reading takes
    assert (first.start, first.end) == (0, 2350)


def test_vtt_has_voices_and_nothing_in_it_breaks_the_file(desk_client, make_job):
    job = make_job("00:00:01.000 --> 00:00:02.000 <b>&amp;", "NOTE this", title="x")
    Segment.objects.filter(text="NOTE this").update(speaker="A > B & <C>")
    text = text_of(desk_client, job, "vtt")
    first, second = webvtt.from_string(text)
    assert first.raw_text.replace("\n", " ") == (
        "00:00:01.000 --&gt; 00:00:02.000 &lt;b&gt;&amp;amp;"
    )
    assert second.raw_text == "<v A &gt; B &amp; &lt;C&gt;>NOTE this</v>"
    assert second.voice == "A &gt; B &amp; &lt;C&gt;"
    assert "<v" not in text_of(desk_client, job, "vtt", speakers=0)


def test_signs_in_srt_stay_and_an_arrow_does_no_harm(desk_client, make_job):
    job = make_job("if a<b and {c} then x --> y")
    found = text_of(desk_client, job, "srt")
    assert "if a<b and {c} then x --\u2060> y" in found
    assert found.count("-->") == 1


# --- Tables and data -----------------------------------------------------------------------------


def test_csv_has_a_row_for_each_segment(desk_client, job):
    content = exported(desk_client, job, "csv").content
    assert content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[0] == {
        "number": "1",
        "start": "00:00:00.000",
        "end": "00:00:03.500",
        "speaker": "Dr. Okafor",
        "language": "en",
        "text": "We saw her on Monday.",
        "engine_text": "We saw the patient on monday.",
        "accepted": "true",
    }
    assert [row["text"] for row in rows][1:] == ["Good.", "[not transcribed]", "Sie schläft gut."]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_csv_has_no_formula(desk_client, make_job, text):
    job = make_job(text)
    Segment.objects.update(speaker=text)
    content = exported(desk_client, job, "csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content, newline=""))
    assert row["text"] == row["engine_text"] == row["speaker"] == f"'{text}"


def test_json_has_the_words_of_the_text_and_those_that_were_heard(desk_client, api, job):
    found = json.loads(text_of(desk_client, job, "json"))
    assert (found["format_version"], found["id"]) == (1, str(job.pk))
    assert (found["languages"], found["lexicon_version"]) == (["en", "de"], "v1")
    first = found["segments"][0]
    assert (first["version"], first["accepted"]) == (3, True)
    assert [word["text"] for word in first["words"]] == first["engine_text"].split()
    assert [(w["text"], w["start_ms"], w["end_ms"]) for w in first["text_words"]] == [
        ("We", 0, 350),
        ("saw", 400, 750),
        ("her", 800, 1550),
        ("on", 1600, 1950),
        ("Monday.", 2000, 2350),
    ]
    assert first["languages"][0]["language"] == "en"
    api_segments = api.get(f"/api/v1/jobs/{job.pk}/segments/").json()["results"]
    for mine, theirs in zip(found["segments"], api_segments, strict=True):
        assert {name: mine[name] for name in theirs} == theirs


# --- Word ----------------------------------------------------------------------------------------


def word(client, job, **wishes):
    return docx.Document(io.BytesIO(exported(client, job, "docx", **wishes).content))


def test_word_has_title_times_and_speakers(desk_client, job):
    found = word(desk_client, job)
    texts = [paragraph.text for paragraph in found.paragraphs]
    assert texts[0] == "Visite: Müller / Łódź"
    assert found.paragraphs[0].style.name == "Title"
    assert "English, German" in texts[1]
    assert "not reviewed" in texts[1]
    assert texts[2:] == [
        "00:00:00  Dr. Okafor: We saw her on Monday.",
        "00:00:04  Anna: Good.",
        "00:00:08  [not transcribed]",
        "00:00:12  Anna: Sie schläft gut.",
    ]
    time, speaker, *said = found.paragraphs[5].runs
    assert (time.style.name, speaker.style.name) == ("Time", "Speaker")
    assert speaker.style.font.bold
    assert said[0]._r.rPr.find(qn("w:lang")).get(qn("w:val")) == "de-DE"
    assert found.core_properties.title == "Visite: Müller / Łódź"
    assert found.core_properties.author == ""


def test_word_without_times_reads_on(desk_client, make_job):
    job = make_job("One.", "Two.")
    texts = [paragraph.text for paragraph in word(desk_client, job, times=0).paragraphs]
    assert texts[2:] == ["One. Two."]


def test_word_sets_right_to_left(desk_client, make_job):
    job = make_job("رأينا المريضة في Lund يوم الاثنين.", "In Lund.")
    segment = job.segments.order_by("position")[0]
    _change(segment, tags=[[0, 16, "ar", "", 0.9, False], [17, 21, "sv", "", 0.9, False],
                           [22, 34, "ar", "", 0.9, False]], language="ar")  # fmt: skip
    _, _, arabic, english = word(desk_client, job).paragraphs
    assert arabic.text == f"00:00:00  {segment.text}"
    assert arabic._p.pPr.find(qn("w:bidi")) is not None
    assert english._p.pPr.find(qn("w:bidi")) is None
    directions = [(run.text.strip(), run._r.rPr.find(qn("w:rtl")) is not None)
                  for run in arabic.runs[1:]]  # fmt: skip
    assert directions == [("رأينا المريضة في", True), ("Lund", False), ("يوم الاثنين.", True)]
    assert arabic.runs[1]._r.rPr.find(qn("w:lang")).get(qn("w:bidi")) == "ar-EG"
    assert arabic.runs[2]._r.rPr.find(qn("w:lang")).get(qn("w:val")) == "sv-SE"


@pytest.mark.parametrize("name", FORMATS)
def test_no_character_breaks_a_file(desk_client, make_job, name):
    odd = "a\x01b\x0bc\x1dd\x85e\u2028f\ufffeg\tz <x> & \U0001f469\u200d\U0001f469"
    job = make_job(odd, odd, "", title=odd)
    Segment.objects.update(speaker=odd)
    content = exported(desk_client, job, name).content
    if name == "docx":
        assert "ab c d" in docx.Document(io.BytesIO(content)).paragraphs[2].text
    elif name == "vtt":
        assert len(webvtt.from_string(content.decode())) == 2
    elif name == "srt":
        assert len(pysubs2.SSAFile.from_string(content.decode())) == 2


# --- As files ------------------------------------------------------------------------------------


TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


@pytest.mark.parametrize("name", FORMATS)
def test_page_and_api_give_the_same_file_each_time(desk_client, api, job, name):
    answer = exported(desk_client, job, name)
    again = api.get(f"/api/v1/jobs/{job.pk}/export.{name}", headers={"Accept": "text/vtt"})
    assert again.content == answer.content
    for each in (answer, again):
        assert each["Content-Type"] == TYPES[name]
        assert each["X-Content-Type-Options"] == "nosniff"
        assert each["Content-Disposition"] == (
            f'attachment; filename="Visite- Muller - Lodz.{name}"; '
            f"filename*=utf-8''Visite-%20M%C3%BCller%20-%20%C5%81%C3%B3d%C5%BA.{name}"
        )
    kept = desk_client.get(address(job, name), headers={"If-None-Match": answer["ETag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    _change(job.segments.first(), text="Changed.")
    changed = desk_client.get(address(job, name), headers={"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_takes_few_queries(desk_client, make_job, name, django_assert_max_num_queries):
    job = make_job(*["Good morning."] * 60)
    with django_assert_max_num_queries(5):  # the session, the user, groups, the job, its segments
        exported(desk_client, job, name)


def test_an_unknown_format_is_refused_with_those_there_are(desk_client, api, job):
    answer = desk_client.get(address(job, "pdf"))
    assert answer.status_code == 404
    assert "“pdf”. Allowed: docx, txt, md, srt, vtt, csv, json." in answer.content.decode()
    answer = api.get(f"/api/v1/jobs/{job.pk}/export.pdf")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_format")
    assert "Allowed: docx" in answer.json()["detail"]


def test_an_odd_option_is_refused(desk_client, api, job):
    for wish in ("banana", "2", "-1", "\x00", "9" * 5000):
        answer = desk_client.get(address(job, "txt"), {"times": wish})
        assert answer.status_code == 422
        assert "Allowed: 1 for with, 0 for without." in answer.content.decode()
    answer = api.get(f"/api/v1/jobs/{job.pk}/export.txt", {"speakers": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_an_option_that_is_misspelt_is_refused(api, job):
    for path in (f"/api/v1/jobs/{job.pk}/export.txt?time=1", f"/api/v1/exports.zip?jobs={job.pk}"):
        answer = api.get(path)
        assert answer.status_code == 400
        assert "Not known. Allowed: " in answer.json()["detail"]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("queued", "not transcribed yet"),
        ("transcribing", "not transcribed yet"),
        ("failed", "failed"),
        ("cancelled", "was cancelled"),
    ],
)
def test_a_job_without_a_transcript_says_why(desk_client, api, job, status, told):
    Job.objects.update(status=status)
    answer = desk_client.get(address(job, "txt"))
    assert answer.status_code == 409
    assert told in answer.content.decode()
    answer = api.get(f"/api/v1/jobs/{job.pk}/export.txt")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert told in answer.json()["detail"]


def test_what_one_may_not_see_is_not_there(desk_client, api, make_job):
    foreign = make_job("a secret")
    assert api.get(f"/api/v1/jobs/{foreign.pk}/export.txt").status_code == 404
    assert api.get("/api/v1/exports.zip", {"job": foreign.pk}).status_code == 404
    Group.objects.create(name="Cardiology")
    assert desk_client.get(address(foreign, "txt")).status_code == 404
    assert desk_client.get("/exports.zip", {"job": foreign.pk}).status_code == 404


def test_without_logging_in_there_is_nothing(client, make_job):
    job = make_job("a secret")
    for path in (address(job, "txt"), f"/exports.zip?job={job.pk}"):
        assert client.get(path)["Location"].startswith("/login/?next=")
    for path in (f"/api/v1/jobs/{job.pk}/export.txt", f"/api/v1/exports.zip?job={job.pk}"):
        assert client.get(path).status_code == 401


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "..-..-etc-passwd"),
        ("今天的查房", "今天的查房"),
        ("a\u202egpj.exe", "a gpj.exe"),
        (" . ", "transcript"),
        ("CON", "_CON"),
        ("é" * 200, "é" * 60),
    ],
)
def test_any_title_makes_a_safe_name(title, name):
    found = export_files.file_name(title, "txt")
    assert found == f"{name.strip(' .')}.txt"


# --- Several in a ZIP file -----------------------------------------------------------------------


def unzipped(answer):
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="transcripts.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def test_a_selection_is_a_zip_file(desk_client, make_job):
    jobs = [make_job(f"Text {n}.", title=title, model="gpt-transcribe")
            for n, title in enumerate(["Visit", "visit", "查房"])]  # fmt: skip
    wishes = {"job": [job.pk for job in jobs] + [jobs[0].pk], "format": "txt"}
    found = unzipped(desk_client.get(reverse("exports-zip"), wishes))
    assert found == {
        "Visit.txt": b"Text 0.\n",
        "visit (2).txt": b"Text 1.\n",
        "查房.txt": b"Text 2.\n",
    }
    posted = desk_client.post(reverse("exports-zip"), wishes)
    assert unzipped(posted) == found
    again = desk_client.get(reverse("exports-zip"), wishes).getvalue()
    assert again == desk_client.get(reverse("exports-zip"), wishes).getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_goes_into_a_zip_file(desk_client, job, name):
    found = unzipped(desk_client.get("/exports.zip", {"job": job.pk, "format": name}))
    assert found == {f"Visite- Müller - Łódź.{name}": exported(desk_client, job, name).content}


def test_the_api_makes_zip_files_too(api, job):
    found = unzipped(api.get("/api/v1/exports.zip", {"job": job.pk, "format": "srt"}))
    wishes = {"job": [str(job.pk)], "format": "srt"}
    form = api.post("/api/v1/exports.zip", wishes)
    data = api.post("/api/v1/exports.zip", wishes, content_type="application/json")
    assert found == unzipped(form) == unzipped(data)
    assert list(found) == ["Visite- Müller - Łódź.srt"]


def test_what_has_no_transcript_yet_is_told_of_inside(desk_client, job, make_job):
    running = make_job("Half", status=Job.Status.TRANSCRIBING, title="skipped")
    wishes = {"job": [running.pk, job.pk], "format": "txt"}
    found = unzipped(desk_client.get("/exports.zip", wishes))
    assert list(found) == ["Visite- Müller - Łódź.txt", "skipped.txt"]
    assert "skipped: it is not transcribed yet" in found["skipped.txt"].decode()


def test_a_selection_of_nothing_or_too_much_is_refused(desk_client, api):
    answer = desk_client.get("/exports.zip", {"format": "docx"})
    assert answer.status_code == 422
    assert "Choose at least one recording" in answer.content.decode()
    many = {"job": [uuid4() for _ in range(201)]}
    answer = api.post("/api/v1/exports.zip", many)
    assert answer.status_code == 422
    assert (
        "201 recordings are too many for one file. Choose at most 200." in answer.json()["detail"]
    )


@pytest.mark.parametrize("pk", ["", "7", "x" * 5000, "\x00", "not-a-job", f"{UUID(int=7)}"])
def test_odd_ids_are_not_there(desk_client, api, job, pk):
    assert desk_client.get("/exports.zip", {"job": [job.pk, pk]}).status_code == 404
    assert api.get("/api/v1/exports.zip", {"job": [job.pk, pk]}).status_code == 404


@pytest.mark.parametrize("body", [[], {}, {"job": "x"}, {"job": {}}, "x", None])
def test_odd_json_is_refused(api, body):
    answer = api.post("/api/v1/exports.zip", body, content_type="application/json")
    assert answer.status_code in (400, 422)


def test_a_zip_file_takes_one_query_for_each_recording(
    desk_client, make_job, django_assert_max_num_queries
):
    wishes = {"job": [make_job("Good.").pk for _ in range(10)], "format": "docx"}
    with django_assert_max_num_queries(14):
        desk_client.get("/exports.zip", wishes).getvalue()


# --- On the pages --------------------------------------------------------------------------------


def test_the_recordings_page_offers_each_format(desk_client, job):
    page = desk_client.get(f"/jobs/{job.pk}/").content.decode()
    for name in FORMATS:
        assert f'href="{address(job, name)}"' in page
    assert f'href="{address(job, "txt")}?times=1&amp;speakers=1"' in page


def test_a_recording_at_work_offers_none(desk_client, job):
    Job.objects.update(status=Job.Status.TRANSCRIBING)
    assert "export." not in desk_client.get(f"/jobs/{job.pk}/").content.decode()


def test_a_form_has_the_formats_to_choose_from():
    assert [name for name, _ in export_files.choices()] == list(FORMATS)


def test_a_wish_with_half_a_character_is_refused(api, job):
    wish = {"job": [str(job.pk)], "format": "\ud800"}
    body = json.dumps(wish).encode()
    answer = api.post("/api/v1/exports.zip", body, content_type="application/json")
    assert answer.status_code in (400, 404, 422)
