"""The crew of one turn: which models each agent may ask, their prompts, their budgets, and the counter."""

from collections.abc import Sequence
from dataclasses import dataclass

from luna.costs import service as costs
from luna.costs.types import Forecast, ForecastCall
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.llm.choices import AGENTS, Agent, choices_for, with_override
from luna.llm.tokens import count_tokens
from luna.llm.types import ChatModel
from luna.room.prompting import Prompts
from luna.room.types import Budget
from luna.story.types import Telling

OVERHEAD = 900
"""Tokens of rules, world and last turns that a prompt carries beside the briefing, roughly, for forecasts."""


@dataclass(frozen=True)
class Crew:
    """Who does a turn. An empty sequence of models means the built-in agent."""

    models: dict[Agent, Sequence[ChatModel]]
    prompts: Prompts
    budget: Budget

    def count(self, text: str) -> int:
        """The tokens of a text, counted offline."""
        return count_tokens(text)


def budget_of(settings: Settings) -> Budget:
    """The ceilings in force."""
    return Budget(
        briefing=settings.briefing_tokens,
        plan=settings.plan_tokens,
        prose=settings.prose_tokens,
        timeout_seconds=settings.model_timeout_seconds,
    )


def gather(runtime: Runtime, settings: Settings, telling: Telling) -> Crew:
    """The crew that the settings name now, each model behind the metered door."""

    def models(agent: Agent) -> Sequence[ChatModel]:
        override = telling.request.writer_model_override if agent == "writer" else None
        return tuple(
            costs.metered(
                runtime,
                telling.owner,
                agent=agent,
                choice=choice,
                story_id=telling.story_id,
                turn_id=telling.turn_id,
            )
            for choice in with_override(settings, agent, override)
        )

    return Crew(
        models={agent: models(agent) for agent in AGENTS},
        prompts=Prompts(settings.prompts_dir),
        budget=budget_of(settings),
    )


async def forecast(runtime: Runtime, settings: Settings) -> Forecast:
    """What the next turn will cost at most with the first model of each chain, without retries."""
    budget = budget_of(settings)
    sizes: dict[Agent, tuple[int, int]] = {
        "researcher": (budget.briefing + OVERHEAD, budget.briefing * 2),
        "strategist": (budget.briefing + OVERHEAD, budget.plan * 2),
        "writer": (budget.briefing + budget.plan + OVERHEAD, budget.prose),
    }
    calls = [
        ForecastCall(
            agent=agent,
            provider=choice.provider,
            model=choice.model,
            host=choice.host,
            prompt_tokens=prompt,
            max_output=answer,
        )
        for agent, (prompt, answer) in sizes.items()
        for choice in choices_for(settings, agent)[:1]
    ]
    return await costs.forecast(runtime, calls)
