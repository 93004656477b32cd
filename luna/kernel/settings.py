"""Settings: one typed value, read from four places, the later winning: default, file, environment, here.

"File" is a `.env` in the data folder or the working folder, "here" is what an administrator changed in the
running product (a row in the database). Every process reads the rows again at the start of a turn, so a
change applies to the next turn without a restart. Keys of providers are not settings: see the vault.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import sqlalchemy as sa
from dotenv import dotenv_values
from pydantic import Field, ValidationError
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base, Database, JsonColumn, Transaction, UtcTime
from luna.kernel.errors import BadInput
from luna.kernel.values import Frozen, ModelChoice, now

Source = Literal["default", "file", "environment", "here"]
Usd = Annotated[float, Field(ge=0, le=1_000_000)]


Chain = Annotated[tuple[ModelChoice, ...], Field(max_length=6)]


class Settings(Frozen):
    """Everything that can be set. The comment of a field is its help; its environment name is its own name
    in capitals, with the exceptions of `ENVIRONMENT_NAMES`."""

    # where models are
    ollama_host: str = Field("http://localhost:11434", description="Where Ollama answers on this machine.")
    ollama_host_server: str = Field("", description="A second Ollama on another machine, if any.")
    lmstudio_host: str = Field("http://localhost:1234", description="Where LM Studio answers.")
    openai_base_url: str = Field(
        "", description="Address of an OpenAI-compatible server (llama.cpp, vLLM …)."
    )
    use_server_for_preprocessing: bool = Field(
        False, description="Send the researcher's work to OLLAMA_HOST_SERVER."
    )
    auto_unload_vram: bool = Field(False, description="Ask Ollama to free its memory after each call.")
    # which model each agent uses
    model_preset: Literal["builtin", "local", "hybrid", "premium", "custom"] = Field(
        "builtin", description="A ready choice of models for all agents; custom uses the chains below."
    )
    preprocessor_model: str = Field(
        "", description="Model of the researcher in the local and hybrid presets."
    )
    strategist_model: str = Field(
        "", description="Model of the strategist in the hybrid and premium presets."
    )
    writer_model: str = Field("", description="Model of the writer in the presets.")
    researcher_chain: Chain = Field((), description="Chain of the researcher; empty means built in.")
    strategist_chain: Chain = Field((), description="Chain of the strategist; empty means built in.")
    writer_chain: Chain = Field((), description="Chain of the writer; empty means built in.")
    suggester_chain: Chain = Field(
        (), description="Chain for action suggestions when they come from a model."
    )
    model_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        120, description="How long a model may take until its first or next token."
    )
    # budgets
    briefing_tokens: Annotated[int, Field(ge=50, le=20_000)] = Field(
        400, description="Ceiling of the briefing."
    )
    plan_tokens: Annotated[int, Field(ge=50, le=8_000)] = Field(300, description="Ceiling of the plan.")
    prose_tokens: Annotated[int, Field(ge=50, le=16_000)] = Field(700, description="Ceiling of the prose.")
    cap_monthly_usd: Usd | None = Field(None, description="Most to spend in a calendar month; empty: no cap.")
    cap_story_usd: Usd | None = Field(None, description="Most to spend on one story; empty: no cap.")
    cap_turn_usd: Usd | None = Field(None, description="Most to spend on one turn; empty: no cap.")
    # telling
    suggestions: Literal["off", "builtin", "model"] = Field(
        "builtin", description="Where suggestions come from."
    )
    builtin_words_per_second: Annotated[float, Field(ge=0, le=10_000)] = Field(
        40, description="How fast the built-in narrator's words appear when they are watched; 0: at once."
    )
    repair: bool = Field(True, description="Let the writer repair a turn once when the check finds a fault.")
    enable_image_generation: bool = Field(True, description="Paint a picture of the place after each turn.")
    comfyui_url: str = Field("", description="Address of a ComfyUI server, if any.")
    # the server
    prompts_dir: str = Field("", description="A folder of prompts that win over the built-in ones.")
    cors_origins: tuple[str, ...] = Field((), description="Origins of other sites that may call this server.")
    allowed_hosts: tuple[str, ...] = Field((), description="Further host names this server answers to.")
    open_registration: bool = Field(False, description="Let anybody who reaches this server make an account.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")


FIELDS = Settings.model_fields
ENVIRONMENT_NAMES = {
    name: {
        "prompts_dir": "LUNA_PROMPTS_DIR",
        "cors_origins": "LUNA_CORS_ORIGINS",
        "allowed_hosts": "LUNA_ALLOWED_HOSTS",
        "open_registration": "LUNA_OPEN_REGISTRATION",
        "log_level": "LUNA_LOG_LEVEL",
    }.get(name, name.upper())
    for name in FIELDS
}


class SettingRow(Base):
    """A setting changed in the running product."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    value: Mapped[Any] = mapped_column(JsonColumn)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Shown(Frozen):
    """A setting as the Studio shows it."""

    name: str
    value: Any
    source: Source
    default: Any
    environment_name: str
    help: str


def outside(data: Path, name: str) -> str:
    """A value that is needed before the database is open: from the environment, the data folder's `.env`, or
    the working folder's; empty when nobody sets it."""
    for given in (os.environ, dotenv_values(data / ".env"), dotenv_values(Path.cwd() / ".env")):
        if value := given.get(name):
            return value
    return ""


class SettingsStore:
    """Reads and changes the settings of one data folder."""

    def __init__(self, db: Database, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.db = db
        self._environment = os.environ if environment is None else environment
        self._files = [data / ".env", Path.cwd() / ".env"]

    def from_outside(self) -> tuple[dict[str, Any], dict[str, Source]]:
        """The values that files and the environment set, and where each came from."""
        values: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        file_values: dict[str, str | None] = {}
        for path in reversed(self._files):
            file_values.update(dotenv_values(path))
        for source, given in (("file", file_values), ("environment", self._environment)):
            for name, key in ENVIRONMENT_NAMES.items():
                raw = given.get(key)
                if raw is not None and raw != "":
                    values[name] = _parse(name, raw, key)
                    sources[name] = "file" if source == "file" else "environment"
        return values, sources

    async def current(self) -> Settings:
        """The settings in force now.

        Raises BadInput when the environment or a file holds a value that does not fit.
        """
        values, _ = self.from_outside()
        async with self.db.read() as tx:
            values.update(await _rows(tx))
        return _checked(values)

    async def shown(self) -> list[Shown]:
        """All settings with where each value comes from."""
        values, sources = self.from_outside()
        async with self.db.read() as tx:
            here = await _rows(tx)
        values.update(here)
        settings = _checked(values).model_dump(mode="json")
        return [
            Shown(
                name=name,
                value=settings[name],
                source="here" if name in here else sources.get(name, "default"),
                default=_plain(field.default),
                environment_name=ENVIRONMENT_NAMES[name],
                help=field.description or "",
            )
            for name, field in FIELDS.items()
        ]

    async def change(self, changes: Mapping[str, Any]) -> Settings:
        """Change some settings; None takes a change back. All of them or none.

        Raises BadInput for an unknown name or a value that does not fit.
        """
        unknown = sorted(set(changes) - set(FIELDS))
        if unknown:
            raise BadInput(f"There is no setting called {unknown[0]!r}.", "GET /settings lists them all.")
        values, _ = self.from_outside()
        async with self.db.begin() as tx:
            here = await _rows(tx)
            here = {k: v for k, v in {**here, **changes}.items() if v is not None}
            settings = _checked({**values, **here})
            for name in changes:
                await tx.execute(sa.delete(SettingRow).where(SettingRow.name == name))
                if name in here:
                    tx.add(SettingRow(name=name, value=_plain(getattr(settings, name)), changed_at=now()))
        return settings


async def _rows(tx: Transaction) -> dict[str, Any]:
    rows = await tx.execute(sa.select(SettingRow.name, SettingRow.value))
    return {name: value for name, value in rows if name in FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in cast("tuple[Any, ...]", value)]
    return value.model_dump(mode="json") if isinstance(value, Frozen) else value


def _parse(name: str, raw: str, key: str) -> Any:
    """Read the text of an environment variable: lists are JSON or separated by commas."""
    if "tuple" not in str(FIELDS[name].annotation):
        return raw
    if raw.lstrip().startswith("["):
        try:
            return json.loads(raw)
        except ValueError as error:
            raise BadInput(f"{key} is not a JSON list.", 'Write it as ["a", "b"] or a, b.') from error
    return [part.strip() for part in raw.split(",") if part.strip()]


def _checked(values: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        raise BadInput(
            f"The setting {name} does not fit: {first['msg']}.",
            f"Correct it in the settings, or {ENVIRONMENT_NAMES.get(name, name)} in the environment or .env.",
            code="bad-setting",
        ) from error
