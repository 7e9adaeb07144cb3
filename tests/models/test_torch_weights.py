"""Files of PyTorch's tensors: read by NumPy alone; damaged and evil ones are refused, and nothing in them runs."""

import collections
import io
import pickle
import struct
import typing
import zipfile

import numpy as np
import pytest

from dltoolkit._checks import InputError
from dltoolkit.models._pretrained import _torch_weights
from dltoolkit.models._pretrained._torch_weights import MAGIC, PROTOCOL, read_torch


class _Storage:
    """Stands for one of PyTorch's storages; `_Pickler` writes it as PyTorch does."""

    def __init__(self, array, key, kind, size=None):
        self.array, self.key, self.kind = array.ravel(), key, kind
        self.size = len(self.array) if size is None else size


class _Global:
    """A name that is written as a global of its module, though there is no such module here."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self):  # what pickle asks of the first part of a reduced value
        raise AssertionError


class _Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class _Pickler(pickle._Pickler):
    """Writes what PyTorch writes, without PyTorch."""

    dispatch: typing.ClassVar = dict(pickle._Pickler.dispatch)

    def __init__(self, file, legacy):
        super().__init__(file, 2)
        self.legacy = legacy

    def persistent_id(self, value):
        if not isinstance(value, _Storage):
            return None
        kind = _Global("torch", value.kind)
        return ("storage", kind, value.key, "cpu", value.size, *([None] if self.legacy else []))

    def save_global_(self, value):
        self.write(b"c" + f"{value.module}\n{value.name}\n".encode())
        self.memoize(value)

    dispatch[_Global] = save_global_


REBUILD = _Global("torch._utils", "_rebuild_tensor_v2")


def tensor(storage, shape, strides, offset=0):
    return _Call(REBUILD, storage, offset, shape, strides, False, collections.OrderedDict())


def written(path, content, storages, *, legacy, little_endian=True):
    def dumped(value):
        file = io.BytesIO()
        _Pickler(file, legacy).dump(value)
        return file.getvalue()

    if not legacy:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("weights/data.pkl", dumped(content))
            for one in storages:
                archive.writestr(f"weights/data/{one.key}", one.array.tobytes())
        return path
    system = {"protocol_version": PROTOCOL, "little_endian": little_endian}
    parts = [dumped(v) for v in (MAGIC, PROTOCOL, system, content, [s.key for s in storages])]
    parts += [struct.pack("<q", len(s.array)) + s.array.tobytes() for s in storages]
    path.write_bytes(b"".join(parts))
    return path


@pytest.fixture
def storages():
    return [
        _Storage(np.arange(24, dtype="float32"), "7", "FloatStorage"),
        _Storage(np.array([3], "int64"), "8", "LongStorage"),
    ]


@pytest.mark.parametrize("legacy", [True, False])
def test_tensors_come_back_in_their_shapes_and_order(tmp_path, storages, legacy):
    floats, whole = storages
    content = collections.OrderedDict(
        b=tensor(floats, (2, 3, 4), (12, 4, 1)),
        a=tensor(floats, (4, 3), (1, 4), 12),
        steps=tensor(whole, (), ()),
        kept=_Call(_Global("torch._utils", "_rebuild_parameter"), tensor(floats, (5,), (2,)), True, {}),
    )
    found = read_torch(written(tmp_path / "w.pth", content, storages, legacy=legacy))
    assert list(found) == ["b", "a", "steps", "kept"]
    np.testing.assert_array_equal(found["b"], np.arange(24).reshape(2, 3, 4))
    np.testing.assert_array_equal(found["a"], np.arange(12, 24).reshape(3, 4).T)
    np.testing.assert_array_equal(found["kept"], np.arange(0, 10, 2))
    assert found["steps"].dtype == np.int64
    assert found["steps"] == 3


def test_versions_beside_the_tensors_are_left_out(tmp_path, storages):
    content = collections.OrderedDict(a=tensor(storages[0], (3,), (1,)))
    content._metadata = {"": {"version": 1}}
    assert list(read_torch(written(tmp_path / "w.pth", content, storages, legacy=False))) == ["a"]


class _Touch:
    """Would make a file where it was unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("legacy", [True, False])
def test_what_would_run_is_refused_and_not_run(tmp_path, legacy):
    made = tmp_path / "made"
    path = written(tmp_path / "evil.pth", {"a": _Touch(made)}, [], legacy=legacy)
    with pytest.raises(
        InputError, match=r"evil\.pth': expected a file of named tensors.*'io\.open'.*Nothing in it was run"
    ):
        read_torch(path)
    assert not made.exists()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"\x80\x02cbuiltins\neval\nX\x01\x00\x00\x001\x85R.", "'builtins.eval'"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "'os.system'"),
        (b"\x80\x02ctorch\nload\n.", "'torch.load'"),
        (b"\x80\x02ccollections\nOrderedDict\n(K\x01tR.", "a call of collections.OrderedDict with other"),
        (b"\x80\x02(ios\nsystem\n.", "the instruction INST"),
        (b"\x80\x02}q\x00K\x01K\x02s}b.", "beside tensors|damaged"),
        (b"\x80\x02K\x01}b.", "int where a mapping belongs"),
        (b"\x80\x02K\x01K\x02a.", "items for what is no list"),
        (b"\x80\x02K\x01Q.", "a storage that is described otherwise"),
        (b"\x80\x02}]K\x01s.", "damaged"),
        (b"\x80\x02h\x05.", "damaged"),
        (b"\x80\x02R.", "instructions that do not go together"),
        (b"\x80\x02}", "damaged"),
        (b"\x80\x02K\x05.", "'5' beside tensors"),
        (b"\x80\x02}X\x01\x00\x00\x00aK\x05s.", "'a' beside tensors"),
    ],
)
def test_other_instructions_are_refused(tmp_path, program, message):
    path = tmp_path / "w.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w/data.pkl", program)
    with pytest.raises(InputError, match=message):
        read_torch(path)


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((30,), (1,), 0), ((2,), (1,), 23), ((2**40,), (0,), 0), ((2, 2), (20, 20), 0)],
)
def test_tensors_outside_their_numbers_are_refused(tmp_path, storages, legacy, shape, strides, offset):
    content = {"a": tensor(storages[0], shape, strides, offset)}
    with pytest.raises(InputError, match="'a' that lies outside its 24 numbers"):
        read_torch(written(tmp_path / "w.pth", content, storages[:1], legacy=legacy))


@pytest.mark.parametrize(("shape", "strides"), [((-2,), (1,)), ((2.0,), (1,)), ((2, 2), (1,))])
def test_shapes_that_are_none_are_refused(tmp_path, storages, shape, strides):
    content = {"a": tensor(storages[0], shape, strides)}
    with pytest.raises(InputError, match="a tensor whose shape is not of whole numbers"):
        read_torch(written(tmp_path / "w.pth", content, storages[:1], legacy=False))


def test_a_file_cut_short_anywhere_is_refused(tmp_path, storages):
    content = {"a": tensor(storages[0], (24,), (1,)), "b": tensor(storages[1], (), ())}
    for legacy in (True, False):
        whole = written(tmp_path / "whole.pth", content, storages, legacy=legacy).read_bytes()
        for end in range(0, len(whole), 7):
            (tmp_path / "cut.pth").write_bytes(whole[:end])
            with pytest.raises(InputError, match=r"cut\.pth': expected a file of named tensors"):
                read_torch(tmp_path / "cut.pth")


def test_sizes_are_checked_before_they_are_read(tmp_path, storages):
    huge = _Storage(np.zeros(2, "float32"), "7", "FloatStorage", size=2**50)
    content = {"a": tensor(huge, (2,), (1,))}
    for legacy, message in (
        (True, "storage '7' of 2 numbers"),
        (False, "is not 4,503,599,627,370,496 bytes"),
    ):
        with pytest.raises(InputError, match=message):
            read_torch(written(tmp_path / "w.pth", content, [huge], legacy=legacy))


def test_zips_of_other_things_packed_numbers_and_long_programs_are_refused(tmp_path, storages, monkeypatch):
    path = tmp_path / "w.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match=r"a zip without one data\.pkl"):
        read_torch(path)
    written(path, {"a": tensor(storages[0], (24,), (1,))}, [], legacy=False)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights/data/7", storages[0].array.tobytes())
    with pytest.raises(InputError, match="bytes as they are"):
        read_torch(path)
    monkeypatch.setattr(_torch_weights, "LARGEST_PROGRAM", 10)
    with pytest.raises(InputError, match="instructions of more than 10 bytes"):
        read_torch(path)


def test_numbers_from_the_other_kind_of_machine_are_refused(tmp_path, storages):
    content = {"a": tensor(storages[0], (24,), (1,))}
    path = written(tmp_path / "w.pth", content, storages, legacy=True, little_endian=False)
    with pytest.raises(InputError, match="numbers with the highest byte first"):
        read_torch(path)


def test_text_is_no_file_of_tensors(tmp_path):
    (tmp_path / "w.pth").write_text("<html>404</html>")
    with pytest.raises(InputError, match="Download it again"):
        read_torch(tmp_path / "w.pth")
    with pytest.raises(FileNotFoundError):
        read_torch(tmp_path / "none.pth")
