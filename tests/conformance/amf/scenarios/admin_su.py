# SPDX-License-Identifier: Apache-2.0
"""Every admin operation on an SU in every state (no redundancy)."""
from model import group, su_dn, comp_dn


def run(t):
    t.model(group('NR', sis={'S1': {'I1': {'alpha': ['one']}}}))
    su = su_dn('NR')
    t.state('loaded')
    for op in ('unlock', 'lock', 'lock-in', 'shutdown', 'restart', 'repaired',
               'si-swap', 'sg-adjust', 'eam-start'):
        t.adm('locked-in: ' + op, op, su)
    t.do('unlock-in', 'unlock-in', su)
    for op in ('unlock-in', 'lock', 'shutdown', 'repaired'):
        t.adm('locked: ' + op, op, su)
    t.do('locked: restart', 'restart', su)
    t.do('unlock', 'unlock', su)
    for op in ('unlock', 'unlock-in', 'lock-in', 'repaired', 'eam-stop'):
        t.adm('unlocked: ' + op, op, su)
    t.do('restart', 'restart', su)
    t.do('restart component', 'restart', comp_dn('NR'))
    t.do('lock', 'lock', su)
    t.do('unlock again', 'unlock', su)
    t.do('shutdown', 'shutdown', su)
    t.do('lock-in', 'lock-in', su)
    t.adm('no such SU', 'lock', su_dn('NR', 'SU9'))
    t.adm('restart of a component that is not instantiated', 'restart',
          comp_dn('NR'))
