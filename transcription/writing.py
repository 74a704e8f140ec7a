"""Scripts, and the languages that are written in them. Pure: no Django, no I/O."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# the first word of a letter's Unicode name -> ISO 15924
SCRIPTS = {
    "LATIN": "Latn", "CYRILLIC": "Cyrl", "GREEK": "Grek", "ARMENIAN": "Armn", "GEORGIAN": "Geor",
    "HEBREW": "Hebr", "ARABIC": "Arab", "SYRIAC": "Syrc", "THAANA": "Thaa", "ETHIOPIC": "Ethi",
    "DEVANAGARI": "Deva", "BENGALI": "Beng", "GURMUKHI": "Guru", "GUJARATI": "Gujr",
    "ORIYA": "Orya", "TAMIL": "Taml", "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym",
    "SINHALA": "Sinh", "THAI": "Thai", "LAO": "Laoo", "TIBETAN": "Tibt", "MYANMAR": "Mymr",
    "KHMER": "Khmr", "MONGOLIAN": "Mong", "CANADIAN": "Cans", "CHEROKEE": "Cher",
    "CJK": "Hani", "IDEOGRAPHIC": "Hani", "BOPOMOFO": "Bopo", "HANGUL": "Hang",
    "HIRAGANA": "Kana", "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana",
}  # fmt: skip

# script -> the languages written in it; several scripts where each is in use today
WRITTEN_IN = {
    "Latn": "af ak ay az bi bm br bs ca ceb co cs cy da de ee en eo es et eu fi fj fo fr fy ga gd"
    " gl gn gv ha haw hmn hr ht hu id ig io is it jv kk kl ku la lb lg ln lt lv mg mh mi ms mt na"
    " nl no ny oc om pl pt qu rm rn ro rw sc se sg sk sl sm sn so sq sr ss st su sv sw tk tl tn to"
    " tr ts tt tw ty uz vi vo wa wo xh yo za zu",
    "Cyrl": "ab av az ba be bg bs ce cv kk kv ky mk mn os ru sr tg tk tt uk uz",
    "Arab": "ar az fa ha kk ks ku ms pa ps sd ug ur",
    "Deva": "bh hi ks mr ne pi sa sd",
    "Beng": "as bn",
    "Guru": "pa",
    "Gujr": "gu",
    "Orya": "or",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn",
    "Mlym": "ml",
    "Sinh": "si",
    "Thai": "th",
    "Laoo": "lo",
    "Tibt": "bo dz",
    "Mymr": "my",
    "Khmr": "km",
    "Mong": "mn",
    "Cans": "cr iu oj",
    "Ethi": "am ti",
    "Thaa": "dv",
    "Hebr": "he yi",
    "Grek": "el",
    "Armn": "hy",
    "Geor": "ka",
    "Hani": "ja zh",
    "Bopo": "zh",
    "Kana": "ja",
    "Hang": "ko",  # Han characters have left today's Korean
}

# the names that engines write, as code=name|name
LANGUAGE_NAMES = (
    "af=afrikaans am=amharic ar=arabic as=assamese az=azerbaijani ba=bashkir be=belarusian"
    " bg=bulgarian bn=bengali|bangla bo=tibetan br=breton bs=bosnian ca=catalan|valencian cs=czech"
    " cy=welsh da=danish de=german el=greek en=english eo=esperanto es=spanish|castilian"
    " et=estonian eu=basque fa=persian|farsi fi=finnish fo=faroese fr=french ga=irish gd=gaelic"
    " gl=galician gu=gujarati ha=hausa haw=hawaiian he=hebrew hi=hindi hr=croatian ht=haitian"
    " hu=hungarian hy=armenian id=indonesian ig=igbo is=icelandic it=italian ja=japanese"
    " jv=javanese ka=georgian kk=kazakh km=khmer kn=kannada ko=korean ku=kurdish ky=kyrgyz"
    " la=latin lb=luxembourgish|letzeburgesch ln=lingala lo=lao lt=lithuanian lv=latvian"
    " mg=malagasy mi=maori mk=macedonian ml=malayalam mn=mongolian mr=marathi ms=malay mt=maltese"
    " my=myanmar|burmese ne=nepali nl=dutch|flemish no=norwegian|nynorsk|bokmal|nn|nb oc=occitan"
    " or=odia|oriya pa=punjabi|panjabi pl=polish ps=pashto|pushto pt=portuguese"
    " ro=romanian|moldavian|moldovan ru=russian sa=sanskrit sd=sindhi si=sinhala|sinhalese"
    " sk=slovak sl=slovenian sn=shona so=somali sq=albanian sr=serbian su=sundanese sv=swedish"
    " sw=swahili ta=tamil te=telugu tg=tajik th=thai tk=turkmen tl=tagalog|filipino|fil tr=turkish"
    " tt=tatar ug=uyghur uk=ukrainian ur=urdu uz=uzbek vi=vietnamese wo=wolof xh=xhosa yi=yiddish"
    " yo=yoruba zh=chinese|mandarin|cantonese|yue|cmn zu=zulu he=iw jv=jw id=in"
)
_SCRIPTS_OF: dict[str, frozenset[str]] = {
    code: frozenset(s for s, codes in WRITTEN_IN.items() if code in codes.split())
    for code in " ".join(WRITTEN_IN.values()).split()
}
_CODES = {
    name: code
    for code, names in (entry.split("=") for entry in LANGUAGE_NAMES.split())
    for name in names.split("|")
}


def language_code(name: str) -> str:
    """The ISO 639-1 code for what an engine calls a language ("fr", "French", "pt-BR"); "" for
    a name that is not known."""
    first = re.split(r"[\s_,;(-]", name.strip().casefold())[0]  # "haitian creole", "zh-Hant"
    return _CODES.get(first) or (first if first in _SCRIPTS_OF else "")


@cache
def script_of(letter: str) -> str:
    """ISO 15924, or "" for what tells of none: digits of any kind, shared marks, rare scripts."""
    if unicodedata.category(letter)[0] == "N":
        return ""
    return SCRIPTS.get(unicodedata.name(letter, "").split(" ")[0], "")


def scripts_of(language: str) -> frozenset[str]:
    """The scripts in which a language (ISO 639-1) is written today; empty where not known."""
    return _SCRIPTS_OF.get(language, frozenset())
