"""The review desk: rank and hand-out of jobs, doubtful words, who is at a desk.

Revises: 0004
Created: 2026-11-26 01:00:12.504117
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TAUGHT = "What the corrections may teach: [{heard, corrected, count}]"  # until then


def upgrade() -> None:
    op.add_column(
        "jobs",
        sa.Column(
            "expected_errors",
            sa.Double(),
            nullable=True,
            comment="Share of its words that are presumably wrong",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "rank_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Its place in the queue, the earliest first: when it was finished, moved back"
            " the further the more errors are expected",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True, comment="Since when"),
    )
    op.execute("UPDATE jobs SET rank_at = finished_at WHERE status = 'completed'")
    op.create_index(
        "ix_jobs_rank", "jobs", ["review_status", sa.literal_column("priority DESC"), "rank_at"]
    )
    op.add_column(
        "segments",
        sa.Column(
            "doubts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Words that the engine was least sure of: [start, end, confidence], in"
            " characters of the text",
        ),
    )
    op.alter_column(
        "feedback",
        "extracted_terms",
        comment="What the corrections may teach: [{heard, corrected, count, dropped}], the last"
        " where the reviewer said no",
        existing_comment=TAUGHT,
    )
    op.create_table(
        "presences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False, comment="id in auth_user"),
        sa.Column("user_name", sa.Text(), nullable=False, comment="Name at the time"),
        sa.Column(
            "segment_id",
            sa.BigInteger(),
            nullable=True,
            comment="The segment in focus, if any; it may be gone",
        ),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When their page last told; after half a minute they have left",
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_presences_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presences")),
        sa.UniqueConstraint("job_id", "user_id", name=op.f("uq_presences_job_id_user_id")),
        comment="Who is at which recording's desk",
    )
    op.create_index(op.f("ix_presences_job_id"), "presences", ["job_id"])


def downgrade() -> None:
    op.drop_table("presences")
    op.alter_column("feedback", "extracted_terms", comment=TAUGHT)
    op.drop_column("segments", "doubts")
    op.drop_index("ix_jobs_rank", table_name="jobs")
    op.drop_column("jobs", "assigned_at")
    op.drop_column("jobs", "rank_at")
    op.drop_column("jobs", "expected_errors")
