"""The real tables that come with the package: what they are, where they come from, and what they may be used for."""

import dataclasses
import pathlib
import types
from collections.abc import Mapping

import pandas as pd

from dltoolkit import _files
from dltoolkit._checks import InputError, check_choice, complaint

TABLES = pathlib.Path(__file__).parent / "tables"
_MODELDATA = "R package modeldata (Kuhn, Posit Software)"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One table of the catalogue.

    Attributes:
        target: The column that is usually predicted.
        kind: ``"binary"``, ``"multiclass"`` or ``"regression"``: what predicting it is.
        rows: Number of rows.
        columns: Number of columns, target included.
        source: Who made it, and through which R package it came.
        licence: Under which licence it is distributed.
        what: One or two sentences on what a row is, and what to know before using it.
        bytes: Size of the file.
        sha256: Checksum of the file, 64 hexadecimal digits.
    """

    target: str
    kind: str
    rows: int
    columns: int
    source: str
    licence: str
    what: str
    bytes: int
    sha256: str


_ENTRIES = {
    "ames": Entry(
        target="Sale_Price",
        kind="regression",
        rows=2_930,
        columns=74,
        source=f"De Cock (2011), Journal of Statistics Education 19(3); {_MODELDATA}",
        licence="MIT, as distributed in modeldata",
        what="A row is a house sold in Ames, Iowa, from 2006 to 2010; the target is its price in US dollars.",
        bytes=158_353,
        sha256="265135925aab63e9051558d4342817c770e1444f7460e90a73efa366fb9e0c65",
    ),
    "attrition": Entry(
        target="Attrition",
        kind="binary",
        rows=1_470,
        columns=31,
        source=f"IBM Watson Analytics, HR employee attrition; {_MODELDATA}",
        licence="MIT, as distributed in modeldata",
        what="A row is an employee who left (Yes) or stayed (No). Invented by data scientists at IBM: no real person.",
        bytes=40_261,
        sha256="986b96d185820485242cd2788a8cbcb19b704abbf12f574ed9b2c51da26542e8",
    ),
    "cells": Entry(
        target="class",
        kind="binary",
        rows=2_019,
        columns=57,
        source=f"Hill, LaPan, Li, Haney (2007), BMC Bioinformatics 8:340; {_MODELDATA}",
        licence="MIT, as distributed in modeldata; the open-access article is CC BY 2.0",
        what="A row is a cell under the microscope whose outline was found well (WS) or poorly (PS). The authors' own "
        "train and test label is left out.",
        bytes=864_088,
        sha256="4e0e00bb9215ab13ac99c1656df87c79a16e71d99517aa7ee590ee7c0fe8a5c8",
    ),
    "churn": Entry(
        target="churn",
        kind="binary",
        rows=7_043,
        columns=20,
        source=f"IBM Watson Analytics, telco customer churn; {_MODELDATA}",
        licence="MIT, as distributed in modeldata",
        what="A row is a customer of a telephone company who left within the month (Yes) or stayed (No).",
        bytes=76_470,
        sha256="f006df25099a6fa7ff1b5b1a0dc0b389fb264ef8ccb2b77b80d815458f678bdb",
    ),
    "credit": Entry(
        target="Status",
        kind="binary",
        rows=4_454,
        columns=14,
        source=f"Lluís A. Belanche Muñoz and Tomàs Aluja, through Gaston Sanchez's CreditScoring; {_MODELDATA}",
        licence="MIT, as distributed in modeldata; the origin states none",
        what="A row is a loan that was paid back (good) or not (bad), with what was known when it was asked for.",
        bytes=43_676,
        sha256="ce94f63564a882daef0c282841b85bf0dbc8742cdc5e8536334e41103318c53a",
    ),
    "diamonds": Entry(
        target="price",
        kind="regression",
        rows=53_940,
        columns=10,
        source="diamondse.info, collected by Hadley Wickham; R package ggplot2",
        licence="MIT, as distributed in ggplot2",
        what="A row is a round cut diamond; the target is its price in US dollars. A few sizes are 0: not measured.",
        bytes=410_993,
        sha256="db283dd3d33c49757aea3a8eba805d6a619ffda99c702b22c80225b2de2b31ee",
    ),
    "flights": Entry(
        target="late",
        kind="binary",
        rows=336_776,
        columns=18,
        source="US Bureau of Transportation Statistics, Iowa Environmental Mesonet (weather) and FAA registry (planes); "
        "R package nycflights13",
        licence="CC0 1.0, as distributed in nycflights13",
        what="A row is a flight scheduled from New York in 2013; late means more than 15 minutes after schedule, or not "
        "arrived at all. Planes are unknown for 52,606 flights; 2,512 of those were cancelled before one was assigned.",
        bytes=4_164_569,
        sha256="b80ad5c3a6e33775c79d1bb477633c55d377ca933b99eaca88045df32171242d",
    ),
    "penguins": Entry(
        target="species",
        kind="multiclass",
        rows=344,
        columns=8,
        source="Gorman, Williams, Fraser (2014), PLoS ONE 9(3): e90081, Palmer Station LTER; R package palmerpenguins",
        licence="CC0 1.0, as distributed in palmerpenguins",
        what="A row is a penguin of one of three species, measured near Palmer Station, Antarctica, from 2007 to 2009.",
        bytes=4_869,
        sha256="b760b03ab30d3cfe28998f9cba5e5db59c1924e91a888d61bd721997da866cf0",
    ),
}
CATALOGUE: Mapping[str, Entry] = types.MappingProxyType(_ENTRIES)


def catalogue() -> pd.DataFrame:
    """The tables that `load` knows.

    Returns:
        pandas.DataFrame: One row a table: ``name``, ``rows``, ``columns`` (target included), ``target``, ``kind``,
        ``source``, ``licence``, ``bytes`` and ``what`` a row of it is.

    Example:
        >>> catalogue().set_index("name")["target"].loc["flights"]
        'late'
    """
    names = ["rows", "columns", "target", "kind", "source", "licence", "bytes", "what"]
    return pd.DataFrame(
        [{"name": name} | {n: getattr(entry, n) for n in names} for name, entry in CATALOGUE.items()]
    )


def load(name: str) -> pd.DataFrame:
    """A real table that comes with the package.

    Args:
        name: One of the names in `catalogue`, such as ``"credit"``.

    Returns:
        pandas.DataFrame: A fresh copy, shape ``(n_rows, n_columns)``; ``frame.attrs`` holds its ``"name"`` and its
        ``"target"``. Text is ``str``, flags are ``bool``, dates are ``datetime64``; whole numbers with missing values are
        ``float64``. Columns that only number the rows are left out.

    Raises:
        InputError: If there is no such table (the message names close ones), or if its file is damaged.
        FileNotFoundError: If its file is not there.

    Example:
        >>> load("credit").shape
        (4454, 14)
    """
    check_choice(name, CATALOGUE, "name")
    path = TABLES / f"{name}.parquet"
    cure = "Install dltoolkit again: pip install --force-reinstall --no-deps dltoolkit."
    if not path.is_file():
        raise FileNotFoundError(complaint(f"table {name!r}", f"a file at {path}", "none", cure))
    came = _files.sha256_file(path)
    if came != CATALOGUE[name].sha256:
        expected = f"the SHA-256 {CATALOGUE[name].sha256[:12]}…"
        raise InputError(
            complaint(f"table {name!r} at {path}", expected, f"{came[:12]}…: the file is damaged", cure)
        )
    frame = pd.read_parquet(path)
    frame.attrs.update(name=name, target=CATALOGUE[name].target)
    return frame
