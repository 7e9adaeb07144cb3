"""A monitor: what it alarms at, what it lets pass, what it refuses, and that it survives a trip through JSON."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from dltoolkit._checks import InputError
from dltoolkit.data import Schema
from dltoolkit.monitoring import DriftReport, Monitor


def table(n, seed=0):
    rng = np.random.default_rng(seed)
    seconds = pd.to_timedelta(rng.integers(0, 365 * 86400, n), unit="s")
    frame = pd.DataFrame(
        {
            "normal": rng.normal(size=n),
            "money": rng.lognormal(0, 1, n),
            "count": rng.poisson(3, n),
            "heaped": np.round(rng.normal(40, 12, n), -1),
            "gappy": np.where(rng.random(n) < 0.1, np.nan, rng.exponential(1, n)),
            "flag": rng.random(n) < 0.1,
            "pair": rng.choice(["a", "b"], n),
            "seven": rng.choice(list("abcdefg"), n, p=[0.4, 0.25, 0.15, 0.1, 0.05, 0.04, 0.01]),
            "many": [f"z{k}" for k in np.minimum(rng.zipf(1.3, n), 10**7)],
            "date": pd.Timestamp("2024-01-01") + seconds,
        }
    )
    return frame.assign(pair=frame["pair"].where(rng.random(n) > 0.02))


@pytest.fixture(scope="module")
def reference():
    return table(2000)


@pytest.fixture(scope="module")
def monitor(reference):
    return Monitor(reference)


# --- no drift: no alarm --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "reports"), [(50, 100), (200, 100), (1000, 50)])
def test_false_alarms_stay_under_alpha(n, reports):
    """400 reports a size at 20, 50, 200, 1,000 and 10,000 rows gave 0 to 3.3 %; here fewer, to be quick."""
    monitors = [Monitor(table(2000, seed=1000 + k)) for k in range(10)]
    alarms = sum(monitors[seed % 10].check(table(n, seed=5000 + seed)).alarm for seed in range(reports))
    assert alarms / reports <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / reports)


def test_the_training_frame_itself_has_not_drifted(reference, monitor):
    report = monitor.check(reference)
    assert not report.alarm
    assert report.frame()["effect"].max() < 0.001
    assert report.advice.startswith("Keep the model")


def test_a_sure_but_tiny_change_is_no_alarm():
    rng = np.random.default_rng(0)
    monitor = Monitor(pd.DataFrame({"x": rng.normal(size=100_000)}))
    finding = monitor.check(pd.DataFrame({"x": rng.normal(0.05, 1, 100_000)})).findings[0]
    assert finding.p_adjusted < 1e-6
    assert not finding.drifted


# --- drift: alarm --------------------------------------------------------------------------------------------------


def shifted(frame):
    return frame.assign(normal=frame["normal"] + 0.5)


def vanished(frame):
    return frame.assign(seven=frame["seven"].replace({"c": "a"}))


def gone(frame):
    rows = np.arange(len(frame)) % 10 == 0
    return frame.assign(money=frame["money"].mask(rows))


def renamed(frame):
    return frame.assign(seven=frame["seven"].replace({"b": "B"}))


@pytest.mark.parametrize(
    ("change", "column", "aspect"),
    [
        (shifted, "normal", "values"),
        (vanished, "seven", "levels"),
        (gone, "money", "missing"),
        (renamed, "seven", "new levels"),
    ],
)
@pytest.mark.parametrize("n", [200, 1000])
def test_a_real_change_is_seen_in_nearly_every_batch(monitor, change, column, aspect, n):
    seen = 0
    for seed in range(20):
        report = monitor.check(change(table(n, seed=300 + seed)))
        seen += any(f.drifted and (f.column, f.aspect) == (column, aspect) for f in report.findings)
    assert seen >= 18


def test_what_vanished_is_named(monitor):
    finding = monitor.check(vanished(table(1000, seed=9))).findings[0]
    assert (finding.column, finding.drifted) == ("seven", True)
    assert "'c' in 0.0% of the rows, was 1" in finding.why or "'a' in 5" in finding.why


def test_new_levels_are_counted_by_name_even_without_an_alarm(monitor):
    frame = table(200, seed=4)
    frame.loc[[3, 5], "seven"] = "new"
    report = monitor.check(frame)
    assert report.new_categories["seven"] == {"new": 2}
    assert "seven" not in report.drifted


def test_many_rare_levels_bring_new_ones_without_an_alarm(monitor):
    report = monitor.check(table(500, seed=6))
    assert len(report.new_categories["many"]) > 20
    assert not report.alarm


def test_later_dates_drift_and_the_sentence_says_when(monitor):
    frame = table(300, seed=7)
    report = monitor.check(frame.assign(date=frame["date"] + pd.Timedelta("400 days")))
    assert report.drifted == ("date",)
    assert "median 2025-0" in report.findings[0].why
    assert "role 'ignore'" in report.findings[0].why


def test_faults_come_first_in_the_advice(monitor):
    assert monitor.check(gone(shifted(table(1000, seed=8)))).advice.startswith(
        "Look at where 'money' comes from"
    )
    assert monitor.check(shifted(table(1000, seed=8))).advice.startswith(
        "'normal' moved. Collect the true outcomes"
    )


# --- odd data ------------------------------------------------------------------------------------------------------


def test_one_row_is_checked_and_no_alarm(monitor):
    report = monitor.check(table(1, seed=3))
    assert not report.alarm
    assert report.smallest > 0.9


def test_a_column_that_arrives_empty_is_an_alarm(monitor):
    for empty in (np.nan, None, pd.NA):
        report = monitor.check(table(60, seed=2).assign(money=empty, seven=empty, date=pd.NaT))
        assert set(report.drifted) == {"money", "seven", "date"}
        assert all(f.aspect == "missing" for f in report.findings if f.drifted)


def test_a_column_that_was_empty_or_constant_is_watched():
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    monitor = Monitor(pd.DataFrame({"x": x, "none": np.nan, "five": 5.0, "word": "w"}))
    same = pd.DataFrame({"x": rng.normal(size=100), "none": np.nan, "five": 5, "word": "w"})
    assert not monitor.check(same).alarm
    assert set(monitor.check(same.assign(none=1.0, five=6.0, word="v")).drifted) == {"none", "five", "word"}


def test_infinite_values_are_counted_not_hidden(monitor):
    frame = table(200, seed=1)
    frame.loc[:80, "money"] = np.inf
    assert "81 infinite" in next(f.why for f in monitor.check(frame).findings if f.drifted)


def test_columns_may_come_in_any_order_and_extra_ones_are_noted(monitor):
    frame = table(200, seed=1)
    report = monitor.check(frame[frame.columns[::-1]].assign(note="x"))
    assert report.extra == ("note",)
    assert report.findings == monitor.check(frame).findings


def test_a_value_that_came_in_another_dtype_is_the_same_value(reference, monitor):
    frame = table(300, seed=5)
    other = frame.assign(
        count=frame["count"].astype("Int64"),
        heaped=frame["heaped"].astype(object),
        flag=frame["flag"].astype("boolean"),
        seven=frame["seven"].astype("category"),
        pair=frame["pair"].astype(object),
        date=frame["date"].dt.tz_localize("UTC"),
    )
    assert monitor.check(other).findings == monitor.check(frame).findings
    assert Monitor(reference.assign(seven=reference["seven"].astype("category"))).check(frame).findings == (
        monitor.check(frame).findings
    )


def test_the_target_ids_and_ignored_columns_are_left_out(reference):
    frame = reference.assign(late=reference["flag"], id=range(100, 2100))
    schema = Schema.infer(frame, "late").with_roles(date="ignore", id="id")
    monitor = Monitor(frame, schema=schema)
    report = monitor.check(table(200, seed=1).drop(columns="date"))
    assert report.left_out == {"date": "ignore", "late": "target", "id": "id"}
    assert report.extra == ()
    assert {f.column for f in report.findings} == set(reference.columns) - {"date"}


def test_free_text_is_watched_for_missing_values_only():
    frame = pd.DataFrame({"review": [f"this is the sentence number {k} of many" for k in range(300)]})
    monitor = Monitor(frame)
    assert [f.aspect for f in monitor.check(frame).findings] == ["missing"]
    assert monitor.check(frame.assign(review=None)).alarm


def test_neither_the_frame_nor_the_reference_is_changed(reference):
    frame = table(100, seed=1)
    before, learnt = frame.copy(), reference.copy()
    Monitor(reference, outputs=np.zeros(2000)).check(frame, outputs=np.zeros(100))
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(reference, learnt)


# --- predictions ---------------------------------------------------------------------------------------------------


def test_predictions_are_watched_like_a_column(reference):
    rng = np.random.default_rng(0)
    monitor = Monitor(reference, outputs=rng.beta(2, 5, 2000))
    frame = table(400, seed=1)
    assert monitor.check(frame, outputs=rng.beta(5, 2, 400)).drifted == ("output",)
    assert not monitor.check(frame, outputs=rng.beta(2, 5, 400)).alarm
    assert "output" not in set(monitor.check(frame).frame()["column"])


def test_decoded_answers_and_several_outputs_are_watched_too(reference):
    rng = np.random.default_rng(0)
    answers = pd.DataFrame(
        {"prediction": rng.choice(["no", "yes"], 2000), "probability_yes": rng.random(2000)}
    )
    report = Monitor(reference, outputs=answers).check(
        table(300, seed=1), outputs=answers.iloc[:300].assign(prediction="yes")
    )
    assert report.drifted == ("prediction",)
    three = Monitor(reference, outputs=rng.random((2000, 3))).check(
        table(300, seed=1), outputs=rng.random((300, 3))
    )
    assert {"output 0", "output 1", "output 2"} <= {f.column for f in three.findings}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (np.zeros(7), r"outputs: expected 100 rows, as the frame, got 7\."),
        (np.zeros((100, 2, 2)), r"outputs: expected shape .* got shape \(100, 2, 2\)"),
        (np.zeros((100, 2)), r"outputs column 'output': expected to be there"),
    ],
)
def test_outputs_that_do_not_fit_are_refused(reference, outputs, message):
    monitor = Monitor(reference, outputs=np.zeros(2000))
    with pytest.raises(InputError, match=message):
        monitor.check(table(100, seed=1), outputs=outputs)


def test_outputs_without_a_reference_for_them_are_refused(monitor):
    with pytest.raises(
        InputError, match=r"outputs: expected None, as in training, got some\. Give the answers"
    ):
        monitor.check(table(10), outputs=np.zeros(10))


def test_outputs_named_like_a_feature_are_refused(reference):
    with pytest.raises(
        InputError, match=r"outputs columns: expected other names than the frame's, got 'normal'"
    ):
        Monitor(reference, outputs=reference[["normal"]])


# --- bad input -----------------------------------------------------------------------------------------------------


def test_an_empty_frame_is_refused(monitor):
    with pytest.raises(InputError, match=r"frame: expected at least 1 row\(s\), got 0"):
        monitor.check(table(5).iloc[:0])


def test_no_table_is_refused(monitor):
    with pytest.raises(InputError, match="frame: expected a pandas DataFrame, got ndarray"):
        monitor.check(np.zeros((3, 10)))
    with pytest.raises(InputError, match="reference: expected a pandas DataFrame, got list"):
        Monitor([1, 2])


def test_every_missing_column_is_named(monitor):
    with pytest.raises(InputError, match="2 problems:") as caught:
        monitor.check(table(50).rename(columns={"money": "Money"}).drop(columns="flag"))
    assert (
        "column 'money': expected to be there, as in training, got no such column. Did you mean 'Money'"
        in str(caught.value)
    )
    assert "column 'flag'" in str(caught.value)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (
            "money",
            lambda s: s.astype(str),
            r"column 'money', row 0: expected numbers, as in training, got text",
        ),
        (
            "money",
            lambda s: s.astype(object).where(s.index != 7, "lots"),
            r"row 7: expected numbers.*'lots'.*to_numeric",
        ),
        (
            "money",
            lambda s: pd.Timestamp("2024-01-01"),
            r"column 'money', row 0: expected numbers.*got dates",
        ),
        (
            "date",
            lambda s: s.astype(str),
            r"column 'date', row 0: expected dates, as in training, got text.*to_datetime",
        ),
        ("date", lambda s: 5, r"column 'date', row 0: expected dates, as in training, got numbers \(5"),
        ("seven", lambda s: 3.5, r"column 'seven', row 0: expected text, as in training, got numbers \(3\.5"),
        (
            "flag",
            lambda s: "maybe",
            r"column 'flag', row 0: expected booleans, as in training, got text \('maybe'",
        ),
    ],
)
def test_a_change_of_type_is_refused_by_row_and_value(monitor, column, values, message):
    frame = table(20)
    with pytest.raises(InputError, match=message):
        monitor.check(frame.assign(**{column: values(frame[column])}))


def test_all_changes_of_type_are_named_at_once(monitor):
    with pytest.raises(InputError, match="2 problems:"):
        monitor.check(table(20).assign(money="x", date="x"))


def test_an_infinite_reference_is_refused_by_row(reference):
    frame = reference.copy()
    frame.loc[12, "money"] = -np.inf
    with pytest.raises(
        InputError, match=r"reference column 'money', row 12: expected finite numbers, got 1 infinite"
    ):
        Monitor(frame)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": 0}, r"alpha: expected a number in \(0, 1\), got 0"),
        ({"ks_floor": 1.5}, r"ks_floor: expected a number in \[0, 1\], got 1\.5"),
        ({"v_floor": "big"}, r"v_floor: expected a number in \[0, 1\], got 'big'"),
        ({"max_points": 3}, r"max_points: expected a whole number in \[10, inf\], got 3"),
        ({"schema": {"normal": "numeric"}}, r"schema: expected a data\.Schema, got dict"),
    ],
)
def test_settings_out_of_range_are_refused(reference, settings, message):
    with pytest.raises(InputError, match=message):
        Monitor(reference, **settings)


def test_a_schema_of_another_table_is_refused(reference):
    schema = Schema.infer(reference)
    with pytest.raises(InputError, match=r"reference column 'money': expected to be there"):
        Monitor(reference.drop(columns="money"), schema=schema)


def test_nothing_to_watch_is_refused():
    frame = pd.DataFrame({"a": [1, 2, 3]})
    with pytest.raises(InputError, match="reference: expected a column to watch"):
        Monitor(frame, schema=Schema.infer(frame).with_roles(a="ignore"))


# --- on disk -------------------------------------------------------------------------------------------------------


def test_a_monitor_gives_the_same_reports_after_a_trip_through_json(reference):
    monitor = Monitor(reference, outputs=reference["normal"].to_numpy(), alpha=0.01, max_points=50)
    text = json.dumps(monitor.to_json(), allow_nan=False)
    back = Monitor.from_json(json.loads(text))
    frame = shifted(table(200, seed=1))
    assert back.check(frame, outputs=frame["normal"].to_numpy()) == (
        monitor.check(frame, outputs=frame["normal"].to_numpy())
    )
    assert json.dumps(back.to_json()) == text


def test_a_report_survives_a_trip_through_json(monitor):
    report = monitor.check(renamed(table(200, seed=1)).assign(note=1))
    assert DriftReport.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report


def test_a_thinned_profile_is_small_and_finds_the_same_distance():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=50_000)})
    batch = pd.DataFrame({"x": rng.normal(0.3, 1, 5000)})
    whole, thin = (Monitor(frame, max_points=points) for points in (60_000, 1000))
    assert len(json.dumps(thin.to_json())) < 60_000
    exact, near = (m.check(batch).findings[0].statistic for m in (whole, thin))
    assert exact - 1 / 1000 <= near <= exact


def test_levels_beyond_the_remembered_ones_count_as_one(monkeypatch, reference):
    monkeypatch.setattr("dltoolkit.monitoring._profile.MAX_LEVELS", 3)
    monitor = Monitor(reference[["seven"]])
    assert sorted(monitor.columns["seven"].counts) == ["a", "b", "c"]
    assert not monitor.check(table(500, seed=3)[["seven"]]).alarm
    assert monitor.check(renamed(table(500, seed=3))[["seven"]]).drifted == ("seven",)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: None, "monitor: expected a profile of format 1, got None"),
        (lambda c: {**c, "format": 9}, "monitor: expected a profile of format 1"),
        (lambda c: {k: v for k, v in c.items() if k != "alpha"}, "monitor 'alpha': expected to be there"),
        (
            lambda c: {**c, "columns": [{**c["columns"][0], "more": 1}]},
            "profile of column 'normal'.*'more' besides",
        ),
        (
            lambda c: {**c, "columns": [{"name": "normal", "values": []}]},
            "profile of column 'normal'.*missing",
        ),
    ],
)
def test_a_damaged_profile_is_refused(monitor, damage, message):
    with pytest.raises(InputError, match=message):
        Monitor.from_json(damage(json.loads(json.dumps(monitor.to_json()))))


def test_a_damaged_report_is_refused():
    with pytest.raises(InputError, match="drift report: expected what to_json wrote"):
        DriftReport.from_json({"findings": [{"column": "a"}]})


# --- what people see -----------------------------------------------------------------------------------------------


def test_the_report_frame_has_one_row_a_test_and_the_strongest_first(monitor):
    report = monitor.check(shifted(table(1000, seed=1)))
    frame = report.frame()
    assert list(frame.columns)[:4] == ["column", "aspect", "test", "statistic"]
    assert frame.loc[0, ["column", "drifted"]].tolist() == ["normal", True]
    assert len(frame) == 24
    assert report.drifted == ("normal",)
    assert repr(report).startswith("DriftReport(drift in 'normal'; 24 tests on 1,000 rows). Next:")


def test_the_monitor_tells_what_it_remembers(monitor):
    frame = monitor.frame().set_index("column")
    assert frame.loc["seven", "kept"] == "7 levels"
    assert frame.loc["gappy", "missing"] == pytest.approx(0.1, abs=0.03)
    assert "24" not in repr(monitor)
    assert repr(monitor) == "Monitor(10 columns, alpha 0.05). Next: monitor.check(new_rows)"


def test_no_framework_and_no_drawing_library_is_loaded():
    code = (
        "import sys, dltoolkit.monitoring\n"
        "print(sorted({'tensorflow', 'keras', 'matplotlib', 'seaborn', 'IPython'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
