"""The first schema: keys, terms, jobs with their chunks and segments, feedback.

Revises:
Created: 2026-11-22 15:25:07.726216
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            comment="What people call the key, e.g. the client that holds it",
        ),
        sa.Column(
            "prefix", sa.String(), nullable=False, comment="The public first part, shown in lists"
        ),
        sa.Column(
            "key_hash",
            sa.String(),
            nullable=False,
            comment="SHA-256 of the whole key, hex; the key itself is kept nowhere",
        ),
        sa.Column(
            "owner_id",
            sa.Integer(),
            nullable=True,
            comment="Who answers for the key: id in auth_user, kept when it goes",
        ),
        sa.Column(
            "owner_name",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Who answers for the key: name at the time",
        ),
        sa.Column(
            "group_id",
            sa.Integer(),
            nullable=True,
            comment="Reviewers of this group see its jobs; auth_group id",
        ),
        sa.Column(
            "scopes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="What the key may do; empty: everything",
        ),
        sa.Column(
            "rate_limit_per_minute",
            sa.Integer(),
            server_default=sa.text("60"),
            nullable=False,
            comment="Requests a minute; 0: no limit",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True), nullable=True, comment="Refused from then on"
        ),
        sa.Column(
            "revoked_at", sa.DateTime(timezone=True), nullable=True, comment="Refused since then"
        ),
        sa.Column(
            "last_used_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Written at most once a minute",
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Free notes of the owner's systems",
        ),
        sa.CheckConstraint("key_hash ~ '^[0-9a-f]{64}$'", name=op.f("ck_api_keys_key_hash")),
        sa.CheckConstraint("rate_limit_per_minute >= 0", name=op.f("ck_api_keys_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
        comment="API authentication keys",
    )
    op.create_table(
        "user_settings",
        sa.Column(
            "user_id", sa.Integer(), autoincrement=False, nullable=False, comment="id in auth_user"
        ),
        sa.Column(
            "keys",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Remapped keys of the desk: action -> key",
        ),
        sa.Column(
            "preferences",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Speed, theme, resume step and the like",
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_settings")),
        comment="What each user set up for themselves",
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.UUID(), nullable=False, comment="Made by the application"),
        sa.Column(
            "title",
            sa.Text(),
            nullable=False,
            comment="What people call the recording; the file's name at first",
        ),
        sa.Column("source", sa.String(), nullable=False, comment="How it came in"),
        sa.Column(
            "owner_id",
            sa.Integer(),
            nullable=True,
            comment="Who uploaded it: id in auth_user, kept when it goes",
        ),
        sa.Column(
            "owner_name",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Who uploaded it: name at the time",
        ),
        sa.Column(
            "group_id",
            sa.Integer(),
            nullable=True,
            comment="Reviewers of this group see it; auth_group id",
        ),
        sa.Column("api_key_id", sa.BigInteger(), nullable=True),
        sa.Column("source_job_id", sa.UUID(), nullable=True),
        sa.Column(
            "audio_file",
            sa.Text(),
            nullable=False,
            comment="Name in the recordings' storage; jobs may share one",
        ),
        sa.Column("audio_name", sa.Text(), nullable=False, comment="Name of the uploaded file"),
        sa.Column(
            "audio_sha256",
            sa.String(),
            nullable=False,
            comment="SHA-256 of the uploaded bytes, hex",
        ),
        sa.Column(
            "audio_bytes", sa.BigInteger(), nullable=False, comment="Size of the uploaded file"
        ),
        sa.Column(
            "audio_format",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Container, as decoded",
        ),
        sa.Column(
            "audio_codec",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Codec, as decoded",
        ),
        sa.Column(
            "audio_sample_rate", sa.Integer(), nullable=True, comment="Hz, of the uploaded file"
        ),
        sa.Column(
            "audio_channels", sa.SmallInteger(), nullable=True, comment="Of the uploaded file"
        ),
        sa.Column(
            "duration_ms",
            sa.BigInteger(),
            nullable=True,
            comment="What was decoded, never what a header says",
        ),
        sa.Column(
            "playback_file",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Copy that every browser plays and seeks exactly; empty: not yet made",
        ),
        sa.Column(
            "peaks_file",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Waveform for the desk; empty: not yet made",
        ),
        sa.Column("engine", sa.String(), nullable=False, comment="Which kind of engine"),
        sa.Column("model", sa.String(), nullable=False, comment="Which model of it"),
        sa.Column(
            "languages",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Expected languages, ISO 639 codes",
        ),
        sa.Column(
            "script_policy",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Script to write each language in",
        ),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Further wishes for this job",
        ),
        sa.Column(
            "status",
            sa.String(),
            server_default=sa.text("'queued'"),
            nullable=False,
            comment="Where the work stands",
        ),
        sa.Column(
            "review_status",
            sa.String(),
            server_default=sa.text("'waiting'"),
            nullable=False,
            comment="Where the review stands",
        ),
        sa.Column(
            "priority",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Higher goes first",
        ),
        sa.Column(
            "attempt",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How often it was claimed; also the fence: an old claim cannot write",
        ),
        sa.Column(
            "tries_from",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="`attempt` when it was last retried: tries are counted from there",
        ),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Not to be claimed earlier (backoff, Retry-After)",
        ),
        sa.Column(
            "lease_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Held by a worker until then; renewed while it works",
        ),
        sa.Column(
            "woken_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="A wake-up was last sent; the sweep repeats one that is long overdue",
        ),
        sa.Column(
            "chunk_count", sa.Integer(), nullable=True, comment="Set when all chunks are cut"
        ),
        sa.Column(
            "error_code",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Why it failed, for programs",
        ),
        sa.Column(
            "error_message",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Why it failed and what to do, for people",
        ),
        sa.Column(
            "usage",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What the engine counted, summed over chunks",
        ),
        sa.Column(
            "cost_usd",
            sa.Numeric(precision=12, scale=6),
            nullable=True,
            comment="By the price table at the time",
        ),
        sa.Column(
            "word_count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Words of the engine's text",
        ),
        sa.Column(
            "lexicon_version",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Which lexicon was applied",
        ),
        sa.Column(
            "assigned_to_id",
            sa.Integer(),
            nullable=True,
            comment="Who is to review it: id in auth_user, kept when it goes",
        ),
        sa.Column(
            "assigned_to_name",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Who is to review it: name at the time",
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Free fields of the client",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="First claimed"),
        sa.Column(
            "prepared_at", sa.DateTime(timezone=True), nullable=True, comment="All chunks cut"
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Completed, failed or cancelled",
        ),
        sa.Column(
            "review_started_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="First correction",
        ),
        sa.Column(
            "reviewed_at", sa.DateTime(timezone=True), nullable=True, comment="Review submitted"
        ),
        sa.CheckConstraint("audio_sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_jobs_audio_sha256")),
        sa.CheckConstraint(
            "review_status IN ('waiting', 'in_review', 'reviewed')",
            name=op.f("ck_jobs_review_status"),
        ),
        sa.CheckConstraint(
            "source IN ('page', 'api', 'command', 'sample')", name=op.f("ck_jobs_source")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'preparing', 'transcribing', 'finishing', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_jobs_status"),
        ),
        sa.CheckConstraint(
            "audio_bytes >= 0 AND duration_ms >= 0 AND attempt >= 0 AND word_count >= 0 AND chunk_count >= 0",
            name=op.f("ck_jobs_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_jobs_api_key_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["source_job_id"], ["jobs.id"], name=op.f("fk_jobs_source_job_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        comment="Recordings on their way to a transcript",
    )
    op.create_index(op.f("ix_jobs_api_key_id"), "jobs", ["api_key_id"], unique=False)
    op.create_index("ix_jobs_audio", "jobs", ["audio_sha256"], unique=False)
    op.create_index("ix_jobs_audio_file", "jobs", ["audio_file"], unique=False)
    op.create_index("ix_jobs_created", "jobs", ["created_at", "id"], unique=False)
    op.create_index("ix_jobs_group", "jobs", ["group_id", "created_at"], unique=False)
    op.create_index("ix_jobs_key_created", "jobs", ["api_key_id", "created_at", "id"], unique=False)
    op.create_index("ix_jobs_owner", "jobs", ["owner_id", "created_at"], unique=False)
    op.create_index(
        "ix_jobs_review", "jobs", ["review_status", "priority", "created_at"], unique=False
    )
    op.create_index(op.f("ix_jobs_source_job_id"), "jobs", ["source_job_id"], unique=False)
    op.create_index(
        "ix_jobs_working",
        "jobs",
        ["status", "lease_until"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'preparing', 'transcribing', 'finishing')"),
    )
    op.create_table(
        "lexicon_terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("term", sa.Text(), nullable=False, comment="As it is to be written"),
        sa.Column(
            "normalized",
            sa.Text(),
            nullable=False,
            comment="lexicon.normalise of the term: what makes two terms the same",
        ),
        sa.Column(
            "language",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="ISO 639 code; empty: any",
        ),
        sa.Column(
            "script",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="ISO 15924 code of the term's script",
        ),
        sa.Column(
            "kind",
            sa.String(),
            server_default=sa.text("'other'"),
            nullable=False,
            comment="What sort of thing it names",
        ),
        sa.Column(
            "status",
            sa.String(),
            server_default=sa.text("'suggested'"),
            nullable=False,
            comment="Only approved terms are used",
        ),
        sa.Column("api_key_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "sounds_like",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="How it is said, where the spelling does not tell",
        ),
        sa.Column(
            "case_sensitive",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Only these capitals are the term",
        ),
        sa.Column(
            "priority",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Higher goes first where hints are limited",
        ),
        sa.Column(
            "pinned",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Always sent as a hint",
        ),
        sa.Column(
            "note", sa.Text(), server_default=sa.text("''"), nullable=False, comment="For curators"
        ),
        sa.Column(
            "example",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="A sentence that has it",
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Free fields of the curators' systems",
        ),
        sa.Column(
            "source",
            sa.String(),
            server_default=sa.text("'admin'"),
            nullable=False,
            comment="How it came in",
        ),
        sa.Column(
            "frequency",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Uses in reviewed text, confirmed by people",
        ),
        sa.Column(
            "sent_count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Times sent as a hint",
        ),
        sa.Column(
            "matched_count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Times put into a transcript",
        ),
        sa.Column(
            "confirmed_count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Times a reviewer left it standing",
        ),
        sa.Column(
            "undone_count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Times a reviewer took it back",
        ),
        sa.Column(
            "created_by_id",
            sa.Integer(),
            nullable=True,
            comment="Who entered it: id in auth_user, kept when it goes",
        ),
        sa.Column(
            "created_by_name",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Who entered it: name at the time",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('drug', 'brand', 'person', 'organisation', 'place', 'acronym', 'other')",
            name=op.f("ck_lexicon_terms_kind"),
        ),
        sa.CheckConstraint(
            "source IN ('admin', 'api', 'import', 'learned')", name=op.f("ck_lexicon_terms_source")
        ),
        sa.CheckConstraint(
            "status IN ('suggested', 'approved', 'rejected', 'retired')",
            name=op.f("ck_lexicon_terms_status"),
        ),
        sa.CheckConstraint(
            "term <> '' AND normalized <> ''", name=op.f("ck_lexicon_terms_not_empty")
        ),
        sa.CheckConstraint(
            "frequency >= 0 AND sent_count >= 0 AND matched_count >= 0 AND confirmed_count >= 0 AND undone_count >= 0",
            name=op.f("ck_lexicon_terms_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_keys.id"],
            name=op.f("fk_lexicon_terms_api_key_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_terms")),
        comment="Words that the engine should hear and the text spell right",
    )
    op.create_index(
        op.f("ix_lexicon_terms_api_key_id"), "lexicon_terms", ["api_key_id"], unique=False
    )
    op.create_index(
        "ix_lexicon_terms_status", "lexicon_terms", ["status", "normalized"], unique=False
    )
    op.create_index(
        "uq_lexicon_terms_api_key",
        "lexicon_terms",
        ["normalized", "language", "api_key_id"],
        unique=True,
        postgresql_where=sa.text("api_key_id IS NOT NULL"),
    )
    op.create_index(
        "uq_lexicon_terms_everyone",
        "lexicon_terms",
        ["normalized", "language"],
        unique=True,
        postgresql_where=sa.text("api_key_id IS NULL"),
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column(
            "position",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Order within the job, from 0",
        ),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "audio_file",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Name in storage of what the engine is sent",
        ),
        sa.Column(
            "status",
            sa.String(),
            server_default=sa.text("'queued'"),
            nullable=False,
            comment="Where the work stands",
        ),
        sa.Column(
            "attempt",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How often it was claimed; also the fence: an old claim cannot write",
        ),
        sa.Column(
            "tries_from",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="`attempt` when it was last retried: tries are counted from there",
        ),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Not to be claimed earlier (backoff, Retry-After)",
        ),
        sa.Column(
            "lease_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Held by a worker until then; renewed while it works",
        ),
        sa.Column(
            "woken_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="A wake-up was last sent; the sweep repeats one that is long overdue",
        ),
        sa.Column(
            "text",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The engine's answer",
        ),
        sa.Column(
            "words",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Words with times within the recording: [text, start_ms, end_ms, conf]",
        ),
        sa.Column(
            "language",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="As the engine tells it",
        ),
        sa.Column(
            "checks",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="What looks wrong with the answer",
        ),
        sa.Column(
            "error_code",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Why it failed, for programs",
        ),
        sa.Column(
            "error_message",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Why it failed and what to do, for people",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "completed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The answer was stored",
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'transcribing', 'completed', 'failed')",
            name=op.f("ck_chunks_status"),
        ),
        sa.CheckConstraint("position >= 0 AND attempt >= 0", name=op.f("ck_chunks_not_negative")),
        sa.CheckConstraint("start_ms >= 0 AND end_ms > start_ms", name=op.f("ck_chunks_span")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_chunks_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunks")),
        sa.UniqueConstraint("job_id", "position", name=op.f("uq_chunks_job_id_position")),
        comment="Units of work: a finished one is never paid for twice",
    )
    op.create_index(op.f("ix_chunks_job_id"), "chunks", ["job_id"], unique=False)
    op.create_index(
        "ix_chunks_working",
        "chunks",
        ["status", "lease_until"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'transcribing')"),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column(
            "reviewer_id",
            sa.Integer(),
            nullable=True,
            comment="Who submitted the review: id in auth_user, kept when it goes",
        ),
        sa.Column(
            "reviewer_name",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Who submitted the review: name at the time",
        ),
        sa.Column(
            "engine_text",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The whole text as the engine had it",
        ),
        sa.Column(
            "corrected_text",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The whole text as the reviewer left it",
        ),
        sa.Column(
            "diff_data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Word edits: [{kind, before, after, segment_id, at}]",
        ),
        sa.Column("accuracy_score", sa.Double(), nullable=False, comment="1 - WER, at least 0"),
        sa.Column(
            "wer",
            sa.Double(),
            nullable=False,
            comment="Word errors over words of the corrected text",
        ),
        sa.Column("cer", sa.Double(), nullable=False, comment="The same over characters"),
        sa.Column(
            "mer",
            sa.Double(),
            nullable=True,
            comment="Mixed: characters for scripts without spaces",
        ),
        sa.Column(
            "term_error_rate",
            sa.Double(),
            nullable=True,
            comment="Over occurrences of lexicon terms",
        ),
        sa.Column(
            "reference_words",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Words of the corrected text",
        ),
        sa.Column(
            "word_errors",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Substituted, deleted and inserted words",
        ),
        sa.Column(
            "seconds_spent",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="From the first correction to the submission, pauses taken out",
        ),
        sa.Column(
            "extracted_terms",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="What the corrections may teach: [{heard, corrected, count}]",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The review was reopened; it no longer counts",
        ),
        sa.CheckConstraint(
            "accuracy_score >= 0 AND accuracy_score <= 1", name=op.f("ck_feedback_accuracy_score")
        ),
        sa.CheckConstraint(
            "reference_words >= 0 AND word_errors >= 0 AND seconds_spent >= 0",
            name=op.f("ck_feedback_not_negative"),
        ),
        sa.CheckConstraint("wer >= 0 AND cer >= 0", name=op.f("ck_feedback_rates")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_feedback_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        comment="Submitted reviews, scored",
    )
    op.create_index("ix_feedback_created", "feedback", ["created_at"], unique=False)
    op.create_index(op.f("ix_feedback_job_id"), "feedback", ["job_id"], unique=False)
    op.create_table(
        "lexicon_alternatives",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("term_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "text", sa.Text(), nullable=False, comment="What engines write in the term's place"
        ),
        sa.Column("normalized", sa.Text(), nullable=False, comment="lexicon.normalise of the text"),
        sa.Column(
            "source",
            sa.String(),
            server_default=sa.text("'admin'"),
            nullable=False,
            comment="How it came in",
        ),
        sa.Column(
            "count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Times seen in reviewed text",
        ),
        sa.Column(
            "enabled",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="Off: kept, not used",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "source IN ('admin', 'api', 'import', 'learned')",
            name=op.f("ck_lexicon_alternatives_source"),
        ),
        sa.CheckConstraint("count >= 0", name=op.f("ck_lexicon_alternatives_not_negative")),
        sa.ForeignKeyConstraint(
            ["term_id"],
            ["lexicon_terms.id"],
            name=op.f("fk_lexicon_alternatives_term_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_alternatives")),
        sa.UniqueConstraint(
            "term_id", "normalized", name=op.f("uq_lexicon_alternatives_term_id_normalized")
        ),
        comment="The ways in which a term is misheard",
    )
    op.create_index(
        "ix_alternatives_normalized", "lexicon_alternatives", ["normalized"], unique=False
    )
    op.create_index(
        op.f("ix_lexicon_alternatives_term_id"), "lexicon_alternatives", ["term_id"], unique=False
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chunk_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "number",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="The chunk's attempt that asked",
        ),
        sa.Column("model", sa.String(), nullable=False, comment="Which model was asked"),
        sa.Column(
            "request",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What was asked, without the audio",
        ),
        sa.Column(
            "response",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="The answer as received",
        ),
        sa.Column(
            "text",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The text of the answer",
        ),
        sa.Column(
            "usage",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What the engine counted",
        ),
        sa.Column(
            "request_id",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The server's name for the request",
        ),
        sa.Column(
            "error_code",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Empty: it answered",
        ),
        sa.Column(
            "error_message",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What the engine said",
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Answer or error received",
        ),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_attempts_chunk_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        comment="Each answer of an engine, kept for ever",
    )
    op.create_index(op.f("ix_attempts_chunk_id"), "attempts", ["chunk_id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("chunk_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "position",
            sa.Double(),
            nullable=False,
            comment="Order within the job; splits go between",
        ),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "speaker",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Name or label of who speaks",
        ),
        sa.Column(
            "language",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Main language, ISO 639 code",
        ),
        sa.Column(
            "engine_text",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What the engine heard, for ever",
        ),
        sa.Column(
            "text",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What the transcript says now",
        ),
        sa.Column(
            "words",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Words with times: [text, start_ms, end_ms, confidence]",
        ),
        sa.Column(
            "replacements",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="What the lexicon changed",
        ),
        sa.Column(
            "marks",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Places that a reviewer should look at",
        ),
        sa.Column(
            "version",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="Rises with each change; a save names the one it was made from",
        ),
        sa.Column(
            "accepted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="A reviewer has been through it",
        ),
        sa.Column(
            "edited_by_id",
            sa.Integer(),
            nullable=True,
            comment="Who changed it last: id in auth_user, kept when it goes",
        ),
        sa.Column(
            "edited_by_name",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Who changed it last: name at the time",
        ),
        sa.Column(
            "edited_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Last change by a person",
        ),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="No longer part of the transcript (split, merged); never deleted",
        ),
        sa.CheckConstraint("start_ms >= 0 AND end_ms >= start_ms", name=op.f("ck_segments_span")),
        sa.CheckConstraint("version > 0", name=op.f("ck_segments_version")),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_segments_chunk_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_segments_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        comment="Units of review",
    )
    op.create_index(op.f("ix_segments_chunk_id"), "segments", ["chunk_id"], unique=False)
    op.create_index(op.f("ix_segments_job_id"), "segments", ["job_id"], unique=False)
    op.create_index(
        "ix_segments_live",
        "segments",
        ["job_id", "position"],
        unique=False,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column(
            "kind",
            sa.String(),
            server_default=sa.text("'edit'"),
            nullable=False,
            comment="What was done",
        ),
        sa.Column(
            "user_id",
            sa.Integer(),
            nullable=True,
            comment="Who did it: id in auth_user, kept when it goes",
        ),
        sa.Column(
            "user_name",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Who did it: name at the time",
        ),
        sa.Column(
            "text_before",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="When the sitting began",
        ),
        sa.Column(
            "text_after",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="After its last save",
        ),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What a split, merge or other change needs to be told",
        ),
        sa.Column(
            "saves",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Each save's id -> the version that it made: a repeat gets its first answer",
        ),
        sa.Column(
            "version_after",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="The segment's version after the last save",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('edit', 'accept', 'split', 'merge', 'times', 'speaker', 'language', 'insert', 'retire', 'restore')",
            name=op.f("ck_revisions_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_revisions_job_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_revisions_segment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        comment="One person's sitting in one segment",
    )
    op.create_index(op.f("ix_revisions_job_id"), "revisions", ["job_id"], unique=False)
    op.create_index(op.f("ix_revisions_segment_id"), "revisions", ["segment_id"], unique=False)
    op.create_index(
        "ix_revisions_segment_updated", "revisions", ["segment_id", "updated_at"], unique=False
    )
    op.create_table(
        "term_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("term_id", sa.BigInteger(), nullable=False),
        sa.Column("feedback_id", sa.BigInteger(), nullable=True),
        sa.Column("segment_id", sa.BigInteger(), nullable=True),
        sa.Column("heard", sa.Text(), nullable=False, comment="What the engine wrote"),
        sa.Column("corrected", sa.Text(), nullable=False, comment="What the reviewer put"),
        sa.Column("start_ms", sa.BigInteger(), nullable=True, comment="Where to listen"),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["feedback_id"],
            ["feedback.id"],
            name=op.f("fk_term_evidence_feedback_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_term_evidence_segment_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["term_id"],
            ["lexicon_terms.id"],
            name=op.f("fk_term_evidence_term_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_evidence")),
        comment="Where a term was learned from",
    )
    op.create_index(
        op.f("ix_term_evidence_feedback_id"), "term_evidence", ["feedback_id"], unique=False
    )
    op.create_index(
        op.f("ix_term_evidence_segment_id"), "term_evidence", ["segment_id"], unique=False
    )
    op.create_index(op.f("ix_term_evidence_term_id"), "term_evidence", ["term_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_term_evidence_term_id"), table_name="term_evidence")
    op.drop_index(op.f("ix_term_evidence_segment_id"), table_name="term_evidence")
    op.drop_index(op.f("ix_term_evidence_feedback_id"), table_name="term_evidence")
    op.drop_table("term_evidence")
    op.drop_index("ix_revisions_segment_updated", table_name="revisions")
    op.drop_index(op.f("ix_revisions_segment_id"), table_name="revisions")
    op.drop_index(op.f("ix_revisions_job_id"), table_name="revisions")
    op.drop_table("revisions")
    op.drop_index(
        "ix_segments_live", table_name="segments", postgresql_where=sa.text("retired_at IS NULL")
    )
    op.drop_index(op.f("ix_segments_job_id"), table_name="segments")
    op.drop_index(op.f("ix_segments_chunk_id"), table_name="segments")
    op.drop_table("segments")
    op.drop_index(op.f("ix_attempts_chunk_id"), table_name="attempts")
    op.drop_table("attempts")
    op.drop_index(op.f("ix_lexicon_alternatives_term_id"), table_name="lexicon_alternatives")
    op.drop_index("ix_alternatives_normalized", table_name="lexicon_alternatives")
    op.drop_table("lexicon_alternatives")
    op.drop_index(op.f("ix_feedback_job_id"), table_name="feedback")
    op.drop_index("ix_feedback_created", table_name="feedback")
    op.drop_table("feedback")
    op.drop_index(
        "ix_chunks_working",
        table_name="chunks",
        postgresql_where=sa.text("status IN ('queued', 'transcribing')"),
    )
    op.drop_index(op.f("ix_chunks_job_id"), table_name="chunks")
    op.drop_table("chunks")
    op.drop_index(
        "uq_lexicon_terms_everyone",
        table_name="lexicon_terms",
        postgresql_where=sa.text("api_key_id IS NULL"),
    )
    op.drop_index(
        "uq_lexicon_terms_api_key",
        table_name="lexicon_terms",
        postgresql_where=sa.text("api_key_id IS NOT NULL"),
    )
    op.drop_index("ix_lexicon_terms_status", table_name="lexicon_terms")
    op.drop_index(op.f("ix_lexicon_terms_api_key_id"), table_name="lexicon_terms")
    op.drop_table("lexicon_terms")
    op.drop_index(
        "ix_jobs_working",
        table_name="jobs",
        postgresql_where=sa.text("status IN ('queued', 'preparing', 'transcribing', 'finishing')"),
    )
    op.drop_index(op.f("ix_jobs_source_job_id"), table_name="jobs")
    op.drop_index("ix_jobs_review", table_name="jobs")
    op.drop_index("ix_jobs_owner", table_name="jobs")
    op.drop_index("ix_jobs_key_created", table_name="jobs")
    op.drop_index("ix_jobs_group", table_name="jobs")
    op.drop_index("ix_jobs_created", table_name="jobs")
    op.drop_index("ix_jobs_audio_file", table_name="jobs")
    op.drop_index("ix_jobs_audio", table_name="jobs")
    op.drop_index(op.f("ix_jobs_api_key_id"), table_name="jobs")
    op.drop_table("jobs")
    op.drop_table("user_settings")
    op.drop_table("api_keys")
