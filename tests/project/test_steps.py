"""The thirteen steps as a table."""

import pytest

from dltoolkit._checks import InputError
from dltoolkit.project import STEPS, Project
from dltoolkit.project._steps import MAKERS, RUNNING_ORDER, TABLE, check_settings, function_of, settings_of


def test_there_are_thirteen_in_the_order_of_a_models_life():
    assert [TABLE[s].number for s in STEPS] == list(range(1, 14))
    assert (STEPS[0], STEPS[7], STEPS[-1]) == ("define", "train", "monitor")


@pytest.mark.parametrize("step", STEPS)
def test_each_step_has_a_function_and_needs_only_earlier_ones(step):
    assert callable(function_of(step))
    assert all(TABLE[needed].number < TABLE[step].number for needed in TABLE[step].needs)


@pytest.mark.parametrize("artefact", MAKERS)
def test_each_artefact_can_be_read_from_the_project(artefact):
    assert isinstance(getattr(Project, artefact), property)


def test_the_last_choice_comes_before_the_test_part_is_opened():
    assert RUNNING_ORDER.index("fine_tune") + 1 == RUNNING_ORDER.index("evaluate")
    assert [s for s in RUNNING_ORDER if s != "evaluate"] == [s for s in STEPS if s != "evaluate"]


def test_a_step_takes_the_settings_of_the_module_that_owns_it():
    assert {"numeric", "crosses"} <= set(settings_of("preprocess"))
    assert {"epochs", "batch_size", "early_stopping"} <= set(settings_of("train"))
    assert not {"learning_rate", "loss"} & set(settings_of("train"))


def test_a_setting_of_another_step_is_sent_there():
    with pytest.raises(InputError, match=r"'learning_rate'.*project\.do\('optimizer', learning_rate="):
        check_settings("train", {"learning_rate": 0.1})


def test_every_misspelt_setting_is_told_what_comes_close():
    with pytest.raises(InputError, match=r"(?s)'epoch'.*'epochs'.*'bach_size'.*'batch_size'"):
        check_settings("train", {"epoch": 1, "bach_size": 2})
