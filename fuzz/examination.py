"""The oracles by name, and one module under examination by several of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from approxir.errors import ApproxIRError, CompilationError, DiagnosticError, ParseError
from approxir.ir.module import Module, parse
from approxir.ir.verify.approx import PREFIXES
from approxir.passes.base import PassError
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline
from approxir.passes.pipeline_text import parse_pipeline
from approxir.testing.oracles import engines, rewriting, semantics, texts, validity
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.oracles.running import MAX_STEPS, Call, Session, observe
from approxir.testing.subjects import PassSubject, Refusal, Rewritten, Subject


class UnknownOracleError(ApproxIRError, ValueError):
    """There is no oracle of that name."""


@dataclass(frozen=True)
class Case:
    """One example.

    Attributes:
        text: a module.
        calls: what to call of it.
        config: values of its parameters, as `approxir.Module.config` gives them, for the oracle ``live``;
            without them those that the module has are used.
    """

    text: str
    calls: tuple[Call, ...]
    config: Mapping[str, int] = field(default_factory=dict)


class Examination:
    """A module and what a subject makes of it, each of which is computed once for all oracles.

    Args:
        case: the module, and what to call of it.
        subject: what rewrites it.
        max_steps: how many operations a call may execute before it counts as one that does not end.
        prepare: passes that run first, and are taken to be right.
        seen: what the calls show of the module, if that is known.
    """

    def __init__(
        self,
        case: Case,
        subject: Subject,
        *,
        max_steps: int = MAX_STEPS,
        prepare: str = "",
        seen: Session | None = None,
    ) -> None:
        self.case = case
        self.subject = subject
        self.max_steps = max_steps
        self.prepare = prepare
        self._seen = seen

    @cached_property
    def before(self) -> str:
        """The module that is rewritten."""
        if not self.prepare:
            return self.case.text
        return PassSubject(self.prepare).rewrite(self.case.text).text

    @cached_property
    def rewritten(self) -> Rewritten:
        """What the subject makes of it. Raises `Refusal` and `OracleFailure`."""
        return self.subject.rewrite(self.before)

    @cached_property
    def after(self) -> str:
        """The text of that."""
        return self.rewritten.text

    @cached_property
    def before_module(self) -> Module:
        """The module that is rewritten, read; only to be looked at."""
        return parse(self.before)

    @cached_property
    def after_module(self) -> Module:
        """What the subject makes of it, printed and read again; only to be looked at."""
        return parse(self.after)

    @cached_property
    def seen(self) -> Session:
        """What the calls show of the module as it was generated."""
        if self._seen is not None:
            return self._seen
        module = parse(self.case.text) if self.prepare else self.before_module
        return observe(module, self.case.calls, max_steps=self.max_steps)

    def run(self, names: Sequence[str]) -> dict[str, str]:
        """Ask oracles, in the order in which they are named.

        Args:
            names: names in `ORACLES`; ``crash``, that the subject ends and raises nothing, is always asked
                first, and with it whether what it made can be read.

        Returns:
            For each oracle ``"compared"``, or why not everything was. For ``crash``: ``"changed"``,
            ``"unchanged"``, or ``"refused: ..."`` where the subject refuses the module; then no other oracle
            is asked.

        Raises `OracleFailure`, as the first of them does.
        """
        try:
            rewritten = self.rewritten
        except Refusal as refusal:
            return {"crash": f"refused: {refusal}"}
        outcomes = {"crash": "unchanged" if rewritten.text == self.before else "changed"}
        if outcomes["crash"] == "changed":
            try:
                _ = self.after_module
            except ParseError as error:
                what = f"{self.subject.name} ends, and what it made is no module"
                raise OracleFailure("crash", what, where=f"{_beginning(self.after)}\n{error}") from None
        for name in names:
            try:
                outcomes[name] = ORACLES[name].check(self) or "compared"
            except OracleFailure as failure:
                # Oracles ask one another; whoever wants to see the same again asks this one.
                failure.oracle = name
                raise
            except DiagnosticError as error:
                what = f"{type(error).__name__}, where nothing should be wrong"
                raise OracleFailure(name, what, where=str(error)) from error
            except ApproxIRError:
                # A package or a program that is missing, for example: nothing about this module.
                raise
            except Exception as error:
                what = f"{type(error).__name__}, where nothing should be raised: {error}"
                shown = "".join(traceback.format_exception(error)).rstrip()
                raise OracleFailure(name, what, where=shown) from error
        return outcomes


@dataclass(frozen=True)
class Oracle:
    """An entry of `ORACLES`."""

    summary: str
    """What must hold, in one line."""
    check: Callable[[Examination], str | None]
    """Asks it. Returns None, or why nothing was compared; raises `OracleFailure`."""
    passes: bool = False
    """Whether it is asked about passes by default."""
    commands: bool = False
    """Whether it is asked about commands by default."""


def _beginning(text: str, lines: int = 12) -> str:
    """The first lines of what may be very long."""
    first = text[:2000].splitlines()[:lines]
    return "\n".join([line[:200] for line in first])


def _round_trip(held: Examination) -> None:
    texts.check_round_trip(held.before)
    texts.check_round_trip(held.after)


def _verifier(held: Examination) -> None:
    validity.check_verifier_agreement(held.before)


def _valid(held: Examination) -> None:
    validity.check_valid(held.after_module)


def _upstream(held: Examination) -> str | None:
    if any(op.regions for op in held.after_module.find(*PREFIXES)):
        # A real MLIR takes an operation that it does not know for one that may be a symbol table.
        return "regions of the approx dialect are left"
    validity.check_upstream(held.after)
    return None


def _changed(held: Examination) -> str | None:
    if held.rewritten.changed is None:
        return "a command does not say whether it changed anything"
    rewriting.check_changed(held.before, held.after, held.rewritten.changed, name=held.subject.name)
    return None


def _idempotent(held: Examination) -> str | None:
    try:
        again = held.subject.rewrite(held.after)
    except Refusal as refusal:
        raise OracleFailure(
            rewriting.IDEMPOTENT, f"{held.subject.name} refuses its own result: {refusal}", where=held.after
        ) from None
    rewriting.check_idempotent(held.after, again.text, name=held.subject.name)
    if again.changed is not None:
        name = f"{held.subject.name}, run on its own result,"
        rewriting.check_changed(held.after, again.text, again.changed, name=name)
    return None


def _deterministic(held: Examination) -> None:
    try:
        again = held.subject.rewrite(held.before)
    except Refusal as refusal:
        what = f"{held.subject.name} refuses the second time what it took the first time"
        raise OracleFailure(rewriting.DETERMINISTIC, what, where=str(refusal)) from None
    rewriting.check_same_result(held.after, again.text, name=held.subject.name)


def _consistent(held: Examination) -> str | None:
    if held.rewritten.module is None:
        return "no tree is left to look at"
    rewriting.check_consistent(held.rewritten.module)
    return None


def _isolated(held: Examination) -> None:
    rewriting.check_isolated(held.before_module, held.after_module)


def _interface(held: Examination) -> None:
    rewriting.check_interface(held.before_module, held.after_module)


def _complete(held: Examination) -> None:
    rewriting.check_complete(held.after_module, held.before_module)


def _composition(held: Examination) -> str | None:
    if not isinstance(held.subject, PassSubject):
        return "a command is one step"
    pipeline = parse_pipeline(held.subject.pipeline)
    rewriting.check_composition(held.before, pipeline, held.after)
    return None


def _semantics(held: Examination) -> str:
    def compared(after: Module) -> str:
        return semantics.check_same_semantics(
            held.case.text, after, held.case.calls, max_steps=held.max_steps, seen=held.seen
        )

    try:
        return compared(held.after_module)
    except OracleFailure:
        # The interpreter runs what people write. What passes leave for one another, such as a transform in
        # the case of a switch, it does not, and then the lowering is finished first.
        module: Module | None = parse(held.after)
        if module is None or not module.find(*PREFIXES):
            raise
        try:
            run_pipeline(module, FUNC_SUBSTITUTE_PIPELINE)
        except PassError:
            module = None
        if module is None:
            raise
        return compared(parse(str(module)))


def _exact(held: Examination) -> str:
    pipeline = parse_pipeline(held.subject.pipeline) if isinstance(held.subject, PassSubject) else ()
    try:
        return semantics.check_exactness(
            held.case.text, held.case.calls, pipeline=pipeline, max_steps=held.max_steps
        )
    except PassError:
        return "the passes refuse it"


def _live(held: Examination) -> str:
    config = held.case.config or parse(held.case.text).config()
    try:
        return semantics.check_live(held.case.text, config, held.case.calls, max_steps=held.max_steps)
    except PassError:
        # Live, every candidate is compiled, and one that no decision has today may not be possible.
        return "the passes refuse it"


def _llvm(held: Examination) -> str:
    return engines.check_llvm(held.after, held.case.calls, seen=held.seen)


def _iree(held: Examination) -> str:
    try:
        return engines.check_iree(held.after, held.case.calls, seen=held.seen)
    except CompilationError:
        # IREE does not take everything that the interpreter runs.
        return "refused by IREE"


ORACLES: Mapping[str, Oracle] = {
    "changed": Oracle("the pass says truly whether it changed anything", _changed, passes=True),
    "valid": Oracle("approxir's verifier accepts the result", _valid, passes=True, commands=True),
    "consistent": Oracle(
        "the tree's links agree with one another and with its text", _consistent, passes=True
    ),
    "idempotent": Oracle("a second run changes nothing", _idempotent, passes=True),
    "deterministic": Oracle(
        "the same module becomes the same again", _deterministic, passes=True, commands=True
    ),
    "semantics": Oracle("calls show the same before and afterwards", _semantics, passes=True, commands=True),
    "round-trip": Oracle("parsing and printing lose nothing", _round_trip, passes=True, commands=True),
    "upstream": Oracle("a real MLIR accepts the result", _upstream, passes=True),
    "isolated": Oracle("functions without annotations stay byte for byte", _isolated),
    "interface": Oracle("public functions stay, with their types and attributes", _interface, passes=True),
    "complete": Oracle(
        "nothing of the approx dialect is left, and no function that nothing calls", _complete
    ),
    "composition": Oracle("passes one by one make what they make together", _composition),
    "exact": Oracle("exact decisions compute what the module without annotations does", _exact),
    "live": Oracle("live parameters do what parameters in the text do", _live),
    "verifier": Oracle("approxir's verifier and a real MLIR's accept the module or refuse it", _verifier),
    "llvm": Oracle("the result, compiled by LLVM, does what the module did", _llvm),
    "iree": Oracle("the result, compiled by IREE, does what the module did", _iree),
}
"""Every oracle by its name, in the order in which they are asked."""


def chosen_oracles(subject: Subject, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The oracles to ask about a subject: those that are named, or the usual ones, in the order of `ORACLES`.

    Raises `UnknownOracleError`.
    """
    from approxir.nearest import nearest

    for name in names:
        if name not in ORACLES and name != "crash":
            close = nearest(name, ORACLES)
            hint = f"; did you mean '{close}'?" if close else f"; there are: {', '.join(ORACLES)}"
            raise UnknownOracleError(f"there is no oracle '{name}'{hint}")
    if names:
        return tuple([name for name in ORACLES if name in names])
    command = not isinstance(subject, PassSubject)
    return tuple([name for name, held in ORACLES.items() if (held.commands if command else held.passes)])
