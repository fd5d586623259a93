"""Hypothesis strategies for annotated C and C++ source, in every format and layout, and what it says.

`sources` draws a `Source`: its text and, for each annotation in it, the fields that parsing must give.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

TRANSFORMS = ("loop_perforate", "func_substitute", "task_skipping")
I32 = st.integers(-(1 << 31), (1 << 31) - 1)
_SMALL = st.integers(-5, 9)
_WORDS = st.sampled_from(
    ("get_state", "f", "a_b1", "is_ok", "größe", "n.s", "loop-x", "ns::f", "decision_tree")
)
_TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\\\"'"),
    min_size=1,
    max_size=6,
)
_NAMES = _WORDS | _TEXTS.map(str.strip).filter(lambda text: text and not text.startswith("@"))
_BARE = frozenset(
    ("get_state", "f", "a_b1", "is_ok", "größe", "n.s", "loop-x", "ns::f", "decision_tree", *TRANSFORMS)
)
_ALIASES = {
    "state_indices": ("state",), "state_function": ("state_fn", "runtime"), "thresholds": ("thresh",),
    "decisions": ("dec",), "decision_values": ("decision_vals",), "thresholds_lower": ("thresholds_lowers",),
    "thresholds_upper": ("thresholds_uppers",), "knob_val": ("transform_value",),
}  # fmt: skip
_FIELDS = {"QoS_in": "qos_in", "QoS_out": "qos_out"}

DECOYS = (
    'const char *decoy{n} = "// @approx:knob {{ id: 1 }}";',
    'const char *decoy{n} = "\\"/* @approx:knob";',
    "char decoy{n}[] = {{'\"', '\\'', '/', '*'}};",
    "// // @approx:knob",
    "/* // @approx:try {{ */",
    "// @approximate:knob {{",
    "/* see\n @ approx:knob */",
    "#define DECOY{n}(x) /* @approx:knob */ \\\n  x",
    "#pragma omp parallel for",
    "#if 0\n// @approx:knob {{ don't\n#endif",
    "#ifdef DECOY\nint decoy{n};\n#else\nlong decoy{n};\n#endif",
    "static const int decoy{n} = 1, *other{n};",
    "typedef int (*decoy{n})(int, float);",
    "struct decoy{n} {{ int a; float (*b)(int); }};",
    "enum decoy{n} {{ A{n}, B{n} }};",
    "int decoy{n}(void) {{ const char *s = \"}}{{\"; /* }} */ return s[0] == '}}'; }}",
    "int decoy{n}(Unknown *a, size_t b);",
    "",
)
CPP_DECOYS = (
    'auto decoy{n} = R"x(\n// @approx:knob\n#pragma approx knob\n)" )x";',
    "auto decoy{n} = 1'000'000;",
    "namespace decoy{n} {{ template <class T> T f(T a) {{ return a; }} }}",
    "class decoy{n} {{ public: int f(int a = 3) const; static int g(); }};",
    'extern "C" {{ int decoy{n}(int); }}',
    "using decoy{n} = int(int);",
)
FUNCTIONS = (
    "void {name}({parameters}) {{ }}",
    "static inline float *{name}({parameters})\n{{\n  return 0;\n}}",
    "extern int {name}({parameters});",
    "__attribute__((noinline)) unsigned long\n{name}(\n  {parameters}\n);",
    "API_EXPORT Unknown *{name}({parameters}) {{ if (1) {{ return 0; }} }}",
)
CPP_FUNCTIONS = (
    "template <typename T> [[nodiscard]] auto {name}({parameters}) noexcept -> T {{ return T(); }}",
    'extern "C" int {name}({parameters});',
    "std::vector<int> {name}({parameters}) {{ return {{}}; }}",
)
_PARAMETERS = (
    "int p{n}", "const float *p{n}", "float p{n}[]", "int (*p{n})(int, float)", "struct s *p{n}", "size_t p{n}",
)  # fmt: skip
FORMATS = ("lines", "block", "line", "pragma", "bare_block", "doc")


@dataclass
class Wanted:
    """One annotation: how it was written, where, and the fields that it has."""

    fields: dict[str, Any]
    text: str
    line: int = 0
    column: int = 0


@dataclass
class Source:
    """A source, its annotations in order, and the language it is in."""

    text: str
    language: str
    wanted: list[Wanted] = field(default_factory=list)


@st.composite
def values(draw: st.DrawFn, kind: str, parameters: int) -> dict[str, Any]:
    """What an annotation says, by key, for a function of so many parameters; lint finds no error in it."""
    if kind == "decision_tree":
        return draw(_trees(parameters))
    if kind == "transform":
        held = {
            "transform_type": draw(st.sampled_from(TRANSFORMS)),
            "knob_val": draw(st.integers(0, (1 << 31) - 1)),
        }
        if draw(st.booleans()):
            scalars = (
                st.integers(-(1 << 63), (1 << 63) - 1)
                | st.booleans()
                | _NAMES
                | st.sampled_from((0.5, -2.25e10))
            )
            lists = st.lists(st.integers(-9, 9), max_size=3)
            inner = st.dictionaries(st.sampled_from(("x", "y", "a b")), scalars, max_size=2)
            options: dict[str, dict[str, st.SearchStrategy[Any]]] = {
                "func_substitute": {},
                "task_skipping": {"default": scalars | lists | inner},
                "loop_perforate": {
                    "scheme": st.sampled_from(("stride", "skip", "truncate", "random")),
                    "seed": st.integers(-(1 << 63), (1 << 63) - 1),
                    "loop": st.integers(0, 9) | _NAMES,
                    "rescale": st.booleans(),
                },
            }
            optional = options[held["transform_type"]]
            held["transform_options"] = draw(st.fixed_dictionaries({}, optional=optional))
        return held
    if kind == "try":
        return {"checker": draw(_NAMES), "recover": draw(_NAMES)}
    if kind == "knob":
        lists = st.lists(I32, max_size=3)
        types = st.lists(st.sampled_from(TRANSFORMS), min_size=1, max_size=2, unique=True)
        optional = {"id": I32, "rf": I32, "QoS_in": lists, "QoS_out": lists, "transform_types": types}
        return draw(st.fixed_dictionaries({}, optional=optional))
    return {}


@st.composite
def _trees(draw: st.DrawFn, parameters: int) -> dict[str, Any]:
    thresholds = sorted(draw(st.lists(I32, max_size=3, unique=True)))
    choices = draw(st.lists(st.integers(0, 100), min_size=1, max_size=4, unique=True))
    decisions = draw(
        st.lists(st.sampled_from(choices), min_size=len(thresholds) + 1, max_size=len(thresholds) + 1)
    )
    held: dict[str, Any] = {
        "transform_type": draw(st.sampled_from(TRANSFORMS)), "thresholds": thresholds, "decisions": decisions,
    }  # fmt: skip
    indices = st.integers(-parameters, parameters - 1)
    if draw(st.booleans()):
        held["state_function"] = draw(_NAMES.filter(lambda name: name != "identity"))
        held["state_indices"] = draw(st.lists(indices, max_size=3))
    elif draw(st.booleans()):
        held["state_indices"] = [draw(indices)]
    if draw(st.booleans()):
        held["thresholds_lower"] = [draw(st.integers(-(1 << 31), t)) for t in thresholds]
        held["thresholds_upper"] = [draw(st.integers(t, (1 << 31) - 1)) for t in thresholds]
    if draw(st.booleans()):
        held["decision_values"] = choices
    return held


def fields(kind: str, held: dict[str, Any], name: str, parameters: int) -> dict[str, Any]:
    """The fields that parsing must give for what an annotation says."""
    found = {_FIELDS.get(key, key): value for key, value in held.items()}
    if kind == "decision_tree":
        found["state_indices"] = [index % parameters for index in held.get("state_indices", [-1])]
        found.setdefault("state_function", f"__identity_{name}")
    return {"kind": kind, "func_name": name, **found}


# ---- layouts


@st.composite
def value_text(draw: st.DrawFn, value: Any, *, exact: bool = False) -> str:
    """One way to write a value; `exact` keeps a list of one item from being written as that item."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return draw(st.sampled_from((str(value), f"{'-' if value < 0 else ''}0x{abs(value):X}")))
    if isinstance(value, float):
        return repr(value).replace("e+", "e")
    if isinstance(value, str):
        quoted = [f'"{value}"', f"'{value}'"]
        return draw(
            st.sampled_from([value, *quoted] if value in _BARE and value not in ("true",) else quoted)
        )
    if isinstance(value, dict):
        inner = [
            f"{draw(value_text(key)) if ' ' in key else key}{draw(_SIGNS)}{draw(value_text(item, exact=True))}"
            for key, item in value.items()
        ]
        return "{" + draw(_GAPS) + draw(_SEPARATORS).join(inner) + draw(_GAPS) + "}"
    if len(value) == 1 and not exact and draw(st.booleans()):
        return draw(value_text(value[0]))
    items = (draw(_GAPS) + "," + draw(_GAPS)).join([draw(value_text(item)) for item in value])
    return f"[{draw(_GAPS)}{items}{',' if value and draw(st.booleans()) else ''}{draw(_GAPS)}]"


_GAPS = st.sampled_from(("", "", " ", "\t"))
_SIGNS = st.sampled_from((":", "=", ": ", " = ", ":\t"))
_SEPARATORS = st.sampled_from((" ", ", ", ",", "; ", "\t"))
_REMARKS = st.sampled_from(("", "", "", "  // it's a remark: { @approx:knob", " "))


@st.composite
def layout(draw: st.DrawFn, kind: str, held: dict[str, Any]) -> str:
    """One way to write an annotation, without the line break behind it."""
    entries = []
    transform = ""
    for key in draw(st.permutations(list(held))):
        if key == "transform_type" and draw(st.booleans()):
            transform = held[key]
            continue
        spelled = draw(st.sampled_from((key, key, *_ALIASES.get(key, ()))))
        entries.append(f"{spelled}{draw(_SIGNS)}{draw(value_text(held[key]))}")
    head = f"{kind} {transform}".strip()
    if kind == "decision_tree" and (transform or entries) and draw(st.booleans()):
        # The kind that is meant where none is said.
        head = transform
    form = draw(st.sampled_from(FORMATS))
    if form in ("lines", "block", "bare_block", "doc"):
        return draw(_braced(form, head, entries))
    text = " ".join(
        ["approx", head] if form == "pragma" and head else ["approx"] if form == "pragma" else [head]
    )
    if draw(st.booleans()):
        text += " {" + draw(_GAPS) + draw(_SEPARATORS).join(entries) + draw(_GAPS) + "}"
    elif entries:
        text += " " + draw(_SEPARATORS).join(entries)
    if form == "line":
        return f"//{draw(_GAPS)}@approx:{draw(_GAPS)}{text}{draw(_REMARKS)}"
    joint = draw(st.sampled_from((" ", " \\\n  ", " \\ \n\t", " /* and */ ")))
    return f"#{draw(_GAPS)}pragma {_spread(text, joint)}{draw(_REMARKS)}"


def _spread(text: str, joint: str) -> str:
    """The text with another gap at blanks outside of quotes."""
    out, quote = [], ""
    for char in text:
        quote = ("" if char == quote else quote) if quote else char if char in "'\"" else ""
        out.append(joint if char == " " and not quote else char)
    return "".join(out)


@st.composite
def _braced(draw: st.DrawFn, form: str, head: str, entries: list[str]) -> str:
    indent = draw(st.sampled_from(("", "  ", "\t")))
    lines = [f"@approx:{draw(_GAPS)}{head}{draw(_GAPS)}"]
    if draw(st.booleans()):
        lines[0] += "{" + draw(_REMARKS)
    else:
        lines += ["{" + draw(_REMARKS)]
    at = 0
    while at < len(entries):
        count = draw(st.integers(1, 3))
        lines.append(
            indent
            + draw(_SEPARATORS).join(entries[at : at + count])
            + draw(st.sampled_from(("", ",", ";")))
            + draw(_REMARKS)
        )
        at += count
        lines += [""] * draw(st.sampled_from((0, 0, 1)))
    if draw(st.booleans()):
        lines.append("}")
    else:
        # No remark may hide the brace.
        lines[-1] = lines[-1].partition("//")[0] + " }"
    if form == "lines":
        mark = draw(st.sampled_from(("//", "// ", "/// ", "//! ", "  //\t")))
        return "\n".join(mark + line for line in lines)
    star = {"block": " * ", "doc": " * ", "bare_block": ""}[form]
    start = {"block": "/* ", "doc": "/** Text.\n * ", "bare_block": "/*\n"}[form]
    return (
        start
        + f"\n{star}".join(line.partition("//")[0] for line in lines)
        + draw(st.sampled_from((" */", "\n */")))
    )


# ---- sources


@st.composite
def sources(draw: st.DrawFn, *, most: int = 3) -> Source:
    """A source with annotations of up to `most` functions among code that looks like annotations."""
    language = draw(st.sampled_from(("c", "c++")))
    decoys = DECOYS + (CPP_DECOYS if language == "c++" else ())
    headers = FUNCTIONS + (CPP_FUNCTIONS if language == "c++" else ())
    text = draw(st.sampled_from(("", "\ufeff", "#include <stdio.h>\n")))
    wanted: list[Wanted] = []
    count = 0
    for number in range(draw(st.integers(0, most))):
        for decoy in draw(st.lists(st.sampled_from(decoys), max_size=2)):
            text += decoy.format(n=count) + "\n"
            count += 1
        name = draw(st.sampled_from(("f", "größe", "a_threshold_1", "$k"))) + str(number)
        parameters = draw(st.integers(1, 4))
        kinds = draw(
            st.lists(
                st.sampled_from(("decision_tree", "transform", "try", "knob", "convert_to_call")),
                max_size=3,
                unique_by=lambda kind: "tree" if kind in ("decision_tree", "transform") else kind,
            )
        )
        for kind in kinds:
            held = draw(values(kind, parameters))
            if kind == "knob" and "id" in held:
                held["id"] = len(wanted)
            written = draw(layout(kind, held))
            wanted.append(Wanted(fields(kind, held, name, parameters), written))
            at = len(text) + written.index("approx") - (not written.startswith("#"))
            text += written + "\n"
            wanted[-1].line = text.count("\n", 0, at) + 1
            wanted[-1].column = at - text.rfind("\n", 0, at)
            text += draw(st.sampled_from(("", "", "\n", "// Why this is so.\n", "/* it's */\n")))
        shown = [draw(st.sampled_from(_PARAMETERS)).format(n=n) for n in range(parameters)]
        text += draw(st.sampled_from(headers)).format(name=name, parameters=", ".join(shown)) + "\n"
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return Source(text, language, wanted)
