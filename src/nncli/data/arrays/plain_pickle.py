"""Plain values of a pickle, without running it: CIFAR's Python batches.

A pickle is a program for a small stack machine, whose instructions may call anything. Here its instructions are read
(pickletools) and only those that build numbers, text, bytes, lists, tuples and dictionaries are followed. A call is
kept as a record of what would be called; the records that have a meaning are those of NumPy's arrays of plain numbers.
Everything else is refused. Nothing is imported and nothing is called.
"""

from __future__ import annotations

import math
import pickletools
from dataclasses import dataclass
from typing import Any

import numpy as np

from nncli.errors import DataError
from nncli.text import printable

MOST_VALUES = 10_000
"""Values in one file, those of long lists of plain ones not counted."""

_MARK = object()
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list}
_VALUES = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *(
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE8",
        "UNICODE",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
    ),
}
_TEXTS = {"STRING", "BINSTRING", "SHORT_BINSTRING"}
_RECONSTRUCT = {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"}
_FROM_BUFFER = {"numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"}
_DTYPES = {"u1", "i1", "<u2", "<i2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"}


@dataclass
class _Call:
    """The callable with its arguments, and the state that it would be given."""

    function: Any
    arguments: Any
    state: Any = None


@dataclass(frozen=True)
class _Named:
    name: str


class _Machine:
    """The stack and the memory of a pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memory: dict[int, Any] = {}

    def since_mark(self) -> list[Any]:
        at = len(self.stack) - 1 - self.stack[::-1].index(_MARK)
        found = self.stack[at + 1 :]
        del self.stack[at:]
        return found

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction.

        Raises:
            ValueError: It is none of those that build plain values.
        """
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _TEXTS:
            self.stack.append(argument.encode("latin-1"))
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif not (self._collect(name) or self._remember(name, argument) or self._call(name, argument)):
            raise ValueError(f"the instruction {name}")

    def _collect(self, name: str) -> bool:
        stack = self.stack
        if name == "MARK":
            stack.append(_MARK)
        elif name in ("TUPLE", "LIST"):
            found = self.since_mark()
            stack.append(tuple(found) if name == "TUPLE" else found)
        elif name == "EMPTY_TUPLE":
            stack.append(())
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            n = int(name[-1])
            stack[-n:] = [tuple(stack[-n:])]
        elif name in ("APPENDS", "APPEND"):
            values = self.since_mark() if name == "APPENDS" else [stack.pop()]
            stack[-1].extend(values)
        elif name in ("SETITEMS", "SETITEM", "DICT"):
            values = [stack.pop(), stack.pop()][::-1] if name == "SETITEM" else self.since_mark()
            pairs = dict(zip(values[::2], values[1::2], strict=True))
            if name == "DICT":
                stack.append(pairs)
            else:
                stack[-1].update(pairs)
        else:
            return False
        return True

    def _remember(self, name: str, argument: Any) -> bool:
        if name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memory[int(argument)] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memory[len(self.memory)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self.memory[int(argument)])
        elif name not in ("PROTO", "FRAME", "STOP"):
            return False
        return True

    def _call(self, name: str, argument: Any) -> bool:
        stack = self.stack
        if name == "GLOBAL":
            stack.append(_Named(argument))
        elif name == "STACK_GLOBAL":
            stack[-2:] = [_Named(" ".join(stack[-2:]))]
        elif name == "REDUCE":
            stack[-2:] = [_as_bytes(*stack[-2:]) or _Call(*stack[-2:])]
        elif name == "BUILD":
            state = stack.pop()
            if not isinstance(stack[-1], _Call):
                raise ValueError("a state for what is no array")
            stack[-1].state = state
        else:
            return False
        return True


def read_plain_pickle(data: bytes, name: str) -> Any:
    """The value of a pickle of numbers, text, bytes, lists, tuples, dictionaries and NumPy arrays of plain numbers.

    Args:
        data: The pickle.
        name: Of the file, for messages.

    Raises:
        DataError: It is damaged, or holds anything else.
    """
    machine = _Machine()
    try:
        for operation, argument, _ in pickletools.genops(data):
            machine.step(operation.name, argument)
        (value,) = machine.stack
        return _plain(value, 0, [MOST_VALUES])
    except Exception as error:  # a damaged program fails in nearly any way
        reason = printable(str(error))[:80] or type(error).__name__
        raise DataError(
            f"{printable(name)}: a pickle of more than plain arrays ({reason}); pickles can run code, so it is not read"
        ) from None


def _plain(value: Any, depth: int, budget: list[int]) -> Any:
    """`value` with its records of calls as arrays; `budget` is how many values may still come.

    Raises:
        ValueError: A record is something else, or values are nested too deep.
    """
    budget[0] -= 1
    if depth > 8 or budget[0] < 0:  # a list of lists of the same list multiplies
        raise ValueError("values within values")
    if isinstance(value, dict):
        return {_plain(key, depth + 1, budget): _plain(inner, depth + 1, budget) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        if len(value) > 64 and all(type(inner) in (int, bytes, str) for inner in value):
            return value
        return type(value)(_plain(inner, depth + 1, budget) for inner in value)
    if isinstance(value, _Named) or value is _MARK:
        raise ValueError(getattr(value, "name", "a mark"))
    return _plain_call(value) if isinstance(value, _Call) else value


def _as_bytes(function: Any, arguments: Any) -> bytes | None:
    """Bytes as protocols up to 2 write them, as text to be encoded; None for any other call."""
    if function == _Named("_codecs encode") and isinstance(arguments, tuple) and len(arguments) == 2:
        text, encoding = arguments
        if encoding in ("latin1", b"latin1") and isinstance(text, str):
            return text.encode("latin-1")
    return None


def _plain_call(call: _Call) -> Any:
    """NumPy's two ways of building an array, followed by hand."""
    function = call.function.name if isinstance(call.function, _Named) else "?"
    if function in _FROM_BUFFER:
        data, dtype, shape, order = call.arguments
    elif function in _RECONSTRUCT and isinstance(call.state, tuple):
        _, shape, dtype, is_fortran, data = call.state
        order = "F" if is_fortran else "C"
    else:
        raise ValueError(function)
    named = _dtype_name(dtype)
    if named not in _DTYPES or not isinstance(data, (bytes, bytearray)) or order not in ("C", "F"):
        raise ValueError(f"an array of type {named}")
    if math.prod(shape) * np.dtype(named).itemsize != len(data):
        raise ValueError("an array of another size than it declares")
    return np.frombuffer(bytes(data), named).reshape(shape, order=order)


def _dtype_name(dtype: Any) -> str:
    """NumPy's name for the type of an array's values, as its pickle spells it."""
    if not (isinstance(dtype, _Call) and dtype.function == _Named("numpy dtype") and isinstance(dtype.state, tuple)):
        return "?"
    kind, order = (
        text.decode("latin-1") if isinstance(text, bytes) else str(text)
        for text in (dtype.arguments[0], dtype.state[1])
    )
    return kind if kind in ("u1", "i1") else f"{order}{kind}"
