# SPDX-License-Identifier: Apache-2.0
"""What happens to runtime objects when their implementer goes away."""
from immkit import fill

ASSOC, PERS = 'FactsImmOpenAssoc', 'FactsImmOpenPers'
NAME = 'FactsImmOpenOi'
SYS = ['foAssocState', 'SaImmAttrImplementerName']


def attrs(name, num=1):
    return [['foAssoc', 'NAME', ['foAssoc=' + name]],
            ['foAssocState', 'U32', [num]]]


def state(num):
    return [['REPLACE', 'foAssocState', 'U32', [num]]]


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('acc_init', 'acc', 'om')
    t('init', 'oi_init', 'a')
    t('set', 'impl_set', 'a', NAME)
    t('create', 'rt_create', 'a', ASSOC, None, attrs('1'))
    t('clear', 'impl_clear', 'a')
    t('object after clear', 'acc_get', 'acc', 'foAssoc=1', SYS)
    t('update after clear', 'rt_update', 'a', 'foAssoc=1', state(2))
    t('delete after clear', 'rt_delete', 'a', 'foAssoc=1')
    t('create after clear', 'rt_create', 'a', ASSOC, None, attrs('2'))
    t('other name', 'impl_set', 'a', NAME + 'X')
    t('update orphan under other name', 'rt_update', 'a', 'foAssoc=1',
      state(3))
    t('delete orphan under other name', 'rt_delete', 'a', 'foAssoc=1')
    t('create duplicate of orphan', 'rt_create', 'a', ASSOC, None, attrs('1'))
    t('object implementer set on orphan', 'oimpl_set', 'a', 'foAssoc=1')
    t('clear other', 'impl_clear', 'a')
    t('set again', 'impl_set', 'a', NAME)
    t('update after re-attach', 'rt_update', 'a', 'foAssoc=1', state(4))
    t('read', 'acc_get', 'acc', 'foAssoc=1', SYS)
    t('create duplicate after re-attach', 'rt_create', 'a', ASSOC, None,
      attrs('1'))
    t('finalize', 'oi_finalize', 'a')
    t('object after finalize', 'acc_get', 'acc', 'foAssoc=1', SYS)
    t('init b', 'oi_init', 'b')
    t('set on new handle', 'impl_set', 'b', NAME, until='SA_AIS_OK')
    t('update from new handle', 'rt_update', 'b', 'foAssoc=1', state(5))
    t('delete from new handle', 'rt_delete', 'b', 'foAssoc=1')
    t('gone', 'acc_get', 'acc', 'foAssoc=1', SYS)
    t.quiet('oi_finalize', 'b')

    for how in ('kill', 'leave'):
        peer = t.peer()
        t(how + ': peer init', 'oi_init', 'p', on=peer)
        t(how + ': peer set', 'impl_set', 'p', NAME, on=peer,
          until='SA_AIS_OK')
        t(how + ': peer create', 'rt_create', 'p', ASSOC, None, attrs(how),
          on=peer)
        t(how + ': peer create child', 'rt_create', 'p', ASSOC,
          'foAssoc=' + how, attrs('kid'), on=peer)
        t(how + ': peer create persistent', 'rt_create', 'p', PERS, None,
          [['foPersId', 'STR', ['foPersId=' + how]],
           ['foPersVal', 'U32', [1]], ['foCachedVal', 'U32', [2]]], on=peer)
        t(how + ': visible here', 'acc_get', 'acc', 'foAssoc=' + how, SYS)
        getattr(peer, how)()
        t(how + ': new handle', 'oi_init', 'c')
        t(how + ': new set', 'impl_set', 'c', NAME, until='SA_AIS_OK')
        t(how + ': object is still there', 'acc_get', 'acc',
          'foAssoc=' + how, SYS)
        t(how + ': persistent too', 'acc_get', 'acc', 'foPersId=' + how,
          ['foPersVal', 'foCachedVal', 'SaImmAttrImplementerName'])
        t.quiet('oi_serve', 'c')
        t(how + ': pure attribute', 'acc_get', 'acc', 'foPersId=' + how,
          ['foPersPure'])
        t(how + ': search sees them', 'search_init', 's', 'om', None,
          'SUBTREE', 'ONE_ATTR|GET_NO',
          one=['SaImmAttrImplementerName', 'STR', NAME])
        t(how + ': search result', 'search_all', 's')
        t.quiet('search_finalize', 's')
        t(how + ': update', 'rt_update', 'c', 'foAssoc=' + how, state(6))
        t(how + ': delete tree', 'rt_delete', 'c', 'foAssoc=' + how)
        t(how + ': delete persistent', 'rt_delete', 'c', 'foPersId=' + how)
        t(how + ': gone', 'acc_get', 'acc', 'foAssoc=kid,foAssoc=' + how)
        t(how + ': finalize', 'oi_finalize', 'c')

    # the implementer clears its name and a pure attribute is read
    t.quiet('oi_init', 'd')
    t('d set', 'impl_set', 'd', NAME, until='SA_AIS_OK')
    t('d create', 'rt_create', 'd', PERS, None,
      [['foPersId', 'STR', ['foPersId=d']], ['foPersVal', 'U32', [1]],
       ['foCachedVal', 'U32', [2]]])
    t('d clear', 'impl_clear', 'd')
    t('read all, no implementer', 'acc_get', 'acc', 'foPersId=d')
    t('read pure, no implementer', 'acc_get', 'acc', 'foPersId=d',
      ['foPersPure'])
    t('search get all, no implementer', 'search_init', 's', 'om',
      'foPersId=d', 'SUBTREE', 'GET_ALL')
    t('search get all, no implementer: next', 'search_next', 's')
    t.quiet('search_finalize', 's')
    t('d set again', 'impl_set', 'd', NAME)
    t('d delete', 'rt_delete', 'd', 'foPersId=d')

    # several orphans of one dead process, swept through a search
    peer = t.peer()
    peer.request('oi_init', ['p'], {})
    t.quiet('impl_clear', 'd')
    t('many: set', 'impl_set', 'p', NAME, on=peer)
    for num in range(4):
        t('many: create %d' % num, 'rt_create', 'p', ASSOC, None,
          attrs('many%d' % num), on=peer)
    peer.kill()
    t('many: set here', 'impl_set', 'd', NAME, until='SA_AIS_OK')
    t('many: start search', 'search_init', 's', 'om', None, 'SUBTREE',
      'ONE_ATTR|GET_NO', one=['SaImmAttrClassName', 'STR', ASSOC])
    for num in range(4):
        t.quiet('rt_delete', 'd', 'foAssoc=many%d' % num)
    t('many: finish search', 'search_all', 's')
    t('many: create again', 'rt_create', 'd', ASSOC, None, attrs('many0'))
    t('many: delete again', 'rt_delete', 'd', 'foAssoc=many0')
