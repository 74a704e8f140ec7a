"""The compiled lexicon: made once for a version, shared by processes, never another client's."""

from __future__ import annotations

import pytest
from django.conf import settings

from lexicon import compiled as module
from lexicon.compiled import compiled
from lexicon.matching import Compiled
from lexicon.models import Term
from lexicon.services import add_term
from speech_project.access.models import ApiKey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    another_process()
    return tmp_path / "lexicon"


def another_process() -> None:
    module._kept.clear()


def texts(lexicon: Compiled) -> set[str]:
    return {entry.text for entry in lexicon.entries}


def approved(term: str, api_key: ApiKey | None = None) -> Term:
    key = api_key.pk if api_key else None
    return add_term(term, source="admin", status=Term.Status.APPROVED, api_key_id=key).term


def test_the_next_job_sees_a_changed_term():
    approved("Ozempic")
    first, before = compiled(None)
    approved("Entresto")
    second, after = compiled(None)
    assert first != second
    assert texts(before) == {"Ozempic"} and texts(after) == {"Ozempic", "Entresto"}


def test_counting_does_not_compile_again():
    term = approved("Ozempic")
    version, lexicon = compiled(None)
    Term.objects.filter(pk=term.pk).update(matched_count=7)
    assert compiled(None) == (version, lexicon)


def test_another_process_takes_what_one_has_compiled(monkeypatch):
    approved("Ozempic")
    version, _ = compiled(None)
    another_process()
    monkeypatch.setattr(module, "compile_lexicon", lambda entries: pytest.fail("compiled again"))
    again, lexicon = compiled(None)
    assert again == version and texts(lexicon) == {"Ozempic"}


def test_a_broken_file_is_made_anew(folder):
    approved("Ozempic")
    compiled(None)
    another_process()
    [file] = (each for each in folder.rglob("*") if each.is_file())
    file.write_bytes(file.read_bytes()[:100])
    assert texts(compiled(None)[1]) == {"Ozempic"}
    another_process()
    assert texts(compiled(None)[1]) == {"Ozempic"}


def test_a_folder_that_cannot_be_written_holds_nothing_up(folder):
    approved("Ozempic")
    folder.write_text("in the way")
    assert texts(compiled(None)[1]) == {"Ozempic"}


def test_a_clients_own_terms_are_for_that_client_alone():
    ours = ApiKey.objects.create(name="ours", key_hash="a" * 64, prefix="a")
    theirs = ApiKey.objects.create(name="theirs", key_hash="b" * 64, prefix="b")
    approved("Ozempic")
    approved("Zyxelor", ours)
    assert texts(compiled(ours.pk)[1]) == {"Ozempic", "Zyxelor"}
    assert texts(compiled(theirs.pk)[1]) == texts(compiled(None)[1]) == {"Ozempic"}
    assert compiled(theirs.pk)[0] == compiled(None)[0]


def test_few_files_are_kept(folder):
    for number in range(module.MOST_FILES + 3):
        approved(f"Term{number}x")
        compiled(None)
    assert sum(each.is_file() for each in folder.rglob("*")) == module.MOST_FILES
