#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays recorded command lines of the IMM tools (see README.md).

  run.py                  replay the open set and print what came
  run.py --check          compare with the recording; exit status 1 on a difference
  run.py --record         write what came into the scenario files
  run.py --set DIR        another set: DIR/*.txt and DIR/classes.xml
  run.py -k NAME          only this scenario (repeatable); NAME is the file name without .txt
  run.py --list           names and numbers of commands

The tools are found on PATH.  Standard library only; the object implementers
that some scenarios start (oi.py) need `pyosaf`.
"""

import argparse
import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HELPER = os.path.join(HERE, "oi.py")
PREFIX = "ConfTool"
LIMIT = 60  # seconds one command may run
SPECIAL = re.compile(r"^(\\|!$|! |= |\$ )")


class BadScenarioError(Exception):
    """A scenario file that cannot be read."""


class Step:
    """One item of a scenario: text (comment, blank), directive or command."""

    def __init__(self, kind, line, text):
        self.kind = kind  # 'text', 'directive', 'file' or 'command'
        self.line = line  # number of its first line
        self.text = text  # the line without its mark
        self.body = []  # 'file': content; 'command': expected lines

    def render(self):
        if self.kind == "command":
            return ["$ " + self.text, *self.body]
        if self.kind == "file":
            return [f"@file {self.text} <<EOF", *self.body, "EOF"]
        if self.kind == "directive":
            return ["@" + self.text]
        return [self.text]


def parse(path):
    with open(path, encoding="utf-8", newline="") as handle:
        lines = handle.read().split("\n")
    if lines[-1] == "":
        lines.pop()
    steps, i = [], 0
    while i < len(lines):
        line = lines[i]
        if line.startswith("$ "):
            step = Step("command", i + 1, line[2:])
            j = i + 1
            while j < len(lines) and not lines[j].startswith("= "):
                # A new item instead of a status: not recorded yet.
                is_new = lines[j].startswith(("$ ", "@", "#")) or not lines[j]
                if is_new and "= " not in (x[:2] for x in until_command(lines, j)):
                    break
                j += 1
            else:
                j += 1
            step.body = lines[i + 1 : j]
            i = j
        elif line.startswith("@file "):
            name, mark = line[6:].split(" <<")
            step = Step("file", i + 1, name)
            i += 1
            while lines[i] != mark:
                step.body.append(lines[i])
                i += 1
            i += 1
        elif line.startswith("@"):
            step = Step("directive", i + 1, line[1:])
            i += 1
        elif not line or line.startswith("#"):
            step = Step("text", i + 1, line)
            i += 1
        else:
            raise BadScenarioError(f"{path}:{i + 1}: {line!r} is no comment, command or directive")
        steps.append(step)
    return steps


def until_command(lines, start):
    for line in lines[start:]:
        if line.startswith("$ "):
            return
        yield line


def to_lines(text):
    """Output of a command as expected lines without marks."""
    if not text:
        return []
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines, "\\no newline"]


def mark(lines, error):
    if error:
        return ["! " + x if x else "!" for x in lines]
    return ["\\" + x if SPECIAL.match(x) and x != "\\no newline" else x for x in lines]


class Oi:
    """An object implementer in a process of its own."""

    def __init__(self, name, words, cwd, env):
        self.name = name
        self.proc = subprocess.Popen(
            [sys.executable, HELPER, name],
            cwd=cwd,
            env=env,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.request("start", words)

    def request(self, verb, words):
        self.proc.stdin.write(json.dumps([verb, *words]) + "\n")
        self.proc.stdin.flush()
        line = self.proc.stdout.readline()
        answer = json.loads(line) if line else "oi.py died"
        if answer != "OK":
            raise BadScenarioError("@oi {} {} {}: {}".format(verb, self.name, " ".join(words), answer))

    def stop(self, verb="stop"):
        if self.proc.poll() is None:
            if verb == "kill":
                self.proc.kill()
            else:
                self.proc.stdin.write('["stop"]\n')
                self.proc.stdin.flush()
            try:
                self.proc.wait(20)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        self.proc.stdin.close()
        self.proc.stdout.close()


class Player:
    """Performs the steps of one scenario."""

    def __init__(self, path, setdir):
        self.path = path
        self.setdir = setdir
        self.cwd = os.path.realpath(tempfile.mkdtemp(prefix="conftool-"))
        self.env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8")
        self.env.pop("POSIXLY_CORRECT", None)
        self.ois = {}
        self.normal = []
        self.sorted = False

    def shell(self, text):
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", text],
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired as exc:
            return exc.stdout or b"", exc.stderr or b"", "no end"
        return done.stdout, done.stderr, str(done.returncode)

    def tidy(self, raw):
        text = raw.decode("utf-8", "backslashreplace")
        text = text.replace(self.cwd, "CWD").replace("\0", "<NUL>")
        for regex, repl in self.normal:
            text = regex.sub(repl, text)
        lines = to_lines(text)
        return sorted(lines) if self.sorted else lines

    def command(self, step):
        """Run a command; returns the lines it gives."""
        out, err, status = self.shell(step.text)
        got = mark(self.tidy(out), False) + mark(self.tidy(err), True)
        self.sorted = False
        return [*got, "= " + status]

    def directive(self, step):
        word, _, rest = step.text.partition(" ")
        if word == "sorted":
            self.sorted = True
        elif word == "normal":
            regex, arrow, repl = rest.rpartition(" -> ")
            if not arrow:
                raise BadScenarioError("@normal REGEX -> TEXT")
            self.normal.append((re.compile(regex, re.M), repl))
        elif word == "run":
            out, err, status = self.shell(rest)
            if status != "0":
                raise BadScenarioError(
                    "@run {}: {} {}".format(rest, status, (out + err).decode("utf-8", "replace"))
                )
        elif word == "oi":
            self.oi(shlex.split(rest))
        else:
            raise BadScenarioError("unknown directive @" + word)

    def oi(self, words):
        verb, name, rest = words[0], words[1], words[2:]
        if verb == "start":
            self.ois[name] = Oi(name, rest, self.cwd, self.env)
        elif verb in ("stop", "kill"):
            self.ois.pop(name).stop(verb)
        else:
            self.ois[name].request(verb, rest)

    def file(self, step):
        with open(os.path.join(self.cwd, step.text), "w", encoding="utf-8", newline="") as handle:
            handle.write("\n".join(step.body) + "\n")

    def close(self):
        for oi in self.ois.values():
            oi.stop()
        shutil.rmtree(self.cwd, ignore_errors=True)


def sweep(classes):
    """Remove every object and class of the scenarios."""
    done = subprocess.run(
        [sys.executable, HELPER, "--sweep", PREFIX, *sorted(classes)],
        text=True,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise SystemExit("cannot remove leftovers: " + done.stdout)


def play(path, setdir, see):
    """Run one scenario; see(step, lines) is told what each command gave."""
    steps = parse(path)
    with open(path, encoding="utf-8") as handle:
        names = set(re.findall(rf"\b{PREFIX}\w*", handle.read()))
    classes = os.path.join(setdir, "classes.xml")
    with open(classes, encoding="utf-8") as handle:
        names |= set(re.findall(r'<class name="(\w+)"', handle.read()))
    sweep(names)
    player = Player(path, setdir)
    try:
        out, err, status = player.shell("immcfg -f " + shlex.quote(classes))
        if status != "0":
            raise SystemExit("immcfg -f classes.xml: {}".format((out + err).decode("utf-8", "replace")))
        for step in steps:
            try:
                if step.kind == "command":
                    see(step, player.command(step))
                elif step.kind == "directive":
                    player.directive(step)
                elif step.kind == "file":
                    player.file(step)
            except BadScenarioError as exc:
                raise BadScenarioError(f"{path}:{step.line}: {exc}") from None
    finally:
        player.close()
        sweep(names)
    return steps


def check(path, setdir, out):
    """Compare one scenario with its recording; returns differing commands."""
    count = bad = 0

    def see(step, got):
        nonlocal count, bad
        count += 1
        if got != step.body:
            bad += 1
            out.write(f"{path}:{step.line}: $ {step.text}\n")
            diff = list(difflib.ndiff(step.body, got))
            out.write("".join(f"    {x}\n" for x in diff if not x.startswith("?")))

    broken = ""
    try:
        play(path, setdir, see)
    except BadScenarioError as exc:
        broken, bad = f", BROKEN OFF: {exc}", bad + 1
    out.write(f"{os.path.basename(path)[:-4]}: {count} commands, {bad} differ{broken}\n")
    out.flush()
    return count, bad


def record(path, setdir):
    started = time.monotonic()
    found = {}

    def see(step, got):
        found[step.line] = got

    steps = play(path, setdir, see)
    lines = []
    for step in steps:
        if step.kind == "command":
            step.body = found[step.line]
        lines += step.render()
    with open(path, "w", encoding="utf-8", newline="") as handle:
        handle.write("\n".join(lines) + "\n")
    sys.stderr.write(
        f"{os.path.basename(path)[:-4]}: recorded {len(found)} commands "
        f"({time.monotonic() - started:.1f} s)\n"
    )


def show(path, setdir):
    def see(step, got):
        print("\n".join(["$ " + step.text, *got]) + "\n", flush=True)

    play(path, setdir, see)


def main():
    par = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    par.add_argument("--set", default=os.path.join(HERE, "scenarios"), dest="setdir", metavar="DIR")
    par.add_argument("-k", action="append", dest="only", metavar="NAME")
    par.add_argument("--check", action="store_true")
    par.add_argument("--record", action="store_true")
    par.add_argument("--list", action="store_true")
    args = par.parse_args()

    setdir = os.path.abspath(args.setdir)
    names = sorted(f[:-4] for f in os.listdir(setdir) if f.endswith(".txt"))
    unknown = [n for n in args.only or [] if n not in names]
    if unknown:
        par.error("no scenario " + ", ".join(unknown))
    total = bad = 0
    for name in names:
        if args.only and name not in args.only:
            continue
        path = os.path.join(setdir, name + ".txt")
        if args.list:
            count = sum(s.kind == "command" for s in parse(path))
            print(f"{name:24} {count:4}")
            total += count
        elif args.check:
            count, differ = check(path, setdir, sys.stdout)
            total, bad = total + count, bad + differ
        elif args.record:
            record(path, setdir)
        else:
            show(path, setdir)
    if args.list:
        print(f"{'total':24} {total:4}")
    if args.check:
        print(f"total: {total} commands, {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
