"""A scene graph and its pictures as a Ren'Py project folder that the engine lints, compiles and plays.

Tried with Ren'Py 8.0; nothing newer is used, so that later engines of the 8 line run it too.
"""

import os
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

from luna.exporters.renpy.script import Script, unknown_picture, write_script
from luna.exporters.renpy.text import NOT_IN_BUILT_IN_FONT, RIGHT_TO_LEFT, clean, literal, slug
from luna.kernel.errors import BadInput, Conflict, Diagnostic, Severity, Unavailable
from luna.kernel.values import Frozen, digest
from luna.scenes.lint import lint
from luna.scenes.types import SceneGraph

MARKER = ".luna-export"
"""The file that says a folder was written by this exporter and may be replaced by it."""

IMAGE_TYPES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}
FONT_TYPES = {b"\x00\x01\x00\x00": "ttf", b"true": "ttf", b"OTTO": "otf", b"ttcf": "ttc"}


class ExportReport(Frozen):
    """What an export wrote, or would write.

    `files` are paths inside the project, `lines` counts what is said and told, `endings` where it can end.
    With an error among the diagnostics nothing was written.
    """

    out: str
    written: bool
    files: tuple[str, ...]
    lines: int
    choices: int
    endings: int
    diagnostics: tuple[Diagnostic, ...] = ()


def export_renpy(
    graph: SceneGraph,
    pictures: Mapping[str, bytes],
    out: Path,
    *,
    title: str = "",
    licence: str = "",
    font: Path | None = None,
    replace: bool = False,
    dry_run: bool = False,
) -> ExportReport:
    """Write the project into the folder `out`.

    `pictures` are PNG, JPEG or WebP files by the keys of the graph's pictures; a missing one becomes a
    diagnostic and a plain backdrop. `font` is a TrueType or OpenType file for languages that the engine's own
    font does not cover. A folder that an earlier export wrote is replaced; any other that is not empty only
    with `replace`. `dry_run` writes nothing and needs no pictures. The folder appears complete or not at all.

    Raises Conflict when `out` is something else's, BadInput for a broken font, Unavailable when the disk does
    not take it. A graph with errors is not written: they are in the report.
    """
    problems = lint(graph)
    if any(d.severity == Severity.error for d in problems):
        return _report(out, {}, Script(), problems, written=False)
    script = write_script(graph)
    problems += [*script.diagnostics, *_about_letters(graph, font)]
    contents = _project(graph, script, pictures, title or graph.title, licence or graph.meta.licence, font)
    problems += [unknown_picture(key) for key in _missing(graph, pictures, dry_run=dry_run)]
    if not dry_run:
        _refuse_others(out, replace)
        _write(contents, out)
    return _report(out, contents, script, problems, written=not dry_run)


def _missing(graph: SceneGraph, pictures: Mapping[str, bytes], *, dry_run: bool) -> list[str]:
    """The pictures that cannot be shown. A dry run need not have them, so those that can be had count."""
    return [
        key
        for key, picture in graph.meta.pictures.items()
        if _image_type(pictures.get(key)) is None
        and not (dry_run and key not in pictures and (picture.request or picture.asset_id))
    ]


def _report(
    out: Path, contents: Mapping[str, bytes], script: Script, problems: list[Diagnostic], *, written: bool
) -> ExportReport:
    return ExportReport(
        out=str(out),
        written=written,
        files=tuple(sorted(contents)),
        lines=script.lines,
        choices=script.choices,
        endings=script.endings,
        diagnostics=tuple(problems),
    )


def _project(
    graph: SceneGraph,
    script: Script,
    pictures: Mapping[str, bytes],
    title: str,
    licence: str,
    font: Path | None,
) -> dict[str, bytes]:
    """All files of the project by their paths in it."""
    contents: dict[str, bytes] = {f"game/{name}": text.encode() for name, text in script.files.items()}
    images, backdrop = ["# Pictures.", ""], 'Solid("#1b2230")'
    for key, name in script.images.items():
        data = pictures.get(key)
        kind = _image_type(data)
        if data is not None and kind:
            contents[f"game/images/{name}.{kind}"] = data
            images.append(
                f'image {name} = Transform("images/{name}.{kind}", fit="cover", xysize=(1280, 720))'
            )
            if backdrop.startswith("Solid"):
                backdrop = literal(name)
        else:
            images.append(f'image {name} = Solid("#1b2230")')
    images += ["", f"define luna_menu_backdrop = {backdrop}"]
    contents["game/images.rpy"] = ("\n".join(images) + "\n").encode()
    contents["game/options.rpy"] = _options(graph, title, licence, _font_name(contents, font)).encode()
    template = files("luna.exporters.renpy") / "template"
    for name in ("screens.rpy", "runtime.rpy"):
        contents[f"game/{name}"] = (template / name).read_bytes()
    contents["README.txt"] = _readme(title, licence).encode()
    contents[MARKER] = b"1\n"
    return contents


def _options(graph: SceneGraph, title: str, licence: str, font: str) -> str:
    title = clean(" ".join(title.split())) or "Untitled"
    about = clean(licence).strip()
    text = title + "".join(node.content for node in graph.nodes)
    rows = {
        "config.name": literal(title),
        "config.version": literal("1.0"),
        "config.window_title": literal(title),
        "config.has_sound": "False",
        "config.has_music": "False",
        "config.has_voice": "False",
        "config.window": literal("auto"),
        "config.window_show_transition": "Dissolve(.2)",
        "config.window_hide_transition": "Dissolve(.2)",
        "config.enter_transition": "dissolve",
        "config.exit_transition": "dissolve",
        "config.end_game_transition": "dissolve",
        "config.save_directory": literal(f"{slug(title) or 'story'}-{digest(graph.id)[:10]}"),
        "config.rtl": repr(bool(RIGHT_TO_LEFT.search(text))),
        "gui.text_font": literal(font),
        "build.name": literal(slug(title) or "story"),
        "build.version": literal("1.0"),
        "luna_title": literal(title.replace("{", "{{")),
        "luna_about": literal(about.replace("{", "{{")),
    }
    head = ["# Options of the game.", "", "init offset = -3", ""]
    defines = [f"define {name} = {value}" for name, value in rows.items()]
    tail = ["default preferences.text_cps = 55", "default preferences.afm_time = 15"]
    build = [
        "",
        "init python:",
        *(f"    build.classify({literal(p)}, None)" for p in ("**~", "**.bak", "**/.**")),
    ]
    return "\n".join([*head, *defines, *tail, *build]) + "\n"


def _font_name(contents: dict[str, bytes], font: Path | None) -> str:
    """Add the font to the project. Raises BadInput when it is not one."""
    if font is None:
        return "DejaVuSans.ttf"
    try:
        data = font.read_bytes()
    except OSError as error:
        raise BadInput(f"The font {font.name} cannot be read.", "Check the path.") from error
    kind = FONT_TYPES.get(data[:4])
    if kind is None:
        raise BadInput(f"{font.name} is not a font.", "Give a TrueType or OpenType file (.ttf, .otf, .ttc).")
    name = f"fonts/story.{kind}"
    contents[f"game/{name}"] = data
    return name


def _readme(title: str, licence: str) -> str:
    rows = [
        clean(title) or "Untitled",
        "",
        "A Ren'Py project. Open it with the Ren'Py launcher, version 8.0 or newer, or run:",
        "",
        "    renpy.sh <this folder>",
        "",
        *([f"Licence of the story: {clean(licence)}"] if licence else []),
    ]
    return "\n".join(rows) + "\n"


def _image_type(data: bytes | None) -> str | None:
    """The ending of an image file by its first bytes, or None when it is no image the engine shows."""
    if not data:
        return None
    return next((kind for head, kind in IMAGE_TYPES.items() if data.startswith(head)), None)


def _about_letters(graph: SceneGraph, font: Path | None) -> list[Diagnostic]:
    """A warning when the story has letters that the engine's own font cannot show."""
    if font is not None:
        return []
    for node in graph.nodes:
        for text in (node.content, *(link.label for link in node.next)):
            match = NOT_IN_BUILT_IN_FONT.search(text)
            if match:
                return [
                    Diagnostic(
                        code="renpy-font",
                        severity=Severity.warning,
                        where=node.id,
                        message=f"The engine's own font cannot show {match.group()!r} and perhaps others.",
                        fix="Export again with a font that covers the story's language.",
                    )
                ]
    return []


def _refuse_others(out: Path, replace: bool) -> None:
    """Raises Conflict when `out` holds something that this exporter did not write."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise Conflict(f"{out.name} is not a folder.", "Choose another name.", code="export-in-the-way")
    if out.exists() and any(out.iterdir()) and not (out / MARKER).is_file() and not replace:
        raise Conflict(
            f"The folder {out.name} has other things in it.",
            "Choose an empty or a new folder, or say that it may be replaced.",
            code="export-in-the-way",
        )


def _write(contents: Mapping[str, bytes], out: Path) -> None:
    """Write everything beside `out`, then put it in its place by renaming."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(mkdtemp(prefix=f".{out.name[:40]}.", dir=out.parent))
        try:
            fresh.chmod(0o755)
            for name, data in contents.items():
                path = fresh / name
                path.parent.mkdir(parents=True, exist_ok=True)
                _write_through(path, data)
            _put_in_place(fresh, out)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise Unavailable(
            f"The project could not be written: {error.strerror or 'the disk does not take it'}.",
            "Check the folder's rights and the free space, then try again.",
            code="export-not-written",
        ) from error


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _put_in_place(fresh: Path, out: Path) -> None:
    """Rename `fresh` to `out`. What was there stays beside it until the new one is in its place."""
    old = fresh.with_name(fresh.name + ".old")
    if out.exists():
        out.rename(old)
    try:
        fresh.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
