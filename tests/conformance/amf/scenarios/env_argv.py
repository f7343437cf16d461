# SPDX-License-Identifier: Apache-2.0
"""Environment and arguments of the commands."""
from model import group, su_dn


def run(t):
    t.model(
        group('NR', comp_type={
            'saAmfCtDefCmdEnv': ['CONFAMF_TYPE=from type', 'CONFAMF_BOTH=t',
                                 'CONFAMF_EMPTY='],
            'saAmfCtDefInstantiateCmdArgv': ['instantiate', 'two'],
            'saAmfCtDefCleanupCmdArgv': ['cleanup', 'a b']},
            comp={'saAmfCompCmdEnv': ['CONFAMF_COMP=from comp',
                                      'CONFAMF_BOTH=c',
                                      'CONFAMF_EQ=a=b'],
                  'saAmfCompInstantiateCmdArgv': ['three'],
                  'saAmfCompCleanupCmdArgv': ['x y', 'z']}),
        group('PL', comp_type={'saAmfCtDefInstantiateCmdArgv':
                               'instantiate one two',
                               'saAmfCtDefCleanupCmdArgv': 'cleanup'},
              sis={'S2': {'I1': {'alpha': ['1']}}}))
    t.do('unlock-in', 'unlock-in', su_dn('NR'), env=True, proc=True)
    t.do('unlock', 'unlock', su_dn('NR'), env=True)
    t.kill('NR.SU1.C1')
    t.trace('killed', env=True, proc=True)
    t.adm('lock', 'lock', su_dn('NR'))
    t.behave('NR.SU1.C1', terminate={'answer': 'FAILED_OPERATION'})
    t.trace('locked')
    t.adm('lock-in', 'lock-in', su_dn('NR'))
    t.trace('terminate refused', env=True)
    t.adm('words in one value: unlock-in', 'unlock-in', su_dn('PL'))
    t.trace('words in one value', env=True)
