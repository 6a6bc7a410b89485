"""adoption.oracle: every stored value of R is found again, and a difference is noticed."""

import numpy as np
import pytest

from adoption import oracle


@pytest.fixture(scope="module")
def found():
    return oracle.comparisons()


def test_every_piece_agrees_with_r(found):
    for piece in found:
        assert piece.values > 0
        assert piece.difference < 1e-8, piece


def test_every_file_of_r_values_is_used(found, monkeypatch):
    from pathlib import Path

    used, open_ = set(), Path.open

    def watched(self, *arguments, **named):
        used.add(self.name)
        return open_(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", watched)
    oracle.comparisons()
    stored = {p.name for p in oracle.FIXTURES.glob("*") if p.suffix in (".csv", ".json")}
    assert stored <= used
    # The script that made the values stands beside them.
    assert all((oracle.FIXTURES / name).with_suffix(".R").exists() for name in stored)


def test_relative_difference():
    assert oracle.relative_difference([1.0, 2.2], [1.0, 2.0]) == pytest.approx(0.1)
    assert oracle.relative_difference([np.inf, 1e-3], [np.inf, 0]) == 1e-3
    assert oracle.relative_difference([1.0], [np.inf]) == np.inf
    assert oracle.relative_difference([np.nan], [1.0]) == np.inf
    with pytest.raises(ValueError, match="expected 2 values"):
        oracle.relative_difference([1.0], [1.0, 2.0])
