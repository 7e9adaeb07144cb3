"""The preprocessing panel, driven by its traits, without a browser."""

import numpy as np
import pytest

from dltoolkit import widgets
from dltoolkit.preprocessing._fit import TREATMENTS
from dltoolkit.preprocessing._plan import CATEGORICAL, DATES, NUMERIC
from dltoolkit.widgets import _treatment


@pytest.fixture
def panel(project):
    made = widgets.preprocessing_panel(project)
    yield made
    made.close()


def test_the_column_looked_at_is_shown_before_and_after(panel):
    panel.column.value = "income"
    train = panel.project.splits.train["income"]
    assert panel.view.before["income"].tolist() == train.tolist()
    after = panel.view.after["income"].to_numpy()
    np.testing.assert_allclose(after, (train - train.mean()) / train.std(ddof=0), atol=1e-5)
    assert "<img" in panel.picture.value and 'alt="income before and after' in panel.picture.value


def test_a_knob_changes_every_column_of_its_kind(panel):
    panel.numeric.value = "normalise"
    panel.column.value = "income"
    assert panel.view.after["income"].min() == 0 and panel.view.after["income"].max() == pytest.approx(1)
    table = panel.preprocessor.frame().set_index("column")
    assert table.loc[["income", "age"], "treatment"].tolist() == ["normalise"] * 2


def test_missing_numbers_get_a_column_of_their_own_unless_switched_off(panel):
    panel.column.value = "age"
    assert list(panel.view.after) == ["age", "age is missing"]
    panel.missing_indicators.value = False
    assert list(panel.view.after) == ["age"]


def test_one_column_can_be_treated_on_its_own_and_others_keep_theirs(panel):
    panel.treat("income", "log")
    panel.treat("home", "embedding")
    assert panel.settings.columns == {"income": "log", "home": "embedding"}
    treatments = panel.preprocessor.frame().set_index("column")["treatment"]
    assert (treatments["income"], treatments["age"], treatments["home"]) == (
        "log",
        "standardise",
        "embedding",
    )
    panel.column.value = "income"
    assert panel.treatment.value == "log"
    panel.treat("income", "")
    assert panel.settings.columns == {"home": "embedding"}


def test_looking_at_another_column_changes_no_treatment(panel):
    panel.treat("income", "drop")
    for name in panel.project.schema.features:
        panel.column.value = name
    assert panel.settings.columns == {"income": "drop"}


def test_a_column_left_out_is_shown_as_such(panel):
    panel.treat("home", "drop")
    assert panel.view.kind == "nothing" and "left out" in panel.status.value


@pytest.mark.parametrize(
    ("column", "treatment", "kind"),
    [
        ("home", "one-hot", "ones"),
        ("home", "hash", "ids"),
        ("asked", "cyclic", "numbers"),
        ("age", "robust", "numbers"),
    ],
)
def test_every_kind_of_feature_can_be_drawn(panel, column, treatment, kind):
    panel.treat(column, treatment)
    assert panel.view.kind == kind and panel.error is None and panel.view.after.shape[1] >= 1


def test_examples_name_the_one_hot_column_that_a_value_sets(panel):
    panel.column.value = "home"
    examples = panel.view.examples().set_index("home")["feature that is 1"]
    assert examples.to_dict() == {name: f"home={name}" for name in ("own", "rent", "parents")}


def test_examples_show_what_becomes_of_a_missing_number(panel):
    panel.column.value = "age"
    examples = panel.view.examples()
    assert examples["age is missing"].sum() == 1
    assert examples.loc[examples["age"].isna(), "age is missing"].tolist() == [1]


def test_the_code_shown_fits_the_preprocessing_of_the_panel(panel):
    panel.numeric.value, panel.max_one_hot.value = "robust", 2
    panel.treat("age", "none")
    names = {"project": panel.project}
    exec(panel.code, names)
    assert names["preprocessor"].to_json() == panel.preprocessor.to_json()


def test_keep_makes_it_step_3_of_the_project_and_the_panel_opens_with_it_again(panel, project):
    panel.numeric.value = "log"
    panel.treat("home", "hash")
    panel.keep()
    assert (
        panel.project.preprocessor.to_json() == panel.preprocessor.to_json() and "Kept" in panel.status.value
    )
    again = widgets.preprocessing_panel(panel.project)
    assert again.settings == panel.settings
    again.close()


def test_it_changes_nothing_that_it_has_no_knob_for(project):
    project.do("preprocess", hash_bins=9, min_count=2, categorical="hash", numeric="robust")
    before = project.preprocessor.to_json()
    panel = widgets.preprocessing_panel(project)
    panel.column.value = "home"
    assert panel.error is None
    panel.keep()
    assert panel.project.preprocessor.to_json() == before
    panel.close()


def test_no_feature_left_is_told_and_the_panel_goes_on(panel):
    for name in panel.project.schema.features:
        panel.treat(name, "drop")
    assert "at least one usable feature" in panel.status.value and panel.preprocessor is None
    panel.treat("age", "")
    assert panel.preprocessor is not None and panel.error is None


def test_nothing_is_printed(panel, capfd):
    panel.column.value = "asked"
    panel.dates.value = "cyclic"
    assert capfd.readouterr() == ("", "")


def test_the_panel_offers_exactly_what_preprocessing_takes():
    assert (_treatment.NUMERIC, _treatment.CATEGORICAL[1:], set(_treatment.DATES)) == (
        NUMERIC,
        CATEGORICAL,
        set(DATES),
    )
    assert {k: set(v) for k, v in _treatment.OVERRIDES.items()} == {k: set(v) for k, v in TREATMENTS.items()}
