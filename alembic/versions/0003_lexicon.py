"""The lexicon: its version, search in any script and by sound, and what it came to.

The version is raised by triggers, so that pages, commands and SQL by hand all count. They run
before the statement: whoever changes the lexicon holds the version's row first, the terms after
it, and so in one order. Terms that are there get their new keys by `manage.py refresh_lexicon`.

Revises: 0002
Created: 2026-11-22 22:10:43.518206
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RAISE_VERSION = """
CREATE FUNCTION raise_lexicon_version() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    -- waits for other changes to commit; takes its number only then
    UPDATE lexicon_version SET version = DEFAULT, changed_at = now();
    IF NOT FOUND THEN
        INSERT INTO lexicon_version (id) VALUES (1)
        ON CONFLICT (id) DO UPDATE SET version = DEFAULT, changed_at = now();
    END IF;
    RETURN NULL;
END $$
"""
WATCHED = {
    "lexicon_terms": "term, normalized, language, script, kind, status, api_key_id, sounds_like,"
    " sound, case_sensitive, priority, pinned",
    "lexicon_alternatives": "term_id, text, normalized, enabled",
}
STEPS = "'first', 'without_prompt', 'smaller', 'other_model'"


def upgrade() -> None:
    op.create_table(
        "lexicon_version",
        sa.Column(
            "id",
            sa.SmallInteger(),
            autoincrement=False,
            server_default=sa.text("1"),
            nullable=False,
            comment="Always 1: there is one row",
        ),
        sa.Column(
            "version",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="Rises with each change to what matching or hints use; no number comes twice",
        ),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="When it last rose",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_lexicon_version_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_version")),
        comment="Which lexicon this is: triggers raise it in the transaction of the change",
    )
    op.execute("INSERT INTO lexicon_version (id) VALUES (1)")
    op.add_column(
        "lexicon_terms",
        sa.Column(
            "romanised",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="That in Latin letters, to be found from any keyboard",
        ),
    )
    op.add_column(
        "lexicon_terms",
        sa.Column(
            "sound",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Key of how it is said: search by sound, and terms that sound alike",
        ),
    )
    op.create_index(
        "ix_lexicon_terms_sound",
        "lexicon_terms",
        ["sound"],
        unique=False,
        postgresql_ops={"sound": "text_pattern_ops"},
    )
    op.execute(RAISE_VERSION)
    for table, columns in WATCHED.items():
        op.execute(
            f"CREATE TRIGGER raise_lexicon_version"
            f" BEFORE INSERT OR DELETE OR TRUNCATE OR UPDATE OF {columns} ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION raise_lexicon_version()"
        )
    op.drop_constraint(op.f("ck_attempts_step"), "attempts", type_="check")
    op.create_check_constraint(
        op.f("ck_attempts_step"), "attempts", f"step IN ({STEPS}, 'second_look')"
    )
    op.alter_column(
        "attempts",
        "step",
        existing_type=sa.VARCHAR(),
        comment="Why it was asked: see the values allowed",
        existing_comment="Why it was asked: first, without_prompt, smaller, other_model",
        existing_nullable=False,
        existing_server_default=sa.text("'first'::character varying"),
    )
    op.add_column(
        "jobs",
        sa.Column(
            "lexicon_problem",
            sa.Text(),
            server_default=sa.text("''"),
            nullable=False,
            comment="Why the lexicon was not applied; empty: it was, or there was none",
        ),
    )
    op.add_column(
        "feedback",
        sa.Column(
            "lexicon",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What the lexicon came to: its terms' counts, and errors without it",
        ),
    )


def downgrade() -> None:
    op.drop_column("feedback", "lexicon")
    op.drop_column("jobs", "lexicon_problem")
    op.alter_column(
        "attempts",
        "step",
        existing_type=sa.VARCHAR(),
        comment="Why it was asked: first, without_prompt, smaller, other_model",
        existing_comment="Why it was asked: see the values allowed",
        existing_nullable=False,
        existing_server_default=sa.text("'first'::character varying"),
    )
    op.drop_constraint(op.f("ck_attempts_step"), "attempts", type_="check")
    # the answers stay, as what they were nearest to
    op.execute("UPDATE attempts SET step = 'other_model' WHERE step = 'second_look'")
    op.create_check_constraint(op.f("ck_attempts_step"), "attempts", f"step IN ({STEPS})")
    for table in WATCHED:
        op.execute(f"DROP TRIGGER raise_lexicon_version ON {table}")
    op.execute("DROP FUNCTION raise_lexicon_version()")
    op.drop_index(
        "ix_lexicon_terms_sound",
        table_name="lexicon_terms",
        postgresql_ops={"sound": "text_pattern_ops"},
    )
    op.drop_column("lexicon_terms", "sound")
    op.drop_column("lexicon_terms", "romanised")
    op.drop_table("lexicon_version")
