"""What reviews teach: sureness, counter-evidence, feedback of API clients, runs to compare.

Revises: 0005
Created: 2026-11-29 07:47:34.033427
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WATCHED = "term_id, text, normalized, enabled"
EVIDENCE = "Where a term was learned from"  # until then


def upgrade() -> None:
    op.add_column(
        "api_keys",
        sa.Column(
            "training_consent",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Its recordings and their corrected text may train engines",
        ),
    )
    op.add_column("feedback", sa.Column("api_key_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_feedback_api_key_id"), "feedback", ["api_key_id"])
    op.create_foreign_key(
        op.f("fk_feedback_api_key_id"),
        "feedback",
        "api_keys",
        ["api_key_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.add_column(
        "jobs",
        sa.Column(
            "proposal",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Made to be compared with its source and taken from, not to be reviewed",
        ),
    )
    op.add_column(
        "lexicon_alternatives",
        sa.Column(
            "undone_count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Times a reviewer took back what it led to",
        ),
    )
    op.add_column(
        "lexicon_alternatives",
        sa.Column(
            "proven",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Reviews showed that nothing else is heard so: replaced though it is ordinary",
        ),
    )
    _raise_version_with(f"{WATCHED}, proven")
    _counts_of_alternatives("count >= 0 AND undone_count >= 0")
    op.add_column(
        "lexicon_terms",
        sa.Column(
            "confidence",
            sa.Double(),
            nullable=True,
            comment="How sure learning is of it; null: people entered it",
        ),
    )
    op.add_column(
        "term_evidence",
        sa.Column(
            "kind",
            sa.String(),
            server_default=sa.text("'taught'"),
            nullable=False,
            comment="Whether reviewers taught the term or took back what it led to",
        ),
    )
    op.create_check_constraint(
        op.f("ck_term_evidence_kind"), "term_evidence", "kind IN ('taught', 'undone')"
    )
    op.create_table_comment(
        "term_evidence", f"{EVIDENCE}, and where it was wrong", existing_comment=EVIDENCE
    )


def downgrade() -> None:
    op.execute("DELETE FROM term_evidence WHERE kind = 'undone'")  # it would count for the term
    op.create_table_comment("term_evidence", EVIDENCE)
    op.drop_column("term_evidence", "kind")
    op.drop_column("lexicon_terms", "confidence")
    _raise_version_with(WATCHED)
    _counts_of_alternatives("count >= 0")
    op.drop_column("lexicon_alternatives", "proven")
    op.drop_column("lexicon_alternatives", "undone_count")
    op.drop_column("jobs", "proposal")
    op.drop_column("feedback", "api_key_id")
    op.drop_column("api_keys", "training_consent")


def _raise_version_with(columns: str) -> None:
    op.execute("DROP TRIGGER raise_lexicon_version ON lexicon_alternatives")
    op.execute(
        "CREATE TRIGGER raise_lexicon_version"
        f" BEFORE INSERT OR DELETE OR TRUNCATE OR UPDATE OF {columns} ON lexicon_alternatives"
        " FOR EACH STATEMENT EXECUTE FUNCTION raise_lexicon_version()"
    )


def _counts_of_alternatives(rule: str) -> None:
    name = op.f("ck_lexicon_alternatives_not_negative")
    op.drop_constraint(name, "lexicon_alternatives", type_="check")
    op.create_check_constraint(name, "lexicon_alternatives", rule)
