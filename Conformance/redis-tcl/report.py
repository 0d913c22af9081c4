"""The document on what passed and what did not."""

import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))


def reasons():
    """Name of a test (or /regular expression) -> why it does not pass, for each unit."""
    with open(os.path.join(HERE, "reasons.json"), encoding="utf-8") as file:
        return json.load(file)


def reason(known, unit, name):
    for key, text in known.get(unit, {}).items():
        if key == name or key.startswith("/") and re.search(key[1:], name):
            return text
    return "not explained"


def document(units, day, revision, complete):
    known = reasons()
    total = {key: sum(len(unit[key]) for unit in units.values()) for key in ("passed", "failed", "skipped", "excluded")}
    counted = total["passed"] + total["failed"] + total["skipped"]
    share = 100 * total["passed"] / counted if counted else 0
    lines = [
        "# Conformance",
        "",
        "What other projects' own test suites say about Atoll. Written by the runners in `Conformance/`; change those, "
        "not this file.",
        "",
        "## Redis 7.2.6: the Tcl suite against `atoll kv`",
        "",
        f"**{total['passed']} of {counted} tests pass: {share:.1f} %.** Measured {day} at revision `{revision}`"
        + ("." if complete else f", {len(units)} units only."),
        "",
        "`Conformance/redis-tcl/run CHECKOUT` runs the suite, unchanged, in its own way: it starts the servers. Tests "
        f"that use scripting, replication, ACL rules, cluster, modules or a forked child process are left out: "
        f"{total['excluded']}, found by the rule in `Conformance/redis-tcl/exclusions.json` and listed by "
        "`--list-excluded`. A test that the suite skips, or that did not run, is not passed.",
        "",
        "| Unit | Tests | Passed | Failed | Skipped | Excluded |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, unit in sorted(units.items()):
        passed, failed, skipped, excluded = (len(unit[key]) for key in ("passed", "failed", "skipped", "excluded"))
        lines.append(f"| {name} | {passed + failed + skipped} | {passed} | {failed} | {skipped} | {excluded} |")
    lines.append(
        f"| **all** | **{counted}** | **{total['passed']}** | **{total['failed']}** | **{total['skipped']}** "
        f"| **{total['excluded']}** |"
    )
    lines += ["", "### What does not pass", ""]
    for name, unit in sorted(units.items()):
        missed = [(entry["name"], "failed") for entry in unit["failed"]]
        missed += [(entry["name"], "skipped") for entry in unit["skipped"]]
        if missed:
            lines += [f"{name}:", ""]
            seen = {}
            for test, outcome in missed:
                seen[(test, outcome)] = seen.get((test, outcome), 0) + 1
            for (test, outcome), count in seen.items():
                times = f" ({count} times)" if count > 1 else ""
                lines.append(f"- {plain(test)}{times}, {outcome}: {reason(known, name, test)}")
            lines.append("")
    forked = [(name, test) for name, unit in sorted(units.items()) for test in unit.get("forked", [])]
    if forked:
        lines += ["### What looks for a forked child process", ""]
        lines += ["There is none: a snapshot is taken without fork. These tests are among those left out.", ""]
        lines += [f"- {name}: {plain(test)}" for name, test in forked]
    return "\n".join(lines).rstrip() + "\n"


def plain(name):
    """The name as code, whatever it holds."""
    name = " ".join(name.split())
    return f"`` {name} ``" if "`" in name else f"`{name}`"
