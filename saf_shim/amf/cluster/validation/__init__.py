# SPDX-License-Identifier: Apache-2.0
"""What amfd checks in the AMF model when a CCB is complete.

This room is for faults of the model, with OpenSAF's codes and texts. It changes nothing: `cluster.inventory`
acts on an accepted CCB. IMM's own checks (types, required attributes) are not here either; the store makes
them earlier.

Reading order: `ccb` (what a check gets), `creation`, `deletion`, `modification`, `checks` (the door)."""
