# SPDX-License-Identifier: Apache-2.0
"""Measurements of costs, side by side with other programs in one run: ``make bench``."""
