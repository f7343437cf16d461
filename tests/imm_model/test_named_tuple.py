# SPDX-License-Identifier: Apache-2.0
"""The light `NamedTuple` does what the one of `typing` does."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Optional

import pytest

from imm_model.named_tuple import NamedTuple


class Point(NamedTuple):
    """A point."""

    x: int
    y: int = 2
    name: Optional[str] = None

    def swapped(self) -> Point:
        """Return the point with its fields exchanged."""
        return self._replace(x=self.y, y=self.x)

    @property
    def total(self) -> int:
        """Return the sum of both fields."""
        return self.x + self.y


def test_it_is_a_tuple_with_names_defaults_and_methods() -> None:
    point = Point(1)
    assert point == (1, 2, None)
    assert isinstance(point, tuple)
    assert point.swapped() == Point(2, 1)
    assert point.total == 3
    assert repr(point) == "Point(x=1, y=2, name=None)"
    assert (Point.__doc__, Point.__module__) == ("A point.", __name__)
    assert Point._fields == ("x", "y", "name")
    assert pickle.loads(pickle.dumps(point)) == point


def test_a_missing_value_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_it_needs_no_typing() -> None:
    program = "import sys, imm_model.named_tuple, imm_model.types, imm_model.classes; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", program], check=True, capture_output=True, text=True)
    assert "imm_model.classes" in done.stdout.split()
    assert "typing" not in done.stdout.split()
