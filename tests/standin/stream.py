"""The answer as server-sent events, as it comes while the audio is heard."""

import json
from collections.abc import Iterator
from typing import Any

from tests.standin.answers import Answer, logprobs

MOST_DELTAS = 40  # the service sends one for each token; fewer cost less and read the same
DONE = b"data: [DONE]\n\n"

Event = dict[str, Any]
Timed = tuple[float, bytes]  # when to send it, as a share of the whole latency


def events(answer: Answer) -> list[Event]:
    """The deltas and segments, in order, and the last event, which says all of it again."""
    if answer.form.one("response_format") == "diarized_json":
        found = list(_turns(answer))
    else:
        found = [_delta(answer, group) for group in _groups(answer.tokens)]
    done = {"type": "transcript.text.done", "text": answer.heard.text}
    return [*found, done | answer.extras() | {"usage": answer.usage()}]


def chunks(answer: Answer) -> list[Event]:
    """The same as vLLM sends it: chunks of a chat, whose end is told by no `done`."""
    found = []
    for event in events(answer):
        last = event["type"] != "transcript.text.delta"
        delta = {"content": "" if last else event["delta"]}
        choice = {"index": 0, "delta": delta, "finish_reason": "stop" if last else None}
        chunk = {"id": "trsc-1", "object": "transcription.chunk", "created": 1_700_000_000}
        found.append(chunk | {"model": answer.form.one("model"), "choices": [choice]})
    return found


def paced(events: list[Event]) -> Iterator[Timed]:
    """The events' bytes, evenly over the latency, the last at its end; then [DONE]."""
    for number, event in enumerate(events, 1):
        yield number / len(events), b"data: " + json.dumps(event).encode() + b"\n\n"
    yield 1.0, DONE


def cut_off(events: list[Event]) -> Iterator[Timed]:
    """The first half, and then an end as if all were well."""
    yield from list(paced(events))[: len(events) // 2]


def _groups(tokens: list[str]) -> Iterator[list[str]]:
    size = -(-len(tokens) // MOST_DELTAS) or 1
    for at in range(0, len(tokens), size):
        yield tokens[at : at + size]


def _delta(answer: Answer, group: list[str]) -> Event:
    event: Event = {"type": "transcript.text.delta", "delta": "".join(group)}
    return event | ({"logprobs": logprobs(group)} if answer.wants_logprobs else {})


def _turns(answer: Answer) -> Iterator[Event]:
    """Each turn as a delta of its own, then as the segment that it makes."""
    for segment in answer.diarized():
        space = " " if segment["id"] != "seg_0" else ""
        delta = {"type": "transcript.text.delta", "delta": space + segment["text"]}
        yield delta | {"segment_id": segment["id"]}
        yield segment
