# SPDX-License-Identifier: Apache-2.0
"""saAmfComponentErrorReport with each recovery up to component failover."""
from model import group, su_dn

C = 'NR.SU1.C1'


def run(t):
    t.model(group('NR', su_type={'saAmfSutDefSUFailover': 0}))
    t.up(su_dn('NR'))
    for recovery in (1, 2):
        t.call('report %d' % recovery, C, 'error_report', 'main', recovery)
        t.trace('after report %d' % recovery)
        t.state('after report %d' % recovery)
    t.call('report with a time', C, 'error_report', 'main', 2, 'SELF',
           1700000000000000000)
    t.trace('after report with a time', registers=False)
    t.call('report with ids', C, 'error_report_4', 'main', 2, 'SELF', True)
    t.trace('after report with ids')
    t.call('report 3', C, 'error_report', 'main', 3)
    t.trace('after report 3')
    t.state('after report 3')
    t.do('repaired', 'repaired', su_dn('NR'))
    # report out of a callback
    t.behave(C, active=[{'answer': 'never', 'report': 2}, {}])
    t.quiet('lock', su_dn('NR'))
    t.trace('locked')
    t.do('report instead of an answer to ACTIVE', 'unlock', su_dn('NR'))
