# SPDX-License-Identifier: Apache-2.0
"""Administrative operations on objects of an implementer."""

ASSOC = 'FactsImmOpenAssoc'
OBJ = 'foAssoc=1'
PARAMS = [['i', 'I32', -5], ['u', 'U32', 5], ['l', 'I64', -9], ['q', 'U64', 9],
          ['t', 'TIME', 7], ['n', 'NAME', 'a=b'], ['d', 'DBL', 1.5],
          ['s', 'STR', 'text é'], ['a', 'ANY', 'beef']]


def run(t):
    t.quiet('om_init', 'om', callbacks=True)
    t.quiet('acc_init', 'acc', 'om')
    t('owner', 'ao_init', 'ao', 'om', 'FactsImmOwner')

    def fresh():
        """A time-out costs the OM handle: start over."""
        t.quiet('om_finalize', 'om')
        t.quiet('om_init', 'om', callbacks=True)
        t.quiet('acc_init', 'acc', 'om')
        t.quiet('ao_clear', 'om', [OBJ])
        t.quiet('ao_init', 'ao', 'om', 'FactsImmOwner')
        t.quiet('ao_set', 'ao', [OBJ])

    t('missing object', 'adm_invoke', 'ao', 'foAssoc=nope', 1)
    t('object without implementer: own it', 'ao_set', 'ao',
      ['safApp=safEvtService'])
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('oi_serve', 'oi')
    t('create', 'rt_create', 'oi', ASSOC, None,
      [['foAssoc', 'NAME', [OBJ]], ['foAssocState', 'U32', [1]]])
    t('without ownership', 'adm_invoke', 'ao', OBJ, 1)
    t('own', 'ao_set', 'ao', [OBJ])
    t('no parameters', 'adm_invoke', 'ao', OBJ, 1)
    t('events', 'oi_events', 'oi', 1)
    t('null parameters', 'adm_invoke', 'ao', OBJ, 1, None)
    t('null object', 'adm_invoke', 'ao', None, 1, [])
    t('every type', 'adm_invoke', 'ao', OBJ, 2, PARAMS)
    t('events', 'oi_events', 'oi', 1)
    t('big operation id', 'adm_invoke', 'ao', OBJ, 18446744073709551615)
    t('events', 'oi_events', 'oi', 1)
    t('operation id zero', 'adm_invoke', 'ao', OBJ, 0)
    t('events', 'oi_events', 'oi')
    t('duplicate parameter names', 'adm_invoke', 'ao', OBJ, 3,
      [['p', 'U32', 1], ['p', 'U32', 2]])
    t('events', 'oi_events', 'oi')
    for rc in ('SA_AIS_ERR_NOT_SUPPORTED', 'SA_AIS_ERR_BAD_OPERATION',
               'SA_AIS_ERR_INVALID_PARAM', 'SA_AIS_ERR_TRY_AGAIN',
               'SA_AIS_ERR_TIMEOUT'):
        t.quiet('oi_script', 'oi', adminop=rc)
        t('OI answers ' + rc[7:], 'adm_invoke', 'ao', OBJ, 4)
    t.quiet('oi_events', 'oi', 5)
    t.quiet('oi_script', 'oi', adminop=None)
    t('no answer: times out', 'adm_invoke', 'ao', OBJ, 5, [], timeout=0.5)
    t('OM handle after the time-out', 'acc_get', 'acc', OBJ,
      ['foAssocState'])
    t('late answer', 'adm_result', 'oi', 'pending')
    t('owner handle after the time-out', 'ao_set', 'ao', [OBJ])
    t('finalize after the time-out', 'om_finalize', 'om')
    fresh()
    t('owner after the time-out', 'acc_get', 'acc', OBJ,
      ['SaImmAttrAdminOwnerName'])
    t('answer again', 'adm_result', 'oi', 12345)
    t.quiet('oi_events', 'oi', 1)
    t('answered from another thread: start', 'background', 'bg',
      'adm_invoke', 'ao', OBJ, 6, [], timeout=5)
    t('answered from another thread: event', 'oi_events', 'oi', 1)
    t('answered from another thread: answer', 'in_thread', 'adm_result',
      'oi', 'pending', 'SA_AIS_ERR_BUSY')
    t('answered from another thread: result', 'join', 'bg')
    t.quiet('oi_script', 'oi')
    t('negative timeout', 'adm_invoke', 'ao', OBJ, 7, [], timeout=-1)
    t.quiet('oi_events', 'oi')
    t('asynchronous', 'adm_async', 'ao', 77, OBJ, 8, [['x', 'U32', 1]])
    t('asynchronous: event', 'oi_events', 'oi', 1)
    t('asynchronous: dispatch', 'om_wait_dispatch', 'om')
    t.quiet('oi_script', 'oi', adminop='SA_AIS_ERR_NO_OP')
    t('asynchronous refused', 'adm_async', 'ao', 78, OBJ, 9)
    t('asynchronous refused: dispatch', 'om_wait_dispatch', 'om')
    t.quiet('oi_events', 'oi', 1)
    t.quiet('oi_script', 'oi')
    t('result twice', 'adm_result', 'oi', 1)
    t('other owner', 'ao_init', 'ao2', 'om', 'FactsImmOwner2')
    t('other owner invokes', 'adm_invoke', 'ao2', OBJ, 1)
    t('release', 'ao_release', 'ao', [OBJ])
    t('invoke after release', 'adm_invoke', 'ao', OBJ, 1)
    t('own again', 'ao_set', 'ao', [OBJ])
    t('stop', 'oi_stop', 'oi')
    t('OI does not dispatch', 'adm_invoke', 'ao', OBJ, 10, [], timeout=0.5)
    fresh()
    t('delivered later', 'oi_dispatch', 'oi', 'ALL')
    t('events', 'oi_events', 'oi', 1)
    t('in flight: start', 'background', 'bg', 'adm_invoke', 'ao', OBJ, 11,
      [], timeout=5)
    t('in flight: readable', 'oi_readable', 'oi', 2)
    t('in flight: clear', 'impl_clear', 'oi')
    t('in flight: result', 'join', 'bg')
    fresh()
    t('implementer gone', 'adm_invoke', 'ao', OBJ, 12)
    t('set again', 'impl_set', 'oi', 'FactsImmOpenOi')
    t('dispatch leftovers', 'oi_dispatch', 'oi', 'ALL')
    t('events', 'oi_events', 'oi')
    # an OI without the admin operation callback
    t.quiet('oi_init', 'bare', which='rtattr')
    t.quiet('impl_set', 'bare', 'FactsImmOpenBare')
    t.quiet('rt_create', 'bare', ASSOC, None,
            [['foAssoc', 'NAME', ['foAssoc=b']],
             ['foAssocState', 'U32', [1]]])
    t.quiet('ao_set', 'ao', ['foAssoc=b'])
    t.quiet('oi_serve', 'bare')
    t('no admin callback', 'adm_invoke', 'ao', 'foAssoc=b', 1, [],
      timeout=2)
    fresh()
    t('clean', 'rt_delete', 'bare', 'foAssoc=b')
    t('finalized owner', 'ao_finalize', 'ao')
    t('invoke with finalized owner', 'adm_invoke', 'ao', OBJ, 1)
    t('clean', 'rt_delete', 'oi', OBJ)
