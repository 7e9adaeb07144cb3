"""The checks of the target and of the table as a whole."""

import numpy as np
import pandas as pd

from dltoolkit._checks import listed
from dltoolkit._text import as_text
from dltoolkit.data._content import first_occurrence, row_hashes
from dltoolkit.data._findings import EXAMPLES, AuditFinding, Table, blank, told
from dltoolkit.data._media import name_words
from dltoolkit.data._roles import _named_id

# Google's machine learning course (developers.google.com/machine-learning, "Imbalanced data") calls a minority of
# less than 20 % of two classes moderate and of less than 1 % extreme; as rarest over most frequent class that is:
IMBALANCED, EXTREME = 0.25, 0.01
MIN_CLASS_ROWS = 3  # one example each for training, validation and test
MIN_GROUP_ROWS = 2.0  # mean rows an id: from here on rows of one thing may fall on both sides of a split


def target_findings(table: Table) -> list[AuditFinding]:
    """What is wrong with the labels themselves: missing ones, rare classes, imbalance, contradictions."""
    found = [_missing_target(table, name) for name in table.targets]
    if table.problem is not None and table.problem.kind != "regression":
        for name in table.targets:
            found += [_rare_class(table, name), _imbalance(table, name)]
        found.append(_conflicting_labels(table))
    return [finding for finding in found if finding is not None]


def table_findings(table: Table) -> list[AuditFinding]:
    """What concerns the table as a whole: what `read` noted, repeated rows, groups, time."""
    found = [_file(table, str(note)) for note in table.frame.attrs.get("notes", ())]
    others = [_duplicates(table), _groups(table), _time_order(table)]
    return found + [finding for finding in others if finding is not None]


def _file(table: Table, note: str) -> AuditFinding:
    column = next((c for c in table.frame.columns if note.startswith(f"column {c!r}")), None)
    return AuditFinding("file", column, 0, 0.0, (), note, "warn")


def _missing_target(table: Table, name: str) -> AuditFinding | None:
    mask = blank(table.frame[name])
    if not mask.any():
        return None
    advice = f"{told(mask.sum(), 'row')} without a label: find it, or drop them with data.clean(missing_target='drop')."
    return table.finding("missing_target", name, mask, advice, severity="stop")


def _class_counts(table: Table, name: str) -> pd.Series:
    """Examples a class, the rarest last; for one of several labels, of having it and of not having it."""
    return as_text(table.frame[name][table.labelled]).value_counts()


def _rare_class(table: Table, name: str) -> AuditFinding | None:
    counts = _class_counts(table, name)
    rare = counts[counts < MIN_CLASS_ROWS]
    if not len(rare):
        return None
    mask = as_text(table.frame[name]).isin(rare.index).to_numpy()
    advice = f"Class {listed(rare.index)} has fewer than {MIN_CLASS_ROWS} examples, too few for training, validation"
    advice += " and test. Collect more, merge it into another class, or drop its rows."
    return table.finding("rare_class", name, mask, advice, severity="stop")


def _imbalance(table: Table, name: str) -> AuditFinding | None:
    counts = _class_counts(table, name)
    ratio = counts.iloc[-1] / counts.iloc[0]
    if len(counts) < 2 or ratio >= IMBALANCED:
        return None
    mask = (as_text(table.frame[name]) == counts.index[-1]).to_numpy(bool, na_value=False)
    share = counts.iloc[-1] / counts.sum()
    advice = f"{'EXTREME: class' if ratio < EXTREME else 'Class'} {counts.index[-1]!r} makes {share:.2%} of the labels,"
    advice += (
        f" {counts.index[0]!r} {counts.iloc[0] / counts.sum():.1%}. Accuracy says little: look at PR-AUC and"
    )
    advice += " balanced accuracy, stratify, and try class_weight='balanced'."
    examples = [{"value": str(c), "count": int(n)} for c, n in counts.items()]
    return table.finding("imbalance", name, mask, advice, severity="warn", examples=examples)


def _conflicting_labels(table: Table) -> AuditFinding | None:
    """Rows with the same features and different labels: no model can be right about all of them."""
    features = [c for c in table.frame.columns if c not in table.targets]
    if not features:
        return None
    rows = np.flatnonzero(table.labelled)
    first = first_occurrence(row_hashes(table.frame.iloc[rows], features))
    labels = first_occurrence(row_hashes(table.frame.iloc[rows], list(table.targets)))
    torn = np.unique(first[labels != labels[first]])
    mask = np.zeros(len(table.frame), dtype=bool)
    mask[rows[np.isin(first, torn)]] = True
    if not len(torn):
        return None
    examples = [_pair(table, rows[np.flatnonzero(first == f)]) for f in torn[:EXAMPLES]]
    advice = f"{told(mask.sum(), 'row')} with all features of a row of another label: a wrong label, or a feature that is"
    advice += " missing here. No model can be right about all of them."
    column = table.targets[0] if len(table.targets) == 1 else None
    return table.finding("conflicting_labels", column, mask, advice, severity="warn", examples=examples)


def _pair(table: Table, rows: np.ndarray) -> dict[str, object]:
    """A few rows that contradict each other, with their labels."""
    labels = table.frame[list(table.targets)].iloc[rows[:EXAMPLES]]
    told = [" ".join(map(str, values)) for values in labels.to_numpy(object)]
    return {"rows": [table.example(r, None)["row"] for r in rows[:EXAMPLES]], "value": told}


def _duplicates(table: Table) -> AuditFinding | None:
    """Rows that repeat an earlier row in every column, the target included."""
    first = first_occurrence(row_hashes(table.frame))
    mask = first != np.arange(len(first))
    if not mask.any():
        return None
    examples = [
        {**table.example(row, None), "same_as": table.example(first[row], None)["row"]}
        for row in np.flatnonzero(mask)[:EXAMPLES]
    ]
    advice = f"{told(mask.sum(), 'row')} the same as an earlier row in every column. data.clean drops them; data.split never"
    advice += " puts a row and its copy into different parts."
    return table.finding("duplicates", None, mask, advice, severity="warn", examples=examples)


def _groups(table: Table) -> AuditFinding | None:
    """An id that several rows share: the rows of one thing may fall on both sides of a split."""
    for name, role in table.schema.roles.items():
        named = role in ("id", "categorical") and _named_id(name_words(name))
        if not named and (role != "user" or table.schema.columns("item")):  # all users rate some of all items
            continue
        known = table.frame[name].dropna()
        n_groups = known.nunique()
        if n_groups > 1 and len(known) >= MIN_GROUP_ROWS * n_groups:
            advice = f"{n_groups:,} values stand in {len(known):,} rows. If they name customers, patients or the like,"
            advice += (
                f" split with groups={name!r}: else the model is tested on those that it learnt by heart."
            )
            return table.finding(
                "groups", name, table.frame[name].notna().to_numpy(), advice, severity="warn"
            )
    return None


def _time_order(table: Table) -> AuditFinding | None:
    """Dates: a model for the future should be tested on the latest rows."""
    dates = table.schema.columns("time") or table.schema.columns("datetime")
    if not dates:
        return None
    advice = (
        f"The rows have a date. If the model is to judge later rows than these, split with time={dates[0]!r}:"
    )
    advice += " at random it would learn from the future of the rows that it is tested on."
    return table.finding("time_order", dates[0], table.frame[dates[0]].notna().to_numpy(), advice)
