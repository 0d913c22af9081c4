"""Reads the Tcl files of Redis's test suite without running them: which tests a unit has, and what each one uses.

A Tcl script is a list of commands, a command a list of words; a body in braces is a script again. That is all of
Tcl that is needed: the walk goes into every body that may hold tests, plays `foreach` over literal lists and calls
of procedures that hold tests, and keeps for each test its name, its text and its surroundings.
"""

import dataclasses
import re

MAXIMUM_ROUNDS = 64  # of one foreach; more are left as a variable
MAXIMUM_VALUE = 200  # characters of a literal that is put in place of its variable


@dataclasses.dataclass
class Word:
    kind: str  # brace, quote, bare
    text: str  # without its delimiters


@dataclasses.dataclass
class Test:
    """One `test` command. `name` is exact, or, where it holds variables, None beside a `pattern`."""

    name: str | None
    pattern: str  # regular expression over the whole name, in the syntax that Python and Tcl share
    shown: str  # the name as the file spells it
    body: str
    options: str  # options and tags of the servers around it
    setup: str  # commands of the innermost server's body that ran before it, tests left out
    guards: list  # conditions of the `if`s around it
    helpers: str  # texts of the procedures of the same file that it calls


def commands(script):
    """The commands of a script, each a list of words."""
    position, end = 0, len(script)
    while position < end:
        while position < end and script[position] in " \t\r\n;":
            position += 1
        if position < end and script[position] == "#":
            while position < end and script[position] != "\n":
                position += 2 if script[position] == "\\" else 1
            continue
        words = []
        while position < end and script[position] not in "\n;":
            if script[position] in " \t\r":
                position += 1
            elif script.startswith("\\\n", position):
                position += 2
            else:
                word, position = take_word(script, position)
                words.append(word)
        if words:
            yield words


def take_word(script, position):
    if script.startswith("{*}", position) and position + 3 < len(script) and not script[position + 3].isspace():
        word, after = take_word(script, position + 3)
        return Word(word.kind, "{*}" + word.text), after
    if script[position] == "{":
        after = closing_brace(script, position)
        return Word("brace", script[position + 1 : after - 1]), after
    if script[position] == '"':
        after = position + 1
        while after < len(script) and script[after] != '"':
            after = skip_piece(script, after)
        return Word("quote", script[position + 1 : after]), after + 1
    after = position
    while after < len(script) and script[after] not in " \t\r\n;":
        if script.startswith("\\\n", after):
            break
        after = skip_piece(script, after)
    return Word("bare", script[position:after]), max(after, position + 1)


def skip_piece(script, position):
    """Behind one character, escape, command substitution or braced variable."""
    if script[position] == "\\":
        return position + 2
    if script[position] == "[":
        return closing_bracket(script, position)
    if script.startswith("${", position):
        end = script.find("}", position)
        return end + 1 if end >= 0 else len(script)
    return position + 1


def closing_brace(script, position):
    depth = 0
    while position < len(script):
        character = script[position]
        if character == "\\":
            position += 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return len(script)


def closing_bracket(script, position):
    depth = 0
    while position < len(script):
        character = script[position]
        if character == "\\":
            position += 1
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if depth == 0:
                return position + 1
        elif character == "{":
            position = closing_brace(script, position) - 1
        position += 1
    return len(script)


VARIABLE = re.compile(r"\$\{([^}]*)\}|\$((?:::)?\w+(?:::\w+)*)(\([^)]*\))?")


def put_values(text, values):
    """The text with the known values in place of their variables."""

    def value(match):
        name = match.group(1) or match.group(2)
        known = values.get(name)
        return match.group(0) if known is None or match.group(3) or len(known) > MAXIMUM_VALUE else known

    return VARIABLE.sub(value, text)


def name_and_pattern(word, values):
    """The name (None if something in it is not known) and the regular expression that it matches."""
    if word.kind == "brace":
        return word.text, "^" + escape(word.text) + "$"
    text = put_values(word.text, values)
    pattern, plain, position = "^", "", 0
    known = True
    while position < len(text):
        variable = VARIABLE.match(text, position)
        if text[position] == "\\" and position + 1 < len(text):
            plain += text[position + 1]
            pattern += escape(text[position + 1])
            position += 2
        elif text[position] == "[" or variable:
            position = variable.end() if variable else closing_bracket(text, position)
            known = False
            pattern += ".*"
        else:
            plain += text[position]
            pattern += escape(text[position])
            position += 1
    return (plain if known else None), pattern + "$"


def escape(text):
    return re.sub(r"([^\w\s])", r"\\\1", text)


def literal_list(word, values):
    """The elements of a literal list, or None."""
    text = word.text
    if word.kind == "bare" and text.startswith("$"):
        text = values.get(text[1:].strip("{}"))
        if text is None:
            return None
    elif word.kind == "quote":
        text = put_values(text, values)
    if word.kind != "brace" and re.search(r"[\[$]", text):
        return None
    elements = []
    for command in commands(text.replace(";", "\\;")):
        elements += [element.text for element in command]
    return elements


class Unit:
    """The tests of one file."""

    def __init__(self, text):
        self.tests = []
        self.procedures = {}
        self._holding_tests = {}
        self._collect_procedures(text)
        self._depth = 0
        self._walk(text, {}, [], [], [])
        for test in self.tests:
            test.helpers = self._called_by(test.body)

    def _collect_procedures(self, script):
        for words in commands(script):
            if words[0].text == "proc" and len(words) == 4:
                self.procedures[words[1].text] = words[3].text
                if has_tests(words[3].text):
                    self._holding_tests[words[1].text] = (
                        [re.split(r"\s+", p.strip("{}"))[0] for p in words[2].text.split()],
                        words[3].text,
                    )
            for word in words[1:]:
                if word.kind == "brace" and "proc " in word.text and words[0].text != "proc":
                    self._collect_procedures(word.text)

    def _holds_tests(self, text):
        return has_tests(text) or any(
            re.search(r"(?:^|[\s{;])" + re.escape(name) + r"\s", text) for name in self._holding_tests
        )

    def _called_by(self, body):
        """The texts of this file's procedures that the body calls, and of those that they call."""
        found, todo = {}, [body]
        while todo:
            text = todo.pop()
            for name, procedure in self.procedures.items():
                called = re.search(r"(?:^|[\s\[{;\"])" + re.escape(name) + r"(?=[\s\]};\"]|$)", text)
                if name not in found and called:
                    found[name] = procedure
                    todo.append(procedure)
        return "\n".join(found.values())

    def _walk(self, script, values, options, setup, guards):
        if self._depth > 40:
            return
        self._depth += 1
        try:
            for words in commands(script):
                self._command(words, values, options, setup, guards)
        finally:
            self._depth -= 1

    def _command(self, words, values, options, setup, guards):
        name = words[0].text
        if name == "test" and len(words) >= 3:
            self._test(words, values, options, setup, guards)
        elif name == "proc":
            return
        elif name in self._holding_tests and len(words) > 1:
            parameters, body = self._holding_tests[name]
            bound = dict(values)
            for parameter, word in zip(parameters, words[1:]):
                if word.kind == "brace" or "$" not in word.text and "[" not in word.text:
                    bound[parameter] = word.text
                else:
                    text = put_values(word.text, values)
                    bound[parameter] = text if not re.search(r"[\[$]", text) else None
            self._walk(body, bound, options, setup, guards)
        elif name == "set" and len(words) == 3 and not re.search(r"[\[$]", words[2].text):
            values[words[1].text] = words[2].text
            setup.append(" ".join(word.text for word in words))
        elif name == "incr":
            values.pop(words[1].text, None)
        elif not any(self._holds_tests(word.text) for word in words[1:]):
            setup.append(put_values(" ".join(word.text for word in words), values))
        elif name == "foreach":
            self._foreach(words, values, options, setup, guards)
        elif name in ("start_server", "tags", "start_multiple_servers"):
            inner = options + [put_values(" ".join(word.text for word in words[1:-1]), values)]
            fresh = list(setup) if name == "tags" else []
            self._walk(words[-1].text, dict(values), inner, fresh, guards)
        elif name == "if" and "$::force_failure" in words[1].text:
            return  # a test of the suite itself: it always fails, and is there only when asked for
        elif name == "if":
            self._walk(words[2].text, dict(values), options, setup, guards + [words[1].text])
            for word in words[3:]:
                if self._holds_tests(word.text):
                    self._walk(word.text, dict(values), options, setup, guards + ["not: " + words[1].text])
        else:
            for word in words[1:]:
                if word.kind == "brace" and self._holds_tests(word.text):
                    self._walk(word.text, dict(values), options, setup, guards)

    def _foreach(self, words, values, options, setup, guards):
        variables = words[1].text.split()
        elements = literal_list(words[2], values) if len(words) == 4 else None
        rounds = [{}]
        if elements and len(elements) <= MAXIMUM_ROUNDS * len(variables):
            rounds = [
                dict(zip(variables, elements[start : start + len(variables)]))
                for start in range(0, len(elements), len(variables))
            ]
        for bound in rounds:
            known = {key: value for key, value in values.items() if key not in variables} | bound
            self._walk(words[-1].text, known, options, setup, guards)

    def _test(self, words, values, options, setup, guards):
        name, pattern = name_and_pattern(words[1], values)
        tags = words[4].text if len(words) > 4 else ""
        passed = re.fullmatch(r"\$\{?(\w+)\}?", words[2].text)
        body = passed and values.get(passed.group(1)) or put_values(words[2].text, values)
        self.tests.append(
            Test(
                name=name,
                pattern=pattern,
                shown=words[1].text if name is None else name,
                body=body,
                options=" ".join(options + [tags]),
                setup="\n".join(setup),
                guards=list(guards),
                helpers="",
            )
        )


def has_tests(text):
    return re.search(r"(?:^|[\s{;])test[ \t]+[{\"$\[\w]", text) is not None
