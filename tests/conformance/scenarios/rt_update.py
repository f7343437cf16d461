# SPDX-License-Identifier: Apache-2.0
"""Runtime attribute updates."""
from immkit import fill

BASE = {'foI32': ['I32', [-1]], 'foU32': ['U32', [1]], 'foI64': ['I64', [-2]],
        'foU64': ['U64', [2]], 'foTime': ['TIME', [3]],
        'foName': ['NAME', ['a=b']], 'foFlt': ['FLT', [0.5]],
        'foDbl': ['DBL', [0.25]], 'foStr': ['STR', ['s']],
        'foAny': ['ANY', ['01']], 'foMStr': ['STR', ['m']],
        'foMU32': ['U32', [4]], 'foMName': ['NAME', ['c=d']],
        'foNoDup': ['STR', ['n']]}
RT, CFG = 'FactsImmOpenRt', 'FactsImmOpenCfg'
OBJ = 'foId=u'


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('acc_init', 'acc', 'om')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('oi_serve', 'oi')
    t('create', 'rt_create', 'oi', RT, None,
      fill([['foId', 'STR', [OBJ]]], BASE))

    def update(label, mods, obj=OBJ, show=None, handle='oi'):
        rc, _ = t(label, 'rt_update', handle, obj, mods)
        if show:
            t(label + ': read', 'acc_get', 'acc', obj, show)

    def rep(name, tname, *values):
        return ['REPLACE', name, tname, list(values)]

    update('replace', [rep('foU32', 'U32', 7)], show=['foU32'])
    update('replace two attributes',
           [rep('foStr', 'STR', 'new'), rep('foI64', 'I64', -5)],
           show=['foStr', 'foI64'])
    update('replace with nothing', [rep('foU32', 'U32')], show=['foU32'])
    update('replace after nothing', [rep('foU32', 'U32', 8)], show=['foU32'])
    update('replace default attr with nothing', [rep('foDef', 'U32')],
           show=['foDef'])
    update('replace multi with nothing', [rep('foMStr', 'STR')],
           show=['foMStr'])
    update('replace multi', [rep('foMStr', 'STR', 'a', 'b', 'c')],
           show=['foMStr'])
    update('replace multi, duplicates', [rep('foMStr', 'STR', 'a', 'a')],
           show=['foMStr'])
    update('replace no-dup, duplicates', [rep('foNoDup', 'STR', 'a', 'a')],
           show=['foNoDup'])
    update('add to multi', [['ADD', 'foMStr', 'STR', ['z']]],
           show=['foMStr'])
    update('add two to multi', [['ADD', 'foMU32', 'U32', [5, 6]]],
           show=['foMU32'])
    update('add existing to multi', [['ADD', 'foMU32', 'U32', [5]]],
           show=['foMU32'])
    update('add existing to no-dup', [['ADD', 'foNoDup', 'STR', ['n']]],
           show=['foNoDup'])
    update('add new to no-dup', [['ADD', 'foNoDup', 'STR', ['o']]],
           show=['foNoDup'])
    update('add to single with value', [['ADD', 'foStr', 'STR', ['more']]],
           show=['foStr'])
    update('empty single', [rep('foStr', 'STR')])
    update('add to empty single', [['ADD', 'foStr', 'STR', ['first']]],
           show=['foStr'])
    update('add nothing', [['ADD', 'foMU32', 'U32', []]], show=['foMU32'])
    update('delete value', [['DELETE', 'foMU32', 'U32', [6]]],
           show=['foMU32'])
    update('delete duplicated value', [['DELETE', 'foMU32', 'U32', [5]]],
           show=['foMU32'])
    update('delete absent value', [['DELETE', 'foMU32', 'U32', [99]]],
           show=['foMU32'])
    update('delete single value', [['DELETE', 'foStr', 'STR', ['first']]],
           show=['foStr'])
    update('delete from empty', [['DELETE', 'foStr', 'STR', ['first']]],
           show=['foStr'])
    update('delete nothing', [['DELETE', 'foMU32', 'U32', []]],
           show=['foMU32'])
    update('delete last of multi', [['DELETE', 'foMName', 'NAME', ['c=d']]],
           show=['foMName'])
    update('two values into single', [rep('foU32', 'U32', 1, 2)],
           show=['foU32'])
    update('wrong type', [rep('foU32', 'I32', 1)], show=['foU32'])
    update('unknown attribute', [rep('foNope', 'U32', 1)])
    update('RDN same value', [rep('foId', 'STR', OBJ)])
    update('RDN other value', [rep('foId', 'STR', 'foId=v')])
    update('same attribute twice', [rep('foU32', 'U32', 1),
                                    rep('foU32', 'U32', 2)], show=['foU32'])
    update('system attribute', [rep('SaImmAttrImplementerName', 'STR', 'x')],
           show=['SaImmAttrImplementerName'])
    update('good and bad together', [rep('foU32', 'U32', 55),
                                     rep('foNope', 'U32', 1)],
           show=['foU32'])
    update('bad modification type', [[9, 'foU32', 'U32', [1]]],
           show=['foU32'])
    update('no modifications', [])
    update('null modifications', None)
    update('missing object', [rep('foU32', 'U32', 1)], obj='foId=nope')
    update('empty object name', [rep('foU32', 'U32', 1)], obj='')
    update('null object name', [rep('foU32', 'U32', 1)], obj=None)
    update('extremes', [rep('foU64', 'U64', 18446744073709551615),
                        rep('foI64', 'I64', -9223372036854775808),
                        rep('foTime', 'TIME', 9223372036854775807),
                        rep('foFlt', 'FLT', 3.0e38),
                        rep('foDbl', 'DBL', 1e-300)],
           show=['foU64', 'foI64', 'foTime', 'foFlt', 'foDbl'])
    update('name to empty', [rep('foName', 'NAME', '')], show=['foName'])
    update('name not a DN', [rep('foName', 'NAME', 'whatever')],
           show=['foName'])
    update('string empty', [rep('foStr', 'STR', '')], show=['foStr'])
    update('string long', [rep('foStr', 'STR', 'x' * 5000)])
    update('string long: shorten', [rep('foStr', 'STR', 'é☃')],
           show=['foStr'])
    update('any', [rep('foAny', 'ANY', 'deadbeef00')], show=['foAny'])
    update('pure attribute outside callback',
           [rep('foPureU32', 'U32', 42)], show=['foPureU32'])
    update('pure multi attribute outside callback',
           [rep('foPureMStr', 'STR', 'p', 'q')], show=['foPureMStr'])
    t('from another thread', 'in_thread', 'rt_update', 'oi', OBJ,
      [rep('foU32', 'U32', 77)])
    t('read', 'acc_get', 'acc', OBJ, ['foU32'])

    t.quiet('oi_init', 'oi2')
    t.quiet('impl_set', 'oi2', 'FactsImmOpenOi2')
    update('by another implementer', [rep('foU32', 'U32', 3)], handle='oi2')
    t('delete by another implementer', 'rt_delete', 'oi2', OBJ)
    t('child by another implementer', 'rt_create', 'oi2', RT, OBJ,
      fill([['foId', 'STR', ['foId=other']]], BASE))
    t('delete with child of another implementer', 'rt_delete', 'oi', OBJ)
    t('both still there', 'acc_get', 'acc', 'foId=other,' + OBJ,
      ['foU32', 'SaImmAttrImplementerName'])
    t('delete the child', 'rt_delete', 'oi2', 'foId=other,' + OBJ)

    # runtime attributes of a config object
    t.quiet('ao_init', 'ao', 'om', 'FactsImmOwner')
    t.quiet('ccb_init', 'ccb', 'ao')
    t.quiet('ccb_create', 'ccb', CFG, None, [['foCfg', 'STR', ['foCfg=u']]])
    t.quiet('ccb_apply', 'ccb')
    cached = [rep('foCfgRtCached', 'U32', 11)]
    update('config object without implementer', cached, obj='foCfg=u')
    t('class implementer', 'cimpl_set', 'oi', CFG)
    update('config object: runtime attribute', cached, obj='foCfg=u',
           show=['foCfgRtCached', 'SaImmAttrImplementerName'])
    update('config object: config attribute', [rep('foCfgU32', 'U32', 1)],
           obj='foCfg=u')
    update('config object by another implementer', cached, obj='foCfg=u',
           handle='oi2')
    t('rt delete of config object', 'rt_delete', 'oi', 'foCfg=u')
    t('release', 'cimpl_rel', 'oi', CFG)
    t('runtime attribute after release', 'acc_get', 'acc', 'foCfg=u',
      ['foCfgRtCached', 'SaImmAttrImplementerName'])
    t('delete', 'rt_delete', 'oi', OBJ)
    update('update deleted', [rep('foU32', 'U32', 1)])
    t('delete deleted', 'rt_delete', 'oi', OBJ)
    t('delete null', 'rt_delete', 'oi', None)
    t('delete empty', 'rt_delete', 'oi', '')
    for num, parent in ((1, None), (2, 'foId=1'), (3, 'foId=2,foId=1'),
                        (4, 'foId=1')):
        t('tree %d' % num, 'rt_create', 'oi', RT, parent,
          fill([['foId', 'STR', ['foId=%d' % num]]], BASE))
    t('delete subtree', 'rt_delete', 'oi', 'foId=2,foId=1')
    t('grandchild gone', 'acc_get', 'acc', 'foId=3,foId=2,foId=1', ['foId'])
    t('sibling stays', 'acc_get', 'acc', 'foId=4,foId=1', ['foId'])
    t('delete tree', 'rt_delete', 'oi', 'foId=1')
    t('sibling gone', 'acc_get', 'acc', 'foId=4,foId=1', ['foId'])
