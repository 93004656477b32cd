"""World files: a World in YAML, made to be written by hand.

The fields are those of `luna.turns.world.World`, with these conveniences:

- `places`, `characters`, `items` and `threads` are either lists of entries with an `id`, or mappings from id
  to entry.
- `time: "17:40"` (quoted: YAML reads a bare 17:40 as a number) instead of `start_minutes`.
- `start` instead of `start_place`; `blurb` is for the shelf and is not part of the told world.
- Prose may be plain, or carry slots: `{you} {duck} under the lip`; `{be|s}` forces the singular.
- A beat with `quote` is said by `speaker` (or by the person in `when.npc`), and its `text` is narrated after
  it; with `speaker` and `text` alone the text is put into that person's mouth.
- A plant may be bound to places: `"@inn, quay: The punt knocks on its weight."`
- A lead with both `do` and `go` is something to do at that place.
- `tellings` are alternatives of a beat: plain strings stand for its quote when it has one, else for its text.
- `clock: "20:00"` is the hour at which a beat comes by itself.
"""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from luna.kernel.errors import BadInput
from luna.turns.world import World

LARGEST = 2_000_000
"""Longest world file, in characters."""
DEEPEST = 12
KEYED = ("places", "characters", "items", "threads")


def load_world(path_or_text: str | Path) -> World:
    """A world from a file or from YAML text. Raises BadInput that says what is wrong, and where."""
    text = _read(path_or_text)
    if len(text) > LARGEST:
        raise BadInput(
            "The world file is too long.", f"Keep it under {LARGEST} characters.", code="world-too-long"
        )
    raw = _parse(text)
    raw.pop("blurb", None)
    return _world(raw)


def builtin_worlds() -> list[dict[str, str]]:
    """The worlds that come along: id, title and blurb of each."""
    listed: list[dict[str, str]] = []
    folder = files("luna.narrator").joinpath("worlds")
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            raw = _parse(entry.read_text(encoding="utf-8"))
            listed.append(
                {
                    "id": entry.name[:-5],
                    "title": str(raw.get("title", "")),
                    "blurb": str(raw.get("blurb", "")),
                }
            )
    return listed


def builtin_world(world_id: str) -> World:
    """One of the worlds that come along, by id."""
    folder = files("luna.narrator").joinpath("worlds")
    if not re.fullmatch(r"[a-z0-9_-]{1,64}", world_id) or not folder.joinpath(f"{world_id}.yaml").is_file():
        names = ", ".join(w["id"] for w in builtin_worlds())
        raise BadInput(
            f"There is no built-in world {world_id[:64]!r}.", f"There are: {names}.", code="world-not-found"
        )
    return load_world(folder.joinpath(f"{world_id}.yaml").read_text(encoding="utf-8"))


def _read(source: str | Path) -> str:
    if isinstance(source, str) and ("\n" in source or ":" in source[:200].replace(":\\", "")):
        return source
    path = Path(source)
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(
            f"The world file {path.name} cannot be read.", "Check the path.", code="world-unreadable"
        ) from error
    except ValueError as error:
        raise BadInput(
            f"{path.name} is not UTF-8 text.", "Save it as UTF-8.", code="world-unreadable"
        ) from error


def _parse(text: str) -> dict[str, Any]:
    yaml: Any = import_module("yaml")
    try:
        _refuse_tricks(yaml, text)
        raw: object = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _bad(f"line {line}", error.problem or "not YAML") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _bad("the file", "it is not YAML") from error
    if not isinstance(raw, dict):
        raise _bad("the file", "a mapping with a title is expected")
    return {str(k): v for k, v in cast(Mapping[object, Any], raw).items()}


def _refuse_tricks(yaml: Any, text: str) -> None:
    """Aliases and deep nesting make a small file a large or a slow one."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _bad("the file", "aliases (*name) are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _bad("the file", f"it is nested more than {DEEPEST} deep")


def _world(raw: dict[str, Any]) -> World:
    data = dict(raw)
    for key in KEYED:
        if key in data:
            data[key] = _entries(key, data[key])
    if "start" in data:
        data["start_place"] = data.pop("start")
    if "time" in data:
        data["start_minutes"] = _minutes(data.pop("time"), "time")
    if isinstance(data.get("threads"), list):
        data["threads"] = [_thread(t) for t in cast(list[Any], data["threads"])]
    if isinstance(data.get("weather"), str):
        data["weather"] = [data["weather"]]
    try:
        return World.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise _bad(where, first["msg"]) from error
    except RecursionError as error:
        raise _bad("the file", "it is nested too deeply") from error


def _entries(key: str, value: Any) -> list[Any]:
    """A mapping from id to entry as a list of entries with ids."""
    if value is None:
        return []
    if isinstance(value, list):
        return cast(list[Any], value)
    if not isinstance(value, dict):
        raise _bad(key, "a list or a mapping is expected")
    entries: list[Any] = []
    for entry_id, entry in cast(Mapping[object, Any], value).items():
        if not isinstance(entry, dict):
            raise _bad(f"{key}.{entry_id}", "a mapping is expected")
        entries.append({"id": str(entry_id), **cast(dict[str, Any], entry)})
    return entries


def _thread(value: Any) -> Any:
    """A thread, its beats a list or a mapping, their tellings and hours spelt out."""
    if not isinstance(value, dict):
        return value
    thread = cast(dict[str, Any], value)
    if not thread.get("beats"):
        return thread
    return {**thread, "beats": [_beat(b) for b in _entries("beats", thread["beats"])]}


def _beat(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    beat = dict(cast(dict[str, Any], value))
    if isinstance(beat.get("clock"), str):
        beat["clock"] = _minutes(beat["clock"], f"clock of {beat.get('id')}")
    if isinstance(beat.get("tellings"), list):
        field = "quote" if beat.get("quote") else "text"
        given = cast(list[Any], beat["tellings"])
        beat["tellings"] = [{field: t} if isinstance(t, str) else t for t in given]
    return beat


def _minutes(value: object, where: str) -> int:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise _bad(where, 'a quoted time of day is expected, such as "17:40"')
    return int(found[1]) * 60 + int(found[2])


def schema() -> dict[str, Any]:
    """The JSON Schema of a world file, for editors and other programs."""
    made = World.model_json_schema()
    made.update({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "LUNA world file"})
    root, kinds = made["properties"], made["$defs"]
    for key in KEYED:
        root[key] = _keyed(root[key])
    kinds["Thread"]["properties"]["beats"] = _keyed(kinds["Thread"]["properties"]["beats"])
    hour = {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"}
    root["time"] = {**hour, "description": "When the story begins, quoted."}
    root["start"] = {"type": "string", "description": "The id of the place where it begins."}
    root["blurb"] = {"type": "string", "description": "What stands on the shelf; not told."}
    root["weather"] = {"anyOf": [root["weather"], {"type": "string"}]}
    told = kinds["Beat"]["properties"]
    told["clock"] = {"anyOf": [hour, told["clock"]]}
    told["tellings"]["items"] = {"anyOf": [{"type": "string"}, told["tellings"]["items"]]}
    for kind in ("Place", "Character", "Item", "Thread", "Beat"):
        kinds[kind]["required"] = [k for k in kinds[kind].get("required", ()) if k != "id"]
    return made


def schema_text() -> str:
    """The schema as the file `worldfile.schema.json` holds it."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


def _keyed(listed: dict[str, Any]) -> dict[str, Any]:
    """A list of entries, or a mapping from id to entry."""
    entry = listed["items"]
    return {"anyOf": [{"type": "array", "items": entry}, {"type": "object", "additionalProperties": entry}]}


def _bad(where: str, what: str) -> BadInput:
    return BadInput(
        f"The world file is not right at {where}: {what}",
        "Mend that place and try again.",
        code="bad-world",
        where=where,
    )
