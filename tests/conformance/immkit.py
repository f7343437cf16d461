# SPDX-License-Identifier: Apache-2.0
"""Toolkit of the IMM conformance runner.

A `Client` wraps the low-level pyosaf calls.  Every method takes plain Python
values (str, int, list), performs exactly one IMM API call (a few composite
helpers are marked so) and returns ``(call, rc, out)`` where `rc` is the
symbolic return code and `out` is JSON-able.  Because arguments and results
are plain values, the same client can live in this process or in a peer
process (`Peer`), which is how the multi-process scenarios work.

Attributes are written ``[name, TYPE, [values...]]`` with TYPE one of the keys
of `TYPES`.  Modifications are ``[OP, name, TYPE, [values...]]`` with OP one of
ADD, DELETE, REPLACE.  ANY values are hex strings.
"""
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from ctypes import POINTER, cast, pointer

from pyosaf import saAis, saImm, saImmOm, saImmOi
from pyosaf.saAis import (SaNameT, SaStringT, SaVersionT, SaAnyT, SaUint64T,
                          SaVoidPtr, eSaAisErrorT, unmarshalNullArray)
from pyosaf.saImm import (SaImmAttrValuesT_2, SaImmAttrModificationT_2,
                          SaImmAttrDefinitionT_2, SaImmValueTypeMap,
                          SaImmAttrValueT, SaImmSearchParametersT_2,
                          SaImmAdminOperationParamsT_2, SaImmClassCategoryT,
                          eSaImmValueTypeT, unmarshalSaImmValue)

TYPES = {'I32': 1, 'U32': 2, 'I64': 3, 'U64': 4, 'TIME': 5, 'NAME': 6,
         'FLT': 7, 'DBL': 8, 'STR': 9, 'ANY': 10}
TYPE_NAMES = {v: k for k, v in TYPES.items()}
MODS = {'ADD': 1, 'DELETE': 2, 'REPLACE': 3}
MOD_NAMES = {v: k for k, v in MODS.items()}
SCOPES = {'ONE': 1, 'SUBLEVEL': 2, 'SUBTREE': 3}
DISPATCH = {'ONE': 1, 'ALL': 2, 'BLOCKING': 3}
CATEGORIES = {'CONFIG': 1, 'RUNTIME': 2}

ATTR_FLAGS = {
    'MULTI': 0x1, 'RDN': 0x2, 'CONFIG': 0x100, 'WRITABLE': 0x200,
    'INITIALIZED': 0x400, 'RUNTIME': 0x10000, 'PERSISTENT': 0x20000,
    'CACHED': 0x40000, 'NO_DUPLICATES': 0x1000000, 'NOTIFY': 0x2000000,
    'NO_DANGLING': 0x4000000, 'DN': 0x8000000, 'DEFAULT_REMOVED': 0x10000000,
    'STRONG_DEFAULT': 0x20000000}
SEARCH_OPTS = {'ONE_ATTR': 0x1, 'GET_ALL': 0x100, 'GET_NO': 0x200,
               'GET_SOME': 0x400, 'GET_CONFIG': 0x10000,
               'NO_DANGLING_DEPS': 0x100000000}
CCB_FLAGS = {'REGISTERED_OI': 0x1, 'ALLOW_NULL_OI': 0x100}
SYSTEM_ATTRS = ('SaImmAttrClassName', 'SaImmAttrImplementerName',
                'SaImmAttrAdminOwnerName')


def sym(rc):
    """Symbolic name of a return code."""
    name = eSaAisErrorT.whatis(rc)
    return name if name != 'UNKNOWN_ENUM' else 'RC_%s' % rc


def bits(spec, table):
    """'A|B' or int -> int."""
    if isinstance(spec, int):
        return spec
    return sum(table[w] for w in spec.split('|') if w)


def unbits(value, table):
    names = [n for n, b in table.items() if value & b]
    rest = value & ~sum(table.values())
    if rest:
        names.append(hex(rest))
    return '|'.join(names)


def version(text):
    rel, major, minor = text.split('.')
    return SaVersionT(rel, int(major), int(minor))


def show_version(ver):
    rel = ver.releaseCode
    if isinstance(rel, bytes):
        rel = rel.decode('latin-1')
    return '%s.%d.%d' % (rel, ver.majorVersion, ver.minorVersion)


class Keep(list):
    """Everything appended here stays alive as long as the list does."""

    def add(self, obj):
        self.append(obj)
        return obj


def c_value(keep, tname, value):
    """One Python value -> void pointer to the C value."""
    if value is None:
        return None
    if tname == 'ANY':
        raw = bytes.fromhex(value)
        buf = keep.add(ctypes.create_string_buffer(raw, len(raw) or 1))
        obj = SaAnyT(len(raw), cast(buf, POINTER(ctypes.c_char)))
    else:
        obj = SaImmValueTypeMap[TYPES[tname]](value)
    keep.add(obj)
    ptr = keep.add(pointer(obj))
    return cast(ptr, SaVoidPtr)


def fill_values(keep, target, name, tname, values):
    target.attrName = keep.add(SaStringT(name))
    target.attrValueType = TYPES[tname] if isinstance(tname, str) else tname
    target.attrValuesNumber = len(values)
    if values:
        arr = keep.add((SaImmAttrValueT * len(values))())
        for i, val in enumerate(values):
            arr[i] = c_value(keep, tname, val)
        target.attrValues = cast(arr, POINTER(SaImmAttrValueT))


def c_attrs(keep, attrs):
    if attrs is None:
        return None
    res = []
    for name, tname, values in attrs:
        item = keep.add(SaImmAttrValuesT_2())
        fill_values(keep, item, name, tname, values)
        res.append(item)
    return res


def c_mods(keep, mods):
    if mods is None:
        return None
    res = []
    for oper, name, tname, values in mods:
        item = keep.add(SaImmAttrModificationT_2())
        item.modType = MODS[oper] if isinstance(oper, str) else oper
        fill_values(keep, item.modAttr, name, tname, values)
        res.append(item)
    return res


def c_names(keep, names):
    if names is None:
        return None
    return [keep.add(SaStringT(n)) for n in names]


def c_params(keep, params):
    if params is None:
        return None
    res = []
    for name, tname, value in params:
        item = SaImmAdminOperationParamsT_2.__new__(
            SaImmAdminOperationParamsT_2)
        item.paramName = keep.add(SaStringT(name))
        item.paramType = TYPES[tname]
        item.paramBuffer = c_value(keep, tname, value)
        res.append(keep.add(item))
    return res


def dn(text):
    return None if text is None else SaNameT(text)


def py_value(ptr, tnum):
    if not ptr:
        return None
    if tnum == TYPES['ANY']:
        anyv = cast(ptr, POINTER(SaAnyT))[0]
        return ctypes.string_at(anyv.bufferAddr, anyv.bufferSize).hex() \
            if anyv.bufferSize else ''
    val = unmarshalSaImmValue(ptr, tnum)
    if isinstance(val, float):
        return float('%.6g' % val)
    return val


def py_attr(item):
    """SaImmAttrValuesT_2 -> (name, [TYPE, [values]])."""
    tname = TYPE_NAMES.get(item.attrValueType, item.attrValueType)
    values = [py_value(item.attrValues[i], item.attrValueType)
              for i in range(item.attrValuesNumber)]
    return str(item.attrName), [tname, values]


def py_attrs(array):
    return dict(py_attr(a) for a in unmarshalNullArray(array))


def py_mods(array):
    res = []
    for item in unmarshalNullArray(array):
        name, (tname, values) = py_attr(item.modAttr)
        res.append([MOD_NAMES.get(item.modType, item.modType),
                    name, tname, values])
    return sorted(res, key=json.dumps)


def py_params(array):
    res = []
    for item in unmarshalNullArray(array):
        res.append([str(item.paramName),
                    TYPE_NAMES.get(item.paramType, item.paramType),
                    py_value(item.paramBuffer, item.paramType)])
    return res


def py_name(ptr):
    return str(ptr[0]) if ptr else None


def py_strings(array):
    res = []
    if not array:
        return res
    i = 0
    while True:
        item = array[i]
        val = item.value if hasattr(item, 'value') else item
        if not val:
            return res
        res.append(val.decode('utf-8') if isinstance(val, bytes) else val)
        i += 1


def fill(attrs, table):
    """`attrs` plus the entries of `table` ({name: [TYPE, values]}) it lacks.

    IMM refuses to create a runtime object unless every cached attribute
    without a default gets a value, so scenarios need full lists."""
    have = {a[0] for a in attrs}
    return list(attrs) + [[n] + list(table[n]) for n in sorted(table)
                          if n not in have]


ALL_CALLBACKS = ('adminop', 'abort', 'apply', 'completed', 'create', 'delete',
                 'modify', 'rtattr')


class Oi:
    """Book-keeping of one OI handle: callbacks, scripted answers, events."""

    def __init__(self, client, name):
        self.client = client
        self.name = name
        self.handle = saImmOi.SaImmOiHandleT()
        self.events = []
        self.cond = threading.Condition()
        self.answers = {}
        self.thread = None
        self.stop = threading.Event()
        self.pending = {}
        self.dispatch_errors = []

    def note(self, event):
        with self.cond:
            self.events.append(event)
            self.cond.notify_all()

    def answer(self, kind, ccb=None):
        """rc to return from callback `kind`; may post an error string."""
        ans = self.answers.get(kind, 'SA_AIS_OK')
        if isinstance(ans, list):
            rc, text = ans
            if text is not None:
                got = saImmOi.saImmOiCcbSetErrorString(
                    self.handle, ccb, SaStringT(text))
                if sym(got) != 'SA_AIS_OK':
                    self.note({'cb': 'set-error-string', 'rc': sym(got)})
            ans = rc
        return eSaAisErrorT.lookup[ans]

    def callbacks(self, which):
        oim = saImmOi

        def guard(func, default):
            def inner(*args):
                try:
                    return func(*args)
                except Exception as exc:  # must not escape into C
                    self.note({'cb': 'EXCEPTION', 'what': repr(exc)})
                    return default
            return inner

        def adminop(_h, invocation, name, operid, params):
            event = {'cb': 'adminop', 'dn': py_name(name), 'op': operid,
                     'params': py_params(params)}
            self.note(event)
            ans = self.answers.get('adminop', 'SA_AIS_OK')
            if ans is None:
                self.pending[len(self.pending)] = invocation
                return
            delay = self.answers.get('adminop-delay', 0)
            if delay:
                time.sleep(delay)
            got = oim.saImmOiAdminOperationResult(
                self.handle, invocation, eSaAisErrorT.lookup[ans])
            if sym(got) != 'SA_AIS_OK':
                self.note({'cb': 'admin-result', 'rc': sym(got)})

        def abort(_h, ccb):
            self.note({'cb': 'abort', 'ccb': '\0ccb:%d' % ccb})

        def apply(_h, ccb):
            self.note({'cb': 'apply', 'ccb': '\0ccb:%d' % ccb})

        def completed(_h, ccb):
            self.note({'cb': 'completed', 'ccb': '\0ccb:%d' % ccb})
            return self.answer('completed', ccb)

        def create(_h, ccb, cname, parent, attrs):
            cname = cname.value if hasattr(cname, 'value') else cname
            if isinstance(cname, bytes):
                cname = cname.decode()
            self.note({'cb': 'create', 'ccb': '\0ccb:%d' % ccb,
                       'class': cname, 'parent': py_name(parent),
                       'attrs': py_attrs(attrs)})
            return self.answer('create', ccb)

        def delete(_h, ccb, name):
            self.note({'cb': 'delete', 'ccb': '\0ccb:%d' % ccb,
                       'dn': py_name(name)})
            return self.answer('delete', ccb)

        def modify(_h, ccb, name, mods):
            self.note({'cb': 'modify', 'ccb': '\0ccb:%d' % ccb,
                       'dn': py_name(name), 'mods': py_mods(mods)})
            return self.answer('modify', ccb)

        def rtattr(_h, name, attr_names):
            names = sorted(py_strings(attr_names))
            obj = py_name(name)
            self.note({'cb': 'rtattr', 'dn': obj, 'names': names})
            values = self.answers.get('rtattr-values', {})
            mods = [['REPLACE', n] + values[n] for n in names if n in values]
            if mods:
                keep = Keep()
                got = oim.saImmOiRtObjectUpdate_2(
                    self.handle, SaNameT(obj), c_mods(keep, mods))
                if sym(got) != 'SA_AIS_OK':
                    self.note({'cb': 'rtattr-update', 'rc': sym(got)})
            return eSaAisErrorT.lookup[self.answers.get('rtattr',
                                                        'SA_AIS_OK')]

        err = eSaAisErrorT.SA_AIS_ERR_FAILED_OPERATION
        table = {
            'adminop': (oim.SaImmOiAdminOperationCallbackT_2, adminop, None,
                        'saImmOiAdminOperationCallback'),
            'abort': (oim.SaImmOiCcbAbortCallbackT, abort, None,
                      'saImmOiCcbAbortCallback'),
            'apply': (oim.SaImmOiCcbApplyCallbackT, apply, None,
                      'saImmOiCcbApplyCallback'),
            'completed': (oim.SaImmOiCcbCompletedCallbackT, completed, err,
                          'saImmOiCcbCompletedCallback'),
            'create': (oim.SaImmOiCcbObjectCreateCallbackT_2, create, err,
                       'saImmOiCcbObjectCreateCallback'),
            'delete': (oim.SaImmOiCcbObjectDeleteCallbackT, delete, err,
                       'saImmOiCcbObjectDeleteCallback'),
            'modify': (oim.SaImmOiCcbObjectModifyCallbackT_2, modify, err,
                       'saImmOiCcbObjectModifyCallback'),
            'rtattr': (oim.SaImmOiRtAttrUpdateCallbackT, rtattr, err,
                       'saImmOiRtAttrUpdateCallback'),
        }
        struct = oim.SaImmOiCallbacksT_2()
        for kind in which:
            ctype, func, default, field = table[kind]
            fptr = ctype(guard(func, default))
            self.client.keep.add(fptr)
            setattr(struct, field, fptr)
        self.client.keep.add(struct)
        return struct

    def serve(self):
        selobj = saAis.SaSelectionObjectT()
        got = saImmOi.saImmOiSelectionObjectGet(self.handle, selobj)
        if sym(got) != 'SA_AIS_OK':
            return sym(got)
        self.stop.clear()

        def loop():
            fd = selobj.value
            while not self.stop.is_set():
                try:
                    ready, _, _ = select.select([fd], [], [], 0.02)
                except (OSError, ValueError):
                    return
                if ready and not self.stop.is_set():
                    got = sym(saImmOi.saImmOiDispatch(self.handle, 2))
                    if got != 'SA_AIS_OK':
                        self.dispatch_errors.append(got)
                        return
        self.thread = threading.Thread(target=loop, daemon=True)
        self.thread.start()
        return 'SA_AIS_OK'

    def unserve(self):
        if self.thread:
            self.stop.set()
            self.thread.join(20)
            self.thread = None


class Client:
    """Plain-value facade of pyosaf's IMM modules; see the module docstring."""

    def __init__(self):
        self.keep = Keep()
        self.handles = {}
        self.ois = {}
        self.om_events = []

    # ---- helpers -------------------------------------------------------
    def _h(self, name):
        if isinstance(name, int):
            return SaUint64T(name)
        if name in self.ois:
            return self.ois[name].handle
        return self.handles[name]

    def _new(self, name):
        handle = self.handles.get(name)
        if handle is None or name is None:
            handle = SaUint64T()
            if name is not None:
                self.handles[name] = handle
        return handle

    # ---- OM ------------------------------------------------------------
    def om_init(self, name, ver='A.2.17', callbacks=False, null=''):
        handle = self.handles[name] = SaUint64T()
        cver = version(ver) if ver else None
        cbs = None
        if callbacks:
            def invoked(invocation, oper_rc, rc):
                self.om_events.append({'cb': 'adminop-result',
                                       'invocation': invocation,
                                       'return': sym(oper_rc) if
                                       sym(rc) == 'SA_AIS_OK' else None,
                                       'error': sym(rc)})
            fptr = self.keep.add(
                saImmOm.SaImmOmAdminOperationInvokeCallbackT(invoked))
            cbs = self.keep.add(saImmOm.SaImmCallbacksT(fptr))
        rc = sym(saImmOm.saImmOmInitialize(
            None if 'handle' in null else handle, cbs, cver))
        return ('saImmOmInitialize(%s, %s)' % (name if 'handle' not in null
                                               else None, ver), rc,
                {'version': show_version(cver) if cver else None})

    def om_finalize(self, name):
        return ('saImmOmFinalize(%s)' % name,
                sym(saImmOm.saImmOmFinalize(self._h(name))), None)

    def om_selobj(self, name):
        obj = saAis.SaSelectionObjectT()
        rc = sym(saImmOm.saImmOmSelectionObjectGet(self._h(name), obj))
        return ('saImmOmSelectionObjectGet(%s)' % name, rc,
                {'fd': 'valid' if rc == 'SA_AIS_OK' and obj.value < 65536
                 and os.fstat(obj.value) else None})

    def om_dispatch(self, name, flag='ALL'):
        rc = sym(saImmOm.saImmOmDispatch(self._h(name),
                                         DISPATCH.get(flag, flag)))
        events, self.om_events = self.om_events, []
        return 'saImmOmDispatch(%s, %s)' % (name, flag), rc, events

    def om_wait_dispatch(self, name, timeout=5):
        """composite: wait for the selection object, then dispatch ALL."""
        obj = saAis.SaSelectionObjectT()
        saImmOm.saImmOmSelectionObjectGet(self._h(name), obj)
        select.select([obj.value], [], [], timeout)
        return self.om_dispatch(name)

    def class_create(self, om, cname, category, attrs):
        """attrs: list of [name, TYPE, 'FLAG|FLAG', default or None]."""
        keep = Keep()
        defs = None
        if attrs is not None:
            defs = []
            for aname, tname, flags, default in attrs:
                item = keep.add(SaImmAttrDefinitionT_2())
                item.attrName = keep.add(SaStringT(aname))
                item.attrValueType = TYPES[tname]
                item.attrFlags = bits(flags, ATTR_FLAGS)
                item.attrDefaultValue = c_value(keep, tname, default)
                defs.append(item)
        rc = sym(saImmOm.saImmOmClassCreate_2(
            self._h(om), SaStringT(cname) if cname is not None else None,
            CATEGORIES.get(category, category), defs))
        return 'saImmOmClassCreate_2(%s, %s)' % (cname, category), rc, None

    def class_desc(self, om, cname):
        category = SaImmClassCategoryT()
        defs = POINTER(POINTER(SaImmAttrDefinitionT_2))()
        rc = sym(saImmOm.saImmOmClassDescriptionGet_2(
            self._h(om), SaStringT(cname), category, defs))
        out = None
        if rc == 'SA_AIS_OK':
            attrs = {}
            for item in unmarshalNullArray(defs):
                attrs[str(item.attrName)] = [
                    TYPE_NAMES[item.attrValueType],
                    unbits(item.attrFlags, ATTR_FLAGS),
                    py_value(item.attrDefaultValue, item.attrValueType)]
            out = {'category': 'CONFIG' if category.value == 1 else 'RUNTIME',
                   'attrs': attrs}
            saImmOm.saImmOmClassDescriptionMemoryFree_2(self._h(om), defs)
        return 'saImmOmClassDescriptionGet_2(%s)' % cname, rc, out

    def class_delete(self, om, cname):
        return ('saImmOmClassDelete(%s)' % cname,
                sym(saImmOm.saImmOmClassDelete(self._h(om),
                                               SaStringT(cname))), None)

    def acc_init(self, name, om):
        handle = self.handles[name] = SaUint64T()
        return ('saImmOmAccessorInitialize(%s)' % om,
                sym(saImmOm.saImmOmAccessorInitialize(self._h(om), handle)),
                None)

    def acc_get(self, acc, obj, names=None, order=False):
        keep = Keep()
        attrs = POINTER(POINTER(SaImmAttrValuesT_2))()
        rc = sym(saImmOm.saImmOmAccessorGet_2(
            self._h(acc), dn(obj), c_names(keep, names), attrs))
        out = None
        if rc == 'SA_AIS_OK':
            if order:
                out = [py_attr(a)[0] for a in unmarshalNullArray(attrs)]
            else:
                out = py_attrs(attrs)
        return 'saImmOmAccessorGet_2(%s, %s)' % (obj, names), rc, out

    def acc_finalize(self, acc):
        return ('saImmOmAccessorFinalize(%s)' % acc,
                sym(saImmOm.saImmOmAccessorFinalize(self._h(acc))), None)

    def search_init(self, name, om, root, scope, opts, one=None, names=None):
        """one: [attrName, TYPE, value] (value None: any value)."""
        keep = self.keep
        handle = self.handles[name] = SaUint64T()
        param = None
        if one is not None:
            param = keep.add(SaImmSearchParametersT_2())
            param.searchOneAttr.attrName = keep.add(SaStringT(one[0])) \
                if one[0] is not None else SaStringT(None)
            param.searchOneAttr.attrValueType = TYPES[one[1]]
            param.searchOneAttr.attrValue = c_value(keep, one[1], one[2])
        rc = sym(saImmOm.saImmOmSearchInitialize_2(
            self._h(om), dn(root), SCOPES.get(scope, scope),
            bits(opts, SEARCH_OPTS), param, c_names(keep, names), handle))
        return ('saImmOmSearchInitialize_2(%s, %s, %s, %s, %s)'
                % (root, scope, opts, one, names), rc, None)

    def search_next(self, name, values=True):
        obj = SaNameT()
        attrs = POINTER(POINTER(SaImmAttrValuesT_2))()
        rc = sym(saImmOm.saImmOmSearchNext_2(self._h(name), obj, attrs))
        out = None
        if rc == 'SA_AIS_OK':
            out = {'dn': str(obj)}
            if values:
                out['attrs'] = py_attrs(attrs)
        return 'saImmOmSearchNext_2(%s)' % name, rc, out

    def search_all(self, name, values=False, ordered=False):
        """composite: next until it fails; DNs sorted unless `ordered`."""
        found = []
        while True:
            call, rc, out = self.search_next(name, values)
            if rc != 'SA_AIS_OK':
                break
            found.append(out if values else out['dn'])
        if not ordered:
            found.sort(key=lambda o: o['dn'] if values else o)
        return call + '*', rc, found

    def search_finalize(self, name):
        return ('saImmOmSearchFinalize(%s)' % name,
                sym(saImmOm.saImmOmSearchFinalize(self._h(name))), None)

    def ao_init(self, name, om, owner, release=True):
        handle = self.handles[name] = SaUint64T()
        rc = sym(saImmOm.saImmOmAdminOwnerInitialize(
            self._h(om), SaStringT(owner) if owner is not None else None,
            1 if release else 0, handle))
        return ('saImmOmAdminOwnerInitialize(%s, release=%s)'
                % (owner, release), rc, None)

    def _objs(self, objs):
        return None if objs is None else [self.keep.add(SaNameT(o))
                                          for o in objs]

    def ao_set(self, name, objs, scope='ONE'):
        rc = sym(saImmOm.saImmOmAdminOwnerSet(
            self._h(name), self._objs(objs), SCOPES.get(scope, scope)))
        return 'saImmOmAdminOwnerSet(%s, %s)' % (objs, scope), rc, None

    def ao_release(self, name, objs, scope='ONE'):
        rc = sym(saImmOm.saImmOmAdminOwnerRelease(
            self._h(name), self._objs(objs), SCOPES.get(scope, scope)))
        return 'saImmOmAdminOwnerRelease(%s, %s)' % (objs, scope), rc, None

    def ao_clear(self, om, objs, scope='ONE'):
        rc = sym(saImmOm.saImmOmAdminOwnerClear(
            self._h(om), self._objs(objs), SCOPES.get(scope, scope)))
        return 'saImmOmAdminOwnerClear(%s, %s)' % (objs, scope), rc, None

    def ao_finalize(self, name):
        return ('saImmOmAdminOwnerFinalize(%s)' % name,
                sym(saImmOm.saImmOmAdminOwnerFinalize(self._h(name))), None)

    def ccb_init(self, name, owner, flags=0):
        handle = self.handles[name] = SaUint64T()
        rc = sym(saImmOm.saImmOmCcbInitialize(
            self._h(owner), bits(flags, CCB_FLAGS), handle))
        return 'saImmOmCcbInitialize(%s, %s)' % (owner, flags), rc, None

    def ccb_create(self, name, cname, parent, attrs):
        keep = Keep()
        rc = sym(saImmOm.saImmOmCcbObjectCreate_2(
            self._h(name), SaStringT(cname) if cname is not None else None,
            dn(parent), c_attrs(keep, attrs)))
        return 'saImmOmCcbObjectCreate_2(%s, %s)' % (cname, parent), rc, None

    def ccb_modify(self, name, obj, mods):
        keep = Keep()
        rc = sym(saImmOm.saImmOmCcbObjectModify_2(
            self._h(name), dn(obj), c_mods(keep, mods)))
        return 'saImmOmCcbObjectModify_2(%s)' % obj, rc, None

    def ccb_delete(self, name, obj):
        rc = sym(saImmOm.saImmOmCcbObjectDelete(self._h(name), dn(obj)))
        return 'saImmOmCcbObjectDelete(%s)' % obj, rc, None

    def ccb_apply(self, name):
        return ('saImmOmCcbApply(%s)' % name,
                sym(saImmOm.saImmOmCcbApply(self._h(name))), None)

    def ccb_finalize(self, name):
        return ('saImmOmCcbFinalize(%s)' % name,
                sym(saImmOm.saImmOmCcbFinalize(self._h(name))), None)

    def ccb_errors(self, name):
        array = POINTER(SaStringT)()
        rc = sym(saImmOm.saImmOmCcbGetErrorStrings(self._h(name), array))
        out = py_strings(array) if rc == 'SA_AIS_OK' else None
        return 'saImmOmCcbGetErrorStrings(%s)' % name, rc, out

    def adm_invoke(self, owner, obj, operid, params=(), timeout=3.0,
                   continuation=0):
        keep = Keep()
        result = saAis.SaAisErrorT()
        rc = sym(saImmOm.saImmOmAdminOperationInvoke_2(
            self._h(owner), dn(obj), continuation, operid,
            c_params(keep, params), result, int(timeout * 1e9)))
        out = {'result': sym(result.value)} if rc == 'SA_AIS_OK' else None
        return 'saImmOmAdminOperationInvoke_2(%s, %s)' % (obj, operid), rc, out

    def adm_async(self, owner, invocation, obj, operid,
                  params=(('x', 'U32', 1),), continuation=0):
        keep = Keep()
        rc = sym(saImmOm.saImmOmAdminOperationInvokeAsync_2(
            self._h(owner), invocation, dn(obj), continuation, operid,
            c_params(keep, params)))
        return ('saImmOmAdminOperationInvokeAsync_2(%s, %s)' % (obj, operid),
                rc, None)

    # ---- OI ------------------------------------------------------------
    def oi_init(self, name, ver='A.2.17', which='all', null=''):
        oi = self.ois[name] = Oi(self, name)
        cver = version(ver) if ver else None
        cbs = None
        if which == 'all':
            which = ALL_CALLBACKS
        elif which:
            which = which.split('|')
        if which:
            cbs = oi.callbacks(which)
        rc = sym(saImmOi.saImmOiInitialize_2(
            None if 'handle' in null else oi.handle, cbs, cver))
        return ('saImmOiInitialize_2(%s, %s)' % (name if 'handle' not in null
                                                 else None, ver), rc,
                {'version': show_version(cver) if cver else None})

    def oi_finalize(self, name):
        if name in self.ois:
            self.ois[name].unserve()
        return ('saImmOiFinalize(%s)' % name,
                sym(saImmOi.saImmOiFinalize(self._h(name))), None)

    def oi_selobj(self, name):
        obj = saAis.SaSelectionObjectT()
        rc = sym(saImmOi.saImmOiSelectionObjectGet(self._h(name), obj))
        return ('saImmOiSelectionObjectGet(%s)' % name, rc,
                {'fd': 'valid' if rc == 'SA_AIS_OK' and obj.value < 65536
                 and os.fstat(obj.value) else None})

    def oi_readable(self, name, timeout=0.5):
        """composite: does poll() report the selection object readable?"""
        obj = saAis.SaSelectionObjectT()
        rc = sym(saImmOi.saImmOiSelectionObjectGet(self._h(name), obj))
        if rc != 'SA_AIS_OK':
            return 'poll(%s)' % name, rc, None
        ready = select.select([obj.value], [], [], timeout)[0]
        return 'poll(%s)' % name, rc, {'readable': bool(ready)}

    def oi_dispatch(self, name, flag='ALL'):
        rc = sym(saImmOi.saImmOiDispatch(self._h(name),
                                         DISPATCH.get(flag, flag)))
        return 'saImmOiDispatch(%s, %s)' % (name, flag), rc, None

    def impl_set(self, name, impl):
        rc = sym(saImmOi.saImmOiImplementerSet(
            self._h(name), SaStringT(impl) if impl is not None else None))
        return 'saImmOiImplementerSet(%s, %s)' % (name, impl), rc, None

    def impl_clear(self, name):
        return ('saImmOiImplementerClear(%s)' % name,
                sym(saImmOi.saImmOiImplementerClear(self._h(name))), None)

    def cimpl_set(self, name, cname):
        rc = sym(saImmOi.saImmOiClassImplementerSet(
            self._h(name), SaStringT(cname) if cname is not None else None))
        return 'saImmOiClassImplementerSet(%s, %s)' % (name, cname), rc, None

    def cimpl_rel(self, name, cname):
        rc = sym(saImmOi.saImmOiClassImplementerRelease(
            self._h(name), SaStringT(cname) if cname is not None else None))
        return ('saImmOiClassImplementerRelease(%s, %s)' % (name, cname), rc,
                None)

    def oimpl_set(self, name, obj, scope='ONE'):
        rc = sym(saImmOi.saImmOiObjectImplementerSet(
            self._h(name), dn(obj), SCOPES.get(scope, scope)))
        return ('saImmOiObjectImplementerSet(%s, %s, %s)'
                % (name, obj, scope), rc, None)

    def oimpl_rel(self, name, obj, scope='ONE'):
        rc = sym(saImmOi.saImmOiObjectImplementerRelease(
            self._h(name), dn(obj), SCOPES.get(scope, scope)))
        return ('saImmOiObjectImplementerRelease(%s, %s, %s)'
                % (name, obj, scope), rc, None)

    def rt_create(self, name, cname, parent, attrs):
        keep = Keep()
        rc = sym(saImmOi.saImmOiRtObjectCreate_2(
            self._h(name), SaStringT(cname) if cname is not None else None,
            dn(parent), c_attrs(keep, attrs)))
        return ('saImmOiRtObjectCreate_2(%s, %s, %s)'
                % (name, cname, short(parent)), rc, None)

    def rt_update(self, name, obj, mods):
        keep = Keep()
        rc = sym(saImmOi.saImmOiRtObjectUpdate_2(
            self._h(name), dn(obj), c_mods(keep, mods)))
        return 'saImmOiRtObjectUpdate_2(%s, %s)' % (name, short(obj)), rc, None

    def rt_delete(self, name, obj):
        rc = sym(saImmOi.saImmOiRtObjectDelete(self._h(name), dn(obj)))
        return 'saImmOiRtObjectDelete(%s, %s)' % (name, short(obj)), rc, None

    def adm_result(self, name, invocation, rc='SA_AIS_OK'):
        """invocation: an int, or 'pending' for the oldest unanswered one."""
        oi = self.ois[name]
        shown = invocation
        if invocation == 'pending':
            invocation = oi.pending.pop(min(oi.pending))
        got = sym(saImmOi.saImmOiAdminOperationResult(
            self._h(name), invocation, eSaAisErrorT.lookup[rc]))
        return ('saImmOiAdminOperationResult(%s, %s, %s)' % (name, shown, rc),
                got, None)

    # ---- scripted OI ----------------------------------------------------
    def oi_script(self, name, **answers):
        self.ois[name].answers = {k.replace('_', '-'): v
                                  for k, v in answers.items()}
        return 'script(%s)' % name, 'SA_AIS_OK', None

    def oi_serve(self, name):
        return 'serve(%s)' % name, self.ois[name].serve(), None

    def oi_stop(self, name):
        self.ois[name].unserve()
        return 'stop(%s)' % name, 'SA_AIS_OK', None

    def oi_events(self, name, count=0, timeout=3.0):
        """Events so far; waits until at least `count` have arrived."""
        oi = self.ois[name]
        with oi.cond:
            oi.cond.wait_for(lambda: len(oi.events) >= count, timeout)
            if not count:
                oi.cond.wait(0.1)
            events, oi.events = oi.events, []
        return 'events(%s)' % name, 'SA_AIS_OK', events

    # ---- misc -----------------------------------------------------------
    def in_thread(self, method, *args, **kwargs):
        """Run one client call on another thread."""
        box = []
        worker = threading.Thread(
            target=lambda: box.append(call(self, method, args, kwargs)))
        worker.start()
        worker.join(60)
        return tuple(box[0])

    def py(self, expr):
        """Evaluate an expression over the pyosaf modules (argument probes)."""
        scope = {'saAis': saAis, 'saImm': saImm, 'saImmOm': saImmOm,
                 'saImmOi': saImmOi, 'SaNameT': SaNameT,
                 'SaStringT': SaStringT, 'ctypes': ctypes, 'h': self._h,
                 'POINTER': POINTER, 'dn': dn, 'SaUint64T': SaUint64T}
        val = eval(expr, scope)
        if isinstance(val, int) and not isinstance(val, bool):
            return expr, sym(val), None
        return expr, 'VALUE', val

    def background(self, tag, method, *args, **kwargs):
        """Start a client call on a thread; `join(tag)` returns its result."""
        box = []
        worker = threading.Thread(
            target=lambda: box.append(call(self, method, args, kwargs)),
            daemon=True)
        worker.start()
        self.handles['\0' + tag] = (worker, box)
        return 'background(%s)' % method, 'SA_AIS_OK', None

    def join(self, tag, timeout=60):
        worker, box = self.handles.pop('\0' + tag)
        worker.join(timeout)
        if not box:
            return 'join(%s)' % tag, 'NEVER_RETURNED', None
        return tuple(box[0])


def short(text):
    if text is not None and len(text) > 80:
        return '%s...(%d)' % (text[:40], len(text.encode('utf-8')))
    return text


def call(client, method, args, kwargs):
    """Perform one call; TRY_AGAIN is retried, Python errors become rc PY:x."""
    patience = time.monotonic() + 20
    while True:
        try:
            res = getattr(client, method)(*args, **kwargs)
        except Exception as exc:
            return [method, 'PY:%s' % type(exc).__name__, None]
        if res[1] != 'SA_AIS_ERR_TRY_AGAIN' or time.monotonic() > patience:
            return list(res)
        time.sleep(0.1)


class Peer:
    """A client in another process, driven over a pipe."""

    def __init__(self, env=None):
        full = dict(os.environ)
        full.update(env or {})
        self.proc = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), '--peer'], env=full,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def request(self, method, args, kwargs):
        try:
            self.proc.stdin.write(json.dumps([method, args, kwargs]) + '\n')
            self.proc.stdin.flush()
            line = self.proc.stdout.readline()
        except BrokenPipeError:
            line = ''
        if not line:
            code = self.proc.wait(10)
            what = signal.Signals(-code).name if code < 0 else str(code)
            return [method, 'PEER_DIED:%s' % what, None]
        return json.loads(line)

    def kill(self):
        self.proc.kill()
        self.proc.wait()

    def leave(self):
        """End the process without finalizing any handle."""
        try:
            self.proc.stdin.close()
        except BrokenPipeError:
            pass
        self.proc.wait(20)


def peer_main():
    out = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    client = Client()
    for line in sys.stdin:
        method, args, kwargs = json.loads(line)
        out.write(json.dumps(call(client, method, args, kwargs)) + '\n')
        out.flush()
    out.flush()
    os._exit(0)


if __name__ == '__main__' and sys.argv[1:] == ['--peer']:
    peer_main()
