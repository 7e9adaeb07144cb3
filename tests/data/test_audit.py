"""The claims of data.audit: each kind of trouble is found, counted and shown; a healthy table stays silent."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.metrics import roc_auc_score

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data._findings import told
from dltoolkit.data._labels import confident_issues
from dltoolkit.data._leakage import _auc
from dltoolkit.data._outliers import fences, medcouple
from dltoolkit.problem import Problem

N = 400


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def table(rng):
    """A healthy table: nothing to find."""
    x = rng.normal(50, 10, N)
    return pd.DataFrame(
        {
            "x": x,
            "height": rng.uniform(1.5, 2.0, N),
            "city": rng.choice(["Paris", "Rome", "Oslo"], N),
            "member": rng.random(N) < 0.5,
            "y": np.where(x + rng.normal(0, 10, N) > 50, "yes", "no"),
        }
    )


def only(frame, kind, target="y", **settings):
    """The one finding of a kind."""
    (finding,) = data.audit(frame, target, **settings).of(kind)
    return finding


def rows(finding):
    return [e["row"] for e in finding.examples]


# ---------------------------------------------------------------- silence


def test_a_healthy_table_stays_silent(table):
    assert [f for f in data.audit(table, "y").findings if f.severity != "info"] == []


@pytest.mark.parametrize("seed", range(5))
def test_healthy_tables_of_other_draws_stay_silent(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(5, 1, (120, 8)), columns=list("abcdefgh"))
    frame["y"] = frame["a"] * 2 + rng.normal(0, 1, 120)
    assert data.audit(frame, "y").findings == ()


@pytest.mark.parametrize("name", [n for n, e in data.CATALOGUE.items() if e.data == "table"])
def test_the_shipped_tables_are_audited_soon_and_no_honest_feature_is_called_a_leak(name):
    frame, start = data.load(name), time.process_time()
    audit = data.audit(frame, data.CATALOGUE[name].target)
    assert time.process_time() - start < 15
    assert not audit.of("leakage") and not audit.stops
    assert not audit.of("mixed_units") and not audit.of("spelling_variants") and not audit.of("placeholder")


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine"])
def test_no_strong_feature_of_scikit_learns_tables_is_called_a_leak(name):
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    assert not data.audit(frame, "target", labels=False).of("leakage")


def test_the_audit_of_credit_takes_less_than_three_seconds_of_processor_time():
    frame = data.load("credit")
    start = time.process_time()
    data.audit(frame, "Status")
    assert time.process_time() - start < 3


# ---------------------------------------------------------------- what is missing


def test_missing_values_are_counted_with_their_rows(table):
    table.loc[[3, 7, 11], "x"] = np.nan
    finding = only(table, "missing")
    assert (finding.column, finding.count, finding.share) == ("x", 3, 3 / N)
    assert rows(finding) == [3, 7, 11] and finding.examples[0]["value"] is None and finding.severity == "info"
    assert "3 of 400 rows (0.8%)" in finding.advice


def test_a_mostly_missing_column_warns(table):
    table["x"] = table["x"].where(table.index < 100)
    assert only(table, "missing").severity == "warn"


def test_an_all_missing_column_is_told_and_is_not_called_constant(table):
    for empty in (np.nan, None, pd.NaT):
        audit = data.audit(table.assign(empty=empty), "y")
        assert audit.of("all_missing")[0].column == "empty" and audit.of("missing")[0].share == 1
        assert not audit.of("constant")


def test_empty_text_is_told(table):
    table.loc[[5, 9], "city"] = ["", "  "]
    finding = only(table, "empty_strings")
    assert finding.count == 2 and rows(finding) == [5, 9]


@pytest.mark.parametrize("blank", [None, np.nan, "", "  "])
def test_missing_labels_stop_with_their_rows(table, blank):
    table["y"] = table["y"].astype(object)
    table.loc[[4, 8], "y"] = blank
    finding = only(table, "missing_target")
    assert (finding.severity, finding.count, rows(finding)) == ("stop", 2, [4, 8])


def test_a_table_without_any_label_stops(table):
    audit = data.audit(table.assign(y=None), "y")
    assert {"missing_target", "target"} <= {f.kind for f in audit.stops}


# ---------------------------------------------------------------- single columns


def test_infinite_values_stop_with_their_rows(table):
    table.loc[[2, 6], "x"] = [np.inf, -np.inf]
    finding = only(table, "infinite")
    assert (finding.severity, finding.count, rows(finding)) == ("stop", 2, [2, 6])
    assert [e["value"] for e in finding.examples] == ["inf", "-inf"]


def test_an_infinite_target_stops(table):
    table["price"] = table["x"].where(table.index != 5, np.inf)
    audit = data.audit(table, "price")
    assert {f.kind for f in audit.stops} == {"infinite", "target"}
    assert rows(audit.of("infinite")[0]) == [5]


@pytest.mark.parametrize("value", [1, "a", True, 2.5, pd.Timestamp("2024-01-01")])
def test_a_constant_column_warns(table, value):
    finding = only(table.assign(same=value), "constant")
    assert (finding.column, finding.count, finding.severity) == ("same", N, "warn")


def test_a_nearly_constant_column_is_told(table):
    table["rare"] = np.where(table.index < 2, "b", "a")
    finding = only(table, "near_constant")
    assert finding.column == "rare" and finding.count == 2 and rows(finding) == [0, 1]


@pytest.mark.parametrize(
    "ids", [[f"C{i:04d}" for i in range(N)], np.random.default_rng(1).permutation(N) + 1000]
)
def test_an_id_like_column_warns(table, ids):
    finding = only(table.assign(customer_id=ids), "id_like")
    assert (finding.column, finding.severity, finding.count) == ("customer_id", "warn", N)


def test_a_repeated_id_asks_for_groups(table):
    finding = only(table.assign(patient_id=np.arange(N) // 4), "groups")
    assert finding.column == "patient_id" and "groups='patient_id'" in finding.advice


def test_dates_ask_for_a_split_by_time(table):
    dated = table.assign(day=pd.date_range("2024-01-01", periods=N, freq="h"))
    assert "time='day'" in only(dated, "time_order").advice


def test_many_categories_are_told_with_the_most_frequent(table, rng):
    table["zip"] = rng.choice([f"z{i}" for i in range(80)], N)
    finding = only(table, "high_cardinality")
    top = table["zip"].value_counts()
    assert f"{table['zip'].nunique()} different values" in finding.advice
    assert finding.examples[0]["count"] == top.iloc[0]


def test_a_skewed_column_is_told_with_pandas_own_number(table, rng):
    table["income"] = np.exp(rng.normal(0, 1, N))
    finding = only(table, "skew")
    assert f"Skewness {table['income'].skew():.1f}" in finding.advice and "'log'" in finding.advice
    assert finding.examples[0]["value"] == pytest.approx(table["income"].max())
    assert "'robust'" in only(table.assign(income=-table["income"]), "skew").advice


def test_outliers_are_counted_the_farthest_first(table):
    table.loc[[10, 20], "x"] = [500.0, -300.0]
    finding = only(table, "outliers")
    assert (finding.column, finding.count, rows(finding), finding.severity) == ("x", 2, [10, 20], "warn")


def test_a_date_far_outside_is_an_outlier(table):
    table["day"] = pd.date_range("2024-01-01", periods=N, freq="h")
    table.loc[7, "day"] = pd.Timestamp("1900-01-01")
    finding = only(table, "outliers")
    assert (
        finding.column == "day"
        and rows(finding) == [7]
        and finding.examples[0]["value"].startswith("1900-01-01")
    )


def test_dates_as_python_objects_are_looked_at(table):
    table["day"] = pd.Series(pd.date_range("2024-01-01", periods=N, freq="D")).dt.date
    table.loc[7, "day"] = pd.Timestamp("1900-01-01").date()
    assert rows(only(table, "outliers")) == [7]


def test_numbers_beyond_floats_are_told(table):
    table["serial"] = np.arange(N) * 7 + 2**60
    finding = only(table, "big_integers")
    assert finding.count == N and finding.examples[0]["value"] == 2**60
    table["unsigned"] = np.full(N, 2**64 - 1, dtype="uint64") - np.arange(N, dtype="uint64")
    assert len(data.audit(table, "y").of("big_integers")) == 2


@pytest.mark.parametrize("value", [-1, -999, 999, 9999])
def test_a_number_that_stands_for_not_known_is_told(table, value):
    table["age"] = np.random.default_rng(3).integers(18, 90, N)
    table.loc[[1, 2, 3], "age"] = value
    finding = only(table, "placeholder")
    assert (finding.column, finding.count, rows(finding)) == ("age", 3, [1, 2, 3])


def test_a_word_that_stands_for_not_known_is_told(table):
    table.loc[[1, 5], "city"] = ["?", "N/A"]
    assert only(table, "placeholder").count == 2


# ---------------------------------------------------------------- spelling and units


def test_spelling_variants_are_told_with_the_main_spelling(table):
    table.loc[[0, 1, 2], "city"] = ["Paris ", "paris", "PARIS"]
    finding = only(table, "spelling_variants")
    assert finding.count == 3 and finding.examples == (
        {"value": "Paris", "variants": finding.examples[0]["variants"]},
    )
    assert set(finding.examples[0]["variants"]) == {"Paris ", "paris", "PARIS"}


def test_different_categories_are_no_variants(table, rng):
    table["blood"] = rng.choice(["A+", "A-", "AB+", "B-", "0"], N)
    table["grade"] = rng.choice(["A", "B", "B.", "C-1", "C-2"], N)
    assert not data.audit(table, "y").of("spelling_variants")


def test_variants_of_the_label_are_told(table):
    table.loc[[0, 1], "y"] = "Yes "
    table.loc[[2, 3, 4], "y"] = "No"
    finding = only(table, "spelling_variants")
    assert finding.column == "y" and finding.count == 5


@pytest.mark.parametrize("factor", [1000, 100])
@pytest.mark.parametrize("some", [3, 60])
def test_units_off_by_a_factor_are_told(table, factor, some):
    table.loc[: some - 1, "x"] *= factor
    finding = only(table, "mixed_units")
    assert (finding.column, finding.count) == ("x", some) and f"{factor:,} times larger" in finding.advice


def test_units_too_small_are_told(table):
    table.loc[:9, "height"] /= 1000
    assert "1,000 times smaller" in only(table, "mixed_units").advice


def test_numbers_with_a_strange_cell_are_told(table):
    table["price"] = np.round(np.random.default_rng(1).uniform(1, 9, N), 1).astype(str)
    table.loc[4, "price"] = "free"
    finding = only(table, "mixed_types")
    assert (finding.column, finding.count, rows(finding), finding.examples[0]["value"]) == (
        "price",
        1,
        [4],
        "free",
    )


def test_dressed_numbers_are_told(table):
    table["price"] = [f"$ {i % 37 + 1},{i % 7}00" for i in range(N)]
    assert only(table, "numbers_as_text").count == N


def test_codes_with_leading_zeros_are_told_as_text(table):
    table["code"] = [f"{i % 40:04d}" for i in range(N)]
    assert only(table, "leading_zeros").column == "code"


def test_mixed_date_formats_stop_with_examples(table):
    table["day"] = ["2024-01-05", "05/01/2024", "2024-02-07", "03.04.2024"] * 100
    finding = only(table, "mixed_dates")
    assert finding.severity == "stop" and {e["format"] for e in finding.examples} == {
        "year-month-day",
        "with slashes",
        "with dots",
    }


def test_mixed_types_stop_with_the_first_row_and_value(table):
    table["x"] = table["x"].astype(object)
    table.loc[9, "x"] = "many"
    with pytest.raises(InputError, match=r"column 'x': .*'many' \(str\) in row 9"):
        data.audit(table, "y")


# ---------------------------------------------------------------- rows


def test_repeated_rows_are_counted_as_pandas_counts_them(table):
    doubled = pd.concat([table, table.iloc[[5, 5, 9]]], ignore_index=True)
    finding = only(doubled, "duplicates")
    assert finding.count == doubled.duplicated().sum() == 3 and finding.column is None
    assert [(e["row"], e["same_as"]) for e in finding.examples] == [(400, 5), (401, 5), (402, 9)]


def test_contradicting_labels_are_told(table):
    twin = table.iloc[[5]].assign(y="no" if table.loc[5, "y"] == "yes" else "yes")
    finding = only(pd.concat([table, twin], ignore_index=True), "conflicting_labels")
    assert finding.count == 2 and finding.examples[0]["rows"] == [5, 400]


# ---------------------------------------------------------------- the target


def test_a_target_that_does_not_exist_says_which_come_close(table):
    with pytest.raises(InputError, match="frame column 'citi': .*Did you mean 'city'"):
        data.audit(table, "citi")


@pytest.mark.parametrize(
    ("rare", "words"), [(40, "Class 'yes' makes 10.00%"), (3, "EXTREME: class 'yes' makes 0.75%")]
)
def test_imbalance_warns_and_extreme_imbalance_says_so(table, rare, words):
    finding = only(table.assign(y=np.where(table.index < rare, "yes", "no")), "imbalance")
    assert finding.count == rare and finding.share == rare / N and words in finding.advice


def test_a_class_with_one_example_stops(table):
    table.loc[12, "y"] = "maybe"
    finding = only(table, "rare_class")
    assert (finding.severity, finding.count, rows(finding)) == ("stop", 1, [12])


@pytest.mark.parametrize("value", ["yes", 1, 2.5])
def test_one_class_or_one_amount_only_stops(table, value):
    finding = only(table.assign(y=value), "target")
    assert finding.severity == "stop" and "at least two different values" in finding.advice


def test_minus_one_among_class_numbers_stops(table):
    table["y"] = np.arange(N) % 3
    table.loc[3, "y"] = -1
    assert "row 3" in only(table, "target").advice


# ---------------------------------------------------------------- leakage


def leaks(frame, target="y"):
    return {f.column: f.advice for f in data.audit(frame, target, labels=False).of("leakage")}


def test_a_copy_of_the_target_is_loud(table):
    found = leaks(table.assign(answer=table["y"]))
    assert list(found) == ["answer"] and found["answer"].startswith("LEAKAGE: 'answer' equals the target 'y'")


def test_the_target_in_other_words_is_found(table):
    table["code"] = table["y"].map({"yes": 7, "no": 3})
    table["left_on"] = pd.Series(np.where(table["y"] == "yes", 1.0, np.nan))
    found = leaks(table)
    assert set(found) == {"code", "left_on"} and "in other words" in found["code"]


def test_an_amount_that_follows_the_target_is_found(table, rng):
    table["price"] = np.exp(rng.normal(0, 1, N)) * 100
    table["copy"], table["euros"], table["log"] = (
        table["price"],
        table["price"] * 1.1 + 5,
        np.log(table["price"]),
    )
    table["near"] = table["price"] * rng.normal(1, 0.01, N)
    assert set(leaks(table, "price")) == {"copy", "euros", "log", "near"}


def test_a_nearly_perfect_feature_is_found(table, rng):
    flag = (table["y"] == "yes").to_numpy()
    table["score"] = flag + rng.normal(0, 0.1, N)
    table["closed"] = pd.Series(pd.Timestamp("2024-01-01"), index=table.index).where(flag & (table.index > 3))
    found = leaks(table)
    assert set(found) == {"score", "closed"} and "foretells the target" in found["score"]


def test_a_strong_but_honest_feature_is_no_leak(table, rng):
    flag = (table["y"] == "yes").to_numpy()
    table["good"] = flag + rng.normal(0, 0.4, N)
    assert roc_auc_score(flag, table["good"]) > 0.94 and not leaks(table)


def test_a_group_that_decides_the_label_is_found(table):
    table["household"] = [f"h{i // 8}" for i in range(N)]
    table["y"] = np.where(np.arange(N) // 8 % 2 == 0, "yes", "no")
    assert "split with groups=" in leaks(table)["household"]


def test_many_classes_and_several_labels_are_looked_at(table, rng):
    table["y"] = rng.integers(0, 5, N)
    table["five"] = np.array(list("abcde"))[table["y"]]
    assert set(leaks(table)) == {"five"}
    table["z"] = rng.integers(0, 2, N)
    table["u"] = rng.integers(0, 2, N)
    table["twin"] = 1 - table["u"]
    assert set(leaks(table.drop(columns=["y", "five"]), ["z", "u"])) == {"twin"}


def test_in_tiny_tables_agreement_by_chance_is_no_leak():
    frame = pd.DataFrame({"a": [0, 1, 1, 0], "b": [1.5, 2.5, 0.5, 3.5], "y": [0, 1, 1, 0]})
    assert not leaks(frame)


def test_the_area_under_the_curve_is_scikit_learns(rng):
    score, truth = rng.integers(0, 20, 500), rng.random(500) < 0.3
    up = np.array([(truth & (score == s)).sum() for s in range(20)])
    down = np.array([(~truth & (score == s)).sum() for s in range(20)])
    assert _auc(np.arange(20), up, down) == pytest.approx(roc_auc_score(truth, score), abs=1e-12)


# ---------------------------------------------------------------- suspicious labels


def test_swapped_labels_are_found_and_ranked(rng):
    x = rng.normal(size=(600, 4))
    clear = x[np.abs(x[:, 0]) > 0.5]
    frame = pd.DataFrame(clear, columns=list("abcd")).assign(y=np.where(clear[:, 0] > 0, "up", "down"))
    swapped = rng.choice(len(frame), 12, replace=False)
    frame.loc[swapped, "y"] = frame.loc[swapped, "y"].map({"up": "down", "down": "up"})
    finding = only(frame, "suspicious_labels")
    found = rows(finding)
    assert finding.severity == "warn" and len(set(found) & set(swapped)) >= 10 and finding.count <= 14
    chances = [e["probability"] for e in finding.examples]
    assert chances == sorted(chances) and chances[-1] < 0.5
    assert all(e["expected"] != e["value"] for e in finding.examples)


def test_impossible_amounts_are_found(rng):
    x = rng.normal(size=(800, 3))
    frame = pd.DataFrame(x, columns=list("abc")).assign(y=np.exp(x[:, 0] + rng.normal(0, 0.05, 800)))
    frame.loc[[5, 6, 7], "y"] *= 1000
    finding = only(frame, "suspicious_labels")
    assert set(rows(finding)[:3]) == {5, 6, 7} and finding.count < 10


def test_clear_labels_are_not_suspected(rng):
    x = rng.normal(size=(300, 3))
    frame = pd.DataFrame(x + 4 * (np.arange(300) % 2)[:, None], columns=list("abc")).assign(
        y=np.arange(300) % 2
    )
    assert not data.audit(frame, "y").of("suspicious_labels")


def test_large_tables_are_sampled_and_say_so(rng, monkeypatch):
    monkeypatch.setattr("dltoolkit.data._judge.MAX_ROWS", 500)
    x = rng.normal(size=(1500, 2))
    frame = pd.DataFrame(x, columns=["a", "b"]).assign(y=(x[:, 0] > 0) ^ (rng.random(1500) < 0.05))
    assert "500 of the 1,500 rows were drawn and judged" in only(frame, "suspicious_labels").advice


def test_labels_are_not_judged_when_not_asked(table):
    table.loc[:20, "y"] = "no"
    assert not data.audit(table, "y", labels=False).of("suspicious_labels")


def test_confident_learning_follows_the_paper(rng):
    chances = rng.dirichlet([1, 1, 1], 200)
    labels = rng.integers(0, 3, 200)
    limits = [chances[labels == c, c].mean() for c in range(3)]
    expected = []
    for p, label in zip(chances, labels, strict=True):
        able = [c for c in range(3) if p[c] >= limits[c]]
        expected.append(bool(able) and max(able, key=lambda c: p[c]) != label)
    assert confident_issues(chances, labels).tolist() == expected


# ---------------------------------------------------------------- statistics


def test_fences_of_a_symmetric_column_are_tukeys(rng):
    values = np.concatenate([v := rng.normal(size=300), -v])
    low, high = np.quantile(values, [0.25, 0.75])
    bounds = fences(values)
    assert bounds.low == pytest.approx(low - 3 * (high - low)) and bounds.high == pytest.approx(
        high + 3 * (high - low)
    )


def test_the_medcouple_is_the_median_of_its_kernel(rng):
    values = rng.exponential(size=101)
    m = np.median(values)
    kernel = [((b - m) - (m - a)) / (b - a) for a in values for b in values if a <= m <= b and a < b]
    assert medcouple(values) == pytest.approx(np.median([*kernel, 0.0]), abs=0.01)
    assert medcouple(rng.exponential(size=100_000)) == pytest.approx(1 / 3, abs=0.02)


def test_fences_live_with_long_tails_and_many_zeros(rng):
    for values in (rng.exponential(size=2000), np.exp(rng.normal(size=2000)), rng.uniform(size=2000)):
        bounds = fences(values)
        assert ((values < bounds.low) | (values > bounds.high)).mean() < 0.006
    zeros = np.where(rng.random(2000) < 0.8, 0.0, rng.normal(100, 5, 2000))
    bounds = fences(zeros)
    assert bounds.low <= 0 and 110 < bounds.high < 200
    assert fences(np.ones(100)) is None and fences(np.array([1.0, 2.0])) is None


# ---------------------------------------------------------------- the result


def test_the_frame_has_a_row_a_finding_what_stops_first(table):
    table.loc[[2], "x"] = np.inf
    table.loc[[5], "height"] = np.nan
    audit = data.audit(table.assign(same=1), "y", labels=False)
    shown = audit.frame()
    assert list(shown) == ["severity", "kind", "column", "count", "share", "examples", "advice"]
    assert shown["severity"].tolist() == sorted(shown["severity"], key=["stop", "warn", "info"].index)
    assert shown["severity"].iloc[0] == "stop" and len(shown) == len(audit.findings)
    assert repr(audit).startswith("Audit(400 rows; 1 stop, 1 warn, 1 info). Next: data.clean")


def test_a_round_trip_through_json_is_equal(table):
    table.loc[[2, 3], "x"] = [np.inf, np.nan]
    table["day"] = pd.date_range("2024-01-01", periods=N, freq="h", tz="Europe/Paris")
    table.loc[5, "day"] = pd.Timestamp("1950-01-01", tz="Europe/Paris")
    doubled = pd.concat([table, table.iloc[:3]], ignore_index=True)
    for target in ("y", "x", ["member"]):
        audit = data.audit(doubled, target)
        again = data.Audit.from_json(json.loads(json.dumps(audit.to_json(), allow_nan=False)))
        assert again == audit and again.of("duplicates")[0].count == 3


def test_a_damaged_audit_is_refused(table):
    content = data.audit(table.assign(same=1), "y").to_json()
    with pytest.raises(InputError, match="audit: expected what to_json wrote"):
        data.Audit.from_json({k: v for k, v in content.items() if k != "findings"})
    with pytest.raises(InputError, match="audit finding: expected what to_json wrote"):
        data.Audit.from_json({**content, "findings": [{"kind": "missing"}]})
    with pytest.raises(InputError, match="severity: expected one of"):
        data.Audit.from_json({**content, "findings": [{**content["findings"][0], "severity": "bad"}]})


def test_what_read_noted_stands_in_the_audit(table):
    table.attrs["notes"] = ["column 'city': 3 padded values were stripped", "a byte order mark was skipped"]
    found = data.audit(table, "y").of("file")
    assert [(f.column, f.advice) for f in found] == [
        ("city", table.attrs["notes"][0]),
        (None, table.attrs["notes"][1]),
    ]


def test_examples_carry_positions_where_labels_are_not_positions(table):
    table.index = [f"r{i}" for i in range(N)]
    table.loc["r3", "x"] = np.nan
    assert only(table, "missing").examples == ({"row": "r3", "position": 3, "value": None},)


def test_a_schema_of_another_table_or_target_is_refused(table):
    schema = data.Schema.infer(table, "y")
    with pytest.raises(
        InputError, match="schema: expected a role for each column of the frame, got 'new' has none"
    ):
        data.audit(table.assign(new=1), "y", schema=schema)
    with pytest.raises(InputError, match="schema: expected the target 'member', got 'y'"):
        data.audit(table, "member", schema=schema)
    with pytest.raises(InputError, match="problem: expected the target 'y', got 'member'"):
        data.audit(table, "y", problem=Problem.infer(table, "member"))


def test_roles_that_were_chosen_count(table):
    schema = data.Schema.infer(table, "y").with_roles(x="ignore")
    table.loc[0, "x"] = 1e9
    assert data.audit(table, "y").of("outliers") and not data.audit(table, "y", schema=schema).of("outliers")


def test_the_callers_table_stays_as_it_was(table):
    before = table.copy()
    data.audit(table, "y")
    pd.testing.assert_frame_equal(table, before)


def test_the_same_seed_finds_the_same(table):
    assert data.audit(table, "y", seed=3) == data.audit(table, "y", seed=3)
    with pytest.raises(InputError, match="seed: expected a whole number"):
        data.audit(table, "y", seed=-1)


def test_counts_are_written_with_their_noun():
    assert [told(n, "row") for n in (0, 1, 1204)] == ["0 rows", "1 row", "1,204 rows"]
