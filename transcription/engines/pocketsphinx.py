"""PocketSphinx: offline, English, of demo quality; its model comes with its wheel."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from threading import Lock

from pocketsphinx import Decoder, Segment

from transcription.audio import read_flac
from transcription.engines.base import Answer, Capabilities, EngineError, Request, Word

# 16-bit samples at 16 kHz: PocketSphinx holds the GIL within a block, not between two
BLOCK_MS = 100
BLOCK_BYTES = 32 * BLOCK_MS
TELL_EVERY_MS = 3_000  # of the audio: about half a second of work
FRAME_MS = 10

_FILLER = re.compile(r"[<\[+].*")  # <s>, <sil>, [NOISE], ++BREATH++
_PRONUNCIATION = re.compile(r"\(\d+\)$")  # "the(2)" is the second way to say "the"

_CHEAP_SEARCH = "mean"

_decoding = Lock()  # there is one decoder in a process: it takes half a second to load, and 100 MB


class PocketSphinxEngine:
    """Hears English; any number of threads may share it, and take turns."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    def transcribe(self, request: Request) -> Answer:
        """The words, each with its times and posterior probability; EngineError if not English.

        What it tells on the way is the best guess so far: its second look may change words.
        """
        if request.languages and "en" not in request.languages:
            raise EngineError(
                "language_not_supported",
                f"PocketSphinx knows English only, not {', '.join(request.languages)}. "
                "Choose another model, or add English to the job's languages.",
                permanent=True,
            )
        pcm = read_flac(request.audio).tobytes()
        with _decoding:
            heard = _decode(_decoder(), pcm, request.on_progress)
            words = tuple(_words(heard, request.audio_ms))
        return Answer(text=" ".join(word.text for word in words), words=words)


@lru_cache(maxsize=1)
def _decoder() -> Decoder:
    decoder = Decoder(loglevel="FATAL")
    decoder.add_keyphrase(_CHEAP_SEARCH, "the")
    return decoder


def _decode(
    decoder: Decoder, pcm: bytes, tell: Callable[[str, int | None], object] | None
) -> Iterator[Segment]:
    """Hear one utterance of 16-bit samples; yields words and fillers in order."""
    decoder.set_cmn(_cepstral_mean(decoder, pcm))
    decoder.start_utt()
    try:
        for at, start in enumerate(range(0, len(pcm), BLOCK_BYTES), 1):
            decoder.process_raw(pcm[start : start + BLOCK_BYTES])
            if tell is not None and not at * BLOCK_MS % TELL_EVERY_MS:
                guess = decoder.hyp()
                tell(guess.hypstr if guess else "", at * BLOCK_MS)
    finally:
        decoder.end_utt()
    yield from decoder.seg() or ()


def _cepstral_mean(decoder: Decoder, pcm: bytes) -> str:
    """The sound of voice and room, over the whole utterance.

    Heard block by block, the decoder would have to guess it from what it heard before. The words
    do not matter here, so it looks for just one.
    """
    decoder.activate_search(_CHEAP_SEARCH)
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(pcm, no_search=True, full_utt=True)
    decoder.end_utt()
    decoder.activate_search()
    return str(decoder.get_cmn(False))


def _words(segments: Iterable[Segment], audio_ms: int) -> Iterator[Word]:
    """The words among the segments, as people write them."""
    for segment in segments:
        if not _FILLER.match(segment.word):
            yield Word(
                text=_PRONUNCIATION.sub("", segment.word),
                start_ms=min(segment.start_frame * FRAME_MS, audio_ms),
                end_ms=min((segment.end_frame + 1) * FRAME_MS, audio_ms),  # its last one included
                confidence=min(segment.prob, 1.0),  # its sums of logarithms overshoot by 0.0001
            )
