"""A new run of a reviewed recording is a proposal: compared, taken from, and never more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Group, User

from feedback.models import Revision
from feedback.proposals import compare
from feedback.saving import Refused, Save, save_segment
from feedback.services import submit_review
from lexicon.models import Source, Term
from lexicon.services import add_term
from speech_project.access.keys import create_key
from tests.conftest import STEPS
from tests.switching import tag
from transcription import handing_out, reusing
from transcription.models import Chunk, Job, Segment
from transcription.queueing import Filters, queue_for
from transcription.services import NotPossible, delete_job, rerun_job

FIRST = ("she takes us and paid", "twice a day", "no other drugs")
AGAIN = ("She takes Ozempic twice a day", "no other drugs")


@pytest.fixture
def job(make_job):
    return make_job(*FIRST)


@pytest.fixture
def proposal(make_job, job):
    """By another model, with other segments."""
    new = make_job(*AGAIN, source_job=job, proposal=True, model="whisper-1", cost_usd="0.0123")
    first, second = new.segments.all()
    starts = [0, 400, 900, 4000, 4500, 5000]  # as the words of the first run
    rows = [[w, at, at + 300, 0.9] for w, at in zip(first.text.split(), starts, strict=True)]
    Segment.objects.filter(pk=first.pk).update(start_ms=0, end_ms=5300, words=rows)
    Segment.objects.filter(pk=second.pk).update(start_ms=8000, end_ms=11_500)
    return new


@pytest.fixture
def segments(job):
    return list(job.segments.all())


@pytest.fixture
def at(job, proposal):
    return f"/jobs/{job.pk}/compare/{proposal.pk}/"


@pytest.fixture
def look(desk_client, at):
    return lambda **query: desk_client.get(at, query).content.decode()


def shown(page):
    return [int(pk) for pk in re.findall(r'<tr id="c(\d+)"', page)]


def form_of(page, segment):
    """What the form of a segment sends."""
    row = page[page.index(f'id="c{segment.pk}"') :].split("</tr>")[0]
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', row)
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def state(segment):
    found = Segment.objects.get(pk=segment.pk)
    return found.text, found.accepted, found.version


# --- What a proposal is ------------------------------------------------------------------------


def test_a_run_of_what_nobody_has_begun_to_review_is_what_was_asked_for(job, sent):
    assert not rerun_job(job).proposal
    assert rerun_job(job, model="pocketsphinx", hints=False, proposal=True).proposal


@pytest.mark.parametrize("submitted", [False, True])
def test_a_run_of_what_people_have_worked_on_is_always_a_proposal(
    job, segments, reviewer, sent, submitted
):
    save_segment(reviewer, job, segments[0].pk, Save("She takes Ozempic", 1))
    if submitted:
        submit_review(reviewer, job)
    else:
        job.refresh_from_db()
        handing_out.give_back(job, reviewer)
    before = [state(segment) for segment in segments]
    new = rerun_job(Job.objects.get(pk=job.pk), owner=reviewer)
    assert (new.proposal, new.source_job, new.assigned_to_id) == (True, job, None)
    assert [state(segment) for segment in segments] == before


def test_hints_are_as_before_or_as_wished(job, sent):
    Job.objects.filter(pk=job.pk).update(options={"prompt": "A ward", "hints": False})
    job.refresh_from_db()
    assert rerun_job(job).options == {"prompt": "A ward", "hints": False}
    assert rerun_job(job, hints=True).options == {"prompt": "A ward"}
    with pytest.raises(NotPossible, match="already"):
        rerun_job(job, hints=True)


def test_of_a_proposal_another_one_of_the_same_source_is_made(job, proposal, sent):
    new = rerun_job(proposal, model="pocketsphinx")
    assert (new.proposal, new.source_job) == (True, job)


def test_a_proposal_stands_in_no_list_but_its_own(job, proposal, reviewer):
    def states(state):
        return list(queue_for(Job.objects.all(), reviewer, Filters(state=state)))

    assert [states(state) for state in ("", "waiting")] == [[job], [job]]
    assert states("proposals") == [proposal]


def test_a_proposal_is_handed_to_nobody(job, proposal, reviewer):
    Job.objects.filter(pk=proposal.pk).update(assigned_to_id=reviewer.pk, priority=100)
    assert handing_out.next_job(Job.objects.all(), reviewer) == job
    Job.objects.filter(pk=job.pk).update(review_status=Job.Review.REVIEWED)
    assert handing_out.next_job(Job.objects.all(), reviewer) is None
    with pytest.raises(NotPossible, match="proposal"):
        handing_out.take(proposal, reviewer)


def test_a_proposal_is_not_corrected_or_submitted(desk_client, proposal, reviewer):
    segment = proposal.segments.first()
    with pytest.raises(Refused, match="Take from it"):
        save_segment(reviewer, proposal, segment.pk, Save("other", 1))
    with pytest.raises(Refused, match="Take from it"):
        submit_review(reviewer, proposal)
    answer = desk_client.get(f"/review/{proposal.pk}/")
    assert answer["Location"] == f"/jobs/{proposal.source_job_id}/compare/{proposal.pk}/"
    page = desk_client.get("/?state=proposals").content.decode()
    assert "Proposal</span>" in page
    assert f"{proposal.pk}/take/" not in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("media", "standin")
def test_its_terms_are_counted_with_its_source_alone(short_clip, upload_sample, reviewer, sent):
    term = add_term("patient", source=Source.ADMIN, status="approved").term
    job = upload_sample(short_clip, owner=reviewer, model="gpt-transcribe")
    work_off(sent)
    once = Term.objects.filter(pk=term.pk).values().get()
    assert once["sent_count"] == 1
    rerun_job(job, proposal=True, owner=reviewer)
    work_off(sent)
    assert Job.objects.get(proposal=True).status == "completed"
    assert Term.objects.filter(pk=term.pk).values().get() == once


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("media", "standin")
def test_proposals_go_with_their_source_and_files_with_the_last(
    short_clip, upload_sample, reviewer, sent
):
    job = upload_sample(short_clip, owner=reviewer, model="gpt-transcribe")
    work_off(sent)
    own = rerun_job(job, owner=reviewer)
    rerun_job(job, proposal=True, hints=False)
    work_off(sent)
    assert Job.objects.count() == 3
    delete_job(job)
    assert list(Job.objects.all()) == [own]
    assert (Path(project.MEDIA_ROOT) / own.audio_file).is_file()
    delete_job(own)
    assert files() == []


def work_off(sent):
    while sent:
        task, pk = sent.pop(0)
        STEPS[task](pk)


def files():
    return [path for path in Path(project.MEDIA_ROOT).rglob("*") if path.is_file()]


# --- Asking for one ----------------------------------------------------------------------------


def test_the_job_page_and_the_desk_ask_for_one_and_list_them(
    desk_client, job, proposal, reviewer, sent, settings
):
    settings.ENGINE_CONFIGURED = True
    Job.objects.filter(pk=job.pk).update(duration_ms=600_000)
    for page in (f"/jobs/{job.pk}/", f"/review/{job.pk}/"):
        html = desk_client.get(page).content.decode()
        assert f'href="/jobs/{job.pk}/compare/{proposal.pk}/">Compare</a>' in html
        assert "whisper-1, about $0.06" in html
        assert "$0.0123" in html
    wish = {"model": "pocketsphinx", "no_hints": "on", "proposal": "1"}
    answer = desk_client.post(f"/jobs/{job.pk}/rerun/", wish)
    new = Job.objects.exclude(pk__in=[job.pk, proposal.pk]).get()
    assert answer["Location"] == f"/jobs/{new.pk}/"
    assert (new.proposal, new.options["hints"], new.owner_id) == (True, False, reviewer.pk)
    page = desk_client.get(f"/jobs/{new.pk}/").content.decode()
    assert "A proposal, to be compared with its source" in page
    # until it is there, its progress is shown
    answer = desk_client.get(f"/jobs/{job.pk}/compare/{new.pk}/")
    assert answer["Location"] == f"/jobs/{new.pk}/"


def test_the_api_makes_and_lists_runs(client, make_job, sent):
    key, secret = create_key("clinic", rate_limit_per_minute=0)
    job = make_job("text", api_key=key)
    other = make_job("text", source_job=job, proposal=True)  # a reviewer's
    headers = {"authorization": f"Bearer {secret}"}
    runs = f"/api/v1/jobs/{job.pk}/runs/"
    wish = {"model": "pocketsphinx", "hints": False, "proposal": True}
    made = client.post(runs, wish, content_type="application/json", headers=headers)
    assert made.status_code == 201
    assert (made.json()["proposal"], made.json()["options"]["hints"]) == (True, False)
    listed = client.get(runs, headers=headers).json()["results"]
    assert [(each["id"], each["source_job"], each["status"]) for each in listed] == [
        (made.json()["id"], str(job.pk), "queued")
    ]
    assert str(other.pk) not in str(listed)


@pytest.mark.parametrize(
    ("wish", "status", "words"),
    [
        ({"hints": "perhaps"}, 400, "hints"),
        ({"proposal": "perhaps"}, 400, "proposal"),
        ({"model": "gpt-9"}, 422, "Unknown model"),
    ],
)
def test_the_api_says_what_is_wrong_with_a_run(client, make_job, wish, status, words):
    key, secret = create_key("clinic", rate_limit_per_minute=0)
    job = make_job("text", api_key=key)
    headers = {"authorization": f"Bearer {secret}"}
    runs = f"/api/v1/jobs/{job.pk}/runs/"
    answer = client.post(runs, wish, content_type="application/json", headers=headers)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert Job.objects.get() == job


# --- Comparing ---------------------------------------------------------------------------------


def test_three_texts_stand_side_by_side(look, job, segments, reviewer):
    save_segment(reviewer, job, segments[0].pk, Save("she takes Entresto", 1, accept=True))
    page = look()
    row = page[page.index(f'id="c{segments[0].pk}"') :].split("</tr>")[0]
    assert ">she takes us and paid</td>" in row
    assert "<del>she</del> takes <del>Entresto</del>" in row
    assert "<ins>She</ins> takes <ins>Ozempic</ins>" in row
    assert "Accepted" in row
    assert "whisper-1" in page
    assert "$0.0123" in page


def test_only_what_differs_is_shown_until_all_is_asked_for(look, job, segments, reviewer):
    one, two, three = (segment.pk for segment in segments)
    assert shown(look()) == [one]
    assert shown(look(show="all")) == [one, two, three]
    save_segment(reviewer, job, one, Save("She takes Ozempic", 1))
    save_segment(reviewer, job, two, Save("three times a day", 1))
    assert shown(look()) == [two]
    assert shown(look(show="engine")) == [one], "the engines differ, whatever people wrote"


def test_languages_and_directions_are_told(look, job, proposal, segments):
    for each in (job, proposal):
        Job.objects.filter(pk=each.pk).update(languages=["en", "ar"])
    Segment.objects.filter(job=proposal, text=AGAIN[1]).update(text="بدون أدوية أخرى today")
    tag(Job.objects.get(pk=proposal.pk), "en", "ar")
    row = look().split(f'id="c{segments[2].pk}"')[1]
    assert re.search(r'data-of="New run" dir="rtl" lang="ar"', row)
    assert re.search(r'<span class="l0[^"]*" lang="en"[^>]*>today</span>', row)


def test_texts_are_never_markup(look, job, proposal, segments):
    evil = '<script>alert(1)</script>">'
    for each in (job, proposal):
        Job.objects.filter(pk=each.pk).update(title=evil, model=evil, lexicon_version=evil)
    Segment.objects.filter(job=proposal).update(text=evil + " new", words=[])
    Segment.objects.filter(job=job).update(
        text=evil, engine_text=evil, speaker=evil, edited_by_id=1, edited_by_name=evil
    )
    page = look(show="all")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("page", ["", "take-all/"])
def test_only_who_sees_both_compares_them(desk_client, job, proposal, make_job, at, page):
    other = make_job("text")
    assert desk_client.get(f"/jobs/{other.pk}/compare/{proposal.pk}/{page}").status_code == 404
    run = make_job("text", source_job=job)  # which is reviewed on its own
    assert desk_client.get(f"/jobs/{job.pk}/compare/{run.pk}/{page}").status_code == 404
    assert desk_client.get(at + page).status_code == 200
    Group.objects.create(name="Cardiology")
    Job.objects.filter(pk=job.pk).update(owner_id=User.objects.get(username="rita").pk)
    assert desk_client.get(at + page).status_code == 404
    Job.objects.update(owner_id=None)
    Job.objects.filter(pk=proposal.pk).update(owner_id=User.objects.get(username="rita").pk)
    told = desk_client.get(f"/review/{proposal.pk}/", follow=True).content.decode()
    assert "You may not see the recording that it would be compared with" in told


# --- Taking ------------------------------------------------------------------------------------


def test_a_segment_is_taken_and_put_back(desk_client, look, at, job, segments, reviewer):
    first = segments[0]
    save_segment(reviewer, job, first.pk, Save("she takes Entresto", 1, accept=True))
    answer = desk_client.post(f"{at}take/{first.pk}/?show=all", form_of(look(), first))
    assert answer["Location"] == f"{at}?show=all#c{first.pk}"
    assert state(first) == ("She takes Ozempic", True, 3)
    found = Segment.objects.get(pk=first.pk)
    assert (found.engine_text, found.edited_by_name) == (FIRST[0], "rita")
    assert "Taken" in look()
    history = desk_client.get(f"/review/{job.pk}/segments/{first.pk}/").content.decode()
    assert "taken from whisper-1" in history
    assert desk_client.post(f"{at}put-back/{first.pk}/", form_of(look(), first)).status_code == 302
    assert state(first) == ("she takes Entresto", True, 4)
    assert "Taken" not in look()
    assert Revision.objects.filter(segment=first).count() == 3


def test_the_other_segments_are_left_alone(desk_client, look, at, segments):
    desk_client.post(f"{at}take/{segments[0].pk}/", form_of(look(), segments[0]))
    assert [state(each)[0] for each in segments[1:]] == list(FIRST[1:])
    assert Job.objects.get(pk=segments[0].job_id).review_status == "in_review"


def test_the_same_click_twice_is_one_change(desk_client, look, at, segments):
    wish = form_of(look(), segments[0])
    for _ in range(2):
        desk_client.post(f"{at}take/{segments[0].pk}/", wish)
    assert state(segments[0]) == ("She takes Ozempic", False, 2)


def test_what_was_changed_meanwhile_is_not_overwritten(desk_client, look, at, job, segments):
    wish = form_of(look(), segments[0])
    other = User.objects.create_user("conrad")
    save_segment(other, job, segments[0].pk, Save("she takes Eliquis", 1))
    page = desk_client.post(f"{at}take/{segments[0].pk}/", wish, follow=True).content.decode()
    assert "conrad changed this segment meanwhile" in page
    assert state(segments[0])[0] == "she takes Eliquis"
    script = {"headers": {"hx-request": "true"}}
    answer = desk_client.post(f"{at}take/{segments[0].pk}/", wish, **script)
    assert answer.status_code == 409
    row = answer.content.decode()
    assert "conrad changed this segment meanwhile" in row
    answer = desk_client.post(f"{at}take/{segments[0].pk}/", form_of(row, segments[0]), **script)
    assert "Put back" in answer.content.decode()
    assert state(segments[0])[0] == "She takes Ozempic"


def test_a_segment_that_was_split_meanwhile_is_told_of(desk_client, look, at, job, segments):
    wish = form_of(look(), segments[0])
    Segment.objects.filter(pk=segments[0].pk).update(retired_at=job.created_at)
    answer = desk_client.post(f"{at}take/{segments[0].pk}/", wish, headers={"hx-request": "true"})
    assert answer.status_code == 409
    assert "split or merged meanwhile" in answer.content.decode()


def test_only_texts_of_the_proposal_are_taken(desk_client, look, at, segments):
    wish = form_of(look(), segments[0]) | {"proposed": "She takes Eliquis"}
    page = desk_client.post(f"{at}take/{segments[0].pk}/", wish, follow=True).content.decode()
    assert "The proposal does not have this text any more" in page
    assert state(segments[0]) == (FIRST[0], False, 1)


@pytest.mark.parametrize(("what", "text"), [("take", "proposed"), ("put-back", "text")])
def test_a_change_without_its_text_empties_nothing(desk_client, look, at, segments, what, text):
    wish = form_of(look(), segments[0]) | {"text": "other"}
    del wish[text]
    answer = desk_client.post(f"{at}{what}/{segments[0].pk}/", wish, headers={"hx-request": "true"})
    assert answer.status_code == 422
    assert "came without its text" in answer.content.decode()
    assert state(segments[0]) == (FIRST[0], False, 1)


def test_a_submitted_review_is_reopened_first(desk_client, look, at, job, segments, reviewer):
    wish = form_of(look(), segments[0])
    submit_review(reviewer, job)
    page = look()
    assert "The review is submitted" in page
    assert f"/take/{segments[0].pk}/" not in page
    answer = desk_client.post(f"{at}take/{segments[0].pk}/", wish, follow=True).content.decode()
    assert "submitted already. Reopen it" in answer
    assert state(segments[0]) == (FIRST[0], False, 1)
    assert desk_client.post(f"{at}reopen/")["Location"] == at
    desk_client.post(f"{at}take/{segments[0].pk}/", wish)
    assert state(segments[0])[0] == "She takes Ozempic"


def test_all_at_once_takes_only_what_nobody_has_touched(
    desk_client, look, at, job, proposal, segments, reviewer
):
    Segment.objects.filter(job=proposal, text=AGAIN[1]).update(text="no other drugs, doctor")
    save_segment(reviewer, job, segments[0].pk, Save("she takes Entresto", 1))
    save_segment(reviewer, job, segments[1].pk, Save("twice each day", 1, accept=True))
    assert "Take all that nobody has touched" in look()
    asked = desk_client.get(f"{at}take-all/").content.decode()
    assert "Take 1 segment from the new run?" in asked
    assert state(segments[2])[0] == FIRST[2], "nothing before it is confirmed"
    page = desk_client.post(f"{at}take-all/", follow=True).content.decode()
    assert "Taken: 1 segment." in page
    assert [state(each)[0] for each in segments] == [
        "she takes Entresto",
        "twice each day",
        "no other drugs, doctor",
    ]
    assert "There is nothing to take at once" in desk_client.get(f"{at}take-all/").content.decode()


def test_what_the_new_run_has_no_words_for_is_not_emptied_unseen(job, proposal, segments):
    Segment.objects.filter(job=proposal, text=AGAIN[1]).update(text="")
    rows = compare(job, proposal).rows
    assert [row.proposed.text for row in rows] == ["She takes Ozempic", "twice a day", ""]
    assert [row.may_be_taken_unseen for row in rows] == [True, False, False]


def test_who_looks_after_the_source_has_no_claim_to_a_proposal(make_job, reviewer):
    job = make_job(assigned_to_id=reviewer.pk, assigned_to_name="rita")
    assert reusing.same_recording(job).assigned_to_id == reviewer.pk
    assert reusing.same_recording(job, proposal=True).assigned_to_id is None


def test_a_channel_of_a_persons_segment_is_that_before_it(make_job):
    job = make_job("hello", "fine", "")
    chunk = Chunk.objects.create(job=job, position=1, start_ms=0, end_ms=1, channel=1)
    Chunk.objects.filter(job=job, position=0).update(channel=0)
    _, two, three = job.segments.all()
    Segment.objects.filter(pk=two.pk).update(chunk=chunk)
    Segment.objects.filter(pk=three.pk).update(chunk=None)
    proposal = make_job("fine thanks", source_job=job, proposal=True)
    Chunk.objects.filter(job=proposal).update(channel=1)
    Segment.objects.filter(job=proposal).update(
        start_ms=4000, end_ms=11_000, words=[["fine", 4000, 5000, 1], ["thanks", 9000, 11_000, 1]]
    )
    found = [row.proposed.text for row in compare(job, proposal).rows]
    assert found == ["", "fine", "thanks"]
