"""The bar for long work: drawn at a terminal, silent elsewhere; what the builder tells it only grows."""

import io

from benchmarks.workload import workload
from geooffers.matching.index import Index
from geooffers.progress import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_a_bar_grows_and_is_gone_at_the_end() -> None:
    out = Terminal()
    bar = Bar(out)
    for share in (0.0, 0.5, 1.0):
        bar(f"step {share:g}", share)
    drawn = out.getvalue()
    assert "step 0.5" in drawn
    assert "[###############...............]  50%" in drawn
    assert drawn.endswith("100%\r\x1b[K")


def test_a_thousand_words_a_second_are_drawn_ten_times() -> None:
    out = Terminal()
    bar = Bar(out)
    for number in range(1_000):
        bar("reading", number / 1_000)
    assert 1 <= out.getvalue().count("reading") <= 20


def test_where_nobody_looks_nothing_is_drawn() -> None:
    out = io.StringIO()
    Bar(out)("building", 0.5)
    assert out.getvalue() == ""


def test_a_build_tells_how_far_it_is() -> None:
    told: list[tuple[str, float]] = []
    Index.of(workload(fences=3_000, points=10).fences, told=lambda doing, share: told.append((doing, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert [doing for doing, _ in told][:3] == ["ordering", "circles", "polygons"]
