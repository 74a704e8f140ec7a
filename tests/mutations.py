"""Recordings of every common format, and damaged copies of them, the same ones for a seed.

Pure but for reading the sample. Damage is drawn by index, so that one copy can be made again by
itself.
"""

import io
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.container import OutputContainer

SAMPLE = Path(__file__).resolve().parent.parent / "sample" / "dictation.flac"
CLIP_S = 3.5
BIT_RATES = {"libopencore_amrnb": 12_200, "wmav2": 128_000}
FRAME = 1024  # samples at once: some encoders lose the rest of a longer frame

T = TypeVar("T")


@dataclass(frozen=True)
class Recipe:
    """How a good file is made: its ending, libavformat's muxer, the encoder and the sound."""

    ending: str
    muxer: str
    codec: str
    rate: int
    channels: int = 1
    options: tuple[tuple[str, str], ...] = ()


RECIPES = (
    Recipe("wav", "wav", "pcm_s16le", 44_100, 2),
    Recipe("wav", "wav", "pcm_s16le", 8000),
    Recipe("wav", "wav", "pcm_f32le", 48_000),
    Recipe("wav", "wav", "pcm_mulaw", 8000, 2),
    Recipe("wav", "wav", "adpcm_ima_wav", 44_100),
    Recipe("mp3", "mp3", "libmp3lame", 44_100, 2),
    Recipe("mp3", "mp3", "libmp3lame", 8000),
    Recipe("mp3", "mp3", "libmp3lame", 48_000, 1, (("write_xing", "0"),)),
    Recipe("flac", "flac", "flac", 48_000, 2),
    Recipe("flac", "flac", "flac", 8000),
    Recipe("ogg", "ogg", "vorbis", 44_100, 2),
    Recipe("opus", "ogg", "libopus", 48_000),
    Recipe("m4a", "ipod", "aac", 44_100, 2),
    Recipe("m4a", "ipod", "alac", 48_000),
    Recipe("mp4", "mp4", "aac", 48_000),
    Recipe("mp4", "mp4", "aac", 44_100, 1, (("movflags", "frag_keyframe+empty_moov"),)),
    Recipe("mov", "mov", "pcm_s16le", 44_100),
    Recipe("3gp", "3gp", "libopencore_amrnb", 8000),
    Recipe("amr", "amr", "libopencore_amrnb", 8000),
    Recipe("aac", "adts", "aac", 44_100, 2),
    Recipe("webm", "webm", "libopus", 48_000, 2),
    Recipe("webm", "webm", "vorbis", 44_100, 2),
    Recipe("mka", "matroska", "pcm_s16le", 8000),
    Recipe("aiff", "aiff", "pcm_s16be", 44_100, 2),
    Recipe("caf", "caf", "pcm_s16be", 48_000),
    Recipe("caf", "caf", "alac", 44_100),
    Recipe("wma", "asf", "wmav2", 44_100, 2),
    Recipe("au", "au", "pcm_s16be", 8000),
    Recipe("w64", "w64", "pcm_s16le", 48_000),
    Recipe("wv", "wv", "wavpack", 44_100),
    Recipe("tta", "tta", "tta", 44_100),
    Recipe("ac3", "ac3", "ac3", 48_000, 2),
    Recipe("ts", "mpegts", "mp2", 48_000, 2),
    Recipe("avi", "avi", "libmp3lame", 44_100),
    Recipe("flv", "flv", "aac", 44_100),
    Recipe("voc", "voc", "pcm_u8", 8000),
)


@cache
def sound() -> np.ndarray:
    """The first CLIP_S of the sample, 16 kHz int16."""
    with av.open(str(SAMPLE)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames)[: int(CLIP_S * 16_000)]


@cache
def good(recipe: Recipe) -> bytes:
    """CLIP_S of speech; of two channels the right one says its halves the other way round."""
    target = io.BytesIO()
    layout = "stereo" if recipe.channels == 2 else "mono"
    speech = sound()
    voices = [speech, np.roll(speech, len(speech) // 2)][: recipe.channels]
    given = av.AudioFrame.from_ndarray(np.stack(voices), format="s16p", layout=layout)
    given.sample_rate = 16_000
    options = {"fflags": "+bitexact"} | dict(recipe.options)  # no random serial numbers
    with av.open(target, "w", format=recipe.muxer, options=options) as container:
        _encode(container, recipe, layout, given)
    return target.getvalue()


def _encode(container: OutputContainer, recipe: Recipe, layout: str, given: av.AudioFrame) -> None:
    stream = container.add_stream(
        recipe.codec, recipe.rate, {"strict": "experimental"}, layout=layout
    )
    assert isinstance(stream, av.AudioStream)
    if recipe.codec in BIT_RATES:
        stream.bit_rate = BIT_RATES[recipe.codec]
    resampler = av.AudioResampler(stream.format, layout, recipe.rate, FRAME)
    for frame in [*resampler.resample(given), *resampler.resample(None)]:
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


class Draw:
    """Random choices by Random.random() alone, whose sequence no version of Python changes."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def below(self, count: int) -> int:
        return int(self._random() * count)

    def one(self, among: Sequence[T]) -> T:
        return among[self.below(len(among))]

    def noise(self, count: int) -> bytes:
        return bytes(self.below(256) for _ in range(count))

    def stretch(self, content: bytes) -> tuple[int, int]:
        """Where a piece of up to a third of the content starts and ends."""
        start = self.below(len(content))
        return start, min(len(content), start + 1 + self.below(len(content) // 3 + 1))


Damage = Callable[[bytes, Draw], bytes]


def _flip(content: bytes, draw: Draw, count: int) -> bytes:
    damaged = bytearray(content)
    for _ in range(count):
        damaged[draw.below(len(damaged))] ^= 1 + draw.below(255)
    return bytes(damaged)


def few_bytes(content: bytes, draw: Draw) -> bytes:
    return _flip(content, draw, 1 + draw.below(10))


def many_bytes(content: bytes, draw: Draw) -> bytes:
    return _flip(content, draw, len(content) // (20 + draw.below(500)) + 1)


def header_bytes(content: bytes, draw: Draw) -> bytes:
    head = min(len(content), 64 << draw.below(4))
    return _flip(content[:head], draw, 1 + draw.below(8)) + content[head:]


def tail_cut(content: bytes, draw: Draw) -> bytes:
    return content[: 1 + draw.below(len(content))]


def head_cut(content: bytes, draw: Draw) -> bytes:
    return content[draw.below(len(content)) :]


def first_bytes_cut(content: bytes, draw: Draw) -> bytes:
    return content[1 + draw.below(200) :]


def only_first_bytes(content: bytes, draw: Draw) -> bytes:
    return content[: draw.below(101)]


def hole(content: bytes, draw: Draw) -> bytes:
    start, end = draw.stretch(content)
    return content[:start] + content[end:]


def doubled(content: bytes, draw: Draw) -> bytes:
    start, end = draw.stretch(content)
    return content[:end] + content[start:]


def zeroed(content: bytes, draw: Draw) -> bytes:
    start, end = draw.stretch(content)
    return content[:start] + bytes(end - start) + content[end:]


def noise_over(content: bytes, draw: Draw) -> bytes:
    start, end = draw.stretch(content)
    return content[:start] + draw.noise(end - start) + content[end:]


def noise_between(content: bytes, draw: Draw) -> bytes:
    at = draw.below(len(content))
    return content[:at] + draw.noise(1 + draw.below(4000)) + content[at:]


def swapped(content: bytes, draw: Draw) -> bytes:
    first, middle, last, end = sorted(draw.below(len(content)) for _ in range(4))
    return (
        b"".join((content[:first], content[last:end], content[middle:last], content[first:middle]))
        + content[end:]
    )


def tag_in_front(content: bytes, draw: Draw) -> bytes:
    """An ID3v2 tag of noise, whose length is right or not."""
    size = draw.below(2000)
    said = draw.one([size, size, draw.below(2**14), 2**28 - 1])
    length = bytes(said >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([draw.one([2, 3, 4]), 0, 0]) + length + draw.noise(size) + content


def twice(content: bytes, draw: Draw) -> bytes:
    return content + content[: len(content) - draw.one([0, draw.below(len(content))])]


def with_another(content: bytes, draw: Draw) -> bytes:
    return content + good(draw.one(RECIPES))


def unharmed(content: bytes, draw: Draw) -> bytes:
    return content


# What lengths, rates and counts follow: bytes of it, bytes until the number, the number's struct.
FIELDS = [
    (b"RIFF", 4, "<I"), (b"data", 4, "<I"), (b"fmt ", 4, "<I"), (b"fmt ", 10, "<H"),
    (b"fmt ", 12, "<I"), (b"fmt ", 20, "<H"), (b"fmt ", 22, "<H"), (b"fact", 8, "<I"),
    (b"riff", 16, "<Q"), (b"Xing", 8, ">I"), (b"Info", 8, ">I"), (b"Xing", 12, ">I"),
    (b"Info", 12, ">I"), (b"LAME", 21, ">I"), (b"Lavc", 21, ">I"), (b"fLaC", 18, ">Q"),
    (b"fLaC", 5, ">H"), (b"fLaC", 8, ">I"), (b"fLaC", 21, ">I"), (b"OggS", 6, "<Q"),
    (b"OggS", 18, "<I"), (b"OggS", 26, "<B"), (b"OpusHead", 9, "<B"), (b"OpusHead", 10, "<H"),
    (b"\x01vorbis", 11, "<B"), (b"\x01vorbis", 12, "<I"), (b"mvhd", 16, ">I"),
    (b"mvhd", 20, ">I"), (b"mdhd", 16, ">I"), (b"mdhd", 20, ">I"), (b"tkhd", 24, ">I"),
    (b"elst", 8, ">I"), (b"elst", 12, ">I"), (b"elst", 16, ">I"), (b"stts", 12, ">I"),
    (b"stts", 16, ">I"), (b"stsz", 8, ">I"), (b"stsz", 12, ">I"), (b"stsc", 16, ">I"),
    (b"stco", 8, ">I"), (b"stco", 12, ">I"), (b"mp4a", 20, ">H"), (b"mp4a", 28, ">I"),
    (b"mdat", -4, ">I"), (b"moov", -4, ">I"), (b"moof", -4, ">I"), (b"trun", 8, ">I"),
    (b"FORM", 4, ">I"), (b"COMM", 8, ">H"), (b"COMM", 10, ">I"), (b"COMM", 16, ">Q"),
    (b"SSND", 4, ">I"), (b"desc", 12, ">d"), (b"desc", 28, ">I"), (b"desc", 32, ">I"),
    (b"pakt", 12, ">Q"), (b"pakt", 20, ">Q"), (b".snd", 4, ">I"), (b".snd", 8, ">I"),
    (b".snd", 16, ">I"), (b".snd", 20, ">I"), (b"wvpk", 4, "<I"), (b"wvpk", 12, "<I"),
    (b"wvpk", 20, "<I"), (b"TTA1", 6, "<H"), (b"TTA1", 10, "<I"), (b"TTA1", 14, "<I"),
    (b"\x44\x89", 3, ">d"), (b"\xb5", 2, ">d"), (b"\x9f", 2, ">B"), (b"\x53\xab", 3, ">I"),
    (b"duration", 9, ">d"), (b"strh", 28, "<I"), (b"strh", 32, "<I"), (b"strf", 8, "<H"),
    (b"movi", -4, "<I"), (b"OggS", 5, "<B"),
]  # fmt: skip


FALSE_FLOATS = (0.0, -1.0, 1e-300, 0.5, 1.0, 8001.0, 1e9, 1e300, float("nan"))


def lying_number(content: bytes, draw: Draw) -> bytes:
    """One number of a header that is false; in a file that has none of FIELDS, of the first 40."""
    places = [
        (at + offset, form)
        for magic, offset, form in FIELDS
        for at in _found(content, magic)
        if at + offset >= 0 and at + offset + struct.calcsize(form) <= len(content)
    ]
    at, form = draw.one(places or [(4 * draw.below(10), ">I")])
    end = at + struct.calcsize(form)
    return content[:at] + _lie(content[at:end], form, draw) + content[end:]


def _lie(said: bytes, form: str, draw: Draw) -> bytes:
    """Something false in the place of a packed number."""
    if form == ">d":
        return struct.pack(form, draw.one(FALSE_FLOATS))
    number = int.from_bytes(said, "little" if form[0] == "<" else "big")
    most = 2 ** (8 * struct.calcsize(form)) - 1
    near = [number // 2, number - 1, number + 1, number * 2, number * 1000]
    lies = [0, 1, *near, most // 2, most // 2 + 1, most, draw.below(most + 1)]
    return struct.pack(form, draw.one(lies) & most)


def _found(content: bytes, magic: bytes) -> Iterator[int]:
    """The first and the last place of a few bytes: a header's, and that of what ends a stream."""
    first = content.find(magic)
    if first >= 0:
        yield first
        last = content.rfind(magic)
        if last != first:
            yield last


DAMAGE: tuple[Damage, ...] = (
    few_bytes, many_bytes, header_bytes, tail_cut, head_cut, first_bytes_cut, only_first_bytes,
    hole, doubled, zeroed, noise_over, noise_between, swapped, tag_in_front, twice, with_another,
    lying_number, lying_number, lying_number, lying_number, unharmed,
)  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """`name` says what was done to which recipe, and ends as some recording's file name does."""

    name: str
    content: bytes


def mutation(seed: int, index: int) -> Mutation:
    """The damaged copy of this number, the same one each time: one damage of a good file, or, of
    every fourth, two. Every eighth has another format's ending."""
    draw = Draw(f"{seed}:{index}")
    recipe = draw.one(RECIPES)
    content, done = good(recipe), []
    for _ in range(1 if draw.below(4) else 2):
        damage = draw.one(DAMAGE)
        content = damage(content, draw) if content else content
        done.append(damage.__name__)
    ending = recipe.ending if draw.below(8) else draw.one(RECIPES).ending
    made_from = f"{recipe.muxer}-{recipe.codec}-{recipe.rate}"
    return Mutation(f"{index:05}-{made_from}-{'-'.join(done)}.{ending}", content)
