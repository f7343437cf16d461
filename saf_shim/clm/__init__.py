# SPDX-License-Identifier: Apache-2.0
"""The cluster membership service: which nodes there are. Its one module is `service`. It decides nothing
about AMF's nodes."""
