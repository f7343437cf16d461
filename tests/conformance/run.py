#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""IMM conformance runner: replays scenarios on whatever `pyosaf` is imported.

One JSON line per step: {"scenario", "step", "call", "rc", "out"}.

  run.py                         run the open set, print the lines
  run.py --check                 run it and compare with expected/*.jsonl
  run.py --record                run it and (over)write expected/*.jsonl
  run.py --set DIR               use another set (DIR/scenarios, DIR/expected,
                                 DIR/classes.xml)
  run.py -k NAME [-k NAME]       only these scenarios
  run.py --class-load api        create classes with saImmOmClassCreate_2
  run.py --class-load cmd --setup-cmd 'immcfg -f {file}'
                                 load the class file with a command (default)
  run.py --class-load none       classes are already there

A scenario module defines `run(t)`; `t(label, method, *args, **kw)` performs
and records one step (methods: see immkit.Client).  With `on=peer` the step
runs in another process (`peer = t.peer()`).  `until=RC` repeats the call
until it returns RC (for things that settle asynchronously).
"""
import argparse
import importlib.util
import json
import os
import shlex
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import immkit  # noqa: E402

XML_TYPES = {'SA_INT32_T': 'I32', 'SA_UINT32_T': 'U32', 'SA_INT64_T': 'I64',
             'SA_UINT64_T': 'U64', 'SA_TIME_T': 'TIME', 'SA_NAME_T': 'NAME',
             'SA_FLOAT_T': 'FLT', 'SA_DOUBLE_T': 'DBL', 'SA_STRING_T': 'STR',
             'SA_ANY_T': 'ANY'}
XML_FLAGS = {'SA_MULTI_VALUE': 'MULTI', 'SA_WRITABLE': 'WRITABLE',
             'SA_INITIALIZED': 'INITIALIZED', 'SA_PERSISTENT': 'PERSISTENT',
             'SA_CACHED': 'CACHED', 'SA_NO_DUPLICATES': 'NO_DUPLICATES',
             'SA_NOTIFY': 'NOTIFY', 'SA_NO_DANGLING': 'NO_DANGLING',
             'SA_DN': 'DN'}


def read_classes(path):
    """Class file -> [(name, category, [[attr, TYPE, flags, default]])]."""
    res = []
    for cls in ET.parse(path).getroot().iter('class'):
        attrs = []
        for node in list(cls):
            if node.tag not in ('rdn', 'attr'):
                continue
            tname = XML_TYPES[node.findtext('type')]
            flags = [node.findtext('category').replace('SA_', '')]
            flags += [XML_FLAGS[f.text] for f in node.findall('flag')]
            if node.tag == 'rdn':
                flags.append('RDN')
            default = node.findtext('default-value')
            if default is not None and tname not in ('STR', 'NAME', 'ANY'):
                default = float(default) if tname in ('FLT', 'DBL') \
                    else int(default)
            attrs.append([node.findtext('name'), tname, '|'.join(flags),
                          default])
        res.append((cls.get('name'),
                    cls.findtext('category').replace('SA_', ''), attrs))
    return res


class Recorder:
    """What a scenario sees as `t`."""

    def __init__(self, scenario, classes, emit):
        self.scenario = scenario
        self.classes = classes
        self.emit = emit
        self.client = immkit.Client()
        self.peers = []
        self.count = 0
        self.ids = {}

    def _normal(self, val):
        if isinstance(val, str) and val.startswith('\0'):
            kind = val[1:].split(':')[0]
            seen = self.ids.setdefault(kind, {})
            return '%s#%d' % (kind, seen.setdefault(val, len(seen) + 1))
        if isinstance(val, dict):
            return {k: self._normal(v) for k, v in val.items()}
        if isinstance(val, (list, tuple)):
            return [self._normal(v) for v in val]
        return val

    def quiet(self, method, *args, on=None, **kwargs):
        """Perform a call without recording it."""
        if on is None:
            return immkit.call(self.client, method, args, kwargs)
        return on.request(method, args, kwargs)

    def __call__(self, label, method, *args, on=None, until=None, **kwargs):
        deadline = time.monotonic() + 15
        while True:
            call, rc, out = self.quiet(method, *args, on=on, **kwargs)
            if until is None or rc == until or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self.count += 1
        self.emit({'scenario': self.scenario,
                   'step': '%02d %s' % (self.count, label),
                   'call': ('peer: ' if on else '') + call, 'rc': rc,
                   'out': self._normal(out)})
        return rc, out

    def note(self, label, value):
        """Record a value computed by the scenario itself."""
        self.count += 1
        self.emit({'scenario': self.scenario,
                   'step': '%02d %s' % (self.count, label), 'call': 'note',
                   'rc': 'VALUE', 'out': self._normal(value)})

    def peer(self, env=None):
        peer = immkit.Peer(env)
        self.peers.append(peer)
        return peer

    def finish(self):
        for peer in self.peers:
            if peer.proc.poll() is None:
                try:
                    peer.leave()
                except subprocess.TimeoutExpired:
                    peer.kill()
        for name in list(self.client.ois):
            self.client.oi_finalize(name)
        for oi in self.client.ois.values():
            oi.answers = {}
        self.quiet('om_init', '_all')
        for name, handle in list(self.client.handles.items()):
            if not name.startswith('\0') and handle is not None:
                if name.startswith('om'):
                    self.quiet('om_finalize', name)
        self.quiet('om_finalize', '_all')


def sweep(classes):
    """Remove every object of the classes of this set, whoever owns it.

    Also removes the bindings between classes and implementers."""
    names = [c[0] for c in classes]
    client = immkit.Client()

    def do(method, *args, **kwargs):
        return immkit.call(client, method, args, kwargs)

    if do('om_init', 'om')[1] != 'SA_AIS_OK':
        raise SystemExit('no IMM: saImmOmInitialize failed')
    category = {c[0]: c[1] for c in classes}
    left = []
    for attempt in range(8):
        found = []
        for cname in names:
            if do('search_init', 's', 'om', None, 'SUBTREE',
                  'ONE_ATTR|GET_SOME',
                  one=['SaImmAttrClassName', 'STR', cname],
                  names=['SaImmAttrImplementerName',
                         'SaImmAttrClassName'])[1] != 'SA_AIS_OK':
                continue
            for obj in do('search_all', 's', values=True)[2]:
                impl = obj['attrs'].get('SaImmAttrImplementerName')
                impl = impl[1][0] if impl and impl[1] else None
                found.append((len(obj['dn']), obj['dn'], cname, impl))
            do('search_finalize', 's')
        left = [f[1] for f in found]
        if not found:
            break
        if attempt:
            time.sleep(0.2)
        for _, obj, cname, impl in sorted(found, reverse=True):
            who = impl or 'FactsImmSweeper'
            do('oi_init', 'oi')
            for _ in range(50):
                if do('impl_set', 'oi', who)[1] != 'SA_AIS_ERR_EXIST':
                    break
                time.sleep(0.1)
            if category[cname] == 'RUNTIME':
                if impl is None:
                    do('oimpl_set', 'oi', obj)
                do('rt_delete', 'oi', obj)
            else:
                for other in names:
                    do('cimpl_rel', 'oi', other)
                do('oimpl_rel', 'oi', obj)
                do('ao_clear', 'om', [obj], 'ONE')
                do('ao_init', 'ao', 'om', 'FactsImmSweeper')
                do('ao_set', 'ao', [obj], 'ONE')
                do('ccb_init', 'ccb', 'ao', 0)
                do('ccb_delete', 'ccb', obj)
                do('ccb_apply', 'ccb')
                do('ccb_finalize', 'ccb')
                do('ao_finalize', 'ao')
            do('oi_finalize', 'oi')
    do('om_finalize', 'om')
    return left


def drop_classes(classes):
    client = immkit.Client()
    immkit.call(client, 'om_init', ['om'], {})
    res = {}
    for cname, _, _ in classes:
        res[cname] = immkit.call(client, 'class_delete', ['om', cname], {})[1]
    immkit.call(client, 'om_finalize', ['om'], {})
    return res


def load_classes(args, path, classes):
    if args.class_load == 'none':
        return
    if args.class_load == 'cmd':
        cmd = [w.replace('{file}', path) for w in shlex.split(args.setup_cmd)]
        done = subprocess.run(cmd, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit('class loading failed (%d): %s'
                             % (done.returncode, done.stdout))
        return
    client = immkit.Client()
    immkit.call(client, 'om_init', ['om'], {})
    for cname, category, attrs in classes:
        rc = immkit.call(client, 'class_create',
                         ['om', cname, category, attrs], {})[1]
        if rc != 'SA_AIS_OK':
            raise SystemExit('class %s: %s' % (cname, rc))
    immkit.call(client, 'om_finalize', ['om'], {})


def load_module(path):
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location('scenario_' + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return name, module


def dumps(line):
    return json.dumps(line, sort_keys=True, ensure_ascii=False)


def compare(name, got, path, out):
    if not os.path.exists(path):
        out.write('%s: nothing recorded\n' % name)
        return 1
    with open(path, encoding='utf-8') as handle:
        want = [line.rstrip('\n') for line in handle]
    bad = 0
    for i in range(max(len(want), len(got))):
        lhs = want[i] if i < len(want) else '<missing>'
        rhs = got[i] if i < len(got) else '<missing>'
        if lhs != rhs:
            bad += 1
            out.write('%s line %d\n  want %s\n  got  %s\n'
                      % (name, i + 1, lhs, rhs))
    out.write('%s: %d steps, %d differ\n' % (name, len(want), bad))
    return bad


def main():
    par = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    par.add_argument('--set', default=HERE, dest='base')
    par.add_argument('-k', action='append', dest='only')
    par.add_argument('--class-load', choices=('cmd', 'api', 'none'),
                     default='cmd')
    par.add_argument('--setup-cmd', default='immcfg -f {file}')
    par.add_argument('--class-file')
    par.add_argument('--check', action='store_true')
    par.add_argument('--record', action='store_true')
    par.add_argument('--keep-classes', action='store_true')
    par.add_argument('--list', action='store_true')
    args = par.parse_args()

    base = os.path.abspath(args.base)
    path = args.class_file or os.path.join(base, 'classes.xml')
    classes = read_classes(path)
    scenario_dir = os.path.join(base, 'scenarios')
    files = sorted(f for f in os.listdir(scenario_dir) if f.endswith('.py'))
    if args.only:
        files = [f for f in files if f[:-3] in args.only]
    if args.list:
        print('\n'.join(f[:-3] for f in files))
        return 0

    sweep(classes)
    if args.class_load != 'none':
        drop_classes(classes)
    load_classes(args, path, classes)
    bad = 0
    try:
        for fname in files:
            name, module = load_module(os.path.join(scenario_dir, fname))
            got = []

            def emit(line):
                got.append(dumps(line))
                if not (args.check or args.record):
                    print(got[-1], flush=True)
            rec = Recorder(name, classes, emit)
            started = time.monotonic()
            try:
                module.run(rec)
            finally:
                rec.finish()
                left = sweep(classes)
            if left:
                sys.stderr.write('%s: could not remove %s\n' % (name, left))
            exp = os.path.join(base, 'expected', name + '.jsonl')
            if args.record:
                with open(exp, 'w', encoding='utf-8') as handle:
                    handle.write(''.join(line + '\n' for line in got))
                sys.stderr.write('%s: recorded %d steps (%.1f s)\n' % (
                    name, len(got), time.monotonic() - started))
            if args.check:
                bad += compare(name, got, exp, sys.stdout)
    finally:
        if args.class_load != 'none' and not args.keep_classes:
            for cname, rc in drop_classes(classes).items():
                if rc != 'SA_AIS_OK':
                    sys.stderr.write('class %s not removed: %s\n'
                                     % (cname, rc))
    sys.stdout.flush()
    return 1 if bad else 0


if __name__ == '__main__':
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
