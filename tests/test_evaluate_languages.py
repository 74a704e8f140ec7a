"""`manage.py evaluate_languages`: how often words are told to be in the language they are in."""

from __future__ import annotations

import gzip
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

HEADER = "id\twords_json\tlanguages_json"
LINES = (
    ("Ich weiß , ama 3 gün", "de de other tr tr tr"),
    ("yarın Prüfunglar var", "tr mixed tr"),
    ("sonra nach Hause", "tr tr de"),  # somebody has tagged the second word wrongly
)


@pytest.fixture
def sentences(tmp_path):
    def write(*lines, name="sentences.tsv"):
        path = tmp_path / name
        data = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def tagged(sentences):
    rows = [
        f"{at}\t{json.dumps(words.split())}\t{json.dumps(languages.split())}"
        for at, (words, languages) in enumerate(LINES)
    ]
    return sentences(HEADER, *rows, name="tagged.tsv.gz")


def evaluate(path, *options, languages=("tr", "de")):
    out = StringIO()
    call_command("evaluate_languages", path, "--languages", *languages, *options, stdout=out)
    return out.getvalue()


def test_words_count_by_the_language_people_gave_them(tagged):
    report = json.loads(evaluate(tagged, "--json"))
    assert report.pop("seconds") > 0
    assert report == {
        "words": 10,
        "accuracy": 90.0,
        "by_language": {
            "tr": {"words": 7, "accuracy": 85.71},
            "de": {"words": 3, "accuracy": 100.0},
            "mixed": {"words": 1, "accuracy": 100.0},
        },
    }


def test_for_people(tagged):
    printed = evaluate(tagged, "--limit", "2").splitlines()
    assert printed[0].split() == ["tr", "5", "words,", "100.00", "%", "right"]
    assert printed[-1].startswith("all            7 words, 100.00 % right, in ")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("id\twords_json", 'a\t["b"]'), "Missing: languages_json"),
        ((HEADER, 'a\t["b", "c"]\t["tr"]'), "has 2 words and 1 languages"),
        ((HEADER, 'a\tb\t["tr"]'), "words_json is to be a JSON array"),
        ((HEADER, 'a\t["b"]\t["fr"]'), "is tagged tr or de."),
        ((HEADER,), "is tagged tr or de."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(sentences, lines, message):
    with pytest.raises(CommandError) as refused:
        evaluate(sentences(*lines))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        (("tr", "qq"), "“qq” is not known"),
        (("hr", "sr"), "Words in hr cannot be told from words in sr"),
        (("tr", ""), "has an empty one"),
        (("tr", "sw"), "Words in sw cannot be told from words in tr"),
    ],
)
def test_languages_that_cannot_be_told_are_refused(tagged, languages, message):
    with pytest.raises(CommandError) as refused:
        evaluate(tagged, languages=languages)
    assert message in str(refused.value)
