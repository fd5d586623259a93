"""One knob of a module, to look at and to edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from approxir.dialects.approx.codec import first_params, read_params, write_params
from approxir.dialects.approx.errors import ConfigError, ParamsError, diagnostic
from approxir.dialects.approx.params import FIELDS, I32_LIMITS, LISTS, KnobParams, Problem, WrongField
from approxir.dialects.approx.places import place_of
from approxir.errors import Diagnostic, ParseError
from approxir.knobs.parameters import TunableParam, parameter_name, parameters_of
from approxir.values import DictAttr, InvalidValue

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.ir.parts import SourceLocation

_SINGULAR = {"thresholds": "threshold", "decisions": "decision"}


class KnobView:
    """One knob: a function's annotation, or an ``approx.knob`` operation.

    Attributes:
        name: the function's name; a second knob of the same function is called ``name#1``, and so on.
        function: the function that the knob is about, None outside of one.
        kind: ``"annotation"`` or ``"operation"``.
        operation: the annotation, or the ``approx.knob``.

    A knob operation may spell its params itself, and the decision tree in it may spell them again: reading
    takes what the knob says and completes it by what the tree says, writing changes a field in both.
    """

    __slots__ = ("_sources", "function", "kind", "name", "operation")

    def __init__(
        self,
        name: str,
        function: str | None,
        kind: Literal["annotation", "operation"],
        operation: Operation,
        sources: Sequence[Operation],
    ) -> None:
        self.name = name
        self.function = function
        self.kind = kind
        self.operation = operation
        self._sources = tuple(sources)

    @property
    def source(self) -> Operation:
        """The operation that spells the params first: the knob, or the decision tree or transform in it."""
        return self._sources[0]

    @property
    def location(self) -> SourceLocation | None:
        """Where the knob stands in its file; None for one that was made."""
        return self.operation.name_location

    @property
    def params(self) -> ParamsView:
        """The knob's params, to be read and edited; assigning `KnobParams` replaces them all.

        ``knob.params.thresholds[0] = 75`` changes that number in the text and nothing else. The params of
        another knob can be assigned, too: their value is taken.
        """
        return ParamsView(self)

    @params.setter
    def params(self, params: KnobParams | ParamsView) -> None:
        self.replace(params)

    @property
    def parameters(self) -> list[TunableParam]:
        """The tunable numbers, by name, bounds and value."""
        return list(parameters_of(self.name, self.function or "", self.read()))

    def read(self) -> KnobParams:
        """The params as they are now. Raises `ParamsError` where the text cannot be understood."""
        return self._merged(read_params)

    def _merged(self, read: Callable[[Operation], KnobParams | None]) -> KnobParams:
        merged = read(self._sources[0]) or KnobParams()
        for op in self._sources[1:]:
            merged = merged.completed(read(op) or KnobParams())
        return merged

    def update(self, **changes: Any) -> KnobParams:
        """Change fields of the params together, and return the params as they were.

        Raises `ConfigError` for values that break a constraint; nothing is changed then.
        """
        old = self.read()
        try:
            new = old.replace(**changes)
        except InvalidValue as error:
            raise ConfigError((self._wrong_value(error, old),)) from None
        return self.replace(new)

    def replace(self, params: KnobParams | ParamsView) -> KnobParams:
        """Replace all params, and return those that were there, so that putting them back is undoing.

        Constraints that were broken before, or in the text as it was parsed, may be broken in the same way;
        no other may be. Raises `ConfigError`, with nothing changed, and
        `TypeError` for what is no params.
        """
        if isinstance(params, ParamsView):
            params = params.value
        if not isinstance(params, KnobParams):
            raise TypeError(f"params are KnobParams, not {type(params).__name__}")
        old = self.read()
        wrong = self.complaints(old, params)
        if wrong:
            raise ConfigError(tuple(wrong))
        self.write(params)
        return old

    def complaints(self, old: KnobParams, new: KnobParams) -> list[Diagnostic]:
        """What `new` breaks that neither `old` nor the text as it was parsed did, as diagnostics."""
        return [self.complaint(problem, new) for problem in self.broken(old, new)]

    def broken(self, old: KnobParams, new: KnobParams) -> list[Problem]:
        """What `new` breaks that neither `old` nor the text as it was parsed did."""
        found = list(new.problems())
        named = {(problem.field, problem.index) for problem in found}
        found += [problem for problem in _too_wide(new) if (problem.field, problem.index) not in named]
        if found:
            first = self._merged(first_params)
            known = {*old.problems(), *_too_wide(old), *first.problems(), *_too_wide(first)}
            found = [problem for problem in found if problem not in known]
        return found

    def complaint(self, problem: Problem, params: KnobParams) -> Diagnostic:
        """The diagnostic about a constraint that params break."""
        return self._complaint(problem.field, problem.index, problem.message, params)

    def write(self, params: KnobParams) -> None:
        """Write params, valid or not. Raises `IRError` where the text has no place for them."""
        if len(self._sources) == 1:
            write_params(self.source, params)
            return
        old = self.read()
        changes = {f: getattr(params, f) for f in FIELDS if getattr(params, f) != getattr(old, f)}
        held = [(op, read_params(op) or KnobParams()) for op in self._sources]
        # A field that was emptied goes back to where the text had it; one that is new goes to the first.
        firsts = [first_params(op) or KnobParams() for op in self._sources]
        said = [
            {field for field in FIELDS if own.says(field) or first.says(field)}
            for (_, own), first in zip(held, firsts, strict=True)
        ]
        said[0] |= set(FIELDS).difference(*said)
        try:
            for (op, own), fields in zip(held, said, strict=True):
                mine = fields.intersection(changes)
                write_params(op, own.replace(**{field: changes[field] for field in mine}))
        except BaseException:
            for op, own in held:
                write_params(op, own)
            raise

    def _complaint(self, field: str, index: int | None, predicate: str, params: KnobParams) -> Diagnostic:
        """A diagnostic about a field or an item of it; params say what is allowed there."""
        kind = _SINGULAR.get(field)
        hint = None
        if kind is not None and index is not None:
            subject = parameter_name(self.name, kind, index)
            hint = _allowed(params, kind, index)
        elif index is not None:
            subject = f"{self.name}: {field}[{index}]"
        else:
            subject = f"{self.name}: {field}"
            hint = "lists that must fit together are changed together: update(thresholds=..., decisions=...)"
        return self.diagnostic(field, f"{subject} {predicate}", index=index, hint=hint)

    def _wrong_value(self, error: InvalidValue, params: KnobParams) -> Diagnostic:
        """A diagnostic about a value of the wrong type."""
        if not isinstance(error, WrongField):
            return self.diagnostic(None, f"{self.name}: {error.message}")
        if error.index is not None:
            return self._complaint(error.field, error.index, error.predicate, params)
        return self.diagnostic(error.field, f"{self.name}: {error.message}")

    def diagnostic(
        self, field: str | None, message: str, *, index: int | None = None, hint: str | None = None
    ) -> Diagnostic:
        """A diagnostic at the place where the text spells a field or an item of it, or else the knob."""
        for op in self._sources:
            if op.source is not None and field is not None and place_of(op, field, index) is not None:
                return diagnostic(op, field, message, index=index, code="config", hint=hint)
        return diagnostic(self.operation, None, message, code="config", hint=hint)

    def __repr__(self) -> str:
        where = f" at {self.location}" if self.operation.source is not None else ""
        return f"<Knob {self.name} ({self.kind}){where}>"

    def _repr_html_(self) -> str:
        from html import escape

        try:
            params = self.read()
        except (ParamsError, ParseError) as error:
            return f"<pre>{escape(str(error))}</pre>"
        rows = "".join(
            f"<tr><td>{escape(p.name)}</td><td>{p.current}</td><td>{escape(p.allowed)}</td></tr>"
            for p in parameters_of(self.name, self.function or "", params)
        )
        head = f"<caption>{escape(self.name)}: {escape(params.transform_type or 'no transform')}</caption>"
        return f"<table>{head}<tr><th>parameter</th><th>value</th><th>allowed</th></tr>{rows}</table>"


def _allowed(params: KnobParams, kind: str, index: int) -> str:
    if kind == "decision":
        if params.decision_values:
            return "allowed: " + ", ".join(str(value) for value in params.decision_values)
        return f"allowed: 0..{I32_LIMITS[1]}"
    low, high = params.bounds(index)
    neighbours = params.thresholds
    text = f"allowed: {low}..{high}"
    if len(neighbours) > 1:
        text += ", thresholds ascending"
    return text


def _too_wide(params: KnobParams) -> Iterator[Problem]:
    """Values wider than 32 bits, as states are and whatever is compared with them."""
    low, high = I32_LIMITS
    for field in LISTS:
        for index, value in enumerate(getattr(params, field)):
            if not low <= value <= high:
                yield Problem(field, index, f"is {value}, outside of what i32 holds, {low}..{high}")


class ParamsView:
    """The params of a knob, read from its text at each access and written back at each change.

    Changes are checked (`ConfigError`), and each leaves the text as it is but for what changed. To change
    several fields that only fit together, use `KnobView.update`. A copy is the value as it is now.
    """

    __slots__ = ("_knob",)

    _knob: KnobView

    def __init__(self, knob: KnobView) -> None:
        object.__setattr__(self, "_knob", knob)

    @property
    def value(self) -> KnobParams:
        """All params as one immutable value."""
        return self._knob.read()

    @property
    def thresholds(self) -> NumberList:
        """Where the states are parted, ascending."""
        return NumberList(self._knob, "thresholds")

    @property
    def decisions(self) -> NumberList:
        """One knob value for each interval of states."""
        return NumberList(self._knob, "decisions")

    @property
    def thresholds_lowers(self) -> NumberList:
        """The least value that each threshold may take."""
        return NumberList(self._knob, "thresholds_lowers")

    @property
    def thresholds_uppers(self) -> NumberList:
        """The greatest value that each threshold may take."""
        return NumberList(self._knob, "thresholds_uppers")

    @property
    def decision_values(self) -> NumberList:
        """The values that a decision may take."""
        return NumberList(self._knob, "decision_values")

    @property
    def transform_type(self) -> str | None:
        """Which approximation."""
        return self.value.transform_type

    @property
    def transform_options(self) -> DictAttr:
        """Options of the approximation."""
        return self.value.transform_options

    @property
    def extra(self) -> DictAttr:
        """Entries that approxir has no meaning for."""
        return self.value.extra

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in FIELDS:
            raise AttributeError(f"params have no field '{name}'")
        self._knob.update(**{name: value})

    def __copy__(self) -> KnobParams:
        return self.value

    def __deepcopy__(self, memo: object) -> KnobParams:
        return self.value

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ParamsView):
            return self.value == other.value
        return isinstance(other, KnobParams) and self.value == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.value)

    def __dir__(self) -> Iterable[str]:
        return sorted({*FIELDS, "value"})


class NumberList(MutableSequence[int]):
    """A list of numbers in the params of a knob; every change is checked and written at once.

    A copy is a plain list.
    """

    __slots__ = ("_field", "_knob")

    def __init__(self, knob: KnobView, field: str) -> None:
        self._knob = knob
        self._field = field

    def _values(self) -> tuple[int, ...]:
        values: tuple[int, ...] = getattr(self._knob.read(), self._field)
        return values

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        found = self._values()[index]
        return list(found) if isinstance(found, tuple) else found

    def __len__(self) -> int:
        return len(self._values())

    def __iter__(self) -> Iterator[int]:
        return iter(self._values())

    def __setitem__(self, index: int | slice, value: Any) -> None:
        values = list(self._values())
        values[index] = value
        self._knob.update(**{self._field: values})

    def __delitem__(self, index: int | slice) -> None:
        values = list(self._values())
        del values[index]
        self._knob.update(**{self._field: values})

    def insert(self, index: int, value: int) -> None:
        values = list(self._values())
        values.insert(index, value)
        self._knob.update(**{self._field: values})

    def extend(self, values: Iterable[int]) -> None:
        self._knob.update(**{self._field: [*self._values(), *values]})

    def clear(self) -> None:
        self._knob.update(**{self._field: ()})

    def reverse(self) -> None:
        self._knob.update(**{self._field: self._values()[::-1]})

    def __copy__(self) -> list[int]:
        return list(self._values())

    def __deepcopy__(self, memo: object) -> list[int]:
        return list(self._values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self._values()))
