# SPDX-License-Identifier: Apache-2.0
"""Runtime object creation: names, values, refusals."""

from immkit import fill

RT = 'FactsImmOpenRt'
BASE = {'foI32': ['I32', [-1]], 'foU32': ['U32', [1]], 'foI64': ['I64', [-2]],
        'foU64': ['U64', [2]], 'foTime': ['TIME', [3]],
        'foName': ['NAME', ['a=b']], 'foFlt': ['FLT', [0.5]],
        'foDbl': ['DBL', [0.25]], 'foStr': ['STR', ['s']],
        'foAny': ['ANY', ['01']], 'foMStr': ['STR', ['m']],
        'foMU32': ['U32', [4]], 'foMName': ['NAME', ['c=d']],
        'foNoDup': ['STR', ['n']]}
PERS, ASSOC = 'FactsImmOpenPers', 'FactsImmOpenAssoc'


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('acc_init', 'acc', 'om')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('oi_serve', 'oi')
    made = []

    def create(label, parent, attrs, cname=RT, show=None, names=None):
        if cname == RT and attrs:
            attrs = fill(attrs, BASE)
        rc, _ = t(label, 'rt_create', 'oi', cname, parent, attrs)
        if show and rc == 'SA_AIS_OK':
            t(label + ': read', 'acc_get', 'acc', show, names)
            made.append(show)
        return rc

    def rid(value):
        return ['foId', 'STR', [value]]

    create('no parent', None, [rid('foId=top')], show='foId=top')
    create('duplicate', None, [rid('foId=top')])
    create('RDN as plain value', None, [rid('plain')], show='plain',
           names=['foId'])
    t('RDN as plain value: no prefix was added', 'acc_get', 'acc',
      'foId=plain', ['foId'])
    create('RDN with another attribute name', None, [rid('other=x')],
           show='other=x')
    create('RDN empty string', None, [rid('')])
    create('RDN only attribute name', None, [rid('foId=')], show='foId=',
           names=['foId'])
    create('RDN without values', None, [['foId', 'STR', []]])
    create('RDN missing', None, [['foU32', 'U32', [1]]])
    create('RDN of wrong type', None, [['foId', 'U32', [5]]])
    create('RDN two values', None, [['foId', 'STR', ['foId=q', 'foId=r']]])
    create('attributes null', None, None)
    create('attributes empty list', None, [])
    create('with parent', 'foId=top', [rid('foId=kid')],
           show='foId=kid,foId=top', names=['foId', 'SaImmAttrClassName'])
    create('duplicate under parent', 'foId=top', [rid('foId=kid')])
    create('same RDN elsewhere', None, [rid('foId=kid')], show='foId=kid',
           names=['foId'])
    create('missing parent', 'foId=nope', [rid('foId=x')])
    create('empty parent', '', [rid('foId=ep')], show='foId=ep',
           names=['foId'])
    create('config parent', 'safApp=safImmService', [rid('foId=c')],
           show='foId=c,safApp=safImmService',
           names=['SaImmAttrImplementerName'])
    create('unknown class', None, [rid('foId=x')], cname='FactsImmNoSuch')
    create('null class', None, [rid('foId=x')], cname=None)
    create('empty class', None, [rid('foId=x')], cname='')
    create('config class', None, [['foCfg', 'STR', ['foCfg=x']]],
           cname='FactsImmOpenCfg')
    create('wrong type u32 for i32', None,
           [rid('foId=x'), ['foI32', 'U32', [1]]])
    create('wrong type string for u32', None,
           [rid('foId=x'), ['foU32', 'STR', ['1']]])
    create('wrong type string for name', None,
           [rid('foId=x'), ['foName', 'STR', ['a=b']]])
    create('wrong type i64 for time', None,
           [rid('foId=x'), ['foTime', 'I64', [1]]])
    create('unknown attribute', None,
           [rid('foId=x'), ['foNope', 'U32', [1]]])
    create('attribute twice', None,
           [rid('foId=x'), ['foU32', 'U32', [1]], ['foU32', 'U32', [2]]])
    create('system attribute', None,
           [rid('foId=x'), ['SaImmAttrImplementerName', 'STR', ['me']]])
    create('two values for single', None,
           [rid('foId=x'), ['foU32', 'U32', [1, 2]]])
    create('no values for cached', None,
           [rid('foId=e1'), ['foU32', 'U32', []]])
    create('no values for multi-valued cached', None,
           [rid('foId=e1'), ['foMStr', 'STR', []]])
    t('cached attributes left out', 'rt_create', 'oi', RT, None,
      [rid('foId=e1'), ['foU32', 'U32', [1]]])
    create('no values for cached with default', None,
           [rid('foId=e1'), ['foDef', 'U32', []]],
           show='foId=e1', names=['foDef', 'foU32'])
    create('default value', None, [rid('foId=e2')], show='foId=e2',
           names=['foDef'])
    create('default overridden', None,
           [rid('foId=e3'), ['foDef', 'U32', [0]]], show='foId=e3',
           names=['foDef'])
    create('value for pure runtime attribute', None,
           [rid('foId=e4'), ['foPureU32', 'U32', [1]]])
    create('empty string value', None, [rid('foId=e5'),
                                        ['foStr', 'STR', ['']]],
           show='foId=e5', names=['foStr'])
    create('empty name value', None, [rid('foId=e6'),
                                      ['foName', 'NAME', ['']]],
           show='foId=e6', names=['foName'])
    create('empty any value', None, [rid('foId=e7'), ['foAny', 'ANY', ['']]],
           show='foId=e7', names=['foAny'])
    create('duplicates in multi', None,
           [rid('foId=e8'), ['foMStr', 'STR', ['a', 'b', 'a']]],
           show='foId=e8', names=['foMStr'])
    create('duplicates in no-duplicates', None,
           [rid('foId=e9'), ['foNoDup', 'STR', ['a', 'b', 'a']]])
    create('name value not a DN', None,
           [rid('foId=f1'), ['foName', 'NAME', ['no equal sign']]],
           show='foId=f1', names=['foName'])
    create('unicode RDN', None, [rid('foId=grün')], show='foId=grün',
           names=['foId'])
    create('space in RDN', None, [rid('foId=a b')], show='foId=a b',
           names=['foId'])
    create('leading space in RDN', None, [rid(' foId=lead')],
           show=' foId=lead', names=['foId'])
    create('trailing space in RDN', None, [rid('foId=trail ')],
           show='foId=trail ', names=['foId'])
    create('comma in RDN', None, [rid('foId=a,b')])
    create('escaped comma in RDN', None, [rid('foId=a\\,b')],
           show='foId=a\\,b', names=['foId'])
    create('backslash in RDN', None, [rid('foId=a\\b')], show='foId=a\\b',
           names=['foId'])
    create('hash in RDN', None, [rid('foId=a#b')], show='foId=a#b',
           names=['foId'])
    create('slash and colon in RDN', None, [rid('foId=eth0:1/2')],
           show='foId=eth0:1/2', names=['foId'])
    create('equal sign in value', None, [rid('foId=a=b')], show='foId=a=b',
           names=['foId'])
    create('quote and plus in RDN', None, [rid('foId="a+b;c<d>"')],
           show='foId="a+b;c<d>"', names=['foId'])
    create('newline in RDN', None, [rid('foId=a\nb')])
    create('tab in RDN', None, [rid('foId=a\tb')])
    create('control character in RDN', None, [rid('foId=a\x01b')])
    create('control character in string', None,
           [rid('foId=f2'), ['foStr', 'STR', ['a\x01\nb']]],
           show='foId=f2', names=['foStr'])
    create('RDN of 63 bytes', None, [rid('foId=' + 'y' * 58)],
           show='foId=' + 'y' * 58, names=['foU32'])
    create('RDN of 64 bytes', None, [rid('foId=' + 'y' * 59)],
           show='foId=' + 'y' * 59, names=['foU32'])
    create('RDN of 65 bytes', None, [rid('foId=' + 'y' * 60)],
           show='foId=' + 'y' * 60, names=['foU32'])
    create('RDN of 255 bytes', None, [rid('foId=' + 'y' * 250)])
    create('RDN of 300 bytes', None, [rid('foId=' + 'y' * 295)])
    base = 'foId=' + 'p' * 58
    made.append(base)
    create('chain 1', None, [rid(base)])
    dn = base
    for num in range(2, 5):
        rdn = 'foId=%d' % num + 'p' * (57 if num < 4 else 50)
        rc = create('chain %d (DN of %d bytes)' % (num, len(dn) + 1 +
                                                   len(rdn)), dn, [rid(rdn)])
        if rc == 'SA_AIS_OK':
            dn = rdn + ',' + dn
    for total in (255, 256):
        pad = total - len(dn) - 1 - len('foId=')
        if pad > 0:
            create('DN of %d bytes' % total, dn, [rid('foId=' + 'l' * pad)])
    create('association, attribute name in value', 'foId=top',
           [['foAssoc', 'NAME', ['foAssoc=foId=kid']],
            ['foAssocState', 'U32', [1]]], cname=ASSOC)
    t('association DN', 'acc_get', 'acc', 'foAssoc=foId=kid,foId=top')
    create('association, plain', 'foId=top',
           [['foAssoc', 'NAME', ['foId=kid']],
            ['foAssocState', 'U32', [1]]], cname=ASSOC)
    create('association, two components', None,
           [['foAssoc', 'NAME', ['foAssoc=foId=kid,foId=top']],
            ['foAssocState', 'U32', [1]]], cname=ASSOC)
    t('association, escaped', 'rt_create', 'oi', ASSOC, 'foId=top',
      [['foAssoc', 'NAME', ['foAssoc=foId=kid\\,foId=top']],
       ['foAssocState', 'U32', [1]]])
    t('association DN escaped', 'acc_get', 'acc',
      'foAssoc=foId=kid\\,foId=top,foId=top')
    create('persistent', None, [['foPersId', 'STR', ['foPersId=p']],
                                ['foPersVal', 'U32', [1]],
                                ['foCachedVal', 'U32', [2]]], cname=PERS,
           show='foPersId=p', names=['foPersVal', 'foCachedVal',
                                     'SaImmAttrClassName'])
    create('persistent under non-persistent', 'foId=top',
           [['foPersId', 'STR', ['foPersId=p2']],
            ['foPersVal', 'U32', [1]], ['foCachedVal', 'U32', [2]]], cname=PERS)
    create('non-persistent under persistent', 'foPersId=p',
           [rid('foId=np')], show='foId=np,foPersId=p', names=['foId'])
    t('from another thread', 'in_thread', 'rt_create', 'oi', RT, None,
      fill([['foId', 'STR', ['foId=thr']]], BASE))
    made.append('foId=thr')
    for obj in reversed(made):
        t('clean %s' % obj[:20], 'rt_delete', 'oi', obj)
