"""The state of the preprocessing panel, and what a column looks like before and after."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dltoolkit import plots, preprocessing
from dltoolkit._text import as_text
from dltoolkit.data import Schema
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.widgets._code import call
from dltoolkit.widgets._figure import figure, png
from dltoolkit.widgets._stages import BATCH, batch_html, stages

NUMERIC = ("standardise", "normalise", "robust", "log", "none")
CATEGORICAL = ("auto", "one-hot", "embedding", "hash")
DATES = ("both", "cyclic", "elapsed")
# What a single column may be treated with, by its role; "" stands for the setting of its kind.
OVERRIDES = {
    "numeric": (*NUMERIC, "drop"),
    "boolean": ("none", "standardise", "drop"),
    "categorical": (*CATEGORICAL, "drop"),
    "datetime": (*DATES, "drop"),
    "time": (*DATES, "drop"),
    **dict.fromkeys(("user", "item", "series"), (*CATEGORICAL[1:], "drop")),
    "text": ("sequence", "tf-idf", "multi-hot", "count", "drop"),
    **dict.fromkeys(("image", "audio", "sequence"), ("drop",)),
}
DRAWN_ROWS = 20_000  # as many draw the same picture as all of them
SEVERAL = ("crosses", "ratios", "aggregates")  # options that make features of several columns
WIDTH, HEIGHT = 6.6, 2.9  # inches
EXAMPLES = 6


@dataclasses.dataclass(frozen=True)
class TreatmentSettings:
    """What the knobs stand at; the names are those of `preprocessing.fit`.

    Attributes:
        numeric: Treatment of numbers.
        categorical: Treatment of categories.
        dates: Treatment of dates.
        missing_indicators: Whether missing numbers are marked.
        max_one_hot: Most categories that ``"auto"`` writes as one-hot columns.
        columns: Treatments of single columns.
        more: Options for which there is no knob. Defaults to none.
    """

    numeric: str
    categorical: str
    dates: str
    missing_indicators: bool
    max_one_hot: int
    columns: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `preprocessing.fit`."""
        arguments = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "more"}
        return {name: value for name, value in arguments.items() if name != "columns" or value} | dict(
            self.more
        )

    def code(self) -> str:
        """Code that fits the preprocessing; it needs ``project``."""
        fit = call(
            "preprocessor = preprocessing.fit", ["project.splits.train", "project.schema"], self.arguments()
        )
        keep = call("# To keep it: project.do", ['"preprocess"'], self.arguments()).replace("\n", "\n# ")
        return f"from dltoolkit import preprocessing\n\n{fit}\npreprocessor.frame()\n{keep}"


@dataclasses.dataclass(frozen=True)
class View:
    """One column before and after.

    Attributes:
        column: Its name.
        before: Raw values, one column, at most 20,000 rows.
        after: Its features, the same rows; no column when it is left out.
        kind: ``"numbers"``, ``"ones"`` (one-hot columns), ``"ids"``, ``"batch"`` (of media) or ``"nothing"``.
        why: What was done, in a sentence.
        batch: Of media, a few examples after each step, as HTML; empty for other columns.
    """

    column: str
    before: pd.DataFrame
    after: pd.DataFrame
    kind: str
    why: str
    batch: str = ""

    def examples(self) -> pd.DataFrame:
        """A few different values, a missing one among them, beside their features; of one-hot columns the one that is 1."""
        values = self.before[self.column]
        rows = values.dropna().drop_duplicates().head(EXAMPLES).index.union(values.index[values.isna()][:1])
        shown = self.before.loc[rows].astype("object")
        if self.kind == "ones":
            names = self.after.columns.to_numpy()
            ones = [" + ".join(names[line > 0]) or "all zeros" for line in self.after.loc[rows].to_numpy()]
            return shown.assign(**{"feature that is 1": ones}).reset_index(drop=True)
        after = self.after.loc[rows].rename(columns={self.column: f"{self.column} (feature)"})
        return pd.concat([shown, after], axis=1).reset_index(drop=True)


def fit(train: pd.DataFrame, schema: Schema, settings: TreatmentSettings) -> Preprocessor:
    """The preprocessing of the knobs, fitted on the training part."""
    return preprocessing.fit(train, schema, **settings.arguments())


def view(
    train: pd.DataFrame,
    whole: Preprocessor,
    settings: TreatmentSettings,
    column: str,
    *,
    augment: Any = None,
) -> View:
    """One column before and after the treatment of the knobs.

    Args:
        train: The training part.
        whole: The preprocessing of all columns, from `fit`.
        settings: What the knobs stand at.
        column: One of the schema's features.
        augment: What is varied in a column of pictures or sounds. Defaults to None: nothing.

    Returns:
        View: The column.

    Raises:
        InputError: If the column cannot be read as its role says.
    """
    rows = train.head(DRAWN_ROWS)
    if column in whole.left_out:
        return View(column, rows[[column]], rows[[]], "nothing", f"left out: {whole.left_out[column]}")
    # Fitted alone, so that all that comes out belongs to this column.
    alone = whole.schema.with_roles({name: "ignore" for name in whole.schema.features if name != column})
    treatment = {name: t for name, t in settings.columns.items() if name == column}
    more = {name: value for name, value in settings.more.items() if name not in SEVERAL}
    fitted = fit(train, alone, dataclasses.replace(settings, columns=treatment, more=more))
    described = fitted.frame()
    if fitted.media:
        rows = rows.head(BATCH)
        shown = batch_html(stages(rows, fitted, column, augment=augment), fitted, column)
        why = f"{described['treatment'].iloc[0]}: {described['why'].iloc[0]}"
        return View(column, rows[[column]], fitted.feature_frame(rows), "batch", why, shown)
    treatments = set(described["treatment"])
    kind = "ones" if "one-hot" in treatments else "ids" if treatments & {"embedding", "hash"} else "numbers"
    why = "; ".join(f"{t}: {w}" for t, w in zip(described["treatment"], described["why"], strict=True))
    return View(column, rows[[column]], fitted.feature_frame(rows), kind, why)


def view_png(shown: View) -> bytes:
    """The distribution of a column before, and of its features after, side by side, as PNG."""
    drawn, (left, right) = figure(WIDTH, HEIGHT, columns=2, left=1.0)
    plots.distribution(shown.before, shown.column, ax=left)
    left.set_title("before", fontsize=10)
    if shown.kind == "nothing":
        right.set_axis_off()
        right.text(0.5, 0.5, "left out", ha="center", transform=right.transAxes)
        return png(drawn)
    table, by = _long(shown)
    plots.distribution(table, "feature" if shown.kind == "ones" else "value", by=by, ax=right)
    right.set_title("after", fontsize=10)
    right.set_ylabel("")
    return png(drawn)


def _long(shown: View) -> tuple[pd.DataFrame, str | None]:
    """The features as one column to draw, and the column that names them where there are several."""
    if shown.kind == "ones":
        ones = shown.after.stack()
        names = ones[ones > 0].index.get_level_values(-1)
        return pd.DataFrame({"feature": [n.removeprefix(f"{shown.column}=") for n in names]}), None
    if shown.kind == "ids":
        return pd.DataFrame({"value": as_text(shown.after.iloc[:, 0]).to_numpy()}), None
    # A column of zeros and ones that marks missing values would dwarf the numbers beside it.
    numbers = shown.after[[name for name in shown.after if not name.endswith(" is missing")]]
    long = numbers.melt(var_name="feature", value_name="value")
    return long, "feature" if numbers.shape[1] > 1 else None
