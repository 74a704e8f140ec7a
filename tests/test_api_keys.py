"""Who may use the API: keys, as they are made, sent, refused and noted, and people's logins."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from speech_project.access.models import ApiKey
from speech_project.access.scopes import SCOPES
from transcription.models import Job

JOBS = "/api/v1/jobs/"


def test_a_key_is_printed_once_and_kept_as_a_hash(capsys, reviewer):
    group = reviewer.groups.create(name="Cardiology")
    options = ["--owner=rita", "--group=Cardiology", "--days=30", "--rate=7"]
    options += ["--budget=2.50", "--jobs=3", "--network=10.20.0.0/16", "--network=127.0.0.1"]
    options += ["--scope=jobs:read", "--scope=jobs:write"]
    call_command("create_api_key", "clinic", *options)
    secret = capsys.readouterr().out.strip()
    key = ApiKey.objects.get()
    assert (key.name, key.owner_name, key.group_id) == ("clinic", "rita", group.pk)
    assert (key.rate_limit_per_minute, key.monthly_budget_usd) == (7, Decimal("2.5"))
    assert (key.concurrent_jobs, key.scopes) == (3, ["jobs:read", "jobs:write"])
    assert key.allowed_networks == ["10.20.0.0/16", "127.0.0.1/32"]
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert secret not in json.dumps(ApiKey.objects.values().get(), default=str)
    assert Client().get(JOBS, headers={"X-API-Key": secret}).status_code == 200


def test_a_key_may_do_what_clients_need_unless_told(db):
    call_command("create_api_key", "clinic", stdout=StringIO(), stderr=StringIO())
    key = ApiKey.objects.get()
    assert key.scopes == [scope for scope in SCOPES if scope != "admin"]
    assert (key.allowed_networks, key.concurrent_jobs) == ([], 0)


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
        "--scope=everything",
        "--jobs=-1",
        "--jobs=9999999999",
        "--network=here",
        "--network=10.0.0.0/33",
        "--network=10.20.0.7/16",
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


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"Authorization": "Bearer"}, "Authorization: Bearer came without a key."),
        ({"Authorization": " bearer  "}, "Authorization: Bearer came without a key."),
        ({"X-API-Key": ""}, "X-API-Key came without a key."),
        ({"Authorization": "Bearer {}", "X-API-Key": ""}, "X-API-Key came without a key."),
        ({"Authorization": "Bearer {}", "X-API-Key": "vk_another"}, "hold two keys. Send one"),
        ({}, "Send an API key, as “Authorization: Bearer vk_…” or as “X-API-Key: vk_…”"),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, "Send an API key"),
        ({"Authorization": "{}"}, "Send an API key"),
        ({"Authorization": "Token {}"}, "Send an API key"),
    ],
)
def test_credentials_that_are_none_are_told(key, headers, detail):
    filled = {name: value.format(key[1]) for name, value in headers.items()}
    answer = Client().get(JOBS, headers=filled)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert detail in answer.json()["detail"]


def test_a_key_may_come_twice_and_beside_what_is_for_a_proxy(key):
    for other in (f"Bearer {key[1]}", "Basic dXNlcjpwYXNz"):
        headers = {"Authorization": other, "X-API-Key": key[1]}
        assert Client().get(JOBS, headers=headers).status_code == 200


@pytest.mark.parametrize(("field", "word"), [("expires_at", "expired"), ("revoked_at", "revoked")])
def test_a_key_ends(key, field, word):
    ApiKey.objects.update(**{field: timezone.now() + timedelta(minutes=1)})
    assert Client().get(JOBS, headers={"X-API-Key": key[1]}).status_code == 200
    ApiKey.objects.update(**{field: timezone.now()})
    assert word in refusal(key[1])
    # nobody else learns of it
    assert "not known" in refusal(key[1][:-1])


def test_a_key_is_revoked_by_its_public_part(key, capsys):
    call_command("revoke_api_key", f"vk_{key[0].prefix}")
    assert "is revoked" in capsys.readouterr().err
    assert "revoked" in refusal(key[1])
    first = ApiKey.objects.get().revoked_at
    call_command("revoke_api_key", key[0].prefix)
    assert "was revoked before" in capsys.readouterr().err
    assert ApiKey.objects.get().revoked_at == first


@pytest.mark.parametrize(
    ("networks", "address", "opens"),
    [
        ([], "203.0.113.7", True),
        (["10.20.0.0/16"], "10.20.255.255", True),
        (["10.20.0.0/16"], "10.21.0.0", False),
        (["192.0.2.1/32", "10.20.0.0/16"], "10.20.0.1", True),
        (["10.20.0.0/16"], "::ffff:10.20.0.1", True),
        (["fd00:1::/64"], "fd00:1::7", True),
        (["fd00:1::/64"], "10.20.0.1", False),
        (["10.20.0.0/16"], "", False),
    ],
)
def test_a_key_is_taken_from_its_networks_only(key, networks, address, opens):
    ApiKey.objects.update(allowed_networks=networks)
    client = Client(headers={"X-API-Key": key[1]}, REMOTE_ADDR=address)
    answer = client.get(JOBS)
    assert answer.status_code == (200 if opens else 401)
    if not opens:
        assert f"({address or 'unknown'})" in answer.json()["detail"]
        # whoever has no secret does not learn of the networks
        client = Client(headers={"X-API-Key": key[1][:-1]}, REMOTE_ADDR=address)
        assert "not known" in client.get(JOBS).json()["detail"]


@pytest.mark.parametrize(
    ("proxied", "forwarded", "opens"),
    [
        (True, "203.0.113.7, 10.20.0.1", True),
        (True, "10.20.0.1, 203.0.113.7", False),
        (True, "", False),
        (False, "10.20.0.1", False),
    ],
)
def test_a_client_s_address_is_what_the_trusted_proxy_says(
    key, settings, proxied, forwarded, opens
):
    settings.TRUST_PROXY = proxied
    ApiKey.objects.update(allowed_networks=["10.20.0.0/16"])
    headers = {"X-API-Key": key[1], "X-Forwarded-For": forwarded}
    answer = Client().get(JOBS, headers=headers)
    assert answer.status_code == (200 if opens else 401)


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


@pytest.fixture
def browser(reviewer):
    """Rita's, as it really is: without the token nothing is changed."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer)
    return client


def upload(short_clip):
    return {"file": SimpleUploadedFile("a.flac", short_clip.read_bytes())}


def test_a_page_of_this_site_may_use_the_api_but_no_other_site_may(browser, media, short_clip):
    assert browser.get(JOBS).status_code == 200
    refused = browser.post(JOBS, upload(short_clip))
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert "the cookie csrftoken) in the header X-CSRFToken" in refused.json()["detail"]
    assert not Job.objects.exists()
    browser.get("/")
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post(JOBS, upload(short_clip), headers=token).status_code == 201
    assert Job.objects.get().owner_name == "rita"


def test_a_key_alone_counts_whoever_is_logged_in(browser, key, media, short_clip, make_job):
    make_job("of the house")
    headers = {"X-API-Key": key[1]}
    assert len(browser.get(JOBS).json()["results"]) == 1
    assert browser.get(JOBS, headers=headers).json()["results"] == []
    assert browser.post(JOBS, upload(short_clip), headers=headers).status_code == 201
    assert Job.objects.get(source="api").api_key == key[0]
    assert browser.get(JOBS, headers={"X-API-Key": "vk_wrong"}).status_code == 401


def test_who_left_is_not_let_in(browser, reviewer):
    type(reviewer).objects.update(is_active=False)
    assert browser.get(JOBS).status_code == 401


@pytest.mark.parametrize("who", ["api", "browser"])
def test_methods_that_only_ask_do_what_they_should(request, who):
    client = request.getfixturevalue(who)
    told = client.head(JOBS)
    assert (told.status_code, told.content) == (200, b"")
    assert told["Content-Type"] == "application/json"
    offered = client.options(JOBS)
    assert offered.status_code in (200, 204)
    assert {"GET", "POST", "HEAD", "OPTIONS"} <= set(offered["Allow"].split(", "))


def test_methods_that_only_ask_need_a_key_too(db):
    assert Client().head(JOBS).status_code == 401
    assert Client().options(JOBS).status_code == 401
