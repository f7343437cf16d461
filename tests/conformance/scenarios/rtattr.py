# SPDX-License-Identifier: Apache-2.0
"""Pure (non-cached) runtime attributes are fetched through the callback."""

CFG, PERS = 'FactsImmOpenCfg', 'FactsImmOpenPers'
PURE = {'foPersPure': ['U32', [42]], 'foCfgRtPure': ['U32', [43]]}


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('acc_init', 'acc', 'om')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t('create', 'rt_create', 'oi', PERS, None,
      [['foPersId', 'STR', ['foPersId=1']], ['foPersVal', 'U32', [1]],
       ['foCachedVal', 'U32', [2]]])
    t('cached only: no callback needed', 'acc_get', 'acc', 'foPersId=1',
      ['foPersVal', 'foCachedVal'])
    t('not dispatching: read times out', 'acc_get', 'acc', 'foPersId=1',
      ['foPersPure'])
    t('the callback is still delivered', 'oi_dispatch', 'oi', 'ALL')
    t('late event', 'oi_events', 'oi', 1)
    t('serve', 'oi_serve', 'oi')
    t('script', 'oi_script', 'oi', rtattr_values=PURE)
    t('read pure', 'acc_get', 'acc', 'foPersId=1', ['foPersPure'])
    t('events', 'oi_events', 'oi', 1)
    t('read pure and cached', 'acc_get', 'acc', 'foPersId=1',
      ['foPersPure', 'foPersVal'])
    t('events', 'oi_events', 'oi', 1)
    t('read all', 'acc_get', 'acc', 'foPersId=1')
    t('events', 'oi_events', 'oi', 1)
    t('read config only', 'acc_get', 'acc', 'foPersId=1',
      ['SA_IMM_SEARCH_GET_CONFIG_ATTR'])
    t('events of config only', 'oi_events', 'oi')
    t('search get all', 'search_init', 's', 'om', 'foPersId=1', 'SUBTREE',
      'GET_ALL')
    t('search get all: next', 'search_all', 's', values=True)
    t.quiet('search_finalize', 's')
    t('events', 'oi_events', 'oi', 1)
    t('search no attributes', 'search_init', 's', 'om', 'foPersId=1',
      'SUBTREE', 'GET_NO')
    t('search no attributes: next', 'search_all', 's', values=True)
    t.quiet('search_finalize', 's')
    t('events', 'oi_events', 'oi')
    t('search by pure attribute', 'search_init', 's', 'om', None, 'SUBTREE',
      'ONE_ATTR|GET_NO', one=['foPersPure', 'U32', 42])
    t('search by pure attribute: next', 'search_all', 's')
    t.quiet('search_finalize', 's')
    t('events', 'oi_events', 'oi')
    t.quiet('oi_script', 'oi')
    t('no update in callback', 'acc_get', 'acc', 'foPersId=1',
      ['foPersPure'])
    t('events', 'oi_events', 'oi', 1)
    for rc in ('SA_AIS_ERR_FAILED_OPERATION', 'SA_AIS_ERR_NO_RESOURCES',
               'SA_AIS_ERR_TRY_AGAIN', 'SA_AIS_ERR_NOT_EXIST'):
        if rc == 'SA_AIS_ERR_TRY_AGAIN':
            continue
        t.quiet('oi_script', 'oi', rtattr=rc)
        t('callback answers %s' % rc[7:], 'acc_get', 'acc', 'foPersId=1',
          ['foPersPure'])
        t('callback answers %s: read all' % rc[7:], 'acc_get', 'acc',
          'foPersId=1')
        t.quiet('oi_events', 'oi', 2)
    t.quiet('oi_script', 'oi', rtattr_values=PURE)
    t('wrong type in callback', 'oi_script', 'oi',
      rtattr_values={'foPersPure': ['STR', ['x']]})
    t('wrong type: read', 'acc_get', 'acc', 'foPersId=1', ['foPersPure'])
    t('wrong type: events', 'oi_events', 'oi', 2)
    t.quiet('oi_script', 'oi', rtattr_values=PURE)
    # config object with a pure runtime attribute
    t.quiet('ao_init', 'ao', 'om', 'FactsImmOwner')
    t.quiet('ccb_init', 'ccb', 'ao')
    t.quiet('ccb_create', 'ccb', CFG, None, [['foCfg', 'STR', ['foCfg=1']]])
    t.quiet('ccb_apply', 'ccb')
    t('config object, no implementer', 'acc_get', 'acc', 'foCfg=1',
      ['foCfgRtPure', 'foCfgRtCached'])
    t('class implementer', 'cimpl_set', 'oi', CFG)
    t('config object', 'acc_get', 'acc', 'foCfg=1',
      ['foCfgRtPure', 'foCfgRtCached'])
    t('events', 'oi_events', 'oi', 1)
    t('release', 'cimpl_rel', 'oi', CFG)
    t('config object after release', 'acc_get', 'acc', 'foCfg=1',
      ['foCfgRtPure', 'foCfgRtCached'])
    t('events', 'oi_events', 'oi')
    # an OI that registered no rtattr callback
    t.quiet('oi_init', 'bare', which='adminop')
    t.quiet('impl_set', 'bare', 'FactsImmOpenBare')
    t('bare create', 'rt_create', 'bare', PERS, None,
      [['foPersId', 'STR', ['foPersId=b']], ['foPersVal', 'U32', [1]],
       ['foCachedVal', 'U32', [2]]])
    t.quiet('oi_serve', 'bare')
    t('bare: read pure', 'acc_get', 'acc', 'foPersId=b', ['foPersPure'])
    t('bare: delete', 'rt_delete', 'bare', 'foPersId=b')
    t('clear', 'impl_clear', 'oi')
    t('pure value after clear', 'acc_get', 'acc', 'foPersId=1',
      ['foPersPure'])
