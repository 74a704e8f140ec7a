"""Damaged recordings are transcribed or refused with a sentence, and never trusted on length."""

from __future__ import annotations

import hashlib

import pytest

from benchmarks import robustness
from tests import mutations
from tests.conftest import test_database_url as database_url

SEED, COUNT = 7, 60  # the benchmark takes thousands


@pytest.fixture
def product(openai_standin_process, media, monkeypatch, transactional_db):
    """What the processes that the check starts are told."""
    openai_standin_process.set_text(robustness.TEXT)
    for name, value in {
        "DATABASE_URL": database_url(),
        "MEDIA_ROOT": str(media),
        "OPENAI_BASE_URL": openai_standin_process.base_url,
        "OPENAI_API_KEY": openai_standin_process.api_key,
        "STT_MODEL": "gpt-transcribe",
        "LOG_LEVEL": "ERROR",
    }.items():
        monkeypatch.setenv(name, value)


def outcomes(cases):
    """How many had each outcome, and what is to be said of the bad ones."""
    said: list[str] = []
    counts = robustness.check(cases, said.append)
    return {name: count for name, count in counts.items() if count}, said


def test_no_damage_crashes_the_product_or_misleads_it(product, tmp_path):
    counts, said = outcomes(robustness.mutated_cases(SEED, COUNT, tmp_path))
    assert said == []
    assert counts["transcribed"] + counts["refused"] == COUNT
    assert counts["transcribed"] > counts["refused"] > 0


@pytest.mark.parametrize("recipe", mutations.RECIPES, ids=lambda recipe: recipe.codec)
def test_yardstick_gives_the_length_of_good_files(recipe):
    off_ms = robustness.plain_ms(mutations.good(recipe)) - 1000 * mutations.CLIP_S
    assert abs(off_ms) <= robustness.SLACK_MS


def test_mistakes_are_seen(product, tmp_path):
    """The check itself: a length that is not so, and sound where none is to be had."""
    path = tmp_path / "a.flac"
    flac = next(recipe for recipe in mutations.RECIPES if recipe.codec == "flac")
    path.write_bytes(mutations.good(flac))
    (tmp_path / "b.flac").write_bytes(b"no sound" * 100)
    cases = [
        robustness.Case(path, 1000 * mutations.CLIP_S + 100),
        robustness.Case(tmp_path / "b.flac", 1000),
    ]
    counts, said = outcomes(cases)
    assert counts == {"wrong_duration": 2}
    assert len(said) == 2


def test_damage_is_the_same_each_time():
    first = [mutations.mutation(SEED, index) for index in range(20)]
    assert first == [mutations.mutation(SEED, index) for index in range(20)]
    assert first != [mutations.mutation(SEED + 1, index) for index in range(20)]
    drawn = mutations.Draw("7:0").noise(1000)
    digest = hashlib.sha256(drawn).hexdigest()
    assert digest.startswith("0f326a970bb46103"), "on every version of Python"
