# SPDX-License-Identifier: Apache-2.0
"""``python -m saf_shim`` is the command ``saf-shim`` where that is not installed."""

from __future__ import annotations

import sys

from saf_shim.cli import main

sys.exit(main())
