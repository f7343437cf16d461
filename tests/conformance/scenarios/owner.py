# SPDX-License-Identifier: Apache-2.0
"""Administrative ownership."""

CFG = 'FactsImmOpenCfg'


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('om_init', 'om2')
    t.quiet('acc_init', 'acc', 'om')
    t('init', 'ao_init', 'a', 'om', 'FactsImmOwnerA', True)
    t('init same name again', 'ao_init', 'a2', 'om', 'FactsImmOwnerA', True)
    t('init same name, no release', 'ao_init', 'a3', 'om2', 'FactsImmOwnerA',
      False)
    t('init empty name', 'ao_init', 'x', 'om', '')
    t('init null name', 'ao_init', 'x', 'om', None)
    t('init name of 255', 'ao_init', 'x', 'om', 'F' * 255)
    t('init name of 256', 'ao_init', 'x', 'om', 'F' * 256)
    t('init name with space', 'ao_init', 'x', 'om', 'Facts Imm')
    t('init bad om handle', 'ao_init', 'x', 0, 'FactsImmOwnerA')
    t('init second owner', 'ao_init', 'b', 'om2', 'FactsImmOwnerB', False)
    t.quiet('ccb_init', 'ccb', 'a')
    for num, parent in ((1, None), (2, 'foCfg=1'), (3, 'foCfg=2,foCfg=1')):
        t('create %d' % num, 'ccb_create', 'ccb', CFG, parent,
          [['foCfg', 'STR', ['foCfg=%d' % num]]])
    t('apply', 'ccb_apply', 'ccb')
    t.quiet('ccb_finalize', 'ccb')

    def who(label):
        for obj in ('foCfg=1', 'foCfg=2,foCfg=1', 'foCfg=3,foCfg=2,foCfg=1'):
            t('%s: %s' % (label, obj[:7]), 'acc_get', 'acc', obj,
              ['SaImmAttrAdminOwnerName'])
    who('creator owns')
    t('second handle of the same owner', 'ao_set', 'a2', ['foCfg=1'])
    t('conflict', 'ao_set', 'b', ['foCfg=1'])
    t('release by other', 'ao_release', 'b', ['foCfg=1'])
    t('release one', 'ao_release', 'a', ['foCfg=1'], 'ONE')
    who('after release one')
    t('release again', 'ao_release', 'a', ['foCfg=1'], 'ONE')
    t('other sets one', 'ao_set', 'b', ['foCfg=1'], 'ONE')
    t('set subtree with conflict', 'ao_set', 'b', ['foCfg=1'], 'SUBTREE')
    who('after refused subtree')
    t('release subtree', 'ao_release', 'a', ['foCfg=2,foCfg=1'], 'SUBTREE')
    t('set sublevel', 'ao_set', 'b', ['foCfg=1'], 'SUBLEVEL')
    who('after sublevel')
    t('set subtree', 'ao_set', 'b', ['foCfg=1'], 'SUBTREE')
    who('after subtree')
    t('set two, one missing', 'ao_set', 'a', ['foCfg=1', 'foCfg=nope'])
    t('set missing', 'ao_set', 'a', ['foCfg=nope'])
    t('set null list', 'ao_set', 'a', None)
    t('set bad scope', 'ao_set', 'a', ['foCfg=1'], 8)
    t('clear of missing', 'ao_clear', 'om', ['foCfg=nope'])
    t('clear', 'ao_clear', 'om', ['foCfg=1'], 'ONE')
    who('after clear')
    t('clear not owned', 'ao_clear', 'om', ['foCfg=1'], 'ONE')
    t('clear subtree', 'ao_clear', 'om', ['foCfg=1'], 'SUBTREE')
    t('owner A again', 'ao_set', 'a', ['foCfg=1'], 'SUBTREE')
    t('finalize A (release on finalize)', 'ao_finalize', 'a')
    who('after finalize A')
    t('finalize A again', 'ao_finalize', 'a')
    t('set after finalize', 'ao_set', 'a', ['foCfg=1'])
    t('release after finalize', 'ao_release', 'a', ['foCfg=1'])
    t('B sets', 'ao_set', 'b', ['foCfg=1'])
    t('finalize B (keep on finalize)', 'ao_finalize', 'b')
    who('after finalize B')
    t('A2 conflicts with kept owner', 'ao_set', 'a2', ['foCfg=1'])
    t('B back', 'ao_init', 'b', 'om2', 'FactsImmOwnerB', True)
    t('B releases', 'ao_release', 'b', ['foCfg=1'])
    t('A2 sets', 'ao_set', 'a2', ['foCfg=1'])
    t('OM handle finalized with owner handles', 'om_finalize', 'om')
    t('owner handle is gone', 'ao_set', 'a2', ['foCfg=1'])
    t.quiet('acc_init', 'acc', 'om2')
    who('after OM finalize')
    # ownership of runtime objects
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('rt_create', 'oi', 'FactsImmOpenAssoc', None,
            [['foAssoc', 'NAME', ['foAssoc=o']],
             ['foAssocState', 'U32', [1]]])
    t('set on runtime object', 'ao_set', 'b', ['foAssoc=o'])
    t('runtime object owner', 'acc_get', 'acc', 'foAssoc=o',
      ['SaImmAttrAdminOwnerName'])
    t('owned runtime object can be deleted by OI', 'rt_delete', 'oi',
      'foAssoc=o')
