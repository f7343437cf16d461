# SPDX-License-Identifier: Apache-2.0
"""What amfd checks of the AMF model when a CCB is complete.

This room is for faults of the model, with OpenSAF's codes and texts. It changes nothing: what an accepted CCB
leads to is in `cluster.inventory`. IMM's own checks (types, required attributes) are not here either, they
are made by the store before.

Reading order: `ccb` (what a check gets), `creation`, `deletion`, `modification`, `checks` (the door)."""
