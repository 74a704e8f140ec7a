"""Where webhooks may be sent: to what the open internet reaches, and to the networks of the house
that are allowed. Nobody may have this server talk to what only it can reach."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx2
from django.conf import settings

LONGEST = 2000
# IPv4 behind a translator (RFC 6052): the last 32 bits are the address that is meant
TRANSLATED = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


class AddressRefused(Exception):
    """Nothing is sent there; the message says why."""


def check(text: str) -> httpx2.URL:
    """What can be told of an address without looking its host up. Raises AddressRefused."""
    if len(text) > LONGEST or not text.isprintable() or " " in text:
        raise AddressRefused(f"An address has at most {LONGEST} characters, and no spaces.")
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise AddressRefused(f"This is no address: {error}.") from None
    if url.scheme not in ("https", "http") or not url.host or (url.port or 1) > 65535:
        raise AddressRefused("Give a whole address, such as https://example.org/hooks.")
    if url.userinfo:
        raise AddressRefused(
            "An address has no name and password in it: check the signature instead."
        )
    if url.fragment:
        raise AddressRefused("An address has no # in it: nothing behind it would be sent.")
    if url.scheme == "http" and not settings.WEBHOOK_ALLOWED_NETWORKS:
        raise AddressRefused("Only https:// is sent to.")
    if literal := _literal(url.host):
        _check_address(literal, url)
    return url


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, those first that are probably reachable. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def reachable(url: httpx2.URL) -> list[Address]:
    """Where to connect to, so that nothing is looked up once more, and all of it checked. Raises
    AddressRefused."""
    port = url.port or (443 if url.scheme == "https" else 80)
    host = url.raw_host.decode()
    try:
        found = [ip_address(address) for address in resolve(host, port)]
    except (OSError, ValueError) as error:
        raise AddressRefused(f"The host {host} was not found: {error}.") from None
    for address in found:
        _check_address(address, url)
    return found


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _check_address(address: Address, url: httpx2.URL) -> None:
    meant = _meant(address)
    if any(each in network for each in (address, meant)
           for network in settings.WEBHOOK_ALLOWED_NETWORKS):  # fmt: skip
        return
    if not meant.is_global or meant.is_multicast:
        raise AddressRefused(
            f"{url.host} is not on the open internet. An administrator can allow its network:"
            " WEBHOOK_ALLOWED_NETWORKS."
        )
    if url.scheme == "http":
        raise AddressRefused("Only https:// is sent to on the open internet.")


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    tunnel = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnel or address
