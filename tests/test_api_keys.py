"""Who may use the API: keys, as they are made, sent, refused and noted, and people's logins."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from speech_project.access.keys import create_key
from speech_project.access.models import ApiKey
from transcription.models import Job

JOBS = "/api/v1/jobs/"


@pytest.fixture
def key(db):
    return create_key("clinic", rate_limit_per_minute=0)


@pytest.fixture
def api(key):
    return Client(headers={"Authorization": f"Bearer {key[1]}"})


def test_a_key_is_printed_once_and_kept_as_a_hash(capsys, reviewer):
    group = reviewer.groups.create(name="Cardiology")
    options = ["--owner=rita", "--group=Cardiology", "--days=30", "--rate=7"]
    options.append("--budget=2.50")
    call_command("create_api_key", "clinic", *options)
    secret = capsys.readouterr().out.strip()
    key = ApiKey.objects.get()
    assert (key.name, key.owner_name, key.group_id) == ("clinic", "rita", group.pk)
    assert (key.rate_limit_per_minute, key.monthly_budget_usd) == (7, Decimal("2.5"))
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert secret not in json.dumps(ApiKey.objects.values().get(), default=str)
    assert Client().get(JOBS, headers={"X-API-Key": secret}).status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        "--days=0",
        "--days=99999999",
        "--rate=-1",
        "--rate=9999999999",
        "--budget=-1",
        "--budget=x",
        "--budget=nan",
        "--budget=1e9",
        "--owner=nobody",
        "--group=none",
    ],
)
def test_a_key_with_a_wrong_wish_is_not_made(db, wish):
    with pytest.raises(CommandError):
        call_command("create_api_key", "clinic", wish)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer {}"}, {"Authorization": "bearer  {} "}, {"X-API-Key": "{}"}],
)
def test_both_headers_open(key, headers):
    filled = {name: value.format(key[1]) for name, value in headers.items()}
    assert Client().get(JOBS, headers=filled).status_code == 200


def refusal(secret, header="X-API-Key"):
    answer = Client().get(JOBS, headers={header: secret})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    return answer.json()["detail"]


def test_unknown_keys_are_refused(key):
    secret = key[1]
    unknown = ["vk_", "vk__", "sk-proj-1", secret[:-1], secret + "x", secret.upper(), "vk_é_ü"]
    unknown += [secret.replace("vk_", "vk_0"), "vk_" + "x" * 8000, "vk_a\x00b_c"]
    for text in unknown:
        assert "not known" in refusal(text)
        assert "not known" in refusal(f"Bearer {text}", "Authorization")


@pytest.mark.parametrize(("field", "word"), [("expires_at", "expired"), ("revoked_at", "revoked")])
def test_a_key_ends(key, field, word):
    ApiKey.objects.update(**{field: timezone.now() + timedelta(minutes=1)})
    assert Client().get(JOBS, headers={"X-API-Key": key[1]}).status_code == 200
    ApiKey.objects.update(**{field: timezone.now()})
    assert word in refusal(key[1])


def test_use_is_noted_at_most_once_a_minute(api):
    def used():
        api.get(JOBS)
        return ApiKey.objects.get().last_used_at

    first = used()
    assert timezone.now() - first < timedelta(minutes=1)
    assert used() == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    assert used() > first


# --- Logins ------------------------------------------------------------------------------------


def test_a_page_of_this_site_may_use_the_api_but_no_other_site_may(reviewer, media, short_clip):
    sound = short_clip.read_bytes()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(reviewer)
    assert browser.get(JOBS).status_code == 200
    refused = browser.post(JOBS, {"file": SimpleUploadedFile("a.flac", sound)})
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["detail"]
    assert not Job.objects.exists()
    browser.get("/")
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    browser.post(JOBS, {"file": SimpleUploadedFile("a.flac", sound)}, headers=token)
    assert Job.objects.get().owner_name == "rita"
