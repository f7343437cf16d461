# SPDX-License-Identifier: Apache-2.0
"""Healthcheck API: start, stop, restart, keys, COMPONENT_INVOKED, period."""
from model import comp_dn, comp_type_dn, group, su_dn

C = 'NR.SU1.C1'


def run(t):
    t.model(group('NR', keys={'Key': (1, 1), 'Own': (1, 1), 'Long': (20, 2)}))
    t.up(su_dn('NR'))
    t.call('confirm before start', C, 'hc_confirm', 'main', 'Own')
    t.call('stop before start', C, 'hc_stop', 'main', 'Key')
    t.call('unknown key', C, 'hc_start', 'main', 'Nothing')
    t.call('empty key', C, 'hc_start', 'main', '')
    t.call('key of 32 bytes', C, 'hc_start', 'main', 'k' * 32)
    t.call('key of 33 bytes', C, 'hc_start', 'main', 'k' * 33)
    t.call('invocation type 0', C, 'hc_start', 'main', 'Key', 0)
    t.call('invocation type 3', C, 'hc_start', 'main', 'Key', 3)
    for rec in (0, 99):
        t.call('recovery %d' % rec, C, 'hc_start', 'main', 'Key', 1, rec)
    for rec in (8, 9):
        t.call('recovery %d' % rec, C, 'hc_start', 'main', 'Key', 1, rec)
        t.call('its stop', C, 'hc_stop', 'main', 'Key')
    t.trace('what the started ones got', health=True)
    t.call('unknown component', C, 'hc_start', 'main', 'Key', 1, 2,
           comp_dn('NR', 'SU7'))
    t.call('bad handle', C, 'hc_start', 'BAD', 'Key')
    t.call('start', C, 'hc_start', 'main', 'Key')
    t.call('start again', C, 'hc_start', 'main', 'Key')
    t.call('start again with another type', C, 'hc_start', 'main', 'Key', 2)
    t.call('confirm an AMF_INVOKED key', C, 'hc_confirm', 'main', 'Key')
    t.trace('one callback at once', health=True)
    t.call('stop', C, 'hc_stop', 'main', 'Key')
    t.call('stop again', C, 'hc_stop', 'main', 'Key')
    t.settle(quiet=1.4, limit=2)
    t.trace('nothing while stopped', health=True)
    t.call('start after stop', C, 'hc_start', 'main', 'Key', 1, 1)
    t.trace('callback at once', health=True)
    t.call('stop', C, 'hc_stop', 'main', 'Key')
    # period changed at run time
    t.call('start with a period of 20 s', C, 'hc_start', 'main', 'Long')
    t.call('two keys at a time', C, 'hc_start', 'main', 'Key')
    t.call('stop one', C, 'hc_stop', 'main', 'Key')
    t.trace('both called once', health=True)
    t.call('stop the long one', C, 'hc_stop', 'main', 'Long')
    key = 'safHealthcheckKey=Long,' + comp_type_dn('NR')
    t.cmd('period 1 s', 'immcfg', '-a', 'saAmfHctDefPeriod=1000000000', key)
    t.cmd('period too short', 'immcfg', '-a', 'saAmfHctDefPeriod=50000000',
          key)
    t.cmd('duration too short', 'immcfg', '-a',
          'saAmfHctDefMaxDuration=99999999', key)
    t.call('start', C, 'hc_start', 'main', 'Long')
    mark = len(t.events())
    t.wait(lambda e: len([x for x in t.events()[mark - 1:]
                          if x['ev'] == 'healthcheck']) >= 3, 5)
    new = [None, None] + [e for e in t.events() if e['ev'] == 'healthcheck'
           and e['key'] == 'Long'][-2:]
    t.interval('callbacks come every', new[0], new[1])
    t.call('stop', C, 'hc_stop', 'main', 'Long')
    t.seen = len(t.events())
    # COMPONENT_INVOKED
    t.call('own: start', C, 'hc_start', 'main', 'Own', 2, 2)
    t.call('own: confirm', C, 'hc_confirm', 'main', 'Own')
    t.call('own: confirm twice', C, 'hc_confirm', 'main', 'Own')
    t.call('own: confirm with a code out of place', C, 'hc_confirm', 'main',
           'Own', 5)
    t.call('own: confirm for another component', C, 'hc_confirm', 'main',
           'Own', 1, comp_dn('NR', 'SU7'))
    t.trace('no callback', health=True)
    t.call('own: confirm failed', C, 'hc_confirm', 'main', 'Own', 21)
    t.trace('restarted', health=True)
    t.call('own: start in the new process', C, 'hc_start', 'main', 'Own', 2)
    began = t.events()[-1]
    ended = t.wait(lambda e: e['ev'] == 'clc', 4)
    t.trace('no confirm: restarted', health=True)
    t.interval('last event to cleanup', began, ended)
    t.state()
