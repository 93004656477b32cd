# The interface: plain shapes, no picture files. Change colours and sizes here.

init offset = -2

init python:
    gui.init(1280, 720)

define gui.interface_text_size = 22
define gui.accent_color = "#f2c083"
define gui.text_color = "#f4efe6"
define gui.quiet_color = "#b9b2a6"
define gui.panel_color = "#12151ce6"
define gui.hover_color = "#2b3342f2"
define gui.language = "unicode"

init offset = -1

style default:
    font gui.text_font
    size 24
    color gui.text_color
    language gui.language

style button:
    background None
    padding (14, 8, 14, 8)

style button_text:
    size gui.interface_text_size
    color gui.quiet_color
    hover_color gui.accent_color
    selected_color gui.text_color
    insensitive_color "#6a675f"
    yalign 0.5

style label_text:
    color gui.accent_color
    size 24

style frame:
    background Solid(gui.panel_color)
    padding (24, 20, 24, 20)

style bar:
    ysize 20
    left_bar Solid(gui.accent_color)
    right_bar Solid("#3a404c")

style slider:
    ysize 20
    left_bar Solid(gui.accent_color)
    right_bar Solid("#3a404c")
    thumb None

style vscrollbar:
    xsize 10
    base_bar Solid("#3a404c80")
    thumb Solid(gui.accent_color)
    unscrollable "hide"


# Speech and narration

screen say(who, what):
    style_prefix "say"

    window:
        id "window"

        if who is not None:

            window:
                id "namebox"
                style "namebox"
                text who id "who"

        text what id "what"

style window is default
style say_label is default
style say_dialogue is default
style say_thought is say_dialogue
style namebox is default
style namebox_label is say_label

style window:
    xalign 0.5
    xfill True
    yalign 1.0
    ysize 206
    background Solid(gui.panel_color)

style namebox:
    xpos 150
    ypos 14
    background None

style say_label:
    size 26
    color gui.accent_color

style say_dialogue:
    xpos 150
    ypos 52
    xsize 980
    line_leading 3


# Choices

screen choice(items):
    style_prefix "choice"

    viewport:
        xalign 0.5
        ypos 0.1
        xsize 940
        ysize 430
        mousewheel True
        draggable True
        scrollbars ("vertical" if len(items) > 5 else None)

        vbox:
            for i in items:
                textbutton i.caption action i.action

style choice_vbox is vbox
style choice_button is button
style choice_button_text is button_text

style choice_vbox:
    spacing 12

style choice_button:
    xfill True
    padding (28, 14, 28, 14)
    background Solid(gui.panel_color)
    hover_background Solid(gui.hover_color)

style choice_button_text:
    xalign 0.5
    text_align 0.5
    layout "subtitle"
    color gui.text_color


# The row of buttons under the text

default quick_menu = True

screen quick_menu():
    zorder 100

    if quick_menu:

        hbox:
            style_prefix "quick"
            xalign 0.5
            yalign 1.0

            textbutton _("Back") action Rollback()
            textbutton _("History") action ShowMenu("history")
            textbutton _("Skip") action Skip() alternate Skip(fast=True, confirm=True)
            textbutton _("Auto") action Preference("auto-forward", "toggle")
            textbutton _("Save") action ShowMenu("save")
            textbutton _("Load") action ShowMenu("load")
            textbutton _("Settings") action ShowMenu("preferences")

init python:
    config.overlay_screens.append("quick_menu")

style quick_button is button
style quick_button_text is button_text

style quick_button:
    padding (10, 4, 10, 6)

style quick_button_text:
    size 15


# The main menu and the game menu

screen navigation():

    vbox:
        style_prefix "navigation"
        xpos 60
        yalign 0.62
        spacing 4

        if main_menu:
            textbutton _("Start") action Start()
        else:
            textbutton _("History") action ShowMenu("history")
            textbutton _("Save") action ShowMenu("save")

        textbutton _("Load") action ShowMenu("load")
        textbutton _("Settings") action ShowMenu("preferences")
        textbutton _("About") action ShowMenu("about")

        if not main_menu:
            textbutton _("Main menu") action MainMenu()

        if renpy.variant("pc"):
            textbutton _("Quit") action Quit(confirm=not main_menu)

style navigation_button is button
style navigation_button_text is button_text

style navigation_button_text:
    size 26

screen main_menu():
    tag menu

    add luna_menu_backdrop
    add Solid("#0b0d1280")

    vbox:
        xpos 74
        ypos 90
        xmaximum 1100
        text luna_title size 56 color gui.text_color substitute False

    use navigation

screen game_menu(title):

    add Solid("#12151c")
    use navigation

    fixed:
        xpos 340
        ypos 60
        xsize 880
        ysize 600

        vbox:
            spacing 20
            label title
            transclude

    textbutton _("Return"):
        xpos 60
        ypos 640
        action Return()

screen about():
    tag menu

    use game_menu(_("About")):
        viewport:
            mousewheel True
            draggable True
            scrollbars "vertical"
            ysize 520
            vbox:
                spacing 16
                text luna_title substitute False
                text luna_about substitute False
                text _("Made with Ren'Py [renpy.version_only].")

screen save():
    tag menu
    use file_slots(_("Save"))

screen load():
    tag menu
    use file_slots(_("Load"))

screen file_slots(title):

    use game_menu(title):
        vbox:
            spacing 16

            grid 3 2:
                spacing 16
                for slot in range(1, 7):
                    button:
                        style "slot_button"
                        action FileAction(slot)
                        vbox:
                            spacing 6
                            add FileScreenshot(slot) xalign 0.5
                            text FileTime(slot, empty=_("Empty")) size 16 substitute False
                        key "save_delete" action FileDelete(slot)

            hbox:
                spacing 6
                textbutton _("<") action FilePagePrevious()
                for page in range(1, 10):
                    textbutton "[page]" action FilePage(page)
                textbutton _(">") action FilePageNext()

define config.thumbnail_width = 240
define config.thumbnail_height = 135

style slot_button is button

style slot_button:
    xsize 270
    ysize 190
    background Solid("#1d222c")
    hover_background Solid(gui.hover_color)

screen preferences():
    tag menu

    use game_menu(_("Settings")):
        vbox:
            spacing 26

            if renpy.variant("pc"):
                hbox:
                    spacing 10
                    textbutton _("Window") action Preference("display", "window")
                    textbutton _("Full screen") action Preference("display", "fullscreen")

            hbox:
                spacing 10
                textbutton _("Skip unseen text") action Preference("skip", "toggle")
                textbutton _("Skip after choices") action Preference("after choices", "toggle")

            vbox:
                text _("Text speed")
                bar value Preference("text speed") style "slider" xsize 560
            vbox:
                text _("Auto-forward time")
                bar value Preference("auto-forward time") style "slider" xsize 560

screen history():
    tag menu
    predict False

    use game_menu(_("History")):
        viewport:
            yinitial 1.0
            mousewheel True
            draggable True
            scrollbars "vertical"
            ysize 520

            vbox:
                spacing 14
                for h in _history_list:
                    vbox:
                        if h.who:
                            text h.who color gui.accent_color substitute False size 20
                        text luna_past(h.what) substitute False xmaximum 820 size 21

                if not _history_list:
                    text _("Nothing has been said yet.")

define config.history_length = 250


# Questions and notices

screen confirm(message, yes_action, no_action):
    modal True
    zorder 200

    add Solid("#0b0d12b0")

    frame:
        xalign 0.5
        yalign 0.5
        xsize 640

        vbox:
            xalign 0.5
            spacing 26
            text message xalign 0.5 text_align 0.5
            hbox:
                xalign 0.5
                spacing 80
                textbutton _("Yes") action yes_action
                textbutton _("No") action no_action

    key "game_menu" action no_action

screen skip_indicator():
    zorder 100

    frame:
        ypos 14
        padding (16, 8, 16, 8)
        text _("Skipping") size 18

screen notify(message):
    zorder 100

    frame:
        ypos 60
        padding (16, 8, 16, 8)
        text "[message!tq]" size 18

    timer 3.25 action Hide("notify")

screen input(prompt):
    style_prefix "input"

    window:
        vbox:
            xpos 150
            ypos 40
            xsize 980
            text prompt style "input_prompt"
            input id "input"

style input_prompt is default
