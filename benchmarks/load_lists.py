"""Lists of the API, one after the other: all there is to filter by, and some filters together."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from benchmarks.load_reads import Caller
from benchmarks.web import p95

if TYPE_CHECKING:
    from benchmarks.load_data import Client

ROUNDS = 20


def _ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def filters() -> list[dict[str, Any]]:
    """Frequent and rare, with many findings, few and none."""
    ward, case = json.dumps({"ward": 7}), json.dumps({"case": 4321})
    return [
        {},
        {"status": "completed"},
        {"status": "failed"},
        {"status": "preparing"},
        {"review_status": "waiting"},
        {"review_status": "in_review"},
        {"model": "whisper-1"},
        {"model": "no-such-model"},
        {"created_after": _ago(1)},
        {"created_before": _ago(700)},
        {"created_after": _ago(500), "created_before": _ago(499)},
        {"q": "visit"},
        {"q": "cardiology"},
        {"q": "oslo"},
        {"q": "nobody"},
        {"q": "letter 4321"},
        {"metadata": ward},
        {"metadata": case},
        {"status": "failed", "model": "whisper-1"},
        {"status": "completed", "review_status": "waiting", "metadata": ward},
        {"review_status": "waiting", "created_before": _ago(300), "q": "round"},
    ]


def lists(port: int, *clients: Client) -> dict[str, Any]:
    """Of all requests, and of the slowest kind of them."""
    took: dict[tuple[Client, str], list[float]] = {}
    paths = [f"/api/v1/jobs/?{urlencode(each)}" for each in filters()]
    for client in clients:
        caller = Caller(port, client.key)
        for path in (1 + ROUNDS) * paths:
            began = time.perf_counter()
            caller(path)
            took.setdefault((client, path), []).append(1000 * (time.perf_counter() - began))
        caller.close()
    took = {each: found[1:] for each, found in took.items()}  # the first is to warm up
    slowest = max(took, key=lambda each: p95(took[each]))
    return {
        "list_p95_ms": p95([each for found in took.values() for each in found]),
        "slowest_list": slowest[1],
        "slowest_list_p95_ms": p95(took[slowest]),
    }
