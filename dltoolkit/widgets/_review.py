"""The label review: the least believed labels as a gallery, and for each to keep it, to change it, or to drop the row."""

import datetime
import os
import pathlib
from typing import Any

import ipywidgets as widgets
import pandas as pd

from dltoolkit import data
from dltoolkit._checks import (
    InputError,
    check_choice,
    check_frame,
    check_number,
    check_rows,
    complaint,
    listed,
)
from dltoolkit.data import Schema
from dltoolkit.problem import Problem
from dltoolkit.widgets import _doubts, _example, _review_card
from dltoolkit.widgets._doubts import ACTIONS, Filter
from dltoolkit.widgets._review_card import Card
from dltoolkit.widgets._style import Panel, column, columns, control, keys, row, say

PER_PAGE = (6, 12, 24, 48)
FILE = "labels-review.json"


class LabelReview(Panel):
    """Review doubted labels: keep, relabel or drop each. Nothing is changed until `apply`, which makes a new frame.

    Choices stay while filters and pages change. The frame given is never touched.

    Args:
        frame: The table, one example a row, one index label of its own for each row.
        problem: The problem, or the name of the target column.
        suspicion: Doubted labels, worst first: columns ``row`` (index label), ``suggested`` and, where there is one,
            ``confidence``. Defaults to None: `data.suspicious_labels` finds them.
        schema: Roles of the columns, which tell a picture from a sound. Defaults to None: inferred.
        folder: Where `apply` writes its record, ``labels-review.json``; the choices in such a file are taken up again.
            Defaults to None: nothing is written.
        cell_rate: Samples a second of sounds that are arrays. Defaults to None: they cannot be played.

    Attributes:
        frame: The table as it was given.
        problem: What the labels are.
        suspicion: The doubted labels.
        choices: Row to ``"keep"``, ``"drop"`` or ``("relabel", label)``.
        result: The new frame of the last `apply`; None before.
        record: Its record, as `data.relabel` gives it, each choice with the time at which it was made; None before.
        error: What went wrong last; None when nothing did.

    Raises:
        InputError: If an index label repeats, if the suspicion does not fit the frame, or if the folder holds a record
            of another frame.

    Example:
        >>> frame = pd.DataFrame({"size": [1, 9, 8, 2, 7], "kind": ["small", "small", "big", "small", "big"]})
        >>> review = LabelReview(frame, "kind", pd.DataFrame({"row": [1], "suggested": ["big"], "confidence": [0.9]}))
        >>> review.choose(1, "relabel", "big")
        >>> review.apply()
        >>> review.result["kind"].tolist()
        ['small', 'big', 'big', 'small', 'big']
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        problem: Problem | str,
        suspicion: pd.DataFrame | None = None,
        *,
        schema: Schema | None = None,
        folder: str | os.PathLike[str] | None = None,
        cell_rate: int | None = None,
    ) -> None:
        self.frame, self.problem = check_frame(frame), _problem(frame, problem)
        self._target = self.problem.targets[0]
        schema = schema or Schema.infer(frame, self._target)
        if suspicion is None:
            suspicion = data.suspicious_labels(frame, self.problem, schema=schema)
        self.suspicion, self._roles, self._rate = suspicion, schema.roles, cell_rate
        self._table = _doubts.doubts(frame, self.problem, suspicion)
        self._places = {row: place for place, row in enumerate(self._table["row"])}
        self.choices: dict[Any, Any] = {}
        self._when: dict[Any, str] = {}
        self._applied: dict[Any, Any] | None = None
        self.result: pd.DataFrame | None = None
        self.record: pd.DataFrame | None = None
        self.error: Exception | None = None
        self._file = None if folder is None else pathlib.Path(folder) / FILE
        self._take_up()
        super().__init__(
            "Review the labels", f"{self._target}: {len(self._table):,} of {len(frame):,} labels are doubted"
        )
        self._controls()
        self._outputs()
        self._arrange()
        self._filter()

    def _take_up(self) -> None:
        """Go on with the choices of an earlier review."""
        if self._file is None or not self._file.is_file():
            return
        record = data.read_review(self._file)
        self.result, self.record = data.relabel(self.frame, self.problem, record)
        rows = self.frame.index[check_rows(self.frame, record["row"])].tolist()
        lines = zip(rows, record["action"], record["after"], strict=True)
        self.choices = {row: (act, after) if act == "relabel" else act for row, act, after in lines}
        self._when = dict(zip(rows, record["when"], strict=True))
        self._applied = dict(self.choices)

    def _controls(self) -> None:
        counts = self._table["given"].value_counts()
        given = [(f"{text} ({n:,})", text) for text, n in counts.items()] if len(counts) <= 100 else []
        self.given = control(widgets.Dropdown, "Given label", options=[("any", ""), *given])
        self.search = control(
            widgets.Text, "Search", placeholder="words in the example", continuous_update=False
        )
        self.undecided = control(widgets.Checkbox, "Only undecided", value=False)
        self.per_page = control(widgets.Dropdown, "A page", options=PER_PAGE, value=PER_PAGE[1])
        self.page = widgets.BoundedIntText(
            min=1, max=1, value=1, layout=widgets.Layout(width="64px"), tooltip="Page"
        )
        self.previous_button = _button("Previous", icon="chevron-left", tooltip="The page before")
        self.next_button = _button("Next", icon="chevron-right", tooltip="The next page")
        self.apply_button = _button(
            "Apply",
            icon="check",
            button_style="primary",
            tooltip="Make a new frame and a record of the choices",
        )
        self.undo_button = _button("Undo all", icon="undo", tooltip="Take every choice back")

    def _outputs(self) -> None:
        full = {"width": "100%", "margin": "0"}
        styles = widgets.HTML(
            _example.STYLE + _review_card.STYLE, layout=widgets.Layout(height="0", margin="0")
        )
        self.status, self.found = (widgets.HTML(layout=widgets.Layout(**full)) for _ in range(2))
        self.gallery = widgets.Box(layout=widgets.Layout(**full))
        self.gallery.add_class("dlt-cards")
        self.cards: list[Card] = []
        pages = row(self.previous_button, self.page, self.next_button)
        left = column([self.given, self.search, self.per_page, self.undecided], 1, "280px")
        right = column([self.status, row(self.apply_button, self.undo_button, self.show_code)], 1, "300px")
        self.show(styles, columns(left, right), self.found, self.gallery, pages)

    def _arrange(self) -> None:
        for knob in (self.given, self.search, self.undecided):
            knob.observe(lambda _: self._filter(), "value")
        self.per_page.observe(lambda _: self._turn_pages(), "value")
        self.page.observe(lambda _: self._fill(), "value")
        self.previous_button.on_click(lambda _: self._turn(-1))
        self.next_button.on_click(lambda _: self._turn(+1))
        self.apply_button.on_click(lambda _: self.apply())
        self.undo_button.on_click(lambda _: self.undo_all())

    @property
    def code(self) -> str:
        """Code that makes the same choices; it needs ``frame`` only."""
        return _doubts.code(self.choices, self._target)

    def choose(self, row: Any, action: str, label: Any = None) -> None:
        """Choose what becomes of one label, whether it is on the page shown or not.

        Args:
            row: An index label of the frame.
            action: ``"keep"``, ``"relabel"``, ``"drop"``, or ``""`` to take a choice back.
            label: The new label where the action is ``"relabel"``. Defaults to None.

        Raises:
            InputError: If there is no such row, action or label.
        """
        row = self.frame.index[check_rows(self.frame, [row], "choose")].tolist()[0]
        check_choice(action, ("", *ACTIONS), "action")
        if action == "relabel" and self.problem.kind == "regression":
            check_number(label, "label")
        elif action == "relabel":
            check_choice(label, self.problem.labels.tolist(), "label")
        self._note(row, action, label)
        for card in self.gallery.children:
            if card.row == row:
                self._fill_card(card, self._places[row])

    def apply(self) -> None:
        """Make the new frame and the record of all choices, from the frame as it was given."""
        try:
            result, record = data.relabel(
                self.frame, self.problem, self.choices, suspicion=self._table.drop(columns="words")
            )
            record["when"] = pd.Series([self._when[row] for row in self.choices], dtype=object)
            if self._file is not None:
                data.write_review(self._file, record)
        except (InputError, OSError) as error:
            self.error = error
            self.status.value = say(str(error), "bad")
            return
        self.result, self.record, self.error = result, record, None
        self._applied = dict(self.choices)
        self._tell()

    def undo_all(self) -> None:
        """Take every choice back; a file that was written stays until the next `apply`."""
        self.choices, self._when, self._applied = {}, {}, None
        self.result = self.record = self.error = None
        self._fill()
        self._tell()

    def _note(self, row: Any, action: str, label: Any) -> None:
        """Write a choice down."""
        self.choices.pop(row, None)
        self._when.pop(row, None)
        if action:
            self.choices[row] = ("relabel", label) if action == "relabel" else action
            self._when[row] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._tell()

    def _filter(self) -> None:
        """Find the labels that the filters let through; they stay on their pages while choices are made."""
        wanted = Filter(self.given.value, self.undecided.value, self.search.value)
        self._matching = _doubts.matching(self._table, wanted, self.choices)
        self._turn_pages()

    def _turn_pages(self) -> None:
        """Go to the first page of what was found."""
        self.page.max = max(1, -(-len(self._matching) // self.per_page.value))
        if self.page.value != 1:
            self.page.value = 1
        else:
            self._fill()

    def _turn(self, by: int) -> None:
        self.page.value = min(max(self.page.value + by, 1), self.page.max)

    def _fill(self) -> None:
        """Show the page."""
        start = (self.page.value - 1) * self.per_page.value
        places = self._matching[start : start + self.per_page.value]
        labels = list(zip(self.problem.classes, self.problem.labels.tolist(), strict=True))
        while len(self.cards) < len(places):
            self.cards.append(Card(labels or None, self._note))
        for card, place in zip(self.cards, places, strict=False):
            self._fill_card(card, place)
        self.gallery.children = self.cards[: len(places)]
        self.previous_button.disabled = self.page.value == 1
        self.next_button.disabled = self.page.value == self.page.max
        self.found.value = self._said(start, len(places))
        self._tell()

    def _fill_card(self, card: Card, place: int) -> None:
        doubt = self._table.iloc[place]
        example = self.frame.iloc[self.frame.index.get_loc(doubt["row"])].to_dict()
        texts = (
            _example.example_html(example, self._roles, cell_rate=self._rate),
            _doubts.verdict_html(doubt["given"], doubt["suggested"], doubt["confidence"]),
        )
        choice = self.choices.get(doubt["row"])
        card.fill(doubt["row"], texts, given=doubt["given"], suggested=doubt["suggested"], choice=choice)

    def _said(self, start: int, shown: int) -> str:
        """What is shown, in a sentence."""
        n, all_of = len(self._matching), len(self._table)
        if not all_of:
            return say("No label is doubted.", "good")
        if not n:
            return say("No doubted label fits the filters.", "plain")
        of = f"{n:,}" if n == all_of else f"{n:,} that fit the filters"
        return say(
            f"{start + 1:,} to {start + shown:,} of {of}, the least believed first; page {self.page.value} of {self.page.max}."
        )

    def _tell(self) -> None:
        """Say how many choices there are, and what was applied."""
        counts = _doubts.count(self.choices)
        left = sum(place not in self.choices for place in self._places)
        figures = keys(**{name: f"{n:,}" for name, n in counts.items()}, undecided=f"{left:,}")
        self.status.value = figures + self._state()
        self.refresh_code()

    def _state(self) -> str:
        if self.result is None or self._applied is None:
            return say("Nothing is changed until you press Apply.")
        if self._applied != self.choices:
            return say("Choices have changed since the last Apply: apply again.", "warn")
        gone = len(self.frame) - len(self.result)
        written = f" The record is in {self._file}." if self._file is not None else ""
        changed = _doubts.count(self._applied)["relabel"]
        return say(
            f"Applied: {changed:,} relabelled, {gone:,} dropped; {len(self.result):,} rows in .result, the record in .record.{written}",
            "good",
        )


def _problem(frame: pd.DataFrame, problem: Problem | str) -> Problem:
    """The problem, read off the rows that have a label where only the target's name is given."""
    if isinstance(problem, str):
        known = frame[frame[problem].notna()] if problem in frame else frame
        return Problem.infer(known, problem)
    if not isinstance(problem, Problem) or len(problem.targets) != 1:
        got = listed(problem.targets) if isinstance(problem, Problem) else repr(problem)
        cure = "Review one column at a time: pass its name."
        raise InputError(complaint("problem", "a problem with one target, or its name", got, cure))
    return problem


def _button(description: str, **options: Any) -> widgets.Button:
    return widgets.Button(description=description, layout=widgets.Layout(width="104px"), **options)
