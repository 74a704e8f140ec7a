"""What the engines are asked: requests, budgets, channels, silence left out.

A segment's position becomes its start, so that two channels mix in order of time.

Revises: 0001
Created: 2026-11-22 18:22:01.977354
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "engine_accounts",
        sa.Column(
            "name",
            sa.String(),
            nullable=False,
            comment="`openai`, or host and port of a server that speaks the same API",
        ),
        sa.Column(
            "next_turn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the next request may start, by the budget of requests a minute",
        ),
        sa.Column(
            "paused_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The service asked for a pause: nobody asks earlier",
        ),
        sa.Column(
            "pause_reason",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What it said",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_engine_accounts")),
        comment="Services that are asked: what all workers together must keep to",
    )
    op.add_column(
        "api_keys",
        sa.Column(
            "monthly_budget_usd",
            sa.Numeric(precision=12, scale=6),
            nullable=True,
            comment="What its jobs may cost in a calendar month (UTC); null: no limit",
        ),
    )
    op.add_column(
        "api_keys",
        sa.Column(
            "spent_usd",
            sa.Numeric(precision=12, scale=6),
            nullable=True,
            comment="What they cost in the month of spent_in, deleted ones too",
        ),
    )
    op.add_column(
        "api_keys",
        sa.Column("spent_in", sa.Date(), nullable=True, comment="First day of that month"),
    )
    op.add_column(
        "attempts",
        sa.Column(
            "step",
            sa.String(),
            server_default=sa.text("'first'"),
            nullable=False,
            comment="Why it was asked: first, without_prompt, smaller, other_model",
        ),
    )
    op.add_column(
        "attempts",
        sa.Column(
            "part",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Which part of the chunk, where it is asked in smaller ones",
        ),
    )
    op.add_column(
        "attempts",
        sa.Column(
            "account",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The service that was asked; empty: this machine itself",
        ),
    )
    op.add_column(
        "attempts",
        sa.Column(
            "answer",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="The answer as read: text, words, stretches, language; empty: none came",
        ),
    )
    op.add_column(
        "attempts",
        sa.Column(
            "cost_usd",
            sa.Numeric(precision=12, scale=6),
            nullable=True,
            comment="By the price table; of one under way, or never answered: what it may cost",
        ),
    )
    op.create_check_constraint(
        op.f("ck_attempts_step"),
        "attempts",
        "step IN ('first', 'without_prompt', 'smaller', 'other_model')",
    )
    op.create_index(
        "ix_attempts_open",
        "attempts",
        ["account"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table_comment(
        "attempts",
        "Each request to an engine and its answer, kept for ever",
        existing_comment="Each answer of an engine, kept for ever",
        schema=None,
    )
    op.add_column(
        "chunks",
        sa.Column(
            "channel",
            sa.SmallInteger(),
            nullable=True,
            comment="Channel of the recording, from 0; null: all mixed",
        ),
    )
    op.add_column(
        "chunks",
        sa.Column(
            "spans",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="The stretches that it holds, silence left out: [[start_ms, end_ms]]",
        ),
    )
    op.add_column(
        "chunks",
        sa.Column(
            "overlap_ms",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How much of its start repeats the end of the one before",
        ),
    )
    op.add_column(
        "chunks",
        sa.Column(
            "speech_ms",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How much of it is speech, by its energy",
        ),
    )
    op.add_column(
        "chunks",
        sa.Column(
            "partial",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="What is heard so far, while an engine is at it",
        ),
    )
    op.add_column(
        "chunks",
        sa.Column(
            "heard_ms",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="How far into its sound that is",
        ),
    )
    op.alter_column(
        "chunks",
        "words",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="With times within the recording: [text, start_ms, end_ms, conf, estimated, speaker]",
        existing_comment="Words with times within the recording: [text, start_ms, end_ms, conf]",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.alter_column(
        "chunks",
        "checks",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="What looks wrong with the answer: [{kind, reason, start, end}]",
        existing_comment="What looks wrong with the answer",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "speech_dbfs",
            sa.Double(),
            nullable=True,
            comment="How loud the speech is; null: there is none",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "asked_model",
            sa.String(),
            server_default=sa.text("''"),
            nullable=False,
            comment="The model that was wished for, where another had to take its place",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "budget_usd",
            sa.Numeric(precision=12, scale=6),
            nullable=True,
            comment="What it may cost; null: no limit",
        ),
    )
    op.alter_column(
        "segments",
        "position",
        existing_type=sa.DOUBLE_PRECISION(precision=53),
        comment="Order within the job; its start at first",
        existing_comment="Order within the job; splits go between",
        existing_nullable=False,
    )
    op.alter_column(
        "segments",
        "words",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="Words with times: [text, start_ms, end_ms, confidence, estimated]",
        existing_comment="Words with times: [text, start_ms, end_ms, confidence]",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.execute("UPDATE segments SET position = start_ms")
    # words without times, of recordings under way: they are estimated anew
    op.execute(
        "UPDATE chunks SET words = '[]' FROM jobs WHERE jobs.id = chunks.job_id"
        " AND jobs.status IN ('preparing', 'transcribing', 'finishing')"
    )


def downgrade() -> None:
    op.alter_column(
        "segments",
        "words",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="Words with times: [text, start_ms, end_ms, confidence]",
        existing_comment="Words with times: [text, start_ms, end_ms, confidence, estimated]",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.alter_column(
        "segments",
        "position",
        existing_type=sa.DOUBLE_PRECISION(precision=53),
        comment="Order within the job; splits go between",
        existing_comment="Order within the job; its start at first",
        existing_nullable=False,
    )
    op.drop_column("jobs", "budget_usd")
    op.drop_column("jobs", "asked_model")
    op.drop_column("jobs", "speech_dbfs")
    op.alter_column(
        "chunks",
        "checks",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="What looks wrong with the answer",
        existing_comment="What looks wrong with the answer: [{kind, reason, start, end}]",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.alter_column(
        "chunks",
        "words",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="Words with times within the recording: [text, start_ms, end_ms, conf]",
        existing_comment="With times within the recording: [text, start_ms, end_ms, conf, estimated, speaker]",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.drop_column("chunks", "heard_ms")
    op.drop_column("chunks", "partial")
    op.drop_column("chunks", "speech_ms")
    op.drop_column("chunks", "overlap_ms")
    op.drop_column("chunks", "spans")
    op.drop_column("chunks", "channel")
    op.create_table_comment(
        "attempts",
        "Each answer of an engine, kept for ever",
        existing_comment="Each request to an engine and its answer, kept for ever",
        schema=None,
    )
    op.drop_index(
        "ix_attempts_open", table_name="attempts", postgresql_where=sa.text("finished_at IS NULL")
    )
    op.drop_column("attempts", "cost_usd")
    op.drop_column("attempts", "answer")
    op.drop_column("attempts", "account")
    op.drop_column("attempts", "part")
    op.drop_column("attempts", "step")
    op.drop_column("api_keys", "spent_in")
    op.drop_column("api_keys", "spent_usd")
    op.drop_column("api_keys", "monthly_budget_usd")
    op.drop_table("engine_accounts")
