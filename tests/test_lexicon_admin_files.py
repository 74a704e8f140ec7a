"""Files of terms in admin: exported, uploaded, looked through, and then taken."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile

from lexicon.admin import pages
from lexicon.exchange import formats
from lexicon.models import Term
from tests.test_lexicon_admin import TERMS, act, add, messages

IMPORT = TERMS + "import/"


@pytest.mark.parametrize("format", ["csv", "tsv", "json"])
def test_the_chosen_terms_are_exported_as_a_file(admin_client, db, format):
    chosen, _ = add("Ozempic", "us, and paid", note="=1"), add("Xarelto")
    answer = act(admin_client, f"export_{format}", chosen)
    assert answer["Content-Disposition"] == f'attachment; filename="lexicon.{format}"'
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf") == (format == "csv")
    (row,) = formats.read(content, f"a.{format}").rows
    assert (row.term, row.alternatives[0].text, row.given["note"]) == (
        "Ozempic",
        "us, and paid",
        "=1",
    )


def upload(client, content, name="terms.csv", **wishes):
    given = {"file": SimpleUploadedFile(name, content.encode()), "format": "", "status": "",
             "api_key": ""}  # fmt: skip
    return client.post(IMPORT, given | wishes)


def confirm(client, page):
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page.content.decode())
    return client.post(IMPORT, {"kept": kept}, follow=True)


def test_an_import_shows_what_it_would_do_before_it_does_it(admin_client, db):
    add("Ozempic")
    text = "term,kind,alternatives\nOzempic,drug,\nXarelto,,just in\nBad,verb,\nOZEMPIC,,\n"
    page = upload(admin_client, text, status="approved")
    shown = page.content.decode()
    assert "1 added, 1 changed, 1 left as they are, 1 refused." in shown
    for part in ("kind is “verb”. Allowed: drug,", "“just in” is ordinary", "the same as in line 2",
                 "kind: other → drug; status: suggested → approved"):  # fmt: skip
        assert part in shown
    assert list(Term.objects.values_list("term", "kind")) == [("Ozempic", "other")]
    page = confirm(admin_client, page)
    assert messages(page) == [
        "Imported from terms.csv: 1 added, 1 changed, 1 left as they are, 1 refused."
    ]
    assert set(Term.objects.values_list("term", "kind", "status", "created_by_name")) == {
        ("Ozempic", "drug", "approved", ""), ("Xarelto", "other", "approved", "admin"),
    }  # fmt: skip


def test_an_import_is_done_once(admin_client, db):
    page = upload(admin_client, "term\nOzempic\n")
    confirm(admin_client, page)
    assert messages(confirm(admin_client, page)) == [pages.GONE]


def test_an_import_that_fails_can_be_tried_again(admin_client, db, monkeypatch):
    page = upload(admin_client, "term\nOzempic\n")

    def broken(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(pages, "import_terms", broken)
        confirm(admin_client, page)
    assert not Term.objects.exists()
    confirm(admin_client, page)
    assert Term.objects.get().term == "Ozempic"


def test_an_upload_is_confirmed_by_who_made_it(admin_client, client, db):
    page = upload(admin_client, "term\nOzempic\n")
    client.force_login(User.objects.create_superuser("eve"))
    assert messages(confirm(client, page)) == [pages.GONE]
    assert not Term.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        ("term,trem\nA,b", "a.csv", "There is no column “trem”."),
        ("[", "a.json", "The JSON ends within its list"),
        ("", "a.csv", "The submitted file is empty."),
    ],
)
def test_a_file_that_cannot_be_read_is_told_beside_its_field(admin_client, db, content, name, told):
    page = upload(admin_client, content, name)
    assert told in page.context["form"].errors["file"][0]


def test_a_file_that_is_too_large_is_told(admin_client, db, monkeypatch):
    monkeypatch.setattr("lexicon.admin.forms.MOST_BYTES", 10)
    page = upload(admin_client, "term\nOzempic\nXarelto\n")
    assert "Split it, or use manage.py import_lexicon." in page.content.decode()


def test_many_lines_are_shown_in_part(admin_client, db):
    page = upload(admin_client, "term\n" + "".join(f"word {n}\n" for n in range(250)))
    shown = page.content.decode()
    assert "Only the first 200 are shown." in shown
    assert "word 199" in shown
    assert "word 200" not in shown
    confirm(admin_client, page)
    assert Term.objects.count() == 250


def test_who_may_only_look_imports_and_merges_nothing(client, db):
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_term"))
    client.force_login(user)
    term = add("Ozempic")
    assert client.get(IMPORT).status_code == 403
    assert IMPORT not in client.get(TERMS).content.decode()
    act(client, "merge", term, add("Ozempik"), keep=term.pk, merge="Merge")
    act(client, "approve", term)
    assert set(Term.objects.values_list("status", flat=True)) == {"suggested"}
    answer = act(client, "export_csv", term)
    assert b"Ozempic" in b"".join(answer.streaming_content)
