# SPDX-License-Identifier: Apache-2.0
"""Healthchecks answered OK, failed, late, never."""
from model import group, su_dn


def hc(events):
    return [e for e in events if e['ev'] == 'healthcheck']


def run(t):
    t.model(group('NR', sus=4, sis={'S%d' % n: {'I1': {}}
                                    for n in (1, 2, 3, 4)},
                  keys={'Key': (1, 1), 'Slow': (3, 2)}))
    start = {'healthchecks': [['Key', 1, 2]]}
    t.behave('NR.SU1.C1', start=start)
    t.behave('NR.SU2.C1', start=start,
             healthcheck=[{}, {'answer': 'FAILED_OPERATION'}, {}])
    t.behave('NR.SU3.C1', start=start, healthcheck=[{'answer': 'never'}, {}])
    t.behave('NR.SU4.C1', start={'healthchecks': [['Slow', 1, 2]]},
             healthcheck={'after': 1.5})
    for n in (1, 2, 3, 4):
        t.up(su_dn('NR', 'SU%d' % n), unlock=False)
    t.wait(lambda e: e['who'] == 'NR.SU3.C1' and e['ev'] == 'register', 4)
    t.settle(quiet=1.3, limit=3)
    everything = t.events()
    for n in (1, 2, 3, 4):
        mine = [e for e in everything if e['who'] == 'NR.SU%d.C1' % n]
        seq = []
        for e in mine:
            item = e.get('cmd') or e.get('code') or e.get('key') or e['ev']
            source = e.get('env', {}).get('OSAF_COMPONENT_ERROR_SOURCE')
            seq.append('%s %s' % (item, source) if source else item)
        while len(seq) > 1 and seq[-1] == seq[-2]:
            seq.pop()
        t.note('SU%d events' % n, seq[:4] if n == 4 else seq[:9])
        first = [e for e in mine if e['ev'] == 'register'][0]
        t.interval('SU%d registered to first healthcheck' % n, first,
                   hc(mine)[0])
        if n == 1:
            t.interval('SU1 first to second', hc(mine)[0], hc(mine)[1])
            t.interval('SU1 second to third', hc(mine)[1], hc(mine)[2])
            t.note('SU1 callback', {k: v for k, v in hc(mine)[0].items()
                                    if k != 't'})
        if n == 3:
            clean = [e for e in mine if e.get('cmd') == 'cleanup'][0]
            t.interval('SU3 unanswered healthcheck to cleanup',
                       hc(mine)[0], clean)
    t.state('states', want=['SaAmfSU', 'SaAmfComp'])
    # a failing check recommending failover
    t.seen = len(t.events())
    t.behave('NR.SU1.C1', healthcheck={'answer': 'FAILED_OPERATION'},
             start={'healthchecks': []})
    t.wait(lambda e: e['who'] == 'NR.SU1.C1' and e['ev'] == 'clc', 3)
    t.trace('failed at the next period')
    t.behave('NR.SU1.C1')
    t.call('start with component failover', 'NR.SU1.C1', 'hc_start', 'main',
           'Key', 1, 3)
    t.trace('still healthy')
    t.behave('NR.SU1.C1', healthcheck={'answer': 'FAILED_OPERATION'})
    t.wait(lambda e: e['who'] == 'NR.SU1.C1' and e['ev'] == 'clc', 3)
    t.trace('failed, recommended failover')
    t.state('after the failover', want=['SaAmfSU', 'SaAmfComp'])
    t.behave('NR.SU1.C1')
