"""Files of terms: read as people write them, refused line by line, written without loss."""

import csv
import io
import json
import random
from datetime import UTC, datetime

import pytest

from lexicon.exchange import columns
from lexicon.exchange.columns import HEADER, Heard
from lexicon.exchange.decoding import Unreadable
from lexicon.exchange.formats import Row, read, written
from lexicon.models import Source, Term
from tests.odd_terms import odd_row

FORMATS = ("csv", "tsv", "json")


def terms(text, name="terms.csv", **more):
    content = text if isinstance(text, bytes) else text.encode()
    return [row.term for row in read(content, name, **more).rows]


def problems(text, name="terms.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return {each.line: each.message for each in read(content, name).problems}


def row(text, name="terms.csv"):
    found = read(text.encode(), name)
    assert not found.problems
    (only,) = found.rows
    return only


# --- As people write them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("term\nOzempic\nXarelto\n", "a.csv"),
        ("term,kind\r\nOzempic,drug\r\n\r\nXarelto,\r\n", "a.csv"),
        ("Kind;Term;Sounds-Like\ndrug;Ozempic;\n;Xarelto;za rel toe", "a.csv"),
        ("Ozempic\nXarelto", "a.csv"),
        ('"term","kind"\n"Ozempic","drug"\n"Xarelto",""\n', "a.csv"),
        ('"kind";"term"\n"drug";"Ozempic"\n"";"Xarelto"\n', "a.csv"),
        ("Ozempic,en,drug\nXarelto,de\n", "a.csv"),
        ("term\tnote\nOzempic\ta, b\nXarelto\t;\n", "a.tsv"),
        ("term\tnote\nOzempic\tx\nXarelto\t\n", "a.txt"),
        ("Ozempic\n\n  Xarelto \n", "a.txt"),
        ("Ozempic\rXarelto\r", "list.txt"),
        ('["Ozempic", "Xarelto"]', "a.json"),
        ('[{"term": "Ozempic", "kind": "drug"},\n {"term": "Xarelto", "kind": null}]', "a.json"),
        ('{"terms": [{"term": "Ozempic"}, "Xarelto"]}', "a.json"),
        ('{"term": "Ozempic"}\n{"term": "Xarelto"}\n', "a.jsonl"),
        # by what is in it, where the name is silent
        ('[{"term": "Ozempic"}, "Xarelto"]', "upload"),
        ('{"term": "Ozempic"}\n"Xarelto"', "upload"),
        ("term\tkind\nOzempic\tdrug\nXarelto\t\n", ""),
        ("term;kind\nOzempic;drug\nXarelto;\n", ""),
        ("Ozempic\nXarelto\n", ""),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_lists_and_tables_are_read(text, name, encoding):
    assert terms(text.encode(encoding), name) == ["Ozempic", "Xarelto"]


def test_a_format_that_is_named_wins_over_the_name():
    assert terms("a,b\n", "x.csv", format="txt") == ["a,b"]
    assert terms("term\tkind\nOzempic\tdrug", "x.csv", format="tsv") == ["Ozempic"]


def test_a_line_of_everything():
    text = (
        "term,language,kind,status,alternatives,sounds_like,script,case_sensitive,priority,pinned,"
        "note,metadata,created_at\n"
        "Ozempic,DEU,Drug, approved ,us and paid | oh some pig|,oh zem pick,latn,YES,-5,0,"
        '"a, ""b""\n'
        'c","{""x"": [1]}",2026-01-02T03:04:05Z\n'
    )
    found = row(text)
    assert (found.term, found.language, found.line) == ("Ozempic", "de", 2)
    assert found.alternatives == (Heard("us and paid"), Heard("oh some pig"))
    assert found.given == {
        "kind": "drug", "status": "approved", "sounds_like": "oh zem pick", "script": "Latn",
        "case_sensitive": True, "priority": -5, "pinned": False, "note": 'a, "b"\nc',
        "metadata": {"x": [1]}, "created_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    }  # fmt: skip


def test_what_a_file_does_not_say_is_not_given():
    for text in ("term,kind,note,pinned\nOzempic,,,\n", "term\nOzempic\n", "Ozempic"):
        assert row(text).given == {}
    assert row('[{"term": "Ozempic", "note": "", "kind": null}]', "a.json").given == {}


def test_alternatives_tell_of_themselves():
    cell = '"us and paid", {"text": "oh", "count": 3, "source": "learned", "enabled": false}'
    expected = (Heard("us and paid"), Heard("oh", "learned", 3, False))
    in_csv = f"[{cell}]".replace('"', '""')
    assert row(f'term,alternatives\nX,"{in_csv}"\n').alternatives == expected
    assert row(f'[{{"term": "X", "alternatives": [{cell}]}}]', "a.json").alternatives == expected


def test_columns_are_those_of_the_database():
    for field, allowed in (("kind", columns.KINDS), ("status", columns.STATUSES)):
        assert {value for value, _ in Term._meta.get_field(field).choices} == set(allowed)
    assert set(Source.values) == set(columns.SOURCES)
    kept = {field.name for field in Term._meta.concrete_fields}
    derived = {"id", "normalized", "romanised", "sound", "created_by_id"}
    assert set(HEADER) == kept - derived | {"alternatives"}


# --- Refused, with the line and what to do ------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"term": " ", "note": "x"}, "There is no term in this line."),
        ({"term": "a\x00b"}, "term holds a NUL character"),
        ({"term": "x" * 201}, "term has 201 characters; 200 are allowed."),
        ({"kind": "verb"}, "kind is “verb”. Allowed: drug, brand, person"),
        ({"status": "new"}, "status is “new”. Allowed: suggested, approved, rejected, retired."),
        ({"source": "me"}, "source is “me”. Allowed: admin, api, import, learned."),
        ({"language": "german"}, "The language “german” is not known. Allowed: an ISO 639 code"),
        ({"language": "xx"}, "The language “xx” is not known."),
        ({"script": "Roman"}, "The script “Roman” is not known."),
        ({"priority": "high"}, "priority must be a whole number from -32768 to 32767."),
        ({"priority": "40000"}, "priority must be"),
        ({"priority": "1.5"}, "priority must be"),
        ({"priority": "9" * 5000}, "priority must be"),
        ({"sent_count": "-1"}, "sent_count must be a whole number from 0"),
        ({"pinned": "maybe"}, "pinned is “maybe”. Allowed: true or false."),
        ({"metadata": "[1]"}, "metadata must be a JSON object"),
        ({"metadata": "{"}, "metadata is no JSON."),
        ({"metadata": '{"a": NaN}'}, "metadata is no JSON."),
        ({"metadata": "[" * 100_000}, "metadata is no JSON."),
        ({"created_at": "yesterday"}, "created_at must be a date and time"),
        ({"alternatives": "[{]"}, "alternatives is no JSON."),
        ({"alternatives": '[{"count": 1}]'}, "alternatives must be texts, or objects"),
        ({"alternatives": '[{"text": "a", "x": 1}]'}, "alternatives have no “x”."),
        ({"alternatives": '[{"text": "a", "count": -1}]'}, "alternatives must be a whole number"),
        ({"alternatives": "a | " + "y" * 300}, "alternatives has 300 characters"),
        ({"note": "a\x00"}, "note holds a NUL character"),
    ],
)
@pytest.mark.parametrize("format", FORMATS)
def test_one_bad_line_is_told_and_the_others_are_taken(cells, told, format):
    rows = [{"term": "Good"}, {"term": "Bad"} | cells, {"term": "Fine"}]
    if format == "json":
        text = "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]"
    else:
        stream = io.StringIO()
        delimiter = "," if format == "csv" else "\t"
        writer = csv.DictWriter(stream, list(rows[1]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
        text = stream.getvalue()
    found = read(text.encode(), f"a.{format}")
    assert [row.term for row in found.rows] == ["Good", "Fine"]
    ((line, message),) = ((each.line, each.message) for each in found.problems)
    assert line == 3
    assert told in message


def test_lines_are_counted_as_an_editor_counts_them():
    text = 'term,note\n\nA,"two\nlines"\n,x\nB,"a\r\nb\rc"\n,y\n'
    assert set(problems(text)) == {5, 9}
    assert set(problems('[\n{"term": "A",\n"note": "b"},\n\n7,\n{"trem": "B"}]', "a.json")) == {
        5,
        6,
    }
    assert set(problems("A\n\n" + "x" * 201 + "\nB", "a.txt")) == {3}


def test_all_that_is_wrong_with_a_line_is_told_at_once():
    (message,) = problems("term,kind,priority\nA,verb,x\n").values()
    assert message == (
        f"kind is “verb”. Allowed: {', '.join(columns.KINDS)}. priority must be a whole number from"
        " -32768 to 32767."
    )


def test_too_many_cells_are_told_with_what_to_do():
    (message,) = problems("term,note\nMonro, Inc, of Rochester\n").values()
    assert message == (
        "This line has 3 cells for 2 columns. Put cells that hold a “,” in double quotes."
    )
    assert terms("term,note\nA,b,,\n") == ["A"]  # as spreadsheets write them


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"term\nCaf\xe9\n", "a.csv", "Line 2 is not UTF-8. Save the file as UTF-8"),
        ("term".encode("utf-32"), "a.csv", "This file is in UTF-32. Save it as UTF-8"),
        (b"\xff\xfea\x00b", "a.csv", "Line 1 is not UTF-16"),
        (b"term,trem\nA,b", "a.csv", "There is no column “trem”. Rename it or take it out."),
        (b"term,note,Note\nA,b,c", "a.csv", "The column “note” is there twice."),
        (b"name,kind\nOzempic,drug", "a.csv", "The first line is no header"),
        (b"Ozempic,drug\n", "a.csv", "The language “drug” is not known."),
        (b'term,note\nA,b\nB,"c\nC,d\n', "a.csv", "From line 3 on this file cannot be read"),
        (b'term,note\nA,"b" c\n', "a.csv", "From line 2 on this file cannot be read"),
        (b'["A", "B"', "a.json", "a comma or the list's end is missing"),
        (b'["A",\n', "a.json", "The JSON ends within its list"),
        (b'["A"]\n["B"]', "a.json", "There is something after the end of the JSON list."),
        (b'["A",\nB]', "a.json", "Line 2 is no JSON (Expecting value)."),
        (b'[{"term": "A", "priority": NaN}]', "a.json", "NaN cannot be stored"),
        (b"[" * 100_000, "a.json", "Line 1 is no JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_what_to_do(content, name, told):
    with pytest.raises(Unreadable) as refused:
        read(content, name)
    assert told in str(refused.value)


def test_columns_that_a_json_item_has_too_many_are_told_by_line():
    assert "There is no column “trem”." in problems('["A",\n{"trem": "B"}]', "a.json")[2]
    assert "half a character" in problems('[{"term": "\\ud800"}]', "a.json")[1]
    assert "term must be text, not 7." in problems('[{"term": 7}]', "a.json")[1]


# --- There and back ----------------------------------------------------------------------------


def known(row):
    """What a row says, without what is as good as not said."""
    said = {name: value for name, value in row.given.items() if value not in ("", {}, None)}
    return row.term, row.language, row.api_key, row.alternatives, said


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("seed", range(40))
def test_what_is_written_is_read_again_just_so(format, seed):
    random_ = random.Random(seed)
    rows = [odd_row(random_) for _ in range(25)]
    text = "".join(written(rows, format))
    found = read(text.encode(), f"lexicon.{format}")
    assert not found.problems
    assert list(map(known, found.rows)) == list(map(known, rows))
    again = "".join(written((_whole(row) for row in found.rows), format))
    assert again == text


def _whole(row):
    empty = dict.fromkeys(("script", "sounds_like", "note", "example", "created_by_name"), "")
    return Row(row.term, row.language, row.api_key, row.alternatives,
               empty | {"metadata": {}, "confidence": None} | row.given)  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_no_cell_is_a_formula_for_a_spreadsheet(format):
    random_ = random.Random(1)
    rows = [odd_row(random_) for _ in range(300)]
    text = "".join(written(rows, format))
    delimiter = "," if format == "csv" else "\t"
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    numbers = HEADER.index("priority")
    for cells in table:
        for at, cell in enumerate(cells):
            assert at == numbers or not cell.startswith(tuple("=+-@\t\r\n＝＋－＠")), cell


def test_a_table_of_someone_else_s_keeps_its_cells():
    text = "term,note\n=A,'tis\n'quoted',-5\n'=B,''\n"
    found = read(text.encode(), "a.csv").rows
    assert [(row.term, row.given["note"]) for row in found] == [
        ("=A", "'tis"), ("'quoted'", "-5"), ("=B", "''"),
    ]  # fmt: skip
