import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from speech_project.datadir import BASE_DIR
from transcription import audio
from transcription.engines import MODELS, configured, engine_of
from transcription.engines.base import EngineError, Request
from transcription.engines.openai import OpenAIEngine
from transcription.engines.probing import MOST_REQUESTS, Finding, probe, suggestion
from transcription.splitting import SAMPLE_RATE

SAMPLE = BASE_DIR / "sample" / "dictation.flac"
CLIP_MS = 3_600  # its first sentence


class Command(BaseCommand):
    help = "Ask the speech service a few seconds of the sample, in each way it may understand."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--model",
            default=settings.STT_MODEL,
            help="any name that the server knows; without it that of STT_MODEL",
        )
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            engine = self.engine(options["model"])
            findings = self.ask(engine, options["json"])
        except EngineError as error:
            raise CommandError(error.message) from None
        entry = suggestion(engine.capabilities, findings)
        if options["json"]:
            found = {finding.pop("name"): finding for finding in map(asdict, findings)}
            self.stdout.write(json.dumps({"findings": found, "entry": entry}, ensure_ascii=False))
        else:
            self.stdout.write(f"\nFor STT_MODELS:\n[{json.dumps(entry, ensure_ascii=False)}]")

    def engine(self, model: str) -> OpenAIEngine:
        engine = engine_of(
            MODELS.get(model) or configured.undeclared(model),
            settings.OPENAI_API_KEY or None,
            settings.OPENAI_BASE_URL or None,
            float(settings.ENGINE_TIMEOUT_S),
        )
        if not isinstance(engine, OpenAIEngine):
            raise CommandError(f"{model} runs on this machine: there is no server to ask.")
        return engine

    def ask(self, engine: OpenAIEngine, quiet: bool) -> list[Finding]:
        samples = audio.read_flac(SAMPLE.read_bytes())[: CLIP_MS * SAMPLE_RATE // 1000]
        self.stderr.write(
            f"Sending {CLIP_MS / 1000} s of speech to {engine.address}, model "
            f"{engine.capabilities.model}, up to {MOST_REQUESTS} times "
            f"({MOST_REQUESTS * CLIP_MS / 1000:.0f} s in all). A service that is paid bills it."
        )
        findings = []
        for finding in probe(engine, Request(audio.encode_flac(samples), CLIP_MS)):
            findings.append(finding)
            if not quiet:
                detail = f" ({finding.detail})" if finding.detail else ""
                self.stdout.write(f"{finding.name.replace('_', ' '):<14} {finding.verdict}{detail}")
        return findings
