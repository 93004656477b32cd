"""The player's inner life and further acts belong to the player: finding text that takes them.

Perception is ours to tell, and the act the player asked for. What the player feels, wants, decides or believes is
not, nor is a deed they never named.
"""

import re

from luna.narrator.grammar import sentences

FEELINGS = (
    "afraid|ashamed|angry|sad|happy|glad|proud|sorry|relieved|furious|terrified|delighted|jealous|lonely|guilty|in love|"
    "frightened|scared|disappointed|grateful|heartbroken|nervous|anxious|excited|determined|resolved|certain|sure|convinced"
)
INNER = (
    "decide|regret|forgive|love|hate|want|hope|fear|believe|wish|enjoy|trust|dread|realise|realize|resolve|intend|despair|"
    "rejoice|pity|envy|despise|adore|admire|suspect|doubt|vow|promise|agree|accept|refuse"
)
TEMPLATE = re.compile(
    rf"\{{you\}} (?:\w+ ){{0,2}}?\{{(?P<verb>{INNER})(?:\|\w+)?\}}"
    rf"|\{{you\}} (?:\w+ )?\{{(?:be|feel|become|grow)(?:\|\w+)?\}} (?:\w+ ){{0,2}}?(?P<state>{FEELINGS})\b"
)
TOLD = r"\b(?:{you}) (?:\w+ly )?(?:(?P<verb>{inner})(?:s|d|ed|es)?|(?:am|are|is|was|were|feels?|felt|grows?|grew) (?:\w+ ){{0,2}}?(?P<state>{feelings}))\b"
ASKED = (
    "think",
    "muse",
    "say",
    "ask",
    "apologise",
    "thank",
    "insult",
    "comfort",
    "greet",
    "persuade",
    "write",
    "other",
    "hint",
    "quiet",
)
"""Keys of acts that are the player's own inner life or words."""


def decided(template: str, key: str = "") -> str:
    """What a template has the player feel or decide; "" when nothing. Some keys tell of what the player asked for."""
    if key.split(".")[0] in ASKED:
        return ""
    found = TEMPLATE.search(re.sub(r"“[^”]*”", "", template))
    return (found["verb"] or found["state"]) if found else ""


def spoken_for(text: str, you: str) -> str:
    """The first told sentence that gives the player a feeling or a decision; "" without one. `you`: how they are called."""
    pattern = re.compile(
        TOLD.format(you=you, inner=INNER.replace("forgive", "forgive|forgave"), feelings=FEELINGS)
    )
    for sentence in sentences(text):
        if pattern.search(re.sub(r"“[^”]*”?|[^“]*”", "", sentence)):
            return sentence
    return ""
