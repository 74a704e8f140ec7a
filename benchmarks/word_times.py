"""How far estimated word times are from forced alignment, on clips with reference texts.

The truth is PocketSphinx's forced alignment of the reference. The estimate hears nothing but the
words' spelling and the sound, as it does for engines that tell no times. FOLDER holds refs.tsv
(file, lang, ref, ...) and its clips; the English ones are measured, cut as the product cuts:

    python -m benchmarks.word_times FOLDER
"""

import csv
import json
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase

import av
import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from transcription.engines.base import Answer
from transcription.splitting import SAMPLE_RATE, Samples, Splitter
from transcription.timing import time_words

Span = tuple[int, int]  # start and end of a word in ms
Piece = tuple[Samples, list[str], list[Span]]
FRAME_MS = 10  # of PocketSphinx
SIDES = re.compile(r"LEFT:(.*)RIGHT:(.*)")  # the text of each channel, where they differ
READ_AS = {"mr": ["mister"], "mrs": ["missus"], "dr": ["doctor"]}
# how letters most often sound, for words that are not in the dictionary
SOUNDS = "AE B K D EH F G HH IH JH K L M N AA P K R S T AH V W K IY Z"
SOUND_OF = dict(zip(ascii_lowercase, SOUNDS.split(), strict=True))


def clips(folder: Path) -> Iterator[tuple[Samples, str]]:
    """Samples and text of each English clip, one for each channel that has its own text."""
    with (folder / "refs.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["lang"] == "en":
                channels = read(folder / row["file"])
                sides = SIDES.match(row["ref"])
                texts = sides.groups() if sides else [row["ref"]]
                sounds = channels if sides else [channels.mean(axis=0).astype(np.int16)]
                yield from zip(sounds, texts, strict=True)


def read(path: Path) -> NDArray[np.int16]:
    """A sound file's channels (channels x samples)."""
    resampler = av.AudioResampler("s16p", rate=SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate([f.to_ndarray() for f in [*frames, *resampler.resample(None)]], axis=1)


def align(decoder: Decoder, samples: Samples, words: list[str]) -> list[Span]:
    """When each word is said, by forced alignment."""
    said = [part for word in words for part in spoken(decoder, word)]
    decoder.reinit_feat()
    decoder.set_align_text(" ".join(said))
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    found = iter([s for s in decoder.seg() or () if s.word[0] not in "<[+"])
    spans = []
    for word in words:
        parts = [next(found) for _ in spoken(decoder, word)]
        start, end = parts[0].start_frame, parts[-1].end_frame + 1
        spans.append((start * FRAME_MS, end * FRAME_MS))
    return spans


def spoken(decoder: Decoder, word: str) -> list[str]:
    """The words of the dictionary that are said for one as written."""
    parts = re.findall(r"[a-z']+", word.lower().replace("’", "'"))
    for part in parts:
        if part not in READ_AS and not decoder.lookup_word(part):
            decoder.add_word(part, " ".join(SOUND_OF[letter] for letter in part if letter != "'"))
    return [said for part in parts for said in READ_AS.get(part, [part])]


def pieces(samples: Samples, words: list[str], spans: list[Span]) -> Iterator[Piece]:
    """As the product cuts: samples, words and times of each piece."""
    splitter = Splitter()
    for piece in [*splitter.feed(samples), *splitter.finish()]:
        inside = [
            (word, (start - piece.start_ms, end - piece.start_ms))
            for word, (start, end) in zip(words, spans, strict=True)
            if piece.start_ms <= (start + end) / 2 < piece.end_ms
        ]
        yield piece.samples, [word for word, _ in inside], [span for _, span in inside]


def by_letters(words: list[str], audio_ms: int) -> list[Span]:
    """The plainest estimate: the time shared out by length of writing."""
    ends = np.cumsum([len(word) + 1 for word in words])
    edges = [0, *(ends * audio_ms // ends[-1]).tolist()]
    return list(pairwise(edges))


def main(folder: Path) -> None:
    decoder = Decoder(loglevel="FATAL", beam=1e-80, wbeam=1e-60, pbeam=1e-80)
    truth, estimate, baseline = [], [], []
    measured = list(clips(folder))
    for samples, text in measured:
        words = text.split()
        for sound, said, spans in pieces(samples, words, align(decoder, samples, words)):
            audio_ms = len(sound) * 1000 // SAMPLE_RATE
            timed = time_words(Answer(" ".join(said)), sound, audio_ms)
            truth += spans
            estimate += [(word.start_ms, word.end_ms) for word in timed]
            baseline += by_letters(said, audio_ms)
    starts, ends = np.abs(np.subtract(estimate, truth)).T
    figures = {
        "clips": len(measured),
        "words": len(truth),
        "median_start_error_ms": int(np.median(starts)),
        "median_end_error_ms": int(np.median(ends)),
        "p90_start_error_ms": int(np.percentile(starts, 90)),
        "baseline_median_start_error_ms": int(
            np.median(np.abs(np.subtract(baseline, truth))[:, 0])
        ),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
