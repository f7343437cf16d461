# SPDX-License-Identifier: Apache-2.0
"""Return codes inside the registered, active component."""
from model import comp_dn, csi_dn, group, su_dn

C = 'NR.SU1.C1'


def run(t):
    t.model(group('NR', sus=2))
    t.up(su_dn('NR'))
    t.call('component name', C, 'component_name', 'main')
    t.call('component name, bad handle', C, 'component_name', 'BAD')
    t.call('register again', C, 'register', 'main')
    t.call('register unknown component', C, 'register', 'main',
           comp_dn('NR', 'SU7'))
    t.call('register another component', C, 'register', 'main',
           comp_dn('NR', 'SU2'))
    t.call('register with empty name', C, 'register', 'main', '')
    t.call('register with itself as proxy', C, 'register', 'main', 'SELF',
           'SELF')
    t.call('register, bad handle', C, 'register', 'BAD')
    t.call('unregister', C, 'unregister', 'main')
    t.call('unregister unknown', C, 'unregister', 'main',
           comp_dn('NR', 'SU7'))
    t.call('selection object twice', C, 'selection_same', 'main')
    t.call('selection object, bad handle', C, 'selection', 'BAD')
    for flag in ('SA_DISPATCH_ONE', 'SA_DISPATCH_ALL', 0, 99):
        t.call('dispatch %s' % flag, C, 'dispatch', 'main', flag)
    t.call('dispatch, bad handle', C, 'dispatch', 'BAD', 'SA_DISPATCH_ALL')
    for inv in (0, 1, 'active'):
        t.call('response to %s' % inv, C, 'response', 'main', inv)
        t.call('B.01 response to %s' % inv, C, 'response', 'main', inv, 1,
               False)
    t.call('response with a code out of place', C, 'response', 'main', 1, 5)
    t.call('response, bad handle', C, 'response', 'BAD', 1)
    t.call('quiescing complete, no such invocation', C, 'quiescing_complete',
           'main', 1)
    t.call('quiescing complete, invocation 0', C, 'quiescing_complete',
           'main', 0)
    t.call('quiescing complete for the active callback', C,
           'quiescing_complete', 'main', 'active')
    t.call('quiescing complete, bad handle', C, 'quiescing_complete', 'BAD',
           1)
    t.call('HA state', C, 'ha_state', 'main', csi_dn())
    t.call('HA state of an unknown CSI', C, 'ha_state', 'main',
           csi_dn('S9'))
    t.call('HA state of an unknown component', C, 'ha_state', 'main',
           csi_dn(), comp_dn('NR', 'SU7'))
    t.call('HA state of another component', C, 'ha_state', 'main',
           csi_dn(), comp_dn('NR', 'SU2'))
    t.call('HA state, empty CSI name', C, 'ha_state', 'main', '')
    t.call('HA state, bad handle', C, 'ha_state', 'BAD', csi_dn())
    t.call('error clear without error', C, 'error_clear', 'main')
    t.call('error clear of an unknown component', C, 'error_clear', 'main',
           comp_dn('NR', 'SU7'))
    t.call('error clear, _4', C, 'error_clear_4', 'main')
    t.call('error report for an unknown component', C, 'error_report',
           'main', 2, comp_dn('NR', 'SU7'))
    t.call('error report, application restart', C, 'error_report', 'main', 8)
    t.call('error report, container restart', C, 'error_report', 'main', 9)
    t.call('error report, _4 without ids', C, 'error_report_4', 'main', 2)
    t.call('error report, bad handle', C, 'error_report', 'BAD', 2)
    t.call('passive monitoring', C, 'pm_start', 'main')
    t.call('passive monitoring of no errors', C, 'pm_start', 'main', 0)
    t.call('passive monitoring stop', C, 'pm_stop', 'main')
    t.call('HA readiness', C, 'ha_readiness', 'main', csi_dn(), 1)
    t.call('correlation ids', C, 'correlation', 'main')
    # protection group
    t.call('PG: current, empty buffer', C, 'pg_track', 'main', csi_dn(), 1, 0)
    t.call('PG: current, buffer of one', C, 'pg_track', 'main', csi_dn(), 1,
           1)
    t.call('PG: current, no buffer', C, 'pg_track', 'main', csi_dn(), 1)
    t.trace('PG: callback')
    t.call('PG: unknown CSI', C, 'pg_track', 'main', csi_dn('S9'), 2)
    t.call('PG: flags 0', C, 'pg_track', 'main', csi_dn(), 0)
    t.call('PG: changes and changes-only', C, 'pg_track', 'main', csi_dn(),
           6)
    t.call('PG: changes', C, 'pg_track', 'main', csi_dn(), 2)
    t.call('PG: changes again', C, 'pg_track', 'main', csi_dn(), 2)
    t.call('PG: stop', C, 'pg_stop', 'main', csi_dn())
    t.call('PG: stop again', C, 'pg_stop', 'main', csi_dn())
    t.call('PG: bad handle', C, 'pg_track', 'BAD', csi_dn(), 2)
    # a second handle
    t.call('second handle', C, 'init', 'second')
    t.call('second handle: register', C, 'register', 'second')
    t.call('second handle: finalize', C, 'finalize', 'second')
    t.call('second handle: finalize again', C, 'finalize', 'second')
    t.call('second handle: dispatch', C, 'dispatch', 'second',
           'SA_DISPATCH_ALL')
    t.call('version B.4.9', C, 'init', 'third', ['B', 4, 9])
    t.call('its finalize', C, 'finalize', 'third')
    t.trace('nothing happened')
    t.call('version B.9.1', C, 'init', 'third', ['B', 9, 1])
    t.trace('a wrong version kills')
    t.state()
    t.ask(C, 'finalize_later', 'main')
    t.trace('finalize of the registered handle')
    t.state()
