"""Which tests use what is not built yet: the rule of exclusions.json over the text of a test."""

import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))


class Rule:
    def __init__(self, path=os.path.join(HERE, "exclusions.json")):
        with open(path, encoding="utf-8") as file:
            rule = json.load(file)
        client = rule["client"]
        self._categories = []
        for name, parts in rule["categories"].items():
            patterns = {
                part: [re.compile(p.replace("CLIENT", client), re.IGNORECASE | re.MULTILINE) for p in parts[part]]
                for part in ("code", "options")
            }
            self._categories.append((name, patterns))

    def reason(self, test):
        """The category and the text that gave the test away, or None."""
        for part, text in (("code", test.body), ("code", test.helpers), ("code", test.setup), ("options", test.options)):
            for category, patterns in self._categories:
                for pattern in patterns[part]:
                    match = pattern.search(text)
                    if match:
                        return category, " ".join(match.group(0).split()).strip('[]{}"; ')
        return None


def sort_out(unit, rule):
    """The tests of a unit that are excluded (with reasons) and those that are not.

    runtest leaves tests out by name. So a name that two tests share is excluded only if both are, and a pattern only
    if it matches none of the others.
    """
    excluded, kept = [], []
    for test in unit.tests:
        reason = rule.reason(test)
        if reason is None:
            kept.append(test)
        else:
            excluded.append((test, reason))
    names = {test.name for test in kept if test.name is not None}
    patterns = {test.pattern for test in kept if test.name is None}
    sure = []
    for test, reason in excluded:
        if test.name is None:
            shared = test.pattern in patterns or any(re.match(test.pattern, name) for name in names)
        else:
            shared = test.name in names or any(re.match(pattern, test.name) for pattern in patterns)
        (kept.append(test) if shared else sure.append((test, reason)))
    return sure, kept
