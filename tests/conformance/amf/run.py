#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AMF conformance runner: replays scenarios against AMF and the AMF tools.

One JSON line per step: {"scenario", "step", "call", "rc", "out"}.

  run.py                  run the open set, print the lines
  run.py --check          run it and compare with expected/*.jsonl
  run.py --record         run it and (over)write expected/*.jsonl
  run.py --set DIR        use another set (DIR/scenarios, DIR/expected)
  run.py -k NAME          only this scenario (may be repeated)
  run.py --keep           keep the work directory
  run.py --no-wait        do not wait for the end of the probation timers
                          before the model is deleted (see retire)

Run it on node SC-1 with immcfg, immlist, immfind, amf-adm, amf-state in PATH
and pyosaf importable by this interpreter.
"""
import argparse
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import model as M  # noqa: E402

NODE = M.NODE
QUIET = 0.2          # seconds without an event before a step counts as settled
STATE = {             # class: RDN, attributes shown
    'SaAmfSG': ('safSg', ['saAmfSGAdminState']),
    'SaAmfSU': ('safSu', ['saAmfSUAdminState', 'saAmfSUOperState',
                          'saAmfSUPresenceState', 'saAmfSUReadinessState',
                          'saAmfSURestartCount']),
    'SaAmfComp': ('safComp', ['saAmfCompOperState', 'saAmfCompPresenceState',
                              'saAmfCompReadinessState',
                              'saAmfCompRestartCount']),
    'SaAmfSI': ('safSi', ['saAmfSIAdminState', 'saAmfSIAssignmentState',
                          'saAmfUnassignedAlarmStatus',
                          'saAmfSINumCurrActiveAssignments',
                          'saAmfSINumCurrStandbyAssignments']),
    'SaAmfSIAssignment': ('safSISU', ['saAmfSISUHAState']),
    'SaAmfCSIAssignment': ('safCSIComp', ['saAmfCSICompHAState']),
}
# a low limit would end in a node failover, a long probation would carry the
# escalation level from one scenario into the next
OURS = {'saAmfNodeSuFailoverMax': '1000',
        'saAmfNodeSuFailOverProb': '1000000000'}
PROBATION = 31        # seconds, the longest restart probation of a scenario
WORDS = {'saAmfSUAdminState': ['', 'UNLOCKED', 'LOCKED', 'LOCKED-IN',
                               'SHUTTING-DOWN'],
         'saAmfSUOperState': ['', 'ENABLED', 'DISABLED'],
         'saAmfSUPresenceState': ['', 'UNINSTANTIATED', 'INSTANTIATING',
                                  'INSTANTIATED', 'TERMINATING', 'RESTARTING',
                                  'INSTANTIATION-FAILED',
                                  'TERMINATION-FAILED'],
         'saAmfSUReadinessState': ['', 'OUT-OF-SERVICE', 'IN-SERVICE',
                                   'STOPPING'],
         'saAmfSISUHAState': ['', 'ACTIVE', 'STANDBY', 'QUIESCED',
                              'QUIESCING'],
         'saAmfSIAssignmentState': ['', 'UNASSIGNED', 'FULLY_ASSIGNED',
                                    'PARTIALLY_ASSIGNED']}
for _new, _old in (('saAmfSGAdminState', 'saAmfSUAdminState'),
                   ('saAmfSIAdminState', 'saAmfSUAdminState'),
                   ('saAmfCompOperState', 'saAmfSUOperState'),
                   ('saAmfCompPresenceState', 'saAmfSUPresenceState'),
                   ('saAmfCompReadinessState', 'saAmfSUReadinessState'),
                   ('saAmfCSICompHAState', 'saAmfSISUHAState')):
    WORDS[_new] = WORDS[_old]


def command(argv, timeout=90):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return 'TIMEOUT', '', ''
    except OSError as exc:
        return 'OSError', '', str(exc)
    return done.returncode, done.stdout, done.stderr


def lines(text):
    return [ln.rstrip() for ln in text.splitlines() if ln.strip()]


def word(attr, val):
    if attr in WORDS and val.isdigit() and int(val) < len(WORDS[attr]):
        return WORDS[attr][int(val)]
    return int(val) if val.isdigit() else val


def read_states(want=None):
    """{class: {dn: {attr: value}}} of the scenario's application."""
    res = {}
    rc, out, _ = command(['immfind', M.APP])
    found = sorted(lines(out)) if rc == 0 else []
    for cls, (rdn, attrs) in STATE.items():
        if want and cls not in want:
            continue
        res[cls] = {}
        dns = [dn for dn in found if dn.startswith(rdn + '=')]
        if not dns:
            continue
        opts = [w for a in attrs for w in ('-a', a)]
        rc, out, _ = command(['immlist'] + opts + dns)
        rows = lines(out)
        if rc != 0 or len(rows) != len(dns) * len(attrs):
            return read_states(want) if again() else res
        for i, dn in enumerate(dns):
            part = dict(r.split('=', 1) for r in
                        rows[i * len(attrs):(i + 1) * len(attrs)])
            res[cls][dn] = {a: word(a, part.get(a, '?')) for a in attrs}
    return res


def again(count=[0]):
    """An object vanished between immfind and immlist: look again."""
    count[0] += 1
    time.sleep(0.05)
    return count[0] < 200


def short(dn):
    """safSu=SU1,safSg=X,... -> X.SU1; assignments 'SU1.C1 <- CSI'."""
    dn = dn.replace('\\,', '\\').split(',')
    head = dn[0].split('=', 1)
    if head[0] in ('safSISU', 'safCSIComp'):
        inner = dict(p.split('=', 1) for p in head[1].split('\\'))
        outer = dict(p.split('=', 1) for p in dn[1:])
        who = '.'.join(inner[k] for k in ('safSg', 'safSu', 'safComp')
                       if k in inner)
        what = '.'.join(outer[k] for k in ('safSi', 'safCsi') if k in outer)
        return '%s <- %s' % (who, what)
    part = dict(p.split('=', 1) for p in dn if '=' in p)
    return '.'.join(part[k] for k in ('safSg', 'safSu', 'safComp', 'safSi')
                    if k in part)


def compact(states):
    """One short text per object."""
    res = {}
    for cls, objs in states.items():
        for dn, attrs in objs.items():
            name = short(dn)
            if cls == 'SaAmfSI':
                name = 'SI ' + name
            elif cls == 'SaAmfSG':
                name = 'SG ' + name
            res[name] = ' '.join(str(v) for v in attrs.values())
    return res


class Background:
    def __init__(self, argv):
        self.argv = argv
        self.started = time.monotonic()
        self.proc = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE,
                                     universal_newlines=True)


class Peer:
    """API calls from a process that AMF did not start."""

    def __init__(self, base, env=None):
        full = dict(os.environ)
        full.pop('SA_AMF_COMPONENT_NAME', None)
        full.update(env or {})
        self.proc = subprocess.Popen(
            [sys.executable, os.path.join(HERE, 'component.py'), base,
             'peer'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=full,
            universal_newlines=True)

    def request(self, method, args):
        self.proc.stdin.write(json.dumps([method, args]) + '\n')
        self.proc.stdin.flush()
        line = self.proc.stdout.readline()
        return json.loads(line) if line else ['DIED', None]

    def close(self):
        self.proc.stdin.close()
        try:
            self.proc.wait(5)
        except subprocess.TimeoutExpired:
            self.proc.kill()


def time_class(seconds):
    if seconds < 0.6:
        return 'within 0.6 s'
    return 'about %d s' % round(seconds)


def is_health(event):
    return event['ev'] == 'healthcheck' or event.get('to') == 'healthcheck'


class Recorder:
    """What a scenario sees as `t`."""

    def __init__(self, scenario, base, emit):
        self.scenario = scenario
        self.base = base
        self.emit = emit
        self.count = 0
        self.seen = 0
        self.peers = []
        self.groups = []

    # -- plumbing
    def _step(self, label, call, rc, out):
        self.count += 1
        self.emit({'scenario': self.scenario,
                   'step': '%02d %s' % (self.count, label),
                   'call': self._clean(call), 'rc': rc,
                   'out': self._clean(out)})

    def _clean(self, val):
        if isinstance(val, str):
            return val.replace(self.base, 'PREFIX')
        if isinstance(val, dict):
            return {k: self._clean(v) for k, v in val.items()}
        if isinstance(val, (list, tuple)):
            return [self._clean(v) for v in val]
        return val

    def events(self):
        """Every event so far, oldest first."""
        try:
            with open(os.path.join(self.base, 'trace.jsonl'),
                      encoding='utf-8') as handle:
                return [json.loads(ln) for ln in handle
                        if ln.endswith('\n')]
        except OSError:
            return []

    # -- model
    def model(self, *groups):
        """Load an application of the given service groups (model.group)."""
        self.groups = groups
        for sub in ('behave', 'sock', 'pid'):
            path = os.path.join(self.base, sub)
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
        path = os.path.join(self.base, 'model.xml')
        with open(path, 'w', encoding='utf-8') as handle:
            handle.write(M.document(groups, self.base))
        for _ in range(20):
            rc, out, err = command(['immcfg', '-f', path])
            if rc == 0:
                break
            time.sleep(0.3)
        else:
            raise SystemExit('%s: model not loaded: %s' % (self.scenario,
                                                           out + err))

    def behave(self, key, **what):
        """Replace the behaviour of the component with this key."""
        path = os.path.join(self.base, 'behave', key + '.json')
        with open(path + '.new', 'w', encoding='utf-8') as handle:
            json.dump(what, handle)
        os.rename(path + '.new', path)

    # -- waiting
    def patience(self):
        """Longer while a component is on its way, for slow machines."""
        last = {e['who']: e for e in self.events() if not is_health(e)}
        last = [e.get('cmd') or e['ev'] for e in last.values()]
        if 'instantiate' in last:
            return 0.8
        return 0.4 if 'cleanup' in last or 'register' in last else 0

    def settle(self, quiet=QUIET, limit=15):
        """Wait until nothing happens (healthchecks do not count)."""
        end = time.monotonic() + limit
        last = time.monotonic()
        size = -1
        while time.monotonic() < end:
            now = len([e for e in self.events() if not is_health(e)])
            if now != size:
                size, last = now, time.monotonic()
            if time.monotonic() - last >= max(quiet, self.patience()):
                break
            time.sleep(0.03)

    def wait(self, test, limit=10):
        """Wait until an unreported event satisfies test; return it."""
        end = time.monotonic() + limit
        while True:
            for event in self.events()[self.seen:]:
                if test(event):
                    return event
            if time.monotonic() > end:
                return None
            time.sleep(0.02)

    @staticmethod
    def pause(seconds):
        """For facts about time, such as the end of a probation."""
        time.sleep(seconds)

    def wait_state(self, cls, name, attr, value, limit=10):
        """Wait for a runtime attribute; True when reached."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for dn, attrs in read_states([cls])[cls].items():
                if short(dn) == name and attrs.get(attr) == value:
                    return True
            time.sleep(0.05)
        return False

    # -- steps
    def trace(self, label='trace', health=False, order=False, env=False,
              proc=False, settle=True, registers=True):
        """Record what happened in the components since the last trace."""
        if settle:
            self.settle()
        events = self.events()
        new, self.seen = events[self.seen:], len(events)
        out = [] if order else {}
        for event in new:
            if is_health(event) and not health:
                continue
            if event['ev'] == 'register' and not registers:
                continue
            item = {k: v for k, v in event.items() if k not in ('t', 'who')}
            if event['ev'] == 'clc':
                source = item['env'].get('OSAF_COMPONENT_ERROR_SOURCE')
                if not env:
                    del item['env'], item['argv']
                    if source is not None:
                        item['error_source'] = int(source)
                if not proc:
                    del item['proc']
            if order:
                item['who'] = event['who']
                out.append(item)
            else:
                out.setdefault(event['who'], []).append(item)
        self._step(label, 'trace', 'TRACE', out)
        return new

    def state(self, label='state', want=None):
        """Record the runtime attributes, once they stopped changing."""
        last = None
        for _ in range(12):
            now = read_states(want)
            if now == last:
                break
            last = now
            time.sleep(0.06)
        self._step(label, 'state', 'STATE', compact(now))
        return now

    def adm(self, label, operation, dn, *opts):
        argv = ['amf-adm'] + list(opts) + [operation, dn]
        rc, out, err = command(argv)
        self._step(label, ' '.join(argv), rc, lines(out) + lines(err))
        return rc

    def do(self, label, operation, dn, state=True, **kwargs):
        """Admin operation, the trace after it and the states after it."""
        rc = self.adm(label, operation, dn)
        self.trace(label + ': trace', **kwargs)
        if state:
            self.state(label + ': state')
        return rc

    def quiet(self, operation, dn):
        """Admin operation that is not recorded."""
        return command(['amf-adm', operation, dn])[0]

    def start(self, operation, dn, *opts):
        return Background(['amf-adm'] + list(opts) + [operation, dn])

    def finish(self, label, job, timed=False):
        try:
            out, err = job.proc.communicate(timeout=70)
            rc = job.proc.returncode
        except subprocess.TimeoutExpired:
            job.proc.kill()
            rc, out, err = 'TIMEOUT', '', ''
        res = lines(out) + lines(err)
        if timed:
            res = {'text': res,
                   'took': time_class(time.monotonic() - job.started)}
        self._step(label, ' '.join(job.argv), rc, res)

    def timed(self, label, operation, dn):
        self.finish(label, self.start(operation, dn), timed=True)

    def cmd(self, label, *argv, **kwargs):
        """Any of the allowed commands, its text recorded."""
        rc, out, err = command(list(argv))
        res = lines(out) + lines(err)
        if kwargs.get('sort'):
            res = sorted(res)
        self._step(label, ' '.join(argv), rc, res)
        return rc

    def config(self, *argv):
        """immcfg that is not recorded."""
        return command(['immcfg'] + list(argv))[0]

    def ask(self, key, method, *args):
        """An API call in the component, not recorded."""
        conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        conn.settimeout(20)
        try:
            conn.connect(os.path.join(self.base, 'sock', key))
            conn.sendall((json.dumps([method, args]) + '\n').encode())
            data = b''
            while not data.endswith(b'\n'):
                more = conn.recv(65536)
                if not more:
                    break
                data += more
        except OSError as exc:
            return ['NO COMPONENT', type(exc).__name__]
        finally:
            conn.close()
        return json.loads(data) if data else ['DIED', None]

    def call(self, label, key, method, *args):
        """An API call in the component with this key (or in a Peer)."""
        if isinstance(key, Peer):
            rc, out = key.request(method, args)
            who = 'peer'
        else:
            rc, out = self.ask(key, method, *args)
            who = key
        self._step(label, '%s: %s(%s)' % (who, method, ', '.join(
            json.dumps(a) for a in args)), rc, out)
        return rc, out

    def peer(self, env=None):
        peer = Peer(self.base, env)
        self.peers.append(peer)
        return peer

    def note(self, label, value):
        self._step(label, 'note', 'VALUE', value)

    def interval(self, label, first, second):
        """Record the time between two events in a coarse class."""
        if first is None or second is None:
            self.note(label, 'missing')
        else:
            self.note(label, time_class(second['t'] - first['t']))

    def pid(self, key):
        with open(os.path.join(self.base, 'pid', key)) as handle:
            return int(handle.read())

    def kill(self, key, number=9):
        os.kill(self.pid(key), number)

    def up(self, *sus, **kwargs):
        """Unlock-in and unlock these SUs without recording."""
        for dn in sus:
            self.quiet('unlock-in', dn)
        if kwargs.get('unlock', True):
            for dn in sus:
                self.quiet('unlock', dn)
        self.settle()
        self.seen = len(self.events())


def node_setting(values=None):
    """Read (no argument) or set the node's SU failover limits."""
    names = ['saAmfNodeSuFailoverMax', 'saAmfNodeSuFailOverProb']
    if values is None:
        res = {}
        for name in names:
            _, out, _ = command(['immlist', '-a', name, NODE])
            found = re.search(r'=(\d+)', out)
            if found:
                res[name] = found.group(1)
        return res
    for name, value in values.items():
        command(['immcfg', '-a', '%s=%s' % (name, value), NODE])
    return None


def ours():
    """Names of all applications, types and bundles of this suite."""
    names = set()
    rc, out, _ = command(['immfind'])
    for dn in lines(out):
        rdn = dn.split(',')[0]
        found = re.match(r'saf(App|AppType|SmfBundle)=(ConfAmf\w*)$', rdn)
        if found and ',' not in dn:
            names.add(found.group(2))
    return sorted(names)


def retire(base):
    """Terminate the current application, but let it stay in the model.

    amfnd has been seen to crash when an SU is deleted whose restart
    probation timer still runs, so deletion waits for the end."""
    path = os.path.join(base, 'behave')
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    for attempt in range(4):
        left = False
        for dn, attrs in read_states(['SaAmfSU'])['SaAmfSU'].items():
            state = attrs['saAmfSUPresenceState']
            if state.endswith('-FAILED'):
                command(['amf-adm', '-t', '10', 'repaired', dn])
            if attrs['saAmfSUAdminState'] in ('UNLOCKED', 'SHUTTING-DOWN'):
                command(['amf-adm', '-t', '10', 'lock', dn])
            if attrs['saAmfSUAdminState'] != 'LOCKED-IN':
                command(['amf-adm', '-t', '10', 'lock-in', dn])
            left = left or attrs['saAmfSUAdminState'] != 'LOCKED-IN' \
                or state != 'UNINSTANTIATED'
        if not left:
            break
        time.sleep(0.1)


def remove(base):
    """Remove everything of this suite from the model."""
    for name in ours():
        M.set_name(name)
        retire(base)
        for attempt in range(5):
            if command(['immfind', M.APP, '-s', 'sublevel'])[0] != 0 or \
                    command(['immcfg', '-d', M.APP])[0] == 0:
                break
            time.sleep(0.3)
        left = M.rest()
        for _ in range(10):
            left = [dn for dn in left
                    if command(['immfind', dn, '-s', 'sublevel'])[0] == 0]
            # one at a time: AMF refuses them together
            for dn in left:
                command(['immcfg', '-d', dn])
            if not left:
                break
        else:
            raise SystemExit('could not remove %s' % left)


def load_module(path):
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location('scenario_' + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return name, module


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
    out.flush()
    return bad


def write_clc(base):
    path = os.path.join(base, 'clc.sh')
    with open(path, 'w', encoding='utf-8') as handle:
        handle.write('#!/bin/sh\n')
        if os.environ.get('PYTHONPATH'):
            handle.write("PYTHONPATH='%s'\nexport PYTHONPATH\n"
                         % os.environ['PYTHONPATH'])
        handle.write("exec '%s' '%s' '%s' clc \"$0\" \"$@\"\n"
                     % (sys.executable, os.path.join(HERE, 'component.py'),
                        base))
    os.chmod(path, 0o755)


def main():
    par = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    par.add_argument('--set', default=HERE, dest='base')
    par.add_argument('-k', action='append', dest='only')
    par.add_argument('--check', action='store_true')
    par.add_argument('--record', action='store_true')
    par.add_argument('--list', action='store_true')
    par.add_argument('--keep', action='store_true')
    par.add_argument('--no-wait', action='store_true')
    args = par.parse_args()
    where = os.path.abspath(args.base)
    folder = os.path.join(where, 'scenarios')
    # the escalation scenarios lengthen the node's SU failover probation,
    # which would go on into what follows
    files = sorted((f for f in os.listdir(folder) if f.endswith('.py')),
                   key=lambda f: (f.startswith('escalation'), f))
    if args.only:
        files = [f for f in files if f[:-3] in args.only]
    if args.list:
        print('\n'.join(f[:-3] for f in files))
        return 0

    base = tempfile.mkdtemp(prefix='confamf-')
    os.chmod(base, 0o755)
    before = node_setting()
    if before == dict(OURS):        # left by a run that was killed
        before = {'saAmfNodeSuFailoverMax': '2',
                  'saAmfNodeSuFailOverProb': '1200000000000'}
    bad = 0
    began = quiet_from = time.monotonic()
    try:
        remove(base)
        node_setting(OURS)
        for fname in files:
            M.set_name('ConfAmf_' + fname[:-3])
            name, module = load_module(os.path.join(folder, fname))
            place = os.path.join(base, name)
            os.mkdir(place)
            write_clc(place)
            got = []

            def emit(line):
                got.append(json.dumps(line, sort_keys=True,
                                      ensure_ascii=False))
                if not (args.check or args.record):
                    print(got[-1], flush=True)
            rec = Recorder(name, place, emit)
            started = time.monotonic()
            try:
                module.run(rec)
            except Exception:
                text = traceback.format_exc()
                sys.stderr.write('%s: %s' % (name, text))
                rec.note('scenario stopped', text.splitlines()[-1])
                bad += 1
            finally:
                for peer in rec.peers:
                    peer.close()
                retire(place)
                if any(e.get('env', {}).get('OSAF_COMPONENT_ERROR_SOURCE', '0')
                       != '0' for e in rec.events()):
                    quiet_from = time.monotonic() + PROBATION
            exp = os.path.join(where, 'expected', name + '.jsonl')
            if args.record:
                with open(exp, 'w', encoding='utf-8') as handle:
                    handle.write(''.join(line + '\n' for line in got))
                sys.stderr.write('%s: recorded %d steps (%.1f s)\n' % (
                    name, len(got), time.monotonic() - started))
            if args.check:
                bad += compare(name, got, exp, sys.stdout)
    finally:
        if not args.no_wait:
            time.sleep(max(0, quiet_from - time.monotonic()))
        remove(base)
        if before:
            node_setting(before)
        if args.keep:
            sys.stderr.write('kept %s\n' % base)
        else:
            shutil.rmtree(base, ignore_errors=True)
    sys.stderr.write('%.1f s\n' % (time.monotonic() - began))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
