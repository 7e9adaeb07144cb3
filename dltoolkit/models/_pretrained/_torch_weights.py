"""Weights from files of PyTorch's, read by NumPy alone: no torch, and nothing in the file is ever run.

Such a file is a pickle, a small program that may call anything. Here its few harmless instructions are followed by hand,
what they may name is listed, and all else is refused.
"""

import dataclasses
import io
import math
import os
import pathlib
import pickletools
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from dltoolkit._checks import InputError, complaint, listed, stop

# torch/serialization.py: what the files of PyTorch before 1.6 begin with, and the version after it.
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
# Kinds of numbers, by the name of their storage in torch/storage.py.
STORAGES = {
    "torch.DoubleStorage": "<f8",
    "torch.FloatStorage": "<f4",
    "torch.HalfStorage": "<f2",
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "|i1",
    "torch.ByteStorage": "|u1",
    "torch.BoolStorage": "|b1",
}
MAPPING = "collections.OrderedDict"
TENSOR = "torch._utils._rebuild_tensor_v2"
PARAMETER = "torch._utils._rebuild_parameter"
ALLOWED = {*STORAGES, MAPPING, TENSOR, PARAMETER}
LARGEST_PROGRAM = 16 * 2**20  # bytes of instructions: the names and shapes of 100,000 tensors, about
_EXPECTED = "a file of named tensors as torch.save(model.state_dict(), path) writes it"
_CURE = "Nothing in it was run. Download it again, or take it from its publisher."


@dataclasses.dataclass(frozen=True)
class _Name:
    """A function or class that the file names; it is never looked up."""

    path: str


@dataclasses.dataclass(frozen=True)
class _Storage:
    """A row of numbers somewhere in the file."""

    key: str
    dtype: np.dtype
    size: int

    @property
    def bytes(self) -> int:
        """Its length in the file."""
        return self.size * self.dtype.itemsize


@dataclasses.dataclass(frozen=True)
class _View:
    """A tensor: which numbers of a storage, in what shape."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Refused(Exception):
    """What is wrong with the file, in a few words."""


def read_torch(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The named tensors of a file that ``torch.save(model.state_dict(), path)`` wrote, old format or new.

    Args:
        path: The file, usually ``.pth`` or ``.pt``.

    Returns:
        dict: Name to array, in the file's order and its dtype.

    Raises:
        FileNotFoundError: If there is no such file.
        InputError: If it is damaged, no such file, or asks for anything but tensors to be made.

    References:
        The layout of both formats: ``torch/serialization.py`` of PyTorch.
    """
    path = pathlib.Path(path)
    with path.open("rb") as file:
        try:
            found = _zipped(file) if zipfile.is_zipfile(file) else _legacy(file)
        except _Refused as problem:
            stop([complaint(f"file {str(path)!r}", _EXPECTED, str(problem), _CURE)])
        except (zipfile.BadZipFile, EOFError, ValueError, IndexError, KeyError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            stop([complaint(f"file {str(path)!r}", _EXPECTED, f"one that is damaged ({error})", _CURE)])
    return found


def _zipped(file: BinaryIO) -> dict[str, np.ndarray]:
    """PyTorch 1.6 and later: a zip with the program in ``data.pkl`` and one member a storage."""
    with zipfile.ZipFile(file) as archive:
        programs = [name for name in archive.namelist() if name.split("/")[1:] == ["data.pkl"]]
        if len(programs) != 1:
            raise _Refused("a zip without one data.pkl")
        if archive.getinfo(programs[0]).file_size > LARGEST_PROGRAM:
            raise _Refused(f"instructions of more than {LARGEST_PROGRAM:,} bytes")
        views = _views(_follow(io.BytesIO(archive.read(programs[0]))))
        folder = programs[0].split("/")[0]

        def numbers(storage: _Storage) -> bytes:
            member = archive.getinfo(f"{folder}/data/{storage.key}")
            if member.file_size != storage.bytes or member.compress_type != zipfile.ZIP_STORED:
                raise _Refused(f"{member.filename!r} that is not {storage.bytes:,} bytes as they are")
            return archive.read(member)

        storages = {view.storage.key: view.storage for view in views.values()}
        return _arrays(views, {key: numbers(storage) for key, storage in storages.items()})


def _legacy(file: BinaryIO) -> dict[str, np.ndarray]:
    """PyTorch before 1.6: five pickles in a row, then each storage as its size and its numbers."""
    file.seek(0)
    program = io.BytesIO(file.read(LARGEST_PROGRAM))
    if _follow(program) != MAGIC or _follow(program) != PROTOCOL:
        raise _Refused("one that begins otherwise")
    if _mapping(_follow(program)).get("little_endian") is not True:
        raise _Refused("numbers with the highest byte first")
    views = _views(_follow(program))
    storages = {view.storage.key: view.storage for view in views.values()}
    keys, content = _follow(program), {}
    file.seek(program.tell())
    for key in keys:
        size = int.from_bytes(file.read(8), "little")
        if key not in storages or storages[key].size != size:
            raise _Refused(f"storage {key!r} of {size:,} numbers, of which nothing was said")
        content[key] = file.read(min(storages[key].bytes, os.fstat(file.fileno()).st_size))
    return _arrays(views, content)


def _views(value: Any) -> dict[str, _View]:
    odd = not isinstance(value, dict) or any(
        not isinstance(n, str) or not isinstance(v, _View) for n, v in value.items()
    )
    if odd:
        names = (
            [n for n, v in value.items() if not isinstance(v, _View)] if isinstance(value, dict) else [value]
        )
        raise _Refused(f"{listed([str(name)[:80] for name in names])} beside tensors")
    return value


def _arrays(views: dict[str, _View], content: dict[str, bytes]) -> dict[str, np.ndarray]:
    """The tensors of storages that were read."""
    found = {}
    for name, view in views.items():
        if view.storage.key not in content:
            raise _Refused(f"no numbers for {name!r}")
        numbers = np.frombuffer(content[view.storage.key], view.storage.dtype)
        last = view.offset + sum((n - 1) * s for n, s in zip(view.shape, view.strides, strict=True))
        count = math.prod(view.shape)
        if count > len(numbers) or (count and last >= len(numbers)):
            raise _Refused(f"{name!r} that lies outside its {len(numbers):,} numbers")
        steps = [s * numbers.itemsize for s in view.strides]
        found[name] = np.lib.stride_tricks.as_strided(numbers[view.offset :], view.shape, steps).copy()
    return found


class _Machine:
    """Follows the instructions of one pickle; calls nothing but the two functions below."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def take(self, n: int) -> list[Any]:
        if len(self.stack) < n or (self.marks and len(self.stack) - n < self.marks[-1]):
            raise _Refused("instructions that do not go together")
        taken = self.stack[len(self.stack) - n :]
        del self.stack[len(self.stack) - n :]
        return taken


def _follow(file: BinaryIO) -> Any:
    """What the pickle at the file's place makes."""
    machine = _Machine()
    for code, argument, _ in pickletools.genops(file):
        if code.name == "STOP":
            return machine.take(1)[0]
        _step(machine, code.name, argument)
    raise _Refused("instructions without an end")


def _step(machine: _Machine, name: str, argument: Any) -> None:
    """One instruction."""
    stack = machine.stack
    if name in _SKIPPED:
        return
    if name in _VALUES:
        stack.append(argument)
    elif name in _CONSTANTS:
        stack.append(_CONSTANTS[name]())
    elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
        machine.memo[len(machine.memo) if argument is None else argument] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET"):
        stack.append(machine.memo[argument])
    elif name == "MARK":
        machine.marks.append(len(stack))
    elif name in _FILLS:
        _FILLS[name](machine)
    elif name == "GLOBAL":
        stack.append(_named(argument.replace(" ", ".")))
    elif name in _CALLS:
        stack.append(_CALLS[name](machine))
    elif name == "BUILD":  # the state of a mapping is the versions of PyTorch's layers: left out
        stack.append(_mapping(machine.take(2)[0]))
    else:
        raise _Refused(f"the instruction {name}")


def _named(path: str) -> _Name:
    if path not in ALLOWED:
        raise _Refused(f"one that asks for {path[:80]!r}, which no file of tensors needs")
    return _Name(path)


def _called(machine: _Machine) -> Any:
    """What a function of the list gives for its arguments."""
    function, arguments = machine.take(2)
    path = function.path if isinstance(function, _Name) else ""
    if path == MAPPING and arguments == ():
        return {}
    if path == PARAMETER and len(arguments) == 3 and isinstance(arguments[0], _View):
        return arguments[0]
    if path != TENSOR or len(arguments) < 4 or not isinstance(arguments[0], _Storage):
        raise _Refused(f"a call of {path or 'what is no function'} with other arguments than PyTorch's")
    storage, offset, shape, strides = arguments[:4]
    whole = [offset, *shape, *strides]
    if not all(isinstance(n, int) and n >= 0 for n in whole) or len(shape) != len(strides):
        raise _Refused("a tensor whose shape is not of whole numbers")
    return _View(storage, offset, tuple(shape), tuple(strides))


def _storage(machine: _Machine) -> _Storage:
    """``("storage", kind, key, device, size)``, in old files with a view behind it that is None."""
    (value,) = machine.take(1)
    fits = (
        isinstance(value, tuple) and len(value) >= 5 and value[0] == "storage" and value[5:] in ((), (None,))
    )
    if not fits or not isinstance(value[1], _Name) or value[1].path not in STORAGES:
        raise _Refused("a storage that is described otherwise than by PyTorch")
    kind, key, size = value[1], value[2], value[4]
    if not isinstance(key, str) or not isinstance(size, int) or size < 0:
        raise _Refused("a storage without a name or a size")
    return _Storage(key, np.dtype(STORAGES[kind.path]), size)


def _mapping(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise _Refused(f"{type(value).__name__} where a mapping belongs")
    return value


def _filled(machine: _Machine, items: list[Any]) -> None:
    target = _mapping(machine.stack[-1])
    target.update(zip(items[::2], items[1::2], strict=True))


def _appended(machine: _Machine, items: list[Any]) -> None:
    if not isinstance(machine.stack[-1], list):
        raise _Refused("items for what is no list")
    machine.stack[-1].extend(items)


_SKIPPED = ("PROTO", "FRAME")
_VALUES = ("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE")
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
_FILLS: dict[str, Callable[[_Machine], None]] = {
    "TUPLE": lambda m: m.stack.append(tuple(m.since_mark())),
    "TUPLE1": lambda m: m.stack.append(tuple(m.take(1))),
    "TUPLE2": lambda m: m.stack.append(tuple(m.take(2))),
    "TUPLE3": lambda m: m.stack.append(tuple(m.take(3))),
    "SETITEM": lambda m: _filled(m, m.take(2)),
    "SETITEMS": lambda m: _filled(m, m.since_mark()),
    "APPEND": lambda m: _appended(m, m.take(1)),
    "APPENDS": lambda m: _appended(m, m.since_mark()),
}
_CALLS: dict[str, Callable[[_Machine], Any]] = {
    "REDUCE": _called,
    "BINPERSID": _storage,
    "STACK_GLOBAL": lambda m: _named(".".join(map(str, m.take(2)))),
}
