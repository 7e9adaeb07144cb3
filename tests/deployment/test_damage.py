"""A bundle that has changed since it was written is named and refused, before Keras sees any of it."""

import hashlib
import io
import json
import shutil
import zipfile

import numpy as np
import pytest

from dltoolkit import deployment
from dltoolkit._checks import InputError
from dltoolkit.deployment import _folder, _network


@pytest.fixture
def unparsed(monkeypatch):
    """Fail the test when Keras is asked to open anything."""

    def opened(path):
        raise AssertionError(f"Keras was given {path}")

    monkeypatch.setattr(_network, "read", opened)


def payload(folder, part):
    return next(folder.glob(f"{part}-*"))


def rewrite_manifest(folder, change):
    """Change the manifest as somebody would who can also compute its hash."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_bytes(_folder.render(_folder.sealed(manifest)))


def replace_model(folder, content):
    """Put another model into a bundle, with hashes that fit."""
    payload(folder, "model").unlink()
    raw = content.getvalue()
    entry = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    entry = {"name": _folder.payload_name("model", entry["sha256"]), **entry}
    (folder / entry["name"]).write_bytes(raw)
    rewrite_manifest(folder, lambda manifest: manifest["files"].update(model=entry))


def test_one_flipped_bit_in_any_file_is_named(saved, unparsed):
    draw = np.random.default_rng(0)
    for path in sorted(saved.iterdir()):
        raw = path.read_bytes()
        for position in draw.integers(len(raw), size=40):
            spoilt = bytearray(raw)
            spoilt[position] ^= 1 << int(draw.integers(8))
            path.write_bytes(spoilt)
            with pytest.raises(InputError, match=path.name):
                deployment.load(saved)
        path.write_bytes(raw)


def test_any_other_byte_anywhere_in_the_manifest_is_named(saved, unparsed):
    path = saved / "manifest.json"
    raw = path.read_bytes()
    draw = np.random.default_rng(0)
    for position in range(len(raw)):
        spoilt = bytearray(raw)
        spoilt[position] = draw.choice([b for b in b" \n\t0aA\x00\xff" if b != raw[position]])
        path.write_bytes(spoilt)
        with pytest.raises(InputError, match=r"manifest\.json"):
            deployment.load(saved)


@pytest.mark.parametrize("change", ["cut", "longer", "emptied"])
def test_a_file_of_another_length_is_named(saved, unparsed, change):
    for path in sorted(saved.iterdir()):
        raw = path.read_bytes()
        path.write_bytes({"cut": raw[:-1], "longer": raw + b" ", "emptied": b""}[change])
        with pytest.raises(InputError, match=path.name):
            deployment.load(saved)
        path.write_bytes(raw)


def test_all_damaged_and_missing_files_are_named_at_once(saved, unparsed):
    model, card = payload(saved, "model"), payload(saved, "card")
    model.unlink()
    with pytest.raises(FileNotFoundError, match=model.name):
        deployment.load(saved)
    card.write_bytes(b"{}")
    with pytest.raises(InputError, match=rf"(?s){model.name}.*nothing there.*{card.name}.*has changed"):
        deployment.load(saved)


def test_a_newer_format_is_named_with_the_version_that_wrote_it(saved, unparsed):
    def newer(manifest):
        manifest["format"] = 2
        manifest["versions"]["dltoolkit"] = "9.1"

    rewrite_manifest(saved, newer)
    with pytest.raises(InputError, match=r"format: expected 1.* got 2\. .*dltoolkit 9\.1: update"):
        deployment.load(saved)


def test_a_newer_format_is_named_also_when_it_was_edited_by_hand(saved, unparsed):
    path = saved / "manifest.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(InputError, match=r"(?s)manifest\.json.*changed.*got 99"):
        deployment.load(saved)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"name": "an app"}', "[" * 100_000, '{"versions": []}']
)
def test_a_manifest_of_something_else_is_refused(saved, unparsed, text):
    (saved / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json"):
        deployment.load(saved)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "model.keras", "problem-0000000000000000.json", None]
)
def test_a_manifest_cannot_reach_out_of_its_folder(saved, unparsed, name):
    rewrite_manifest(saved, lambda manifest: manifest["files"]["model"].update(name=name))
    with pytest.raises(InputError, match=r"files, 'model': expected a name after its sha256"):
        deployment.load(saved)


@pytest.mark.parametrize("part", ["model", "preprocessor", "problem", "card", "cleaning"])
def test_a_manifest_without_a_part_is_refused(saved, unparsed, part):
    rewrite_manifest(saved, lambda manifest: manifest["files"].pop(part))
    with pytest.raises(InputError, match=f"expected an entry '{part}'"):
        deployment.load(saved)


def test_parts_that_do_not_fit_together_are_refused(saved):
    rewrite_manifest(saved, lambda manifest: manifest["layers"].update(network="another"))
    with pytest.raises(InputError, match="expected parts that fit together"):
        deployment.load(saved)


def test_a_decompression_bomb_is_refused_before_it_unpacks(saved):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 50_000_000)
    replace_model(saved, bomb)
    with pytest.raises(InputError, match=r"model-.*decompression bomb"):
        deployment.load(saved)


def test_a_model_that_keras_refuses_is_named(saved):
    content = io.BytesIO(payload(saved, "model").read_bytes())
    spoilt = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"Dense"', b'"Dance"'))
    replace_model(saved, spoilt)
    with pytest.raises(InputError, match=r"model-.*expected a \.keras model, got one that Keras .* refuses"):
        deployment.load(saved)


def test_code_in_a_model_is_not_run(saved, run):
    from dltoolkit._keras import keras

    inputs = keras.Input((1,), name="x")
    outputs = keras.layers.Lambda(lambda x: x)(inputs)
    path = saved / "evil.keras"
    keras.Model(inputs, outputs).save(path)
    replace_model(saved, io.BytesIO(path.read_bytes()))
    with pytest.raises(InputError, match=r"(?i)lambda"):
        deployment.load(saved)


def test_a_file_of_no_bundle_beside_it_is_ignored(saved, penguins):
    shutil.copy(payload(saved, "problem"), saved / "problem-ffffffffffffffff.json")
    (saved / "README.txt").write_text("mine")
    deployment.load(saved).predict(penguins)
