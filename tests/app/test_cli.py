"""The other commands of `luna`, run as people run them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from luna_command import ROOT, Served, luna, serving

SAMPLES = Path(__file__).parents[1] / "formats" / "samples"

BROKEN_WORLD = """\
title: A broken place
start: cellar
places:
  hall:
    name: the hall
    exits: [attic]
threads:
  - id: plot
    beats:
      - id: first
        when: {after: nothing}
        text: Something happens.
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("cli") / "data", BUILTIN_WORDS_PER_SECOND="0") as server:
        yield server


def test_help_names_every_command(tmp_path: Path) -> None:
    from luna.app.cli import COMMANDS

    ran = luna("--help", data=tmp_path / "data")
    assert ran.code == 0
    assert all(f"  {name} " in ran.out for name in COMMANDS)
    assert not (tmp_path / "data").exists()


def test_every_command_can_be_imported() -> None:
    import click

    from luna.app.cli import COMMANDS
    from luna.app.cli import luna as group

    context = click.Context(group)
    for name, entry in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help, name
        assert entry.about


def test_the_narrator_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = luna(
        "narrator", "play", "karst_ledger", "--seed", "9", data=data, lines="1\nlook around\n/quit\n"
    )
    again = luna("narrator", "play", "karst_ledger", "--seed", "9", data=data, lines="1\nlook around\n")
    assert first.code == 0, first.err
    assert "The Karst Ledger" in first.out
    assert first.out.split("/quit\n")[0].strip() in again.out
    assert not data.exists()


def test_lint_says_what_is_wrong_with_a_world(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(BROKEN_WORLD)
    ran = luna("narrator", "lint", str(broken), data=tmp_path / "data")
    assert ran.code == 1
    assert "cellar" in ran.out
    assert "attic" in ran.out
    assert "errors" in ran.err
    broken.write_text("title: [unclosed")
    ran = luna("narrator", "lint", str(broken), data=tmp_path / "data")
    assert ran.code == 1
    assert "line 1" in ran.err
    shutil.copy(ROOT / "luna" / "narrator" / "worlds" / "low_hythe.yaml", tmp_path / "good.yaml")
    ran = luna("narrator", "lint", str(tmp_path / "good.yaml"), data=tmp_path / "data")
    assert ran.code == 0, ran.out
    assert "No errors" in ran.out


def test_importing_and_playing_from_a_card(served: Served, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{not json")
    files = [str(SAMPLES / name) for name in ("mara.png", "mara.json", "saltmarsh.json")]
    ran = luna("import", *files, str(wrong), str(tmp_path / "gone.png"), data=served.data)
    assert ran.code == 1
    assert ran.out.count("Character card “Captain Mara Voss” (V3)") == 2
    assert "saltmarsh.json: Lorebook" in ran.out
    assert "wrong.json: " in ran.err
    assert "gone.png cannot be read" in ran.err
    assert "2 of 5 files were not taken in" in ran.err

    played = luna("play", data=served.data, lines=f"{SAMPLES / 'mara.png'}\n/quit\n")
    assert played.code == 0, played.err
    assert "turn 0 · Main" in played.out
    assert "Mara" in played.out.split("turn 0")[0].split("Character card")[1]


def test_exporting(served: Served, tmp_path: Path) -> None:
    with served.http() as http:
        begun = http.post("/stories", json={"world_id": "low_hythe", "title": "Export me"}).json()
        http.post(
            "/narrate/turn", json={"story_id": begun["story_id"], "user_action": "go to the quay"}
        ).raise_for_status()
    out = tmp_path / "novel"
    dry = luna("export", "renpy", "export me", "--out", str(out), "--dry-run", data=served.data)
    assert dry.code == 0, dry.err
    assert f"Would be written to {out}" in dry.out
    assert not out.exists()
    wrote = luna(
        "export", "renpy", begun["story_id"], "--out", str(out), "--branch", "main", data=served.data
    )
    assert wrote.code == 0, wrote.err
    assert (out / "game" / "script.rpy").is_file()
    assert list((out / "game").rglob("*.png")) or list((out / "game").rglob("*.webp"))
    assert luna("export", "renpy", "export me", "--out", str(out), data=served.data).code == 0

    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "diary.txt").write_text("keep me")
    refused = luna("export", "renpy", "export me", "--out", str(mine), data=served.data)
    assert refused.code == 1
    assert "other things in it" in refused.err
    assert (mine / "diary.txt").read_text() == "keep me"
    replaced = luna("export", "renpy", "export me", "--out", str(mine), "--replace", data=served.data)
    assert replaced.code == 0, replaced.err
    assert not (mine / "diary.txt").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "novel"]


def test_settings_are_shown_changed_and_taken_back(served: Served) -> None:
    shown = luna("settings", "prose_tokens", data=served.data)
    assert shown.out.splitlines()[0] == "prose_tokens = 700"
    assert "PROSE_TOKENS" in shown.out
    changed = luna("settings", "prose_tokens", "900", data=served.data)
    assert changed.out.splitlines()[0] == "prose_tokens = 900   (here)"
    assert luna("settings", "prose_tokens", "--reset", data=served.data).out.startswith(
        "prose_tokens = 700\n"
    )
    assert luna("settings", "writer_model", "7", data=served.data).out.startswith("writer_model = 7   (here)")
    wrong = luna("settings", "prose_tokens", "many", data=served.data)
    assert wrong.code == 1
    assert "prose_tokens" in wrong.err
    unknown = luna("settings", "prose", data=served.data)
    assert unknown.code == 1
    assert "prose_tokens" in unknown.err
    assert "log_level = info" in luna("settings", data=served.data).out


def test_models_prompts_and_costs(served: Served) -> None:
    with served.http() as http:
        http.post("/stories", json={"world_id": "low_hythe", "title": "Look inside"}).raise_for_status()
    models = luna("models", data=served.data)
    assert models.code == 0, models.err
    assert "Preset: builtin" in models.out
    assert "writer      built in" in models.out
    assert "writer" in luna("prompts", "list", data=served.data).out
    assert "{{ cut }}" in luna("prompts", "show", "writer", data=served.data).out
    unknown = luna("prompts", "show", "poet", data=served.data)
    assert unknown.code == 1
    assert "Agents: researcher" in unknown.err
    preview = luna(
        "prompts", "preview", "writer", "--story", "look", "--action", "sing to the sea", data=served.data
    )
    assert preview.code == 0, preview.err
    assert "sing to the sea" in preview.out
    assert "In all      $0 in 0 calls" in luna("costs", data=served.data).out
    assert "Look inside: $0" in luna("costs", "--story", "look", data=served.data).out


def test_refusals_are_two_lines_and_no_traceback(served: Served, tmp_path: Path) -> None:
    for arguments in (
        ("play", "no such story"),
        ("export", "renpy", "no such story", "--out", str(tmp_path / "x")),
        ("costs", "--story", "no such story"),
    ):
        ran = luna(*arguments, data=served.data)
        assert ran.code == 1
        assert ran.err.startswith("No such story.\n")
    away = luna("stories", "--server", "http://127.0.0.1:9", data=tmp_path / "data")
    assert (away.code, away.err.splitlines()[0]) == (1, "The server at http://127.0.0.1:9 does not answer.")
    assert luna("stories", "--server", "gopher://x", data=tmp_path / "data").code == 1
    again = luna("serve", "--port", "0", "--no-browser", data=served.data)
    assert again.code == 1
    assert served.url in again.err
    (tmp_path / "file").write_text("")
    unusable = luna("stories", "--data", str(tmp_path / "file" / "data"), data=tmp_path / "data")
    assert unusable.code == 1
    assert "cannot be made" in unusable.err


def test_the_doctor_looks_at_the_folder_of_a_running_server(served: Served) -> None:
    ran = luna("doctor", data=served.data)
    assert ran.code in (0, 1)
    assert str(served.data) in ran.out
    assert f"process {served.process.pid}" in ran.out
    assert "ok  Database" in ran.out
