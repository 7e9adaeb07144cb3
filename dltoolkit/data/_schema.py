"""Which part each column of a table plays: feature of one kind, target, id, or none."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dltoolkit._checks import (
    InputError,
    check_choice,
    check_frame,
    check_targets,
    closest,
    complaint,
    stop,
)
from dltoolkit.data._media import rating_roles, told_roles
from dltoolkit.data._roles import role_of, trouble

TABLE_ROLES = ("numeric", "categorical", "boolean", "datetime")
MEDIA_ROLES = ("text", "image", "audio", "sequence")
ID_ROLES = ("user", "item", "series")  # who, what, which series: ids that a network learns a vector for
FEATURE_ROLES = (*TABLE_ROLES, *MEDIA_ROLES, *ID_ROLES, "time")
ROLES = (*FEATURE_ROLES, "id", "ignore", "target")


@dataclasses.dataclass(frozen=True, repr=False)
class Schema:
    """The role of every column of a table, each with its reason.

    Attributes:
        roles: Column name to role, in the order of the table's columns. Features of a table: ``"numeric"``,
            ``"categorical"``, ``"boolean"``, ``"datetime"``. Media: ``"text"``; ``"image"`` and ``"audio"`` (arrays or
            file paths); ``"sequence"`` (arrays of shape ``(steps,)`` or ``(steps, channels)``, ragged ones too). Ratings
            and series: ``"user"``, ``"item"``, ``"series"`` (which one) and ``"time"`` (its time stamp). No features:
            ``"id"``, ``"ignore"`` and ``"target"``.
        target: The target column, a tuple of columns for a multi-label problem, or None.
        why: Column name to one sentence that says why it has that role.

    Example:
        >>> frame = pd.DataFrame({"id": [7, 8, 9], "weight": [1.5, 2.5, 2.0], "sold": ["yes", "no", "no"]})
        >>> Schema.infer(frame, "sold").roles
        {'id': 'id', 'weight': 'numeric', 'sold': 'target'}
    """

    roles: dict[str, str]
    target: str | tuple[str, ...] | None
    why: dict[str, str]

    @classmethod
    def infer(cls, frame: pd.DataFrame, target: str | Sequence[str] | None = None) -> "Schema":
        """Tell the role of each column from its values and its name.

        No value, or one value in every row, is to be ignored. Booleans, 0 and 1, and yes and no (or true and false)
        as words are boolean. Whole numbers are an id when they hardly repeat and are named so, or count the rows;
        named as codes (zip, code, type) they are categorical; all other numbers are numeric, ratings from 1 to 5
        included. Text is an id when at least 95 % of its values are distinct, text when it has five words a value or
        more, and categorical otherwise. Paths that all end as pictures or sounds do, and arrays, are media: arrays of
        uint8 with two or three axes (and any with three) are images, others sequences, or what their name says (sound,
        photo). A column that names a user and one that names an item, with a rating to predict, are just that. What a
        reader such as `read_ratings` knows about its columns counts before all these rules. The thresholds are the
        constants of ``dltoolkit.data._roles``.

        Args:
            frame: The table, shape ``(n_rows, n_columns)``, at least one row.
            target: The column to predict, or several for a multi-label problem. Defaults to None: no target.

        Returns:
            Schema: A role and a reason for every column.

        Raises:
            InputError: If `target` is no column (the message names close ones), or if a column mixes types, or holds
                lists, durations, complex numbers or bytes; the message names its first such row and value.
        """
        check_frame(frame)
        targets = () if target is None else check_targets(target, frame)
        others = [name for name in frame.columns if name not in targets]
        stop([c for name in others if (c := trouble(frame[name]))])
        found = {name: role_of(frame[name]) for name in others}
        found |= rating_roles(frame[others], targets)
        found |= {name: known for name, known in told_roles(frame).items() if name in others}
        found |= dict.fromkeys(targets, ("target", "what is to be predicted"))
        return cls(
            roles={name: found[name][0] for name in frame.columns},
            target=target if target is None or isinstance(target, str) else targets,
            why={name: found[name][1] for name in frame.columns},
        )

    @property
    def features(self) -> list[str]:
        """The columns that a model may look at, in the order of the table."""
        return [name for name, role in self.roles.items() if role in FEATURE_ROLES]

    def columns(self, role: str) -> list[str]:
        """The columns with one role, in the order of the table.

        Args:
            role: One of the roles.

        Returns:
            list: Column names; empty when none has it.

        Raises:
            InputError: If there is no such role.
        """
        check_choice(role, ROLES, "role")
        return [name for name, its in self.roles.items() if its == role]

    def with_roles(self, roles: Mapping[str, str] | None = None, /, **more: str) -> "Schema":
        """A copy in which some columns have another role.

        Args:
            roles: Column name to role.
            **more: The same, for names that Python can spell.

        Returns:
            Schema: The copy; the columns' reasons say that you chose.

        Raises:
            InputError: If a column or a role does not exist, or if a role is ``"target"``: infer anew for that.

        Example:
            >>> schema = Schema.infer(pd.DataFrame({"stars": [1, 5, 3], "sold": [True, False, True]}), "sold")
            >>> schema.with_roles(stars="categorical").columns("categorical")
            ['stars']
        """
        changes = {**(roles or {}), **more}
        unknown = [name for name in changes if name not in self.roles]
        stop(
            [
                complaint(f"column {n!r}", "a column of the schema", "no such column", closest(n, self.roles))
                for n in unknown
            ]
        )
        for name, role in changes.items():
            check_choice(role, ROLES, f"role of column {name!r}")
        moved = [
            name for name, role in changes.items() if (role == "target") != (self.roles[name] == "target")
        ]
        stop(
            [
                complaint(
                    f"column {n!r}",
                    "the target to stay",
                    "a change of it",
                    "Use Schema.infer(frame, target).",
                )
                for n in moved
            ]
        )
        return dataclasses.replace(
            self,
            roles={**self.roles, **changes},
            why={**self.why, **dict.fromkeys(changes, "you chose it")},
        )

    def frame(self) -> pd.DataFrame:
        """One row a column of the table: ``column``, ``role``, ``why``."""
        return pd.DataFrame(
            {
                "column": list(self.roles),
                "role": list(self.roles.values()),
                "why": [self.why[c] for c in self.roles],
            }
        )

    def to_json(self) -> dict[str, Any]:
        """The schema as plain JSON values; `from_json` reads it back."""
        target = list(self.target) if isinstance(self.target, tuple) else self.target
        return {"roles": dict(self.roles), "target": target, "why": dict(self.why)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Schema":
        """Read what `to_json` wrote.

        Raises:
            InputError: If a part is missing or a role is unknown.
        """
        try:
            roles, target, why = dict(content["roles"]), content["target"], dict(content["why"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                complaint("schema", "roles, target and why", f"{content!r:.80}", "Infer it anew.")
            ) from error
        for name, role in roles.items():
            check_choice(role, ROLES, f"role of column {name!r}")
        return cls(roles=roles, target=tuple(target) if isinstance(target, list) else target, why=why)

    def __repr__(self) -> str:
        counts = pd.Series(list(self.roles.values()), dtype="str").value_counts()
        kinds = ", ".join(f"{counts[role]} {role}" for role in ROLES if role in counts)
        return f"Schema({kinds}). Next: data.audit(frame, {self.target!r})"
