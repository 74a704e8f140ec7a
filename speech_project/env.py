"""Reading environment variables: each helper refuses nonsense and says what is allowed.

A secret may also come from a file: with `NAME_FILE` set, the value of `NAME` is the content of
that file without the line end (how Docker and Kubernetes hand over secrets).
"""

import os
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str = "", *, allowed: tuple[str, ...] = ()) -> str:
    value = os.environ.get(name, "").strip() or default
    if allowed and value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}. Allowed: {', '.join(allowed)}.")
    return value


def secret(name: str) -> str:
    """The value of NAME, or the content of the file that NAME_FILE names. Both set is an error."""
    file_name = os.environ.get(f"{name}_FILE", "").strip()
    if not file_name:
        return text(name)
    if text(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Set only one of them.")
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {file_name}: {error}.") from error


def boolean(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Allowed: true or false.")


def integer(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Allowed: a whole number from {least} to {most}."
        )
    return number


def amount(name: str) -> Decimal | None:
    """An amount of money, 0 or more; None where nothing is set."""
    value = text(name)
    if not value:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number < 1_000_000:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Allowed: an amount like 2.50, or nothing for no limit."
        )
    return number


def share(name: str) -> float | None:
    """A part of the whole, over 0 and at most 1; None where nothing is set."""
    value = text(name)
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 < number <= 1:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Allowed: a number over 0 and at most 1, or nothing for off."
        )
    return number


def names(name: str, default: str = "") -> list[str]:
    """A list separated by commas; blanks around the items do not count."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def hosts(name: str, default: str = "") -> list[str]:
    """Names of hosts, separated by commas: no address, no path."""
    found = names(name, default)
    for host in found:
        if "/" in host or " " in host:
            raise ImproperlyConfigured(
                f"{name} holds {host!r}. Allowed: names like verbatim.example.org, without "
                "https:// and without a path."
            )
    return found


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Networks and single addresses, separated by commas."""
    found = []
    for network in names(name):
        try:
            found.append(ip_network(network))
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} holds {network!r}. Allowed: networks like 10.20.0.0/16 or fd00:1::/64, "
                "with no bits set behind their length, and single addresses like 10.20.0.7."
            ) from None
    return found


def origin(name: str, value: str) -> str:
    """One site's address, of which `value` may have nothing but scheme, host and port."""
    parts = _parts(value)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        pass
    elif not parts.path.strip("/") and not parts.query and not parts.fragment:
        return value.rstrip("/")
    raise ImproperlyConfigured(
        f"{name} holds {value!r}. Allowed: an address like https://verbatim.example.org, without "
        "a path."
    )


def url(name: str, default: str = "", *, schemes: tuple[str, ...]) -> str:
    """An address of one of the schemes; of a password in it nothing is repeated in an error."""
    value = secret(name) or default
    if not value:
        return ""
    parts = _parts(value)
    place = parts and (parts.path.strip("/") if parts.scheme == "unix" else parts.hostname)
    if parts is None or parts.scheme not in schemes or not place:
        raise ImproperlyConfigured(
            f"{name} is not a usable address. Allowed: one that starts with "
            f"{' or '.join(scheme + '://' for scheme in schemes)}."
        )
    return value


def _parts(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        _ = parts.port  # refuses what is no number
    except ValueError:
        return None
    return parts
