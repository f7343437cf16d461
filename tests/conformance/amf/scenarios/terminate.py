# SPDX-License-Identifier: Apache-2.0
"""Behaviours in the terminate callback."""
from model import comp_dn, group, su_dn

C = 'NR.SU1.C1'
SU = su_dn('NR')
CASES = [
    ('answer and exit', {}),
    ('answer after 0.3 s', {'after': 0.3}),
    ('answer, stay', {'stay': True}),
    ('never answer', {'answer': 'never'}),
    ('answer failed', {'answer': 'FAILED_OPERATION'}),
    ('exit without answer', {'exit': 0}),
    ('exit 1 without answer', {'exit': 1}),
    ('kill itself', {'die': True}),
    ('exception', {'raise': True}),
]


def run(t):
    t.model(group('NR'))
    for label, todo in CASES:
        t.behave(C, terminate=todo)
        t.up(SU, unlock=False)
        t.timed(label + ': lock-in', 'lock-in', SU)
        t.trace(label + ': trace')
        t.state(label + ': state', want=['SaAmfSU', 'SaAmfComp'])
    t.behave(C, terminate={'answer': 'FAILED_OPERATION'})
    t.up(SU)
    t.do('restart, terminate refused', 'restart', comp_dn('NR'))
    t.behave(C, terminate={'answer': 'never'})
    t.timed('restart, terminate never answered', 'restart', SU)
    t.trace('restart, terminate never answered: trace')
    t.state('restart, terminate never answered: state')
