"""HPVM's files: nothing is lost, edits change what they must, and errors have places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hpvm_files import FLOATS, Lines, files, laid_out

import approxir as ax
from approxir.tuning import hpvm
from approxir.tuning.hpvm import KNOBS, Configuration, ConfigurationFile, HpvmError, Perforation, TensorKnob

LOOSE = settings(deadline=None, derandomize=True)
TEXT = """750.5
+++++
conf1 1 0 91.5 0.0
1 gpu conv fp32 11 add fp32 1 relu fp32 1
2 gpu mul fp32 11 add fp32 1
-----
+++++
conf2 2.5 0 91 0.5\t
1 gpu conv perf_fp16 154  add fp16 1 relu fp16 1
2 cpu mul fp16 11 add fp32 1

-----
"""


@LOOSE
@given(files().flatmap(lambda lines: st.tuples(st.just(lines), laid_out(lines))))
def test_what_was_read_comes_out_byte_for_byte(made: tuple[Lines, str]) -> None:
    lines, text = made
    file = hpvm.parse(text)
    assert hpvm.dump(file) == text
    assert said(file) == meant(lines)
    # A copy of everything says the same, in the usual layout.
    again = ConfigurationFile([c.copy() for c in file], baseline=file.baseline)
    assert said(hpvm.parse(hpvm.dump(again))) == meant(lines)
    assert hpvm.dump(file) == text


def meant(lines: Lines) -> object:
    """What the tokens say, read without the parser."""
    baseline = float(lines[0][0]) if lines[0][0] != "+++++" else None
    found: list[list[object]] = []
    for line in lines if baseline is None else lines[1:]:
        if line == ["+++++"]:
            found.append([])
        elif line != ["-----"] and not found[-1]:
            found[-1] = [line[0], *[float(word) for word in line[1:]]]
        elif line != ["-----"]:
            found[-1].append(line)
    return baseline, found


def said(file: ConfigurationFile) -> object:
    """The same of the model."""
    found = []
    for c in file:
        header = [c.name, c.speedup, c.energy, c.accuracy, c.loss, *c.extra]
        nodes = []
        for node in c.nodes:
            words = [str(node.id), node.device]
            for op in node.operations:
                words += [op.name, *([op.kind] if op.kind else []), str(op.number)]
            nodes.append(words)
        found.append([*header, *nodes])
    return file.baseline, found


@settings(LOOSE, max_examples=300)
@given(files(), st.data())
def test_damaged_files_are_read_or_refused_with_a_place(lines: Lines, data: st.DataObject) -> None:
    tokens = [word for line in lines for word in [*line, "\n"]]
    at = data.draw(st.integers(0, len(tokens) - 1))
    other = st.sampled_from(
        [*tokens, "x", "-1", "1e999", "nan", "++++", "fp64", "perf", "999", "#", "é", "1" * 30]
    )
    action = data.draw(st.sampled_from(["delete", "insert", "replace", "swap", "cut"]))
    if action == "delete":
        del tokens[at]
    elif action == "insert":
        tokens.insert(at, data.draw(other))
    elif action == "replace":
        tokens[at] = data.draw(other)
    elif action == "swap":
        to = data.draw(st.integers(0, len(tokens) - 1))
        tokens[at], tokens[to] = tokens[to], tokens[at]
    else:
        del tokens[at:]
    text = " ".join(tokens)
    try:
        assert hpvm.dump(hpvm.parse(text, "f.txt")) == text
    except HpvmError as error:
        shown = text.split("\n")
        assert error.file == "f.txt"  # noqa: PT017
        assert 1 <= error.line <= len(shown)  # noqa: PT017
        assert 1 <= error.column <= len(shown[error.line - 1]) + 1  # noqa: PT017
        assert error.message  # noqa: PT017


@LOOSE
@given(st.text(alphabet="+- \n\t1.econfgpuadd_\r\ufeff", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert hpvm.dump(hpvm.parse(text)) == text
    except HpvmError as error:
        assert error.line >= 1  # noqa: PT017


@pytest.mark.parametrize(
    ("old", "new", "place", "message", "hint"),
    [
        (TEXT, "", (1, 1), "expected a number or '+++++', found the end", "stands between"),
        ("750.5\n+++++\nconf1", "750.5\nconf1", (2, 1), "expected '+++++', found 'conf1'", "stands between"),
        ("conf1 1 0 91.5 0.0", "conf1 1 0 91.5", (3, 15), "expected a number, found the end of the line", "NAME SPEEDUP ENERGY"),
        ("conf1 1 0", "conf1 nan 0", (3, 7), "expected a number, found 'nan'", "NAME SPEEDUP"),
        ("conf1 1 0", "conf1 1e999 0", (3, 7), "too large", None),
        ("conf1 1 0", "conf/1 1 0", (3, 1), "unexpected 'conf/1'", None),
        ("1 gpu conv fp32", "1 gqu conv fp32", (4, 3), "a device is gpu or cpu, not 'gqu'", "did you mean gpu?"),
        ("1 gpu conv fp32", "1 promise conv fp32", (4, 3), "a device is gpu or cpu", None),
        ("1 gpu conv fp32 11", "1 gpu conv fp23 11", (4, 12), "expected an integer or a kind of knob, found 'fp23'", "did you mean fp32?"),
        ("1 gpu conv fp32 11", "1 gpu conv fp32 1.5", (4, 17), "expected an integer, found '1.5'", None),
        ("1 gpu conv fp32 11", "1 gpu conv fp32 13", (4, 17), "13 is not the number of a knob of the kind fp32", "11 (FP32), 12 (FP16)"),
        ("1 gpu conv fp32 11", "1 gpu conv perf 139", (4, 17), "139 is not the number", "121 to 138"),
        ("1 gpu conv fp32 11", "1 gpu conv samp 121", (4, 17), "121 is not the number", "231 to 239"),
        ("1 gpu conv fp32 11", "1 gpu conv 1", (4, 12), "1 is not the number of a knob", "121-138"),
        ("2 gpu mul fp32 11", "2 gpu mul perf 121", (5, 16), "only convolutions can be perforated or sampled; mul is none", "fp32 11"),
        ("2 gpu mul fp32 11", "1 gpu mul fp32 11", (5, 1), "a second node 1 in conf1", None),
        ("2 gpu mul", "99999999999999999999 gpu mul", (5, 1), "too many digits", None),
        ("1 gpu conv fp32 11 add fp32 1 relu fp32 1\n2 gpu mul fp32 11 add fp32 1\n-----\n+", "-----\n+", (4, 1), "expected an integer, found '-----'", None),
        ("-----\n+++++", "+++++", (6, 1), "expected an integer or '-----', found '+++++'", None),
        ("-----\n+++++", "------\n+++++", (6, 1), "unexpected '------'", "a configuration ends with -----"),
        ("\n+++++\nconf2", "\n+++\nconf2", (7, 1), "unexpected '+++'", "a configuration begins with +++++"),
        ("750.5", "-1", (1, 1), "at least 0", None),
        ("750.5", "# a comment", (1, 1), "unexpected '#'", None),
    ],
)  # fmt: skip
def test_what_is_wrong_and_where(
    old: str, new: str, place: tuple[int, int], message: str, hint: str | None
) -> None:
    with pytest.raises(HpvmError) as caught:
        hpvm.parse(TEXT.replace(old, new, 1), "conf.txt")
    error = caught.value
    assert (message in error.message, error.file, (error.line, error.column)) == (True, "conf.txt", place), (
        str(error)
    )
    assert hint is None or hint in (error.diagnostics[0].hint or ""), str(error)


def test_a_second_node_points_to_the_first() -> None:
    with pytest.raises(HpvmError, match="the first one") as caught:
        hpvm.parse(TEXT.replace("2 gpu", "1 gpu"))
    assert caught.value.diagnostics[0].notes[0].line == 4


@LOOSE
@given(files().flatmap(laid_out), st.data())
def test_an_edit_changes_its_tokens_alone(text: str, data: st.DataObject) -> None:
    file = hpvm.parse(text)
    configuration = data.draw(st.sampled_from(file.configurations))
    field = data.draw(
        st.sampled_from(["name", "speedup", "energy", "accuracy", "loss", "device", "knob", "baseline"])
    )
    allowed = 1
    if field == "name":
        configuration.name = value = data.draw(st.sampled_from(["conf7", "a.b"]))
        assert configuration.name == value
    elif field == "device":
        node = data.draw(st.sampled_from(configuration.nodes))
        node.device = "cpu"
        assert node.device == "cpu"
    elif field == "knob":
        operation = data.draw(st.sampled_from([op for node in configuration.nodes for op in node.operations]))
        choices = [k for k in KNOBS.values() if type(k) is TensorKnob or operation.name.endswith("conv")]
        operation.knob = value = data.draw(st.sampled_from(choices))
        assert operation.knob == value
        allowed = 2
    elif field == "baseline":
        if file.baseline is None:
            return
        file.baseline = 3.25
        assert file.baseline == 3.25
    else:
        number = float(data.draw(FLOATS))
        setattr(configuration, field, number)
        assert getattr(configuration, field) == number
    edited = hpvm.dump(file)
    # White space stays where it was, and so do the other tokens.
    before, after = tokens(text), tokens(edited)
    assert [gap for gap, _ in before] == [gap for gap, _ in after]
    assert sum(a != b for (_, a), (_, b) in zip(before, after, strict=True)) <= allowed
    assert hpvm.dump(hpvm.parse(edited)) == edited


def tokens(text: str) -> list[tuple[str, str]]:
    """White space and the word behind it."""
    found, gap, word = [], "", ""
    for char in text + " ":
        if char.isspace() or char == "\ufeff":
            if word:
                found.append((gap, word))
                gap = word = ""
            gap += char
        else:
            word += char
    return [*found, (gap, "")]


def test_setting_what_is_there_changes_nothing() -> None:
    file = hpvm.parse(TEXT)
    for configuration in file:
        configuration.name = configuration.name
        for field in ("speedup", "energy", "accuracy", "loss"):
            setattr(configuration, field, getattr(configuration, field))
        configuration.apply(configuration.config())
        for node in configuration.nodes:
            node.device = node.device
    file.baseline = file.baseline
    assert hpvm.dump(file) == TEXT


def test_the_least_that_a_knob_needs() -> None:
    file = hpvm.parse(TEXT)
    conv, add, _ = file.default.node(1).operations
    conv.knob = Perforation("fp32", 25, "row", 3)
    add.knob = TensorKnob("fp16")
    assert "1 gpu conv perf 138 add fp16 1 relu fp32 1\n" in hpvm.dump(file)
    mul = file.named("conf2").node(2).operations[0]
    assert mul.knob == TensorKnob("fp16")
    mul.knob = TensorKnob("fp32")
    assert "2 cpu mul fp32 11 add" in hpvm.dump(file)


@pytest.mark.parametrize("final", ["\n", "", "  ", "\r\n"])
def test_configurations_are_added_removed_and_moved(final: str) -> None:
    text = TEXT.rstrip("\n") + final
    file = hpvm.parse(text)
    first, second = file
    assert file.default is first
    file.default = second
    moved = hpvm.dump(file)
    assert [c.name for c in hpvm.parse(moved)] == ["conf2", "conf1"]
    assert moved.startswith("750.5\n+++++\nconf2")
    file.default = first
    assert hpvm.dump(file) == text
    file.remove(second)
    assert hpvm.dump(file) == TEXT.split("+++++\nconf2")[0]
    third = second.copy()
    third.name = "conf3"
    file.append(third)
    file.insert(1, second)
    assert [c.name for c in hpvm.parse(hpvm.dump(file))] == ["conf1", "conf2", "conf3"]
    with pytest.raises(HpvmError, match="in the file already"):
        file.append(third)
    file.remove(third)
    with pytest.raises(HpvmError, match="not in the file"):
        file.remove(third)
    with pytest.raises(HpvmError, match="there is no configuration conf9"):
        file.named("conf9")
    third.speedup = 9
    assert second.speedup == 2.5


def test_a_file_from_nothing() -> None:
    file = ConfigurationFile(baseline=12.5)
    with pytest.raises(HpvmError, match="no configuration"):
        _ = file.default
    nodes = {1: [("conv", KNOBS[154]), ("add", KNOBS[12])], 2: [("mul", KNOBS[11])]}
    file.append(Configuration.make("best", nodes, speedup=2, loss=0.5, accuracy=91))
    assert hpvm.dump(file) == (
        "12.5\n+++++\nbest 2.0 0.0 91.0 0.5\n1 gpu conv perf_fp16 154 add fp16 12\n2 gpu mul fp32 11\n-----\n"
    )
    file.baseline = None
    assert hpvm.dump(file).startswith("+++++\n")
    file.baseline = 3
    assert said(hpvm.parse(hpvm.dump(file))) == said(file)


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: setattr(c, "name", "two words"), lambda c: setattr(c, "name", ""), lambda c: setattr(c, "name", 3),
        lambda c: setattr(c, "speedup", float("nan")), lambda c: setattr(c, "loss", "much"), lambda c: setattr(c, "energy", 10**400),
        lambda c: setattr(c.nodes[0], "device", "tpu"), lambda c: setattr(c.nodes[0].operations[1], "knob", KNOBS[121]),
        lambda c: setattr(c.nodes[0].operations[0], "knob", 121), lambda c: c.node(9),
        lambda c: c.apply({"node_1_conv_decision_0": 1}), lambda c: c.apply({"node_1_conv_decision_0": 12, "node_1_add_decision_0": 121}),
        lambda c: c.apply({"node_9_conv_decision_0": 11}), lambda c: c.apply({"node_1_conv_decision_0": "11"}),
        lambda c: c.config({"node_9_conv": "x"}), lambda c: c.config({"node_1_conv": "node_1_add"}),
        lambda c: Configuration.make("x", {}), lambda c: Configuration.make("x", {-1: [("add", KNOBS[11])]}),
        lambda c: Configuration.make("x", {1: [("add", KNOBS[231])]}), lambda c: Configuration.make("x", {1: []}),
        lambda c: Configuration.make("x", {1: [("a b", KNOBS[11])]}), lambda c: Configuration.make("x", {1: [("add", KNOBS[11])]}, device="x"),
    ],
)  # fmt: skip
def test_what_a_file_cannot_hold_changes_nothing(edit) -> None:  # type: ignore[no-untyped-def]
    file = hpvm.parse(TEXT)
    with pytest.raises(ax.ApproxIRError):
        edit(file.default)
    assert hpvm.dump(file) == TEXT


def test_loading_and_saving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "conf.txt"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    file = hpvm.load(path)
    assert repr(file) == f"<ConfigurationFile {path}, 2 configurations>"
    hpvm.save(path, file)
    assert path.read_bytes() == TEXT.replace("\n", "\r\n").encode()
    with pytest.raises(FileNotFoundError):
        hpvm.load(tmp_path / "none")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ax.ParseError, match="plain text"):
        hpvm.load(path)

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no"):
        hpvm.save(path, file)
    assert path.read_bytes() == b"\xff\xfe"
    assert os.listdir(tmp_path) == ["conf.txt"]


def test_numbers_behind_the_loss() -> None:
    text = TEXT.replace("91.5 0.0", "91.5 0.0 0.99 1")
    file = hpvm.parse(text)
    assert file.default.extra == (0.99, 1)
    file.default.clear_extra()
    assert hpvm.dump(file) == TEXT
    assert ax.hpvm.parse is hpvm.parse
