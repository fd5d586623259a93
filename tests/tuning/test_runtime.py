"""The tuner's interface of approx-runtime: what code written for it relies on."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from support import native
from support.evaluators import LANDSCAPE

import approxir as ax
from approxir.tuning.database import read_searches
from approxir.tuning.search_errors import TuningError

TEXT = """
"approx.util.annotation.decision_tree"() <{func_name = "a", transform_type = "loop_perforate",
  thresholds = array<i32: 0>, decisions = array<i32: 0, 0>, decision_values = array<i32: 0, 2, 4>,
  thresholds_lowers = array<i32: 0>, thresholds_uppers = array<i32: 64>}> : () -> ()
"approx.util.annotation.decision_tree"() <{func_name = "b", transform_type = "loop_perforate",
  thresholds = array<i32: 0>, decisions = array<i32: 0, 0>, decision_values = array<i32: 0, 2, 3, 8>,
  thresholds_lowers = array<i32: 0>, thresholds_uppers = array<i32: 15>}> : () -> ()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("TUNING_TIME_BUDGET", "ACCURACY_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_space_is_that_of_the_landscape() -> None:
    assert ax.space(TEXT) == LANDSCAPE.space


def test_tune(folder: Path) -> None:
    seen: list[tuple[dict[str, int], float, float]] = []
    result = ax.tune(
        mlir_source=TEXT,
        evaluate_fn=LANDSCAPE,
        accuracy_threshold=0.95,
        time_budget=60,
        result_callback=lambda config, time, accuracy: seen.append((config, time, accuracy)),
        evaluations=30,
    )
    assert set(result) == {"best_config", "best_mlir", "best_time", "best_accuracy"}
    assert LANDSCAPE(result["best_config"]) == (result["best_time"], result["best_accuracy"])
    assert result["best_accuracy"] >= 0.95
    assert ax.MLIRConfigManager().apply_config(TEXT, result["best_config"]) == result["best_mlir"]
    assert len(seen) == 30
    assert (result["best_config"], result["best_time"], result["best_accuracy"]) in seen
    assert result["best_time"] == min(time for _, time, accuracy in seen if accuracy >= 0.95)
    # And as a frontier.
    assert result.best(quality=0.95).config == result["best_config"]
    assert result.points == result.frontier.points
    assert result.evaluations == result.frontier.evaluations
    assert result.failures == ()
    assert result.knee == result.frontier.knee
    assert result.at_loss(0.05) == result.best(quality=0.95)
    assert result.speedup(result.points[0], baseline=result.points[0]) == 1
    assert result.merge(ax.Frontier()) == result.frontier
    result.save(folder / "frontier.json")
    assert ax.Frontier.load(folder / "frontier.json") == result.frontier
    result.plot(folder / "frontier.svg")
    assert "<svg" in (folder / "frontier.svg").read_text(encoding="utf-8")
    assert json.loads(json.dumps(result))["best_config"] == result["best_config"]
    assert len(read_searches("opentuner.db")[0].evaluations) == 30


def test_nothing_is_good_enough(folder: Path) -> None:
    def tuned(evaluate: Any, count: int = 5) -> Any:
        return ax.tune(TEXT, evaluate, 0.9, database=None, evaluations=count, engine="random")

    with pytest.warns(
        ax.BoundWarning, match="accuracy 0.9: the best of 5 evaluations has 0.5; the re"
    ) as caught:
        result = tuned(lambda config: (1.0, 0.5))
    assert caught[0].filename == __file__
    assert result["best_config"] == ax.parse(TEXT).config()
    assert result["best_mlir"] == TEXT
    assert (result["best_time"], result["best_accuracy"]) == (float("inf"), 0.0)
    assert len(result.frontier.evaluations) == 5
    with pytest.warns(ax.BoundWarning, match="all 5 evaluations failed, the first one with: garbage: None"):
        tuned(lambda config: None)
    with pytest.warns(ax.BoundWarning, match="there was no evaluation"):
        tuned(LANDSCAPE, 0)
    args = ax.create_tuner_arg_parser().parse_args(["--test-limit", "3", "--technique", "PureRandom"])
    interface = ax.ApproxTunerInterface(args, TEXT, lambda config: (1.0, 0.5))
    with pytest.warns(ax.BoundWarning, match="no files are written") as caught:
        assert interface.run_tuning()["best_mlir"] == TEXT
    assert caught[0].filename == __file__
    assert not Path(args.output_config).exists()
    assert not Path(args.output_mlir).exists()


def test_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCURACY_THRESHOLD", "0.5")
    monkeypatch.setenv("TUNING_TIME_BUDGET", "0.3")
    result = ax.tune(TEXT, lambda config: (1.0, 0.6), database=None, engine="random")
    assert result["best_accuracy"] == 0.6
    assert ax.create_tuner_arg_parser().parse_args([]).accuracy_threshold == 0.5
    monkeypatch.setenv("TUNING_TIME_BUDGET", "long")
    with pytest.raises(ax.ApproxIRError, match="TUNING_TIME_BUDGET is a number, not 'long'"):
        ax.tune(TEXT, lambda config: (1.0, 0.6), database=None)


def test_running_twice_and_a_database_that_another_tuner_has_left(folder: Path) -> None:
    for _ in range(2):
        ax.tune(TEXT, LANDSCAPE, 0.9, database="sqlite:///here.db", evaluations=3, engine="random")
    assert [len(search.evaluations) for search in read_searches("here.db")] == [3, 3]
    connection = sqlite3.connect("old.db")
    connection.execute("create table result (id)")
    connection.commit()
    connection.close()
    before = Path("old.db").read_bytes()
    ax.tune(TEXT, LANDSCAPE, 0.9, database="old.db", evaluations=3, engine="random")
    assert Path("old.db").read_bytes() == before
    assert len(read_searches("old.db.approxir")[0].evaluations) == 3
    with pytest.raises(TuningError, match="a folder here"):
        ax.tune(TEXT, LANDSCAPE, 0.9, database="mysql://host/name", evaluations=3)


def test_a_search_of_another_text_is_not_resumed() -> None:
    options: dict[str, Any] = {"engine": "random", "resume": True, "accuracy_threshold": 0.0}
    result = ax.tune(TEXT, LANDSCAPE, evaluations=3, **options)
    # What came out of a search is the same program.
    assert len(ax.tune(result["best_mlir"], LANDSCAPE, evaluations=4, **options).frontier.evaluations) == 4
    with pytest.raises(TuningError, match="another module"):
        ax.tune(TEXT.replace('"loop_perforate"', '"func_substitute"'), LANDSCAPE, evaluations=5, **options)


def test_texts_without_parameters() -> None:
    with pytest.raises(ValueError, match="no tunable parameters"):
        ax.tune("module {}", LANDSCAPE, database=None)
    with pytest.raises(ValueError, match="no tunable parameters"):
        ax.ApproxTunerInterface(ax.create_tuner_arg_parser().parse_args([]), "module {}", LANDSCAPE)


@pytest.mark.parametrize("text", ["module { func.func @f( }", TEXT + "module { func.func @f( }"])
def test_texts_that_are_no_mlir(text: str) -> None:
    with pytest.raises(ax.ParseError) as caught:
        ax.tune(text, LANDSCAPE, database=None)
    assert (caught.value.line, caught.value.column) == (text.count("\n") + 1, 22)
    with pytest.raises(ax.ParseError):
        ax.ApproxTunerInterface(ax.create_tuner_arg_parser().parse_args([]), text, LANDSCAPE)
    with pytest.raises(ax.ArgumentError, match="mlir_source is a text, not NoneType"):
        ax.tune(None, LANDSCAPE, database=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("technique", [[], ["--technique", "PureRandom"]])
def test_the_interface_with_options(folder: Path, technique: list[str]) -> None:
    parser = ax.create_tuner_arg_parser()
    parser.add_argument("--my-custom-arg", type=int)
    first = {**ax.parse(TEXT).config(), "a_threshold_0": 33}
    Path("first.json").write_text(json.dumps(first), encoding="utf-8")
    args = parser.parse_args([
        "--stop-after", "60", "--test-limit", "12", "--parallelism", "2", "--no-dups", "--my-custom-arg", "3",
        "--accuracy-threshold", "0.8", "--output-config", "best.json", "--output-mlir", "best.mlir",
        "--database", "search", "--seed-configuration", "first.json", *technique,
    ])  # fmt: skip
    seen: list[Any] = []
    tuner = ax.ApproxTunerInterface(args, TEXT, LANDSCAPE, result_callback=lambda *found: seen.append(found))
    assert tuner.accuracy_threshold == 0.8
    result = tuner.run_tuning()
    assert len(seen) == 12
    assert first in [config for config, _, _ in seen[:2]]
    assert tuner.best_config == result["best_config"]
    assert tuner.best_time == result["best_time"]
    assert Path("best.mlir").read_text(encoding="utf-8") == result["best_mlir"]
    module = ax.parse(TEXT)
    module.apply(json.loads(Path("best.json").read_text(encoding="utf-8"))["parameters"])
    assert str(module) == result["best_mlir"]
    assert read_searches("search")[0].header["bound"] == 0.8


def test_tuning_the_module_of_c_source() -> None:
    pytest.importorskip("tree_sitter_c")
    source = """
// @approx:decision_tree {
//   transform_type: loop_perforate
//   state_indices: [0]
//   state_function: state
//   thresholds: [5]
//   thresholds_lower: [0]
//   thresholds_upper: [9]
//   decisions: [0, 1]
// }
int kernel(int n) { return n; }
int state(int n) { return n; }
"""
    module = "func.func @kernel(%n: i32) -> i32 { return %n : i32 }\nfunc.func @state(%n: i32) -> i32 { return %n : i32 }\n"
    result = ax.tune_cpp(
        source, module, lambda config: (10.0 - config["kernel_threshold_0"], 1.0), database=None, evaluations=40,
        engine="random",
    )  # fmt: skip
    assert result["best_config"]["kernel_threshold_0"] == 9
    assert "decision_tree" in result["best_mlir"]


@native.needs_native
def test_tuning_a_jax_function() -> None:
    jax = pytest.importorskip("jax")

    def state(n: Any) -> Any:
        return n

    def kernel(n: Any, x: Any) -> Any:
        return jax.lax.fori_loop(0, 8, lambda i, total: total + x[i], 0.0)

    tree = ax.DecisionTree(
        state_function=state, state_indices=[0], thresholds=[5], decisions=[0, 2], transform_type="loop_perforate",
        thresholds_lower=[0], thresholds_upper=[10], decision_values=[0, 2],
    )  # fmt: skip
    example = (jax.numpy.int32(3), jax.numpy.zeros(8, jax.numpy.float32))

    def evaluate(config: dict[str, int]) -> tuple[float, float]:
        name = next(name for name in config if name.endswith("_threshold_0"))
        return 20.0 - config[name], 1.0

    result = ax.tune_jax(kernel, example, {"decision_tree": tree}, evaluate, database=None, evaluations=60)
    assert result["best_time"] == 10.0
    assert "stablehlo" in result["best_mlir"]
