# SPDX-License-Identifier: Apache-2.0
"""Class descriptions, creation and deletion."""

NEW = 'FactsImmOpenTmp'


def run(t):
    t.quiet('om_init', 'om')
    for cname, _, _ in t.classes:
        t('describe ' + cname, 'class_desc', 'om', cname)
    t('describe unknown', 'class_desc', 'om', 'FactsImmNoSuch')
    t('describe wrong case', 'class_desc', 'om', 'factsimmopenrt')
    t('describe empty', 'class_desc', 'om', '')
    rdn = ['tId', 'STR', 'RUNTIME|RDN|CACHED', None]
    t('create runtime', 'class_create', 'om', NEW, 'RUNTIME',
      [rdn, ['tU', 'U32', 'RUNTIME|CACHED', 3]])
    t('describe created', 'class_desc', 'om', NEW)
    t('create duplicate', 'class_create', 'om', NEW, 'RUNTIME',
      [rdn, ['tU', 'U32', 'RUNTIME|CACHED', 3]])
    t('delete', 'class_delete', 'om', NEW)
    t('delete again', 'class_delete', 'om', NEW)
    bad = [
        ('no RDN', 'RUNTIME', [['tU', 'U32', 'RUNTIME|CACHED', None]]),
        ('two RDNs', 'RUNTIME', [rdn, ['tI', 'STR', 'RUNTIME|RDN|CACHED',
                                       None]]),
        ('RDN not cached', 'RUNTIME', [['tId', 'STR', 'RUNTIME|RDN', None]]),
        ('multi-valued RDN', 'RUNTIME',
         [['tId', 'STR', 'RUNTIME|RDN|CACHED|MULTI', None]]),
        ('config attr in runtime class', 'RUNTIME',
         [rdn, ['tU', 'U32', 'CONFIG', None]]),
        ('config and runtime', 'RUNTIME',
         [rdn, ['tU', 'U32', 'CONFIG|RUNTIME', None]]),
        ('neither config nor runtime', 'RUNTIME', [rdn, ['tU', 'U32', '',
                                                         None]]),
        ('writable runtime attr', 'RUNTIME',
         [rdn, ['tU', 'U32', 'RUNTIME|WRITABLE', None]]),
        ('persistent not cached', 'RUNTIME',
         [rdn, ['tU', 'U32', 'RUNTIME|PERSISTENT', None]]),
        ('default of pure runtime attr', 'RUNTIME',
         [rdn, ['tU', 'U32', 'RUNTIME', 5]]),
        ('writable RDN', 'CONFIG', [['tId', 'STR', 'CONFIG|RDN|WRITABLE',
                                     None]]),
        ('runtime RDN in config class', 'CONFIG',
         [['tId', 'STR', 'RUNTIME|RDN|CACHED', None]]),
        ('default of multi-valued', 'RUNTIME',
         [rdn, ['tU', 'U32', 'RUNTIME|CACHED|MULTI', 5]]),
        ('default of RDN', 'CONFIG', [['tId', 'STR', 'CONFIG|RDN', 'x']]),
        ('RDN of type any', 'CONFIG', [['tId', 'ANY', 'CONFIG|RDN', None]]),
        ('RDN of type u32', 'RUNTIME', [['tId', 'U32', 'RUNTIME|RDN|CACHED',
                                         None]]),
        ('RDN of type double', 'RUNTIME',
         [['tId', 'DBL', 'RUNTIME|RDN|CACHED', None]]),
        ('same attribute twice', 'RUNTIME',
         [rdn, ['tU', 'U32', 'RUNTIME|CACHED', None],
          ['tU', 'U32', 'RUNTIME|CACHED', None]]),
        ('system attribute', 'RUNTIME',
         [rdn, ['SaImmAttrClassName', 'STR', 'RUNTIME|CACHED', None]]),
        ('no duplicates on single value', 'RUNTIME',
         [rdn, ['tU', 'U32', 'RUNTIME|CACHED|NO_DUPLICATES', None]]),
        ('no dangling on string', 'CONFIG',
         [['tId', 'STR', 'CONFIG|RDN', None],
          ['tS', 'STR', 'CONFIG|NO_DANGLING', None]]),
        ('initialized with default', 'CONFIG',
         [['tId', 'STR', 'CONFIG|RDN', None],
          ['tS', 'STR', 'CONFIG|INITIALIZED', 'x']]),
        ('no attributes', 'RUNTIME', None),
        ('bad category', 7, [rdn]),
        ('attribute name with space', 'RUNTIME',
         [rdn, ['t U', 'U32', 'RUNTIME|CACHED', None]]),
    ]
    for label, category, attrs in bad:
        rc, _ = t('create: ' + label, 'class_create', 'om', NEW, category,
                  attrs)
        if rc == 'SA_AIS_OK':
            t.quiet('class_delete', 'om', NEW)
    for cname in ('1abc', 'a b', 'FactsImm-x', 'FactsImm.x', 'FactsImmé',
                  '_FactsImm', ''):
        rc, _ = t('create: class name %r' % cname, 'class_create', 'om',
                  cname, 'RUNTIME', [rdn])
        if rc == 'SA_AIS_OK':
            t.quiet('class_delete', 'om', cname)
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t('create an object', 'rt_create', 'oi', 'FactsImmOpenAssoc', None,
      [['foAssoc', 'NAME', ['foAssoc=cls']], ['foAssocState', 'U32', [1]]])
    t('delete class in use', 'class_delete', 'om', 'FactsImmOpenAssoc')
    t.quiet('rt_delete', 'oi', 'foAssoc=cls')
