# SPDX-License-Identifier: Apache-2.0
"""The pure cluster membership service: which nodes there are."""
