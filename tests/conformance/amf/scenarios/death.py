# SPDX-License-Identifier: Apache-2.0
"""Death of the component at different moments."""
from model import group, su_dn

C = 'NR.SU1.C1'
SU = su_dn('NR')


def run(t):
    t.model(group('NR'))
    t.up(SU)
    for what, args in (('exit', [0]), ('exit', [1]), ('die', [9]),
                       ('die', [15])):
        name = '%s %d' % (what, args[0])
        t.ask(C, what, *args)
        t.trace(name + ': trace')
        t.state(name + ': state')
    t.quiet('lock', SU)
    t.trace('locked')
    t.ask(C, 'exit', 0)
    t.trace('exit while locked')
    t.state('exit while locked')
    t.behave(C, active=[{'exit': 0}, {}])
    t.do('exit in ACTIVE before the answer', 'unlock', SU)
    t.quiet('lock', SU)
    t.trace('locked again')
    t.behave(C, active=[{'then_exit': 1}, {}])
    t.do('exit in ACTIVE after the answer', 'unlock', SU)
    t.behave(C, quiesced={'die': True})
    t.do('killed in QUIESCED', 'lock', SU)
    t.behave(C)
    t.do('repaired', 'repaired', SU)
    t.do('unlock', 'unlock', SU)
    t.behave(C, remove={'die': True})
    t.do('killed in CSI remove', 'lock', SU)
    t.behave(C)
    t.quiet('repaired', SU)
    t.quiet('unlock', SU)
    t.trace('repaired again', settle=True)
    t.state('repaired again')
    t.behave(C, quiescing={'die': True})
    t.do('killed in QUIESCING', 'shutdown', SU)
    t.behave(C)
    t.quiet('repaired', SU)
    t.quiet('unlock', SU)
    t.trace('repaired')
    t.behave(C, quiescing={'complete': 'never', 'then_die': True})
    t.do('killed after QUIESCING was answered', 'shutdown', SU)
