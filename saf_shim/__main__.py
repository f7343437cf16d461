# SPDX-License-Identifier: Apache-2.0
"""``python -m saf_shim``: the command ``saf-shim``, where it is not installed."""

from __future__ import annotations

import sys

from saf_shim.cli import main

sys.exit(main())
