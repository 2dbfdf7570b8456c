"""The words of the reviewers, by kind of product."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """How people talk about one kind of product."""

    praise: tuple[str, ...]
    """Adjectives: fits "it is …"."""
    blame: tuple[str, ...]
    strengths: tuple[str, ...]
    """Things: fits "with …"."""
    faults: tuple[str, ...]
    uses: tuple[str, ...]
    """Fits "we use it …"."""
    eaters: tuple[str, ...]
    """Who gets it; a cat or a dog for some."""


def _voice(
    *, praise: str, blame: str, strengths: str, faults: str, uses: str, eaters: str = ""
) -> Voice:
    lists = (praise, blame, strengths, faults, uses, eaters or _PEOPLE)
    return Voice(*(_words(words) for words in lists))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


_PEOPLE = (
    "my husband, my wife, my daughter, my son, my mother, my sister, my roommate, my neighbor, "
    "my father in law, a friend from work, my grandmother, the whole family"
)

PEOPLE = _words(_PEOPLE)

VOICES: dict[str, Voice] = {
    "coffee": _voice(
        praise="smooth, rich, bold, fragrant, low in acid, full bodied, well balanced, lively",
        blame="bitter, stale, thin, sour, burnt, dusty, flat",
        strengths="a strong aroma, a long chocolate finish, a thick crema, a hint of caramel, "
        "no bitter aftertaste, a nutty finish, a proper kick",
        faults="hardly any aroma, an ashy aftertaste, a sour finish, a papery smell, no body",
        uses="first thing in the morning, with oat milk, over ice, on the way to work, "
        "after dinner, at the office",
    ),
    "tea": _voice(
        praise="delicate, fragrant, soothing, floral, brisk, mellow, grassy, calming",
        blame="weak, musty, astringent, perfumed, dull, bitter, stale",
        strengths="a clear golden color, a soft floral note, plenty of flavor, "
        "a gentle sweetness, a strong aroma, no bitterness at all",
        faults="a soapy smell, mostly dust and stems, hardly any flavor, "
        "an artificial aftertaste, torn bags",
        uses="before bed, with a slice of lemon, in the afternoon, with honey, cold in summer, "
        "when my throat is sore",
    ),
    "gear": _voice(
        praise="sturdy, well made, easy to clean, solid, quick, simple, good looking, handy",
        blame="flimsy, wobbly, hard to clean, cheaply made, rusty, crooked",
        strengths="a good weight in the hand, clean edges, no plastic smell, a neat finish, "
        "clear instructions, the right size for a small kitchen",
        faults="sharp seams, a strong plastic smell, a scratched surface, missing parts, "
        "dents on one side",
        uses="every single day, on weekends, when we have guests, for small batches, "
        "in our tiny kitchen, at the cabin",
    ),
    "spice": _voice(
        praise="fragrant, fresh, vivid, warm, potent, earthy, well balanced, lively",
        blame="faded, dusty, bland, clumpy, harsh, stale, salty",
        strengths="a deep color, a smoky note, a slow heat, a strong aroma, a citrus edge, "
        "a jar that seals well",
        faults="no smell at all, a gritty feel, far too much salt, bits of stalk, a broken lid",
        uses="on roast vegetables, in chili, on grilled chicken, in soup, on popcorn, "
        "in a Sunday stew",
    ),
    "flour": _voice(
        praise="fine, light, moist, fragrant, easy to work with, reliable, fluffy",
        blame="gritty, dry, crumbly, clumpy, dense, flavorless",
        strengths="a tender crumb, a clean taste, a good rise, real depth of flavor, "
        "no aftertaste, a soft texture",
        faults="a chemical aftertaste, lumps that will not sift out, a gummy middle, "
        "a torn bag inside the box, a smell of cardboard",
        uses="for birthday cakes, in banana bread, in my grandmother's cookie recipe, "
        "for Sunday pancakes, in muffins, for holiday baking",
    ),
    "sweetening": _voice(
        praise="rich, not too sweet, fragrant, pure, mellow, intense, real",
        blame="too sweet, artificial, flat, sticky, watery, weak",
        strengths="a deep caramel note, a clean taste, no aftertaste, a strong aroma, "
        "a little that goes a long way, a package that closes well",
        faults="a chemical aftertaste, a leaking package, hardly any aroma, a burnt note, "
        "a smell of alcohol",
        uses="in oatmeal, for holiday baking, in cookies, in frosting, on pancakes, "
        "in my morning coffee",
    ),
    "crunchy": _voice(
        praise="crunchy, crisp, lightly salted, fresh, nutty, addictive, toasty, not greasy",
        blame="stale, greasy, too salty, broken, burnt, soft, bland",
        strengths="a big crunch, just enough salt, no oily fingers, a roasted flavor, "
        "a short list of ingredients, whole pieces",
        faults="mostly crumbs, an oily film, a rancid smell, half empty bags, way too much salt",
        uses="in lunch boxes, on road trips, with a cold beer, at my desk, during movie night, "
        "after the gym",
    ),
    "chewy": _voice(
        praise="chewy, soft, filling, not too sweet, naturally sweet, tender, satisfying",
        blame="tough, dry, sticky, rock hard, too sweet, chalky",
        strengths="a pleasant chew, real fruit flavor, a short list of ingredients, "
        "no sugar rush, a toasted note, just the right size",
        faults="a chalky aftertaste, pieces that stick to your teeth, too much sugar, "
        "a strange smell, tiny portions",
        uses="before a run, in lunch boxes, on long hikes, between meetings, as a late snack, "
        "on the plane",
    ),
    "jerky": _voice(
        praise="tender, smoky, peppery, chewy, filling, well seasoned, not too salty",
        blame="tough, dry, too salty, leathery, greasy, stringy",
        strengths="a deep smoky flavor, plenty of protein, a good chew, real spice, "
        "thick slices, no sugary glaze",
        faults="a chemical smell, far too much salt, pieces like shoe leather, tiny portions, "
        "an oily film",
        uses="on long hikes, on road trips, between meetings, after the gym, in the truck, "
        "with a cold beer",
    ),
    "chocolate": _voice(
        praise="creamy, silky, rich, not too sweet, intense, beautifully wrapped, fresh",
        blame="waxy, melted, cloying, grainy, artificial, stale",
        strengths="a silky melt, a deep cocoa flavor, a clean snap, a lovely box, "
        "a soft center, a long finish",
        faults="white streaks all over, a waxy coating, a fake flavor, a crushed box, "
        "a soapy aftertaste",
        uses="after dinner, as a small reward, with an espresso, as a stocking stuffer, "
        "for book club, on movie night",
    ),
    "candy": _voice(
        praise="fruity, soft, fresh, not too sweet, intense, long lasting, old school",
        blame="cloying, sticky, stale, artificial, melted, bland",
        strengths="a bright flavor, real ginger and fruit, just enough sugar, no dye, "
        "a bag that closes again, a flavor from my childhood",
        faults="a fake flavor, pieces all stuck together, a soapy aftertaste, a half empty bag, "
        "a strange color",
        uses="for the candy bowl, on long drives, at my desk, on movie night, "
        "when my mouth is dry, as a stocking stuffer",
    ),
    "pantry": _voice(
        praise="firm, tender, hearty, fresh, wholesome, fluffy, easy to cook",
        blame="mushy, bland, broken, gluey, dusty, dry",
        strengths="a good bite, a clean taste, a nutty flavor, a texture that holds up, "
        "even cooking, generous portions",
        faults="lots of broken pieces, a torn bag, a smell of cardboard, a gluey texture, "
        "little stones",
        uses="for weeknight dinners, in salads, with garlic and lemon, in big batches, "
        "for camping trips, in soup",
    ),
    "fish": _voice(
        praise="meaty, tender, mild, firm, fresh, not too salty, boneless",
        blame="mushy, too salty, fishy, dry, bony, tinny",
        strengths="a clean taste of the sea, good oil, big whole pieces, a can that opens easily, "
        "plenty of protein, a smoky note",
        faults="dented cans, a metallic taste, a strange smell, more oil than fish, tiny pieces",
        uses="on toast, in salads, with crackers, for camping trips, in pasta, "
        "straight from the can",
    ),
    "sauce": _voice(
        praise="tangy, fruity, bright, smoky, peppery, complex, fresh",
        blame="watery, harsh, too sweet, vinegary, flat, too salty",
        strengths="a slow burn, a peppery finish, a fresh flavor, a thick texture, "
        "a good balance of sweet and sour, real peppers in it",
        faults="a leaking bottle, no heat at all, too much vinegar, a thin watery texture, "
        "a broken seal",
        uses="on eggs, on everything, on grilled chicken, for taco night, on burgers, with chips",
    ),
    "oil": _voice(
        praise="smooth, fruity, bright, peppery, mellow, complex, fresh",
        blame="harsh, flat, rancid, thin, greasy, dull",
        strengths="a peppery finish, a lovely color, a fresh aroma, a long finish, "
        "a bottle that pours well, plenty of character",
        faults="a leaking bottle, hardly any flavor, a stale smell, a broken seal, "
        "a bitter aftertaste",
        uses="in dressings, on grilled fish, with crusty bread, on roast vegetables, "
        "in marinades, on tomatoes",
    ),
    "cereal": _voice(
        praise="crunchy, hearty, filling, not too sweet, toasty, wholesome, creamy, fresh",
        blame="stale, dusty, too sweet, hard, soggy, bland, gluey",
        strengths="big clusters, a toasty flavor, plenty of nuts, staying power until lunch, "
        "a short list of ingredients, a nice chew",
        faults="mostly powder at the bottom, hardly any fruit, a burnt taste, too much sugar, "
        "husks in every spoonful",
        uses="with yogurt, before school, with cold milk, on top of fruit, straight from the bag, "
        "on winter mornings",
    ),
    "spread": _voice(
        praise="creamy, smooth, rich, thick, fragrant, spreadable, pure",
        blame="runny, gritty, too sweet, oily, hard, bland",
        strengths="a deep flavor, a silky texture, a short list of ingredients, "
        "no added sugar, a wide jar, an honest taste",
        faults="a layer of liquid on top, a cracked jar, a fake flavor, crystals all through, "
        "a bitter aftertaste",
        uses="on toast, by the spoon, in smoothies, with sharp cheese, on rice cakes, in yogurt",
    ),
    "fizz": _voice(
        praise="refreshing, light, crisp, not too sweet, dry, lively, grown up",
        blame="too sweet, flat, watery, syrupy, artificial, sour",
        strengths="fine bubbles, a clean finish, real fruit in it, a bright flavor, "
        "no sticky aftertaste, just enough bite",
        faults="no fizz, dented cans, a cloying sweetness, a broken bottle, a fake flavor",
        uses="in the evening, with ice and lime, at parties, after yard work, with gin, "
        "on hot days",
    ),
    "milk": _voice(
        praise="creamy, light, smooth, not too sweet, frothy, rich, fresh",
        blame="watery, chalky, artificial, curdled, too sweet, thin",
        strengths="a creamy foam, a clean taste, a short list of ingredients, no grit, "
        "cartons that keep for months, a mild flavor",
        faults="leaking cartons, a chalky aftertaste, lumps in it, an odd smell, too much sugar",
        uses="in coffee, in smoothies, with cereal, in pancakes, straight from the carton, "
        "for baking",
    ),
    "cocoa": _voice(
        praise="rich, creamy, not too sweet, dark, smooth, frothy, comforting",
        blame="too sweet, watery, clumpy, chalky, bland, artificial",
        strengths="a deep cocoa flavor, a silky texture, a hint of malt, no sugary aftertaste, "
        "powder that mixes well, a thick foam",
        faults="lumps that will not dissolve, hardly any cocoa, a chalky aftertaste, "
        "too much sugar, a torn pouch",
        uses="on cold days, after sledding, before bed, with marshmallows, in the evening, "
        "on snow days",
    ),
    "dog": _voice(
        praise="soft, crunchy, easy to break, gentle on the stomach, fresh, wholesome, meaty",
        blame="crumbly, rock hard, greasy, smelly, moldy, too big, dusty",
        strengths="no fillers, a smell that dogs go mad for, the right size, a shinier coat, "
        "a short list of ingredients, fresher breath",
        faults="an upset stomach, a terrible smell, mostly crumbs, pieces far too big, a torn bag",
        uses="for training, after walks, at bedtime, mixed into dinner, as a reward, "
        "in the treat ball",
        eaters="my beagle, our old lab, the puppy, my sister's terrier, our rescue dog, "
        "both of our dogs, my picky dachshund",
    ),
    "cat": _voice(
        praise="moist, fresh, easy to digest, tender, meaty, gentle on the stomach, crunchy",
        blame="dry, smelly, greasy, dusty, mushy, bland, hard",
        strengths="real fish in it, a lot less mess, a shinier coat, no fillers, "
        "fewer hairballs, a smell that cats love",
        faults="an upset stomach, dented cans, a terrible smell, mostly gravy, a changed recipe",
        uses="in the morning, twice a day, mixed with dry food, as a treat, "
        "for the older cat, at dinner time",
        eaters="our old cat, my two kittens, my picky tabby, the neighbor's cat, "
        "our rescue cat, both of our cats",
    ),
}

PLAIN_STYLES = {
    *("Decaf", "Organic", "Gluten Free", "Sugar Free", "Vegan", "Salt Free", "Caffeine Free"),
    *("Unsalted", "Smoked", "Spiced", "Mild", "Crunchy", "Compact", "Small Batch"),
}
"""The styles that reviewers mention as a quality: "it is gluten free and chewy"."""
