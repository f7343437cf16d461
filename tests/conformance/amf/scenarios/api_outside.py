# SPDX-License-Identifier: Apache-2.0
"""Return codes in a process that AMF did not start."""
from model import comp_dn, csi_dn, group, su_dn, TWON


def run(t):
    t.model(group('TN', TWON, sus=2))
    t.up(su_dn('TN'), su_dn('TN', 'SU2'))
    p = t.peer()
    for ver in (['B', 4, 1], ['B', 4, 0], ['B', 1, 1], ['B', 3, 1],
                ['B', 5, 1], ['A', 1, 1], ['C', 1, 1]):
        t.call('initialize %s.%d.%d' % tuple(ver), p, 'init', 'h', ver)
    t.call('initialize without callbacks', p, 'init', 'n', ['B', 4, 1],
           False)
    t.call('initialize B.1.1, old entry', p, 'init', 'old', ['B', 1, 1],
           True, False)
    t.call('again', p, 'init', 'h')
    t.call('component name', p, 'component_name', 'h')
    t.call('register', p, 'register', 'h', comp_dn('TN'))
    t.call('healthcheck before register', p, 'hc_start', 'h', 'Key', 1, 2,
           comp_dn('TN'))
    t.call('response', p, 'response', 'h', 1)
    t.call('HA state of the active', p, 'ha_state', 'h', csi_dn(),
           comp_dn('TN'))
    t.call('HA state of the standby', p, 'ha_state', 'h', csi_dn(),
           comp_dn('TN', 'SU2'))
    t.call('selection object', p, 'selection_same', 'h')
    t.call('dispatch', p, 'dispatch', 'h', 'SA_DISPATCH_ALL')
    t.call('PG: current', p, 'pg_track', 'h', csi_dn(), 1, 0)
    t.call('PG: current, too small', p, 'pg_track', 'h', csi_dn(), 1, 1)
    t.call('PG: current, two places', p, 'pg_track', 'h', csi_dn(), 1, 2)
    t.call('PG: current and changes', p, 'pg_track', 'h', csi_dn(), 3)
    t.call('wait', p, 'wait_pg', 'h', 0.3)
    t.trace('PG: first callback')
    t.quiet('lock', su_dn('TN', 'SU2'))
    t.call('wait', p, 'wait_pg', 'h', 0.3)
    t.trace('PG: standby locked')
    t.quiet('unlock', su_dn('TN', 'SU2'))
    t.call('wait', p, 'wait_pg', 'h', 0.3)
    t.trace('PG: standby unlocked')
    t.call('PG: stop', p, 'pg_stop', 'h', csi_dn())
    t.quiet('lock', su_dn('TN', 'SU2'))
    t.call('wait', p, 'wait_pg', 'h', 0.3)
    t.trace('PG: stopped')
    t.call('error report from outside', p, 'error_report', 'h', 2,
           comp_dn('TN'))
    t.trace('component restarted by the report')
    t.call('finalize', p, 'finalize', 'h')
    t.call('finalize again', p, 'finalize', 'h')
    t.call('component name after finalize', p, 'component_name', 'h')
    q = t.peer({'SA_AMF_COMPONENT_NAME': comp_dn('TN', 'SU2')})
    t.call('with the variable: initialize', q, 'init', 'h')
    t.call('with the variable: name', q, 'component_name', 'h')
    t.call('with the variable: register, already registered', q, 'register',
           'h')
    t.quiet('lock-in', su_dn('TN', 'SU2'))
    t.call('with the variable: register, locked-in', q, 'register', 'h')
    t.state()
