"""The training panel, driven by its traits, without a browser."""

import time

import numpy as np
import pandas as pd
import pytest

from dltoolkit import training, widgets
from dltoolkit._keras import keras
from dltoolkit.problem import Objective
from dltoolkit.widgets import _session
from dltoolkit.widgets._session import Account, Session, best_epoch
from dltoolkit.widgets._settings import batch_sizes, rounded
from dltoolkit.widgets._status import duration, sentence, status_html

# Keras says so while it saves; it is no fault of the code under test.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def panel(project):
    made = widgets.training_panel(project)
    made.epochs.value = 2
    yield made
    made.close()
    assert made.wait(30)


def weights(run):
    return [w.tobytes() for w in run.model.get_weights()]


def long_training(panel):
    """Start a training that would take minutes."""
    panel.epochs.value, panel.batch_size.value, panel.early_stopping.value = 200, 8, False
    panel.train()


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


# Training


def test_a_training_that_is_waited_for_leaves_a_run_and_a_picture(panel):
    before = panel.curves.value
    run = panel.train(wait=True)
    assert run is panel.run and len(run.history) == panel.epochs.value
    assert panel.curves.value != before and bytes(panel.curves.value).startswith(b"\x89PNG")
    assert "Finished" in panel.status.value and not panel.running


def test_the_knobs_reach_the_training(panel):
    panel.optimizer.value = "sgd"
    panel.learning_rate.value, panel.batch_size.value, panel.epochs.value = 0.02, 16, 3
    panel.early_stopping.value, panel.class_weight.value = False, "balanced"
    settings = panel.train(wait=True).settings
    expected = {
        "optimizer": "sgd",
        "batch_size": 16,
        "epochs": 3,
        "patience": None,
        "class_weight": "balanced",
    }
    assert {name: settings[name] for name in expected} == expected
    assert settings["learning_rate"] == pytest.approx(0.02)


def test_the_code_shown_gives_the_same_weights_as_the_panel(panel):
    panel.learning_rate.value, panel.epochs.value, panel.loss.value = 0.003, 2, "binary_focal_crossentropy"
    names = {"project": panel.project}
    exec(panel.code.replace("seed=0,", "seed=0, progress=False,"), names)
    assert weights(names["run"]) == weights(panel.train(wait=True))


def test_the_same_training_in_a_thread_gives_the_same_weights_and_nothing_is_printed(panel, capfd):
    first = weights(panel.train(wait=True))
    panel.train()
    assert panel.wait(60)
    assert weights(panel.run) == first
    assert capfd.readouterr() == ("", "")


def test_the_progress_bar_and_the_curve_move_while_it_trains(panel):
    seen, pictures = set(), set()
    panel.progress.observe(lambda change: seen.add(change["new"]), "value")
    panel.curves.observe(lambda change: pictures.add(bytes(change["new"])), "value")
    long_training(panel)
    until(lambda: len(seen) > 2 and len(pictures) > 1)
    assert panel.running


def test_stop_ends_soon_keeps_the_model_and_its_history_and_training_again_works(panel):
    long_training(panel)
    until(lambda: len(panel.session.account.history) >= 2)
    assert panel.train_button.disabled and not panel.stop_button.disabled
    asked = time.monotonic()
    panel.stop()
    assert panel.wait(20) and time.monotonic() - asked < 10
    assert panel.run.stopped == "interrupted" and 2 <= len(panel.run.history) < 200
    assert np.isfinite(panel.run.outputs(panel.project.splits.validation)).all()
    assert "You stopped it after" in panel.status.value and not panel.train_button.disabled
    panel.epochs.value = 1
    assert panel.train(wait=True).stopped == "finished"


def test_stop_before_the_first_batch_leaves_a_panel_that_works(panel):
    long_training(panel)
    panel.stop()
    assert panel.wait(30)
    assert panel.run.stopped == "interrupted" and "stopped it" in panel.status.value
    assert not panel.train_button.disabled


def test_the_buttons_do_what_the_methods_do(panel):
    panel.epochs.value = 200
    panel.train_button.click()
    until(lambda: panel.running)
    panel.stop_button.click()
    assert panel.wait(30) and panel.run is not None


def test_pressing_train_twice_trains_once(panel):
    long_training(panel)
    first = panel.session._thread
    panel.train()
    assert panel.session._thread is first
    panel.stop()


def test_trainings_are_compared_and_the_best_one_is_marked(panel):
    for rate in (0.01, 1e-5):
        panel.learning_rate.value = rate
        panel.train(wait=True)
    scores = [run.history["val_loss"].min() for run in panel.runs]
    assert scores[0] < scores[1]
    marked = panel.comparison.value.split("<tr class=dlt-mark>")[1].split("</tr>")[0]
    assert marked.startswith("<td>1</td>")


# What goes wrong is shown


def test_a_divergence_is_told_with_what_to_do_and_warns_nowhere_else(panel, recwarn):
    panel.session._train = diverging(panel)
    panel.train()
    assert panel.wait(60)
    assert "Diverged" in panel.status.value and "tenth" in panel.status.value
    assert panel.run.stopped == "diverged" and not panel.train_button.disabled
    assert not [w for w in recwarn if "NaN" in str(w.message)]


def diverging(panel):
    """Train with a learning rate that no slider gives, after one sane epoch."""

    def train(callbacks, stop):
        class Blow(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                self.model.optimizer.learning_rate = 1e30

        project = panel.project
        parts = (project.build_network(), project.preprocessor, project.splits, project.problem)
        return training.fit(
            *parts,
            optimizer="sgd",
            epochs=5,
            callbacks=[*callbacks, Blow()],
            stop=stop,
            progress=False,
        )

    return train


def test_a_setting_that_training_refuses_is_told_in_the_panel_and_raised_when_waited_for(panel):
    panel.batch_size.options = [100_000]
    panel.train()
    assert panel.wait(30)
    assert "batch_size: expected at most" in panel.status.value and 'role="alert"' in panel.status.value
    assert not panel.train_button.disabled and panel.stop_button.disabled
    with pytest.raises(ValueError, match="batch_size: expected at most"):
        panel.train(wait=True)
    panel.batch_size.options = [32]
    assert panel.train(wait=True) is not None and panel.error is None


def test_an_earlier_step_redone_with_trouble_is_told_in_the_panel(panel):
    panel.project.do("preprocess", numeric="log")
    panel.train()
    assert panel.wait(30)
    assert "redone since" in panel.status.value and isinstance(panel.error, RuntimeError)


# Life and death


def test_a_panel_made_anew_stops_the_training_of_the_one_before(panel, project):
    long_training(panel)
    until(lambda: panel.session.account.phase == "training")
    again = widgets.training_panel(project)
    assert panel.wait(20) and panel.run.stopped == "interrupted"
    again.close()


def test_closing_the_panel_stops_its_training(panel):
    long_training(panel)
    panel.close()
    assert panel.wait(20)


def test_the_thread_ends_with_the_process(panel):
    long_training(panel)
    until(lambda: panel.session.account.phase == "training")
    assert panel.session._thread.daemon
    panel._leave()
    assert not panel.running


def test_keep_makes_the_run_part_of_the_project_with_the_same_weights(panel):
    panel.optimizer.value, panel.learning_rate.value = "rmsprop", 0.002
    run = panel.train(wait=True)
    kept = panel.keep(wait=True)
    assert weights(kept) == weights(run) == weights(panel.project.run)
    assert panel.project.optimizer["optimizer"] == "rmsprop" and panel.project.is_done("train")
    assert "Kept" in panel.status.value and len(panel.runs) == 1


def test_there_is_nothing_to_keep_before_the_first_training(panel):
    assert panel.keep_button.disabled and panel.keep() is None


# The knobs


def test_it_opens_with_what_the_project_has_chosen_to_the_last_digit(project):
    weights = {"yes": 3.0, "no": 1.0}
    project.do("loss", loss="hinge", class_weight=weights)
    project.do("optimizer", optimizer="sgd", learning_rate=3.14159e-7)
    panel = widgets.training_panel(project)
    settings = panel.settings
    assert (settings.loss, settings.class_weight) == ("hinge", weights)
    assert (settings.optimizer, settings.learning_rate) == ("sgd", 3.14159e-7)
    assert panel.train(wait=True).settings["class_weight"] == weights
    panel.close()


def test_without_widgets_the_panel_names_itself_and_the_way_out(panel):
    assert repr(panel).startswith("TrainingPanel: Train the network.") and ".code" in repr(panel)


def test_another_optimizer_brings_its_usual_rate_unless_the_reader_chose_one(panel):
    panel.optimizer.value = "adagrad"
    assert panel.learning_rate.value == training.LEARNING_RATES["adagrad"]
    panel.learning_rate.value = 0.3
    panel.optimizer.value = "adam"
    assert panel.learning_rate.value == 0.3


def test_patience_rests_while_early_stopping_is_off(panel):
    panel.early_stopping.value = False
    assert panel.patience.disabled and panel.settings.early_stopping is False


def test_show_code_unfolds_the_code_and_follows_the_knobs(panel):
    panel.show_code.value = True
    assert panel._code_block.layout.display == "block"
    panel.epochs.value = 77
    assert "epochs=77" in panel._code_block.value
    panel.show_code.value = False
    assert panel._code_block.layout.display == "none"


def test_every_knob_has_a_label(panel):
    knobs = (panel.optimizer, panel.learning_rate, panel.batch_size, panel.epochs, panel.patience, panel.loss)
    assert all(knob.description for knob in knobs)


# The plain pieces


def test_the_best_epoch_follows_the_direction():
    history = pd.DataFrame({"epoch": [1, 2, 3], "val_auc": [0.6, 0.8, 0.7]})
    assert best_epoch(history, Objective("val_auc", "max", "")) == 2
    assert best_epoch(history, Objective("val_loss", "min", "")) == 0


def test_time_left_is_the_recent_epochs_time_times_the_epochs_left():
    history = pd.DataFrame({"epoch": range(1, 9), "seconds": [9.0] * 3 + [2.0] * 5})
    assert Account("training", epochs=10, done=8.5, history=history).left == pytest.approx(3.0)
    assert Account("preparing", epochs=10).left is None


@pytest.mark.parametrize(
    "phase", [*_session.BUSY, "ready", "finished", "early", "interrupted", "diverged", "failed"]
)
def test_every_phase_has_a_sentence(phase, project):
    account = Account(phase, epochs=5, problem="it broke")
    assert sentence(account) and sentence(account) in status_html(account, project.problem).replace(
        "&#x27;", "'"
    )


def test_what_went_wrong_is_shown_as_text_and_never_as_html(project):
    assert "&lt;b&gt;" in status_html(Account("failed", problem="<b>"), project.problem)


def test_a_session_keeps_an_error_of_any_kind():
    accounts = []
    session = Session(lambda callbacks, stop: 1 / 0, Objective("val_loss", "min", ""), accounts.append)
    session.start(3)
    assert session.wait(10)
    assert isinstance(session.error, ZeroDivisionError)
    assert accounts[-1].problem == "ZeroDivisionError: division by zero" and not accounts[-1].busy


def test_stopping_a_session_that_does_nothing_does_nothing():
    session = Session(lambda callbacks, stop: None, Objective("val_loss", "min", ""), lambda account: None)
    session.stop()
    assert session.account.phase == "ready" and not session.running


def test_small_pieces_of_wording():
    assert [duration(s) for s in (0.04, 9.96, 59.7, 61, 7300)] == [
        "0.0 s",
        "10.0 s",
        "1 min 0 s",
        "1 min 1 s",
        "2 h 1 min",
    ]
    assert batch_sizes(5) == [5] and batch_sizes(10**6)[-1] == 4096
    assert rounded(3.16e-4) == 0.00032
