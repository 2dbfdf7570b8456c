"""The shelves of the made-up shop, and which shelf people turn to after which.

Lists are written as comma-separated strings, because they are read by people more often than
by Python.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shelf:
    """One sub-category: what stands there, and how its reviews talk (`voice`)."""

    department: str
    name: str
    voice: str
    price: float
    """Median price of the second smallest size, in dollars."""
    goods: tuple[str, ...]
    styles: tuple[str, ...]
    sizes: tuple[str, ...]
    """From small to large."""
    kinds: tuple[str, ...]
    """Flavours or colours: the other way, besides sizes, in which products are variants."""
    then: tuple[str, ...]
    """The shelves that its shoppers turn to next."""
    peak_month: int | None = None
    """The month in which the shelf sells best, if it has a season."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _shelf(
    department: str,
    name: str,
    voice: str,
    price: float,
    *,
    goods: str,
    styles: str,
    sizes: str,
    kinds: str = "",
    then: str,
    peak_month: int | None = None,
) -> Shelf:
    return Shelf(
        department,
        name,
        voice,
        price,
        goods=_words(goods),
        styles=_words(styles),
        sizes=_words(sizes),
        kinds=_words(kinds),
        then=_words(then),
        peak_month=peak_month,
    )


_ROASTS = "Dark Roast, Medium Roast, Light Roast, Decaf, Organic"
_COFFEE_KINDS = "Original, Hazelnut, Vanilla, Caramel, Mocha, Cinnamon Bun"
_BAGS = "4 oz, 8 oz, 16 oz, 2 lb"
_JARS = "2 oz, 4 oz, 9 oz, 18 oz"
_BOXES = "Box of 12, Box of 24, Box of 48, Box of 96"
_SACKS = "1 lb, 2 lb, 5 lb, 10 lb"
_COLORS = "Slate, Cream, Sage, Brick Red, Navy, Mustard"

SHELVES: tuple[Shelf, ...] = (
    _shelf(
        *("Coffee", "Whole Bean Coffee", "coffee", 17.0),
        goods="Espresso Beans, Breakfast Blend Beans, Single Estate Beans, House Blend Beans",
        styles=_ROASTS,
        sizes="12 oz, 1 lb, 2 lb, 5 lb",
        then="Filters & Care, Whole Bean Coffee",
    ),
    _shelf(
        *("Coffee", "Ground Coffee", "coffee", 12.0),
        goods="Ground Coffee, Chicory Coffee, Moka Grind Coffee, Filter Grind Coffee",
        styles=_ROASTS,
        sizes="8 oz, 12 oz, 1 lb, 2 lb",
        kinds=_COFFEE_KINDS,
        then="Ground Coffee, Plant Milks",
    ),
    _shelf(
        *("Coffee", "Coffee Capsules", "coffee", 19.0),
        goods="Coffee Capsules, Espresso Capsules, Lungo Capsules",
        styles=_ROASTS,
        sizes=_BOXES,
        kinds=_COFFEE_KINDS,
        then="Coffee Capsules, Hot Chocolate",
    ),
    _shelf(
        *("Coffee", "Instant & Cold Brew", "coffee", 11.0),
        goods="Instant Coffee Sticks, Cold Brew Concentrate, Iced Coffee Sachets",
        styles="Bold, Smooth, Decaf, Organic, Sugar Free",
        sizes="8 ct, 16 ct, 32 ct",
        kinds=_COFFEE_KINDS,
        peak_month=7,
        then="Grinders & Brewers, Snack Bars",
    ),
    _shelf(
        *("Tea", "Black Tea", "tea", 10.0),
        goods="Breakfast Tea, Bergamot Tea, Smoky Pine Tea, Spiced Chai",
        styles="Organic, Decaf, Estate, Extra Strong, Fair Trade",
        sizes="20 bags, 50 bags, 100 bags",
        peak_month=1,
        then="Teapots & Infusers, Honey & Spreads",
    ),
    _shelf(
        *("Tea", "Green Tea", "tea", 13.0),
        goods="Sencha, Matcha Powder, Jasmine Pearls, Roasted Rice Tea",
        styles="Organic, First Harvest, Everyday, Garden Picked, Decaf",
        sizes="1 oz, 3 oz, 8 oz",
        then="Teapots & Infusers, Green Tea",
    ),
    _shelf(
        *("Tea", "Herbal Infusions", "tea", 8.0),
        goods="Chamomile Infusion, Peppermint Infusion, Rooibos, Hibiscus Infusion",
        styles="Organic, Caffeine Free, Evening, Spiced",
        sizes="16 bags, 20 bags, 40 bags, 80 bags",
        kinds="Lemon, Honey, Berry, Vanilla, Orange Peel",
        then="Honey & Spreads, Mints & Hard Candy",
    ),
    _shelf(
        *("Brewing Gear", "Grinders & Brewers", "gear", 42.0),
        goods="Burr Grinder, Hand Grinder, Pour-Over Dripper, Coffee Press, Moka Pot",
        styles="Compact, Professional, Travel, Stainless, Quiet",
        sizes="Small, Medium, Large",
        kinds=_COLORS,
        peak_month=12,
        then="Whole Bean Coffee, Filters & Care",
    ),
    _shelf(
        *("Brewing Gear", "Filters & Care", "gear", 9.0),
        goods="Paper Coffee Filters, Mesh Coffee Filter, Descaling Tablets, Grinder Cleaner",
        styles="Unbleached, Everyday, Fine, Professional",
        sizes="Pack of 1, Pack of 2, Pack of 4",
        then="Ground Coffee, Coffee Capsules",
    ),
    _shelf(
        *("Brewing Gear", "Teapots & Infusers", "gear", 24.0),
        goods="Glass Teapot, Cast Iron Teapot, Basket Infuser, Travel Tea Flask, Tea Tumbler",
        styles="Compact, Classic, Hand Made, Stainless",
        sizes="Small, Medium, Large",
        kinds=_COLORS,
        peak_month=12,
        then="Green Tea, Black Tea",
    ),
    _shelf(
        *("Kitchen Tools", "Baking Pans", "gear", 22.0),
        goods="Loaf Pan, Muffin Tin, Pie Dish, Ring Cake Pan, Baking Sheet",
        styles="Nonstick, Stainless, Professional, Ceramic",
        sizes="Small, Medium, Large",
        peak_month=11,
        then="Baking Mixes, Flours & Meals",
    ),
    _shelf(
        *("Kitchen Tools", "Knives & Boards", "gear", 38.0),
        goods="Paring Knife, Chef's Knife, Bread Knife, Chopping Board, Whetstone",
        styles="Professional, Classic, Hand Made, Compact",
        sizes="Small, Medium, Large",
        then="Mills & Jars, Rubs & Blends",
    ),
    _shelf(
        *("Kitchen Tools", "Mills & Jars", "gear", 19.0),
        goods="Pepper Mill, Salt Cellar, Spice Jar Set, Mortar and Pestle, Fine Grater",
        styles="Stainless, Classic, Ceramic, Hand Made",
        sizes="Small, Medium, Large",
        kinds=_COLORS,
        then="Salt & Pepper, Single Spices",
    ),
    _shelf(
        *("Spices", "Single Spices", "spice", 7.5),
        goods="Smoked Paprika, Ground Cumin, Cinnamon Sticks, Turmeric, Cardamom, Chili Flakes",
        styles="Organic, Everyday, Estate, Fair Trade, Small Batch",
        sizes=_JARS,
        then="Rice & Grains, Knives & Boards",
    ),
    _shelf(
        *("Spices", "Rubs & Blends", "spice", 8.5),
        goods="Barbecue Rub, Curry Blend, Taco Seasoning, Garlic Herb Blend, Seven Spice",
        styles="Salt Free, Smoked, Extra Hot, Mild, Organic",
        sizes=_JARS,
        kinds="Original, Extra Garlic, Chipotle, Lime, Ginger",
        peak_month=6,
        then="Sauces & Salsas, Jerky",
    ),
    _shelf(
        *("Spices", "Salt & Pepper", "spice", 9.0),
        goods="Sea Salt Flakes, Black Peppercorns, Rock Salt, Lemon Pepper, White Peppercorns",
        styles="Smoked, Coarse, Fine, Hand Harvested",
        sizes=_JARS,
        then="Oils & Vinegars, Mills & Jars",
    ),
    _shelf(
        *("Baking", "Flours & Meals", "flour", 9.5),
        goods="Almond Flour, Bread Flour, Buckwheat Flour, Coconut Flour, Corn Meal, Oat Flour",
        styles="Organic, Stone Ground, Gluten Free, Extra Fine",
        sizes=_SACKS,
        peak_month=11,
        then="Extracts & Decorations, Sugars & Syrups",
    ),
    _shelf(
        *("Baking", "Sugars & Syrups", "sweetening", 8.0),
        goods="Maple Syrup, Cane Sugar, Date Syrup, Monk Fruit Sweetener, Agave Syrup",
        styles="Organic, Dark, Golden, Pure",
        sizes="8 oz, 12 oz, 24 oz, 48 oz",
        then="Baking Mixes, Oatmeal & Porridge",
    ),
    _shelf(
        *("Baking", "Baking Mixes", "flour", 7.5),
        goods="Brownie Mix, Pancake Mix, Bread Mix, Pizza Dough Mix, Muffin Mix",
        styles="Gluten Free, Organic, Whole Grain, Old Fashioned, Vegan",
        sizes="15 oz, 22 oz, 3 lb",
        kinds="Plain, Blueberry, Chocolate Chip, Pumpkin, Banana",
        peak_month=11,
        then="Baking Pans, Extracts & Decorations",
    ),
    _shelf(
        *("Baking", "Extracts & Decorations", "sweetening", 11.0),
        goods="Vanilla Extract, Almond Extract, Cocoa Powder, Sugar Pearls, Candied Peel",
        styles="Pure, Organic, Vegan, Old Fashioned",
        sizes="2 oz, 4 oz, 8 oz",
        peak_month=12,
        then="Baking Pans, Chocolate Bars",
    ),
    _shelf(
        *("Snacks", "Chips & Crisps", "crunchy", 6.0),
        goods="Potato Chips, Lentil Crisps, Tortilla Chips, Beet Chips, Rice Crackers",
        styles="Small Batch, Baked, Gluten Free, Lightly Salted, Extra Hot",
        sizes="1 oz Pack of 6, 1 oz Pack of 12, 5 oz Pack of 12",
        kinds="Sea Salt, Vinegar, Barbecue, Sour Cream, Jalapeno, Rosemary",
        then="Sauces & Salsas, Chips & Crisps",
    ),
    _shelf(
        *("Snacks", "Nuts & Seeds", "crunchy", 12.0),
        goods="Almonds, Cashews, Pistachios, Pumpkin Seeds, Trail Mix",
        styles="Roasted, Raw, Smoked, Organic, Unsalted",
        sizes=_BAGS,
        then="Dried Fruit, Sparkling & Cordials",
    ),
    _shelf(
        *("Snacks", "Snack Bars", "chewy", 15.0),
        goods="Oat Bars, Protein Bars, Date Bars, Nut Bars",
        styles="Gluten Free, Vegan, Sugar Free, Organic, Crunchy",
        sizes="Pack of 6, Pack of 12, Pack of 24",
        kinds="Peanut, Cocoa, Coconut, Cherry, Apple Cinnamon, Sea Salt",
        then="Snack Bars, Dried Fruit",
    ),
    _shelf(
        *("Snacks", "Dried Fruit", "chewy", 10.0),
        goods="Dried Mango, Dried Apricots, Dried Cherries, Fruit Leather, Banana Chips",
        styles="Organic, Unsulfured, Sugar Free, Small Batch",
        sizes=_BAGS,
        then="Granola & Muesli, Nuts & Seeds",
    ),
    _shelf(
        *("Snacks", "Jerky", "jerky", 14.0),
        goods="Beef Jerky, Turkey Jerky, Mushroom Jerky, Salmon Jerky",
        styles="Smoked, Extra Hot, Gluten Free, Old Fashioned",
        sizes="2 oz, 4 oz, 10 oz",
        kinds="Original, Teriyaki, Black Pepper, Maple, Chipotle",
        then="Jerky, Nuts & Seeds",
    ),
    _shelf(
        *("Chocolate & Sweets", "Chocolate Bars", "chocolate", 9.0),
        goods="Dark Chocolate Bar, Milk Chocolate Bar, Nut Chocolate Bar, Sea Salt Chocolate Bar",
        styles="Organic, Vegan, Sugar Free, Single Origin, Stone Ground",
        sizes="Pack of 1, Pack of 4, Pack of 12",
        kinds="Orange, Mint, Almond, Raspberry, Chili",
        then="Hot Chocolate, Gift Boxes",
    ),
    _shelf(
        *("Chocolate & Sweets", "Gift Boxes", "chocolate", 32.0),
        goods="Chocolate Truffles, Praline Box, Biscuit Tin, Caramel Assortment",
        styles="Hand Made, Classic, Luxury, Vegan",
        sizes="9 pieces, 16 pieces, 36 pieces",
        peak_month=12,
        then="Chocolate Bars, Grinders & Brewers",
    ),
    _shelf(
        *("Chocolate & Sweets", "Gummies & Licorice", "candy", 8.0),
        goods="Fruit Gummies, Soft Licorice, Sour Worms, Ginger Chews",
        styles="Vegan, Sugar Free, Old Fashioned, Organic",
        sizes="5 oz, 12 oz, 2 lb, 5 lb",
        kinds="Mixed, Cherry, Peach, Apple, Tropical",
        then="Mints & Hard Candy, Gummies & Licorice",
    ),
    _shelf(
        *("Chocolate & Sweets", "Mints & Hard Candy", "candy", 6.5),
        goods="Peppermints, Butterscotch Drops, Honey Drops, Lemon Drops",
        styles="Sugar Free, Old Fashioned, Organic, Extra Strong",
        sizes="4 oz, 10 oz, 2 lb",
        then="Gummies & Licorice, Herbal Infusions",
    ),
    _shelf(
        *("Pantry", "Pasta & Noodles", "pantry", 9.0),
        goods="Spaghetti, Penne, Rice Noodles, Ramen Noodles, Egg Noodles",
        styles="Organic, Gluten Free, Whole Grain, Small Batch",
        sizes="Pack of 1, Pack of 4, Pack of 8",
        then="Oils & Vinegars, Tinned Fish",
    ),
    _shelf(
        *("Pantry", "Rice & Grains", "pantry", 10.0),
        goods="Jasmine Rice, Risotto Rice, Quinoa, Pearl Barley, Wild Rice",
        styles="Organic, Whole Grain, Estate, Quick Cook",
        sizes=_SACKS,
        then="Single Spices, Knives & Boards",
    ),
    _shelf(
        *("Pantry", "Tinned Fish", "fish", 13.0),
        goods="Sardines, Tuna Fillets, Mussels, Anchovies, Mackerel Fillets",
        styles="Wild Caught, Smoked, Extra Hot, Unsalted",
        sizes="Pack of 2, Pack of 4, Pack of 12",
        kinds="Olive Oil, Lemon, Tomato, Mustard",
        then="Pasta & Noodles, Cat Food",
    ),
    _shelf(
        *("Pantry", "Oils & Vinegars", "oil", 16.0),
        goods="Olive Oil, Sesame Oil, Balsamic Vinegar, Cider Vinegar, Walnut Oil",
        styles="Organic, Small Batch, Estate, Unfiltered",
        sizes="8 fl oz, 16 fl oz, 33 fl oz",
        then="Pasta & Noodles, Salt & Pepper",
    ),
    _shelf(
        *("Pantry", "Sauces & Salsas", "sauce", 8.0),
        goods="Hot Sauce, Tomato Salsa, Barbecue Sauce, Wing Sauce, Taco Sauce",
        styles="Extra Hot, Mild, Smoked, Gluten Free, Organic",
        sizes="5 fl oz, 10 fl oz, 20 fl oz",
        kinds="Original, Habanero, Mango, Roast Garlic, Green Chili",
        peak_month=6,
        then="Chips & Crisps, Rice & Grains",
    ),
    _shelf(
        *("Breakfast", "Granola & Muesli", "cereal", 9.0),
        goods="Granola, Muesli, Granola Clusters, Puffed Grain Cereal",
        styles="Gluten Free, Organic, Sugar Free, Vegan, Crunchy",
        sizes="10 oz, 18 oz, 2 lb",
        kinds="Almond, Berry, Cocoa, Coconut, Maple Pecan",
        then="Plant Milks, Oatmeal & Porridge",
    ),
    _shelf(
        *("Breakfast", "Oatmeal & Porridge", "cereal", 8.0),
        goods="Rolled Oats, Steel Cut Oats, Instant Oatmeal, Buckwheat Porridge",
        styles="Gluten Free, Organic, Old Fashioned, Quick Cook",
        sizes="14 oz, 28 oz, 4 lb",
        kinds="Plain, Apple Cinnamon, Maple, Berry",
        peak_month=1,
        then="Sugars & Syrups, Plant Milks",
    ),
    _shelf(
        *("Breakfast", "Honey & Spreads", "spread", 11.0),
        goods="Wildflower Honey, Almond Butter, Peanut Butter, Fig Jam, Hazelnut Spread",
        styles="Organic, Raw, Small Batch, Old Fashioned, Estate",
        sizes="6 oz, 12 oz, 28 oz",
        then="Black Tea, Herbal Infusions",
    ),
    _shelf(
        *("Drinks", "Sparkling & Cordials", "fizz", 14.0),
        goods="Ginger Beer, Elderflower Cordial, Sparkling Lemonade, Tonic Water",
        styles="Organic, Sugar Free, Dry, Old Fashioned",
        sizes="Pack of 4, Pack of 12, Pack of 24",
        kinds="Lime, Blood Orange, Cucumber, Grapefruit",
        peak_month=7,
        then="Sparkling & Cordials, Rubs & Blends",
    ),
    _shelf(
        *("Drinks", "Plant Milks", "milk", 18.0),
        goods="Oat Milk, Almond Milk, Coconut Milk, Soy Milk",
        styles="Organic, Sugar Free, Barista, Gluten Free",
        sizes="Pack of 4, Pack of 6, Pack of 12",
        then="Granola & Muesli, Instant & Cold Brew",
    ),
    _shelf(
        *("Drinks", "Hot Chocolate", "cocoa", 10.0),
        goods="Hot Chocolate Mix, Drinking Chocolate Flakes, Malted Cocoa",
        styles="Dark, Vegan, Sugar Free, Organic, Classic",
        sizes="6 oz, 12 oz, 2 lb",
        peak_month=12,
        then="Gift Boxes, Instant & Cold Brew",
    ),
    _shelf(
        *("Pets", "Dog Treats", "dog", 12.0),
        goods="Dog Biscuits, Training Treats, Dental Chews, Sweet Potato Chews",
        styles="Gluten Free, Organic, Old Fashioned, Soft Baked",
        sizes="6 oz, 12 oz, 30 oz",
        kinds="Chicken, Peanut, Duck, Lamb",
        then="Dog Food, Dog Treats",
    ),
    _shelf(
        *("Pets", "Dog Food", "dog", 34.0),
        goods="Dry Dog Food, Canned Dog Food, Puppy Kibble, Senior Dog Kibble",
        styles="Gluten Free, Organic, Small Breed, Slow Cooked",
        sizes="5 lb, 12 lb, 28 lb",
        then="Dog Treats, Dog Food",
    ),
    _shelf(
        *("Pets", "Cat Food", "cat", 22.0),
        goods="Dry Cat Food, Canned Cat Food, Cat Treats, Kitten Pouches",
        styles="Gluten Free, Indoor, Slow Cooked, Organic",
        sizes="Pack of 6, Pack of 12, Pack of 24",
        kinds="Tuna, Salmon, Chicken, Turkey",
        then="Tinned Fish, Cat Food",
    ),
)
