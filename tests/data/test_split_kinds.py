"""The claims of data.split and data.leaks for pictures, texts, sounds, ratings and series."""

import json
import pathlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.model_selection import train_test_split

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.problem import Problem

N = 120
WORDS = [f"word{i}" for i in range(400)]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def texts(rng, n):
    return [" ".join(rng.choice(WORDS, 30)) for _ in range(n)]


@pytest.fixture
def reviews(rng):
    """60 texts, and each again with one word more."""
    own = texts(rng, N // 2)
    return pd.DataFrame({"text": own + [f"{t} really" for t in own], "y": rng.choice(["good", "bad"], N)})


@pytest.fixture
def pictures(rng, tmp_path):
    """Files: 30 pictures, each also smaller, as JPEG, and under another name."""
    rows = []
    for i in range(30):
        image = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize(
            (64, 64), Image.BICUBIC
        )
        names = [tmp_path / f"{i}.png", tmp_path / f"{i}_again.png", tmp_path / f"{i}_small.jpg"]
        image.save(names[0])
        names[1].write_bytes(names[0].read_bytes())
        image.resize((40, 40)).save(names[2])
        rows += [(str(name), i, "ab"[i % 2]) for name in names]
    return pd.DataFrame(rows, columns=["file", "which", "y"]).sample(
        frac=1, random_state=0, ignore_index=True
    )


def ratings(rng, n_users=12):
    rows = [
        (user, rng.integers(0, 50), time, rng.integers(1, 6))
        for user in range(n_users)
        for time in rng.permutation(int(rng.integers(1, 12)))
    ]
    return pd.DataFrame(rows, columns=["user", "item", "time", "rating"])


# ---------------------------------------------------------------- near-duplicates


@pytest.mark.parametrize("settings", [{}, {"method": "random"}, {"n_folds": 3}])
def test_texts_that_are_nearly_the_same_stand_in_the_same_part(reviews, settings):
    splits = data.split(reviews, Problem.infer(reviews, "y"), **settings)
    part = splits.assignment.to_numpy()
    assert (part[: N // 2] == part[N // 2 :]).all() and len(set(part)) == 3
    assert "60 rows nearly the same as an earlier one in 'text'" in splits.notes[-1]
    for learn, judge in splits.folds:
        assert not set(learn.index % 60) & set(judge.index % 60)
    assert data.leaks(splits).empty


def test_it_can_be_switched_off_and_the_draw_is_then_scikit_learns(reviews):
    splits = data.split(reviews, Problem.infer(reviews, "y"), near=False)
    _, test = train_test_split(reviews, test_size=0.2, stratify=reviews["y"], random_state=0)
    assert set(splits.test.index) == set(test.index) and splits.notes == ()
    assert set(data.leaks(splits)["kind"]) == {"near_duplicates"}


def test_the_schema_says_which_columns_are_texts(reviews):
    frame = reviews.assign(text=[f"kind{i % 60} good" + "!" * (i // 60) for i in range(N)])
    problem = Problem.infer(frame, "y")
    schema = data.Schema.infer(frame, "y").with_roles(text="text")
    part = data.split(frame, problem, schema=schema).assignment.to_numpy()
    assert (part[: N // 2] == part[N // 2 :]).all()
    assert not data.split(frame, problem).notes


def test_path_objects_are_files_too(pictures):
    frame = pictures[["y"]].assign(file=pictures["file"].map(pathlib.Path))
    splits = data.split(frame, Problem.infer(frame, "y"))
    assert splits.assignment.groupby(pictures["which"]).nunique().max() == 1
    assert {f.kind for f in data.audit(frame, "y", labels=False).findings} == {
        "same_content",
        "near_duplicates",
    }


def test_copies_of_a_picture_under_other_names_and_sizes_stand_in_the_same_part(pictures):
    splits = data.split(pictures[["file", "y"]], Problem.infer(pictures, "y"))
    assert splits.assignment.groupby(pictures["which"]).nunique().max() == 1
    assert "60 rows nearly the same" in splits.notes[-1]


def test_a_form_whose_texts_are_all_alike_is_told_and_not_kept_together(reviews):
    form = "the parcel of the customer was sent on the day of the order and came on time to the house number"
    frame = reviews.assign(text=[f"{form} {i}" for i in range(N)])
    splits = data.split(frame, Problem.infer(frame, "y"))
    assert "column 'text': 120 rows are near-duplicates of each other: too many" in splits.notes[0]
    assert splits.sizes == {"train": 76, "validation": 20, "test": 24}


def test_a_rule_by_group_stands_and_the_near_duplicates_it_tears_are_told(reviews):
    frame = reviews.assign(speaker=np.arange(N) % 7)
    splits = data.split(frame, Problem.infer(frame, "y"), groups="speaker")
    part = splits.assignment.to_numpy()
    torn = int((part[: N // 2] != part[N // 2 :]).sum())
    assert f"{torn} rows nearly the same as a row of another part" in splits.notes[-1]
    found = data.leaks(splits)
    assert set(found["kind"]) == {"near_duplicates"} and found["count"].sum() == torn
    example = found["examples"].iloc[0][0]
    assert abs(example["rows"][0] - example["rows"][1]) == 60


def test_rows_nearly_the_same_as_a_held_out_one_are_removed(reviews, rng):
    mine = pd.concat(
        [reviews.iloc[:5], pd.DataFrame({"text": texts(rng, 60), "y": ["good", "bad"] * 30})],
        ignore_index=True,
    )
    with pytest.warns(
        UserWarning, match="5 rows are nearly the same as a test row in 'text' and were removed"
    ):
        splits = data.split(mine, Problem.infer(reviews, "y"), test=reviews.iloc[60:])
    assert splits.assignment.tolist()[:5] == ["removed"] * 5


@pytest.mark.parametrize("role", ["audio", "image"])
def test_sounds_and_pictures_of_a_group_stay_together(rng, role):
    cells = [
        rng.normal(size=50) if role == "audio" else rng.integers(0, 255, (8, 8), dtype=np.uint8)
        for _ in range(N)
    ]
    frame = pd.DataFrame({role: cells, "speaker": np.arange(N) % 15, "y": rng.choice(["yes", "no"], N)})
    splits = data.split(frame, Problem.infer(frame, "y"), groups="speaker")
    parts = [set(p["speaker"]) for p in (splits.train, splits.validation, splits.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]


# ---------------------------------------------------------------- the latest of each group


def test_the_last_rating_of_each_user_is_left_out_and_the_one_before_validates(rng):
    frame = ratings(rng)
    splits = data.split(
        frame,
        Problem.infer(frame, "rating", kind="regression"),
        method="latest",
        groups="user",
        time="time",
        n_last=1,
    )
    part = splits.assignment
    for _, own in frame.sort_values("time").groupby("user"):
        expected = (
            ["train"] * (len(own) - 2) + ["validation", "test"]
            if len(own) > 2
            else ["train", "test"][: len(own)]
        )
        assert part[own.index].tolist() == expected
    assert splits.method == "latest"


def test_the_latest_share_of_each_user_is_the_test_part(rng):
    frame = ratings(rng, 30)
    splits = data.split(
        frame,
        Problem.infer(frame, "rating", kind="regression"),
        method="latest",
        groups="user",
        time="time",
        test_size=0.25,
    )
    sizes = frame.groupby("user").size()
    tested = splits.test.groupby("user").size().reindex(sizes.index, fill_value=0)
    assert (tested == np.minimum(np.ceil(0.25 * sizes), sizes - 1)).all()
    late = splits.test.groupby("user")["time"].min()
    assert (late > splits.train.groupby("user")["time"].max().reindex(late.index)).all()


def test_the_parts_by_latest_survive_a_round_trip(rng):
    frame = ratings(rng)
    splits = data.split(
        frame, Problem.infer(frame, "rating", kind="regression"), method="latest", groups="user", time="time"
    )
    again = data.Splits.from_json(frame, json.loads(json.dumps(splits.to_json())))
    assert again.assignment.equals(splits.assignment)
    assert data.leaks(splits).empty


def test_latest_needs_both_columns_and_takes_no_folds(rng):
    frame = ratings(rng)
    problem = Problem.infer(frame, "rating", kind="regression")
    with pytest.raises(InputError, match="time: expected the column that method='latest' goes by, got None"):
        data.split(frame, problem, method="latest", groups="user")
    with pytest.raises(InputError, match="method 'latest': expected no n_folds, got n_folds=3. Leave it out"):
        data.split(frame, problem, method="latest", groups="user", time="time", n_folds=3)
    with pytest.raises(InputError, match=r"n_last: expected a whole number in \[1, inf\], got 0"):
        data.split(frame, problem, method="latest", groups="user", time="time", n_last=0)
    with pytest.raises(
        InputError, match="method 'auto': expected no n_last, got n_last=1. Say method='latest'"
    ):
        data.split(frame, problem, n_last=1)


# ---------------------------------------------------------------- the gap


@pytest.mark.parametrize(
    ("times", "gap"), [("date", "3D"), ("date", pd.Timedelta(days=3)), ("number", 3), ("text", "3D")]
)
def test_no_row_is_nearer_than_the_gap_to_a_later_part(rng, times, gap):
    days = pd.Series(rng.permutation(100))
    stamps = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    column = {"date": stamps, "number": days, "text": stamps.dt.strftime("%Y-%m-%d")}[times]
    frame = pd.DataFrame({"when": column, "y": rng.normal(size=100)})
    problem = Problem.infer(frame, "y")
    splits, plain = (data.split(frame, problem, time="when", gap=g, n_folds=3) for g in (gap, None))
    train, validation, test = (days[p.index] for p in (splits.train, splits.validation, splits.test))
    assert validation.min() - train.max() == 3 and test.min() - validation.max() == 3
    assert set(splits.test.index) == set(plain.test.index)
    assert (splits.assignment == "removed").sum() == 4 and "4 rows nearer than the gap" in splits.notes[0]
    for learn, judge in splits.folds:
        assert days[judge.index].min() - days[learn.index].max() >= 3
    again = data.Splits.from_json(frame, json.loads(json.dumps(splits.to_json())))
    assert all(a.equals(c) for (a, _), (c, _) in zip(splits.folds, again.folds, strict=True))


def test_a_gap_that_fits_neither_the_times_nor_the_method_is_refused(rng):
    frame = pd.DataFrame(
        {"when": pd.date_range("2024-01-01", periods=30), "t": range(30), "y": rng.normal(size=30)}
    )
    problem = Problem.infer(frame, "y")
    with pytest.raises(
        InputError, match="gap in the time column 'when': expected a duration that is not negative, got 3"
    ):
        data.split(frame, problem, time="when", gap=3)
    with pytest.raises(
        InputError, match=r"gap in the time column 't': expected a number in \[0, inf\], got '3D'"
    ):
        data.split(frame, problem, time="t", gap="3D")
    with pytest.raises(
        InputError, match="gap: expected at least one row left in each part, got none in train"
    ):
        data.split(frame, problem, time="when", gap="25D")
    with pytest.raises(InputError, match="method 'auto': expected no gap, got gap='3D'. Say method='time'"):
        data.split(frame, problem, gap="3D")


def test_rows_within_the_gap_before_a_held_out_part_are_removed(rng):
    frame = pd.DataFrame({"t": range(60), "y": rng.normal(size=60)})
    with pytest.warns(UserWarning, match="4 rows are nearer to the first test row than the gap, or later"):
        splits = data.split(frame.iloc[:50], Problem.infer(frame, "y"), time="t", gap=5, test=frame.iloc[50:])
    assert splits.validation["t"].max() == 45 and splits.validation["t"].min() - splits.train["t"].max() == 5


# ---------------------------------------------------------------- leaks between given parts


def test_shared_rows_texts_groups_and_times_are_found_and_named(reviews):
    frame = reviews.assign(
        speaker=[f"s{i % 30}" for i in range(N)], day=pd.date_range("2024-01-01", periods=N), y=reviews["y"]
    )
    train = frame.iloc[:60]
    test = pd.concat([frame.iloc[[3]], frame.iloc[80:90]])
    schema = data.Schema.infer(frame, "y")
    found = data.compare_parts(train, test, schema=schema, groups="speaker", time="day").set_index("kind")
    assert found["count"].to_dict() == {
        "same_rows": 1,
        "near_duplicates": 10,
        "shared_groups": 11,
        "time_overlap": 1,
    }
    assert found.loc["same_rows", "examples"][0]["rows"] == [3, 3]
    assert found.loc["near_duplicates", "examples"][0]["rows"] == [20, 80]
    assert found.loc["shared_groups", "examples"][1]["values"] == {"speaker": ["s20", "s20"]}
    assert found.loc["time_overlap", "share"] == pytest.approx(1 / 11)
    assert "split with groups='speaker'" in found.loc["shared_groups", "advice"]


def test_copies_of_a_file_in_two_parts_are_named_by_file(pictures):
    frame = pictures.sort_values("file", ignore_index=True)
    train, test = (
        frame[frame["file"].str.contains(name) == wanted]
        for name, wanted in (("again", False), ("again", True))
    )
    found = data.compare_parts(train[["file", "y"]], test[["file", "y"]])
    assert found["kind"].tolist() == ["near_duplicates"] and found["count"].tolist() == [30]
    ours, theirs = found["examples"].iloc[0][0]["values"]["file"]
    assert theirs.endswith("0_again.png") and ours.endswith(("0.png", "0_small.jpg"))


def test_an_id_that_repeats_is_compared_without_being_named(rng):
    frame = pd.DataFrame({"patient_id": np.arange(60) // 6, "x": rng.normal(size=60)})
    schema = data.Schema.infer(frame).with_roles(patient_id="id")
    found = data.compare_parts(frame.iloc[:33], frame.iloc[33:], schema=schema)
    assert found[["kind", "column", "count"]].to_numpy().tolist() == [["shared_groups", "patient_id", 3]]
    assert data.compare_parts(frame.iloc[:30], frame.iloc[30:], schema=schema).empty


def test_the_test_part_is_compared_without_being_opened(reviews):
    splits = data.split(reviews, Problem.infer(reviews, "y"), near=True)
    data.leaks(splits)
    assert splits.test_openings == 0
    with pytest.raises(InputError, match="splits: expected what data.split gives, got DataFrame"):
        data.leaks(reviews)
