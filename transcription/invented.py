"""Sentences that engines invent in quiet audio. Pure: no Django, no I/O."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Models that learnt from subtitled videos end quiet audio with what such videos end with. Each of
# these counts only as a sentence of its own at the start or the end.
_REST = r"[^!?。！？]{1,60}?"
CREDITS = (
    # anywhere
    rf"(?:{_REST})?amara\.org(?:{_REST})?",
    # English
    rf"(?:sub)?titles (?:(?:made|provided|created) )?by {_REST}",
    r"(?:transcribed|captioned|transcription) by (?:https?://|castingwords|otter|esperanto)"
    rf"(?:{_REST})?",
    r"(?:thanks|thank you)(?: (?:all|everyone|guys|so much|very much))* for watching"
    r"(?: (?:this|the|my|our) (?:video|episode|channel))?",
    r"(?:(?:and|please|like|comment|don't forget to),? )*subscribe(?: to (?:my|our|the) channel)?",
    r"(?:i'll )?see you (?:all |guys )?in the next (?:video|episode)",
    # German
    rf"untertitel(?:ung)? (?:im auftrag|aufgrund|der|von) {_REST}",
    r"(?:copyright )?(?:ard|ndr|swr|wdr|zdf)(?: text)?(?: im auftrag von funk)?,? 20\d\d",
    r"(?:vielen dank|danke)(?:,? dass (?:du|ihr) zu(?:ge)?schaut(?: habt)?| für'?s zuschauen)",
    # French
    rf"sous-titr(?:es|age) (?:fait|par|réalisé|société|st'? ?501)(?:{_REST})?",
    r"merci d'avoir regardé(?: (?:cette|la|ma) vidéo)?",
    r"abonnez-vous(?: à (?:la|ma|notre) chaîne)?",
    # Spanish, Portuguese, Italian
    rf"subt[ií]tul(?:ado|os)(?: \w+)? por {_REST}",
    r"(?:muchas )?gracias por ver(?: (?:el|este|mi) v[ií]deo)?",
    r"suscr[ií]bete(?: (?:al|a mi) canal)?",
    rf"(?:transcrição e )?legenda(?:do|s)? (?:da|de|pela|pelo|por) {_REST}",
    r"(?:muito )?obrigad[oa] por assistir(?: (?:ao|a este) vídeo)?",
    r"inscreva-se no (?:meu |nosso )?canal",
    rf"sottotitoli (?:a cura|creati|di|e revisione) {_REST}",
    r"grazie (?:a tutti )?per (?:aver guardato|la visione)(?: (?:il|questo) video)?",
    # Dutch, Nordic
    rf"ondertite(?:ld|ling|ls)(?: \w+)? (?:door|van) {_REST}",
    r"bedankt voor het kijken",
    r"tv gelderland,? 20\d\d",
    rf"(?:undertexter|undertekster|teksting|danske tekster)(?: \w+)? (?:af|av|från) {_REST}",
    r"tack för att (?:du|ni) (?:har )?titta(?:de|t)",
    r"takk? for(?:di| at) (?:du|dere|i) så (?:med|på)",
    r"kiitos (?:katsomisesta|kun katsoit)",
    # Polish, Czech, Hungarian, Romanian
    rf"napisy(?: \w+)? (?:by|przez) {_REST}",
    r"dziękuj(?:ę|emy) za (?:obejrzenie|oglądanie)(?: filmu)?",
    rf"titulky (?:vytvořil|přeložil)a? {_REST}",
    r"köszönöm,? hogy megnézt(?:ed|étek)(?: a videót)?",
    r"(?:vă )?mulțumesc pentru vizionare",
    # Turkish
    r"altyazı(?: çeviri)?:? m\.? ?k",
    r"izlediğiniz için teşekkür(?:ler| ederi[mz])",
    r"(?:kanalıma |kanala )?abone olmayı(?: ve [^.!?]{1,40})? unutmayın",
    # Russian, Ukrainian, Greek
    rf"субтитры (?:сделал|создавал|делал|добавил|подготовил|подогнал)\w* {_REST}",
    rf"редактор субтитров {_REST}",
    r"спасибо за просмотр",
    r"продолжение следует",
    r"подписывайтесь на (?:мой |наш )?канал",
    r"дяку(?:ю|ємо) за перегляд",
    r"υπότιτλοι authorwave",
    # Arabic, Hindi, Bengali
    r"ترجمة نانسي قنقر",
    r"اشتركوا في القناة",
    r"شكرا[ً]?(?: لكم)? (?:على|لل) ?(?:ال)?مشاهدة",
    r"(?:वीडियो )?देखने के लिए (?:आपका )?(?:बहुत )?धन्यवाद",
    r"(?:ভিডিওটি )?দেখার জন্য (?:আপনাকে )?ধন্যবাদ",
    # Vietnamese, Indonesian, Thai
    rf"(?:hãy |đừng quên )?(?:đăng ký|subscribe)(?: cho)? kênh(?: {_REST})?",
    r"cảm ơn các bạn đã (?:theo dõi|xem)(?: (?:video|và hẹn gặp lại))?",
    r"terima kasih (?:sudah|telah) menonton",
    r"ขอบคุณที่(?:รับชม|ติดตาม)(?:ครับ|ค่ะ)?",
    # Chinese, Japanese, Korean
    rf"[请請]不吝[点點](?:赞|贊|讚)(?:{_REST})?",
    rf"(?:中文)?字幕(?:由|by|志愿者|志願者|[制製]作)(?:{_REST})?",
    r"(?:[感谢謝]{2})(?:大家|您的?|各位)?的?(?:收看|[观觀]看)",
    rf"(?:优优独播剧场|明镜需要您的支持)(?:{_REST})?",
    r"(?:最後まで)?(?:ご視聴|ご覧)(?:いただき|頂き)?(?:まして)?、?ありがとうございま(?:した|す)",
    r"チャンネル登録(?:を|と高評価を?)?、?(?:よろしく)?お願い(?:いた)?します",
    r"次の動画でお会いしましょう",
    r"(?:영상을? )?시청해 ?주셔서 감사합니다",
    rf"구독과 좋아요(?:{_REST})?",
    rf"(?:한글 ?)?자막 ?(?:by|제공) ?{_REST}",
    r"mbc 뉴스 이덕영입니다",
)
# what ends the sentence before: a mark, or a blank in a script that has none inside sentences
_BREAK = (
    r"(?:[.!?…।؟۔][\"'”’»)\]]*\s+|[。！？\n]\s*"
    r"|(?<=[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])[\s,，、]+)"
)
_ANY = "|".join(CREDITS)
_CHAIN = rf"[^\w\s]{{0,3}}((?:{_ANY})(?:[^\w]{{1,4}}(?:{_ANY}))*)"


@cache  # compiling them takes a while, and web servers check no answers
def _chains() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Those at the start of a text, and those at its end."""
    at_start = re.compile(rf"\A\s*{_CHAIN}(?:[^\w]{{0,6}}\Z|\s?{_BREAK})", re.I)
    at_end = re.compile(rf"(?:\A\s*|{_BREAK}){_CHAIN}[^\w]{{0,6}}\Z", re.I)
    return at_start, at_end


def spans(text: str) -> list[tuple[int, int]]:
    """Where in the text, in characters of its NFC form, such sentences stand."""
    text = unicodedata.normalize("NFC", text)
    found = [pattern.search(text) for pattern in _chains()]
    return sorted({match.span(1) for match in found if match})
