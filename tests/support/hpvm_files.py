"""HPVM's configuration files for tests: what they say, in random layouts."""

from __future__ import annotations

from hypothesis import strategies as st

from approxir.tuning.hpvm.knobs import KINDS, KNOBS, TensorKnob

PLAIN_OPERATIONS = ("add", "relu", "tanh", "mul", "pool_max", "softmax", "batchnorm")
CONVOLUTIONS = ("conv", "group_conv")
GAPS = st.sampled_from([" ", "  ", "\t", " \t "])
BREAKS = st.sampled_from(["\n", "\r\n", "\n\n", "  \n", "\n \t\n", "\n\r\n\n"])
FLOATS = (
    st.floats(-1e6, 1e6).map(repr)
    | st.integers(-1000, 1000).map(str)
    | st.sampled_from([".5", "1.", "+2", "1e-3", "-0"])
)

# A text as its lines, each as its tokens.
Lines = list[list[str]]


@st.composite
def operations(draw: st.DrawFn) -> list[str]:
    name = draw(st.sampled_from(PLAIN_OPERATIONS + CONVOLUTIONS))
    numbers = [n for n, knob in KNOBS.items() if name in CONVOLUTIONS or type(knob) is TensorKnob]
    number = draw(st.sampled_from(numbers))
    kinds = [word for word, (kind, _) in KINDS.items() if kind is type(KNOBS[number])]
    kind = draw(st.sampled_from(kinds))
    if draw(st.integers(0, 9)) == 0:
        return [name, str(number)]
    if number in (11, 12):
        number = draw(st.sampled_from([1, 11, 12]))
    return [name, kind, str(number)]


@st.composite
def configurations(draw: st.DrawFn, name: str) -> Lines:
    lines = [["+++++"], [name, *[draw(FLOATS) for _ in range(4 + draw(st.sampled_from([0, 0, 0, 3])))]]]
    for node in draw(st.lists(st.integers(0, 200), min_size=1, max_size=4, unique=True)):
        words = [
            word for operation in draw(st.lists(operations(), min_size=1, max_size=3)) for word in operation
        ]
        lines.append([str(node), draw(st.sampled_from(["gpu", "cpu"])), *words])
    return [*lines, ["-----"]]


@st.composite
def files(draw: st.DrawFn) -> Lines:
    lines = [[draw(st.floats(0, 1e6).map(repr) | st.integers(0, 9).map(str))]] if draw(st.booleans()) else []
    for number in range(draw(st.integers(1, 3))):
        lines += draw(
            configurations(
                draw(st.sampled_from([f"conf{number}", f"{number}", f"conf{number}_a.b-c", "perf"]))
            )
        )
    return lines


@st.composite
def laid_out(draw: st.DrawFn, lines: Lines) -> str:
    """A text with these tokens, and white space as it may be."""
    parts = [draw(st.sampled_from(["", "", "\ufeff", "\n\n", " \n"]))]
    for number, line in enumerate(lines):
        parts.append(draw(st.sampled_from(["", "", " "])))
        parts.append(line[0])
        for word in line[1:]:
            parts += [draw(GAPS), word]
        last = number == len(lines) - 1
        parts.append(draw(st.sampled_from(["", " ", "\n", "\r\n\n"]) if last else BREAKS))
    return "".join(parts)
