"""What the package knows of each of its data sets: where it comes from, what it may be used for, what a row is."""

import dataclasses
from collections.abc import Mapping

_MODELDATA = "R package modeldata (Kuhn, Posit Software)"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One data set of the catalogue.

    Attributes:
        data: What its rows are: ``"table"``, ``"images"``, ``"text"``, ``"audio"``, ``"sequence"``, ``"series"`` or
            ``"ratings"``.
        target: The column that is usually predicted.
        kind: ``"binary"``, ``"multiclass"`` or ``"regression"``: what predicting it is.
        rows: Number of rows.
        columns: Number of columns, target included.
        source: Who made it, and through which R package it came.
        licence: Under which licence it is distributed.
        what: One or two sentences on what a row is, and what to know before using it.
        bytes: Size of the file that comes with the package; 0 for what is made on first use.
        sha256: Checksum of that file, 64 hexadecimal digits; empty for what is made on first use.
        roles: Column name to role, where the values alone do not tell it. Defaults to none.
        groups: The column to split by, so that no group stands in two parts. Defaults to ``""``: none.
    """

    data: str
    target: str
    kind: str
    rows: int
    columns: int
    source: str
    licence: str
    what: str
    bytes: int
    sha256: str
    roles: Mapping[str, str] = dataclasses.field(default_factory=dict)
    groups: str = ""


ENTRIES = {
    "ames": Entry(
        data="table",
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
        data="table",
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
        data="table",
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
        data="table",
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
        data="table",
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
        data="table",
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
        data="table",
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
        data="table",
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
    "digits": Entry(
        data="images",
        target="digit",
        kind="multiclass",
        rows=1_797,
        columns=2,
        source="Alpaydin and Kaynak (1998), UCI Optical Recognition of Handwritten Digits, its test part; scikit-learn",
        licence="CC BY 4.0 at UCI; BSD 3-Clause, as distributed in scikit-learn",
        what="A row is a digit written by hand: image is grey, 8 x 8, uint8. Its ink, 0 to 16 at the source, is "
        "stretched to 0 to 255. Thirteen people wrote them; who wrote which is not known.",
        bytes=46_609,
        sha256="f2b41848d4ebef323d092e764367146a2e45201e7a4cff3f236919b86fcc1033",
    ),
    "reviews": Entry(
        data="text",
        target="score",
        kind="binary",
        rows=5_000,
        columns=3,
        source=f"McAuley and Leskovec (2013), WWW, Amazon fine food reviews; {_MODELDATA}",
        licence="MIT, as distributed in modeldata; the origin states none",
        what="A row is a review of a food, in English; its score is great (five stars) or other. The 4,000 rows of "
        "modeldata's training part come first, then the 1,000 of its test part; 27 texts stand there more than once.",
        bytes=683_543,
        sha256="ad52411d073291098ba484e18ebd4860bd4eacc0913a56da5808cc1932204280",
    ),
    "movielens": Entry(
        data="ratings",
        target="rating",
        kind="regression",
        rows=100_004,
        columns=7,
        source="GroupLens, MovieLens latest small, October 2016: Harper and Konstan (2015), ACM TiiS 5(4):19; R package "
        "dslabs",
        licence="GroupLens: free to use and to pass on under the same terms, no commercial use without permission; "
        "dslabs is Artistic-2.0",
        what="A row is what a user gave a film (item): 0.5 to 5 stars, at which time (UTC). Genres are joined by |. "
        "671 users, 9,066 films; 7 ratings are of films without a title or year.",
        bytes=1_164_334,
        sha256="f089e3cb4c33775693dfee2619798d4e8a74f26ec1d374b296da131952046447",
        roles={"user": "user", "item": "item", "time": "time"},
    ),
    "employment": Entry(
        data="series",
        target="employed",
        kind="regression",
        rows=72_339,
        columns=4,
        source="US Bureau of Labor Statistics, Current Employment Statistics; R package fpp3 (Hyndman)",
        licence="Public domain; GPL-3, as distributed in fpp3",
        what="A row is a month of one of 148 series of the US labour market: people employed, in thousands, not "
        "seasonally adjusted. Most run from 1990 to September 2019, the longest from 1939 on; one ends in December "
        "2017. The months before the start and after the end of a series are left out; none has a gap.",
        bytes=262_758,
        sha256="74c3fa544dc86386d314833c1253fcda17e54c8893ab22e12242e5d233a7fe32",
        roles={"series": "series", "month": "time"},
    ),
    "ridership": Entry(
        data="series",
        target="ridership",
        kind="regression",
        rows=5_698,
        columns=50,
        source=f"City of Chicago Data Portal, Kuhn and Johnson, Feature Engineering and Selection (2019); {_MODELDATA}",
        licence="MIT, as distributed in modeldata",
        what="A row is a day from 2001-01-22 to 2016-08-28: ridership is the people, in thousands, who entered the "
        "Clark/Lake station; beside it those of 20 stations 14 days before, that day's weather, and home games.",
        bytes=470_937,
        sha256="6690345288560becfdc3cc5a9c7dcf5844862a7daf830226180e697af464a17b",
    ),
    "vowels": Entry(
        data="sequence",
        target="speaker",
        kind="multiclass",
        rows=640,
        columns=2,
        source="Kudo, Toyama, Shimbo (1999), Pattern Recognition Letters 20(11-13), UCI Japanese Vowels; aeon",
        licence="CC BY 4.0 at UCI; BSD 3-Clause, as distributed in aeon",
        what="A row is one of nine men who says a Japanese ae: lpc holds 12 LPC cepstrum coefficients a frame, float32, "
        "7 to 29 frames. The first 270 rows are its makers' training part, the other 370 their test part.",
        bytes=664_568,
        sha256="88fece025bf70397c740c8e7d5fd4e3b6e503f6be6b4b08a3ca16f2c7189e285",
    ),
    "spoken-digits": Entry(
        data="audio",
        target="word",
        kind="multiclass",
        rows=3_000,
        columns=6,
        source="Spoken on this machine by espeak-ng 1.52 (Duddington, Dunn and others) through espeakng-loader",
        licence="No licence on the sounds; espeak-ng, which speaks them, is GPL-3",
        what="A row is one of ten English words, zero to nine, in one of 60 synthetic voices, at a drawn pitch and rate and "
        "one of five levels of noise. Made in the cache folder on first use, 59 MB. Split it by voice: "
        "data.split(frame, problem, groups='voice').",
        bytes=0,
        sha256="",
        roles={"audio": "audio", "voice": "id", "pitch": "ignore", "rate": "ignore", "noise": "ignore"},
        groups="voice",
    ),
}
