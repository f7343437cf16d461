#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Object implementer for the tool scenarios, driven by run.py.

  oi.py NAME                      attach as implementer NAME; JSON lists on stdin,
                                  one answer ("OK" or a text) per line on stdout
  oi.py --sweep PREFIX CLASS...   remove all objects of classes PREFIX*, then the
                                  CLASSes, whoever owns them

Requests (README.md has the words as a scenario writes them):
  ["start", KEY=VALUE...]  ["set", KEY=VALUE...]  ["create", CLASS, PARENT, ATTR...]
  ["update", DN, ATTR...]  ["delete", DN]  ["stop"]
What IMM asks of it is appended to the file NAME.log in the working directory.
"""

import ctypes
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import immkit  # noqa: E402
from pyosaf import saImmOi  # noqa: E402
from pyosaf.saAis import SaStringT, eSaAisErrorT, marshalNullArray  # noqa: E402

OK = "SA_AIS_OK"
OPERATION_NAME = "SaImmAdminOperationName"


def code(text):
    """'OK', 'BAD_OPERATION' or 'ERR_BAD_OPERATION' -> number."""
    for prefix in ("SA_AIS_", "SA_AIS_ERR_"):
        if prefix + text in eSaAisErrorT.lookup:
            return eSaAisErrorT.lookup[prefix + text]
    raise ValueError("unknown code " + text)


def typed(text):
    """'name:TYPE=value' -> (name, TYPE, Python value or None)."""
    head, equal, value = text.partition("=")
    name, tname = head.split(":")
    if not equal:
        return name, tname, None
    if tname in ("I32", "U32", "I64", "U64", "TIME"):
        value = int(value, 0)
    elif tname in ("FLT", "DBL"):
        value = float(value)
    return name, tname, value


def attributes(words):
    """Words 'name:TYPE=value' -> [[name, TYPE, values]]; equal names join."""
    res = {}
    for word in words:
        name, tname, value = typed(word)
        item = res.setdefault(name, [name, tname, []])
        if value is not None:
            item[2].append(value)
    return list(res.values())


def show_value(value):
    return "-" if value is None else str(value) or '""'


class Answers:
    """How the implementer behaves."""

    def __init__(self):
        self.ccb = {}  # callback -> (code, [texts])
        self.pure = {}  # attribute -> [TYPE, values]
        self.pure_code = None  # code of the pure attribute callback
        self.result = {}  # operation -> code or None (never answer)
        self.out = {}  # operation -> [(name, TYPE, value)]

    def set(self, key, value):
        if key in ("create", "modify", "delete", "completed"):
            rc, _, texts = value.partition(":")
            self.ccb[key] = (code(rc), texts.split("|") if texts else [])
        elif key == "pure":
            name, tname, val = typed(value)
            vals = self.pure.setdefault(name, [tname, []])[1]
            if val is not None:
                vals.append(val)
        elif key == "pure-code":
            self.pure_code = code(value)
        elif key == "op":
            oper, _, rc = value.partition(":")
            self.result[oper] = None if rc == "SILENT" else code(rc)
        elif key == "out":
            oper, _, rest = value.partition(":")
            self.out.setdefault(oper, []).append(typed(rest))
        else:
            raise ValueError("unknown key " + key)


class ToolOi(immkit.Oi):
    """immkit's implementer plus several error strings and result parameters."""

    answers_ = Answers()
    log_path = None

    def note(self, event):
        kind = event["cb"]
        if kind in ("apply", "abort"):  # not in step with the OM call
            return
        words = [kind]
        words += [show_value(event[k]) for k in ("class", "parent", "dn") if k in event]
        if "attrs" in event:
            words += [
                "{}={}".format(name, ",".join(show_value(v) for v in vals))
                for name, (_, vals) in sorted(event["attrs"].items())
                if vals
            ]
        if "mods" in event:
            words += [
                "{}:{}:{}={}".format(how, name, tname, ",".join(map(show_value, vals)))
                for how, name, tname, vals in event["mods"]
            ]
        if "op" in event:
            words.append("op={}".format(event["op"]))
        if "params" in event:
            words += [f"{n}:{t}={show_value(v)}" for n, t, v in event["params"]]
        words += event.get("names", [])
        if "rc" in event:
            words.append(event["rc"])
        if "what" in event:
            words.append(event["what"])
        with open(self.log_path, "a", encoding="utf-8") as handle:
            handle.write(" ".join(words) + "\n")

    def answer(self, kind, ccb=None):
        rc, texts = self.answers_.ccb.get(kind, (code("OK"), []))
        for text in texts:
            saImmOi.saImmOiCcbSetErrorString(self.handle, ccb, SaStringT(text))
        return rc

    def callbacks(self, which):
        struct = super().callbacks(which)

        def adminop(_h, invocation, name, operid, params):
            try:
                self.admin(invocation, name, operid, params)
            except Exception as exc:  # must not escape into C
                self.note({"cb": "EXCEPTION", "what": repr(exc)})

        fptr = saImmOi.SaImmOiAdminOperationCallbackT_2(adminop)
        self.client.keep.add(fptr)
        struct.saImmOiAdminOperationCallback = fptr
        return struct

    def admin(self, invocation, name, operid, params):
        given = immkit.py_params(params)
        if operid >= 1 << 63:
            operid -= 1 << 64
        self.note({"cb": "adminop", "dn": immkit.py_name(name), "op": operid, "params": given})
        oper = str(operid)
        for pname, _, value in given:
            if pname == OPERATION_NAME:
                oper = value
        rc = self.answers_.result.get(oper, code("OK"))
        out = self.answers_.out.get(oper)
        if rc is None:
            return
        if out:
            keep = immkit.Keep()
            # pyosaf passes its last argument by reference as it is: a Python
            # list is refused there, so give it the first pointer of the array.
            array = keep.add(marshalNullArray(immkit.c_params(keep, out)))
            first = ctypes.POINTER(saImmOi.SaImmAdminOperationParamsT_2).from_buffer(array)
            got = saImmOi.saImmOiAdminOperationResult_o2(self.handle, invocation, rc, first)
        else:
            got = saImmOi.saImmOiAdminOperationResult(self.handle, invocation, rc)
        if immkit.sym(got) != OK:
            self.note({"cb": "admin-result", "rc": immkit.sym(got)})


def must(result):
    if result[1] != OK:
        raise RuntimeError(f"{result[0]}: {result[1]}")


class Program:
    """The requests of run.py."""

    def __init__(self, name):
        self.name = name
        self.client = immkit.Client()
        immkit.Oi = ToolOi
        ToolOi.log_path = os.path.abspath(name + ".log")

    def do(self, method, *args):
        must(immkit.call(self.client, method, args, {}))

    def configure(self, words):
        oi = self.client.ois["oi"]
        for word in words:
            key, _, value = word.partition("=")
            if key == "class":
                for cname in value.split(","):
                    self.do("cimpl_set", "oi", cname)
            elif key == "object":
                self.do("oimpl_set", "oi", value)
            else:
                oi.answers_.set(key, value)
        oi.answers = {"rtattr-values": oi.answers_.pure}
        if oi.answers_.pure_code is not None:
            oi.answers["rtattr"] = immkit.sym(oi.answers_.pure_code)

    def start(self, *words):
        words = list(words)
        which = "all"
        if "callbacks=none" in words:
            words.remove("callbacks=none")
            which = ""
        silent = "silent" in words
        if silent:
            words.remove("silent")
        self.do("oi_init", "oi", "A.2.17", which)
        for _ in range(100):
            got = immkit.call(self.client, "impl_set", ("oi", self.name), {})
            if got[1] != "SA_AIS_ERR_EXIST":
                break
            time.sleep(0.05)
        must(got)
        self.configure(words)
        if not silent:
            self.do("oi_serve", "oi")

    def set(self, *words):
        self.configure(words)

    def create(self, cname, parent, *words):
        self.do("rt_create", "oi", cname, None if parent == "-" else parent, attributes(words))

    def update(self, obj, *words):
        self.do("rt_update", "oi", obj, [["REPLACE", *a] for a in attributes(words)])

    def delete(self, obj):
        self.do("rt_delete", "oi", obj)

    def stop(self):
        self.client.ois["oi"].unserve()
        self.do("oi_finalize", "oi")

    def serve(self):
        for line in sys.stdin:
            verb, *words = json.loads(line)
            try:
                getattr(self, verb)(*words)
                answer = "OK"
            except Exception as exc:
                answer = f"{type(exc).__name__}: {exc}"
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
            if verb == "stop":
                break


def find(client, prefix):
    """[(DN, class, implementer name)] of objects of classes `prefix`*."""

    def do(method, *args, **kwargs):
        return immkit.call(client, method, args, kwargs)

    if (
        do(
            "search_init",
            "s",
            "om",
            None,
            "SUBTREE",
            "GET_SOME",
            names=["SaImmAttrImplementerName", "SaImmAttrClassName"],
        )[1]
        != OK
    ):
        return []
    res = []
    for obj in do("search_all", "s", values=True)[2]:
        value = {k: v[1][0] if v[1] else None for k, v in obj["attrs"].items()}
        cname = value.get("SaImmAttrClassName") or ""
        if cname.startswith(prefix):
            res.append((obj["dn"], cname, value.get("SaImmAttrImplementerName")))
    do("search_finalize", "s")
    return res


def sweep(prefix, classes):
    client = immkit.Client()

    def do(method, *args, **kwargs):
        return immkit.call(client, method, args, kwargs)

    if do("om_init", "om")[1] != OK:
        raise SystemExit("saImmOmInitialize failed")
    for attempt in range(8):
        found = find(client, prefix)
        if not found:
            break
        if attempt:
            time.sleep(0.2)
        for obj, _, impl in sorted(found, key=lambda f: (-len(f[0]), f[0])):
            do("oi_init", "oi")
            for _ in range(50):
                if do("impl_set", "oi", impl or "ConfToolSweeper")[1] != "SA_AIS_ERR_EXIST":
                    break
                time.sleep(0.1)
            if do("rt_delete", "oi", obj)[1] != OK:
                for cname in classes:
                    do("cimpl_rel", "oi", cname)
                do("oimpl_rel", "oi", obj)
                do("ao_clear", "om", [obj], "ONE")
                do("ao_init", "ao", "om", "ConfToolSweeper")
                do("ao_set", "ao", [obj], "ONE")
                do("ccb_init", "ccb", "ao", 0)
                do("ccb_delete", "ccb", obj)
                do("ccb_apply", "ccb")
                do("ccb_finalize", "ccb")
                do("ao_finalize", "ao")
            do("oi_finalize", "oi")
    left = find(client, prefix)
    for cname in classes:
        do("class_delete", "om", cname)
    do("om_finalize", "om")
    for obj, cname, impl in left:
        print(f"{obj} of class {cname}, implementer {impl}")
    return 1 if left else 0


def main():
    if sys.argv[1] == "--sweep":
        status = sweep(sys.argv[2], sys.argv[3:])
    else:
        Program(sys.argv[1]).serve()
        status = 0
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
