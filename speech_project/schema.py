"""The one description of the database schema, as SQLAlchemy Core tables.

`alembic/versions/` brings a database to this state and back; the Django models are unmanaged
mirrors of it. Only alembic/env.py and the tests import this module. No foreign key leads from
here into Django's own tables: users are kept by id and by name, so that `alembic upgrade head`
works alone on an empty database, and an audit trail outlives the account that it names.

All times of recordings are integer milliseconds (`*_ms`); all moments are timestamptz (`*_at`).
"""

from typing import Any

from sqlalchemy import (
    UUID,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def big_id() -> Column[Any]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def words(name: str, comment: str, default: str | None = "") -> Column[Any]:
    """A NOT NULL text column; empty rather than null where there is nothing."""
    server_default = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=False, server_default=server_default, comment=comment)


def code(name: str, comment: str, default: str | None = "") -> Column[Any]:
    """A NOT NULL short text from a fixed set."""
    server_default = None if default is None else text(f"'{default}'")
    return Column(name, String, nullable=False, server_default=server_default, comment=comment)


def number(name: str, comment: str, default: int = 0) -> Column[Any]:
    return Column(name, Integer, nullable=False, server_default=text(str(default)), comment=comment)


def money(name: str, comment: str) -> Column[Any]:
    return Column(name, Numeric(12, 6), comment=comment)


def flag(name: str, comment: str, default: bool = False) -> Column[Any]:
    server_default = text("true" if default else "false")
    return Column(name, Boolean, nullable=False, server_default=server_default, comment=comment)


def json(name: str, comment: str, default: str) -> Column[Any]:
    server_default = text(f"'{default}'::jsonb")
    return Column(name, JSONB, nullable=False, server_default=server_default, comment=comment)


def moment(name: str, comment: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), comment=comment)


def made(name: str = "created_at", comment: str | None = None) -> Column[Any]:
    return Column(
        name, DateTime(timezone=True), nullable=False, server_default=func.now(), comment=comment
    )


def user(role: str, comment: str) -> tuple[Column[Any], Column[Any]]:
    """A user of Django's, by id and name, without a foreign key."""
    return (
        Column(f"{role}_id", Integer, comment=f"{comment}: id in auth_user, kept when it goes"),
        words(f"{role}_name", f"{comment}: name at the time"),
    )


def belongs(name: str, target: str, *, nullable: bool = False, ondelete: str) -> Column[Any]:
    return Column(
        name, ForeignKey(f"{target}.id", ondelete=ondelete), nullable=nullable, index=True
    )


def one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def at_least_zero(*columns: str) -> CheckConstraint:
    rule = " AND ".join(f"{column} >= 0" for column in columns)
    return CheckConstraint(rule, name="not_negative")


def work_columns() -> tuple[Column[Any], ...]:
    """What a unit of work needs so that any worker can claim it, and none does it twice."""
    return (
        number("attempt", "How often it was claimed; also the fence: an old claim cannot write"),
        number("tries_from", "`attempt` when it was last retried: tries are counted from there"),
        moment("not_before", "Not to be claimed earlier (backoff, Retry-After)"),
        moment("lease_until", "Held by a worker until then; renewed while it works"),
        made("woken_at", "A wake-up was last sent; the sweep repeats one that is long overdue"),
    )


api_keys = Table(
    "api_keys",
    metadata,
    big_id(),
    words("name", "What people call the key, e.g. the client that holds it", None),
    code("prefix", "The public first part, shown in lists", None),
    code("key_hash", "SHA-256 of the whole key, hex; the key itself is kept nowhere", None),
    code("previous_hash", "That of the secret before the last rotation"),
    moment("previous_until", "The secret before is taken until then"),
    *user("owner", "Who answers for the key"),
    Column("group_id", Integer, comment="Reviewers of this group see its jobs; auth_group id"),
    json("scopes", "What the key may do", "[]"),
    json("allowed_networks", "From where it is taken, as 10.0.0.0/8; empty: anywhere", "[]"),
    flag("training_consent", "Its recordings and their corrected text may train engines"),
    number("rate_limit_per_minute", "Requests a minute; 0: no limit", 60),
    number("concurrent_jobs", "Jobs that may be at work at once; 0: no limit"),
    money("monthly_budget_usd", "What its jobs may cost in a calendar month (UTC); null: no limit"),
    money("spent_usd", "What they cost in the month of spent_in, deleted ones too"),
    Column("spent_in", Date, comment="First day of that month"),
    made(),
    moment("expires_at", "Refused from then on"),
    moment("revoked_at", "Refused since then"),
    moment("last_used_at", "Written at most once a minute"),
    json("metadata", "Free notes of the owner's systems", "{}"),
    UniqueConstraint("prefix"),
    UniqueConstraint("key_hash"),
    CheckConstraint("key_hash ~ '^[0-9a-f]{64}$'", name="key_hash"),
    CheckConstraint("previous_hash = '' OR previous_hash ~ '^[0-9a-f]{64}$'", name="previous_hash"),
    at_least_zero("rate_limit_per_minute", "concurrent_jobs"),
    comment="API authentication keys",
)

audit_events = Table(
    "audit_events",
    metadata,
    big_id(),
    made("at"),
    belongs("api_key_id", "api_keys", nullable=True, ondelete="SET NULL"),
    Column("user_id", Integer, comment="Who did it, where it was a person: id in auth_user"),
    words("actor", "The key's or the person's name at the time"),
    words("address", "Where the request came from; empty: a command"),
    code("action", "What was done", None),
    words("target", "What it was done to: kind and id"),
    json("detail", "What else is worth knowing of it", "{}"),
    Index("ix_audit_events_action", "action", "at"),
    Index("ix_audit_events_at", "at"),
    Index("ix_audit_events_target", "target"),
    comment="Who did what, for ever",
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    big_id(),
    belongs("api_key_id", "api_keys", nullable=True, ondelete="CASCADE"),
    Column("user_id", Integer, comment="Of a person's request: id in auth_user"),
    words("key", "As the client chose it", None),
    code("request_hash", "SHA-256 of what was asked, hex", None),
    Column("status", SmallInteger, nullable=False, comment="Of the answer"),
    json("headers", "Of the answer, as far as they are its own", "{}"),
    words("body", "Of the answer"),
    made(),
    Index(
        "uq_idempotency_keys_api_key",
        "api_key_id",
        "key",
        unique=True,
        postgresql_where=text("api_key_id IS NOT NULL"),
    ),
    Index(
        "uq_idempotency_keys_user",
        "user_id",
        "key",
        unique=True,
        postgresql_where=text("user_id IS NOT NULL"),
    ),
    Index("ix_idempotency_keys_created", "created_at"),
    comment="Answers to requests that created something, for when they are repeated",
)

webhooks = Table(
    "webhooks",
    metadata,
    big_id(),
    belongs("api_key_id", "api_keys", ondelete="CASCADE"),
    words("url", "Where events are sent", None),
    words("description", "What it is for"),
    json("events", "Which are sent", "[]"),
    words("secret", "What deliveries are signed with; it must be known to sign", None),
    words("previous_secret", "The one before the last rotation"),
    moment("previous_until", "Deliveries are signed with that one too until then"),
    flag("enabled", "Off: nothing is sent", True),
    words("disabled_reason", "Why it was switched off, where that was not a person's wish"),
    number("failures", "Deliveries given up in a row"),
    made(),
    made("updated_at"),
    at_least_zero("failures"),
    comment="Addresses that clients want to be told at",
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", UUID, primary_key=True, comment="Made by the application; the receiver sees it"),
    belongs("webhook_id", "webhooks", ondelete="CASCADE"),
    code("event", "What happened", None),
    json("payload", "What is sent", "{}"),
    code("status", "Where it stands", "waiting"),
    number("attempt", "How often it was claimed; also the fence: an old claim cannot write"),
    number("tries_from", "`attempt` when it was last replayed: tries are counted from there"),
    moment("not_before", "Not to be tried earlier (backoff)"),
    moment("lease_until", "Held by a worker until then"),
    json("tries", "Each: [when, answer's status or null, milliseconds, what went wrong]", "[]"),
    made(),
    moment("delivered_at", "The receiver took it"),
    one_of("status", "waiting", "delivered", "failed"),
    at_least_zero("attempt"),
    Index("ix_webhook_deliveries_created", "created_at"),
    Index(
        "ix_webhook_deliveries_due",
        "not_before",
        postgresql_where=text("status = 'waiting'"),
    ),
    comment="Events on their way to clients, and what became of them",
)

user_settings = Table(
    "user_settings",
    metadata,
    Column("user_id", Integer, primary_key=True, autoincrement=False, comment="id in auth_user"),
    json("keys", "Remapped keys of the desk: action -> key", "{}"),
    json("preferences", "Speed, theme, resume step and the like", "{}"),
    made("updated_at"),
    comment="What each user set up for themselves",
)

engine_accounts = Table(
    "engine_accounts",
    metadata,
    code("name", "`openai`, or host and port of a server that speaks the same API", None),
    moment("next_turn_at", "When the next request may start, by the budget of requests a minute"),
    moment("paused_until", "The service asked for a pause: nobody asks earlier"),
    words("pause_reason", "What it said"),
    PrimaryKeyConstraint("name"),
    comment="Services that are asked: what all workers together must keep to",
)

lexicon_terms = Table(
    "lexicon_terms",
    metadata,
    big_id(),
    words("term", "As it is to be written", None),
    words("normalized", "lexicon.normalise of the term: what makes two terms the same", None),
    words("romanised", "That in Latin letters, to be found from any keyboard"),
    code("language", "ISO 639 code; empty: any"),
    code("script", "ISO 15924 code of the term's script"),
    code("kind", "What sort of thing it names", "other"),
    code("status", "Only approved terms are used", "suggested"),
    belongs("api_key_id", "api_keys", nullable=True, ondelete="CASCADE"),
    words("sounds_like", "How it is said, where the spelling does not tell"),
    words("sound", "Key of how it is said: search by sound, and terms that sound alike"),
    flag("case_sensitive", "Only these capitals are the term"),
    Column(
        "priority",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="Higher goes first where hints are limited",
    ),
    flag("pinned", "Always sent as a hint"),
    words("note", "For curators"),
    words("example", "A sentence that has it"),
    json("metadata", "Free fields of the curators' systems", "{}"),
    code("source", "How it came in", "admin"),
    Column("confidence", Double, comment="How sure learning is of it; null: people entered it"),
    number("frequency", "Uses in reviewed text, confirmed by people"),
    number("sent_count", "Times sent as a hint"),
    number("matched_count", "Times put into a transcript"),
    number("confirmed_count", "Times a reviewer left it standing"),
    number("undone_count", "Times a reviewer took it back"),
    *user("created_by", "Who entered it"),
    made(),
    made("updated_at"),
    one_of("kind", "drug", "brand", "person", "organisation", "place", "acronym", "other"),
    one_of("status", "suggested", "approved", "rejected", "retired"),
    one_of("source", "admin", "api", "import", "learned"),
    at_least_zero("frequency", "sent_count", "matched_count", "confirmed_count", "undone_count"),
    CheckConstraint("term <> '' AND normalized <> ''", name="not_empty"),
    # two indexes, because before PostgreSQL 15 a unique one takes every null as different
    Index(
        "uq_lexicon_terms_everyone",
        "normalized",
        "language",
        unique=True,
        postgresql_where=text("api_key_id IS NULL"),
    ),
    Index(
        "uq_lexicon_terms_api_key",
        "normalized",
        "language",
        "api_key_id",
        unique=True,
        postgresql_where=text("api_key_id IS NOT NULL"),
    ),
    Index("ix_lexicon_terms_status", "status", "normalized"),
    Index("ix_lexicon_terms_sound", "sound", postgresql_ops={"sound": "text_pattern_ops"}),
    comment="Words that the engine should hear and the text spell right",
)

lexicon_alternatives = Table(
    "lexicon_alternatives",
    metadata,
    big_id(),
    belongs("term_id", "lexicon_terms", ondelete="CASCADE"),
    words("text", "What engines write in the term's place", None),
    words("normalized", "lexicon.normalise of the text", None),
    code("source", "How it came in", "admin"),
    number("count", "Times seen in reviewed text"),
    number("undone_count", "Times a reviewer took back what it led to"),
    flag("enabled", "Off: kept, not used", True),
    flag("proven", "Reviews showed that nothing else is heard so: replaced though it is ordinary"),
    made(),
    one_of("source", "admin", "api", "import", "learned"),
    at_least_zero("count", "undone_count"),
    UniqueConstraint("term_id", "normalized"),
    Index("ix_alternatives_normalized", "normalized"),
    comment="The ways in which a term is misheard",
)

lexicon_version = Table(
    "lexicon_version",
    metadata,
    Column(
        "id",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("1"),
        comment="Always 1: there is one row",
    ),
    Column(
        "version",
        BigInteger,
        Identity(),
        nullable=False,
        comment="Rises with each change to what matching or hints use; no number comes twice",
    ),
    made("changed_at", "When it last rose"),
    CheckConstraint("id = 1", name="one_row"),
    comment="Which lexicon this is: triggers raise it in the transaction of the change",
)

# What matching and hints use. Migrations put a trigger on each table that raises the lexicon's
# version on INSERT, DELETE, TRUNCATE and UPDATE OF these columns.
RAISES_VERSION = {
    "lexicon_terms": (
        "term", "normalized", "language", "script", "kind", "status", "api_key_id", "sounds_like",
        "sound", "case_sensitive", "priority", "pinned",
    ),
    "lexicon_alternatives": ("term_id", "text", "normalized", "enabled", "proven"),
}  # fmt: skip

JOB_STATES = (
    "queued", "preparing", "transcribing", "finishing", "completed", "failed", "cancelled"
)  # fmt: skip

jobs = Table(
    "jobs",
    metadata,
    Column("id", UUID, primary_key=True, comment="Made by the application"),
    words("title", "What people call the recording; the file's name at first", None),
    code("source", "How it came in", None),
    *user("owner", "Who uploaded it"),
    Column("group_id", Integer, comment="Reviewers of this group see it; auth_group id"),
    belongs("api_key_id", "api_keys", nullable=True, ondelete="SET NULL"),
    belongs("source_job_id", "jobs", nullable=True, ondelete="SET NULL"),
    flag("proposal", "Made to be compared with its source and taken from, not to be reviewed"),
    words("audio_file", "Name in the recordings' storage; jobs may share one", None),
    words("audio_name", "Name of the uploaded file", None),
    code("audio_sha256", "SHA-256 of the uploaded bytes, hex", None),
    Column("audio_bytes", BigInteger, nullable=False, comment="Size of the uploaded file"),
    code("audio_format", "Container, as decoded"),
    code("audio_codec", "Codec, as decoded"),
    Column("audio_sample_rate", Integer, comment="Hz, of the uploaded file"),
    Column("audio_channels", SmallInteger, comment="Of the uploaded file"),
    Column("duration_ms", BigInteger, comment="What was decoded, never what a header says"),
    words("playback_file", "Copy that every browser plays and seeks exactly; empty: not yet made"),
    words("peaks_file", "Waveform for the desk; empty: not yet made"),
    Column("speech_dbfs", Double, comment="How loud the speech is; null: there is none"),
    code("engine", "Which kind of engine", None),
    code("model", "Which model of it", None),
    code("asked_model", "The model that was wished for, where another had to take its place"),
    json("languages", "Expected languages, ISO 639 codes", "[]"),
    json("heard_languages", "Languages found in the text, where none were expected", "[]"),
    json("script_policy", "Script to write each language in", "{}"),
    json("options", "Further wishes for this job", "{}"),
    code("status", "Where the work stands", "queued"),
    code("review_status", "Where the review stands", "waiting"),
    Column(
        "priority",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="Higher goes first",
    ),
    *work_columns(),
    Column("chunk_count", Integer, comment="Set when all chunks are cut"),
    code("error_code", "Why it failed, for programs"),
    words("error_message", "Why it failed and what to do, for people"),
    json("usage", "What the engine counted, summed over chunks", "{}"),
    money("cost_usd", "By the price table at the time"),
    money("budget_usd", "What it may cost; null: no limit"),
    number("word_count", "Words of the engine's text"),
    Column("expected_errors", Double, comment="Share of its words that are presumably wrong"),
    moment(
        "rank_at",
        "Its place in the queue, the earliest first: when it was finished, moved back"
        " the further the more errors are expected",
    ),
    words("lexicon_version", "Which lexicon was applied"),
    words("lexicon_problem", "Why the lexicon was not applied; empty: it was, or there was none"),
    *user("assigned_to", "Who is to review it"),
    moment("assigned_at", "Since when"),
    json("metadata", "Free fields of the client", "{}"),
    made(),
    moment("started_at", "First claimed"),
    moment("prepared_at", "All chunks cut"),
    moment("finished_at", "Completed, failed or cancelled"),
    moment("review_started_at", "First correction"),
    moment("reviewed_at", "Review submitted"),
    code("wire_key", "What a repeated request for the same over OpenAI's wire has in common"),
    moment("delivered_at", "A client that waited for the transcript got it"),
    one_of("source", "page", "api", "command", "sample"),
    one_of("status", *JOB_STATES),
    one_of("review_status", "waiting", "in_review", "reviewed"),
    CheckConstraint("audio_sha256 ~ '^[0-9a-f]{64}$'", name="audio_sha256"),
    at_least_zero("audio_bytes", "duration_ms", "attempt", "word_count", "chunk_count"),
    # the queue page, newest first and by state
    Index("ix_jobs_created", "created_at", "id"),
    Index("ix_jobs_review", "review_status", "priority", "created_at"),
    Index("ix_jobs_rank", "review_status", desc("priority"), "rank_at"),
    Index("ix_jobs_owner", "owner_id", "created_at"),
    Index("ix_jobs_group", "group_id", "created_at"),
    Index("ix_jobs_key_created", "api_key_id", "created_at", "id"),
    # lists of the API, narrowed down; of a key, and of people who see all
    Index("ix_jobs_key_status", "api_key_id", "status", "created_at", "id"),
    Index("ix_jobs_key_review", "api_key_id", "review_status", "created_at", "id"),
    Index("ix_jobs_key_model", "api_key_id", "model", "created_at", "id"),
    Index("ix_jobs_status_created", "status", "created_at", "id"),
    Index("ix_jobs_review_created", "review_status", "created_at", "id"),
    Index(
        "ix_jobs_metadata",
        "metadata",
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    ),
    Index(
        "ix_jobs_title",
        text("to_tsvector('simple'::regconfig, COALESCE(title, ''))"),
        postgresql_using="gin",
    ),
    Index("ix_jobs_wire", "wire_key", postgresql_where=text("wire_key <> ''")),
    Index("ix_jobs_audio", "audio_sha256"),
    Index("ix_jobs_audio_file", "audio_file"),
    # the sweep: only what is not at rest
    Index(
        "ix_jobs_working",
        "status",
        "lease_until",
        postgresql_where=text("status IN ('queued', 'preparing', 'transcribing', 'finishing')"),
    ),
    comment="Recordings on their way to a transcript",
)

chunks = Table(
    "chunks",
    metadata,
    big_id(),
    belongs("job_id", "jobs", ondelete="CASCADE"),
    number("position", "Order within the job, from 0"),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("channel", SmallInteger, comment="Channel of the recording, from 0; null: all mixed"),
    json("spans", "The stretches that it holds, silence left out: [[start_ms, end_ms]]", "[]"),
    number("overlap_ms", "How much of its start repeats the end of the one before"),
    number("speech_ms", "How much of it is speech, by its energy"),
    words("audio_file", "Name in storage of what the engine is sent"),
    code("status", "Where the work stands", "queued"),
    *work_columns(),
    words("partial", "What is heard so far, while an engine is at it"),
    number("heard_ms", "How far into its sound that is"),
    words("text", "The engine's answer"),
    json(
        "words",
        "With times within the recording: [text, start_ms, end_ms, conf, estimated, speaker]",
        "[]",
    ),
    code("language", "As the engine tells it"),
    json("checks", "What looks wrong with the answer: [{kind, reason, start, end}]", "[]"),
    code("error_code", "Why it failed, for programs"),
    words("error_message", "Why it failed and what to do, for people"),
    made(),
    moment("completed_at", "The answer was stored"),
    one_of("status", "queued", "transcribing", "completed", "failed"),
    CheckConstraint("start_ms >= 0 AND end_ms > start_ms", name="span"),
    at_least_zero("position", "attempt"),
    UniqueConstraint("job_id", "position"),
    Index(
        "ix_chunks_working",
        "status",
        "lease_until",
        postgresql_where=text("status IN ('queued', 'transcribing')"),
    ),
    comment="Units of work: a finished one is never paid for twice",
)

attempts = Table(
    "attempts",
    metadata,
    big_id(),
    belongs("chunk_id", "chunks", ondelete="CASCADE"),
    number("number", "The chunk's attempt that asked"),
    code("step", "Why it was asked: see the values allowed", "first"),
    number("part", "Which part of the chunk, where it is asked in smaller ones"),
    code("account", "The service that was asked; empty: this machine itself"),
    code("model", "Which model was asked", None),
    json("request", "What was asked, without the audio", "{}"),
    json("response", "The answer as received", "{}"),
    json("answer", "The answer as read: text, words, stretches, language; empty: none came", "{}"),
    words("text", "The text of the answer"),
    money("cost_usd", "By the price table; of one under way, or never answered: what it may cost"),
    json("usage", "What the engine counted", "{}"),
    code("request_id", "The server's name for the request"),
    code("error_code", "Empty: it answered"),
    words("error_message", "What the engine said"),
    made("started_at"),
    moment("finished_at", "Answer or error received"),
    one_of(
        "step",
        "first",
        "without_prompt",
        "without_languages",
        "smaller",
        "other_model",
        "second_look",
    ),
    # how many requests are under way
    Index("ix_attempts_open", "account", postgresql_where=text("finished_at IS NULL")),
    comment="Each request to an engine and its answer, kept for ever",
)

segments = Table(
    "segments",
    metadata,
    big_id(),
    belongs("job_id", "jobs", ondelete="CASCADE"),
    belongs("chunk_id", "chunks", nullable=True, ondelete="SET NULL"),
    Column("position", Double, nullable=False, comment="Order within the job; its start at first"),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    words("speaker", "Name or label of who speaks"),
    code("language", "Main language, ISO 639 code"),
    words("engine_text", "What the engine heard, for ever"),
    words("text", "What the transcript says now"),
    json("words", "Words with times: [text, start_ms, end_ms, confidence, estimated]", "[]"),
    json("replacements", "What the lexicon changed", "[]"),
    json("marks", "Places that a reviewer should look at", "[]"),
    json(
        "tags",
        "Words in a row in one language: [start, end, language, ending's language, how sure, by a"
        " person], in characters of the text",
        "[]",
    ),
    json(
        "doubts",
        "Words that the engine was least sure of: [start, end, confidence], in characters of the"
        " text",
        "[]",
    ),
    number("version", "Rises with each change; a save names the one it was made from", 1),
    flag("accepted", "A reviewer has been through it"),
    *user("edited_by", "Who changed it last"),
    moment("edited_at", "Last change by a person"),
    moment("retired_at", "No longer part of the transcript (split, merged); never deleted"),
    CheckConstraint("start_ms >= 0 AND end_ms >= start_ms", name="span"),
    CheckConstraint("version > 0", name="version"),
    Index("ix_segments_live", "job_id", "position", postgresql_where=text("retired_at IS NULL")),
    comment="Units of review",
)

presences = Table(
    "presences",
    metadata,
    big_id(),
    belongs("job_id", "jobs", ondelete="CASCADE"),
    Column("user_id", Integer, nullable=False, comment="id in auth_user"),
    words("user_name", "Name at the time", None),
    Column("segment_id", BigInteger, comment="The segment in focus, if any; it may be gone"),
    made("seen_at", "When their page last told; after half a minute they have left"),
    UniqueConstraint("job_id", "user_id"),
    comment="Who is at which recording's desk",
)

revisions = Table(
    "revisions",
    metadata,
    big_id(),
    belongs("segment_id", "segments", ondelete="CASCADE"),
    belongs("job_id", "jobs", ondelete="CASCADE"),
    code("kind", "What was done", "edit"),
    *user("user", "Who did it"),
    words("text_before", "When the sitting began"),
    words("text_after", "After its last save"),
    json("detail", "What a split, merge or other change needs to be told", "{}"),
    json(
        "saves", "Each save's id -> the version that it made: a repeat gets its first answer", "{}"
    ),
    number("version_after", "The segment's version after the last save"),
    made(),
    made("updated_at"),
    one_of(
        "kind",
        "edit",
        "accept",
        "split",
        "merge",
        "times",
        "speaker",
        "language",
        "insert",
        "retire",
        "restore",
    ),
    Index("ix_revisions_segment_updated", "segment_id", "updated_at"),
    comment="One person's sitting in one segment",
)

feedback = Table(
    "feedback",
    metadata,
    big_id(),
    belongs("job_id", "jobs", ondelete="CASCADE"),
    *user("reviewer", "Who submitted the review"),
    belongs("api_key_id", "api_keys", nullable=True, ondelete="SET NULL"),
    words("engine_text", "The whole text as the engine had it"),
    words("corrected_text", "The whole text as the reviewer left it"),
    json("diff_data", "Word edits: [{kind, before, after, segment_id, at}]", "[]"),
    Column("accuracy_score", Double, nullable=False, comment="1 - WER, at least 0"),
    Column("wer", Double, nullable=False, comment="Word errors over words of the corrected text"),
    Column("cer", Double, nullable=False, comment="The same over characters"),
    Column("mer", Double, comment="Mixed: characters for scripts without spaces"),
    Column("term_error_rate", Double, comment="Over occurrences of lexicon terms"),
    number("reference_words", "Words of the corrected text"),
    number("word_errors", "Substituted, deleted and inserted words"),
    number("seconds_spent", "From the first correction to the submission, pauses taken out"),
    json("counts", "Behind the rates: units, errors by language, scripts, characters", "{}"),
    json("lexicon", "What the lexicon came to: its terms' counts, and errors without it", "{}"),
    json(
        "extracted_terms",
        "What the corrections may teach: [{heard, corrected, count, dropped}], the last where the"
        " reviewer said no",
        "[]",
    ),
    made(),
    moment("withdrawn_at", "The review was reopened; it no longer counts"),
    CheckConstraint("accuracy_score >= 0 AND accuracy_score <= 1", name="accuracy_score"),
    CheckConstraint("wer >= 0 AND cer >= 0", name="rates"),
    at_least_zero("reference_words", "word_errors", "seconds_spent"),
    Index("ix_feedback_created", "created_at"),
    comment="Submitted reviews, scored",
)

term_evidence = Table(
    "term_evidence",
    metadata,
    big_id(),
    belongs("term_id", "lexicon_terms", ondelete="CASCADE"),
    belongs("feedback_id", "feedback", nullable=True, ondelete="CASCADE"),
    belongs("segment_id", "segments", nullable=True, ondelete="SET NULL"),
    code("kind", "Whether reviewers taught the term or took back what it led to", "taught"),
    words("heard", "What the engine wrote", None),
    words("corrected", "What the reviewer put", None),
    Column("start_ms", BigInteger, comment="Where to listen"),
    Column("end_ms", BigInteger),
    made(),
    one_of("kind", "taught", "undone"),
    comment="Where a term was learned from, and where it was wrong",
)
