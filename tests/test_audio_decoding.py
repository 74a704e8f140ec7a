"""What becomes of the files people upload: good, odd, broken and hostile."""

import os
import signal
import struct
import subprocess
import sys
import threading
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from transcription import audio
from transcription.audio import AudioRefused

RATE = 44_100


def tone(duration_ms: int, rate: int = RATE, hertz: float = 440) -> np.ndarray:
    time_s = np.arange(duration_ms * rate // 1000) / rate
    return (8000 * np.sin(2 * np.pi * hertz * time_s)).astype(np.int16)


def write(path: Path, codec: str, samples: np.ndarray, rate: int = RATE, channels: int = 1) -> Path:
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        interleaved = np.repeat(samples, channels).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path, **options: Any) -> np.ndarray:
    return np.concatenate(list(audio.decode(path, **options)))


def duration_ms(path: Path) -> int:
    return len(decoded(path)) // 16


def refusal(path: Path) -> str:
    """The code by which a file is refused, the same at upload and in preparation."""
    with pytest.raises(AudioRefused) as at_upload:
        audio.probe(path)
    with pytest.raises(AudioRefused) as in_preparation:
        decoded(path)
    assert at_upload.value.code == in_preparation.value.code
    assert "upload" in at_upload.value.message
    return at_upload.value.code


FORMATS = [
    # a lossy codec may end with a part of a frame that it padded: up to 60 ms
    ("a.wav", "pcm_s16le", RATE, 1, 1),
    ("a.wav", "pcm_s16le", 8000, 1, 1),
    ("a.wav", "pcm_s16le", 48_000, 6, 1),
    ("a.flac", "flac", RATE, 2, 1),
    ("a.mp3", "libmp3lame", RATE, 2, 60),
    ("a.m4a", "aac", RATE, 2, 60),
    ("a.ogg", "libopus", 48_000, 1, 60),
    ("a.webm", "libopus", 48_000, 2, 60),
    ("a.aiff", "pcm_s16be", RATE, 1, 1),
]


@pytest.mark.parametrize(("name", "codec", "rate", "channels", "slack_ms"), FORMATS)
def test_every_format_decodes_to_its_length(tmp_path, name, codec, rate, channels, slack_ms):
    path = write(tmp_path / name, codec, tone(3210, rate), rate, channels)
    samples = decoded(path)
    assert samples.dtype == np.int16
    assert abs(len(samples) / 16 - 3210) <= slack_ms
    spectrum = np.abs(np.fft.rfft(samples[16_000:32_000]))
    assert np.argmax(spectrum) == 440, "the tone is heard at its own pitch"
    assert 2000 < samples[16_000:32_000].max() < 12_000, "and neither lost nor clipped in the mix"


def test_probe_describes_the_file(tmp_path):
    path = write(tmp_path / "a.flac", "flac", tone(7000), channels=2)
    assert audio.probe(path) == audio.Probe("flac", "flac", RATE, 2, 7000)


def test_blocks_have_the_length_asked_for(tmp_path):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(2300, 16_000), 16_000)
    blocks = list(audio.decode(path, block_ms=500))
    assert [len(block) // 16 for block in blocks] == [500, 500, 500, 500, 300]
    assert np.array_equal(np.concatenate(blocks), tone(2300, 16_000))


def test_empty_file_is_refused(tmp_path):
    (tmp_path / "a.mp3").touch()
    assert refusal(tmp_path / "a.mp3") == "empty"


def test_missing_file_is_not_the_users_fault(tmp_path):
    with pytest.raises(FileNotFoundError):
        audio.probe(tmp_path / "a.mp3")


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp3", "notes.wav"])
def test_text_is_refused_whatever_its_name(tmp_path, name):
    path = tmp_path / name
    path.write_text("Dear all, here are the minutes of our meeting.\n" * 200)
    assert refusal(path) == "no_audio"


def test_picture_is_refused(tmp_path):
    assert refusal(picture(tmp_path / "a.png")) == "no_audio"


def picture(path: Path) -> Path:
    with av.open(str(path), "w", format="image2pipe") as container:
        stream = container.add_stream("png", 1)
        stream.width = stream.height = 16
        stream.pix_fmt = "rgb24"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def id3_cover(image: bytes) -> bytes:
    """An ID3v2.3 tag that holds a picture and nothing else."""

    def synchsafe(number: int) -> bytes:
        return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))

    body = b"\0image/png\0\3\0" + image
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    return b"ID3\3\0\0" + synchsafe(len(frame)) + frame


def test_cover_art_is_no_recording_but_does_not_spoil_one(tmp_path):
    cover = id3_cover(picture(tmp_path / "a.png").read_bytes())
    song = write(tmp_path / "song.mp3", "libmp3lame", tone(2000)).read_bytes()
    (tmp_path / "cover.mp3").write_bytes(cover)
    (tmp_path / "both.mp3").write_bytes(cover + song)
    assert refusal(tmp_path / "cover.mp3") == "no_audio"
    assert abs(duration_ms(tmp_path / "both.mp3") - 2000) <= 60


PLAYLISTS = {
    "hls.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n",
    "hls.mp3": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n",
    "list.ffconcat": "ffconcat version 1.0\nfile {other}\n",
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=audio 5004 RTP/AVP 0\n",
    "manifest.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
    '<AdaptationSet mimeType="audio/wav"><Representation id="1"><BaseURL>{other}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlist_does_not_lead_to_another_file(tmp_path, name):
    other = write(tmp_path / "secret.wav", "pcm_s16le", tone(1000))
    (tmp_path / name).write_text(PLAYLISTS[name].format(other=other.name))
    assert refusal(tmp_path / name) == "no_audio"


def test_path_that_looks_like_an_address_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "concat:a").mkdir()
    write(tmp_path / "a.wav", "pcm_s16le", tone(500)).rename(tmp_path / "concat:a" / "b.wav")
    assert duration_ms(Path("concat:a/b.wav")) == 500


def test_truncated_file_gives_what_it_has(tmp_path):
    for name, codec in [("a.mp3", "libmp3lame"), ("a.wav", "pcm_s16le"), ("a.ogg", "libopus")]:
        path = write(tmp_path / name, codec, tone(4000, 48_000), 48_000)
        os.truncate(path, path.stat().st_size // 2)
        assert 1500 < duration_ms(path) < 2500, name


def test_damage_in_the_middle_is_skipped(tmp_path):
    path = write(tmp_path / "a.mp3", "libmp3lame", tone(10_000))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = np.random.default_rng(1).bytes(2000)
    path.write_bytes(content)
    assert 9000 < duration_ms(path) < 10_100


def test_header_that_lies_about_its_length_is_not_believed(tmp_path):
    path = write(tmp_path / "a.flac", "flac", tone(1000))
    content = bytearray(path.read_bytes())
    content[22:26] = struct.pack(">I", 3600 * RATE)  # samples in all, of STREAMINFO
    path.write_bytes(content)
    assert audio.probe(path).header_duration_ms == 3_600_000
    assert duration_ms(path) == 1000


def test_header_without_sound_is_refused(tmp_path):
    path = write(tmp_path / "a.flac", "flac", tone(3000))
    noise = np.random.default_rng(2).bytes(5000)
    path.write_bytes(path.read_bytes()[:86] + noise)  # what precedes the first frame, then rubbish
    assert refusal(path) == "no_audio"


def test_tags_in_broken_unicode_do_no_harm(tmp_path):
    path = write(tmp_path / "a.mp3", "libmp3lame", tone(1000))
    tag = b"TIT2" + struct.pack(">I", 5) + b"\0\0" + b"\3\xff\xfe\xc3\x28"
    path.write_bytes(b"ID3\3\0\0\0\0\0" + bytes([len(tag)]) + tag + path.read_bytes())
    assert audio.probe(path).codec == "mp3"


def test_too_long_a_recording_is_refused_while_it_decodes(tmp_path):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(5000))
    blocks = audio.decode(path, max_ms=2000)
    assert sum(len(next(blocks)) for _ in range(2)) == 32_000
    with pytest.raises(AudioRefused) as refused:
        next(blocks)
    assert refused.value.code == "too_long"


@pytest.fixture
def children(monkeypatch):
    """Every child started in the test."""
    started: list[subprocess.Popen[bytes]] = []

    class Remembered(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Remembered)
    return started


def instead(monkeypatch, code: str) -> None:
    """Run Python code in place of the decoder."""
    monkeypatch.setattr(audio, "_command", lambda *_: [sys.executable, "-c", code])


@pytest.mark.parametrize("call", [audio.probe, decoded])
def test_file_that_hangs_the_decoder_is_given_up(tmp_path, monkeypatch, children, call):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(100))
    instead(monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr(audio, "STALL_S", 0.5)
    with pytest.raises(AudioRefused) as refused:
        call(path, **({"timeout_s": 0.5} if call is audio.probe else {}))
    assert refused.value.code == "timeout"
    assert [child.poll() for child in children] == [-signal.SIGKILL]


def test_file_that_drips_is_given_up_too(tmp_path, monkeypatch, children):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(100))
    instead(monkeypatch, "import os, time\nwhile True: os.write(1, b'xx'); time.sleep(0.01)")
    monkeypatch.setattr(audio, "_budget_s", lambda _: 0.5)
    with pytest.raises(AudioRefused) as refused:
        decoded(path)
    assert refused.value.code == "timeout"
    assert children[0].poll() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "timeout"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "memory"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "no_audio"),
    ],
)
def test_file_that_kills_the_decoder_is_refused(tmp_path, monkeypatch, code, verdict):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(100))
    instead(monkeypatch, code)
    assert refusal(path) == verdict


def test_decoder_that_fails_by_itself_is_no_refusal(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(100))
    instead(monkeypatch, "import nonsense_that_is_not_installed")
    with pytest.raises(audio.DecoderFailed, match="nonsense_that_is_not_installed"):
        audio.probe(path)


def test_decoder_that_talks_without_end_is_not_a_deadlock(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(100))
    talk = "import sys; sys.stderr.write('x' * 2**20); sys.stdout.buffer.write(bytes(3201))"
    instead(monkeypatch, talk)
    assert duration_ms(path) == 100


def test_closing_the_generator_ends_the_decoder(tmp_path, children):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(60_000))
    blocks = audio.decode(path)
    next(blocks)
    (child,) = children
    assert child.poll() is None, "it waits for us to take more"
    blocks.close()
    assert child.poll() == -signal.SIGKILL


def test_slow_consumer_is_not_held_against_the_file(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(10_000))
    blocks = audio.decode(path)
    total = len(next(blocks))
    now_s = audio.time.monotonic
    for hours, block in enumerate(blocks, start=1):
        total += len(block)
        monkeypatch.setattr(audio.time, "monotonic", lambda hours=hours: now_s() + 3600 * hours)
    assert total == 160_000


def test_decoder_sees_no_secrets_and_works_from_anywhere(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(100))
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.chdir(tmp_path)
    assert duration_ms(Path("a.wav")) == 100
    code = "import os, sys; sys.stdout.buffer.write(b'..' * ('secret' in str(os.environ)))"
    instead(monkeypatch, code)
    assert list(audio.decode(path)) == []


@pytest.mark.parametrize("attempt", ["open('/dev/null')", "socket.socket()"])
def test_decoder_can_open_nothing_beside_its_file(attempt):
    code = (
        "import socket; from transcription.decoding import forbid_opening; forbid_opening()\n"
        f"try: {attempt}\n"
        "except OSError as error: print(error.strerror, end='')"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=audio.PROJECT, capture_output=True, check=False
    )
    assert said.stdout == b"Too many open files"


def test_decoder_gets_no_more_memory_than_its_share():
    code = (
        "from transcription.decoding import limit_resources; limit_resources(60)\n"
        "bytearray(2**30); print('one', end='')\n"
        "try: bytearray(2**31)\n"
        "except MemoryError: print(', not two', end='')"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=audio.PROJECT, capture_output=True, check=False
    )
    assert said.stdout == b"one, not two"


def test_sample_rate_that_needs_all_memory_is_refused(tmp_path):
    path = write(tmp_path / "a.wav", "pcm_s16le", tone(1000))
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack("<I", 2**31 - 1)
    path.write_bytes(content)
    assert refusal(path) == "memory"


def test_recording_may_change_its_shape_in_the_middle(tmp_path):
    first = write(tmp_path / "1.mp3", "libmp3lame", tone(2000, 22_050), 22_050, 1)
    second = write(tmp_path / "2.mp3", "libmp3lame", tone(3000), RATE, 2)
    both = tmp_path / "both.mp3"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    assert abs(duration_ms(both) - 5000) <= 200


def test_video_gives_its_sound_and_silent_film_is_refused(tmp_path):
    assert abs(duration_ms(film(tmp_path / "talkie.mp4", tone(2000))) - 2000) <= 60
    assert refusal(film(tmp_path / "silent.mp4", None)) == "no_audio"


def film(path: Path, samples: np.ndarray | None) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", 25)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound = None if samples is None else container.add_stream("aac", RATE, layout="mono")
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        for _ in range(50):
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if sound is not None and samples is not None:
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = RATE
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


def test_decoding_from_several_threads(tmp_path):
    path = write(tmp_path / "a.mp3", "libmp3lame", tone(5000))
    lengths: list[int] = []
    threads = [threading.Thread(target=lambda: lengths.append(duration_ms(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(lengths)) == 1
    assert len(lengths) == 4


def test_playback_copy_is_constant_and_on_the_decoded_timeline(tmp_path):
    path = write(tmp_path / "a.ogg", "libopus", tone(9000, 48_000), 48_000, 2)
    target = tmp_path / "playback.mp3"
    audio.write_playback(path, target, timeout_s=60)
    description = audio.probe(target)
    assert (description.codec, description.sample_rate, description.channels) == ("mp3", 32_000, 1)
    assert abs(duration_ms(target) - duration_ms(path)) <= 2
    with av.open(str(target)) as container:
        sizes = {packet.size for packet in container.demux(audio=0) if packet.size}
    assert sizes == {288}, "every 36 ms take as many bytes, so that browsers seek exactly"


def test_refused_file_leaves_no_playback_copy(tmp_path):
    path = tmp_path / "a.mp3"
    path.write_bytes(b"no sound" * 1000)
    with pytest.raises(AudioRefused):
        audio.write_playback(path, tmp_path / "playback.mp3", timeout_s=60)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("count", [1, 160, 16_001, 480_000])
def test_flac_gives_back_the_samples(count):
    samples = np.random.default_rng(3).integers(-32768, 32768, count).astype(np.int16)
    assert np.array_equal(audio.read_flac(audio.encode_flac(samples)), samples)


def test_flac_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="no samples"):
        audio.encode_flac(np.empty(0, np.int16))


def test_wav_holds_the_samples(tmp_path):
    samples = tone(1234, 16_000)
    (tmp_path / "a.wav").write_bytes(audio.encode_wav(samples))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, 16_000)
    assert np.array_equal(decoded(tmp_path / "a.wav"), samples)
