# SPDX-License-Identifier: Apache-2.0
"""Two components in one SU, with and without instantiation levels."""
from model import comp_dn, group, su_dn


def run(t):
    t.model(
        group('LV', comps=('C1', 'C2'), sis={'S1': {'I1': {}, 'I2': {}}},
              comp_each={'C1': {'saAmfCompInstantiationLevel': 2},
                         'C2': {'saAmfCompInstantiationLevel': 1}}),
        group('EQ', comps=('C1', 'C2'), sis={'S2': {'I1': {}, 'I2': {}}}))
    su = su_dn('LV')
    t.do('unlock-in', 'unlock-in', su, order=True)
    t.do('unlock', 'unlock', su)
    t.kill('LV.SU1.C1')
    t.trace('one of two killed')
    t.state('one of two killed')
    t.do('restart one', 'restart', comp_dn('LV', 'SU1', 'C2'))
    t.do('restart the SU', 'restart', su)
    t.call('one reports, failover', 'LV.SU1.C1', 'error_report', 'main', 3)
    t.trace('one reports, failover: trace')
    t.state('one reports, failover: state')
    t.do('repaired', 'repaired', su)
    t.do('lock', 'lock', su)
    t.do('lock-in', 'lock-in', su, order=True)
    t.behave('LV.SU1.C1', instantiate={'exit': 1, 'mode': 'none'})
    t.do('second level fails', 'unlock-in', su)
    t.do('same level: unlock-in', 'unlock-in', su_dn('EQ'))
    t.do('same level: unlock', 'unlock', su_dn('EQ'))
    t.kill('EQ.SU1.C1')
    t.trace('same level: one killed')
    t.do('same level: lock', 'lock', su_dn('EQ'))
    t.do('same level: lock-in', 'lock-in', su_dn('EQ'))
