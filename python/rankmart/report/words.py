"""Numbers as the report writes them."""


def number(value: float) -> str:
    """A whole number, by thousands.

    >>> number(32434)
    '32,434'
    """
    return f"{value:,.0f}"


def figure(value: float | None) -> str:
    """A figure of an evaluation; a dash for none.

    >>> figure(0.17694), figure(None)
    ('0.1769', '–')
    """
    return "–" if value is None else f"{value:.4f}"


def percent(share: float) -> str:
    """A share, with as many digits as tell it from nothing.

    >>> percent(0.589), percent(0.005), percent(0.00004), percent(0), percent(1)
    ('58.9 %', '0.5 %', 'under 0.1 %', '0 %', '100 %')
    """
    if 0 < share < 0.0005:
        return "under 0.1 %"
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text} %"


def signed(value: float) -> str:
    """A difference, with its sign.

    >>> signed(0.0222), signed(-0.1), signed(0), signed(-0.00001)
    ('+0.0222', '−0.1000', '±0', '±0')
    """
    if not round(value, 4):
        return "±0"
    return f"{'+' if value > 0 else '−'}{abs(value):.4f}"


def signed_percent(share: float | None) -> str:
    """A change as a share of what was; a dash where that was nothing.

    >>> signed_percent(0.125), signed_percent(-0.5), signed_percent(0.0), signed_percent(None)
    ('+12.5 %', '−50 %', '±0 %', '–')
    """
    if share is None:
        return "–"
    if not share:
        return "±0 %"
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"


def plain(value: float) -> str:
    """A number of any size, in few characters.

    >>> plain(12), plain(0.51234), plain(123456.7), plain(-2.0)
    ('12', '0.512', '123,457', '−2')
    """
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")
