"""What evaluating a configuration can come to: a time and a quality, or a failure with its reason.

A reason begins with one of these words and a colon:

=========  ========================================================
exception  the evaluation raised one
crash      the process that evaluated died
timeout    it took longer than the time limit
no number  the time or the quality is not a number, or infinite
garbage    what came back is no time and quality at all
=========  ========================================================
"""

from __future__ import annotations

import math
import signal
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from approxir.errors import ApproxIRError
from approxir.tuning.errors import RecordError
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.records import from_record, to_record

Evaluate = Callable[[dict[str, int]], Any]
"""Evaluates a configuration.

It returns the time in milliseconds and the quality, as a pair, as a mapping with ``time_ms`` and ``quality``
(and ``samples_ms`` and ``details``, if it likes) or as an `Evaluation`. What it raises makes a failure.
"""

_MOST = 500
"""So many characters of a reason are kept."""
_MOST_TRACE = 8000


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no time and no quality, and what else is known about it."""

    reason: str
    details: Mapping[str, Any] = field(default_factory=dict)


def attempt(evaluate: Evaluate, config: Mapping[str, int]) -> Any:
    """What evaluating a configuration returns, or the `Failure` that an exception makes."""
    try:
        return evaluate(dict(config))
    except (Exception, SystemExit) as error:
        # The evaluation is the user's code: whatever is wrong with it, the search goes on and tells.
        return failed(error)


def evaluated(evaluate: Evaluate, config: Mapping[str, int], number: int, static: bool) -> Evaluation:
    """The evaluation of a configuration; every fault of `evaluate` is a failure of it."""
    return judged(attempt(evaluate, config), config, number=number, static=static)


def failed(error: BaseException) -> Failure:
    """The failure that an exception makes."""
    try:
        text = str(error)
    except Exception:
        # It is the user's class, whose texts may be as wrong as the evaluation.
        text = "its text cannot be shown"
    if not isinstance(error, ApproxIRError):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    # `traceback` replaces texts that cannot be shown.
    trace = "".join(traceback.format_exception(error))
    return Failure(_short(f"exception: {text}"), {"traceback": trace[-_MOST_TRACE:]})


def died(status: int | None) -> Failure:
    """The failure of a process with an exit status, which is minus the number of the signal that ended it."""
    if status is not None and status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return Failure(f"crash: ended by {name}")
    return Failure(f"crash: ended with status {status}")


def timed_out(limit: float) -> Failure:
    """The failure of an evaluation that took more than so many seconds."""
    return Failure(f"timeout: longer than {limit:g} s")


def judged(outcome: Any, config: Mapping[str, int], *, number: int = 0, static: bool = False) -> Evaluation:
    """The evaluation that came of a configuration, whatever was returned."""
    held = dict(config)
    if isinstance(outcome, Failure):
        return Evaluation(
            held, failure=outcome.reason, number=number, static=static, details=dict(outcome.details)
        )
    try:
        # What cannot be written cannot be kept; what comes back is of Python's own types.
        return from_record(to_record(_evaluation(outcome, held, number, static)))
    except _Refused as refused:
        return Evaluation(held, failure=_short(str(refused)), number=number, static=static)
    except RecordError as error:
        return Evaluation(held, failure=_short(f"garbage: {error.message}"), number=number, static=static)


class _Refused(Exception):
    """What came back is no evaluation; the text is the reason of the failure."""


def _evaluation(outcome: Any, config: dict[str, int], number: int, static: bool) -> Evaluation:
    if isinstance(outcome, Evaluation):
        return replace(outcome, config=config, number=number, static=static)
    samples: Any = ()
    details: Any = {}
    if isinstance(outcome, Mapping):
        missing = [name for name in ("time_ms", "quality") if name not in outcome]
        if missing:
            raise _Refused(f"garbage: there is no {' and no '.join(missing)} in {_shown(outcome)}")
        time, quality = outcome["time_ms"], outcome["quality"]
        samples, details = outcome.get("samples_ms", ()), outcome.get("details", {})
        if not isinstance(details, Mapping):
            raise _Refused(f"garbage: the details are {_shown(details)}, not a mapping")
    else:
        try:
            time, quality = outcome
        except (TypeError, ValueError):
            message = f"garbage: {_shown(outcome)} came back instead of a time in ms and a quality"
            raise _Refused(message) from None
    time_ms = _number(time, "time")
    if time_ms < 0:
        raise _Refused(f"no number: the time is {time_ms:g} ms")
    return Evaluation(
        config,
        time_ms,
        _number(quality, "quality"),
        number=number,
        static=static,
        samples_ms=_samples(samples),
        details=details,
    )


def _samples(samples: Any) -> tuple[float, ...]:
    try:
        return tuple([_number(sample, "sample") for sample in samples])
    except TypeError:
        raise _Refused(f"garbage: the samples are {_shown(samples)}, not numbers") from None


def _number(value: Any, what: str) -> float:
    if isinstance(value, str | bytes | bool):
        raise _Refused(f"garbage: the {what} is {_shown(value)}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _Refused(f"garbage: the {what} is {_shown(value)}") from None
    except OverflowError:
        raise _Refused(f"no number: the {what} is too large") from None
    if not math.isfinite(number):
        raise _Refused(f"no number: the {what} is {number}")
    return number


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        # It is the user's object, which need not even be fit to be shown.
        return f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def _short(text: str) -> str:
    return text if len(text) <= _MOST else text[: _MOST - 3] + "..."
