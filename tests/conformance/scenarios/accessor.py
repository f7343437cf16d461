# SPDX-License-Identifier: Apache-2.0
"""Accessor get: attribute selection, missing objects, value types."""

from immkit import fill

RT = 'FactsImmOpenRt'
BASE = {'foI32': ['I32', [-1]], 'foU32': ['U32', [1]], 'foI64': ['I64', [-2]],
        'foU64': ['U64', [2]], 'foTime': ['TIME', [3]],
        'foName': ['NAME', ['a=b']], 'foFlt': ['FLT', [0.5]],
        'foDbl': ['DBL', [0.25]], 'foStr': ['STR', ['s']],
        'foAny': ['ANY', ['01']], 'foMStr': ['STR', ['m']],
        'foMU32': ['U32', [4]], 'foMName': ['NAME', ['c=d']],
        'foNoDup': ['STR', ['n']]}


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('oi_serve', 'oi')
    t('create with every type', 'rt_create', 'oi', RT, None, [
        ['foId', 'STR', ['foId=acc']],
        ['foI32', 'I32', [-2147483648]], ['foU32', 'U32', [4294967295]],
        ['foI64', 'I64', [-9223372036854775808]],
        ['foU64', 'U64', [18446744073709551615]],
        ['foTime', 'TIME', [1700000000123456789]],
        ['foName', 'NAME', ['safApp=safImmService']],
        ['foFlt', 'FLT', [1.5]], ['foDbl', 'DBL', [-2.25e100]],
        ['foStr', 'STR', ['grüße, "x" <&>']],
        ['foAny', 'ANY', ['00ff10']],
        ['foMStr', 'STR', ['one', 'two', 'three', 'four']],
        ['foMU32', 'U32', [3, 1, 2, 1]],
        ['foMName', 'NAME', ['b=2', 'a=1']],
        ['foNoDup', 'STR', ['u', 'v']]])
    t('accessor', 'acc_init', 'acc', 'om')
    t('all', 'acc_get', 'acc', 'foId=acc')
    t('all: order of attributes', 'acc_get', 'acc', 'foId=acc', order=True)
    t('config attributes only', 'acc_get', 'acc', 'foId=acc',
      ['SA_IMM_SEARCH_GET_CONFIG_ATTR'])
    t('one name', 'acc_get', 'acc', 'foId=acc', ['foU32'])
    t('two names: order', 'acc_get', 'acc', 'foId=acc', ['foU32', 'foI32'],
      order=True)
    t('two names: other order', 'acc_get', 'acc', 'foId=acc',
      ['foI32', 'foU32'], order=True)
    t('same name twice', 'acc_get', 'acc', 'foId=acc', ['foU32', 'foU32'],
      order=True)
    t('pure runtime attribute', 'acc_get', 'acc', 'foId=acc', ['foPureU32'])
    t('system attributes', 'acc_get', 'acc', 'foId=acc',
      ['SaImmAttrClassName', 'SaImmAttrImplementerName',
       'SaImmAttrAdminOwnerName'])
    t('unknown attribute', 'acc_get', 'acc', 'foId=acc', ['foNope'])
    t('known and unknown attribute', 'acc_get', 'acc', 'foId=acc',
      ['foU32', 'foNope'])
    t('empty attribute name', 'acc_get', 'acc', 'foId=acc', [''])
    t('empty list of names', 'acc_get', 'acc', 'foId=acc', [])
    t('wrong case attribute', 'acc_get', 'acc', 'foId=acc', ['FOU32'])
    t('wrong case RDN attribute', 'acc_get', 'acc', 'FOID=acc', ['foU32'])
    t('missing object', 'acc_get', 'acc', 'foId=nope')
    t('missing parent', 'acc_get', 'acc', 'foId=acc,foId=nope')
    t('empty DN', 'acc_get', 'acc', '')
    t('NULL DN', 'acc_get', 'acc', None)
    t('RDN value only', 'acc_get', 'acc', 'acc')
    t('trailing comma', 'acc_get', 'acc', 'foId=acc,')
    t('leading space', 'acc_get', 'acc', ' foId=acc')
    t('DN of 255 bytes', 'acc_get', 'acc', 'foId=' + 'x' * 250)
    t('DN of 256 bytes', 'acc_get', 'acc', 'foId=' + 'x' * 251)
    t('config object', 'acc_get', 'acc', 'safApp=safImmService',
      ['safApp', 'SaImmAttrClassName'])
    t('from another thread', 'in_thread', 'acc_get', 'acc', 'foId=acc',
      ['foStr'])
    t('second accessor on same handle', 'acc_init', 'acc2', 'om')
    t('get with second', 'acc_get', 'acc2', 'foId=acc', ['foDbl', 'foFlt'])
    t('finalize second', 'acc_finalize', 'acc2')
    t('get with finalized', 'acc_get', 'acc2', 'foId=acc', ['foDbl'])
    t('finalize again', 'acc_finalize', 'acc2')
    t('delete', 'rt_delete', 'oi', 'foId=acc')
    t('get after delete', 'acc_get', 'acc', 'foId=acc')
    t('config object with defaults', 'acc_get', 'acc',
      'opensafImm=opensafImm,safApp=safImmService',
      ['maxClasses', 'opensafImmNostdFlags', 'SaImmAttrImplementerName'])
