"""Two towers as they are trained: each chosen item against all other items of its batch."""

from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._keras import free_name, keras
from dltoolkit.models._towers import ITEM_TOWER, USER_TOWER, features_of, only_column
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._trainee import PenaltiesApart

ops = keras.ops
NAME = "two_tower"  # the network that is trained so
NEVER = -1e9  # what stands for the score of an item that does not count


def among_rivals(
    model: keras.Model, preprocessor: Preprocessor, problem: Problem, train: pd.DataFrame
) -> keras.Model | None:
    """The model to compile and fit in place of ``two_tower`` where it learns choices; None for any other network.

    Args:
        model: The network.
        preprocessor: What feeds it.
        problem: What is asked; only two classes are choices.
        train: The training part, raw, which says how often each item stands there.

    Returns:
        keras.Model or None: It shares every layer with the network, so that training it trains the network.
    """
    if model.name != NAME or problem.kind != "binary":
        return None
    item = features_of(preprocessor)[only_column("item", preprocessor)]
    run = preprocessor._runner
    ids = run.table(run.read_table(train[preprocessor.columns]), len(train))[item][:, 0]
    counts = np.bincount(ids, minlength=preprocessor.specs[item].vocabulary_size or 0)
    return TowersTrainee(model, item, counts)


class TowersTrainee(PenaltiesApart):
    """A network with towers whose loss in training compares items; validation and metrics see the network's answer.

    For each row that was chosen, a softmax over the items of the whole batch has to find the row's own item: hundreds of
    rivals for the price of a matrix product. A frequent item is a rival more often than a rare one, which is taken off its
    score; other rows with the same item do not count. The problem's own loss is added, so that the answer is a probability.

    Args:
        model: The network. It shares every layer with this one.
        item: The feature with the items' ids.
        counts: How often each id stands in the training rows, ``(vocabulary_size,)``.

    References:
        Yi et al. (2019), "Sampling-bias-corrected neural modeling for large corpus item recommendations", RecSys. Yang et
        al. (2020), "Mixed negative sampling for learning two-tower neural networks in recommendations", WWW: why drawn
        items beside the chosen ones help.
    """

    def __init__(self, model: keras.Model, item: str, counts: np.ndarray) -> None:
        towers = [model.get_layer(free_name(name, model.input)) for name in (USER_TOWER, ITEM_TOWER)]
        vectors = [tower({n: model.input[n] for n in tower.input}) for tower in towers]
        super().__init__(model.input, [model.output, *vectors], name=model.name)
        self.item = item
        self.often = np.log(np.maximum(counts, 1.0)).astype("float32")

    def compute_loss(  # noqa: PLR0917 - the signature is Keras's own
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The problem's loss; in training with the softmax over the items of the batch."""
        answer, users, items = y_pred
        loss = super().compute_loss(x, y, answer, sample_weight, training)
        if not training:
            return loss
        ids = ops.reshape(x[self.item], (-1,))
        users, items = (ops.reshape(v, (-1, v.shape[1] * v.shape[2])) for v in (users, items))
        found = ops.matmul(users, ops.transpose(items))
        scores = found - ops.take(ops.convert_to_tensor(self.often), ids)
        own = ops.eye(ops.shape(scores)[0], dtype="bool")
        again = ops.logical_and(ops.equal(ids[:, None], ids[None, :]), ops.logical_not(own))
        scores = ops.where(again, NEVER, scores)
        each = ops.logsumexp(scores, axis=1) - ops.diagonal(scores)
        chosen = ops.cast(ops.reshape(y, (-1,)), each.dtype)
        if sample_weight is not None:
            chosen = chosen * ops.reshape(sample_weight, (-1,))
        return loss + ops.sum(chosen * each) / ops.maximum(ops.sum(chosen), 1.0)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Metrics of the answer."""
        return super().compute_metrics(x, y, y_pred[0], sample_weight)
