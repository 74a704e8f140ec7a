"""Speak sample/dictation.txt, a sentence a line, into sample/dictation.flac: 16 kHz, mono.

Needs flite (Debian: apt install flite). Run it after changing the text:

    python -m benchmarks.make_sample
"""

import subprocess
import tempfile
import wave
from itertools import cycle
from pathlib import Path

import numpy as np

from transcription.audio import Samples, encode_flac
from transcription.splitting import SAMPLE_RATE

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
VOICE = "slt"
PAUSES_MS = (650, 500, 800, 550, 700)  # between sentences, over and over


def speak(sentence: str) -> Samples:
    """One sentence in flite's voice."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as spoken:
        subprocess.run(["flite", "-voice", VOICE, "-t", sentence, "-o", spoken.name], check=True)
        with wave.open(spoken.name) as file:
            assert (file.getframerate(), file.getnchannels()) == (SAMPLE_RATE, 1)
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def dictate(sentences: list[str]) -> Samples:
    """All the sentences, with a pause after each."""
    parts = []
    for sentence, pause_ms in zip(sentences, cycle(PAUSES_MS), strict=False):
        parts += [speak(sentence), np.zeros(pause_ms * SAMPLE_RATE // 1000, np.int16)]
    return np.concatenate(parts)


def main() -> None:
    sentences = (SAMPLE / "dictation.txt").read_text(encoding="utf-8").splitlines()
    samples = dictate(sentences)
    (SAMPLE / "dictation.flac").write_bytes(encode_flac(samples))
    print(f"{len(sentences)} sentences, {samples.size / SAMPLE_RATE:.1f} s")


if __name__ == "__main__":
    main()
