"""Making the texts of cards and books readable as prose: markup goes, attribute lists become sentences."""

import re

NAME = r"(?P<name>[A-Za-z][^=\[\]\n\"(){}]{0,60}?)[ \t]{0,4}"
ASSIGNED = re.compile(rf"\[?[ \t]{{0,4}}{NAME}=[ \t]{{0,4}}(?P<values>\"[^\n\])]{{0,2000}}\")[ \t]{{0,4}}\]?")
"""A list as some cards write it: [Mara's clothes = "coat", "boots"]."""

ADDED = re.compile(rf"^[ \t]{{0,4}}{NAME}\((?P<values>\"[^\n()]{{0,2000}}\")\)[ \t]*$", re.MULTILINE)
"""A list as others do, on a line of its own: Clothes("coat" + "boots")."""


def plain_prose(text: str) -> str:
    """A text without the markup of chat programs: emphasis, pictures, tags, rules, code fences."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"!\[[^\]\n]{0,200}\]\([^)\n]{0,2000}\)", "", text)
    text = re.sub(r"\[([^\]\n]{1,200})\]\(https?://[^)\s]{1,2000}\)", r"\1", text)
    text = re.sub(r"</?[a-zA-Z][^<>\n]{0,300}>", "", text)
    text = re.sub(r"^[ \t]*(?:#{1,6}[ \t]+|[-*_]{3,}[ \t]*$|```.*$|>[ \t]?)", "", text, flags=re.MULTILINE)
    text = ADDED.sub(_attributes, ASSIGNED.sub(_attributes, text))
    text = re.sub(r"\*{1,3}", "", text)
    text = re.sub(r"[ \t]{1,200}$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _attributes(match: re.Match[str]) -> str:
    values = dict.fromkeys(value.strip() for value in re.findall(r"\"([^\"\n]{1,300})\"", match["values"]))
    return f"{match['name'].strip()}: {', '.join(values)}." if values else match[0]
