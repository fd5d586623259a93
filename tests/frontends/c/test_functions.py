"""Which function follows: its name and its parameters, in code whose headers are not there."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from approxir.frontends.c.functions import Functions, language_of
from approxir.frontends.c.scanning import scan
from approxir.syntax.faults import Fault

DEEP = 3000


def following(source: str, place: int = 0, language: str | None = None) -> tuple[str, int | None]:
    function = Functions(source, scan(source).code, language).following(place)  # type: ignore[arg-type]
    return function.qualified, function.parameters


@pytest.mark.parametrize(
    ("source", "name", "parameters"),
    [
        ("int f(void);", "f", 0),
        ("int f();", "f", None),
        ("int f() { return 0; }", "f", 0),
        ("namespace n { int f(); }", "n::f", 0),
        ("static inline float *f(const float * restrict a, unsigned long n)\n{ return a; }", "f", 2),
        ("void f(uint32_t a, size_t b, Unknown *c) {}", "f", 3),
        ("void qsort_(void *a, size_t n, int (*cmp)(const void *, const void *));", "qsort_", 3),
        ("int f(int a, ...) { return a; }", "f", 1),
        ("int f(int a[static 4], float b[][3]) { return 0; }", "f", 2),
        ("int (*f(int a))(float) { return 0; }", "f", 1),
        ("int (f)(int a, int b) { return a; }", "f", 2),
        ("int f(a, b) int a; float *b; { return a; }", "f", 2),
        ("int a, f(int x), g;", "f", 1),
        ("struct S { int x; int (*cb)(int); } f(int a) { struct S s; return s; }", "f", 1),
        ("struct S { int x; };\nenum E { A };\ntypedef int (*fn)(int);\nint table[3] = {1};\nvoid f(int a) {}", "f", 1),
        ("int (*fp)(int);\nint (*fps[2])(int, int);\nvoid f(int a) {}", "f", 1),
        ("extern int x;\nint y = g(3);\nusing F = int(int);\nvoid f(int a) {}", "f", 1),
        ("__attribute__((noinline, used)) float f(float x) __attribute__((pure));", "f", 1),
        ("__declspec(dllexport) int __stdcall f(int a) { return a; }", "f", 1),
        ("[[nodiscard]] int f(int a [[maybe_unused]]) { return a; }", "f", 1),
        ("template <typename T, int N = 3> auto f(T *a, int n = g(1, 2)) noexcept -> decltype(a[0]) {}", "f", 2),
        ("template <> void f<int>(int a) {}", "f", 1),
        ("template <class... T> void f(int a, T... rest) {}", "f", None),
        ("constexpr auto l = [](int a) { return a; };\nint f(std::map<int, int> const &m, int &&n) {}", "f", 2),
        ('extern "C" { void f(void); }', "f", 0),
        ('extern "C" int f(int a);', "f", 1),
        ("namespace n { namespace { int f(int a); } }", "n::f", 1),
        ("namespace a::b { inline namespace v1 { void f(int x) {} } }", "a::b::v1::f", 1),
        ("class A { public: int f(int x) const { return x; } };", "A::f", None),
        ("class A { public: static int f(int x) { return x; } };", "A::f", 1),
        ("int A::f(int x) { return x; }", "A::f", None),
        ("template <class T> T A<T>::f(T a) { return a; }", "A::f", None),
        ("API_EXPORT int f(int a);", "f", 1),
        ("asm(\"nop\");\n;\nMODULE(x);\nMACRO(x, y)\nint f(int a);", "f", 1),
        ("EXPORT(int) f(int a) { return a; }", "f", 1),
        ("DECLARE(x)\nint f(int a) { return 1; }", "f", 1),
        ("STATIC_ASSERT(sizeof(int) == 4);\n__global__ void f(float *a) {}", "f", 1),
        ("static INLINE RESTRICT float f(float * __restrict a, int n);", "f", 2),
        ("#ifdef A\nint f(int a) { return 1; }\n#else\nint f(long a) { return 2; }\n#endif", "f", 1),
        ("int größe(int α) { return α; }", "größe", 1),
        ("int $f_1(int a);", "$f_1", 1),
        ("int\r\nf(\r\n\tint a,\r\n\tint b\r\n)\r\n{\r\n}\r\n", "f", 2),
    ],
)  # fmt: skip
def test_the_function_that_follows(source: str, name: str, parameters: int | None) -> None:
    assert following(source) == (name, parameters)


NEXT = "\nint next(int t) { return t; }\n"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("void f(int n) { };", "f"),
        ("int f(float *__restrict__ a) {};", "f"),
        ("class K { virtual int f(int n) {}; };", "K::f"),
        ("class K { virtual int f(int n) = 0; };", "K::f"),
        ("namespace n { int f(int n) {}; }", "n::f"),
        ("struct S { int x; } f(int n) {};", "f"),
        ("void f(T (&a)[3]);", "f"),
        ("void A::f(T (&a)[3]);", "A::f"),
        ("int f(int n) = delete;", "f"),
        ("template int f<int>(int);", "f"),
        ('extern "C" { T f(U) ATTR; }', "f"),
    ],
)
def test_a_function_that_looks_like_a_variable(source: str, name: str) -> None:
    assert following(source + NEXT)[0] == name


@pytest.mark.parametrize(
    "source",
    [
        "float f(cb_t (*g)(val_t));",
        "T f(U (*a)[3]);",
        "T x, f(U (*a)[3]);",
        "T (f)(U (*a)[3]);",
        "T (*f(U (*a)[3]))(V);",
        "extern template int n::f<int>(int);",
        "int HEADER_OF_F {}",
        "T x(3);",
        "T x{3};",
        "class K { T f(U, V) ATTR(3); };",
        "namespace n { __global__ void f(float *a) ATTR; }",
        "DECL\nAPI(x) int f(int n) ATTR;",
        "extern template int f<int>(int);",
    ],
)
def test_what_may_be_a_function_is_not_passed_over(source: str) -> None:
    with pytest.raises(Fault, match="which function follows cannot be told"):
        following(source + NEXT)


HEADERS_OF_F = (
    "int f(int n)", "static inline float *f(const float *a, int n)", "auto f(int n) -> int", "T f(T a, U b)",
    "T<int> f(T<int> a)", "int (*f(int a))(float)", "int (f)(int a)", "struct S f(struct S s)", "void f(T (&a)[3])",
    "T f(U (*a)[3])", "T f(U (*g)(V))", "T f(U (&g)(V), int n)", "T f(U)", "T f(a::b)", "T f(U &&, V)", "T f(U (V))",
    "T f(U ((*g))(V))", "T f(U (C::*g)(V))", "T f(U a = {})", "int n::A::f(T (*n)[3])", "T f(U... u)", "f(int n)",
    "decltype(auto) f(int n)", "API int f(int n)", "__global__ void f(T *a)", "const T &f(U (*a)[3]) noexcept",
    "T *f(U (*a)[3])", "T (f)(U (*a)[3])", "T (*f(U (*a)[3]))(V)", "int f(n) int n;", "int x = 3, f(int n)",
)  # fmt: skip
ENDS_OF_F = (
    " { return 0; }", " { }", " {};", ";", " = delete;", " = 0;", " noexcept {};", " override {};", " ATTR;", " ATTR {}",
    " ATTR(3);", " ATTR(3) { };", " __attribute__((x)) {};", " { return {1}; };", " { a; };", " try { } catch (...) { };",
)  # fmt: skip
AROUND_F = (
    "@", "template <class T>\n@", 'extern "C" @', 'extern "C" { @ }', "namespace n { @ }", "class K { @ };",
    "class K { int x; public: virtual @ };", "class K { friend @ };", "#ifdef X\n@\n#endif", "DECL\n@", "DECL(x)\n@",
    "enum E { A };\n@", "static const struct { int a; } t[] = { {1} };\n@", "typedef int (*fn)(T);\n@", "template @",
)  # fmt: skip


def test_no_function_is_passed_over() -> None:
    """Whatever form a function has, it is found or said to be unclear."""
    texts = [
        around.replace("@", header + end)
        for around in AROUND_F
        for header in HEADERS_OF_F
        for end in ENDS_OF_F
    ]
    found, unclear = 0, 0
    for source in Random(5).sample(texts, 1500):
        try:
            name, _ = following(source + NEXT)
        except Fault:
            unclear += 1
        else:
            assert name != "next", source
            found += name.endswith("f")
    assert found > 2 * unclear


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "no function follows"),
        ("int x;\n", "no function follows"),
        ("DEFINE_KERNEL(foo, int a) { return 1; }", "has no return type; it may be a macro"),
        ("Foo::Foo(int a) : x(a) {}", "has no return type"),
        ("int NAME(foo)(int a) { return a; }", r"the name of 'int NAME\(foo\)\(int a\)' cannot be told"),
        ("A operator+(A a, A b) { return a; }", "cannot be told"),
        (
            "API(int) MACRO(3) k(int a, int b) ATTR(3) { return 0; }\nint g(int a);",
            "line 1 is not understood",
        ),
        ("return 1; }\nvoid f(int a) {", "is not understood"),
        ("int x;\nT f(U (*a)[3]);", "the code in line 2 may declare a function or a variable"),
    ],
)
def test_nothing_is_guessed(source: str, message: str) -> None:
    with pytest.raises(Fault) as caught:
        following(source)
    caught.match(message)


def test_a_place_inside_of_a_body() -> None:
    source = "int f(int a) {\n  int b;\n  return b;\n}\nint g(int a);"
    with pytest.raises(Fault, match="not in the body of 'f'"):
        following(source, source.index("return"))
    assert following(source, source.index("int g")) == ("g", 1)


def test_a_place_between_a_template_and_its_function() -> None:
    source = "template <class T>\n/* here */\nvoid f(T a) {}\nvoid g(void);"
    assert following(source, source.index("*/") + 2) == ("f", 1)


def test_code_behind_what_is_not_understood() -> None:
    broken = "#ifdef A\nint f(int a) {\n#else\nint f(long a) {\n#endif\n  return 0;\n}\n"
    source = broken + "int last(int a, int b) { return 1; }\n"
    name, parameters = following(source, len(broken))
    assert (name, parameters) == ("last", None)


def test_a_function_by_its_name() -> None:
    source = "int f(int a);\nnamespace n { int g(int a, int b) { int h(void); return 0; } }\nBROKEN(x) {}"
    functions = Functions(source, scan(source).code)
    found = functions.named("n::g")
    assert found is not None
    assert (found.name, found.parameters) == ("g", 2)
    assert functions.named("g") == found
    assert functions.named("h") is None
    assert functions.named("nothing") is None


def test_the_language_decides_what_is_tried_first() -> None:
    source = "int f(class) int class; { return class; }"
    assert following(source, language="c") == ("f", 1)
    with pytest.raises(ValueError, match="no language is called 'rust'"):
        following(source, language="rust")


def test_an_empty_list_says_nothing_of_parameters_in_c() -> None:
    assert following("int f();", language="c") == ("f", None)
    assert following("int f() { return 0; }", language="c") == ("f", 0)
    assert following("int f(void);", language="c") == ("f", 0)
    assert following("int f();", language="c++") == ("f", 0)


def test_the_language_of_a_file() -> None:
    assert [language_of(name) for name in ("a.c", "b.cpp", "d/e.cc", "x.h", "-")] == [
        "c",
        "c++",
        "c++",
        None,
        None,
    ]


@pytest.mark.parametrize(
    "source",
    [
        "namespace a {" * DEEP + "int f(int x);" + "}" * DEEP,
        "a::" * DEEP + "b f(int x);",
        "int " + "(" * DEEP + "f" + ")" * DEEP + "(int x);",
        "int f(" + "int (*)(" * DEEP + "void" + ")" * DEEP + ");",
        "{" * DEEP,
        "(" * DEEP,
        "struct {" * DEEP,
        "int x = " + "[" * DEEP + "]" * DEEP + ";",
    ],
)
def test_deep_nesting(source: str) -> None:
    with contextlib.suppress(Fault):
        following(source)


HEADERS = (
    "complex", "dirent", "fcntl", "locale", "math", "netdb", "pthread", "regex", "search", "signal", "stdio",
    "stdlib", "string", "sys/socket", "time", "unistd", "wchar",
)  # fmt: skip


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_functions_of_system_headers(tmp_path: Path) -> None:
    """gcc, which sees what macros stand for, is the judge: of what a header declares in so many words, nearly all
    is found, and nothing is taken for another function.
    """
    (tmp_path / "all.c").write_text(
        "#define _GNU_SOURCE\n"
        + "".join(f"#if __has_include(<{name}.h>)\n#include <{name}.h>\n#endif\n" for name in HEADERS)
    )
    command = ["gcc", "-fsyntax-only", "-aux-info", "functions", "all.c"]
    subprocess.run(command, check=True, cwd=tmp_path)
    declared: dict[str, list[tuple[int, str]]] = {}
    for row in (tmp_path / "functions").read_text().splitlines():
        match = re.match(r"/\* (/.+?):(\d+):\w\w \*/ (.*);", row)
        if match is not None:
            declared.setdefault(match[1], []).append((int(match[2]), match[3]))
    right, unclear, wrong = 0, [], []
    for file, rows in declared.items():
        source = Path(file).read_text(encoding="latin-1")
        functions = Functions(source, scan(source).code, "c")
        lines = source.splitlines(keepends=True)
        for number, declaration in rows:
            line = lines[number - 1]
            names = [
                name for name in re.findall(r"(\w+) \(", declaration) if re.search(rf"\b{name} ?\(", line)
            ]
            if not names or not re.match(r"\s*(extern|static|\w+ )", line) or "__REDIRECT" in line:
                continue
            try:
                found = functions.following(sum(map(len, lines[: number - 1])))
            except Fault:
                unclear.append((file, number))
                continue
            if found.name in names:
                right += 1
            else:
                wrong.append((file, number, found.name, names))
    assert wrong == []
    assert right > 500
    assert len(unclear) < right / 50, unclear
