"""The parser of modules: read strictly and lazily, checked, printed, and read again."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.errors import ApproxIRError, VerifyError
from approxir.ir.module import Module, parse
from approxir.testing.targets import seeds
from approxir.testing.targets.base import Target, Violation, bytes_of, must, require, text_of


def check(data: bytes) -> bool:
    """Whether the module is accepted, down to every name, attribute and type."""
    text = text_of(data)
    lazy = parse(text, lazy=True)
    require(str(lazy) == text, "a text that was not looked at is not given back")
    try:
        module = parse(text, lazy=False)
    except ApproxIRError:
        _refused(lazy)
        return False
    require(str(module) == text, "an accepted text is not given back")
    try:
        module.parse_all()
    except ApproxIRError:
        return False
    finally:
        require(str(module) == text, "reading everything changes the text")
    found = [op.name_start for op in module.walk() if op.name.startswith("approx.")]
    try:
        require(
            sorted(op.name_start for op in lazy.find("approx.")) == found,
            "the lazy search finds other operations than the whole text has",
        )
    except ApproxIRError as error:
        # What is found alone is read alone, and no less strictly.
        raise Violation("the lazy search refuses what is accepted", str(error)) from error
    sound = _is_sound(module)
    for rename in (False, True):
        _prints(module, rename, sound)
    require(str(module) == text, "printing changes the module")
    return sound


def _refused(lazy: Module) -> None:
    """What is not a module is not one either when it is looked at later."""
    try:
        _ = lazy.region
    except ApproxIRError:
        return
    raise Violation("accepted lazily, refused strictly")


def _is_sound(module: Module) -> bool:
    try:
        module.verify()
    except VerifyError:
        return False
    return True


def _prints(module: Module, rename: bool, sound: bool) -> None:
    """The printed module can be read, means the same, and is printed as it stands."""
    how = "renamed" if rename else "laid out"
    try:
        printed = module.print(rename_ssa=rename)
    except ApproxIRError as error:
        if not sound:
            return
        raise Violation(f"a sound module is not {how}", str(error)) from error

    def again() -> None:
        other = parse(printed, lazy=False)
        other.parse_all()
        names = [op.name for op in module.walk()]
        require([op.name for op in other.walk()] == names, f"{how}, it has other operations", printed)
        if sound:
            other.verify()
            require(other.print(rename_ssa=rename) == printed, f"{how} twice, it is another text", printed)

    if sound:
        must(f"{how}, a sound module cannot be read", again)
        return
    try:
        again()
    except ApproxIRError:
        return


def _seeds() -> Iterator[bytes]:
    for text in seeds.modules():
        yield bytes_of(text)


TARGET = Target(
    name="parser",
    about="modules: strict and lazy parsing, parse_all, verify, printing",
    check=check,
    seeds=_seeds,
    words=seeds.module_words,
    max_len=768,
)
