# SPDX-License-Identifier: Apache-2.0
"""CCBs without an implementer, and who refuses what."""

CFG, INIT = 'FactsImmOpenCfg', 'FactsImmOpenInit'


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('acc_init', 'acc', 'om')
    t.quiet('ao_init', 'ao', 'om', 'FactsImmOwner')

    def ccb(label='ccb', flags=0):
        t.quiet('ccb_finalize', 'ccb')
        t(label + ' init', 'ccb_init', 'ccb', 'ao', flags)

    def rid(value):
        return ['foCfg', 'STR', [value]]

    ccb('first')
    t('create', 'ccb_create', 'ccb', CFG, None, [rid('foCfg=1')])
    t('not visible yet', 'acc_get', 'acc', 'foCfg=1')
    t('create again in ccb', 'ccb_create', 'ccb', CFG, None,
      [rid('foCfg=1')])
    t('apply after refused create', 'ccb_apply', 'ccb')
    t('visible?', 'acc_get', 'acc', 'foCfg=1', ['foCfg', 'foCfgDef'])
    t('errors', 'ccb_errors', 'ccb')
    ccb('second')
    t('create', 'ccb_create', 'ccb', CFG, None, [rid('foCfg=1')])
    t('child in same ccb', 'ccb_create', 'ccb', CFG, 'foCfg=1',
      [rid('foCfg=kid'), ['foCfgU32', 'U32', [5]],
       ['foCfgFixed', 'STR', ['fixed']],
       ['foCfgStrs', 'STR', ['a', 'b', 'c']],
       ['foCfgName', 'NAME', ['foCfg=nowhere']]])
    t('apply', 'ccb_apply', 'ccb')
    t('read', 'acc_get', 'acc', 'foCfg=1')
    t('read child', 'acc_get', 'acc', 'foCfg=kid,foCfg=1')
    t('read config attributes', 'acc_get', 'acc', 'foCfg=kid,foCfg=1',
      ['SA_IMM_SEARCH_GET_CONFIG_ATTR'])
    t('reuse after apply', 'ccb_create', 'ccb', CFG, None,
      [rid('foCfg=2')])
    t('apply empty', 'ccb_apply', 'ccb')
    t('modify in reused', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [1]]])
    t('abandon', 'ccb_finalize', 'ccb')
    t('abandon again', 'ccb_finalize', 'ccb')
    t('use after finalize', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [1]]])
    t('abandoned create', 'acc_get', 'acc', 'foCfg=2', ['foCfg'])

    bad = [
        ('duplicate', CFG, None, [rid('foCfg=1')]),
        ('missing parent', CFG, 'foCfg=nope', [rid('foCfg=x')]),
        ('unknown class', 'FactsImmNoSuch', None, [rid('foCfg=x')]),
        ('runtime class', 'FactsImmOpenAssoc', None,
         [['foAssoc', 'NAME', ['foAssoc=x']]]),
        ('no RDN', CFG, None, [['foCfgU32', 'U32', [1]]]),
        ('wrong type', CFG, None, [rid('foCfg=x'),
                                   ['foCfgU32', 'STR', ['1']]]),
        ('unknown attribute', CFG, None, [rid('foCfg=x'),
                                          ['foNope', 'STR', ['1']]]),
        ('runtime attribute', CFG, None, [rid('foCfg=x'),
                                          ['foCfgRtCached', 'U32', [1]]]),
        ('two values for single', CFG, None,
         [rid('foCfg=x'), ['foCfgU32', 'U32', [1, 2]]]),
        ('duplicates in no-dup', CFG, None,
         [rid('foCfg=x'), ['foCfgNoDup', 'U32', [1, 1]]]),
        ('dangling reference', CFG, None,
         [rid('foCfg=x'), ['foCfgRef', 'NAME', ['foCfg=nope']]]),
        ('initialized missing', INIT, None,
         [['foInit', 'STR', ['foInit=x']]]),
        ('comma in RDN', CFG, None, [rid('foCfg=a,b')]),
        ('system attribute', CFG, None,
         [rid('foCfg=x'), ['SaImmAttrClassName', 'STR', ['y']]]),
        ('null class', None, None, [rid('foCfg=x')]),
        ('null attributes', CFG, None, None),
        ('attribute twice', CFG, None,
         [rid('foCfg=x'), ['foCfgU32', 'U32', [1]],
          ['foCfgU32', 'U32', [1]]]),
    ]
    for label, cname, parent, attrs in bad:
        t.quiet('ccb_finalize', 'ccb')
        t.quiet('ccb_init', 'ccb', 'ao', 0)
        t('create: ' + label, 'ccb_create', 'ccb', cname, parent, attrs)
        t('create: ' + label + ': errors', 'ccb_errors', 'ccb')
        t('create: ' + label + ': apply', 'ccb_apply', 'ccb')
    t('nothing was created', 'acc_get', 'acc', 'foCfg=x', ['foCfg'])

    def modify(label, mods, obj='foCfg=1', show=None):
        t.quiet('ccb_finalize', 'ccb')
        t.quiet('ccb_init', 'ccb', 'ao', 0)
        rc, _ = t('modify: ' + label, 'ccb_modify', 'ccb', obj, mods)
        t('modify: ' + label + ': apply', 'ccb_apply', 'ccb')
        if show:
            t('modify: ' + label + ': read', 'acc_get', 'acc', obj, show)

    modify('replace', [['REPLACE', 'foCfgU32', 'U32', [10]]],
           show=['foCfgU32'])
    modify('replace with nothing', [['REPLACE', 'foCfgU32', 'U32', []]],
           show=['foCfgU32'])
    modify('default with nothing', [['REPLACE', 'foCfgDef', 'I32', []]],
           show=['foCfgDef'])
    modify('add', [['ADD', 'foCfgStrs', 'STR', ['x', 'y']]],
           show=['foCfgStrs'])
    modify('add existing', [['ADD', 'foCfgStrs', 'STR', ['x']]],
           show=['foCfgStrs'])
    modify('delete value', [['DELETE', 'foCfgStrs', 'STR', ['x']]],
           show=['foCfgStrs'])
    modify('add twice to no-dup', [['ADD', 'foCfgNoDup', 'U32', [1, 1]]],
           show=['foCfgNoDup'])
    modify('fixed attribute', [['REPLACE', 'foCfgFixed', 'STR', ['z']]])
    modify('RDN', [['REPLACE', 'foCfg', 'STR', ['foCfg=z']]])
    modify('runtime attribute', [['REPLACE', 'foCfgRtCached', 'U32', [1]]])
    modify('unknown attribute', [['REPLACE', 'foNope', 'U32', [1]]])
    modify('wrong type', [['REPLACE', 'foCfgU32', 'I32', [1]]])
    modify('missing object', [['REPLACE', 'foCfgU32', 'U32', [1]]],
           obj='foCfg=nope')
    modify('null modifications', None)
    modify('good reference', [['REPLACE', 'foCfgRef', 'NAME',
                               ['foCfg=kid,foCfg=1']]], show=['foCfgRef'])
    modify('dangling reference', [['REPLACE', 'foCfgRef', 'NAME',
                                   ['foCfg=nope']]], show=['foCfgRef'])
    ccb('two ccbs')
    t('first modifies', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [21]]])
    t('second ccb', 'ccb_init', 'ccb2', 'ao', 0)
    t('second modifies the same', 'ccb_modify', 'ccb2', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [22]]])
    t('reader sees the old value', 'acc_get', 'acc', 'foCfg=1', ['foCfgU32'])
    t('first applies', 'ccb_apply', 'ccb')
    t('second finalizes', 'ccb_finalize', 'ccb2')
    t('new value', 'acc_get', 'acc', 'foCfg=1', ['foCfgU32'])

    t('other owner', 'ao_init', 'ao2', 'om', 'FactsImmOwner2')
    t('other ccb', 'ccb_init', 'ccb2', 'ao2', 0)
    t('modify without ownership', 'ccb_modify', 'ccb2', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [23]]])
    t('delete without ownership', 'ccb_delete', 'ccb2', 'foCfg=1')
    t('create below not owned', 'ccb_create', 'ccb2', CFG, 'foCfg=1',
      [rid('foCfg=z')])
    t.quiet('ccb_finalize', 'ccb2')

    ccb('registered OI', 'REGISTERED_OI')
    t('create without OI', 'ccb_create', 'ccb', CFG, None,
      [rid('foCfg=reg')])
    t('errors', 'ccb_errors', 'ccb')
    t('apply', 'ccb_apply', 'ccb')
    ccb('registered OI 2', 'REGISTERED_OI')
    t('modify without OI', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [1]]])
    t('delete without OI', 'ccb_delete', 'ccb', 'foCfg=kid,foCfg=1')
    ccb('registered or null', 'REGISTERED_OI|ALLOW_NULL_OI')
    t('modify without OI, null allowed', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [31]]])
    t('apply', 'ccb_apply', 'ccb')
    t('bad flags', 'ccb_init', 'ccb3', 'ao', 0x80)
    t('bad owner handle', 'ccb_init', 'ccb3', 0, 0)
    ccb('delete')
    t('delete referenced child', 'ccb_delete', 'ccb', 'foCfg=kid,foCfg=1')
    t('apply', 'ccb_apply', 'ccb')
    ccb('delete 2')
    t('delete parent with child', 'ccb_delete', 'ccb', 'foCfg=1')
    t('delete twice', 'ccb_delete', 'ccb', 'foCfg=1')
    t('modify deleted', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [1]]])
    t('still visible', 'acc_get', 'acc', 'foCfg=1', ['foCfg'])
    t('apply', 'ccb_apply', 'ccb')
    t('after', 'acc_get', 'acc', 'foCfg=1', ['foCfg'])
    ccb('delete 3')
    t('delete', 'ccb_delete', 'ccb', 'foCfg=1')
    t('apply', 'ccb_apply', 'ccb')
    t('gone', 'acc_get', 'acc', 'foCfg=1', ['foCfg'])
    t('child gone', 'acc_get', 'acc', 'foCfg=kid,foCfg=1', ['foCfg'])
    ccb('runtime object')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('rt_create', 'oi', 'FactsImmOpenAssoc', None,
            [['foAssoc', 'NAME', ['foAssoc=o']],
             ['foAssocState', 'U32', [1]]])
    t.quiet('ao_set', 'ao', ['foAssoc=o'])
    t('modify runtime object', 'ccb_modify', 'ccb', 'foAssoc=o',
      [['REPLACE', 'foAssocState', 'U32', [2]]])
    t('delete runtime object', 'ccb_delete', 'ccb', 'foAssoc=o')
    t('config child of a runtime object', 'ccb_create', 'ccb', CFG,
      'foAssoc=o', [rid('foCfg=c')])
    t('clean', 'rt_delete', 'oi', 'foAssoc=o')
