"""The crew of one turn: which models each agent may ask, their prompts, their budgets, and the counter."""

from collections.abc import Sequence
from dataclasses import dataclass

from luna.costs import service as costs
from luna.costs.types import Forecast, ForecastCall
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.kernel.values import ModelChoice
from luna.llm.choices import AGENTS, Agent, Chain, choices_for, with_override
from luna.llm.service import calibration_of
from luna.llm.tokens import count_tokens
from luna.llm.types import ChatModel
from luna.room.prompting import Prompts
from luna.room.types import Budget, Count
from luna.story.types import Telling

OVERHEAD = 900
"""Tokens of rules, world and last turns that a prompt carries beside the briefing, roughly, for forecasts."""


@dataclass(frozen=True)
class Crew:
    """Who does a turn. An empty sequence of models means the built-in agent.

    `counts` measures texts, offline, as the first model of each agent would: corrected by what its provider
    reported for earlier calls. The briefing is for the strategist, so that is the one whose tokens it is cut to.
    """

    models: dict[Agent, Sequence[ChatModel]]
    counts: dict[Agent, Count]
    prompts: Prompts
    budget: Budget


def budget_of(settings: Settings) -> Budget:
    """The ceilings in force."""
    return Budget(
        briefing=settings.briefing_tokens,
        plan=settings.plan_tokens,
        prose=settings.prose_tokens,
        timeout_seconds=settings.model_timeout_seconds,
    )


async def gather(runtime: Runtime, settings: Settings, telling: Telling) -> Crew:
    """The crew that the settings name now, each model behind the metered door."""
    override = telling.request.writer_model_override
    chains: dict[Agent, Chain] = {
        agent: with_override(settings, agent, override if agent == "writer" else None) for agent in AGENTS
    }

    def model(agent: Agent, choice: ModelChoice) -> ChatModel:
        return costs.metered(
            runtime,
            telling.owner,
            agent=agent,
            choice=choice,
            story_id=telling.story_id,
            turn_id=telling.turn_id,
        )

    return Crew(
        models={agent: tuple(model(agent, choice) for choice in chain) for agent, chain in chains.items()},
        counts={agent: await counter(runtime, chain) for agent, chain in chains.items()},
        prompts=Prompts(settings.prompts_dir),
        budget=budget_of(settings),
    )


async def counter(runtime: Runtime, chain: Sequence[ModelChoice]) -> Count:
    """How the first model of a chain counts; the plain offline counter when there is none."""
    return (await calibration_of(runtime, chain[0])).count if chain else count_tokens


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
