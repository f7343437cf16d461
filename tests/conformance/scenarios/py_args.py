# SPDX-License-Identifier: Apache-2.0
"""Argument conventions of the Python layer (what ctypes accepts)."""


def run(t):
    t.quiet('om_init', 'om')
    t.quiet('oi_init', 'oi')
    t.quiet('impl_set', 'oi', 'FactsImmOpenOi')
    t.quiet('acc_init', 'acc', 'om')

    def py(label, expr):
        t(label, 'py', expr)

    py('SaStringT from str', "str(SaStringT('a\\u00e9'))")
    py('SaStringT raw', "SaStringT('a\\u00e9').value.hex()")
    py('SaStringT from bytes', "SaStringT(b'a')")
    py('SaStringT of None', "SaStringT(None).value")
    py('SaStringT default', "SaStringT().value.hex()")
    py('SaNameT from str', "str(SaNameT('a=b'))")
    py('SaNameT length', "str(SaNameT('a=\\u00e9').length)")
    py('SaNameT from bytes', "SaNameT(b'a=b')")
    py('SaNameT of None', "SaNameT(None)")
    py('SaNameT default', "str(SaNameT())")
    py('SaNameT of 256 bytes', "str(SaNameT('x' * 256).length)")
    py('SaNameT of 257 bytes', "SaNameT('x' * 257)")
    py('SaVersionT', "str(saAis.SaVersionT('A', 2, 17).releaseCode)")
    py('enumeration', "str(saAis.eSaAisErrorT.SA_AIS_ERR_EXIST)")
    py('enumeration unknown', "saAis.eSaAisErrorT.NOPE")
    py('whatis', "saAis.eSaAisErrorT.whatis(14)")
    py('whatis unknown', "saAis.eSaAisErrorT.whatis(999)")
    py('constant', "str(saImm.saImm.SA_IMM_ATTR_CACHED)")
    py('constant rebind',
       "setattr(saImm.saImm, 'SA_IMM_ATTR_CACHED', 1)")
    py('implementer name str',
       "saImmOi.saImmOiImplementerSet(h('oi'), 'x')")
    py('implementer name bytes',
       "saImmOi.saImmOiImplementerSet(h('oi'), b'')")
    py('handle as int', "saImmOi.saImmOiImplementerClear(12345)")
    py('handle as str', "saImmOi.saImmOiImplementerClear('x')")
    py('handle None', "saImmOi.saImmOiImplementerClear(None)")
    py('object name str',
       "saImmOi.saImmOiRtObjectDelete(h('oi'), 'a=b')")
    py('object name SaStringT',
       "saImmOi.saImmOiRtObjectDelete(h('oi'), SaStringT('a=b'))")
    py('object name SaNameT',
       "saImmOi.saImmOiRtObjectDelete(h('oi'), SaNameT('a=b'))")
    py('object name None', "saImmOi.saImmOiRtObjectDelete(h('oi'), None)")
    py('attributes None',
       "saImmOi.saImmOiRtObjectCreate_2(h('oi'), SaStringT('X'), None, None)")
    py('attributes empty list',
       "saImmOi.saImmOiRtObjectCreate_2(h('oi'), SaStringT('X'), None, [])")
    py('class name bytes', "saImmOi.saImmOiRtObjectCreate_2(h('oi'), "
       "b'FactsImmNoSuch', None, [saImm.SaImmAttrValuesT_2("
       "SaStringT('a'), 9, 0, None)])")
    py('attribute name bytes in structure',
       "saImm.SaImmAttrValuesT_2(b'a', 9, 0, None).attrName.value.hex()")
    py('attribute name str in structure',
       "saImm.SaImmAttrValuesT_2('a', 9, 0, None)")
    py('negative into unsigned',
       "str(saImm.SaImmValueTypeMap[2](-1).value)")
    py('too big for int32', "str(saImm.SaImmValueTypeMap[1](2**31).value)")
    py('float into int', "saImm.SaImmValueTypeMap[2](1.5)")
    py('scope None', "saImmOm.saImmOmAdminOwnerClear(h('om'), "
       "[SaNameT('a=b')], None)")
    py('dispatch flag by enumeration', "saImmOi.saImmOiDispatch(h('oi'), "
       "saAis.eSaDispatchFlagsT.SA_DISPATCH_ALL)")
    py('accessor names as list of str', "saImmOm.saImmOmAccessorGet_2("
       "h('acc'), SaNameT('safApp=safEvtService'), ['safApp'], "
       "POINTER(POINTER(saImm.SaImmAttrValuesT_2))())")
    py('accessor result None', "saImmOm.saImmOmAccessorGet_2(h('acc'), "
       "SaNameT('safApp=safEvtService'), [SaStringT('safApp')], None)")
    py('marshal null array of None', "saAis.marshalNullArray(None)")
    py('unmarshal empty', "saAis.unmarshalNullArray(None)")
    py('marshal strings', "saAis.unmarshalNullArray("
       "saAis.marshalNullArray([SaStringT('a'), SaStringT('b')]))")
    py('marshal names', "[str(n) for n in saAis.unmarshalNullArray("
       "saAis.marshalNullArray([SaNameT('a=1'), SaNameT('b=2')]))]")
    py('admin params helper', "str(saImm.unmarshalSaImmValue("
       "saImm.SaImmAdminOperationParamsT_2('p', 2, 7).paramBuffer, 2))")
    py('BYREF None', "saAis.BYREF(None)")
    py('search names', "saImmOm.saImmOmSearchFinalize(0)")
    py('class implementer str', "saImmOi.saImmOiClassImplementerSet("
       "h('oi'), 'FactsImmOpenCfg')")
