"""English word lists for the parser and the world compiler. Data only."""


def listed(words: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(words.split())


_INTENTS = {
    "look": "look survey scan gaze glance",
    "examine": "examine inspect study observe check investigate watch peer stare consider measure test admire count eye x appraise assess compare see",
    "search": "search rummage hunt seek find dig explore scour frisk ransack sift",
    "take": "take grab get pocket collect steal snatch lift pick gather seize nick keep borrow swipe pinch fetch pluck palm buy purchase rob",
    "drop": "drop discard release abandon",
    "give": "give hand offer pass return pay lend donate share slide tip trade sell",
    "show": "show present reveal display flash brandish",
    "use": "use apply try operate hang attach fit tie untie fix repair mend ring turn pull push press wind swing "
    "fasten hook signal shake swap switch plug press aim point blow mount wear don clean polish wipe oil",
    "open": "open unlock unseal close shut lock",
    "go": "go walk head travel run enter climb return move cross visit stride wander march approach hurry rush sail "
    "row step follow leave exit carry bring descend ascend proceed wade swim slip flee escape retreat wander return",
    "ask": "ask question enquire inquire interrogate query",
    "say": "say tell speak talk whisper shout yell call explain answer reply announce mention chat confess admit "
    "mutter declare remark comment state insist joke add inform accuse confront",
    "greet": "greet hello hi hey wave nod bow hail curtsy salute",
    "thank": "thank thanks",
    "apologise": "apologise apologize sorry",
    "insult": "insult mock curse swear spit sneer taunt ridicule belittle heckle scold",
    "threaten": "threaten intimidate warn menace blackmail",
    "attack": "attack hit punch kick stab kill shoot fight slap strangle murder strike bite headbutt hurt choke tackle whack smack beat wrestle poison",
    "persuade": "persuade convince beg plead flatter charm bribe promise bargain negotiate urge coax demand encourage implore entreat press pressure",
    "comfort": "comfort hug console reassure embrace hold help calm kiss pat soothe cuddle",
    "wait": "wait rest sit stay sleep pause linger nap lie relax doze loiter z",
    "listen": "listen hear eavesdrop",
    "smell": "smell sniff inhale",
    "touch": "touch feel stroke tap knock",
    "eat": "eat drink taste sip lick swallow",
    "sneak": "sneak creep hide tiptoe sidle lurk prowl crouch skulk",
    "force": "break force smash pry wrench destroy burn lever prise shove",
    "read": "read",
    "write": "write sign draw carve scribble fill copy jot sketch note scrawl",
    "perform": "sing dance whistle pray hum juggle play recite perform joke laugh cry scream clap",
    "light": "light kindle ignite",
    "throw": "throw toss hurl fling chuck",
    "think": "think remember recall wonder ponder decide reflect contemplate suspect reckon guess",
    "magic": "fly teleport cast summon conjure levitate transform vanish explode resurrect",
}


_MORE = {
    "examine": "scrutinise scrutinize view spy regard behold analyse analyze gauge review weigh ogle",
    "search": "forage rifle comb scavenge locate trace scrounge",
    "take": "acquire obtain scoop retrieve remove unhook claim confiscate loot filch detach",
    "drop": "dump ditch unload deposit",
    "give": "deliver bestow grant contribute surrender reward feed",
    "show": "exhibit produce",
    "use": "activate utilise utilize employ insert pump crank spin rotate tug yank haul tighten loosen knot sharpen mix stir screw unscrew wrap "
    "bandage stack arrange dial toll rattle twist fold unfold unroll dip wash rinse scrub mop sweep dust pour stuff",
    "open": "unlatch unbolt unwrap unfasten latch bolt slam",
    "go": "trek hike jog sprint dash trot stroll saunter amble roam stumble tramp paddle ride drive board navigate journey venture depart withdraw "
    "crawl jump leap hop vault scramble clamber chase pursue accompany escort come",
    "ask": "quiz grill interview consult request",
    "say": "utter holler bellow proclaim confide gossip suggest propose mumble murmur stammer repeat interrupt agree disagree argue protest object "
    "complain brag lie",
    "greet": "welcome curtsey",
    "insult": "jeer berate chide deride cuss humiliate tease",
    "threaten": "bully coerce",
    "attack": "assault ambush slash club bludgeon clobber wallop batter pummel throttle grapple duel elbow execute behead smother arrest restrain kidnap",
    "persuade": "cajole wheedle sway entice tempt lure haggle barter reason appeal manipulate seduce recruit hire invite",
    "comfort": "cheer encourage support cradle nurse tend heal compliment praise",
    "wait": "remain tarry dawdle loaf lounge snooze slumber meditate breathe",
    "touch": "caress prod poke rub nudge scratch tickle brush",
    "eat": "devour chew nibble gulp swig quaff munch slurp dine consume",
    "sneak": "slink shadow stalk",
    "force": "shatter crush rip tear bash crack split demolish wreck topple dismantle saw chop cut torch",
    "read": "peruse skim decipher translate",
    "write": "doodle record engrave etch type",
    "perform": "chant applaud cartwheel somersault yodel yawn sigh shrug grin smile giggle weep sob wink frown pose pretend mime howl bark stretch",
    "throw": "lob sling pitch pelt",
    "think": "speculate muse daydream deduce conclude infer imagine",
    "magic": "enchant hypnotise hypnotize shapeshift",
}
"""Verbs that are rarer, or that also stand for a noun: they count where a clause begins with them."""


def _by_word() -> dict[str, str]:
    found: dict[str, str] = {}
    for table in (_INTENTS, _MORE):
        for intent, verbs in table.items():
            for word in verbs.split():
                found.setdefault(word, intent)
    return found


INTENT = _by_word()
"""Verb or particle → intent."""

PHRASES = (
    (r"^x \w", "examine"),
    (r"^reach (?:out )?for\b", "take"),
    (r"^hold (?:out|up) (?!my (?:hand|hands)\b|(?:a |both )?hand)", "show"),
    (r"^go over what\b", "think"),
    (r"^(?:l|look|look up|look out)$", "look"),
    (
        r"^(?:get|go|head|walk|come|run|climb|step|move) (?:back )?(?:in|into|on to|onto|out|out of|off|to|up|down|back|home|upstairs|downstairs|"
        r"outside|inside|north|south|east|west)\b(?! sleep\b| through| over\b| look\b)",
        "go",
    ),
    (r"^(?:(?:up|down|back|out|over|off|on) )?(?:to|into|towards?) (?:the|a|my|his|her|dame|\w+'s)\b", "go"),
    (r"^(?:up|down|out|outside|inside|upstairs|downstairs|north|south|east|west|back)$", "go"),
    (r"^(?:return|head back|go back|get back) (?:to|home)\b(?! sleep| bed)", "go"),
    (r"^go (?:back )?to (?:sleep|bed)\b", "wait"),
    (
        r"^go (?:through|over) (?:the|my|his|her|these|those|all)\b.*\b(?:drawers?|papers?|pockets?|files?|receipts?|shel\w+|books?|desk|records?|bag|coat)",
        "search",
    ),
    (
        r"^(?:take|catch|ride) (?:the|a) (?:lift|stairs?|path|road|train|boat|ferry|bus|elevator|ladder|way)\b",
        "go",
    ),
    (r"^follow .* with (?:my|your) eyes?\b", "examine"),
    (r"^(?:run|pass|lay|put) (?:a|my|your|one) (?:hand|finger|palm|thumb)s?\b", "touch"),
    (
        r"^(?:shine|point|hold|turn) (?:a|the|my) (?:light|torch|lamp|lantern|flashlight) (?:on|at|over|to|up to)\b",
        "examine",
    ),
    (
        r"^(?:turn|flip|leaf|page|skip) (?:to|through|back to|forward to|over) (?:the )?(?:last|first|next|page|front|back|pages?|entr)",
        "read",
    ),
    (r"^put (?:.+ )?(?:down|back)\b|^(?:set|lay) (?:.+ )?down\b|^put .+ back where", "drop"),
    (
        r"^leave (?:a |the |my |some )(?!room|inn|bar|place|house|building|tower|clinic|office)\w+ (?:on|in|at|by|for|with|behind|there|here)\b|^leave a tip",
        "drop",
    ),
    (
        r"^(?:raise|lift) (?:my|a|the) (?:glass|hat|cup|hand)|^tip my (?:hat|cap)|^shake (?:his|her|their|\w+'s)? ?hands?\b|^introduce (?:myself|me)\b",
        "greet",
    ),
    (r"^order (?:him|her|them|everyone|the (?:boy|girl|man|woman|kid|child))\b", "persuade"),
    (r"^order\b", "ask"),
    (r"^(?:bring up|mention)\b", "ask"),
    (
        r"^(?:shake|grab|seize) (?:him|her|them|the (?:kid|boy|girl|man|woman|child|doctor|innkeeper))\b",
        "attack",
    ),
    (r"^(?:talk|trick|fool|con) .+ into\b", "persuade"),
    (r"^(?:write|jot|note|copy) (?:it |this |that |them )?(?:down|out)\b", "write"),
    (r"^(?:sort|clean|tidy) (?:up|out)\b", "other"),
    (r"^(?:stand|get|sit) up\b", "other"),
    (r"^(?:hold|put) (?:up )?(?:my|both|your) hands?\b", "other"),
    (r"^look (?:at|over|into|through) (?:him|her|them)\b", "examine"),
    (
        r"^(?:look|peek|peer|glance|check|feel|reach) (?:under|underneath|behind|inside|beneath|in|into)\b",
        "search",
    ),
    (r"^(?:look|glance|peek|squint) (?:at|over|closely at|more closely at|carefully at)\b", "examine"),
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
    (r"^put .+ in(?:to)? my\b", "stow"),
    (
        r"^(?:put|set|lay|place) .+ (?:on|onto|upon) (?:the |a |his |her |their )?(?:\w+ )?(?:counter|table|bar|desk|floor|ground|boards|shelf|sill|bench)\b",
        "drop",
    ),
    (r"^(?:exits|directions)$", "look"),
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
    (
        r"^(?:lower|take|tear|rip|get|lift) .+ (?:off|from|down from|out of) (?:the|its|his|her|their|him|them)\b",
        "take",
    ),
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
    "fr": "je tu le la les des est une un dans avec pour pas que qui vous nous mon ton sur où merci bonjour bonsoir oui beaucoup madame "
    "monsieur sil plaît vais suis moi dis qu'est ce cette comment pourquoi quoi salut mère père frère cloche",
    "de": "ich du der die das und ist nicht ein eine mit zu zum zur dem den auf wo wie sie wer was gehe nimm nehme hab habe bin bitte danke "
    "guten abend morgen tag ja nein keine kein wohin warum dieser diese mein dein angst glocke turm frau herr hallo",
    "es": "yo el la los las que es una un con para por mi no donde dónde quiero está hola gracias buenos buenas días noches señor señora mira "
    "toca qué quién cómo cuándo agua campana soy tengo voy esta este usted amigo favor",
    "it": "io il che è una un con per non sono dove voglio della buongiorno buonasera ciao grazie signora signore prego chi cosa come perché "
    "vado mio campana questa",
    "nl": "ik het een de niet van met naar waar mijn jij wie wat dank goedemorgen goedenavond alstublieft ga hallo deze bent",
    "pt": "eu o os que é uma um com para não meu onde quero bom boa dia noite obrigado obrigada tudo bem você senhora senhor quem olá",
    "pl": "ja nie jest się na do gdzie mój co tu kto proszę dziękuję dzień dobry chcę robisz tak pani pan poproszę idę",
    "sv": "jag är och inte var hvor er det den en ett min tack hej god kväll båten vad vem jeg ikke hvad takk",
    "la": "quid est ubi ego sum et non amicus",
    "tr": "ben sen bir ve değil nerede merhaba teşekkürler bu ne",
    "fi": "minä sinä on ei missä hei kiitos mikä ja",
}
FOREIGN_WORDS = {language: listed(common) for language, common in FOREIGN.items()}

RUDE = listed(
    "idiot stupid fool moron ugly bastard damn fuck fucking shit crap loser liar witch pathetic "
    "worthless dumb ass coward pig scum brat quack gutless sucks hag bitch bugger git twat wanker arse arsehole asshole "
    "bollocks piss prick dick cunt slut whore scumbag weasel toad crook imbecile dolt hell bullshit wench murderer murdering"
)
ABSURD = listed(
    "helicopter dragon laser unicorn phone smartphone internet tank nuke bomb spaceship rocket zombie "
    "ninja pizza car robot godzilla lightsaber bazooka wifi google chatgpt elephant giraffe teleport "
    "superman batman jetpack machinegun gun wizard alien aliens vampire uber laptop computer email t-rex dinosaur mainframe "
    "breakdance moses gills whale moonwalk fusion spiderman hogwarts netflix tiktok instagram minecraft television helicopter "
    "england france paris london america godmode invincible immortal superpower superpowers werewolf clone hologram bitcoin "
    "tardis portal hoverboard wand fireball kraken pikachu pokemon mario elvis einstein santa jesus jupiter volcano tiger lion crocodile kangaroo "
    "penguin gorilla camel panda missile grenade submarine satellite airplane ferrari tesla limousine motorcycle skateboard mcdonalds starbucks "
    "burger taco sushi youtube twitter facebook spotify selfie emoji bluetooth microwave fridge xbox playstation nintendo cyborg ufo centaur "
    "minotaur cyclops godmode shotgun rifle chainsaw bulldozer snowmobile"
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

IMPOSSIBLE = (
    r"^(?:turn|transform|change) .+ into (?!the|my bag|it)",
    r"\b(?:god mode|time travel|black hole|cold fusion|the moon|brain surgery|world peace|the universe|the future|to mars|to earth)\b",
    r"^(?:become|i become|i am now|turn into|morph into|i'?m now) (?:a|an|the|king|queen|god|invisible|invincible)\b",
    r"^(?:rewind|reverse|stop|freeze) time\b|^(?:grow|sprout) (?:\w+ )?(?:metres|meters|feet|wings|gills|a tail|horns|tall)",
    r"\bmillion (?:credits|dollars|pounds|coins|gold)\b|^(?:delete|hack|download|google|reboot|uninstall)\b",
    r"\bit was all a dream\b|^(?:part|drink|swallow|lift|unscrew|swim|tame|eat) the (?:entire |whole )?(?:sea|ocean|moon|sun|sky|storm|world)\b",
    r"^(?:fly|teleport|levitate|phase|vanish|walk through (?:the|a) wall)\b",
)
"""What no world grants."""
META = (
    r"^\W*(?:ooc\b|out of character)|^\W*\(?\[?ooc",
    r"^(?:save|load|undo|redo|restart|reset|quit|menu|settings|options|commands|credits|skip|pause|version|about|recap|spoilers?|debug|info)"
    r"(?: please| game| the game)?\W*$",
    r"\b(?:(?:this|the) (?:game|parser|narrator|engine|simulation|chat ?bot|ai|program)|this story)\b(?! of\b)(?!.*\byou told)",
    r"\b(?:how many endings|what genre|who wrote this|how (?:do|does) (?:i|one|this|it) (?:play|work)|what are the (?:commands|rules|controls)|"
    r"(?:go|take me) back (?:one|a) turn|make the (?:descriptions?|text|replies|answers)|(?:first|second|third) person|past tense|present tense|"
    r"tell me the (?:solution|answer|ending)|i win\b|rewrite (?:that|this)|who am i playing|am i (?:winning|losing)|(?:try|start|begin) (?:again|over)|new game|game over|end the (?:game|story)|regenerate|retry|character sheet|what are my (?:options|choices|stats)|(?:write|be|make it) (?:shorter|longer|more|less)\\b|how many turns|is this (?:a bot|real|scripted)|there(?:\'s| is) a (?:bug|typo)|(?:speak|talk|in|to) (?:english|german|french|spanish)\\b|what\'?s my score|i'?m bored|this is boring)\b",
)
HINTS = (
    r"^(?:help|hint|what now|i'?m (?:stuck|lost|confused)|give me a hint|any hints?)\W*$",
    r"\bwhat (?:can|should|could|do|am i (?:supposed|meant) to|else can) i? ?(?:be )?(?:do|doing|try|say)\b(?: here| now| next)?\W*$",
    r"^what (?:should|can|could) i (?:ask|say|tell)\b",
    r"^(?:this is confusing|i don'?t (?:know what to do|get it|understand this))",
    r"^(?:what(?:'s| is) (?:the (?:goal|point|objective|aim)|my (?:goal|quest|objective|task)))",
)
CHATTY = {
    "u": "you", "ur": "your", "thx": "thanks", "thnx": "thanks", "plz": "please", "pls": "please", "teh": "the", "yuo": "you", "wat": "what",
    "wut": "what", "abt": "about", "hte": "the", "adn": "and", "gimme": "give me", "lemme": "let me", "wanna": "want to", "gonna": "going to",
    "wheres": "where's", "whats": "what's", "whos": "who's", "dont": "don't", "cant": "can't", "im": "i'm", "ive": "i've", "tho": "though",
    "bcuz": "because", "sry": "sorry", "srry": "sorry", "ty": "thanks", "tak": "take", "tkae": "take", "opne": "open", "raed": "read", "rad": "read",
    "abot": "about", "abuot": "about", "wiht": "with", "waht": "what", "hlep": "help", "exmaine": "examine",
}  # fmt: skip
"""How people type in a hurry."""
SYNONYMS = {
    "money": ("coin", "coins", "cash", "pay", "payment", "paid", "wages", "price", "cost", "debt", "debts", "credits", "fee"),
    "death": ("died", "dead", "die", "killed", "murder", "drowned", "killing"),
    "brother": ("sibling", "brothers"), "sister": ("sisters",), "father": ("dad", "papa", "daddy", "parent"),
    "mother": ("mum", "mom", "mama"), "child": ("kid", "children", "son", "daughter"),
    "ship": ("boat", "vessel", "wreck", "crew"), "sea": ("tide", "water", "ocean", "flood"),
    "letter": ("note", "message", "paper"), "book": ("ledger", "register", "record", "records", "log", "logbook", "accounts"),
    "lamp": ("light", "lantern", "torch", "lights"), "storm": ("weather", "wind", "rain"),
    "secret": ("lie", "lied", "lying", "hiding", "hidden", "truth"),
    "theft": ("stole", "stolen", "steal", "thief", "took", "taken"), "noise": ("sound", "silence", "quiet", "heard"),
    "name": ("called", "names"), "work": ("job", "trade", "profession"), "signature": ("signed", "signs", "sign", "signing", "signatures"),
    "key": ("lock", "locked", "keys"), "doctor": ("physician", "medic"), "stranger": ("visitor", "newcomer"),
}  # fmt: skip
"""Words players use for one another, in any world."""
MEN = listed("man boy lad guy fellow gentleman sir bloke mister old-timer")
WOMEN = listed("woman girl lady lass madam miss ma'am gal")
ANYBODY = listed("kid child person stranger somebody someone")
"""Words for somebody who is simply here."""

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
