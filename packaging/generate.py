#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what is kept in the repository but follows from the code: the IMM files of the packages, and the
tables in the operations manual. `tests/packaging/test_generated.py` fails when it would change anything.

    .venv/bin/python packaging/generate.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from amf_netwatch.log_lines import LOG_LINES, LEVEL_NAMES  # noqa: E402
from amf_netwatch.deployment.model import ModelOptions, build_model, format_classes, format_model  # noqa: E402
from amf_netwatch.publication.states import format_table  # noqa: E402

MANUAL = ROOT / "docs" / "operations.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
EXAMPLE = ModelOptions(nodes=("SC-1", "SC-2", "PL-3"))


def generated() -> dict[Path, str]:
    """The files as they should be."""
    manual = MANUAL.read_text(encoding="utf-8")
    manual = _replace(manual, "log lines", log_table())
    manual = _replace(manual, "recovery", recovery_table())
    architecture = ARCHITECTURE.read_text(encoding="utf-8")
    return {
        ARCHITECTURE: _replace(architecture, "publisher", format_table()),
        ROOT / "packaging" / "imm" / "netwatch_classes.xml": format_classes(),
        ROOT / "packaging" / "amf" / "netwatch_model_3nodes.xml": format_model(EXAMPLE),
        MANUAL: manual,
    }


def log_table() -> str:
    """The component's log lines, one row each."""
    rows = ["| event | level | fields | what happened | what to do |", "| --- | --- | --- | --- | --- |"]
    for event in LOG_LINES:
        fields = " ".join(f"`{field}`" for field in event.fields) or "-"
        level = LEVEL_NAMES[event.level]
        rows.append(f"| `{event.name}` | {level} | {fields} | {event.meaning} | {event.action} |")
    return "\n".join(rows)


def recovery_table() -> str:
    """The model's numbers that decide when AMF acts, and in which attributes they are."""
    values = {
        name: values[0] for each in build_model(EXAMPLE) for name, values in each.attributes.items() if values
    }
    rows = ["| what | number | attribute |", "| --- | --- | --- |"]
    for what, unit, name in (
        ("healthcheck period", "s", "saAmfHctDefPeriod"),
        ("longest wait for its answer", "s", "saAmfHctDefMaxDuration"),
        ("longest wait for a CLC-CLI command", "s", "saAmfCtDefClcCliTimeout"),
        ("longest wait for the answer to a callback", "s", "saAmfCtDefCallbackTimeout"),
        ("recovery on error", "", "saAmfCtDefRecoveryOnError"),
        ("component restarts", "", "saAmfSgtDefCompRestartMax"),
        ("... within", "s", "saAmfSgtDefCompRestartProb"),
        ("then restarts of the SU", "", "saAmfSgtDefSuRestartMax"),
        ("... within", "s", "saAmfSgtDefSuRestartProb"),
        ("then failover of the SU: down until `amf-adm repaired`", "", "saAmfSutDefSUFailover"),
        ("auto-repair", "", "saAmfSGAutoRepair"),
    ):
        value = values[name]
        if unit:
            assert isinstance(value, int)
            rows.append(f"| {what} | {value / 10**9:g} s | `{name}` |")
        else:
            words = {
                "saAmfCtDefRecoveryOnError": {2: "component restart"},
                "saAmfSutDefSUFailover": {1: "yes", 0: "no"},
                "saAmfSGAutoRepair": {1: "on", 0: "off"},
            }
            rows.append(f"| {what} | {words.get(name, {}).get(value, value)} | `{name}` |")
    return "\n".join(rows)


def _replace(text: str, name: str, table: str) -> str:
    begin, end = f"<!-- {name}: begin (packaging/generate.py) -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{MANUAL} has no place for the table {name!r}")
    return f"{before}{begin}{table}\n{end}{after}"


def main() -> int:
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
