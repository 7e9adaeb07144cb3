"""Whether a network can be trained on these features for this problem."""

from typing import Any

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem

# Layers that hand an answer on: the activation that counts stands before them.
HANDED_ON = (
    keras.layers.Rescaling,
    keras.layers.Identity,
    keras.layers.Reshape,
    keras.layers.GlobalAveragePooling1D,
)


def check_model(model: Any, preprocessor: Preprocessor, problem: Problem, *, own_loss: bool = False) -> None:
    """Make sure that a network takes the features and answers as the problem's loss expects.

    Args:
        model: The network.
        preprocessor: Gives the features.
        problem: Gives the head.
        own_loss: Whether another loss than the problem's is used, so that the last activation is the caller's affair.

    Raises:
        InputError: If it is no network, was never built, or has other inputs or another head.
    """
    expected = {name: spec.shape for name, spec in preprocessor.specs.items()}
    came = {name: tuple(tensor.shape[1:]) for name, tensor in _inputs_of(model).items()}
    if came != expected:
        cure = "Build the model with this preprocessor: models.build(problem, preprocessor)."
        stop([complaint("model inputs", f"the preprocessor's features {expected}", str(came), cure)])
    if model.output_shape[-1] != problem.head.units:
        wanted = f"{problem.head.units} for a {problem.kind} problem"
        stop([complaint("model output units", wanted, str(model.output_shape[-1]), "See problem.head.")])
    last = last_activation(model)
    if problem.kind != "regression" and not own_loss and last not in (None, problem.head.activation):
        wanted = (
            f"{problem.head.activation!r} for a {problem.kind} problem and its loss {str(problem.loss)!r}"
        )
        stop([complaint("model's last activation", wanted, repr(last), problem.head.why)])


def _inputs_of(model: Any) -> dict[str, Any]:
    """A network's inputs by name."""
    if not isinstance(model, keras.Model):
        wanted = "a keras.Model such as models.build(problem, preprocessor)"
        stop([complaint("model", wanted, type(model).__name__)])
    if not getattr(model, "inputs", None):
        cure = "Build it with keras.Input for each feature, as models.build(problem, preprocessor) does."
        stop([complaint("model", "a network whose inputs are known", "one that was never built", cure)])
    if isinstance(model, keras.Sequential) or not isinstance(model.input, dict):
        return {tensor.name: tensor for tensor in model.inputs}
    return model.input


def last_activation(model: keras.Model) -> str | None:
    """The Keras identifier of the activation that the answer went through last; None where it cannot be told."""
    tensor = model.outputs[0]
    while len(model.outputs) == 1:
        layer, node, _ = tensor._keras_history
        if isinstance(layer, HANDED_ON):
            tensor = layer._inbound_nodes[node].input_tensors[0]
            continue
        if isinstance(layer, keras.layers.Softmax):
            return "softmax"
        activation = getattr(layer, "activation", None)
        return keras.activations.serialize(activation) if activation is not None else None
    return None
