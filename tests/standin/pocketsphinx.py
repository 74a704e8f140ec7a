"""Hears for itself: PocketSphinx, one piece at a time, for tests that need no reference."""

import re
from functools import lru_cache
from threading import Lock

from pocketsphinx import Decoder

from tests.standin.hearing import Heard, Word
from tests.standin.sound import Sound

FRAMES_PER_S = 100
BLOCK = 1600  # samples at once: Python's lock is held within a block
FILLER = re.compile(r"[<\[+]")  # <s>, [NOISE], ++BREATH++
VARIANT = re.compile(r"\(\d+\)$")  # the number of a word's pronunciation

_turn = Lock()


@lru_cache(maxsize=1)
def _decoder() -> Decoder:
    return Decoder(loglevel="FATAL")


def hear(sound: Sound) -> Heard:
    with _turn:
        decoder = _decoder()
        decoder.reinit_feat()
        decoder.start_utt()
        for at in range(0, len(sound.samples), BLOCK):
            decoder.process_raw(sound.samples[at : at + BLOCK].tobytes())
        decoder.end_utt()
        found = [(seg.word, seg.start_frame, seg.end_frame + 1) for seg in decoder.seg() or ()]
    return Heard.of(
        Word(VARIANT.sub("", word), start / FRAMES_PER_S, end / FRAMES_PER_S)
        for word, start, end in found
        if not FILLER.match(word)
    )
