"""A key gets a new secret while clients still hold the old one."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from speech_project.access.keys import create_key, rotate_key
from speech_project.access.models import ApiKey

JOBS, KEYS = "/api/v1/jobs/", "/admin/access/apikey/"
SECRET = re.compile(r"vk_[0-9a-f]{8}_[\w-]{40,}")


def answer(secret):
    return Client().get(JOBS, headers={"X-API-Key": secret})


def opens(*secrets):
    return [answer(secret).status_code == 200 for secret in secrets]


def rotate(*args):
    out, err = StringIO(), StringIO()
    call_command("rotate_api_key", *args, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue()


def test_both_secrets_open_until_the_old_one_ends(key):
    key, old = key
    new = rotate_key(key)
    assert new.startswith(f"vk_{key.prefix}_")
    assert new != old
    assert timedelta(hours=23) < key.previous_until - timezone.now() <= timedelta(hours=24)
    assert opens(old, new) == [True, True]
    ApiKey.objects.update(previous_until=timezone.now())
    assert opens(old, new) == [False, True]
    assert "given a new secret" in answer(old).json()["detail"]
    assert "not known" in answer(old[:-1]).json()["detail"]


def test_a_secret_that_got_out_ends_at_once(key):
    new = rotate_key(key[0], timedelta(0))
    assert opens(key[1], new) == [False, True]


def test_the_second_rotation_drops_the_first_secret(key):
    key, first = key
    second, third = rotate_key(key), rotate_key(key)
    assert opens(first, second, third) == [False, True, True]
    assert "not known" in answer(first).json()["detail"]


def test_a_rotated_key_is_the_same_client_and_ends_as_a_whole(key, make_job):
    key, old = key
    make_job(api_key=key)
    new = rotate_key(key)
    for secret in (old, new):
        assert len(answer(secret).json()["results"]) == 1
    ApiKey.objects.update(revoked_at=timezone.now())
    for secret in (old, new):
        assert "revoked" in answer(secret).json()["detail"]


def test_the_command_prints_the_new_secret_alone(key):
    key, old = key
    new, told = rotate(f"vk_{key.prefix}")
    assert SECRET.fullmatch(new)
    assert "is taken until 20" in told
    assert opens(old, new) == [True, True]
    newer, told = rotate(key.prefix, "--overlap-hours=0")
    assert "is refused" in told
    assert opens(old, new, newer) == [False, False, True]


def test_a_key_that_is_not_there_is_told_with_those_that_are(key):
    for command in ("rotate_api_key", "revoke_api_key"):
        with pytest.raises(CommandError, match=rf"In force: clinic \(vk_{key[0].prefix}…\)"):
            call_command(command, "vk_00000000x")


@pytest.mark.parametrize("hours", ["-1", "2161", "x"])
def test_an_overlap_that_is_none_changes_nothing(key, hours):
    with pytest.raises(CommandError):
        rotate(key[0].prefix, f"--overlap-hours={hours}")
    assert opens(key[1]) == [True]
    assert ApiKey.objects.get().previous_hash == ""


@pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
def test_a_key_that_ended_is_not_rotated(key, field, admin_client):
    ApiKey.objects.update(**{field: timezone.now()})
    with pytest.raises(CommandError, match="Make a new key"):
        rotate(key[0].prefix)
    assert "Make a new key" in in_admin(admin_client, 24, key[0]).content.decode()
    assert ApiKey.objects.get().key_hash == key[0].key_hash


# --- In admin ----------------------------------------------------------------------------------


def in_admin(client, hours, *keys):
    chosen = [str(key.pk) for key in keys]
    sent = {"action": "rotate", "overlap_hours": hours, "_selected_action": chosen}
    return client.post(KEYS, sent, follow=True)


def test_admin_shows_new_secrets_once_and_when_the_old_ones_end(admin_client, key):
    other, other_old = create_key("lab")
    page = in_admin(admin_client, 2, key[0], other)
    body = page.content.decode()
    new, other_new = SECRET.findall(body)
    assert "clinic" in body
    assert body.count("the secret before is taken too.") == 2
    assert opens(key[1], new, other_old, other_new) == [True] * 4
    until = ApiKey.objects.get(pk=other.pk).previous_until
    assert timedelta(hours=1) < until - timezone.now() <= timedelta(hours=2)
    form = admin_client.get(f"{KEYS}{key[0].pk}/change/").content.decode()
    assert "taken until" in form
    for address in (KEYS, "/admin/"):
        form += admin_client.get(address).content.decode()
    assert not SECRET.search(form)
    assert not list(get_messages(page.wsgi_request))
    ApiKey.objects.update(previous_until=timezone.now())
    assert "refused since" in admin_client.get(f"{KEYS}{key[0].pk}/change/").content.decode()


def test_admin_ends_a_secret_at_once(admin_client, key):
    body = in_admin(admin_client, 0, key[0]).content.decode()
    assert "The secret before is refused from now on." in body
    assert opens(key[1]) == [False]


@pytest.mark.parametrize("hours", ["", "-1", "2161", "x", "1.5", "٣", "9" * 50])
def test_hours_that_are_none_rotate_nothing(admin_client, key, hours):
    assert "Enter hours from 0 to 2,160" in in_admin(admin_client, hours, key[0]).content.decode()
    assert opens(key[1]) == [True]
    assert ApiKey.objects.get().previous_until is None
