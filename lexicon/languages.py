"""Codes of languages. Pure: no Django, no I/O."""

from __future__ import annotations

import re
from functools import lru_cache

import langcodes

from lexicon.scripts import WRITTEN_IN

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
_CODES = {
    name: code
    for code, names in (entry.split("=") for entry in LANGUAGE_NAMES.split())
    for name in names.split("|")
}
_NAMES = {
    code: names.split("|")[0].capitalize()
    for code, names in reversed([entry.split("=") for entry in LANGUAGE_NAMES.split()])
}
_WRITTEN = frozenset(" ".join(WRITTEN_IN.values()).split())


@lru_cache(maxsize=1000)
def language_code(text: str) -> str:
    """The ISO 639 code for a code as people write it (`DE`, `deu`, `pt-BR`); empty for empty.

    Raises ValueError for what is no code, and says what is.
    """
    written = text.strip()
    if not written:
        return ""
    try:
        # of two letters: as it is, for engines and jobs say `tl` where today's code is `fil`
        found = langcodes.Language.get(written, normalize=len(written) > 2)
    except langcodes.LanguageTagError:
        found = None
    if found is None or not found.language or not found.is_valid():
        raise ValueError(
            f"The language “{written}” is not known. Allowed: an ISO 639 code, such as en, de, hi"
            " or zh; empty for any language."
        )
    return found.language


def name_of(code: str) -> str:
    """In English, for people and engines; the code itself where it has no name here."""
    return _NAMES.get(code, code)


def code_of_name(name: str) -> str:
    """The ISO 639-1 code for what an engine calls a language ("fr", "French", "pt-BR"); "" for
    a name that is not known."""
    first = re.split(r"[\s_,;(-]", name.strip().casefold())[0]  # "haitian creole", "zh-Hant"
    return _CODES.get(first) or (first if first in _WRITTEN else "")
