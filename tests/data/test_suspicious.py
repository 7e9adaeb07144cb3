"""The claims of data.suspicious_labels and its quick features: swapped labels of every kind come first."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from dltoolkit import data
from dltoolkit._checks import InputError
from dltoolkit.data._judge import class_chances
from dltoolkit.data._quick import quick_features
from dltoolkit.problem import Problem


def swapped(frame, target, share=0.05, seed=0):
    """The table with some labels replaced by another class, and the positions of those rows."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(frame), int(share * len(frame)), replace=False)
    labels, classes = frame[target].to_numpy(copy=True), frame[target].unique()
    for row in rows:
        labels[row] = rng.choice([c for c in classes if c != labels[row]])
    return frame.assign(**{target: labels}), rows


def precision(frame, target, **settings):
    """The share of swapped labels among as many of the worst-ranked."""
    wrong, rows = swapped(frame, target)
    found = data.suspicious_labels(wrong, Problem.infer(wrong, target), **settings)
    return np.isin(found["position"][: len(rows)], rows).mean()


def test_nine_tenths_of_the_worst_ranked_digits_are_the_swapped_ones():
    assert precision(data.load("digits"), "digit") >= 0.9


def test_nine_tenths_of_the_worst_ranked_speakers_are_the_swapped_ones():
    assert precision(data.load("vowels"), data.CATALOGUE["vowels"].target) >= 0.9


def test_four_fifths_of_the_worst_ranked_penguins_are_the_swapped_ones():
    assert precision(data.load("penguins"), "species") >= 0.8


def test_of_reviews_the_swapped_labels_are_many_times_as_frequent_as_by_chance():
    assert precision(data.load("reviews").iloc[:1_500], "score") >= 4 * 0.05


def test_tones_that_bear_the_label_of_others_are_found():
    rng, steps = np.random.default_rng(0), np.arange(4_000) / 16_000
    tones = [
        np.sin(2 * np.pi * (400 + 800 * (i % 3) + 50 * rng.normal()) * steps) + 0.1 * rng.normal(size=4_000)
        for i in range(90)
    ]
    frame = pd.DataFrame({"sound": tones, "pitch": [["low", "mid", "high"][i % 3] for i in range(90)]})
    assert precision(frame, "pitch") == 1


def test_a_text_column_and_a_number_column_judge_together():
    rng = np.random.default_rng(0)
    colour, size = rng.choice(["red", "blue"], 200), rng.normal(size=200)
    texts = [f"the {c} one of the boxes in our shop number {i}" for i, c in enumerate(colour)]
    kind = np.where(colour == "red", np.where(size > 0, "large red", "small red"), "blue")
    frame = pd.DataFrame({"text": texts, "size": size, "kind": kind})
    assert data.Schema.infer(frame, "kind").roles["text"] == "text"
    assert precision(frame, "kind") >= max(0.9, precision(frame[["text", "kind"]], "kind") + 0.1)


def test_the_ranking_is_by_the_normalised_margin_and_says_what_it_would_expect():
    frame, rows = swapped(data.load("penguins"), "species")
    found = data.suspicious_labels(frame, Problem.infer(frame, "species"))
    assert list(found) == [
        "row",
        "position",
        "given",
        "suggested",
        "confidence",
        "self_confidence",
        "margin",
        "likely",
    ]
    assert found["margin"].is_monotonic_increasing and found["margin"].between(-1, 0, inclusive="left").all()
    assert np.allclose(found["margin"], found["self_confidence"] - found["confidence"])
    assert (found["given"].to_numpy() == frame["species"].iloc[found["position"]].to_numpy()).all()
    truth = data.load("penguins")["species"].iloc[rows]
    told = found.set_index("row").loc[truth.index.intersection(found["row"]), "suggested"]
    assert (told == truth[told.index]).mean() > 0.9
    assert found["likely"].iloc[: len(rows) // 2].all()


def test_the_pictures_and_texts_to_look_at_come_along():
    frame, _ = swapped(data.load("digits").iloc[:300], "digit")
    found = data.suspicious_labels(frame, Problem.infer(frame, "digit"))
    assert list(found)[-1] == "image"
    assert all(
        cell is frame["image"].iloc[p] for cell, p in zip(found["image"], found["position"], strict=True)
    )


def test_rows_keep_their_index_labels_and_those_without_a_label_are_left_out():
    frame, rows = swapped(data.load("penguins"), "species")
    frame.index = [f"bird {i}" for i in range(len(frame))]
    unlabelled = frame.assign(species=frame["species"].where(np.arange(len(frame)) != rows[0]))
    problem = Problem.infer(frame, "species")
    found = data.suspicious_labels(unlabelled, problem)
    assert f"bird {rows[0]}" not in set(found["row"])
    assert (found["row"] == [f"bird {p}" for p in found["position"]]).all()


def test_amounts_far_from_what_is_expected_come_first_with_what_is_expected():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=400)})
    frame["y"] = 10 * frame["x"] + rng.normal(size=400)
    frame.loc[[5, 77], "y"] = [900.0, -700.0]
    found = data.suspicious_labels(frame, Problem.infer(frame, "y"))
    assert found["row"].tolist()[:2] == [5, 77] and found["likely"].tolist()[:2] == [True, True]
    assert found["suggested"].iloc[0] == pytest.approx(10 * frame.loc[5, "x"], abs=8)
    assert found["confidence"].isna().all() and (found["margin"] <= -3.5).all()


def test_the_same_seed_ranks_alike():
    frame, _ = swapped(data.load("penguins"), "species")
    problem = Problem.infer(frame, "species")
    one, two = (data.suspicious_labels(frame, problem, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_what_cannot_be_judged_is_refused():
    frame = pd.DataFrame({"x": np.arange(80.0), "y": ["a", "b"] * 40, "a": [0, 1] * 40, "b": [1, 0] * 40})
    problem = Problem.infer(frame, "y")
    with pytest.raises(InputError, match="problem: expected a Problem, got str"):
        data.suspicious_labels(frame, "y")
    with pytest.raises(InputError, match="problem: expected one target, got 2. Ask for each label"):
        data.suspicious_labels(frame, Problem.infer(frame, ["a", "b"]))
    with pytest.raises(InputError, match="frame: expected at least 60 rows with a label, got 20"):
        data.suspicious_labels(frame.iloc[:20], problem)
    with pytest.raises(InputError, match="frame: expected a column to judge the labels by, got none"):
        data.suspicious_labels(
            frame[["x", "y"]], problem, schema=data.Schema.infer(frame[["x", "y"]], "y").with_roles(x="id")
        )
    rare = frame.assign(y=["a"] * 78 + ["b", "b"])
    with pytest.raises(InputError, match="target: expected two classes of at least 5 examples, got 1"):
        data.suspicious_labels(rare, Problem.infer(rare, "y"))


# ---------------------------------------------------------------- the parts


def test_the_chances_are_those_of_plain_cross_validation():
    rng = np.random.default_rng(0)
    features = sparse.csr_matrix(rng.normal(size=(100, 3)))
    labels = (features[:, [0]].toarray().ravel() > 0).astype(int)
    chances = class_chances(features, labels, seed=0)
    assert np.allclose(chances.sum(axis=1), 1)
    whole = LogisticRegression().fit(features, labels).predict_proba(features)
    assert np.abs(chances - whole).max() < 0.2 and (chances != whole).any()


def test_quick_features_of_a_table_are_standardised_and_missing_values_have_a_place():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, None], "c": ["a", "b", "a", None], "same": 1.0})
    found = quick_features(frame, {"x": "numeric", "c": "categorical", "same": "numeric"}).toarray() / 0.3
    known = np.array([1.0, 2.0, 3.0])
    assert np.allclose(found[:3, 0], (known - 2) / known.std()) and found[3, 0] == 0
    assert (
        np.allclose(found.mean(axis=0), 0)
        and np.allclose(found[:, 1:].std(axis=0), 1)
        and found.shape == (4, 5)
    )


def test_unreadable_missing_and_empty_cells_have_features_too(tmp_path):
    frame = pd.DataFrame(
        {
            "photo": pd.Series([np.zeros((8, 8), np.uint8), str(tmp_path / "gone.png"), None], dtype=object),
            "sound": pd.Series([np.ones(500), None, np.empty(0)], dtype=object),
            "steps": pd.Series([np.arange(5.0), None, np.empty(0)], dtype=object),
            "text": ["a b", None, ""],
        }
    )
    roles = {"photo": "image", "sound": "audio", "steps": "sequence", "text": "text"}
    found = quick_features(frame, roles)
    assert found.shape[0] == 3 and np.isfinite(found.toarray()).all()
    assert quick_features(frame[["text"]].iloc[2:], {"text": "text"}).shape == (1, 0)
    assert quick_features(frame, {"text": "id"}).shape == (3, 0)


def test_a_picture_and_its_mirror_image_have_other_edges_but_the_same_colours():
    rng = np.random.default_rng(0)
    pictures = [np.tile(rng.integers(0, 255, (1, 8, 1), dtype=np.uint8), (8, 1, 1)) for _ in range(3)]
    pictures += [np.swapaxes(p, 0, 1).copy() for p in pictures]
    found = quick_features(pd.DataFrame({"p": pd.Series(pictures, dtype=object)}), {"p": "image"}).toarray()
    assert not np.allclose(found[0], found[3])


def test_the_audit_doubts_labels_of_pictures_too():
    frame, rows = swapped(data.load("digits").iloc[:600], "digit")
    found = data.audit(frame, "digit").of("suspicious_labels")[0]
    told = [e["row"] for e in found.examples]
    assert found.severity == "warn" and np.isin(frame.index[rows], told).mean() > 0.8
