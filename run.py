#!/usr/bin/env python3
"""Sets LUNA-Narrates up in this folder and starts it. Needs Python 3.11 and nothing else.

python3 run.py [--no-browser] [--host H] [--port N] [--data DIR]   set up what is missing, then serve
python3 run.py COMMAND …          any command of `luna`, such as play, doctor, export
python3 run.py test [--quick] [PATH …]   all checks and tests; --quick leaves the long ones out
python3 run.py lock [--upgrade]   write the pinned files in requirements/ anew

The packages go into the folder .venv, your stories into the folder data (or wherever --data says).
"""

import sys

if sys.hexversion < 0x030B0000:
    sys.exit(
        f"LUNA-Narrates needs Python 3.11 or newer; this is Python {sys.version_info[0]}.{sys.version_info[1]}. "
        "Start run.py with a newer one, for example: python3.11 run.py"
    )

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
REQUIREMENTS = ROOT / "requirements"
STAMP = VENV / "installed.txt"
"""Says from which files the packages in .venv came. It is written last, so a broken set-up starts again."""
REPORT = ROOT / ".run" / "tests.xml"
UV = "0.13.8"
"""The installer's version that `run.py lock` pins in requirements/uv.txt."""

LONG = ("slow", "renpy", "browser")
"""Markers of the tests that --quick leaves out."""
CHECKS = (
    ("layout of the code", "ruff", "format", "--check", "--quiet", "."),
    ("habits of the code", "ruff", "check", "--quiet", "."),
    ("types", "basedpyright"),
    ("import rules", "lint-imports", "--no-cache"),
)


def main(arguments: list[str]) -> int:
    """Do what the command line says; gives the exit code."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments[:1] == ["test"]:
        set_up("dev")
        return run_tests(arguments[1:])
    if arguments[:1] == ["lock"]:
        if not shutil.which("uv", path=str(BIN)):  # it needs nothing else of .venv, so that stays as it is
            set_up("run")
        return write_locks(arguments[1:])
    set_up("run")
    return start_luna(arguments if arguments and not arguments[0].startswith("-") else ["serve", *arguments])


# --- setting up


def set_up(kind: str) -> None:
    """Make .venv and install what requirements/KIND.txt pins, unless just that is there already."""
    wanted = fingerprint(kind)
    had = STAMP.read_text("utf-8") if STAMP.is_file() and PYTHON.exists() else ""
    # Everything that serving needs is among what testing needs.
    if had == wanted or (kind == "run" and had == fingerprint("dev")):
        return
    started = time.monotonic()
    print("Setting up: the packages go into .venv. The first time this takes a minute or two.", flush=True)
    STAMP.unlink(missing_ok=True)
    if not venv_fits():
        say("making .venv")
        run([sys.executable, "-m", "venv", "--clear", VENV], "Python's venv module could not make .venv.")
    say("installing uv, which installs the rest")
    install = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run([*install, "--requirement", REQUIREMENTS / "uv.txt"], "uv could not be installed.")
    say(f"installing the packages that requirements/{kind}.txt names")
    uv("pip", "sync", "--require-hashes", REQUIREMENTS / f"{kind}.txt")
    say("installing LUNA-Narrates itself, as it stands in this folder")
    uv("pip", "install", "--no-deps", "--no-build-isolation", "--editable", ROOT)
    STAMP.write_text(wanted, "utf-8")
    print(f"Set up in {time.monotonic() - started:.0f} seconds.", flush=True)


def fingerprint(kind: str) -> str:
    """What the packages in .venv depend on: the pins, the project file, and where this folder is."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (REQUIREMENTS / "uv.txt", REQUIREMENTS / f"{kind}.txt", ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return f"{kind} {digest.hexdigest()}"


def venv_fits() -> bool:
    """Whether there is a .venv with a Python that still exists and is new enough."""
    about = VENV / "pyvenv.cfg"
    if not PYTHON.exists() or not about.is_file():
        return False
    version = re.search(r"^version(?:_info)? *= *3\.(\d+)", about.read_text("utf-8"), re.M)
    return version is not None and int(version[1]) >= 11


def uv(*arguments: object) -> None:
    """Run uv on .venv. It shows its progress where somebody can see it."""
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    command = [PYTHON, "-m", "uv", *arguments, "--python", PYTHON, *quiet]
    run(command, "The packages could not be installed.")


def run(command: list[object], failure: str) -> None:
    """Run one step of the set-up; ends this program with a sentence when it fails."""
    if subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode:
        hint = "If the lines above speak of the network: is this machine online? Then start run.py again."
        if "venv" in map(str, command):
            hint = "On Debian and Ubuntu: apt-get install python3-venv. Then start run.py again."
        sys.exit(f"{failure} {hint}")


def say(text: str) -> None:
    """Tell one step."""
    print(f"  {text} …", flush=True)


# --- starting


def start_luna(arguments: list[str]) -> int:
    """Become `luna` with these arguments. Stories lie beside this file unless told otherwise."""
    os.environ.setdefault("LUNA_NARRATES_DATA", str(ROOT / "data"))
    command = [str(PYTHON), "-m", "luna", *arguments]
    if os.name != "nt":
        os.execv(command[0], command)
    try:  # Windows cannot replace a process: wait for it, and leave Ctrl+C to it
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130


# --- testing


def run_tests(arguments: list[str]) -> int:
    """All checks, then the tests; or only the tests in the paths given. Under CI a skip is a failure."""
    paths = [argument for argument in arguments if argument != "--quick"]
    unknown = [path for path in paths if path.startswith("-")]
    if unknown:
        sys.exit(f"run.py test does not know {unknown[0]}. It takes --quick and paths of tests.")
    quick = len(paths) < len(arguments)
    result: Counter[str] = Counter()
    for name, *command in [] if paths else CHECKS:
        print(f"== {name}: {' '.join(command)}", flush=True)
        result["passed" if run_tool(command) == 0 else "failed"] += 1
    skips = run_pytest(quick, paths, result)
    print()
    for reason, times in sorted(skips.items()):
        print(f"Skipped {times}: {reason}")
    if quick:
        print(f"Left out by --quick: the tests marked {', '.join(LONG)}")
    in_ci = os.environ.get("CI", "").lower() in ("1", "true")
    if in_ci and skips:
        print("CI is set: a skipped test is a failure.")
    print(f"{result['passed']} passed, {result['failed']} failed, {skips.total()} skipped")
    return 1 if result["failed"] or not result["passed"] or (in_ci and skips) else 0


def run_pytest(quick: bool, paths: list[str], result: Counter[str]) -> Counter[str]:
    """Run the tests and count them into `result`; gives how often each reason to skip was met."""
    command = ["-m", "pytest", "-n", "2", "--dist", "worksteal", f"--junit-xml={REPORT}"]
    if quick:
        command += ["-m", " and ".join(f"not {marker}" for marker in LONG)]
    print("== tests: pytest", flush=True)
    REPORT.unlink(missing_ok=True)
    code = run_tool(["python", *command, *(str(Path(path).absolute()) for path in paths)])
    skips: Counter[str] = Counter()
    failed = 0
    cases = list(ElementTree.parse(REPORT).getroot().iter("testcase")) if REPORT.is_file() else []
    for case in cases:
        skip = case.find("skipped")
        if skip is not None and skip.get("type") != "pytest.xfail":
            skips[skip.get("message", "no reason given")] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        else:
            result["passed"] += 1
    # A run that broke off has a code but maybe no failed test.
    result["failed"] += max(failed, 1) if code else failed
    return skips


def run_tool(command: list[str]) -> int:
    """Run a tool of .venv in this folder. A developer's own settings, keys and database stay out of it."""
    settings = re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.M)
    environment = {name: value for name, value in os.environ.items() if name not in settings}
    environment["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', '')}"
    program, *rest = command
    return subprocess.run([str(BIN / program), *rest], cwd=ROOT, env=environment, check=False).returncode


# --- pinning


def write_locks(arguments: list[str]) -> int:
    """Write requirements/*.txt from pyproject.toml. Pins that still fit stay, unless --upgrade is given."""
    if set(arguments) - {"--upgrade"}:
        sys.exit("run.py lock takes nothing but --upgrade.")
    upgrade = ["--upgrade"] if arguments else []
    compile_ = ["pip", "compile", "--universal", "--generate-hashes", "--no-emit-index-url"]
    compile_ += ["--python-version", "3.11", "--custom-compile-command", "python3 run.py lock", *upgrade]
    for name, sources in (
        ("run.txt", ["pyproject.toml", "--group", "setup"]),
        (
            "dev.txt",
            ["pyproject.toml", "--group", "setup", "--group", "dev", "--constraints", "requirements/run.txt"],
        ),
    ):
        say(f"pinning {name}")
        uv(*compile_, *sources, "--output-file", REQUIREMENTS / name)
    say("pinning uv.txt")
    wish = REQUIREMENTS / "uv.in"
    wish.write_text(f"uv=={UV}\n", "utf-8")
    uv(*compile_, "requirements/uv.in", "--output-file", REQUIREMENTS / "uv.txt")
    wish.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
