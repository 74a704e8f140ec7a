"""Curators listen to the places where a term was taught, without leaving the list."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, expect

from feedback.saving import Save, save_segment
from feedback.services import submit_review
from transcription.models import Job

HEARD, MEANT = "she takes us and paid now", "she takes Ozempic now"


def test_a_clip_plays_and_ends_with_the_words(
    transactional_db: None,
    admin_user: User,
    heard: Callable[..., Job],
    new_context: Callable[..., BrowserContext],
) -> None:
    job = heard(HEARD, "two tablets")
    segment = job.segments.order_by("position")[0]
    save_segment(admin_user, job, segment.pk, Save(MEANT, 1))
    submit_review(admin_user, job)
    page = new_context(admin_user).new_page()
    page.goto("/admin/feedback/candidate/")
    clip = page.get_by_role("link", name="Listen at")
    expect(clip).to_have_attribute("href", re.compile(rf"/jobs/{job.pk}/audio/#t=1\.\d+,3"))
    clip.focus()
    page.keyboard.press("Enter")
    expect(clip).to_have_class("clip playing")
    expect(clip).to_have_class("clip")  # by itself
    clip.click()
    expect(clip).to_have_class("clip playing")
    clip.click()
    expect(clip).to_have_class("clip")
    assert page.url.endswith("/admin/feedback/candidate/")
