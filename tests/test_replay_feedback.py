"""manage.py replay_feedback: what reviewing would have taught, over texts with references."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from feedback.replaying import pieces

FILLER = (
    "and so we went on for quite a while with all of the things that we had to do in that year "
)
RIGHT = f"{FILLER}we lower the Cytiva again. "
HEARD = f"{FILLER}we lower the sativa again. "
OTHER = f"{FILLER}we lower the sateeva again. "


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return written(tmp_path / "pairs.tsv", (RIGHT * 8, HEARD * 6 + OTHER * 2))


def written(path: Path, *texts: tuple[str, str]) -> Path:
    lines = [f"{number}\t{right}\t{heard}" for number, (right, heard) in enumerate(texts)]
    path.write_text("\n".join(["id\treference\thypothesis", *lines]) + "\n", encoding="utf-8")
    return path


def replay(*arguments: object) -> dict[str, Any]:
    out = StringIO()
    call_command("replay_feedback", *map(str, arguments), "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_rest_is_corrected_by_what_the_first_part_taught(pairs: Path):
    found = replay(pairs)
    assert found["documents"] == 1
    assert found["term_errors"] == found["learnable_errors"] == 4
    assert found["fixed"] == 4  # also the way in which it was not heard before
    assert found["fixed_share"] == 1.0
    assert found["wer_after"] < found["wer_before"]
    assert (found["false_edits"], found["terms_learned"]) == (0, 1)


def test_terms_that_the_first_part_did_not_have_cannot_be_learned(tmp_path: Path, pairs: Path):
    terms = tmp_path / "terms.txt"
    terms.write_text("Cytiva\nMounjaro\n")
    right = f"{RIGHT * 4}{FILLER}she has Mounjaro."
    heard = f"{HEARD * 4}{FILLER}she has mount a row."
    two = written(tmp_path / "two.tsv", (right, heard))
    found = replay(two, "--terms", terms, "--part", 0.7)
    assert found["learnable_errors"] < found["term_errors"]


def test_in_order_only_what_two_recordings_taught_is_used(tmp_path: Path):
    one = (RIGHT * 3, HEARD * 3)
    assert replay(written(tmp_path / "2.tsv", one, one), "--in-order")["terms_learned"] == 0
    found = replay(written(tmp_path / "3.tsv", one, one, one), "--in-order")
    assert found["documents"] == 2
    assert found["terms_learned"] == 1
    assert found["fixed"] == 3  # of the third


def test_a_higher_bar_takes_less(pairs: Path):
    assert replay(pairs, "--accept", 0.999)["terms_learned"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--part", "2"], "no number between 0 and 1"),
        (["--in-order"], "takes two"),
        (["--terms", "missing.txt"], "missing.txt"),
    ],
)
def test_bad_input_is_told(pairs: Path, arguments: list[str], message: str):
    with pytest.raises(CommandError, match=message):
        replay(pairs, *arguments)


def test_for_people(pairs: Path):
    out = StringIO()
    call_command("replay_feedback", str(pairs), stdout=out)
    assert "fixed share" in out.getvalue()


def test_pieces_hold_all_words_of_both_texts():
    cut = pieces(HEARD * 5, RIGHT * 5)
    assert len(cut) > 2
    assert " ".join(each.engine_text for each in cut).split() == (HEARD * 5).split()
    assert " ".join(each.text for each in cut).split() == (RIGHT * 5).split()
