"""Split a table into training, validation and test parts that share no row, and seal the test part."""

import base64
import binascii
import dataclasses
import functools
import warnings
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import InputError, check_frame, complaint
from dltoolkit.data._content import check_fingerprint, fingerprint
from dltoolkit.data._near_split import Alike, alike, comparable, joined, together, torn
from dltoolkit.data._partition import PARTS, REMOVED, TEST, TRAIN, VALIDATION, far_before
from dltoolkit.data._parts import balance, check_parts, compare_held_out
from dltoolkit.data._rows import DRAWN, Rows, check_arguments, gap_number, time_numbers
from dltoolkit.data._schema import Schema
from dltoolkit.problem import Problem

_OUTSIDE = -1  # the fold number of a row in no fold


@dataclasses.dataclass
class _Seal:
    """How often the test part was opened."""

    openings: int = 0


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Splits:
    """The parts of a table, disjoint by content. Made by `split`; the test part counts how often it is opened.

    Attributes:
        problem: What is to be predicted.
        method: How it was split: ``"random"``, ``"stratified"``, ``"grouped"``, ``"time"`` or ``"latest"``.
        settings: The arguments of `split`, JSON-able.
        notes: What was noticed on the way, one sentence each.
    """

    problem: Problem
    method: str
    settings: dict[str, Any]
    notes: tuple[str, ...]
    _frame: pd.DataFrame
    _parts: np.ndarray
    _folds: np.ndarray | None
    _held_out: pd.DataFrame | None
    _seal: _Seal

    @functools.cached_property
    def train(self) -> pd.DataFrame:
        """The rows to learn from, in the table's order and with its index labels."""
        return self._frame[self._parts == TRAIN]

    @functools.cached_property
    def validation(self) -> pd.DataFrame:
        """The rows to choose by: early stopping, tuning, thresholds."""
        return self._frame[self._parts == VALIDATION]

    @property
    def test(self) -> pd.DataFrame:
        """The sealed part, for the last look only: every access adds 1 to `test_openings`."""
        self._seal.openings += 1
        return self._sealed()

    @property
    def test_openings(self) -> int:
        """How often `test` was read, kept through `to_json`."""
        return self._seal.openings

    @functools.cached_property
    def folds(self) -> tuple[tuple[pd.DataFrame, pd.DataFrame], ...]:
        """K pairs (train, validation) over the rows outside the test part; empty without ``n_folds``.

        By time, the k-th pair trains on all blocks of rows before the one it validates on, less the ``gap``.
        """
        if self._folds is None:
            return ()
        codes, forward = self._folds, self.method == "time"
        times, gap = self._gap() if forward else (None, None)
        pairs = []
        for number in range(1 if forward else 0, int(codes.max()) + 1):
            learn = (codes != _OUTSIDE) & ((codes < number) if forward else (codes != number))
            if times is not None and gap is not None:
                learn &= far_before(times, codes == number, gap)
            pairs.append((self._frame[learn], self._frame[codes == number]))
        return tuple(pairs)

    @property
    def assignment(self) -> pd.Series:
        """The part of each row of the table: ``"train"``, ``"validation"``, ``"test"``, or ``"removed"``.

        Rows are removed when a held-out test part has the same content or the same group, and by a ``gap``.
        """
        return pd.Series(
            np.array(PARTS, dtype=object)[self._parts], self._frame.index, dtype="str", name="part"
        )

    @property
    def sizes(self) -> dict[str, int]:
        """Rows a part; opens nothing."""
        counts = np.bincount(self._parts, minlength=len(PARTS))
        n_test = int(counts[TEST]) if self._held_out is None else len(self._held_out)
        return {"train": int(counts[TRAIN]), "validation": int(counts[VALIDATION]), "test": n_test}

    def frame(self) -> pd.DataFrame:
        """One row a part: ``part``, ``rows``, ``share``, and the balance of the target; no opening is counted.

        Returns:
            pandas.DataFrame: For classes the share of each, ``share_<class>``; for several labels the share of
            rows that have each; for regression ``mean`` and ``std`` of the target.
        """
        total = sum(self.sizes.values())
        tables = {"train": self.train, "validation": self.validation, "test": self._sealed()}
        return pd.DataFrame(
            [
                {"part": part, "rows": len(t), "share": len(t) / total, **balance(t, self.problem)}
                for part, t in tables.items()
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Everything but the rows, as plain JSON values, with fingerprints of the tables; `from_json` reads it."""
        return {
            "problem": self.problem.to_json(),
            "method": self.method,
            "settings": self.settings,
            "notes": list(self.notes),
            "sizes": self.sizes,
            "test_openings": self.test_openings,
            "table": _identity(self._frame),
            "held_out": None if self._held_out is None else _identity(self._held_out),
            "parts": _pack(self._parts),
            "folds": None if self._folds is None else _pack(self._folds),
        }

    @classmethod
    def from_json(
        cls, frame: pd.DataFrame, content: Mapping[str, Any], *, test: pd.DataFrame | None = None
    ) -> "Splits":
        """Put the parts together again from the table and what `to_json` wrote.

        Args:
            frame: The table that was split: same rows in the same order; index labels do not count.
            content: What `to_json` gave.
            test: The held-out part, where one was handed to `split`. Defaults to None.

        Returns:
            Splits: The same parts, with the openings counted so far.

        Raises:
            InputError: If the table is not the one that was split (the message names the columns that changed), or
                if `content` is damaged.
        """
        check_frame(frame)
        try:
            known, held_out = dict(content["table"]), content["held_out"]
            problem, settings = Problem.from_json(content["problem"]), dict(content["settings"])
            parts = _unpack(content["parts"], known["n_rows"])
            folds = None if content["folds"] is None else _unpack(content["folds"], known["n_rows"])
            kept = (problem, str(content["method"]), settings, tuple(content["notes"]))
            seal = _Seal(int(content["test_openings"]))
        except (KeyError, TypeError, ValueError, zlib.error, binascii.Error) as error:
            raise InputError(
                complaint("splits", "what to_json wrote", f"damaged content ({error})", "Split anew.")
            ) from error
        check_fingerprint(frame, known, "frame")
        if (test is None) != (held_out is None):
            got = "none" if test is None else "one"
            raise InputError(complaint("test", f"{'a' if held_out else 'no'} held-out table", got))
        if test is not None:
            check_fingerprint(test, held_out, "test")
        return cls(*kept, frame, parts, folds, test, seal)

    def _gap(self) -> tuple[np.ndarray, float | None]:
        """The times of the rows, and the gap in their unit."""
        column = self._frame[self.settings["time"]]
        return time_numbers(column), gap_number(column, self.settings.get("gap"))

    def _sealed(self) -> pd.DataFrame:
        return self._frame[self._parts == TEST] if self._held_out is None else self._held_out

    def __repr__(self) -> str:
        rows = ", ".join(f"{n:,} {part}" for part, n in self.sizes.items())
        return (
            f"Splits({self.method}: {rows} rows; test opened {self.test_openings} times). "
            "Next: preprocessing.fit(splits.train, schema)"
        )


def split(
    frame: pd.DataFrame,
    problem: Problem,
    *,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    method: str = "auto",
    groups: str | None = None,
    time: str | None = None,
    gap: Any = None,
    n_last: int | None = None,
    n_folds: int | None = None,
    test: pd.DataFrame | None = None,
    schema: Schema | None = None,
    near: bool = True,
    seed: int = 0,
) -> Splits:
    """Split a table into train, validation and test; the same features never stand in two of them.

    ``"stratified"`` and ``"random"`` draw the test part exactly as scikit-learn's ``train_test_split`` does with
    ``test_size=test_size, stratify=problem.encode(frame), random_state=seed``, and the validation part from the rest
    in the same way; rows that repeat the features of an earlier row then follow that row, and so do rows with nearly
    the same picture or text (see `near_duplicates`; files count by what they hold). ``"grouped"`` keeps each group
    whole, and sizes and class shares as near as whole groups allow. ``"time"`` puts the latest rows into the test part
    and the latest of the rest into validation; equal times stay together. ``"latest"`` does so for each group by
    itself, such as the ratings of each user.

    Args:
        frame: The table, shape ``(n_rows, n_columns)``, with a label in every row.
        problem: What is to be predicted. Every other column is a feature here.
        test_size: Share of all rows, in (0, 1). Defaults to 0.2. Not used with `test`.
        validation_size: Share of the rows outside the test part, in (0, 1). Defaults to 0.2.
        method: ``"auto"``, ``"random"``, ``"stratified"``, ``"grouped"``, ``"time"`` or ``"latest"``. Defaults to
            ``"auto"``: by `groups` or `time` where one is named, stratified for classes, random for a number; for several
            labels stratified by their combinations where each is frequent enough, random otherwise.
        groups: The column whose values must not be torn apart, such as a customer or a speaker; for ``"latest"`` the
            one whose values each have latest rows. Defaults to None.
        time: The column that says when: dates, ISO 8601 text or numbers. Defaults to None.
        gap: By time, rows nearer than this before a later part are left out of the earlier one, so that the horizon
            of a forecast does not reach into it: a duration (``"7D"``), or a number where times are numbers.
            Defaults to None; for `windows` with a horizon of several steps to that horizon.
        n_last: By ``"latest"``, the number of rows a group for the test part, and as many before them for
            validation, instead of the sizes: 1 leaves the last one out. Defaults to None.
        n_folds: Also cut the rows outside the test part into this many folds, at least 2. Defaults to None.
        test: A test part that was held out already, with the same columns; rows of `frame` that repeat its content
            or share its groups are removed with a warning. Defaults to None.
        schema: The roles of the columns, which tell pictures and texts. Defaults to None: told from the values.
        near: Whether near-duplicate pictures and texts are kept together. Defaults to True; a table without such
            columns is not concerned.
        seed: Of every draw, from 0 to 2**32 - 1. Defaults to 0.

    Returns:
        Splits: `train`, `validation`, the sealed `test`, `folds`, and `frame()` to look at them.

    Raises:
        InputError: If a size is out of range, the rows, classes, groups or times are too few for the parts, a
            label, group or time is missing, or a class would be absent from a part.

    References:
        Kapoor and Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science,
        Patterns 4(9): duplicates, groups and time across the split.

    Example:
        >>> frame = pd.DataFrame({"x": range(50), "y": ["no", "yes"] * 25})
        >>> split(frame, Problem.infer(frame, "y"), seed=1).sizes
        {'train': 32, 'validation': 8, 'test': 10}
    """
    gap = _horizon(frame, time) if gap is None else gap
    settings = {
        "test_size": None if test is not None else test_size,
        "validation_size": validation_size,
        "method": method,
        "groups": groups,
        "time": time,
        "gap": gap if gap is None or isinstance(gap, (int, float, str)) else str(gap),
        "n_last": n_last,
        "near": near,
        "n_folds": n_folds,
        "seed": seed,
    }
    check_arguments(frame, problem, settings)
    columns = comparable(frame, problem.targets, schema) if near else {}
    removed, notes = np.zeros(len(frame), dtype=bool), list[str]()
    if test is not None:
        test, removed, notes = compare_held_out(frame, test, problem, {**settings, "columns": columns})
    frame = frame.copy(deep=False)  # copy on write: what the caller does to the table later stays out
    kept = np.flatnonzero(~removed)
    rows = Rows.of(frame, problem, settings).take(kept)
    told = list(rows.notes)
    alikes = alike(frame.iloc[kept], columns)
    if rows.method in DRAWN and alikes.n_rows:
        rows = dataclasses.replace(rows, first=joined(rows.first, alikes.first))
        told.append(together(alikes, columns))
    parts, folds = _divide(frame, problem, settings, (rows, kept))
    told += [*alikes.notes, *_side_notes(rows, alikes, parts[kept])]
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    return Splits(problem, rows.method, settings, (*notes, *told), frame, parts, folds, test, _Seal())


def _horizon(frame: pd.DataFrame, time: str | None) -> str | float | None:
    """How far the targets of `windows` reach beyond their row, where that is more than one step."""
    told = getattr(frame, "attrs", {})  # whether it is a frame is checked later
    until = told.get("until")
    if time is None or told.get("horizon", 1) == 1 or not {time, until} <= set(frame.columns):
        return None
    reach = (frame[until] - frame[time]).min()
    return str(reach) if isinstance(reach, pd.Timedelta) else float(reach)


def _side_notes(rows: Rows, alikes: Alike, parts: np.ndarray) -> list[str]:
    """What the method did beside its rule: rows of a gap, and near-duplicates that it put asunder."""
    gone = int((parts == REMOVED).sum())
    found = [f"{gone:,} rows nearer than the gap before a later part are in no part."] if gone else []
    apart = torn(alikes, parts, rows.method) if rows.method not in DRAWN else None
    return found + ([apart] if apart else [])


def _divide(
    frame: pd.DataFrame, problem: Problem, settings: Mapping[str, Any], within: tuple[Rows, np.ndarray]
) -> tuple[np.ndarray, np.ndarray | None]:
    """The part and the fold of each row, drawn within some rows at their positions."""
    rows, kept = within
    parts = np.full(len(frame), REMOVED, dtype=np.int8)
    gap = gap_number(frame[settings["time"]], settings["gap"]) if settings["gap"] is not None else None
    parts[kept] = rows.parts(settings, gap)
    names = PARTS[: TEST + 1] if settings["test_size"] is not None else PARTS[:TEST]
    check_parts(np.where(parts == REMOVED, -1, parts), frame, problem, names)
    if settings["n_folds"] is None:
        return parts, None
    inside = np.flatnonzero(np.isin(parts[kept], (TRAIN, VALIDATION)))
    folds = np.full(len(frame), _OUTSIDE, dtype=np.int64)
    folds[kept[inside]] = rows.take(inside).folds(settings["n_folds"], settings["seed"])
    check_parts(folds, frame, problem, [f"fold {i}" for i in range(int(folds.max()) + 1)])
    return parts, folds


def _identity(frame: pd.DataFrame) -> dict[str, Any]:
    """How a table is known again."""
    return {"n_rows": len(frame), "columns": fingerprint(frame)}


def _pack(codes: np.ndarray) -> dict[str, str]:
    """Small numbers as compressed text: 336,776 rows take about 90 kB."""
    return {
        "dtype": str(codes.dtype),
        "zlib_base64": base64.b64encode(zlib.compress(codes.tobytes())).decode(),
    }


def _unpack(content: Mapping[str, str], n_rows: int) -> np.ndarray:
    """What `_pack` wrote; never more than `n_rows` numbers, whatever the text claims."""
    if content["dtype"] not in ("int8", "int64"):
        raise ValueError(f"parts of type {content['dtype']}")
    size = n_rows * np.dtype(content["dtype"]).itemsize
    reader = zlib.decompressobj()
    raw = reader.decompress(base64.b64decode(content["zlib_base64"], validate=True), size + 1)
    if len(raw) != size or not reader.eof:
        raise ValueError(f"{len(raw):,} bytes where {size:,} were written")
    return np.frombuffer(raw, dtype=content["dtype"])
