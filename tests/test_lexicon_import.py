"""Terms come in from files and go out again: what is done, what is left, what is told."""

import io
import json
import random
import re

import pytest
from django.core.management import CommandError, call_command

from lexicon import services
from lexicon.exchange.columns import HEADER
from lexicon.exchange.formats import read
from lexicon.exchange.importing import import_terms
from lexicon.models import Alternative, Term
from lexicon.normalising import normalise
from speech_project.access.keys import create_key
from tests.odd_terms import odd_row
from tests.work import lines_run


def take(text, name="terms.csv", **wishes):
    return import_terms(read(text.encode(), name), **wishes)


def told(report):
    """What became of each line."""
    return {
        **{line.line: ("added", line.detail) for line in report.added},
        **{line.line: ("changed", line.detail) for line in report.changed},
        **{line.line: ("left", line.detail) for line in report.left},
        **{problem.line: ("refused", problem.message) for problem in report.refused},
    }


def heard(term):
    rows = Alternative.objects.filter(term__term=term).order_by("pk")
    return [(each.text, each.source, each.count, each.enabled) for each in rows]


# --- What an import does -----------------------------------------------------------------------


def test_new_terms_are_suggested_unless_the_file_or_the_wish_says_otherwise(db):
    text = "term,status,kind,alternatives\nA,,drug,a1 | a2 | A-1\nB,retired,,\nC,rejected,,\n"
    assert str(take(text)) == "3 added, 0 changed, 0 left as they are, 0 refused"
    assert dict(Term.objects.values_list("term", "status")) == {
        "A": "suggested", "B": "retired", "C": "rejected",
    }  # fmt: skip
    take("D\nE\n", "list.txt", status="approved")
    assert set(Term.objects.filter(status="approved").values_list("term", flat=True)) == {"D", "E"}
    assert heard("A") == [("a1", "import", 0, True), ("a2", "import", 0, True),
                          ("A-1", "import", 0, True)]  # fmt: skip
    term = Term.objects.get(term="A")
    assert (term.kind, term.source, term.script, term.normalized) == ("drug", "import", "Latn", "a")


def test_what_is_there_is_changed_only_where_the_file_says_so(db):
    term = services.add_term(
        "Ozempic", source="learned", kind="brand", note="Keep.", priority=3,
        alternatives={"us and paid": 4},
    ).term  # fmt: skip
    services.count(matched={term.pk: 9})
    text = (
        "term,kind,note,pinned,alternatives,matched_count,source\n"
        'OZEMPIC,drug,,yes,"[""oh"", {""text"": ""US and paid"", ""count"": 1, '
        '""enabled"": false}]",0,api\n'
    )
    detail = (
        "kind: brand → drug; pinned: off → on; term: Ozempic → OZEMPIC; 1 alternative added;"
        " 1 alternative on or off"
    )
    assert told(take(text)) == {2: ("changed", detail)}
    term.refresh_from_db()
    assert (term.term, term.kind, term.pinned) == ("OZEMPIC", "drug", True)
    assert (term.note, term.priority, term.matched_count) == ("Keep.", 3, 9)
    assert (term.source, term.status) == ("learned", "suggested")
    assert heard("OZEMPIC") == [("us and paid", "learned", 4, False), ("oh", "import", 0, True)]
    assert told(take(text)) == {2: ("left", "is so already")}


@pytest.mark.parametrize(
    ("before", "column", "wish", "after"),
    [
        ("suggested", "", "approved", "approved"),
        ("suggested", "", "", "suggested"),
        ("suggested", "retired", "approved", "retired"),
        ("approved", "", "suggested", "approved"),
        ("retired", "", "approved", "retired"),
        ("retired", "approved", "", "approved"),
        ("approved", "rejected", "", "rejected"),
        ("rejected", "approved", "approved", "rejected"),
        ("rejected", "", "approved", "rejected"),
    ],
)
def test_a_status_is_changed_by_its_column_or_raised_by_the_wish(db, before, column, wish, after):
    services.add_term("Ozempic", source="admin", status=before)
    take(f"term,status,note\nOzempic,{column},new\n", status=wish)
    term = Term.objects.get()
    assert term.status == after
    assert term.note == ("" if before == "rejected" else "new")


def test_a_rejected_term_is_left_and_said_so(db):
    services.add_term("German", source="learned", status="rejected")
    ((what, detail),) = told(take("german\n", status="approved")).values()
    assert what == "left"
    assert "was rejected, and stays so" in detail


def test_a_term_that_a_file_has_twice_is_told(db):
    report = told(take("term,kind\nOzempic,drug\nXarelto,\nOZEMPIC,\nozem-pic,\nozempic,brand\n"))
    assert report[2][0] == report[3][0] == report[5][0] == "added"
    assert report[4] == ("left", "the same as in line 2")
    assert report[6] == (
        "refused", "“ozempic” is the same term as in line 2. Put both into one line."
    )  # fmt: skip


def test_many_terms_may_stand_on_one_line(db):
    terms = '["Ozempic", {"term": "Xarelto", "alternatives": ["the"]}, "Keytruda", "ozempic"]'
    report = take(terms, "terms.json")
    assert str(report) == "3 added, 0 changed, 1 left as they are, 0 refused"
    assert Term.objects.count() == 3
    assert [(each.line, "“the”" in each.message) for each in report.warnings] == [(1, True)]


def test_an_alternative_that_a_line_has_twice_is_taken_once(db):
    services.add_term("A", source="admin", alternatives=["b"])
    heard_ = '["c", "C", {"text": "b", "enabled": false}, {"text": "B", "enabled": true}]'
    assert told(take(f'[{{"term": "A", "alternatives": {heard_}}}]', "a.json")) == {
        1: ("changed", "1 alternative added; 1 alternative on or off")
    }
    assert heard("A") == [("b", "admin", 0, False), ("c", "import", 0, True)]


def test_languages_and_keys_have_terms_of_their_own(db):
    clinic, lab = (create_key(name)[0] for name in ("clinic", "lab"))
    text = (
        f"term,language,api_key\nA,,\nA,de,\nA,,clinic\nA,,{lab.prefix}\nA,de,vk_{lab.prefix}\n"
        "A,,nobody\n"
    )
    report = take(text)
    assert len(report.added) == 5
    assert told(report)[7] == (
        "refused",
        "There is no API key “nobody”. Leave api_key empty for a term of everyone.",
    )
    assert set(Term.objects.values_list("language", "api_key__name")) == {
        ("", None), ("de", None), ("", "clinic"), ("", "lab"), ("de", "lab"),
    }  # fmt: skip
    assert told(take("A\nB\n", api_key=clinic)) == {
        1: ("left", "is so already"), 2: ("added", "")
    }  # fmt: skip
    create_key("clinic")
    assert "There are 2 API keys called “clinic”." in told(take("term,api_key\nC,clinic\n"))[2][1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("term\n--\n", "Nothing is left of “--” without its punctuation."),
        ("term,alternatives\nA,b | ’\n", "Nothing is left of “’” without its punctuation."),
        ('term,metadata\nA,"{""a"": ""\\u0000""}"\n', "metadata: This holds a NUL character"),
        ('term,metadata\nA,"{""a"": 1e999}"\n', "metadata: This holds a number or a character"),
    ],
)
def test_what_the_database_cannot_take_is_refused_by_line(db, text, reason):
    report = take(text + "Good,,\n".replace(",,", "," if "," in text else ""))
    assert reason in told(report)[2][1]
    assert list(Term.objects.values_list("term", flat=True)) == ["Good"]


def test_a_dry_run_tells_the_same_and_does_nothing(db):
    services.add_term("Ozempic", source="admin")
    text = "term,kind\nOzempic,drug\nXarelto,brand\nBad,verb\nXarelto,\n"
    dry = take(text, dry_run=True)
    assert list(Term.objects.values_list("term", "kind")) == [("Ozempic", "other")]
    assert told(dry) == told(take(text))
    assert Term.objects.count() == 2


def test_conflicts_are_warned_of_with_the_line(db):
    services.add_term("Monroe", source="admin", status="approved", alternatives=["mon row"])
    lines = ("term,alternatives,status", "Monro Inc,monroe | just in | mon row,", "Monrow,,",
             "X,the,rejected")  # fmt: skip
    text = "\n".join(lines)
    for dry_run in (True, False):
        found = [(each.line, each.message) for each in take(text, dry_run=dry_run).warnings]
        assert (2, "The alternative “monroe” of “Monro Inc” is a term itself: “Monroe”.") in found
        assert any(line == 2 and "“just in” is ordinary language" in said for line, said in found)
        assert (2, "“mon row” is an alternative of “Monro Inc” and of “Monroe”.") in found
        assert {line for line, _ in found} <= {2, 3}


def test_nothing_is_kept_where_the_database_fails(db, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Alternative.objects, "bulk_create", broken)
    with pytest.raises(RuntimeError):
        take("term,alternatives\nA,b\n")
    assert not Term.objects.exists()


# --- There and back ----------------------------------------------------------------------------


def everything():
    """All that the lexicon holds, but for ids."""
    columns = [name for name in HEADER if name not in ("alternatives", "api_key")]
    rows = Term.objects.order_by("normalized", "language", "api_key")
    return [
        (*row, [(a.text, a.source, a.count, a.enabled) for a in
                Alternative.objects.filter(term=pk).order_by("pk")])
        for pk, *row in rows.values_list("pk", "api_key__prefix", "normalized", *columns)
    ]  # fmt: skip


@pytest.mark.parametrize("format", ["csv", "tsv", "json"])
def test_the_whole_lexicon_goes_out_and_comes_in_again(db, tmp_path, format):
    key = create_key("clinic")[0]
    random_ = random.Random(format)
    for _ in range(120):
        row = odd_row(random_)
        text = row.term + str(random_.randrange(10**6))
        term = Term.objects.create(
            term=text, language=row.language, api_key=key if row.api_key else None,
            **row.given | services.keys_of(text, script=row.given["script"]),
        )  # fmt: skip
        for n, each in enumerate(row.alternatives):
            heard = f"{each.text}{n}"
            Alternative.objects.create(
                term=term, normalized=normalise(heard), **vars(each) | {"text": heard}
            )
    before, path = everything(), tmp_path / f"lexicon.{format}"
    call_command("export_lexicon", format=format, output=path, stderr=io.StringIO())
    exported = path.read_bytes()
    Term.objects.all().delete()
    call_command("import_lexicon", path, stdout=io.StringIO(), stderr=io.StringIO())
    assert everything() == before
    # and once more over what is there: nothing to do, and the same file again
    said = io.StringIO()
    call_command("import_lexicon", path, stdout=said, stderr=io.StringIO())
    assert said.getvalue() == "0 added, 0 changed, 120 left as they are, 0 refused.\n"
    call_command("export_lexicon", format=format, output=path, stderr=io.StringIO())
    assert path.read_bytes() == exported


# --- The commands ------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    """Import a file by the command: its output, its complaints, and how it ended."""

    def run(content, *args, name="terms.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        out, complaints = io.StringIO(), io.StringIO()
        try:
            call_command("import_lexicon", str(path), *args, stdout=out, stderr=complaints)
            ended = ""
        except CommandError as error:
            ended = str(error)
        return (
            text.replace(f"{path}", name) for text in (out.getvalue(), complaints.getvalue(), ended)
        )

    return run


def test_the_command_takes_a_list(db, run):
    out, complaints, ended = run("Ozempic\nXarelto\n", "--status", "approved", name="list.txt")
    assert (out, complaints, ended) == (
        "2 added, 0 changed, 0 left as they are, 0 refused.\n",
        "",
        "",
    )
    assert Term.objects.filter(status="approved").count() == 2


def test_the_command_tells_what_it_would_do(db, run):
    text = "term,kind,alternatives\nOzempic,drug,just in\nBad,verb,\n"
    out, complaints, ended = run(text, "--dry-run")
    assert out == "terms.csv:2: added: Ozempic (1 alternative)\n"
    assert complaints.startswith("terms.csv:2: note: The alternative “just in” is ordinary")
    assert "terms.csv:3: refused: kind is “verb”." in complaints
    assert ended.startswith("Would be: 1 added, 0 changed, 0 left as they are, 1 refused.")
    assert not Term.objects.exists()


def test_good_lines_are_taken_and_bad_ones_end_the_command_with_an_error(db, run):
    _, complaints, ended = run("term,kind\nOzempic,drug\nBad,verb\n")
    assert Term.objects.get().term == "Ozempic"
    assert complaints.startswith("terms.csv:3: refused:")
    assert ended.startswith("1 added, 0 changed, 0 left as they are, 1 refused. Put the lines")


def test_the_command_takes_terms_for_one_key(db, run):
    key = create_key("clinic")[0]
    run("A\n", "--api-key", "clinic")
    run("B\n", "--api-key", f"vk_{key.prefix}")
    assert set(Term.objects.values_list("term", "api_key")) == {("A", key.pk), ("B", key.pk)}
    *_, ended = run("C\n", "--api-key", "nobody")
    assert ended == "There is no API key nobody. The admin lists those that there are."
    create_key("clinic")
    *_, ended = run("C\n", "--api-key", "clinic")
    assert ended.startswith("2 API keys are called clinic. Give one of:")


def test_a_file_that_cannot_be_read_changes_nothing(db, run, tmp_path):
    *_, ended = run(b"term\nCaf\xe9\n")
    assert ended.startswith("terms.csv: Line 2 is not UTF-8.")
    with pytest.raises(CommandError, match=r"nothing\.csv cannot be read: No such file"):
        call_command("import_lexicon", tmp_path / "nothing.csv")
    assert not Term.objects.exists()


def test_terms_are_printed_and_written(db, tmp_path):
    services.add_term("=Ozempic", source="admin", alternatives={"us, and paid": 2})
    out = io.StringIO()
    call_command("export_lexicon", stdout=out)
    header, line = out.getvalue().splitlines()
    assert header == ",".join(HEADER)
    assert line.startswith("'=Ozempic,,other,suggested,")
    out = io.StringIO()
    call_command("export_lexicon", "--format", "json", stdout=out)
    (term,) = json.loads(out.getvalue())
    assert term["alternatives"] == [
        {
            "text": "us, and paid",
            "source": "admin",
            "count": 2,
            "enabled": True,
            "undone_count": 0,
            "proven": False,
        }
    ]
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_lexicon", "--output", str(tmp_path / "none" / "a.csv"))


def test_keys_are_refreshed_by_a_command(db):
    services.add_term("Ozempic", source="admin")
    Term.objects.update(sound="?")
    said = io.StringIO()
    call_command("refresh_lexicon", stdout=said)
    assert re.match(r"1 terms", said.getvalue())
    assert Term.objects.get().sound != "?"


def test_an_upgrade_refreshes_keys_that_are_missing_and_no_others(transactional_db):
    services.add_term("पैरासिटामोल", source="admin")
    new = Term.objects.values_list("sound", "romanised").get()
    assert all(new)
    for before, after in ((("", ""), new), (("?", "?"), ("?", "?"))):
        Term.objects.update(sound=before[0], romanised=before[1])
        call_command("upgrade_schema")
        assert Term.objects.values_list("sound", "romanised").get() == after


def test_four_times_the_lines_are_four_times_the_work(db):
    def work(count):
        names = [f"Ozem{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(count)]
        lines = [f'{name},drug,approved,{name[::-1]} | {name[2:]},"a, note"' for name in names]
        text = "\n".join(["term,kind,status,alternatives,note", *lines])
        new = lines_run(lambda: take(text))
        again = lines_run(lambda: take(text))
        assert Term.objects.count() == count
        Term.objects.all().delete()
        return new, again

    work(2)  # what is read once a process
    few, many = work(20), work(80)
    assert many[0] < 5 * few[0]
    assert many[1] < 5 * few[1]
