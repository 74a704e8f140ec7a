"""Who may import whom, so that the house keeps its shape."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

# each may import those before it, never those behind
ORDER = (
    "speech_project.access",
    "speech_project.api",
    "speech_project.webhooks",
    "lexicon",
    "transcription",
    "feedback",
)
PURE = (
    "speech_project/access/networks.py",
    "speech_project/webhooks/signing.py",
    "lexicon/exchange/columns.py",
    "lexicon/borders.py",
    "lexicon/conflicts.py",
    "lexicon/detecting.py",
    "lexicon/evaluating.py",
    "lexicon/exchange/decoding.py",
    "lexicon/exchange/formats.py",
    "lexicon/languages.py",
    "lexicon/normalising.py",
    "lexicon/policies.py",
    "lexicon/prompting.py",
    "lexicon/pronouncing.py",
    "lexicon/romanising.py",
    "lexicon/scripts.py",
    "lexicon/spelling.py",
    "lexicon/tagging.py",
    "lexicon/tokens.py",
    "lexicon/vocabulary.py",
    "lexicon/wordlists.py",
    *(f"lexicon/matching/{path.name}" for path in (ROOT / "lexicon/matching").glob("*.py")),
    "transcription/audio.py",
    "transcription/channels.py",
    "transcription/checks.py",
    "transcription/correcting.py",
    "transcription/decoding.py",
    *(
        f"transcription/exporting/{path.name}"
        for path in (ROOT / "transcription/exporting").glob("*.py")
    ),
    "transcription/doubts.py",
    "transcription/findings.py",
    "transcription/invented.py",
    "transcription/language_checks.py",
    "transcription/oddness.py",
    "transcription/placed.py",
    "transcription/preparing.py",
    "transcription/ranking.py",
    "transcription/said.py",
    "transcription/second_look.py",
    "transcription/splitting.py",
    "transcription/spoken.py",
    "transcription/standing.py",
    "transcription/stitching.py",
    "transcription/switching.py",
    "transcription/timing.py",
    "transcription/wire/replies.py",
    "transcription/engines/__init__.py",
    "transcription/engines/answers.py",
    "transcription/engines/base.py",
    "transcription/engines/configured.py",
    "transcription/engines/openai.py",
    "transcription/engines/pocketsphinx.py",
    "transcription/engines/probing.py",
    "feedback/alignment.py",
    "feedback/comparing.py",
    "feedback/cutting.py",
    "feedback/gains.py",
    "feedback/keys.py",
    "feedback/kinds.py",
    "feedback/language_scores.py",
    "feedback/quality/charts.py",
    "feedback/quality/rates.py",
    "feedback/quality/tables.py",
    "feedback/scoring.py",
    "feedback/mining.py",
    "feedback/normalisers.py",
    "feedback/parting.py",
    "feedback/uses.py",
)
FOLDERS = ("speech_project", "lexicon", "transcription", "feedback")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Full names of all modules that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = ".".join(path.relative_to(ROOT).parts[: -node.level])
                base = f"{package}.{base}".rstrip(".")
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("app", ORDER)
def test_apps_import_only_what_stands_before_them(app):
    later = ORDER[ORDER.index(app) + 1 :]
    for path in SOURCES:
        if within(name(path), app):
            wrong = {m for m in imports(path) for other in later if within(m, other)}
            assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_know_neither_django_nor_models(module):
    found = imports(ROOT / module)
    wrong = {
        m
        for m in found
        if within(m, "django") or within(m, "celery") or m.endswith((".models", ".services"))
    }
    assert not wrong


def test_nothing_but_migrations_and_tests_reads_the_schema():
    for path in SOURCES:
        assert not any(within(m, "speech_project.schema") for m in imports(path)), path


def test_services_and_models_do_not_know_who_calls_them():
    callers = ("views", "api", "admin", "tasks", "urls")
    for path in SOURCES:
        if path.stem in ("services", "models", "pipeline", "leases"):
            ours = {m for m in imports(path) if m.startswith(FOLDERS)}
            wrong = {m for m in ours if m.rpartition(".")[2] in callers}
            assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_no_package_of_ours_shadows_alembic():
    assert not (ROOT / "alembic" / "__init__.py").exists()
