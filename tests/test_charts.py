"""What plots show, read from their SVG."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from feedback.quality import charts
from feedback.quality.charts import Column, Mark

SVG = "{http://www.w3.org/2000/svg}"


def percent(value: float) -> str:
    return f"{100 * value:g} %"


def drawn(svg: str) -> ElementTree.Element:
    """Well-formed, as browsers read it inside a page."""
    return ElementTree.fromstring(
        svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def of_class(svg: str, name: str) -> list[ElementTree.Element]:
    return [each for each in drawn(svg).iter() if name in each.get("class", "").split()]


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in drawn(svg).iter(f"{SVG}text")]


def line(*marks: Mark) -> str:
    return charts.over_time("wer", "WER over time", "Three weeks.", marks, percent, percent)


def week(value: float | None, *, words: float = 100, within: float = 0.01, href: str = "") -> Mark:
    if value is None:
        return Mark("a week", weight=words, href=href)
    return Mark("a week", value, value - within, value + within, words, href)


def test_it_tells_what_it_shows_without_being_seen():
    root = drawn(line(week(0.1)))
    named = {each.get("id"): each.text for each in root if each.get("id")}
    assert named[root.get("aria-labelledby")] == "WER over time"
    assert named[root.get("aria-describedby")] == "Three weeks."
    assert root.get("role") == "graphics-document"


def test_what_people_wrote_stays_text():
    mark = Mark('<b>"&', 0.1, 0, 0.2, 10, 'https://x/?a="&b', "<script>")
    for svg in (
        line(mark),
        charts.side_by_side("m", "<i>", "&", [(mark, None)], percent, percent, ""),
    ):
        root = drawn(svg)
        (link,) = root.iter(f"{SVG}a")
        assert link.get("href") == 'https://x/?a="&b'
        assert link.find(f"{SVG}title").text == "<script>"
        assert '<b>"&' in texts(svg)


def test_the_axis_begins_at_zero_and_ends_above_all_values():
    svg = line(week(0.0, within=0), week(0.12), week(0.06))
    zero, half, top = (
        float(each.get("y1")) for each in of_class(svg, "zero") + of_class(svg, "grid")
    )
    assert [text for text in texts(svg) if "%" in text][:3] == ["0 %", "7.5 %", "15 %"]
    first, second, third = (float(each.get("cy")) for each in of_class(svg, "dot"))
    assert first == pytest.approx(zero)
    assert half == pytest.approx((zero + top) / 2, abs=0.1)
    assert (zero - second) / (zero - top) == pytest.approx(0.12 / 0.15, abs=0.01)
    assert (zero - third) / (zero - second) == pytest.approx(0.5, abs=0.01)


def test_the_line_breaks_where_there_is_nothing_to_tell():
    svg = line(week(0.1), week(0.2), week(None), week(0.1), week(0.2), week(0.1))
    assert [len(each.get("points").split()) for each in of_class(svg, "line")] == [2, 3]
    assert [len(each.get("points").split()) for each in of_class(svg, "band")] == [4, 6]
    assert len(of_class(svg, "dot")) == 5
    assert len(of_class(svg, "untold")) == 1
    assert not of_class(line(week(None, words=0)), "untold")


def test_a_lone_value_has_its_interval_too():
    svg = line(week(None), week(0.1), week(None))
    (whisker,) = of_class(svg, "whisker")
    (dot,) = of_class(svg, "dot")
    assert float(whisker.get("y2")) < float(dot.get("cy")) < float(whisker.get("y1"))


def test_dots_are_as_large_as_what_is_behind_them():
    sizes = [float(each.get("r")) for each in of_class(line(week(0.1, words=10), week(0.1)), "dot")]
    assert sizes[0] < sizes[1] == charts.LARGEST


def test_the_last_value_is_written_beside_its_dot():
    svg = line(week(0.1), week(0.07), week(None))
    (now,) = of_class(svg, "now")
    assert now.text == "7 %"


def test_an_interval_far_wider_than_the_values_does_not_flatten_them():
    """It is drawn to the end of the plot, with an arrow where it goes on."""
    rows = [(Mark("few", 0.1, 0.0, 0.9, 10), None), (Mark("many", 0.1, 0.09, 0.11, 100), None)]
    svg = charts.side_by_side("m", "By model", "", rows, percent, percent, "too few")
    assert [text for text in texts(svg) if "%" in text][:3] == ["0 %", "10 %", "20 %"]
    assert len([each for each in of_class(svg, "whisker") if each.tag == f"{SVG}path"]) == 1


def test_side_by_side_has_a_row_for_each_with_its_second_measure():
    rows = [(week(0.1), week(0.2)), (week(None), week(None))]
    svg = charts.side_by_side("m", "By model", "", rows, percent, percent, "too few words to tell")
    assert len(of_class(svg, "dot")) == 1
    assert [each.tag for each in of_class(svg, "other")].count(f"{SVG}circle") == 1
    assert "too few words to tell" in texts(svg)


def test_long_names_are_cut_and_stand_whole_where_they_are_pointed_at():
    name = "a-model-of-which-the-name-is-long"
    mark = Mark(name, 0.1, note=f"{name}: 10 %")
    svg = charts.side_by_side("m", "By model", "", [(mark, None)], percent, percent, "")
    (shown,) = of_class(svg, "name")
    assert shown.text == "a-model-of-which-the-…"
    assert name in svg


def test_columns_stand_on_zero_and_losses_hang_below_it():
    found = [Column("one", 10, 0), Column("two", 5, 4), Column("three")]
    svg = charts.columns("c", "Lexicon", "", found, lambda value: f"{value:g}")
    one, two = of_class(svg, "up")
    (down,) = of_class(svg, "down")
    zero = float(of_class(svg, "zero")[0].get("y1"))

    def foot(column: ElementTree.Element) -> float:
        return float(column.attrib["y"]) + float(column.attrib["height"])

    assert foot(one) == pytest.approx(zero, abs=0.2) and foot(two) == pytest.approx(zero, abs=0.2)
    assert float(down.get("y")) == pytest.approx(zero, abs=0.2)
    assert float(two.get("height")) * 2 == pytest.approx(float(one.get("height")), abs=0.3)
    assert float(down.get("height")) * 2.5 == pytest.approx(float(one.get("height")), abs=0.3)


def test_labelled_columns_say_their_values():
    svg = charts.columns(
        "c", "Waiting", "", [Column("today", 3), Column("older")], lambda v: f"{v:g}", labelled=True
    )
    assert [each.text for each in of_class(svg, "now")] == ["3", "0"]
    assert {"today", "older"} <= set(texts(svg))


def test_tab_passes_over_what_the_table_has_too():
    svg = line(week(0.1, href="/a"), week(0.1, href="/b"))
    assert [each.get("tabindex") for each in drawn(svg).iter(f"{SVG}a")] == ["-1", "-1"]


@pytest.mark.parametrize("count", [1, 2, 5, 26, 60])
def test_names_under_the_axis_have_room(count):
    marks = [Mark(f"{number} Nov", 0.1, 0.05, 0.15, 10) for number in range(count)]
    svg = line(*marks)
    named = [each for each in drawn(svg).iter(f"{SVG}text") if "Nov" in (each.text or "")]
    xs = [float(each.get("x")) for each in named]
    assert named[-1].text == f"{count - 1} Nov"
    assert len(xs) <= charts.MOST_LABELS
    assert all(b - a > 45 for a, b in pairwise(xs))


def test_no_colour_is_in_a_drawing():
    """They are the style sheet's, so that light and dark are one drawing."""
    svg = line(week(0.1)) + charts.columns("c", "", "", [Column("a", 1, 1)], str)
    assert not re.search(r"\b(fill|stroke|style|color)=", svg)
