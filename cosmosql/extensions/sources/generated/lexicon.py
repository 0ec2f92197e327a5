"""The words that generated text is made of: domains of concepts, feelings, people and places.

Two thirds of the domains are *open*: pre-training uses their concepts under their own names. The
others are *held out*: pre-training meets their words only in plain text and under arbitrary
labels, so a task over them asks for labels that no model of the tiny family was ever taught.
A word may belong to several concepts; that overlap is wanted, since real labels overlap too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A named bundle of nouns and verbs that tend to be used together."""

    name: str
    domain: str
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    held_out: bool

    @property
    def words(self) -> tuple[str, ...]:
        return self.nouns + self.verbs


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeling:
    """Adjectives of praise and of blame that fit one kind of thing."""

    name: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    held_out: bool


def spaced(text: str) -> tuple[str, ...]:
    """The words of ``text``."""
    return tuple(text.split())


def barred(text: str) -> tuple[str, ...]:
    """The phrases of ``text``, which vertical bars separate."""
    return tuple(part.replace("\n", "") for part in text.split("|"))


_OPEN = """
# travel
flight: plane airport runway gate boarding pilot cabin takeoff ; board fly land
train: rail station platform carriage track conductor railway timetable ; depart ride arrive
hotel: room lobby suite reception pillow keycard minibar bellhop ; reserve stay sleep
luggage: suitcase backpack trolley zipper handle carousel bag trunk ; pack carry weigh
visa: passport border embassy permit stamp customs consulate form ; apply renew cross
cruise: ship deck harbor anchor captain cabin port voyage ; sail dock float
camping: tent campfire lantern trail blanket forest hammock matches ; hike camp pitch
taxi: cab driver meter fare seat ride corner street ; hail drop wait
# kitchen
baking: oven flour dough yeast bread cake crust tray ; bake knead rise
grill: steak charcoal smoke burger sausage flame ribs tongs ; roast flip sear
soup: broth ladle bowl noodle stew pot onion carrot ; simmer stir boil
salad: lettuce tomato cucumber dressing spinach radish olive vinegar ; chop toss rinse
dessert: chocolate pudding icing cream caramel cookie vanilla sugar ; melt whip taste
coffee: espresso mug latte bean grinder foam filter roast ; brew grind sip
breakfast: egg toast pancake cereal bacon jam syrup waffle ; fry spread pour
seafood: salmon shrimp crab lobster oyster tuna net squid ; steam fillet catch
# health
dental: tooth gum dentist cavity crown braces floss jaw ; drill floss polish
vision: eye lens glasses retina eyelid optician blur pupil ; squint focus blink
heart: pulse artery chest pressure valve stroke cholesterol rhythm ; beat faint monitor
skin: rash itch acne sunburn cream scar freckle blister ; scratch peel heal
sleep: insomnia bed dream nap mattress snore pillow alarm ; rest yawn wake
injury: bruise sprain ankle bandage fracture cast wound knee ; twist limp bleed
diet: calorie vitamin protein meal portion weight sugar fiber ; eat digest fast
virus: fever flu cough vaccine infection mask germ throat ; sneeze infect isolate
# software
database: query table index schema record backup column row ; insert join migrate
website: page browser link banner domain layout header button ; click scroll publish
email: inbox spam attachment draft folder sender subject reply ; send forward archive
security: password firewall hacker virus token breach key lock ; encrypt scan patch
printer: ink cartridge paper toner tray jam scanner copy ; print staple refill
video: camera clip stream pixel subtitle studio frame codec ; record edit upload
game: level score console joystick quest avatar player monster ; play win unlock
mobile: app screen battery charger tablet ringtone widget touch ; tap swipe install
# sports
football: goal pitch striker keeper penalty corner referee league ; kick score tackle
tennis: racket court serve net set rally umpire ball ; serve volley smash
swimming: pool lane goggles dive stroke lifeguard towel lap ; swim dive float
cycling: bike helmet pedal wheel saddle gear race mountain ; pedal brake climb
boxing: glove ring punch round knockout bell fighter coach ; punch dodge spar
skiing: snow slope lift pole goggles chalet boot powder ; ski glide fall
golf: club hole caddie fairway green putter tee bunker ; putt swing aim
chess: king queen pawn board bishop knight clock opening ; castle resign move
# nature
ocean: wave tide reef whale current shore shell island ; surf drift splash
mountain: peak cliff summit valley rock ridge glacier rope ; climb descend ascend
weather: rain storm cloud thunder wind lightning umbrella forecast ; pour blow freeze
birds: sparrow eagle nest feather owl wing egg robin ; chirp hatch soar
insects: ant bee wasp beetle spider moth hive larva ; sting buzz crawl
forest: tree oak pine leaf root moss branch squirrel ; grow fell shade
farm: cow tractor barn wheat hay sheep plough field ; harvest milk plant
river: bank bridge stream fish boat dam flood canoe ; flow fish row
# music
piano: keys pedal sonata keyboard chord concerto bench scale ; practice tune perform
guitar: string fret amplifier riff strap chord pick band ; strum pluck jam
drums: beat stick cymbal rhythm snare kit tempo bass ; drum hit bang
choir: singer voice hymn alto tenor soprano lyrics church ; sing hum harmonize
violin: bow orchestra string fiddle quartet solo bridge case ; bow play rehearse
radio: host station signal antenna show news volume caller ; broadcast listen tune
dance: ballet stage step waltz tango partner costume floor ; dance spin leap
festival: crowd ticket tent stage lineup band poster wristband ; cheer attend headline
# work
hiring: resume interview candidate recruiter vacancy offer applicant reference ; hire apply recruit
salary: wage bonus payroll raise overtime contract payday tax ; earn pay negotiate
meeting: agenda minutes slide projector calendar room chair notes ; schedule attend postpone
training: course workshop mentor lesson certificate skill module exam ; teach learn practice
holiday: vacation leave beach sunscreen calendar absence trip break ; relax approve travel
office: desk printer chair stapler cubicle elevator lamp cabinet ; sit type tidy
strike: union protest picket worker demand march banner slogan ; march demand refuse
startup: founder investor pitch equity venture prototype seed growth ; launch invest scale
# learning
algebra: equation variable formula graph fraction root slope proof ; solve factor simplify
history: empire treaty king war archive museum revolution century ; conquer rule date
grammar: verb noun sentence comma clause tense spelling adverb ; spell write parse
geography: map continent river capital border equator desert atlas ; locate map travel
chemistry: acid molecule beaker atom reaction gas metal salt ; mix react dissolve
physics: force gravity motion energy magnet wave particle mass ; accelerate measure pull
reading: novel library author chapter bookmark shelf poem story ; read borrow review
drawing: pencil sketch paper charcoal eraser portrait canvas shade ; draw trace erase
# home
plumbing: pipe faucet leak drain toilet sink valve wrench ; leak flush plug
wiring: socket fuse cable switch bulb voltage lamp wire ; rewire plug short
painting: brush roller wall primer color ladder bucket tape ; paint coat sand
cleaning: vacuum mop dust sponge bleach bucket broom stain ; wipe sweep scrub
laundry: shirt washer dryer detergent iron sock basket towel ; wash fold iron
heating: boiler radiator thermostat furnace heater vent gas insulation ; heat warm adjust
furniture: sofa table drawer shelf screw cushion wardrobe cabinet ; assemble move sand
roof: tile gutter chimney attic shingle beam ladder leak ; repair climb seal
# city
parking: garage meter space permit barrier ticket lot curb ; park tow reverse
traffic: jam lane signal intersection horn truck crossing detour ; honk merge stop
museum: exhibit gallery statue curator sculpture guide fossil painting ; visit display admire
school: pupil teacher classroom homework bell lesson chalk principal ; teach study graduate
police: officer patrol siren badge arrest witness station suspect ; arrest chase question
fire: hose siren smoke flame ladder alarm engine rescue ; burn rescue extinguish
waste: bin recycling garbage bottle plastic truck landfill compost ; recycle dump sort
bus: driver stop route seat pass depot passenger schedule ; ride board wait
# family
wedding: bride groom ring cake vow guest veil bouquet ; marry toast dance
baby: diaper crib bottle stroller rattle nursery lullaby pacifier ; cry crawl feed
birthday: candle balloon cake present party invitation wish ribbon ; celebrate wrap blow
toys: doll puzzle kite blocks robot teddy marble yoyo ; play build share
fashion: dress jacket scarf skirt designer fabric button runway ; wear sew match
jewelry: ring necklace diamond gold pearl bracelet watch pendant ; wear polish sparkle
haircut: barber scissors beard shampoo fringe comb mirror curl ; trim shave dye
fitness: gym treadmill muscle dumbbell coach squat sweat yoga ; train stretch lift
# trades
medics: doctor nurse surgeon paramedic midwife therapist ; treat examine cure
builders: carpenter plumber mason welder roofer electrician ; build repair measure
teachers: teacher tutor professor lecturer principal trainer ; teach explain grade
growers: farmer gardener shepherd beekeeper rancher florist ; harvest water plant
guards: officer sheriff detective soldier watchman ranger ; patrol protect guard
writers: author poet journalist editor novelist blogger ; write publish quote
sellers: merchant cashier grocer broker dealer vendor ; sell trade bargain
makers: tailor potter weaver jeweler cobbler blacksmith ; sew carve shape
# signs
shapes: circle square triangle oval cube cone sphere spiral ; draw trace fold
metals: copper iron silver bronze steel tin zinc lead ; melt forge bend
fruit: apple banana grape lemon mango cherry peach plum ; peel squeeze pick
tools: hammer saw drill pliers chisel screwdriver axe shovel ; cut dig fix
colors: red blue green yellow purple orange pink brown ; mix dye fade
clothes: coat hat boots gloves trousers sweater belt socks ; wear wash mend
mammals: horse wolf bear rabbit deer lion tiger goat ; hunt run graze
vehicles: car van lorry scooter tram wagon motorcycle bicycle ; drive steer park
"""

_HELD_OUT = """
# banking
card: chip pin limit cashpoint plastic contactless reader wallet ; block activate freeze
transfer: wire recipient iban beneficiary remittance payee exchange routing ; transfer remit credit
loan: mortgage lender collateral installment principal repayment borrower interest ; borrow repay refinance
fraud: scam thief phishing suspicion impostor chargeback identity forgery ; dispute steal report
savings: deposit nest jar yield bonds interest goal pension ; save accumulate withdraw
fees: surcharge penalty overdraft markup commission charge levy deduction ; charge waive deduct
login: password code username session lockout verification reset authenticator ; reset unlock verify
statement: balance ledger invoice summary document history receipt entry ; download reconcile print
# shopping
delivery: parcel courier doorstep tracking van driver package address ; deliver ship track
refund: reimbursement cashback voucher repayment credit claim compensation receipt ; refund reimburse claim
warranty: guarantee coverage defect manufacturer replacement serial expiry claim ; cover replace expire
coupon: discount promo code bargain sale offer rebate clearance ; redeem discount stack
sizing: waist sleeve inch medium fit length measurement chart ; fit shrink tighten
stock: warehouse inventory shelf supply backorder shortage restock quantity ; restock reserve sell
gifting: wrapping ribbon card surprise occasion basket present envelope ; gift wrap surprise
damage: crack dent scratch shard tear stain break smash ; crack dent shatter
# telecom
roaming: abroad border country operator foreign passport tourist region ; roam travel cross
signal: tower bars antenna coverage reception dropout static range ; drop fade lose
router: modem cable wifi ethernet light port adapter firmware ; reboot plug configure
billing: invoice amount bill cycle autopay due charge balance ; bill pay overcharge
contract: clause renewal term notice signature upgrade plan cancellation ; sign cancel renew
handset: phone screen battery camera speaker button case charger ; repair drop charge
voicemail: message greeting mailbox recording beep caller inbox playback ; record listen delete
porting: number carrier switch activation digits provider request migration ; port switch keep
# newsroom
election: ballot candidate voter campaign poll senate turnout governor ; vote elect campaign
treaty: diplomat ambassador summit accord alliance minister sanction peace ; negotiate ratify sign
market: shares index trader rally bond dividend investor crash ; trade surge plunge
merger: takeover shareholder acquisition board antitrust bid rival executive ; merge acquire bid
space: rocket orbit astronaut satellite telescope launch comet probe ; launch orbit explore
genome: gene cell protein laboratory microscope mutation biologist trial ; sequence clone discover
league: championship season club transfer stadium coach trophy fans ; defeat qualify score
marathon: runner finish mile sprint medal pace race record ; run sprint train
cinema: director actor premiere sequel trailer script box festival ; film star direct
opera: soprano conductor theatre aria stage audience orchestra curtain ; sing perform applaud
trial: judge jury verdict lawyer evidence witness prosecutor appeal ; convict testify appeal
robbery: burglar gang jewel vault weapon suspect getaway loot ; rob flee arrest
# yard
pets: dog cat leash kennel hamster parrot puppy collar ; bark feed walk
garden: flower soil tulip weed lawn hedge seed shovel ; plant water mow
garage: engine tire brake oil mechanic clutch exhaust bumper ; drive repair park
pool: chlorine filter pump tiles diving slide ladder float ; swim splash skim
# crew
cooks: chef baker butcher waiter barista caterer ; cook season serve
lawyers: attorney judge notary solicitor prosecutor clerk ; argue defend testify
artists: painter dancer sculptor actor musician violinist ; sketch perform exhibit
sailors: captain navigator fisherman deckhand admiral diver ; sail anchor steer
# lodging
bedroom: mattress pillow blanket bed curtain wardrobe lamp duvet ; sleep snooze dream
bathroom: shower towel sink bathtub mirror soap drain toilet ; bathe rinse flush
dining: buffet breakfast menu waiter dinner dish chef restaurant ; dine order eat
location: beach view street neighborhood station center walk terrace ; walk stroll explore
"""  # noqa: E501

_FEELINGS = """
general: good great excellent wonderful superb fine lovely | bad awful terrible horrible poor lousy dreadful
taste: delicious tasty fresh crispy juicy savory sweet | bland stale soggy burnt bitter rotten greasy
people: friendly polite helpful kind patient cheerful caring | unfriendly hostile careless mean arrogant lazy grumpy
device: fast reliable sturdy smooth sharp light handy | slow buggy fragile faulty clumsy heavy useless
story: funny gripping clever moving thrilling charming witty | boring dull silly confusing predictable tedious shallow
price: cheap fair affordable generous reasonable modest worthwhile | expensive overpriced unfair steep costly excessive wasteful
body: healthy strong fit relaxed energetic rested calm | sick weak tired sore dizzy tense exhausted
plan: simple clear safe useful practical wise promising | risky vague pointless reckless complicated hopeless flawed
stay!: spotless cozy spacious quiet bright luxurious elegant | filthy cramped noisy gloomy smelly shabby damp
staff!: courteous attentive welcoming prompt gracious thoughtful skilled | rude dismissive inattentive sloppy indifferent impatient incompetent
repair!: flawless durable seamless solid precise swift responsive | defective broken wobbly leaky cracked sluggish unstable
"""  # noqa: E501

NAMES = spaced("""
anna bob carla david emma frank grace henry irene jack karen leo maria nina oscar paula ruth
sam tina victor walter yara""")
HELD_OUT_NAMES = spaced(
    "amir bianca cedric dora elias farah gustav hanna ivan jelena kofi lena mateo noor otto priya"
)
CITIES = spaced("""
london paris berlin madrid rome vienna oslo dublin prague lisbon athens cairo tokyo delhi
boston chicago denver""")
HELD_OUT_CITIES = spaced("lima quito nairobi hanoi seoul geneva turin porto bergen krakow")
DAYS = spaced("monday tuesday wednesday thursday friday saturday sunday")

#: Past forms that serve as active past and as passive participle alike.
DEEDS = spaced("""
called helped warned paid thanked followed visited hired praised blamed questioned invited
trained rescued accused advised contacted greeted ignored joined noticed phoned supported
watched welcomed""")

SOON = (
    "immediately",
    "now",
    "today",
    "urgently",
    "at once",
    "right away",
    "within minutes",
    "tonight",
)
LATER = (
    "someday",
    "whenever",
    "eventually",
    "next month",
    "next year",
    "later",
    "in a while",
    "at leisure",
)
SEVERE = (
    "disaster",
    "emergency",
    "outage",
    "crisis",
    "danger",
    "catastrophe",
    "failure",
    "collapse",
)
MILD = ("question", "detail", "typo", "wish", "suggestion", "remark", "trifle", "curiosity")

#: Opposed pairs of modifiers, used as the second attribute of two-attribute labels.
CONTRASTS: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...] = (
    (
        "big",
        ("huge", "giant", "large", "massive", "enormous"),
        "small",
        ("tiny", "little", "mini", "compact", "petite"),
    ),
    (
        "new",
        ("modern", "recent", "latest", "novel", "unused"),
        "old",
        ("ancient", "vintage", "antique", "used", "outdated"),
    ),
    (
        "wet",
        ("soaked", "moist", "rainy", "dripping", "flooded"),
        "dry",
        ("dusty", "parched", "arid", "dehydrated", "baked"),
    ),
    (
        "hot",
        ("boiling", "scorching", "warm", "heated", "burning"),
        "cold",
        ("icy", "frozen", "chilly", "cool", "freezing"),
    ),
    (
        "private",
        ("personal", "secret", "own", "hidden", "home"),
        "public",
        ("shared", "open", "common", "civic", "national"),
    ),
)
HELD_OUT_CONTRASTS: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...] = (
    (
        "lost",
        ("missing", "stolen", "misplaced", "vanished", "gone"),
        "faulty",
        ("malfunctioning", "dead", "frozen", "glitchy", "unresponsive"),
    ),
    (
        "business",
        ("corporate", "company", "commercial", "office", "enterprise"),
        "personal",
        ("family", "household", "own", "home", "individual"),
    ),
)


def _concepts(text: str, *, held_out: bool) -> tuple[Concept, ...]:
    found = []
    domain = ""
    for line in text.strip().splitlines():
        if line.startswith("#"):
            domain = line[1:].strip()
            continue
        name, _, words = line.partition(":")
        nouns, _, verbs = words.partition(";")
        found.append(
            Concept(
                name=name,
                domain=domain,
                nouns=tuple(nouns.split()),
                verbs=tuple(verbs.split()),
                held_out=held_out,
            )
        )
    return tuple(found)


def _feelings(text: str) -> tuple[Feeling, ...]:
    found = []
    for line in text.strip().splitlines():
        name, _, words = line.partition(":")
        good, _, bad = words.partition("|")
        found.append(
            Feeling(
                name=name.rstrip("!"),
                good=tuple(good.split()),
                bad=tuple(bad.split()),
                held_out=name.endswith("!"),
            )
        )
    return tuple(found)


OPEN_CONCEPTS = _concepts(_OPEN, held_out=False)
HELD_OUT_CONCEPTS = _concepts(_HELD_OUT, held_out=True)
FEELINGS = _feelings(_FEELINGS)
