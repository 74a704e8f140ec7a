"""How an engine is asked so that it keeps each word in the language and script it is spoken in.

Models that take several languages are told them. Whisper imitates its prompt: it gets an example
that switches. Models that follow words get the policy in words. Nobody is told one language where
several are spoken: the rest would be translated. Pure: no Django, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lexicon.languages import name_of
from lexicon.policies import EVERY, Policy
from lexicon.scripts import usual_scripts_of
from transcription.engines.base import REFUSED_LANGUAGES, Capabilities

# the languages that speech models have heard most of, by the hours that Whisper was trained on
# (Radford et al. 2022, appendix E): what is spoken beside them needs the help
DOMINANT = (
    "en", "zh", "de", "es", "ru", "fr", "pt", "ko", "ja", "tr", "pl", "it", "sv", "nl", "ca", "fi",
    "id", "ar", "uk", "vi", "he", "el", "da", "ms", "hu", "ro", "no", "th", "cs", "ta", "ur",
)  # fmt: skip

SCRIPT_NAMES = {
    "Arab": "Arabic letters", "Armn": "Armenian letters", "Beng": "Bengali script",
    "Cyrl": "Cyrillic letters", "Deva": "Devanagari", "Ethi": "Ethiopic script",
    "Geor": "Georgian letters", "Grek": "Greek letters", "Gujr": "Gujarati script",
    "Guru": "Gurmukhi", "Hang": "Hangul", "Hani": "Chinese characters", "Hebr": "Hebrew letters",
    "Kana": "Japanese script", "Khmr": "Khmer script", "Knda": "Kannada script",
    "Laoo": "Lao script", "Latn": "Latin letters", "Mlym": "Malayalam script",
    "Mong": "Mongolian script", "Mymr": "Burmese script", "Orya": "Odia script",
    "Sinh": "Sinhala script", "Taml": "Tamil script", "Telu": "Telugu script",
    "Thaa": "Thaana", "Thai": "Thai script", "Tibt": "Tibetan script",
}  # fmt: skip

# what people say everywhere, in two sentences: "Yes, of course." "Thank you, see you tomorrow."
PHRASES = {
    "af": ("Ja, natuurlik.", "Dankie, sien jou môre."),
    "ar": ("نعم، بالطبع.", "شكرا، أراك غدا."),
    "bg": ("Да, разбира се.", "Благодаря, до утре."),
    "bn": ("হ্যাঁ, অবশ্যই।", "ধন্যবাদ, কাল দেখা হবে।"),
    "ca": ("Sí, és clar.", "Gràcies, fins demà."),
    "cs": ("Ano, samozřejmě.", "Děkuji, na shledanou zítra."),
    "da": ("Ja, selvfølgelig.", "Tak, vi ses i morgen."),
    "de": ("Ja, natürlich.", "Danke, bis morgen."),
    "el": ("Ναι, βέβαια.", "Ευχαριστώ, τα λέμε αύριο."),
    "en": ("Yes, of course.", "Thank you, see you tomorrow."),
    "es": ("Sí, claro.", "Gracias, hasta mañana."),
    "et": ("Jah, muidugi.", "Aitäh, homseni."),
    "fa": ("بله، البته.", "ممنون، فردا می‌بینمت."),
    "fi": ("Kyllä, tietysti.", "Kiitos, nähdään huomenna."),
    "fr": ("Oui, bien sûr.", "Merci, à demain."),
    "gu": ("હા, ચોક્કસ.", "આભાર, કાલે મળીએ."),
    "he": ("כן, כמובן.", "תודה, נתראה מחר."),
    "hi": ("हाँ, बिल्कुल।", "धन्यवाद, कल मिलते हैं।"),
    "hr": ("Da, naravno.", "Hvala, vidimo se sutra."),
    "hu": ("Igen, persze.", "Köszönöm, holnap találkozunk."),
    "hy": ("Այո, իհարկե։", "Շնորհակալություն, մինչ վաղը։"),
    "id": ("Ya, tentu saja.", "Terima kasih, sampai jumpa besok."),
    "is": ("Já, auðvitað.", "Takk, sjáumst á morgun."),
    "it": ("Sì, certo.", "Grazie, a domani."),
    "ja": ("はい、もちろんです。", "ありがとう、また明日。"),
    "ka": ("დიახ, რა თქმა უნდა.", "გმადლობთ, ხვალამდე."),
    "ko": ("네, 물론이죠.", "고마워요, 내일 봐요."),
    "lt": ("Taip, žinoma.", "Ačiū, iki rytojaus."),
    "lv": ("Jā, protams.", "Paldies, līdz rītdienai."),
    "mk": ("Да, секако.", "Благодарам, до утре."),
    "mr": ("हो, नक्कीच.", "धन्यवाद, उद्या भेटू."),
    "ms": ("Ya, sudah tentu.", "Terima kasih, jumpa esok."),
    "nl": ("Ja, natuurlijk.", "Dank je, tot morgen."),
    "no": ("Ja, selvfølgelig.", "Takk, vi sees i morgen."),
    "pa": ("ਹਾਂ, ਬਿਲਕੁਲ।", "ਧੰਨਵਾਦ, ਕੱਲ੍ਹ ਮਿਲਦੇ ਹਾਂ।"),
    "pl": ("Tak, oczywiście.", "Dziękuję, do jutra."),
    "pt": ("Sim, claro.", "Obrigado, até amanhã."),
    "ro": ("Da, sigur.", "Mulțumesc, pe mâine."),
    "ru": ("Да, конечно.", "Спасибо, до завтра."),
    "sk": ("Áno, samozrejme.", "Ďakujem, dovidenia zajtra."),
    "sl": ("Ja, seveda.", "Hvala, se vidimo jutri."),
    "sr": ("Да, наравно.", "Хвала, видимо се сутра."),
    "sv": ("Ja, självklart.", "Tack, vi ses i morgon."),
    "sw": ("Ndiyo, bila shaka.", "Asante, tutaonana kesho."),
    "ta": ("ஆமாம், நிச்சயமாக.", "நன்றி, நாளை சந்திப்போம்."),
    "te": ("అవును, తప్పకుండా.", "ధన్యవాదాలు, రేపు కలుద్దాం."),
    "th": ("ใช่ แน่นอน", "ขอบคุณ เจอกันพรุ่งนี้"),
    "tl": ("Oo, siyempre.", "Salamat, kita tayo bukas."),
    "tr": ("Evet, tabii ki.", "Teşekkürler, yarın görüşürüz."),
    "uk": ("Так, звичайно.", "Дякую, до завтра."),
    "ur": ("جی ہاں، بالکل۔", "شکریہ، کل ملتے ہیں۔"),
    "vi": ("Vâng, tất nhiên.", "Cảm ơn, hẹn gặp lại ngày mai."),
    "zh": ("是的，当然。", "谢谢，明天见。"),
}
IN_LATIN = {
    "ar": ("Na'am, bittab'.", "Shukran, arak ghadan."),
    "hi": ("Haan, bilkul.", "Dhanyavaad, kal milte hain."),
    "ja": ("Hai, mochiron desu.", "Arigatō, mata ashita."),
    "ru": ("Da, konechno.", "Spasibo, do zavtra."),
    "sr": ("Da, naravno.", "Hvala, vidimo se sutra."),
    "ur": ("Ji haan, bilkul.", "Shukriya, kal milte hain."),
    "zh": ("Shì de, dāngrán.", "Xièxie, míngtiān jiàn."),
}

# what of it an engine was given, for people
WAYS = {
    "languages": "told the languages",
    "language": "told the language",
    "example": "by an example in these languages",
    "words": "told in words",
}


class Asked(NamedTuple):
    """How an engine is asked. `way`: a key of WAYS, or empty where it can be told nothing."""

    way: str
    languages: tuple[str, ...] = ()  # for its form, in this order
    prompt: str = ""


def asked(record: Capabilities, languages: Sequence[str], policy: Policy) -> Asked:
    """What a model is told, of languages (ISO 639) that are expected and their scripts."""
    if record.language_field == "languages":
        told = tuple(sorted(languages, key=_rank))
        fits = told and REFUSED_LANGUAGES.isdisjoint(told)  # all or none: the rest would suffer
        return Asked("languages", told) if fits else Asked("")
    field = tuple(languages) if record.language_field == "language" and len(languages) == 1 else ()
    prompt = _prompt(record, languages, policy)
    if prompt:
        return Asked(record.switches_by, field, prompt)
    return Asked("language" if field else "", field)


def _rank(language: str) -> int:
    """The most dominant goes last: the first weighs most."""
    return -DOMINANT.index(language) if language in DOMINANT else -len(DOMINANT)


def joined(asked: Asked, own: str) -> str:
    """The prompt, with what people say of the recording. An example goes behind it: of a long
    prompt the beginning is not heard."""
    parts = (own, asked.prompt) if asked.way == "example" else (asked.prompt, own)
    return " ".join(filter(None, parts))


def _prompt(record: Capabilities, languages: Sequence[str], policy: Policy) -> str:
    if not record.prompt:
        return ""
    match record.switches_by:
        case "example":
            return example(languages, policy)
        case "words":
            return in_words(languages, policy)
        case _:
            return ""


def example(languages: Sequence[str], policy: Policy) -> str:
    """Sentences that switch between the languages, each in its script, as a model imitates them.
    Of one language only where it is to be written in another script than usual."""
    known = [found for code in languages if (found := _phrases(code, policy))]
    if len(known) < len(languages[:2]) or (len(languages) < 2 and not policy):
        return ""
    first, second = zip(*known, strict=True)
    return f"{_sentence(first[::-1])} {_sentence(second)}"


def _phrases(language: str, policy: Policy) -> tuple[str, str] | None:
    script = policy.get(language) or policy.get(EVERY)
    if not script or script in usual_scripts_of(language):
        own = PHRASES.get(language)
        in_latin = language == "sr" and script == "Latn"  # of its two, the phrases are in the other
        return IN_LATIN[language] if in_latin else own
    return IN_LATIN.get(language) if script == "Latn" else None


def _sentence(parts: Sequence[str]) -> str:
    """The parts as one sentence that goes on, with the ending of the last."""
    *before, last = parts
    begun = [f"{part.rstrip('.。।۔։')}," for part in before]
    rest = [
        part if part[:1] == part[:1].lower() else part[0].lower() + part[1:]
        for part in [*begun[1:], last]
    ]
    return " ".join([*begun[:1], *rest]) if begun else last


def in_words(languages: Sequence[str], policy: Policy) -> str:
    """For models that follow instructions."""
    sentences = []
    if len(languages) > 1:
        sentences = [
            f"The speakers use {_listed(languages)}, and may switch in the middle of a sentence.",
            "Write each word in the language in which it is spoken, and translate nothing.",
        ]
    if EVERY in policy:
        sentences.append(f"Write everything in {script_name(policy[EVERY])}.")
    elif policy:
        parts = [f"{name_of(code)} in {script_name(script)}" for code, script in policy.items()]
        sentences.append(f"Write {', '.join(parts)}.")
    elif len({usual_scripts_of(code) for code in languages}) > 1:
        sentences.append("Write each language in its own script.")
    return " ".join(sentences)


def _listed(languages: Sequence[str]) -> str:
    *names, last = map(name_of, languages)
    return f"{', '.join(names)} and {last}"


def script_name(script: str) -> str:
    return SCRIPT_NAMES.get(script, script)
