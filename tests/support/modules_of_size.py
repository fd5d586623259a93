"""Texts of any length, for measuring how costs grow with it."""

from __future__ import annotations

from approxir.testing.targets.samples import KNOB_MODULE


def functions(count: int) -> str:
    """A module of `count` functions."""
    body = "".join(
        f"  func.func @f{i}(%a: i32, %b: i32) -> i32 {{\n    %c{i} = arith.constant {i} : i32\n"
        f"    %0 = arith.addi %a, %c{i} {{k = {i} : i64}} : i32\n    cf.br ^bb1(%0 : i32)\n"
        "  ^bb1(%1: i32):\n    %2 = arith.muli %1, %b : i32\n    return %2 : i32\n  }\n"
        for i in range(count)
    )
    return f"module {{\n{body}}}\n"


def knob_module(count: int) -> str:
    """A module of `count` functions, each with a knob."""
    head, _, rest = KNOB_MODULE.partition("\n")
    inner = rest.rstrip().removesuffix("}")
    helper = inner[inner.index("  func.func private @length") : inner.index("  func.func @sum")]
    one = inner.replace(helper, "")
    parts = [
        one.replace('"sum"', f'"sum{i}"').replace("@sum(", f"@sum{i}(").replace("<10>", f"<{i % 50}>")
        for i in range(count)
    ]
    return f"{head}\n{helper}{''.join(parts)}}}\n"


def params_text(count: int) -> str:
    """A params string with `count` thresholds and as many entries."""
    numbers = ",".join(map(str, range(count)))
    return f"thresholds={numbers}; " + "; ".join(f"k{i}='v {i}'" for i in range(count))


def annotated_c(count: int) -> str:
    """C with `count` annotated functions."""
    return "".join(
        f"// @approx:transform transform_type: loop_perforate knob_val: 2\n"
        f"double f{i}(int n, double x) {{\n  for (int i = 0; i < n; i++) x += i;\n  return x;\n}}\n"
        for i in range(count)
    )


def hpvm_file(count: int) -> str:
    """HPVM's file with `count` configurations."""
    return "100\n" + "".join(
        f"+++++\nconf{i} 1.5 1.2 90 0.1\n1 gpu conv fp16 12 add fp16 1\n2 gpu mul fp32 11\n-----\n"
        for i in range(count)
    )
