# Put into a game by the tests: takes every way through it in one run, and writes what happened.
# After each end the engine comes back to the main menu; there the next way is begun.

init 999 python:

    import json as autoplay_json
    import os as autoplay_os

    def autoplay_state():
        return renpy.session.setdefault("autoplay", {"todo": [[]], "done": [], "way": None, "left": []})

    def autoplay_begin():
        """Begin the next way. False when all are done."""
        state = autoplay_state()
        if state["way"] is not None:
            state["done"].append(state["way"])
        if not state["todo"] or len(state["done"]) >= int(autoplay_os.environ.get("AUTOPLAY_MOST", "100")):
            return False
        state["left"] = state["todo"].pop()
        state["way"] = {"answers": [], "labels": [], "offered": [], "said": []}
        return True

    def autoplay_write():
        path = autoplay_os.environ["AUTOPLAY_REPORT"]
        with open(path + ".part", "w") as report:
            autoplay_json.dump(autoplay_state()["done"], report)
        autoplay_os.rename(path + ".part", path)

    # The engine shows every menu by this function.
    def menu(items, *args, **options):
        state = autoplay_state()
        way = state["way"]
        answers = [(label, value) for label, value in items if value is not None]
        if state["left"]:
            answer = state["left"].pop(0)
        else:
            answer = 0
            state["todo"] += [way["answers"] + [other] for other in range(len(answers) - 1, 0, -1)]
        way["answers"].append(answer)
        way["offered"].append([str(label) for label, value in answers])
        config.skipping = "slow"
        chosen = answers[answer][1]
        return getattr(chosen, "value", chosen)

    def autoplay_label(name, abnormal):
        way = autoplay_state()["way"]
        if way is not None and not name.startswith("_"):
            way["labels"].append(name)
        config.skipping = "slow"

    def autoplay_say(event, interact=True, **options):
        """What the screen really shows: the text after interpolation, and the name above it."""
        if event == "show_done":
            what, who = renpy.get_widget("say", "what"), renpy.get_widget("say", "who")
            words = "".join(part for part in what.text if isinstance(part, str)) if what else None
            name = "".join(part for part in who.text if isinstance(part, str)) if who else None
            autoplay_state()["way"]["said"].append([name, words])

    config.label_callback = autoplay_label
    config.all_character_callbacks.append(autoplay_say)
    config.skip_delay = 1
    config.has_autosave = False
    config.has_quicksave = False

label main_menu:
    python:
        _preferences.skip_unseen = True
        _preferences.skip_after_choices = True
        _preferences.transitions = 0
        if not autoplay_begin():
            autoplay_write()
            renpy.quit(status=0)
    return
