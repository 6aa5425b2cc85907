"""``certify`` on files: what the library proves, for the model that was written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import stablelce as lce
from tests.cli.test_train import S, X, Y, data, error, invoke

__all__ = ["data"]  # a fixture


def test_certify_proves_what_the_library_proves(data: Path, tmp_path: Path) -> None:
    invoke("train", data, "--target", "label", "--l2", "0.1", "--model", tmp_path / "m.json")
    columns = [X, S[:, np.newaxis]]  # w is one of the features here
    wanted = lce.LogisticRegression(l2=0.1).fit(np.hstack(columns), Y)
    certificate = lce.certify(wanted, np.hstack(columns), Y)
    result = invoke("certify", tmp_path / "m.json", data, "--json", tmp_path / "found.json")
    assert result.exit_code == 0, result.output
    assert "CERTIFIED: the unique optimum lies within these radii" in result.output
    found = json.loads((tmp_path / "found.json").read_text())
    radii = [float.fromhex(value["radius"]["hex"]) for value in found["parameters"].values()]
    assert radii == [*certificate.radius, certificate.intercept_radius]
    assert [float.fromhex(bound["hex"]) for bound in found["loss"]] == list(certificate.loss)


def test_a_model_of_other_labels_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invoke("train", data, "--target", "label", "--model", tmp_path / "m.json")
    data.write_text(data.read_text().replace("yes", "YES"))
    assert "is none of the model's classes" in error(capsys, "certify", tmp_path / "m.json", data)
