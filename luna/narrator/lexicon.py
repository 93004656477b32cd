"""English word lists for the parser and the world compiler. Data only."""


def listed(words: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(words.split())


_INTENTS = {
    "look": "look survey scan gaze glance",
    "examine": "examine inspect study observe check investigate watch peer stare consider measure test admire",
    "search": "search rummage hunt seek find dig explore scour",
    "take": "take grab get pocket collect steal snatch lift pick gather seize nick keep",
    "drop": "drop discard release abandon",
    "give": "give hand offer pass return pay lend donate",
    "show": "show present reveal display",
    "use": "use apply try operate hang attach fit tie untie fix repair mend ring turn pull push press wind swing "
    "fasten hook signal",
    "open": "open unlock unseal close shut lock",
    "go": "go walk head travel run enter climb return move cross visit stride wander march approach hurry rush sail "
    "row step follow leave exit carry bring",
    "ask": "ask question enquire inquire interrogate query",
    "say": "say tell speak talk whisper shout yell call explain answer reply announce mention chat confess admit "
    "mutter declare",
    "greet": "greet hello hi wave nod bow hail",
    "thank": "thank",
    "apologise": "apologise apologize sorry",
    "insult": "insult mock curse swear spit sneer taunt ridicule",
    "threaten": "threaten intimidate warn menace blackmail",
    "attack": "attack hit punch kick stab kill shoot fight slap strangle murder strike bite headbutt hurt",
    "persuade": "persuade convince beg plead flatter charm bribe promise bargain negotiate accuse confront",
    "comfort": "comfort hug console reassure embrace hold help calm kiss pat",
    "wait": "wait rest sit stay sleep pause linger nap lie relax",
    "listen": "listen hear eavesdrop",
    "smell": "smell sniff inhale",
    "touch": "touch feel stroke tap knock",
    "eat": "eat drink taste sip lick swallow",
    "sneak": "sneak creep hide tiptoe sidle lurk",
    "force": "break force smash pry wrench destroy burn lever prise shove",
    "read": "read",
    "write": "write sign draw carve scribble fill",
    "perform": "sing dance whistle pray hum juggle play recite perform joke laugh cry scream clap",
    "light": "light kindle ignite",
    "throw": "throw toss hurl fling chuck",
    "think": "think remember recall wonder ponder decide reflect",
    "magic": "fly teleport cast summon conjure levitate transform vanish explode resurrect",
}


def _by_word() -> dict[str, str]:
    found: dict[str, str] = {}
    for intent, verbs in _INTENTS.items():
        for word in verbs.split():
            found.setdefault(word, intent)
    return found


INTENT = _by_word()
"""Verb or particle → intent."""

PHRASES = (
    (r"^look (?:at|over|into|under|behind|inside|in|closely at)\b", "examine"),
    (r"^(?:take|have) a (?:\w+ )?look (?:at|into|under)\b", "examine"),
    (r"^take (?:a )?(?:closer|close|good|second) look at\b", "examine"),
    (r"^look (?:around|about|round)\b", "look"),
    (r"^look for\b", "search"),
    (r"^draw (?:\w+ )?(?:sword|blade|knife|dagger|weapon|bow|pistol|breath|closer|near)\b", "other"),
    (r"^(?:pick|start) a fight\b", "attack"),
    (r"^(?:take|have) a (?:\w+ )?look around\b", "look"),
    (r"^(?:take|have) a (?:\w+ )?look\b", "examine"),
    (r"^(?:talk|speak|chat) (?:to|with)\b", "ask"),
    (r"^tell .+ that\b", "say"),
    (r"^tell .+ about\b", "ask"),
    (r"^pick up\b", "take"),
    (r"^put down\b", "drop"),
    (r"^(?:put|tuck|stow|slip)\b.*\b(?:back|away|my (?:coat|pocket|bag|pack|belt))\b", "stow"),
    (r"^follow the (?:sound|noise|voice|smell|music)", "listen"),
    (r"^put\b", "use"),
    (r"^(?:sit|lie) down\b", "wait"),
    (
        r"^(?:go|climb|run|walk) (?:to|into|up|down|out|over|back|across|through|toward|towards|outside|inside)\b",
        "go",
    ),
    (r"^break (?:down|open)\b", "force"),
    (r"^set fire\b", "force"),
    (r"^make (?:a )?(?:joke|fun)\b", "perform"),
    (r"^turn (?:into|myself)\b", "magic"),
    (r"^(?:pull|take) out\b", "use"),
    (r"^listen\b", "listen"),
    (r"^wake up\b", "wait"),
    (r"^give up\b", "wait"),
    (r"^go on\b|^continue\b", "wait"),
)
"""Patterns that outrank single verbs, first match wins."""

STOP = listed(
    "cannot can't don't won't didn't isn't wasn't aren't couldn't wouldn't shouldn't hasn't haven't "
    "i i'm i'd i'll me my mine we us our you your he she it they them him her his their its the a an and "
    "or but then so to of in on at by for with from into onto about around is are was be am do does did "
    "not no yes this that these those there here what who where when why how which can could would will "
    "shall should may might must have has had if as up down out off over under again just very really "
    "please now some any all try want let go"
)

FOREIGN = {
    "fr": "je tu le la les des est une dans avec pour pas que qui vous nous mon sur",
    "de": "ich du der die das und ist nicht ein eine mit zu dem den auf wo wie sie",
    "es": "yo el la los las que es una con para por mi no donde quiero está",
    "it": "io il che è una con per non sono dove voglio della",
    "nl": "ik het een de niet van met naar waar mijn",
    "pt": "eu o os que é uma com para não meu onde quero",
    "pl": "ja nie jest się na do gdzie mój",
}
FOREIGN_WORDS = {language: listed(common) for language, common in FOREIGN.items()}

RUDE = listed(
    "idiot stupid fool moron shut ugly bastard damn fuck fucking shit crap hate loser liar witch pathetic "
    "worthless dumb ass coward pig scum"
)
ABSURD = listed(
    "helicopter dragon laser unicorn phone smartphone internet tank nuke bomb spaceship rocket zombie "
    "ninja pizza car robot godzilla lightsaber bazooka wifi google chatgpt elephant giraffe teleport "
    "superman jetpack machinegun gun wizard alien aliens vampire"
)
"""Things that are not granted unless the world knows the word."""

NO_FEATURE = listed(
    "ship boat horse cart carriage train beast beasts monster monsters enemy enemies animal animals bird birds "
    "people family friend friends mother father brother sister war magic danger help pain sky air sun moon rain "
    "wind weather "
    "one time way thing reason rest sort shape place side moment lot kind end hand part bit year point "
    "size first last people note second leg world something dark foot whole sea wall door lip arm elbow "
    "bone ink length cold room cage step water map breadth mile seat night day morning evening word name "
    "voice life line age hair eye eyes smile skin face way use beginning story past future truth fact "
    "idea name"
)
"""Nouns too common or too vague to be offered as something to look at."""

REGISTERS = {
    "warm": "warm kind motherly fatherly generous gentle cheerful caring friendly loving soothing tender welcoming "
    "hospitable affectionate nurturing protective",
    "curt": "curt terse silent honest blunt stoic cold quiet laconic reserved taciturn stern",
    "formal": "formal precise aristocratic proud exact noble elegant polite dignified haughty courtly strict correct",
    "quick": "quick child young cheeky curious excitable playful energetic eager lively impatient talkative",
    "wry": "wry sardonic ironic dry sarcastic cynical amused witty sharp",
    "weary": "weary tired exhausted sleepless resigned worn old sad melancholy mournful grieving world-weary regretful",
    "pious": "pious devout priest priestess monk nun holy faithful religious saintly reverent prayerful sexton",
    "learned": "learned scholarly scholar bookish clever erudite teacher professor librarian doctor scientist "
    "academic studious archivist physician wise",
    "boastful": "boastful vain bragging proud loud swaggering flamboyant bold reckless heroic arrogant bombastic",
    "timid": "timid shy nervous frightened fearful anxious scared meek hesitant stammering gentle guilty worried",
    "sly": "sly cunning crafty smooth scheming thief smuggler sneaky shrewd mysterious secretive flirtatious",
    "gruff": "gruff grim rough surly grumpy hard bitter smith soldier sailor gruffly grizzled coarse stubborn",
}
ADDRESS = tuple(
    sorted(
        listed("love dear lad lass sir friend sweetheart kid captain darling mate boss stranger traveller")
    )
)

PLACE_NOUNS = listed(
    "inn tavern pub bar hall house home cottage cabin hut castle keep tower palace temple church chapel "
    "monastery library school academy classroom office shop store market bakery smithy forge mill farm "
    "barn stable garden park forest wood woods grove glade clearing meadow field valley hill mountain "
    "pass cave cavern mine tunnel dungeon cell prison ruins crypt graveyard cemetery village town city "
    "street alley square harbour harbor dock quay pier beach shore coast island lighthouse ship boat deck "
    "cabin bridge station platform train carriage airport hotel lobby room bedroom kitchen cellar attic "
    "corridor laboratory lab clinic hospital ward arena camp campsite tent fort fortress outpost desert "
    "swamp marsh lake river riverbank museum theatre theater cafe café diner restaurant apartment flat "
    "rooftop basement workshop studio observatory greenhouse colony base spaceship starship realm kingdom "
    "vault archive courtroom manor mansion estate parlour parlor orchard vineyard flats plain plains moor road tundra wasteland jungle pond cliff crossroads inn monument gate gatehouse"
)
OUTDOORS = listed(
    "flats plain plains moor road tundra wasteland jungle pond cliff crossroads "
    "garden park forest wood woods grove glade clearing meadow field valley hill mountain pass graveyard "
    "cemetery village town city street alley square harbour harbor dock quay pier beach shore coast "
    "island bridge camp desert swamp marsh lake river riverbank rooftop orchard vineyard ruins realm "
    "kingdom market farm deck gate"
)
"""Place nouns under the open sky."""
PERSON_NOUNS = listed(
    "courier stranger traveller wanderer hero heroine foundling ferrywoman ferryman "
    "man woman girl boy child knight queen king prince princess wizard witch guard soldier captain "
    "merchant innkeeper blacksmith smith priest priestess monk nun thief assassin hunter ranger farmer "
    "doctor healer nurse teacher professor student detective officer sailor pirate bard scholar librarian "
    "lord lady duke duchess baron servant maid butler cook baker guardian elf dwarf orc vampire werewolf "
    "demon angel fairy druid sorcerer sorceress mage warrior mercenary bounty engineer pilot scientist "
    "android robot spirit ghost goddess god sexton keeper"
)
