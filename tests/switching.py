"""Transcripts in which people switch languages, without any engine."""

from __future__ import annotations

from transcription import tags
from transcription.models import Job, Segment

TURKISH_GERMAN = (
    "Ondan sonra ich habe noch bis sechs gearbeitet ama çok yoruldum yani.",
    "Evet, die Prüfunglar sind schon im Februar, onun için ders çalışmam lazım.",
    "Okay, dann sehen wir uns morgen in der Bibliothek.",
    "Tamam, görüşürüz o zaman, ehm, Mittwoch da olur.",
)
HINDI_ENGLISH = (
    "डॉक्टर ने कहा कि blood pressure अभी भी high है, इसलिए Ramipril की dose बढ़ा दी।",
    "I told her that we will repeat the blood test on Monday.",
    "उन्होंने पूछा कि क्या वे weekend पर travel कर सकती हैं।",
)
CHINESE_ENGLISH = (
    "我们这个 quarter 的 revenue 比上个季度高了百分之八。",
    "所以我觉得 marketing budget 可以再多一点。",
    "Let us discuss that with the finance team tomorrow.",
)
ARABIC_ENGLISH = (
    "راجعت التقرير أمس، وقال المدير إن الـ deadline هو يوم الخميس.",
    "We still need the signed contract from the supplier.",
    "أرسلت لهم email بعد الظهر، ولم يصلني أي رد حتى الآن (رقم 14).",
)


def tag(job: Job, *languages: str) -> Job:
    """As finishing a job leaves its segments."""
    job.languages = list(languages)
    job.save(update_fields=["languages"])
    segments = list(Segment.objects.filter(job=job).order_by("position"))
    found = tags.found(languages, [segment.text for segment in segments])
    for segment, rows in zip(segments, found, strict=True):
        segment.tags, segment.language = rows, tags.main_language(rows)
        segment.save(update_fields=["tags", "language"])
    return job
