"""Where a request comes from, behind the one proxy that TRUST_PROXY speaks of."""

from ipaddress import ip_address

from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """What the proxy itself wrote: the last of X-Forwarded-For. The rest a client may invent."""
    last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return request.META.get("REMOTE_ADDR", "")
