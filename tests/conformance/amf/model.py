# SPDX-License-Identifier: Apache-2.0
"""The AMF model of a scenario: one application, types and all, as text."""
from xml.sax.saxutils import escape

NODE = 'safAmfNode=SC-1,safAmfCluster=myAmfCluster'
NAME = 'ConfAmf'      # of the current scenario's application, types, bundle
APP = 'safApp=' + NAME
NORED, TWON = 5, 1
SEC = 1000000000
HEAD = '''<?xml version="1.0" encoding="UTF-8"?>
<imm:IMM-contents xmlns:imm="http://www.saforum.org/IMMSchema"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="SAI-AIS-IMM-XSD-A.01.01.xsd">
'''


def group(name, redundancy=NORED, sus=1, comps=('C1',), sis=None,
          capability=None, max_active=1, max_standby=1, keys=None, sg=None,
          sg_type=None, su=None, su_type=None, comp=None, comp_type=None,
          cs_attrs=('alpha', 'beta'), su_each=None, comp_each=None):
    """A service group.

    sis: {si: {csi: {attribute: [values]}}}; keys: {key: (period, duration)}
    in seconds; sg, su, comp...: extra or changed attributes; su_each and
    comp_each: the same for one SU ('SU1') or component ('C1')."""
    if sis is None:
        sis = {'S1': {'I1': {}}}
    if capability is None:
        capability = 6 if redundancy == NORED else 1
    return dict(name=name, redundancy=redundancy, sus=sus, comps=comps,
                sis=sis, capability=capability, max_active=max_active,
                max_standby=max_standby,
                keys={'Key': (1, 1)} if keys is None else keys,
                sg=sg or {}, sg_type=sg_type or {}, su=su or {},
                su_type=su_type or {}, comp=comp or {},
                comp_type=comp_type or {}, cs_attrs=cs_attrs,
                su_each=su_each or {}, comp_each=comp_each or {})


def set_name(name):
    """Choose the application; to be called before a scenario is imported."""
    global NAME, APP
    NAME = name
    APP = 'safApp=' + name


def bundle():
    return 'safInstalledSwBundle=safSmfBundle=%s,%s' % (NAME, NODE)


def rest():
    """What has to be removed after the application, in this order."""
    return [rdn + '=' + NAME for rdn in (
        'safAppType', 'safSgType', 'safSuType', 'safCompType', 'safSvcType',
        'safCSType')] + [bundle(), 'safSmfBundle=' + NAME]


def comp_type_dn(sg):
    return 'safVersion=%s,safCompType=%s' % (sg, NAME)


def sg_dn(sg):
    return 'safSg=%s,%s' % (sg, APP)


def su_dn(sg, su='SU1'):
    return 'safSu=%s,%s' % (su, sg_dn(sg))


def comp_dn(sg, su='SU1', comp='C1'):
    return 'safComp=%s,%s' % (comp, su_dn(sg, su))


def si_dn(si='S1'):
    return 'safSi=%s,%s' % (si, APP)


def csi_dn(si='S1', csi='I1'):
    return 'safCsi=%s,%s' % (csi, si_dn(si))


def obj(cls, dn, attrs=None):
    res = ['<object class="%s">\n  <dn>%s</dn>' % (cls, escape(dn))]
    for name, values in (attrs or {}).items():
        if values is None:
            continue
        if not isinstance(values, (list, tuple)):
            values = [values]
        res.append('  <attr><name>%s</name>%s</attr>' % (name, ''.join(
            '<value>%s</value>' % escape(str(v)) for v in values)))
    return '\n'.join(res) + '\n</object>\n'


def esc(dn):
    return dn.replace(',', '\\,')


def document(groups, prefix):
    out = [HEAD]
    for cls, rdn in (('SaAmfAppBaseType', 'safAppType'),
                     ('SaAmfSGBaseType', 'safSgType'),
                     ('SaAmfSUBaseType', 'safSuType'),
                     ('SaAmfCompBaseType', 'safCompType'),
                     ('SaAmfSvcBaseType', 'safSvcType'),
                     ('SaAmfCSBaseType', 'safCSType')):
        out.append(obj(cls, rdn + '=' + NAME))
    out.append(obj('SaSmfSwBundle', 'safSmfBundle=' + NAME))
    out.append(obj('SaAmfNodeSwBundle', bundle(),
                   {'saAmfNodeSwBundlePathPrefix': prefix}))
    out.append(obj('SaAmfAppType', 'safVersion=1,safAppType=' + NAME, {
        'saAmfApptSGTypes': ['safVersion=%s,safSgType=%s' % (g['name'], NAME)
                             for g in groups]}))
    for g in groups:
        out.append(_types(g))
    out.append(obj('SaAmfApplication', APP, {
        'saAmfAppType': 'safVersion=1,safAppType=' + NAME}))
    for g in groups:
        out.append(_instances(g))
    out.append('</imm:IMM-contents>\n')
    return ''.join(out)


def _types(g):
    ver = 'safVersion=%s,' % g['name']
    sgt, sut = ver + 'safSgType=' + NAME, ver + 'safSuType=' + NAME
    cmt, svt = ver + 'safCompType=' + NAME, ver + 'safSvcType=' + NAME
    cst = ver + 'safCSType=' + NAME
    sg_attrs = {'saAmfSgtRedundancyModel': g['redundancy'],
                'saAmfSgtValidSuTypes': sut,
                'saAmfSgtDefAutoAdjustProb': 10 * SEC,
                'saAmfSgtDefCompRestartProb': 30 * SEC,
                'saAmfSgtDefCompRestartMax': 10,
                'saAmfSgtDefSuRestartProb': 30 * SEC,
                'saAmfSgtDefSuRestartMax': 10}
    sg_attrs.update(g['sg_type'])
    su_attrs = {'saAmfSutIsExternal': 0, 'saAmfSutDefSUFailover': 1,
                'saAmfSutProvidesSvcTypes': svt}
    su_attrs.update(g['su_type'])
    comp_attrs = {'saAmfCtCompCategory': 1,
                  'saAmfCtSwBundle': 'safSmfBundle=' + NAME,
                  'saAmfCtDefClcCliTimeout': 2 * SEC,
                  'saAmfCtDefCallbackTimeout': 1 * SEC,
                  'saAmfCtRelPathInstantiateCmd': 'clc.sh',
                  'saAmfCtDefInstantiateCmdArgv': 'instantiate',
                  'saAmfCtRelPathCleanupCmd': 'clc.sh',
                  'saAmfCtDefCleanupCmdArgv': 'cleanup',
                  'saAmfCtDefQuiescingCompleteTimeout': 1 * SEC,
                  'saAmfCtDefRecoveryOnError': 2,
                  'saAmfCtDefDisableRestart': 0}
    comp_attrs.update(g['comp_type'])
    standby = g['max_standby'] if g['redundancy'] == TWON else None
    out = [obj('SaAmfSGType', sgt, sg_attrs),
           obj('SaAmfSUType', sut, su_attrs),
           obj('SaAmfCompType', cmt, comp_attrs),
           obj('SaAmfSvcType', svt),
           obj('SaAmfCSType', cst, {'saAmfCSAttrName': list(g['cs_attrs'])}),
           obj('SaAmfSutCompType', 'safMemberCompType=%s,%s' % (esc(cmt), sut)),
           obj('SaAmfSvcTypeCSTypes',
               'safMemberCSType=%s,%s' % (esc(cst), svt)),
           obj('SaAmfCtCsType', 'safSupportedCsType=%s,%s' % (esc(cst), cmt),
               {'saAmfCtCompCapability': g['capability'],
                'saAmfCtDefNumMaxActiveCSIs': g['max_active'],
                'saAmfCtDefNumMaxStandbyCSIs': standby})]
    for key, (period, duration) in g['keys'].items():
        out.append(obj('SaAmfHealthcheckType',
                       'safHealthcheckKey=%s,%s' % (key, cmt),
                       {'saAmfHctDefPeriod': int(period * SEC),
                        'saAmfHctDefMaxDuration': int(duration * SEC)}))
    return ''.join(out)


def _instances(g):
    ver = 'safVersion=%s,' % g['name']
    cst = ver + 'safCSType=' + NAME
    sg_attrs = {'saAmfSGType': ver + 'safSgType=' + NAME,
                'saAmfSGSuHostNodeGroup':
                    'safAmfNodeGroup=SCs,safAmfCluster=myAmfCluster',
                'saAmfSGAutoRepair': 0}
    sg_attrs.update(g['sg'])
    out = [obj('SaAmfSG', sg_dn(g['name']), sg_attrs)]
    for rank, (si, csis) in enumerate(g['sis'].items(), 1):
        out.append(obj('SaAmfSI', si_dn(si), {
            'saAmfSvcType': ver + 'safSvcType=' + NAME,
            'saAmfSIProtectedbySG': sg_dn(g['name']), 'saAmfSIRank': rank}))
        for csi, attrs in csis.items():
            out.append(obj('SaAmfCSI', csi_dn(si, csi), {'saAmfCSType': cst}))
            for name, values in attrs.items():
                out.append(obj('SaAmfCSIAttribute', 'safCsiAttr=%s,%s'
                               % (name, csi_dn(si, csi)),
                               {'saAmfCSIAttriValue': values or None}))
    for n in range(1, g['sus'] + 1):
        su = 'SU%d' % n
        attrs = {'saAmfSUType': ver + 'safSuType=' + NAME, 'saAmfSURank': n,
                 'saAmfSUHostNodeOrNodeGroup': NODE, 'saAmfSUAdminState': 3}
        attrs.update(g['su'])
        attrs.update(g['su_each'].get(su, {}))
        out.append(obj('SaAmfSU', su_dn(g['name'], su), attrs))
        for comp in g['comps']:
            attrs = {'saAmfCompType': ver + 'safCompType=' + NAME}
            attrs.update(g['comp'])
            attrs.update(g['comp_each'].get(comp, {}))
            dn = comp_dn(g['name'], su, comp)
            out.append(obj('SaAmfComp', dn, attrs))
            out.append(obj('SaAmfCompCsType', 'safSupportedCsType=%s,%s'
                           % (esc(cst), dn)))
    return ''.join(out)
