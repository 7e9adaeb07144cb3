"""Pairs of user and item that nobody has seen, drawn beside the ones that were: what a model of choices learns from."""

import dataclasses
import warnings

import numpy as np
import pandas as pd

from dltoolkit._checks import (
    InputError,
    check_choice,
    check_columns,
    check_frame,
    check_number,
    complaint,
    listed,
    stop,
)
from dltoolkit.data._media import ROLES_TOLD

_ROUNDS = 30  # of drawing anew what was seen already; who is left then has seen nearly everything, and is enumerated
_SLOT = "\0slot"  # which of the rows of one pair: 0 is the pair itself


def negatives(
    frame: pd.DataFrame,
    *,
    user: str,
    item: str,
    n: int = 1,
    by: str = "uniform",
    seen: pd.DataFrame | None = None,
    label: str = "label",
    seed: int = 0,
) -> pd.DataFrame:
    """Put beside each pair of user and item `n` items that the user has not seen.

    Items are drawn from all that stand in `frame` or `seen`; the ones drawn for one row are different. A column that is
    the same in all rows of each item (a title), or of each user (an age), is taken from that item's or user's first
    row; a time is that of the row that the item was drawn for. All other columns, such as a rating, say nothing of a
    pair that does not exist, and are left out. A user with fewer than `n` unseen items gets those.

    Args:
        frame: The pairs that exist, one a row.
        user: The column that says who.
        item: The column that says what.
        n: Unseen items for each row. Defaults to 1.
        by: Draw items evenly (``"uniform"``) or as often as they occur (``"popularity"``). Defaults to ``"uniform"``.
        seen: More pairs that exist and must not be drawn, such as those of the training part. Defaults to None.
        label: The name of the new column. Defaults to ``"label"``.
        seed: The seed of the draws. Defaults to 0.

    Returns:
        pandas.DataFrame: Up to ``(1 + n) * n_rows`` rows, each row of `frame` followed by the ones drawn for it; the columns
            of `frame` that could be filled, and `label`: int64, 1 for a pair that exists and 0 for one drawn.
            ``attrs["notes"]`` names the columns left out, and what should be looked at.

    Raises:
        InputError: If a column is missing, an id is missing, or `label` is a column already; if the ids of `seen` are of
            another type; if no user has an unseen item.

    Example:
        >>> pairs = pd.DataFrame({"who": ["a", "a", "b"], "film": ["x", "y", "x"]})
        >>> negatives(pairs.iloc[2:], user="who", item="film", seen=pairs)["film"].tolist()
        ['x', 'y']
    """
    check_number(n, "n", low=1, whole=True)
    check_number(seed, "seed", low=0, whole=True)
    check_choice(by, ["uniform", "popularity"], "by")
    pairs = _Pairs.of(_checked(frame, "frame", (user, item)), seen, (user, item))
    if label in frame.columns:
        stop([complaint("label", "the name of a new column", repr(label), "Choose another one.")])
    drawn = _draw(pairs, int(n), (by, np.random.default_rng(seed)))
    if not (drawn >= 0).any():
        cure = "Give pairs of more items, or fewer pairs."
        raise InputError(complaint("frame", "a user with an item left that is unseen", "none", cure))
    short = np.unique(pairs.users[: len(frame)][(drawn < 0).any(axis=1)])
    warned = []
    if len(short):
        names = listed(pairs.user_names[short])
        warned.append(f"{len(short):,} users have fewer than {n} unseen items, and get those: {names}")
    for said in warned:
        warnings.warn(said, UserWarning, stacklevel=2)
    result, left_out = _table(frame, pairs, drawn)
    result[label] = np.r_[1, np.zeros(n, np.int64)][result.pop(_SLOT)]
    notes = [f"columns left out, since they belong to one pair: {listed(left_out)}"] if left_out else []
    told = {c: r for c, r in frame.attrs.get(ROLES_TOLD, {}).items() if c in result}
    result.attrs = {"notes": (*notes, *warned), ROLES_TOLD: told | {user: "user", item: "item"}}
    return result


@dataclasses.dataclass(frozen=True)
class _Pairs:
    """All pairs that exist, by number; those of `frame` come first."""

    table: pd.DataFrame
    keys: tuple[str, str]
    users: np.ndarray
    items: np.ndarray
    user_names: pd.Index
    item_names: pd.Index
    known: np.ndarray  # user * n_items + item, sorted, each once
    n_rows: int
    told: dict[str, int]  # how many rows have each column: `seen` may lack some

    @classmethod
    def of(cls, frame: pd.DataFrame, seen: pd.DataFrame | None, keys: tuple[str, str]) -> "_Pairs":
        table = frame
        if seen is not None:
            _checked(seen, "seen", keys)
            stop(
                [
                    complaint(
                        f"seen, column {k!r}",
                        f"ids of type {frame[k].dtype}",
                        str(seen[k].dtype),
                        "Read both alike.",
                    )
                    for k in keys
                    if _type(frame[k]) != _type(seen[k])
                ]
            )
            table = pd.concat(
                [frame, seen[[c for c in seen.columns if c in frame.columns]]], ignore_index=True
            )
        users, user_names = pd.factorize(table[keys[0]])
        items, item_names = pd.factorize(table[keys[1]])
        known = np.unique(users.astype(np.int64) * len(item_names) + items)
        told = {c: len(frame) if seen is not None and c not in seen else len(table) for c in frame.columns}
        return cls(table, keys, users, items, user_names, item_names, known, len(frame), told)

    def exist(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        keys = users.astype(np.int64) * len(self.item_names) + items
        place = np.minimum(np.searchsorted(self.known, keys), len(self.known) - 1)
        return self.known[place] == keys

    def unseen(self, user: int) -> np.ndarray:
        """The items that a user has not seen."""
        begin, end = np.searchsorted(
            self.known, [user * len(self.item_names), (user + 1) * len(self.item_names)]
        )
        return np.setdiff1d(np.arange(len(self.item_names)), self.known[begin:end] % len(self.item_names))


def _type(column: pd.Series) -> str:
    return (
        "text" if column.dtype == object or pd.api.types.is_string_dtype(column.dtype) else column.dtype.kind
    )


def _checked(frame: pd.DataFrame, argument: str, keys: tuple[str, str]) -> pd.DataFrame:
    check_frame(frame, argument)
    check_columns(frame, keys, argument=argument)
    if keys[0] == keys[1]:
        stop([complaint("item", "another column than user", repr(keys[1]))])
    complaints = []
    for name in keys:
        empty = frame.index[frame[name].isna()]
        if len(empty):
            where = f"{argument}, column {name!r}, rows {listed(empty)}"
            complaints.append(complaint(where, "an id", "none", "Drop the rows."))
    stop(complaints)
    return frame


def _draw(pairs: _Pairs, n: int, rule: tuple[str, np.random.Generator]) -> np.ndarray:
    """Items by number for each pair of the frame, shape ``(n_rows, n)``; -1 where there is none left."""
    by, rng = rule
    n_items = len(pairs.item_names)
    weights = np.bincount(pairs.items, minlength=n_items) if by == "popularity" else np.ones(n_items)
    edges = np.cumsum(weights) / weights.sum()
    users = pairs.users[: pairs.n_rows]
    drawn = np.full((pairs.n_rows, n), -1, np.int64)
    n_seen = np.bincount(pairs.known // n_items, minlength=len(pairs.user_names))
    plenty = n_items - n_seen[users] >= n
    bad = np.repeat(plenty[:, None], n, axis=1)
    for _ in range(_ROUNDS):
        rows, columns = np.nonzero(bad)
        if not len(rows):
            break
        drawn[rows, columns] = np.minimum(
            np.searchsorted(edges, rng.random(len(rows)), side="right"), n_items - 1
        )
        bad[rows, columns] = pairs.exist(users[rows], drawn[rows, columns])
        some = np.unique(rows)
        bad[some] |= _repeats(drawn[some])
    for row in np.flatnonzero(bad.any(axis=1) | ~plenty):
        left = pairs.unseen(int(users[row]))
        chance = weights[left] / weights[left].sum() if len(left) else None
        count = min(n, len(left))
        drawn[row] = -1
        drawn[row, :count] = rng.choice(left, count, replace=False, p=chance) if count else []
    return drawn


def _repeats(drawn: np.ndarray) -> np.ndarray:
    """Where a row holds what stands further left in it."""
    order = np.argsort(drawn, axis=1, kind="stable")
    ranked = np.take_along_axis(drawn, order, axis=1)
    same = np.zeros(drawn.shape, bool)
    same[:, 1:] = ranked[:, 1:] == ranked[:, :-1]
    result = np.zeros(drawn.shape, bool)
    np.put_along_axis(result, order, same, axis=1)
    return result


def _table(frame: pd.DataFrame, pairs: _Pairs, drawn: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """The pairs and the ones drawn for them, and the columns that could not be filled."""
    n_rows, n = drawn.shape
    items = np.c_[pairs.items[:n_rows], drawn].ravel()
    there = items >= 0
    items, rows = items[there], np.repeat(np.arange(n_rows), n + 1)[there]
    slot = np.tile(np.arange(n + 1), n_rows)[there]
    first_item = _first_rows(pairs.items, len(pairs.item_names))
    first_user = _first_rows(pairs.users, len(pairs.user_names))
    columns, left_out = {}, []
    for name in frame.columns:
        column = pairs.table[name]
        known = slice(pairs.told[name])
        if name == pairs.keys[0]:
            source = first_user[pairs.users[rows]]
        elif name == pairs.keys[1] or _belongs(column[known], pairs.items[known], first_item):
            source = first_item[items]
        elif _belongs(column[known], pairs.users[known], first_user):
            source = first_user[pairs.users[rows]]
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            source = rows
        else:
            left_out.append(name)
            continue
        columns[name] = column.iloc[source].reset_index(drop=True)
    return pd.DataFrame({**columns, _SLOT: slot}), left_out


def _first_rows(codes: np.ndarray, count: int) -> np.ndarray:
    """The first row of each number."""
    first = np.zeros(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


def _belongs(column: pd.Series, codes: np.ndarray, first: np.ndarray) -> bool:
    """Whether a column is the same in all rows of each user (or item), and some of them have more than one row."""
    if len(np.unique(codes)) == len(codes):
        return False
    try:
        values, _ = pd.factorize(column)
    except TypeError:  # arrays: the same one in every row of an item, if they belong to it
        values, _ = pd.factorize(column.map(id))
    return bool((values == values[first[codes]]).all())
