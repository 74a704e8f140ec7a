"""The child process that opens one hostile file: `python -m transcription.decoding MODE PATH CPU_S`

All modes write to stdout: `probe` one JSON line; `playback` an MP3, for which stdout has to be a
file; `mix`, `separate` and `auto` a byte with the number of channels, then s16le samples, 16 kHz,
interleaved. A file that is refused makes the last line of stderr a JSON object {"code", "message"}
and the exit status REFUSED; any other status but 0 is a crash. The parent is `transcription.audio`.
"""

import contextlib
import io
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from typing import IO

import av
import av.subtitles.codeccontext  # PyAV imports these two when it meets subtitles,
import av.subtitles.stream  # by which time nothing more can be opened
from av import AudioFrame, AudioStream, Packet
from av.container import InputContainer
from av.filter import Graph

from transcription import channels

REFUSED = 3
MEMORY_BYTES = 3 * 2**29  # 1.5 GiB
PROBE_S = 5
AVFMT_FLAG_GENPTS = 1
PCM_RATE = 16_000
CONVERTED_AT_ONCE = 2**15  # samples; frame by frame it would take twice as long
LISTENED_AT_ONCE_S = 60
LISTENED_SAMPLES = 2**23  # three minutes of a CD, 17 of a telephone: 64 MiB in floating point
# At 32 kHz and 64 kbit/s every MP3 frame is 36 ms in exactly 288 bytes, so that a position in
# time is a position in the file and every browser seeks to where it was asked to.
PLAYBACK_RATE, PLAYBACK_BITS_PER_S = 32_000, 64_000

# Containers that hold sound themselves. Those that name other files or addresses (hls, concat,
# dash, image2, sdp ...) are left out on purpose, as are guesses that take any text for a picture.
DEMUXERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dss,dts,eac3,flac,flv,gsm,loas,matroska,"
    "mov,mp3,mpc,mpc8,mpeg,mpegts,nistsphere,ogg,oma,qcp,rm,sox,tak,truehd,tta,voc,w64,wav,wv,xwma"
)


class Refused(Exception):
    """This file gives no audio. `code` is one of `transcription.audio.REFUSALS`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def limit_resources(cpu_s: int) -> None:
    """Bound memory and CPU time of this process, as far as the platform can."""
    with contextlib.suppress(ImportError):
        import resource

        limits = {"RLIMIT_AS": MEMORY_BYTES, "RLIMIT_CPU": cpu_s, "RLIMIT_CORE": 0}
        for name, value in limits.items():
            with contextlib.suppress(AttributeError, ValueError, OSError):
                resource.setrlimit(getattr(resource, name), (value, value))


def forbid_opening() -> None:
    """From here on the kernel gives this process no new file and no socket, whoever asks."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


class Source(io.FileIO):
    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As libavformat wants it: a place that cannot be sought is a negative errno."""
        try:
            return super().seek(offset, whence)
        except OSError as error:
            return -(error.errno or 1)


def audio_decoders() -> Iterator[str]:
    for name in av.codecs_available:
        with contextlib.suppress(ValueError):  # an encoder
            if av.Codec(name, "r").type == "audio":
                yield name


def open_recording(source: Source) -> InputContainer:
    container = av.open(
        source,
        "r",
        metadata_errors="replace",
        container_options={
            "format_whitelist": DEMUXERS,
            "codec_whitelist": ",".join(audio_decoders()),  # no picture is ever decoded
            "protocol_whitelist": "none",
        },
    )
    # PyAV asks for missing timestamps to be generated, for which libavformat would read ahead
    # without bound; the timeline here is that of the samples.
    container.flags &= ~AVFMT_FLAG_GENPTS
    return container


def best_audio(container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream) or not stream.codec_context:
        raise Refused("no_audio", "no audio stream with a known codec")
    return stream


def packets(
    container: InputContainer, stream: AudioStream
) -> Iterator["Packet[AudioStream] | None"]:
    """The packets of a stream, then one to flush. A file that breaks off ends where it does."""
    try:
        yield from container.demux(stream)
    except MemoryError:
        raise
    except (av.FFmpegError, IndexError):  # the latter from PyAV, where streams turn up late
        yield None


def frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decode a stream, skipping packets that are broken."""
    decoder = stream.codec_context
    decoder.thread_count = 1
    decoder.open(strict=False)
    for packet in packets(container, stream):
        try:
            decoded = decoder.decode(packet)
        except MemoryError:
            raise
        except av.FFmpegError:
            continue
        for frame in decoded:
            frame.pts = None
            yield frame


def shape(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def converted(
    source: Iterable[AudioFrame], sample_format: str, layout: str, rate: int
) -> Iterator[AudioFrame]:
    """Mix and resample, also where the shape of the frames changes in mid-stream."""
    for (given_format, given_layout, given_rate), run in groupby(source, key=shape):
        graph = Graph()
        start = graph.add_abuffer(sample_rate=given_rate, format=given_format, layout=given_layout)
        gather = graph.add("asetnsamples", f"nb_out_samples={CONVERTED_AT_ONCE}:pad=0")
        target = f"sample_fmts={sample_format}:channel_layouts={layout}:sample_rates={rate}"
        graph.link_nodes(start, gather, graph.add("aformat", target), graph.add("abuffersink"))
        graph.configure()
        gathered = 0
        for frame in run:
            graph.push(frame)
            gathered += frame.samples
            if gathered >= CONVERTED_AT_ONCE:
                gathered %= CONVERTED_AT_ONCE
                yield from pulled(graph)
        graph.push(None)
        yield from pulled(graph)


def pulled(graph: Graph) -> Iterator[AudioFrame]:
    """What a graph has ready."""
    with contextlib.suppress(av.BlockingIOError, av.EOFError):
        while True:
            frame = graph.pull()
            assert isinstance(frame, AudioFrame)
            yield frame


def probe(container: InputContainer, stream: AudioStream, sink: IO[bytes]) -> int:
    samples = 0
    for frame in converted(frames(container, stream), "s16", "mono", PCM_RATE):
        samples += frame.samples
        if samples >= PROBE_S * PCM_RATE:
            break
    decoder = stream.codec_context
    description = {
        "format": container.format.name,
        "codec": decoder.codec.canonical_name,
        "sample_rate": decoder.sample_rate,
        "channels": decoder.channels,
        "header_duration_ms": container.duration and container.duration * 1000 // av.time_base,
    }
    sink.write(json.dumps(description).encode() + b"\n")
    return samples


def mix(container: InputContainer, stream: AudioStream, sink: IO[bytes]) -> int:
    return pcm(frames(container, stream), 1, sink)


def separate(container: InputContainer, stream: AudioStream, sink: IO[bytes]) -> int:
    source = frames(container, stream)
    first = list(islice(source, 1))
    return pcm(chain(first, source), 2 if of_two_channels(first) else 1, sink)


def auto(container: InputContainer, stream: AudioStream, sink: IO[bytes]) -> int:
    source = frames(container, stream)
    first = list(islice(source, 1))
    source = chain(first, source)
    if not of_two_channels(first):
        return pcm(source, 1, sink)
    two, heard = of_two_people(source)
    return pcm(chain(heard, source), 2 if two else 1, sink)


def pcm(source: Iterable[AudioFrame], count: int, sink: IO[bytes]) -> int:
    samples = 0
    sink.write(bytes([count]))
    for frame in converted(source, "s16", ["mono", "stereo"][count - 1], PCM_RATE):
        sink.write(memoryview(frame.planes[0])[: frame.samples * 2 * count])
        samples += frame.samples
    return samples


def of_two_channels(first: list[AudioFrame]) -> bool:
    return any(frame.layout.nb_channels == 2 for frame in first)


def of_two_people(source: Iterator[AudioFrame]) -> tuple[bool, list[AudioFrame]]:
    """Whether the channels are two people's, and the frames taken to find out.

    A minute decides, but as long as one side is silent, so that nobody who was called has
    spoken yet, it listens on. Whoever is silent longer than that is heard in the mix.
    """
    heard: list[AudioFrame] = []
    left: list[float] = []
    right: list[float] = []
    room = LISTENED_SAMPLES
    while room > 0 and (some := list(first_minute(source, room))):
        heard += some
        room -= sum(frame.samples for frame in some)
        for frame in converted(some, "s16p", "stereo", channels.RATE):
            for levels, plane in zip((left, right), frame.planes, strict=True):
                samples = memoryview(plane).cast("B").cast("h")
                levels += channels.levels_db(samples[: frame.samples])
        two = channels.apart(left, right)
        if two is not None:
            return two, heard
    return False, heard


def first_minute(source: Iterator[AudioFrame], most: int) -> Iterator[AudioFrame]:
    """The next frames, of a minute or so many samples."""
    seconds = 0.0
    for frame in source:
        yield frame
        seconds += frame.samples / frame.sample_rate
        most -= frame.samples
        if seconds >= LISTENED_AT_ONCE_S or most <= 0:
            return


def playback(container: InputContainer, stream: AudioStream, sink: IO[bytes]) -> int:
    samples = 0
    with av.open(sink, "w", format="mp3") as output:
        # Without the reservoir no frame borrows bits from its neighbours: a seek lands cleanly.
        # Level 7 of 9 saves a third of the time, and speech at this rate has bits to spare.
        options = {"reservoir": "0", "compression_level": "7"}
        encoder = output.add_stream("libmp3lame", PLAYBACK_RATE, options, layout="mono")
        encoder.bit_rate = PLAYBACK_BITS_PER_S
        for frame in converted(frames(container, stream), "s16p", "mono", PLAYBACK_RATE):
            samples += frame.samples
            output.mux(encoder.encode(frame))
        output.mux(encoder.encode(None))
    return samples


MODES = {
    "probe": probe,
    "mix": mix,
    "separate": separate,
    "auto": auto,
    "playback": playback,
}


def main(mode: str, path: str, cpu_s: str) -> int:
    limit_resources(int(cpu_s))
    with Source(path) as source:
        forbid_opening()
        try:
            with open_recording(source) as container:
                if not MODES[mode](container, best_audio(container), sys.stdout.buffer):
                    raise Refused("no_audio", "an audio stream that decodes to nothing")
        except Refused as refused:
            return refuse(refused.code, str(refused))
        except MemoryError as error:
            return refuse("memory", str(error))
        except av.FFmpegError as error:
            return refuse("no_audio", str(error))
    return 0


def refuse(code: str, message: str) -> int:
    sys.stderr.write(json.dumps({"code": code, "message": message}) + "\n")
    return REFUSED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
