"""What a recommender says of every pair of user and item."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from dltoolkit._checks import check_columns, check_frame, complaint, listed, stop
from dltoolkit._keras import free_name, keras
from dltoolkit.models._towers import ITEM_TOWER, MEETING, SCORE, USER_TOWER
from dltoolkit.preprocessing import Preprocessor

# Pairs whose answers are worked out at once: some tens of megabytes.
PAIRS_AT_ONCE = 500_000


def scores(
    model: keras.Model,
    preprocessor: Preprocessor,
    known: pd.DataFrame,
    *,
    users: Iterable[Any] | None = None,
) -> pd.DataFrame:
    """The answer of `matrix_factorisation`, `two_tower` or `ranker` for each user and each item.

    What is known of a user, and of the moment, is that user's last row in `known`; what is known of an item is its first
    row. Each tower runs once a user and once an item.

    Args:
        model: The trained network.
        preprocessor: The preprocessing that feeds it.
        known: Rows with the columns that the network was trained on; they give the users and the items.
        users: Ids of the users that are asked for. Defaults to None: all in `known`.

    Returns:
        pandas.DataFrame: float32, one row a user, one column an item, labelled with their ids; probabilities, or amounts
        in the target's unit. `evaluation.recommend` makes lists of it.

    Raises:
        InputError: If the model has no towers, a column is missing, or a user has no row in `known`.

    Example:
        >>> from dltoolkit import Problem, Schema, models, preprocessing
        >>> known = pd.DataFrame({"who": ["ann", "bob"], "film": ["x", "y"], "stars": [1.5, 4.5]})
        >>> schema = Schema.infer(known, "stars").with_roles(who="user", film="item", stars="target")
        >>> preprocessor = preprocessing.fit(known, schema)
        >>> model = models.two_tower(Problem("regression", "stars"), preprocessor)
        >>> scores(model, preprocessor, known).round(0).to_numpy().tolist()
        [[3.0, 3.0], [3.0, 3.0]]
    """
    towers = _towers(model)
    check_columns(check_frame(known, "known"), preprocessor.columns, argument="known")
    (user,), (item,) = (preprocessor.schema.columns(role) for role in ("user", "item"))
    last = known.drop_duplicates(user, keep="last").set_index(user, drop=False)
    items = known.drop_duplicates(item)
    last = last.sort_index() if users is None else last.loc[_checked(users, last.index)]
    vectors = [
        tower.predict(
            {n: x for n, x in preprocessor.transform(rows).items() if n in tower.input},
            batch_size=4096,
            verbose=0,
        )
        for tower, rows in zip(towers, (last, items), strict=True)
    ]
    answer = _answer(model)
    block = max(1, PAIRS_AT_ONCE // len(items))
    parts = [answer(vectors[0][i : i + block], vectors[1]) for i in range(0, len(last), block)]
    return pd.DataFrame(
        np.concatenate(parts), index=pd.Index(last[user], name=user), columns=pd.Index(items[item], name=item)
    )


def _towers(model: Any) -> tuple[keras.Model, keras.Model]:
    names = [layer.name for layer in getattr(model, "layers", ())]
    taken = [] if not names else list(model.input)
    wanted = [free_name(n, taken) for n in (USER_TOWER, ITEM_TOWER, SCORE)]
    if not set(wanted) <= set(names):
        expected = "a network with towers: matrix_factorisation, two_tower or ranker"
        stop([complaint("model", expected, repr(getattr(model, "name", type(model).__name__)))])
    return model.get_layer(wanted[0]), model.get_layer(wanted[1])


def _checked(users: Iterable[Any], index: pd.Index) -> list[Any]:
    users = list(users)
    unknown = [u for u in users if u not in index]
    if unknown:
        cure = "A user without a row has no past and no moment: add a row that says what is known."
        stop([complaint("users", f"ids in `known`, such as {listed(index[:3])}", listed(unknown), cure)])
    return users


def _answer(model: keras.Model) -> Any:
    """A function of the vectors of some users and of all items that gives the network's answers, ``(n_users, n_items)``."""
    layer = model.get_layer(free_name(SCORE, model.input))
    meeting = model.get_layer(free_name(MEETING, model.input))
    rest = keras.Model(layer.input, model.output)

    def answer(users: np.ndarray, items: np.ndarray) -> np.ndarray:
        if meeting.weights:
            pairs = np.repeat(users, len(items), axis=0), np.tile(items, (len(users), 1, 1))
            met = meeting.predict(list(pairs), batch_size=16_384, verbose=0)
        else:  # a dot product: of all pairs at once it is a product of matrices
            met = np.matmul(users.transpose(1, 0, 2), items.transpose(1, 2, 0))
            met = np.moveaxis(met, 0, -1).reshape(-1, users.shape[1], 1)
        return rest.predict(met, batch_size=65_536, verbose=0).reshape(len(users), len(items))

    return answer
