"""What looks wrong with an engine's answer, and what must not: real speech in many scripts."""

import pytest

from tests.work import lines_run
from transcription.checks import HELPED_BY, Circumstances, examine, lasting, severity
from transcription.spoken import speech_rate

# ordinary speech, about three words a second
SPOKEN = {
    "en": "Good morning. I saw the patient again today, and she says that the cough is much"
    " better than last week. We keep the dose, and she comes back in a month or when needed.",
    "de": "Guten Tag, ich rufe wegen der Heizung an, die seit gestern Abend nicht mehr läuft."
    " Können Sie heute noch jemanden schicken? Wir haben kleine Kinder, und es wird langsam kalt.",
    "fr": "On s'est retrouvés devant la gare vers huit heures, il pleuvait un peu, alors on a pris"
    " un café en attendant les autres, et puis finalement le train n'est jamais arrivé.",
    "es": "Mi abuela nació en un pueblo pequeño de la sierra y siempre contaba que en invierno la"
    " nieve llegaba hasta las ventanas, así que nadie iba a la escuela durante semanas.",
    "tr": "Dün akşam annemle konuştum, hafta sonu bize gelecekler. Çocuklar çok sevindi, hemen"
    " odalarını toplamaya başladılar. Ben de pazardan biraz meyve alacağım.",
    "ru": "Вчера мы ездили на дачу, потому что надо было собрать яблоки до первых морозов. Собрали"
    " почти десять вёдер, теперь не знаем, куда их девать, раздаём соседям.",
    "ar": "ذهبت أمس إلى السوق مع أخي واشترينا الخضار والفواكه، ثم مررنا على بيت جدتي وشربنا الشاي"
    " معها وتحدثنا طويلا عن أيام زمان وعن القرية القديمة.",
    "hi": "कल मैं अपनी बहन के साथ बाज़ार गया था। वहाँ बहुत भीड़ थी, लेकिन हमें अच्छी सब्ज़ियाँ मिल गईं। फिर हम चाय"
    " पीने बैठ गए और पुराने दिनों की बातें करते रहे।",
    "bn": "গতকাল আমরা নদীর ধারে বেড়াতে গিয়েছিলাম। আকাশে অনেক মেঘ ছিল, কিন্তু বৃষ্টি হয়নি। মা বাড়ি থেকে খিচুড়ি"
    " রান্না করে এনেছিলেন, সবাই মিলে বসে খেলাম।",
    "zh": "昨天下午我跟同事去看了新的办公室，地方比现在大一些，离地铁站也近，就是租金有点贵。"
    "老板说下个星期再决定，我觉得大家应该会同意搬过去。",
    "ja": "昨日は友達と一緒に山に登りました。朝は少し曇っていましたが、昼ごろには晴れて、とても"
    "いい眺めでした。来月もまた行こうと話しています。",
    "ko": "어제 회사 끝나고 친구랑 저녁을 먹었는데 식당에 사람이 너무 많아서 한참 기다렸어요."
    " 그래도 음식이 맛있어서 다음에 또 가기로 했습니다.",
    "th": "เมื่อวานฉันไปหาหมอเพราะปวดหลังมาหลายวันแล้ว หมอบอกว่าให้พักผ่อนและอย่ายกของหนัก"
    "อาทิตย์หน้าต้องกลับไปตรวจอีกครั้ง",
    "el": "Χθες το βράδυ βγήκαμε για φαγητό με τα παιδιά, αλλά η ταβέρνα ήταν κλειστή, οπότε"
    " γυρίσαμε στο σπίτι και μαγειρέψαμε μακαρόνια.",
}


def spoken_ms(text, rate=2.7):
    """How long people speak for such a text."""
    return int(speech_rate(text, 1000) / rate * 1000)


def found(text, speech_ms=None, **more):
    """The findings, by kind."""
    speech_ms = spoken_ms(text) if speech_ms is None else speech_ms
    circumstances = Circumstances(max(speech_ms, 30_000), speech_ms, **more)
    return {finding.kind: finding for finding in examine(text, circumstances)}


def words(text, finding):
    return text.split()[finding.start : finding.end]


# --- Nothing wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("code", SPOKEN)
def test_ordinary_speech_has_no_finding(code):
    text = SPOKEN[code]
    usual = speech_rate(text, spoken_ms(text))
    assert not found(text, usual_rate=usual, languages=(code,), detected=code)
    assert not found(text, keywords=("Ramipril", "Dr. Aydın"), prompt="A talk between two people.")
    assert not found(" ".join(SPOKEN.values()), languages=tuple(SPOKEN))


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no, no! I never said that.",
        "Ha ha ha ha ha ha ha ha ha, that is so good.",
        "哈哈哈哈哈哈哈哈哈哈，太好笑了。",
        "对对对对对对，就是这样。",
        "はいはいはいはい、わかりました。",
        "thank you thank you thank you thank you so much",
        "The number is 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 7.",
        "The account is 1000000000000000000000000000000000000000000007.",
        "Day 1: 5 milligrams, day 2: 5 milligrams, day 3: 5 milligrams, day 4: 10 milligrams, day"
        " 5: 10 milligrams, day 6: 15 milligrams, day 7: 15 milligrams, then 20 milligrams a day.",
        "one two three four five six seven eight nine ten one two three four five six seven",
        "row, row, row your boat, gently down the stream, merrily, merrily, merrily, merrily",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    ],
)
def test_people_repeat_themselves_too(text):
    assert not found(text)


def test_slow_dictation_is_no_hole():
    slow = {"speech_ms": spoken_ms(SPOKEN["en"], rate=1.0)}
    assert not found(SPOKEN["en"], **slow)
    suspected = found(SPOKEN["en"], **slow, usual_rate=2.4).values()
    assert [finding.kind for finding in suspected] == ["hole"], "worth asking again"
    assert lasting([*suspected], SPOKEN["en"], [SPOKEN["en"]]) == []


def test_a_second_answer_with_as_many_words_says_that_there_is_no_hole():
    slow = {"speech_ms": spoken_ms(SPOKEN["en"], rate=1.2), "usual_rate": 2.4}
    suspected = [*found(SPOKEN["en"], **slow).values()]
    half = " ".join(SPOKEN["en"].split()[::2])
    assert lasting(suspected, SPOKEN["en"], [SPOKEN["en"], SPOKEN["en"] + " today"]) == []
    assert lasting(suspected, half, [half, SPOKEN["en"], SPOKEN["en"]]) == suspected


def test_far_too_few_words_are_a_hole_however_often_they_come():
    few = {"speech_ms": spoken_ms(SPOKEN["en"], rate=0.6), "usual_rate": 2.4}
    certain = [*found(SPOKEN["en"], **few).values()]
    assert lasting(certain, SPOKEN["en"], [SPOKEN["en"]] * 2) == certain


@pytest.mark.parametrize("code", SPOKEN)
def test_rates_can_be_compared_between_scripts(code):
    """Each of these texts takes some ten to fifteen seconds to say."""
    assert 0.9 < speech_rate(SPOKEN[code], 13_000) < 3.5


def test_no_rate_without_speech():
    assert speech_rate("word", 0) is None


# --- Too little ---------------------------------------------------------------------------------


def test_a_hole_against_the_recordings_own_rate():
    few = " ".join(SPOKEN["de"].split()[:7])
    hole = found(few, 9_000, usual_rate=2.5)["hole"]
    assert "7 words in 9 s" in hole.reason
    assert 0.6 < hole.severity < 0.8
    assert not found(few, 9_000)  # 0.8 words a second are not few as such,
    assert not found(few, 7_000, usual_rate=2.8)  # and short chunks vary


def test_a_hole_where_nothing_else_is_known():
    assert "hole" in found("Yes, I will come.", 28_000)
    assert "hole" not in found("Yes, I will come.", 9_000)


@pytest.mark.parametrize("code", ["zh", "ja", "th", "hi", "ar"])
def test_a_hole_in_any_script(code):
    text = SPOKEN[code]
    usual = speech_rate(text, 12_000)
    assert "hole" in found(text[: len(text) // 5], 12_000, usual_rate=usual)
    assert "hole" not in found(text[: len(text) * 2 // 3], 12_000, usual_rate=usual)


@pytest.mark.parametrize("text", ["", "  ", "...", "♪ ♪"])
def test_no_text_for_speech(text):
    assert found(text, 4_000)["hole"].severity == 1
    assert not found(text, 900)


def test_text_cut_at_the_cap():
    capped = found(SPOKEN["en"], output_tokens=1990, most_output_tokens=2000)["cap"]
    assert words(SPOKEN["en"], capped) == ["needed."]
    assert not found(SPOKEN["en"], output_tokens=1900, most_output_tokens=2000)
    assert not found(SPOKEN["en"], output_tokens=1990)


# --- The same again -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit",
    ["you", "I'm going to", "it was the best of times and the worst of times for all", "ha ha"],
)
def test_a_loop_and_where_it_is(unit):
    said = unit.split()
    text = " ".join(["So then he left."] + [unit] * 40 + ["And came back."])
    loop = found(text, 30_000)["loop"]
    assert (loop.start, loop.end) == (4, 4 + 40 * len(said))
    assert loop.severity > 0.7


def test_a_loop_whatever_its_points_and_capitals():
    assert "loop" in found("Thank you. thank you, Thank you! " * 8)


@pytest.mark.parametrize(
    "text",
    [
        "我会上课吗" * 12,
        "そうですね、" * 15,
        "ขอบคุณครับ" * 20,
        "हम चलते हैं " * 15,
        "আমি জানি না " * 15,
        "Hm" + "m" * 300,
        "ha" * 100,
    ],
)
def test_a_loop_in_any_script(text):
    assert found(text)["loop"].severity > 0.7


def test_a_loop_that_changes_a_little_each_time():
    text = SPOKEN["en"] + " ".join(f" and we went to the house {n}" for n in range(40))
    loop = found(text)["loop"]
    assert loop.start > 10
    assert "house" in words(text, loop)


def test_a_loop_of_long_sentences():
    assert "loop" in found(" ".join([SPOKEN["ru"]] * 4))
    sentence = (
        "We left at seven and drove all the way down to the coast without a single stop there."
    )
    assert "loop" in found(f"{sentence} {sentence} {sentence} Then we ate.")
    assert "loop" not in found(f"{sentence} {sentence} Then we ate.")


# --- What nobody said ---------------------------------------------------------------------------

PROMPT = "Visit note of Dr. Okonkwo, cardiology: bisoprolol, ramipril, ejection fraction."
DRUGS = ("bisoprolol", "ramipril", "torasemide", "apixaban", "Dr. Okonkwo")


@pytest.mark.parametrize(
    ("text", "speech_ms"),
    [
        (PROMPT, 2_000),
        (PROMPT, 28_000),
        ("visit note of Dr Okonkwo cardiology bisoprolol ramipril ejection fractions", 4_000),
        ("Bisoprolol, ramipril, ejection fraction.", 20_000),
        ("Bisoprolol, ramipril, torasemide, apixaban, Dr. Okonkwo.", 2_000),
        ("Apixaban, bisoprolol, ramipril.", 15_000),
    ],
)
def test_the_prompt_or_the_terms_given_back(text, speech_ms):
    echo = found(text, speech_ms, prompt=PROMPT, keywords=DRUGS)["echo"]
    assert echo.severity > 0.9


def test_the_prompt_in_front_of_what_was_said():
    text = f"{PROMPT} {SPOKEN['en']}"
    echo = found(text, prompt=PROMPT)["echo"]
    assert words(text, echo) == PROMPT.split()
    assert 0.1 < echo.severity < 0.4


def test_an_echo_without_blanks():
    prompt = "以下是普通话的句子，请使用简体中文和标点。"
    assert "echo" in found(prompt, 2_000, prompt=prompt)


@pytest.mark.parametrize(
    ("text", "speech_ms"),
    [
        ("Ramipril.", 900),
        ("Bisoprolol and ramipril.", 2_000),
        ("Bisoprolol, ramipril, apixaban.", 3_000),  # a list that takes as long as it has words
        ("She takes bisoprolol and ramipril, her ejection fraction is normal.", 4_000),
        ("Dr. Okonkwo, cardiology.", 1_500),
    ],
)
def test_terms_that_are_said_are_no_echo(text, speech_ms):
    assert not found(text, speech_ms, prompt=PROMPT, keywords=DRUGS)


def test_one_term_alone_is_an_answer():
    term = "University of California Los Angeles"
    assert not found(f"{term}.", 2_000, keywords=(term,))


def test_text_without_speech():
    assert found("Thank you.", 0)["silence"].severity == 1
    assert "silence" in found("So we are going to see.", 250)
    assert not found("Yes.", 250)
    assert not found("", 0)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you so much for watching. Please subscribe to my channel.",
        "Subtitles by the Amara.org community",
        "Untertitel im Auftrag des ZDF, 2020",
        "Untertitelung aufgrund der Amara.org-Community",
        "Sous-titrage Société Radio-Canada",
        "Sous-titrage ST' 501",
        "Subtítulos realizados por la comunidad de Amara.org",
        "¡Gracias por ver el video!",
        "Legendas pela comunidade Amara.org",
        "Sottotitoli e revisione a cura di QTSS",
        "Ondertiteld door de Amara.org gemeenschap",
        "Napisy stworzone przez społeczność Amara.org",
        "Altyazı M.K.",
        "İzlediğiniz için teşekkür ederim.",
        "Субтитры сделал DimaTorzok",
        "Редактор субтитров А.Семкин Корректор А.Егорова",
        "Продолжение следует...",
        "ترجمة نانسي قنقر",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "字幕由 Amara.org 社区提供",
        "ご視聴ありがとうございました",
        "시청해주셔서 감사합니다!",
        "구독과 좋아요 부탁드립니다.",
        "देखने के लिए धन्यवाद",
    ],
)
def test_invented_credits(text):
    assert found(text, 4_000)["credits"].severity > 0.8
    after = f"{SPOKEN['en']} {text}"
    credits = found(after)["credits"]
    assert words(after, credits) == text.split()
    assert credits.severity < 0.5


def test_credits_in_front_and_without_a_blank_before():
    text = f"Thanks for watching! {SPOKEN['en']}"
    assert words(text, found(text)["credits"]) == ["Thanks", "for", "watching!"]
    assert "credits" in found(SPOKEN["ja"] + "ご視聴ありがとうございました")
    assert "credits" in found("我们今天就到这里 谢谢大家收看")


@pytest.mark.parametrize(
    "text",
    [
        "I would like to thank you for watching my children.",
        "Thank you for watching my children while I was away. It helped a lot.",
        "And then he said thanks for watching and left.",
        "We told them to subscribe to the newsletter.",
        "I had to read the subtitles by myself, as the sound was off.",
        "He put it on amara.org and it was translated within a day by volunteers from everywhere.",
        "Die Untertitel im Auftrag des Senders waren falsch, deshalb haben wir geklagt.",
        "Thanks for watching, said the guard, and he opened the gate for all of us.",
    ],
)
def test_people_thank_and_speak_of_subtitles(text):
    assert "credits" not in found(text)


# --- Writing and language -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("languages", "text"),
    [
        (("hi",), "kal main apni behen ke saath bazaar gaya tha"),
        (("ru",), "Segodnya my poyedem na dachu sobirat yabloki"),
        (("en",), SPOKEN["ru"]),
        (("de", "en"), SPOKEN["ja"]),
        (("ur",), SPOKEN["hi"]),
        (("zh",), SPOKEN["ja"]),
        (("ja",), SPOKEN["zh"]),
        (("ko",), SPOKEN["zh"]),
        (("zh",), SPOKEN["ko"]),
        (("ja",), SPOKEN["ko"]),
    ],
)
def test_the_wrong_script(languages, text):
    assert found(text, languages=languages)["script"].severity > 0.4


def test_a_sentence_in_the_wrong_script_is_found():
    text = SPOKEN["de"] + " कल मैं बाज़ार गया था। " + SPOKEN["de"]
    script = found(text, languages=("de",))["script"]
    assert words(text, script) == ["कल", "मैं", "बाज़ार", "गया", "था।"]
    assert script.severity < 0.2


@pytest.mark.parametrize(
    ("languages", "text"),
    [
        (("hi", "en"), "kal main office gaya tha and then I went home"),
        (("hi",), "मैंने अपने laptop पर Microsoft Windows install किया और WhatsApp भी।"),
        (("ru",), "Назначили Ramipril и Bisoprolol, а ещё ECG."),
        (("zh",), "我们用 PyTorch 和 TensorFlow 训练模型，结果比 OpenAI 的还要好一些。"),
        (("ja",), "東京都千代田区永田町一丁目七番一号"),
        (("ja",), "コンピューターを使う"),
        (("ja",), "OK, thank you."),
        (("sr",), "Danas idemo na pijacu, a sutra kod bake u selo."),
        (("sr",), "Данас идемо на пијацу, а сутра код баке у село."),
        (("de",), "Die α-Werte und β-Blocker, 5 μg, γ-GT und δ: 12 % 😀 ₹ ١٢٣ १२३ ๔๕๖"),
        (("yue",), "我哋聽日去飲茶好唔好呀"),
        (("xx",), SPOKEN["ja"]),
        ((), SPOKEN["ja"]),
    ],
)
def test_the_right_script(languages, text):
    assert "script" not in found(text, languages=languages)


@pytest.mark.parametrize("detected", ["french", "French", "fr", "fr-CA", "haitian creole"])
def test_another_language_was_heard(detected):
    heard = found(SPOKEN["en"], languages=("en", "de"), detected=detected)
    assert detected in heard["language"].reason


@pytest.mark.parametrize(
    ("languages", "detected"),
    [
        (("en", "de"), "german"),
        (("pt",), "pt-BR"),
        (("zh",), "cantonese"),
        (("he",), "iw"),
        (("nb",), "nynorsk"),
        (("sr",), "croatian"),
        (("en",), "klingon"),
        (("en",), ""),
        ((), "french"),
    ],
)
def test_an_expected_or_unknown_language_was_heard(languages, detected):
    assert "language" not in found(SPOKEN["en"], languages=languages, detected=detected)


def test_nobody_knows_the_language_of_a_word():
    assert not found("Okay.", languages=("en",), detected="german")


# --- All together -------------------------------------------------------------------------------


def test_the_least_bad_of_several_answers():
    def badness(text):
        return severity(list(found(text, 20_000, usual_rate=2.5, prompt=PROMPT).values()))

    looped = SPOKEN["en"] + " and then" * 40
    said = SPOKEN["en"] + " Thanks for watching!"
    assert badness(SPOKEN["en"]) == 0
    assert 0 < badness(said) < badness(looped) < badness(PROMPT) <= badness("") == 1


def test_each_kind_says_what_helps():
    kinds = {"hole", "cap", "loop", "echo", "silence", "credits"}
    assert set(HELPED_BY) == kinds | {"script", "language", "translated", "romanised"}
    assert HELPED_BY["cap"] == {"smaller"}
    assert HELPED_BY["echo"] == {"without_prompt"}
    assert set().union(*HELPED_BY.values()) == {
        "without_prompt",
        "without_languages",
        "smaller",
        "other_model",
    }


@pytest.mark.parametrize("code", ["en", "zh"])
def test_four_times_the_text_is_four_times_the_work(code):
    def work(times):
        text = " ".join([SPOKEN[code], str(code)] * times)
        return lines_run(lambda: examine(text, Circumstances(10**7, 10**7, languages=("ru",))))

    work(1)  # what is read once a process
    assert work(40) < 5 * work(10)
