"""The ABI lock: every fact about the tables that programs rely on, recorded when it is published.

A fact has a key (what it is about) and a value (what is published). A key once recorded keeps its value for ever:
nothing in the tables may contradict or drop it. Names of arguments and texts are no facts, nor are the errors of a
call: a new version may find new ways to fail.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from . import layout, model
from .source import Complaints, Source, Span, read_source

HEAD = """\
# What has been published of the tables. `make abi-accept` adds to it; nothing in it is ever changed, because
# programs rely on it. A line is a fact:
#
#   call NUMBER TABLE NAME HASH SIGNATURE   signatures have no names of arguments: #1 is the first argument
#   retired NUMBER TABLE NAME HASH SIGNATURE
#   protocol NAME NUMBER                    its methods are calls; its name is their table
#   error, flags, enum, struct, object, right: what they say in types.tbl
"""


@dataclass(frozen=True)
class Fact:
    """`key` says what the fact is about, `line` is how the lock writes the whole fact."""

    key: Tuple[str, ...]
    line: str
    span: Span


def signature(call: model.Call, version: int) -> str:
    """What a program relies on in a call, as of a version of its arguments."""
    attributes = [a for a in model.ATTRIBUTES if a in call.attributes]
    arguments = ""
    for position, argument in enumerate(call.arguments):
        if argument.version > version:
            break
        if position:
            arguments += "; " if argument.version != call.arguments[position - 1].version else ", "
        arguments += _argument(call, argument)
    return f"{','.join(attributes) or '-'} {call.result.name} ({arguments})"


def _argument(call: model.Call, argument: model.Argument) -> str:
    if argument.kind == "handle":
        rights = f":{'+'.join(sorted(argument.rights))}" if argument.rights else ""
        source = f"+#{call.position(argument.rights_from) + 1}" if argument.rights_from else ""
        return f"{'kept ' if argument.kept else ''}{argument.object}{rights}{source}"
    if argument.kind == "buffer":
        return f"{argument.direction} {argument.type}[#{call.position(argument.length) + 1}]"
    if argument.kind == "client":
        return "client"
    if argument.kind == "text":
        return f"{argument.direction} text[{argument.most}]"
    if argument.kind in ("value", "gift"):
        return f"{argument.direction} {argument.type}"
    if argument.kind == "struct":
        return f"{argument.direction} struct {argument.struct}"
    return str(argument.type)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _call_line(number: int, table: str, name: str, text: str) -> str:
    head = f"{number} {table} {name}"
    return f"{head} {_hash(f'{head} {text}')} {text}"


def facts_of(interface: model.Interface) -> List[Fact]:
    """The facts of the tables as they are now, calls apart from those that are retired."""
    facts: List[Fact] = []
    for call in interface.calls:
        for version in range(layout.versions(call)):
            line = _call_line(call.number, call.table, call.name, signature(call, version))
            facts.append(Fact(("call", call.table, str(call.number), str(version)), f"call {line}", call.span))
    for protocol in interface.protocols:
        facts.append(Fact(("protocol", protocol.name), f"protocol {protocol.name} {protocol.number}", protocol.span))
    for error in interface.errors:
        facts.append(Fact(("error", error.name), f"error {error.name} {error.number}", error.span))
    for value_set in interface.sets:
        for value in value_set.values:
            number = f"{value.value:#x}" if value_set.kind == "flags" else str(value.value)
            facts.append(Fact((value_set.kind, value_set.name, value.name),
                              f"{value_set.kind} {value_set.name} {value.name} {number}", value.span))
    for struct in interface.structs:
        facts.append(Fact(("struct", struct.name), _struct_line(struct), struct.span))
    for item in interface.objects:
        facts.append(Fact(("object", item.name), f"object {item.name} {item.number}", item.span))
    rights = [("common", right) for right in interface.common]
    rights += [(item.name, right) for item in interface.objects for right in item.rights]
    for owner, right in rights:
        facts.append(Fact(("right", owner, right.name), f"right {owner} {right.name} {right.value:#x}", right.span))
    return facts


def _struct_line(struct: model.Struct) -> str:
    members = []
    for member, offset in zip(struct.members, layout.offsets(struct)):
        array = f"[{member.count}]" if member.count else ""
        members.append(f"{offset}:{member.type} {member.name}{array}")
    return f"struct {struct.name} {layout.size_of(struct)} {{ {', '.join(members)} }}"


# Reading the lock

_SHAPES = {
    "call": re.compile(r"call (\d+) (\w+) (\w+) ([0-9a-f]{16}) (.+)"),
    "retired": re.compile(r"retired (\d+) (\w+) (\w+) ([0-9a-f]{16}) (.+)"),
    "protocol": re.compile(r"protocol (\w+) \d+"),
    "error": re.compile(r"error (\w+) \d+"),
    "flags": re.compile(r"flags (\w+) (\w+) 0x[0-9a-f]+"),
    "enum": re.compile(r"enum (\w+) (\w+) \d+"),
    "struct": re.compile(r"struct (\w+) \d+ \{ .* \}"),
    "object": re.compile(r"object (\w+) \d+"),
    "right": re.compile(r"right (\w+) (\w+) 0x[0-9a-f]+"),
}


def read(path: str, complaints: Complaints) -> List[Fact]:
    """The facts recorded in the lock."""
    if not os.path.exists(path):
        complaints.add(Span(Source(path, ()), 1), "there is no ABI lock here; restore it from the last commit, or run "
                       "`make abi-accept` if nothing was ever published")
        return []
    source = read_source(path, complaints)
    facts: Dict[Tuple[str, ...], Fact] = {}
    for number, line in enumerate(source.lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        span = Span(source, number, 1, len(line))
        fact = _read_fact(line, span, complaints)
        if fact is None:
            continue
        if fact.key in facts:
            complaints.add(span, f"this fact is recorded twice; first at {facts[fact.key].span.where}. Restore the "
                           "lock from the last commit")
        facts[fact.key] = fact
    return list(facts.values())


def _read_fact(line: str, span: Span, complaints: Complaints) -> Optional[Fact]:
    kind = line.split(" ", 1)[0]
    match = _SHAPES[kind].fullmatch(line) if kind in _SHAPES else None
    if match is None:
        complaints.add(span, "this is no fact of an ABI lock; restore the file from the last commit")
        return None
    if kind not in ("call", "retired"):
        return Fact((kind, *match.groups()), line, span)
    number, table, name, digest, text = match.groups()
    if _hash(f"{number} {table} {name} {text}") != digest:
        complaints.add(span, f"the hash of {name} doesn't fit its signature: the lock was edited by hand; restore it "
                       "from the last commit")
        return None
    return Fact((kind, table, number, str(text.count(";"))), line, span)


# Comparing


@dataclass
class Comparison:
    """What the lock should say after this: everything kept, everything new, calls turned into retired ones."""

    kept: List[Fact]
    new: List[Fact]

    def text(self) -> str:
        lines = sorted((fact.line for fact in self.kept + self.new), key=_order)
        return HEAD + "\n" + "\n".join(lines) + "\n"


def _order(line: str) -> Tuple[object, ...]:
    kinds = list(_SHAPES)
    words = line.split(" ")
    parts = tuple((0, int(w), "") if w.isdigit() else (1, 0, w) for w in words[1:4])
    if words[0] in ("flags", "enum", "right", "error", "object"):
        parts = (parts[0], (0, int(words[-1], 0), ""), *parts)
    return (kinds.index(words[0]), parts, line)


def compare(interface: model.Interface, recorded: List[Fact], types: Source, complaints: Complaints) -> Comparison:
    """Complains about every published fact that the tables contradict."""
    current = {fact.key: fact for fact in facts_of(interface)}
    retired = {(r.table, str(r.number)): r for r in interface.retired}
    kept: List[Fact] = []
    new: List[Fact] = []
    for fact in recorded:
        kind = fact.key[0]
        if kind == "retired":
            kept.append(fact)
            _check_retired(interface, fact, current, retired, complaints)
        elif kind == "call" and fact.key[1:3] in retired:
            new.append(_retire(fact, retired[fact.key[1:3]], complaints))
        else:
            kept.append(fact)
            if fact.key not in current or current[fact.key].line != fact.line:
                _complain(interface, fact, current.get(fact.key), types, complaints)
    known = {fact.key for fact in recorded}
    new += [fact for fact in current.values() if fact.key not in known]
    _check_never_published(interface, recorded, complaints)
    return Comparison(kept, new)


def _name(fact: Fact) -> str:
    return fact.line.split(" ")[3]


def _shown(fact: Fact) -> str:
    """A call's fact without hash; another one as it is."""
    words = fact.line.split(" ")
    return " ".join(words[:4] + words[5:]) if words[0] in ("call", "retired") else fact.line


def _retire(fact: Fact, by: model.Retired, complaints: Complaints) -> Fact:
    if _name(fact) != by.name:
        complaints.add(by.span, f"number {by.number} was published as {_name(fact)}, not {by.name}; retire it under "
                       "that name")
    return Fact(("retired", *fact.key[1:]), f"retired{fact.line[len('call'):]}", by.span)


def _check_retired(interface: model.Interface, fact: Fact, current: Dict[Tuple[str, ...], Fact],
                   retired: "Dict[tuple[str, str], model.Retired]", complaints: Complaints) -> None:
    _, table, number = fact.key[:3]
    user = current.get(("call", table, number, "0"))
    if user is not None:
        complaints.add(user.span, f"number {number} is used again: it was {_name(fact)}, which is retired, and old "
                       f"programs still know it; take a new number and keep `retired {number} {_name(fact)}`")
    elif (table, number) not in retired:
        complaints.add(_table_span(interface, table, fact), f"the line of the retired call {_name(fact)} is missing; "
                       f"write `retired {number} {_name(fact)} \"why\"`")
    elif retired[table, number].name != _name(fact):
        complaints.add(retired[table, number].span, f"number {number} was published as {_name(fact)}; retire it under "
                       "that name")


def _check_never_published(interface: model.Interface, recorded: List[Fact], complaints: Complaints) -> None:
    known = {fact.key[1:3] for fact in recorded if fact.key[0] in ("call", "retired")}
    for retired in interface.retired:
        if (retired.table, str(retired.number)) not in known:
            complaints.add(retired.span, f"number {retired.number} was never published, so nothing is to be retired; "
                           "use `gap` or give the number to a call")


def _table_span(interface: model.Interface, table: str, fact: Fact) -> Span:
    found = interface.table(table)
    return found.span if found else fact.span


def _complain(interface: model.Interface, fact: Fact, now: Optional[Fact], types: Source,
              complaints: Complaints) -> None:
    if fact.key[0] == "call":
        _complain_call(interface, fact, now, complaints)
        return
    published = f"published: {fact.line}"
    what = {"flags": "flag", "enum": "enum value"}.get(fact.key[0], fact.key[0])
    if now is not None:
        complaints.add(now.span, f"a published {what} has changed; {published}; now: {now.line}. Change it "
                       "back, and add a new one under a new name")
    else:
        complaints.add(_owner_span(interface, fact, types), f"a published {what} is gone; {published}. Put it "
                       "back: programs rely on it")


def _owner_span(interface: model.Interface, fact: Fact, types: Source) -> Span:
    """Where something is missing: at what it belonged to, or at the top of the file."""
    owner: Optional[Span] = None
    if fact.key[0] in ("flags", "enum"):
        value_set = interface.value_set(fact.key[0], fact.key[1])
        owner = value_set.span if value_set else None
    elif fact.key[0] == "right":
        item = interface.object(fact.key[1])
        owner = item.span if item else None
    return owner or Span(types, 1)


def _complain_call(interface: model.Interface, fact: Fact, now: Optional[Fact], complaints: Complaints) -> None:
    _, table, number, version = fact.key
    name = _name(fact)
    published = f"published: {_shown(fact)}"
    user = next((c for c in interface.calls if c.table == table and str(c.number) == number), None)
    elsewhere = next((c for c in interface.calls if c.table == table and c.name == name), None)
    if user is not None and user.name != name:
        complaints.add(user.span, f"number {number} is used again: it was published as {name}, and old programs still "
                       f"know it; {published}. Give {user.name} a new number" +
                       ("" if elsewhere else f", and put {name} back or write `retired {number} {name} \"why\"`"))
    elif user is not None and now is not None:
        complaints.add(user.span, f"the published call {name} has changed; {published}; now: {_shown(now)}. Change it "
                       "back, and add a call under a new name and number")
    elif user is not None:
        complaints.add(user.span, f"arguments of the published call {name} are gone; {published}. Put them back")
    elif elsewhere is not None:
        complaints.add(elsewhere.span, f"the published call {name} has moved from number {number} to "
                       f"{elsewhere.number}; {published}. Give it its number back")
    else:
        complaints.add(_table_span(interface, table, fact), f"the published call {name} is gone; {published}. Put it "
                       f"back, or write `retired {number} {name} \"why\"`")
