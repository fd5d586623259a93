"""What counts as comment, pragma, literal and code."""

from __future__ import annotations

import pytest

from approxir.frontends.c.scanning import scan


def remarks(source: str) -> list[tuple[str, str]]:
    return [(each.kind, source[each.start : each.end]) for each in scan(source).remarks]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("int a; // one\nint b; /* two\n three */", [("line", "// one"), ("block", "/* two\n three */")]),
        ('char *s = "// no /* no";', []),
        (r'char *s = "\" // no"; // yes', [("line", "// yes")]),
        ("char c = '\"'; // yes", [("line", "// yes")]),
        ("char c = '\\''; // yes", [("line", "// yes")]),
        ("auto n = 1'000'000; // yes", [("line", "// yes")]),
        ('auto s = R"(// no "quoted" )"; // yes', [("line", "// yes")]),
        ('auto s = u8R"x(\n// no\n)" )x"; // yes', [("line", "// yes")]),
        ('FOR"(" // yes\n', [("line", "// yes")]),
        ("// one \\\n still one\n// two", [("line", "// one \\\n still one"), ("line", "// two")]),
        ("// one \\ \t\r\n still one\r\nx", [("line", "// one \\ \t\r\n still one\r")]),
        ("// a\\b", [("line", "// a\\b")]),
        ("/* open", [("block", "/* open")]),
        ('"open\n// yes', [("line", "// yes")]),
        ("#pragma approx a=1", [("pragma", "#pragma approx a=1")]),
        (" # \t pragma  approx\nint x;", [("pragma", "# \t pragma  approx")]),
        ("/* c */ #pragma approx", [("block", "/* c */"), ("pragma", "#pragma approx")]),
        ("#pragma approx a \\\n b\nc", [("pragma", "#pragma approx a \\\n b")]),
        ("#pragma approx /* x\n y */ b\nc", [("pragma", "#pragma approx /* x\n y */ b")]),
        ("#pragma approximately\n#pragma omp approx\nint x = 1 #pragma approx\n", []),
        ("#define X // no\n#error don't\n// yes", [("line", "// yes")]),
        ("#if 0\n// no\n#pragma approx\n#if X\n#else\n#endif\n#else\n// yes\n#endif", [("line", "// yes")]),
        ("#if 1\n// yes\n#elif X\n// no\n#else\n// no\n#endif", [("line", "// yes")]),
        ("#ifdef X\n// yes\n#else\n// too\n#endif", [("line", "// yes"), ("line", "// too")]),
        ("#if 0\nx /*\n#endif\n*/ // no\n#endif // x\n// yes", [("line", "// yes")]),
        ("\ufeff// yes\0", [("line", "// yes\0")]),
        ("", []),
    ],
)
def test_remarks(source: str, found: list[tuple[str, str]]) -> None:
    assert remarks(source) == found


def test_code_keeps_its_offsets_and_is_ascii() -> None:
    source = 'int größe = 1; // é\n#define A \\\n  b\nchar *s = "é//\\"", c = \'é\';\nR"(a\nb)" x \\\n y\n'
    code = scan(source).code
    assert len(code) == len(source)
    assert code.isascii()
    assert code.startswith("int grxxe = 1;     \n           \n   \nchar *s = ")
    assert 'x"' in code
    assert "//" not in code
    assert code[source.index(" y\n") :] == " y\n"
