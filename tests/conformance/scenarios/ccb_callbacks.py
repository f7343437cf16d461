# SPDX-License-Identifier: Apache-2.0
"""CCBs seen by the object implementer: callbacks, order, refusals."""

CFG = 'FactsImmOpenCfg'
OI, APP = 'FactsImmOpenOi', '@FactsImmOpenApp'


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('acc_init', 'acc', 'om')
    t.quiet('ao_init', 'ao', 'om', 'FactsImmOwner')
    t('oi', 'oi_init', 'oi')
    t('set', 'impl_set', 'oi', OI)
    t('class', 'cimpl_set', 'oi', CFG)
    t('serve', 'oi_serve', 'oi')

    def rid(value):
        return ['foCfg', 'STR', [value]]

    def ccb(flags='REGISTERED_OI'):
        t.quiet('ccb_finalize', 'ccb')
        t.quiet('ccb_init', 'ccb', 'ao', flags)

    ccb()
    t('create', 'ccb_create', 'ccb', CFG, None,
      [rid('foCfg=1'), ['foCfgU32', 'U32', [4]],
       ['foCfgStrs', 'STR', ['a', 'b', 'c']],
       ['foCfgName', 'NAME', ['x=y']], ['foCfgTime', 'TIME', [99]],
       ['foCfgAny', 'ANY', ['0a0b']]])
    t('events after create', 'oi_events', 'oi', 1)
    t('apply', 'ccb_apply', 'ccb')
    t('events after apply', 'oi_events', 'oi', 2)
    t('implementer of the object', 'acc_get', 'acc', 'foCfg=1',
      ['SaImmAttrImplementerName'])
    ccb()
    t('create child', 'ccb_create', 'ccb', CFG, 'foCfg=1',
      [rid('foCfg=kid')])
    t('modify', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [5]],
       ['ADD', 'foCfgStrs', 'STR', ['d']]])
    t('modify again', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', []],
       ['ADD', 'foCfgStrs', 'STR', ['d']]])
    t('modify the new child', 'ccb_modify', 'ccb', 'foCfg=kid,foCfg=1',
      [['REPLACE', 'foCfgDef', 'I32', [1]]])
    t('apply', 'ccb_apply', 'ccb')
    t('events', 'oi_events', 'oi', 5)
    ccb()
    t('modify then abandon', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [6]]])
    t('finalize', 'ccb_finalize', 'ccb')
    t('events of abandoned', 'oi_events', 'oi', 2)
    ccb()
    t('delete with child', 'ccb_delete', 'ccb', 'foCfg=1')
    t('events of delete', 'oi_events', 'oi', 2)
    t('abandon delete', 'ccb_finalize', 'ccb')
    t('events of abandoned delete', 'oi_events', 'oi', 1)

    # refusals
    for kind, rc in (('completed', 'SA_AIS_ERR_BAD_OPERATION'),
                     ('completed', 'SA_AIS_ERR_NO_RESOURCES'),
                     ('completed', 'SA_AIS_ERR_NO_MEMORY'),
                     ('completed', 'SA_AIS_ERR_INVALID_PARAM'),
                     ('modify', 'SA_AIS_ERR_BAD_OPERATION'),
                     ('modify', 'SA_AIS_ERR_NO_RESOURCES'),
                     ('modify', 'SA_AIS_ERR_INVALID_PARAM'),
                     ('modify', 'SA_AIS_ERR_TIMEOUT')):
        label = '%s -> %s' % (kind, rc[7:])
        t.quiet('oi_script', 'oi', **{kind: [rc, 'facts: no way']})
        ccb()
        t(label + ': modify', 'ccb_modify', 'ccb', 'foCfg=1',
          [['REPLACE', 'foCfgU32', 'U32', [7]]])
        t(label + ': errors after modify', 'ccb_errors', 'ccb')
        t(label + ': apply', 'ccb_apply', 'ccb')
        t(label + ': errors after apply', 'ccb_errors', 'ccb')
        t(label + ': apply again', 'ccb_apply', 'ccb')
        t.quiet('ccb_finalize', 'ccb')
        t(label + ': events', 'oi_events', 'oi', 3 if kind == 'completed'
          else 2)
    t.quiet('oi_script', 'oi', create=['SA_AIS_ERR_BAD_OPERATION', None])
    ccb()
    t('create refused without text', 'ccb_create', 'ccb', CFG, None,
      [rid('foCfg=no')])
    t('errors without text', 'ccb_errors', 'ccb')
    t.quiet('ccb_finalize', 'ccb')
    t('events', 'oi_events', 'oi', 2)
    t.quiet('oi_script', 'oi', delete=['SA_AIS_ERR_BAD_OPERATION', 'keep it'])
    ccb()
    t('delete refused', 'ccb_delete', 'ccb', 'foCfg=kid,foCfg=1')
    t('errors of refused delete', 'ccb_errors', 'ccb')
    t.quiet('ccb_finalize', 'ccb')
    t('events', 'oi_events', 'oi', 2)
    t.quiet('oi_script', 'oi', completed=['SA_AIS_OK', 'text although OK'])
    ccb()
    t('text although OK: modify', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [8]]])
    t('text although OK: apply', 'ccb_apply', 'ccb')
    t('text although OK: errors', 'ccb_errors', 'ccb')
    t('events', 'oi_events', 'oi', 3)
    t.quiet('oi_script', 'oi')
    t('value', 'acc_get', 'acc', 'foCfg=1', ['foCfgU32'])
    t('rt update inside a served handle', 'rt_update', 'oi', 'foCfg=1',
      [['REPLACE', 'foCfgRtCached', 'U32', [5]]])

    # an applier watches
    t('applier init', 'oi_init', 'app')
    t('applier set', 'impl_set', 'app', APP)
    t('applier class', 'cimpl_set', 'app', CFG)
    t('applier serve', 'oi_serve', 'app')
    ccb()
    t('watched modify', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [9]]])
    t('watched apply', 'ccb_apply', 'ccb')
    t('implementer saw', 'oi_events', 'oi', 3)
    t('applier saw', 'oi_events', 'app', 3)
    t.quiet('oi_script', 'oi', completed=['SA_AIS_ERR_BAD_OPERATION', 'no'])
    ccb()
    t('refused modify', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [10]]])
    t('refused apply', 'ccb_apply', 'ccb')
    t('implementer saw', 'oi_events', 'oi', 3)
    t('applier saw', 'oi_events', 'app', 2)
    t.quiet('oi_script', 'oi')
    t('applier finalize', 'oi_finalize', 'app')

    # the implementer leaves in the middle
    ccb()
    t('modify before leaving', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [11]]])
    t('stop serving', 'oi_stop', 'oi')
    t('leave', 'impl_clear', 'oi')
    t('apply without implementer', 'ccb_apply', 'ccb')
    t('errors', 'ccb_errors', 'ccb')
    t('value kept', 'acc_get', 'acc', 'foCfg=1',
      ['foCfgU32', 'SaImmAttrImplementerName'])
    ccb()
    t('modify, implementer detached', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [12]]])
    t('errors, implementer detached', 'ccb_errors', 'ccb')
    ccb(0)
    t('modify, implementer detached, no flag', 'ccb_modify', 'ccb',
      'foCfg=1', [['REPLACE', 'foCfgU32', 'U32', [13]]])
    t('create, implementer detached, no flag', 'ccb_create', 'ccb', CFG,
      None, [rid('foCfg=det')])
    t('apply', 'ccb_apply', 'ccb')
    t('come back', 'impl_set', 'oi', OI)
    t('class still bound', 'acc_get', 'acc', 'foCfg=1',
      ['foCfgU32', 'SaImmAttrImplementerName'])
    t('events while away', 'oi_events', 'oi')
    t('serve again', 'oi_serve', 'oi')
    ccb()
    t('modify after return', 'ccb_modify', 'ccb', 'foCfg=1',
      [['REPLACE', 'foCfgU32', 'U32', [14]]])
    t('apply after return', 'ccb_apply', 'ccb')
    t('events after return', 'oi_events', 'oi', 3)
    ccb()
    t('delete', 'ccb_delete', 'ccb', 'foCfg=1')
    t('apply', 'ccb_apply', 'ccb')
    t('events of delete', 'oi_events', 'oi', 4)
    t('release', 'cimpl_rel', 'oi', CFG)
