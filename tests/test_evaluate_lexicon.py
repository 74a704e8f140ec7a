"""manage.py evaluate_lexicon: a file of pairs in, error rates and corrected texts out."""

import gzip
import json
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from lexicon.management.commands.evaluate_lexicon import Pair, recordings
from tests.conftest import ROOT

HEADER = "id\treference\thypothesis"
# what a recogniser wrote, with two errors: one on a term, one on another word
HEARD = "Dr. Okonjo gave her metaprolol, in May."
SAID = "Dr. Okonjo gave her metoprolol, on May."


@pytest.fixture
def write(tmp_path):
    """write(name, *lines) -> the file's path."""

    def write(name, *lines):
        path = tmp_path / name
        data = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def pairs(write):
    return write("pairs.tsv", HEADER, f"a\t{SAID}\t{HEARD}", "b\tno terms here\tno terms here")


@pytest.fixture
def terms(write):
    return write("terms.txt", "METOPROLOL", "", "OKONJO")


def evaluated(*arguments):
    out = StringIO()
    call_command("evaluate_lexicon", *map(str, arguments), "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(*arguments):
    out = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("evaluate_lexicon", *map(str, arguments), "--json", stdout=out)
    assert out.getvalue() == ""
    return str(refusal.value)


def test_the_report_compares_before_and_after(pairs, terms):
    report = evaluated(pairs, "--terms", terms, "--normalise", "english")

    assert report.pop("seconds") >= 0
    assert report == {
        "utterances": 2,
        "words": 10,
        "before": {"wer": 20.0, "u_wer": 12.5, "b_wer": 50.0, "term_recall": 50.0},
        "after": {"wer": 10.0, "u_wer": 12.5, "b_wer": 0.0, "term_recall": 100.0},
        "edits": 1,
    }


def test_the_corrected_text_is_the_recognisers_own_but_for_the_term(pairs, terms, tmp_path):
    corrected = tmp_path / "corrected.tsv"
    evaluated(pairs, "--terms", terms, "--normalise", "english", "--output", corrected)

    lines = corrected.read_bytes().decode().split("\n")
    assert [lines[0], *lines[2:]] == ["id\thypothesis", "b\tno terms here", ""]
    assert lines[1].casefold() == f"a\t{HEARD.replace('metaprolol', 'metoprolol')}".casefold()
    assert lines[1].startswith("a\tDr. Okonjo gave her ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "corrected.tsv",
        "pairs.tsv",
        "terms.txt",
    ]


def test_a_line_may_have_a_lexicon_and_scored_terms_of_its_own(write):
    pairs = write(
        "pairs.tsv.gz",
        f"{HEADER}\tscored_terms_json\tterms_json",
        'a\tshe takes metoprolol\tshe takes metaprolol\t["takes"]\t["metoprolol", "lisinopril"]',
        'b\tshe takes metoprolol\tshe takes metaprolol\t["takes"]\t[]',
        "c\tshe takes metoprolol\tshe took metaprolol\t\t",
    )
    report = evaluated(pairs)

    assert report["edits"] == 1  # only the first line's lexicon has the word
    assert report["before"] == {"wer": 44.44, "u_wer": 57.14, "b_wer": 0.0, "term_recall": 100.0}
    assert report["after"] == {"wer": 33.33, "u_wer": 42.86, "b_wer": 0.0, "term_recall": 100.0}


def test_terms_for_all_lines_stand_in_for_those_of_each_line(write):
    pairs = write(
        "pairs.tsv",
        f"{HEADER}\tscored_terms_json\tterms_json",
        'a\tshe takes metoprolol\tshe takes metaprolol\t["metoprolol"]\t["lisinopril"]',
    )
    terms = write("terms.txt", "metoprolol", "atorvastatin")

    assert evaluated(pairs)["edits"] == 0
    assert evaluated(pairs, "--terms", terms)["after"]["b_wer"] == 0.0


def test_without_normalising_case_and_punctuation_are_errors(write):
    terms = write("terms.txt", "culp")
    pairs = write("pairs.tsv", HEADER, "a\tcall with culp color 12\tCall with Culp, colour twelve")

    plain = evaluated(pairs, "--terms", terms)["before"]
    assert plain == {"wer": 80.0, "u_wer": 75.0, "b_wer": 100.0, "term_recall": 0.0}
    english = evaluated(pairs, "--terms", terms, "--normalise", "english")["before"]
    assert english == {"wer": 0.0, "u_wer": 0.0, "b_wer": 0.0, "term_recall": 100.0}


def test_short_lines_are_read_together_and_long_ones_alone():
    """What was said in one recording tells nothing of another."""

    def pair(number, words, terms=("Culp",)):
        return Pair(str(number), "", "so " * words, terms, terms)

    pairs = [
        pair(1, 20),
        pair(2, 20),
        pair(3, 9_000),
        pair(4, 900),
        pair(5, 9),
        pair(6, 9, ("Kuehne",)),
    ]
    together = [[each.id for each in recording] for recording in recordings(pairs)]
    assert together == [["1", "2"], ["3"], ["4"], ["5"], ["6"]]


def test_no_rate_is_told_where_there_is_nothing_to_count(write):
    pairs = write("pairs.tsv", HEADER, "a\tnothing of that kind\tnothing of that kind")
    terms = write("terms.txt", "metoprolol")

    report = evaluated(pairs, "--terms", terms)
    assert report["before"] == {"wer": 0.0, "u_wer": 0.0, "b_wer": None, "term_recall": None}


def test_only_the_first_lines(write, terms, tmp_path):
    pairs = write("pairs.tsv", HEADER, "a\tone two\tone two", "b\tone\tone", "broken")
    corrected = tmp_path / "corrected.tsv"

    report = evaluated(pairs, "--terms", terms, "--limit", 2, "--output", corrected)
    assert (report["utterances"], report["words"]) == (2, 3)
    assert corrected.read_text() == "id\thypothesis\na\tone two\nb\tone\n"
    assert "at least 1" in refused(pairs, "--terms", terms, "--limit", 0)


def test_a_table_for_people(pairs, terms):
    out = StringIO()
    call_command("evaluate_lexicon", pairs, terms=terms, normalise="english", stdout=out)

    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["%", "before", "after"]
    assert lines[1].split() == ["WER", "20.00", "10.00"]
    assert lines[5].startswith("2 lines, 10 words, 1 edits in ")


def test_files_as_windows_writes_them(tmp_path, write):
    pairs, terms = tmp_path / "pairs.tsv", tmp_path / "terms.txt"
    pairs.write_bytes(f"\ufeff{HEADER}\r\na\tgrüß culp\tgrüß culp\r\n".encode())
    terms.write_bytes("\ufeffculp\r\n".encode())

    assert evaluated(pairs, "--terms", terms)["before"]["term_recall"] == 100.0


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ((), "Line 1 of {} has to name the columns, apart by tabs. Missing: id, reference"),
        (("id\treference", "a\tb"), "Missing: hypothesis"),
        ((HEADER, "a\tb\tc"), "Missing: terms_json (or give the terms by --terms)"),
        ((f"{HEADER}\tterms_json",), "{} has no lines after its header"),
        ((f"{HEADER}\tterms_json", "a\tb\tc\t[]", "a\tb\tc"), "Line 3 of {} has 3 columns"),
        ((f"{HEADER}\tterms_json", "a\tb\tc\t[oops"), "Line 2 of {}: terms_json is to be a JSON"),
        ((f"{HEADER}\tterms_json", 'a\tb\tc\t{"x": 1}'), "Line 2 of {}: terms_json is to be"),
        ((f"{HEADER}\tterms_json", "a\tb\tc\t[1, 2]"), "Line 2 of {}: terms_json is to be"),
        ((f"{HEADER}\tterms_json", 'a\tb\tc\t["\\ud800"]'), "Line 2 of {}: terms_json is to be"),
        (
            (f"{HEADER}\tterms_json\tscored_terms_json", "a\tb\tc\t[]\t?"),
            "Line 2 of {}: scored_terms_json is to be",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_named(write, tmp_path, lines, complaint):
    pairs, corrected = write("pairs.tsv", *lines), tmp_path / "corrected.tsv"

    assert complaint.format(pairs) in refused(pairs, "--output", corrected)
    assert not corrected.exists()


def test_a_file_that_cannot_be_read_is_named(pairs, write, terms, tmp_path):
    latin = tmp_path / "latin.tsv"
    latin.write_bytes(f"{HEADER}\na\tone\tone\nb\tgrüß\tgrüß\n".encode("latin-1"))
    torn = tmp_path / "torn.tsv.gz"
    torn.write_bytes(gzip.compress(pairs.read_bytes())[:-12])

    assert f"Line 3 of {latin} is not UTF-8" in refused(latin, "--terms", terms)
    assert f"Cannot read {torn}" in refused(torn, "--terms", terms)
    assert f"Cannot read {tmp_path / 'none'}: No such file" in refused(tmp_path / "none")
    assert f"Cannot read {tmp_path}: Is a directory" in refused(pairs, "--terms", tmp_path)
    assert "has no terms" in refused(pairs, "--terms", write("blank.txt", "", " "))
    tabbed = write("tabbed.txt", "one", "two\tthree")
    assert f"Line 2 of {tabbed} has a tab" in refused(pairs, "--terms", tabbed)


def test_output_that_cannot_be_written_is_refused_and_nothing_is_lost(pairs, terms, tmp_path):
    before = pairs.read_bytes()
    for place, complaint in (
        (tmp_path / "no" / "corrected.tsv", "there is no folder"),
        (tmp_path, "is in the way"),
        (pairs, "is in the way"),
        (tmp_path / ("x" * 300), "Cannot write"),
    ):
        assert complaint in refused(pairs, "--terms", terms, "--output", place)
    assert pairs.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pairs.tsv", "terms.txt"]


def test_it_needs_no_database(pairs, terms):
    done = subprocess.run(
        [sys.executable, "manage.py", "evaluate_lexicon", pairs, "--terms", terms, "--json"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["utterances"] == 2
