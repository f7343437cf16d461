# SPDX-License-Identifier: Apache-2.0
"""Admin operations on SI, SG, component and application (no redundancy)."""
from model import APP, comp_dn, group, sg_dn, si_dn, su_dn


def run(t):
    t.model(group('NR', sis={'S1': {'I1': {'alpha': ['one']}}}))
    su, si, sg = su_dn('NR'), si_dn(), sg_dn('NR')
    t.adm('SI without a usable SU: unlock', 'unlock', si)
    t.do('SI without a usable SU: lock', 'lock', si)
    t.do('SI without a usable SU: unlock again', 'unlock', si)
    t.up(su)
    for op in ('unlock', 'lock-in', 'unlock-in', 'restart', 'repaired',
               'si-swap', 'sg-adjust'):
        t.adm('SI assigned: ' + op, op, si)
    t.do('SI lock', 'lock', si)
    for op in ('lock', 'shutdown', 'si-swap'):
        t.adm('SI locked: ' + op, op, si)
    t.do('SI unlock', 'unlock', si)
    t.do('SI shutdown', 'shutdown', si)
    t.adm('SI after shutdown: shutdown', 'shutdown', si)
    t.do('SU lock while the SI is locked', 'lock', su)
    t.do('SU unlock while the SI is locked', 'unlock', su)
    t.do('SI unlock while the SU is unlocked', 'unlock', si)
    for op in ('unlock', 'lock-in', 'unlock-in', 'restart', 'repaired',
               'sg-adjust', 'si-swap'):
        t.adm('SG unlocked: ' + op, op, sg)
    t.do('SG lock', 'lock', sg)
    for op in ('lock', 'shutdown', 'unlock-in'):
        t.adm('SG locked: ' + op, op, sg)
    t.do('SG lock-in', 'lock-in', sg)
    for op in ('lock-in', 'lock', 'unlock', 'shutdown'):
        t.adm('SG locked-in: ' + op, op, sg)
    t.do('SG unlock-in', 'unlock-in', sg)
    t.do('SG unlock', 'unlock', sg)
    t.do('SG shutdown', 'shutdown', sg)
    t.do('SG unlock after shutdown', 'unlock', sg)
    for op in ('lock', 'unlock', 'lock-in', 'shutdown', 'repaired',
               'eam-start'):
        t.adm('component: ' + op, op, comp_dn('NR'))
    for op in ('lock', 'unlock', 'lock-in', 'unlock-in', 'shutdown'):
        t.adm('application: ' + op, op, APP)
