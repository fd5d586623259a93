"""The page on passes shows what they do."""

from __future__ import annotations

import re
from pathlib import Path

import approxir as ax
from approxir.passes.pipeline import PASS_PIPELINE

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "passes.md").read_text(encoding="utf-8")
SHOWN = dict(
    re.findall(r"^<!-- (?:after )?([\w-]+) -->\n```mlir excerpt\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
)
EXAMPLE = ROOT / "examples" / "checked_sum.mlir"


def function(module: ax.Module) -> str:
    """The function of the example, as the page shows it."""
    text = str(module)
    return text[text.index("  func.func @sum") : text.rindex("}")].rstrip() + "\n"


def test_the_example_is_shown_after_each_pass() -> None:
    assert list(SHOWN) == ["before", *PASS_PIPELINE]
    module = ax.load(EXAMPLE)
    module.verify()
    assert SHOWN["before"].endswith(function(module))
    for name in PASS_PIPELINE:
        ax.run_pipeline(module, [name])
        assert function(module) == SHOWN[name], name
    module.verify(using="mlir")


def test_every_pass_and_transform_is_described() -> None:
    for name in (*ax.passes, *ax.transforms):
        assert f"`{name}`" in PAGE, name
