"""Opening a project, doing its first steps, and reading what is there, missing, stale or damaged."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from dltoolkit._checks import InputError
from dltoolkit.project import STEPS, MissingArtefact, Project, StaleArtefact


def test_opening_and_looking_loads_no_framework(tmp_path):
    code = (
        "import sys; from dltoolkit import Project; "
        f"p = Project({str(tmp_path / 'p')!r}, data='penguins'); p.do('define'); p.status(); repr(p); "
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_is_written_before_the_first_step(tmp_path, loans):
    Project(tmp_path / "p", data=loans, target="late")
    assert not (tmp_path / "p").exists()


def test_catching_up_says_what_it_does_a_line_each(tmp_path, loans):
    lines = []
    project = Project(tmp_path / "p", data=loans, target="late", fast=True)
    project.catch_up("preprocess", echo=lines.append)
    assert [line.partition(":")[0] for line in lines] == ["define", "prepare"]
    assert lines[1].startswith("prepare: 160 rows, 4 columns, ")
    assert lines[1].endswith(" s)")
    project.catch_up("preprocess", echo=lines.append)
    assert len(lines) == 2


def test_what_is_read_in_a_new_process_is_what_was_written(prepared):
    again = Project(prepared.folder)
    assert again.problem == prepared.problem
    pd.testing.assert_frame_equal(again.frame, prepared.frame)
    assert again.schema == prepared.schema
    assert again.audit.frame().equals(prepared.audit.frame())
    assert again.splits.train.equals(prepared.splits.train)
    assert again.cleaning == prepared.cleaning


def test_a_project_opens_without_data_and_with_the_same(prepared, loans):
    assert Project(prepared.folder).target == "late"
    assert Project(prepared.folder, data=loans, target="late").fast


def test_other_data_target_and_options_are_refused_by_name(prepared, loans):
    with pytest.raises(
        InputError, match=r"(?s)data: expected 'DataFrame', got 'churn'.*target: expected 'late', got 'age'"
    ):
        Project(prepared.folder, data="churn", target="age")
    with pytest.raises(InputError, match="fast: expected True, got False"):
        Project(prepared.folder, fast=False)
    with pytest.raises(InputError, match="seed: expected 0, got 5.*another folder"):
        Project(prepared.folder, seed=5)


def test_a_changed_table_is_refused_and_the_cure_works(prepared, loans, quiet):
    changed = loans.assign(since=loans["since"] + 1)
    with pytest.raises(InputError, match=r"other content.*project\.do\('define', data="):
        Project(prepared.folder, data=changed)
    project = Project(prepared.folder)
    project.do("define", data=changed)
    with pytest.raises(StaleArtefact, match="define"):
        _ = project.splits
    project.catch_up("preprocess", echo=quiet)
    assert project.frame["since"].min() == loans["since"].min() + 1


def test_a_changed_file_is_refused(tmp_path, loans):
    loans.to_csv(tmp_path / "t.csv", index=False)
    Project(tmp_path / "p", data=tmp_path / "t.csv", target="late").do("define")
    Project(tmp_path / "p", data=str(tmp_path / "t.csv"))
    loans.head(100).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match=r"t\.csv' with other content than was used"):
        Project(tmp_path / "p", data=tmp_path / "t.csv")


def test_a_folder_of_somebody_else_is_left_alone(tmp_path, loans):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(
        InputError, match=r"a project or an empty folder, got no project\.json, but 'thesis\.txt'"
    ):
        Project(tmp_path, data=loans, target="late")
    with pytest.raises(NotADirectoryError, match="a folder, got a file"):
        Project(tmp_path / "thesis.txt", data=loans, target="late")


def test_a_folder_that_is_no_project_needs_data(tmp_path):
    with pytest.raises(InputError, match=r"expected a project, got none\. Give data="):
        Project(tmp_path / "nothing")


def test_a_target_is_asked_for_with_the_columns(tmp_path, loans):
    with pytest.raises(InputError, match="target: expected the column to predict, got None.*'age', 'home'"):
        Project(tmp_path / "p", data=loans).do("define")
    assert not (tmp_path / "p" / "project.json").exists()


def test_a_target_that_does_not_exist_is_told_what_comes_close(tmp_path, loans):
    with pytest.raises(InputError, match=r"'latte'.*'late'"):
        Project(tmp_path / "p", data=loans, target="latte").do("define")


def test_a_missing_artefact_names_the_step_that_makes_it(prepared):
    with pytest.raises(
        MissingArtefact, match=r"project\.run: step 8, 'train', makes it.*project\.catch_up\('train'\)"
    ):
        _ = prepared.run
    with pytest.raises(MissingArtefact, match=r"step 'train': step 5, 'initialise'"):
        prepared.do("train")


def test_an_unknown_step_is_told_what_comes_close(prepared):
    with pytest.raises(InputError, match=r"step: .*Did you mean 'evaluate'"):
        prepared.do("evalute")
    with pytest.raises(InputError, match=r"step: .*'tune'"):
        prepared.catch_up("tunes")


def test_a_stale_artefact_names_what_was_redone_and_the_cure_works(prepared, quiet):
    prepared.do("preprocess", numeric="robust")
    prepared.do("prepare", seed=7, labels=False)
    with pytest.raises(
        StaleArtefact, match=r"project\.preprocessor: .*older than prepare.*project\.catch_up\('design'\)"
    ):
        _ = prepared.preprocessor
    with pytest.raises(StaleArtefact, match="step 'design'"):
        prepared.do("design")
    prepared.catch_up("design", echo=quiet)
    assert prepared.preprocessor.settings["numeric"] == "robust"  # it is redone as it was asked for


def test_a_redone_line_says_why(prepared):
    prepared.do("preprocess")
    prepared.do("prepare", seed=7, labels=False)
    lines = []
    prepared.catch_up("design", echo=lines.append)
    assert [line.partition(": ")[0] for line in lines] == ["preprocess (redone"]
    assert "prepare was redone" in lines[0]


def test_an_object_in_memory_sees_what_another_process_redid(prepared):
    before = prepared.splits.assignment
    Project(prepared.folder).do("prepare", seed=7, labels=False)
    assert not prepared.splits.assignment.equals(before)


def test_a_damaged_file_is_named_and_made_anew(prepared, quiet):
    path = prepared.folder / "data.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    project = Project(prepared.folder)
    with pytest.raises(InputError, match=r"data\.parquet has changed.*project\.do\('prepare'\)"):
        _ = project.frame
    assert project.status().set_index("step").loc["prepare", "state"] == "damaged"
    project.catch_up("preprocess", echo=quiet)
    assert project.frame.equals(prepared.frame)


def test_a_deleted_file_is_named(prepared):
    (prepared.folder / "splits.json").unlink()
    with pytest.raises(InputError, match=r"splits\.json is gone"):
        _ = Project(prepared.folder).splits


def test_a_table_handed_out_can_be_changed_without_harm(prepared):
    frame = prepared.frame
    frame["since"] = 0
    assert prepared.frame["since"].nunique() > 1


def test_status_tells_each_step(prepared):
    prepared.do("prepare", test_size=0.25, labels=False)
    status = prepared.status()
    assert status["step"].tolist() == list(STEPS)
    assert status.index.tolist() == list(range(1, 14))
    assert status["state"].tolist()[:3] == ["done", "done", "missing"]
    assert status.loc[2, "settings"] == {"test_size": 0.25, "labels": False}
    assert "data.parquet" in status.loc[2, "files"]
    assert "fast setting: at most 3,000 rows" in status.loc[1, "note"]


def test_each_opening_of_the_test_part_is_counted_over_processes(prepared):
    assert prepared.splits.test_openings == 0
    assert len(prepared.splits.test) == 32
    assert len(Project(prepared.folder).splits.test) == 32
    again = Project(prepared.folder)
    assert again.splits.test_openings == len(again.test_openings) == prepared.splits.test_openings == 2
    assert {event["by"] for event in again.test_openings} == {"hand"}
    assert "test part opened 2 times (by hand, hand)" in again.status().loc[10, "note"]


def test_sizes_and_shares_open_nothing(prepared):
    assert prepared.splits.sizes["test"] == 32
    prepared.splits.frame()
    assert prepared.test_openings == ()


def test_the_fast_setting_comes_from_the_environment_and_keeps_few_rows(tmp_path, monkeypatch):
    monkeypatch.setenv("DLTOOLKIT_FAST", "1")
    project = Project(tmp_path / "p", data="diamonds")
    project.do("define")
    assert project.fast
    assert len(project.raw) == project.limits.rows == 3000
    monkeypatch.delenv("DLTOOLKIT_FAST")
    assert Project(tmp_path / "p").fast  # the folder knows
    assert not Project(tmp_path / "q", data="diamonds").fast


def test_duplicates_and_ids_go_before_the_split(tmp_path, loans):
    twice = pd.concat([loans, loans.head(30)], ignore_index=True)
    project = Project(tmp_path / "p", data=twice, target="late", fast=True)
    project.do("define")
    splits = project.do("prepare", labels=False)
    assert len(project.frame) == 160
    assert "loan_id" not in project.frame
    parts = [splits.train, splits.validation, splits.test]
    assert len(pd.concat(parts).drop(columns="late").drop_duplicates()) == sum(map(len, parts))


def test_what_cleaning_learns_is_learnt_from_the_training_part(tmp_path, loans):
    project = Project(tmp_path / "p", data=loans, target="late", fast=True)
    project.do("define")
    plain = project.do("prepare", labels=False).train["age"].median()
    splits = project.do("prepare", labels=False, missing="median", outliers="clip")
    holes = loans.reset_index(drop=True)["age"].isna()
    assert (project.frame.loc[holes, "age"] == plain).all()
    assert splits.sizes == {"train": 102, "validation": 26, "test": 32}
    new = loans.head(1).assign(age=np.nan).drop(columns="late")
    assert project.cleaning.apply(new)["age"].item() == plain


def test_rows_are_dropped_from_the_training_part_alone(tmp_path, loans):
    project = Project(tmp_path / "p", data=loans, target="late", fast=True)
    project.do("define")
    before = project.do("prepare", labels=False)
    sizes, holes = before.sizes, int(before.train["age"].isna().sum())
    after = project.do("prepare", labels=False, missing="drop")
    assert holes > 0
    assert after.sizes == {**sizes, "train": sizes["train"] - holes}
    assert after.train["age"].notna().all()


def test_the_column_that_groups_rows_is_kept(tmp_path, loans):
    project = Project(
        tmp_path / "p", data=loans.assign(loan_id=loans["loan_id"].str[:5]), target="late", fast=True
    )
    project.do("define")
    splits = project.do("prepare", labels=False, groups="loan_id", roles={"loan_id": "id"})
    assert not set(splits.train["loan_id"]) & set(splits.test["loan_id"])


def test_a_dropped_feature_is_no_feature_any_more(tmp_path, loans):
    project = Project(tmp_path / "p", data=loans, target="late", fast=True)
    project.do("define")
    project.do("prepare", labels=False, columns={"since": "drop"})
    assert project.schema.features == ["age", "home"]
    assert project.schema.roles["since"] == "ignore"


def test_a_frame_that_cannot_be_kept_names_the_column(tmp_path, loans):
    mixed = loans.assign(home=loans["home"].astype(object).mask(loans.index == 3, 7))
    with pytest.raises(InputError, match="'home'"):
        Project(tmp_path / "p", data=mixed, target="late").do("define")


def test_what_it_is_and_what_comes_next_is_its_repr(prepared):
    assert "2 of 13 steps" in repr(prepared)
    assert "Next: project.do('preprocess')" in repr(prepared)
