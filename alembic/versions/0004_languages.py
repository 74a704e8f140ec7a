"""The language of each word, and asking without telling of languages.

Revises: 0003
Created: 2026-11-25 22:40:07.318442
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STEPS = "'first', 'without_prompt', {}'smaller', 'other_model', 'second_look'"


def upgrade() -> None:
    steps = STEPS.format("'without_languages', ")
    op.drop_constraint(op.f("ck_attempts_step"), "attempts", type_="check")
    op.create_check_constraint(op.f("ck_attempts_step"), "attempts", f"step IN ({steps})")
    op.add_column(
        "segments",
        sa.Column(
            "tags",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Words in a row in one language: [start, end, language, ending's language, how"
            " sure, by a person], in characters of the text",
        ),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "heard_languages",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
            comment="Languages found in the text, where none were expected",
        ),
    )
    op.add_column(
        "feedback",
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Behind the rates: units, errors by language, scripts, characters",
        ),
    )


def downgrade() -> None:
    op.drop_column("feedback", "counts")
    op.drop_column("jobs", "heard_languages")
    op.drop_column("segments", "tags")
    op.drop_constraint(op.f("ck_attempts_step"), "attempts", type_="check")
    # the answers stay, as what they were nearest to
    op.execute("UPDATE attempts SET step = 'without_prompt' WHERE step = 'without_languages'")
    op.create_check_constraint(
        op.f("ck_attempts_step"), "attempts", f"step IN ({STEPS.format('')})"
    )
