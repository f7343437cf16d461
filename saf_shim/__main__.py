# SPDX-License-Identifier: Apache-2.0
"""``python -m saf_shim``."""

import sys

from saf_shim.cli import main

if __name__ == "__main__":
    sys.exit(main())
