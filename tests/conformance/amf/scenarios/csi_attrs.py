# SPDX-License-Identifier: Apache-2.0
"""CSI attributes and several CSIs: to one component, to two components."""
from model import csi_dn, group, si_dn, su_dn, NORED


def run(t):
    t.model(
        group('ONE', NORED, capability=5, max_active=5, sis={
            'S1': {'I1': {}, 'I2': {'alpha': ['one']},
                   'I3': {'alpha': ['x', 'y', 'z'], 'beta': ['b']},
                   'I4': {'alpha': []}, 'I5': {'beta': ['two words', 'a=b']}}
        }),
        group('TWO', NORED, comps=('C1', 'C2'), sis={
            'S2': {'I1': {'alpha': ['1']}, 'I2': {'beta': ['2']}}}))
    t.up(su_dn('ONE'), su_dn('TWO'), unlock=False)
    t.do('five CSIs, one component: unlock', 'unlock', su_dn('ONE'))
    t.do('five CSIs, one component: SI lock', 'lock', si_dn('S1'))
    t.do('five CSIs, one component: SI unlock', 'unlock', si_dn('S1'))
    t.do('five CSIs, one component: shutdown', 'shutdown', su_dn('ONE'))
    t.do('two CSIs, two components: unlock', 'unlock', su_dn('TWO'))
    t.cmd('change a value', 'immcfg', '-a', 'saAmfCSIAttriValue=3',
          'safCsiAttr=alpha,' + csi_dn('S2'))
    t.cmd('new attribute', 'immcfg', '-c', 'SaAmfCSIAttribute', '-a',
          'saAmfCSIAttriValue=new', 'safCsiAttr=beta,' + csi_dn('S2'))
    t.trace('nothing after the change')
    t.do('lock', 'lock', su_dn('TWO'))
    t.do('unlock with the new values', 'unlock', su_dn('TWO'))
    t.do('restart', 'restart', su_dn('TWO'))
