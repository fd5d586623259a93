"""What counts as comment, pragma, literal and code."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from approxir.frontends.c.scanning import Remark, scan


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
        ('"a"R"(" // yes\n)"', [("line", "// yes")]),
        ('"a"\\\nR"(" // yes', [("line", "// yes")]),
        ('x\\\nR"(" // yes', [("line", "// yes")]),
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


PIECES = (
    '"a // b"', '"\\" /* "', "'\\''", "'\"'", "'/'", '"/*"', '"*/"', "// it's /* \"x\n", "// c \\\n more\n", "//\n", "/**/",
    "/* \" ' // \n */", "/*/ x */", 'R"(// " )"', 'R"x(/* )" )x"', 'u8R"(\n//\n)"', 'LR"()"', 'FOR"x"', "x", " 1'000 ", " .5e+3 ",
    " a / b ", "\\\n", " \\\n ", "\n", " ", "*", " / ", "u'a'", 'L"b"', " x//y\n", ";",
)  # fmt: skip


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_gcc_finds_the_same_comments(tmp_path: Path) -> None:
    """What is left without comments is what gcc leaves, blanks apart."""
    random = Random(3)
    # Behind a literal, the prefix of a raw string would be that literal's suffix, and a string would stay open.
    pieces = [f" {piece}" if "R" in piece else piece for piece in PIECES]
    texts = ["".join(random.choices(pieces, k=random.randint(1, 12))) for _ in range(3000)]
    # A comment that is never closed would hide the texts behind it.
    texts = [text for text in texts if not any(is_open(text, each) for each in scan(text + "\n").remarks)]
    assert len(texts) > 2000
    file = tmp_path / "soup.cpp"
    file.write_text("".join(f"{text}\nMARK_{number}_\n" for number, text in enumerate(texts)))
    command = ["gcc", "-w", "-x", "c++", "-std=c++17", "-E", "-P", str(file)]
    left = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    at = 0
    for number, text in enumerate(texts):
        mark = f"MARK_{number}_"
        end = left.index(mark, at)
        assert plain(without_remarks(text + "\n")) == plain(left[at:end]), text
        at = end + len(mark)


def is_open(text: str, remark: Remark) -> bool:
    comment = (text + "\n")[remark.start : remark.end]
    return remark.kind == "block" and (len(comment) < 4 or not comment.endswith("*/"))


def without_remarks(text: str) -> str:
    for remark in reversed(scan(text).remarks):
        text = text[: remark.start] + " " + text[remark.end :]
    return text


def plain(text: str) -> str:
    """A text without blanks, and without the backslashes that join lines."""
    return "".join(text.replace("\\\n", "").split())
