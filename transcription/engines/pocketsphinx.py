"""PocketSphinx: offline, English, of demo quality; its model comes with its wheel."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock

from pocketsphinx import Decoder, NGramModel, Segment

from lexicon.pronouncing import pronunciations
from transcription.audio import read_flac
from transcription.engines.base import Answer, Capabilities, EngineError, Request, Word

# 16-bit samples at 16 kHz: PocketSphinx holds the GIL within a block, not between two
BLOCK_MS = 100
BLOCK_BYTES = 32 * BLOCK_MS
TELL_EVERY_MS = 3_000  # of the audio: about half a second of work
FRAME_MS = 10

# How probable a term is, against the average word of the model. The sound decides: with a tenth of
# this, this and ten times this, 13 of 20 names of drugs were heard, before none. Among 1,000 terms
# that nobody said other speech was heard as without (WER 20.1 %), at ten times this not quite
# (20.5 %).
LOUDNESS = 1.0
MOST_ADDED = 20_000  # words, after which the decoder is made anew

_FILLER = re.compile(r"[<\[+].*")  # <s>, <sil>, [NOISE], ++BREATH++
_PRONUNCIATION = re.compile(r"\(\d+\)$")  # "the(2)" is the second way to say "the"

_USUAL_SEARCH, _CHEAP_SEARCH, _WITH_TERMS = "_default", "mean", "terms"

_decoding = Lock()  # there is one decoder in a process: it takes half a second to load, and 100 MB
_added: dict[tuple[str, ...], str] = {}  # pronunciations -> the word that the decoder has for them

Terms = Mapping[str, str]  # the decoder's words -> the terms that they stand for


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
            decoder = _decoder()
            if request.keywords:
                with _knowing(decoder, request) as terms:
                    words = _heard(decoder, pcm, request, _WITH_TERMS, terms)
            else:
                words = _heard(decoder, pcm, request, _USUAL_SEARCH, {})
        return Answer(text=" ".join(word.text for word in words), words=words)


@lru_cache(maxsize=1)
def _decoder() -> Decoder:
    decoder = Decoder(loglevel="FATAL")
    decoder.add_keyphrase(_CHEAP_SEARCH, "the")
    return decoder


@contextmanager
def _knowing(decoder: Decoder, request: Request) -> Iterator[Terms]:
    """A search that hears the request's terms too, for as long as this one request takes.

    Clients share the decoder and its dictionary, but a word is only heard in searches whose own
    language model has it. To make one takes 0.2 s and 70 MB, which half a minute of sound, heard
    in 4 s, is not worth keeping it for; and what is not kept cannot come out for another client.
    """
    terms = _added_words(decoder, request)
    model = NGramModel(decoder.config, decoder.logmath, decoder.config["lm"])
    for name in terms:
        model.add_word(name, LOUDNESS)
    decoder.add_lm(_WITH_TERMS, model)
    try:
        yield terms
    finally:
        decoder.activate_search(_USUAL_SEARCH)
        decoder.remove_search(_WITH_TERMS)
        if len(_added) > MOST_ADDED:
            _decoder.cache_clear()
            _added.clear()


def _added_words(decoder: Decoder, request: Request) -> Terms:
    """The terms in the decoder's dictionary. Words of several are one: as such they are heard."""
    terms: dict[str, str] = {}
    for text in request.keywords:
        said = [*request.sounds_like.get(text, "").split(","), text]
        ways = [" ".join(phones) for each in said for phones in pronunciations(each)]
        spoken = tuple(dict.fromkeys(ways))
        if not spoken:
            continue
        name = _added.get(spoken)
        if name is None:
            name = _added[spoken] = f"term:{len(_added)}"
            for number, phones in enumerate(spoken, 1):
                decoder.add_word(f"{name}({number})" if number > 1 else name, phones, False)
        terms.setdefault(name, text)  # of two that sound the same, the first
    return terms


def _heard(
    decoder: Decoder, pcm: bytes, request: Request, search: str, terms: Terms
) -> tuple[Word, ...]:
    """Hear one utterance of 16-bit samples."""
    tell = request.on_progress
    decoder.set_cmn(_cepstral_mean(decoder, pcm))
    decoder.activate_search(search)
    decoder.start_utt()
    try:
        for at, start in enumerate(range(0, len(pcm), BLOCK_BYTES), 1):
            decoder.process_raw(pcm[start : start + BLOCK_BYTES])
            if tell is not None and not at * BLOCK_MS % TELL_EVERY_MS:
                guess = decoder.hyp()
                words = guess.hypstr.split() if guess else []
                tell(" ".join(terms.get(word, word) for word in words), at * BLOCK_MS)
    finally:
        decoder.end_utt()
    return tuple(_words(decoder.seg() or (), request.audio_ms, terms))


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
    return str(decoder.get_cmn(False))


def _words(segments: Iterable[Segment], audio_ms: int, terms: Terms) -> Iterator[Word]:
    """The words among the segments, as people write them."""
    for segment in segments:
        if _FILLER.match(segment.word):
            continue
        name = _PRONUNCIATION.sub("", segment.word)
        start_ms = min(segment.start_frame * FRAME_MS, audio_ms)
        end_ms = min((segment.end_frame + 1) * FRAME_MS, audio_ms)  # its last one included
        confidence = min(segment.prob, 1.0)  # its sums of logarithms overshoot by 0.0001
        yield from _parted(terms.get(name, name), start_ms, end_ms, confidence)


def _parted(text: str, start_ms: int, end_ms: int, confidence: float) -> Iterator[Word]:
    """A term's words, which share its time by their letters."""
    words = text.split()
    letters = sum(map(len, words))
    at_ms, said = start_ms, 0
    for word in words:
        said += len(word)
        until_ms = start_ms + (end_ms - start_ms) * said // letters
        yield Word(word, at_ms, until_ms, confidence)
        at_ms = until_ms
