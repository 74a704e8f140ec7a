"""What was done, by whom and from where: written once, found by curators, changed by nobody."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from speech_project.access.admin import events
from speech_project.access.keys import create_key, rotate_key
from speech_project.access.models import ApiKey, AuditEvent

JOBS, KEYS = "/api/v1/jobs/", "/admin/access/apikey/"
AUDIT = "/admin/access/auditevent/"
SECRET = re.compile(r"vk_[0-9a-f]{8}_[\w-]{40,}")


def told(**only):
    """Each event, the first first: what was done, to what, by whom, from where."""
    found = AuditEvent.objects.filter(**only).order_by("pk")
    return [(each.action, each.target, each.actor, each.address) for each in found]


def detail():
    return AuditEvent.objects.order_by("pk").last().detail


def command(name, *args):
    out = StringIO()
    call_command(name, *args, stdout=out, stderr=StringIO())
    return out.getvalue()


# --- Keys --------------------------------------------------------------------------------------


def test_what_commands_do_with_keys_is_written(db):
    shown = command("create_api_key", "clinic", "--scope=jobs:read", "--budget=2.50", "--days=1")
    granted = detail()
    assert (granted["name"], granted["scopes"]) == ("clinic", ["jobs:read"])
    assert granted["monthly_budget_usd"] == "2.50"
    assert granted["expires_at"] > str(timezone.now())
    key = ApiKey.objects.get()
    shown += command("rotate_api_key", key.prefix, "--overlap-hours=3")
    assert detail() == {"overlap_hours": 3}
    command("revoke_api_key", key.prefix)
    command("revoke_api_key", key.prefix)
    done = ("key.create", "key.rotate", "key.revoke")
    assert told() == [(each, f"key vk_{key.prefix}", "manage.py", "") for each in done]
    secrets = SECRET.findall(shown)
    assert len(secrets) == 2
    assert_nothing_secret(*secrets)


def assert_nothing_secret(*secrets):
    """Neither the keys' texts nor their hashes."""
    kept = json.dumps([*AuditEvent.objects.values()], default=str)
    for secret in secrets:
        assert secret.split("_", 2)[-1] not in kept
    assert not re.search(r"[0-9a-f]{64}", kept)


def form(**changes):
    given = {"name": "lab", "rate_limit_per_minute": "5", "concurrent_jobs": "0", "metadata": "{}"}
    given |= {"group_id": "", "scopes": ["jobs:read"], "allowed_networks": ""}
    return given | changes


def act(client, action, *keys):
    chosen = [str(key.pk) for key in keys]
    sent = {"action": action, "overlap_hours": "24", "_selected_action": chosen}
    return client.post(KEYS, sent, follow=True).content.decode()


def test_what_is_done_with_keys_in_admin_is_written(admin_client):
    networks = " 10.20.0.7 \r\n\r\nfd00:1::/64\r\n10.20.0.7/32"
    shown = admin_client.post(KEYS + "add/", form(allowed_networks=networks)).content.decode()
    key = ApiKey.objects.get()
    assert key.allowed_networks == ["10.20.0.7/32", "fd00:1::/64"]
    assert (detail()["scopes"], detail()["allowed_networks"]) == (
        ["jobs:read"], key.allowed_networks
    )  # fmt: skip
    address = f"{KEYS}{key.pk}/change/"
    changed = form(allowed_networks=networks, scopes=["admin"], metadata='{"password": "hunter2"}')
    admin_client.post(address, changed)
    assert detail() == {"scopes": ["admin"], "metadata": "changed"}
    # as a browser sends what was not touched
    admin_client.post(address, changed | {"initial-metadata": changed["metadata"]})
    shown += act(admin_client, "rotate", key)
    for _ in range(2):
        act(admin_client, "revoke", key)
    done = ("key.create", "key.change", "key.rotate", "key.revoke")
    assert told() == [(each, f"key vk_{key.prefix}", "admin", "127.0.0.1") for each in done]
    secrets = SECRET.findall(shown)
    assert len(secrets) == 2
    assert_nothing_secret(*secrets, "hunter2")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("scopes", [], "without any it opens nothing"),
        ("scopes", ["everything"], "everything is not one of the available choices"),
        ("allowed_networks", "10.20.0.7/16", "Is 10.20.0.0/16 meant?"),
        ("allowed_networks", "10.20.0.0/16\nhere", "“here” is no network. Write one such as"),
        ("allowed_networks", "10.0.0.0/8, 10.20.0.7", "is no network"),
        ("concurrent_jobs", "-1", "greater than or equal to 0"),
    ],
)
def test_a_wish_that_is_none_is_told_and_nothing_made(admin_client, field, value, sentence):
    page = admin_client.post(KEYS + "add/", form(**{field: value}))
    assert sentence in str(page.context["adminform"].form.errors[field])
    assert not ApiKey.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_new_key_may_do_what_clients_need_unless_told(admin_client):
    page = admin_client.get(KEYS + "add/").content.decode()
    for scope, checked in (("jobs:read", True), ("quality:read", True), ("admin", False)):
        (box,) = re.findall(rf'<input type="checkbox" name="scopes" value="{scope}"[^>]*>', page)
        assert ("checked" in box) == checked


def test_refusals_of_a_known_key_are_written_once_a_minute(key):
    key, secret = key
    old, secret = secret, rotate_key(key, timedelta(0))
    wrong = secret[:-1]
    for text in (wrong, wrong, old, old, "vk_00000000_x", "sk-1"):
        assert Client().get(JOBS, headers={"X-API-Key": text}).status_code == 401
    target = f"key vk_{key.prefix}"
    assert told() == [("key.refused", target, "", "127.0.0.1")] * 2
    reasons = [each.detail for each in AuditEvent.objects.order_by("pk")]
    assert reasons == [{"reason": "unknown"}, {"reason": "replaced"}]
    AuditEvent.objects.update(at=timezone.now() - timedelta(seconds=61))
    Client().get(JOBS, headers={"X-API-Key": wrong})
    assert AuditEvent.objects.count() == 3
    assert_nothing_secret(old, secret)


# --- Requests ----------------------------------------------------------------------------------


def test_what_a_client_changes_is_written_and_what_it_reads_is_not(key, media, short_clip):
    key, secret = key
    api = Client(headers={"X-API-Key": secret}, REMOTE_ADDR="192.0.2.7")
    sound = SimpleUploadedFile("a.flac", short_clip.read_bytes())
    job = api.post(JOBS, {"file": sound}).json()["id"]
    api.get(JOBS)
    assert api.post(f"{JOBS}{job}/retry/").status_code == 409
    assert api.post(f"{JOBS}{job}/cancel/").status_code == 200
    done = ("job.create", "job.cancel")
    assert told(api_key=key) == [(each, f"job {job}", str(key), "192.0.2.7") for each in done]
    assert AuditEvent.objects.count() == 2


# --- The pages ---------------------------------------------------------------------------------


@pytest.fixture
def written(key):
    """Three years of events."""
    key = key[0]
    for year in (2024, 2025, 2026):
        for month, action in ((1, "job.create"), (2, "job.delete")):
            event = AuditEvent.objects.create(
                action=action,
                target=f"job {year}-{month}",
                actor=str(key),
                api_key=key,
                address="192.0.2.7",
                detail={"title": "<b>Ward</b>", "scopes": ["a", "b"]},
            )
            at = datetime(year, month, 3, tzinfo=UTC)
            AuditEvent.objects.filter(pk=event.pk).update(at=at)
    AuditEvent.objects.create(action="key.revoke", target=f"key vk_{key.prefix}", actor="rita")
    return key


def targets(page):
    return [event.target for event in page.context["cl"].result_list]


def test_the_audit_is_shown_the_newest_first(admin_client, written):
    page = admin_client.get(AUDIT)
    assert targets(page)[:3] == [f"key vk_{written.prefix}", "job 2026-2", "job 2026-1"]
    body = page.content.decode()
    assert "title: &lt;b&gt;Ward&lt;/b&gt;, scopes: a b" in body
    event = AuditEvent.objects.get(target="job 2025-2")
    shown = admin_client.get(reverse("admin:access_auditevent_change", args=[event.pk]))
    assert "&quot;scopes&quot;: [" in shown.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"action": "job.delete"}, ["job 2026-2", "job 2025-2", "job 2024-2"]),
        ({"action": "job.delete", "at__year": "2025"}, ["job 2025-2"]),
        ({"at__year": "2024", "at__month": "1"}, ["job 2024-1"]),
        ({"q": " job 2025-1 "}, ["job 2025-1"]),
        ({"q": "job 2025"}, []),
        ({"q": "rit"}, ["key"]),
        ({"q": "clinic", "at__year": "2026"}, ["job 2026-2", "job 2026-1"]),
        ({"api_key__isnull": "True"}, ["key"]),
        ({"action": "gone"}, []),
    ],
)
def test_events_are_found(admin_client, written, query, found):
    if "q" not in query or "at__year" in query:
        AuditEvent.objects.filter(action="key.revoke").update(at=datetime(2026, 3, 1, tzinfo=UTC))
    page = admin_client.get(AUDIT, query)
    assert page.status_code == 200
    assert [target.split(" vk_")[0] for target in targets(page)] == found


def test_a_key_leads_to_what_it_did_and_to_what_was_done_to_it(admin_client, written):
    other = create_key("lab")[0]
    AuditEvent.objects.create(action="job.create", target="job 7", api_key=other)
    form = admin_client.get(f"{KEYS}{written.pk}/change/").content.decode()
    did, done = re.findall(rf'<a href="({AUDIT}[^"]+)">What', form)
    assert len(targets(admin_client.get(did))) == 6
    assert targets(admin_client.get(done)) == [f"key vk_{written.prefix}"]


def test_days_are_offered_without_reading_all_events(admin_client, written):
    AuditEvent.objects.filter(action="key.revoke").update(at=datetime(2026, 3, 1, tzinfo=UTC))

    def offered(**query):
        page = admin_client.get(AUDIT, query).content.decode()
        links = page.partition('class="toplinks"')[2].partition("</nav>")[0]
        return [text for text in re.findall(r">([^<]+)</a>", links) if "&lsaquo;" not in text]

    assert offered() == ["2024", "2025", "2026"]
    assert offered(at__year="2026") == ["January 2026", "February 2026", "March 2026"]
    assert offered(at__year="2026", at__month="2") == ["3 February"]


def test_no_more_is_counted_than_anybody_turns_over(admin_client, written, monkeypatch):
    monkeypatch.setattr(events, "MOST_LISTED", 3)
    page = admin_client.get(AUDIT)
    assert page.context["cl"].result_count == 3
    # of the actions those of the last events are offered
    assert "?action=job.create" in page.content.decode()
    monkeypatch.setattr(events, "MOST_LISTED", 1)
    assert "?action=job.create" not in admin_client.get(AUDIT).content.decode()


def test_many_events_are_listed_with_few_queries(admin_client, key, django_assert_max_num_queries):
    AuditEvent.objects.bulk_create(
        AuditEvent(action="job.create", target=f"job {n}", api_key=key[0]) for n in range(150)
    )
    with django_assert_max_num_queries(12):
        assert len(targets(admin_client.get(AUDIT, {"p": "1"}))) == 100


def test_nobody_changes_the_audit(admin_client, written):
    event = AuditEvent.objects.first()
    page = reverse("admin:access_auditevent_change", args=[event.pk])
    assert admin_client.get(AUDIT + "add/").status_code == 403
    assert admin_client.post(page, {"actor": "nobody"}).status_code == 403
    assert admin_client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
    admin_client.post(AUDIT, sent)
    assert AuditEvent.objects.filter(pk=event.pk, actor=event.actor).exists()


def test_reviewers_do_not_read_the_audit(desk_client, written, reviewer):
    type(reviewer).objects.update(is_staff=True)
    assert desk_client.get(AUDIT).status_code == 403
