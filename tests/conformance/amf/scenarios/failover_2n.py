# SPDX-License-Identifier: Apache-2.0
"""2N: death of the active and the standby component, failover, repair."""
from model import group, si_dn, su_dn, TWON

PROBATION = 1.4     # longer than the node's SU failover probation of this run


def run(t):
    t.model(group('TN', TWON, sus=2, sis={'S1': {'I1': {}}},
                  sg_type={'saAmfSgtDefCompRestartMax': 1,
                           'saAmfSgtDefSuRestartMax': 0}))
    su1, su2 = su_dn('TN'), su_dn('TN', 'SU2')
    t.up(su1, su2)
    t.state('both assigned')
    t.kill('TN.SU1.C1')
    t.trace('active killed: component restart', order=True)
    t.state('after the restart')
    t.kill('TN.SU1.C1')
    t.trace('active killed again: failover')
    t.state('after the failover')
    t.do('repaired', 'repaired', su1)
    t.pause(PROBATION)
    t.kill('TN.SU1.C1')
    t.trace('standby killed: component restart')
    t.state('standby is back')
    t.ask('TN.SU2.C1', 'error_report', 'main', 3)
    t.trace('active reports an error, component failover')
    t.state('after the failover by report')
    t.do('repaired SU2', 'repaired', su2)
    t.behave('TN.SU1.C1', quiesced={'answer': 'FAILED_OPERATION'})
    t.pause(PROBATION)
    t.do('swap, QUIESCED refused by the component', 'si-swap', si_dn())
    t.do('repair after that', 'repaired', su1)
    t.pause(PROBATION)
    t.behave('TN.SU1.C1', standby=[{'answer': 'FAILED_OPERATION'}, {}])
    t.quiet('lock', su1)
    t.trace('locked')
    t.do('STANDBY refused once', 'unlock', su1)
    t.behave('TN.SU1.C1', active=[{'answer': 'FAILED_OPERATION'}, {}])
    t.do('the new active refuses ACTIVE', 'lock', su2)
