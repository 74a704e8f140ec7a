"""Very many jobs of several API keys, in all states, of three years. Each time the same."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from speech_project.access.keys import create_key
from transcription.models import Job

KEYS = 10  # the first has half of the jobs; a twentieth are people's
FAR_AWAY = 1_000_000_000  # a limit, so that requests are counted
# words of titles, the rarer the further back: each is in half as many as the one before
WORDS = (
    "Visit Round Letter Follow Call Report Consult Second Cardiology Discharge Knee Referral "
    "Handover Echo Biopsy Appeal Hearing Panel Vienna Oslo"
)

INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'jobs' AND indexname <> 'pk_jobs'"
)
FILL = """
INSERT INTO jobs (
    id, title, source, api_key_id, audio_file, audio_name, audio_sha256, audio_bytes, audio_format,
    audio_codec, duration_ms, engine, model, languages, options, status, review_status, priority,
    word_count, usage, cost_usd, metadata, created_at, started_at, finished_at, woken_at,
    chunk_count, rank_at
)
SELECT
    gen_random_uuid(),
    words[least(1 + floor(-ln(1 - a) / ln(2)), 20)::int] || ' '
        || words[least(1 + floor(-ln(1 - b) / ln(2)), 20)::int] || ' ' || n,
    CASE WHEN c < 0.05 THEN 'page' ELSE 'api' END,
    CASE WHEN c < 0.05 THEN NULL WHEN c < 0.55 THEN keys[1] ELSE keys[2 + floor(20 * c - 11)::int]
        END,
    'recordings/none-' || n || '.flac', 'visit-' || n || '.flac',
    encode(sha256(n::text::bytea), 'hex'), 1200000, 'flac', 'flac', 60000,
    'openai', CASE WHEN b < 0.7 THEN 'gpt-transcribe' WHEN b < 0.9 THEN 'whisper-1'
        ELSE 'gpt-4o-transcribe' END,
    '["en"]', '{"channels": "auto", "prompt": ""}', status,
    CASE WHEN status <> 'completed' OR a < 0.3 THEN 'waiting' WHEN a < 0.31 THEN 'in_review'
        ELSE 'reviewed' END,
    0, 150, '{"seconds": 60}', 0.0045,
    jsonb_build_object('case', n, 'ward', floor(100 * d)::int, 'site', 'S' || n %% 3),
    made, made, CASE WHEN status IN ('completed', 'failed', 'cancelled')
        THEN made + interval '1 minute' END, made, 2, made
FROM (
    SELECT n, random() AS a, random() AS b, random() AS c, random() AS d,
        string_to_array(%s, ' ') AS words, %s::bigint[] AS keys,
        now() - interval '3 years' * n / %s AS made,
        CASE WHEN n < 200 THEN 'queued' WHEN n < 240 THEN 'transcribing' WHEN n %% 50 = 7 THEN
            'failed' WHEN n %% 200 = 3 THEN 'cancelled' ELSE 'completed' END AS status
    FROM generate_series(1, %s) AS n
) AS each
"""


@dataclass(frozen=True)
class Client:
    """An API key, and a job of it that is done."""

    key: str
    job_id: str


def fill(jobs: int) -> list[Client]:
    """The client with half of all jobs, then one with a twentieth of them."""
    made = [create_key(f"client {n}", rate_limit_per_minute=FAR_AWAY) for n in range(KEYS)]
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:  # row by row they would take minutes
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(FILL, [WORDS, [key.pk for key, _ in made], jobs, jobs])
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE")
    done = Job.objects.filter(status=Job.Status.COMPLETED)
    return [
        Client(text, str(done.filter(api_key=key).values_list("pk", flat=True)[0]))
        for key, text in made[:2]
    ]
