"""Plots: what is drawn, where it is written, and what is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread
from support.evaluations import FAILURES, SMALL, evaluation

import approxir as ax
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.plotting import DYNAMIC_COLOURS, STATIC_COLOURS, figure, plot, svg

BASELINE = Evaluation({}, 10.0, 1.0)
DYNAMIC = [evaluation(2, 0.9, 0), evaluation(4, 0.96, 1), evaluation(9, 1.0, 2), evaluation(6, 0.9, 3)]
STATIC = [evaluation(5, 0.9, 4, static=True), evaluation(8, 0.97, 5, static=True)]
HIDDEN = [evaluation(1, -4, 6), Evaluation({}, failure="no")]
MIXED = Frontier([*DYNAMIC, *STATIC, *HIDDEN], baseline=BASELINE)
SMALL_PLOT: dict[str, Any] = {"size": (3, 2), "dpi": 50}


def step_lines(drawn: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in drawn.axes[0].lines if line.get_drawstyle() == "steps-post"}


def test_frontiers_are_steps_over_the_loss() -> None:
    lines = step_lines(figure(MIXED))
    assert list(lines) == ["dynamic", "static"]
    xs, ys = lines["dynamic"].get_data()
    np.testing.assert_allclose(xs[:-1], [0, 4, 10])
    np.testing.assert_allclose(ys, [9, 4, 2, 2])
    assert xs[-1] > figure(MIXED).axes[0].get_xlim()[1]
    np.testing.assert_allclose(lines["static"].get_data()[1], [8, 5, 5])
    assert (lines["dynamic"].get_color(), lines["static"].get_color()) == (
        DYNAMIC_COLOURS[0],
        STATIC_COLOURS[0],
    )
    assert lines["dynamic"].get_linestyle() != lines["static"].get_linestyle()


def test_every_evaluation_is_a_dot() -> None:
    dots = [tuple(map(tuple, found.get_offsets().round(9))) for found in figure(MIXED).axes[0].collections]
    assert dots == [tuple((round(100 * e.loss, 9), e.time_ms) for e in part) for part in (DYNAMIC, STATIC)]
    drawn = figure(MIXED)
    assert drawn.get_supxlabel() == "1 evaluation with a greater loss not shown, 1 failure"
    assert figure(MIXED, max_loss=10).get_supxlabel() == "1 failure"
    assert figure(Frontier(DYNAMIC)).get_supxlabel() == ""


def test_speedups() -> None:
    drawn = figure(MIXED, y="speedup")
    assert list(step_lines(drawn)["dynamic"].get_data()[1]) == [10 / 9, 2.5, 5, 5]
    star = next(line for line in drawn.axes[0].lines if line.get_label() == "exact program")
    assert list(star.get_data()[1]) == [1]
    with pytest.raises(ax.ArgumentError, match="the frontier x has no baseline"):
        figure({"a": MIXED, "x": Frontier(DYNAMIC)}, y="speedup")


def test_several_frontiers_differ_in_colour() -> None:
    lines = step_lines(figure({"a": MIXED, "b": Frontier(DYNAMIC), "c": Frontier(STATIC)}))
    assert list(lines) == ["a dynamic", "a static", "b", "c"]
    assert len({line.get_color() for line in lines.values()}) == 4


def test_the_scale() -> None:
    far = Frontier([*DYNAMIC, evaluation(5000, 1, 7)])
    scales = [
        figure(f, scale=s).axes[0].get_yscale() for f in (MIXED, far) for s in ("auto", "linear", "log")
    ]
    assert scales == ["linear", "linear", "log", "log", "linear", "log"]
    # Nothing can be logarithmic about times of 0.
    assert figure(Frontier([evaluation(0, 1)]), scale="log").axes[0].get_yscale() == "linear"


@pytest.mark.parametrize("ending", ["png", "svg", "PNG"])
def test_files(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"plot.{ending}"
    MIXED.plot(path, title="k-means", **SMALL_PLOT)
    assert os.listdir(tmp_path) == [path.name]
    if ending == "svg":
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
    else:
        image = imread(path, format="png")
        assert image.shape[:2] == (100, 150)
        # The lines and dots of both kinds, and white around them.
        for colour in (DYNAMIC_COLOURS[0], STATIC_COLOURS[0], "white"):
            distance = np.abs(image[:, :, :3] - np.array(matplotlib.colors.to_rgb(colour))).max(axis=2)
            assert (distance < 0.05).sum() >= 3


def test_svg_for_pages() -> None:
    element = svg(MIXED, title="a < b & c")
    assert element.startswith("<svg")
    ElementTree.fromstring(element)


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no"):
        plot(MIXED, path, **SMALL_PLOT)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"old", ["plot.png"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": "energy"}, "y is 'time' or 'speedup'"), ({"scale": "square"}, "scale is"), ({"max_loss": 0}, "max_loss is above 0"),
        ({"frontiers": {}}, "no frontier"), ({"frontiers": {"a": 1}}, "a mapping of names"), ({"frontiers": [MIXED]}, "takes a Frontier"),
        ({"path": "plot.jpg"}, r"\.png or \.svg"), ({"path": "plot"}, r"\.png or \.svg"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ax.ArgumentError, match=message):
        plot(**({"frontiers": MIXED, "path": "never.png"} | arguments))
    assert not Path("never.png").exists()


@settings(deadline=None, derandomize=True, max_examples=8)
@given(
    st.lists(SMALL | FAILURES, max_size=6),
    st.sampled_from(["", "$x", "a_$^\\{", "line\nbreak\x00"]),
    st.sampled_from(["png", "svg"]),
)
def test_any_frontier_can_be_drawn(evaluations: list[Evaluation], name: str, kind: str) -> None:
    found = {name: Frontier(evaluations, baseline=BASELINE)}
    for y in ("time", "speedup"):
        if kind == "svg":
            ElementTree.fromstring(svg(found, title=name, y=y))
        else:
            figure(found, title=name, y=y, **SMALL_PLOT).canvas.draw()


def test_no_display_is_needed_and_global_state_is_left_alone(tmp_path: Path) -> None:
    script = f"""
import matplotlib
# Asking for the parameter `backend` alone would choose one.
before = dict(dict.items(matplotlib.rcParams))
from approxir.tuning.frontier import Frontier
frontier = Frontier.load({str(tmp_path / "f.json")!r})
frontier.plot({str(tmp_path / "f.png")!r})
frontier.plot({str(tmp_path / "f.svg")!r})
import sys
assert "matplotlib.pyplot" not in sys.modules
assert dict(dict.items(matplotlib.rcParams)) == before
"""
    MIXED.save(tmp_path / "f.json")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    }
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    assert sorted(os.listdir(tmp_path)) == ["f.json", "f.png", "f.svg"]


def test_a_missing_matplotlib_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ax.MissingDependencyError, match=r"approxir\[plot\]"):
        figure(MIXED)
