"""Networks that a key is taken from, as `10.20.0.0/16`; a single address is one too."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network


def parse(texts: Iterable[str]) -> list[str]:
    """As they are kept, without blanks and repetitions. Raises ValueError with what to write."""
    return list(dict.fromkeys(_network(text.strip()) for text in texts if text.strip()))


def hold(networks: Iterable[str], address: str) -> bool:
    """Whether the client's address is in one of them; one that is not known is in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):  # as servers that listen on both write the old ones
        found = found.ipv4_mapped or found
    return any(found in ip_network(network) for network in networks)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        meant = _without_host(text)
    raise ValueError(
        f"“{text[:60]}” is no network. "
        + (f"Is {meant} meant?" if meant else "Write one such as 10.20.0.0/16 or 10.20.0.7.")
    )


def _without_host(text: str) -> str:
    """The network that the address with a length stands in; empty: it is none at all."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return ""
