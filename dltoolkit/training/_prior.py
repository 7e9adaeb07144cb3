"""What weights and resampling do to the base rates: where the output bias starts, and the way back to honest probabilities."""

import dataclasses
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dltoolkit._checks import complaint, stop
from dltoolkit._keras import keras
from dltoolkit.data import Splits
from dltoolkit.models._parts import base_rate
from dltoolkit.preprocessing import Preprocessor
from dltoolkit.problem import Problem
from dltoolkit.training._model_check import HANDED_ON
from dltoolkit.training._run import Run

PRIOR = "prior"  # the setting of a run that tells both base rates
RESAMPLED = "resample"  # the setting of splits whose training part was resampled
_PASSED = (*HANDED_ON, keras.layers.Activation, keras.layers.Softmax, keras.layers.Add)


def correct_prior(run: Run) -> Run:
    """A run whose probabilities are those of the classes as they come, after it was trained on weighted or resampled ones.

    Such a training learns the probabilities of a world in which the rare class is frequent. The way back is a shift of the
    log odds, which is a shift of the output bias: the ranking of examples and all other weights stay. It is exact for a
    network that learnt by a likelihood such as the problem's own loss; the focal loss has a bias of its own besides.

    Args:
        run: Trained with ``class_weight=``, or on `resample`d splits.

    Returns:
        Run: With a network of its own, to be evaluated and deployed in place of `run`, which stays as it is.

    Raises:
        InputError: If classes were neither weighted nor resampled, it is corrected already, or the network's answer has no
            bias of its own.

    References:
        King and Zeng (2001), Logistic regression in rare events data, section 4.1 ("prior correction"); Saerens, Latinne
        and Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities, equation 4.
    """
    prior: Any = run.settings.get(PRIOR) if isinstance(run, Run) else None
    if not prior:
        got = "one with neither" if isinstance(run, Run) else type(run).__name__
        stop([complaint("run", "a Run with class_weight, or of resampled splits", got)])
    if prior.get("corrected"):
        stop([complaint("run", "one whose probabilities are not corrected yet", "a corrected one")])
    if head_with_bias(run.model) is None:
        cure = "Correct its probabilities: training.correct_probabilities."
        stop([complaint("run.model", "an answer with a bias", f"{run.model.name!r}, which has none", cure)])
    with tempfile.TemporaryDirectory() as folder:  # cloned layers could lose what they were adapted to
        path = pathlib.Path(folder) / "model.keras"
        run.model.save(path)
        model = keras.saving.load_model(path)
    bias = head_with_bias(model).bias
    shift = _scores(prior["population"], run.problem) - _scores(prior["trained"], run.problem)
    bias.assign(keras.ops.convert_to_numpy(bias) + shift)
    return dataclasses.replace(
        run, model=model, settings={**run.settings, PRIOR: {**prior, "corrected": True}}
    )


def correct_probabilities(
    probabilities: np.ndarray, trained: float | Sequence[float], population: float | Sequence[float]
) -> np.ndarray:
    """Probabilities for other base rates than those that a model was trained on.

    Args:
        probabilities: Of the positive class ``(n,)``, or of exclusive classes ``(n, n_classes)``.
        trained: The share of the positive class, or of each class, that the model was trained on, weights counted; all
            above 0.
        population: The same where the model is used.

    Returns:
        numpy.ndarray: float64, of the same shape.

    Raises:
        InputError: If the shares are not one (or one a class) between 0 and 1.

    References:
        Saerens, Latinne and Decaestecker (2002), equation 4: ``p * population / trained``, scaled to sum to 1.

    Example:
        >>> correct_probabilities(np.array([0.5, 0.9]), 0.5, 0.02).round(3).tolist()
        [0.02, 0.155]
    """
    p = np.asarray(probabilities, dtype="float64")
    one = p.ndim == 1
    shares = {"trained": trained, "population": population}
    found = {name: np.atleast_1d(np.asarray(share, dtype="float64")) for name, share in shares.items()}
    expected = "the share of the positive class in (0, 1)" if one else f"{p.shape[-1]} shares in (0, 1)"
    stop(
        [
            complaint(name, expected, repr(shares[name]))
            for name, share in found.items()
            if share.shape != (1 if one else p.shape[-1],) or not ((share > 0) & (share < 1)).all()
        ]
    )
    both = np.column_stack([1 - p, p]) if one else p
    old, new = ([1 - s[0], s[0]] if one else s for s in found.values())
    scaled = both * (np.asarray(new) / np.asarray(old))
    corrected = scaled / scaled.sum(axis=1, keepdims=True)
    return corrected[:, 1] if one else corrected


def prior_facts(splits: Splits, problem: Problem, table: np.ndarray | None) -> dict[str, Any]:
    """The base rates that a training sees, and those of the classes as they come, where the two differ.

    Args:
        splits: Gives the training part.
        problem: Gives the classes.
        table: Weights of the classes, from `weight_table`; None for none.

    Returns:
        dict: ``{"prior": {"trained": [...], "population": [...]}}``: the share of each class, or the rate of each of several
        labels; empty where nothing was weighted or resampled.
    """
    resampled = getattr(splits, "settings", {}).get(RESAMPLED)
    if table is None and resampled is None:
        return {}
    y = problem.encode(splits.train).astype(int)
    several = problem.kind == "multilabel"
    k = len(problem.classes)
    counts = np.array([np.bincount(c, minlength=2) for c in y.T]) if several else np.bincount(y, minlength=k)
    before = counts if resampled is None else np.array([resampled["counts"][c] for c in problem.classes])
    seen = (counts + 1.0) * (1.0 if table is None else table)
    rates = {"trained": seen, "population": before + 1.0}  # with one example added, as base rates are
    shares = {name: n / n.sum(axis=-1, keepdims=True) for name, n in rates.items()}
    return {PRIOR: {name: (s[:, 1] if several else s).tolist() for name, s in shares.items()}}


def validation_table(splits: Splits, problem: Problem, table: np.ndarray | None) -> np.ndarray | None:
    """The weights with which the validation loss is the loss that the training makes smaller.

    Args:
        splits: Gives the training part; where it was resampled, the validation part was not.
        problem: Gives the classes.
        table: Weights of the classes in training, from `weight_table`; None for none.

    Returns:
        numpy.ndarray or None: A weight for each class; None for none.
    """
    resampled = getattr(splits, "settings", {}).get(RESAMPLED)
    if resampled is None:
        return table
    before = np.array([resampled["counts"][c] for c in problem.classes])
    after = np.bincount(problem.encode(splits.train).astype(int), minlength=len(before))
    ratio = (after / after.sum()) / (before / before.sum())
    return ratio if table is None else table * ratio


def start_at_weighted_rate(
    model: keras.Model, problem: Problem, preprocessor: Preprocessor, facts: Mapping[str, Any]
) -> None:
    """Move an output bias that stands at the base rate to the rate that the training is going to see.

    Args:
        model: The network; nothing is done to one that was trained, or begins elsewhere.
        problem: Gives the classes.
        preprocessor: Gives the base rates that the network was built with.
        facts: From `prior_facts`.
    """
    known = all(
        t in preprocessor.target_statistics and preprocessor.target_statistics[t].counts
        for t in problem.targets
    )
    head = head_with_bias(model)
    if not facts or not known or head is None:
        return
    bias = keras.ops.convert_to_numpy(head.bias)
    trained = _scores(facts[PRIOR]["trained"], problem)
    if (
        np.allclose(bias, base_rate(problem, preprocessor.target_statistics), atol=1e-5)
        and np.isfinite(trained).all()
    ):
        head.bias.assign(np.broadcast_to(trained, bias.shape))


def _scores(shares: Sequence[float], problem: Problem) -> np.ndarray:
    """What a head's bias has to be to answer with these shares, ``(units,)``."""
    with np.errstate(divide="ignore"):  # of a class that weighs nothing
        logs = np.log(shares)
        if problem.kind == "multilabel":
            return logs - np.log1p(-np.asarray(shares))
    return logs[1:] - logs[0] if problem.kind == "binary" else logs - logs.mean()


def head_with_bias(model: keras.Model) -> Any:
    """The layer whose bias is added to the answer's log odds; None where there is none."""
    waiting = [model.outputs[0]]
    while waiting:
        layer, node, _ = waiting.pop(0)._keras_history
        if getattr(layer, "bias", None) is not None:
            return layer
        if isinstance(layer, _PASSED):
            waiting += layer._inbound_nodes[node].input_tensors
    return None
