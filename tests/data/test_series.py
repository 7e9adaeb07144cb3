"""Series: order, gaps, repeated times and clocks by a stated rule, and windows that never see what comes later."""

import itertools
import time as clock

import numpy as np
import pandas as pd
import pytest

from dltoolkit import Problem, data
from dltoolkit._checks import InputError
from dltoolkit.data.kinds import _times


def table(times, **columns):
    times = pd.Series(times)
    return pd.DataFrame({"t": times, **(columns or {"y": np.arange(len(times), dtype=float)})})


HOURS = pd.date_range("2024-01-01", periods=6, freq="h")


# ------------------------------------------------------------------ order and columns
def test_rows_are_brought_into_the_order_of_series_and_time_and_that_is_recorded():
    frame = pd.DataFrame(
        {"y": [1, 2, 3, 4], "t": [2, 1, 1, 2], "s": ["b", "a", "b", "a"]}, index=[9, 9, 9, 9]
    )
    result = data.read_series(frame, time="t", id="s")
    assert result.columns.tolist() == ["s", "t", "y"]
    assert result.to_numpy().tolist() == [["a", 1, 2], ["a", 2, 4], ["b", 1, 3], ["b", 2, 1]]
    assert result.attrs["notes"] == ("the rows were not in the order of series and time, and were sorted",)
    assert data.read_series(result, time="t", id="s").attrs["notes"] == ()


def test_the_frame_that_was_given_stays_as_it_was():
    frame = table(HOURS[::-1])
    before = frame.copy()
    data.read_series(frame, time="t")
    pd.testing.assert_frame_equal(frame, before)


def test_the_columns_of_values_can_be_chosen():
    frame = table(HOURS, a=range(6), b=range(6), c=["x"] * 6)
    assert data.read_series(frame, time="t", values=["b"]).columns.tolist() == ["t", "b"]
    assert data.read_series(frame, time="t").columns.tolist() == ["t", "a", "b", "c"]


@pytest.mark.parametrize(
    ("column", "options", "message"),
    [
        (
            ["1", "2", "x"],
            {},
            r"column 'y': expected numbers, got values such as '1'\. Turn them into numbers: pd\.to_numeric",
        ),
        (["x", "y", "z"], {"values": ["y"]}, r"column 'y': expected numbers, got values such as 'x'"),
        ([1, np.inf, 2], {}, r"column 'y', row 1: expected finite numbers, got inf"),
        ([1, 2, 3], {"values": ["z"]}, r"column 'z': expected to be there"),
        (
            [1, 2, 3],
            {"values": ["t"]},
            r"values: expected columns of values, each once, beside those of time and id",
        ),
        ([1, 2, 3], {"values": []}, r"values: expected columns of values.*got none"),
        ([1, 2, 3], {"id": "t"}, r"id: expected another column than time, got 't'"),
        (
            [1, 2, 3],
            {"id": "y2"},
            r"column 'y2': expected to be there, got no such column\. Did you mean 'y'",
        ),
        (
            [1, None, 3],
            {"id": "y", "values": ["t"]},
            r"column 'y', rows 1: expected the id of a series, got none",
        ),
        ([1, 2, 3], {"gaps": "drop"}, r"gaps: expected one of 'keep', 'fill', 'error', got 'drop'"),
        ([1, 2, 3], {"duplicates": "first"}, r"duplicates: expected one of 'error', 'last', 'mean'"),
    ],
)
def test_a_column_that_cannot_be_used_is_named(column, options, message):
    with pytest.raises(InputError, match=message):
        data.read_series(table(HOURS[:3], y=column), time="t", **options)


def test_missing_values_are_counted_with_the_first_place():
    frame = table([*HOURS, *HOURS], s=["a"] * 6 + ["b"] * 6, y=[1.0] * 8 + [np.nan] * 2 + [1.0] * 2)
    with pytest.warns(
        UserWarning,
        match=r"column 'y': 2 of 12 values are missing, first at series 'b', time 2024-01-01 02:00:00",
    ):
        data.read_series(frame, time="t", id="s")


# ------------------------------------------------------------------ times
@pytest.mark.parametrize(
    ("times", "step"),
    [
        (HOURS, "1 hour"),
        (pd.date_range("2024", periods=9, freq="15min"), "15 minutes"),
        (pd.date_range("2024", periods=9, freq="5ms", unit="ns"), "5 milliseconds"),
        (pd.date_range("2024", periods=9, freq="7D"), "1 week"),
        (pd.date_range("2024-01-31", periods=30, freq="ME"), "1 month"),
        (pd.date_range("2024-01-01", periods=30, freq="MS"), "1 month"),
        (pd.date_range("2024-01-15", periods=9, freq="QS"), "3 months"),
        (pd.date_range("2000", periods=9, freq="YS"), "1 year"),
        (pd.date_range("2024", periods=30, freq="B"), "1 weekday"),
        (pd.date_range("2024", periods=30, freq="D"), "1 day"),
        (pd.date_range("2024", periods=9, freq="28D"), "4 weeks"),
        (pd.period_range("2024-01", periods=9, freq="M"), "1 month"),
        ([f"2024-01-{d:02}" for d in range(1, 9)], "1 day"),
        ([f"{d}.01.2024" for d in range(1, 20)], "1 day"),
        ([d.date() for d in HOURS[:1].append(pd.date_range("2024-01-02", periods=5))], "1 day"),
        (range(1990, 2000), "1"),
        (np.arange(5) / 4, "0.25"),
    ],
)
def test_the_step_is_the_one_that_most_times_show(times, step):
    result = data.read_series(table(times), time="t")
    assert result.attrs["step"] == step


def test_a_single_time_has_no_step():
    with pytest.warns(UserWarning, match="no series has two times, so there is no step"):
        assert data.read_series(table(["2024-01-01"]), time="t").attrs["step"] is None


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (["2024-01-01", None], r"column 't', rows 1: expected a time in every row, got none"),
        (["2024-01-01", "soon"], r"column 't', row 1: expected a time, got 'soon'"),
        (
            ["01/02/2024", "02/03/2024"],
            r"one way of writing that tells day from month, got '01/02/2024' \(either first\)",
        ),
        (["2024-02-01", "2024-02-31"], r"column 't', row 1: expected a real date, got '2024-02-31'"),
        ([True, False], r"column 't': expected times, got values of type bool"),
        ([1.0, np.inf], r"column 't', rows 1: expected finite times, got inf"),
        ([["a"], ["b"]], r"column 't': expected times, got \['a'\] and the like"),
        (["2024-01-01", 5], r"column 't': expected one kind of time, got texts, and 5 in row 1"),
    ],
)
def test_a_time_that_cannot_be_read_is_named(times, message):
    with pytest.raises(InputError, match=message):
        data.read_series(table(times), time="t")


# ------------------------------------------------------------------ repeated times
REPEATED = pd.DataFrame(
    {"s": ["a", "a", "a", "b"], "t": [1, 2, 2, 2], "y": [1.0, 2.0, 4.0, 5.0], "w": ["p", "q", "r", "s"]}
)


def test_a_time_that_comes_twice_in_a_series_is_refused_by_name():
    message = r"column 't': expected each time once in a series, got 1 rows repeat.*: series 'a', time 2\. Choose duplicates="
    with pytest.raises(InputError, match=message):
        data.read_series(REPEATED, time="t", id="s")


def test_repeated_times_become_one_by_the_rule_chosen():
    last = data.read_series(REPEATED, time="t", id="s", duplicates="last")
    assert last[["y", "w"]].to_numpy().tolist() == [[1.0, "p"], [4.0, "r"], [5.0, "s"]]
    mean = data.read_series(REPEATED, time="t", id="s", duplicates="mean")
    assert mean["y"].tolist() == [1.0, 3.0, 5.0]
    assert (
        "1 rows repeat the series and time of another one: the mean was kept (series 'a', time 2)"
        in mean.attrs["notes"]
    )


# ------------------------------------------------------------------ gaps
def test_gaps_are_kept_with_a_warning_that_names_them():
    with pytest.warns(
        UserWarning,
        match=r"1 gaps with 2 missing times at a step of 1 hour: between 2024-01-01 01:00:00 and 2024-01-01 04:00",
    ):
        result = data.read_series(table(HOURS.delete([2, 3])), time="t")
    assert len(result) == 4


def test_gaps_stop_when_asked_to():
    with pytest.raises(
        InputError, match=r"column 't': expected a time at every step, got 1 gaps with 2 missing times"
    ):
        data.read_series(table(HOURS.delete([2, 3])), time="t", gaps="error")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("freq", ["h", "D", "B", "MS", "ME", "QS", "YS"])
def test_gaps_are_filled_with_missing_values_at_the_right_times(freq, zone):
    whole = pd.date_range("2024-01-31" if freq == "ME" else "2024-03-29", periods=40, freq=freq, tz=zone)
    frame = table(whole.delete([5, 6, 20]), y=np.arange(37))
    result = data.read_series(frame, time="t", gaps="fill")
    assert result["t"].tolist() == whole.tolist()
    assert result["t"].dtype == frame["t"].dtype
    assert np.flatnonzero(result["y"].isna()).tolist() == [5, 6, 20]
    assert "filled with missing values" in result.attrs["notes"][0]


def test_gaps_of_each_series_are_its_own():
    frame = pd.DataFrame({"s": [7, 7, 8, 8, 8], "t": [1, 3, 10, 11, 12], "y": [1, 2, 3, 4, 5]})
    result = data.read_series(frame, time="t", id="s", gaps="fill")
    assert result[["s", "t"]].to_numpy().tolist() == [[7, 1], [7, 2], [7, 3], [8, 10], [8, 11], [8, 12]]
    assert result["s"].dtype == result["t"].dtype == np.int64


def test_a_stated_step_decides_what_is_a_gap():
    two_hours = table(HOURS[::2])
    assert data.read_series(two_hours, time="t", gaps="error").attrs["step"] == "2 hours"
    with pytest.raises(InputError, match=r"2 gaps with 2 missing times at a step of 1 hour"):
        data.read_series(two_hours, time="t", gaps="error", every="h")
    assert data.read_series(table([0, 2, 4]), time="t", every=2).attrs["step"] == "2"


@pytest.mark.parametrize(
    ("times", "every"),
    [(HOURS, "often"), (HOURS, 5), ([1, 2], "h"), ([1, 2], 0), (HOURS, "-1h")],
)
def test_a_step_that_is_none_is_refused(times, every):
    with pytest.raises(InputError, match=r"every: expected a (positive number|step such as 'h')"):
        data.read_series(table(times), time="t", every=every)


def test_times_beside_the_grid_and_times_without_one_are_pointed_out():
    odd = HOURS[:5].append(pd.DatetimeIndex(["2024-01-01 04:30"]))
    with pytest.warns(
        UserWarning, match=r"1 times lie between the steps of 1 hour, such as 2024-01-01 04:30:00"
    ):
        data.read_series(table(odd), time="t")
    wild = pd.to_datetime("2024-01-01") + pd.to_timedelta(np.cumsum(np.arange(1, 20) ** 2), unit="s")
    with pytest.warns(
        UserWarning, match=r"the times follow no common step: the most common distance, .* is 6% of them"
    ):
        data.read_series(table(wild), time="t")
    with pytest.raises(
        InputError, match=r"column 't': expected regular times \(gaps='fill'\), got the times follow no"
    ):
        data.read_series(table(wild), time="t", gaps="fill")


# ------------------------------------------------------------------ clocks
def test_times_with_a_zone_are_taken_in_utc_where_no_hour_repeats():
    for day in ("2024-03-31", "2024-10-27"):
        times = pd.date_range(day, periods=30, freq="h", tz="Europe/Berlin")
        result = data.read_series(table(times), time="t", gaps="error")
        assert result.attrs == {"notes": (), "step": "1 hour", "roles": {"t": "time"}}
        assert result["t"].dtype == times.dtype


def test_days_with_a_zone_are_those_of_the_calendar():
    times = pd.date_range("2024-03-25", periods=14, freq="D", tz="Europe/Berlin")
    assert data.read_series(table(times), time="t", gaps="error").attrs["step"] == "1 day"


def test_a_missing_or_repeated_hour_without_a_zone_looks_like_daylight_saving():
    for day, message in (("2024-03-31", r"1 gaps with 1 missing"), ("2024-10-27", r"1 rows repeat")):
        local = pd.date_range(day, periods=30, freq="h", tz="Europe/Berlin").tz_localize(None)
        with pytest.raises(
            InputError,
            match=rf"{message}(?s:.)*On '{day}' this looks like daylight saving: give the times their zone",
        ):
            data.read_series(table(local), time="t", gaps="error")
    local = pd.date_range("2024-03-31", periods=30, freq="h", tz="Europe/Berlin").tz_localize(None)
    with pytest.warns(UserWarning, match=r"On '2024-03-31' this looks like daylight saving"):
        data.read_series(table(local), time="t")


def test_a_gap_on_another_day_does_not_look_like_daylight_saving():
    with pytest.raises(InputError) as said:
        data.read_series(table(HOURS.delete([2])), time="t", gaps="error")
    assert "daylight" not in str(said.value)


# ------------------------------------------------------------------ windows
def series(n=12, ids=("a",)):
    frames = [
        pd.DataFrame(
            {
                "s": s,
                "t": pd.date_range("2024", periods=n),
                "y": np.arange(n) + 100.0 * i,
                "x": np.arange(n) * 2.0,
            }
        )
        for i, s in enumerate(ids)
    ]
    return pd.concat(frames, ignore_index=True)


def by_hand(frame, length, horizon, step=1):
    """Windows by a plain loop: (series, origin, until, past, targets)."""
    rows = []
    for name, part in frame.groupby("s"):
        part = part.reset_index(drop=True)
        for start in range(0, len(part) - length - horizon + 1, step):
            end = start + length
            past, ahead = part["y"][start:end].tolist(), part["y"][end : end + horizon].tolist()
            rows.append((name, part["t"][end - 1], part["t"][end + horizon - 1], past, ahead))
    return rows


@pytest.mark.parametrize(
    ("length", "horizon", "step"), [(3, 1, 1), (1, 1, 1), (4, 3, 1), (5, 2, 3), (11, 1, 1), (1, 1, 12)]
)
def test_windows_are_those_of_a_plain_loop(length, horizon, step):
    frame = series(ids=("a", "b", "c"))
    result = data.windows(
        frame.sample(frac=1, random_state=0),
        time="t",
        id="s",
        target="y",
        length=length,
        horizon=horizon,
        step=step,
    )
    targets = ["y"] if horizon == 1 else [f"y+{i}" for i in range(1, horizon + 1)]
    assert result.columns.tolist() == ["s", "t", "until", "past_y", *targets]
    found = zip(
        result["s"], result["t"], result["until"], map(np.ndarray.tolist, result["past_y"]), result[targets].to_numpy().tolist(),
        strict=True,
    )  # fmt: skip
    assert list(found) == by_hand(frame, length, horizon, step)
    assert result["t"].dtype == result["until"].dtype == frame["t"].dtype
    assert result["past_y"][0].dtype == np.float32


def test_no_value_from_behind_the_origin_is_in_a_sequence():
    frame = series(30).assign(now=lambda f: np.arange(30.0))
    result = data.windows(frame, time="t", target="y", past=["x", "now"], length=4, horizon=3, step=2)
    ordinal = (result["t"] - frame["t"][0]).dt.days
    assert (result["past_now"].map(np.max) == ordinal).all()
    assert (result["y+1"] == ordinal + 1).all() and (
        result["y+3"] == (result["until"] - frame["t"][0]).dt.days
    ).all()


def test_known_columns_give_their_values_at_the_targets():
    frame = series(6).assign(day=lambda f: f["t"].dt.day_name())
    one = data.windows(frame, time="t", target="y", length=2, known=["day"])
    assert one["day"].tolist() == one["until"].dt.day_name().tolist()
    two = data.windows(frame, time="t", target="y", length=2, horizon=2, known=["day"])
    assert two.columns.tolist() == ["t", "until", "past_y", "day+1", "day+2", "y+1", "y+2"]
    assert two["day+2"].tolist() == two["until"].dt.day_name().tolist()


def test_several_targets_each_give_their_past():
    result = data.windows(series(6), time="t", target=["y", "x"], length=2)
    assert result.columns.tolist() == ["t", "until", "past_y", "past_x", "y", "x"]
    assert result["x"].tolist() == [4.0, 6.0, 8.0, 10.0]
    assert result["past_x"][3].tolist() == [6.0, 8.0]


def test_no_window_reaches_across_a_gap_or_a_missing_value():
    frame = series(12).drop(index=5)
    frame.loc[9, "y"] = np.nan
    with pytest.warns(
        UserWarning, match=r"only 4 of 9 windows are left: 2 windows across a gap, 3 with a missing value"
    ):
        result = data.windows(frame, time="t", target="y", length=2, horizon=1)
    assert result["y"].tolist() == [2.0, 3.0, 4.0, 8.0]
    assert result.attrs["dropped"] == {"gap": 2, "missing": 3, "short": 0}


def test_months_of_different_lengths_are_no_gaps():
    frame = table(pd.date_range("2023-01-31", periods=15, freq="ME"))
    assert len(data.windows(frame, time="t", target="y", length=12)) == 3


def test_series_that_are_too_short_are_counted():
    frame = pd.concat([series(8), series(2).assign(s="b")])
    result = data.windows(frame, time="t", id="s", target="y", length=3)
    assert result["s"].unique().tolist() == ["a"]
    assert result.attrs["dropped"] == {"gap": 0, "missing": 0, "short": 1}
    assert result.attrs["notes"] == (
        "left out: 0 windows across a gap, 0 with a missing value, 1 series too short",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, r"length: expected a whole number in \[1, inf\], got 0"),
        ({"horizon": 1.5}, r"horizon: expected a whole number"),
        ({"step": 0}, r"step: expected a whole number"),
        ({"target": []}, r"target: expected at least one column name, got none"),
        ({"target": "z"}, r"column 'z': expected to be there"),
        ({"target": "word"}, r"column 'word': expected numbers, got values of type str\. Give it as known="),
        ({"known": ["y"]}, r"expected each name once, got 'y' twice\. A target is never known in advance"),
        (
            {"length": 12},
            r"expected a series with 12 \+ 1 steps in a row and no value missing, got none: .*1 series too short",
        ),
        ({"every": "h"}, r"got none: 9 windows across a gap"),
    ],
)
def test_windows_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        data.windows(series().assign(word="a"), **{"time": "t", "target": "y", "length": 3, **options})


def test_windows_of_repeated_times_are_refused():
    with pytest.raises(
        InputError, match=r"column 't': expected each time once in a series, got 12 rows that repeat one"
    ):
        data.windows(series(ids=("a", "b")), time="t", target="y", length=3)


def test_a_hundred_thousand_rows_take_about_a_second_and_share_their_values():
    frame = pd.DataFrame(
        {"s": np.repeat(np.arange(100), 1000), "t": np.tile(np.arange(1000), 100), "y": np.arange(1e5)}
    )
    start = clock.perf_counter()
    result = data.windows(frame, time="t", id="s", target="y", length=48)
    assert clock.perf_counter() - start < 3
    assert len(result) == 100 * (1000 - 48)
    assert np.shares_memory(result["past_y"][0], result["past_y"][1])


def test_the_length_of_a_weekend_needs_two_weeks_to_show():
    days = pd.Series(pd.date_range("2024-01-01", periods=4))
    assert _times.inferred(days, np.zeros(4, int)) == _times.Step("fixed", 86_400_000_000, 1.0)


def test_windows_over_an_infinite_value_are_refused_with_its_row():
    table = pd.DataFrame(
        {"t": range(8), "x": [1.0, 2, 3, np.inf, 5, 6, 7, 8]}, index=[f"r{i}" for i in range(8)]
    )
    with pytest.raises(InputError, match=r"column 'x', row 'r3': expected finite numbers, got inf"):
        data.windows(table, time="t", target="x", length=3)


@pytest.mark.parametrize("times", [pd.date_range("2024", periods=120), range(120)])
def test_a_split_by_time_keeps_the_horizon_of_windows_out_of_the_next_part(times):
    table = pd.DataFrame({"t": times, "x": np.arange(120.0)})
    found = data.windows(table, time="t", target="x", length=5, horizon=3)
    splits = data.split(found, Problem.infer(found, "x+3", kind="regression"), time="t")
    parts = [splits.train, splits.validation, splits.test]
    for earlier, later in itertools.pairwise(parts):
        assert earlier["x+3"].max() < later["x+1"].min()
    assert "rows nearer than the gap" in splits.notes[-1]
