# SPDX-License-Identifier: Apache-2.0
"""Selection objects and dispatch flags with several queued callbacks."""

import time

ASSOC = 'FactsImmOpenAssoc'


def run(t):
    t.quiet('om_init', 'om', callbacks=True)
    t.quiet('ao_init', 'ao', 'om', 'FactsImmOwner')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('rt_create', 'oi', ASSOC, None,
            [['foAssoc', 'NAME', ['foAssoc=1']],
             ['foAssocState', 'U32', [1]]])
    t.quiet('ao_set', 'ao', ['foAssoc=1'])
    t('idle', 'oi_readable', 'oi', 0.1)
    for num in (1, 2, 3):
        t('queue %d' % num, 'adm_async', 'ao', num, 'foAssoc=1', num)
    t('readable', 'oi_readable', 'oi', 2)
    time.sleep(0.4)
    t('dispatch ONE', 'oi_dispatch', 'oi', 'ONE')
    t('one event', 'oi_events', 'oi')
    t('still readable', 'oi_readable', 'oi', 0.5)
    t('dispatch ALL', 'oi_dispatch', 'oi', 'ALL')
    t('two events', 'oi_events', 'oi')
    t('idle again', 'oi_readable', 'oi', 0.1)
    t('dispatch ONE when idle', 'oi_dispatch', 'oi', 'ONE')
    time.sleep(0.4)
    t('OM dispatch ONE', 'om_dispatch', 'om', 'ONE')
    t('OM dispatch ALL', 'om_dispatch', 'om', 'ALL')
    t('OM dispatch ALL idle', 'om_dispatch', 'om', 'ALL')
    t('queue again', 'adm_async', 'ao', 4, 'foAssoc=1', 4)
    t('readable', 'oi_readable', 'oi', 2)
    t('dispatch from a thread', 'in_thread', 'oi_dispatch', 'oi', 'ALL')
    t('event of thread dispatch', 'oi_events', 'oi')
    t('result', 'om_wait_dispatch', 'om')
    t('selection object twice', 'oi_selobj', 'oi')
    t('selection object third', 'oi_selobj', 'oi')
    t('blocking dispatch: start', 'background', 'bg', 'oi_dispatch', 'oi',
      'BLOCKING')
    t('blocking dispatch: queue', 'adm_async', 'ao', 5, 'foAssoc=1', 5)
    t('blocking dispatch: event', 'oi_events', 'oi', 1)
    t('blocking dispatch: queue second', 'adm_async', 'ao', 6, 'foAssoc=1',
      6)
    t('blocking dispatch: second event', 'oi_events', 'oi', 1)
    t('delete', 'rt_delete', 'oi', 'foAssoc=1')
    t('finalize ends blocking', 'oi_finalize', 'oi')
    t('blocking dispatch: result', 'join', 'bg', timeout=5)
