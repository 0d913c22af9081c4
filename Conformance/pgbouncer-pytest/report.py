"""The document about a run of PgBouncer's suite."""

import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def document(results, day, revision):
    """Markdown: a table a file of tests, and every test that did not pass with its reason (reasons.json)."""
    with open(os.path.join(HERE, "reasons.json"), encoding="utf-8") as file:
        reasons = json.load(file)
    files = sorted({name.split("::")[0] for name in results})
    passed = count(results, "", "passed")
    lines = [
        "# Conformance of the pooler", "",
        "What PgBouncer's own test suite, at 13a344f2, says about `atoll pooler`. Written by "
        "`Conformance/pgbouncer-pytest/run`; change that, not this file.", "",
        f"**{passed} of {len(results)} tests pass.** Measured {day} at revision `{revision}`. A test that the suite "
        "skips is not passed.", "",
        "| File | Tests | Passed | Failed | Skipped |", "|---|--:|--:|--:|--:|",
    ]  # fmt: skip
    for name in files:
        numbers = [count(results, name + "::", outcome) for outcome in ("passed", "failed", "skipped")]
        lines.append(f"| {name} | {sum(numbers)} | " + " | ".join(map(str, numbers)) + " |")
    lines += ["", "## Not passed", "", "| Test | Outcome | Why |", "|---|---|---|"]
    for name, result in sorted(results.items()):
        if result["outcome"] != "passed":
            why = reasons.get(name) or result["detail"] or "not looked into"
            lines.append(f"| `{name}` | {result['outcome']} | " + why.replace("|", "\\|") + " |")
    return "\n".join(lines) + "\n"


def count(results, prefix, outcome):
    return sum(result["outcome"] == outcome for name, result in results.items() if name.startswith(prefix))
