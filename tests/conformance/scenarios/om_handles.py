# SPDX-License-Identifier: Apache-2.0
"""OM handles, versions and what finalized handles answer."""


def run(t):
    for ver in ('A.2.1', 'A.2.2', 'A.2.11', 'A.2.13', 'A.2.16', 'A.2.17',
                'A.2.18', 'A.2.19', 'A.2.99', 'A.1.1', 'A.3.1', 'B.1.1',
                'A.2.0'):
        rc, _ = t('version ' + ver, 'om_init', 'om_v', ver)
        if rc == 'SA_AIS_OK':
            t.quiet('om_finalize', 'om_v')
    t('null version', 'om_init', 'om_n', None)
    t('null handle', 'om_init', 'om_n', 'A.2.1', null='handle')
    t('with callbacks', 'om_init', 'om', 'A.2.17', callbacks=True)
    t('selection object', 'om_selobj', 'om')
    t('dispatch ALL idle', 'om_dispatch', 'om', 'ALL')
    t('dispatch ONE idle', 'om_dispatch', 'om', 'ONE')
    t('dispatch bad flag', 'om_dispatch', 'om', 77)
    t('selection object handle without callbacks', 'om_init', 'om_b', 'A.2.1')
    t('selection object without callbacks', 'om_selobj', 'om_b')
    t('dispatch from a thread', 'in_thread', 'om_dispatch', 'om', 'ALL')
    t('accessor', 'acc_init', 'acc', 'om')
    t('search', 'search_init', 's', 'om', 'safApp=safImmService', 'ONE',
      'GET_ALL')
    t('admin owner', 'ao_init', 'ao', 'om', 'FactsImmOwner')
    t('ccb', 'ccb_init', 'ccb', 'ao', 0)
    t('finalize', 'om_finalize', 'om')
    t('finalize again', 'om_finalize', 'om')
    t('dispatch after finalize', 'om_dispatch', 'om', 'ALL')
    t('selection object after finalize', 'om_selobj', 'om')
    t('accessor get after finalize', 'acc_get', 'acc', 'safApp=safImmService')
    t('accessor finalize after finalize', 'acc_finalize', 'acc')
    t('search next after finalize', 'search_next', 's')
    t('search finalize after finalize', 'search_finalize', 's')
    t('ccb apply after finalize', 'ccb_apply', 'ccb')
    t('ccb finalize after finalize', 'ccb_finalize', 'ccb')
    t('admin owner finalize after finalize', 'ao_finalize', 'ao')
    t('accessor init after finalize', 'acc_init', 'acc2', 'om')
    t('class description after finalize', 'class_desc', 'om', 'SaLogStream')
    t('zero handle', 'om_finalize', 0)
    t('accessor on zero handle', 'acc_init', 'acc3', 0)
    t('class desc null-ish handle', 'class_desc', 12345, 'SaLogStream')
    t('close', 'om_finalize', 'om_b')
