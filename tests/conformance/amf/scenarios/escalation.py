# SPDX-License-Identifier: Apache-2.0
"""The ladder: component restart, SU restart, SU failover; probation."""
from model import NODE, group, sg_dn, su_dn

C = 'NR.SU1.C1'
SU = su_dn('NR')


def run(t):
    t.config('-a', 'saAmfNodeSuFailOverProb=40000000000', NODE)
    try:
        ladder(t)
    finally:
        t.config('-a', 'saAmfNodeSuFailOverProb=1000000000', NODE)


def ladder(t):
    t.model(group('NR', sg_type={'saAmfSgtDefCompRestartMax': 2,
                                 'saAmfSgtDefCompRestartProb': 2000000000,
                                 'saAmfSgtDefSuRestartMax': 1,
                                 'saAmfSgtDefSuRestartProb': 2000000000}))
    t.up(SU)
    for n in (1, 2):
        t.kill(C)
        t.trace('kill %d' % n)
        t.state('kill %d' % n)
    t.settle(quiet=2.6)
    t.state('probation of the component restarts is over')
    for n in (1, 2, 3):
        t.kill(C)
        t.trace('after probation, kill %d' % n)
        t.state('after probation, kill %d' % n)
    t.settle(quiet=2.6)
    t.state('probation of the SU restart is over')
    for n in (1, 2, 3):
        t.kill(C)
        t.trace('again, kill %d' % n)
    t.state('SU restarted once more')
    t.kill(C)
    t.trace('kill in the SU probation')
    t.state('failed over')
    for op in ('restart', 'lock', 'unlock'):
        t.adm('disabled SU: ' + op, op, SU)
    t.state('disabled SU')
    t.do('repaired', 'repaired', SU)
    t.cmd('limit', 'immcfg', '-a', 'saAmfSGCompRestartMax=5',
          sg_dn('NR'))
    t.kill(C)
    t.trace('kill while the SU failover probation runs')
    t.state('kill while the SU failover probation runs')
