"""Frozen dataclasses to JSON values and back, strictly: what is read is what was written, or an error says where."""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from derive.errors import BackproofError

TAG = "type"
_DEEPEST = 60


class DocumentError(BackproofError):
    """A document that is malformed: says at which place, what was found and what is expected there."""


def tag(kind: type) -> str:
    """The name of a dataclass in JSON: `StepTable` is "step_table"."""
    name = kind.__name__
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def encode(value: Any) -> Any:
    """The JSON value of plain data: a dataclass becomes an object with its tag and all of its fields."""
    if is_dataclass(value) and not isinstance(value, type):
        return {TAG: tag(type(value))} | {f.name: encode(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(kind: Any, data: Any, where: str) -> Any:
    """The value of type `kind` that `data` encodes; unknown, missing and mistyped fields raise DocumentError."""
    origin = get_origin(kind)
    if _is_object(kind):
        return _decode_object((kind,), data, where)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), data, where)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data, where)
    if type(data) is not kind:  # bool is not int here
        raise _unexpected(where, kind.__name__, data)
    if kind is str and not data.isascii():
        _require_unicode(data, where)
    return data


def parse(text: str) -> Any:
    """The JSON value of a text; repeated keys, NaN and bottomless nesting raise DocumentError."""
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise DocumentError(f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from None
    except RecursionError:
        raise DocumentError("document: nested too deeply to be a document") from None


def _decode_union(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and types.NoneType in kinds:
        return None
    objects = tuple(k for k in kinds if _is_object(k))
    if objects:
        return _decode_object(objects, data, where)
    for kind in kinds:
        if type(data) is kind:
            return data
    raise _unexpected(where, " or ".join("null" if k is types.NoneType else k.__name__ for k in kinds), data)


def _decode_tuple(items: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise _unexpected(where, "a list", data)
    if items[-1] is ...:
        return tuple(decode(items[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    if len(data) != len(items):
        raise DocumentError(f"{where}: expected a list of {len(items)}, got {len(data)}")
    return tuple(decode(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(items, data, strict=True)))


def _decode_object(kinds: tuple[type, ...], data: Any, where: str) -> Any:
    if where.count(".") > _DEEPEST:
        raise DocumentError("document: nested too deeply to be a document")
    if not isinstance(data, dict):
        raise _unexpected(where, " or ".join(map(tag, kinds)), data)
    kind = {tag(k): k for k in kinds}.get(data.get(TAG))  # type: ignore[arg-type]
    if kind is None:
        raise _unexpected(f"{where}.{TAG}", " or ".join(map(tag, kinds)), data.get(TAG))
    hints, required = _fields(kind)
    unknown = sorted(set(data) - set(hints) - {TAG})
    if unknown:
        raise DocumentError(f"{where}.{unknown[0]}: {tag(kind)} has no such field; it has {', '.join(hints)}")
    missing = sorted(required - set(data))
    if missing:
        raise DocumentError(f"{where}: {tag(kind)} lacks its field {missing[0]}")
    values = {name: decode(hints[name], data[name], f"{where}.{name}") for name in hints if name in data}
    try:
        return kind(**values)
    except DocumentError as error:
        raise DocumentError(f"{where}: {error}") from None


@cache
def _fields(kind: type) -> tuple[dict[str, Any], frozenset[str]]:
    hints = get_type_hints(kind)
    table = fields(kind)
    return {f.name: hints[f.name] for f in table}, frozenset(f.name for f in table if f.default is MISSING)


def _is_object(kind: Any) -> bool:
    return isinstance(kind, type) and is_dataclass(kind)


def _unexpected(where: str, expected: str, got: Any) -> DocumentError:
    shown = "nothing" if got is None else f"{type(got).__name__} {str(got)[:40]!r}"
    return DocumentError(f"{where}: expected {expected}, got {shown}")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise DocumentError(f"document: a field is given twice among {', '.join(k for k, _ in pairs)[:80]}")
    return table


def _refuse_constant(name: str) -> Any:
    raise DocumentError(f"document: {name} is not a JSON number")


def _require_unicode(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DocumentError(f"{where}: half of a surrogate pair is not text") from None
