# SPDX-License-Identifier: Apache-2.0
"""Redundancy models: which service unit of a group has which service instance, and in which HA state.

This room is for decisions inside one service group. A model is a table from the state of the group and an
event to an action. It is not for how an assignment is carried out (`entities.assignments`) and not for where
events come from: the cluster director hands each event over together with the cluster's records, and the
models import nothing of it.

Reading order: `groups` (events, causes, what all models share), `no_redundancy`, then 2N: `two_n_roles` (who
is active, who is standby), `two_n_answers`, `two_n_losses` (longer actions), `two_n` (its table)."""
