# SPDX-License-Identifier: Apache-2.0
"""Searches: class, scope, root, one attribute, attribute selection."""

from immkit import fill

RT = 'FactsImmOpenRt'
BASE = {'foI32': ['I32', [-1]], 'foU32': ['U32', [1]], 'foI64': ['I64', [-2]],
        'foU64': ['U64', [2]], 'foTime': ['TIME', [3]],
        'foName': ['NAME', ['a=b']], 'foFlt': ['FLT', [0.5]],
        'foDbl': ['DBL', [0.25]], 'foStr': ['STR', ['s']],
        'foAny': ['ANY', ['01']], 'foMStr': ['STR', ['m']],
        'foMU32': ['U32', [4]], 'foMName': ['NAME', ['c=d']],
        'foNoDup': ['STR', ['n']]}


def scan(t, label, *args, values=False, **kw):
    rc, _ = t(label, 'search_init', 's', 'om', *args, **kw)
    if rc == 'SA_AIS_OK':
        t(label + ': result', 'search_all', 's', values=values)
        t.quiet('search_finalize', 's')


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('oi_serve', 'oi')
    tree = [('r', None, 1), ('a', 'foId=r', 1), ('b', 'foId=r', 2),
            ('aa', 'foId=a,foId=r', 2), ('z', None, 3)]
    for value, parent, num in tree:
        t('create %s' % value, 'rt_create', 'oi', RT, parent,
          fill([['foId', 'STR', ['foId=' + value]], ['foU32', 'U32', [num]],
                ['foStr', 'STR', ['s%d' % num]],
                ['foMStr', 'STR', ['x', 'y%d' % num]]], BASE))
    t('create other class', 'rt_create', 'oi', 'FactsImmOpenAssoc', 'foId=r',
      [['foAssoc', 'NAME', ['foAssoc=foId=z']],
       ['foAssocState', 'U32', [9]]])
    by_class = ['SaImmAttrClassName', 'STR', RT]
    no = 'ONE_ATTR|GET_NO'
    scan(t, 'class, whole tree', None, 'SUBTREE', no, one=by_class)
    scan(t, 'class, empty root', '', 'SUBTREE', no, one=by_class)
    scan(t, 'class, root r subtree', 'foId=r', 'SUBTREE', no, one=by_class)
    scan(t, 'class, root r sublevel', 'foId=r', 'SUBLEVEL', no, one=by_class)
    scan(t, 'class, root r one', 'foId=r', 'ONE', no, one=by_class)
    scan(t, 'class, no root sublevel', None, 'SUBLEVEL', no, one=by_class)
    scan(t, 'class, no root one', None, 'ONE', no, one=by_class)
    scan(t, 'no criteria, root r', 'foId=r', 'SUBTREE', 'GET_NO')
    scan(t, 'no criteria, empty attr name', 'foId=r', 'SUBTREE', no,
         one=[None, 'STR', None])
    scan(t, 'leaf subtree', 'foId=z', 'SUBTREE', 'GET_NO')
    scan(t, 'missing root', 'foId=nope', 'SUBTREE', no, one=by_class)
    scan(t, 'unknown class', None, 'SUBTREE', no,
         one=['SaImmAttrClassName', 'STR', 'FactsImmNoSuch'])
    # A class-name criterion of a non-string type is not tried: it crashes
    # the IMM node director of OpenSAF 5.21.03.
    scan(t, 'attr has any value', 'foId=r', 'SUBTREE', no,
         one=['foAssocState', 'U32', None])
    scan(t, 'attr equals', None, 'SUBTREE', no, one=['foU32', 'U32', 2])
    scan(t, 'attr equals nothing', None, 'SUBTREE', no,
         one=['foU32', 'U32', 77])
    scan(t, 'attr wrong type', None, 'SUBTREE', no, one=['foU32', 'STR', '2'])
    scan(t, 'multi-value first', None, 'SUBTREE', no,
         one=['foMStr', 'STR', 'x'])
    scan(t, 'multi-value second', None, 'SUBTREE', no,
         one=['foMStr', 'STR', 'y2'])
    scan(t, 'unknown attribute', None, 'SUBTREE', no,
         one=['foNope', 'STR', 'x'])
    scan(t, 'by RDN value', None, 'SUBTREE', no,
         one=['foId', 'STR', 'foId=aa'])
    scan(t, 'by implementer', None, 'SUBTREE', no,
         one=['SaImmAttrImplementerName', 'STR', 'FactsImmOpenOi'])
    scan(t, 'get some', 'foId=r', 'SUBTREE', 'ONE_ATTR|GET_SOME',
         one=by_class, names=['foU32', 'SaImmAttrClassName'], values=True)
    scan(t, 'get some unknown', 'foId=r', 'SUBTREE', 'ONE_ATTR|GET_SOME',
         one=by_class, names=['foNope'], values=True)
    scan(t, 'get some without names', 'foId=r', 'SUBTREE',
         'ONE_ATTR|GET_SOME', one=by_class, values=True)
    scan(t, 'get all', 'foId=z', 'SUBTREE', 'ONE_ATTR|GET_ALL', one=by_class,
         values=True)
    scan(t, 'get config', 'foId=z', 'SUBTREE',
         'ONE_ATTR|GET_ALL|GET_CONFIG', one=by_class, values=True)
    scan(t, 'get no: values', 'foId=z', 'SUBTREE', no, one=by_class,
         values=True)
    scan(t, 'no get option', 'foId=z', 'SUBTREE', 'ONE_ATTR', one=by_class,
         values=True)
    scan(t, 'options zero', 'foId=z', 'SUBTREE', 0, values=True)
    scan(t, 'two get options', 'foId=z', 'SUBTREE', 'GET_NO|GET_ALL',
         values=True)
    scan(t, 'names with get all', 'foId=z', 'SUBTREE', 'GET_ALL',
         names=['foU32'])
    scan(t, 'bad scope', 'foId=z', 9, 'GET_NO')
    scan(t, 'one attr without params', 'foId=z', 'SUBTREE', no)
    t('next: start', 'search_init', 's', 'om', 'foId=r', 'SUBTREE', no,
      one=by_class)
    t('object deleted while searching', 'rt_delete', 'oi',
      'foId=aa,foId=a,foId=r')
    t('object created while searching', 'rt_create', 'oi', RT, 'foId=r',
      fill([['foId', 'STR', ['foId=late']]], BASE))
    t('next: all', 'search_all', 's')
    t('next after the end', 'search_next', 's')
    t('finalize', 'search_finalize', 's')
    t('next after finalize', 'search_next', 's')
    t('finalize twice', 'search_finalize', 's')
    t('delete r', 'rt_delete', 'oi', 'foId=r')
    t('delete z', 'rt_delete', 'oi', 'foId=z')
    scan(t, 'after delete', None, 'SUBTREE', no, one=by_class)
