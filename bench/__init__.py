# SPDX-License-Identifier: Apache-2.0
"""What it costs, measured side by side with the rivals in one run: ``make bench``."""
