"""The API: what keys may do, audit, repeated requests, webhooks, lists of very many jobs.

Revises: 0006
Created: 2026-11-29 11:09:58.748724
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# what keys could do before there were scopes
SCOPES = (
    '["jobs:read", "jobs:write", "lexicon:read", "lexicon:write", "feedback:write", "quality:read"]'
)
PREVIOUS_HASH = "previous_hash = '' OR previous_hash ~ '^[0-9a-f]{64}$'"


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("api_key_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "user_id",
            sa.Integer(),
            nullable=True,
            comment="Who did it, where it was a person: id in auth_user",
        ),
        sa.Column(
            "actor",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The key's or the person's name at the time",
        ),
        sa.Column(
            "address",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Where the request came from; empty: a command",
        ),
        sa.Column("action", sa.String(), nullable=False, comment="What was done"),
        sa.Column(
            "target",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What it was done to: kind and id",
        ),
        sa.Column(
            "detail",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What else is worth knowing of it",
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_keys.id"],
            name=op.f("fk_audit_events_api_key_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        comment="Who did what, for ever",
    )
    op.create_index(
        op.f("ix_audit_events_api_key_id"), "audit_events", ["api_key_id"], unique=False
    )
    op.create_index("ix_audit_events_action", "audit_events", ["action", "at"], unique=False)
    op.create_index("ix_audit_events_at", "audit_events", ["at"], unique=False)
    op.create_index("ix_audit_events_target", "audit_events", ["target"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("api_key_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "user_id", sa.Integer(), nullable=True, comment="Of a person's request: id in auth_user"
        ),
        sa.Column("key", sa.Text(), nullable=False, comment="As the client chose it"),
        sa.Column(
            "request_hash", sa.String(), nullable=False, comment="SHA-256 of what was asked, hex"
        ),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="Of the answer"),
        sa.Column(
            "headers",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Of the answer, as far as they are its own",
        ),
        sa.Column(
            "body", sa.Text(), server_default=sa.text("''"), nullable=False, comment="Of the answer"
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_keys.id"],
            name=op.f("fk_idempotency_keys_api_key_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        comment="Answers to requests that created something, for when they are repeated",
    )
    op.create_index(
        op.f("ix_idempotency_keys_api_key_id"), "idempotency_keys", ["api_key_id"], unique=False
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"], unique=False)
    op.create_index(
        "uq_idempotency_keys_api_key",
        "idempotency_keys",
        ["api_key_id", "key"],
        unique=True,
        postgresql_where=sa.text("api_key_id IS NOT NULL"),
    )
    op.create_index(
        "uq_idempotency_keys_user",
        "idempotency_keys",
        ["user_id", "key"],
        unique=True,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("api_key_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False, comment="Where events are sent"),
        sa.Column(
            "description",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What it is for",
        ),
        sa.Column(
            "events",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Which are sent",
        ),
        sa.Column(
            "secret",
            sa.Text(),
            nullable=False,
            comment="What deliveries are signed with; it must be known to sign",
        ),
        sa.Column(
            "previous_secret",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The one before the last rotation",
        ),
        sa.Column(
            "previous_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Deliveries are signed with that one too until then",
        ),
        sa.Column(
            "enabled",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="Off: nothing is sent",
        ),
        sa.Column(
            "disabled_reason",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Why it was switched off, where that was not a person's wish",
        ),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Deliveries given up in a row",
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
        sa.CheckConstraint("failures >= 0", name=op.f("ck_webhooks_not_negative")),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_webhooks_api_key_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        comment="Addresses that clients want to be told at",
    )
    op.create_index(op.f("ix_webhooks_api_key_id"), "webhooks", ["api_key_id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column(
            "id", sa.UUID(), nullable=False, comment="Made by the application; the receiver sees it"
        ),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False, comment="What happened"),
        sa.Column(
            "payload",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What is sent",
        ),
        sa.Column(
            "status",
            sa.String(),
            server_default=sa.text("'waiting'"),
            nullable=False,
            comment="Where it stands",
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
            comment="`attempt` when it was last replayed: tries are counted from there",
        ),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Not to be tried earlier (backoff)",
        ),
        sa.Column(
            "lease_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Held by a worker until then",
        ),
        sa.Column(
            "tries",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Each: [when, answer's status or null, milliseconds, what went wrong]",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "delivered_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The receiver took it",
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'delivered', 'failed')",
            name=op.f("ck_webhook_deliveries_status"),
        ),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_webhook_deliveries_not_negative")),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name=op.f("fk_webhook_deliveries_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        comment="Events on their way to clients, and what became of them",
    )
    op.create_index(
        "ix_webhook_deliveries_created", "webhook_deliveries", ["created_at"], unique=False
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        op.f("ix_webhook_deliveries_webhook_id"), "webhook_deliveries", ["webhook_id"], unique=False
    )
    op.add_column(
        "api_keys",
        sa.Column(
            "previous_hash",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="That of the secret before the last rotation",
        ),
    )
    op.add_column(
        "api_keys",
        sa.Column(
            "previous_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The secret before is taken until then",
        ),
    )
    op.add_column(
        "api_keys",
        sa.Column(
            "allowed_networks",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="From where it is taken, as 10.0.0.0/8; empty: anywhere",
        ),
    )
    op.add_column(
        "api_keys",
        sa.Column(
            "concurrent_jobs",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Jobs that may be at work at once; 0: no limit",
        ),
    )
    op.create_check_constraint(op.f("ck_api_keys_previous_hash"), "api_keys", PREVIOUS_HASH)
    _numbers_of_keys("rate_limit_per_minute >= 0 AND concurrent_jobs >= 0")
    op.execute(f"UPDATE api_keys SET scopes = '{SCOPES}' WHERE scopes = '[]'")
    op.alter_column(
        "api_keys",
        "scopes",
        existing_type=postgresql.JSONB(),
        comment="What the key may do",
        existing_comment="What the key may do; empty: everything",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "wire_key",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What a repeated request for the same over OpenAI's wire has in common",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "delivered_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="A client that waited for the transcript got it",
        ),
    )
    op.create_index(
        "ix_jobs_key_model", "jobs", ["api_key_id", "model", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_jobs_key_review",
        "jobs",
        ["api_key_id", "review_status", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_jobs_key_status", "jobs", ["api_key_id", "status", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_jobs_metadata",
        "jobs",
        ["metadata"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )
    op.create_index(
        "ix_jobs_review_created", "jobs", ["review_status", "created_at", "id"], unique=False
    )
    op.create_index("ix_jobs_status_created", "jobs", ["status", "created_at", "id"], unique=False)
    op.create_index(
        "ix_jobs_title",
        "jobs",
        [sa.literal_column("to_tsvector('simple'::regconfig, COALESCE(title, ''))")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_jobs_wire",
        "jobs",
        ["wire_key"],
        unique=False,
        postgresql_where=sa.text("wire_key <> ''"),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_wire", table_name="jobs", postgresql_where=sa.text("wire_key <> ''"))
    op.drop_index("ix_jobs_title", table_name="jobs", postgresql_using="gin")
    op.drop_index("ix_jobs_status_created", table_name="jobs")
    op.drop_index("ix_jobs_review_created", table_name="jobs")
    op.drop_index(
        "ix_jobs_metadata",
        table_name="jobs",
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )
    op.drop_index("ix_jobs_key_status", table_name="jobs")
    op.drop_index("ix_jobs_key_review", table_name="jobs")
    op.drop_index("ix_jobs_key_model", table_name="jobs")
    op.drop_column("jobs", "delivered_at")
    op.drop_column("jobs", "wire_key")
    op.alter_column(
        "api_keys",
        "scopes",
        existing_type=postgresql.JSONB(),
        comment="What the key may do; empty: everything",
        existing_comment="What the key may do",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    _numbers_of_keys("rate_limit_per_minute >= 0")
    op.drop_column("api_keys", "concurrent_jobs")
    op.drop_column("api_keys", "allowed_networks")
    op.drop_column("api_keys", "previous_until")
    op.drop_column("api_keys", "previous_hash")
    op.drop_index(op.f("ix_webhook_deliveries_webhook_id"), table_name="webhook_deliveries")
    op.drop_index(
        "ix_webhook_deliveries_due",
        table_name="webhook_deliveries",
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.drop_index("ix_webhook_deliveries_created", table_name="webhook_deliveries")
    op.drop_table("webhook_deliveries")
    op.drop_index(op.f("ix_webhooks_api_key_id"), table_name="webhooks")
    op.drop_table("webhooks")
    op.drop_index(
        "uq_idempotency_keys_user",
        table_name="idempotency_keys",
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_idempotency_keys_api_key",
        table_name="idempotency_keys",
        postgresql_where=sa.text("api_key_id IS NOT NULL"),
    )
    op.drop_index("ix_idempotency_keys_created", table_name="idempotency_keys")
    op.drop_index(op.f("ix_idempotency_keys_api_key_id"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index("ix_audit_events_target", table_name="audit_events")
    op.drop_index("ix_audit_events_at", table_name="audit_events")
    op.drop_index("ix_audit_events_action", table_name="audit_events")
    op.drop_index(op.f("ix_audit_events_api_key_id"), table_name="audit_events")
    op.drop_table("audit_events")


def _numbers_of_keys(rule: str) -> None:
    name = op.f("ck_api_keys_not_negative")
    op.drop_constraint(name, "api_keys", type_="check")
    op.create_check_constraint(name, "api_keys", rule)
