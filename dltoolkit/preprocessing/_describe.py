"""What happens to each column, as a table for people."""

import numpy as np
import pandas as pd

from dltoolkit.data import Schema
from dltoolkit.preprocessing._plan import Plan


def describe(plan: Plan, schema: Schema) -> pd.DataFrame:
    """One row a column: ``column``, ``role``, ``treatment``, ``features`` (how many), ``why``.

    Args:
        plan: What was learnt.
        schema: The columns' roles.

    Returns:
        pandas.DataFrame: Columns that are used, features made of several columns, then columns left out.
    """
    rows = []
    made = {r.name: "ratio" for r in plan.ratios} | {a.name: "aggregate" for a in plan.aggregates}
    for p in plan.numeric:
        role = made.get(p.column) or schema.roles[p.column]
        treatment = "elapsed" if p.role == "datetime" else p.treatment
        rows.append((p.column, role, treatment, 1 + p.indicator, p.why))
    rows += [(p.column, schema.roles[p.column], "cyclic", 2 * len(p.cycles), p.why) for p in plan.dates]
    for c in plan.categories:
        n = len(c.vocabulary) + c.missing if c.treatment == "one-hot" else 1
        rows.append((c.column, schema.roles[c.column], c.treatment, n, c.why))
    for x in plan.crosses:
        rows.append(
            (x.name, "cross", x.treatment, len(x.vocabulary) if x.treatment == "one-hot" else 1, x.why)
        )
    for m in plan.media:
        rows.append((m.column, m.role, m.treatment, int(np.prod(m.feature[0])), m.why))
    rows += [(c, schema.roles[c], "left out", 0, why) for c, why in plan.left_out.items()]
    return pd.DataFrame(rows, columns=["column", "role", "treatment", "features", "why"])
