#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scripted test component, its CLC-CLI program and a peer outside AMF.

  component.py DIR clc SCRIPT [ARG...]   a CLC-CLI command (called by clc.sh)
  component.py DIR run KEY               the component itself
  component.py DIR peer                  API calls from outside AMF (stdin/stdout)

Behaviour comes from DIR/behave/KEY.json, read afresh at every event:

  {"instantiate": B, "cleanup": B, "start": {...}, "active": B, "standby": B,
   "quiesced": B, "quiescing": B, "remove": B, "terminate": B,
   "healthcheck": B}

where B is an object (or a list of objects used up one per event; the last one
stays) with any of
  answer: "OK" | other code without SA_AIS_ERR_ | "never"     (default OK)
  after: seconds before the answer
  exit: status, die: true (SIGKILL to itself), raise: true   before the answer
  then_exit: status, then_die: true                          after the answer
  complete: code | "never", complete_after: seconds     (quiescing only)
  report: recovery      saAmfComponentErrorReport after the answer
For CLC commands B has mode (background, foreground, none, hang), exit, sleep.
"start": {"register": true, "exit": N before registering, "delay": s,
          "healthchecks": [[key, type, recovery]], "no_callbacks": false}
"""
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback

BASE = sys.argv[1]
MODE = sys.argv[2]


def emit(who, event, **fields):
    line = {'t': time.monotonic(), 'who': who, 'ev': event}
    line.update(fields)
    fd = os.open(os.path.join(BASE, 'trace.jsonl'),
                 os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(fd, (json.dumps(line) + '\n').encode())
    os.close(fd)


def behaviour(key, what):
    path = os.path.join(BASE, 'behave', key + '.json')
    try:
        with open(path, encoding='utf-8') as handle:
            data = json.load(handle)
    except OSError:
        return {}
    res = data.get(what, {})
    if isinstance(res, list):
        if len(res) > 1:
            data[what] = res[1:]
            with open(path + '.new', 'w', encoding='utf-8') as handle:
                json.dump(data, handle)
            os.rename(path + '.new', path)
        res = res[0]
    return res


def key_of(dn):
    part = dict(p.split('=', 1) for p in dn.split(',') if '=' in p)
    return '%s.%s.%s' % (part.get('safSg'), part.get('safSu'),
                         part.get('safComp'))


# ---------------------------------------------------------------- CLC-CLI

def clc():
    script, argv = sys.argv[3], sys.argv[4:]
    env = {k: v for k, v in os.environ.items()
           if k.startswith(('SA_AMF', 'OSAF_', 'CONFAMF'))}
    key = key_of(env.get('SA_AMF_COMPONENT_NAME', ''))
    command = [a for a in argv if a in ('instantiate', 'cleanup')]
    command = command[0] if command else '?'
    fds = sorted(int(f) for f in os.listdir('/proc/self/fd'))
    fds = [f for f in fds if os.path.exists('/proc/self/fd/%d' % f)]
    old = os.umask(0)
    os.umask(old)
    status = dict(line.split(':', 1) for line in open('/proc/self/status')
                  if ':' in line)
    emit(key, 'clc', cmd=command, argv=[script] + argv, env=env,
         proc={'cwd': os.getcwd(), 'umask': '%03o' % old, 'fds': fds,
               'stdio': [os.readlink('/proc/self/fd/%d' % n)
                         if os.path.islink('/proc/self/fd/%d' % n) else None
                         for n in (0, 1, 2)],
               'blocked': status.get('SigBlk', '').strip(),
               'hup_ignored': bool(int(status.get('SigIgn', '0'), 16) & 1),
               'HOME': 'HOME' in os.environ,
               'session_leader': os.getsid(0) == os.getpid()})
    todo = behaviour(key, command)
    pidfile = os.path.join(BASE, 'pid', key)
    if todo.get('sleep'):
        time.sleep(todo['sleep'])
    mode = todo.get('mode', 'background')
    if mode == 'hang':
        time.sleep(600)
    if command == 'instantiate' and mode in ('background', 'foreground'):
        args = [sys.executable, os.path.abspath(__file__), BASE, 'run', key]
        if mode == 'foreground':
            with open(pidfile, 'w') as handle:
                handle.write(str(os.getpid()))
            os.execv(sys.executable, args)
        proc = subprocess.Popen(args, start_new_session=True,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, close_fds=True)
        with open(pidfile, 'w') as handle:
            handle.write(str(proc.pid))
    if command == 'cleanup' and mode != 'none':
        try:
            with open(pidfile) as handle:
                os.kill(int(handle.read()), signal.SIGKILL)
        except (OSError, ValueError):
            pass
    os._exit(todo.get('exit', 0))


# -------------------------------------------------------------- component

if MODE != 'clc':
    from pyosaf import saAmf as A
    from pyosaf.saAis import (SaNameT, SaVersionT, SaSelectionObjectT,
                              eSaAisErrorT, eSaDispatchFlagsT)
    from pyosaf.saNtf import SaNtfCorrelationIdsT

    def text(name):
        return bytes(bytearray(name.value)[:name.length]).decode('utf-8') \
            if not isinstance(name.value, bytes) \
            else name.value[:name.length].decode('utf-8')

    def rcname(number):
        return eSaAisErrorT.whatis(number)


    def code_of(word):
        return getattr(eSaAisErrorT, 'SA_AIS_' + (
            word if word == 'OK' else 'ERR_' + word))


class Agent:
    """API calls by short names; every method returns [rc, out]."""

    def __init__(self, key, me=None):
        self.key = key
        self.me = me
        self.handles = {}
        self.keep = []
        self.pending = []          # (due, function)
        self.last = {}             # invocation by kind
        self.answered = {}

    # names and handles
    def name(self, dn):
        if dn is None:
            return None
        return SaNameT(self.me if dn == 'SELF' else dn)

    def handle(self, name):
        if name == 'BAD':
            return 0x12345
        return self.handles[name]

    def call(self, method, args):
        try:
            return getattr(self, 'do_' + method)(*args)
        except Exception as exc:
            return ['PY:' + type(exc).__name__, str(exc)[:120]]

    # calls
    def do_init(self, name, version=('B', 4, 1), callbacks=True, four=True):
        handle = A.SaAmfHandleT()
        ver = SaVersionT(*version)
        cbs = None
        if callbacks:
            cbs = A.SaAmfCallbacksT_4() if four else A.SaAmfCallbacksT()
            if callbacks is True:
                cbs.saAmfHealthcheckCallback = \
                    A.SaAmfHealthcheckCallbackT(self.on_healthcheck)
                cbs.saAmfComponentTerminateCallback = \
                    A.SaAmfComponentTerminateCallbackT(self.on_terminate)
                cbs.saAmfCSISetCallback = \
                    A.SaAmfCSISetCallbackT(self.on_csi_set)
                cbs.saAmfCSIRemoveCallback = \
                    A.SaAmfCSIRemoveCallbackT(self.on_csi_remove)
                if four:
                    cbs.saAmfProtectionGroupTrackCallback = \
                        A.SaAmfProtectionGroupTrackCallbackT_4(self.on_pg)
            self.keep.append(cbs)
        func = A.saAmfInitialize_4 if four else A.saAmfInitialize
        rc = rcname(func(handle, cbs, ver))
        if rc == 'SA_AIS_OK':
            self.handles[name] = handle
        rel = ver.releaseCode
        rel = rel.decode() if isinstance(rel, bytes) else rel
        return [rc, '%s.%d.%d' % (rel, ver.majorVersion, ver.minorVersion)]

    def do_finalize(self, name):
        return [rcname(A.saAmfFinalize(self.handle(name))), None]

    def do_selection(self, name):
        obj = SaSelectionObjectT()
        rc = A.saAmfSelectionObjectGet(self.handle(name), obj)
        return [rcname(rc), obj.value if rc == 1 else None]

    def do_selection_same(self, name):
        one, two = self.do_selection(name), self.do_selection(name)
        return [two[0], one == two]

    def do_dispatch(self, name, flags):
        if isinstance(flags, str):
            flags = getattr(eSaDispatchFlagsT, flags)
        return [rcname(A.saAmfDispatch(self.handle(name), flags)), None]

    def do_component_name(self, name):
        res = SaNameT()
        rc = A.saAmfComponentNameGet(self.handle(name), res)
        return [rcname(rc), text(res) if rc == 1 else None]

    def do_register(self, name, comp='SELF', proxy=None):
        prx = self.name(proxy)
        return [rcname(A.saAmfComponentRegister(
            self.handle(name), self.name(comp), prx)), None]

    def do_unregister(self, name, comp='SELF', proxy=None):
        return [rcname(A.saAmfComponentUnregister(
            self.handle(name), self.name(comp), self.name(proxy))), None]

    def do_hc_start(self, name, key, kind=1, recovery=2, comp='SELF'):
        return [rcname(A.saAmfHealthcheckStart(
            self.handle(name), self.name(comp), A.SaAmfHealthcheckKeyT(key),
            kind, recovery)), None]

    def do_hc_stop(self, name, key, comp='SELF'):
        return [rcname(A.saAmfHealthcheckStop(
            self.handle(name), self.name(comp),
            A.SaAmfHealthcheckKeyT(key))), None]

    def do_hc_confirm(self, name, key, result=1, comp='SELF'):
        return [rcname(A.saAmfHealthcheckConfirm(
            self.handle(name), self.name(comp),
            A.SaAmfHealthcheckKeyT(key), result)), None]

    def do_ha_state(self, name, csi, comp='SELF'):
        state = A.SaAmfHAStateT()
        rc = A.saAmfHAStateGet(self.handle(name), self.name(comp),
                               self.name(csi), state)
        return [rcname(rc), state.value if rc == 1 else None]

    def _inv(self, inv):
        if isinstance(inv, str):
            return self.last.get(inv, 1)
        return inv

    def do_response(self, name, inv, code=1, four=True):
        if four:
            rc = A.saAmfResponse_4(self.handle(name), self._inv(inv), None,
                                   code)
        else:
            rc = A.saAmfResponse(self.handle(name), self._inv(inv), code)
        return [rcname(rc), None]

    def do_quiescing_complete(self, name, inv, code=1):
        return [rcname(A.saAmfCSIQuiescingComplete(
            self.handle(name), self._inv(inv), code)), None]

    def do_error_report(self, name, recovery, comp='SELF', when=0):
        if recovery not in (1, 2, 3, 8, 9):
            return ['REFUSED', 'not sent: it takes the node down']
        return [rcname(A.saAmfComponentErrorReport(
            self.handle(name), self.name(comp), when, recovery, 0)), None]

    def do_error_report_4(self, name, recovery, comp='SELF', ids=False):
        if recovery not in (1, 2, 3, 8, 9):
            return ['REFUSED', 'not sent: it takes the node down']
        return [rcname(A.saAmfComponentErrorReport_4(
            self.handle(name), self.name(comp), 0, recovery,
            SaNtfCorrelationIdsT() if ids else None)), None]

    def do_error_clear(self, name, comp='SELF'):
        return [rcname(A.saAmfComponentErrorClear(
            self.handle(name), self.name(comp), 0)), None]

    def do_error_clear_4(self, name, comp='SELF'):
        return [rcname(A.saAmfComponentErrorClear_4(
            self.handle(name), self.name(comp), None)), None]

    def do_pg_track(self, name, csi, flags, items=None):
        """items: None = no buffer, 0 = empty buffer, n = n places."""
        buf = None
        if items is not None:
            buf = A.SaAmfProtectionGroupNotificationBufferT_4()
            if items:
                vec = (A.SaAmfProtectionGroupNotificationT_4 * items)()
                self.keep.append(vec)
                buf.numberOfItems = items
                buf.notification = ctypes.cast(vec, ctypes.POINTER(
                    A.SaAmfProtectionGroupNotificationT_4))
        rc = A.saAmfProtectionGroupTrack_4(self.handle(name), self.name(csi),
                                           flags, buf)
        out = None
        if buf is not None and rc == 1:
            out = self.members(buf)
        return [rcname(rc), out]

    def do_pg_stop(self, name, csi):
        return [rcname(A.saAmfProtectionGroupTrackStop(
            self.handle(name), self.name(csi))), None]

    def do_pm_start(self, name, errors=7, recovery=2):
        return [rcname(A.saAmfPmStart_3(
            self.handle(name), self.name('SELF'), os.getpid(), 0, errors,
            recovery)), None]

    def do_pm_stop(self, name):
        return [rcname(A.saAmfPmStop(
            self.handle(name), self.name('SELF'), 1, os.getpid(), 7)), None]

    def do_ha_readiness(self, name, csi, state):
        return [rcname(A.saAmfHAReadinessStateSet(
            self.handle(name), self.name('SELF'), self.name(csi), state,
            None)), None]

    def do_correlation(self, name, inv=1):
        return [rcname(A.saAmfCorrelationIdsGet(
            self.handle(name), self._inv(inv), SaNtfCorrelationIdsT())), None]

    # things that are not API calls
    def do_exit(self, status=0):
        self.pending.append((time.monotonic() + 0.02,
                             lambda: os._exit(status)))
        return ['OK', None]

    def do_die(self, number=9):
        self.pending.append((time.monotonic() + 0.02,
                             lambda: os.kill(os.getpid(), number)))
        return ['OK', None]

    def do_finalize_later(self, name):
        self.pending.append((time.monotonic() + 0.02,
                             lambda: self.do_finalize(name)))
        return ['OK', None]

    # callbacks
    @staticmethod
    def members(buf):
        out = []
        for i in range(buf.numberOfItems):
            item = buf.notification[i]
            out.append([text(item.member.compName), item.member.haState,
                        item.member.haReadinessState, item.member.rank,
                        item.change])
        return sorted(out)

    def on_pg(self, csi, buf, number, error):
        try:
            emit(self.key, 'pg', csi=text(csi.contents),
                 items=self.members(buf.contents) if buf else None,
                 number=number, error=rcname(error))
        except Exception:
            emit(self.key, 'exception',
                 text=traceback.format_exc().splitlines()[-1])

    def on_healthcheck(self, inv, comp, key):
        name = key.contents
        raw = name.key[:name.keyLen]
        raw = raw if isinstance(raw, bytes) else b''.join(raw)
        self.handle_event('healthcheck', inv, {
            'comp': text(comp.contents), 'key': raw.decode()})

    def on_terminate(self, inv, comp):
        self.handle_event('terminate', inv, {'comp': text(comp.contents)})

    def on_csi_remove(self, inv, comp, csi, flags):
        self.handle_event('remove', inv, {
            'comp': text(comp.contents),
            'csi': text(csi.contents) if flags != 4 and csi else None,
            'flags': flags})

    def on_csi_set(self, inv, comp, state, descriptor):
        args = {'comp': text(comp.contents), 'ha': state,
                'flags': descriptor.csiFlags,
                'csi': text(descriptor.csiName)
                if descriptor.csiFlags != 4 else None}
        if state == 1:
            act = descriptor.csiStateDescriptor.activeDescriptor
            args['transition'] = act.transitionDescriptor
            args['active_comp'] = text(act.activeCompName) \
                if act.transitionDescriptor != 1 else \
                {0: ''}.get(act.activeCompName.length, 'set')
        elif state == 2:
            stb = descriptor.csiStateDescriptor.standbyDescriptor
            args['active_comp'] = text(stb.activeCompName)
            args['rank'] = stb.standbyRank
        attrs = []
        for i in range(descriptor.csiAttr.number):
            item = descriptor.csiAttr.attr[i]
            pair = []
            for ptr in (item.attrName, item.attrValue):
                pair.append(ctypes.cast(ptr, ctypes.c_char_p).value.decode()
                            if ptr else None)
            attrs.append(pair)
        args['attrs'] = sorted(attrs, key=str)
        what = {1: 'active', 2: 'standby', 3: 'quiesced',
                4: 'quiescing'}[state]
        self.handle_event('csi_set', inv, args, what)

    def handle_event(self, event, inv, args, what=None):
        what = what or event
        todo = behaviour(self.key, what)
        self.last[what] = inv
        emit(self.key, event, **args)
        if 'exit' in todo:
            os._exit(todo['exit'])
        if todo.get('die'):
            os.kill(os.getpid(), signal.SIGKILL)
        if todo.get('raise'):
            raise RuntimeError('asked for')
        if todo.get('after'):
            self.pending.append((time.monotonic() + todo['after'],
                                 lambda: self.answer(what, inv, todo, True)))
            return
        try:
            self.answer(what, inv, todo, False)
        except Exception:
            emit(self.key, 'exception',
                 text=traceback.format_exc().splitlines()[-1])

    def answer(self, what, inv, todo, late):
        code = todo.get('answer', 'OK')
        if code != 'never':
            rc = rcname(A.saAmfResponse_4(
                self.handles['main'], inv, None,
                code_of(code)))
            if late or (code != 'OK' and what != 'terminate'):
                emit(self.key, 'response', to=what, code=code, rc=rc)
        if what == 'quiescing' and todo.get('complete', 'OK') != 'never':
            def complete():
                res = todo.get('complete', 'OK')
                emit(self.key, 'quiescing_complete', code=res, rc=rcname(
                    A.saAmfCSIQuiescingComplete(
                        self.handles['main'], inv,
                        code_of(res))))
            if todo.get('complete_after'):
                self.pending.append((time.monotonic()
                                     + todo['complete_after'], complete))
            else:
                complete()
        if 'report' in todo:
            res = self.call('error_report', ['main', todo['report']])
            emit(self.key, 'error_report', recovery=todo['report'],
                 rc=res[0])
        if what == 'terminate' and not todo.get('stay') and code == 'OK':
            os._exit(0)
        if 'then_exit' in todo:
            os._exit(todo['then_exit'])
        if todo.get('then_die'):
            os.kill(os.getpid(), signal.SIGKILL)


def component():
    key = sys.argv[3]
    agent = Agent(key, os.environ.get('SA_AMF_COMPONENT_NAME', ''))
    start = behaviour(key, 'start')
    if start.get('delay'):
        time.sleep(start['delay'])
    if 'exit' in start:
        os._exit(start['exit'])
    path = os.path.join(BASE, 'sock', key)
    try:
        os.unlink(path)
    except OSError:
        pass
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(5)
    res = agent.call('init', ['main'])
    if res[0] != 'SA_AIS_OK':
        emit(key, 'initialize', rc=res[0])
        os._exit(1)
    selection = agent.do_selection('main')[1]
    if start.get('register', True):
        res = agent.call('register', ['main'])
        emit(key, 'register', rc=res[0])
        for item in start.get('healthchecks', []):
            res = agent.call('hc_start', ['main'] + list(item))
            if res[0] != 'SA_AIS_OK':
                emit(key, 'hc_start', key=item[0], rc=res[0])
        if 'exit_after' in start:
            os._exit(start['exit_after'])
    while True:
        now = time.monotonic()
        wait = max(0, min([d for d, _ in agent.pending] or [now + 5]) - now)
        try:
            ready = select.select([selection, server], [], [], wait)[0]
        except (OSError, ValueError):   # the library closed it
            selection = server
            continue
        due = [p for p in agent.pending if p[0] <= time.monotonic()]
        agent.pending = [p for p in agent.pending if p not in due]
        for _, func in sorted(due, key=lambda p: p[0]):
            func()
        if selection in ready:
            rc = A.saAmfDispatch(agent.handles['main'], 2)
            if rc == 9:        # our own finalize: stay as a process
                selection = server
        if server in ready:
            conn = server.accept()[0]
            data = b''
            while not data.endswith(b'\n'):
                more = conn.recv(65536)
                if not more:
                    break
                data += more
            if data.endswith(b'\n'):
                method, args = json.loads(data)
                conn.sendall((json.dumps(agent.call(method, args))
                              + '\n').encode())
            conn.close()


def peer():
    agent = Agent('peer', os.environ.get('SA_AMF_COMPONENT_NAME', ''))
    for line in sys.stdin:
        method, args = json.loads(line)
        if method == 'wait_pg':
            end = time.monotonic() + args[1]
            obj = agent.do_selection(args[0])[1]
            while time.monotonic() < end:
                if select.select([obj], [], [], 0.05)[0]:
                    agent.do_dispatch(args[0], 2)
            res = ['OK', None]
        else:
            res = agent.call(method, args)
        sys.stdout.write(json.dumps(res) + '\n')
        sys.stdout.flush()


if MODE == 'clc':
    clc()
elif MODE == 'run':
    try:
        component()
    except Exception:
        emit(sys.argv[3], 'exception',
             text=traceback.format_exc().splitlines()[-1])
        os._exit(99)
else:
    peer()
