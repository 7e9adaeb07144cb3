"""The ledger: what counts, what is stale, what a crash leaves."""

import json

import pytest

from dltoolkit import _files
from dltoolkit._checks import InputError
from dltoolkit.project._ledger import FILE, STAGING, Ledger


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


def done(ledger, step, content, made_from=(), names=("a.json",)):
    """A step that writes `content` into each file."""
    with ledger.lock.held(), ledger.staging(step) as folder:
        for name in names:
            _files.write_text(folder / name, content)
        fields = {"when": "2026-01-01T00:00:00+00:00", "seconds": 0.1, "settings": {}, "summary": content}
        entries = ledger.entries()
        fields["made_from"] = {s: entries[s].fingerprint for s in made_from}
        return ledger.commit(step, fields, {})


def test_a_step_leaves_its_files_in_place_with_their_hashes(ledger):
    entry = done(ledger, "train", "one", names=("run/model.keras", "run/run.json"))
    assert (ledger.folder / "run" / "model.keras").read_text() == "one"
    assert entry.files["run/run.json"] == _files.sha256_file(ledger.folder / "run" / "run.json")
    assert not (ledger.folder / STAGING).exists()


def test_files_that_a_redone_step_no_longer_has_are_removed(ledger):
    done(ledger, "deploy", "one", names=("bundle/model-1.keras", "bundle/manifest.json"))
    done(ledger, "deploy", "two", names=("bundle/model-2.keras", "bundle/manifest.json"))
    assert sorted(p.name for p in (ledger.folder / "bundle").iterdir()) == ["manifest.json", "model-2.keras"]


def test_redoing_a_step_makes_those_that_were_made_from_it_stale(ledger):
    done(ledger, "define", "1", names=("d",))
    done(ledger, "prepare", "1", ["define"], names=("p",))
    done(ledger, "preprocess", "1", ["prepare"], names=("q",))
    done(ledger, "loss", "1", ["define"], names=("l",))
    assert not any(ledger.causes(s) for s in ("define", "prepare", "preprocess", "loss"))
    done(ledger, "prepare", "2", ["define"], names=("p",))
    assert ledger.causes("preprocess") == ("prepare",)
    assert ledger.causes("loss") == ()


def test_a_cause_is_found_behind_other_steps(ledger):
    for step, source in (("define", []), ("prepare", ["define"]), ("preprocess", ["prepare"])):
        done(ledger, step, "1", source, names=(step,))
    done(ledger, "define", "2", names=("define",))
    assert ledger.causes("preprocess") == ("define",)


def test_the_same_outcome_makes_nothing_stale(ledger):
    done(ledger, "define", "1", names=("d",))
    done(ledger, "prepare", "1", ["define"], names=("p",))
    done(ledger, "define", "1", names=("d",))
    assert ledger.causes("prepare") == ()


def test_a_changed_and_a_lost_file_are_named(ledger):
    done(ledger, "prepare", "1", names=("a.json", "b.json"))
    (ledger.folder / "a.json").write_text("2")
    (ledger.folder / "b.json").unlink()
    assert [text.partition(str(ledger.folder))[2] for text in ledger.damaged("prepare")] == [
        "/a.json has changed since it was written",
        "/b.json is gone",
    ]


def test_tuples_in_settings_come_back_as_tuples(ledger):
    done(ledger, "tune", "1")
    content = json.loads((ledger.folder / FILE).read_text())
    content["steps"]["tune"]["settings"] = {
        "space": {"rate": {"tuple": [0.1, 1, "log"]}, "units": [[8], [16]]}
    }
    _files.write_json(ledger.folder / FILE, content)
    assert ledger.entries()["tune"].settings == {"space": {"rate": (0.1, 1, "log"), "units": [[8], [16]]}}


def fails_after_one_file(ledger):
    with ledger.lock.held(), ledger.staging("prepare") as folder:
        _files.write_text(folder / "a.json", "2")
        raise OSError("disk full")


def test_a_step_that_fails_leaves_the_earlier_one_whole(ledger):
    done(ledger, "prepare", "1")
    with pytest.raises(OSError, match="full"):
        fails_after_one_file(ledger)
    assert (ledger.folder / "a.json").read_text() == "1"
    assert ledger.damaged("prepare") == []
    assert not (ledger.folder / STAGING).exists()


def test_what_was_written_aside_but_never_counted_is_thrown_away(ledger):
    done(ledger, "prepare", "1")
    _files.write_text(ledger.folder / STAGING / "prepare" / "a.json", "2")
    ledger.recover()
    assert (ledger.folder / "a.json").read_text() == "1"
    assert not (ledger.folder / STAGING).exists()


def test_what_counted_but_was_not_moved_is_moved(ledger):
    done(ledger, "prepare", "2", names=("a.json", "b.json"))
    _files.write_text(ledger.folder / STAGING / "prepare" / "a.json", "2")
    (ledger.folder / "a.json").write_text("1")  # as if the move of this one had not been reached
    ledger.recover()
    assert (ledger.folder / "a.json").read_text() == "2"
    assert ledger.damaged("prepare") == []


def test_nothing_is_recovered_while_somebody_writes(ledger):
    done(ledger, "prepare", "1")
    other = Ledger(ledger.folder)
    with ledger.lock.held():
        _files.write_text(ledger.folder / STAGING / "prepare" / "a.json", "2")
        other.recover()
        assert (ledger.folder / STAGING / "prepare" / "a.json").is_file()


@pytest.mark.parametrize("text", ['{"form', "[]", '{"format": 99}', "not json"])
def test_a_damaged_ledger_is_named(ledger, text):
    done(ledger, "define", "1")
    (ledger.folder / FILE).write_text(text)
    with pytest.raises(InputError, match=FILE):
        Ledger(ledger.folder).entries()
