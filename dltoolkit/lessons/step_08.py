"""Notebook 08: train. Also the example to copy for the other notebooks' lessons."""

from typing import Any

from dltoolkit.lessons import Exercise, Lesson, Question, answers


def _best_epoch(project: Any) -> int:
    history = project.run.history
    return int(history.loc[history["val_loss"].idxmin(), "epoch"])


LESSON = Lesson(
    step="08",
    title="Train",
    objectives=(
        "count the updates of a training from rows, batch size and epochs",
        "read a learning curve: still learning, done, overfitting or diverging",
        "choose a learning rate by what the curve does, and say why the others fail",
        "stop a training, by hand or by early stopping, and know which weights are kept",
    ),
    needs="A designed and initialised network, a loss and an optimizer (notebooks 04 to 07). project.catch_up('train') "
    "makes them with defaults.",
    leaves="A run in the project: the model with its best weights, the history, all settings.",
    minutes=20,
    expect="Validation AUC of the default network on the credit table: between 0.80 and 0.88.",
    exercises={
        "updates": Exercise(
            ask="With 2,850 training rows and a batch size of 32, how many weight updates does one epoch make?",
            compare=answers.number(90),
            hints=(
                "One update uses one batch of rows.",
                "The last batch of an epoch may be smaller, and still makes an update.",
                "Divide the rows by the batch size, and round up.",
            ),
            solution="""
                import math
                answer = math.ceil(2_850 / 32)
            """,
            why="2,850 rows make 89 full batches of 32 and one smaller one; each makes one update.",
        ),
        "curve": Exercise(
            ask="The training loss still falls, the validation loss has been rising for ten epochs. The network is "
            "'underfitting', 'overfitting' or 'diverging'?",
            compare=answers.one_of("overfitting", ["underfitting", "overfitting", "diverging"]),
            hints=(
                "Which of the two losses tells how the network does on rows that it has not seen?",
                "A diverging training loses on the training rows too.",
                "It gets better on the rows it learns from, and worse on all others.",
            ),
            solution="""
                answer = "overfitting"
            """,
            why="What it learns now is true of the training rows only, so the validation loss pays for it.",
        ),
        "best_epoch": Exercise(
            ask="Read the epoch with the lowest validation loss off project.run.history.",
            compare=answers.number(_best_epoch),
            hints=(
                "history is a DataFrame with one row an epoch; the column is val_loss.",
                "idxmin gives the row's label, and the column epoch the number asked for.",
                'history.loc[history["val_loss"].idxmin(), "epoch"] is the whole of it.',
            ),
            solution="""
                history = project.run.history
                answer = history.loc[history["val_loss"].idxmin(), "epoch"]
            """,
            why="Early stopping goes back to the weights of this epoch: it is project.run.best_epoch.",
        ),
        "last_epoch": Exercise(
            ask="Write a function of (losses, patience) that returns the epoch, counted from 1, after which early "
            "stopping ends; the number of epochs if it never does.",
            compare=answers.passes(
                (([3.0, 2.0, 2.5, 2.4, 1.0], 2), 4),
                (([3.0, 2.0, 2.5, 1.9, 2.0], 2), 5),
                (([1.0, 2.0, 3.0], 1), 2),
                (([2.0, 2.0, 2.0], 2), 3),
            ),
            hints=(
                "Remember the best loss so far and the epoch that had it.",
                "Stop as soon as the epoch is `patience` epochs after the best one; an equal loss is no progress.",
                "for epoch, loss in enumerate(losses, start=1): keep the best, else compare epoch - best_epoch.",
            ),
            solution="""
                def answer(losses, patience):
                    best, best_epoch = float("inf"), 0
                    for epoch, loss in enumerate(losses, start=1):
                        if loss < best:
                            best, best_epoch = loss, epoch
                        elif epoch - best_epoch >= patience:
                            return epoch
                    return len(losses)
            """,
            why="Patience counts epochs since the best one, so a single bad epoch does not end a training.",
        ),
    },
    quiz=(
        Question(
            "The loss is NaN after the first epoch. What do you change first?",
            "The learning rate: a tenth of it. If that does not help, look for extreme values with data.audit.",
            ("the number of epochs", "the learning rate", "the seed"),
        ),
        Question(
            "Early stopping ended after 34 epochs with patience 10. Which epoch's weights does the model hold?",
            "Those of epoch 24, the best one: ten epochs without progress came after it.",
            ("epoch 34", "epoch 24", "epoch 1"),
        ),
        Question(
            "Why must the test part not be used to decide when to stop?",
            "The decision would be fitted to the test rows, and their score would promise more than new rows keep.",
        ),
        Question(
            "You make the batch eight times larger and keep the rest. What happens to the updates of an epoch?",
            "There are about an eighth of them, each from a steadier gradient; often a larger learning rate goes with it.",
        ),
    ),
)
