# What the story's own variables and conditions need. Leave as it is.

default luna_variables = {}

init -10 python:

    # Newer engines read 【 】 as ruby text; in this story they are only brackets.
    # Older ones do not know the setting and raise a plain Exception.
    try:
        config.lenticular_bracket_ruby = False
    except Exception:
        pass

    def luna_holds(name, test, value):
        """Whether a variable passes a test. One that was never set is false, 0 or empty."""
        have = store.luna_variables.get(name, type(value)())
        if test == "==":
            return have == value
        if test == "!=":
            return have != value
        if isinstance(have, str) != isinstance(value, str):
            return False
        return {"<": have < value, "<=": have <= value, ">": have > value, ">=": have >= value}[test]

    def luna_past(what):
        """A line of the history without the tags that time it."""
        return renpy.filter_text_tags(what, allow=gui.history_allow_tags)

define gui.history_allow_tags = {"alt", "noalt", "rt", "rb", "art"}
