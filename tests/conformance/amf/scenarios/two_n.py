# SPDX-License-Identifier: Apache-2.0
"""2N: assignment, lock of the active SU, si-swap, SI, SG, shutdown."""
from model import group, sg_dn, si_dn, su_dn, TWON


def run(t):
    t.model(group('TN', TWON, sus=2, sis={'S1': {'I1': {'alpha': ['one']}}}))
    su1, su2, si = su_dn('TN'), su_dn('TN', 'SU2'), si_dn()
    t.do('unlock-in SU1', 'unlock-in', su1, state=False)
    t.do('unlock-in SU2', 'unlock-in', su2)
    t.do('unlock SU1', 'unlock', su1)
    t.adm('swap without standby', 'si-swap', si)
    t.do('unlock SU2', 'unlock', su2)
    t.do('swap', 'si-swap', si, order=True)
    t.do('swap back', 'si-swap', si, order=True)
    t.do('lock the active SU', 'lock', su1, order=True)
    t.do('unlock it: it becomes standby', 'unlock', su1)
    t.do('lock the standby SU', 'lock', su1)
    t.do('unlock the standby SU', 'unlock', su1)
    t.do('shutdown the active SU', 'shutdown', su2, order=True)
    t.do('unlock it', 'unlock', su2)
    t.do('lock the SI', 'lock', si)
    t.adm('swap of the locked SI', 'si-swap', si)
    t.do('unlock the SI', 'unlock', si)
    t.do('shutdown the SI', 'shutdown', si)
    t.do('unlock the SI after shutdown', 'unlock', si)
    t.do('lock the SG', 'lock', sg_dn('TN'))
    t.do('unlock the SG', 'unlock', sg_dn('TN'))
    t.do('restart the active SU', 'restart', su1)
    t.do('restart the standby SU', 'restart', su2)
    t.adm('lock-in of an unlocked SU', 'lock-in', su1)
