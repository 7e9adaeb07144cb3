"""What a project holds, each piece from memory or from disk, and never one that is stale, missing or damaged."""

import dataclasses
import pathlib
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from dltoolkit._checks import InputError, complaint
from dltoolkit.project._errors import MissingArtefact, StaleArtefact
from dltoolkit.project._ledger import Entry, Ledger
from dltoolkit.project._outcome import FAST, FULL, Limits
from dltoolkit.project._source import Source, few_rows
from dltoolkit.project._steps import MAKERS, STEPS, TABLE, home_of

if TYPE_CHECKING:
    from dltoolkit._keras import keras
    from dltoolkit.data import Audit, Cleaning, Schema, Splits
    from dltoolkit.deployment import Bundle
    from dltoolkit.evaluation import Evaluation
    from dltoolkit.monitoring import DriftReport, Monitor
    from dltoolkit.preprocessing import Preprocessor
    from dltoolkit.problem import Problem
    from dltoolkit.training import Run
    from dltoolkit.tuning import Search


@dataclasses.dataclass(frozen=True)
class Best:
    """The model in hand.

    Attributes:
        name: ``"run"`` or ``"fine_tuned"``.
        run: The model itself.
        score: Its objective on the validation part.
    """

    name: str
    run: "Run"
    score: float


@dataclasses.dataclass
class AtWork:
    """The step that is being done, and what it reads on the way: that is what it is made from.

    Attributes:
        step: Its name.
        used: The steps whose artefacts were read.
        thread: The thread that does it; what others read meanwhile does not count.
    """

    step: str
    used: set[str] = dataclasses.field(default_factory=set)
    thread: int = dataclasses.field(default_factory=threading.get_ident)


class Artefacts:
    """The reading half of a project; `Project` adds the doing.

    Attributes:
        folder: The project's folder.
    """

    folder: pathlib.Path
    _ledger: Ledger
    _given: Source | None
    _new: dict[str, Any]
    _kept: dict[str, tuple[str, Any]]
    _at_work: "AtWork | None"

    @property
    def _header(self) -> dict[str, Any]:
        return self._ledger.content() if self._ledger.exists else self._new

    @property
    def source(self) -> Source:
        """Where the table comes from."""
        return self._given or Source.from_json(self._header["data"])

    @property
    def target(self) -> str | tuple[str, ...] | None:
        """The column to predict, or several."""
        target = self._header["target"]
        return tuple(target) if isinstance(target, list) else target

    @property
    def fast(self) -> bool:
        """Whether the steps' defaults do little work."""
        return bool(self._header["fast"])

    @property
    def seed(self) -> int:
        """The seed of every draw."""
        return int(self._header["seed"])

    @property
    def limits(self) -> Limits:
        """How much work the steps' defaults do."""
        return FAST if self.fast else FULL

    def rows_of(self, source: Source) -> pd.DataFrame:
        """A source's table, as many rows of it as the project keeps."""
        table = source.read()
        names = (self.target,) if isinstance(self.target, str) else tuple(self.target or ())
        return table if self.limits.rows is None else few_rows(table, names, self.limits.rows, self.seed)

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that tell the table."""
        return str(self._header["data"]["fingerprint"])

    @property
    def test_openings(self) -> tuple[dict[str, str], ...]:
        """Every opening of the test part so far: ``when`` (UTC) and ``by`` (a step, or ``"hand"``)."""
        return tuple(self._header.get("test_openings", ()))

    def _entry(self, step: str) -> Entry:
        return self._ledger.entries()[step]

    def is_done(self, step: str) -> bool:
        """Whether a step is done and up to date."""
        return step in self._ledger.entries() and not self._ledger.causes(step)

    def _require(self, step: str, what: str) -> None:
        """Stop unless a step is done and up to date.

        Raises:
            MissingArtefact, StaleArtefact: Naming `what`, the step, and the cure.
        """
        following = STEPS[min(TABLE[step].number, len(STEPS) - 1)]
        cure = f"project.do({step!r})"
        if step not in self._ledger.entries():
            before = f"project.catch_up({step!r}); " if step != "define" else ""
            raise MissingArtefact(
                f"{what}: step {TABLE[step].number}, {step!r}, makes it, and has not been done. Run {before}{cure}."
            )
        if causes := self._ledger.causes(step):
            again = (
                f"project.catch_up({following!r})"
                if following != step
                else f"project.catch_up({step!r}); {cure}"
            )
            raise StaleArtefact(
                f"{what}: it comes from step {step!r}, which is older than {in_words(causes)} "
                f"({'was' if len(causes) == 1 else 'were'} redone since). Run {again} to make it anew."
            )

    def _artefact(self, name: str) -> Any:
        """An artefact from memory, or from disk once its files are known to be whole."""
        step = MAKERS[name].name
        self._require(step, f"project.{name}")
        if self._at_work is not None and self._at_work.thread == threading.get_ident():
            self._at_work.used.add(step)
        fingerprint = self._entry(step).fingerprint
        if name not in self._kept or self._kept[name][0] != fingerprint:
            if damaged := self._ledger.damaged(step):
                cure = f"Restore it from a copy, or make it anew: project.do({step!r})."
                raise InputError(
                    complaint(f"project.{name}", "its files as they were written", in_words(damaged), cure)
                )
            self._kept[name] = (fingerprint, getattr(home_of(step), f"load_{name}")(self, self.folder))
        return self._kept[name][1]

    @property
    def problem(self) -> "Problem":
        """What is to be predicted (step 1)."""
        return self._artefact("problem")

    @property
    def raw(self) -> pd.DataFrame:
        """The table as it came (step 1): in the fast setting, as few rows of it as are kept."""
        return self._artefact("raw").copy(deep=False)

    @property
    def frame(self) -> pd.DataFrame:
        """The cleaned table (step 2)."""
        return self._artefact("frame").copy(deep=False)

    @property
    def schema(self) -> "Schema":
        """The role of each column (step 2)."""
        return self._artefact("schema")

    @property
    def audit(self) -> "Audit":
        """What was found in the table as it came (step 2)."""
        return self._artefact("audit")

    @property
    def cleaning(self) -> "Cleaning":
        """What was done about it, repeatable on new rows (step 2)."""
        return self._artefact("cleaning")

    @property
    def splits(self) -> "Splits":
        """The parts of the cleaned table (step 2); each reading of ``splits.test`` is written into the ledger."""
        return self._artefact("splits")

    @property
    def preprocessor(self) -> "Preprocessor":
        """Raw columns in, features out (step 3)."""
        return self._artefact("preprocessor")

    @property
    def design(self) -> dict[str, Any]:
        """The layers' options (step 4)."""
        return dict(self._artefact("design"))

    @property
    def initialise(self) -> dict[str, Any]:
        """The choice of the first weights (step 5)."""
        return dict(self._artefact("initialise"))

    @property
    def network(self) -> dict[str, Any]:
        """All settings of the network: `design` and `initialise` (steps 4 and 5)."""
        return self.design | self.initialise

    @property
    def loss(self) -> dict[str, Any]:
        """``loss``, ``class_weight`` and ``why`` (step 6)."""
        return dict(self._artefact("loss"))

    @property
    def optimizer(self) -> dict[str, Any]:
        """``optimizer`` and ``learning_rate`` (step 7)."""
        return dict(self._artefact("optimizer"))

    @property
    def run(self) -> "Run":
        """The first trained model (step 8)."""
        return self._artefact("run")

    @property
    def search(self) -> "Search":
        """The trials (step 9)."""
        return self._artefact("search")

    @property
    def evaluation(self) -> "Evaluation":
        """The model in hand on the test part, beside its baselines (step 10)."""
        return self._artefact("evaluation")

    @property
    def evaluated_model(self) -> str:
        """The model that was measured: ``"run"`` or ``"fine_tuned"`` (step 10)."""
        return self._artefact("evaluated_model")

    @property
    def evaluated(self) -> pd.DataFrame:
        """The rows that were evaluated, in the order of `evaluation` (step 10); reading them opens nothing anew."""
        return self._artefact("evaluated").copy(deep=False)

    @property
    def predictions(self) -> pd.DataFrame:
        """What the model answered for `evaluated` (step 10)."""
        return self._artefact("predictions").copy(deep=False)

    @property
    def tuned(self) -> dict[str, Any]:
        """What fine-tuning compared, and what it chose (step 11)."""
        return dict(self._artefact("tuned"))

    @property
    def fine_tuned(self) -> "Run":
        """The model trained with the best settings found (step 11); `run` where none were better."""
        return self._artefact("fine_tuned")

    @property
    def bundle(self) -> "Bundle":
        """The deployed model: raw rows in, answers out (step 12)."""
        return self._artefact("bundle")

    @property
    def monitor(self) -> "Monitor":
        """What watches new rows (step 13)."""
        return self._artefact("monitor")

    @property
    def drift(self) -> "DriftReport":
        """The monitor's first report (step 13)."""
        return self._artefact("drift")

    @property
    def best(self) -> Best:
        """The better of `run` and `fine_tuned`, by the objective on the validation part."""
        return home_of("fine_tune").best(self)

    def build_network(self) -> "keras.Model":
        """The network of `network`'s settings: untrained, uncompiled.

        Returns:
            keras.Model: A fresh one each time.

        Raises:
            MissingArtefact, StaleArtefact: If a step up to ``"initialise"`` is due.
        """
        return home_of("design").build(self, self.network)


def in_words(parts: Iterable[str]) -> str:
    """``"a, b and c"``."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
