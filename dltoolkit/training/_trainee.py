"""A network as it is trained: penalties apart, the loss of each member of an ensemble, labels that are not quite sure."""

from typing import Any

from dltoolkit._keras import keras
from dltoolkit.models._parts import MEMBERS
from dltoolkit.training._lengths import nodes

ops = keras.ops


def trainee(
    model: keras.Model, smoothing: float, *, by_label: bool = False, apart: bool = False
) -> keras.Model:
    """The model to compile and fit in place of a network; the very network where nothing is special.

    Args:
        model: The network. A layer of it called ``"members"`` holds answers ``(n, members, units)`` of which the
            network gives the mean.
        smoothing: Share of a label that is spread over all classes in training, in [0, 1).
        by_label: Whether rows come with a weight for each of several labels.
        apart: Whether it is to be another model in any case, so that the network's own optimizer and metrics stay.

    Returns:
        keras.Model: It shares every layer with the network, so that training it trains the network.
    """
    several = any(layer.name == MEMBERS for layer in model.layers)
    own_step = any(
        getattr(type(model), n) is not getattr(keras.Model, n) for n in ("train_step", "compute_loss")
    )
    if not several and not smoothing and not by_label and not apart and (own_step or not model.losses):
        return model
    # A Sequential knows its tensors before it was ever called, but not by the singular names.
    plain = isinstance(model, keras.Sequential)
    inputs = {tensor.name: tensor for tensor in model.inputs} if plain else model.input
    answers = [model.outputs[0], *(_answer_of(model, MEMBERS) if several else [])]
    return Trainee(inputs, answers, name=model.name, smoothing=smoothing)


def _answer_of(model: keras.Model, name: str) -> list[Any]:
    """What a layer gives in this very network; `layer.output` may be what it gave in another one that shares it."""
    return [node.output_tensors[0] for node in nodes(model) if node.operation.name == name]


class PenaltiesApart(keras.Model):
    """A network that tells the penalties (L1, L2) in its loss, as the metric ``penalty``.

    Args:
        inputs: The network's inputs.
        outputs: What it gives.
        name: Name of the model.
    """

    def __init__(self, inputs: Any, outputs: Any, *, name: str) -> None:
        super().__init__(inputs, outputs, name=name)
        self.penalty = keras.metrics.Mean("penalty") if self.losses else None

    def compute_loss(  # noqa: PLR0917 - the signature is Keras's own
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Keras's own; penalties are noted."""
        if self.penalty is not None:
            self.penalty.update_state(sum(self.losses), sample_weight=ops.shape(y)[0])
        return super().compute_loss(x, y, y_pred, sample_weight, training)


class Trainee(PenaltiesApart):
    """A network with a loss of its own in training; validation and metrics see the network's answer.

    Members of an ensemble have to learn each for itself: the loss of their mean would let one hide behind the others
    (Gorishniy et al. 2024, "TabM"; Lakshminarayanan et al. 2017, "Deep ensembles").

    Args:
        inputs: The network's inputs.
        outputs: Its answer, and its members' where there are several.
        name: Name of the model.
        smoothing: Share of a label that is spread over all classes (Szegedy et al. 2016, section 7).
    """

    def __init__(self, inputs: Any, outputs: Any, *, name: str, smoothing: float) -> None:
        super().__init__(inputs, outputs, name=name)
        self.smoothing = smoothing

    def compute_loss(  # noqa: PLR0917 - the signature is Keras's own
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The mean loss of the members in training; the loss of the answer otherwise."""
        answer, *rest = _listed(y_pred)
        if training and rest:
            members = rest[0]
            times = members.shape[1]
            answer = ops.reshape(members, (-1, members.shape[2]))
            y = ops.repeat(y, times, axis=0)
            sample_weight = None if sample_weight is None else ops.repeat(sample_weight, times, axis=0)
        units = answer.shape[-1]
        shares = units == 1 or (len(y.shape) == 2 and y.shape[-1] == units)
        if training and self.smoothing and shares:
            y = ops.cast(y, answer.dtype) * (1 - self.smoothing) + self.smoothing / max(units, 2)
        if sample_weight is not None and len(sample_weight.shape) == 2:  # a weight for each label
            y, answer, sample_weight = (ops.reshape(v, (-1, 1)) for v in (y, answer, sample_weight))
        loss = super().compute_loss(x, y, answer, sample_weight, training)
        if training and self.smoothing and not shares:
            loss = loss + self.smoothing * _spread(y, answer, sample_weight)
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Metrics of the answer."""
        return super().compute_metrics(x, y, _listed(y_pred)[0], sample_weight)


def _listed(y_pred: Any) -> list[Any]:
    """The outputs as a list: Keras hands on a single one as it is."""
    return list(y_pred) if isinstance(y_pred, (list, tuple)) else [y_pred]


def _spread(y: Any, answer: Any, sample_weight: Any) -> Any:
    """What spreading a class number over all classes adds to the cross-entropy, mean over the rows."""
    logs = ops.log(ops.clip(answer, keras.config.epsilon(), 1.0))
    labels = ops.one_hot(ops.cast(ops.reshape(y, (-1,)), "int32"), answer.shape[-1])
    added = ops.sum((labels - 1 / answer.shape[-1]) * logs, axis=-1)
    return ops.mean(added if sample_weight is None else added * ops.reshape(sample_weight, (-1,)))
