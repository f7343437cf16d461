# SPDX-License-Identifier: Apache-2.0
"""``python -m amf_netwatch`` runs the command ``amf-netwatch``."""

import sys

from amf_netwatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
