# SPDX-License-Identifier: Apache-2.0
"""The cluster membership service: which nodes there are. One module, `service`; it decides nothing about
AMF's nodes."""
