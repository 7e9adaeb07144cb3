"""A network call by call: every layer and operation in order, those of networks inside it too."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from dltoolkit._checks import closest, complaint, stop
from dltoolkit._keras import keras

Hook = Callable[[str, Any, list[Any], Any], Any]


@dataclasses.dataclass(frozen=True)
class Call:
    """One use of a layer or an operation.

    Attributes:
        path: Its name; within a network inside the network ``"outer/name"``; a layer's second use ends in ``":2"``.
        operation: The layer or the operation.
        inputs: The symbolic tensors that come in.
        outputs: The symbolic tensors that go out.
        sources: The path of the call behind each of `inputs`.
        again: Whether the layer was used before: its weights are counted already.
    """

    path: str
    operation: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    sources: tuple[str, ...]
    again: bool

    @property
    def kind(self) -> str:
        """The class, such as ``"Dense"``."""
        return type(self.operation).__name__


def check_network(model: Any, argument: str = "model") -> keras.Model:
    """Return `model` when its layers and their connections are known.

    Raises:
        InputError: If it is no Keras model, or one whose graph Keras does not know.
    """
    if not isinstance(model, keras.Model):
        cure = "Build one: models.mlp(problem, preprocessor); of a run it is run.model."
        stop([complaint(argument, "a keras.Model", type(model).__name__, cure)])
    if _graph(model) is None:
        cure = "Build it from keras.Input, or call a keras.Sequential once on its features."
        stop([complaint(argument, "a network whose layers are connected", "one that was never built", cure)])
    return model


def _graph(model: Any) -> Any:
    """The functional graph of a model; None where there is none."""
    if not isinstance(model, keras.Model):
        return None
    graph = getattr(model, "_functional", None) or model
    return graph if getattr(graph, "_nodes_by_depth", None) else None


def _nodes(graph: Any) -> Iterator[tuple[str, Any]]:
    """The nodes in the order in which they can be computed, each with its name."""
    depths = graph._nodes_by_depth
    used: dict[str, int] = {}
    for depth in sorted(depths, reverse=True):
        for node in depths[depth]:
            name = node.operation.name
            used[name] = used.get(name, 0) + 1
            yield name if used[name] == 1 else f"{name}:{used[name]}", node


def walk(model: keras.Model) -> list[Call]:
    """Every use of a layer or operation, in the order in which they are computed; inputs come first.

    Args:
        model: A functional network.

    Returns:
        list: A `Call` each. Networks inside it stand for nothing themselves, but each of their layers does.
    """
    found: list[Call] = []
    seen: set[int] = set()

    def through(graph: Any, given: list[str], tensors: list[Any], prefix: str) -> tuple[list[str], list[Any]]:
        made = {id(symbol): path for symbol, path in zip(graph.inputs, given, strict=False)}
        held = {id(symbol): tensor for symbol, tensor in zip(graph.inputs, tensors, strict=True)}
        for name, node in _nodes(graph):
            if node.is_input and prefix:
                continue  # an inner input is what comes in from outside
            path, operation, inner = prefix + name, node.operation, _graph(node.operation)
            sources = [made[id(symbol)] for symbol in node.input_tensors]
            came = [held[id(symbol)] for symbol in node.input_tensors]
            if inner is not None:
                ends, out = through(inner, sources, came, path + "/")
            else:
                out = _outputs(node, came, held)
                again = id(operation) in seen
                found.append(Call(path, operation, tuple(came), tuple(out), tuple(sources), again))
                seen.add(id(operation))
                ends = [path] * len(out)
            made |= {id(symbol): end for symbol, end in zip(node.outputs, ends, strict=True)}
            held |= {id(symbol): tensor for symbol, tensor in zip(node.outputs, out, strict=True)}
        return [made[id(symbol)] for symbol in graph.outputs], [held[id(symbol)] for symbol in graph.outputs]

    graph = _graph(check_network(model))
    through(graph, [], graph.inputs, "")
    return found


def _outputs(node: Any, came: list[Any], held: dict[int, Any]) -> list[Any]:
    """What a node puts out; worked out anew where a network inside was built for any length, and has a known one."""
    if all(tensor.shape == symbol.shape for tensor, symbol in zip(came, node.input_tensors, strict=True)):
        return list(node.outputs)
    arguments, options = node.arguments.fill_in(held)
    return keras.tree.flatten(node.operation.compute_output_spec(*arguments, **options))


def run(model: keras.Model, features: Any, hook: Hook) -> Any:
    """Compute a network's answer call by call.

    Args:
        model: A functional network.
        features: Its inputs: an array, or a dict of arrays by the inputs' names.
        hook: Called after each layer or operation with its path, itself, its inputs and its output; what it returns
            takes the output's place.

    Returns:
        tensor: The answer, as ``model(features, training=False)`` gives it.
    """

    def through(graph: Any, tensors: list[Any], prefix: str) -> list[Any]:
        held = {id(symbol): tensor for symbol, tensor in zip(graph.inputs, tensors, strict=True)}
        for name, node in _nodes(graph):
            if node.is_input:
                continue
            arguments, options = node.arguments.fill_in(held)
            inner = _graph(node.operation)
            if inner is not None:
                ends = through(inner, _as_inputs(inner, arguments[0]), f"{prefix}{name}/")
            else:
                came = [held[id(symbol)] for symbol in node.input_tensors]
                output = hook(prefix + name, node.operation, came, node.operation(*arguments, **options))
                ends = keras.tree.flatten(output)
            held |= {id(symbol): end for symbol, end in zip(node.outputs, ends, strict=True)}
        return [held[id(symbol)] for symbol in graph.outputs]

    graph = _graph(check_network(model))
    if isinstance(features, dict):
        features = [features[tensor.name] for tensor in graph.inputs]
    return through(graph, _as_inputs(graph, features), "")[0]


def _as_inputs(graph: Any, values: Any) -> list[Any]:
    """Values as the tensors that a graph takes."""
    flat = keras.tree.flatten(values)
    return [
        keras.ops.convert_to_tensor(value, dtype=symbol.dtype)
        for value, symbol in zip(flat, graph.inputs, strict=True)
    ]


def find(calls: list[Call], layer: str, fits: Callable[[Call], bool] = lambda call: True) -> Call:
    """The call of that path, or the only one whose last name it is.

    Raises:
        InputError: If there is none, or it does not fit; the message names those that come close and fit.
    """
    named = [call for call in calls if call.path == layer]
    named = named or [call for call in calls if call.path.rsplit("/", 1)[-1] == layer]
    usable = [call.path for call in calls if fits(call)]
    if len(named) != 1 or not fits(named[0]):
        got = repr(layer) + (", which does not fit" if named else ", which is none")
        stop([complaint("layer", "the name of a fitting layer", got, closest(layer, usable))])
    return named[0]
