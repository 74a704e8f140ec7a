"""One request of a webhook: signed, to a checked address, bounded, and never led elsewhere."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_network
from itertools import repeat

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from speech_project.webhooks import addresses, delivering, sending, services
from speech_project.webhooks.models import Delivery, Webhook
from tests.receiver import CERTIFICATE

pytestmark = pytest.mark.django_db

BODY = b'{"type":"webhook.test"}'


def send(url):
    return sending.send(url, {"Content-Type": "application/json"}, BODY)


@pytest.fixture
def resolves(monkeypatch):
    """Says what names lead to, and how often it was asked."""
    asked = []

    def to(*answers):
        def resolve(host, port):
            asked.append(host)
            return list(answers)

        monkeypatch.setattr(addresses, "resolve", resolve)
        return asked

    return to


# --- Signatures --------------------------------------------------------------------------------


def test_what_is_sent_is_verified_by_the_standard_library_of_receivers(webhook, receiver):
    services.test(webhook)
    delivering.deliver(webhook.pk)

    (got,) = receiver.got
    said = Verifier(webhook.secret).verify(got.body, got.headers)
    assert said["type"] == "webhook.test"
    assert said["data"] == {"webhook": webhook.pk}
    assert got.path == "/hooks?of=clinic"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == str(Delivery.objects.get().pk)


def test_another_body_or_time_or_id_is_not_verified(webhook, receiver):
    services.test(webhook)
    delivering.deliver(webhook.pk)

    (got,) = receiver.got
    verifier = Verifier(webhook.secret)
    later = str(int(got.headers["webhook-timestamp"]) + 1)
    for body, change in (
        (got.body + b" ", {}),
        (got.body, {"webhook-timestamp": later}),
        (got.body, {"webhook-id": "another"}),
    ):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body, got.headers | change)


def test_a_secret_is_256_random_bits(webhook):
    other = services.create(webhook.api_key, url=webhook.url)
    for each in (webhook, other):
        assert each.secret.startswith("whsec_")
        assert len(base64.b64decode(each.secret.removeprefix("whsec_"))) == 32
    assert webhook.secret != other.secret


def test_while_a_rotation_overlaps_both_secrets_verify(webhook, receiver):
    before = webhook.secret
    after = services.rotate(webhook)
    services.test(webhook)
    delivering.deliver(webhook.pk)

    (got,) = receiver.got
    for secret in (before, after):
        assert Verifier(secret).verify(got.body, got.headers)["type"] == "webhook.test"


def test_after_a_day_only_the_new_secret_verifies(webhook, receiver):
    before = webhook.secret
    after = services.rotate(webhook)
    assert webhook.previous_until > timezone.now() + timedelta(hours=23)
    Webhook.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
    services.test(webhook)
    delivering.deliver(webhook.pk)

    (got,) = receiver.got
    assert Verifier(after).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(before).verify(got.body, got.headers)


# --- Addresses ---------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fd00::1",
    "fe80::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_only_the_house_reaches_is_refused_when_it_is_given(address):
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(addresses.AddressRefused, match="is not on the open internet"):
        addresses.check(f"https://{host}/hooks")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_into_the_house_is_refused_when_it_is_sent_to(resolves, address):
    resolves("93.184.215.14", address)
    answer = send("https://rebound.example.org/hooks")
    assert answer.status is None
    assert answer.problem.startswith("rebound.example.org is not on the open internet.")
    assert "WEBHOOK_ALLOWED_NETWORKS" in answer.problem


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet_are_fine(resolves, address):
    resolves(address)
    url = addresses.check("https://example.org/hooks")
    assert [str(each) for each in addresses.reachable(url)] == [address]


def test_nothing_is_sent_to_this_machine_unless_it_is_allowed(receiver, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("10.0.0.0/8")]
    answer = send(receiver.url)
    assert answer.problem.startswith("127.0.0.1 is not on the open internet.")
    assert receiver.got == []


def test_the_connection_goes_to_the_address_that_was_checked(receiver, resolves):
    """Who looks the name up once more may be told another address."""
    asked = resolves("127.0.0.1")
    answer = send(f"http://no-such-name.invalid:{receiver.port}/hooks")
    assert (answer.status, answer.problem) == (204, "")
    assert asked == ["no-such-name.invalid"]
    assert receiver.got[0].headers["host"] == f"no-such-name.invalid:{receiver.port}"


def test_an_address_that_is_down_leaves_the_others(receiver, resolves, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    resolves("127.0.0.2", "127.0.0.1")
    assert send(f"http://two.example.org:{receiver.port}/").status == 204


def test_http_is_for_the_house_only(receiver, resolves):
    resolves("93.184.215.14")
    assert send("http://example.org/").problem == ("Only https:// is sent to on the open internet.")


def test_without_networks_of_the_house_http_is_refused_at_once(db):
    with pytest.raises(addresses.AddressRefused, match="Only https:// is sent to"):
        addresses.check("http://example.org/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("example.org/hooks", "Give a whole address"),
        ("ftp://example.org/", "Give a whole address"),
        ("https:///hooks", "Give a whole address"),
        ("https://example.org:70000/", "Give a whole address"),
        ("https://rita:secret@example.org/", "no name and password"),
        ("https://example.org/#hooks", "no # in it"),
        ("https://example.org/a b", "no spaces"),
        ("https://example.org/\n", "no spaces"),
        ("https://example.org/" + "a" * 2000, "at most 2000 characters"),
        ("https://[::1/", "This is no address"),
    ],
)
def test_what_is_no_address_to_send_to_is_told(url, why):
    with pytest.raises(addresses.AddressRefused, match=why):
        addresses.check(url)


def test_a_name_that_leads_nowhere_is_told():
    answer = send("https://no-such-name.invalid/")
    assert answer.problem.startswith("The host no-such-name.invalid was not found:")


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture
def trusted(monkeypatch):
    """The receiver's certificate is among those of the house."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    sending._trusted.cache_clear()
    yield
    sending._trusted.cache_clear()


@pytest.mark.usefixtures("trusted")
def test_the_certificate_is_that_of_the_name(tls_receiver, resolves):
    resolves("127.0.0.1")
    assert send(f"https://receiver.test:{tls_receiver.port}/").status == 204
    answer = send(f"https://another.test:{tls_receiver.port}/")
    assert answer.status is None
    assert "certificate is not valid for 'another.test'" in answer.problem
    assert len(tls_receiver.got) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_receiver, resolves):
    resolves("127.0.0.1")
    answer = send(f"https://receiver.test:{tls_receiver.port}/")
    assert "certificate verify failed" in answer.problem
    assert tls_receiver.got == []


# --- Answers -----------------------------------------------------------------------------------


def test_redirects_are_not_followed(receiver):
    receiver.answer(302, Location=f"http://127.0.0.1:{receiver.port}/elsewhere")
    answer = send(receiver.url)
    assert answer.status == 302
    assert "None is followed: give the final address" in answer.problem
    assert len(receiver.got) == 1


def test_what_the_receiver_says_went_wrong_is_kept(receiver):
    receiver.answer(400, b'{"error":\n\x00 "unknown \xc3\xa9vent"}\xff' + b"x" * 1000)
    answer = send(receiver.url)
    assert answer.problem.startswith('It answered 400: {"error": "unknown évent"}')
    assert len(answer.problem) < 250
    json.dumps(answer.problem).encode()


def test_of_an_endless_answer_little_is_read(receiver):
    receiver.answers.append((500, {}, repeat(b"x" * 10_000)))
    answer = send(receiver.url)
    assert answer.status == 500
    assert answer.problem.endswith("x" * 200)


def test_a_receiver_that_hangs_is_left_in_time(receiver, monkeypatch):
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.3)
    done = threading.Event()
    receiver.before = lambda got: done.wait(30)
    answer = send(receiver.url)
    done.set()
    assert answer.status is None
    assert answer.problem.startswith("No answer came within")
    assert 300 <= answer.took_ms < 5000


def test_a_look_up_that_hangs_is_left_in_time(monkeypatch):
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.2)
    done = threading.Event()
    monkeypatch.setattr(addresses, "resolve", lambda host, port: done.wait(30))
    answer = send("https://example.org/")
    done.set()
    assert answer.problem.startswith("No answer came within")
    assert answer.took_ms < 5000


def test_a_port_that_nobody_listens_at_is_told(receiver):
    answer = send("http://127.0.0.1:1/")
    assert answer.problem.startswith("It could not be reached:")


def test_it_is_sent_from_a_thread_that_runs_a_loop_of_its_own_too(receiver):
    async def inside():
        return send(receiver.url)

    # a thread of its own: where a browser is driven, this one runs a loop already
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(asyncio.run, inside()).result().status == 204


def test_the_proxy_of_the_environment_is_not_used(receiver, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert send(receiver.url).status == 204


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("1" * 30, 0),
        ("Fri, 01 Jan 2021 00:00:00 GMT", 0),
    ],
)
def test_how_long_to_wait_is_read(receiver, header, seconds):
    receiver.answer(503, Retry_After=header)
    assert send(receiver.url).retry_after_s == seconds
