# SPDX-License-Identifier: Apache-2.0
"""Failures of the instantiate and cleanup commands."""
from model import group, su_dn

C = 'NR.SU1.C1'
SU = su_dn('NR')


def reset(t, **behaviour):
    """Back to locked-in, with this behaviour for the next instantiation."""
    t.behave(C)
    t.quiet('lock-in', SU)
    t.quiet('repaired', SU)
    t.settle()
    t.seen = len(t.events())
    t.behave(C, **behaviour)


def run(t):
    t.model(group('NR', comp_type={'saAmfCtDefClcCliTimeout': 1000000000}))
    t.behave(C, instantiate={'exit': 3, 'mode': 'none'})
    t.timed('command fails', 'unlock-in', SU)
    t.trace('command fails: trace')
    t.state('command fails: state')
    for op in ('unlock-in', 'unlock', 'restart', 'lock'):
        t.adm('failed SU: ' + op, op, SU)
    t.behave(C)
    t.do('repaired', 'repaired', SU)
    reset(t, instantiate=[{'exit': 3, 'mode': 'none'}, {}])
    t.do('second try works', 'unlock-in', SU)
    reset(t, start={'register': False})
    t.timed('nobody registers', 'unlock-in', SU)
    t.trace('nobody registers: trace')
    t.state('nobody registers: state')
    t.do('failed: lock-in', 'lock-in', SU)
    t.adm('failed and locked-in: unlock-in', 'unlock-in', SU)
    t.do('failed and locked-in: repaired', 'repaired', SU)
    reset(t, instantiate={'mode': 'hang'})
    t.timed('command hangs', 'unlock-in', SU)
    t.trace('command hangs: trace')
    reset(t, instantiate={'mode': 'foreground'})
    t.timed('component in the foreground', 'unlock-in', SU)
    t.trace('component in the foreground: trace')
    reset(t, start={'exit': 1})
    t.timed('component exits before it registers', 'unlock-in', SU)
    t.trace('component exits before it registers: trace')
    reset(t, instantiate={'sleep': 0.75})
    t.timed('slow command', 'unlock-in', SU)
    t.trace('slow command: trace')
    t.behave(C, cleanup={'exit': 1})
    t.kill(C)
    t.trace('cleanup fails')
    t.state('cleanup failed')
    for op in ('restart', 'unlock'):
        t.adm('cleanup failed: ' + op, op, SU)
    t.behave(C)
    t.do('cleanup failed: repaired', 'repaired', SU)
