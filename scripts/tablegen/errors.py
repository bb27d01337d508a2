"""Which errors the checks of a thunk can return."""

from __future__ import annotations

from typing import Dict, List

from . import model


def thunk_errors(interface: model.Interface, call: model.Call) -> Dict[str, str]:
    """The errors that the checks of a call's thunk can return, each with the reason."""
    errors: Dict[str, str] = {}
    if call.packed:
        errors.update(EFAULT="its struct", EINVAL="its struct", E2BIG="its struct")
    if call.lend:
        errors.update(EFAULT="its windows")
    for argument in call.arguments:
        for name in _argument_errors(interface, argument):
            errors.setdefault(name, f"argument {argument.name}")
    return errors


def _argument_errors(interface: model.Interface, argument: model.Argument) -> List[str]:
    if argument.kind in ("flags", "enum"):
        return ["EINVAL"]
    if argument.kind == "scalar":
        return ["EINVAL"] if argument.type and argument.type.name == "bool" else []
    if argument.kind == "handle":
        errors = ["EBADF"]
        if argument.object != "handle":
            errors.append("EFTYPE")
        if argument.rights or argument.rights_from:
            errors.append("EACCES")
        return errors
    errors = ["EFAULT"]
    if argument.kind == "struct" and argument.direction == "in":
        struct = interface.struct(argument.struct)
        if struct and any(is_checked(member.type) for member in struct.members):
            errors.append("EINVAL")
    return errors


def method_errors(interface: model.Interface, call: model.Call) -> Dict[str, str]:
    """The same for the checks of a method, those of giving and taking handles included."""
    errors: Dict[str, str] = {}
    if call.result.kind == "handle":
        errors["EMFILE"] = "its result"
    for argument in call.arguments:
        for name in _method_argument_errors(interface, argument):
            errors.setdefault(name, f"argument {argument.name}")
    return errors


def _method_argument_errors(interface: model.Interface, argument: model.Argument) -> List[str]:
    if argument.kind == "text":
        return ["EFAULT", "EINVAL", "ENAMETOOLONG"]
    if argument.kind == "client":
        return ["EBADF", "EXDEV"]
    if argument.kind == "value":
        return []
    if argument.kind == "gift":
        return ["EMFILE"]
    errors = _argument_errors(interface, argument)
    return errors + ["ENFILE"] if argument.kind == "handle" else errors


def is_checked(type_name: model.TypeName) -> bool:
    """Says whether not every bit pattern is a value of the type."""
    return type_name.kind != "scalar" or type_name.name == "bool"
