"""Weights from safetensors files, read by NumPy alone."""

import json
import math
import os
import pathlib

import numpy as np

from dltoolkit._checks import complaint, listed, stop

# What the format allows (https://github.com/huggingface/safetensors, README); bfloat16 is the upper half of a float32.
KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
}
BFLOAT16 = "BF16"
LENGTH = 8  # bytes in front, which say how long the header is
LONGEST_HEADER = 100_000_000  # bytes; the format's own limit


def read_safetensors(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The named arrays of a file; they stay on disk until they are used.

    Args:
        path: The file.

    Returns:
        dict: Name to array; bfloat16 becomes float32.

    Raises:
        FileNotFoundError: If there is none.
        InputError: If it is damaged or no such file; it is named.
    """
    path = pathlib.Path(path)
    with path.open("rb") as file:
        front = file.read(LENGTH)
        size = int.from_bytes(front, "little")
        whole = len(front) == LENGTH and size <= LONGEST_HEADER
        header = file.read(size) if whole else b""
    if not whole or len(header) < size:
        _refuse(path, "a file that is cut off or something else")
    tensors = _tensors(path, header)
    start = LENGTH + size
    held = path.stat().st_size - start
    if any(end > held for _, _, _, end in tensors.values()):
        _refuse(path, f"one that ends after {held:,} bytes of numbers")
    data = np.memmap(path, mode="r", offset=start) if held else np.empty(0, "u1")
    return {
        name: _array(data[begin:end], kind).reshape(shape)
        for name, (kind, shape, begin, end) in tensors.items()
    }


def _tensors(path: pathlib.Path, header: bytes) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
    """Name to kind, shape, first and last byte; each checked against the others."""
    found = {}
    try:
        for name, entry in json.loads(header).items():
            if name != "__metadata__":
                shape, (begin, end) = tuple(entry["shape"]), entry["data_offsets"]
                found[name] = (str(entry["dtype"]), shape, int(begin), int(end))
    except (ValueError, KeyError, TypeError, AttributeError):
        _refuse(path, "a header that cannot be read")
    strange = {kind for kind, *_ in found.values()} - {*KINDS, BFLOAT16}
    if strange:
        _refuse(path, f"numbers of kind {listed(sorted(strange))}")
    for name, (kind, shape, begin, end) in found.items():
        width = 2 if kind == BFLOAT16 else np.dtype(KINDS[kind]).itemsize
        if not all(isinstance(n, int) and n >= 0 for n in shape) or begin < 0:
            _refuse(path, f"shape {shape} of {name!r}")
        if end - begin != math.prod(shape) * width:
            _refuse(path, f"{end - begin:,} bytes for {name!r} of shape {shape}")
    return found


def _array(data: np.ndarray, kind: str) -> np.ndarray:
    if kind == BFLOAT16:
        return (data.view("<u2").astype("<u4") << 16).view("<f4")
    return data.view(KINDS[kind])


def _refuse(path: pathlib.Path, got: str) -> None:
    stop(
        [
            complaint(
                f"file {str(path)!r}", "a whole safetensors file", got, "Take it from its publisher again."
            )
        ]
    )
